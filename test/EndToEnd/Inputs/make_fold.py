"""make_fold.py FOLDER: weights of 61 MiB and an input for fold.mlir, and what it computes.
make_fold.py FOLDER COMPUTED CACHED: compares the memory of the two last lines that programs have printed."""

import struct
import sys

from tensor_files import write_npy

folder = sys.argv[1]
rows, columns = 5, 3200000
if len(sys.argv) == 2:
    header = f'{{"w":{{"dtype":"F32","shape":[{rows},{columns}],"data_offsets":[0,{4 * rows * columns}]}}}}'.encode()
    with open(f"{folder}/fold.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for row in range(rows):
            file.write(struct.pack("<f", row) * columns)
    x = [0.5 * i - 2 for i in range(2 * rows)]
    write_npy(f"{folder}/fold.x.npy", (2, rows), x)
    write_npy(f"{folder}/fold.y.npy", (2, rows), [v + columns * (i % rows) for i, v in enumerate(x)])
else:
    computed, cached = (dict(word.split("=") for word in open(path).read().split()) for path in sys.argv[2:])
    weights = 4 * rows * columns / 2**20
    for name in "planned_peak_MiB", "peak_rank_MiB":
        saved = float(computed[name]) - float(cached[name])
        # What is read of the file while its hash is formed is in memory by pieces of 16 MiB.
        least = weights - (0.1 if name == "planned_peak_MiB" else 24)
        if saved < least:
            sys.exit(f"{name}: {computed[name]} and {cached[name]}, wanted at least {least:.1f} less")
    print("less memory")
