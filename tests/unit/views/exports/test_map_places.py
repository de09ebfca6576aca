"""Places on a map of journeys: what the sentences say, and nothing else."""

from __future__ import annotations

import pytest

from skywitness.journeys.histories import histories
from skywitness.journeys.journeys import journeys
from skywitness.journeys.legs import legs
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.journeys import drawn_journeys
from skywitness.views.exports.map_places import WORTH_SHOWING, places_of_flights, places_of_stops

GAZETTEER = load_gazetteer()


@pytest.fixture(scope="module")
def made():
    return journeys(legs(histories(drawn_journeys(GAZETTEER, 3, 60).rows), GAZETTEER))


def told(made):
    """Code and probability of every candidate: of stops, and of the first and last end of each journey."""
    found = {
        (GAZETTEER.code(int(row)), round(float(p), 2))
        for row, p in zip(made.candidates.airport, made.candidates.probability, strict=True)
    }
    table = made.flights.candidates
    for first, count in zip(made.journeys.first_leg.tolist(), made.journeys.legs.tolist(), strict=True):
        for end in (2 * first, 2 * (first + count - 1) + 1):
            rows = table.end == end
            found |= {
                (GAZETTEER.code(int(row)), round(float(p), 2))
                for row, p in zip(table.airport[rows], table.probability[rows], strict=True)
            }
    return found


def test_a_map_of_journeys_has_the_probabilities_of_stops(made):
    hollow = [place.label.split("? ") for place in places_of_stops(made) if not place.is_sure]
    assert hollow
    assert {(code, round(float(p), 2)) for code, p in hollow} <= told(made)
    of_legs = {
        (code, round(float(p), 2))
        for code, p in (place.label.split("? ") for place in places_of_flights(made.flights) if not place.is_sure)
    }
    assert not of_legs <= told(made)  # ends of single legs say something else of the same airfields


def test_no_place_is_there_twice_and_none_is_hardly_probable(made):
    places = places_of_stops(made)
    assert len({(place.lat_deg, place.lon_deg) for place in places}) == len(places)
    assert min(place.weight for place in places) >= WORTH_SHOWING
