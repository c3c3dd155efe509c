"""Writes small npy and safetensors files, byte by byte, and models that read them."""
import json
import struct
import sys

folder = sys.argv[1]


def npy(name, shape, values, cut=0):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    data = struct.pack(f"<{len(values)}f", *values)
    with open(f"{folder}/{name}.npy", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(data[: len(data) - cut])


numbers = [1, 2, 3, 4, 5, 6]
npy("x", [2, 3], numbers)
npy("y", [2, 3], [1.5 * n for n in numbers])
npy("z", [2, 3], [2, 4, 6, 6.5, 8.5, 10.5])
npy("wrong", [3, 2], numbers)
npy("short", [2, 3], numbers, cut=4)

weights = struct.pack("<6f", *[0.5 * n for n in numbers])
header = json.dumps({"__metadata__": {"format": "pt"},
                     "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
with open(f"{folder}/w.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + weights)
with open(f"{folder}/cut.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + weights[:20])

add = """func.func @step(%x: tensor<2x3xf32> {dchag.name = "x", dchag.role = "input"},
    %w: tensor<2x3xf32> {dchag.name = "w", dchag.role = "param"SOURCE})
    -> (tensor<2x3xf32> {dchag.name = "y"}) {
  %y = arith.addf %x, %w : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
"""
with open(f"{folder}/model.mlir", "w") as file:
    file.write(add.replace("SOURCE", ""))
with open(f"{folder}/raw.bin", "wb") as file:
    file.write(b"\0" * 4 + struct.pack("<6f", 0.5, 1, 1.5, 0.5, 1, 1.5))
with open(f"{folder}/source.mlir", "w") as file:
    file.write(add.replace("SOURCE", ', dchag.source = #dchag.source<"raw.bin", offset = 4, bytes = 24>'))
