#!/usr/bin/env python3
"""Writes each program of the lit tests to a file of its own: what the target ir starts from.

usage: split_programs.py FOLDER
"""
import hashlib
import pathlib
import re
import sys

LONGEST = 6000
folder = pathlib.Path(sys.argv[1])
for path in sorted(pathlib.Path(__file__).resolve().parent.parent.rglob("*.mlir")):
    for part in re.split(r"^// -----.*$", path.read_text(), flags=re.MULTILINE):
        # Comments are what tests expect.
        text = "\n".join(line for line in part.split("\n") if not line.lstrip().startswith("//")).strip() + "\n"
        if 1 < len(text) <= LONGEST:
            (folder / hashlib.sha1(text.encode()).hexdigest()[:16]).write_text(text)
