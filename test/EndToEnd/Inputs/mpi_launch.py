#!/usr/bin/env python3
"""Runs ranks under mpirun, sends one of them a signal, and says how they ended.

usage: mpi_launch.py [OPTION...] -- PROGRAM [OPTION OF THE PROGRAM...]

What mpirun and the ranks print follows, then "all ranks ended, exit status S". Fails if they do
not end in time, if mpirun's status is 0 after a signal, or if an unfinished output is left.

  --ranks N       how many (4)
  --kill R:WHEN   kill rank R by SIGKILL; WHEN is "start" for before its program runs, "steps" for
                  the middle of its steps, or seconds after its start
  --stop R:WHEN   the same by SIGSTOP
  --term R:WHEN   the same by SIGTERM
  --output DIR    the folder of the program's outputs, by which the steps are noticed
  --promise S     all end within S seconds of the signal (10)
"""
import argparse
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("--ranks", type=int, default=4)
parser.add_argument("--kill")
parser.add_argument("--stop")
parser.add_argument("--term")
parser.add_argument("--output")
parser.add_argument("--promise", type=float, default=10)
parser.add_argument("--as-rank-in")
parser.add_argument("command", nargs=argparse.REMAINDER)
options = parser.parse_args()
command = options.command[1:] if options.command[:1] == ["--"] else options.command
order = next(((text.split(":"), number) for text, number in
              ((options.kill, signal.SIGKILL), (options.stop, signal.SIGSTOP), (options.term, signal.SIGTERM)) if text), None)
victim, when = (int(order[0][0]), order[0][1]) if order else (None, None)

if options.as_rank_in:
    # What mpirun starts for each rank: notes the process, then becomes the program.
    rank = int(os.environ["OMPI_COMM_WORLD_RANK"])
    path = os.path.join(options.as_rank_in, str(rank))
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)
    if rank == victim and when == "start":
        os.kill(os.getpid(), order[1])
    os.execvp(command[0], command)


def running(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def unfinished():
    return glob.glob(os.path.join(glob.escape(options.output), ".*.partial")) if options.output else []


def due(begin):
    """The moment of the signal: the files of the outputs are made right before the first step."""
    if when == "start":
        return len(os.listdir(notes)) == options.ranks
    if when == "steps":
        return bool(unfinished())
    return time.monotonic() - begin >= float(when) and os.path.exists(os.path.join(notes, str(victim)))


with tempfile.TemporaryDirectory() as notes, tempfile.TemporaryFile("w+") as log:
    if options.output:
        command += ["--output", options.output]
    launcher = subprocess.Popen(["mpirun", "-n", str(options.ranks), sys.executable, os.path.abspath(__file__),
                                 "--as-rank-in", notes, *sys.argv[1:sys.argv.index("--")], "--", *command],
                                stdout=log, stderr=subprocess.STDOUT)
    begin = time.monotonic()
    while order and not due(begin):
        if launcher.poll() is not None or time.monotonic() - begin > 60:
            launcher.kill()
            log.seek(0)
            sys.exit("the ranks did not come so far:\n" + log.read())
        time.sleep(0.02)
    if when == "steps":
        time.sleep(0.3)
    ranks = [int(open(os.path.join(notes, name)).read()) for name in os.listdir(notes) if name.isdigit()]
    if order and when != "start":
        os.kill(int(open(os.path.join(notes, str(victim))).read()), order[1])
    sent = time.monotonic()
    left = [launcher.pid]
    while left and time.monotonic() - sent < options.promise:
        launcher.poll()
        left = [process for process in [launcher.pid, *ranks] if running(process)]
        time.sleep(0.02)
    log.seek(0)
    sys.stdout.write(log.read())
    for process in left:
        os.kill(process, signal.SIGKILL)
    launcher.wait()
    if left:
        names = ["mpirun" if process == launcher.pid else f"process {process}" for process in left]
        sys.exit(f"{', '.join(names)} still running after {options.promise} s")
    if order and launcher.returncode == 0:
        sys.exit("mpirun says that all is well")
    if unfinished():
        sys.exit(f"left {unfinished()}")
    print(f"all ranks ended, exit status {launcher.returncode}")
    print(f"seconds: {time.monotonic() - sent:.2f}", file=sys.stderr)
