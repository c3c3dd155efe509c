"""make_empty_softmax.py FOLDER: queries q, keys k (zeros) and values v of empty-softmax.mlir, the expected
results of its operators y, and nan, 1 where the softmax of a graph is NaN and 0 elsewhere."""

import sys

from tensor_files import write_npy

folder = sys.argv[1]
heads, rows, keys, width = 2, 3, 3, 2
v = [(5 * i % 11 - 4) / 2 for i in range(heads * keys * width)]
write_npy(f"{folder}/q.npy", (1, heads, rows, 4), [(3 * i % 7 - 3) / 2 for i in range(heads * rows * 4)])
write_npy(f"{folder}/k.npy", (1, heads, keys, 4), [0] * (heads * keys * 4))
write_npy(f"{folder}/v.npy", (1, heads, keys, width), v)
# All scores are equal: the mean of the values whose keys a query sees.
sees = [[0], [], [0, 2]]
y = [
    sum(v[(h * keys + m) * width + e] for m in seen) / max(1, len(seen))
    for h in range(heads)
    for seen in sees
    for e in range(width)
]
write_npy(f"{folder}/y.npy", (1, heads, rows, width), y)
write_npy(f"{folder}/nan.npy", (1, heads, rows, width), [float(not s) for _ in range(heads) for s in sees for _ in range(width)])
