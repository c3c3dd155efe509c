"""check_passes.py SOURCE: every pass has an example in its description and a lit test of its own.

Passes are those of include/dchag/**/Passes.td, as mlir-tblgen reads them. The description has a ```mlir
block, and a file test/**/PASS*.mlir or .test has a RUN line that names the pass.
"""

import pathlib
import re
import shutil
import subprocess
import sys

# What is still left over. A pass that has caught up must be taken off, so that the lists only shrink.
WITHOUT_EXAMPLE = set()
WITHOUT_TEST = set()

source = pathlib.Path(sys.argv[1])
tblgen = shutil.which("mlir-tblgen")
upstream = pathlib.Path(tblgen).resolve().parent.parent / "include"


def descriptions(td):
    """Names of passes with their descriptions, by way of the reference that mlir-tblgen writes."""
    command = [tblgen, "-gen-pass-doc", "-I", source, "-I", source / "include", "-I", upstream, td]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sections = re.split(r"^### `-(.+)`$", text, flags=re.M)[1:]
    return dict(zip(sections[::2], sections[1::2]))


def names_pass(line, name):
    return "RUN:" in line and re.search(rf"(?<!\w)(--|(?<!-)){name}(?![\w-])", line)


def is_tested(name):
    for test in sorted(source.glob(f"test/**/{name}*")):
        if test.suffix in (".mlir", ".test") and re.match(rf"{name}(-|\.)", test.name):
            if any(names_pass(line, name) for line in test.read_text().splitlines()):
                return True
    return False


problems = []
examples, tests = set(), set()
for td in sorted(source.glob("include/dchag/**/Passes.td")):
    for name, description in descriptions(td).items():
        where = td.relative_to(source / "include" / "dchag")
        if "```mlir" in description:
            examples.add(name)
        elif name not in WITHOUT_EXAMPLE:
            problems.append(f"{name}: its description in {where} has no ```mlir block: show IR before and after it")
        if is_tested(name):
            tests.add(name)
        elif name not in WITHOUT_TEST:
            problems.append(f"{name}: no test/**/{name}*.mlir or .test has a RUN line with the pass")
for name in WITHOUT_EXAMPLE & examples:
    problems.append(f"{name}: has an example now: take it off WITHOUT_EXAMPLE in {__file__}")
for name in WITHOUT_TEST & tests:
    problems.append(f"{name}: has a test now: take it off WITHOUT_TEST in {__file__}")
for problem in sorted(problems):
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
