"""The runs of scripts/demo, which has installed and built what this needs."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES = os.path.join(TOP, "examples")
COMPILER = os.path.join(TOP, "build", "release", "bin", "dchag-opt")
MODES = {
    "climax": ["replicate", "gather", "split-softmax"],
    # split-softmax spreads the channels of one softmax, and here each group has its own
    "dchag": ["replicate", "gather", "hierarchical"],
}
DYNAMIC = {"dchag"}  # models that leave the size of a batch open
TOLERANCE = 1e-5
TIME_LIMIT = 300  # seconds for one command


class Failure(Exception):
    """A step of the demo did not work."""


@dataclass(frozen=True)
class Run:
    """One program: a model for a number of ranks; no mode when there is one rank."""

    model: str
    ranks: int
    mode: str

    @property
    def name(self) -> str:
        return f"{self.model}-{self.ranks}-{self.mode}"

    def __str__(self) -> str:
        return f"model={self.model} ranks={self.ranks} mode={self.mode}"


def all_runs() -> list[Run]:
    """Both models on 1 to 4 ranks in each mode, and what the other exporter made of them."""
    runs = []
    for model, modes in MODES.items():
        runs.append(Run(model, 1, "single"))
        runs += [Run(model, ranks, mode) for ranks in (2, 3, 4) for mode in modes]
    runs.append(Run("climax-torchscript", 2, "split-softmax"))
    runs.append(Run("dchag-torchscript", 2, "hierarchical"))
    return runs


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


def command(arguments: list[str], environment: dict | None = None) -> str:
    """Runs a command and returns what it printed; its line with an error says why when it fails."""
    shown = shlex.join(os.path.relpath(a, TOP) if os.path.isabs(a) else a for a in arguments)
    try:
        done = subprocess.run(
            arguments, check=False, cwd=TOP, env={**os.environ, **(environment or {})},
            capture_output=True, text=True, errors="replace", timeout=TIME_LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failure(f"{shown}: not done after {TIME_LIMIT} s") from None
    except OSError as error:
        raise Failure(f"{shown}: {error.strerror}") from None
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip(" -")]
        lines = [line for line in said if "error" in line.lower()] or said or ["no message"]
        raise Failure(f"{shown}: exit code {done.returncode}: {lines[0].strip()}")
    return done.stdout


def python(script: str, *arguments: str) -> str:
    return command([sys.executable, os.path.join(EXAMPLES, script), *arguments])


def cores() -> int:
    return len(os.sched_getaffinity(0))


def fields_of(line: str) -> dict[str, str]:
    """The `name=value` words of a line."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def figures(output: str) -> dict[str, float]:
    """What a program says at its end: step time and memory of the largest rank."""
    wanted = ("step_ms", "planned_peak_MiB", "peak_rank_MiB")
    for line in reversed(output.splitlines()):
        found = fields_of(line)
        if all(name in found for name in wanted):
            return {name: float(found[name]) for name in wanted}
    raise Failure(f"the program did not print {', '.join(wanted)}")


class Demo:
    """Weights, inputs and references in one folder, and the runs on them."""

    def __init__(self, folder: str):
        self.folder = os.path.abspath(folder)
        self.inputs = [
            f"{name}={self.path(file)}"
            for name, file in (("x", "era5.npy"), ("lead_times", "lead.npy"))
        ]

    def path(self, *parts: str) -> str:
        return os.path.join(self.folder, *parts)

    def input_options(self) -> list[str]:
        return [word for text in self.inputs for word in ("--input", text)]

    def prepare(self, models: list[str]) -> None:
        """Writes the inputs, the weights and ONNX Runtime's outputs."""
        os.makedirs(self.folder, exist_ok=True)
        say(python("data/fields.py", self.folder).strip())
        for model in models:
            onnx = self.path(f"{model}.onnx")
            shutil.copy(os.path.join(EXAMPLES, "models", f"{model}.onnx"), onnx)
            say(python("weights.py", onnx).strip())
            reference = self.path(f"reference-{model}")
            shutil.rmtree(reference, ignore_errors=True)
            said = python(
                "compare.py", onnx, *self.input_options(), "--reference", reference,
                "--threads", str(cores()),
            )  # fmt: skip
            say(f"{model} in ONNX Runtime, {cores()} threads: {said.strip()}")

    def run(self, r: Run) -> dict:
        """Compiles, runs and compares; the figures of demo.json."""
        onnx, program = self.path(f"{r.model}.onnx"), self.path(r.name)
        start = time.monotonic()
        options = [] if r.ranks == 1 else [f"--mode={r.mode}"]
        options += ["--batch=1"] if r.model in DYNAMIC else []
        command(
            [COMPILER, onnx, f"--mesh=tp={r.ranks}", *options, "--target=cpu", "--emit=exe",
             "-o", program]
        )  # fmt: skip
        compiled = time.monotonic() - start
        output = self.path(f"{r.name}-output")
        shutil.rmtree(output, ignore_errors=True)
        os.makedirs(output)
        said = command(
            ["mpirun", "-n", str(r.ranks), program,
             "--weights", self.path(f"{r.model}.safetensors"), *self.input_options(),
             "--output", output],
            {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, cores() // r.ranks)))},
        )  # fmt: skip
        measured = figures(said)
        compared = json.loads(
            python(
                "compare.py", onnx, *self.input_options(), "--json", "--tolerance=inf",
                "--reference", self.path(f"reference-{r.model}"), "--output", output,
            )
        )  # fmt: skip
        return {
            "model": r.model, "ranks": r.ranks, "mode": r.mode, "rel_err": compared["rel_err"],
            "max_err": compared["max_err"], **measured, "ort_ms": compared["ort_ms"],
            "compile_s": round(compiled, 1), "ok": compared["rel_err"] <= TOLERANCE,
        }  # fmt: skip


def line(r: Run, result: dict) -> str:
    """The closing line of a run."""
    if "error" in result:
        return f"{r} failed: {result['error']}"
    return (
        f"{r} rel_err={result['rel_err']:.2e} step_ms={result['step_ms']:.1f} "
        f"peak_rank_MiB={result['peak_rank_MiB']:.1f} "
        f"planned_peak_MiB={result['planned_peak_MiB']:.1f} ort_step_ms={result['ort_ms']:.1f}"
        + ("" if result["ok"] else f" TOO FAR: wanted rel_err at most {TOLERANCE:.0e}")
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--output", default=os.path.join(TOP, "out"), help="folder, default: out")
    parser.add_argument("--only", default="", help="keep the runs whose line contains this")
    arguments = parser.parse_args()
    runs = [r for r in all_runs() if arguments.only in str(r)]
    if not runs:
        sys.exit(f"demo: error: no run contains '{arguments.only}': they are\n  " +
                 "\n  ".join(map(str, all_runs())))  # fmt: skip
    if os.path.exists(arguments.output) and not os.path.isdir(arguments.output):
        sys.exit(f"demo: error: {arguments.output} is no folder: name another one by --output")
    start = time.monotonic()
    demo = Demo(arguments.output)
    try:
        demo.prepare(list(dict.fromkeys(r.model for r in runs)))
    except Failure as failure:
        sys.exit(f"demo: error: {failure}")

    results, drawn = [], None
    for number, r in enumerate(runs, 1):
        try:
            result = demo.run(r)
        except Failure as failure:
            result = {"model": r.model, "ranks": r.ranks, "mode": r.mode, "ok": False,
                      "error": str(failure)}  # fmt: skip
        results.append(result)
        say(f"{number}/{len(runs)} after {time.monotonic() - start:.0f} s: {line(r, result)}")
        if result["ok"] and (drawn is None or (drawn.ranks == 1 and r.ranks == 2)):
            drawn = r
    if drawn:
        picture = demo.path("forecast.png")
        try:
            python("plot.py", demo.path(f"{drawn.name}-output", "forecast.npy"), "--field", "4",
                   "--patch", "2", "--output", picture)  # fmt: skip
            say(f"field z500 of {drawn}: {picture}")
        except Failure as failure:
            results.append({"step": "picture", "ok": False, "error": str(failure)})
            say(f"error: {failure}")
    with open(demo.path("demo.json"), "w") as file:
        json.dump(results, file, indent=1)

    for r, result in zip(runs, results):
        print(line(r, result))
    failed = sum(not result["ok"] for result in results)
    if failed:
        sys.exit(f"demo: error: {failed} of {len(results)} steps failed")


if __name__ == "__main__":
    main()
