"""make_quotients.py FOLDER: weights w, inputs x and d, and the expected y and n of quotients.mlir."""

import math
import sys

from tensor_files import write_npy, write_safetensors

folder = sys.argv[1]
channels, positions, width = 4, 2, 2
x = [(5 * i % 13 - 6) / 4 for i in range(channels * positions)]
mean = [0.5, -1.0, 0.25, 2.0]
std = [1.0, 2.0, 0.5, 4.0]
e = [(7 * i % 11 - 5) / 4 for i in range(channels * width)]
q = [0.75, -1.25]
write_safetensors(
    f"{folder}/w.safetensors",
    {"mean": ((4,), mean), "std": ((4,), std), "e": ((4, 2, 1, 1, 1), e), "q": ((1, 1, 2), q)},
)
write_npy(f"{folder}/x.npy", (1, 4, 1, 1, 2), x)
y = []
for n in range(positions):
    tokens = [
        [(x[c * positions + n] - mean[c]) / std[c] * e[c * width + d] for d in range(width)]
        for c in range(channels)
    ]
    weights = [math.exp(sum(a * b for a, b in zip(q, token))) for token in tokens]
    y += [sum(w * t[d] for w, t in zip(weights, tokens)) / sum(weights) for d in range(width)]
write_npy(f"{folder}/y.npy", (1, 1, 1, 2, 2), y)
rows = [(3 * i % 17 - 8) for i in range(4)]
divisors = [i + 1 for i in range(4)]
write_npy(f"{folder}/a.npy", (4,), rows)
write_npy(f"{folder}/d.npy", (4,), divisors)
# Integers are divided towards 0.
write_npy(f"{folder}/n.npy", (4,), [math.trunc(a / d) for a, d in zip(rows, divisors)])
