#!/usr/bin/env python3
"""Runs the node tests of ONNX's backend suite through the import and the interpreter.

Each test is a model of one operator with inputs and expected outputs. Debian's package
libonnx-testdata has those up to version 17 of the operator set; newer.zip beside this file has
newer ones (make_newer_tests.py). Operands that the import must know (shapes, axes, bounds) are
graph inputs in these tests: where the import says so, they are fixed by --bind.

A test of an operator that the import does not have is not counted. A test of another operator
passes, or is refused with an error for a reason that REFUSED lists, or the run fails.

Needs Python's standard library only.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# What the import refuses of an operator it has: a part of the error, and the reason for the table.
REFUSED = [
    (r"is of (type \d+|string|complex\d+) elements", "element types other than float, double, float16, bfloat16, bool, integers"),
    (r"there is no conversion to", "element types other than float, double, float16, bfloat16, bool, integers"),
    (r"is not a tensor: sequences", "sequences and optional values"),
    (r"it drops elements at random", "training mode"),
    (r"scores are capped", "softcap"),
    (r"output qk_matmul_output is wanted", "output qk_matmul_output"),
    (r"input nonpad_kv_seqlen is given", "input nonpad_kv_seqlen"),
    (r"it attends within a window", "window sizes"),
    (r"is shorter than the \d+ keys", "attn_mask shorter than the keys"),
    (r"the operator is imported from version", "older versions"),
    (r"repeats the index", "an index twice in one term"),
    (r"takes the statistics of a batch", "training mode"),
    (r"output Indices is wanted", "output Indices"),
    (r"coordinate_transformation_mode = ", "tf_crop_and_resize, tf_half_pixel_for_nn"),
    (r"takes the mean of no elements", "no elements to reduce"),
]
FLOAT16, BFLOAT16 = 10, 16
# Largest error relative to the largest element. The bodies of the window functions have 2 pi with
# six digits only; the expected outputs are those of the functions.
TOLERANCE, HALF_TOLERANCE, WINDOW_TOLERANCE = 1e-5, 4e-3, 1e-4
# The expected outputs of these tests have four digits.
FOUR_DIGITS = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}


def fields(message):
    """Fields of a protobuf message: (number, value), nested messages as bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        elif wire == 2:
            size = varint()
            yield number, message[at:at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[wire]
            yield number, message[at:at + size]
            at += size


def values(message, number):
    return [value for field, value in fields(message) if field == number]


def first(message, number, default=None):
    return next(iter(values(message, number)), default)


class Model:
    """Names in a model file."""

    def __init__(self, path):
        data = path.read_bytes()
        graph = first(data, 7)
        nodes = values(graph, 1)
        self.operators = {first(node, 4).decode() for node in nodes}
        self.domains = {first(node, 7, b"").decode() for node in nodes}
        self.inputs = [first(info, 1).decode() for info in values(graph, 11)]
        self.outputs = [first(info, 1).decode() for info in values(graph, 12)]
        # Element types of tensors by name: ValueInfoProto.type.tensor_type.elem_type.
        self.types = {first(info, 1).decode(): first(first(first(info, 2, b""), 1, b""), 1)
                      for info in values(graph, 11) + values(graph, 12)}
        versions = [first(opset, 2, 0) for opset in values(data, 8)
                    if first(opset, 1, b"") in (b"", b"ai.onnx")]
        self.opset = versions[0] if versions else 0


def data_type(path):
    """The element type of a TensorProto."""
    return first(path.read_bytes(), 2)


class Test:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        self.model = Model(folder / "model.onnx")
        data = folder / "test_data_set_0"
        self.inputs = {name: data / f"input_{i}.pb" for i, name in enumerate(self.model.inputs)}
        self.outputs = {name: data / f"output_{i}.pb" for i, name in enumerate(self.model.outputs)}

    def has_other_data(self):
        """Some tests of bfloat16 have data of another type than the model's."""
        return any(path.exists() and self.model.types[name] not in (None, data_type(path))
                   for name, path in [*self.inputs.items(), *self.outputs.items()])

    def command(self, tool, bound):
        half = {FLOAT16, BFLOAT16} & set(self.model.types.values())
        tolerance = (HALF_TOLERANCE if half or self.name in FOUR_DIGITS else
                     WINDOW_TOLERANCE if "window_" in self.name else TOLERANCE)
        command = [tool, str(self.folder / "model.onnx"), "--emit=run", "--exec-mode=typed",
                   f"--tolerance={tolerance}"]
        for name, path in self.inputs.items():
            command.append(f"--{'bind' if name in bound else 'input'}={name}={path}")
        command += [f"--expect={name}={path}" for name, path in self.outputs.items()]
        return command

    def bind(self, run):
        """Calls run(bound) with the names of inputs to fix until the import misses none of them;
        returns the names and the last result (of subprocess.run)."""
        bound = set()
        while True:
            result = run(bound)
            # The import names the value it must know: bind it, or, if nodes compute it, all.
            unknown = set(re.findall(r'input \d+ "([^"]*)" \([^)]*\) is not (?:known|a number)',
                                     result.stderr))
            wanted = unknown & set(self.inputs) or set(self.inputs)
            if result.returncode == 0 or not unknown or wanted <= bound:
                return bound, result
            bound |= wanted

    def run(self, tool):
        """Returns (outcome, detail): passed, unsupported, refused or failed."""
        if self.has_other_data():
            return OTHER_DATA
        _, result = self.bind(lambda bound: subprocess.run(
            self.command(tool, bound), capture_output=True, text=True, timeout=120))
        return ("passed", "") if result.returncode == 0 else explain_error(result)


OTHER_DATA = "refused", "data of another type than the model's"


def explain_error(result):
    """What the tool's error says of a node test: (outcome, detail)."""
    text = result.stderr.strip() or f"exit code {result.returncode}"
    if result.returncode < 0 or "Stack dump" in text:
        return "failed", "crashed: " + text[-200:]
    if "the operator is not imported" in text or "of this domain are not imported" in text:
        return "unsupported", text
    if "does not say which version" in text:
        return "unsupported", text
    for pattern, reason in REFUSED:
        if re.search(pattern, text):
            return "refused", reason
    return "failed", text


def find_tests(debian, scratch):
    folders = []
    if debian.is_dir():
        folders += sorted(path for path in debian.iterdir() if (path / "model.onnx").exists())
    with zipfile.ZipFile(HERE / "newer.zip") as archive:
        archive.extractall(scratch)
    folders += sorted(path for path in pathlib.Path(scratch).iterdir() if path.is_dir())
    return [Test(folder) for folder in folders]


def write_table(path, outcomes):
    """docs/onnx-operators.md: every operator with a test that passes."""
    passed, refused = collections.defaultdict(list), collections.defaultdict(set)
    for test, (outcome, detail) in outcomes:
        # Models of several nodes are expansions of one operator, told by their own tests.
        if len(test.model.operators) != 1:
            continue
        operator = next(iter(test.model.operators))
        if outcome == "passed":
            passed[operator].append(test.model.opset)
        elif outcome == "refused" and not detail.startswith("data of"):
            refused[operator].add(detail)
    lines = [
        "# Operators of ONNX that are imported",
        "",
        "Made by `test/onnx/run_backend_tests.py --write` from the node tests of ONNX's backend suite",
        "that pass: each is imported and executed by the reference interpreter, and its outputs are",
        "compared with the expected ones. Versions are those of the operator set in the tests;",
        "models of versions 13 to 28 are read.",
        "",
        "| operator | versions tested | tests | refused |",
        "|---|---|---|---|",
    ]
    for operator in sorted(passed):
        opsets = sorted(set(passed[operator]))
        versions = str(opsets[0]) if len(opsets) == 1 else f"{opsets[0]} to {opsets[-1]}"
        lines.append(f"| {operator} | {versions} | {len(passed[operator])} | "
                     f"{'; '.join(sorted(refused[operator]))} |")
    lines += ["", "Also imported: `Constant` of dense values, `If` whose condition is known at import (the branch",
              "is taken in place), and model-local functions (their bodies are inlined).", ""]
    text = "\n".join(lines)
    if path:
        path.write_text(text)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default=str(ROOT / "build/release/bin/dchag-opt"))
    parser.add_argument("--data", default="/usr/share/libonnx-testdata/data/node",
                        help="folder of Debian's libonnx-testdata")
    parser.add_argument("--filter", default="", help="regular expression on names of tests")
    parser.add_argument("--write", action="store_true", help="write docs/onnx-operators.md")
    parser.add_argument("--check", action="store_true",
                        help="fail if docs/onnx-operators.md is not what --write would write")
    parser.add_argument("-v", "--verbose", action="store_true", help="list tests that are refused")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        tests = [test for test in find_tests(pathlib.Path(args.data), scratch)
                 if re.search(args.filter, test.name)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            outcomes = list(zip(tests, pool.map(lambda test: test.run(args.tool), tests)))

    counts = collections.Counter(outcome for _, (outcome, _) in outcomes)
    operators = set()
    for test, (outcome, detail) in outcomes:
        if outcome == "passed":
            operators |= test.model.operators
        if outcome == "failed" or (outcome == "refused" and args.verbose):
            print(f"{outcome}: {test.name}: {detail}")
    print(f"onnx node tests: {counts['passed']} passed of {len(tests) - counts['unsupported']} "
          f"({len(operators)} operators); {counts['refused']} refused for a listed reason, "
          f"{counts['failed']} failed, {counts['unsupported']} of operators that are not imported")
    table = ROOT / "docs" / "onnx-operators.md"
    text = write_table(table if args.write else None, outcomes)
    if args.check and (not table.exists() or table.read_text() != text):
        print(f"{table} is out of date: run {sys.argv[0]} --write")
        return 1
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
