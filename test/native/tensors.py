"""Tensors in npy, safetensors and ONNX's TensorProto, with the standard library only.

A tensor is an element type as programs name it (`f32`, `u8`, `bool`), a shape and a list of its
values in row-major order.
"""

import ast
import json
import math
import pathlib
import struct
import sys
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "onnx"))
import run_backend_tests  # noqa: E402

# Element types: letter of `struct`, of npy, number of TensorProto.DataType. bf16 has no letter.
TYPES = {
    "f32": ("f", "<f4", 1), "u8": ("B", "|u1", 2), "i8": ("b", "|i1", 3), "u16": ("H", "<u2", 4),
    "i16": ("h", "<i2", 5), "i32": ("i", "<i4", 6), "i64": ("q", "<i8", 7),
    "bool": ("?", "|b1", 9), "f16": ("e", "<f2", 10), "f64": ("d", "<f8", 11),
    "u32": ("I", "<u4", 12), "u64": ("Q", "<u8", 13), "bf16": ("", "<V2", 16),
}


class Tensor(NamedTuple):
    type: str
    shape: tuple
    values: list

    def is_float(self):
        return "f" in self.type


def round_to_bf16(value):
    """The upper half of the f32 that is nearest to `value`, ties to even."""
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    if math.isnan(value):
        return bits >> 16 | 0x40
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def pack(kind, values):
    if kind == "bf16":
        return struct.pack(f"<{len(values)}H", *map(round_to_bf16, values))
    return struct.pack(f"<{len(values)}{TYPES[kind][0]}", *values)


def unpack(kind, data, where):
    if kind == "bf16":
        halves = struct.unpack(f"<{len(data) // 2}H", data)
        data = struct.pack(f"<{len(halves)}I", *(half << 16 for half in halves))
        kind = "f32"
    letter = TYPES[kind][0]
    if len(data) % struct.calcsize("<" + letter):
        raise ValueError(f"{where}: {len(data)} bytes are no whole number of {kind} elements")
    return list(struct.unpack(f"<{len(data) // struct.calcsize('<' + letter)}{letter}", data))


def check(tensor, where):
    if len(tensor.values) != math.prod(tensor.shape):
        raise ValueError(f"{where}: {len(tensor.values)} elements, wanted the shape {tensor.shape}")
    return tensor


def write_npy(path, tensor):
    header = repr({"descr": TYPES[tensor.type][1], "fortran_order": False,
                   "shape": tuple(tensor.shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                     pack(tensor.type, tensor.values))


def read_npy(path):
    data = path.read_bytes()
    if data[:8] != b"\x93NUMPY\x01\x00":
        raise ValueError(f"{path}: not an npy file of version 1")
    begin = 10 + struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10:begin].decode())
    kinds = [kind for kind, (_, code, _) in TYPES.items() if code == header["descr"]]
    if header["fortran_order"] or not kinds:
        raise ValueError(f"{path}: {header}")
    return check(Tensor(kinds[0], header["shape"], unpack(kinds[0], data[begin:], path)), path)


def write_safetensors(path, tensors):
    entries, data = {}, b""
    for name, tensor in tensors.items():
        begin = len(data)
        data += pack(tensor.type, tensor.values)
        entries[name] = {"dtype": tensor.type.upper(), "shape": list(tensor.shape),
                         "data_offsets": [begin, len(data)]}
    header = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def varints(fields):
    """Values of a repeated integer field, packed or not, with their sign."""
    numbers = []
    for field in fields:
        if isinstance(field, int):
            numbers.append(field)
            continue
        # Packed numbers are read as one message would be: seven bits a byte, the lowest first.
        value = shift = 0
        for byte in field:
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                numbers.append(value)
                value = shift = 0
    return numbers


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def read_proto(path):
    """A TensorProto in a file; None if its element type is none of TYPES."""
    data = path.read_bytes()
    values = lambda number: run_backend_tests.values(data, number)
    number = run_backend_tests.first(data, 2)
    kind = next((kind for kind, (_, _, code) in TYPES.items() if code == number), None)
    if kind is None:
        return None
    shape = tuple(varints(values(1)))
    raw = values(9)
    if raw:
        numbers = unpack(kind, raw[0], path)
    elif kind in ("f32", "f64"):
        numbers = unpack(kind, b"".join(values(4 if kind == "f32" else 10)), path)
    elif kind in ("f16", "bf16"):
        # int32_data holds their bits.
        bits = varints(values(5))
        numbers = unpack(kind, struct.pack(f"<{len(bits)}H", *bits), path)
    else:
        field = {"i64": 7, "u32": 11, "u64": 11}.get(kind, 5)
        numbers = varints(values(field))
        if kind.startswith("i"):
            numbers = [signed(value, int(kind[1:])) for value in numbers]
        elif kind == "bool":
            numbers = [bool(value) for value in numbers]
    return check(Tensor(kind, shape, numbers), path)
