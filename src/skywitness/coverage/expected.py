"""How likely an aircraft at some place, height and time would have been heard, from what was heard of all aircraft.

Every aircraft between two receptions of one flight was somewhere: minutes in which it was heard against minutes in
which it was there, by cells of one degree and 5,000 ft. What nobody flew through is not known. A statement of absence
needs this: "silent" where others are heard, "not covered" where nobody is.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywitness.batches import F64, I64, Positions
from skywitness.units import NS_PER_S

__all__ = ["BANDS", "Expected", "expected_of"]

MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 3_600 * NS_PER_S
BAND_FT = 5_000.0
BANDS = 10
"""Of 5,000 ft; the last one goes on upwards, the ground is in the first."""
LONGEST_NS = 45 * MINUTE_NS
"""In longer silences it is not known where the aircraft was."""
WIDE = 5
"""Cells of so many degrees say whether any receiver there was at work in an hour."""
WEIGHT = 20.0
"""Minutes that the wider neighbourhood counts for in a cell."""
SPAN = 180 * 360 * BANDS


@dataclasses.dataclass(slots=True)
class Expected:
    """Minutes there and minutes heard, by cell; those of several times or stores can be added."""

    heard: F64
    there: F64
    """(180 * 360 * BANDS,)"""
    active: NDArray[np.int64]
    """Sorted: wide cell << 32 | hour since 1970, of which anything was heard."""

    @classmethod
    def empty(cls) -> Expected:
        """Return one that knows nothing."""
        return cls(np.zeros(SPAN), np.zeros(SPAN), np.zeros(0, np.int64))

    def __add__(self, other: Expected) -> Expected:
        return Expected(
            self.heard + other.heard, self.there + other.there, np.union1d(self.active, other.active).astype(np.int64)
        )

    def chance(
        self, lat_deg: ArrayLike, lon_deg: ArrayLike, altitude_ft: ArrayLike, time_ns: ArrayLike
    ) -> tuple[F64, F64]:
        """Return the chance of being heard within a minute, and how many minutes it rests on.

        NaN where nobody is known to have flown: that is no zero. 0 in an hour in which nothing at all was heard
        around there, though something is at other times: the receivers were off.
        """
        lat, lon = np.asarray(lat_deg, np.float64), np.asarray(lon_deg, np.float64)
        cell = cell_of(lat, lon, np.asarray(altitude_ft, np.float64))
        wide_heard, wide_there = self._wide(cell)
        there = self.there[cell]
        with np.errstate(invalid="ignore", divide="ignore"):
            prior = wide_heard / wide_there
            share = np.minimum(wide_there, WEIGHT)
            p = (self.heard[cell] + share * prior) / (there + share)
        p = np.where(wide_there > 0.0, p, np.nan)
        if len(self.active):
            key = active_key(lat, lon, np.asarray(time_ns, np.int64))
            at = np.searchsorted(self.active, key).clip(0, len(self.active) - 1)
            p = np.where((self.active[at] == key) | np.isnan(p), p, 0.0)
        return p, there + np.where(np.isnan(p), 0.0, np.minimum(wide_there, WEIGHT))

    def silent_chance(
        self, lat_deg: ArrayLike, lon_deg: ArrayLike, altitude_ft: ArrayLike, time_ns: ArrayLike
    ) -> float:
        """Return the chance that nothing is heard of an aircraft at any of these minutes; 1 where nothing is known.

        One place for each minute. Minutes hang together (a hole is a hole for all of them), so that the chance is no
        smaller than that of the five best ones alone.
        """
        p, _ = self.chance(lat_deg, lon_deg, altitude_ft, time_ns)
        known = np.sort(p[~np.isnan(p)])[::-1][:5]
        return float(math.prod((1.0 - known).tolist())) if len(known) else 1.0

    def _wide(self, cell: I64) -> tuple[F64, F64]:
        """Sums over the cell and the eight around it, of the same band."""
        band = cell % BANDS
        row, column = cell // BANDS // 360, cell // BANDS % 360
        heard, there = np.zeros(cell.shape), np.zeros(cell.shape)
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                at = (np.clip(row + down, 0, 179) * 360 + (column + across) % 360) * BANDS + band
                heard += self.heard[at]
                there += self.there[at]
        return heard, there


def cell_of(lat_deg: F64, lon_deg: F64, altitude_ft: F64) -> I64:
    """Return the number of the cell of a place; an unknown altitude is low."""
    row = np.clip(np.floor(lat_deg + 90.0), 0, 179).astype(np.int64)
    column = np.floor(lon_deg + 180.0).astype(np.int64) % 360
    band = np.clip(np.nan_to_num(altitude_ft, nan=0.0) // BAND_FT, 0, BANDS - 1).astype(np.int64)
    return (row * 360 + column) * BANDS + band


def active_key(lat_deg: F64, lon_deg: F64, time_ns: I64) -> I64:
    """Return wide cell and hour as one number."""
    row = np.clip(np.floor((lat_deg + 90.0) / WIDE), 0, 180 // WIDE - 1).astype(np.int64)
    column = np.floor((lon_deg + 180.0) / WIDE).astype(np.int64) % (360 // WIDE)
    return (row * (360 // WIDE) + column) << 32 | time_ns // HOUR_NS


def expected_of(rows: Positions, starts: I64) -> Expected:
    """Count minutes there and heard.

    rows    sorted by body and time, as `Histories.rows`
    starts  (bodies + 1,) first row of each body
    """
    made = Expected.empty()
    if not len(rows):
        return made
    cell = cell_of(rows.lat_deg, rows.lon_deg, rows.altitude_ft.astype(np.float64))
    minute = rows.time_ns // MINUTE_NS
    begins = np.zeros(len(rows), bool)
    begins[starts[:-1][starts[:-1] < len(rows)]] = True
    new = begins.copy()
    new[1:] |= minute[1:] != minute[:-1]  # a minute in which it was heard counts once
    np.add.at(made.heard, cell[new], 1.0)
    np.add.at(made.there, cell[new], 1.0)
    # Minutes between two receptions of one flight in which nothing was heard, along the straight line.
    gap = np.diff(rows.time_ns)
    silent = np.flatnonzero((minute[1:] - minute[:-1] > 1) & (gap <= LONGEST_NS) & ~begins[1:])
    count = (minute[silent + 1] - minute[silent] - 1).astype(np.int64)
    which = np.repeat(silent, count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count) + 1
    share = step / np.repeat(count + 1, count)
    turn = (rows.lon_deg[which + 1] - rows.lon_deg[which] + 540.0) % 360.0 - 180.0
    lat = rows.lat_deg[which] + share * (rows.lat_deg[which + 1] - rows.lat_deg[which])
    lon = (rows.lon_deg[which] + share * turn + 540.0) % 360.0 - 180.0
    low, high = (np.nan_to_num(rows.altitude_ft[which + k].astype(np.float64), nan=0.0) for k in (0, 1))
    np.add.at(made.there, cell_of(lat, lon, low + share * (high - low)), 1.0)
    made.active = np.unique(active_key(rows.lat_deg, rows.lon_deg, rows.time_ns))
    return made
