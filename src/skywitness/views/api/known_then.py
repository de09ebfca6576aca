"""What was known of one aircraft at a moment of the record, or from time to time, in the row that the present has."""

from __future__ import annotations

from typing import Any

import numpy as np

from skywitness.batches import PROVENANCES
from skywitness.questions.answer import History
from skywitness.tracks.aircraft import aircraft_key, table_of_positions
from skywitness.units import NS_PER_S
from skywitness.views.api.columns import Rows, texts
from skywitness.views.api.security import Problem
from skywitness.views.api.tables import SAID, Behind, one_aircraft_rows

__all__ = ["known_then", "states_of_one"]

BACK_NS = 65 * NS_PER_S
"""How long before a moment it is looked for: longer than what is said counts."""


def known_then(history: History, icao: int, kinds: list[int], at_ns: int) -> Rows:
    """Return the newest state before a moment, with the evidence of its place; of a position if no state is kept.

    Raises Problem 404 if nothing was received of it lately.
    """
    addresses, numbers = np.full(len(kinds), icao, np.uint32), np.array(kinds, np.uint8)
    span = at_ns - BACK_NS, at_ns + 1
    known = history.states(*span, icao=addresses, address_kind=numbers)
    positions = history.positions(*span, icao=addresses, address_kind=numbers)
    changes: dict[str, list[Any]] = {
        "provenance": [None]
    }  # of a state alone nobody has written down where it came from
    behind = None
    if len(positions):
        last = positions.take(np.array([np.argmax(positions.time_ns)]))
        behind = Behind(aircraft_key(last.icao, last.address_kind), last)
        changes["provenance"] = texts(last.provenance, PROVENANCES)
        if not len(known):
            known = table_of_positions(last)
            # A position has what was known with it, not when each of that was said.
            changes |= {"messages": [None], **{f"{name}_age_s": [None] for name in SAID}}
    if not len(known):
        raise Problem(404, "The record knows nothing of that address at that moment.")
    newest = known.take(np.array([np.argmax(known.seen_time_ns)]))
    rows = one_aircraft_rows(newest, at_ns, behind, simulated=False)
    return Rows(rows.columns, {**rows.values, **changes})


def states_of_one(history: History, icao: int, kinds: list[int], span: tuple[int, int], limit: int) -> tuple[Rows, int]:
    """Return what was known of an aircraft from time to time, each with its ages then; and how many states there are.

    More than `limit` are evenly thinned, first and last kept.
    """
    addresses, numbers = np.full(len(kinds), icao, np.uint32), np.array(kinds, np.uint8)
    found = history.states(*span, icao=addresses, address_kind=numbers)
    found = found.take(np.argsort(found.seen_time_ns, kind="stable"))
    total = len(found)
    if total > limit:
        found = found.take(np.unique(np.linspace(0, total - 1, limit).astype(np.int64)))
    then: Any = found.seen_time_ns
    rows = one_aircraft_rows(found, then, None, simulated=False)
    return Rows(rows.columns, {**rows.values, "provenance": [None] * len(found)}), total
