"""The air an aircraft flies in: standard atmosphere, airspeeds, and where a compass points."""

from __future__ import annotations

import math

from skywitness.kernel import kernel, scalar
from skywitness.simulate.state import (
    ALTITUDE,
    HEADING,
    IAS,
    LAT,
    LON,
    MACH,
    MAGNETIC,
    PRESSURE,
    SPEED,
    TAS,
    TEMPERATURE,
    TRACK,
    WIND,
    WIND_FROM,
)
from skywitness.units import FOOT_M, KNOT_MPS, STANDARD_PRESSURE_HPA

__all__ = ["declination_deg", "fill_air", "indicated_kt", "pressure_hpa", "sound_kt", "temperature_k"]

SEA_LEVEL_K = 288.15
LAPSE_K_M = 0.0065
TROPOPAUSE_M = 11_000.0
EXPONENT = 5.255_879_7  # g0 M / (R L)
SCALE_HEIGHT_M = 6341.62  # R T / (g0 M) above the tropopause
SOUND = 20.046_796  # m/s per square root of kelvin: sqrt(1.4 * 287.05287)

# Pole of the dipole part of the geomagnetic field, International Geomagnetic Reference Field 13, 2020.
POLE_LAT_DEG = 80.65
POLE_LON_DEG = -72.68


@scalar
def temperature_k(altitude_ft):
    """Temperature of the ICAO standard atmosphere (Doc 7488) up to 20 km."""
    return SEA_LEVEL_K - LAPSE_K_M * min(altitude_ft * FOOT_M, TROPOPAUSE_M)


@scalar
def pressure_hpa(altitude_ft):
    """Static pressure of the ICAO standard atmosphere up to 20 km."""
    pressure = STANDARD_PRESSURE_HPA * math.pow(temperature_k(altitude_ft) / SEA_LEVEL_K, EXPONENT)
    above_m = altitude_ft * FOOT_M - TROPOPAUSE_M
    return pressure * math.exp(-above_m / SCALE_HEIGHT_M) if above_m > 0.0 else pressure


@scalar
def sound_kt(temperature):
    """Speed of sound at a temperature in kelvin."""
    return SOUND * math.sqrt(temperature) / KNOT_MPS


@scalar
def indicated_kt(mach, pressure):
    """Airspeed that an instrument without errors shows (calibrated airspeed) at a Mach number and static pressure."""
    impact = (math.pow(1.0 + 0.2 * mach * mach, 3.5) - 1.0) * pressure / STANDARD_PRESSURE_HPA
    return sound_kt(SEA_LEVEL_K) * math.sqrt(5.0 * (math.pow(impact + 1.0, 2.0 / 7.0) - 1.0))


@scalar
def declination_deg(lat_deg, lon_deg):
    """Angle from true to magnetic north, east positive, of a dipole field: within some 10 degrees up to latitude 60."""
    lat = math.radians(lat_deg)
    west = math.radians(POLE_LON_DEG - lon_deg)
    pole = math.radians(POLE_LAT_DEG)
    east = math.cos(pole) * math.sin(west)
    north = math.cos(lat) * math.sin(pole) - math.sin(lat) * math.cos(pole) * math.cos(west)
    return math.degrees(math.atan2(east, north))


@kernel
def fill_air(state):
    """Fill what follows from motion, place and wind: airspeeds, headings, temperature and pressure.

    state  (n, 21) float64   see skywitness.simulate.state; read and written
    """
    for i in range(len(state)):
        row = state[i]
        track = math.radians(row[TRACK])
        blows_to = math.radians(row[WIND_FROM] + 180.0)
        east = row[SPEED] * math.sin(track) - row[WIND] * math.sin(blows_to)
        north = row[SPEED] * math.cos(track) - row[WIND] * math.cos(blows_to)
        temperature = temperature_k(row[ALTITUDE])
        pressure = pressure_hpa(row[ALTITUDE])
        tas = math.sqrt(east * east + north * north)
        heading = math.degrees(math.atan2(east, north)) % 360.0
        mach = tas / sound_kt(temperature)
        row[TAS] = tas
        row[HEADING] = heading
        row[MAGNETIC] = (heading - declination_deg(row[LAT], row[LON])) % 360.0
        row[MACH] = mach
        row[IAS] = indicated_kt(mach, pressure)
        row[TEMPERATURE] = temperature - 273.15
        row[PRESSURE] = pressure
