"""Compares the outputs of a program with those of the interpreter."""

import math

from tensors import read_npy

# Largest |y - ref| / |ref| of an output, by the least exact type among inputs and output.
BOUNDS = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 1e-2}


def relative_error(found, wanted):
    """Euclidean norm of the difference relative to that of `wanted`; infinite if anything is left
    of a `wanted` that is 0."""
    error = math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(found, wanted)))
    norm = math.sqrt(math.fsum(b ** 2 for b in wanted))
    return error / norm if norm else math.inf if error else 0.0


def compare_tensors(found, wanted, bound_types):
    """None, or what differs."""
    if found[:2] != wanted[:2]:
        return f"{found.shape} of {found.type}, wanted {wanted.shape} of {wanted.type}"
    if not wanted.is_float():
        different = [i for i, (a, b) in enumerate(zip(found.values, wanted.values)) if a != b]
        if not different:
            return None
        i = different[0]
        return (f"{len(different)} of {len(found.values)} elements differ, the first is number {i}: "
                f"{found.values[i]}, wanted {wanted.values[i]}")
    finite = []
    for i, (a, b) in enumerate(zip(found.values, wanted.values)):
        if math.isfinite(a) and math.isfinite(b):
            finite.append((a, b))
        elif not (a == b or math.isnan(a) and math.isnan(b)):
            return f"element {i} is {a}, wanted {b}"
    error = relative_error([a for a, _ in finite], [b for _, b in finite])
    bound = max(BOUNDS[kind] for kind in [wanted.type, *bound_types] if kind in BOUNDS)
    return None if error <= bound else f"error {error:.3g}, wanted at most {bound:g}"


def compare_outputs(found, reference, count, bound_types):
    """Differences of `count` files NAME.npy in the folders, a line each."""
    names = {path.name for path in reference.glob("*.npy")}
    others = {path.name for path in found.glob("*.npy")}
    if names != others or len(names) != count or not count:
        return [f"outputs {sorted(others)}, wanted {count}: {sorted(names)}"]
    failures = []
    for name in sorted(names):
        difference = compare_tensors(read_npy(found / name), read_npy(reference / name), bound_types)
        if difference:
            failures.append(f"output {name.removesuffix('.npy')}: {difference}")
    return failures
