"""make_fold_norm.py FOLDER: weights and x of fold-norm.mlir: temperatures in Kelvin, and tokenizers whose rows add up to 0, so
that tokens are differences of pixels."""

import random
import sys

from tensor_files import write_npy, write_safetensors

CHANNELS, WIDTH, PIXELS, POSITIONS = 5, 8, 4, 6
values = random.Random(1)
# Multiples of 1/32 are exact in f32, and so are their sums.
rows = []
for _ in range(CHANNELS * WIDTH):
    row = [values.randint(-32, 32) / 32 for _ in range(PIXELS - 1)]
    rows += [*row, -sum(row)]
folder = sys.argv[1]
write_safetensors(
    f"{folder}/w.safetensors",
    {
        "e": ((CHANNELS, WIDTH, 1, 2, 2), rows),
        "q": ((1, 1, WIDTH), [values.gauss(0, 1) for _ in range(WIDTH)]),
        "w": ((1, WIDTH, WIDTH), [values.gauss(0, 1) for _ in range(WIDTH * WIDTH)]),
    },
)
x = [288 + values.gauss(0, 0.1) for _ in range(CHANNELS * POSITIONS * PIXELS)]
write_npy(f"{folder}/x.npy", (1, CHANNELS, 1, 4, 6), x)
