"""What all workers do: load a contender, then run steps when the parent asks for them by a line on the standard input.

Lines are JSON. Answers go to what was the standard output; what libraries print goes to the standard error.
"""

import ctypes
import json
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
LONG_MS = 2000  # a first step after which no other one is run to warm up
import cases
import numpy as np


def case_of(config: dict) -> cases.Case:
    case = cases.by_name(config["case"])
    return cases.tiny(case) if config["tiny"] else case


def end_with_parent() -> None:
    """The kernel ends this process when the one that started it ends, however it does."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def memory(pids: list[int]) -> dict[str, float]:
    """MiB of the largest of the processes: resident now, and its peak."""
    found = {"rss": 0.0, "peak": 0.0}
    names = {"VmRSS": "rss", "VmHWM": "peak"}
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if key in names:
                found[names[key]] = max(found[names[key]], int(value.split()[0]) / 1024)
    return found


def reset_peak(pids: list[int]) -> bool:
    """Makes the peak of each process what is resident now; False where the system does not allow it."""
    try:
        for pid in pids:
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def first_line(error: BaseException) -> str:
    """One line that says what went wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def read_npy(path: str) -> np.ndarray:
    return np.load(path, allow_pickle=False)


def state_of(config: dict) -> dict[str, np.ndarray]:
    """Parameters of the model by their names in PyTorch."""
    from safetensors.numpy import load_file

    return load_file(os.path.join(config["folder"], "parameters.safetensors"))


class Loaded:
    """A contender that is ready.

    `step()` goes from input in memory to output in memory, `fetch(output)` makes the output an array of numbers. Other
    processes that belong to it are in `pids`; `begin(count)` is called before `count` steps and `meet()` before each one.
    """

    def __init__(self, step, fetch, pids=(), begin=lambda count: None, meet=lambda: None):
        self.step, self.fetch, self.begin, self.meet = step, fetch, begin, meet
        self.pids = [os.getpid(), *pids]

    def run(self, count: int) -> tuple[list[float], object]:
        times, output = [], None
        self.begin(count)
        for _ in range(count):
            self.meet()
            start = time.perf_counter()
            output = self.step()
            times.append(1e3 * (time.perf_counter() - start))
        return times, output


def serve(load) -> None:
    """Runs a worker whose contender `load(config)` makes."""
    end_with_parent()
    config = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(**fields):
        answers.write(json.dumps(fields) + "\n")

    try:
        base = memory([os.getpid()])["rss"]
        loaded = load(config)
        times, output = loaded.run(1)
        if times[0] < LONG_MS:  # the first step may compile, or bring memory into being
            times, output = loaded.run(2)
        np.save(config["output"], np.asarray(loaded.fetch(output), dtype=np.float32))
        del output
        load_peak = memory(loaded.pids)["peak"]
        was_reset = reset_peak(loaded.pids)
        say(event="ready", base_MiB=base, load_peak_MiB=load_peak, ms=times[-1], rss_MiB=memory(loaded.pids)["rss"])
        for line in sys.stdin:
            request = json.loads(line)
            times, _ = loaded.run(request["untimed"] + request["steps"])
            peak = memory(loaded.pids)["peak"] if was_reset else None
            say(event="times", ms=times[request["untimed"] :], step_peak_MiB=peak)
    except Exception as error:
        say(event="error", message=first_line(error))
        raise
    # Libraries with threads of their own may crash while they are taken down, which tells nothing.
    os._exit(0)
