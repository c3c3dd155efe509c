"""Peaks of this machine: products by oneDNN and memory, as bench/machine measures them."""

import os
import pathlib
import re
import subprocess

from processes import Failure

NUMBER = r"([0-9.]+e[+-]?[0-9]+)"


def parse(text: str) -> dict[str, float]:
    """Operations a second by type, and bytes a second, of a machine file."""
    found = {key: float(value) for key, value in re.findall(rf"\b(f32|bf16) = {NUMBER}", text)}
    memory = re.search(rf"\bmemory = {NUMBER}", text)
    if memory is None or set(found) != {"f32", "bf16"}:
        raise Failure("the program that measures this machine did not write flops of f32 and bf16, and memory")
    return {**found, "memory": float(memory[1])}


def measure(build: pathlib.Path, threads: int, seconds: float) -> dict[str, float]:
    """One process with all threads: operations and bytes a second that a program can have."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    try:
        done = subprocess.run(
            [build / "bin/machine", "--network=default", "--name=peers"], env=environment, capture_output=True, text=True,
            check=False, timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failure(f"{build / 'bin/machine'}: not done after {seconds:.0f} s") from None
    except OSError as error:
        raise Failure(f"{build / 'bin/machine'}: {error.strerror}: build the project first") from None
    if done.returncode != 0:
        raise Failure(f"{build / 'bin/machine'}: exit code {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return parse(done.stdout)
