"""make_padding.py FOLDER: weights w, two samples x and the expected s and m of padding.mlir."""

import sys

from tensor_files import write_npy, write_safetensors

folder = sys.argv[1]
w = [(7 * i % 11 - 5) / 4 for i in range(30)]
x = [(5 * i % 13 - 6) / 8 for i in range(12)]
h = [[sum(x[6 * i + k] * w[5 * k + j] for k in range(6)) for j in range(5)] for i in range(2)]
write_safetensors(f"{folder}/w.safetensors", {"w": ((6, 5), w)})
write_npy(f"{folder}/x.npy", (2, 6), x)
write_npy(f"{folder}/s.npy", (2,), [sum(abs(v) + 1 for v in row) for row in h])
write_npy(f"{folder}/m.npy", (2,), [max(-abs(v) - 1 for v in row) for row in h])
