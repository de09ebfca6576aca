"""Approaches without a landing: low over a field, then up again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, I64
from skywitness.geo.cells import nearest
from skywitness.geo.sphere import bearing_deg
from skywitness.journeys.ground import GROUND
from skywitness.journeys.legs import Flights
from skywitness.kernel import kernel
from skywitness.reference.airports import Gazetteer
from skywitness.units import NS_PER_S

__all__ = ["ApproachSettings", "approaches"]

PLACES = 8
LEVEL_FT = 60.0
"""Rows within this of the lowest altitude are as low."""
JUMP_FT, JUMP_FPS = 300.0, 150.0
"""Altitudes that differ more than by the first, and by the second a second, are not one climb."""


@dataclass(frozen=True, slots=True)
class ApproachSettings:
    """What counts as an approach. Heights are pressure altitude above the field, wrong by up to 1,000 ft."""

    climb_ft: float = 400.0
    """Higher than the lowest point by this much before and after it."""
    height_ft: float = 2_100.0
    """A go-around has its lowest point at most this far above the field: a low pass at 1,000 ft, and the pressure,"""
    field_nmi: float = 1.0
    """at most this far from it,"""
    along_deg: float = 20.0
    """and a course within this of a runway's."""
    low_ft: float = 1_000.0
    """A low approach has it at most this far above the field, on any course (`height_ft` within `field_nmi` of a field
    whose runways nobody knows),"""
    low_nmi: float = 2.0
    """and at most this far from it."""
    silence_s: float = 300.0
    """A longer silence between the lowest point and its sides could hide a landing."""


def approaches(
    flights: Flights, leg: I64, settings: ApproachSettings | None = None
) -> Iterator[tuple[str, I64, NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield `go_around` and `low_approach`, each with rows of the lowest points, heights, limits, fields, runway ends.

    leg  (rows,) int64: flight that each row belongs to, -1 none
    """
    s = settings or ApproachSettings()
    rows, gazetteer = flights.histories.rows, flights.gazetteer
    out = np.empty((2, len(rows)), np.int64)
    silence_ns = int(s.silence_s * NS_PER_S)
    count = find_valleys(leg, rows.time_ns, rows.altitude_ft, flights.state, float(s.climb_ft), silence_ns, out)
    first, last = out[:, :count]
    if not count or not len(gazetteer):
        return
    known = np.isfinite(gazetteer.elevation_ft).astype(np.uint8)
    reach = max(s.field_nmi, s.low_nmi)
    # Where it is level at the lowest point, the place is where the field is nearest.
    low = first.copy()
    airport, far = nearest(gazetteer.cells, rows.lat_deg[low], rows.lon_deg[low], reach, known)
    for part in range(1, PLACES + 1):
        other = first + (last - first) * part // PLACES
        field, away = nearest(gazetteer.cells, rows.lat_deg[other], rows.lon_deg[other], reach, known)
        closer = (field >= 0) & ~(away >= far)
        low, airport, far = np.where(closer, other, low), np.where(closer, field, airport), np.where(closer, away, far)
    height = rows.altitude_ft[low] - gazetteer.elevation_ft[np.maximum(airport, 0)]
    near = (airport >= 0) & (np.abs(height) <= max(s.height_ft, s.low_ft))
    low, airport, height, far = low[near], airport[near].astype(np.int64), height[near].astype(np.float64), far[near]
    before = np.maximum(low - 1, 0)
    course = bearing_deg(rows.lat_deg[before], rows.lon_deg[before], rows.lat_deg[low], rows.lon_deg[low])
    course = np.where(np.isnan(rows.track_deg[low]), course, rows.track_deg[low])
    runway = np.array([_along(gazetteer, int(a), float(c), s.along_deg) for a, c in zip(airport, course, strict=True)])
    runway = runway.astype(np.int64)
    around = (runway >= 0) & (far <= s.field_nmi) & (height <= s.height_ft)
    unknown = np.array([not len(gazetteer.runways(int(one))) for one in airport], bool)
    limit = np.where(around | (unknown & (far <= s.field_nmi)), s.height_ft, s.low_ft)
    over = ~around & (far <= s.low_nmi) & (np.abs(height) <= limit)
    for kind, chosen in (("go_around", around), ("low_approach", over)):
        yield kind, low[chosen], height[chosen], limit[chosen], airport[chosen], np.where(around, runway, -1)[chosen]


def _along(gazetteer: Gazetteer, airport: int, course_deg: float, most_deg: float) -> int:
    """Return the runway end of a field whose heading is nearest to a course; -1 if none is near enough."""
    ends = gazetteer.runways(airport)
    if not len(ends):
        return -1
    headings: F32 = gazetteer.runway_heading_deg[ends.start : ends.stop]
    off = np.abs((headings - course_deg + 180.0) % 360.0 - 180.0)
    off = np.where(np.isnan(off), 360.0, off)
    best = int(np.argmin(off))
    return ends.start + best if off[best] <= most_deg else -1


@kernel
def find_valleys(leg, time_ns, altitude_ft, state, climb_ft, silence_ns, out_rows):
    """Find the lowest points between two higher ones, without ground or silence between; returns their number.

    leg          (n,) int64     rows of one flight have one number; -1 none
    time_ns      (n,) int64
    altitude_ft  (n,) float32   NaN unknown
    state        (n,) uint8     see `journeys/ground.py`
    out_rows     (2, n) int64   first row of the lowest altitude, and last that is as low
    """
    count = 0
    begun = False  # descended by `climb_ft` from `top` to `bottom`
    top = 0.0
    bottom = 0.0
    at = until = -1
    last = -1
    known = -1
    for i in range(len(leg)):
        new = leg[i] < 0 or last < 0 or leg[i] != leg[last] or time_ns[i] - time_ns[last] >= silence_ns
        if new or state[i] == GROUND:
            begun, at = False, -1
            last = -1 if leg[i] < 0 or state[i] == GROUND else i
            top, known = -1e9, -1
        else:
            last = i
        feet = float(altitude_ft[i])
        if last < 0 or feet != feet:
            continue
        if (
            known >= 0
            and abs(feet - altitude_ft[known]) > JUMP_FT + JUMP_FPS * float(time_ns[i] - time_ns[known]) / 1e9
        ):
            begun, top = False, -1e9  # no aircraft climbs like that: an altitude is wrong
        known = i
        if not begun:
            if feet > top:
                top = feet
            elif feet <= top - climb_ft:
                begun, bottom, at, until = True, feet, i, i
        elif feet < bottom:
            bottom, at, until = feet, i, i
        elif feet <= bottom + LEVEL_FT:
            until = i
        elif feet >= bottom + climb_ft:
            out_rows[0, count], out_rows[1, count] = at, until
            count += 1
            begun, top = False, feet
    return count
