"""Points on the Earth by cells of half a degree: which are near, and which is nearest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skywitness.batches import F64, I32
from skywitness.geo.sphere import MEAN_RADIUS_NMI

__all__ = ["CELLS_PER_DEGREE", "COLUMNS", "ROWS", "Cells", "cells_of", "near_rows"]

CELLS_PER_DEGREE = 2
ROWS = 180 * CELLS_PER_DEGREE
COLUMNS = 360 * CELLS_PER_DEGREE


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Points sorted by cell, in compressed rows: those of cell c are `row[first[c]:first[c + 1]]`.

    A cell is `COLUMNS * floor((lat + 90) * 2) + floor((lon + 180) * 2)`; the poles and 180 degrees east belong to
    their last cells.
    """

    first: I32
    row: I32
    unit: F64
    """(n, 3): the points as unit vectors, in the order of `row`."""


def cells_of(lat_deg: F64, lon_deg: F64) -> Cells:
    """Sort points into cells; all must be finite and on the Earth."""
    down = np.clip(((lat_deg + 90.0) * CELLS_PER_DEGREE).astype(np.int64), 0, ROWS - 1)
    right = np.clip(((lon_deg + 180.0) * CELLS_PER_DEGREE).astype(np.int64), 0, COLUMNS - 1)
    cell = down * COLUMNS + right
    order = np.argsort(cell, kind="stable")
    first = np.zeros(ROWS * COLUMNS + 1, np.int32)
    first[1:] = np.cumsum(np.bincount(cell, minlength=ROWS * COLUMNS))
    lat, lon = np.radians(lat_deg[order]), np.radians(lon_deg[order])
    unit = np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    return Cells(first, order.astype(np.int32), np.ascontiguousarray(unit))


def near_rows(cells: Cells, lat_deg: float, lon_deg: float, nmi: float) -> I32:
    """Return the points within a distance, nearest first."""
    if not len(cells.row) or not (abs(lat_deg) <= 90.0 and math.isfinite(lon_deg) and nmi >= 0.0):
        return np.zeros(0, np.int32)
    reach = math.degrees(nmi / MEAN_RADIUS_NMI) * 1.001
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    here = np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
    low = max(0, int((lat_deg - reach + 90.0) * CELLS_PER_DEGREE))
    high = min(ROWS - 1, int((lat_deg + reach + 90.0) * CELLS_PER_DEGREE))
    widest = min(90.0, max(abs(lat_deg - reach), abs(lat_deg + reach)))
    stretch = math.cos(math.radians(widest))
    half = 180.0 if stretch * 180.0 <= reach else reach / stretch
    left = math.floor((lon_deg - half + 180.0) * CELLS_PER_DEGREE)
    right = math.floor((lon_deg + half + 180.0) * CELLS_PER_DEGREE)
    columns = np.unique(np.arange(left, min(right, left + COLUMNS - 1) + 1) % COLUMNS)
    places = []
    for down in range(low, high + 1):
        starts, ends = cells.first[down * COLUMNS + columns], cells.first[down * COLUMNS + columns + 1]
        places += [np.arange(a, b) for a, b in zip(starts, ends, strict=True) if b > a]
    if not places:
        return np.zeros(0, np.int32)
    place = np.concatenate(places)
    chord = np.sqrt(((cells.unit[place] - here) ** 2).sum(axis=1))
    distance = 2.0 * MEAN_RADIUS_NMI * np.arcsin(np.minimum(chord / 2.0, 1.0))
    kept = np.flatnonzero(distance <= nmi)
    found: I32 = cells.row[place[kept[np.argsort(distance[kept], kind="stable")]]]
    return found
