"""matrix.py FOLDER [--subset | --part I/N] [--fold FORM] [MODEL...]: every strategy on every exported model, in the
interpreter, against the model on one device. A strategy that does not apply must be refused with
the error that says so. Stops at the first program that differs, fails or is not refused, and
prints the command that shows it."""

import argparse
import pathlib
import re
import subprocess
import sys

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"

# What the first aggregations of a model are: none, one group of channels ("flat"), several groups
# ("groups"), and several of one group each ("each").
AGGREGATIONS = {
    "aurora": "flat",
    "conv": "flat",
    "decoder": "flat",
    "flat": "flat",
    "grouped": "groups",
    "mae": "none",
    "maeindex": "none",
    "maescatter": "none",
    "modalities": "flat",
    "panopticon": "flat",
    "panopticonsdpa": "flat",
    "prithvi": "none",
    "qknorm": "flat",
    "regional": "flat",
    "resampled": "flat",
    "shared": "flat",
    "stem": "none",
    "stormer": "flat",
    "swin": "none",
    "tokennorm": "products",  # no dchag.tokenize: patches are normalised first
    "uneven": "flat",
    "upconv": "none",
    "vit": "none",
    "vitrms": "none",
}
# Forms in which another thing is found than in the others of the stem.
AGGREGATIONS_OF_FORMS = {"flat-dynamo20": "none"}  # queries are written out for all positions

# Convolutions with padding make some of their tokens.
PARTLY_FOLDED = {"modalities"}

# Values are made up: roots of variances would be NaN.
LEFT_OUT = {"stem-torchscript17"}

# Meshes of up to eight ranks, and what goes over their axes (without: what the names say). What
# channels are split by is in the first place; "" where nothing is said of them.
STRATEGIES = {
    "": [
        "mesh=dp=2",
        "mesh=dp=3",
        "mesh=fsdp=2",
        "mesh=fsdp=3",
        "mesh=fsdp=8",
        "mesh=tp=2",
        "mesh=tp=3",
        "mesh=tp=4",
        "mesh=tp=5",
        "mesh=tp=8",
        "mesh=sp=2",
        "mesh=sp=3",
        "mesh=sp=4",
        "mesh=sp=5",
        "mesh=tp=2 strategy=tp,sp=tp",
        "mesh=tp=3 strategy=tp,sp=tp",
        "mesh=tp=4 strategy=tp,sp=tp",
        "mesh=tp=8 strategy=tp,sp=tp",
        "mesh=dp=2,tp=2",
        "mesh=tp=2,dp=3",
        "mesh=dp=2,sp=2",
        "mesh=dp=2,sp=3",
        "mesh=dp=2,fsdp=2",
        "mesh=fsdp=2,tp=2",
        "mesh=fsdp=2,tp=3",
        "mesh=fsdp=2,sp=2",
        "mesh=sp=2,tp=2",
        "mesh=sp=2,tp=3",
        "mesh=dp=2,sp=2,tp=2",
        "mesh=dp=2,fsdp=2,tp=2",
        "mesh=fsdp=2,sp=2,tp=2",
        "mesh=dp=2,tp=2 strategy=dp,tp,sp=tp",
        "mesh=dp=2,fsdp=2,tp=2 strategy=dp,fsdp,tp,sp=tp",
        "mesh=a=2,b=2 strategy=dp=a+b",
        "mesh=a=2,b=2 strategy=fsdp=a+b",
        "mesh=a=2,b=2 strategy=sp=a+b",
        "mesh=a=2,b=3 strategy=tp=a+b",
        "mesh=a=2,b=2 strategy=tp=a+b,sp=a+b",
        "mesh=a=2,b=3 strategy=dp=b,tp=a,sp=a",
    ],
    "gather": [
        "mesh=tp=2 mode=gather",
        "mesh=tp=3 mode=gather",
        "mesh=tp=4 mode=gather",
        "mesh=tp=8 mode=gather",
        "mesh=dp=2,tp=2 mode=gather",
        "mesh=fsdp=2,tp=3 mode=gather",
        "mesh=sp=2,tp=2 mode=gather",
        "mesh=tp=2 strategy=tp,sp=tp,gather",
        "mesh=dp=2,sp=2,tp=2 mode=gather",
        "mesh=a=2,b=2 strategy=tp=a,gather=b",
        "mesh=a=2,b=3 strategy=tp=a+b,gather=a+b",
    ],
    "hierarchical": [
        "mesh=tp=2 mode=hierarchical",
        "mesh=tp=3 mode=hierarchical",
        "mesh=tp=4 mode=hierarchical",
        "mesh=tp=6 mode=hierarchical",
        "mesh=tp=8 mode=hierarchical",
        "mesh=dp=2,tp=2 mode=hierarchical",
        "mesh=dp=2,tp=4 mode=hierarchical",
        "mesh=fsdp=2,tp=2 mode=hierarchical",
        "mesh=fsdp=2,tp=4 mode=hierarchical",
        "mesh=sp=2,tp=2 mode=hierarchical",
        "mesh=sp=2,tp=4 mode=hierarchical",
        "mesh=tp=2 strategy=tp,sp=tp,hierarchical",
        "mesh=tp=4 strategy=tp,sp=tp,hierarchical",
        "mesh=tp=8 strategy=tp,sp=tp,hierarchical",
        "mesh=dp=2,fsdp=2,tp=2 strategy=dp,fsdp,tp,sp=tp,hierarchical",
        "mesh=a=2,b=2 strategy=tp=a,hierarchical=b",
        "mesh=a=2,b=2 strategy=tp=a+b,hierarchical=a+b",
    ],
    "split-softmax": [
        "mesh=tp=2 mode=split-softmax",
        "mesh=tp=3 mode=split-softmax",
        "mesh=tp=4 mode=split-softmax",
        "mesh=tp=8 mode=split-softmax",
        "mesh=dp=2,tp=2 mode=split-softmax",
        "mesh=fsdp=2,tp=2 mode=split-softmax",
        "mesh=sp=2,tp=2 mode=split-softmax",
        "mesh=sp=2,tp=3 mode=split-softmax",
        "mesh=tp=2 strategy=tp,sp=tp,split-softmax",
        "mesh=tp=4 strategy=tp,sp=tp,split-softmax",
        "mesh=dp=2,fsdp=2,tp=2 strategy=dp,fsdp,tp,sp=tp,split-softmax",
        "mesh=dp=2,sp=2,tp=2 mode=split-softmax",
        "mesh=a=2,b=2 strategy=tp=a,split-softmax=b",
        "mesh=a=2,b=3 strategy=tp=a+b,split-softmax=a+b",
    ],
}

REFUSALS = {
    ("none", "gather"): "has no dchag.aggregate of tokens that a mode of the aggregation could",
    ("none", "hierarchical"): "has no dchag.aggregate of tokens that a mode of the aggregation",
    ("none", "split-softmax"): "has no dchag.aggregate of tokens that a mode of the aggregation",
    ("flat", "hierarchical"): "has one group, so mode hierarchical has nothing to split: use mode",
    ("groups", "split-softmax"): "groups, so its channels cannot be split over ranks by mode",
    ("products", "hierarchical"): "has one group, so mode hierarchical has nothing to split: use mode",
    ("products", "gather"): "takes tokens that no tokenizer makes, so mode gather has nothing to split",
}
# Programs in one run of the tool.
CHUNK = 12
# A message of the tool without a place in the program names nothing that could be changed.
LOCATED = re.compile(r"^(.*\.onnx:\d+:\d+|loc\(.*\)|.*\.mlir:\d+:\d+): error: ", re.MULTILINE)


def run(command):
    # A program that hangs must be named: the time limit of the test would name the test.
    command = ["timeout", "100", *command]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def fail(command, result, what):
    shown = " ".join(f"'{word}'" if " " in word else word for word in command)
    lines = result.stdout.splitlines()
    sys.exit(f"matrix: {what}\n  {shown}\n  exit status {result.returncode}\n" + "\n".join(lines[:20]))


def check(model, strategies):
    """All of them must give what the model gives on one device."""
    checks = [f"--check-ranks=distribute{{{strategy}}}" for strategy in strategies]
    result = run(["dchag-opt", model, *checks])
    equal = re.findall(r"^check-ranks: @step: \d+ outputs? equal on \d+ ranks", result.stdout, re.M)
    if result.returncode == 0 and len(equal) == len(strategies):
        return
    for one in checks:
        command = ["dchag-opt", model, one]
        result = run(command)
        if result.returncode != 0 or "equal on" not in result.stdout:
            fail(command, result, f"{pathlib.Path(model).stem}: {one} fails")
    sys.exit(f"matrix: {model}: checks fail together and not alone: {' '.join(checks)}")


def check_refused(model, strategy, message):
    command = ["dchag-opt", model, "-o", "/dev/null", f"--distribute={strategy}"]
    result = run(command)
    if result.returncode != 1 or message not in result.stdout or not LOCATED.search(result.stdout):
        fail(command, result, f"{pathlib.Path(model).stem}: wanted the located error '{message}'")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--subset", action="store_true", help="some strategies of one form a model")
    parser.add_argument("--part", default="1/1", help="every Nth model, from the Ith on")
    parser.add_argument("--fold", default="full", help="form of the aggregations (default: full, where they can be)")
    parser.add_argument("models", nargs="*", help="stems, such as flat (all)")
    arguments = parser.parse_intermixed_args()
    files = sorted(file for file in MODELS.glob("*.onnx") if file.stem not in LEFT_OUT)
    stems = sorted({file.name.split("-")[0] for file in files})
    if unlisted := set(stems) ^ set(AGGREGATIONS):
        sys.exit(f"matrix: models and the table of their aggregations differ by {sorted(unlisted)}")
    if unknown := set(arguments.models) - set(stems):
        sys.exit(f"matrix: no models {sorted(unknown)}: there are {stems}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    part, parts = map(int, arguments.part.split("/"))
    equal = refused = 0
    seen = set()
    for number, file in enumerate(files):
        if number % parts != part - 1:
            continue
        stem = file.name.split("-")[0]
        if arguments.models and stem not in arguments.models:
            continue
        if arguments.subset and stem in seen:
            continue
        seen.add(stem)
        model = str(arguments.folder / f"{file.stem}.mlir")
        form = "auto" if stem in PARTLY_FOLDED and arguments.fold == "full" else arguments.fold
        fold = f"--fold-aggregate=fold={form}"
        command = ["dchag-opt", str(file), "--batch=2", "--raise", fold, "--prepare", "--extract-reads"]
        result = run([*command, "-o", model])
        if result.returncode != 0:
            fail(command, result, "cannot be made")
        kind = AGGREGATIONS_OF_FORMS.get(file.stem, AGGREGATIONS[stem])
        strategies = []
        for mode, named in STRATEGIES.items():
            # Other strategies with each model.
            chosen = named[number % 5 :: 5] if arguments.subset else named
            message = REFUSALS.get((kind, mode))
            if message is None:
                strategies += chosen
                continue
            for strategy in chosen[:1] if arguments.subset else chosen:
                check_refused(model, strategy, message)
                refused += 1
        for begin in range(0, len(strategies), CHUNK):
            check(model, strategies[begin : begin + CHUNK])
        equal += len(strategies)
    print(f"matrix: {equal} programs equal, {refused} strategies refused")


if __name__ == "__main__":
    main()
