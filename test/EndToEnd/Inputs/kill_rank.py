"""kill_rank.py RANK FOLDER PROGRAM [OPTION...]: runs a program on two ranks under mpirun, kills one
of them in the middle of its steps, and fails unless all end within ten seconds."""

import os
import pathlib
import signal
import subprocess
import sys
import time


def children(pid):
    listed = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


victim, folder, *program = sys.argv[1:]
launcher = subprocess.Popen(
    ["mpirun", "-n", "2", *program, "--repeat", "1000000", "--output", folder],
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
)
# The files of the outputs are made right before the first step.
deadline = time.monotonic() + 60
while not list(pathlib.Path(folder).glob(".*.partial")):
    if launcher.poll() is not None or time.monotonic() > deadline:
        launcher.kill()
        sys.exit("the program did not come to its steps:\n" + launcher.communicate()[0])
    time.sleep(0.05)
ranks = children(launcher.pid)
if len(ranks) != 2:
    sys.exit(f"{len(ranks)} ranks, wanted 2")
os.kill(ranks[int(victim)], signal.SIGKILL)
try:
    text = launcher.communicate(timeout=10)[0]
except subprocess.TimeoutExpired:
    launcher.kill()
    sys.exit("the launcher waits for the rank that was killed")
print(text)
left = ranks
deadline = time.monotonic() + 10
while left and time.monotonic() < deadline:
    left = [rank for rank in left if os.path.exists(f"/proc/{rank}")]
    time.sleep(0.05)
if launcher.returncode == 0 or left:
    sys.exit(f"exit status {launcher.returncode}, still running: {left}")
outputs = list(pathlib.Path(folder).glob("*.npy"))
outputs = [path for path in outputs if not path.name.startswith(".")]
if outputs:
    sys.exit(f"half an output got its name: {outputs}")
for path in pathlib.Path(folder).glob(".*.partial"):
    path.unlink()
print(f"all ranks ended, exit status {launcher.returncode}, no output")
