"""The filter language of live views: text to a tree, and the tree over an aircraft table to a column of yes and no.

`callsign:KLM*,BAW* alt:>10000 -ground:yes (squawk:7700 OR mil:yes) in:50,3,54,8`: terms are joined by AND, a comma
means any of, a minus means not. A term about what is not known of an aircraft is not true of it.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import ADDRESS_KINDS, F64, I64, POSITION_SOURCES, U8, U64
from skywitness.errors import QuestionError
from skywitness.geo.sphere import distance_nmi
from skywitness.identity.table import FLAGS, NOBODY, IdentityTable
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.tracks.aircraft import AircraftTable
from skywitness.units import NS_PER_S

__all__ = [
    "EMERGENCY_SQUAWKS",
    "EVERYTHING",
    "FRESH_NS",
    "KEPT_NS",
    "KEYS",
    "Filter",
    "Subject",
    "callsign_characters",
    "parse",
]

Mask = NDArray[np.bool_]

FRESH_NS = 60 * NS_PER_S
"""How long a height or a motion counts as present."""
KEPT_NS = 180 * NS_PER_S
"""How long what changes seldom counts: squawk, emergency, callsign."""

LONGEST = 500
MOST_TERMS = 64
DEEPEST = 16

EMERGENCY_SQUAWKS = (0o7500, 0o7600, 0o7700)
CHARACTER_CODES: U8 = np.frombuffer(CHARACTERS.replace("#", "\0").encode("ascii"), np.uint8).copy()
SHIFTS: U64 = np.arange(42, -1, -6, dtype=np.uint64)


class Subject:
    """An aircraft table of one moment, with what several filters need of it made once."""

    def __init__(self, table: AircraftTable, now_ns: int, identity: IdentityTable = NOBODY) -> None:
        self.table = table
        self.now_ns = now_ns
        self.identity = identity

    def fresh(self, time_ns: I64, limit_ns: int) -> Mask:
        """Say which values were told not longer ago than that."""
        mask: Mask = self.now_ns - time_ns < limit_ns
        return mask

    @functools.cached_property
    def callsign(self) -> U8:
        """(n, 8) characters, zeros behind and where unknown."""
        return callsign_characters(self.table.callsign)

    @functools.cached_property
    def rows(self) -> I64:
        """Row of the identity table of each aircraft; -1 not known."""
        return self.identity.find(self.table.icao, self.table.address_kind)

    @functools.cached_property
    def registration(self) -> U8:
        """(n, 16) characters, zeros behind."""
        return self._words(self.identity.registration)

    @functools.cached_property
    def type(self) -> U8:
        """(n, 4) characters, zeros behind."""
        return self._words(self.identity.type)

    @functools.cached_property
    def flags(self) -> U8:
        """Bits of FLAGS."""
        known = self.rows >= 0
        out = np.zeros(len(known), np.uint8)
        out[known] = self.identity.flags[self.rows[known]]
        return out

    def _words(self, words: NDArray[np.bytes_]) -> U8:
        width = words.dtype.itemsize
        known = np.flatnonzero(self.rows >= 0)
        out = np.zeros((len(self.rows), width), np.uint8)
        out[known] = words[self.rows[known]].view(np.uint8).reshape(-1, width)
        return out


def callsign_characters(callsign: U64) -> U8:
    """Write packed callsigns as (n, 8) ASCII characters; zeros for spaces behind and for those unknown."""
    text = CHARACTER_CODES[(callsign[:, None] >> SHIFTS & np.uint64(63)).astype(np.intp)]
    behind = np.logical_and.accumulate((text == 32)[:, ::-1], axis=1)[:, ::-1]
    return np.where(behind, 0, text).astype(np.uint8)


Test = Callable[[Subject], Mask]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was understood. Two of the same `text` are the same filter."""

    text: str
    """In canonical form: one space between terms."""
    test: Test | None = None

    def mask(self, subject: Subject) -> Mask:
        """Say which aircraft it lets through; (n,) bool."""
        if self.test is None:
            return np.ones(len(subject.table), np.bool_)
        return self.test(subject)


EVERYTHING = Filter("")


def parse(text: str) -> Filter:
    """Read a filter. Raises QuestionError with a sentence that says where it cannot be understood."""
    if len(text) > LONGEST:
        raise QuestionError(f"the filter has {len(text)} characters", hint=f"At most {LONGEST} are read.")
    tokens = [(found[0], found.start()) for found in re.finditer(r'\(|\)|(?:[^\s()"]|"[^"]*")+|"', text)]
    if not tokens:
        return EVERYTHING
    reader = _Reader(tokens)
    test = reader.alternatives(0)
    if reader.at < len(tokens):
        raise QuestionError("a closing parenthesis has no opening one", source="filter", offset=tokens[reader.at][1])
    return Filter(" ".join(token for token, _ in tokens), test)


class _Reader:
    """Recursive descent: alternatives of conjunctions of terms."""

    def __init__(self, tokens: list[tuple[str, int]]) -> None:
        self.tokens = tokens
        self.at = 0
        self.terms = 0

    def alternatives(self, depth: int) -> Test:
        if depth > DEEPEST:
            raise QuestionError("parentheses are nested too deeply", source="filter")
        parts = [self.conjunction(depth)]
        while self._next() == "OR":
            self.at += 1
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else lambda subject: np.logical_or.reduce([part(subject) for part in parts])

    def conjunction(self, depth: int) -> Test:
        parts: list[Test] = []
        while (token := self._next()) not in ("", ")", "OR"):
            if token == "AND":
                self.at += 1
                continue
            parts.append(self.term(depth))
        if not parts:
            where = self.tokens[min(self.at, len(self.tokens) - 1)][1]
            raise QuestionError("a term is missing", source="filter", offset=where)
        return parts[0] if len(parts) == 1 else lambda subject: np.logical_and.reduce([part(subject) for part in parts])

    def term(self, depth: int) -> Test:
        token, where = self.tokens[self.at]
        self.at += 1
        negated = token.startswith("-")
        token = token.removeprefix("-")
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise QuestionError(f"the filter has more than {MOST_TERMS} terms", source="filter")
        if not token and self._next() == "(":
            token, self.at = "(", self.at + 1
        if token == "(":
            test = self.alternatives(depth + 1)
            if self._next() != ")":
                raise QuestionError("a parenthesis is not closed", source="filter", offset=where)
            self.at += 1
        else:
            test = _term(token, where)
        if not negated:
            return test
        return lambda subject: np.logical_not(test(subject))

    def _next(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""


def _term(token: str, where: int) -> Test:
    key, colon, value = token.partition(":")
    value = value.replace('"', "")
    make = KEYS.get(key.lower())
    if not colon or make is None:
        raise QuestionError(
            f"{token[:40]!r} is no term", source="filter", offset=where,
            hint=f"A term is KEY:VALUE, KEY one of {' '.join(KEYS)}.",
        )  # fmt: skip
    try:
        return make(value)
    except ValueError as error:
        raise QuestionError(f"`{key}:` cannot be {value[:40]!r}: {error}", source="filter", offset=where) from None


def _any(one: Callable[[str], Test]) -> Callable[[str], Test]:
    """Let a comma separate values of which any may be met."""

    def make(value: str) -> Test:
        tests = [one(part) for part in value.split(",")]
        return (
            tests[0] if len(tests) == 1 else lambda subject: np.logical_or.reduce([test(subject) for test in tests])
        )  # fmt: skip

    return make


def _text(name: str) -> Callable[[str], Test]:
    """Words with `*` at one end or both."""

    def one(value: str) -> Test:
        word = value.upper().strip("*").encode("ascii", "replace")
        if not word or b"*" in word or not all(33 <= byte < 127 for byte in word):
            raise ValueError("a word of letters and digits is needed, with * at its ends or not")
        wanted = np.frombuffer(word, np.uint8)
        ahead, behind = value.startswith("*"), value.endswith("*")

        def test(subject: Subject) -> Mask:
            characters: U8 = getattr(subject, name)
            width, size = characters.shape[1], len(wanted)
            found = np.zeros(len(characters), np.bool_)
            for at in range(width - size + 1 if ahead else min(1, width - size + 1)):
                here = (characters[:, at : at + size] == wanted).all(axis=1)
                if not behind and at + size < width:
                    here &= characters[:, at + size] == 0
                found |= here
            return found

        return test

    return _any(one)


def _digits(value: str, digits: int, base: int) -> tuple[int, int]:
    """Number and how many bits are left open by a `*` at the end."""
    plain = value.removesuffix("*")
    if not 1 <= len(plain) <= digits or (plain == value and len(plain) < digits):
        raise ValueError(f"{digits} digits are needed, or fewer and a *")
    return int(plain, base), (digits - len(plain)) * (base.bit_length() - 1)


def _hex(value: str) -> Test:
    is_other = value.startswith("~")
    number, open_bits = _digits(value.removeprefix("~"), 6, 16)

    def test(subject: Subject) -> Mask:
        same: Mask = subject.table.icao.astype(np.int64) >> open_bits == number
        mask: Mask = same & ((subject.table.address_kind != 0) == is_other)
        return mask

    return test


def _squawk(value: str) -> Test:
    number, open_bits = _digits(value, 4, 8)

    def test(subject: Subject) -> Mask:
        code = subject.table.squawk.astype(np.int64)
        known = (code <= 0o7777) & subject.fresh(subject.table.squawk_time_ns, KEPT_NS)
        mask: Mask = known & (code >> open_bits == number)
        return mask

    return test


def _category(value: str) -> Test:
    number, open_bits = _digits(value, 2, 16)
    return lambda subject: (
        (subject.table.category != 255) & (subject.table.category.astype(np.int64) >> open_bits == number)
    )


def _range(value: str) -> tuple[float, float]:
    """Read `<10`, `>10`, `10..20` or `10`."""
    found = re.fullmatch(r"(?:([<>])=?)?(-?\d+(?:\.\d+)?)|(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)", value)
    if not found:
        raise ValueError("a number, <number, >number or number..number is needed")
    if found[3]:
        return float(found[3]), float(found[4])
    number = float(found[2])
    return (-math.inf if found[1] == "<" else number), (math.inf if found[1] == ">" else number)


def _number(column: str, time: str) -> Callable[[str], Test]:
    def one(value: str) -> Test:
        low, high = _range(value)

        def test(subject: Subject) -> Mask:
            values = getattr(subject.table, column)
            known = subject.fresh(getattr(subject.table, time), FRESH_NS)
            above, below = values >= low, values <= high
            mask: Mask = known & (above & below if low <= high else above | below)  # 350..10 of a direction
            return mask

        return test

    return _any(one)


def _age(column: str) -> Callable[[str], Test]:
    def one(value: str) -> Test:
        low, high = _range(value)

        def test(subject: Subject) -> Mask:
            age_s = (subject.now_ns - getattr(subject.table, column)) / NS_PER_S
            mask: Mask = (age_s >= low) & (age_s <= high)
            return mask

        return test

    return _any(one)


def _word_of(words: tuple[str, ...], column: str) -> Callable[[str], Test]:
    def one(value: str) -> Test:
        if value.lower() not in words:
            raise ValueError(f"it is one of {', '.join(words)}")
        index = words.index(value.lower())
        return lambda subject: np.asarray(getattr(subject.table, column) == index)

    return _any(one)


def _yes_or_no(of: Test) -> Callable[[str], Test]:
    def make(value: str) -> Test:
        if value.lower() not in ("yes", "no"):
            raise ValueError("it is yes or no")
        return of if value.lower() == "yes" else lambda subject: np.logical_not(of(subject))

    return make


def _is_on_ground(subject: Subject) -> Mask:
    return np.asarray(subject.table.on_ground == 1)


def _is_placed(subject: Subject) -> Mask:
    return subject.fresh(subject.table.position_time_ns, FRESH_NS) & ~np.isnan(subject.table.lat_deg)


def _is_in_emergency(subject: Subject) -> Mask:
    table = subject.table
    by_squawk = np.isin(table.squawk, EMERGENCY_SQUAWKS) & subject.fresh(table.squawk_time_ns, KEPT_NS)
    told = (table.emergency > 0) & (table.emergency < 8) & subject.fresh(table.emergency_time_ns, KEPT_NS)
    return by_squawk | told


def _flag(name: str) -> Test:
    bit = np.uint8(1 << FLAGS.index(name))
    return lambda subject: (subject.flags & bit) != 0


def numbers_of(value: str, count: int) -> list[float]:
    """Read so many numbers with commas between. Raises ValueError."""
    try:
        values = [float(part) for part in value.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not all(map(math.isfinite, values)):
        raise ValueError(f"{count} numbers with commas between are needed")
    return values


def inside(lat_deg: F64, lon_deg: F64, south: float, west: float, north: float, east: float) -> Mask:
    """Say which places lie in a box, whose west may be east of its east: then it crosses the 180th meridian."""
    in_height = (lat_deg >= south) & (lat_deg <= north)
    if west <= east:
        return in_height & (lon_deg >= west) & (lon_deg <= east)
    return in_height & ((lon_deg >= west) | (lon_deg <= east))


def _in(value: str) -> Test:
    south, west, north, east = numbers_of(value, 4)
    if not -90 <= south <= north <= 90 or not -180 <= west <= 180 or not -180 <= east <= 180:
        raise ValueError("it is south,west,north,east in degrees")
    return lambda subject: inside(subject.table.lat_deg, subject.table.lon_deg, south, west, north, east)


def _near(value: str) -> Test:
    lat, lon, nmi = numbers_of(value, 3)
    if not -90 <= lat <= 90 or not -180 <= lon <= 180 or not 0 <= nmi <= 10_801:
        raise ValueError("it is latitude,longitude,nautical miles")

    def test(subject: Subject) -> Mask:
        mask: Mask = distance_nmi(lat, lon, subject.table.lat_deg, subject.table.lon_deg) <= nmi
        return mask

    return test


KEYS: dict[str, Callable[[str], Test]] = {
    "hex": _any(_hex),
    "callsign": _text("callsign"),
    "reg": _text("registration"),
    "type": _text("type"),
    "squawk": _any(_squawk),
    "category": _any(_category),
    "alt": _number("altitude_ft", "altitude_time_ns"),
    "gs": _number("groundspeed_kt", "velocity_time_ns"),
    "track": _number("track_deg", "velocity_time_ns"),
    "rate": _number("vertical_rate_fpm", "rate_time_ns"),
    "seen": _age("seen_time_ns"),
    "placed": _yes_or_no(_is_placed),
    "ground": _yes_or_no(_is_on_ground),
    "emergency": _yes_or_no(_is_in_emergency),
    "source": _word_of(POSITION_SOURCES, "position_source"),
    "kind": _word_of(ADDRESS_KINDS, "address_kind"),
    "mil": _yes_or_no(_flag("military")),
    "in": _in,
    "near": _near,
}
"""What a term may ask, by its key; see docs/reference/wire.md."""
