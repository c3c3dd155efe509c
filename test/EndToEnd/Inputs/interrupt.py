#!/usr/bin/env python3
"""interrupt.py SIGNAL FOLDER PROGRAM [OPTION...]: runs a program with this folder for its outputs,
sends it the signal in the middle of its steps, and says how it ended and what is in the folder."""
import glob
import os
import signal
import subprocess
import sys
import time

name, folder, *program = sys.argv[1:]
# A shell starts jobs in the background with some signals ignored.
process = subprocess.Popen([*program, "--repeat", "1000000", "--output", folder], stdout=subprocess.DEVNULL,
                           preexec_fn=lambda: signal.signal(getattr(signal, name), signal.SIG_DFL) if name != "SIGKILL" else None)
deadline = time.monotonic() + 60
while not glob.glob(glob.escape(folder) + "/.*.partial"):
    if process.poll() is not None or time.monotonic() > deadline:
        process.kill()
        sys.exit("the program did not come to its steps")
    time.sleep(0.02)
process.send_signal(getattr(signal, name))
try:
    code = process.wait(timeout=20)
except subprocess.TimeoutExpired:
    process.kill()
    sys.exit("still running")
print("ended by", signal.Signals(-code).name if code < 0 else f"exit {code}")
print("left:", " ".join(sorted(os.listdir(folder))) or "nothing")
