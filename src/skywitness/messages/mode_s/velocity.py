"""Airborne velocity, type code 19 (RTCA DO-260B 2.2.3.2.6; ICAO Doc 9871 table A-2-9).

Each scalar takes the 56-bit ME field and answers NaN where the message has no such value: another subtype, or the
code for "no information".
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.kernel import scalar

__all__ = [
    "airspeed_kt",
    "atan2_deg",
    "east_kt",
    "geo_minus_baro_ft",
    "groundspeed_kt",
    "heading_deg",
    "is_true_airspeed",
    "north_kt",
    "track_deg",
    "vertical_rate_fpm",
    "vertical_rate_source",
]


@scalar
def atan2_deg(y, x):
    """Angle of the vector (x, y) from the x axis towards the y axis, [0, 360); 0 for the null vector.

    Within 4e-7 degree of the true angle, and the same on every machine: only additions, multiplications and one
    division, so no mathematics library has a say. atan(q) for q in [0, 1] is an odd polynomial, its coefficients found
    by the Remez exchange for the least greatest error.
    """
    ax = abs(x)
    ay = abs(y)
    high = max(ax, ay)
    if high == 0.0:
        return 0.0
    q = min(ax, ay) / high
    t = q * q
    angle = 0.14076000114291787
    angle = angle * t - 0.8251372428293305
    angle = angle * t + 2.279296585185326
    angle = angle * t - 4.1452682622940005
    angle = angle * t + 6.015453167071123
    angle = angle * t - 8.113786703504202
    angle = angle * t + 11.451081081332893
    angle = angle * t - 19.098171299608307
    angle = angle * t + 57.295773003311965
    angle *= q
    if ay > ax:
        angle = 90.0 - angle
    if x < 0.0:
        angle = 180.0 - angle
    if y < 0.0:
        angle = 360.0 - angle
    return angle if angle < 360.0 else 0.0


@scalar
def east_kt(me):
    """Ground velocity towards east, subtypes 1 and 2 (ME bits 14-24)."""
    subtype = me >> 48 & 7
    raw = me >> 32 & 0x3FF
    if (subtype != 1 and subtype != 2) or raw == 0:
        return np.nan
    speed = float((raw - 1) * (4 if subtype == 2 else 1))
    return -speed if me >> 42 & 1 else speed


@scalar
def north_kt(me):
    """Ground velocity towards north, subtypes 1 and 2 (ME bits 25-35)."""
    subtype = me >> 48 & 7
    raw = me >> 21 & 0x3FF
    if (subtype != 1 and subtype != 2) or raw == 0:
        return np.nan
    speed = float((raw - 1) * (4 if subtype == 2 else 1))
    return -speed if me >> 31 & 1 else speed


@scalar
def groundspeed_kt(me):
    """Ground speed of subtypes 1 and 2 (supersonic: steps of 4 kt)."""
    east = east_kt(me)
    north = north_kt(me)
    return math.sqrt(east * east + north * north)


@scalar
def track_deg(me):
    """True track over ground of subtypes 1 and 2, [0, 360); NaN also when standing still."""
    east = east_kt(me)
    north = north_kt(me)
    if math.isnan(east) or math.isnan(north) or (east == 0.0 and north == 0.0):
        return np.nan
    return atan2_deg(east, north)


@scalar
def airspeed_kt(me):
    """Airspeed of subtypes 3 and 4 (supersonic: steps of 4 kt); `is_true_airspeed` says which one (ME bits 26-35)."""
    subtype = me >> 48 & 7
    raw = me >> 21 & 0x3FF
    if (subtype != 3 and subtype != 4) or raw == 0:
        return np.nan
    return float((raw - 1) * (4 if subtype == 4 else 1))


@scalar
def is_true_airspeed(me):
    """Airspeed type of subtypes 3 and 4: 1 true, 0 indicated (ME bit 25)."""
    return me >> 31 & 1


@scalar
def heading_deg(me):
    """Heading of subtypes 3 and 4, [0, 360) (ME bits 14-24).

    Its reference, true or magnetic north, is told by the operational status message (HRD).
    """
    subtype = me >> 48 & 7
    if (subtype != 3 and subtype != 4) or not me >> 42 & 1:
        return np.nan
    return float(me >> 32 & 0x3FF) * (360.0 / 1024.0)


@scalar
def vertical_rate_fpm(me):
    """Vertical rate, positive up, of subtypes 1 to 4 (ME bits 37-46)."""
    subtype = me >> 48 & 7
    raw = me >> 10 & 0x1FF
    if subtype == 0 or subtype > 4 or raw == 0:
        return np.nan
    rate = float((raw - 1) * 64)
    return -rate if me >> 19 & 1 and raw > 1 else rate


@scalar
def vertical_rate_source(me):
    """Source of the vertical rate: 1 barometric, 0 GNSS or inertial (ME bit 36; DO-260B 2.2.3.2.6.1.10)."""
    return me >> 20 & 1


@scalar
def geo_minus_baro_ft(me):
    """Height above the ellipsoid minus pressure altitude, of subtypes 1 to 4 (ME bits 49-56)."""
    subtype = me >> 48 & 7
    raw = me & 0x7F
    if subtype == 0 or subtype > 4 or raw == 0:
        return np.nan
    difference = float((raw - 1) * 25)
    return -difference if me >> 7 & 1 and raw > 1 else difference
