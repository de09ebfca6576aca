"""Derived wind and temperature against cases worked out another way."""

from __future__ import annotations

import math

import pytest

from skywitness.messages.mode_s.weather import temperature, true_airspeed_kt, wind


@pytest.mark.parametrize(("mach", "static_c"), [(0.78, -56.5), (0.45, -10.0), (0.32, 15.0), (0.85, -70.0)])
def test_temperature_from_the_speed_of_sound(mach: float, static_c: float):
    # a = 38.967854 sqrt(T) kt, the form of the handbooks.
    tas = mach * 38.967854 * math.sqrt(static_c + 273.15)
    found = temperature(tas, mach)
    assert found is not None
    assert found.static_c == pytest.approx(static_c, abs=0.1)
    assert found.total_c == pytest.approx((static_c + 273.15) * (1 + 0.2 * mach**2) - 273.15, abs=0.1)
    assert true_airspeed_kt(mach, static_c) == pytest.approx(tas, rel=1e-5)


def test_temperature_error_is_what_half_a_step_does():
    found = temperature(450.0, 0.78)
    highest = temperature(451.0, 0.778)
    assert found is not None
    assert highest is not None
    assert highest.static_c - found.static_c == pytest.approx(found.error_c, rel=0.05)


def test_temperature_is_not_given_where_it_is_worth_little():
    assert temperature(190.0, 0.28) is None
    assert temperature(math.nan, 0.8) is None
    assert temperature(450.0, math.nan) is None
    assert temperature(300.0, 0.8) is None  # -138 degC
    assert temperature(500.0, 0.3) is None


@pytest.mark.parametrize(
    ("heading", "track", "groundspeed", "speed", "direction"),
    [
        (0, 0, 400, 50, 0.0),  # headwind from the north
        (0, 0, 500, 50, 180.0),
        (90, 90, 400, 50, 90.0),
        (270, 270, 500, 50, 90.0),
        (0, math.degrees(math.atan2(60, 450)), math.hypot(60, 450), 60, 270.0),  # drifts right: from the left
    ],
)
def test_wind_triangle(heading: float, track: float, groundspeed: float, speed: float, direction: float):
    found = wind(450.0, heading, groundspeed, track, declination_deg=0.0)
    assert found is not None
    assert found.speed_kt == pytest.approx(speed, abs=0.1)
    assert (found.direction_deg - direction + 180) % 360 - 180 == pytest.approx(0, abs=0.2)
    assert found.error_kt == pytest.approx(3.4, abs=0.3)


def test_declination_turns_the_heading():
    assert wind(450.0, 350.0, 400.0, 0.0, declination_deg=10.0) == wind(450.0, 0.0, 400.0, 0.0, declination_deg=0.0)
    off = wind(450.0, 0.0, 450.0, 0.0, declination_deg=1.0)
    assert off is not None
    assert off.speed_kt == pytest.approx(7.9, abs=0.1)  # the degree of the docstring


def test_wind_is_not_given_in_turns_nor_from_nothing():
    assert wind(450.0, 0.0, 450.0, 0.0, declination_deg=0.0, roll_deg=20.0) is None
    assert wind(80.0, 0.0, 60.0, 0.0, declination_deg=0.0) is None
    assert wind(450.0, 0.0, 450.0, 180.0, declination_deg=0.0) is None
    assert wind(450.0, math.nan, 450.0, 0.0, declination_deg=0.0) is None
    assert wind(math.nan, 0.0, 450.0, 0.0, declination_deg=0.0) is None
    still = wind(450.0, 0.0, 450.0, 0.0, declination_deg=0.0)
    assert still is not None
    assert (still.speed_kt, still.direction_deg) == (0.0, 0.0)
