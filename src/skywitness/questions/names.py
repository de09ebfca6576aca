"""Which aircraft have a registration, a type, an operator: what lists say of addresses, as of the time of each row."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8, U32
from skywitness.identity.book import ALWAYS_FROM, ALWAYS_UNTIL, Book
from skywitness.identity.countries import COUNTRIES, find_country
from skywitness.identity.military import is_military
from skywitness.identity.registrations import address_of, registration_of
from skywitness.identity.table import FLAGS
from skywitness.questions.globs import fits_any, fitting
from skywitness.questions.question import Flag, Pattern, Text
from skywitness.reference.load import load_gazetteer, load_types

__all__ = ["IDENTITY", "Names"]

Bools = NDArray[np.bool_]

IDENTITY = ("hex", "reg", "type", "desc", "operator", "owner", "country", "mil")
"""Keys that are about the airframe and not about what it did."""

COLUMNS = {"reg": "registration", "type": "typecode", "operator": "operator", "owner": "operator"}
MILITARY = 1 << FLAGS.index("military")

STATES = {
    "RU": "Russian Federation", "NL": "Kingdom of the Netherlands", "KR": "Republic of Korea",
    "KP": "Democratic People's Republic of Korea", "IR": "Islamic Republic of Iran", "SY": "Syrian Arab Republic",
    "VN": "Viet Nam", "CG": "Congo", "TZ": "United Republic of Tanzania", "CD": "Democratic Republic of the Congo",
    "MM": "Myanmar", "LA": "Lao People's Democratic Republic", "CV": "Cabo Verde", "ST": "Sao Tome and Principe",
    "MD": "Republic of Moldova", "BN": "Brunei Darussalam",
}  # fmt: skip
"""States that the address plan calls otherwise than the gazetteer does, by their ISO 3166-1 code."""


@dataclass(frozen=True, slots=True)
class Spells:
    """For which addresses something holds, and when: sorted by address."""

    icao: I64
    from_ns: I64
    until_ns: I64

    def possible(self, icao: U32) -> Bools:
        """For which addresses it holds at some time."""
        return np.asarray(np.isin(icao, self.icao))

    def holds(self, icao: U32, at_ns: I64) -> Bools:
        """For which rows it holds, each at its time."""
        out = np.zeros(len(icao), np.bool_)
        for address, begin, end in zip(self.icao.tolist(), self.from_ns.tolist(), self.until_ns.tolist(), strict=True):
            mine = icao == address
            if begin != ALWAYS_FROM or end != ALWAYS_UNTIL:
                mine &= (at_ns >= begin) & (at_ns < end)
            out |= mine
        return out

    def holds_always(self, icao: U32, at_ns: I64) -> Bools:
        """The same for many addresses of which most hold always."""
        always = (self.from_ns == ALWAYS_FROM) & (self.until_ns == ALWAYS_UNTIL)
        out = np.asarray(np.isin(icao, self.icao[always]))
        some = Spells(self.icao[~always], self.from_ns[~always], self.until_ns[~always])
        there = np.flatnonzero(np.isin(icao, some.icao))
        if len(there):
            out[there] |= some.holds(icao[there], at_ns[there])
        return out


@dataclass(slots=True)
class Names:
    """Answers for terms on identity, from all that a book's sources say, conflicting ones included.

    A statement counts if it held at the row's time. Rules of States (a registration that follows from the address)
    count for `reg` alone, and blocks that States give to their forces for `mil`. Addresses that are not ICAO's have no
    identity but themselves.
    """

    book: Book
    _spells: dict[Text | Flag, Spells] = field(default_factory=dict)

    def possible(self, term: Text | Flag, icao: U32, kind: U8) -> Bools:
        """Which aircraft a term may be true of at some time."""
        if isinstance(term, Text) and term.key in ("hex", "country"):
            return self.mask(term, icao, kind, np.zeros(len(icao), np.int64))
        if isinstance(term, Flag) and not term.value:
            return np.ones(len(icao), np.bool_)
        if isinstance(term, Text) and term.key == "operator" and any(map(is_code, term.patterns)):
            return np.ones(len(icao), np.bool_)  # the callsign may have it
        found = self.spells(term).possible(icao)
        if isinstance(term, Text) and term.key == "reg":
            found |= self._by_rule(term.patterns, icao)
        if isinstance(term, Flag):
            found |= is_military(icao)
        found &= kind == 0
        return found

    def mask(self, term: Text | Flag, icao: U32, kind: U8, at_ns: I64) -> Bools:
        """Which rows a term is true of, each at its time."""
        if isinstance(term, Text) and term.key == "hex":
            return addresses_fit(term.patterns, icao, kind)
        if isinstance(term, Text) and term.key == "country":
            wanted = np.array([country_fits(term.patterns, name) for name in COUNTRIES])
            wanted[0] = False
            return np.asarray(wanted[find_country(icao, kind)])
        found = self.spells(term).holds_always(icao, at_ns)
        if isinstance(term, Text) and term.key == "reg":
            found |= self._by_rule(term.patterns, icao)
        if isinstance(term, Flag):
            found |= is_military(icao)
        found &= kind == 0
        return ~found if isinstance(term, Flag) and not term.value else found

    def spells(self, term: Text | Flag) -> Spells:
        """For which addresses the sources say it, and when."""
        kept = self._spells.get(term)
        if kept is not None:
            return kept
        parts: list[tuple[NDArray[np.int64], I64, I64]] = []
        for register in self.book.registers:
            if isinstance(term, Flag):
                rows = np.flatnonzero(register.flags & MILITARY)
            elif term.key == "desc":
                types = describing(term.patterns)
                rows = np.flatnonzero(fitting(term.patterns, register.description) | np.isin(register.typecode, types))
            else:
                rows = np.flatnonzero(fitting(term.patterns, getattr(register, COLUMNS[term.key])))
            parts.append((register.icao[rows].astype(np.int64), register.from_ns[rows], register.until_ns[rows]))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else []
        made = Spells(*columns) if columns else Spells(*(np.zeros(0, np.int64) for _ in range(3)))
        self._spells[term] = made
        return made

    def _by_rule(self, patterns: Sequence[Pattern], icao: U32) -> Bools:
        if all(pattern.is_exact for pattern in patterns):
            ruled = [address for pattern in patterns if (address := address_of(pattern.text)) is not None]
            return np.asarray(np.isin(icao, ruled))
        distinct, back = np.unique(icao, return_inverse=True)
        named: Bools = np.array(
            [bool(name := registration_of(one)) and fits_any(patterns, name) for one in distinct.tolist()], np.bool_
        )
        return named[back]


def is_code(pattern: Pattern) -> bool:
    """Whether a word may be an operator's three-letter code."""
    return len(pattern.text) == 3 and pattern.text.isascii() and pattern.text.isalpha()


def addresses_fit(patterns: Sequence[Pattern], icao: U32, kind: U8) -> Bools:
    """Which addresses any of the patterns says: `~` before those that are not ICAO's."""
    out = np.zeros(len(icao), np.bool_)
    for pattern in patterns:
        text = pattern.text.removeprefix("~")
        of_kind = (kind != 0) if pattern.text.startswith("~") else (kind == 0)
        if pattern.is_exact:
            out |= of_kind & (icao == int(text, 16))
            continue
        distinct, back = np.unique(icao, return_inverse=True)
        named = np.array([fits_any((Pattern(text),), f"{one:06X}") for one in distinct.tolist()], np.bool_)
        out |= of_kind & named[back]
    return out


def country_fits(patterns: Sequence[Pattern], name: str) -> bool:
    """Whether a State of the address plan is meant, by its ISO code or a name."""
    return fits_any(patterns, name) or any(
        fits_any(patterns, word) for code, usual in codes_of(name) for word in (code, usual)
    )


@functools.lru_cache(maxsize=512)
def codes_of(name: str) -> tuple[tuple[str, str], ...]:
    """ISO code and usual name of a State of the address plan."""
    usual = load_gazetteer().country_name
    return tuple((code, word) for code, word in usual.items() if STATES.get(code, word).casefold() == name.casefold())


@functools.lru_cache(maxsize=64)
def described(pattern: Pattern) -> tuple[str, ...]:
    """Type designators whose name or class a pattern says."""
    types = load_types()
    return tuple(one.designator for one in types.values() if fits_any((pattern,), one.name)
                 or fits_any((pattern,), one.description))  # fmt: skip


def describing(patterns: Sequence[Pattern]) -> list[str]:
    """The same of any of several patterns."""
    return sorted({designator for pattern in patterns for designator in described(pattern)})
