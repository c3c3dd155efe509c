"""make_empty.py FOLDER: inputs of test/Import/Inputs/empties.onnx, some of them without elements."""

import math
import pathlib
import sys

from tensor_files import write_npy

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
for name, shape in {"x": (4, 3), "thin": (2, 0), "images": (0, 3, 4, 4), "query": (1, 2, 5, 4), "keys": (1, 2, 0, 4)}.items():
    write_npy(folder / f"{name}.npy", shape, [float(i) for i in range(math.prod(shape))])
