"""Writes the seeded weights of an exported model as a safetensors file.

    python examples/weights.py MODEL.onnx [--output FILE]

The .onnx files of the examples hold no weights. Each of their parameters names a place in a
safetensors file (ONNX external data), so that one file serves ONNX Runtime, which reads it by
offset, and the programs of dchag-opt, which read it by name. The parameter's doc_string says
which parameter of the model it holds, since exporters rename and transpose.

Values depend on the parameter's name and shape only and are made with integer arithmetic, so
that they are the same everywhere and for every export of a model.
"""

import argparse
import hashlib
import json
import math
import os
import sys

import numpy as np

PAGE = 4096


def spread(name: str, count: int) -> np.ndarray:
    """Numbers with mean 0 and variance 1 that look normal but end at 3.5, seeded by `name`.

    Each is the sum of the four 16-bit parts of a 64-bit random number, so it is exact.
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")
    parts = np.random.Philox(key=seed).random_raw(count).view(np.uint16).reshape(count, 4)
    total = parts.sum(axis=1, dtype=np.int64) - 2 * 65535
    return total / (65536 * math.sqrt(4 / 12))


def parameter(name: str, shape: list[int]) -> np.ndarray:
    """The value of the model's parameter `name`, at the scale of a trained model.

    Nothing is zero or constant, and queries are long enough that attention prefers some
    channels: a fresh ClimaX has zero queries and attends uniformly, which hides mistakes.
    """
    values = spread(name, math.prod(shape))
    leaf = name.rsplit(".", 1)[-1]
    norm = "norm" in name
    if leaf == "query":
        values = 1.5 * values
    elif leaf == "pos_embed":
        values = 0.05 * values  # small, so that a forecast shows its input and not noise
    elif leaf in ("var_embed", "cls_token"):
        values = 0.5 * values
    elif norm and leaf == "weight":
        values = 1 + 0.1 * values
    elif "bias" in leaf:
        values = 0.1 * values
    else:
        values = values / math.sqrt(math.prod(shape[1:]))
    return values.astype(np.float32).reshape(shape)


def apply(transform: str, value: np.ndarray, shape: list[int]) -> np.ndarray:
    """What an exporter made of a parameter: an initializer of `shape`."""
    if transform == "transposed":
        return np.ascontiguousarray(value.T).reshape(shape)
    if transform == "repeated":
        return np.tile(value.reshape(-1), math.prod(shape) // value.size).reshape(shape)
    return value.reshape(shape)


def describe(name: str, transform: str, shape: list[int]) -> str:
    """The doc_string of an initializer; `value_of` understands it."""
    return json.dumps({"parameter": name, "shape": shape, "transform": transform})


def value_of(initializer) -> np.ndarray:
    """The value of an initializer that `describe` has described."""
    d = json.loads(initializer.doc_string)
    return apply(d["transform"], parameter(d["parameter"], d["shape"]), list(initializer.dims))


def layout(sizes: dict[str, int]) -> tuple[dict[str, int], int]:
    """Offsets of tensors in the data part of a safetensors file, and its size.

    The format allows no holes, and large tensors shall start at a page: those whose size has
    the largest power of two as a factor come first, so each offset is a multiple of that.
    """
    offsets, end = {}, 0
    for name in sorted(sizes, key=lambda n: (-(sizes[n] & -sizes[n]), n)):
        offsets[name] = end
        end += sizes[name]
    return offsets, end


def header(shapes: dict[str, list[int]]) -> tuple[bytes, dict[str, int]]:
    """Header of a safetensors file of float32 tensors, padded to a page, and the offset of each
    tensor from the start of the file."""
    sizes = {name: 4 * math.prod(shape) for name, shape in shapes.items()}
    offsets, _ = layout(sizes)
    entries = {
        name: {
            "dtype": "F32",
            "shape": shapes[name],
            "data_offsets": [offsets[name], offsets[name] + sizes[name]],
        }
        for name in sorted(offsets, key=offsets.get)
    }
    text = json.dumps(entries, separators=(",", ":")).encode()
    length = -(-(8 + len(text)) // PAGE) * PAGE
    return (
        (length - 8).to_bytes(8, "little") + text.ljust(length - 8),
        {name: length + offset for name, offset in offsets.items()},
    )


def write(path: str, initializers: list) -> int:
    """Writes the values of `initializers` and returns the size of the file."""
    shapes = {i.name: list(i.dims) for i in initializers}
    head, offsets = header(shapes)
    temporary = f"{path}.tmp"
    with open(temporary, "wb") as file:
        file.write(head)
        for i in sorted(initializers, key=lambda i: offsets[i.name]):
            place = {e.key: e.value for e in i.external_data}
            if int(place["offset"]) != offsets[i.name]:
                raise ValueError(
                    f"{i.name}: the model expects it at {place['offset']}, the file has it at "
                    f"{offsets[i.name]}: export the model again"
                )
            file.write(value_of(i).tobytes())
        size = file.tell()
    os.replace(temporary, path)
    return size


def main() -> None:
    import onnx

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="an .onnx file of examples/models")
    parser.add_argument("--output", help="default: where the model's external data points to")
    arguments = parser.parse_args()
    model = onnx.load(arguments.model, load_external_data=False)
    external = [i for i in model.graph.initializer if i.external_data]
    if not external or not all(i.doc_string for i in external):
        sys.exit(
            f"{arguments.model}: error: no described external parameters: this works on the "
            "models that examples/models/export.py writes"
        )
    location = next(e.value for e in external[0].external_data if e.key == "location")
    output = arguments.output or os.path.join(os.path.dirname(arguments.model), location)
    size = write(output, external)
    print(f"{output}: {len(external)} tensors, {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
