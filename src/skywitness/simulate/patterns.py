"""Flights that circle, hold or survey for a while, drawn as position rows with the known stretch.

A path of lines and arcs on the plane, flown at one speed with wind, noise and missing rows. Ranges are those of what
is flown: a helicopter about a place, a glider in a thermal, an airliner in a holding, a camera over a field. Nothing
here was used to choose the thresholds of `skywitness.journeys.patterns`.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from skywitness.batches import F64, I64, U8, Positions

__all__ = ["KINDS", "DrawnPatterns", "drawn_patterns"]

KINDS = ("circling", "holding", "survey")
BEGIN_NS = 1_500_000_000 * 10**9
S = 10**9
STEP_NMI = 0.02
UNKNOWN = {
    "address_kind": 0, "altitude_geom_ft": np.nan, "vertical_rate_fpm": np.nan, "track_deg": np.nan, "callsign": 0,
    "squawk": 0xFFFF, "on_ground": 0, "nic": 8, "nac_p": 9, "source": 0, "receivers": 1, "signal_dbfs": np.nan,
    "verdict": 1, "reason": 0, "revision": 0, "provenance": 2,
}  # fmt: skip
Turtle = list[tuple[float, float]]
"""Pieces of a path: length in nmi and change of course in degrees over it."""


@dataclasses.dataclass(frozen=True, slots=True)
class DrawnPatterns:
    """Rows of all flights, one address each from 0, and of each the pattern and when it was flown."""

    rows: Positions
    kind: U8
    """Place in KINDS."""
    from_ns: I64
    until_ns: I64


def drawn_patterns(seed: int, count: int) -> DrawnPatterns:
    """Draw flights, kinds in turn; the same for the same seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    parts: list[Positions] = []
    kind = (np.arange(count) % len(KINDS)).astype(np.uint8)
    from_ns, until_ns = np.empty(count, np.int64), np.empty(count, np.int64)
    for number in range(count):
        pieces, knots = (_circling, _holding, _survey)[int(kind[number])](rng)
        rows, began, ended = _flown(rng, number, pieces, knots)
        parts.append(rows)
        from_ns[number], until_ns[number] = began, ended
    return DrawnPatterns(Positions.concat(parts), kind, from_ns, until_ns)


def _circling(rng: np.random.Generator) -> tuple[Turtle, float]:
    """Circles to one side of a radius that varies, of helicopters, gliders and patrol aircraft."""
    knots = float(rng.uniform(45.0, 220.0))
    # From a bank of 35 degrees, which is a lot for minutes, to four miles.
    least = max(0.2, knots**2 / 48_000.0)
    radius = float(np.exp(rng.uniform(math.log(least), math.log(max(1.1 * least, min(4.0, knots / 35.0))))))
    side = float(rng.choice([-1.0, 1.0]))
    turns = float(rng.uniform(3.0, 14.0))
    pieces: Turtle = []
    for _ in range(int(turns * 4)):
        here = radius * float(rng.uniform(0.75, 1.3))
        pieces.append((here * math.pi / 2, side * 90.0))
    return pieces, knots


def _holding(rng: np.random.Generator) -> tuple[Turtle, float]:
    """Racetracks of turns at three degrees a second and legs of one to one and a half minutes."""
    knots = float(rng.uniform(160.0, 260.0))
    side = float(rng.choice([-1.0, 1.0]))
    leg = knots / 60.0 * float(rng.uniform(1.0, 1.5))
    half = knots / 60.0 * float(rng.uniform(0.95, 1.15))
    pieces: Turtle = []
    for _ in range(int(rng.integers(3, 8))):
        pieces += [(half, side * 180.0), (leg, 0.0), (half, side * 180.0), (leg, 0.0)]
    return pieces, knots


def _survey(rng: np.random.Generator) -> tuple[Turtle, float]:
    """Parallel lines to and fro, with turns that lead to the next one."""
    knots = float(rng.uniform(80.0, 170.0))
    line = float(rng.uniform(2.0, 9.0))
    side = float(rng.choice([-1.0, 1.0]))
    pieces: Turtle = []
    for _ in range(int(rng.integers(8, 26))):
        wide = float(rng.uniform(0.35, 0.7))
        # A turn about a point, begun outwards so that the next line is nearer than the turn is wide.
        out = float(rng.uniform(20.0, 60.0))
        pieces += [(line, 0.0), (wide * math.radians(out), -side * out)]
        pieces.append((wide * math.radians(180.0 + out), side * (180.0 + out)))
        side = -side
    return pieces, knots


def _flown(rng: np.random.Generator, number: int, pieces: Turtle, knots: float) -> tuple[Positions, int, int]:
    before = [(float(rng.uniform(6.0, 60.0)), 0.0), (1.0, float(rng.uniform(-60.0, 60.0)))]
    after = [(1.0, float(rng.uniform(-60.0, 60.0))), (float(rng.uniform(6.0, 60.0)), 0.0)]
    east, north, path, marks = _path([before, pieces, after], float(rng.uniform(0.0, 360.0)))
    seconds = path / knots * 3600.0
    wind_kt, wind_from = float(rng.uniform(0.0, min(25.0, knots / 6.0))), float(rng.uniform(0.0, 2.0 * math.pi))
    east = east + wind_kt * math.sin(wind_from) * seconds / 3600.0
    north = north + wind_kt * math.cos(wind_from) * seconds / 3600.0
    step = float(rng.choice([1.0, 2.0, 5.0, 10.0]))
    if knots > 200.0:
        step = min(step, 5.0)
    at = np.arange(0.0, float(seconds[-1]), step)
    at = at[rng.random(len(at)) > float(rng.uniform(0.0, 0.3))]
    noise_nmi = float(rng.choice([0.002, 0.01]))
    x = np.interp(at, seconds, east) + rng.normal(0.0, noise_nmi, len(at))
    y = np.interp(at, seconds, north) + rng.normal(0.0, noise_nmi, len(at))
    lat0, lon0 = float(rng.uniform(-60.0, 65.0)), float(rng.uniform(-179.9, 179.9))
    lat = lat0 + y / 60.0
    lon = (lon0 + x / (60.0 * np.cos(np.radians(lat))) + 540.0) % 360.0 - 180.0
    rows = Positions.allocate(len(at))
    begin = BEGIN_NS + number * 86_400 * S
    rows.time_ns[:] = begin + np.round(at * S).astype(np.int64)
    rows.icao[:] = number
    rows.lat_deg[:], rows.lon_deg[:] = lat, lon
    rows.altitude_ft[:] = np.round(float(rng.uniform(2_000.0, 18_000.0)) / 25.0) * 25.0
    rows.groundspeed_kt[:] = knots
    for name, value in UNKNOWN.items():
        getattr(rows, name)[:] = value
    rows.parent[:] = number << 20 | np.arange(len(at))
    first, last = (int(begin + float(np.interp(mark, path, seconds)) * S) for mark in marks)
    return rows, first, last


def _path(parts: list[Turtle], course: float) -> tuple[F64, F64, F64, tuple[float, float]]:
    """Points of a path every few metres: east, north and way in nmi; and where the middle part begins and ends."""
    lengths: list[F64] = []
    turns: list[F64] = []
    marks: list[int] = []
    for part in parts:
        marks.append(sum(len(one) for one in lengths))
        for length, turn in part:
            steps = max(2, round(length / STEP_NMI))
            lengths.append(np.full(steps, length / steps))
            turns.append(np.full(steps, turn / steps))
    step, turned = np.concatenate(lengths), np.concatenate(turns)
    heading = np.radians(course + np.cumsum(turned) - turned / 2)
    path = np.r_[0.0, np.cumsum(step)]
    east = np.r_[0.0, np.cumsum(step * np.sin(heading))]
    north = np.r_[0.0, np.cumsum(step * np.cos(heading))]
    return east, north, path, (float(path[marks[1]]), float(path[marks[2]]))
