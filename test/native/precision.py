"""Small programs whose numbers show how code computes: long sums, numbers far from 0, narrow types,
arguments of every size, quotients in padding.

Each is one op of interest on an input `x` (and `s`). On two ranks the dimension that it sums, or else
the first, is split.
"""

import random
import re
from typing import NamedTuple

import cases
from tensors import Tensor

KINDS = ("f32", "bf16", "f16")


def reduce_text(shape, kind, dims, body="%x"):
    """A function that sums `dims` of `body`, a value of the shape of %x."""
    result = [size for dim, size in enumerate(shape) if dim not in dims]
    tensor, small = f"tensor<{'x'.join(map(str, shape))}x{kind}>", "tensor<" + "".join(f"{n}x" for n in result)
    return tensor, f"{small}{kind}>", f"""
  %zero = arith.constant 0.0 : {kind}
  %e = tensor.empty() : {small}{kind}>
  %f = linalg.fill ins(%zero : {kind}) outs(%e : {small}{kind}>) -> {small}{kind}>
  %y = linalg.reduce {{ arith.addf }} ins({body} : {tensor}) outs(%f : {small}{kind}>) dimensions = {list(dims)}"""


def pressure(kind):
    """Surface pressure of a quarter-degree grid in Pa, in hPa / 1000 for f16."""
    scale = 1.0 if kind != "f16" else 1e-7
    return [721, 1440], [0, 1], lambda values: scale * (101325 + 500 * values.gauss(0, 1))


def columns(kind):
    return [20000, 3], [0], lambda values: 0.1 if kind == "f32" else 1e-3


def rows(kind):
    return [2, 4096], [1], lambda values: 1.0


def make_sum(form):
    def make(kind):
        shape, dims, number = form(kind)
        tensor, result, body = reduce_text(shape, kind, dims)
        return {"x": (shape, number)}, tensor, result, body, max(dims, key=lambda dim: shape[dim])
    return make


def normalised_channels(kind):
    """Sum over channels of x / s where each rank has two of three: padding is 0 / 0."""
    shape = [3, 64]
    tensor, result, body = reduce_text(shape, kind, [0], "%q")
    quotient = f"\n  %q = arith.divf %x, %s : {tensor}"
    return ({"x": (shape, lambda values: values.gauss(0, 1)),
             "s": (shape, lambda values: values.uniform(0.5, 2))}, tensor, result, quotient + body, 0)


def dot(kind):
    """A product that is one long sum."""
    shape, tensor = [1, 50000], f"tensor<1x50000x{kind}>"
    body = f"""
  %zero = arith.constant 0.0 : {kind}
  %e = tensor.empty() : tensor<1x1x{kind}>
  %f = linalg.fill ins(%zero : {kind}) outs(%e : tensor<1x1x{kind}>) -> tensor<1x1x{kind}>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>,
                                        affine_map<(i, j, k) -> (i, j)>]
       ins(%x, %s : {tensor}, {tensor}) outs(%f : tensor<1x1x{kind}>) -> tensor<1x1x{kind}>"""
    number = lambda values: 0.1  # noqa: E731
    return {"x": (shape, number), "s": (shape, number)}, tensor, f"tensor<1x1x{kind}>", body, 1


def tokens(kind):
    """Products of channels with a bias that is a sum, which stays in f32 beside factors of 16 bits."""
    tensor, result = f"tensor<3x5x2x6x4x{kind}>", f"tensor<3x5x6x4x{kind}>"
    weight, bias = f"tensor<5x4x2x2x2x{kind}>", f"tensor<5x4x{kind}>"
    body = f"""
  %b0 = tensor.extract_slice %s[0, 0, 0, 0, 0] [5, 4, 1, 1, 1] [1, 1, 1, 1, 1] : {weight} to {bias}
  %b1 = tensor.extract_slice %s[0, 0, 1, 1, 1] [5, 4, 1, 1, 1] [1, 1, 1, 1, 1] : {weight} to {bias}
  %y = dchag.tokenize %x weight(%s) bias(%b0) embedding(%b1) : ({tensor}, {weight}, {bias}, {bias}) -> {result}"""
    number = lambda values: values.gauss(0, 1)  # noqa: E731
    return ({"x": ([3, 5, 2, 6, 4], number), "s": ([5, 4, 2, 2, 2], number)}, tensor, result, body, 1)


def elementwise(op, number):
    def make(kind):
        shape = [4, 1000]
        tensor = f"tensor<4x1000x{kind}>"
        return {"x": (shape, number)}, tensor, tensor, f"\n  %y = {op} %x : {tensor}", 0
    return make


def layer_norm(kind):
    """A mean of 100 deviations: the variance as a difference of means loses four digits."""
    shape, tensor = [6, 1000], f"tensor<6x1000x{kind}>"
    op = f'dchag.layer_norm %x {{dims = 1 : i64, epsilon = 1.0e-5 : f64}} : ({tensor}) -> {tensor}'
    return ({"x": (shape, lambda values: 100 + values.gauss(0, 1))}, tensor, tensor,
            f"\n  %y = {op}", 0)


def softmax(kind):
    shape, tensor = [3, 5000], f"tensor<3x5000x{kind}>"
    op = f"dchag.softmax %x {{dim = 1 : i64}} : {tensor}"
    return ({"x": (shape, lambda values: values.gauss(0, 1))}, tensor, tensor, f"\n  %y = {op}", 0)


def gelu(kind):
    tensor = f"tensor<4x1000x{kind}>"
    op = f"dchag.gelu %x : {tensor}"
    return ({"x": ([4, 1000], lambda values: values.uniform(-6, -2))}, tensor, tensor,
            f"\n  %y = {op}", 0)


def hours(values):
    return 481000.0 + values.randint(0, 100000)


# Those of f32 alone have arguments that narrower types cannot hold.
PROGRAMS = {
    "pressure-field": (make_sum(pressure), KINDS), "equal-columns": (make_sum(columns), KINDS),
    "rows-of-ones": (make_sum(rows), KINDS), "normalised-channels": (normalised_channels, KINDS),
    "dot": (dot, KINDS), "tokens": (tokens, KINDS),
    "layer-norm-offset": (layer_norm, ("f32",)), "softmax-5000": (softmax, KINDS),
    "gelu-tail": (gelu, KINDS), "sin-hours": (elementwise("math.sin", hours), ("f32",)),
    "cos-large": (elementwise("math.cos", lambda values: 10 ** values.uniform(0, 30)), ("f32",)),
    "exp": (elementwise("math.exp", lambda values: values.uniform(-10, 10)), KINDS),
    "log1p": (elementwise("math.log1p", lambda values: 10 ** values.uniform(-4, 4)), KINDS),
}


class Numbers(NamedTuple):
    name: str
    kind: str
    make: object
    folder: object

    def run(self, arguments):
        self.folder.mkdir(parents=True)
        inputs, _, result, body, split = self.make(self.kind)
        values, tensors = random.Random(self.name), {}
        for name, (shape, number) in inputs.items():
            count = 1
            for size in shape:
                count *= size
            tensors[name] = Tensor(self.kind, tuple(shape), [number(values) for _ in range(count)])
        parameters = ", ".join(f'%{name}: tensor<{"x".join(map(str, size))}x{self.kind}> '
                               f'{{dchag.name = "{name}", dchag.role = "input"}}'
                               for name, (size, _) in inputs.items())
        (self.folder / "m.mlir").write_text(
            f'func.func @step({parameters}) -> ({result} {{dchag.name = "y"}}) {{{body}\n'
            f"  return %y : {result}\n}}\n")
        options = cases.write_inputs(self.folder, tensors)
        tool = arguments.tools / "dchag-opt"
        cases.must([tool, "m.mlir", "--emit=run", "--exec-mode=exact", *options, "--output",
                    "reference"], self.folder)
        shape = next(iter(inputs.values()))[0]
        dims = ",".join("dp" if dim == split else "_" for dim in range(len(shape)))
        results = []
        for ranks, mesh in ((1, []), (2, ["--mesh=dp=2", *(f"--shard={name}=[{dims}]" for name, (size, _) in inputs.items()
                                                   if size == shape)])):
            cases.must([tool, "m.mlir", *mesh, "--emit=exe", "-o", f"program{ranks}"], self.folder)
            results += cases.run_and_compare(
                f"{self.name}, {ranks} rank{'s' * (ranks > 1)}", self.folder / f"program{ranks}", ranks,
                options, self.folder / "reference", [self.kind], self.folder)
        return results


def make_numbers(arguments, folder):
    found = [Numbers(f"numbers {name} {kind}", kind, make, folder / f"numbers-{name}-{kind}")
             for name, (make, kinds) in PROGRAMS.items() for kind in kinds]
    return [case for case in found if re.search(arguments.filter, case.name)]
