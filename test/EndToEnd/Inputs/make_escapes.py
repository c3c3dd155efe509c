#!/usr/bin/env python3
"""Programs and a model whose names hold what a terminal should not get (Python's standard library only).

usage: make_escapes.py FOLDER          writes them
       make_escapes.py --check FILE    fails if a file has control characters or broken UTF-8
"""
import shutil
import sys
import unicodedata


def field(number, value):
    """A field of a protobuf message: an integer, or bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def check(path):
    text = open(path, "rb").read().decode("utf-8")  # raises where it is broken
    bad = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
    sys.exit(f"{path} has {bad}" if bad else 0)


def write(name, data):
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        file.write(data)


if sys.argv[1] == "--check":
    check(sys.argv[2])
shutil.copy(__file__, sys.argv[1])
write("names.mlir", rb"""module attributes {dchag.model = "names"} {
  func.func @step(%x: tensor<2xf32> {dchag.name = "x\1B[2J\0A\E2\80\AE\C3\A9\FF"}) -> (tensor<2xf32> {dchag.name = "y\1B\C2\9B\C3\A9"}) {
    return %x : tensor<2xf32>
  }
}
""")
write("source.mlir", b"""func.func @f(%x: tensor<2xf32>) -> tensor<3xf32> {
  return %x : tensor<2xf32> // \xe2\x80\xae \xff
}
""")
write("location.mlir", rb"""func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = "my.\1Bop"(%x) : (tensor<2xf32>) -> tensor<2xf32> loc("\1B[31mfile\0A":1:2)
  return %y : tensor<2xf32>
}
""")
shape = field(2, field(1, field(1, 2)))
value = lambda name: field(1, name) + field(2, field(1, field(1, 1) + shape))
node = field(1, b"x") + field(2, b"y") + field(3, b"n\x1b[31m") + field(4, b"N\no")
graph = field(1, node) + field(2, b"g") + field(11, value(b"x")) + field(12, value(b"y"))
write("names.onnx", field(1, 10) + field(7, graph) + field(8, field(1, b"") + field(2, 18)))
