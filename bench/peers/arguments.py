"""The arguments of bench/peers/run.

Needs nothing but Python itself: run calls it before it makes the environment, so that no typo waits for that.
"""

import argparse
import os
import pathlib
import sys

import cases

TOP = pathlib.Path(__file__).resolve().parents[2]
PEERS = ("torch-eager", "torch-compile", "onnxruntime", "openvino", "jax", "iree")
FOLDED = ("torch-folded", "torch-folded-compile")
NAMES = ("ours", *PEERS, *FOLDED)


def is_known(name: str) -> bool:
    return name in NAMES or name.startswith("ours:")


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/run", description="Measures programs of dchag-opt against what else runs such models on a CPU.")
    add = parser.add_argument
    add("--cases", nargs="+", default=["*"], metavar="CASE", help="names or patterns as 'front-*' (default: all)")
    add("--peers", nargs="+", default=list(NAMES), metavar="NAME",
        help="contenders: " + ", ".join(NAMES) + "; 'ours:FLAGS' is ours with flags of dchag-opt (default: all)")
    add("--dtypes", nargs="+", default=["f32", "bf16"], choices=list(cases.ELEMENT_BYTES))
    add("--ranks", nargs="+", default=[1, 2], type=int)
    add("--rounds", default=5, type=int, help="times that each contender has its turn (default: 5)")
    add("--threads", default=0, type=int, help="of all ranks together (default: the cores)")
    add("--flags", default="", help="further flags for dchag-opt, for all programs of ours")
    add("--output", default=TOP / "out/peers", type=pathlib.Path, help="folder (default: out/peers)")
    add("--build", default=TOP / "build/release", type=pathlib.Path, help="folder of the build (default: build/release)")
    add("--memory", action="store_true", help="measure memory of front ends of 16 to 1024 channels instead")
    add("--start-limit", default=900.0, type=float, metavar="SECONDS", help="for loading and compiling (default: 900)")
    add("--run-limit", default=300.0, type=float, metavar="SECONDS", help="for one turn (default: 300)")
    add("--memory-limit", default=0.0, type=float, metavar="GIB", help="of one contender (default: nine tenths of what is free)")
    add("--tiny", action="store_true", help="sizes that show nothing but that everything runs")
    add("--keep", action="store_true", help="keep models, weights and programs")
    chosen = parser.parse_args(words)
    check(parser, chosen)
    return chosen


def check(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    """Refuses what would fail later."""
    for pattern in chosen.cases:
        if not cases.select([pattern]):
            parser.error(f"no case matches '{pattern}': they are {', '.join(case.name for case in cases.CASES)}")
    for name in chosen.peers:
        if not is_known(name):
            parser.error(f"unknown contender '{name}': they are {', '.join(NAMES)} and ours:FLAGS")
    chosen.peers = list(dict.fromkeys(chosen.peers))
    cores = len(os.sched_getaffinity(0))
    chosen.threads = chosen.threads or cores
    if not 1 <= chosen.threads <= cores:
        parser.error(f"--threads={chosen.threads}: from 1 to {cores}, the cores of this process")
    for ranks in chosen.ranks:
        if not 1 <= ranks <= chosen.threads or chosen.threads % ranks:
            parser.error(f"--ranks {ranks}: from 1 to the number of threads ({chosen.threads}), and a divisor of it")
    if chosen.rounds < 1:
        parser.error(f"--rounds={chosen.rounds}: at least 1")
    if not os.access(chosen.build / "bin/dchag-opt", os.X_OK):
        parser.error(f"{chosen.build / 'bin/dchag-opt'} is missing: build the project, or name its folder by --build")
    chosen.build = chosen.build.resolve()
    try:
        chosen.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--output={chosen.output}: {error.strerror}: name a folder that can be written")
    chosen.output = chosen.output.resolve()


if __name__ == "__main__":
    parse(sys.argv[1:])
