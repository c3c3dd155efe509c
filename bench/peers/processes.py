"""Processes of contenders: started with a part of the cores, stopped while others run, ended when they take too long or too much.
"""

import ctypes
import json
import os
import pathlib
import select
import signal
import subprocess
import time

GIB = 2**30
POLL_SECONDS = 0.1


class Failure(Exception):
    """A contender cannot run; the text says why, in one line."""


def available_memory() -> int:
    """Bytes that new processes can have."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise Failure("/proc/meminfo has no MemAvailable")


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for member in found:
        for path in pathlib.Path(f"/proc/{member}/task").glob("*/children"):
            try:
                found += [int(child) for child in path.read_text().split()]
            except OSError:
                pass  # the thread has ended
    return found


def resident(pid: int) -> int:
    """Bytes of a process and of all that it started."""
    total = 0
    for member in family(pid):
        try:
            total += int(pathlib.Path(f"/proc/{member}/statm").read_text().split()[1])
        except (OSError, IndexError):
            pass  # it has ended
    return total * os.sysconf("SC_PAGE_SIZE")


def limit_child(threads: int):
    """What a process does before its program starts: it keeps to as many cores as it has threads, ends with this process, and
    is the one to end if memory runs out."""
    cores = sorted(os.sched_getaffinity(0))[:threads]

    def prepare():
        os.sched_setaffinity(0, cores)
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        pathlib.Path("/proc/self/oom_score_adj").write_text("1000")

    return prepare


class Process:
    """A program with time and memory limits, in a process group of its own, whose output is read line by line."""

    def __init__(self, arguments, environment, log, threads, memory_limit):
        self.log, self.memory_limit, self.text = log, memory_limit, b""
        self.lines: list[str] = []
        self.stopped = False
        with open(log, "wb") as errors:
            self.child = subprocess.Popen(
                [str(word) for word in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, **environment}, start_new_session=True, preexec_fn=limit_child(threads),
            )  # fmt: skip

    def signal_all(self, number: int) -> None:
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    def stop(self) -> None:
        """Takes the cores from it, also from threads that spin while they wait for work."""
        self.signal_all(signal.SIGSTOP)
        self.stopped = True

    def resume(self) -> None:
        self.signal_all(signal.SIGCONT)
        self.stopped = False

    def end(self) -> None:
        self.signal_all(signal.SIGKILL)
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()

    def reason(self) -> str:
        """Why it ended: its last words."""
        code = self.child.wait()
        lines = [line.strip() for line in pathlib.Path(self.log).read_text(errors="replace").splitlines()]
        lines = [line for line in lines if line and not line.startswith("^")]
        errors = [line for line in lines if "error" in line.lower()]
        words = (errors or lines or ["without a word"])[-1][:300]
        if code < 0:
            name = signal.Signals(-code).name
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            return f"ended by {name}{hint}: {words}"
        return f"exit code {code}: {words}"

    def line(self, seconds: float) -> str | None:
        """The next line of its output, or None at the end of it."""
        deadline = time.monotonic() + seconds
        while not self.lines:
            ready, _, _ = select.select([self.child.stdout], [], [], POLL_SECONDS)
            if ready:
                text = os.read(self.child.stdout.fileno(), 65536)
                if not text:
                    return None
                *lines, self.text = (self.text + text).split(b"\n")
                self.lines += [line.decode(errors="replace") for line in lines]
            elif time.monotonic() > deadline:
                self.end()
                raise Failure(f"not done after {seconds:.0f} s")
            elif resident(self.child.pid) > self.memory_limit:
                self.end()
                raise Failure(f"needs more than {self.memory_limit / GIB:.1f} GiB of memory")
        return self.lines.pop(0)

    def rest(self, seconds: float) -> list[str]:
        """All further lines, until it has ended well."""
        self.child.stdin.close()
        found = []
        while (line := self.line(seconds)) is not None:
            found.append(line)
        if self.child.wait() != 0:
            raise Failure(self.reason())
        return found

    def ask(self, request: dict | None, seconds: float) -> dict:
        """The answer of a worker to a request."""
        if request is not None:
            try:
                self.child.stdin.write(json.dumps(request).encode() + b"\n")
                self.child.stdin.flush()
            except BrokenPipeError:
                raise Failure(self.reason()) from None
        line = self.line(seconds)
        if line is None:
            raise Failure(self.reason())
        answer = json.loads(line)
        if answer["event"] == "error":
            self.end()
            raise Failure(answer["message"][:300])
        return answer
