"""memory.py PROGRAM OTHER: planned memory of a rank of the second as part of that of the first."""

import re
import subprocess
import sys


def planned(program: str) -> list[float]:
    """MiB of buffers and of the scratch of a step."""
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    return [float(x) for x in re.search(r"buffers ([\d.]+) MiB, scratch of a step ([\d.]+)", text).groups()]


first, second = planned(sys.argv[1]), planned(sys.argv[2])
print(f"buffers {second[0] / first[0]:.2f} scratch {second[1] / first[1]:.2f}")
