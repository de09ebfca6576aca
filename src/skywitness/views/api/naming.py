"""`/api/v1/identity`: who an aircraft is, by whom, and since when."""

from __future__ import annotations

from typing import Any

import numpy as np

from skywitness.batches import U32
from skywitness.identity.book import ALWAYS_FROM, ALWAYS_UNTIL, Book, Statement
from skywitness.identity.remarks import remarks_on
from skywitness.identity.table import FLAGS
from skywitness.views.api.columns import Column, Rows
from skywitness.views.api.tables import moment

__all__ = ["NAMED", "named_at", "who_is"]

Json = dict[str, Any]

NAMED = (
    Column("icao24", "text", "24-bit address, six hexadecimal digits in lower case.", always=True),
    Column("registration", "text", "As a list has it."),
    Column("typecode", "text", "Type designator, as a list has it."),
    Column("military", "boolean", "A list calls it military."),
    Column("interesting", "boolean", "A list calls it interesting."),
)
MARKS = tuple((column.name, 1 << FLAGS.index(column.name)) for column in NAMED[3:])


def named_at(book: Book, icao: U32, at_ns: int) -> Rows:
    """Say what lists call addresses at a moment, for pictures of the past; those that no list has are left out."""
    out: dict[str, list[Any]] = {column.name: [] for column in NAMED}
    for address in np.unique(icao).tolist():
        said = [one for register in book.registers for one in register.of(address) if not one.is_derived]
        holds = [one for one in said if one.from_ns <= at_ns < one.until_ns]
        if not holds:
            continue
        out["icao24"].append(f"{address:06x}")
        out["registration"].append(next((one.registration for one in holds if one.registration), None))
        out["typecode"].append(next((one.typecode for one in holds if one.typecode), None))
        for name, bit in MARKS:
            out[name].append(any(one.flags & bit for one in holds) or None)
    return Rows(NAMED, out)


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
