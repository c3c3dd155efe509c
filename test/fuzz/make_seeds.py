#!/usr/bin/env python3
"""Writes the seeds of the file readers to corpus/: one small file for each form (Python's standard library only).

Targets onnx and ir start from the models and programs of the other tests as well (scripts/fuzz).
"""
import io
import json
import pathlib
import struct
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def npy(shape, code, data, fortran=False, version=1):
    header = f"{{'descr': '{code}', 'fortran_order': {fortran}, 'shape': {tuple(shape)!r}, }}\n".encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + data


def npz(arrays, method=zipfile.ZIP_STORED, zip64=False, comment=b""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        file.comment = comment
        for name, data in arrays.items():
            info = zipfile.ZipInfo(name + ".npy")
            info.compress_type = method
            with file.open(info, "w", force_zip64=zip64) as member:
                member.write(data)
    return stream.getvalue()


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


floats = struct.pack("<6f", *range(6))
seeds = {
    "npy/c": npy([2, 3], "<f4", floats),
    "npy/fortran": npy([2, 3], "<f4", floats, fortran=True),
    "npy/version-2": npy([6], "<f4", floats, version=2),
    "npy/version-3": npy([1, 2, 3], "<f4", floats, version=3),
    "npy/scalar": npy([], "<f8", bytes(8)),
    "npy/empty": npy([0, 3], "<i8", b""),
    "npy/bf16": npy([3], "<V2", bytes(6)),
    "npy/u8": npy([5], "|u1", bytes(5)),
    "npy/u64": npy([1], "<u8", bytes(8)),
    "npy/bool": npy([2], "|b1", b"\0\1"),
    "npy/big-endian": npy([1], ">i4", bytes(4)),
    "npy/records": npy([1], "<f4", bytes(4)).replace(b"'<f4'", b"[('a', '<f4')]"),
    "npz/stored": npz({"x": npy([2, 3], "<f4", floats)}),
    "npz/deflated": npz({"x": npy([2, 3], "<f4", floats), "y": npy([1], "|u1", b"\7")}, zipfile.ZIP_DEFLATED),
    "npz/zip64": npz({"x": npy([2, 3], "<f4", floats)}, zip64=True),
    "npz/comment": npz({"x": npy([1], "|i1", b"\1")}, comment=b"PK\5\6 and more"),
    "npz/bzip2": npz({"x": npy([1], "|i1", b"\1")}, zipfile.ZIP_BZIP2),
    "npz/empty": npz({}),
    "safetensors/two": safetensors({"__metadata__": {"format": "pt"}, "w": tensor("F32", [2, 3], 0, 24),
                                    "v": tensor("BF16", [3], 24, 30)}, bytes(30)),
    "safetensors/padded": safetensors(b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}       ', b"\1"),
    "safetensors/other-fields": safetensors({"a": dict(tensor("F8_E4M3", [2], 0, 2), more=[{"b": [1.5, None, True]}, -1])}, b"ab"),
    "safetensors/empty": safetensors({"a": tensor("I64", [0, 5], 0, 0), "\u00e9": tensor("U64", [0], 0, 0)}),
    "safetensors/overlap": safetensors({"a": tensor("I8", [3], 0, 3), "b": tensor("U16", [1], 2, 4)}, bytes(4)),
    "safetensors/twice": safetensors(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
    "safetensors/nested": safetensors(b'{"a":{"b":' + b"[" * 40),
}
for name, data in seeds.items():
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
