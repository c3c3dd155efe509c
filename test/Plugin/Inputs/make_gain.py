"""make_gain.py FOLDER: weights and six samples for examples/plugin/gain.mlir, and what three steps of two make of them."""

import sys

from tensor_files import write_npy, write_safetensors

folder = sys.argv[1]
x = [[(5 * i + 2 * j) % 7 - 3 for j in range(6)] for i in range(6)]
gain, offset = [j - 2 for j in range(6)], [3 * j + 1 for j in range(6)]
write_safetensors(f"{folder}/gain.safetensors",
                  {"gain": ((6,), [float(a) for a in gain]), "offset": ((1, 6), [float(a) for a in offset])})
y = []
for step in range(3):
    batch = x[2 * step:2 * step + 2]
    y += [[a * (g * g + o) for a, g, o in zip(row, gain, offset)] for row in batch]
    gain = [g + sum(row[j] for row in batch) for j, g in enumerate(gain)]
write_npy(f"{folder}/raw.npy", (6, 6), [float(a) for row in x for a in row])
write_npy(f"{folder}/calibrated.npy", (6, 6), [float(a) for row in y for a in row])
