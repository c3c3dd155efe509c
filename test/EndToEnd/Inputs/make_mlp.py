"""make_mlp.py FOLDER: weights w, five samples x and the expected y of the model in text.mlir."""

import sys

from tensor_files import write_npy, write_safetensors

folder = sys.argv[1]
w = [(7 * i % 11 - 5) / 4 for i in range(30)]
x = [(5 * i % 13 - 6) / 8 for i in range(30)]
y = [sum(x[6 * i + k] * w[5 * k + j] for k in range(6)) for i in range(5) for j in range(5)]
write_safetensors(f"{folder}/mlp.safetensors", {"w": ((6, 5), w)})
write_npy(f"{folder}/x.npy", (5, 6), x)
write_npy(f"{folder}/y.npy", (5, 5), y)
