"""Measures programs of dchag-opt against what else runs such models on a CPU.

Interleaved, with equal numbers of threads, each contender in a process of its own. bench/README.md has more.
"""

import argparse
import pathlib
import shlex
import shutil
import sys
import time
from importlib import metadata

import arguments
import cases
import contenders
import measure
import peaks
import plot
import report
from processes import GIB, Failure

PACKAGES = ("torch", "onnxruntime", "openvino", "jax", "jaxlib", "iree-base-compiler", "onnxscript", "numpy")


def say(text: str) -> None:
    print(f"peers: {text}", file=sys.stderr, flush=True)


class Run:
    """All that was chosen on the command line, and what has been measured."""

    def __init__(self, chosen: argparse.Namespace):
        self.chosen = chosen
        self.limit = int(chosen.memory_limit * GIB) or measure.default_memory_limit()
        self.work = chosen.output / "work"
        self.content = {
            "threads": chosen.threads, "rounds": chosen.rounds, "flags": chosen.flags, "tiny": chosen.tiny,
            "memory_limit_GiB": round(self.limit / GIB, 1),
            "versions": {name: metadata.version(name) for name in PACKAGES},
        }  # fmt: skip

    def setting(self, case: cases.Case, dtype: str, ranks: int) -> contenders.Setting:
        c = self.chosen
        return contenders.Setting(
            case, dtype, ranks, self.work / f"{case.name}-{dtype}", c.threads, c.build, tuple(shlex.split(c.flags)),
            c.start_limit, c.run_limit, self.limit, c.tiny,
        )  # fmt: skip

    def clean(self, folder: pathlib.Path) -> None:
        if not self.chosen.keep:
            shutil.rmtree(folder, ignore_errors=True)

    def peaks(self) -> dict[str, float]:
        say("measuring products and memory of this machine")
        peak = peaks.measure(self.chosen.build, self.chosen.threads, self.chosen.start_limit)
        say(f"{peak['f32'] / 1e9:.0f} GFLOP/s of f32, {peak['bf16'] / 1e9:.0f} of bf16, {peak['memory'] / 1e9:.1f} GB/s")
        return peak

    def write(self, results: list[dict]) -> None:
        report.write_json(str(self.chosen.output / "peers.json"), self.content)
        plot.plot_times(results, str(self.chosen.output / "peers.png"))

    def times(self) -> None:
        c = self.chosen
        peak, results = self.peaks(), []
        self.content |= {"peaks": peak, "results": results}
        for case in cases.select(c.cases):
            case = cases.tiny(case) if c.tiny else case
            for dtype in c.dtypes:
                shutil.rmtree(self.work / f"{case.name}-{dtype}", ignore_errors=True)  # of an earlier run
                for ranks in c.ranks:
                    results.append(self.one(case, dtype, ranks, peak))
                    self.write(results)
                self.clean(self.work / f"{case.name}-{dtype}")
        # Other work on the machine can only have made the peaks lower, and the bound would be none.
        peak |= {key: max(value, peak[key]) for key, value in self.peaks().items()}
        for result in results:
            cost = cases.Cost(result["madds"], result["numbers"])
            result["bound_ms"] = cases.cost_ms(cost, result["dtype"], peak[result["dtype"]], peak["memory"])
            print(report.summary(result))
        self.write(results)

    def one(self, case: cases.Case, dtype: str, ranks: int, peak: dict[str, float]) -> dict:
        start = time.monotonic()
        say(f"{case.name} {dtype}, ranks: {ranks}")
        rows = measure.measure(self.chosen.peers, self.setting(case, dtype, ranks), self.chosen.rounds, say)
        cost = cases.case_cost(case)
        result = {
            "case": case.name, "dtype": dtype, "ranks": ranks, "madds": cost.madds,
            "numbers": cost.numbers, "bound_ms": cases.cost_ms(cost, dtype, peak[dtype], peak["memory"]), "seconds": time.monotonic() - start,
            "rows": [row.as_json() for row in rows],
        }  # fmt: skip
        print(report.summary(result))
        for row in result["rows"]:
            print(report.row_line(row), flush=True)
        return result

    def memory(self) -> None:
        results = []
        self.content["memory"] = results
        for channels in cases.MEMORY_CHANNELS:
            setting = self.setting(cases.memory_case(channels), "f32", 1)
            shutil.rmtree(setting.folder, ignore_errors=True)  # of an earlier run
            result = {"channels": channels, "rows": []}
            results.append(result)
            try:
                measure.prepare(setting)
                rows = [measure.measure_memory(name, setting) for name in self.chosen.peers]
            except Failure as failure:
                rows = [measure.Row(name, "failed", str(failure)) for name in self.chosen.peers]
            result["rows"] = [row.as_json() for row in rows]
            for row in result["rows"]:
                print(report.memory_line(channels, row), flush=True)
            report.write_json(str(self.chosen.output / "memory.json"), self.content)
            plot.plot_memory(results, str(self.chosen.output / "memory.png"))
            self.clean(setting.folder)


def main() -> None:
    run = Run(arguments.parse(sys.argv[1:]))
    try:
        run.memory() if run.chosen.memory else run.times()
    except Failure as failure:
        sys.exit(f"peers: error: {failure}")
    except KeyboardInterrupt:
        sys.exit("peers: error: interrupted")
    if not run.chosen.keep:
        shutil.rmtree(run.work, ignore_errors=True)


if __name__ == "__main__":
    main()
