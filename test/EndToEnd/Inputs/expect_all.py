"""expect_all.py MODEL FOLDER OPTION...: runs a model in the interpreter, prints its outputs, and fails unless
FOLDER/NAME.npy holds the same for each of them."""

import re
import subprocess
import sys


def main(model, folder, *options):
    command = ["dchag-opt", model, "--emit=run", *options]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(text, end="")
    names = re.findall(r"^(\S+): \S+ = ", text, re.MULTILINE)
    expected = [f"--expect={name}={folder}/{name}.npy" for name in names]
    subprocess.run([*command, "--tolerance=0", *expected], check=True, stdout=subprocess.DEVNULL)


main(*sys.argv[1:])
