"""Compares a run's outputs with ONNX Runtime's for the same model, weights and inputs.

    python examples/compare.py MODEL.onnx --input x=era5.npy --input lead_times=lead.npy \\
        --output out/ [--reference FOLDER] [--threads 2] [--tolerance 1e-5] [--json]

The weights file stands where the model's external data points to. Prints one line for each
output: the relative error ||y - ref|| / ||ref|| and max|y - ref| / max|ref|. With --reference,
ONNX Runtime's outputs and time are kept in FOLDER and used again by later calls. Without
--output, only the reference is made. The exit code is 1 when an error exceeds the tolerance.
"""

import argparse
import json
import os
import sys
import time

import numpy as np


class Problem(Exception):
    """Something that the user can put right."""


def load(path: str) -> np.ndarray:
    """Reads an npy file."""
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise Problem(f"{path}: cannot be read: {error}") from None


def run_reference(model: str, inputs: dict, threads: int, steps: int) -> tuple[dict, float]:
    """ONNX Runtime's outputs by name and the median time of a step in milliseconds."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        names = [o.name for o in session.get_outputs()]
        values = session.run(names, inputs)
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            session.run(names, inputs)
            times.append(1000 * (time.perf_counter() - start))
    except Exception as error:  # ONNX Runtime's own types differ between versions
        raise Problem(f"{model}: ONNX Runtime: {str(error).splitlines()[0]}") from None
    return dict(zip(names, values)), float(np.median(times))


def reference(arguments, inputs: dict) -> tuple[dict, float]:
    """The reference, from the folder if a run has left it there."""
    folder = arguments.reference
    record = folder and os.path.join(folder, "reference.json")
    if record and os.path.exists(record):
        with open(record) as file:
            kept = json.load(file)
        return {n: load(os.path.join(folder, f"{n}.npy")) for n in kept["outputs"]}, kept["ort_ms"]
    outputs, ort_ms = run_reference(arguments.model, inputs, arguments.threads, arguments.steps)
    if record:
        os.makedirs(folder, exist_ok=True)
        for name, value in outputs.items():
            np.save(os.path.join(folder, f"{name}.npy"), value)
        with open(record, "w") as file:
            json.dump({"outputs": list(outputs), "ort_ms": ort_ms}, file)
    return outputs, ort_ms


def errors(found: np.ndarray, wanted: np.ndarray, path: str) -> tuple[float, float]:
    """Relative errors in the Euclidean and the maximum norm; NaN never counts as small."""
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        raise Problem(
            f"{path}: found {found.dtype}{list(found.shape)}, wanted "
            f"{wanted.dtype}{list(wanted.shape)}"
        )
    found, wanted = found.astype(np.float64), wanted.astype(np.float64)
    difference = found - wanted
    relative = np.linalg.norm(difference) / np.linalg.norm(wanted)
    largest = np.abs(difference).max() / np.abs(wanted).max()
    return float(relative), float(largest)


def compare(arguments) -> bool:
    """Prints the comparison; whether all outputs are near enough."""
    inputs = {}
    for text in arguments.input:
        name, _, path = text.partition("=")
        if not path:
            raise Problem(f"--input {text}: wanted NAME=FILE.npy")
        inputs[name] = load(path)
    outputs, ort_ms = reference(arguments, inputs)
    if not arguments.output:
        print(json.dumps({"ort_ms": ort_ms}) if arguments.json else f"ort_ms={ort_ms:.1f}")
        return True
    good, results = True, []
    for name, wanted in outputs.items():
        path = os.path.join(arguments.output, f"{name}.npy")
        relative, largest = errors(load(path), wanted, path)
        good &= relative <= arguments.tolerance
        results.append({"output": name, "rel_err": relative, "max_err": largest, "ort_ms": ort_ms})
    for r in results:
        print(
            json.dumps(r)
            if arguments.json
            else f"output={r['output']} rel_err={r['rel_err']:.2e} "
            f"max_err={r['max_err']:.2e} ort_ms={ort_ms:.1f}"
        )
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy")
    parser.add_argument("--output", help="folder with the outputs of a run")
    parser.add_argument("--reference", help="folder that keeps ONNX Runtime's outputs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3, help="timed steps")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--json", action="store_true")
    try:
        sys.exit(0 if compare(parser.parse_args()) else 1)
    except Problem as problem:
        sys.exit(f"compare: error: {problem}")


if __name__ == "__main__":
    main()
