"""Wind and temperature derived from what an aircraft says of its own motion.

The registers count coarsely, so each result carries what half a step in every input makes of it, and none is given
where that is more than it is worth. The values put together must be of nearly the same moment (five seconds) and of
level, straight flight: a turn or a push of the throttle between two replies looks like wind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from skywitness.messages.mode_s.atmosphere import SOUND_SEA_LEVEL_KT

__all__ = ["Temperature", "Wind", "temperature", "true_airspeed_kt", "wind"]

SEA_LEVEL_K = 288.15
ZERO_C_K = 273.15
LEAST_MACH = 0.3
LEAST_TAS_KT = 100.0
MOST_ROLL_DEG = 5.0
MOST_WIND_KT = 250.0
# Half a step: true airspeed and ground speed 2 kt (BDS 5,0), Mach 0.004, heading and track 90/512 degrees.
HALF_SPEED_KT = 1.0
HALF_MACH = 0.002
HALF_ANGLE_DEG = 90 / 512 / 2


@dataclass(frozen=True, slots=True)
class Temperature:
    """Air temperature around an aircraft."""

    static_c: float
    """Of the air at rest."""
    total_c: float
    """Of the air brought to rest by the aircraft."""
    error_c: float
    """What half a step of both inputs changes in `static_c`."""


@dataclass(frozen=True, slots=True)
class Wind:
    """Wind at an aircraft."""

    speed_kt: float
    direction_deg: float
    """True direction it blows from, [0, 360)."""
    error_kt: float
    """What half a step of all inputs changes in the wind vector; instrument errors come on top."""


def temperature(tas_kt: float, mach: float) -> Temperature | None:
    """Temperature from true airspeed and Mach number, whose quotient is the speed of sound.

    T = 288.15 K (TAS / (M a0))^2 with a0 the speed of sound at 288.15 K (ICAO Doc 7488); total temperature
    T (1 + 0.2 M^2). None for a Mach number below 0.3, where the error would exceed six degrees, and for results
    outside -100 to 60 degrees.
    """
    if not (mach >= LEAST_MACH and tas_kt >= LEAST_TAS_KT):
        return None
    kelvin = SEA_LEVEL_K * (tas_kt / (mach * SOUND_SEA_LEVEL_KT)) ** 2
    if not -100.0 <= kelvin - ZERO_C_K <= 60.0:
        return None
    error = 2.0 * kelvin * (HALF_SPEED_KT / tas_kt + HALF_MACH / mach)
    total = kelvin * (1.0 + 0.2 * mach * mach)
    return Temperature(round(kelvin - ZERO_C_K, 1), round(total - ZERO_C_K, 1), round(error, 1))


def true_airspeed_kt(mach: float, static_c: float) -> float:
    """True airspeed of a Mach number in air of this temperature."""
    return mach * SOUND_SEA_LEVEL_KT * math.sqrt((static_c + ZERO_C_K) / SEA_LEVEL_K)


def wind(
    tas_kt: float,
    magnetic_heading_deg: float,
    groundspeed_kt: float,
    track_deg: float,
    *,
    declination_deg: float,
    roll_deg: float = 0.0,
) -> Wind | None:
    """Wind from motion through the air and over the ground: their difference as vectors.

    Registers 5,3 and 6,0 give the heading from magnetic north, the track is from true north: `declination_deg`, east
    positive, of the place and year must be known, 0 if the heading is true. A degree wrong is 8 kt of wind at 450 kt,
    so a guess will not do. Side-slip is taken to be nothing. None below 100 kt of true airspeed, in a bank of more
    than 5 degrees, for a wind above 250 kt, and if an input is NaN.
    """
    if not (tas_kt >= LEAST_TAS_KT and abs(roll_deg) <= MOST_ROLL_DEG):
        return None
    heading = math.radians(magnetic_heading_deg + declination_deg)
    track = math.radians(track_deg)
    north = groundspeed_kt * math.cos(track) - tas_kt * math.cos(heading)
    east = groundspeed_kt * math.sin(track) - tas_kt * math.sin(heading)
    speed = math.hypot(north, east)
    if not speed <= MOST_WIND_KT:
        return None
    error = 2.0 * HALF_SPEED_KT + math.radians(HALF_ANGLE_DEG) * (tas_kt + groundspeed_kt)
    direction = round(math.degrees(math.atan2(-east, -north)) % 360.0, 1) % 360.0
    return Wind(round(speed, 1), direction if speed > 0.0 else 0.0, round(error, 1))
