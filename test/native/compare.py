"""Compares the outputs of a program with those of the interpreter."""

import math

from tensors import read_npy

# Largest |y - ref| / |ref| of an output, by the least exact type among inputs and output.
BOUNDS = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 1e-2}
# How much more a rewritten program of narrow types may lose than the one as written: where values
# cancel, any program loses digits.
NARROW, WORSE = ("f16", "bf16"), 3


def relative_error(pairs):
    """Euclidean norm of the difference of pairs (found, wanted) relative to that of what is wanted;
    infinite if anything is left of what should be 0."""
    error = math.sqrt(math.fsum((a - b) ** 2 for a, b in pairs))
    norm = math.sqrt(math.fsum(b ** 2 for _, b in pairs))
    return error / norm if norm else math.inf if error else 0.0


def finite_pairs(found, wanted):
    """Pairs of elements that are finite, or the first element that is so in one tensor alone."""
    pairs = []
    for i, (a, b) in enumerate(zip(found.values, wanted.values)):
        if math.isfinite(a) and math.isfinite(b):
            pairs.append((a, b))
        elif not (a == b or math.isnan(a) and math.isnan(b)):
            return f"element {i} is {a}, wanted {b}"
    return pairs


def bound_of(wanted, bound_types, written):
    """The largest relative error of an output; `written` is that of the program as written."""
    types = [wanted.type, *bound_types]
    bound = max(BOUNDS[kind] for kind in types if kind in BOUNDS)
    if written is None or not any(kind in NARROW for kind in types):
        return bound
    pairs = finite_pairs(written, wanted)
    return bound if isinstance(pairs, str) else max(bound, WORSE * relative_error(pairs))


def compare_tensors(found, wanted, bound_types, written=None):
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
    pairs = finite_pairs(found, wanted)
    if isinstance(pairs, str):
        return pairs
    error, bound = relative_error(pairs), bound_of(wanted, bound_types, written)
    return None if error <= bound else f"error {error:.3g}, wanted at most {bound:g}"


def compare_outputs(found, reference, count, bound_types, written=None):
    """Differences of `count` files NAME.npy in the folders, a line each; the folder `written` has
    the outputs of the program as written, if it is another one."""
    names = {path.name for path in reference.glob("*.npy")}
    others = {path.name for path in found.glob("*.npy")}
    if names != others or len(names) != count or not count:
        return [f"outputs {sorted(others)}, wanted {count}: {sorted(names)}"]
    failures = []
    for name in sorted(names):
        difference = compare_tensors(read_npy(found / name), read_npy(reference / name), bound_types,
                                     read_npy(written / name) if written else None)
        if difference:
            failures.append(f"output {name.removesuffix('.npy')}: {difference}")
    return failures
