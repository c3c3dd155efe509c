"""change.py FILE COPY TENSOR: copies a safetensors file with another first element of an f32 tensor.
change.py FILE flip|cut|grow|version|swap: damages a file of prepared parameters in place."""

import json
import os
import struct
import sys

path, *rest = sys.argv[1:]
data = bytearray(open(path, "rb").read())
if len(rest) == 2:
    target, name = rest
    size = struct.unpack_from("<Q", data)[0]
    entry = json.loads(data[8:8 + size])[name]
    assert entry["dtype"] == "F32"
    at = 8 + size + entry["data_offsets"][0]
    struct.pack_into("<f", data, at, struct.unpack_from("<f", data, at)[0] + 1)
elif rest == ["swap"]:
    # The file of another rank under this name.
    other = next(name for name in sorted(os.listdir(os.path.dirname(path))) if name != os.path.basename(path))
    target, data = path, open(os.path.join(os.path.dirname(path), other), "rb").read()
else:
    target = path
    if rest == ["flip"]:
        data[-1] ^= 4
    elif rest == ["cut"]:
        del data[-1:]
    elif rest == ["grow"]:
        data += b"x"
    elif rest == ["version"]:
        struct.pack_into("<I", data, 8, 7)
    else:
        sys.exit(f"unknown: {rest}")
open(target, "wb").write(data)
