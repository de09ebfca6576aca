"""Shortest lines on the WGS-84 ellipsoid: how far, which way, and where one ends.

After T. Vincenty, Direct and Inverse Solutions of Geodesics on the Ellipsoid with Application of Nested Equations,
Survey Review 23 (176), 1975: good to a millimetre, except between points almost opposite each other on the Earth
(within about half a degree), where the series does not settle and the sphere is used: good to half a per cent.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from skywitness.batches import F64
from skywitness.geo.wgs84 import FLATTENING, SEMI_MAJOR_M
from skywitness.kernel import kernel, plain, scalar

__all__ = ["destination", "fill_geodesic", "geodesic", "geodesic_m", "inverse"]

SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
SECOND_ECCENTRICITY_SQUARED = (SEMI_MAJOR_M / SEMI_MINOR_M) ** 2 - 1.0
MEAN_RADIUS_M = (2.0 * SEMI_MAJOR_M + SEMI_MINOR_M) / 3.0
SETTLED = 1e-12  # radians: 6 micrometres
ROUNDS = 60


@scalar
def _series(u_squared):
    """Vincenty's A and B of equations 3 and 4."""
    a = 1.0 + u_squared / 16384.0 * (4096.0 + u_squared * (-768.0 + u_squared * (320.0 - 175.0 * u_squared)))
    b = u_squared / 1024.0 * (256.0 + u_squared * (-128.0 + u_squared * (74.0 - 47.0 * u_squared)))
    return a, b


@scalar
def _correction(b, sine, cosine, cos_middle):
    """Vincenty's difference of arcs, equation 6."""
    twice = 2.0 * cos_middle * cos_middle - 1.0
    inner = cosine * twice - b / 6.0 * cos_middle * (4.0 * sine * sine - 3.0) * (4.0 * cos_middle * cos_middle - 3.0)
    return b * sine * (cos_middle + b / 4.0 * inner)


@scalar
def inverse(lat1_deg, lon1_deg, lat2_deg, lon2_deg):
    """The geodesic between two points.

    return  (metres, true bearing at the first point, at the second point, both [0, 360)); NaN for NaN
    source  Vincenty 1975, equations 13 to 21
    """
    u1 = math.atan((1.0 - FLATTENING) * math.tan(math.radians(lat1_deg)))
    u2 = math.atan((1.0 - FLATTENING) * math.tan(math.radians(lat2_deg)))
    sin1, cos1, sin2, cos2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    difference = math.radians((lon2_deg - lon1_deg + 540.0) % 360.0 - 180.0)
    longitude = difference
    sine = cosine = arc = cos_square = cos_middle = sin_lon = cos_lon = 0.0
    settled = False
    for _ in range(ROUNDS):
        sin_lon, cos_lon = math.sin(longitude), math.cos(longitude)
        east = cos2 * sin_lon
        north = cos1 * sin2 - sin1 * cos2 * cos_lon
        sine = math.sqrt(east * east + north * north)
        cosine = sin1 * sin2 + cos1 * cos2 * cos_lon
        arc = math.atan2(sine, cosine)
        if sine == 0.0:
            settled = cosine > 0.0
            cos_square = 1.0
            break
        sin_azimuth = cos1 * cos2 * sin_lon / sine
        cos_square = 1.0 - sin_azimuth * sin_azimuth
        cos_middle = cosine - 2.0 * sin1 * sin2 / cos_square if cos_square > 1e-15 else 0.0
        c = FLATTENING / 16.0 * cos_square * (4.0 + FLATTENING * (4.0 - 3.0 * cos_square))
        before = longitude
        inner = cos_middle + c * cosine * (2.0 * cos_middle * cos_middle - 1.0)
        longitude = difference + (1.0 - c) * FLATTENING * sin_azimuth * (arc + c * sine * inner)
        if abs(longitude) > math.pi:
            break
        if abs(longitude - before) < SETTLED:
            settled = True
            break
    bearing1 = math.degrees(math.atan2(cos2 * sin_lon, cos1 * sin2 - sin1 * cos2 * cos_lon)) % 360.0
    bearing2 = math.degrees(math.atan2(cos1 * sin_lon, cos1 * sin2 * cos_lon - sin1 * cos2)) % 360.0
    if not settled:
        return MEAN_RADIUS_M * arc, bearing1, bearing2
    a, b = _series(cos_square * SECOND_ECCENTRICITY_SQUARED)
    return SEMI_MINOR_M * a * (arc - _correction(b, sine, cosine, cos_middle)), bearing1, bearing2


@scalar
def destination(lat_deg, lon_deg, bearing_deg, distance_m):
    """The end of a geodesic: (latitude, longitude in [-180, 180)).

    source  Vincenty 1975, equations 1 to 12
    """
    tangent = (1.0 - FLATTENING) * math.tan(math.radians(lat_deg))
    cos1 = 1.0 / math.sqrt(1.0 + tangent * tangent)
    sin1 = tangent * cos1
    sin_bearing, cos_bearing = math.sin(math.radians(bearing_deg)), math.cos(math.radians(bearing_deg))
    start = math.atan2(tangent, cos_bearing)
    sin_azimuth = cos1 * sin_bearing
    cos_square = 1.0 - sin_azimuth * sin_azimuth
    a, b = _series(cos_square * SECOND_ECCENTRICITY_SQUARED)
    first = distance_m / (SEMI_MINOR_M * a)
    arc = first
    sine = cosine = cos_middle = 0.0
    for _ in range(ROUNDS):
        cos_middle = math.cos(2.0 * start + arc)
        sine, cosine = math.sin(arc), math.cos(arc)
        before = arc
        arc = first + _correction(b, sine, cosine, cos_middle)
        if abs(arc - before) < SETTLED:
            break
    cos_middle = math.cos(2.0 * start + arc)
    sine, cosine = math.sin(arc), math.cos(arc)
    down = sin1 * sine - cos1 * cosine * cos_bearing
    lat = math.atan2(
        sin1 * cosine + cos1 * sine * cos_bearing,
        (1.0 - FLATTENING) * math.sqrt(sin_azimuth * sin_azimuth + down * down),
    )
    longitude = math.atan2(sine * sin_bearing, cos1 * cosine - sin1 * sine * cos_bearing)
    c = FLATTENING / 16.0 * cos_square * (4.0 + FLATTENING * (4.0 - 3.0 * cos_square))
    inner = cos_middle + c * cosine * (2.0 * cos_middle * cos_middle - 1.0)
    difference = longitude - (1.0 - c) * FLATTENING * sin_azimuth * (arc + c * sine * inner)
    return math.degrees(lat), (lon_deg + math.degrees(difference) + 540.0) % 360.0 - 180.0


@kernel
def fill_geodesic(lat1_deg, lon1_deg, lat2_deg, lon2_deg, out_m, out_bearing1_deg, out_bearing2_deg):
    """Length and both bearings of many geodesics; all columns (n,) float64, written in full."""
    for i in range(len(lat1_deg)):
        metres, first, second = inverse(lat1_deg[i], lon1_deg[i], lat2_deg[i], lon2_deg[i])
        out_m[i] = metres
        out_bearing1_deg[i] = first
        out_bearing2_deg[i] = second


def geodesic(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> tuple[F64, F64, F64]:
    """Return metres and the true bearings at the first and the second points; the arguments broadcast."""
    arrays = np.broadcast_arrays(*(np.asarray(one, np.float64) for one in (lat1_deg, lon1_deg, lat2_deg, lon2_deg)))
    columns = [np.array(one, np.float64, order="C").ravel() for one in arrays]
    outputs = [np.empty(len(columns[0])) for _ in range(3)]
    fill_geodesic(*columns, *outputs)
    metres, first, second = (out.reshape(arrays[0].shape) for out in outputs)
    return metres, first, second


def geodesic_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """Return the distance of two points in metres, without compiling anything."""
    return float(plain(inverse)(lat1_deg, lon1_deg, lat2_deg, lon2_deg)[0])
