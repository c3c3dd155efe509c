"""make_constants.py: a module whose outputs are constants of every element type, dense and splat, of every size,
some in resources, an input that is passed through, and one value as two outputs."""

import struct

TYPES = {"i1": "?", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "f16": "e", "bf16": None, "f32": "f", "f64": "d"}
SHAPES = ["", "0x3x", "5x", "300x", "20x30x"]

body, results, resources = [], [], []


def add(kind, shape, name, value):
    body.append(f"    %{name} = arith.constant {value} : tensor<{shape}{kind}>")
    results.append((name, f"tensor<{shape}{kind}>"))


for kind, code in TYPES.items():
    for shape in SHAPES:
        sizes = [int(size) for size in shape.split("x") if size]
        count = 1
        for size in sizes:
            count *= size
        one = "true" if kind == "i1" else "1" if kind[0] == "i" else "1.5"
        name = f"{kind}_{shape.strip('x') or 'scalar'}"
        if count:
            add(kind, shape, name + "_splat", f"dense<{one}>")
        if count <= 5:
            text = ["true", "false"] if kind == "i1" else ["1", "-2", "3"] if kind[0] == "i" else ["1.5", "-2.0", "0.25"]
            values = [text[i % len(text)] for i in range(count)]
            add(kind, shape, name, "dense<" + (f"[{', '.join(values)}]" if sizes and count else "" if not count else values[0]) + ">")
            continue
        numbers = [i % 2 if kind == "i1" else i % 100 - (0 if kind == "bf16" else 50) for i in range(count)]
        if kind == "bf16":
            data = b"".join(struct.pack("<f", i)[2:] for i in numbers)
        else:
            data = struct.pack(f"<{count}{code}", *numbers)
        resources.append(f'      {name}: "0x{struct.pack("<I", 64).hex().upper()}{data.hex().upper()}"')
        add(kind, shape, name, f"dense_resource<{name}>")

# Files have no name for bfloat16: these are given as f32.
for i, (name, kind) in enumerate(results):
    if "bf16" in kind:
        wide = kind.replace("bf16", "f32")
        body.append(f"    %{name}_wide = arith.extf %{name} : {kind} to {wide}")
        results[i] = (name + "_wide", wide)
results += [("x", "tensor<2xf32>"), ("x", "tensor<2xf32>"), ("f32_300", "tensor<300xf32>"), ("i1_300", "tensor<300xi1>")]
types = ", ".join(f'{kind} {{dchag.name = "y{i}"}}' for i, (_, kind) in enumerate(results))
print('module attributes {dchag.model = "constants"} {')
print(f'  func.func @step(%x: tensor<2xf32> {{dchag.role = "input", dchag.name = "x"}}) -> ({types}) {{')
print("\n".join(body))
print("    return " + ", ".join(f"%{name}" for name, _ in results) + " : " + ", ".join(kind for _, kind in results))
print("  }\n}")
print("{-#\n  dialect_resources: {\n    builtin: {\n" + ",\n".join(resources) + "\n    }\n  }\n#-}")
