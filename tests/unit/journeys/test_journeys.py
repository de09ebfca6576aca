"""Stops and journeys: seen, inferred or neither, and never more than was received."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from bench.journeys import scored
from skywitness.batches import STOP_KINDS, Positions
from skywitness.journeys.histories import histories
from skywitness.journeys.journeys import journeys
from skywitness.journeys.legs import legs
from skywitness.journeys.sentences import journey_sentence
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.journeys import drawn_journeys
from tests.positions_from import positions_from
from tests.unit.journeys.test_legs import T0, Flight, S, place

GAZETTEER = load_gazetteer()
OBSERVED, INFERRED = STOP_KINDS.index("observed"), STOP_KINDS.index("inferred")


def told(*flights):
    rows = positions_from([row for flight in flights for row in flight.rows])
    return journeys(legs(histories(rows), GAZETTEER))


def codes(made, stop):
    first, count = int(made.stops.first_candidate[stop]), int(made.stops.candidates[stop])
    return [GAZETTEER.code(int(row)) for row in made.candidates.airport[first : first + count]]


def out_and_on(stay_s=3600.0, **more):
    flight = Flight(**more).at("LFMN").stand(300).by(0.3, 0.2, 12_000, 600).to(45.5, 5.4, 5_000, 900).land("LFLL", 300)
    return flight.stand(stay_s).by(-0.2, 0.3, 9_000, 400).to(48.0, 3.0, 20_000, 1500).land("LFPO", 900).stand(300)


def test_a_stop_on_the_ground_is_observed():
    made = told(out_and_on())
    assert len(made) == 1
    assert made.journeys.legs[0] == 2
    assert made.stops.kind.tolist() == [OBSERVED]
    assert codes(made, 0)[0] == "LFLL"
    assert made.stops.happened[0] == 1.0
    assert made.stops.not_before_ns[0] < T0 + 2400 * S < made.stops.not_after_ns[0]
    assert "stopped at LFLL" in journey_sentence(made, 0)


def test_a_stay_of_more_than_a_day_begins_another_journey():
    assert len(told(out_and_on(stay_s=25 * 3600.0))) == 2


def test_the_way_back_is_another_journey():
    flight = Flight().at("LFMN").stand(300).by(0.3, 0.2, 12_000, 600).to(45.5, 5.4, 5_000, 900).land("LFLL", 300)
    flight.stand(2400).by(0.2, -0.3, 9_000, 400).to(44.0, 6.8, 9_000, 900).land("LFMN", 600).stand(300)
    made = told(flight)
    assert made.journeys.legs.tolist() == [1, 1]
    assert len(made.stops) == 1
    assert made.stops.journey.tolist() == [-1]


def test_hours_lost_over_the_sea_are_an_inferred_stop_with_candidates():
    flight = Flight(step_s=20.0).at("GOBD", 34_000)
    flight.lat, flight.lon = 20.0, -17.5
    flight.to(17.5, -17.6, 34_000, 1200)
    flight.wait(4 * 3600)
    flight.lat, flight.lon = 13.5, -22.0
    flight.to(12.5, -26.0, 34_000, 1800)
    made = told(flight)
    assert len(made) == 1
    assert made.stops.kind.tolist() == [INFERRED]
    assert {"GOOY", "GOBD"} & set(codes(made, 0))
    assert made.stops.probability[0] < 0.9
    sentence = journey_sentence(made, 0)
    assert "a stop is inferred" in sentence
    assert "stopped at" not in sentence


def test_a_silence_that_the_flight_explains_holds_no_stop():
    flight = Flight(step_s=20.0).at("GOBD").stand(300).by(-2.0, 0.0, 34_000, 1500)
    flight.by(-34.0, -2.0, 34_000, 4.6 * 3600, heard=False).by(-2.0, 0.0, 34_000, 1000)
    made = told(flight)
    assert len(made.stops) == 0
    assert "nothing received for up to 4.6 h" in journey_sentence(made, 0)


def test_a_touch_and_go_is_no_stop():
    flight = Flight().at("LFMN", 5_000).to(*place("LFLL")[:2], place("LFLL")[2], 900).stand(20, speed=80)
    flight.by(0.1, 0.1, 2_500, 300).to(48.0, 3.0, 20_000, 1500).land("LFPO", 900).stand(300)
    made = told(flight)
    assert len(made.stops) == 0


@functools.cache
def some():
    drawn = drawn_journeys(GAZETTEER, 3, 120)
    return drawn, journeys(legs(histories(drawn.rows), GAZETTEER))


def test_drawn_journeys_are_found():
    drawn, made = some()
    number = made.journeys.icao.astype(np.int64) - 0x300000
    spans = [
        (int(number[made.stops.journey[k]]), int(made.stops.not_before_ns[k]), int(made.stops.not_after_ns[k]))
        for k in range(len(made.stops))
        if made.stops.journey[k] >= 0
    ]
    found = scored(drawn, spans)
    assert found["f1_near"] >= 0.95
    assert found["f1_unseen"] >= 0.8
    assert found["touch_and_go_as_stop"] == 0


def test_a_scorer_that_is_told_nonsense_says_so():
    drawn, _ = some()
    nonsense = [(number, 0, 1) for number in range(len(drawn.airports))]
    assert scored(drawn, nonsense)["f1"] == 0.0
    blanket = [(number, 0, 1 << 62) for number in range(len(drawn.airports))]
    assert scored(drawn, blanket)["precision"] <= 1.0


def test_the_order_of_rows_changes_nothing():
    drawn, made = some()
    order = np.random.default_rng(2).permutation(len(drawn.rows))
    again = journeys(legs(histories(drawn.rows.take(order)), GAZETTEER))
    for table in ("journeys", "stops", "candidates"):
        assert getattr(again, table).same_as(getattr(made, table))


@pytest.mark.parametrize("rows", [Positions.empty()])
def test_nothing(rows):
    made = journeys(legs(histories(rows), GAZETTEER))
    assert len(made) == len(made.stops) == 0
    assert dataclasses.is_dataclass(made)
