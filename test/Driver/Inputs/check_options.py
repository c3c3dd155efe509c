"""check_options.py MODEL.onnx SCRATCH: gives dchag-opt each of its options in each mode, and compares whether
it is refused with the table of the tool (--print-option-modes)."""

import pathlib
import subprocess
import sys

# A value for each option: one that has no entry fails the test.
VALUES = {
    "emit": None, "check-equal": None, "check-ranks": None,
    "mesh": "tp=2", "machine": "{scratch}/m.machine", "mode": "gather", "fold": "full", "strategy": "tp", "shard": "w=[tp,_]", "comm-report": "{scratch}/report",
    "target": "cpu", "cpu": "generic", "runtime-dir": "{scratch}/none", "dump-stages": "{scratch}/stages",
    "remarks": "", "batch": "2", "shape": "x=2x3", "bind": "x=x.npy", "weights-out": "{scratch}/w.safetensors",
    "input": "x=x.npy", "weights": "w.safetensors", "output": "{scratch}/out", "expect": "y=y.npy",
    "run-function": "step", "exec-mode": "typed", "poison-empty": "", "inputs": "integers", "tolerance": "1",
    "allow-unchanged": "",
    "split-input-file": "", "output-split-marker": "x", "verify-diagnostics": "", "verify-roundtrip": "",
    "emit-bytecode": "", "emit-bytecode-version": "6", "run-reproducer": "", "no-implicit-module": "",
    "elide-resource-data-from-bytecode": "", "dump-pass-pipeline": "", "irdl-file": "x.irdl",
    "mlir-disable-diagnostic-notes": "", "log-actions-to": "x", "profile-actions-to": "x",
    "log-mlir-actions-filter": "x", "mlir-very-unsafe-disable-verifier-on-parsing": "",
}  # fmt: skip
MODES = {
    "none": [], "mlir": ["--emit=mlir"], "llvm": ["--emit=llvm"], "obj": ["--emit=obj", "-o", "{scratch}/obj"],
    "exe": ["--emit=exe", "-o", "{scratch}/exe"], "run": ["--emit=run", "--inputs=integers"],
    "check": ["--check-equal=canonicalize", "--allow-unchanged"],
}  # fmt: skip
# What an option needs beside it.
BESIDE = {"mesh": "--mesh=tp=2", "expect": "--expect=y=y.npy"}


def main(model, scratch):
    pathlib.Path(scratch).mkdir(exist_ok=True)

    def tool(*arguments):
        command = ["dchag-opt", *(argument.format(scratch=scratch) for argument in arguments)]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    table = {line.split()[0]: line.split()[1:] for line in tool("--print-option-modes").stdout.splitlines()}
    if table.keys() != VALUES.keys():
        sys.exit(f"options without a value here, or values without an option: {table.keys() ^ VALUES.keys()}")
    count = 0
    for option, effects in table.items():
        value = VALUES[option]
        for mode, arguments in MODES.items():
            given = f"--{option}" + (f"={value}" if value else "")
            if value is None or any(argument.startswith(f"--{option}") for argument in arguments):
                continue
            beside = [BESIDE[e[5:]] for e in effects if e.startswith("with-") and mode in effects]
            # A mode in which the option needs nothing beside it refuses that itself.
            beside = [other for other in beside if mode in table[other[2:].split("=")[0]]]
            result = tool(model, *arguments, *beside, given)
            says = [line for line in result.stderr.splitlines() if line.startswith("dchag-opt: ")]
            refused = any("has no effect" in line or "add --" in line for line in says)
            if refused != (mode not in effects):
                sys.exit(f"{given} with {arguments}: refused {refused}, has an effect {mode in effects}: {result.stderr}")
            if refused and (result.returncode == 0 or len(says) != 1 or option not in says[0]):
                sys.exit(f"{given} with {arguments}: status {result.returncode}: {result.stderr}")
            if "Stack dump" in result.stderr:
                sys.exit(f"{given} with {arguments}: crashed: {result.stderr}")
            count += 1
    print(count, "pairs")


main(*sys.argv[1:])
