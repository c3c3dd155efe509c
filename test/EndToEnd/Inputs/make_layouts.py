"""make_layouts.py FOLDER: the input x and the expected outputs of layouts.mlir."""

import math
import sys

from tensor_files import write_npy

folder = sys.argv[1]
x = [(5 * i % 13 - 6) / 8 for i in range(35)]
write_npy(f"{folder}/x.npy", (5, 7), x)
write_npy(f"{folder}/whole.npy", (5, 7), [a * a for a in x])
write_npy(f"{folder}/moved.npy", (5, 7), [-a for a in x])
write_npy(f"{folder}/columns.npy", (7,), [sum(x[7 * i + j] for i in range(5)) for j in range(7)])
write_npy(f"{folder}/rows.npy", (7,), [math.exp(x[21 + j] ** 2) for j in range(7)])
