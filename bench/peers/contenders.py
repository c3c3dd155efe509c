"""Who takes part: our programs, and workers of each peer. All have the same interface to measure.py."""

import json
import os
import pathlib
import shlex
import shutil
import sys
from dataclasses import dataclass, field

import numpy as np
from cases import Case
from processes import Failure, Process

HERE = pathlib.Path(__file__).resolve().parent


@dataclass(frozen=True)
class Setting:
    """What all contenders of a row have in common."""

    case: Case
    dtype: str
    ranks: int
    folder: pathlib.Path  # what prepare.py wrote
    threads: int
    build: pathlib.Path
    flags: tuple[str, ...]
    start_seconds: float
    run_seconds: float
    memory_limit: int
    tiny: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """One number of threads for every library that may ask for it."""
        each = str(max(1, self.threads // self.ranks))
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return {
            **{name: each for name in names},
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={self.ranks}",
            "TORCHINDUCTOR_CACHE_DIR": str(self.folder.parent / "inductor"),
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@dataclass
class Contender:
    """One row. A subclass starts it, runs steps, and parks or ends it."""

    name: str
    setting: Setting
    figures: dict = field(default_factory=dict)  # memory, time to load

    def file(self, name: str) -> pathlib.Path:
        safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in self.name)
        return self.setting.folder / f"{safe}-{self.setting.ranks}{name}"

    def start(self) -> float:
        """Makes it ready; the milliseconds of a step, roughly."""
        raise NotImplementedError

    def run(self, untimed: int, steps: int) -> list[float]:
        """Milliseconds of steps."""
        raise NotImplementedError

    def output(self) -> np.ndarray:
        return np.load(self.file(".npy"), allow_pickle=False)

    def park(self) -> None:
        """Keeps it ready while others run."""

    def end(self) -> None:
        """Gives back what it holds."""

    @property
    def resident_MiB(self) -> float:
        """What it holds while it is parked."""
        return 0.0


class Worker(Contender):
    """A peer in a Python process of its own."""

    process: Process | None = None

    def start(self) -> float:
        s = self.setting
        if why := refusal(self.name, s):
            raise Failure(why)
        script = {"onnxruntime": "onnxruntime", "openvino": "openvino", "jax": "jax", "iree": "iree"}.get(self.name, "torch")
        config = {
            "case": s.case.name, "tiny": s.tiny, "dtype": s.dtype, "folder": str(s.folder), "threads": s.threads,
            "ranks": s.ranks, "output": str(self.file(".npy")), "folded": "folded" in self.name,
            "compiled": "compile" in self.name,
        }  # fmt: skip
        self.process = Process(
            [sys.executable, HERE / "workers" / f"{script}_worker.py", json.dumps(config)], s.environment,
            self.file(".log"), s.threads, s.memory_limit,
        )  # fmt: skip
        answer = self.process.ask(None, s.start_seconds)
        for key in ("base_MiB", "load_peak_MiB", "rss_MiB"):
            self.figures[key] = answer[key]
        return answer["ms"]

    def run(self, untimed: int, steps: int) -> list[float]:
        if self.process is None:
            self.start()
        if self.process.stopped:
            self.process.resume()
        answer = self.process.ask({"untimed": untimed, "steps": steps}, self.setting.run_seconds)
        peaks = [self.figures.get("step_peak_MiB"), answer["step_peak_MiB"]]
        self.figures["step_peak_MiB"] = max((peak for peak in peaks if peak is not None), default=None)
        return answer["ms"]

    def park(self) -> None:
        if self.process:
            self.process.stop()

    def end(self) -> None:
        if self.process:
            self.process.end()
            self.process = None

    @property
    def resident_MiB(self) -> float:
        return self.figures.get("rss_MiB", 0.0) if self.process else 0.0


class Ours(Contender):
    """A program of dchag-opt. It runs anew in each round: its steps are timed by itself, without reading and preparing."""

    def start(self) -> float:
        s = self.setting
        own = shlex.split(self.name.partition(":")[2])
        mesh = [f"--mesh=tp={s.ranks}"] if s.ranks > 1 else []
        mode = ["--mode=split-softmax"] if s.ranks > 1 and s.case.aggregates else []
        # A mode or mesh of the user's own takes the place of these.
        given = [word.partition("=")[0] for word in (*s.flags, *own)]
        chosen = [word for word in (*mesh, *mode) if word.partition("=")[0] not in given]
        if "--strategy" in given:
            chosen = [word for word in chosen if not word.startswith("--mode")]
        self.call(
            [s.build / "bin/dchag-opt", s.folder / "model.onnx", *chosen, *s.flags, *own, "--emit=exe",
             f"--weights-out={self.file('.safetensors')}", "-o", self.file("-program")], s.start_seconds
        )  # fmt: skip
        described = json.loads("\n".join(self.call([self.file("-program"), "--describe"], s.run_seconds)))
        step = next(entry for entry in described["entries"] if entry["name"] == "step")
        self.figures["scratch_MiB"] = step["arena_bytes"] / 2**20
        return self.run(0, 1)[0]

    def call(self, arguments: list, seconds: float) -> list[str]:
        s = self.setting
        process = Process(arguments, s.environment, self.file(".log"), s.threads, s.memory_limit)
        try:
            return process.rest(seconds)
        finally:
            process.end()

    def run(self, untimed: int, steps: int) -> list[float]:
        s = self.setting
        program = [self.file("-program"), "--weights", self.file(".safetensors")]
        program += ["--input", f"x={s.folder / 'x-program.npy'}", "--output", self.file("-output")]
        # More than one repetition comes after one that is not timed.
        repeat = steps if steps > 1 else 1 + min(untimed, 1)
        ranks = ["--comm=threads"] if s.ranks > 1 else []
        lines = self.call([*program, *ranks, f"--repeat={repeat}"], s.run_seconds)
        words = dict(word.split("=", 1) for word in lines[-1].split() if "=" in word) if lines else {}
        if "step_ms" not in words:
            raise Failure("the program printed no step_ms")
        # The program's peak is that of its whole run, loading included.
        peak = float(words["peak_rank_MiB"])
        peak = max(peak, self.figures.get("step_peak_MiB", 0.0))
        planned = float(words["planned_peak_MiB"])
        self.figures |= {"base_MiB": 0.0, "load_peak_MiB": peak, "step_peak_MiB": peak, "planned_MiB": planned}
        return [float(words["step_ms"])]

    def output(self) -> np.ndarray:
        values = np.load(self.file("-output") / "y.npy", allow_pickle=False)
        if values.dtype.kind == "V":  # bf16: the upper half of f32
            values = (values.view("<u2").astype("<u4") << 16).view("<f4")
        return values

    def end(self) -> None:
        for name in ("-program", ".safetensors"):
            self.file(name).unlink(missing_ok=True)
        shutil.rmtree(self.file("-output"), ignore_errors=True)


def refusal(name: str, setting: Setting) -> str | None:
    """Why a contender has nothing to run, known before it is tried."""
    if setting.ranks > 1 and name in ("onnxruntime", "openvino", "iree"):
        return "has no ranks: it runs a model in one process on one device"
    if "folded" in name and setting.ranks > 1:
        return "the model folded by hand is written for one rank"
    if "folded" in name and not setting.case.aggregates:
        return "there is no aggregation to fold"
    return None


def make(name: str, setting: Setting) -> Contender:
    return Ours(name, setting) if name.partition(":")[0] == "ours" else Worker(name, setting)


def is_ours(name: str) -> bool:
    return name.partition(":")[0] == "ours"


def environment_folder() -> str:
    return os.path.dirname(os.path.dirname(sys.executable))
