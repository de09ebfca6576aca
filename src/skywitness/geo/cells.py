"""Points on the Earth by cells of half a degree: which are near, and which is nearest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skywitness.batches import F64, I32, U8
from skywitness.geo.sphere import MEAN_RADIUS_NMI
from skywitness.kernel import kernel

__all__ = ["CELLS_PER_DEGREE", "COLUMNS", "ROWS", "Cells", "cells_of", "fill_nearest", "near_rows", "nearest"]

CELLS_PER_DEGREE = 2
ROWS = 180 * CELLS_PER_DEGREE
COLUMNS = 360 * CELLS_PER_DEGREE
CELL_RAD = math.pi / (180 * CELLS_PER_DEGREE)


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


def nearest(cells: Cells, lat_deg: F64, lon_deg: F64, nmi: float, taken: U8 | None = None) -> tuple[I32, F64]:
    """Return for each place the row of the nearest point and its distance in nautical miles.

    nmi    farthest that is looked for; -1 and NaN where none is as near
    taken  by row: 1 if the point may be answered; all may if it is not given
    """
    lat = np.ascontiguousarray(lat_deg, np.float64)
    lon = np.ascontiguousarray(lon_deg, np.float64)
    if taken is None:
        taken = np.ones(len(cells.row), np.uint8)
    allowed = np.ascontiguousarray(taken[cells.row], np.uint8)
    row, chord = np.empty(len(lat), np.int32), np.empty(len(lat))
    widest = 2.0 * math.sin(min(nmi / MEAN_RADIUS_NMI, math.pi) / 2.0)
    fill_nearest(lat.copy(), lon.copy(), cells.first, cells.row, cells.unit, allowed, widest, row, chord)
    return row, 2.0 * MEAN_RADIUS_NMI * np.arcsin(np.minimum(chord / 2.0, 1.0))


@kernel
def fill_nearest(lat_deg, lon_deg, first, row, unit, allowed, widest, out_row, out_chord):
    """The nearest allowed point of each place.

    lat_deg, lon_deg  (n,)   float64
    first, row, unit         as in `Cells`
    allowed           (m,)   uint8    in the order of `row`
    widest            float           longest chord that counts
    out_row           (n,)   int32    -1 where there is none
    out_chord         (n,)   float64  chord on the unit sphere; NaN where there is none
    """
    for i in range(len(lat_deg)):
        best = -1
        best_square = widest * widest * 1.000_000_001
        if abs(lat_deg[i]) <= 90.0 and abs(lon_deg[i]) <= 360.0:
            lat, lon = math.radians(lat_deg[i]), math.radians(lon_deg[i])
            cos_lat = math.cos(lat)
            x, y, z = cos_lat * math.cos(lon), cos_lat * math.sin(lon), math.sin(lat)
            down = min(int((lat_deg[i] + 90.0) * CELLS_PER_DEGREE), ROWS - 1)
            right = int(((lon_deg[i] + 540.0) % 360.0) * CELLS_PER_DEGREE) % COLUMNS
            # How far the place is from the edges of its cell, in cells: what lies beyond a ring is farther than that.
            into_lat = (lat_deg[i] + 90.0) * CELLS_PER_DEGREE - down
            into_lon = ((lon_deg[i] + 540.0) % 360.0) * CELLS_PER_DEGREE - right
            edge_lat, edge_lon = min(into_lat, 1.0 - into_lat), min(into_lon, 1.0 - into_lon)
            for ring in range(ROWS + 1):
                if ring > 0:
                    north = max((ring - 1 + edge_lat) * CELL_RAD, 0.0)
                    # The shortest way to another meridian is along a great circle that meets it at a right angle.
                    turn = min(max((ring - 1 + edge_lon) * CELL_RAD, 0.0), 0.5 * math.pi)
                    near = 2.0 * math.sin(0.5 * min(north, math.asin(math.sin(turn) * cos_lat)))
                    if near * near > best_square:
                        break
                for up in range(max(down - ring, 0), min(down + ring, ROWS - 1) + 1):
                    step = 1 if up in (down - ring, down + ring) else 2 * ring
                    across = -ring
                    while across <= ring:
                        cell = up * COLUMNS + (right + across) % COLUMNS
                        for place in range(first[cell], first[cell + 1]):
                            dx, dy, dz = unit[place, 0] - x, unit[place, 1] - y, unit[place, 2] - z
                            square = dx * dx + dy * dy + dz * dz
                            if square < best_square and allowed[place]:
                                best_square, best = square, place
                        across += max(step, 1)
        out_row[i] = row[best] if best >= 0 else -1
        out_chord[i] = math.sqrt(best_square) if best >= 0 else math.nan
