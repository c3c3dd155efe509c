#!/usr/bin/env python3
"""run_together.py ROUNDS FOLDER NAME... -- COMMAND -- COMMAND: starts two programs at once, again
and again, with one folder for their outputs. Afterwards every output must be, bit for bit, what one
of them writes alone, and all outputs those of the same one."""
import os
import shutil
import subprocess
import sys

rounds, folder, *rest = sys.argv[1:]
first = rest.index("--")
second = rest.index("--", first + 1)
names, commands = rest[:first], [rest[first + 1:second], rest[second + 1:]]


def read(where):
    return [open(os.path.join(where, name), "rb").read() for name in names]


alone = []
for command in commands:
    subprocess.run([*command, "--output", folder + ".alone"], check=True, stdout=subprocess.DEVNULL)
    alone.append(read(folder + ".alone"))
if any(a == b for a, b in zip(*alone)):
    sys.exit("both write the same")
for turn in range(int(rounds)):
    shutil.rmtree(folder, ignore_errors=True)
    running = [subprocess.Popen([*command, "--output", folder], stdout=subprocess.DEVNULL) for command in commands]
    codes = [process.wait(timeout=60) for process in running]
    if codes != [0, 0]:
        sys.exit(f"round {turn}: exit {codes}")
    if read(folder) not in alone:
        sys.exit(f"round {turn}: neither the files of the one nor those of the other")
    if sorted(os.listdir(folder)) != sorted(names):
        sys.exit(f"round {turn}: left {sorted(os.listdir(folder))}")
print(f"{rounds} rounds")
