"""Writes small npy and safetensors files, byte by byte, and models that read them."""
import io
import json
import struct
import sys
import zipfile

folder = sys.argv[1]


def array(shape, values, descr="<f4", fortran=False, version=1):
    """The bytes of an npy file."""
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {tuple(shape)!r}, }}"
    size = 10 if version == 1 else 12
    header += " " * (63 - (size + len(header)) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    letter = {"<f4": "f", "<V2": "H"}[descr]
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + struct.pack(f"<{len(values)}{letter}", *values)


def write(name, data):
    with open(f"{folder}/{name}", "wb") as file:
        file.write(data)


def npy(name, shape, values, cut=0, **form):
    data = array(shape, values, **form)
    write(f"{name}.npy", data[: len(data) - cut])


def npz(name, arrays, method=zipfile.ZIP_STORED):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for key, data in arrays.items():
            with file.open(f"{key}.npy", "w", force_zip64=True) as member:
                member.write(data)
    write(f"{name}.npz", archive.getvalue())


numbers = [1, 2, 3, 4, 5, 6]
npy("x", [2, 3], numbers)
npy("y", [2, 3], [1.5 * n for n in numbers])
npy("z", [2, 3], [2, 4, 6, 6.5, 8.5, 10.5])
npy("wrong", [3, 2], numbers)
npy("short", [2, 3], numbers, cut=4)
npy("f", [2, 3], [1, 4, 2, 5, 3, 6], fortran=True)
npy("v2", [2, 3], numbers, version=2)
npy("v3", [2, 3], [1, 4, 2, 5, 3, 6], fortran=True, version=3)
npy("bf16", [3], [0x3FC0, 0xC000, 0x4040], descr="<V2")
npz("stored", {"x": array([2, 3], numbers)})
npz("packed", {"other": array([1], [0]), "x": array([2, 3], numbers)}, zipfile.ZIP_DEFLATED)
npz("expected", {"y": array([2, 3], [1.5 * n for n in numbers])})

weights = struct.pack("<6f", *[0.5 * n for n in numbers])
header = json.dumps({"__metadata__": {"format": "pt"},
                     "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
for name, data in ("w", weights), ("again", weights), ("cut", weights[:20]):
    write(f"{name}.safetensors", struct.pack("<Q", len(header)) + header + data)

add = """func.func @step(%x: tensor<2x3xf32> {dchag.name = "x", dchag.role = "input"},
    %w: tensor<2x3xf32> {dchag.name = "w", dchag.role = "param"SOURCE})
    -> (tensor<2x3xf32> {dchag.name = "y"}) {
  %y = arith.addf %x, %w : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
"""
with open(f"{folder}/model.mlir", "w") as file:
    file.write(add.replace("SOURCE", ""))
with open(f"{folder}/raw.bin", "wb") as file:
    file.write(b"\0" * 4 + struct.pack("<6f", 0.5, 1, 1.5, 0.5, 1, 1.5))
with open(f"{folder}/source.mlir", "w") as file:
    file.write(add.replace("SOURCE", ', dchag.source = #dchag.source<"raw.bin", offset = 4, bytes = 24>'))
with open(f"{folder}/narrow.mlir", "w") as file:
    file.write("""func.func @step(%x: tensor<3xbf16> {dchag.name = "x"}) -> (tensor<3xbf16> {dchag.name = "y"}) {
  return %x : tensor<3xbf16>
}
""")
