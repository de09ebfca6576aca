"""Airfields and runways for the map: the great ones of the world in one answer, all others by area.

Made of the gazetteer when first asked for, packed, and kept; an answer changes only with the package, as its ETag says.
"""

from __future__ import annotations

import functools
import gzip
import re
from typing import Any

import msgspec
import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.reference.airports import AIRPORT_KINDS, Gazetteer
from skywitness.reference.load import load_gazetteer
from skywitness.units import FOOT_M
from skywitness.views.api.security import Problem

__all__ = ["CELL_DEG", "airfields_of_cell", "great_airfields", "handlers"]

Json = dict[str, Any]

CELL_DEG = 5
"""Width and height of an area, in degrees; its name is that of its south-western corner, `50,-5`."""
GREAT = "great"
KEPT = 96
A_DAY = "max-age=86400"
NAME = re.compile(r"(-?\d{1,2}),(-?\d{1,3})")
CLOSED = AIRPORT_KINDS.index("closed")
LARGE, MEDIUM = AIRPORT_KINDS.index("large"), AIRPORT_KINDS.index("medium")
WIDTH_FT = 100.0
"""Of a strip whose width is not in any list."""


def great_airfields(gazetteer: Gazetteer) -> Json:
    """Large and medium airfields and those with scheduled flights, most important first."""
    kind, scheduled = gazetteer.kind, gazetteer.scheduled > 0
    rows = np.flatnonzero((kind == LARGE) | (kind == MEDIUM) | ((kind != CLOSED) & scheduled))
    return {"airfields": rows_of(gazetteer, rows)}


def airfields_of_cell(gazetteer: Gazetteer, south: int, west: int) -> Json:
    """All open airfields of an area, most important first, and the strips whose ends are known."""
    lat, lon = gazetteer.lat_deg, gazetteer.lon_deg
    is_in = (lat >= south) & (lat < south + CELL_DEG) & (lon >= west) & (lon < west + CELL_DEG)
    rows = np.flatnonzero(is_in & (gazetteer.kind != CLOSED))
    return {"airfields": rows_of(gazetteer, rows), "runways": strips_of(gazetteer, rows)}


def rows_of(gazetteer: Gazetteer, rows: Any) -> list[list[Any]]:
    """Code, name, longitude, latitude, kind, 1 if the military uses it, 1 if there are scheduled flights."""
    kind, scheduled = gazetteer.kind[rows].astype(int), gazetteer.scheduled[rows] > 0
    # Large and scheduled, then large or scheduled, then by the longest runway.
    order = np.lexsort((-np.nan_to_num(gazetteer.longest_runway_ft[rows]), -((kind == LARGE) + 1 * scheduled)))
    # Some codes stand for two fields of the lists: the page has one place for each, that of the more important.
    by_code = {gazetteer.code(row): row for row in reversed(rows[order].tolist())}
    return [
        [
            code, gazetteer.name[row], round(float(gazetteer.lon_deg[row]), 4),
            round(float(gazetteer.lat_deg[row]), 4), int(gazetteer.kind[row]), int(gazetteer.military[row] > 0),
            int(gazetteer.scheduled[row] > 0),
        ]
        for code, row in reversed(by_code.items())
    ]  # fmt: skip


def strips_of(gazetteer: Gazetteer, rows: Any) -> list[list[Any]]:
    """Of each strip: name, longitude, latitude and heading of one end, the same of the other, width in metres."""
    out: list[list[Any]] = []
    for row in rows.tolist():
        ends = gazetteer.runways(row)
        for first in range(ends.start, ends.stop - 1, 2):
            told: list[Any] = []
            for end in (first, first + 1):
                told += [
                    gazetteer.runway_ident[end], round(float(gazetteer.runway_lon_deg[end]), 5),
                    round(float(gazetteer.runway_lat_deg[end]), 5), round(float(gazetteer.runway_heading_deg[end]), 1),
                ]  # fmt: skip
            width_ft = float(gazetteer.runway_width_ft[first])
            out.append([*told, round((width_ft if width_ft > 0 else WIDTH_FT) * FOOT_M, 1)])
    return out


@functools.lru_cache(maxsize=KEPT)
def packed(name: str) -> bytes:
    """The answer of that name, gzipped. Raises Problem 404."""
    gazetteer = load_gazetteer()
    if name == GREAT:
        return gzip.compress(msgspec.json.encode(great_airfields(gazetteer)), 6, mtime=0)
    found = NAME.fullmatch(name)
    south, west = (int(found[1]), int(found[2])) if found is not None else (1, 1)
    if south % CELL_DEG or west % CELL_DEG or not -90 <= south < 90 or not -180 <= west < 180:
        raise Problem(404, f"There is no such area: say {GREAT}, or the corner of {CELL_DEG} degrees, such as 50,-5.")
    return gzip.compress(msgspec.json.encode(airfields_of_cell(gazetteer, south, west)), 6, mtime=0)


def handlers() -> list[HTTPRouteHandler]:
    """Return the route `/map/airfields/...`."""

    @get("/map/airfields/{name:str}", include_in_schema=False, sync_to_thread=True)
    def airfields(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = packed(request.path_params["name"])
        taken = {word.partition(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")}
        headers = {"cache-control": A_DAY, "vary": "Accept-Encoding"}
        headers["etag"] = f'"{load_gazetteer().content_hash[:24]}{"-gzip" if "gzip" in taken else ""}"'
        if headers["etag"] in {word.strip() for word in request.headers.get("if-none-match", "").split(",")}:
            return Response(b"", status_code=304, headers=headers, media_type="application/json")
        if "gzip" in taken:
            headers["content-encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, headers=headers, media_type="application/json")

    return [airfields]
