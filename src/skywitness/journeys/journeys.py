"""Journeys: the legs of one undertaking, with its stops.

An aircraft that lands and goes on within a day, not back to where it came from, is on one journey. That is a rule, not
an observation: nobody broadcasts what a flight is for. Legs and stops stand whatever journeys are made of them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from skywitness.batches import Candidates, Journeys, Stops
from skywitness.geo.sphere import distance_nmi
from skywitness.journeys.legs import Flights
from skywitness.journeys.stops import StopSettings, stops
from skywitness.units import NS_PER_S

__all__ = ["JourneySettings", "Undertakings", "journeys"]


@dataclass(frozen=True, slots=True)
class JourneySettings:
    """When a stop ends a journey."""

    longest_stop_s: float = 86_400.0
    """A longer stay ends it."""
    back_share: float = 0.5
    """So does a leg that ends nearer to where the journey began than this share of the farthest it had come."""
    stop: StopSettings = StopSettings()


@dataclass(frozen=True, slots=True)
class Undertakings:
    """Journeys and their stops."""

    flights: Flights
    journeys: Journeys
    stops: Stops
    candidates: Candidates
    """Of the stops: `end` is the row of the stop."""

    def __len__(self) -> int:
        return len(self.journeys)


def journeys(flights: Flights, settings: JourneySettings | None = None) -> Undertakings:
    """Return the journeys that the legs make up, in the order of the legs."""
    settings = settings or JourneySettings()
    stopped = stops(flights, settings.stop)
    table = stopped.stops
    count = len(flights)
    body = flights.histories.body_of(flights.first_row) if count else np.zeros(0, np.int64)
    first_legs: list[int] = []
    for leg in range(count):
        if leg == 0 or body[leg] != body[leg - 1] or not _goes_on(flights, first_legs[-1], leg, settings):
            first_legs.append(leg)
    made = Journeys.allocate(len(first_legs))
    legs, ends = flights.legs, [*first_legs[1:], count][: len(first_legs)]
    for number, (a, z) in enumerate(zip(first_legs, ends, strict=True)):
        made.icao[number], made.address_kind[number] = legs.icao[a], legs.address_kind[a]
        made.from_ns[number], made.until_ns[number] = legs.from_ns[a], legs.until_ns[z - 1]
        made.first_leg[number], made.legs[number] = a, z - a
        inside = np.flatnonzero((table.after_leg >= a) & (table.before_leg < z))
        made.first_stop[number] = inside[0] if len(inside) else 0
        made.stops[number] = len(inside)
        table.journey[inside] = number
        made.provenance[number] = legs.provenance[a:z].max()
        made.revision[number] = 0
    return Undertakings(flights, made, table, stopped.candidates)


def _goes_on(flights: Flights, first: int, leg: int, settings: JourneySettings) -> bool:
    """Whether a leg goes on with the journey that began with the leg `first`."""
    ends = flights.ends
    stay = int(ends.time_ns[2 * leg]) - int(ends.time_ns[2 * leg - 1])
    landed, left = ends.not_after_ns[2 * leg - 1], ends.not_before_ns[2 * leg]
    if landed > 0 and left > 0:
        stay = int(left) - int(landed)  # on the ground, not standing with its transponder on
    if stay > settings.longest_stop_s * NS_PER_S:
        return False
    place = functools.partial(_apart, flights, 2 * first)
    farthest = max(place(end) for end in range(2 * first + 1, 2 * leg + 1, 2))
    return place(2 * leg + 1) >= settings.back_share * farthest


def _apart(flights: Flights, one: int, other: int) -> float:
    ends = flights.ends
    return float(distance_nmi(ends.lat_deg[one], ends.lon_deg[one], ends.lat_deg[other], ends.lon_deg[other]))
