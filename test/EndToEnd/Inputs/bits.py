#!/usr/bin/env python3
"""Prints the bits of the elements of npy files, or writes the inputs of bfloat16.mlir.

usage: bits.py FILE.npy... | --write FOLDER

bf16 is written as numpy does, as two bytes without a meaning. Needs Python's standard library only.
"""
import pathlib
import struct
import sys


def write(path, descr, elements):
    data = b"".join(elements)
    header = repr({"descr": descr, "fortran_order": False, "shape": (len(elements),)}).encode() + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


def show(path):
    data = path.read_bytes()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    width = int(data[10:end].split(b"'descr': '")[1].split(b"'")[0][-1:])
    count = (len(data) - end) // width
    bits = [int.from_bytes(data[end + i * width:end + (i + 1) * width], "little") for i in range(count)]
    print(f"{path.stem}:", *(f"0x{b:0{2 * width}x}" for b in bits))


if sys.argv[1] == "--write":
    folder = pathlib.Path(sys.argv[2])
    bf16 = [struct.pack("<f", x)[2:] for x in (2.0**-100, 3 * 2.0**-100, 2.0**-30, 2.0**-33)]
    write(folder / "a.npy", "<V2", bf16[:2])
    write(folder / "b.npy", "<V2", bf16[2:])
    # Above a tie by less than f32 can hold, below one, above the largest number, no number.
    doubles = (1 + 2.0**-8 + 2.0**-40, 1 + 2.0**-8 - 2.0**-40, 1e300, float("nan"))
    write(folder / "d.npy", "<f8", [struct.pack("<d", x) for x in doubles])
    write(folder / "i.npy", "<i4", [struct.pack("<i", 2**24 + 2**16 + 1)])
    write(folder / "n.npy", "<i4", [struct.pack("<i", x) for x in (-2**31, -10)])
    write(folder / "m.npy", "<i4", [struct.pack("<i", x) for x in (-1, 3)])
    write(folder / "zeros.npy", "<i4", [struct.pack("<i", 0)] * 2)
else:
    for name in sys.argv[1:]:
        show(pathlib.Path(name))
