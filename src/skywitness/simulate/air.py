"""The air an aircraft flies in: standard atmosphere, airspeeds, and where a compass points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skywitness.batches import F64
from skywitness.units import FOOT_M, KNOT_MPS, STANDARD_PRESSURE_HPA

__all__ = ["Air", "air_at", "declination_deg", "indicated_kt", "true_airspeed_kt"]

SEA_LEVEL_K = 288.15
LAPSE_K_M = 0.0065
TROPOPAUSE_M = 11_000.0
TROPOPAUSE_K = 216.65
EXPONENT = 5.255_879_7  # g0 M / (R L)
SCALE_HEIGHT_M = 6341.62  # R T / (g0 M) above the tropopause
SOUND = 20.046_796  # m/s per square root of kelvin: sqrt(1.4 * 287.05287)

# Geomagnetic north pole of the dipole part of the field, International Geomagnetic Reference Field 13, 2020.
POLE_LAT_DEG = 80.65
POLE_LON_DEG = -72.68


class Air(NamedTuple):
    """Static air at a pressure altitude."""

    temperature_k: F64
    pressure_hpa: F64
    sound_kt: F64


def air_at(altitude_ft: F64) -> Air:
    """Temperature, pressure and speed of sound of the ICAO standard atmosphere (Doc 7488), up to 20 km."""
    height_m = np.asarray(altitude_ft, np.float64) * FOOT_M
    low = np.minimum(height_m, TROPOPAUSE_M)
    temperature_k = SEA_LEVEL_K - LAPSE_K_M * low
    pressure_hpa = STANDARD_PRESSURE_HPA * (temperature_k / SEA_LEVEL_K) ** EXPONENT
    pressure_hpa *= np.exp(-np.maximum(height_m - TROPOPAUSE_M, 0.0) / SCALE_HEIGHT_M)
    return Air(temperature_k, pressure_hpa, SOUND * np.sqrt(temperature_k) / KNOT_MPS)


def indicated_kt(tas_kt: F64, air: Air) -> tuple[F64, F64]:
    """Indicated airspeed, without errors of the instrument (that is, calibrated airspeed), and Mach number."""
    mach = tas_kt / air.sound_kt
    impact = ((1.0 + 0.2 * mach**2) ** 3.5 - 1.0) * air.pressure_hpa / STANDARD_PRESSURE_HPA
    sea_level_sound_kt = SOUND * np.sqrt(SEA_LEVEL_K) / KNOT_MPS
    return sea_level_sound_kt * np.sqrt(5.0 * ((impact + 1.0) ** (2.0 / 7.0) - 1.0)), mach


def true_airspeed_kt(ias_kt: F64, air: Air) -> F64:
    """True airspeed of an indicated one: the inverse of `indicated_kt`."""
    sea_level_sound_kt = SOUND * np.sqrt(SEA_LEVEL_K) / KNOT_MPS
    impact = (1.0 + 0.2 * (ias_kt / sea_level_sound_kt) ** 2) ** 3.5 - 1.0
    ratio = impact * STANDARD_PRESSURE_HPA / air.pressure_hpa
    return air.sound_kt * np.sqrt(5.0 * ((ratio + 1.0) ** (2.0 / 7.0) - 1.0))


def declination_deg(lat_deg: F64, lon_deg: F64) -> F64:
    """Angle from true to magnetic north, east positive, of a dipole field: right within some 10 degrees below 60."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    pole_lat, pole_lon = np.radians(POLE_LAT_DEG), np.radians(POLE_LON_DEG)
    east = np.cos(pole_lat) * np.sin(pole_lon - lon)
    north = np.cos(lat) * np.sin(pole_lat) - np.sin(lat) * np.cos(pole_lat) * np.cos(pole_lon - lon)
    return np.degrees(np.arctan2(east, north))
