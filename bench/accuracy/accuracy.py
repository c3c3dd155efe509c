#!/usr/bin/env python3
"""Errors of compiled functions and sums, against float64.

    scripts/setup --python && .venv/bin/python bench/accuracy/accuracy.py [--filter REGEX] [--long]

Each function is compiled as a program of its own and run on a sweep: of f32 a number of every
exponent and sign with mantissas spread over it, infinities, subnormals and NaN; of f16 and bf16
every number there is. Errors are in units of the last place (ulp) of the type at the exact value;
f16 and bf16 are computed in f32 and rounded once, so about half a unit is to be expected of them.
Sums are of positive numbers, whose exact sum is taken in extended precision; their errors are relative.

One line a row; the last line counts rows above their bound, and the exit status is 1 if there are any.
"""

import argparse
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ.get("DCHAG_OPT", str(TOP / "build/release/bin/dchag-opt"))
TYPES = {"f32": TensorProto.FLOAT, "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
MANTISSA = {"f32": 23, "f16": 10, "bf16": 7}
SMALLEST = {"f32": -149, "f16": -24, "bf16": -133}  # exponent of the smallest number
LARGEST = {"f32": 2.0**128 - 2.0**104, "f16": 65504.0, "bf16": 2.0**128 - 2.0**120}


def each(function):
    """A function of Python's math module on arrays of float64."""
    def of(x):
        try:
            return function(x)
        except (ValueError, OverflowError):
            return math.nan
    return np.vectorize(of, otypes=[float])


erf, erfc = each(math.erf), each(math.erfc)


def sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def gelu_tanh(x):
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


# Operations of the math dialect: reference, bound in ulp of f32.
MATH = {
    "exp": (np.exp, 2), "exp2": (np.exp2, 2), "expm1": (np.expm1, 2), "log": (np.log, 2),
    "log2": (np.log2, 2), "log10": (np.log10, 2), "log1p": (np.log1p, 2), "sin": (np.sin, 2),
    "cos": (np.cos, 2), "tan": (np.tan, 2), "asin": (np.arcsin, 2), "acos": (np.arccos, 2),
    "atan": (np.arctan, 2), "sinh": (np.sinh, 2), "cosh": (np.cosh, 2), "tanh": (np.tanh, 2),
    "asinh": (np.arcsinh, 2), "acosh": (np.arccosh, 2), "atanh": (np.arctanh, 2), "erf": (erf, 2),
    "erfc": (erfc, 2), "sqrt": (np.sqrt, 1), "rsqrt": (lambda x: 1 / np.sqrt(x), 2),
    "cbrt": (np.cbrt, 2), "absf": (np.abs, 0), "floor": (np.floor, 0), "ceil": (np.ceil, 0),
    "roundeven": (np.rint, 0), "trunc": (np.trunc, 0),
}
# Operators that are formulas: reference, attributes, bound in ulp of f32.
FORMULAS = {
    "Sigmoid": (sigmoid, {}, 2), "Softplus": (softplus, {}, 2),
    "Elu": (lambda x: np.where(x < 0, np.expm1(x), x), {}, 2),
    "Gelu": (lambda x: 0.5 * x * erfc(-x * math.sqrt(0.5)), {}, 2),
    "GeluTanh": (gelu_tanh, {"approximate": "tanh"}, 2),
}


def to_float64(array, kind):
    """Elements of an array as it is stored (bf16 as 16 bits) in float64."""
    if kind == "bf16":
        array = (array.view("<u2").astype("<u4") << 16).view("<f4")
    with np.errstate(all="ignore"):
        return array.astype("f8")


def sweep(kind):
    """Numbers of every exponent and sign; all numbers of 16 bits."""
    if kind != "f32":
        bits = np.arange(1 << 16, dtype="<u2")
        return bits.view("<f2") if kind == "f16" else bits.view("V2")
    steps = np.arange(1 << 20, dtype="<u8")
    bits = (steps * 4096 + steps * 2654435761 % 4096).astype("<u4")
    edges = np.array([0, 1, 0x7FFFFF, 0x800000, 0x3F800000, 0x7F7FFFFF, 0x7F800000, 0x7FC00000],
                     dtype="<u4")
    return np.concatenate([bits, edges, edges | 0x80000000]).astype("<u4").view("<f4")


def ulps(got, want, kind):
    """|got - want| in units of the last place of the type; inf where only one is NaN or infinite."""
    with np.errstate(all="ignore"):
        exponent = np.frexp(np.where(np.isfinite(want) & (want != 0), want, 1.0))[1] - 1
        exponent = np.where(want == 0, -(1 << 14), exponent)
        unit = np.ldexp(1.0, np.maximum(exponent - MANTISSA[kind], SMALLEST[kind]))
        error = np.abs(got - want) / unit
        # What rounds to infinity is infinite.
        over = np.abs(want) > LARGEST[kind] + 2.0 ** (math.frexp(LARGEST[kind])[1] - MANTISSA[kind] - 2)
        error = np.where(over & np.isinf(got) & (np.sign(got) == np.sign(want)), 0, error)
        error = np.where(np.isnan(got) & np.isnan(want), 0, error)
        return np.where(np.isnan(error), np.inf, error)


class Program:
    """A model compiled in a folder of its own."""

    def __init__(self, folder, model, threads=2):
        self.folder = pathlib.Path(folder)
        self.environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        if isinstance(model, str):
            path = self.folder / "m.mlir"
            path.write_text(model)
            weights = []
        else:
            path = self.folder / "m.onnx"
            path.write_bytes(model.SerializeToString())
            weights = [f"--weights-out={self.folder}/w.safetensors"]
        self.weights = ["--weights", self.folder / "w.safetensors"] if weights else []
        self.call(TOOL, path, "--emit=exe", "-o", self.folder / "p", *weights)

    def call(self, *command):
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                                env=self.environment)
        if result.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: {result.stderr.strip()}")

    def run(self, **inputs):
        arguments = []
        for name, value in inputs.items():
            np.save(self.folder / f"{name}.npy", value)
            arguments += ["--input", f"{name}={self.folder / name}.npy"]
        self.call(self.folder / "p", *self.weights, *arguments, "--output", self.folder / "out")
        return np.load(self.folder / "out" / "y.npy")


def math_text(op, kind, size, arguments=1):
    names = "xz"[:arguments]
    parameters = ", ".join(f'%{n}: tensor<{size}x{kind}> {{dchag.name = "{n}", dchag.role = "input"}}'
                           for n in names)
    operands = ", ".join(f"%{n}" for n in names)
    return (f"func.func @step({parameters}) -> (tensor<{size}x{kind}> {{dchag.name = \"y\"}}) {{\n"
            f"  %y = math.{op} {operands} : tensor<{size}x{kind}>\n"
            f"  return %y : tensor<{size}x{kind}>\n}}\n")


def node_model(op, kind, shape, result, constants=(), **attributes):
    """An ONNX model of one node; `constants` are further inputs with their values."""
    nodes = [helper.make_node(op, ["x", *(name for name, _ in constants)], ["y"], **attributes)]
    graph = helper.make_graph(
        nodes, "m", [helper.make_tensor_value_info("x", TYPES[kind], shape)],
        [helper.make_tensor_value_info("y", TYPES[kind], result)],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


class Report:
    def __init__(self, pattern):
        self.pattern, self.rows, self.above = re.compile(pattern), 0, 0

    def wants(self, name):
        return self.pattern.search(name)

    def add(self, name, kind, figure, value, bound, rest=""):
        bad = bound is not None and not value <= bound
        self.rows += 1
        self.above += bad
        limit = "none" if bound is None else f"{bound:g}"
        print(f"{name} type={kind} {figure}={value:.3g} bound={limit}{rest}{' ABOVE' if bad else ''}",
              flush=True)


def report_function(report, name, kind, x, y, want, bound):
    error = ulps(to_float64(y, kind), want, kind)
    at = int(np.argmax(error))
    where = ", ".join(f"{to_float64(v, kind)[at]:.9g}" for v in x)
    # Rounding once is half a unit; f32's own error is far below a unit of a narrower type.
    report.add(f"function={name}", kind, "max_ulp", error[at],
               bound if kind == "f32" or bound is None else (0.51 if bound else 0), f" at={where}")


def measure_functions(report, scratch):
    for name, (reference, bound) in MATH.items():
        for kind in TYPES:
            if not report.wants(f"function={name} type={kind}"):
                continue
            x = sweep(kind)
            y = Program(scratch, math_text(name, kind, len(x))).run(x=x)
            with np.errstate(all="ignore"):
                report_function(report, name, kind, [x], y, reference(to_float64(x, kind)), bound)
    for kind in TYPES:
        if not report.wants(f"function=pow type={kind}"):
            continue
        x = sweep(kind)
        # Exponents of every size, so that results are too.
        z = np.random.default_rng(1).permutation(x)
        half = len(x) // 2
        if kind == "f32":
            z[:half] = np.random.default_rng(2).normal(size=half) * 8
        y = Program(scratch, math_text("powf", kind, len(x), 2)).run(x=x, z=z)
        with np.errstate(all="ignore"):
            want = np.power(to_float64(x, kind), to_float64(z, kind))
        report_function(report, "pow", kind, [x, z], y, want, 4)
    for name, (reference, attributes, bound) in FORMULAS.items():
        for kind in TYPES:
            if not report.wants(f"function={name} type={kind}"):
                continue
            x = sweep(kind)
            model = node_model(name.replace("Tanh", ""), kind, [len(x)], [len(x)], **attributes)
            y = Program(scratch, model).run(x=x)
            with np.errstate(all="ignore"):
                want = reference(to_float64(x, kind))
            # GELU below 2^-122 is x times a subnormal number, whose half unit x multiplies.
            tiny = name.startswith("Gelu") & (np.abs(want) < 2.0**-122)
            report_function(report, name, kind, [x[~tiny]], y[~tiny], want[~tiny], bound)
            if kind == "f32" and tiny.any():
                report_function(report, f"{name}[tiny]", kind, [x[tiny]], y[tiny], want[tiny], 7)


def exact_sum(values):
    return math.fsum(values) if len(values) <= 10**6 else float(np.sum(values, dtype=np.longdouble))


def make_addends(kind, count, form):
    random = np.random.default_rng(3)
    x = random.random(count, dtype="f4") + 0.5 if form == "random" else np.full(count, 0.1, "f4")
    if kind == "f16":
        return (x / 16).astype("<f2")
    if kind == "bf16":
        return (x.view("<u4") >> 16).astype("<u2").view("V2")
    return x


def measure_sums(report, scratch, longest):
    """Means along rows, down columns and over an image; sums by a scatter; norms."""
    unit = {"f32": 1e-6, "f16": 2.0**-11 + 1e-6, "bf16": 2.0**-8 + 1e-6}
    for exponent in range(2, longest + 1):
        count = 10**exponent
        layouts = {"row": ([1, count], [1]), "column": ([count, 3], [0])}
        if exponent >= 4:
            layouts["image"] = ([1, 2, 100, count // 100], [2, 3])
        for kind in TYPES:
            for form in ("random", "equal"):
                for layout, (shape, axes) in layouts.items():
                    name = f"sum=mean layout={layout} addends={form} n=1e{exponent}"
                    if not report.wants(f"{name} type={kind}") or (layout != "row" and exponent > 7):
                        continue
                    x = make_addends(kind, int(np.prod(shape)), form).reshape(shape)
                    result = [size for axis, size in enumerate(shape) if axis not in axes]
                    model = node_model("ReduceMean", kind, shape, result,
                                       [("axes", np.array(axes, "i8"))], keepdims=0)
                    y = to_float64(Program(scratch, model).run(x=x), kind).reshape(-1)
                    wide = np.moveaxis(to_float64(x, kind), axes, range(-len(axes), 0))
                    wide = wide.reshape(len(y), count)
                    want = np.array([exact_sum(row) / count for row in wide])
                    report.add(name, kind, "max_rel", np.abs(y / want - 1).max(), unit[kind])


def measure_norms(report, scratch):
    """Norms of numbers far from 0 (a pressure in Pa), where a variance in one pass is lost."""
    for width in (64, 1000, 16384):
        name = f"sum=layernorm width={width} offset=1e5"
        if not report.wants(f"{name} type=f32"):
            continue
        x = (1e5 + np.random.default_rng(4).normal(size=(8, width)) * 10).astype("f4")
        scale = np.ones(width, "f4")
        y = Program(scratch, node_model("LayerNormalization", "f32", list(x.shape), list(x.shape),
                                        [("scale", scale)])).run(x=x)
        wide = x.astype("f8")
        want = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + 1e-5)
        # Half a unit of the mean, 1e5, is 4e-3 in 10.
        report.add(name, "f32", "max_abs", np.abs(y - want).max(), 1e-3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="", help="rows that match this regular expression")
    parser.add_argument("--long", action="store_true", help="sums of up to 1e8 numbers instead of 1e6")
    arguments = parser.parse_args()
    report = Report(arguments.filter)
    with tempfile.TemporaryDirectory(prefix="dchag-accuracy-") as scratch:
        measure_functions(report, scratch)
        measure_sums(report, scratch, 8 if arguments.long else 6)
        measure_norms(report, scratch)
    print(f"accuracy: {report.rows} rows, {report.above} above their bound")
    return 1 if report.above or not report.rows else 0


if __name__ == "__main__":
    sys.exit(main())
