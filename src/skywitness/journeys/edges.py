"""What was observed of the two ends of a leg, and between which receptions the wheels left or touched the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import END_EVIDENCE, F32, I64, U8, UNTIMED, Ends, Legs
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.journeys.ground import AIRBORNE
from skywitness.reference.airports import Gazetteer
from skywitness.units import NS_PER_S

if TYPE_CHECKING:
    from skywitness.coverage.expected import Expected
    from skywitness.journeys.ground import Surroundings
    from skywitness.journeys.histories import Histories
    from skywitness.journeys.legs import Found

__all__ = ["ends_of", "uncovered"]

ON_GROUND, BRACKETED, APPROACHING, LOST, UNCOVERED = range(len(END_EVIDENCE))
WINDOW_NS = 120 * NS_PER_S
LEAST_NS = 12 * NS_PER_S
BRACKET_FT, BRACKET_NMI, BRACKET_S = 1_500.0, 3.0, 7_200.0
STEEPEST_FPM = 6_000.0
"""A steeper slope comes of one wrong altitude."""
TENDENCY_FPM, TENDENCY_FT = 250.0, 15_000.0


def ends_of(histories: Histories, found: Found, around: Surroundings, made: Legs, gazetteer: Gazetteer) -> Ends:
    """Return both ends of every leg, airports left open."""
    del gazetteer
    rows, count = histories.rows, len(found.first)
    ends = Ends.allocate(2 * count)
    for side in range(2):
        outer = found.first if side == 0 else found.last
        is_ground = (found.ground_first if side == 0 else found.ground_last) == 1
        air = found.air_first if side == 0 else found.air_last
        seen = np.where(air >= 0, air, outer)  # the outermost reception in the air
        inner = found.air_last if side == 0 else found.air_first
        span = slice(side, None, 2)
        ends.leg[span] = np.arange(count)
        ends.side[span] = side
        ends.time_ns[span] = rows.time_ns[outer]
        ends.lat_deg[span], ends.lon_deg[span] = rows.lat_deg[outer], rows.lon_deg[outer]
        ends.altitude_ft[span] = np.where(air >= 0, rows.altitude_ft[seen], np.nan)
        rate, track, speed = _motion(histories, seen, np.where(inner >= 0, inner, seen))
        ends.vertical_rate_fpm[span] = np.where(air >= 0, rate, np.nan)
        ends.track_deg[span], ends.groundspeed_kt[span] = track, speed
        ends.on_ground[span] = is_ground
        ends.receivers[span] = rows.receivers[outer]
        ends.parent[span] = rows.parent[outer]
        before, after = _bracket(rows.time_ns, found, around.state, side, is_ground)
        ends.not_before_ns[span], ends.not_after_ns[span] = before, after
        toward = -rate if side else rate
        low = (around.height_ft[seen] < BRACKET_FT) & (around.field_nmi[seen] <= BRACKET_NMI)
        tends = (toward >= TENDENCY_FPM) & (rows.altitude_ft[seen] < TENDENCY_FT)
        ends.evidence[span] = np.where(is_ground, ON_GROUND, np.where((low | tends) & (air >= 0), APPROACHING, LOST))
    _bracket_between(histories, found, around, ends)
    ends.airport[:] = -1
    ends.runway[:] = -1
    ends.probability[:] = 0.0
    ends.elsewhere[:] = 1.0
    ends.distance_nmi[:] = np.nan
    ends.height_ft[:] = np.nan
    assert len(made) == count
    return ends


def uncovered(ends: Ends, expected: Expected) -> Ends:
    """Return the ends with those marked where nobody would have been heard.

    Asked of the twenty minutes after (before) the reception, straight on at its height: where hardly anybody flew who
    was heard, that nothing more was received says nothing of the aircraft.
    """
    lost = np.flatnonzero(ends.evidence == LOST)
    if not len(lost):
        return ends
    minutes = np.arange(1, AHEAD_MINUTES + 1)
    forward = np.where(ends.side[lost] == 1, 1.0, -1.0)
    speed = np.nan_to_num(ends.groundspeed_kt[lost], nan=200.0).astype(np.float64)
    track = np.radians(np.nan_to_num(ends.track_deg[lost], nan=0.0).astype(np.float64))
    far_deg = (forward * speed / 60.0)[:, None] * minutes / 60.0
    lat = ends.lat_deg[lost, None] + far_deg * np.cos(track)[:, None]
    narrow = np.maximum(np.cos(np.radians(ends.lat_deg[lost])), 0.05)
    lon = ends.lon_deg[lost, None] + far_deg * np.sin(track)[:, None] / narrow[:, None]
    time = ends.time_ns[lost, None] + (forward[:, None] * minutes * 60 * NS_PER_S).astype(np.int64)
    altitude = np.repeat(ends.altitude_ft[lost, None].astype(np.float64), AHEAD_MINUTES, axis=1)
    inside = np.clip(lat, -90.0, 90.0), (lon + 540.0) % 360.0 - 180.0
    p, _ = expected.chance(inside[0].ravel(), inside[1].ravel(), altitude.ravel(), time.ravel())
    heard = np.nan_to_num(p.reshape(len(lost), AHEAD_MINUTES), nan=0.0)
    covered = (heard >= COVERED).mean(axis=1)
    evidence = ends.evidence.copy()
    evidence[lost[covered < 0.5]] = UNCOVERED
    return ends.replaced(evidence=evidence)


AHEAD_MINUTES = 20
COVERED = 0.5
"""Chance of being heard in a minute from which it counts as covered; an end with fewer than half of them so is not."""


def _motion(histories: Histories, at: I64, inward: I64) -> tuple[F32, F32, F32]:
    """Return rate of climb, track and speed at rows, by their own report, else by the rows inward of them."""
    rows = histories.rows
    rate, track, speed = rows.vertical_rate_fpm[at].copy(), rows.track_deg[at].copy(), rows.groundspeed_kt[at].copy()
    step = np.sign(inward - at)
    other = at.copy()
    for _ in range(64):  # inward until the altitude had time to change
        far = np.abs(rows.time_ns[other] - rows.time_ns[at])
        going = (other != inward) & (far < 4 * LEAST_NS)
        if not going.any():
            break
        other = np.where(going, other + step, other)
    far = rows.time_ns[other] - rows.time_ns[at]
    usable = (np.abs(far) >= LEAST_NS) & (np.abs(far) <= WINDOW_NS)
    with np.errstate(divide="ignore", invalid="ignore"):
        minutes = np.where(usable, far / (60.0 * NS_PER_S), np.nan)
        slope = (rows.altitude_ft[other] - rows.altitude_ft[at]) / minutes
        moved = distance_nmi(rows.lat_deg[at], rows.lon_deg[at], rows.lat_deg[other], rows.lon_deg[other])
        knots = moved / np.abs(minutes) * 60.0
    # Over some tens of seconds the altitudes tell more than one report, which may be of a moment.
    rate = np.where(np.abs(slope) <= STEEPEST_FPM, slope, rate).astype(np.float32)
    backwards = far < 0
    course = bearing_deg(rows.lat_deg[at], rows.lon_deg[at], rows.lat_deg[other], rows.lon_deg[other])
    course = np.where(backwards, (course + 180.0) % 360.0, course)
    by_places = np.isnan(track) & usable & (moved > 0.05)
    track = np.where(by_places, course, track).astype(np.float32)
    speed = np.where(np.isnan(speed) & usable, knots, speed).astype(np.float32)
    return rate, track, speed


def _bracket(time_ns: I64, found: Found, state: U8, side: int, is_ground: NDArray[np.bool_]) -> tuple[I64, I64]:
    """Return not_before and not_after of the take-off or landing, by the leg's own rows."""
    count = len(found.first)
    before, after = np.full(count, UNTIMED), np.full(count, UNTIMED)
    airborne = state == AIRBORNE
    # Next and previous certainly airborne row of every row, as running extremes.
    index = np.arange(len(state))
    following = np.minimum.accumulate(np.where(airborne, index, len(state))[::-1])[::-1] if len(state) else index
    preceding = np.maximum.accumulate(np.where(airborne, index, -1)) if len(state) else index
    flew = found.air_first >= 0
    if side == 0:
        sure = following[np.where(flew, found.air_first, 0)] if len(state) else index
        has = flew & (sure <= found.air_last)
        after[has] = time_ns[sure[has]]
        ground = flew & is_ground
        before[ground] = time_ns[found.air_first[ground] - 1]
        before[~flew], after[~flew] = time_ns[found.first[~flew]], time_ns[found.last[~flew]]
    else:
        sure = preceding[np.where(flew, found.air_last, 0)] if len(state) else index
        has = flew & (sure >= found.air_first)
        before[has] = time_ns[sure[has]]
        ground = flew & is_ground
        after[ground] = time_ns[found.air_last[ground] + 1]
        before[~flew], after[~flew] = time_ns[found.first[~flew]], time_ns[found.last[~flew]]
    return before, after


def _bracket_between(histories: Histories, found: Found, around: Surroundings, ends: Ends) -> None:
    """Two legs with low flight at one place on both sides of a short silence: the ground lies between."""
    rows = histories.rows
    if len(found.first) < 2:
        return
    arrival, departure = 2 * np.arange(len(found.first) - 1) + 1, 2 * np.arange(1, len(found.first))
    a, d = found.last[:-1], found.first[1:]
    same = (
        (histories.body_of(a) == histories.body_of(d)) & (found.ground_last[:-1] == 0) & (found.ground_first[1:] == 0)
    )
    low_a = (around.height_ft[a] < BRACKET_FT) & (around.field_nmi[a] <= BRACKET_NMI)
    low_d = (around.height_ft[d] < BRACKET_FT) & (around.field_nmi[d] <= BRACKET_NMI)
    near = distance_nmi(rows.lat_deg[a], rows.lon_deg[a], rows.lat_deg[d], rows.lon_deg[d]) <= 2.0 * BRACKET_NMI
    short = (rows.time_ns[d] - rows.time_ns[a]) <= BRACKET_S * NS_PER_S
    between = same & near & short & low_a & low_d
    for end in (arrival[between], departure[between]):
        ends.evidence[end] = BRACKETED
    ends.not_after_ns[arrival[between]] = rows.time_ns[d[between]]
    ends.not_before_ns[departure[between]] = rows.time_ns[a[between]]
