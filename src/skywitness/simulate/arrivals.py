"""Arrivals, departures and passes on real runways, with known truth: position rows as a receiver would have them.

Not flown second by second but drawn: a path of lines and turns back from the threshold, a profile of height and speed
along it. Enough for what ranks airports, ten thousand in seconds. Tuning and tests use different seeds and different
ranges of every parameter (`TUNING`, `HELD_OUT`).
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np

from skywitness.batches import F64, I32, I64, U8, UNTIMED, Ends, Positions
from skywitness.reference.airports import AIRPORT_KINDS, FIXED_WING, Gazetteer

__all__ = ["HELD_OUT", "TUNING", "Drawn", "Ranges", "Truth", "cut", "drawn"]

LARGE, MEDIUM, SMALL = (AIRPORT_KINDS.index(kind) for kind in ("large", "medium", "small"))
BEGIN_NS = 1_700_000_000 * 10**9
S = 10**9
STEP_S = 5.0
GLIDE = math.tan(math.radians(1.0)) * 1852.0 / 0.3048  # feet a nautical mile and degree


@dataclasses.dataclass(frozen=True, slots=True)
class Ranges:
    """Between which values each parameter is drawn."""

    seed: int
    angle_deg: tuple[float, float]
    """Of the final descent."""
    climb_ft_nmi: tuple[float, float]
    final_nmi: tuple[float, float]
    """Straight before the threshold, for airliners; a third of it for light aircraft."""
    straight_nmi: tuple[float, float]
    """After take-off, before the first turn."""
    level_share: float
    """Chance of a stretch in level flight on the way down or up."""
    qnh_ft: float
    """Standard deviation of pressure altitude against height."""
    noise_nmi: float
    close_share: float
    """Share at fields with a neighbour within 15 km."""
    classes: tuple[float, float, float]
    """Shares of airliners, of turboprops, of light aircraft."""


TUNING = Ranges(1101, (2.6, 4.2), (380.0, 850.0), (5.0, 16.0), (0.8, 6.0), 0.35, 350.0, 0.02, 0.3, (0.55, 0.2, 0.25))
HELD_OUT = Ranges(77, (2.5, 4.5), (330.0, 950.0), (4.0, 18.0), (0.7, 7.0), 0.45, 420.0, 0.03, 0.36, (0.5, 0.22, 0.28))


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """Of each flight: where it began or ended."""

    airport: I32
    """Row of the gazetteer, -1 for a pass that goes to none."""
    is_arrival: U8
    has_neighbour: U8
    """Another field with a runway lies within 15 km."""


@dataclasses.dataclass(frozen=True, slots=True)
class Drawn:
    """Rows of all flights, one address each in the order of `truth`, and their height above the true field."""

    rows: Positions
    first: I64
    """(flights + 1,)"""
    height_ft: F64
    """True height above the field; above the sea for a pass."""
    truth: Truth


class Part(NamedTuple):
    """One flight before it is rows: its path about the threshold of a runway end."""

    path: F64
    arrives: bool
    airport: int
    end: int
    close: bool


def drawn(gazetteer: Gazetteer, ranges: Ranges, count: int, passes: int = 0) -> Drawn:
    """Draw arrivals and departures, half each, and passes; the same for the same ranges."""
    rng = np.random.Generator(np.random.PCG64(ranges.seed))
    pools = _pools(gazetteer)
    parts: list[Part] = []
    for number in range(count):
        size = int(rng.choice(3, p=ranges.classes))
        close = rng.random() < ranges.close_share
        pool, share = pools[size][1 if close else 0]
        airport = int(rng.choice(pool, p=share))
        ends = list(gazetteer.runways(airport))
        longest = max(float(np.nan_to_num(gazetteer.runway_length_ft[end])) for end in ends)
        fit = [end for end in ends if float(np.nan_to_num(gazetteer.runway_length_ft[end])) >= 0.7 * longest]
        end = int(rng.choice(fit))
        arrives = number % 2 == 0
        path = _arrival(rng, gazetteer, end, size, ranges) if arrives else _departure(rng, gazetteer, end, size, ranges)
        parts.append(Part(path, arrives, airport, end, bool(close)))
    everywhere = np.concatenate([pool for pair in pools for pool, _ in pair])
    for number in range(passes):
        around = int(rng.choice(everywhere))
        end = int(gazetteer.runway_first[around])
        parts.append(Part(_pass(rng, gazetteer, around), number % 2 == 0, -1, end, False))
    return _rows(gazetteer, parts, ranges, rng)


USUAL = ((2.0, 1.4, 0.7, 0.6), (1.6, 1.4, 1.0, 0.7), (0.5, 0.8, 1.0, 1.0))
"""How often each class of aircraft uses large fields, medium ones with and without airlines, and small ones: less
unlike than in truth, so that what is received decides, and not what is usual."""


def _pools(gazetteer: Gazetteer) -> list[list[tuple[I64, F64]]]:
    """Fields for each class of aircraft, with their shares: all, and those with a neighbour within 15 km."""
    length = np.nan_to_num(gazetteer.longest_runway_ft)
    has = np.diff(gazetteer.runway_first) > 0
    own = (gazetteer.same_field < 0) | (gazetteer.same_field == np.arange(len(gazetteer)))
    fixed = np.isin(gazetteer.kind, FIXED_WING) & has & np.isfinite(gazetteer.elevation_ft) & own
    pools: list[list[tuple[I64, F64]]] = []
    near: dict[int, bool] = {}
    for usual, least in zip(USUAL, (6_000.0, 4_000.0, 1_500.0), strict=True):
        kind = gazetteer.kind
        share = np.select(
            [kind == LARGE, (kind == MEDIUM) & (gazetteer.scheduled == 1), kind == MEDIUM], usual[:3], usual[3]
        )
        pool = np.flatnonzero(fixed & (length >= least))
        for row in pool.tolist():
            if row not in near:
                near[row] = _has_neighbour(gazetteer, row, fixed)
        close = pool[[near[row] for row in pool.tolist()]]
        pools.append([(rows, share[rows] / share[rows].sum()) for rows in (pool, close)])
    return pools


def _has_neighbour(gazetteer: Gazetteer, row: int, fixed: np.ndarray) -> bool:
    around = gazetteer.near(float(gazetteer.lat_deg[row]), float(gazetteer.lon_deg[row]), 15.0 / 1.852)
    return bool(fixed[around[around != row]].any())


SPEED: tuple[tuple[float, float, float, float], ...] = (
    (250.0, 180.0, 138.0, 430.0),
    (210.0, 150.0, 115.0, 280.0),
    (110.0, 85.0, 65.0, 120.0),
)
"""Knots far out, near, over the threshold, in cruise, of each class."""


def _line(points: list[Any], radius: float) -> F64:
    """Return a line along corners with rounded turns, a point about every 0.15 nautical miles: (n, 2), nmi."""
    out: list[Any] = [points[0]]
    for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
        a, b = np.subtract(before, corner), np.subtract(after, corner)
        cut = min(radius, 0.45 * math.hypot(*a), 0.45 * math.hypot(*b))
        start, stop = corner + a / math.hypot(*a) * cut, corner + b / math.hypot(*b) * cut
        for t in np.linspace(0.0, 1.0, 7):  # a parabola: near enough to a turn
            out.append((1 - t) ** 2 * start + 2 * t * (1 - t) * np.array(corner) + t**2 * stop)
    out.append(points[-1])
    line = np.array(out)
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.r_[0.0, np.cumsum(steps)]
    fine = np.arange(0.0, along[-1], 0.15)
    return np.column_stack((np.interp(fine, along, line[:, 0]), np.interp(fine, along, line[:, 1])))


def _heading(angle: float) -> F64:
    return np.array([math.sin(math.radians(angle)), math.cos(math.radians(angle))])


def _arrival(rng: np.random.Generator, gazetteer: Gazetteer, end: int, size: int, ranges: Ranges) -> F64:
    """Return (seconds, east nmi, north nmi of the threshold, feet above it, knots) from far out to the touch-down."""
    course = float(gazetteer.runway_heading_deg[end])
    final = rng.uniform(*ranges.final_nmi) * (1.0 if size == 0 else 0.7 if size == 1 else 0.3)
    back: Any = np.multiply(_heading(course + 180.0), 1.0)
    side = rng.choice((-1.0, 1.0))
    across: Any = np.multiply(_heading(course + 90.0), side)
    fix: Any = back * final
    wide = rng.uniform(2.5, 9.0) if size < 2 else rng.uniform(0.6, 1.6)
    far: float = rng.uniform(35.0, 90.0) if size < 2 else rng.uniform(8.0, 30.0)
    corners: list[Any]
    kind = rng.random()
    if kind < 0.35:  # straight in, or nearly
        corners = [fix + np.multiply(_heading(course + 180.0 + rng.uniform(-40.0, 40.0)), far), fix, (0.0, 0.0)]
    elif kind < 0.75:  # along the runway the other way, base, final
        beside = fix * rng.uniform(-0.3, 0.3) + across * wide
        base = fix + across * wide
        outer = beside + np.multiply(_heading(course + side * rng.uniform(-60.0, 120.0)), far)
        corners = [outer, beside, base, fix, (0.0, 0.0)]
    else:  # base from the side
        base = fix + across * wide
        outer = base + np.multiply(_heading(course + side * rng.uniform(50.0, 130.0)), far)
        corners = [outer, base, fix, (0.0, 0.0)]
    line = _line([(float(x), float(y)) for x, y in corners], 2.5 if size < 2 else 0.5)
    togo = np.r_[np.cumsum(np.hypot(*np.diff(line[::-1], axis=0).T))[::-1], 0.0]
    slope = rng.uniform(*ranges.angle_deg) * GLIDE
    height: F64 = 50.0 + slope * togo * (1.0 if size < 2 else 1.1)
    ceiling = (
        rng.uniform(18_000.0, 38_000.0)
        if size == 0
        else rng.uniform(9_000.0, 22_000.0)
        if size == 1
        else (rng.uniform(800.0, 4_500.0))
    )
    if rng.random() < ranges.level_share:
        level = rng.uniform(1_500.0, 5_000.0) if size < 2 else rng.uniform(700.0, 1_500.0)
        length = rng.uniform(3.0, 14.0) if size < 2 else rng.uniform(1.0, 4.0)
        at = level / slope
        shifted = np.where(togo > at + length, togo - length, np.minimum(togo, at))
        height = 50.0 + slope * shifted
    height = np.minimum(height, ceiling)
    outer_kt, near_kt, over_kt, cruise_kt = SPEED[size]
    knots = (over_kt, over_kt + 8, near_kt, outer_kt, cruise_kt)
    speed = np.asarray(np.interp(togo, (0.0, 4.0, 10.0, 30.0, 70.0), knots)) * rng.uniform(0.9, 1.1)
    seconds = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T) / speed[1:] * 3600.0)]
    return np.column_stack((seconds, line, height, speed))


def _departure(rng: np.random.Generator, gazetteer: Gazetteer, end: int, size: int, ranges: Ranges) -> F64:
    course = float(gazetteer.runway_heading_deg[end])
    ahead: Any = np.array(_heading(course))
    length = float(np.nan_to_num(gazetteer.runway_length_ft[end], nan=6_000.0)) / 6_076.0
    lift: Any = ahead * length * rng.uniform(0.35, 0.8)
    straight = rng.uniform(*ranges.straight_nmi) * (1.0 if size < 2 else 0.4)
    turn = rng.uniform(-150.0, 150.0) if rng.random() < 0.7 else rng.uniform(-20.0, 20.0)
    first: Any = lift + ahead * straight
    second: Any = first + np.multiply(
        _heading(course + turn), rng.uniform(8.0, 25.0) if size < 2 else rng.uniform(2.0, 8.0)
    )
    third: Any = second + np.multiply(_heading(course + turn + rng.uniform(-50.0, 50.0)), 50.0 if size < 2 else 15.0)
    line = _line([(float(x), float(y)) for x, y in (lift, first, second, third)], 2.0 if size < 2 else 0.4)
    gone: F64 = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    climb = rng.uniform(*ranges.climb_ft_nmi) * (1.0 if size == 0 else 0.9 if size == 1 else 0.75)
    height = gone * climb * np.interp(gone, (0.0, 60.0), (1.0, 0.7))
    if rng.random() < ranges.level_share:
        level = rng.uniform(2_500.0, 7_000.0) if size < 2 else rng.uniform(800.0, 2_500.0)
        stay = rng.uniform(2.0, 10.0) if size < 2 else rng.uniform(1.0, 5.0)
        at = level / climb
        height = np.where(gone > at + stay, height - climb * stay, np.minimum(height, level))
    ceiling = 36_000.0 if size == 0 else 20_000.0 if size == 1 else rng.uniform(1_500.0, 5_500.0)
    height = np.minimum(height, ceiling)
    outer_kt, near_kt, over_kt, cruise_kt = SPEED[size]
    speed = np.interp(gone, (0.0, 3.0, 12.0, 60.0), (over_kt + 15, near_kt, outer_kt, cruise_kt)) * rng.uniform(
        0.9, 1.1
    )
    seconds = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T) / speed[1:] * 3600.0)]
    return np.column_stack((seconds, line, height, speed))


def _pass(rng: np.random.Generator, gazetteer: Gazetteer, airport: int) -> F64:
    """Return a stretch of a flight that goes elsewhere, over the country around an airport; feet above the sea."""
    size = int(rng.choice(3, p=(0.6, 0.15, 0.25)))
    angle, length = rng.uniform(0.0, 360.0), rng.uniform(20.0, 60.0)
    middle: Any = rng.uniform(-25.0, 25.0, 2)
    ahead: Any = np.array(_heading(angle))
    line = _line([middle - ahead * length / 2, middle, middle + ahead * length / 2], 1.0)
    gone = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    base = rng.uniform(11_000.0, 40_000.0) if size < 2 else rng.uniform(1_500.0, 9_500.0)
    slope = 0.0 if rng.random() < 0.6 else rng.uniform(-120.0, 120.0) * (1.0 if size < 2 else 0.5)
    terrain = float(np.nan_to_num(gazetteer.elevation_ft[airport]))
    height = np.maximum(base + slope * gone, 1_000.0) + (terrain if size == 2 else 0.0)
    speed = np.full(len(line), SPEED[size][3] * rng.uniform(0.85, 1.1))
    seconds = gone / speed * 3600.0
    return np.column_stack((seconds, line, height, speed))


def _rows(gazetteer: Gazetteer, parts: list[Part], ranges: Ranges, rng: np.random.Generator) -> Drawn:
    columns: dict[str, list[F64]] = {
        name: [] for name in ("time", "lat", "lon", "alt", "speed", "track", "rate", "height")
    }
    counts, neighbour = [], []
    for path, _, airport, end, close in parts:
        elevation = float(np.nan_to_num(gazetteer.elevation_ft[airport])) if airport >= 0 else 0.0
        seconds = np.arange(0.0, path[-1, 0], STEP_S) + rng.uniform(0.0, STEP_S)
        seconds = seconds[seconds < path[-1, 0]]
        east, north, height, speed = (np.interp(seconds, path[:, 0], path[:, k]) for k in range(1, 5))
        east = east + rng.normal(0.0, ranges.noise_nmi, len(seconds))
        north = north + rng.normal(0.0, ranges.noise_nmi, len(seconds))
        lat = float(gazetteer.runway_lat_deg[end]) + north / 60.0
        lon = float(gazetteer.runway_lon_deg[end]) + east / (60.0 * np.cos(np.radians(lat)))
        step = 25.0 if rng.random() < 0.8 else 100.0
        altitude = np.round((height + elevation + rng.normal(0.0, ranges.qnh_ft)) / step) * step
        later = np.interp(seconds + 4.0, path[:, 0], path[:, 3])
        rate = np.round((later - height) * 15.0 / 64.0) * 64.0 + rng.normal(0.0, 60.0, len(seconds))
        ahead = [np.interp(seconds + 4.0, path[:, 0], path[:, k]) for k in (1, 2)]
        behind = [np.interp(seconds - 4.0, path[:, 0], path[:, k]) for k in (1, 2)]
        track = np.degrees(np.arctan2(ahead[0] - behind[0], ahead[1] - behind[1])) + rng.normal(0.0, 1.0, len(seconds))
        for name, values in (
            ("time", seconds), ("lat", lat), ("lon", (lon + 180.0) % 360.0 - 180.0), ("alt", altitude),
            ("speed", np.round(speed + rng.normal(0.0, 4.0, len(seconds)))), ("track", track % 360.0), ("rate", rate),
            ("height", height),
        ):  # fmt: skip
            columns[name].append(values)
        counts.append(len(seconds))
        neighbour.append(close)
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    total = len(joined["time"])
    number = np.repeat(np.arange(len(parts)), counts)
    rows = Positions.allocate(total)
    rows.time_ns[:] = BEGIN_NS + (joined["time"] * S).astype(np.int64)
    rows.icao[:] = 0x200000 + number
    rows.lat_deg[:], rows.lon_deg[:] = joined["lat"], joined["lon"]
    rows.on_ground[:] = 0
    rows.altitude_ft[:], rows.groundspeed_kt[:], rows.track_deg[:] = joined["alt"], joined["speed"], joined["track"]
    rows.vertical_rate_fpm[:] = joined["rate"]
    rows.parent[:] = np.arange(total)
    for name, value in (
        ("address_kind", 0), ("altitude_geom_ft", np.nan), ("callsign", 0), ("squawk", 0xFFFF), ("nic", 8),
        ("nac_p", 9), ("source", 0), ("receivers", 1), ("signal_dbfs", np.nan), ("verdict", 1), ("reason", 0),
        ("revision", 0), ("provenance", 2),
    ):  # fmt: skip
        getattr(rows, name)[:] = value
    truth = Truth(
        np.array([one.airport for one in parts], np.int32), np.array([one.arrives for one in parts], np.uint8),
        np.array(neighbour, np.uint8),
    )  # fmt: skip
    return Drawn(rows, np.r_[0, np.cumsum(counts)].astype(np.int64), joined["height"], truth)


def cut(flights: Drawn, least_ft: F64) -> tuple[Ends, I32]:
    """Return the ends that are left if nothing below a height above the field is heard, and the true airport of each.

    least_ft  (flights,) height below which each flight is not heard

    A flight of which nothing is left is left out.
    """
    at = []
    whose = []
    for number in range(len(flights.truth.airport)):
        a, z = int(flights.first[number]), int(flights.first[number + 1])
        heard = (
            np.flatnonzero(flights.height_ft[a:z] >= least_ft[number])
            if flights.truth.airport[number] >= 0
            else (np.arange(z - a))
        )
        if len(heard):
            at.append(a + int(heard[-1] if flights.truth.is_arrival[number] else heard[0]))
            whose.append(number)
    row, rows = np.array(at, np.int64), flights.rows
    ends = Ends.allocate(len(row))
    ends.side[:] = flights.truth.is_arrival[whose]
    ends.leg[:] = np.arange(len(row))
    for name in ("time_ns", "lat_deg", "lon_deg", "altitude_ft", "vertical_rate_fpm", "track_deg", "groundspeed_kt"):
        getattr(ends, name)[:] = getattr(rows, name)[row]
    ends.on_ground[:] = 0
    ends.receivers[:] = 1
    ends.evidence[:] = 2
    ends.parent[:] = rows.parent[row]
    ends.not_before_ns[:] = ends.not_after_ns[:] = UNTIMED
    ends.airport[:] = ends.runway[:] = -1
    ends.probability[:] = 0.0
    ends.elsewhere[:] = 1.0
    ends.distance_nmi[:] = ends.height_ft[:] = np.nan
    return ends, flights.truth.airport[whose]
