"""Rounds over all contenders of a case: each runs a few steps while the others are stopped."""

import dataclasses
import math
import pathlib
import statistics
import subprocess
import sys
import time

import contenders
import numpy as np
from contenders import Contender, Setting
from processes import Failure, available_memory

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = {"f32": 1e-3, "bf16": 5e-2}
LONG_MS = 500  # a step that needs no other one before it to warm up caches
TURN_MS = 1000  # what a turn of a contender should take
MOST_STEPS = 20
EXPORT_SECONDS = 3600  # a thousand convolutions take the exporter many minutes
MIB = 2**20


@dataclasses.dataclass
class Row:
    """What is known of one contender on one case."""

    contender: str
    state: str = "ok"  # "wrong": its output is too far off; "failed": `why` says why it does not run
    why: str = ""
    ms: list[float] = dataclasses.field(default_factory=list)
    error: float | None = None
    figures: dict = dataclasses.field(default_factory=dict)
    restarted: bool = False  # in each round, because not all fit into memory at once

    @property
    def median_ms(self) -> float | None:
        return statistics.median(self.ms) if self.ms else None

    def spread(self) -> dict[str, float]:
        """Smallest, 10th and 90th percentile."""
        if not self.ms:
            return {}
        low, high = np.percentile(self.ms, [10, 90])
        return {"min_ms": min(self.ms), "p10_ms": float(low), "p90_ms": float(high)}

    def fail(self, why: str) -> None:
        self.state, self.why = "failed", why

    def as_json(self) -> dict:
        fields = {"contender": self.contender, "state": self.state, "why": self.why, "median_ms": self.median_ms}
        # JSON has no infinity.
        error = None if self.error is None or math.isinf(self.error) else self.error
        return {**fields, **self.spread(), "ms": self.ms, "rel_err": error, **self.figures, "restarted": self.restarted}


def prepare(setting: Setting) -> None:
    """Runs prepare.py, whose memory is given back before anything is measured."""
    setting.folder.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, HERE / "prepare.py", setting.case.name, setting.dtype, setting.folder]
    try:
        done = subprocess.run(
            arguments + ["--tiny"] * setting.tiny, capture_output=True, text=True, errors="replace", check=False,
            timeout=EXPORT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failure(f"the model was not exported after {EXPORT_SECONDS} s") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["without a word"]
        raise Failure(f"the model cannot be exported: {lines[-1].strip()[:300]}")


def relative_error(output: np.ndarray, reference: np.ndarray) -> float:
    """|y - ref| / |ref|; infinite where shapes differ or a value is not finite."""
    if output.size != reference.size:
        return float("inf")
    difference = output.astype(np.float64).ravel() - reference.astype(np.float64).ravel()
    error = float(np.linalg.norm(difference) / np.linalg.norm(reference.astype(np.float64)))
    return error if np.isfinite(error) else float("inf")


class Field:
    """The contenders of a case that run, and whether they stay in memory."""

    def __init__(self, names: list[str], setting: Setting, say):
        self.setting, self.say = setting, say
        self.rows = {name: Row(name) for name in names}
        self.contenders: dict[str, Contender] = {name: contenders.make(name, setting) for name in names}
        self.rough_ms: dict[str, float] = {}
        self.memory = setting.memory_limit / MIB

    def alive(self) -> list[str]:
        return [name for name, row in self.rows.items() if row.state != "failed"]

    def drop(self, name: str, why: str) -> None:
        self.rows[name].fail(why)
        self.contenders[name].end()
        self.say(f"{name} fails: {why}")

    def start(self) -> None:
        reference = np.load(self.setting.folder / "reference.npy")
        for name, contender in self.contenders.items():
            begin = time.monotonic()
            try:
                self.rough_ms[name] = contender.start()
                error = relative_error(contender.output(), reference)
            except (Failure, OSError, ValueError) as failure:
                self.drop(name, str(failure))
                continue
            row = self.rows[name]
            row.error = error
            contender.figures["start_s"] = round(time.monotonic() - begin, 1)
            if error > TOLERANCE[self.setting.dtype]:
                row.state, row.why = "wrong", f"its output is off by {error:.1e}"
            contender.park()
            self.make_room(name)
            self.say(f"{name} is ready after {contender.figures['start_s']} s, rel_err={error:.1e}")

    def make_room(self, name: str) -> None:
        """Ends the worker that came last if not all that are ready, and the largest at work, fit into memory: it starts anew
        in each round."""
        held = sum(self.contenders[other].resident_MiB for other in self.alive())
        more = [c.figures.get("load_peak_MiB", 0) - c.resident_MiB for c in self.contenders.values()]
        if held + max(more) > self.memory and self.contenders[name].resident_MiB:
            self.contenders[name].end()
            self.rows[name].restarted = True

    def round(self) -> None:
        for name in self.alive():
            contender = self.contenders[name]
            rough = max(self.rough_ms[name], 1e-3)
            untimed = 0 if rough > LONG_MS else 1
            steps = max(1, min(MOST_STEPS, round(TURN_MS / rough)))
            try:
                times = contender.run(untimed, steps)
            except Failure as failure:
                self.drop(name, str(failure))
                continue
            self.rows[name].ms += times
            self.rough_ms[name] = statistics.median(times)
            if self.rows[name].restarted:
                contender.end()
            else:
                contender.park()

    def finish(self) -> list[Row]:
        for name, row in self.rows.items():
            row.figures = dict(self.contenders[name].figures)
            self.contenders[name].end()
        return list(self.rows.values())


def measure(names: list[str], setting: Setting, rounds: int, say) -> list[Row]:
    """The rows of a case."""
    try:
        prepare(setting)
    except Failure as failure:
        rows = [Row(name) for name in names]
        for row in rows:
            row.fail(str(failure))
        return rows
    field = Field(names, setting, say)
    try:
        field.start()
        for number in range(rounds):
            field.round()
            say(f"round {number + 1} of {rounds} is done")
        return field.finish()
    finally:
        for contender in field.contenders.values():
            contender.end()


def measure_memory(name: str, setting: Setting) -> Row:
    """One contender alone, for its peak."""
    row, contender = Row(name), contenders.make(name, setting)
    try:
        contender.start()
        row.ms = contender.run(0, 1)
        reference = np.load(setting.folder / "reference.npy")
        row.error = relative_error(contender.output(), reference)
        if row.error > TOLERANCE[setting.dtype]:
            row.state, row.why = "wrong", f"its output is off by {row.error:.1e}"
    except (Failure, OSError, ValueError) as failure:
        row.fail(str(failure))
    finally:
        row.figures = dict(contender.figures)
        contender.end()
    return row


def default_memory_limit() -> int:
    """Nine tenths of what is free."""
    return available_memory() * 9 // 10
