"""Outlines of countries from Natural Earth's shapefile, simplified alike on both sides of a border.

Run when the package is built. The file is that of 1:10,000,000, public domain, in the German point of view of borders
in dispute, which is that of the United Nations in nearly all of them.
"""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
from typing import Any

import numpy as np
import shapely

__all__ = ["TOLERANCE_DEG", "outline_columns"]

TOLERANCE_DEG = 0.01
"""Of the simplification: a border moves by less than 0.8 km at 99 of 100 places, by 2 km at most."""

SCALE = 1e4
OVERSEAS = {
    # Parts that have an ISO code of their own, and the box (south, west, north, east) that holds them.
    "FR": {
        "GP": (15.7, -62.0, 16.7, -60.8), "MQ": (14.3, -61.4, 15.0, -60.7), "GF": (2.0, -55.0, 6.0, -51.0),
        "RE": (-21.6, 55.0, -20.7, 56.0), "YT": (-13.2, 44.9, -12.5, 45.4),
    },
    "NO": {"SJ": (70.5, -10.0, 81.5, 35.0), "BV": (-55.0, 3.0, -54.0, 4.0)},
    "NL": {"BQ": (11.9, -68.6, 17.8, -62.8)},
    "NZ": {"TK": (-9.6, -173.0, -8.4, -171.0)},
    "AU": {"CX": (-10.8, 105.3, -10.2, 106.0), "CC": (-12.4, 96.6, -11.7, 97.1)},
}  # fmt: skip
NORWAY_ENDS_AT = 74.0  # its mainland and islands; what is farther north, and Jan Mayen, is SJ


def outline_columns(archive: bytes) -> dict[str, tuple[str, Any]]:
    """Return the columns of the outlines, for `reference.tables`, from a zip file with a shapefile in it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        names = {name.rpartition(".")[2]: name for name in files.namelist()}
        shapes = _polygons(files.read(names["shp"]))
        records = _records(files.read(names["dbf"]))
    named: dict[str, list[Any]] = {}
    for shape, record in zip(shapes, records, strict=True):
        own = record["ISO_A2_EH"] if record["ISO_A2_EH"] != "-99" else ""
        for part in shapely.get_parts(shape):
            if code := _code(own, part):
                named.setdefault(code, []).append(part)
    codes = sorted(named)
    whole = shapely.coverage_simplify([shapely.multipolygons(named[code]) for code in codes], TOLERANCE_DEG)
    country, rings, first, points = [], [], [0], []
    for number, shape in enumerate(whole):
        for part in shapely.get_parts(shape):
            for place, ring in enumerate(shapely.get_rings(part)):
                xy = np.round(shapely.get_coordinates(ring) * SCALE).astype(np.int64)
                country.append(number)
                rings.append(int(place > 0))
                points.append(np.diff(xy, axis=0, prepend=[[0, 0]]))
                first.append(first[-1] + len(xy))
    steps = np.concatenate(points)
    return {
        "code": ("text", codes),
        "ring_country": ("i4", country),
        "ring_is_hole": ("u1", rings),
        "ring_first": ("i4", first),
        "step_lon": ("i4", steps[:, 0].tolist()),
        "step_lat": ("i4", steps[:, 1].tolist()),
    }


def _code(own: str, part: Any) -> str:
    west, south, east, north = shapely.bounds(part)
    for code, (low, left, high, right) in OVERSEAS.get(own, {}).items():
        if low <= south and north <= high and left <= west and east <= right:
            if code == "SJ" and south < NORWAY_ENDS_AT and west > 0.0:
                continue
            return code
    return own


def _polygons(data: bytes) -> list[Any]:
    """Read the polygons of a shapefile (ESRI Shapefile Technical Description, 1998): outer rings run clockwise."""
    found, place = [], 100
    while place < len(data):
        (words,) = struct.unpack(">i", data[place + 4 : place + 8])
        body = data[place + 8 : place + 8 + 2 * words]
        parts, count = struct.unpack("<ii", body[36:44])
        starts = [*struct.unpack(f"<{parts}i", body[44 : 44 + 4 * parts]), count]
        xy = np.frombuffer(body, "<f8", 2 * count, 44 + 4 * parts).reshape(-1, 2)
        rings = [shapely.linearrings(xy[a:b]) for a, b in itertools.pairwise(starts)]
        outer = [shapely.polygons(ring) for ring in rings if not shapely.is_ccw(ring)]
        holes = [ring for ring in rings if shapely.is_ccw(ring)]
        tree = shapely.STRtree(outer)
        inside: dict[int, list[Any]] = {}
        for hole in holes:
            within = tree.query(shapely.points(shapely.get_coordinates(hole)[0]), predicate="intersects")
            inside.setdefault(int(within[0]), []).append(hole) if len(within) else None
        found.append(
            shapely.multipolygons(
                [
                    shapely.polygons(shapely.get_exterior_ring(one), inside.get(number))
                    for number, one in enumerate(outer)
                ]
            )
        )
        place += 8 + 2 * words
    return found


def _records(data: bytes) -> list[dict[str, str]]:
    """Read the texts of a dBASE III table."""
    count, header, length = struct.unpack("<IHH", data[4:12])
    columns, place = [], 32
    while data[place] != 0x0D:
        columns.append((data[place : place + 11].partition(b"\0")[0].decode(), data[place + 16]))
        place += 32
    rows = []
    for number in range(count):
        place, row = header + number * length + 1, {}
        for name, width in columns:
            row[name] = data[place : place + width].decode("utf-8", "replace").strip(" \0")
            place += width
        rows.append(row)
    return rows
