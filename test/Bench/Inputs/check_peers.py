"""Calls what bench/peers computes itself, and prints it: see ../peers.test."""

import math
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
import cases
import peaks
import report
from processes import GIB, Failure, Process


def near(got, wanted, tolerance):
    assert abs(got - wanted) <= tolerance * wanted, f"{got}, {wanted} wanted"


def check_costs():
    """Against figures counted elsewhere, and laws that hold for all cases."""
    # ViT-B/16 has 86.6 million parameters and 17.6 thousand million multiply-adds.
    vit = cases.by_name("vit-b-rgb")
    near(cases.case_cost(vit).numbers, 86.57e6 + 3 * 224 * 224 + 1000, 1e-3)
    near(cases.case_cost(vit).madds, 17.56e9, 1e-2)
    # A front end in a loop over everything that is multiplied.
    tiny = cases.tiny(cases.by_name("front-era5-d512"))
    madds = numbers = 0
    for _ in range(tiny.heads):
        for _ in range(tiny.channels):
            madds += tiny.batch * tiny.positions * (tiny.pixels + 1)  # scores and their addends
            madds += tiny.batch * tiny.positions * (tiny.pixels + 1) * tiny.dim // tiny.heads  # values and theirs
            numbers += (tiny.pixels + 1) * (1 + tiny.dim // tiny.heads)
    madds += tiny.batch * tiny.positions * tiny.dim**2  # the output projection
    numbers += tiny.dim**2 + tiny.dim
    assert cases.front_forms(tiny)["folded"] == cases.Cost(madds, numbers)
    for case in cases.CASES:
        assert cases.by_name(case.name) is case and cases.select([case.name]) == [case]
        assert case.dim % case.heads == 0 and case.height % case.patch == 0 and case.width % case.patch == 0
        if case.aggregates:
            assert cases.front_cost(case).madds < cases.front_forms(case)["written"].madds / 2, case.name
    own, shared = (cases.front_cost(cases.by_name(f"front-hyper500-{kind}")) for kind in ("own", "shared"))
    assert shared.madds < own.madds / 10 and shared.numbers < own.numbers / 10
    # Bound by operations, and by bytes: half of them in bf16.
    cost = cases.case_cost(vit)
    assert math.isclose(cases.cost_ms(cost, "f32", 1e9, 1e30), 2e3 * cost.madds / 1e9)
    assert math.isclose(cases.cost_ms(cost, "f32", 1e30, 1e9), 4e3 * cost.numbers / 1e9)
    assert math.isclose(cases.cost_ms(cost, "bf16", 1e30, 1e9), 2e3 * cost.numbers / 1e9)
    print("costs: ok")


def row(contender, median, state="ok"):
    return {
        "contender": contender, "state": state, "why": "", "median_ms": median, "min_ms": median - 1, "p10_ms": median - 0.5,
        "p90_ms": median + 3, "ms": [median] * 2, "rel_err": 1e-7, "step_peak_MiB": 7.0, "load_peak_MiB": 9.0, "base_MiB": 3.0,
    }  # fmt: skip


def check_lines():
    failed = {**row("iree", 1.0, "failed"), "median_ms": None, "why": "it does not compile"}
    rows = [
        row("ours", 20.0), row("ours:--fold=off", 2.0), row("torch-eager", 40.0), row("openvino", 10.0, "wrong"),
        row("jax", 30.0), failed, row("torch-folded", 9.0), row("torch-folded-compile", 8.0),
    ]  # fmt: skip
    result = {"case": "vit-b-rgb", "dtype": "f32", "ranks": 1, "bound_ms": 5.0, "rows": rows}
    print(report.summary(result))
    failures = [{**failed, "contender": name} for name in ("ours", "jax")]
    print(report.summary({**result, "dtype": "bf16", "ranks": 2, "rows": failures}))
    print(report.row_line(rows[4]))
    print(report.row_line(failed))
    print(report.memory_line(16, rows[4]))
    print(report.memory_line(16, failed))


def check_peaks(path):
    found = peaks.parse(pathlib.Path(path).read_text())
    assert set(found) == {"f32", "bf16", "memory"} and all(value > 0 for value in found.values())
    try:
        peaks.parse("#dchag.machine<>")
        raise AssertionError("a file without figures was read")
    except Failure:
        print("peaks: ok")


def check_processes(folder):
    programs = {
        "answer": "print('{\"event\": \"ready\", \"ms\": 1}', flush=True)",
        "crash": "import sys; sys.stderr.write('error: the last word\\n'); sys.exit(3)",
        "signal": "import os; os.kill(os.getpid(), 11)",
        "error": "print('{\"event\": \"error\", \"message\": \"it does not compile\"}', flush=True)",
        "hang": "import time; time.sleep(1000)",
        "memory": "import time; x = b'1' * (1 << 28); time.sleep(1000)",
    }
    for name, text in programs.items():
        seconds, limit = (1, 100 * GIB) if name == "hang" else (100, GIB / 8)
        process = Process([sys.executable, "-c", text], {}, f"{folder}/{name}", 1, limit)
        try:
            print(f"{name}: {process.ask(None, seconds)}")
        except Failure as failure:
            print(f"{name}: {failure}")
        finally:
            process.end()


if __name__ == "__main__":
    check_costs()
    check_lines()
    check_peaks(sys.argv[2])
    check_processes(sys.argv[3])
