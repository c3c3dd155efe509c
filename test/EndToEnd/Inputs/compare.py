"""compare.py FOUND.npy WANTED.npy [TOLERANCE]: fails unless shapes are equal and
max|found - wanted| <= TOLERANCE * max|wanted| (1e-5). Needs the standard library only."""

import array
import ast
import math
import struct
import sys


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x93NUMPY":
        sys.exit(f"{path}: not an npy file")
    (length,) = struct.unpack_from("<H", data, 8)
    header = ast.literal_eval(data[10 : 10 + length].decode())
    if header["fortran_order"]:
        sys.exit(f"{path}: Fortran order")
    values = array.array({"<f4": "f", "<f8": "d"}[header["descr"]])
    values.frombytes(data[10 + length :])
    if len(values) != math.prod(header["shape"]):
        sys.exit(f"{path}: {len(values)} elements, wanted the shape {header['shape']}")
    return header["shape"], values


def main(found, wanted, tolerance=1e-5):
    shape, values = read(found)
    wanted_shape, wanted_values = read(wanted)
    if shape != wanted_shape:
        sys.exit(f"{found}: shape {shape}, wanted {wanted_shape}")
    largest = max(map(abs, wanted_values))
    # A NaN is not below any bound.
    error = max((abs(a - b) for a, b in zip(values, wanted_values)), key=lambda d: (d != d, d))
    if not error <= float(tolerance) * largest:
        sys.exit(f"{found}: relative error {error / largest}, wanted at most {tolerance}")
    print(f"{found}: equal, relative error {error / largest:.2g}")


main(*sys.argv[1:])
