"""fill_nan.py FROM TO: the same safetensors file with NaN in every float32."""

import struct
import sys

with open(sys.argv[1], "rb") as file:
    data = file.read()
begin = 8 + struct.unpack("<Q", data[:8])[0]
with open(sys.argv[2], "wb") as file:
    file.write(data[:begin] + struct.pack("<f", float("nan")) * ((len(data) - begin) // 4))
