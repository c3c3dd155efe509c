#!/usr/bin/env python3
"""Gives damaged files to the interpreter and to a program: both refuse each in one line, for the same reason.

usage: check_files.py FOLDER

Needs nothing but Python's standard library.
"""
import io
import json
import os
import struct
import subprocess
import sys
import zipfile

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
problems = 0

MODEL = """func.func @step(%x: tensor<2x3xf32> {dchag.name = "x", dchag.role = "input"},
    %w: tensor<2x3xf32> {dchag.name = "w", dchag.role = "param"}, %v: tensor<3xf32> {dchag.name = "v", dchag.role = "param"})
    -> (tensor<2x3xf32> {dchag.name = "y"}, tensor<3xf32> {dchag.name = "z"}) {
  %y = arith.addf %x, %w : tensor<2x3xf32>
  %z = arith.addf %v, %v : tensor<3xf32>
  return %y, %z : tensor<2x3xf32>, tensor<3xf32>
}
"""


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)
    return name


def npy(header, data=struct.pack("<6f", *range(6)), version=1):
    header = header.encode("latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + data


def safetensors(header, data=bytes(36)):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensors(**changes):
    """The header of a file that fits the model, with other entries for some of its tensors."""
    w = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    v = {"dtype": "F32", "shape": [3], "data_offsets": [24, 36]}
    return {"w": dict(w, **changes.pop("w", {})), "v": dict(v, **changes.pop("v", {})), **changes}


def archive(*names, method=zipfile.ZIP_STORED, data=None):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name), GOOD if data is None else data, method)
    return stream.getvalue()


def run(command):
    return subprocess.run(command, capture_output=True, timeout=20)


def check(what, file, options, reason):
    global problems
    for command in ["dchag-opt", "model.mlir", "--emit=run"], ["./program"]:
        result = run(command + options)
        text = result.stderr.decode(errors="surrogateescape")
        wrong = (result.returncode != 1 or text.count("\n") != 1 or file not in text or reason not in text
                 or any(ord(c) < 32 and c != "\n" or ord(c) >= 0xDC80 for c in text))
        if wrong:
            problems += 1
            print(f"{command[0]}: {what}: exit {result.returncode}, {text!r}, wanted one line with {reason!r}")


def input_file(what, data, reason, name="bad.npy"):
    write(name, data)
    check(what, name, ["--input", "x=" + name, "--weights", "good.safetensors"], reason)


def weights_file(what, data, reason):
    write("bad.safetensors", data)
    check(what, "bad.safetensors", ["--input", "x=good.npy", "--weights", "bad.safetensors"], reason)


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
GOOD = npy(HEADER)
write("good.npy", GOOD)
write("good.safetensors", safetensors(tensors()))
write("model.mlir", MODEL.encode())
made = run(["dchag-opt", "model.mlir", "--emit=exe", "-o", "program"])
assert made.returncode == 0, made.stderr
for command in ["dchag-opt", "model.mlir", "--emit=run"], ["./program"]:
    for name, data in ("good.npy", GOOD), ("good.npz", archive("x.npy")), ("packed.npz", archive("x.npy", method=zipfile.ZIP_DEFLATED)):
        write(name, data)
        result = run(command + ["--input", "x=" + name, "--weights", "good.safetensors"])
        if result.returncode:
            problems += 1
            print(command[0], name, result.stderr)

# npy
input_file("no npy", b"PNG and so on", "is not an npy file")
input_file("version", GOOD[:6] + b"\4" + GOOD[7:], "is of npy version 4")
input_file("cut data", GOOD[:-1], "is truncated: 2x3 f32 needs 24 bytes of data, found 23")
input_file("cut header", GOOD[:30], "is truncated")
input_file("bytes behind", GOOD + b"more", "has 4 bytes after the data")
input_file("big endian", npy(HEADER.replace("<", ">")), "is big-endian")
input_file("records", npy(HEADER.replace("'<f4'", "[('a', '<f4')]")), "records with named fields")
input_file("complex", npy(HEADER.replace("<f4", "<c8")), 'holds elements of type "<c8"')
input_file("type with escapes", npy(HEADER.replace("<f4", "\x1b[31m\xff")), r'holds elements of type "\x1b[31m\xff"')
input_file("no shape", npy("{'descr': '<f4', 'fortran_order': False}"), "lacks descr, fortran_order or shape")
input_file("shape that nothing can have", npy(HEADER.replace("2, 3", "9223372036854775807, 9223372036854775807")), "too large to exist")
input_file("size that is no number", npy(HEADER.replace("2, 3", "2, -3")), "npy header is malformed")
input_file("nested", npy("{" * 60000), "npy header is malformed")
input_file("long header", npy(HEADER + " " * (1 << 21), version=2), "npy header of 2097211 bytes: wanted 1048576 at most")
input_file("behind the header", npy(HEADER + " x"), "npy header is malformed")
# npz
input_file("no directory", archive("x.npy")[:60], "it has no directory", "bad.npz")
input_file("other array", archive("z.npy"), 'holds no array "x": its arrays are "z"', "bad.npz")
twice = archive("x.npy", "q.npy").replace(b"q.npy", b"x.npy")
input_file("two of a name", twice, 'holds array "x" twice', "bad.npz")
input_file("array in archive", archive("x.npy", data=GOOD[:-1]), 'array "x" is truncated', "bad.npz")
packed = bytearray(archive("x.npy", method=zipfile.ZIP_DEFLATED))
packed[60] ^= 255
input_file("damaged bytes", bytes(packed), 'array "x" is a damaged npz archive', "bad.npz")
stored = bytearray(archive("x.npy"))
stored[stored.index(GOOD) + len(GOOD) - 1] ^= 1
input_file("another bit", bytes(stored), 'array "x" is a damaged npz archive (a checksum does not agree)', "bad.npz")
# safetensors
weights_file("empty", b"\0", "is truncated")
weights_file("long header", struct.pack("<Q", 1 << 62) + b"{}", "is truncated or no safetensors file")
weights_file("no JSON", safetensors(b"{,}"), "has a header that is no JSON object (byte 2 of it does not fit)")
weights_file("list", safetensors(b"[]"), "has a header that is no JSON object")
weights_file("broken UTF-8", safetensors(b'{"\xff\x1b": 1}'), "has a header that is no JSON object")
weights_file("nested lists", safetensors(b'{"w":' + b"[" * 100000), 'tensor "w" is described by a list')
weights_file("nested below", safetensors(b'{"w":{"extra":' + b"[" * 100000), 'nested deeper than 32 levels, in tensor "w"')
weights_file("nested metadata", safetensors(b'{"__metadata__":' + b'{"a":' * 100000), "nested deeper than 32 levels, in __metadata__")
weights_file("two of a name", safetensors(b'{"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},"w":{}}'), 'tensor "w" is there twice')
weights_file("two of a field", safetensors(b'{"w":{"dtype":"F32","dtype":"F32"}}'), 'tensor "w" has two of dtype')
weights_file("no type", safetensors(b'{"w":{"shape":[6],"data_offsets":[0,24]}}'), 'tensor "w" has no dtype')
weights_file("type", safetensors(tensors(w={"dtype": 5})), 'tensor "w" has a number for its dtype')
weights_file("shape", safetensors(tensors(w={"shape": "2x3"})), 'tensor "w" has a string for its shape')
weights_file("negative size", safetensors(tensors(w={"shape": [-2, 3]})), 'tensor "w" has a negative number for its shape')
weights_file("large size", safetensors(tensors(w={"shape": [2**63, 3]})), 'tensor "w" has a number above 2^63 in its shape')
weights_file("large shape", safetensors(tensors(w={"shape": [2**62, 2**62]})), 'tensor "w" has a shape too large to exist')
weights_file("rank", safetensors(tensors(w={"shape": [1] * 65})), 'tensor "w" has more than 64 numbers for its shape')
weights_file("three offsets", safetensors(tensors(w={"data_offsets": [0, 24, 36]})), 'tensor "w" has more than 2 numbers for its data_offsets')
weights_file("one offset", safetensors(tensors(w={"data_offsets": [0]})), 'tensor "w" has 1 data_offsets, wanted 2')
weights_file("backwards", safetensors(tensors(v={"data_offsets": [36, 24]})), 'tensor "v" has data_offsets that end before they begin (36 to 24)')
weights_file("overlap", safetensors(tensors(v={"data_offsets": [12, 24]})), 'tensors "w" and "v" overlap: both have byte 12 of the data')
weights_file("bytes", safetensors(tensors(v={"data_offsets": [24, 32]})), 'tensor "v" is 3 f32 but has 8 bytes of data')
weights_file("cut", safetensors(tensors(), bytes(35)), 'is truncated: tensor "v" ends at byte 36 of the data, which has 35')
weights_file("name with escapes", safetensors({"\x1b[2J\n\u202e\u00e9": 1}), r'tensor "\x1b[2J\n\u{202e}' + "\u00e9" + '" is described by a number')

# Many tensors cost no more than to read them.
many = {f"blocks.{i}.weight": {"dtype": "F32", "shape": [], "data_offsets": [36 + 4 * i, 40 + 4 * i]} for i in range(40000)}
write("many.safetensors", safetensors(dict(tensors(), **many), bytes(36 + 4 * 40000)))
for command in ["dchag-opt", "model.mlir", "--emit=run"], ["./program"]:
    if run(command + ["--input", "x=good.npy", "--weights", "many.safetensors"]).returncode:
        problems += 1
        print(command[0], "does not take a file of 40,002 tensors")
print(problems, "problems")
sys.exit(problems > 0)
