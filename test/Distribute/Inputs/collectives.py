"""Counts the collectives of each function of per-device IR on the standard input: a line for
each kind with its types, the most frequent first, and a line with the number of each kind."""

import collections
import re
import sys

KINDS = ["all_gather", "all_reduce", "reduce_scatter", "all_to_all", "all_slice"]
FUNCTION = re.compile(r"func\.func (?:private )?(@\w+)\(")
OP = re.compile(r"shard\.(\w+) %.* : (tensor<\S+>) -> (tensor<\S+>)")

counts = collections.defaultdict(collections.Counter)
function = None
for line in sys.stdin:
    if match := FUNCTION.search(line):
        function = match[1]
        counts[function]  # a function without collectives is listed, too
    elif match := OP.search(line):
        kind, before, after = match.groups()
        # Sums are the rule.
        reduction = re.search(r"reduction = +(\w+)", line)
        text = f"{kind} {reduction[1]}" if reduction else kind
        counts[function][text, before, after] += 1
    elif "shard." in line and "shard.grid" not in line and "shard.proc" not in line:
        sys.exit(f"unknown form of a collective: {line}")

if not counts:
    sys.exit("no function on the standard input")
for function, found in counts.items():
    totals = [
        (kind, sum(n for key, n in found.items() if key[0].split()[0] == kind)) for kind in KINDS
    ]
    print(f"{function}:", ", ".join(f"{n} {kind}" for kind, n in totals if n) or "no collective")
    for (text, before, after), n in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        print(f"  {n} {text} {before} -> {after}")
