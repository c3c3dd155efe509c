"""make_background.py FOLDER: six samples for examples/plugin/background.mlir, and what three steps of two make of them."""

import sys

from tensor_files import write_npy

folder = sys.argv[1]
x = [[(7 * i + 3 * j) % 11 - 5 for j in range(6)] for i in range(6)]
total, y = [0] * 6, []
for step in range(3):
    batch = x[2 * step:2 * step + 2]
    y += [[a - b for a, b in zip(row, total)] for row in batch]
    total = [b + sum(row[j] for row in batch) for j, b in enumerate(total)]
write_npy(f"{folder}/spectra.npy", (6, 6), [float(a) for row in x for a in row])
write_npy(f"{folder}/clean.npy", (6, 6), [float(a) for row in y for a in row])
