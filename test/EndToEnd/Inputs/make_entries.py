#!/usr/bin/env python3
"""Writes the weights, inputs and results of entries.mlir: integers, so that any order of sums is exact.

usage: make_entries.py FOLDER

Needs Python's standard library only.
"""
import json
import pathlib
import struct
import sys

folder = pathlib.Path(sys.argv[1])


def floats(rows):
    return b"".join(struct.pack("<f", x) for row in rows for x in row)


def write(name, shape, data):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape})
    size = -(-(10 + len(header) + 1) // 64) * 64
    header = header.ljust(size - 11) + "\n"
    (folder / name).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


x = [[(5 * i + j) % 7 - 3 for j in range(3)] for i in range(6)]
w = [[(3 * i + 2 * j) % 5 - 2 for j in range(4)] for i in range(3)]
y = [[sum(x[i][k] * 2 * w[k][j] for k in range(3)) for j in range(4)] for i in range(6)]
target = [[y[i][j] + (i + j) % 3 for j in range(4)] for i in range(6)]
write("x.npy", (6, 3), floats(x))
write("t.npy", (6, 4), floats(target))
write("y.npy", (6, 4), floats(y))
write("loss.npy", (), struct.pack("<f", sum((a - b) ** 2 for r, s in zip(y, target) for a, b in zip(r, s))))
header = json.dumps({"w": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}).encode()
(folder / "w.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + floats(w))
