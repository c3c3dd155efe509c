"""forms.py MODELS: the forms of the aggregations of the exported models in the order of the program, one line for
each stem. All forms of a file that exporters write must agree. Each is checked against the model before it was
folded, in float64."""

import pathlib
import re
import subprocess
import sys
import tempfile

NOT_RAISED = "flat-dynamo20"
# Tokens of convolutions with padding have no pixels, so that fold=full refuses them.
PARTLY = {"modalities"}


def run(*command):
    result = subprocess.run(["dchag-opt", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit(f"forms: {' '.join(command)} fails\n{result.stdout}")
    return result.stdout


def forms_of(file, folder):
    raised = str(folder / f"{file.stem}.mlir")
    run(str(file), "--batch=2", "--raise", "-o", raised)
    text = run(raised, "--fold-aggregate", "-o", "/dev/null")
    found = re.findall(r"in the form '([a-z ]+)'", text)
    if found:
        mode = "auto" if file.stem.split("-")[0] in PARTLY else "full"
        check = run(raised, f"--check-equal=fold-aggregate{{fold={mode}}}", "--inputs=normal", "--tolerance=1e-12")
        if "outputs equal" not in check and "output equal" not in check:
            sys.exit(f"forms: {file.stem} differs\n{check}")
    # The pass goes from the last aggregation to the first.
    return tuple(reversed(found))


def main():
    stems = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
            stems.setdefault(file.stem.split("-")[0], {})[file.stem] = forms_of(file, pathlib.Path(folder))
    none = []
    for stem, files in stems.items():
        found = {forms for name, forms in files.items() if name != NOT_RAISED}
        if len(found) != 1:
            sys.exit(f"forms: the files of {stem} differ: {files}")
        forms = found.pop()
        if forms:
            print(f"{stem}: {', '.join(forms)}")
        else:
            none.append(stem)
    print(f"none: {' '.join(none)}")
    print(f"not raised: {NOT_RAISED}")
    assert not stems["flat"][NOT_RAISED], "it is raised"


if __name__ == "__main__":
    main()
