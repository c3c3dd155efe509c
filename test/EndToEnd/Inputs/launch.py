#!/usr/bin/env python3
"""Starts ranks as torchrun does, on this machine, and says how they ended.

usage: launch.py [OPTION...] -- COMMAND...

Each rank gets RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT (a free one). What the
ranks print follows, then one line each: "rank 2: exit 1", "rank 3: signal 9". Ranks that still
run when the time is up are killed and reported as "rank 1: still running".

  --ranks N           how many (2)
  --without R         do not start rank R
  --kill R:WHEN       kill rank R by SIGKILL; WHEN is seconds after its start, "start" for before
                      its program runs, or "steps" for the moment when it has used half a second
                      of CPU time
  --stop R:WHEN       the same by SIGSTOP; it is killed when the others have ended
  --set R:NAME=VALUE  another value in the environment of rank R
  --port-in-use       listen at the port, as another program would
  --second ARGUMENT   start a second job at the same port half a second later, its commands with
                      this argument (repeatable); the other options count for the first one
  --seconds S         kill what runs then (60)
  --promise S         fail unless all end within S seconds of the first kill or stop
"""
import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("--ranks", type=int, default=2)
parser.add_argument("--without", type=int, action="append", default=[])
parser.add_argument("--kill", action="append", default=[])
parser.add_argument("--stop", action="append", default=[])
parser.add_argument("--set", action="append", default=[])
parser.add_argument("--port-in-use", action="store_true")
parser.add_argument("--second", action="append", default=[])
parser.add_argument("--seconds", type=float, default=60)
parser.add_argument("--promise", type=float)
parser.add_argument("command", nargs=argparse.REMAINDER)
options = parser.parse_args()
command = options.command[1:] if options.command[:1] == ["--"] else options.command

libc = ctypes.CDLL(None)
holder = socket.socket()
holder.bind(("127.0.0.1", 0))
port = holder.getsockname()[1]
if options.port_in_use:
    holder.listen()
else:
    holder.close()


class Rank:
    def __init__(self, rank, name, command, settings, kills=()):
        self.rank, self.name = rank, name
        environment = dict(os.environ, RANK=str(rank), LOCAL_RANK=str(rank),
                           WORLD_SIZE=str(options.ranks), MASTER_ADDR="127.0.0.1",
                           MASTER_PORT=str(port), OMP_NUM_THREADS="1")
        for setting in settings:
            who, _, rest = setting.partition(":")
            if int(who) == rank:
                name, _, value = rest.partition("=")
                environment[name] = value
        self.log = tempfile.TemporaryFile("w+")

        def prepare():
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no rank outlives this script
            if f"{rank}:start" in kills:
                os.kill(os.getpid(), signal.SIGKILL)

        self.process = subprocess.Popen(command, env=environment, stdout=self.log,
                                        stderr=subprocess.STDOUT,
                                        preexec_fn=prepare)
        self.start = time.monotonic()
        self.stopped = False

    def cpu_seconds(self):
        try:
            with open(f"/proc/{self.process.pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return 0

    def is_due(self, when):
        if when == "steps":
            return self.cpu_seconds() >= 0.5
        return time.monotonic() - self.start >= float(when)


begin = time.monotonic()
ranks = [Rank(r, f"rank {r}", command, options.set, options.kill)
         for r in range(options.ranks) if r not in options.without]
if options.second:
    time.sleep(0.5)
    ranks += [Rank(r, f"second job, rank {r}", command + options.second, []) for r in range(options.ranks)]
orders = [(int(o.split(":")[0]), o.split(":")[1], signal.SIGKILL)
          for o in options.kill if not o.endswith(":start")]
sent = begin if len(orders) < len(options.kill) else None
orders += [(int(o.split(":")[0]), o.split(":")[1], signal.SIGSTOP) for o in options.stop]
while time.monotonic() - begin < options.seconds:
    for order in list(orders):
        for rank in ranks:
            if rank.rank == order[0] and rank.process.poll() is None and rank.is_due(order[1]):
                rank.process.send_signal(order[2])
                rank.stopped = order[2] == signal.SIGSTOP
                sent = sent or time.monotonic()
                orders.remove(order)
                break
    if all(rank.stopped or rank.process.poll() is not None for rank in ranks):
        break
    time.sleep(0.01)
end = time.monotonic()

for rank in ranks:
    running = rank.process.poll() is None
    if running:
        rank.process.kill()
        rank.process.wait()
    rank.log.seek(0)
    sys.stdout.write(rank.log.read())
    code = rank.process.returncode
    how = "stopped" if rank.stopped else "still running" if running else f"exit {code}" if code >= 0 else f"signal {-code}"
    print(f"{rank.name}: {how}")
for order in orders:
    print(f"rank {order[0]} ended before it was sent signal {order[2]}")
if options.promise is not None:
    if sent is None or end - sent > options.promise:
        sys.exit(f"ranks ended {'before a signal' if sent is None else f'{end - sent:.1f} s after the signal'}")
sys.exit(0 if all(rank.process.returncode == 0 for rank in ranks) else 1)
