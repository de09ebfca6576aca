"""Two aircraft close together on one course for some time: in formation, at a rendezvous, as in aerial refuelling.

Every aircraft is placed at whole ticks of the clock. Of each tick the places are sorted by latitude, and only those
within reach northward are compared: the work grows with the traffic nearby, not with the square of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F64, I64, U8
from skywitness.journeys.ground import GROUND
from skywitness.journeys.histories import Histories
from skywitness.units import NS_PER_S

__all__ = ["PAIR_KINDS", "Pair", "PairSettings", "pairs"]

PAIR_KINDS = ("formation", "rendezvous", "refuelling")

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class PairSettings:
    """What counts as together."""

    tick_s: float = 10.0
    """Aircraft are compared at every such moment, at places between their positions."""
    between_s: float = 60.0
    """Positions farther apart in time than this have no places between them."""
    near_nmi: float = 1.0
    """Together: at most so far apart,"""
    near_ft: float = 900.0
    """in height too (less than the separation of one airway's levels),"""
    course_deg: float = 20.0
    """on courses that differ by at most this,"""
    slow_kt: float = 40.0
    """faster than this,"""
    together_s: float = 300.0
    """for so long,"""
    pause_s: float = 60.0
    """with no longer pauses than this."""
    low_ft: float = 5_000.0
    """Below this many feet of pressure altitude, where parallel approaches lead side by side, it takes
    `low_together_s`."""
    low_together_s: float = 600.0
    apart_nmi: float = 10.0
    """A rendezvous: so far apart at some time in the half hour before."""
    refuelling_ft: float = 10_000.0
    """As in refuelling: together above this,"""
    refuelling_deg: float = 270.0
    """and turning together by so much, from minute to minute, either way, as in a racetrack."""
    copy_nmi: float = 0.3
    """One of the two with an address of another kind, and closer than this: a copy that was sent from the ground."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two aircraft together; rows of the histories."""

    kind: str
    first: int
    last: int
    other: int
    """A row of the second aircraft."""
    seconds: float
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places at ticks, sorted by body and tick."""

    row: I64
    body: I64
    tick: I64
    lat_deg: F64
    lon_deg: F64
    altitude_ft: F64
    course_deg: F64

    def __len__(self) -> int:
        return len(self.row)


def pairs(histories: Histories, state: U8, settings: PairSettings | None = None) -> Iterator[Pair]:
    """Yield the stretches of time in which two aircraft are together.

    state  (rows,): see `skywitness.journeys.ground`
    """
    s = settings or PairSettings()
    if len(histories) < 2:
        return
    places = _places(histories, state, s)
    one, two = _close(places, s)
    if not len(one):
        return
    rows = histories.rows
    first, second = places.body[one], places.body[two]
    begins = histories.starts[:-1]
    key = rows.address_kind[begins].astype(np.int64) << 24 | rows.icao[begins].astype(np.int64)
    ours = key[first] != key[second]  # not two bodies of one address
    one, two, first, second = one[ours], two[ours], first[ours], second[ours]
    order = np.lexsort((places.tick[one], second, first))
    one, two, first, second = one[order], two[order], first[order], second[order]
    tick = places.tick[one]
    pause = int(s.pause_s / s.tick_s)
    new = np.r_[True, (first[1:] != first[:-1]) | (second[1:] != second[:-1]) | (np.diff(tick) > pause)]
    at = np.flatnonzero(new)
    ends = np.r_[at[1:], len(one)] - 1 if len(at) else at
    seconds = (tick[ends] - tick[at]) * s.tick_s if len(at) else np.zeros(0)
    for a, z, lasted in zip(at.tolist(), ends.tolist(), seconds.tolist(), strict=True):
        if lasted >= s.together_s:
            pair = _pair(histories, places, one[a : z + 1], two[a : z + 1], lasted, s)
            if pair is not None:
                yield pair


def _places(histories: Histories, state: U8, s: PairSettings) -> Places:
    rows = histories.rows
    tick_ns = int(s.tick_s * NS_PER_S)
    body = histories.body_of(np.arange(len(rows)))
    tick = rows.time_ns // tick_ns
    usable = (body[1:] == body[:-1]) & (np.diff(rows.time_ns) <= int(s.between_s * NS_PER_S))
    usable &= (state[1:] != GROUND) & (state[:-1] != GROUND)
    usable &= np.isfinite(rows.altitude_ft[1:]) & np.isfinite(rows.altitude_ft[:-1])
    count = np.where(usable, tick[1:] - tick[:-1], 0)
    row = np.repeat(np.arange(len(rows) - 1), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    at = tick[row] + 1 + number
    part = (at * tick_ns - rows.time_ns[row]) / np.maximum(rows.time_ns[row + 1] - rows.time_ns[row], 1)
    north = rows.lat_deg[row + 1] - rows.lat_deg[row]
    east = _wrapped(rows.lon_deg[row + 1] - rows.lon_deg[row])
    lat = rows.lat_deg[row] + part * north
    lon = rows.lon_deg[row] + part * east
    climb = rows.altitude_ft[row + 1].astype(np.float64) - rows.altitude_ft[row]
    altitude = rows.altitude_ft[row] + part * climb
    hours = (rows.time_ns[row + 1] - rows.time_ns[row]) / (3600.0 * NS_PER_S)
    east = east * np.cos(np.radians(lat))
    fast = np.hypot(east, north) * 60.0 > s.slow_kt * hours
    course = np.degrees(np.arctan2(east, north))
    found = Places(row, body[row], at, lat, _wrapped(lon), altitude, course)
    return Places(*(getattr(found, name)[fast] for name in Places.__slots__))


def _close(places: Places, s: PairSettings) -> tuple[I64, I64]:
    """Return the places that are close to another one of their tick: both, the lower body first."""
    order = np.lexsort((places.lat_deg, places.tick))
    tick, lat, lon = places.tick[order], places.lat_deg[order], places.lon_deg[order]
    reach = s.near_nmi / 60.0
    left = np.arange(len(order) - 1)
    ones, twos = [], []
    step = 1
    while len(left):
        left = left[left + step < len(order)]
        right = left + step
        within = (tick[right] == tick[left]) & (lat[right] - lat[left] <= reach)
        left, right = left[within], right[within]  # who is past the reach here is so for every further step
        east = _wrapped(lon[right] - lon[left]) * np.cos(np.radians(lat[left]))
        near = np.hypot(east, lat[right] - lat[left]) <= reach
        a, b = order[left[near]], order[right[near]]
        near = np.abs(places.altitude_ft[a] - places.altitude_ft[b]) <= s.near_ft
        near &= np.abs((places.course_deg[a] - places.course_deg[b] + 180.0) % 360.0 - 180.0) <= s.course_deg
        ones.append(a[near])
        twos.append(b[near])
        step += 1
    if not ones:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    one, two = np.concatenate(ones), np.concatenate(twos)
    low = places.body[one] <= places.body[two]
    return np.where(low, one, two), np.where(low, two, one)


def _pair(histories: Histories, places: Places, one: I64, two: I64, seconds: float, s: PairSettings) -> Pair | None:
    rows = histories.rows
    kinds = int(rows.address_kind[places.row[one[0]]]), int(rows.address_kind[places.row[two[0]]])
    if kinds[0] != kinds[1] and float(np.median(_apart(places, one, two))) < s.copy_nmi:
        return None
    altitude = float(np.median(places.altitude_ft[one]))
    least = s.together_s if altitude >= s.low_ft else s.low_together_s
    if seconds < least:
        return None
    course = np.unwrap(places.course_deg[one][:: max(1, round(MINUTE_S / s.tick_s))], period=360.0)
    kind = "formation"
    if altitude >= s.refuelling_ft and float(np.abs(np.diff(course)).sum()) >= s.refuelling_deg:
        kind = "refuelling"
    elif _came_together(places, int(one[0]), int(two[0]), s):
        kind = "rendezvous"
    last = min(int(places.row[one[-1]]) + 1, len(rows) - 1)
    return Pair(kind, int(places.row[one[0]]), last, int(places.row[two[0]]), seconds, least)


def _came_together(places: Places, one: int, two: int, s: PairSettings) -> bool:
    key = places.body << 40 | places.tick  # ticks of ten seconds since 1970 have 28 bits
    for minutes in (5, 10, 20, 30):
        found = []
        for at in (one, two):
            wanted = int(key[at]) - round(minutes * 60.0 / s.tick_s)
            place = int(np.searchsorted(key, wanted))
            if place < len(key) and int(key[place]) == wanted:
                found.append(place)
        if len(found) == 2 and float(_apart(places, np.array(found[:1]), np.array(found[1:]))[0]) >= s.apart_nmi:
            return True
    return False


def _apart(places: Places, one: I64, two: I64) -> F64:
    east = _wrapped(places.lon_deg[two] - places.lon_deg[one]) * np.cos(np.radians(places.lat_deg[one]))
    return np.asarray(np.hypot(east, places.lat_deg[two] - places.lat_deg[one]) * 60.0)


def _wrapped(lon_deg: NDArray[np.float64]) -> F64:
    return np.asarray((lon_deg + 180.0) % 360.0 - 180.0)
