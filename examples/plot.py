"""Draws one field of a [B, V, H, W] array as a PNG, north up, without a plotting library.

    python examples/plot.py forecast.npy --field 4 --patch 2 --output z500.png

--patch draws means over the cells of a patch: a head that was not trained gives each cell of a
patch another offset, which would hide the field.
"""

import argparse
import struct
import sys
import zlib

import numpy as np

# Low to high: blue, white, red, as weather maps color departures from the mean.
COLORS = np.array(
    [(33, 42, 110), (49, 104, 182), (131, 185, 219), (245, 245, 240),
     (244, 165, 114), (202, 62, 54), (103, 6, 33)], float
)  # fmt: skip


def colored(field: np.ndarray) -> np.ndarray:
    """RGB bytes [H, W, 3]; the range ends at the 1st and 99th percentile."""
    low, high = np.percentile(field, [1, 99])
    place = np.clip((field - low) / max(high - low, 1e-30), 0, 1) * (len(COLORS) - 1)
    lower = np.minimum(place.astype(int), len(COLORS) - 2)
    part = (place - lower)[..., None]
    return np.rint(COLORS[lower] * (1 - part) + COLORS[lower + 1] * part).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """A PNG file of RGB pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("array")
    parser.add_argument("--field", type=int, default=0)
    parser.add_argument("--patch", type=int, default=1, help="draw means over squares of cells")
    parser.add_argument("--scale", type=int, default=10, help="pixels a cell")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    try:
        values = np.load(arguments.array, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        sys.exit(f"plot: error: {arguments.array}: cannot be read: {error}")
    if values.ndim != 4 or not 0 <= arguments.field < values.shape[1]:
        sys.exit(
            f"plot: error: {arguments.array}: found shape {list(values.shape)}, wanted "
            f"[batch, fields, height, width] with more than {arguments.field} fields"
        )
    field = values[0, arguments.field].astype(np.float64)
    if not np.isfinite(field).all():
        sys.exit(f"plot: error: {arguments.array}: field {arguments.field} is not finite")
    p, scale = arguments.patch, arguments.patch * arguments.scale
    height, width = (field.shape[0] // p) * p, (field.shape[1] // p) * p
    field = field[:height, :width].reshape(height // p, p, width // p, p).mean((1, 3))
    pixels = colored(field).repeat(scale, 0).repeat(scale, 1)
    with open(arguments.output, "wb") as file:
        file.write(png(pixels))


if __name__ == "__main__":
    main()
