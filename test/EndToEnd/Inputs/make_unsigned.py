#!/usr/bin/env python3
"""A program with inputs, parameters and outputs of all unsigned types, and its files.

usage: make_unsigned.py FOLDER          writes them
       make_unsigned.py --check FOLDER  compares the outputs in a folder with what they should be
"""
import io
import json
import os
import shutil
import struct
import sys
import zipfile

LETTERS = {8: "B", 16: "H", 32: "I", 64: "Q"}
X = {8: [0, 254, 200, 200], 16: [0, 65534, 40000, 40000], 32: [0, 2**32 - 2, 3000000000, 3000000000],
     64: [0, 2**64 - 2, 10**19, 10**19]}
W = {8: [1, 1, 0, 100], 16: [1, 1, 0, 30000], 32: [1, 1, 0, 3000000000], 64: [1, 1, 0, 10**19]}


def npy(code, values, letter, shape=None):
    header = f"{{'descr': '{code}', 'fortran_order': False, 'shape': {shape or (len(values),)}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return (b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode()
            + struct.pack(f"<{len(values)}{letter}", *values))


def unsigned(bits, values):
    return npy(f"{'|' if bits == 8 else '<'}u{bits // 8}", values, LETTERS[bits])


def outputs():
    for bits in LETTERS:
        yield f"sum{bits}", unsigned(bits, [(x + w) % 2**bits for x, w in zip(X[bits], W[bits])])
        yield f"float{bits}", npy("<f4", X[bits], "f")


def model():
    arguments, results, body = [], [], ""
    for bits in LETTERS:
        t, f = f"tensor<4xi{bits}>", "tensor<4xf32>"
        arguments += [f'%x{bits}: {t} {{dchag.name = "x{bits}", dchag.role = "input", dchag.unsigned}}',
                      f'%w{bits}: {t} {{dchag.name = "w{bits}", dchag.role = "param", dchag.unsigned}}']
        body += f"  %s{bits} = arith.addi %x{bits}, %w{bits} : {t}\n  %f{bits} = arith.uitofp %x{bits} : {t} to {f}\n"
        results += [(f"%s{bits}", t, f'dchag.name = "sum{bits}", dchag.unsigned'),
                    (f"%f{bits}", f, f'dchag.name = "float{bits}"')]
    return (f"func.func @step({', '.join(arguments)}) -> ({', '.join(f'{t} {{{a}}}' for _, t, a in results)}) {{\n{body}"
            f"  return {', '.join(v for v, _, _ in results)} : {', '.join(t for _, t, _ in results)}\n}}\n")


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def weights(prefix):
    header, blob = {}, b""
    for bits, letter in LETTERS.items():
        data = struct.pack(f"<4{letter}", *W[bits])
        header[f"w{bits}"] = {"dtype": f"{prefix}{bits}", "shape": [4], "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + blob


if sys.argv[1] == "--check":
    wrong = [name for name, data in outputs() if open(f"{sys.argv[2]}/{name}.npy", "rb").read() != data]
    sys.exit(f"wrong: {wrong}" if wrong else 0)
os.makedirs(sys.argv[1])
shutil.copy(__file__, sys.argv[1])
os.chdir(sys.argv[1])
write("unsigned.mlir", model().encode())
with zipfile.ZipFile("inputs.npz", "w") as file:
    for bits in LETTERS:
        file.writestr(f"x{bits}.npy", unsigned(bits, X[bits]))
write("w.safetensors", weights("U"))
write("signed.safetensors", weights("I"))
write("signed.npy", npy("|i1", [1, -1, 2, 3], "b"))
# For the ONNX model of the import's tests.
write("x.npy", npy("|u1", [3, 200, 7, 255, 0, 1], "B", (2, 3)))
write("w.npy", npy("<u4", [1, 2, 3000000000, 4, 5, 6], "I", (2, 3)))
