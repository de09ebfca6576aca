"""The query language over a live picture: a question's tree to a column of yes and no of an aircraft table.

The tree is that of the record (`questions.language`); what can be told of a moment is told here of the present one. A
term about what is not known of an aircraft, or was said too long ago, is not true of it. Terms about the past are
refused with a sentence.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import ADDRESS_KINDS, I64, POSITION_SOURCES, U8, U64
from skywitness.errors import QuestionError
from skywitness.geo.sphere import distance_nmi
from skywitness.identity.countries import COUNTRIES, find_country
from skywitness.identity.military import is_military
from skywitness.identity.registrations import address_of, registration_of
from skywitness.identity.table import FLAGS, NOBODY, IdentityTable
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.questions.globs import fits_any, fitting
from skywitness.questions.language import read_question
from skywitness.questions.names import addresses_fit, country_fits, describing, is_code
from skywitness.questions.places import Places
from skywitness.questions.question import (
    And,
    Flag,
    InArea,
    Near,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    Text,
    Then,
    Together,
    When,
    terms,
)
from skywitness.reference.load import load_gazetteer
from skywitness.tracks.aircraft import AircraftTable
from skywitness.units import NMI_M, NS_PER_S

__all__ = [
    "EMERGENCY_SQUAWKS",
    "EVERYTHING",
    "FRESH_NS",
    "KEPT_NS",
    "Filter",
    "Subject",
    "callsign_characters",
    "numbers_of",
    "parse",
]

Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

FRESH_NS = 60 * NS_PER_S
"""How long a height or a motion counts as present."""
KEPT_NS = 180 * NS_PER_S
"""How long what changes seldom counts: squawk, emergency, callsign."""

LONGEST = 2_000
MOST_TERMS = 64
MOST_OTHERS = 200
"""Aircraft that `with:` may name."""
MOST_RULED = 100_000
"""Addresses whose registration by rule a filter remembers."""

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
        """Bits of FLAGS; military by its block too."""
        of_block = is_military(self.table.icao) & (self.table.address_kind == 0)
        flags: U8 = self.told(self.identity.flags) | of_block.astype(np.uint8) << FLAGS.index("military")
        return flags

    @functools.cached_property
    def country(self) -> I64:
        """Place in COUNTRIES."""
        return np.asarray(find_country(self.table.icao, self.table.address_kind), np.int64)

    @functools.cached_property
    def is_placed(self) -> Mask:
        """Whether its place is known and present."""
        return self.fresh(self.table.position_time_ns, FRESH_NS) & ~np.isnan(self.table.lat_deg)

    def told(self, of: NDArray[T]) -> NDArray[T]:
        """What a column of the identity table says of each aircraft; 0 where it says nothing."""
        known = self.rows >= 0
        out = np.zeros(len(known), of.dtype)
        out[known] = of[self.rows[known]]
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
    question = read_question(text, 0)
    if question.explain:
        raise QuestionError("explain: is asked of the record", hint="A filter of the live picture has no plan.")
    if isinstance(question.where, And) and not question.where.parts:
        return EVERYTHING
    count = sum(1 for _ in terms(question.where))
    if count > MOST_TERMS:
        raise QuestionError(f"the filter has {count} terms", hint=f"At most {MOST_TERMS} are read.")
    spaced = re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda found: found[1] or " ", text)
    return Filter(spaced.strip(), test_of(question.where))


def test_of(node: Node) -> Test:
    """Return what says of which aircraft a part is true. Raises QuestionError for what only the record can tell."""
    if isinstance(node, And):
        return _all([test_of(part) for part in node.parts])
    if isinstance(node, Or):
        return _any([test_of(part) for part in node.parts])
    if isinstance(node, Not):
        inner = test_of(node.part)
        return lambda subject: np.logical_not(inner(subject))
    if isinstance(node, Text):
        return _text(node)
    if isinstance(node, Number):
        return _number(node)
    if isinstance(node, Flag):
        return _flag(node)
    if isinstance(node, Near | InArea):
        return _area(node)
    if isinstance(node, Together):
        return _together(node)
    key = {When: "time", Then: "THEN"}.get(type(node)) or getattr(node, "key", "gap")
    raise QuestionError(f"{key} is asked of the record", hint="The live picture is of this moment.")


test_of.__test__ = False  # type: ignore[attr-defined]  # no test of ours: tests import it


def _all(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda subject: np.logical_and.reduce([test(subject) for test in tests])


def _any(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda subject: np.logical_or.reduce([test(subject) for test in tests])


# --- words ------------------------------------------------------------------------------------------------------------


def _text(term: Text) -> Test:
    key, patterns = term.key, term.patterns
    if key == "callsign":
        return _any([_word("callsign", pattern) for pattern in patterns])
    if key == "reg":
        return _any([*(_word("registration", pattern) for pattern in patterns), _by_rule(patterns)])
    if key == "type":
        return _any([_word("type", pattern) for pattern in patterns])
    if key == "hex":
        return lambda subject: addresses_fit(patterns, subject.table.icao, subject.table.address_kind)
    if key == "country":
        wanted = np.array([bool(name) and country_fits(patterns, name) for name in COUNTRIES])
        return lambda subject: wanted[subject.country]
    if key == "squawk":
        return _squawk(patterns)
    if key == "category":
        wanted = np.array([code not in (0, 255) and fits_any(patterns, f"{code:02X}") for code in range(256)])
        return lambda subject: wanted[subject.table.category]
    if key in ("source", "kind"):
        words, column = (
            (POSITION_SOURCES, "position_source") if key == "source" else (ADDRESS_KINDS, "address_kind")
        )  # fmt: skip
        wanted_words = [words.index(pattern.text.lower()) for pattern in patterns]
        return lambda subject: np.asarray(np.isin(getattr(subject.table, column), wanted_words))
    if key in ("operator", "owner"):
        return _operator(key, patterns)
    if key == "desc":
        return _described(patterns)
    if key == "any":
        return _bare(patterns)
    raise QuestionError(f"{key}: is asked of the record", hint="The live picture is of this moment.")


def _word(name: str, pattern: Pattern) -> Test:
    """A word, `*` at one end or both, compared as characters of all aircraft at once; others one by one."""
    word = pattern.text.strip("*").encode("ascii", "replace")
    if not word or b"*" in word:
        return _spelled(name, pattern)
    wanted = np.frombuffer(word, np.uint8)
    ahead, behind = pattern.text.startswith("*"), pattern.text.endswith("*")

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


def _spelled(name: str, pattern: Pattern) -> Test:
    def test(subject: Subject) -> Mask:
        characters: U8 = np.ascontiguousarray(getattr(subject, name))
        words = characters.view(f"S{characters.shape[1]}").ravel()
        distinct, back = np.unique(words, return_inverse=True)
        fits = [bool(word) and fits_any((pattern,), word.decode("ascii", "replace")) for word in distinct.tolist()]
        return np.asarray(np.array(fits, np.bool_)[back]) if len(words) else np.zeros(0, np.bool_)

    return test


def _by_rule(patterns: tuple[Pattern, ...]) -> Test:
    """Registrations that follow from the address by a State's rule."""
    if all(pattern.is_exact for pattern in patterns):
        ruled = [address for pattern in patterns if (address := address_of(pattern.text)) is not None]
        return lambda subject: np.isin(subject.table.icao, ruled) & (subject.table.address_kind == 0)
    known: dict[int, bool] = {}

    def fits(icao: int) -> bool:
        if icao not in known:
            if len(known) >= MOST_RULED:
                known.clear()
            known[icao] = bool(name := registration_of(icao)) and fits_any(patterns, name)
        return known[icao]

    def test(subject: Subject) -> Mask:
        named = np.array([fits(icao) for icao in subject.table.icao.tolist()], np.bool_)
        return np.asarray(named & (subject.table.address_kind == 0))

    return test


def _squawk(patterns: tuple[Pattern, ...]) -> Test:
    wanted = np.array([fits_any(patterns, f"{code:04o}") for code in range(0o10000)])

    def test(subject: Subject) -> Mask:
        code = subject.table.squawk
        known = (code <= 0o7777) & subject.fresh(subject.table.squawk_time_ns, KEPT_NS)
        return np.asarray(known & wanted[np.minimum(code, 0o7777)])

    return test


def _operator(key: str, patterns: tuple[Pattern, ...]) -> Test:
    """As lists have it; an operator also by the three letters of a callsign."""
    codes = [np.frombuffer(pattern.text.encode("ascii"), np.uint8) for pattern in patterns if is_code(pattern)]

    def test(subject: Subject) -> Mask:
        words = fitting(patterns, np.array(subject.identity.operators, np.str_))
        found = words[subject.told(subject.identity.operator)]
        if key == "operator":
            text = subject.callsign
            for code in codes:
                found = found | ((text[:, :3] == code).all(axis=1) & (text[:, 3] >= 48) & (text[:, 3] <= 57))
        return np.asarray(found)

    return test


def _described(patterns: tuple[Pattern, ...]) -> Test:
    of_types = np.array([name.encode("ascii", "replace") for name in describing(patterns)], "S4")

    def test(subject: Subject) -> Mask:
        words = fitting(patterns, np.array(subject.identity.descriptions, np.str_))
        types = subject.told(subject.identity.type)
        return np.asarray(words[subject.told(subject.identity.description)] | np.isin(types, of_types))

    return test


def _bare(patterns: tuple[Pattern, ...]) -> Test:
    """A word by itself: a callsign, a registration, a type, an operator or an address."""
    tests = [_text(Text(key, patterns)) for key in ("callsign", "reg", "type", "operator")]
    hexes = tuple(pattern for pattern in patterns if re.fullmatch(r"~?(?=.*\*|.{6}$)[0-9A-F*]{1,7}", pattern.text))
    if hexes and all(len(pattern.text.replace("*", "").lstrip("~")) <= 6 for pattern in hexes):
        tests.append(_text(Text("hex", hexes)))
    return _any(tests)


# --- numbers, flags, places -------------------------------------------------------------------------------------------

COLUMNS = {
    "alt": ("altitude_ft", "altitude_time_ns"),
    "gs": ("groundspeed_kt", "velocity_time_ns"),
    "track": ("track_deg", "velocity_time_ns"),
    "rate": ("vertical_rate_fpm", "rate_time_ns"),
}
"""Of a number's key: where it stands, and when it was said."""


def _number(term: Number) -> Test:
    def test(subject: Subject) -> Mask:
        if term.key == "seen":
            values, known = (subject.now_ns - subject.table.seen_time_ns) / NS_PER_S, None
        else:
            column, time = COLUMNS[term.key]
            values, known = getattr(subject.table, column), subject.fresh(getattr(subject.table, time), FRESH_NS)
        found = np.zeros(len(values), np.bool_)
        for low, high in term.bounds:
            found |= (values >= low) & (values <= high)
        return found if known is None else np.asarray(found & known)

    return test


def _flag(term: Flag) -> Test:
    if term.key in FLAGS_OF_MOMENT:
        of = FLAGS_OF_MOMENT[term.key]
    else:
        bit = np.uint8(1 << FLAGS.index({"mil": "military"}[term.key]))
        of = lambda subject: np.asarray((subject.flags & bit) != 0)  # noqa: E731
    return of if term.value else lambda subject: np.logical_not(of(subject))


def _is_on_ground(subject: Subject) -> Mask:
    return np.asarray(subject.table.on_ground == 1)


def _is_placed(subject: Subject) -> Mask:
    return subject.is_placed


def _is_in_emergency(subject: Subject) -> Mask:
    table = subject.table
    by_squawk = np.isin(table.squawk, EMERGENCY_SQUAWKS) & subject.fresh(table.squawk_time_ns, KEPT_NS)
    told = (table.emergency > 0) & (table.emergency < 8) & subject.fresh(table.emergency_time_ns, KEPT_NS)
    return by_squawk | told


FLAGS_OF_MOMENT: dict[str, Test] = {
    "ground": _is_on_ground, "placed": _is_placed, "emergency": _is_in_emergency,
}  # fmt: skip


def _area(term: Near | InArea) -> Test:
    areas = Places(load_gazetteer()).areas(term)

    def test(subject: Subject) -> Mask:
        table = subject.table
        out = np.zeros(len(table), np.bool_)
        at = np.flatnonzero(~np.isnan(table.lat_deg))
        for area in areas:
            out[at] |= area.holds(table.lat_deg[at], table.lon_deg[at])
        return out

    return test


def _together(term: Together) -> Test:
    """Close to another aircraft now; both places must be present."""
    names = [_word("callsign", pattern) for pattern in term.others]
    other = _any([*names, _text(Text("reg", term.others)), _bare(term.others)])

    def test(subject: Subject) -> Mask:
        out = np.zeros(len(subject.table), np.bool_)
        at = np.flatnonzero(subject.is_placed)
        others = np.flatnonzero(other(subject) & subject.is_placed)[:MOST_OTHERS]
        lat, lon = subject.table.lat_deg, subject.table.lon_deg
        for row in others.tolist():
            near = distance_nmi(lat[row], lon[row], lat[at], lon[at]) <= term.distance_m / NMI_M
            out[at[near & (at != row)]] = True
        return out

    return test


def numbers_of(value: str, count: int) -> list[float]:
    """Read so many numbers with commas between. Raises ValueError."""
    try:
        values = [float(part) for part in value.split(",")]
    except ValueError:
        values = []
    if len(values) != count or not all(map(math.isfinite, values)):
        raise ValueError(f"{count} numbers with commas between are needed")
    return values
