"""`/api/v1/identity`: who an aircraft is, by whom, and since when."""

from __future__ import annotations

from typing import Any

from skywitness.identity.book import ALWAYS_FROM, ALWAYS_UNTIL, Book, Statement
from skywitness.identity.remarks import remarks_on
from skywitness.views.api.tables import moment

__all__ = ["who_is"]

Json = dict[str, Any]


def who_is(book: Book, icao: int, *, is_lent: bool = False) -> Json:
    """Say what lists and rules tell of an address now and before.

    is_lent  it is no ICAO address (written with ~): nothing is known of such
    return   `values` with their sources, `conflicts` between lists, `statements` by rank and time, `remarks`
    """
    if is_lent:
        return {"icao24": f"~{icao:06x}", "country": "", "values": {}, "conflicts": {}, "statements": [], "remarks": []}
    who = book.who(icao)
    return {
        "icao24": f"{icao:06x}",
        "country": who.country,
        "values": {name: {"value": value, "source": source} for name, (value, source) in who.values.items()},
        "conflicts": {
            name: [{"value": value, "source": source} for value, source in told] for name, told in who.conflicts.items()
        },
        "statements": [told_of(one) for one in who.statements],
        "remarks": remarks_on(icao, [one.registration for one in who.statements if one.registration]),
    }


def told_of(one: Statement) -> Json:
    """One statement; `from` and `until` are null where it has no beginning or end."""
    return {
        "source": one.source,
        "kind": one.kind,
        "from": None if one.from_ns == ALWAYS_FROM else moment(one.from_ns),
        "until": None if one.until_ns == ALWAYS_UNTIL else moment(one.until_ns),
        "is_derived": one.is_derived,
        "values": one.values(),
    }
