"""Compact position reporting: 17 bits of latitude and of longitude, by zones that differ between even and odd.

RTCA DO-260B 2.2.3.2.3.7 (airborne), 2.2.3.2.4.7 (surface) and A.1.7. The zone indices are computed in integers, so
that no rounding can choose a wrong zone.
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.geo.nl import nl
from skywitness.kernel import scalar

__all__ = ["CPR_SCALE", "global_airborne", "global_surface", "local", "quantise_deg", "quantise_lon", "wrap_lon"]

CPR_SCALE = 131072.0  # 2^17, counts in one zone


@scalar
def quantise_deg(angle_deg):
    """Round to the quantum of published coordinates, 1e-6 degree (0.11 m)."""
    return math.floor(angle_deg * 1e6 + 0.5) / 1e6


@scalar
def quantise_lon(lon_deg):
    """Round a longitude likewise and keep it in [-180, 180)."""
    rounded = quantise_deg(lon_deg)
    return -180.0 if rounded >= 180.0 else rounded


@scalar
def wrap_lon(lon_deg):
    """Longitude in [-180, 180)."""
    if lon_deg >= 180.0:
        return lon_deg - 360.0
    if lon_deg < -180.0:
        return lon_deg + 360.0
    return lon_deg


@scalar
def global_airborne(even_lat, even_lon, odd_lat, odd_lon, newest_odd):
    """Position from an even and an odd airborne message.

    even_lat .. odd_lon  int   encoded, 0..131071
    newest_odd           bool  the odd one is the newer: its position is wanted
    return               (latitude, longitude) in degrees; NaN if the two lie in different zones of longitude numbering
                         or beyond a pole
    source               RTCA DO-260B A.1.7.7
    """
    j = (59 * even_lat - 60 * odd_lat + 65536) >> 17
    lat_even = 6.0 * (j % 60 + even_lat / CPR_SCALE)
    lat_odd = 360.0 / 59.0 * (j % 59 + odd_lat / CPR_SCALE)
    if lat_even >= 270.0:
        lat_even -= 360.0
    if lat_odd >= 270.0:
        lat_odd -= 360.0
    if not (-90.0 <= lat_even <= 90.0 and -90.0 <= lat_odd <= 90.0):
        return np.nan, np.nan
    zones = nl(lat_even)
    if zones != nl(lat_odd):
        return np.nan, np.nan
    m = (even_lon * (zones - 1) - odd_lon * zones + 65536) >> 17
    if newest_odd:
        n = max(zones - 1, 1)
        return lat_odd, wrap_lon(360.0 / n * (m % n + odd_lon / CPR_SCALE))
    return lat_even, wrap_lon(360.0 / zones * (m % zones + even_lon / CPR_SCALE))


@scalar
def nearest_turn(angle_deg, reference_deg, period_deg):
    """The angle shifted by whole periods to be nearest to the reference."""
    return angle_deg + period_deg * math.floor((reference_deg - angle_deg) / period_deg + 0.5)


@scalar
def global_surface(even_lat, even_lon, odd_lat, odd_lon, newest_odd, reference_lat_deg, reference_lon_deg):
    """Position from an even and an odd surface message and a place within 45 degrees of it.

    return  (latitude, longitude) in degrees; NaN where it cannot be
    source  RTCA DO-260B A.1.7.8: zones are a quarter as wide, so that a reference must choose among the solutions
    """
    j = (59 * even_lat - 60 * odd_lat + 65536) >> 17
    lat_even = 1.5 * (j % 60 + even_lat / CPR_SCALE)
    lat_odd = 90.0 / 59.0 * (j % 59 + odd_lat / CPR_SCALE)
    # Solutions lie 90 degrees apart: one in each hemisphere.
    if abs(lat_even - 90.0 - reference_lat_deg) < abs(lat_even - reference_lat_deg):
        lat_even -= 90.0
    if abs(lat_odd - 90.0 - reference_lat_deg) < abs(lat_odd - reference_lat_deg):
        lat_odd -= 90.0
    zones = nl(lat_even)
    if zones != nl(lat_odd):
        return np.nan, np.nan
    m = (even_lon * (zones - 1) - odd_lon * zones + 65536) >> 17
    if newest_odd:
        n = max(zones - 1, 1)
        lat = lat_odd
        lon = 90.0 / n * (m % n + odd_lon / CPR_SCALE)
    else:
        n = zones
        lat = lat_even
        lon = 90.0 / n * (m % n + even_lon / CPR_SCALE)
    return lat, wrap_lon(nearest_turn(lon, reference_lon_deg, 90.0))


@scalar
def local(lat, lon, odd, surface, reference_lat_deg, reference_lon_deg):
    """Position from one message and a reference less than half a zone away (180 NM; on the surface 45 NM).

    lat, lon  int   encoded, 0..131071
    return    (latitude, longitude) in degrees; NaN beyond a pole
    source    RTCA DO-260B A.1.7.5 (airborne), A.1.7.6 (surface)
    """
    turn = 90.0 if surface else 360.0
    zone_lat = turn / (59.0 if odd else 60.0)
    fraction = lat / CPR_SCALE
    j = math.floor(reference_lat_deg / zone_lat - fraction + 0.5)
    lat_deg = zone_lat * (j + fraction)
    if not -90.0 <= lat_deg <= 90.0:
        return np.nan, np.nan
    zones = nl(lat_deg)
    zone_lon = turn / max(zones - 1 if odd else zones, 1)
    fraction = lon / CPR_SCALE
    m = math.floor(reference_lon_deg / zone_lon - fraction + 0.5)
    return lat_deg, wrap_lon(zone_lon * (m + fraction))
