"""Flights are what an aircraft can do: continuous, consistent, within limits, from stand to stand."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.batches import Positions
from skywitness.geo.wgs84 import earth_centred_m, radii_m
from skywitness.simulate.simulate import simulate
from skywitness.units import FPM_MPS, KNOT_MPS

FLIGHT = """
[scenario]
duration_s = 2100
seed = 3
[[airport]]
name = "XAAA"
lat_deg = 50.0
lon_deg = 8.4
runway_deg = 70.0
elevation_ft = 360.0
[[airport]]
name = "XBBB"
lat_deg = 50.6
lon_deg = 9.9
runway_deg = 310.0
elevation_ft = 20.0
[[aircraft]]
icao = "3c0001"
callsign = "SIM1"
departure = "XAAA"
arrival = "XBBB"
cruise_ft = 15000.0
cruise_kt = 320.0
via = [[50.0, 9.3]]
"""


@pytest.fixture(scope="module")
def flight() -> Positions:
    return simulate(FLIGHT).truth


def places(truth: Positions) -> np.ndarray:
    """Earth-centred places of all rows, in metres."""
    rows = zip(truth.lat_deg, truth.lon_deg, truth.altitude_geom_ft.astype(float) * 0.3048, strict=True)
    return np.array([earth_centred_m.py_func(*row) for row in rows])


def test_earth_centred_places() -> None:
    assert earth_centred_m.py_func(0.0, 0.0, 0.0) == (6_378_137.0, 0.0, 0.0)
    assert earth_centred_m.py_func(90.0, 0.0, 0.0)[2] == pytest.approx(6_356_752.314245)
    assert radii_m.py_func(0.0) == (pytest.approx(6_335_439.327), 6_378_137.0)


def test_it_goes_from_stand_to_stand(flight: Positions) -> None:
    changes = np.flatnonzero(np.diff(flight.on_ground.astype(int)))
    assert flight.on_ground[0] == flight.on_ground[-1] == 1
    assert len(changes) == 2  # one take-off, one landing
    assert abs(flight.lat_deg[-1] - 50.6) < 0.03
    assert abs(flight.lon_deg[-1] - 9.9) < 0.03
    assert flight.groundspeed_kt[-1] == 0
    off, down = changes
    assert 139 <= flight.groundspeed_kt[off] < 165
    assert flight.track_deg[off] == pytest.approx(70, abs=0.5)
    assert 120 <= flight.groundspeed_kt[down] < 145
    assert flight.track_deg[down] == pytest.approx(310, abs=0.5)
    assert -900 < flight.vertical_rate_fpm[down] < -100


def test_it_flies_at_its_cruising_level_and_below(flight: Positions) -> None:
    assert np.nanmax(flight.altitude_ft) == pytest.approx(15_000, abs=20)
    assert np.isnan(flight.altitude_ft[flight.on_ground == 1]).all()


def test_speed_and_climb_agree_with_the_places(flight: Positions) -> None:
    place = places(flight)
    t = (flight.time_ns - flight.time_ns[0]) / 1e9
    # The second of the touchdown brings the wheels to the elevation of the runway.
    step = np.flatnonzero((np.diff(t) > 0.05) & (np.diff(flight.on_ground.astype(int)) == 0))
    seconds = t[step + 1] - t[step]
    moved = np.linalg.norm(place[step + 1] - place[step], axis=1)
    stated = np.hypot(flight.groundspeed_kt * KNOT_MPS, flight.vertical_rate_fpm * FPM_MPS)
    said = (stated[step] + stated[step + 1]) / 2
    assert np.abs(moved / seconds - said).max() < 4.0  # coordinates are rounded to 0.1 m, steps can be 0.05 s
    assert np.abs(moved.sum() / (said * seconds).sum() - 1) < 0.002


def test_it_turns_and_changes_speed_within_limits(flight: Positions) -> None:
    t = (flight.time_ns - flight.time_ns[0]) / 1e9
    whole = np.searchsorted(t, np.arange(1, 2090))
    airborne = flight.on_ground[whole] == 0
    both = airborne[1:] & airborne[:-1]
    both &= np.roll(both, 1)  # not in the second of the take-off, which still accelerates on the runway
    seconds = np.diff(t[whole])
    turn = ((np.diff(flight.track_deg[whole]) + 180) % 360 - 180) / seconds
    assert np.abs(turn[both]).max() < 3.3
    climb = np.diff(flight.vertical_rate_fpm[whole]) / seconds
    assert np.abs(climb[both]).max() < 420
    speed = np.diff(flight.groundspeed_kt[whole]) / seconds
    assert np.abs(speed[both]).max() < 1.3
    assert np.abs(speed).max() < 5.0


def test_truth_says_that_it_is_simulated(flight: Positions) -> None:
    assert (flight.provenance == 2).all()
    assert (flight.icao == 0x3C0001).all()
    assert (flight.parent == np.arange(len(flight))).all()
