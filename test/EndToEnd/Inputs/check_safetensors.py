"""Checks the layout of a safetensors file: header padded, tensors aligned and without holes."""

import json
import math
import struct
import sys

SIZES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


def main(path, *wanted):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    if (8 + length) % 64:
        sys.exit(f"{path}: the data begins at byte {8 + length}, wanted a multiple of 64")
    at = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        size = SIZES[entry["dtype"]]
        if begin != at or begin % size or end - begin != size * math.prod(entry["shape"]):
            sys.exit(f"{path}: {name} {entry} after byte {at}")
        at = end
    if 8 + length + at != len(data):
        sys.exit(f"{path}: {len(data)} bytes, its tensors end at {8 + length + at}")
    for text in wanted:  # NAME=DTYPE:HEX
        name, value = text.split("=")
        dtype, _, bits = value.partition(":")
        begin, end = header[name]["data_offsets"]
        found = data[8 + length + begin : 8 + length + end].hex()
        if header[name]["dtype"] != dtype or found != bits:
            sys.exit(f"{path}: {name} is {header[name]['dtype']} {found}, wanted {value}")
    print(f"{len(header)} tensors, {at} bytes")


main(*sys.argv[1:])
