"""What helps to ask: how a question may go on, where airfields are, and when there is a record at all."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from skywitness.batches import I64
from skywitness.questions.completing import complete
from skywitness.reference.airports import AIRPORT_KINDS, Gazetteer
from skywitness.units import NS_PER_S
from skywitness.views.api.columns import iso
from skywitness.views.api.security import Problem

__all__ = ["Reaching", "airfields", "completions", "coverage"]

Json = dict[str, Any]

MINUTE_NS = 60 * NS_PER_S


@runtime_checkable
class Reaching(Protocol):
    """A past that knows when it has something; see `questions.answer.Searchable`."""

    def extent(self) -> tuple[int, int]:
        """When the record begins and ends."""

    def minutes(self, from_ns: int, until_ns: int) -> I64:
        """The minutes that have positions."""

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """How many positions there are, about."""


def completions(text: str, at: int | None, gazetteer: Gazetteer, days: list[str]) -> Json:
    """How a question may go on at the cursor: what replaces the characters from `begin` to `end`."""
    found = complete(text, len(text) if at is None else at, gazetteer, days)
    told = [{"text": one.text, "words": one.words} for one in found.found]
    return {"begin": found.begin, "end": found.end, "completions": told}


def airfields(codes: tuple[str, ...], gazetteer: Gazetteer) -> Json:
    """Where airfields are and what they are called, in the order asked; those that are unknown are left out."""
    out: list[Json] = []
    for code in codes:
        found = gazetteer.find(code, 1)
        if not found or gazetteer.code(found[0]) != code.upper():
            continue
        row = found[0]
        told = {
            "airport": gazetteer.code(row),
            "name": gazetteer.name[row],
            "city": gazetteer.city[row],
            "country": gazetteer.country[row],
            "country_name": gazetteer.country_name.get(gazetteer.country[row], ""),
            "time_zone": gazetteer.time_zone[row],
            "kind": AIRPORT_KINDS[int(gazetteer.kind[row])],
            "military": bool(gazetteer.military[row]),
            "lat_deg": round(float(gazetteer.lat_deg[row]), 5),
            "lon_deg": round(float(gazetteer.lon_deg[row]), 5),
        }
        out.append({name: value for name, value in told.items() if value != ""})
    return {"airports": out}


def coverage(history: Reaching, from_ns: int | None, until_ns: int | None, parts: int) -> Json:
    """What there is of a time, in equal parts: minutes that have positions, of how many, and positions, about.

    Without a beginning or an end, that of the record. Raises Problem 400 for a time that is over before it begins.
    """
    first, last = history.extent()
    begin = first if from_ns is None else from_ns
    end = last if until_ns is None else until_ns
    told: Json = {"parts": []}
    if last > first:
        told = dict(zip(("record_from", "record_until"), moments(first, last), strict=True)) | told
    if end <= begin:
        if from_ns is None and until_ns is None:
            return told
        raise Problem(400, "`from` is not before `until`.")
    low, high = begin // MINUTE_NS, -(-end // MINUTE_NS)
    step = max(1, -(-(high - low) // parts))
    edges = np.arange(low, high + step, step, dtype=np.int64)
    having = np.zeros(len(edges) - 1, np.int64)
    if last > first:
        inside = max(begin, first), min(end, last)
        if inside[1] > inside[0]:
            minutes = history.minutes(*inside)
            having = np.bincount((minutes - low) // step, minlength=len(having))[: len(having)]
    begins = moments(*(edges * MINUTE_NS).tolist())
    rows = [
        {
            "from": begins[i],
            "minutes": int(min(edges[i + 1], high) - edges[i]),
            "minutes_with_data": int(having[i]),
            "positions": history.rows_about(int(edges[i]) * MINUTE_NS, int(edges[i + 1]) * MINUTE_NS),
        }
        for i in range(len(having))
    ]
    span = moments(low * MINUTE_NS, high * MINUTE_NS)
    return {**told, "from": span[0], "until": span[1], "step_s": step * 60, "parts": rows}


def moments(*times_ns: int) -> list[str | None]:
    """Times as text."""
    return iso(np.array(times_ns, np.int64), np.ones(len(times_ns), np.bool_))
