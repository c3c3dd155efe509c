"""cache_together.py ROUNDS FOLDER FILES COMMAND...: starts three runs of a program with one cache at once, which is empty,
or whose files are damaged. Each must end well and print the same; afterwards the cache is FILES complete files."""

import os
import shutil
import subprocess
import sys

rounds, folder, files, *command = sys.argv[1:]
cache = os.path.join(folder, "cache")


def run_together(count):
    """The outputs, and the words at the end of the last lines."""
    running = [subprocess.Popen([*command, "--cache", cache, "--output", os.path.join(folder, str(i))],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(count)]
    outputs, states = [], []
    for i, process in enumerate(running):
        said, problems = process.communicate(timeout=60)
        if process.returncode != 0 or any(": warning: cache " not in line for line in problems.splitlines()):
            sys.exit(f"exit {process.returncode}: {problems}")
        where = os.path.join(folder, str(i))
        outputs.append({name: open(os.path.join(where, name), "rb").read() for name in os.listdir(where)})
        states.append(said.split()[-1])
    return outputs, states


shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
for turn in range(int(rounds)):
    if turn % 2 == 0:
        shutil.rmtree(cache, ignore_errors=True)
    for name in os.listdir(cache) if turn % 2 else []:
        with open(os.path.join(cache, name), "r+b") as file:
            file.truncate(turn)
    outputs, states = run_together(3)
    if any(output != outputs[0] for output in outputs):
        sys.exit(f"round {turn}: different outputs")
    names = os.listdir(cache)
    if len(names) != int(files) or not all(name.endswith(".dchagcache") for name in names):
        sys.exit(f"round {turn}: the cache has {names}")
    later, states = run_together(1)
    if states != ["prepare=cached"] or later[0] != outputs[0]:
        sys.exit(f"round {turn}: {states} afterwards, or other outputs")
print(f"{rounds} rounds")
