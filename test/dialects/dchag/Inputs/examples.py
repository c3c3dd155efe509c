# Makes a module of the examples in the reference of the dialect: each becomes a function whose
# arguments are the operands, with the types the example states. Fails when an op has none.
#
#   examples.py docs/generated/dchag.md
import re
import sys

text = open(sys.argv[1]).read()
operations = text.split("\n## Operations\n")[1].split("\n## ")[0]


def statements(block):
    """Statements start with a value; other lines go on with the one before."""
    result = []
    for line in block.strip().splitlines():
        if line.startswith("%"):
            result.append(line)
        else:
            result[-1] += " " + line.strip()
    return result


def function(name, statement):
    left, right = statement.split(" = ", 1)
    body, types = right.rsplit(" : ", 1)
    operands = re.findall(r"%\w+", body)
    inputs, arrow, outputs = types.partition(" -> ")
    if arrow:
        input_types = inputs.strip("()").split(", ")
    else:
        input_types = [types] * len(operands)
        outputs = types
    assert len(operands) == len(input_types), statement
    arguments = ", ".join(f"{o}: {t}" for o, t in zip(operands, input_types))
    output_types = outputs if outputs.startswith("(") else f"({outputs})"
    return (f"func.func @{name}({arguments}) -> {output_types} {{\n  {statement}\n"
            f"  return {left} : {output_types.strip('()')}\n}}")


missing = []
# Ops of distributed programs refer to the mesh of their module.
print('module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {')
for section in operations.split("\n### ")[1:]:
    op = re.match(r"`(\S+)`", section).group(1)
    found = [s for block in re.findall(r"```mlir\n(.*?)```", section, re.S) for s in statements(block)]
    if not any(f"{op} " in s for s in found):
        missing.append(op)
    for i, statement in enumerate(found):
        print(function(f"{op.replace('.', '_')}_{i}", statement))
print("}")
if missing:
    sys.exit("no example of " + ", ".join(missing))
