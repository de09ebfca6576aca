"""Tracks as lines for maps: cut where nothing was heard and at the antimeridian."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from skywitness.batches import F64, I64, Positions
from skywitness.units import FOOT_M, NS_PER_S

__all__ = ["GAP_S", "Line", "lines_of"]

GAP_S = 300.0
"""A longer silence is no line: nobody knows where the aircraft went meanwhile."""


@dataclass(frozen=True, slots=True)
class Line:
    """One unbroken part of a track."""

    time_ns: I64
    lon_deg: F64
    lat_deg: F64
    height_m: F64
    """Above the WGS-84 ellipsoid; NaN unknown."""
    altitude_ft: F64
    """Pressure altitude; NaN unknown."""
    on_ground: bool

    def __len__(self) -> int:
        return len(self.time_ns)


def lines_of(rows: Positions, first: int, last: int, *, by_ground: bool = False) -> Iterator[Line]:
    """Yield the parts of a track, rows `first` to `last` of one body in order of time.

    A part ends where nothing was heard for five minutes. At the antimeridian it ends on 180 degrees and the next begins
    there (RFC 7946, 3.1.9), in between by the straight line of the map. With `by_ground`, also where the aircraft takes
    off or lands.
    """
    time, lon, lat = rows.time_ns[first : last + 1], rows.lon_deg[first : last + 1], rows.lat_deg[first : last + 1]
    height = rows.altitude_geom_ft[first : last + 1].astype(np.float64) * FOOT_M
    altitude = rows.altitude_ft[first : last + 1].astype(np.float64)
    ground = rows.on_ground[first : last + 1] == 1
    cut = np.diff(time) > int(GAP_S * NS_PER_S)
    if by_ground:
        cut |= ground[1:] != ground[:-1]
    edges = [0, *(np.flatnonzero(cut) + 1).tolist(), len(time)]
    for a, z in itertools.pairwise(edges):
        # A change of state shares its point, so that no hole is drawn where nothing was missed.
        joined = by_ground and z < len(time) and not np.diff(time[z - 1 : z + 1])[0] > int(GAP_S * NS_PER_S)
        stop = z + 1 if joined else z
        yield from _at_antimeridian(
            time[a:stop], lon[a:stop], lat[a:stop], height[a:stop], altitude[a:stop], bool(ground[a])
        )


def _at_antimeridian(time: I64, lon: F64, lat: F64, height: F64, altitude: F64, ground: bool) -> Iterator[Line]:
    jumps = np.flatnonzero(np.abs(np.diff(lon)) > 180.0)
    begin = 0
    before: list[tuple[float, ...]] = []
    for jump in [*jumps.tolist(), None]:
        end = len(time) if jump is None else jump + 1
        after: list[tuple[float, ...]] = []
        following: list[tuple[float, ...]] = []
        if jump is not None:
            edge = 180.0 if lon[jump] > 0 else -180.0
            beyond = lon[jump + 1] + 2.0 * edge  # the next point, on this side's count of degrees
            share = (edge - lon[jump]) / (beyond - lon[jump])
            at = [column[jump] + share * (column[jump + 1] - column[jump]) for column in (lat, height, altitude)]
            when = int(time[jump]) + round(share * (int(time[jump + 1]) - int(time[jump])))
            after, following = [(when, edge, *at)], [(when, -edge, *at)]
        columns = [
            np.array([row[i] for row in before] + column[begin:end].tolist() + [row[i] for row in after])
            for i, column in enumerate((time, lon, lat, height, altitude))
        ]
        when_ns, *numbers = columns
        lon_, lat_, height_, altitude_ = (column.astype(np.float64) for column in numbers)
        yield Line(when_ns.astype(np.int64), lon_, lat_, height_, altitude_, ground)
        before, begin = following, end
