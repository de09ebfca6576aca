"""Who an aircraft is, by everybody who says so: statements with their source and time, never merged away.

A statement is what one source says of one address, perhaps for a stretch of time. A field is answered by the source
that ranks first among those whose statement holds at the date asked; the others stay visible, and where they differ
that is a conflict. What follows from a State's rule is `derived` and ranks last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8, U16, U32
from skywitness.identity.countries import COUNTRIES, find_country
from skywitness.identity.military import military_block
from skywitness.identity.registrations import registration_of, rule_of
from skywitness.identity.table import FLAGS, Entry, IdentityTable

__all__ = ["ALWAYS_FROM", "ALWAYS_UNTIL", "FIELDS", "KINDS", "Book", "Register", "Statement", "Who", "register_of"]

FIELDS = ("registration", "typecode", "operator", "description", "year", "military", "interesting", "pia", "ladd")
"""What may be said of an aircraft."""

KINDS = (
    "local", "scenario", "national_register", "plane_alert_db", "tar1090_db", "vrs", "opensky", "basestation", "table",
    "flightaware", "rule",
)  # fmt: skip
"""Sources by rank: what the user has set, what a simulation says of itself, registers of States, lists kept by hand,
lists put together from others, and rules: what follows from the address alone."""

ALWAYS_FROM, ALWAYS_UNTIL = -(1 << 62), 1 << 62
NS = 1_000_000_000
RULE = "rule"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says of one address; texts are empty and the year 0 where it says nothing."""

    icao: int
    source: str
    kind: str
    registration: str = ""
    typecode: str = ""
    operator: str = ""
    description: str = ""
    year: int = 0
    flags: int = 0
    from_ns: int = ALWAYS_FROM
    until_ns: int = ALWAYS_UNTIL
    is_derived: bool = False
    """Computed from the address by a rule, or likely so: no observation."""

    def values(self) -> dict[str, str]:
        """Return what it says, by field, as text."""
        said = {name: str(getattr(self, name)) for name in ("registration", "typecode", "operator", "description")}
        said["year"] = str(self.year) if self.year else ""
        for bit, name in enumerate(FLAGS):
            said[name] = "yes" if self.flags >> bit & 1 else ""
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """All statements of one source, sorted by address."""

    name: str
    kind: str
    icao: U32
    registration: NDArray[np.str_]
    typecode: NDArray[np.str_]
    operator: NDArray[np.str_]
    description: NDArray[np.str_]
    year: U16
    flags: U8
    from_ns: I64
    until_ns: I64
    derived: U8

    def __len__(self) -> int:
        return len(self.icao)

    def of(self, icao: int) -> list[Statement]:
        """Return its statements on an address."""
        first, last = (int(np.searchsorted(self.icao, np.uint32(icao), side)) for side in ("left", "right"))
        return [self.statement(row) for row in range(first, last)]

    def statement(self, row: int) -> Statement:
        """Return one of them."""
        return Statement(
            int(self.icao[row]), self.name, self.kind, str(self.registration[row]), str(self.typecode[row]),
            str(self.operator[row]), str(self.description[row]), int(self.year[row]), int(self.flags[row]),
            int(self.from_ns[row]), int(self.until_ns[row]), bool(self.derived[row]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Who:
    """An address at a date: the value of each field, and everything that was said."""

    icao: int
    country: str
    values: Mapping[str, tuple[str, str]]
    """Field to value and source."""
    conflicts: Mapping[str, tuple[tuple[str, str], ...]]
    """Field to all different values with their sources, where there are several."""
    statements: tuple[Statement, ...]
    """By rank, then by time."""

    def value(self, name: str) -> str:
        """Return a field's value; empty if nobody says."""
        return self.values.get(name, ("", ""))[0]


@dataclass(slots=True)
class Book:
    """Several registers together."""

    registers: Sequence[Register] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        self.registers = tuple(sorted(self.registers, key=lambda one: KINDS.index(one.kind)))

    def who(self, icao: int, at_ns: int | None = None) -> Who:
        """Return what is said of an address, resolved as of a date; of now, that is of whatever has no end, without."""
        said = [one for register in self.registers for one in register.of(icao)]
        rule = registration_of(icao)
        if rule:
            said.append(Statement(icao, rule_of(icao), RULE, registration=rule, is_derived=True))
        if block := military_block(icao):
            source = "military block {:06X} to {:06X}".format(*block)
            said.append(Statement(icao, source, RULE, flags=1, is_derived=True))
        said.sort(key=lambda one: (KINDS.index(one.kind), -one.from_ns))
        holds = [one for one in said if _holds(one, at_ns)]
        values: dict[str, tuple[str, str]] = {}
        seen: dict[str, dict[str, str]] = {}
        for one in holds:
            for name, value in one.values().items():
                values.setdefault(name, (value, one.source))
                if not one.is_derived:
                    seen.setdefault(name, {}).setdefault(value, one.source)
        conflicts = {
            name: tuple(found.items())
            for name, found in seen.items()
            if len(found) > 1 and name in ("registration", "typecode", "operator")
        }
        place = int(find_country(np.array([icao], np.uint32))[0])
        return Who(icao, COUNTRIES[place], values, conflicts, tuple(said))

    def addresses(self, registration: str) -> list[int]:
        """Return the addresses of a registration, former ones too; in part if it ends in *."""
        wanted = registration.strip().upper()
        found: set[int] = set()
        for register in self.registers:
            names = np.char.upper(register.registration) if len(register) else register.registration
            rows = np.char.startswith(names, wanted[:-1]) if wanted.endswith("*") else names == wanted
            found |= set(register.icao[rows].tolist())
        return sorted(found)

    def names(self, icao: U32, at_ns: I64) -> list[tuple[str, str]]:
        """Return registration and type designator of addresses at dates; empty where unknown, rules left out."""
        found = []
        kept: dict[int, list[Statement]] = {}
        for address, moment in zip(icao.tolist(), at_ns.tolist(), strict=True):
            if address not in kept:
                kept[address] = [one for register in self.registers for one in register.of(address)]
            holds = [one for one in kept[address] if not one.is_derived and _holds(one, moment)]
            registration = next((one.registration for one in holds if one.registration), "")
            found.append((registration, next((one.typecode for one in holds if one.typecode), "")))
        return found

    def table(self) -> IdentityTable:
        """Return the fields that hold now, one row an address, for the live picture."""
        best: dict[int, Entry] = {}
        for register in reversed(self.registers):  # those of higher rank come last and win field by field
            for row in np.flatnonzero((register.until_ns == ALWAYS_UNTIL) & (register.derived == 0)).tolist():
                one = register.statement(row)
                old = best.get(one.icao, Entry(one.icao))
                best[one.icao] = Entry(
                    one.icao, one.registration or old.registration, one.typecode or old.type, one.flags | old.flags,
                    one.description or old.description, one.year or old.year, one.operator or old.operator,
                )  # fmt: skip
        return IdentityTable.of(best.values())


def _holds(one: Statement, at_ns: int | None) -> bool:
    if at_ns is None:
        return one.until_ns == ALWAYS_UNTIL
    return one.from_ns <= at_ns < one.until_ns


def register_of(name: str, kind: str, statements: Iterable[Statement]) -> Register:
    """Make a register of statements; of the same address they stay in the order of time."""
    rows = sorted(statements, key=lambda one: (one.icao, one.from_ns))

    def texts(attribute: str) -> NDArray[np.str_]:
        return np.array([getattr(one, attribute) for one in rows], np.str_) if rows else np.zeros(0, "U1")

    def numbers(attribute: str, dtype: str) -> NDArray[Any]:
        return np.array([getattr(one, attribute) for one in rows], dtype)

    return Register(
        name, kind, numbers("icao", "u4"), texts("registration"), texts("typecode"), texts("operator"),
        texts("description"), numbers("year", "u2"), numbers("flags", "u1"), numbers("from_ns", "i8"),
        numbers("until_ns", "i8"), numbers("is_derived", "u1"),
    )  # fmt: skip
