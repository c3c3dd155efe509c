#!/usr/bin/env python3
"""Compiles models to programs, runs them, and compares their outputs with the interpreter's.

The interpreter computes in float64 and sees nothing of generated code. So what it runs in other
tests is compiled here too, for one rank and for two that are threads:

    --nodes    the node tests of ONNX's backend suite (test/onnx/run_backend_tests.py), their first
               input split along its longest dimension
    --models   the exported models of test/models, in each strategy for two ranks
    --random   programs made at random (bench/random_programs) in f32, bf16 and f16, with marks at
               random for two ranks
    --folds    aggregations of channels made at random (bench/random_folds) in the same types, in the
               modes of --fold, for one rank, and for two in any strategy

    --numbers  small programs whose numbers show how sums and functions are computed (precision.py)

Without any of them all run. Outputs must have the shape and type of the interpreter's, equal
integers and booleans, NaN and infinities at the same places, and numbers whose error
|y - ref| / |ref| (Euclidean norms of an output) is at most that of BOUNDS. Aggregations of bf16 and
f16 may lose twice as much as they lose with --fold=off, if that is more.

What is not compiled must be refused for a reason that REFUSED here or in run_backend_tests.py
lists. Fails too when of a kind nothing was compared. Needs Python's standard library only.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import sys
import tempfile
import time

import cases
import precision

KINDS = {"nodes": cases.make_nodes, "models": cases.make_models, "random": cases.make_random,
         "folds": cases.make_folds, "numbers": precision.make_numbers}


def choose(items, count):
    """`count` of the items, evenly spaced, the first among them; the same in each run."""
    if not count or count >= len(items):
        return items
    return [items[i * len(items) // count] for i in range(count)]


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", action="store_true")
    parser.add_argument("--filter", default="", help="regular expression on names of programs")
    parser.add_argument("--sample", type=int, default=0, metavar="N",
                        help="N node tests, N of models with a strategy, N random programs and N random "
                             "aggregations, evenly spaced")
    parser.add_argument("--count", type=int, default=200, help="random programs of each type, and random aggregations (200)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first random program (1)")
    parser.add_argument("--tools", type=pathlib.Path, default=cases.ROOT / "build/release/bin",
                        help="folder of dchag-opt, random_programs and random_folds (build/release/bin)")
    parser.add_argument("--random-programs", type=pathlib.Path, help="another random_programs")
    parser.add_argument("--data", type=pathlib.Path,
                        default=pathlib.Path("/usr/share/libonnx-testdata/data/node"),
                        help="folder of Debian's libonnx-testdata")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="programs at a time (all cores)")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for all files, which stay there")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every program")
    arguments = parser.parse_args()
    if not any(getattr(arguments, kind) for kind in KINDS):
        for kind in KINDS:
            setattr(arguments, kind, True)
    arguments.tools = arguments.tools.resolve()
    arguments.random_programs = arguments.random_programs or arguments.tools / "random_programs"
    return arguments


class Report:
    """Prints failures as they come, and counts."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.counts = collections.Counter()
        self.reasons = collections.Counter()
        self.compared = collections.Counter()

    def add(self, kind, result):
        self.counts[result.outcome] += 1
        if result.outcome == "compared":
            self.compared[kind] += result.outputs
        elif result.outcome == "refused":
            self.reasons[result.detail] += 1
        if result.outcome == "failed" or self.verbose:
            print(f"{result.outcome}: {result.name}: {result.detail}", flush=True)

    def finish(self, kinds, seconds):
        """Prints the summary and returns the exit status."""
        for reason, count in self.reasons.most_common():
            print(f"  {count} refused: {reason}")
        outputs = ", ".join(f"{self.compared[kind]} of {kind}" for kind in kinds)
        print(f"native: {self.counts['compared']} programs agree with the interpreter in all outputs ({outputs}); "
              f"{self.counts['failed']} failed, {self.counts['refused']} refused for a listed reason, "
              f"{self.counts['unsupported']} of operators that are not imported; {seconds:.0f} s")
        empty = [kind for kind in kinds if not self.compared[kind]]
        if empty:
            print(f"native: error: nothing was compared of {', '.join(empty)}")
        return 1 if empty or self.counts["failed"] else 0


def main():
    arguments = parse_arguments()
    kinds = [kind for kind in KINDS if getattr(arguments, kind)]
    report, start = Report(arguments.verbose), time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            futures = {}
            for kind in kinds:
                for case in choose(KINDS[kind](arguments, folder), arguments.sample):
                    futures[pool.submit(cases.run, case, arguments)] = kind
            for future in concurrent.futures.as_completed(futures):
                for result in future.result():
                    report.add(futures[future], result)
    return report.finish(kinds, time.monotonic() - start)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except cases.Failed as error:
        sys.exit(f"native: error: {error}")
