"""Events of drawn flights, each with the figure that decided."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skywitness.batches import EVENT_KINDS
from skywitness.journeys.events import MEASURES, EventSettings, events
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.messages.mode_s.callsign import pack_callsign
from tests.positions_from import positions_from
from tests.unit.journeys.test_legs import GAZETTEER, T0, Flight, S, gate_to_gate, place


def told(*flights, settings=None):
    rows = [row for flight in flights for row in flight.rows]
    return events(legs(histories(positions_from(rows)), GAZETTEER), settings)


def kinds(made):
    return [EVENT_KINDS[code] for code in made.kind]


def only(made, kind):
    return made.take(np.flatnonzero(made.kind == EVENT_KINDS.index(kind)))


def around(flight, radius_nmi, knots, turns, alt, right=True, drift=0.0):
    """Circles, from where the flight is."""
    per_turn = 2 * math.pi * radius_nmi / knots * 3600.0
    steps = round(per_turn / 10.0)
    cos = math.cos(math.radians(flight.lat))
    lat, lon = flight.lat, flight.lon
    for i in range(1, round(steps * turns) + 1):
        a = 2 * math.pi * i / steps * (1 if right else -1)
        north = radius_nmi * (1 - math.cos(a)) / 60.0
        east = radius_nmi * math.sin(a) / 60.0 / cos
        flight.to(lat + north + drift * i, lon + east, alt, per_turn / steps)
    return flight


def mow(flight, lines, length_deg=0.3, apart_deg=0.02, seconds=500, alt=5_000):
    """Parallel lines to and fro."""
    for i in range(lines):
        flight.by(length_deg if i % 2 == 0 else -length_deg, 0.0, alt, seconds)
        flight.by(0.0, apart_deg, alt, 40)
    return flight


def test_every_kind_has_a_measure():
    assert tuple(MEASURES) == EVENT_KINDS


def test_nothing_of_nothing():
    assert len(told()) == 0


def test_take_off_and_landing_with_the_times_between_which_they_were():
    made = told(gate_to_gate())
    assert kinds(made) == ["on_ground", "takeoff", "landing", "on_ground"]
    off, on = only(made, "takeoff"), only(made, "landing")
    assert (off.from_ns[0], off.until_ns[0]) == (T0 + 300 * S, T0 + 305 * S)
    assert (on.from_ns[0], on.until_ns[0]) == (T0 + 3300 * S, T0 + 3305 * S)
    assert off.value[0] == 5.0
    assert [GAZETTEER.code(int(e.airport[0])) for e in (off, on)] == ["LFMN", "LFLL"]


def test_touch_and_go():
    flight = Flight().at("LFMN", 5_000).to(*place("LFLL")[:2], place("LFLL")[2], 900).stand(20, speed=70)
    flight.by(0.1, 0.1, 2_000, 300).land("LFLL", 300).stand(300)
    made = only(told(flight), "touch_and_go")
    assert len(made) == 1
    assert made.value[0] == pytest.approx(15, abs=6)
    assert made.threshold[0] == EventSettings().stay_s


def test_ground_flickering_is_no_touch_and_go():
    flight = gate_to_gate()
    for row in flight.rows[-40:-36]:  # says for 20 s, rolling out, that it flies
        row["on_ground"], row["altitude_ft"], row["groundspeed_kt"] = 0, place("LFLL")[2], 90.0
    assert "touch_and_go" not in kinds(told(flight))


def approach(heading_deg, height_ft=150.0):
    """Down to a height over Lyon on a course, and up again."""
    lat, lon, elevation = place("LFLL")
    north, east = math.cos(math.radians(heading_deg)) * 0.2, math.sin(math.radians(heading_deg)) * 0.2
    cos = math.cos(math.radians(lat))
    flight = Flight()
    flight.lat, flight.lon, flight.alt = lat - north, lon - east / cos, elevation + 3_000.0
    flight.to(lat, lon, elevation + height_ft, 300)
    return flight.to(lat + north, lon + east / cos, elevation + 3_000.0, 300)


def runway_heading():
    return float(GAZETTEER.runway_heading_deg[GAZETTEER.runways(GAZETTEER.find("LFLL")[0]).start])


def test_go_around_names_the_runway_and_is_no_landing():
    made = told(approach(runway_heading()))
    assert kinds(made) == ["go_around"]
    assert GAZETTEER.code(int(made.airport[0])) == "LFLL"
    assert GAZETTEER.runway_heading_deg[made.runway[0]] == pytest.approx(runway_heading(), abs=20)
    assert made.value[0] == pytest.approx(150, abs=60)
    assert made.from_ns[0] == T0 + 300 * S


def test_across_the_runway_is_a_low_approach():
    made = told(approach(runway_heading() + 90.0))
    assert kinds(made) == ["low_approach"]
    assert made.runway[0] == -1


def test_high_over_a_field_is_nothing():
    assert kinds(told(approach(runway_heading(), 2_500.0))) == []


def test_one_wrong_altitude_is_no_approach():
    flight = gate_to_gate()
    flight.rows[-70]["altitude_ft"] = 20_000.0
    assert kinds(told(flight)) == kinds(told(gate_to_gate()))


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("radius", "knots"), [(0.2, 50.0), (1.0, 90.0), (4.0, 200.0)])
def test_circling(radius, knots, right):
    flight = Flight().at("LFMN", 6_000).by(0.1, 0.2, 6_000, 300)
    around(flight, radius, knots, 4, 6_000, right).by(0.3, 0.0, 6_000, 300)
    made = told(flight)
    assert kinds(made) == ["circling"]
    assert made.threshold[0] == 720.0
    assert 1100 <= made.value[0] <= 1700  # the slowest need 30 minutes, the window has 25
    # The stretch is the circles, not the way there.
    assert made.from_ns[0] == pytest.approx(T0 + 300 * S, abs=90 * S)


def test_a_single_circle_is_none():
    flight = around(Flight().at("LFMN", 6_000).by(0.1, 0.2, 6_000, 300), 1.0, 90.0, 1, 6_000).by(0.3, 0, 6_000, 300)
    assert kinds(told(flight)) == []


def racetrack(flight, times, leg_deg=0.0767, radius_deg=0.0177, alt=9_000):
    """Standard holding at 200 kt: a minute straight, a minute of turn."""
    cos = math.cos(math.radians(flight.lat))
    for k in range(2 * times):
        way = 1 if k % 2 == 0 else -1
        flight.by(way * leg_deg, 0.0, alt, 60)
        lat, lon = flight.lat, flight.lon
        for i in range(1, 7):
            a = math.pi * i / 6
            flight.to(lat + way * radius_deg * (1 - math.cos(a)), lon + way * radius_deg * math.sin(a) / cos, alt, 10)
    return flight


def test_holding():
    flight = racetrack(Flight().at("LFMN", 9_000).by(0.3, 0.2, 9_000, 400), 4).by(0.5, 0.1, 9_000, 500)
    made = told(flight)
    assert kinds(made) == ["holding"]
    assert made.threshold[0] == 720.0


def test_survey():
    flight = mow(Flight().at("LFMN", 5_000).by(0.1, 0.2, 5_000, 300), 8).by(0.5, 0.1, 5_000, 500)
    made = told(flight)
    assert kinds(made) == ["survey"]
    assert made.value[0] >= made.threshold[0] == 3.0


def test_straight_flight_and_vectors_are_no_pattern():
    flight = Flight().at("LFMN", 9_000)
    for k in range(12):
        flight.by(0.3, 0.25 * (-1) ** k, 9_000, 240)
    assert kinds(told(flight)) == []


def test_patterns_across_the_antimeridian():
    flight = Flight(step_s=10.0)
    flight.lat, flight.lon, flight.alt = 10.0, 179.99, 5_000.0
    around(flight, 2.0, 120.0, 4, 5_000)
    for row in flight.rows:
        row["lon_deg"] = (row["lon_deg"] + 180.0) % 360.0 - 180.0
    assert kinds(told(flight)) == ["circling"]


def test_scatter_of_one_that_stands_is_no_pattern():
    rng = np.random.default_rng(3)
    flight = Flight().at("LFMN").to(*place("LFMN")[:2], 1_500, 3_000)
    for row in flight.rows:
        row["lat_deg"] += rng.normal(0, 0.0008)
        row["lon_deg"] += rng.normal(0, 0.0008)
        row["groundspeed_kt"] = 180.0
    assert "circling" not in kinds(told(flight))


def test_gap_within_a_flight_and_return_after_a_long_one():
    flight = Flight().at("LFMN", 30_000).by(2, 1, 33_000, 1200).by(10, 1, 33_000, 4_000, heard=False)
    flight.by(2, 1, 33_000, 1200)
    made = told(flight)
    assert kinds(made) == ["coverage_gap", "return"]
    assert made.value.tolist() == [4_005.0, 4_005.0]
    assert made.threshold.tolist() == [600.0, 3_600.0]
    assert (made.from_ns[0], made.until_ns[0]) == (T0 + 1200 * S, T0 + 5205 * S)


def test_callsign_and_squawk_changes_but_not_single_errors():
    flight = Flight().at("LFMN", 30_000).by(4, 1, 30_000, 2_000)
    for i, row in enumerate(flight.rows):
        row["callsign"] = pack_callsign("RFF7081" if i < 200 else "RFF7082")
        row["squawk"] = 0o1000 if i < 300 else 0o7700
    flight.rows[100]["callsign"], flight.rows[120]["squawk"] = pack_callsign("XFF7081"), 0o7600
    made = told(flight)
    assert kinds(made) == ["callsign_change", "squawk_change"]
    assert made.from_ns[0] == flight.rows[199]["time_ns"]
    assert made.until_ns[0] == flight.rows[200]["time_ns"]
    assert (made.value[1], made.threshold[1]) == (7700.0, 1000.0)


def test_altitude_anomaly_is_told_once_and_climbs_are_not():
    flight = Flight().at("LFMN", 5_000).by(2, 1, 33_000, 400)  # 4,200 ft/min
    flight.by(3, 1, 33_000, 1_200)
    assert kinds(told(flight)) == []
    for row in flight.rows[200:206]:
        row["altitude_ft"] = 1_000.0
    made = told(flight)
    assert kinds(made) == ["altitude_anomaly"]
    assert made.value[0] > made.threshold[0] == 15_000.0


def test_order_of_the_rows_does_not_show():
    flight = around(gate_to_gate().by(0.2, 0.2, 5_000, 300), 1.0, 90.0, 4, 5_000)
    made = told(flight)
    flight.rows = flight.rows[::-1]
    other = told(flight)
    assert len(made) == len(other)
    for name in made.dtypes():
        np.testing.assert_array_equal(getattr(made, name), getattr(other, name))
