"""Compact position reporting against the verified tables of NASA CPR 1.3."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from skywitness.positions import cpr

TURN = 1 << 32
TOLERANCE_DEG = 360.0 / TURN * 2  # the tables are in 32-bit fractions of a turn, rounded


def lat_deg(awb: str) -> float:
    angle = int(awb, 16) * 360.0 / TURN
    return angle - 360.0 if angle >= 270.0 else angle


def lon_deg(awb: str) -> float:
    angle = int(awb, 16) * 360.0 / TURN
    return angle - 360.0 if angle >= 180.0 else angle


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return [row for row in csv.reader(file) if row]


def assert_same_place(found: tuple[float, float], lat: str, lon: str) -> None:
    assert math.isclose(found[0], lat_deg(lat), abs_tol=TOLERANCE_DEG)
    apart = abs(found[1] - lon_deg(lon))
    assert min(apart, 360.0 - apart) <= TOLERANCE_DEG


def test_global_airborne_recovers_the_tabled_places(data_dir: Path) -> None:
    decode = cpr.global_airborne.py_func
    valid = 0
    for row in rows(data_dir / "decode/cpr/airborne_global_01.csv"):
        even_lat, even_lon, odd_lat, odd_lon = (int(row[k], 16) for k in (2, 3, 6, 7))
        even = decode(even_lat, even_lon, odd_lat, odd_lon, False)
        odd = decode(even_lat, even_lon, odd_lat, odd_lon, True)
        if row[8] != "1":
            assert math.isnan(even[0])
            assert math.isnan(odd[0])
            continue
        valid += 1
        assert_same_place(even, row[9], row[10])
        assert_same_place(odd, row[11], row[12])
    assert valid > 100


def test_global_surface_recovers_the_tabled_places(data_dir: Path) -> None:
    """The table gives the solution in the first quadrant; ours is the one near the true place."""
    decode = cpr.global_surface.py_func
    valid = 0
    for row in rows(data_dir / "decode/cpr/surface_global_01.csv"):
        even_lat, even_lon, odd_lat, odd_lon = (int(row[k], 16) for k in (2, 3, 6, 7))
        near = lat_deg(row[0]), lon_deg(row[1])
        even = decode(even_lat, even_lon, odd_lat, odd_lon, False, *near)
        odd = decode(even_lat, even_lon, odd_lat, odd_lon, True, *near)
        if row[8] != "1":
            assert math.isnan(even[0])
            continue
        valid += 1
        for found, lat, lon in ((even, row[9], row[10]), (odd, row[11], row[12])):
            assert abs(found[0] - near[0]) < 0.1
            for angle, tabled in zip(found, (lat, lon), strict=True):
                beyond = (angle - int(tabled, 16) * 360.0 / TURN) % 90.0
                assert min(beyond, 90.0 - beyond) <= TOLERANCE_DEG
    assert valid > 100


@pytest.mark.parametrize(("name", "surface"), [("airborne_local_01.csv", 0), ("surface_local_01.csv", 1)])
def test_local_recovers_the_tabled_places(data_dir: Path, name: str, surface: int) -> None:
    decode = cpr.local.py_func
    count = 0
    for row in rows(data_dir / "decode/cpr" / name):
        found = decode(int(row[5], 16), int(row[6], 16), int(row[4]), surface, lat_deg(row[0]), lon_deg(row[1]))
        assert_same_place(found, row[7], row[8])
        count += 1
    assert count > 200


@pytest.mark.parametrize("angle", [-180.0, -0.0000004, 0.0, 51.1234564, 89.9999999])
def test_quantise_keeps_a_quantum_fixed(angle: float) -> None:
    once = cpr.quantise_deg.py_func(angle)
    assert abs(once - angle) <= 0.5e-6 * 1.0001
    assert cpr.quantise_deg.py_func(once) == once


def test_longitude_wraps_into_its_range() -> None:
    assert cpr.wrap_lon.py_func(180.0) == -180.0
    assert cpr.wrap_lon.py_func(-180.0) == -180.0
    assert cpr.wrap_lon.py_func(359.5) == -0.5
