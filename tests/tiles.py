"""A small archive of map tiles, written as version 3 of PMTiles has it: for tests of what reads them."""

from __future__ import annotations

import gzip
import json
import struct

__all__ = ["pmtiles", "square_tile", "varint"]

MVT, GZIP, PLAIN = 1, 2, 1


def varint(value: int) -> bytes:
    """Seven bits a byte, least first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, body: bytes) -> bytes:
    """One field of a message that has a length."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def square_tile(layer: str, extent: int = 4096) -> bytes:
    """A vector tile with one layer, which has one square in the middle of the tile."""
    quarter, half = extent // 4, extent // 2
    # To a corner, three lines, and closed; steps in zigzag.
    geometry = [9, 2 * quarter, 2 * quarter, 26, 2 * half, 0, 0, 2 * half, 2 * half - 1, 0, 15]
    feature = varint(3 << 3) + varint(3) + field(4, b"".join(map(varint, geometry)))
    body = varint(15 << 3) + varint(2) + field(1, layer.encode()) + field(2, feature) + varint(5 << 3) + varint(extent)
    return field(3, body)


def pmtiles(tile: bytes, layers: tuple[str, ...], attribution: str = "") -> bytes:
    """An archive of the one tile of the whole world."""
    about = {"vector_layers": [{"id": name, "fields": {}} for name in layers], "attribution": attribution}
    metadata, data = gzip.compress(json.dumps(about).encode()), gzip.compress(tile)
    # One entry: tile 0, once, so long, at the beginning.
    root = gzip.compress(b"".join(map(varint, (1, 0, 1, len(data), 1))))
    places = []
    at = 127
    for part in (root, metadata, b"", data):
        places += [at, len(part)]
        at += len(part)
    header = b"PMTiles\x03" + struct.pack("<11Q6B", *places, 1, 1, 1, 1, GZIP, GZIP, MVT, 0, 0)
    world = struct.pack("<4iB2i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000, 0, 0, 0)
    return header + world + root + metadata + data
