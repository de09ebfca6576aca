"""Geodesics on WGS-84 against GeographicLib, which solves them by another route."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.geo.geodesic import MEAN_RADIUS_M, destination, geodesic, geodesic_m, inverse
from skywitness.kernel import plain

Geodesic = pytest.importorskip("geographiclib.geodesic").Geodesic.WGS84

LATITUDES = st.floats(-90, 90, allow_nan=False)
LONGITUDES = st.floats(-180, 180, allow_nan=False)


def far_apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_length_and_bearings_are_those_of_another_solution(lat1: float, lon1: float, lat2: float, lon2: float):
    metres, first, second = plain(inverse)(lat1, lon1, lat2, lon2)
    told = Geodesic.Inverse(lat1, lon1, lat2, lon2)
    if told["a12"] > 179.3:  # almost opposite: the sphere, as the docstring says
        assert abs(metres - told["s12"]) < 0.005 * math.pi * MEAN_RADIUS_M
        return
    assert abs(metres - told["s12"]) < 0.001
    if told["s12"] > 1.0 and max(abs(lat1), abs(lat2)) < 89.9999:
        assert far_apart(first, told["azi1"]) < 1e-4
        assert far_apart(second, told["azi2"]) < 1e-4


@given(st.floats(-89.9, 89.9), LONGITUDES, st.floats(0, 360), st.floats(0, 19_000_000))
def test_the_end_of_a_line_is_that_of_another_solution(lat: float, lon: float, bearing: float, metres: float):
    end_lat, end_lon = plain(destination)(lat, lon, bearing, metres)
    told = Geodesic.Direct(lat, lon, bearing, metres)
    assert Geodesic.Inverse(end_lat, end_lon, told["lat2"], told["lon2"])["s12"] < 0.001
    assert -180 <= end_lon < 180


def test_columns_are_as_one_by_one_and_broadcast():
    lat, lon = np.array([50.9, -33.9, 0.0]), np.array([4.48, 151.2, 179.9])
    metres, first, second = geodesic(lat, lon, 10.6, -66.99)
    for row in range(3):
        assert (metres[row], first[row], second[row]) == pytest.approx(
            plain(inverse)(lat[row], lon[row], 10.6, -66.99), rel=1e-13
        )
    assert metres[0] == pytest.approx(geodesic_m(50.9, 4.48, 10.6, -66.99), rel=1e-13)


@pytest.mark.parametrize("where", [0, 1, 2, 3])
def test_what_is_unknown_stays_unknown(where: int):
    places = [50.0, 4.0, 10.0, -60.0]
    places[where] = math.nan
    assert math.isnan(geodesic_m(*places))


def test_a_point_is_nowhere_from_itself():
    assert geodesic_m(35.4, 35.9, 35.4, 35.9) == 0.0
    assert geodesic_m(90.0, 0.0, 90.0, 77.0) < 0.001
