"""The standard atmosphere and the airspeeds, as far as Comm-B needs them; exact arithmetic and one square root."""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import F64
from skywitness.kernel import scalar

__all__ = ["SOUND_SEA_LEVEL_KT", "implied_pressure_ratio", "pressure_ratio", "standard_temperature_c"]

SOUND_SEA_LEVEL_KT = 661.4788  # speed of sound at 288.15 K
LAPSE_K_M = 0.0065
GAS_J_KG_K = 287.05287
GRAVITY = 9.80665
LOWEST_FT = -2000.0


def _pressure_table() -> F64:
    """Ratio to sea-level pressure at each 1,000 ft from -2,000 to 61,000, rounded so that all machines agree.

    ICAO Doc 7488: 6.5 K/km up to 11 km, then 216.65 K.
    """
    exponent = GRAVITY / (GAS_J_KG_K * LAPSE_K_M)
    ratios = []
    for thousand in range(-2, 62):
        height = thousand * 304.8
        ratio = (1 - LAPSE_K_M * min(height, 11000.0) / 288.15) ** exponent
        if height > 11000.0:
            ratio *= math.exp(-GRAVITY * (height - 11000.0) / (GAS_J_KG_K * 216.65))
        ratios.append(round(ratio, 9))
    return np.array(ratios)


PRESSURE_RATIO = _pressure_table()


@scalar
def pressure_ratio(altitude_ft):
    """Pressure at a pressure altitude over that at sea level, standard atmosphere.

    Between the table's thousands it is interpolated (error below 0.02 %); beyond -2,000 and 60,000 ft the ends hold.
    """
    place = (altitude_ft - LOWEST_FT) * 0.001
    if not place > 0.0:
        place = 0.0
    elif place > 62.0:
        place = 62.0
    k = int(place)
    return PRESSURE_RATIO[k] + (PRESSURE_RATIO[k + 1] - PRESSURE_RATIO[k]) * (place - k)


@scalar
def standard_temperature_c(altitude_ft):
    """Temperature at a pressure altitude, standard atmosphere."""
    temperature = 15.0 - 0.0019812 * altitude_ft
    return temperature if temperature > -56.5 else -56.5


@scalar
def implied_pressure_ratio(ias_kt, mach):
    """Pressure over that at sea level at which this indicated airspeed is this Mach number (mach > 0).

    The impact pressure is p ((1 + 0.2 M^2)^3.5 - 1), and the airspeed indicator is calibrated with the sea-level
    pressure and speed of sound; so the quotient of the two brackets is the pressure ratio, whatever the temperature.
    """
    v = ias_kt / SOUND_SEA_LEVEL_KT
    a = 1.0 + 0.2 * v * v
    b = 1.0 + 0.2 * mach * mach
    return (a * a * a * math.sqrt(a) - 1.0) / (b * b * b * math.sqrt(b) - 1.0)
