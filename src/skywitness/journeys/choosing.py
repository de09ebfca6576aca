"""Some of the legs or journeys, with what belongs to them, numbered anew."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64
from skywitness.journeys.journeys import Undertakings
from skywitness.journeys.legs import Flights

__all__ = ["chosen_journeys", "chosen_legs"]


def chosen_legs(flights: Flights, kept: I64) -> Flights:
    """Return some legs, by their rows in order, with their ends and candidates."""
    ends_kept = np.repeat(2 * kept, 2)
    ends_kept[1::2] += 1
    new_end = np.full(len(flights.ends), -1, np.int64)
    new_end[ends_kept] = np.arange(len(ends_kept))
    candidates = flights.candidates.take(new_end[flights.candidates.end] >= 0)
    return dataclasses.replace(
        flights,
        legs=flights.legs.take(kept),
        ends=flights.ends.take(ends_kept).replaced(leg=np.repeat(np.arange(len(kept)), 2)),
        candidates=candidates.replaced(end=new_end[candidates.end]),
        first_row=flights.first_row[kept],
        last_row=flights.last_row[kept],
    )


def chosen_journeys(made: Undertakings, kept: I64) -> Undertakings:
    """Return some journeys, by their rows in order, with their legs and stops."""
    table = made.journeys.take(kept)
    legs = spread(table.first_leg, table.legs)
    stops = spread(table.first_stop, table.stops)
    new_leg = np.full(len(made.flights) + 1, -1, np.int64)
    new_leg[legs] = np.arange(len(legs))
    new_stop = np.full(len(made.stops) + 1, -1, np.int64)
    new_stop[stops] = np.arange(len(stops))
    new_journey = np.full(len(made) + 1, -1, np.int64)
    new_journey[kept] = np.arange(len(kept))
    told = made.stops.take(stops)
    rows = spread(told.first_candidate, told.candidates)
    candidates = made.candidates.take(rows)
    return Undertakings(
        chosen_legs(made.flights, legs),
        table.replaced(
            first_leg=new_leg[table.first_leg],
            first_stop=np.where(table.stops > 0, new_stop[np.minimum(table.first_stop, len(new_stop) - 1)], 0),
        ),
        told.replaced(
            journey=new_journey[told.journey],
            after_leg=new_leg[told.after_leg],
            before_leg=new_leg[told.before_leg],
            first_candidate=(np.cumsum(told.candidates) - told.candidates).astype(np.int64),
        ),
        candidates.replaced(end=new_stop[candidates.end]),
    )


def spread(first: I64, count: NDArray[Any]) -> I64:
    """Return the rows of stretches, each `count` rows from `first` on."""
    lengths = count.astype(np.int64)
    steps = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(first, lengths) + steps
