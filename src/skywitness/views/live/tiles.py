"""The areas of live views: squares of fifteen degrees, one for those without a place, and the world thinned."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from skywitness.batches import F64, I32, U8, U16, U32
from skywitness.errors import QuestionError

__all__ = ["TILES", "TILE_DEG", "UNPLACED", "WORLD", "tile_bounds", "tile_of", "tiles_of_area"]

TILE_DEG = 15
COLUMNS = 360 // TILE_DEG
ROWS = 180 // TILE_DEG
UNPLACED = ROWS * COLUMNS
"""The tile of aircraft whose place is not known."""
WORLD = UNPLACED + 1
"""The tile that shows some of the aircraft of the whole world, less often."""
TILES = WORLD + 1


def tile_of(lat_deg: F64, lon_deg: F64) -> U16:
    """Return the tile of each place: row x COLUMNS + column, counted from 90 S, 180 W; UNPLACED for NaN."""
    known = ~(np.isnan(lat_deg) | np.isnan(lon_deg))
    with np.errstate(invalid="ignore"):
        row = np.clip((lat_deg + 90.0) // TILE_DEG, 0, ROWS - 1)
        column = (lon_deg + 180.0) // TILE_DEG % COLUMNS
    return np.where(known, np.where(known, row * COLUMNS + column, 0), UNPLACED).astype(np.uint16)


def tile_bounds(tile: int) -> tuple[float, float, float, float]:
    """South, west, north and east of a tile, in degrees."""
    south, west = tile // COLUMNS * TILE_DEG - 90.0, tile % COLUMNS * TILE_DEG - 180.0
    return south, west, south + TILE_DEG, west + TILE_DEG


def tiles_of_area(south: float, west: float, north: float, east: float) -> frozenset[int]:
    """Return the tiles that a box meets; its west may be east of its east. Raises QuestionError if it is no box."""
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise QuestionError(
            f"{south:g},{west:g},{north:g},{east:g} is no area", hint="It is south,west,north,east in degrees."
        )
    rows = range(row_of(south), row_of(north) + 1)
    first, last = column_of(west), column_of(east)
    turn = COLUMNS if east < west or (last < first) else 0
    columns: Iterable[int] = range(first, min(last + turn, first + COLUMNS - 1) + 1)
    return frozenset(row * COLUMNS + column % COLUMNS for row in rows for column in columns)


def row_of(lat: float) -> int:
    """Row of a latitude."""
    return min(max(math.floor((lat + 90) / TILE_DEG), 0), ROWS - 1)


def column_of(lon: float) -> int:
    """Column of a longitude; 180 east belongs to the last one."""
    return min(math.floor((lon + 180) / TILE_DEG), COLUMNS - 1)


CELL_DEG = 2.5
MOST_IN_WORLD = 2000
"""Aircraft that the world view shows at most."""


def thinned(key: U32, lat_deg_e5: I32, lon_deg_e5: I32, is_first: U8) -> U8:
    """Choose at most MOST_IN_WORLD aircraft, evenly by area; the same ones as long as the traffic is much the same.

    key         (n,) of the aircraft
    lat_deg_e5  (n,) 1e-5 degree, and longitude
    is_first    (n,) 1 for those to be shown before others
    return      (n,) 1 for those chosen
    """
    if len(key) <= MOST_IN_WORLD:
        return np.ones(len(key), np.uint8)
    step = round(CELL_DEG * 1e5)
    cell = (lat_deg_e5 // step).astype(np.int64) * 1000 + lon_deg_e5 // step
    chance = (key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)).astype(np.int64)
    order = np.lexsort((np.where(is_first == 1, -1, chance), cell))
    begins = np.flatnonzero(np.r_[True, cell[order][1:] != cell[order][:-1]])
    counts = np.diff(np.r_[begins, len(order)])
    rank = np.arange(len(order)) - np.repeat(begins, counts)
    most = 1
    while np.minimum(counts, most + 1).sum() <= MOST_IN_WORLD:
        most += 1
    chosen = np.zeros(len(key), np.uint8)
    chosen[order[rank < most][:MOST_IN_WORLD]] = 1
    return chosen
