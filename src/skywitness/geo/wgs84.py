"""The WGS-84 ellipsoid: radii of curvature and earth-centred coordinates."""

from __future__ import annotations

import math

from skywitness.kernel import scalar

__all__ = ["FLATTENING", "SEMI_MAJOR_M", "SQUARED_ECCENTRICITY", "earth_centred_m", "radii_m"]

SEMI_MAJOR_M = 6_378_137.0  # NGA.STND.0036_1.0.0_WGS84, table 3.1, exact
FLATTENING = 1.0 / 298.257_223_563  # same, exact
SQUARED_ECCENTRICITY = FLATTENING * (2.0 - FLATTENING)


@scalar
def radii_m(lat_deg):
    """Radii of curvature at a latitude: along the meridian and across it."""
    sine = math.sin(math.radians(lat_deg))
    w = 1.0 - SQUARED_ECCENTRICITY * sine * sine
    across = SEMI_MAJOR_M / math.sqrt(w)
    return across * (1.0 - SQUARED_ECCENTRICITY) / w, across


@scalar
def earth_centred_m(lat_deg, lon_deg, height_m):
    """Earth-centred, earth-fixed coordinates (x, y, z) of a point at a height above the ellipsoid."""
    lat = math.radians(lat_deg)
    lon = math.radians(lon_deg)
    sine = math.sin(lat)
    cosine = math.cos(lat)
    across = SEMI_MAJOR_M / math.sqrt(1.0 - SQUARED_ECCENTRICITY * sine * sine)
    radius = (across + height_m) * cosine
    return (
        radius * math.cos(lon),
        radius * math.sin(lon),
        (across * (1.0 - SQUARED_ECCENTRICITY) + height_m) * sine,
    )
