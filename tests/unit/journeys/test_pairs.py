"""Two aircraft together, and those that only seem so."""

from __future__ import annotations

import pytest

from skywitness.batches import EVENT_KINDS
from tests.unit.journeys.test_events import kinds, told
from tests.unit.journeys.test_legs import Flight

NEAR = 0.3 / 60.0


def straight(icao=0x400001, north=0.0, alt=20_000, seconds=1_200, **more):
    flight = Flight(icao=icao, **more).at("LFMN", alt)
    flight.lat += north
    flight.alt = alt
    return flight.by(2.0, 0.0, alt, seconds)


def racetrack(icao, north):
    flight = straight(icao, north, seconds=900)
    for way in (-1, 1, -1):
        flight.by(way * 0.05, 0.05, 20_000, 40).by(way * 0.5, 0.0, 20_000, 300)
    return flight


def test_formation():
    made = told(straight(), straight(0x400002, NEAR, time_s=1.3, step_s=3.0))
    assert kinds(made) == ["formation"]
    assert (made.icao[0], made.other_icao[0]) == (0x400001, 0x400002)
    assert made.threshold[0] == 300.0
    assert made.value[0] == pytest.approx(1_190, abs=25)


@pytest.mark.parametrize(
    "other",
    [
        straight(0x400002, 3 / 60.0),  # beside
        straight(0x400002, NEAR, alt=21_000),  # the next level
        straight(0x400002, time_s=120.0),  # behind
        straight(0x400002, NEAR / 6, address_kind=1),  # a copy
        straight(0x400002, NEAR, seconds=600).by(0.5, 1.0, 20_000, 600),  # faster
    ],
)
def test_no_formation(other):
    assert kinds(told(straight(), other)) == []


def test_crossing_is_no_formation():
    other = Flight(icao=0x400002).at("LFMN", 20_000).by(1.0, -0.5, 20_000, 1).by(0.0, 1.0, 20_000, 1_200)
    other.rows = other.rows[1:]
    assert kinds(told(straight(), other)) == []


def test_side_by_side_on_parallel_approaches_is_no_formation():
    assert kinds(told(straight(alt=3_000, seconds=500), straight(0x400002, NEAR, alt=3_000, seconds=500))) == []


def test_rendezvous():
    other = Flight(icao=0x400002).at("LFMN", 20_000)
    other.lat += 1.0
    other.to(other.lat - 1.0 + NEAR, other.lon + 1.0, 20_000, 600).by(2.0, 0.0, 20_000, 1_200)
    made = told(straight(seconds=600 * 2).by(1.0, 0.0, 20_000, 600), other)
    assert kinds(made) == ["rendezvous"]
    assert made.value[0] > 300.0


def test_refuelling_is_told_as_what_it_looks_like():
    made = told(racetrack(0x400001, 0.0), racetrack(0x400002, NEAR))
    assert "refuelling" in kinds(made)
    assert made.confidence[kinds(made).index("refuelling")] == 0.5


def test_across_the_antimeridian():
    one, two = Flight(), Flight(icao=0x400002)
    for flight, lat in ((one, 10.0), (two, 10.0 + NEAR)):
        flight.lat, flight.lon, flight.alt = lat, 179.0, 20_000.0
        flight.by(2.0, 0.0, 20_000, 1_200)
        for row in flight.rows:
            row["lon_deg"] = (row["lon_deg"] + 180.0) % 360.0 - 180.0
    made = told(one, two)
    assert kinds(made) == ["formation"]
    assert made.value[0] > 1_100


def test_many_in_formation_are_pairs():
    made = told(*(straight(0x400001 + k, k * 0.1 / 60.0) for k in range(4)))
    assert kinds(made) == ["formation"] * 6
    assert EVENT_KINDS[made.kind[0]] == "formation"
