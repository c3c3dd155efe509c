"""What run.py compiles: node tests, exported models, programs and aggregations at random."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading
from typing import NamedTuple

from compare import NARROW, compare_outputs
from tensors import Tensor, read_proto, run_backend_tests, write_npy, write_safetensors

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/Distribute/Inputs"))
import matrix  # noqa: E402

# What is not compiled, as run_backend_tests.REFUSED: a part of the error, and the reason.
REFUSED = []
SECONDS = 300


class Result(NamedTuple):
    """`outcome` is compared, refused, unsupported or failed."""
    name: str
    outcome: str
    detail: str = ""
    outputs: int = 0


class Failed(Exception):
    """A command that should have worked; the message says which and how it ended."""


def call(command, folder, **environment):
    command = [str(word) for word in command]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace",
                              timeout=SECONDS, env={**os.environ, **environment})
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"error: still running after {SECONDS} s")


def describe_error(result):
    """The lines of its output that say what is wrong, in one."""
    lines = [line for line in result.stderr.splitlines() if "error:" in line or "ssertion" in line]
    text = " | ".join(lines[:3] or result.stderr.splitlines()[-2:])
    return f"{pathlib.Path(result.args[0]).name}, exit status {result.returncode}: {text}"


def must(command, folder, **environment):
    result = call(command, folder, **environment)
    if result.returncode != 0:
        raise Failed(describe_error(result))
    return result


def write_inputs(folder, tensors):
    """Writes input_N.npy for each input by name; returns options of programs and of the tool."""
    options = []
    for number, (name, tensor) in enumerate(tensors.items()):
        path = folder / f"input_{number}.npy"
        write_npy(path, tensor)
        options += ["--input", f"{name}={path}"]
    return options


def run_and_compare(name, program, ranks, options, reference, bound_types, folder, written=None):
    """Runs a program and compares all outputs with those in the folder `reference`. Those of the
    program as written are in the folder `written`, if it is another one."""
    found = folder / f"out{ranks}"
    shutil.rmtree(found, ignore_errors=True)
    threads = "2" if ranks == 1 else "1"
    described = json.loads(must([program, "--describe"], folder).stdout)
    inputs = {buffer["name"] for buffer in described["buffers"] if buffer["role"] == "input"}
    outputs = sum(buffer["role"] == "output" for buffer in described["buffers"])
    # Inputs that nothing uses are still inputs; what was fixed at compile time is none.
    words = [word for option, word in zip(options[::2], options[1::2])
             if option != "--input" or word.split("=")[0] in inputs
             for word in (option, word)]
    command = [program, "--output", found, *words, "--comm", "self" if ranks == 1 else "threads"]
    must(command, folder, OMP_NUM_THREADS=threads)
    failures = compare_outputs(found, reference, outputs, bound_types, written)
    if not failures:
        return [Result(name, "compared", f"{outputs} outputs", outputs)]
    return [Result(name, "failed", failure) for failure in failures]


def run(case, arguments):
    """All results of a case; an unexpected error is a failure of that case."""
    try:
        results = case.run(arguments)
        if not arguments.keep:
            shutil.rmtree(case.folder, ignore_errors=True)
        return results
    except Failed as error:
        return [Result(case.name, "failed", str(error))]
    except Exception as error:  # A case that breaks this script must be named, not lose the others.
        return [Result(case.name, "failed", f"{type(error).__name__}: {error}")]


#===-----------------------------------------------------------------------===#
# Node tests
#===-----------------------------------------------------------------------===#


class Node:
    def __init__(self, test, folder):
        self.test, self.folder, self.name = test, folder, test.name
        self.model = test.folder / "model.onnx"

    def compile(self, arguments, ranks, bound, options=()):
        command = [arguments.tools / "dchag-opt", self.model, "--emit=exe", "-o", f"program{ranks}",
                   "--weights-out=weights.safetensors", *options]
        command += [f"--bind={name}={self.test.inputs[name]}" for name in bound]
        return call(command, self.folder)

    def read_inputs(self, bound):
        tensors = {name: read_proto(path) for name, path in self.test.inputs.items()
                   if name not in bound and path.exists()}
        if None in tensors.values():
            raise Failed("an input has elements of a type that this test does not read")
        return tensors

    def refuse(self, result, ranks):
        outcome, detail = run_backend_tests.explain_error(result)
        for pattern, reason in REFUSED if outcome == "failed" else []:
            if re.search(pattern, result.stderr):
                outcome, detail = "refused", reason
        if outcome == "failed":
            detail = describe_error(result)
        return [Result(f"node {self.name}, {ranks} rank{'s' * (ranks > 1)}", outcome, detail)]

    def run(self, arguments):
        if self.test.has_other_data():
            return [Result(f"node {self.name}", *run_backend_tests.OTHER_DATA)]
        self.folder.mkdir(parents=True)
        bound, result = self.test.bind(lambda bound: self.compile(arguments, 1, bound))
        if result.returncode != 0:
            return self.refuse(result, 1)
        tensors = self.read_inputs(bound)
        inputs = write_inputs(self.folder, tensors)
        reference = self.folder / "reference"
        binds = [f"--bind={name}={self.test.inputs[name]}" for name in bound]
        must([arguments.tools / "dchag-opt", self.model, "--emit=run", "--exec-mode=exact",
              *inputs, *binds, "--output", reference], self.folder)
        results = []
        for ranks in (1, 2):
            if ranks == 2:
                split = split_input(tensors)
                result = self.compile(arguments, 2, bound, split)
                if result.returncode != 0:
                    results += self.refuse(result, 2)
                    continue
            name = f"node {self.name}, {ranks} rank{'s' * (ranks > 1)}"
            try:
                results += run_and_compare(
                    name, self.folder / f"program{ranks}", ranks,
                    inputs + ["--weights", self.folder / "weights.safetensors"], reference,
                    [tensor.type for tensor in tensors.values()], self.folder)
            except Failed as error:
                results.append(Result(name, "failed", str(error)))
        return results


def split_input(tensors):
    """Options for two ranks that split an input, one of floats if there is one, along its longest
    dimension."""
    fit = [(not tensor.is_float(), number, name)
           for number, (name, tensor) in enumerate(tensors.items()) if max(tensor.shape, default=0) > 1]
    if not fit:
        return ["--mesh=dp=2"]
    name = min(fit)[2]
    shape = tensors[name].shape
    dims = ["_"] * len(shape)
    dims[shape.index(max(shape))] = "dp"
    return ["--mesh=dp=2", f"--shard={name}=[{','.join(dims)}]"]


def make_nodes(arguments, folder):
    if not arguments.data.is_dir():
        raise Failed(f"{arguments.data} is missing: install libonnx-testdata (scripts/setup) or say --data")
    tests = run_backend_tests.find_tests(arguments.data, folder / "newer")
    return [Node(test, folder / f"node-{number}") for number, test in enumerate(tests)
            if re.search(arguments.filter, test.name)]


#===-----------------------------------------------------------------------===#
# Exported models
#===-----------------------------------------------------------------------===#

MODELS = ROOT / "test/models"
STRATEGIES = [[], ["--mesh=tp=2"], ["--mesh=dp=2"], ["--mesh=fsdp=2"], ["--mesh=sp=2"],
              ["--mesh=tp=2", "--strategy=tp,sp=tp"]]
MODES = {"none": [], "flat": ["gather", "split-softmax"], "groups": ["gather", "hierarchical"],
         "each": ["gather", "hierarchical"], "products": ["split-softmax"]}
# Outputs beside the inputs of a model in test/models.
EXPECTED = {"forecast", "image", "embedding", "logits"}


class Reference:
    """What the interpreter makes of a model, once for all strategies."""

    def __init__(self, model, folder):
        self.model, self.folder = model, folder
        self.lock = threading.Lock()
        self.made = False

    def make(self, command):
        with self.lock:
            if not self.made:
                must(command, self.folder.parent)
                self.made = True
        return self.folder


class Exported:
    def __init__(self, model, options, reference, folder):
        self.model, self.options, self.reference, self.folder = model, options, reference, folder
        self.name = f"model {model.stem} {' '.join(options) or 'one rank'}"

    def run(self, arguments):
        self.folder.mkdir(parents=True)
        stem = self.model.name.split("-")[0]
        files = {path.name.split(".")[1]: path for path in sorted(MODELS.glob(f"{stem}.*.npy"))}
        inputs = [word for name, path in files.items() if name not in EXPECTED
                  for word in ("--input", f"{name}={path}")]
        batch = ["--batch=" + batch_of(files)] if self.model.stem.endswith("-batch") else []
        tool = [arguments.tools / "dchag-opt", self.model, *batch]
        reference = self.reference.make([*tool, "--emit=run", "--exec-mode=exact", *inputs,
                                         "--output", self.reference.folder])
        ranks = 2 if self.options else 1
        must([*tool, *self.options, "--emit=exe", "-o", "program",
              "--weights-out=weights.safetensors"], self.folder)
        weights = ["--weights", self.folder / "weights.safetensors"]
        return run_and_compare(self.name, self.folder / "program", ranks, inputs + weights,
                               reference, [], self.folder)


def batch_of(files):
    """The first size of the expected output, which the header of its file says."""
    path = next(path for name, path in files.items() if name in EXPECTED)
    return re.search(rb"'shape': \((\d+)", path.read_bytes()[:200]).group(1).decode()


def make_models(arguments, folder):
    found = []
    for model in sorted(MODELS.glob("*.onnx")):
        kind = matrix.AGGREGATIONS_OF_FORMS.get(model.stem,
                                                matrix.AGGREGATIONS[model.name.split("-")[0]])
        reference = Reference(model, folder / f"{model.stem}-reference")
        options = STRATEGIES + [["--mesh=tp=2", f"--mode={mode}"] for mode in MODES[kind]]
        for number, strategy in enumerate(options):
            case = Exported(model, strategy, reference, folder / f"{model.stem}-{number}")
            if re.search(arguments.filter, case.name):
                found.append(case)
    return found


#===-----------------------------------------------------------------------===#
# Programs at random
#===-----------------------------------------------------------------------===#

FLOATS = ("f32", "bf16", "f16")
DISTRIBUTE = ["--propagate", "--insert-reshards", "--verify-shardings", "--partition",
              "--verify-partition", "--reshards-to-collectives", "--cse", "--verify-partition"]
ARGUMENT = re.compile(r"%\w+: tensor<((?:\d+x)*)(\w+)> \{([^{}]*)\}")


class Program:
    def __init__(self, seed, is_exact, kind, texts, folder):
        self.seed, self.is_exact, self.kind, self.texts = seed, is_exact, kind, texts
        self.folder = folder
        self.name = f"random program {seed} {kind}"

    def make_values(self):
        """Values of all arguments, (inputs, parameters) by name: seeded, integers unless the
        program is smooth."""
        values = random.Random(self.seed)
        found = {"input": {}, "param": {}}
        head = self.texts[1][:self.texts[1].index("\n    ")]
        for sizes, element, attributes in ARGUMENT.findall(head):
            shape = tuple(int(size) for size in sizes.split("x")[:-1])
            count = 1
            for size in shape:
                count *= size
            bounds = re.search(r"dchag.range = array<i64: (-?\d+), (-?\d+)>", attributes)
            low, high = map(int, bounds.groups()) if bounds else (-3, 3)
            if element == "i1":
                element, numbers = "bool", [values.random() < 0.5 for _ in range(count)]
            elif element.startswith("i") or self.is_exact:
                numbers = [values.randint(low, high) for _ in range(count)]
            else:
                numbers = [max(-3.0, min(3.0, values.gauss(0, 1))) for _ in range(count)]
            name = re.search(r'dchag.name = "(\w+)"', attributes).group(1)
            role = re.search(r'dchag.role = "(\w+)"', attributes).group(1)
            found[role][name] = Tensor(element, shape, numbers)
        return found["input"], found["param"]

    def write_values(self):
        """Makes the folder with values of all arguments; returns the options that name them."""
        self.folder.mkdir(parents=True)
        inputs, parameters = self.make_values()
        write_safetensors(self.folder / "weights.safetensors", parameters)
        return [*write_inputs(self.folder, inputs), "--weights", self.folder / "weights.safetensors"]

    def run(self, arguments):
        options = self.write_values()
        tool = arguments.tools / "dchag-opt"
        for ranks, text in self.texts.items():
            (self.folder / f"model{ranks}.mlir").write_text(text.replace("@main(", "@step("))
        must([tool, "model1.mlir", "--emit=run", "--exec-mode=exact", *options, "--output",
              "reference"], self.folder)
        must([tool, "model2.mlir", "--accumulate-in-f32", *DISTRIBUTE, "-o", "rank.mlir"], self.folder)
        results = []
        for ranks, model in ((1, "model1.mlir"), (2, "rank.mlir")):
            name = f"{self.name}, {ranks} rank{'s' * (ranks > 1)}"
            try:
                program = self.folder / f"program{ranks}"
                must([tool, model, "--emit=exe", "-o", program], self.folder)
                results += run_and_compare(name, program, ranks, options, self.folder / "reference",
                                           [self.kind], self.folder)
            except Failed as error:
                results.append(Result(name, "failed", str(error)))
        return results


def make_random(arguments, folder):
    found = []
    for kind in FLOATS:
        texts = {}
        for ranks in (1, 2):
            printed = must([arguments.random_programs, "--print", f"--seed={arguments.seed}",
                            f"--count={arguments.count}", f"--type={kind}",
                            f"--max-ranks={ranks}"], folder).stdout
            parts = re.split(r"^// seed (\d+) \((exact|smooth)\)\n", printed, flags=re.M)
            for seed, which, text in zip(parts[1::3], parts[2::3], parts[3::3]):
                texts.setdefault((int(seed), which == "exact"), {})[ranks] = text
        for (seed, is_exact), both in texts.items():
            program = Program(seed, is_exact, kind, both, folder / f"random-{seed}-{kind}")
            if re.search(arguments.filter, program.name):
                found.append(program)
    return found


#===-----------------------------------------------------------------------===#
# Aggregations at random
#===-----------------------------------------------------------------------===#

FOLD_MODES = ("auto", "keys", "full")


class Fold(Program):
    """One rank in a mode of --fold, the next seed in the next one, and two ranks in any strategy."""

    def __init__(self, seed, is_foldable, strategy, kind, text, folder):
        super().__init__(seed, False, kind, {1: text}, folder)
        mode = FOLD_MODES[seed % len(FOLD_MODES)]
        self.mode = mode if is_foldable or mode != "full" else "auto"
        self.strategy = strategy
        self.name = f"random aggregation {seed} {kind}"

    def explain(self, result):
        """The outcome of a compilation that failed, and why."""
        for message in matrix.REFUSALS.values():
            if self.strategy != "replicate" and message in result.stderr:
                return "refused", f"strategy: {message}"
        return "failed", describe_error(result)

    def compile_and_compare(self, tool, ranks, words, options, written=None):
        name = f"{self.name}, {' '.join(words)}"
        program = self.folder / f"program{ranks}"
        compiled = call([tool, "model.mlir", "--emit=exe", *words, "-o", program], self.folder)
        if compiled.returncode != 0:
            outcome, detail = self.explain(compiled) if ranks > 1 else ("failed", describe_error(compiled))
            return [Result(name, outcome, detail)]
        try:
            return run_and_compare(name, program, ranks, options, self.folder / "reference", [self.kind],
                                   self.folder, written)
        except Failed as error:
            return [Result(name, "failed", str(error))]

    def run(self, arguments):
        options = self.write_values()
        tool = arguments.tools / "dchag-opt"
        (self.folder / "model.mlir").write_text(self.texts[1])
        must([tool, "model.mlir", "--emit=run", "--exec-mode=exact", *options, "--output",
              "reference"], self.folder)
        written = None
        if self.kind in NARROW:
            written = self.folder / "written"
            must([tool, "model.mlir", "--emit=exe", "--fold=off", "-o", "program"], self.folder)
            must([self.folder / "program", "--output", written, *options], self.folder)
        fold = f"--fold={self.mode}"
        return (self.compile_and_compare(tool, 1, [fold], options, written) +
                self.compile_and_compare(tool, 2, [fold, "--mesh=tp=2", f"--strategy=tp,{self.strategy}"],
                                         options, written))


def make_folds(arguments, folder):
    found = []
    for kind in FLOATS:
        printed = must([arguments.tools / "random_folds", "--print", f"--seed={arguments.seed}",
                        f"--count={arguments.count}", f"--type={kind}"], folder).stdout
        parts = re.split(r"^// seed (\d+) \((foldable|unfoldable)\) (\S+)\n", printed, flags=re.M)
        for seed, which, strategy, text in zip(parts[1::4], parts[2::4], parts[3::4], parts[4::4]):
            fold = Fold(int(seed), which == "foldable", strategy, kind, text, folder / f"fold-{seed}-{kind}")
            if re.search(arguments.filter, fold.name):
                found.append(fold)
    return found
