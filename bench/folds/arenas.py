"""arenas.py MODEL.onnx...: bytes of the memory arena of a step with aggregations as written and folded, in a line for
each model that has any."""

import argparse
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def compile_model(tool, model, fold, batch):
    command = [tool, str(model), f"--fold={fold}", "--remarks", "--emit=mlir", "-o", "-", f"--batch={batch}"]
    result = subprocess.run(command, capture_output=True, text=True)
    if "has no dynamic" in result.stderr or "--batch" in result.stderr:
        result = subprocess.run(command[:-1], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"arenas: error: {' '.join(command)}\n{result.stderr}")
    step = re.search(r'entry<"step".*?arena = (\d+)>', result.stdout)
    return int(step.group(1)), re.findall(r"in the form '([a-z ]+)'", result.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=pathlib.Path, help="default: those of test/models")
    parser.add_argument("--batch", type=int, default=2, help="samples where a model leaves them open (default: 2)")
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build/release")
    arguments = parser.parse_args()
    tool = str(arguments.build / "bin/dchag-opt")
    for model in arguments.models or sorted((TOP / "test/models").glob("*.onnx")):
        before, _ = compile_model(tool, model, "off", arguments.batch)
        after, forms = compile_model(tool, model, "auto", arguments.batch)
        if forms:
            print(f"model={model.stem} arena_as_written={before} arena_folded={after} "
                  f"ratio={before / after:.2f} forms={','.join(form.replace(' ', '-') for form in reversed(forms))}")


if __name__ == "__main__":
    main()
