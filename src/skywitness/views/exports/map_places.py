"""Places on a map: airports at the ends of flights, sure ones filled, candidates hollow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from skywitness.batches import UNTIMED
from skywitness.journeys.journeys import Undertakings
from skywitness.journeys.legs import Flights
from skywitness.views.feeds.flights import ASSERTED

__all__ = ["Place", "places_of_flights", "places_of_stops"]

WORTH_SHOWING = 0.05
"""Candidates less probable are not drawn; files with tables have them all."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place with its label."""

    lat_deg: float
    lon_deg: float
    label: str
    is_sure: bool
    """Filled where it is observed or all but certain, hollow where it is a candidate."""
    weight: float = 1.0
    """Probability; where there is no room, the higher one is named."""


def places_of_flights(flights: Flights) -> list[Place]:
    """Return the airports at the ends of legs: one where it can be named, else those that it may have been."""
    return _distinct(_of_ends(flights, range(len(flights.ends))))


def places_of_stops(made: Undertakings) -> list[Place]:
    """Return the airports of stops, and those at the ends of legs that are at no stop.

    A stop is known from the leg before it and the leg behind it; one of the two alone says less.
    """
    flights, stops, table = made.flights, made.stops, made.candidates
    beside = stops.after_leg != stops.before_leg
    told = {*(2 * stops.after_leg[beside] + 1).tolist(), *(2 * stops.before_leg[beside]).tolist()}
    found = _of_ends(flights, [end for end in range(len(flights.ends)) if end not in told])
    for row in range(len(table)):
        if table.probability[row] >= WORTH_SHOWING:
            found.append(_airport(flights, int(table.airport[row]), float(table.probability[row])))
    return _distinct(found)


def _of_ends(flights: Flights, rows: Iterable[int]) -> list[Place]:
    ends, table = flights.ends, flights.candidates
    first = table.end.searchsorted(range(len(ends)), "left").tolist()
    last = table.end.searchsorted(range(len(ends)), "right").tolist()
    found = []
    for end in rows:
        if float(ends.probability[end]) >= ASSERTED:
            found.append(_airport(flights, int(ends.airport[end]), float(ends.probability[end])))
        elif ends.not_before_ns[end] != UNTIMED or ends.not_after_ns[end] != UNTIMED or first[end] < last[end]:
            found += [
                _airport(flights, int(table.airport[row]), float(table.probability[row]))
                for row in range(first[end], last[end])
                if table.probability[row] >= WORTH_SHOWING
            ]
    return found


def _airport(flights: Flights, row: int, probability: float) -> Place:
    gazetteer = flights.gazetteer
    code, is_sure = gazetteer.code(row), probability >= ASSERTED
    label = f"{code} {short_name(gazetteer.name[row])}" if is_sure else f"{code}? {probability:.2f}"
    return Place(float(gazetteer.lat_deg[row]), float(gazetteer.lon_deg[row]), label.strip(), is_sure, probability)


def short_name(name: str) -> str:
    """Return an airport's name without the words that all of them have."""
    words = [
        word for word in name.split() if word not in ("International", "Airport", "Air", "Base", "Intl", "Airfield")
    ]
    text = " ".join(words) or name
    return text if len(text) <= 28 else f"{text[:27]}…"


def _distinct(places: list[Place]) -> list[Place]:
    """Each place once: the most probable of what is said of it."""
    best: dict[tuple[float, float], Place] = {}
    for place in places:
        key = (place.lat_deg, place.lon_deg)
        if key not in best or place.weight > best[key].weight:
            best[key] = place
    return sorted(best.values(), key=lambda place: -place.weight)
