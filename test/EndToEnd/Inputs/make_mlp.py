"""make_mlp.py FOLDER: weights w, five samples x and the expected y of the model in text.mlir."""

import json
import struct
import sys


def write_npy(path, shape, values):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}f", *values))


folder = sys.argv[1]
w = [(7 * i % 11 - 5) / 4 for i in range(30)]
x = [(5 * i % 13 - 6) / 8 for i in range(30)]
y = [sum(x[6 * i + k] * w[5 * k + j] for k in range(6)) for i in range(5) for j in range(5)]
entry = {"w": {"dtype": "F32", "shape": [6, 5], "data_offsets": [0, 120]}}
header = json.dumps(entry).encode()
with open(f"{folder}/mlp.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + struct.pack("<30f", *w))
write_npy(f"{folder}/x.npy", (5, 6), x)
write_npy(f"{folder}/y.npy", (5, 5), y)
