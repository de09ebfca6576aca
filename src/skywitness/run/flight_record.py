"""Flights of a node's history, made of its positions when they are asked for."""

from __future__ import annotations

import dataclasses

import numpy as np

from skywitness.batches import U32, Positions
from skywitness.errors import QuestionError
from skywitness.journeys.choosing import chosen_legs
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import Flights, legs
from skywitness.questions.answer import Searchable
from skywitness.reference.airports import Gazetteer
from skywitness.units import NS_PER_S

__all__ = ["MOST_ROWS", "PositionsFlights"]

BESIDE_ONE_NS = 24 * 3_600 * NS_PER_S
"""So much before and after is read of one aircraft: a leg is then whole, and weighed with the one after it."""
BESIDE_ALL_NS = 6 * 3_600 * NS_PER_S
MOST_ROWS = 6_000_000
"""Rows of one question: some seconds of one core and a gigabyte."""


@dataclasses.dataclass(frozen=True, slots=True)
class PositionsFlights:
    """`FlightRecord` of a history."""

    history: Searchable
    gazetteer: Gazetteer

    def flights(self, from_ns: int, until_ns: int, *, icao: U32 | None = None) -> Flights:
        """Return the legs with a part in [from_ns, until_ns), each whole; of all aircraft or of these addresses.

        Raises QuestionError if that would take too many rows, ArchiveError for damaged data.
        """
        beside = BESIDE_ALL_NS if icao is None else BESIDE_ONE_NS
        parts, rows = [], 0
        for part in self.history.positions_in_parts(from_ns - beside, until_ns + beside, icao=icao):
            parts.append(part)
            rows += len(part)
            if rows > MOST_ROWS:
                raise QuestionError(
                    f"flights of this time would be made of more than {MOST_ROWS:,} positions",
                    hint="Ask for a shorter time, or for one aircraft.",
                )
        found = legs(histories(Positions.concat(parts)), self.gazetteer)
        return within(found, from_ns, until_ns)


def within(flights: Flights, from_ns: int, until_ns: int) -> Flights:
    """Return the legs with a part in a time, their ends and candidates numbered anew."""
    kept = np.flatnonzero((flights.legs.from_ns < until_ns) & (flights.legs.until_ns >= from_ns))
    return chosen_legs(flights, kept)
