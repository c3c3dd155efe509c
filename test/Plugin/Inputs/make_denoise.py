"""make_denoise.py FOLDER: weights, an input of 5 samples and the expected output of
examples/plugin/model.mlir. All numbers are multiples of 1/128 that float32 holds exactly."""

import math
import sys

from tensor_files import write_npy, write_safetensors


def product(a, b, rows, columns, inner):
    return [
        sum(a[inner * i + k] * b[columns * k + j] for k in range(inner))
        for i in range(rows)
        for j in range(columns)
    ]


folder = sys.argv[1]
x = [(5 * i % 13 - 6) / 8 for i in range(5 * 12)]
w = [(7 * i % 11 - 5) / 4 for i in range(12 * 7)]
v = [(3 * i % 7 - 3) / 4 for i in range(7 * 3)]
h = product(x, w, 5, 7, 12)
d = [math.copysign(max(abs(a) - 0.25, 0), a) for a in h]
y = product(d, v, 5, 3, 7)
# The threshold must matter, on both sides of zero.
assert min(h) < -0.25 and max(h) > 0.25 and any(abs(a) < 0.25 for a in h)
write_safetensors(f"{folder}/denoise.safetensors", {"w": ((12, 7), w), "v": ((7, 3), v)})
write_npy(f"{folder}/x.npy", (5, 12), x)
write_npy(f"{folder}/y.npy", (5, 3), y)
