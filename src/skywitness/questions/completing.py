"""What may come next in a question that is being typed: keys, and values of the key at the cursor."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from skywitness.batches import EVENT_KINDS, POSITION_SOURCES
from skywitness.questions.question import SUBJECTS
from skywitness.questions.terms import KEYS, PATTERN_PATTERNS, nearest
from skywitness.reference.airports import AIRPORT_KINDS, Gazetteer

__all__ = ["Completion", "Completions", "complete"]

MOST = 10
LONGEST = 60
"""Characters of a word that are looked up."""
TERM = re.compile(r"-?([A-Za-z][A-Za-z_-]{0,30}):(.*)", re.ASCII | re.DOTALL)
PLACES = ("from", "to", "via", "at", "near", "in", "first-visit")
COUNTRIES = ("country", "in", "from", "to", "via", "at", "first-visit")
FIELDS = ("from", "to", "via", "at", "first-visit")
KINDS = tuple(AIRPORT_KINDS.index(kind) for kind in ("large", "medium", "small"))
YES_OR_NO = (("yes", ""), ("no", ""))
CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "mil": YES_OR_NO,
    "explain": YES_OR_NO,
    "show": tuple((word, "") for word in SUBJECTS),
    "event": tuple((word, "") for word in EVENT_KINDS),
    "pattern": tuple((word, "") for word in PATTERN_PATTERNS),
    "source": tuple((word, "placed by") for word in POSITION_SOURCES),
    "squawk": (("7700", "emergency"), ("7600", "radio failure"), ("7500", "hijacking")),
    "alt": (("<10000", "below, feet"), (">FL300", "above"), ("FL290..FL310", "between")),
    "gs": ((">400", "knots"), ("100..200", "knots")),
    "gap": ((">2h", "silent for longer"), (">30min", "silent for longer")),
    "within": (("5nmi,10min", "so close, in so short a time"), ("24h", "so soon after, for THEN")),
    "time": (("-24h", "the last day"), ("-7d", "the last week")),
}


@dataclass(frozen=True, slots=True)
class Completion:
    """One way to go on."""

    text: str
    """What takes the place of the word at the cursor."""
    words: str
    """What it is, for the reader."""


@dataclass(frozen=True, slots=True)
class Completions:
    """Ways to go on, likeliest first; each replaces the characters from `begin` to `end`."""

    begin: int
    end: int
    found: tuple[Completion, ...]


def complete(text: str, at: int, gazetteer: Gazetteer | None = None, days: Sequence[str] = ()) -> Completions:
    """Return how a question may go on at the cursor.

    at         characters before the cursor
    gazetteer  for names of places; they are not completed without
    days       of the record, YYYY-MM-DD, for `time:`
    """
    at = max(0, min(at, len(text)))
    begin, is_quoted = word_at(text, at)
    end = at
    while end < len(text) and text[end] not in ' \t\n(),"':
        end += 1
    term = TERM.fullmatch(text[begin:at])
    if term is None:
        begin += text[begin : begin + 1] == "-"
        return Completions(begin, end, () if is_quoted else tuple(keys_like(text[begin:at]))[:MOST])
    key = term[1].lower().replace("_", "-")
    given = term[2]
    value = given if given.startswith('"') else given.rpartition(",")[2]
    if is_quoted and end < len(text) and text[end] == '"':
        end += 1
    found = tuple(values_like(key, value.strip('"')[:LONGEST], gazetteer, days))[:MOST]
    return Completions(at - len(value), end, found)


def word_at(text: str, at: int) -> tuple[int, bool]:
    """Where the word before the cursor begins, and whether the cursor is between quotes."""
    begin, is_quoted = 0, False
    for i in range(at):
        if text[i] == '"' and not (is_quoted and text[i - 1] == "\\"):
            is_quoted = not is_quoted
        elif not is_quoted and (text[i].isspace() or text[i] in "()"):
            begin = i + 1
    return begin, is_quoted


def keys_like(word: str) -> list[Completion]:
    """Keys that begin so; else the one that may have been meant."""
    wanted = word.lower().replace("_", "-")
    found = [Completion(f"{key}:", words) for key, words in KEYS.items() if key.startswith(wanted)]
    if not found and len(wanted) > 2:
        near = re.search(r"'(.+)'", nearest(wanted, KEYS))
        found = [Completion(f"{near[1]}:", KEYS[near[1]])] if near else []
    return found


def values_like(key: str, value: str, gazetteer: Gazetteer | None, days: Sequence[str]) -> list[Completion]:
    """Values of a key that begin so."""
    wanted = value.lower()
    choices = list(CHOICES.get(key, ()))
    if key == "time":
        choices += times_of(days)
    found = [Completion(text, words) for text, words in choices if text.startswith(wanted) and text != wanted]
    if gazetteer is None or len(wanted) < 2:
        return found
    if key in COUNTRIES:
        found += countries_like(wanted, gazetteer)
    if key in FIELDS:
        found += [Completion(code, words) for code, words in airports_like(value, gazetteer)]
    if key == "near":
        found += [Completion(f'"{code} 30nmi"', words) for code, words in airports_like(value, gazetteer)]
    return found


def times_of(days: Sequence[str]) -> list[tuple[str, str]]:
    """Months and days of a record, the newest first."""
    months = sorted({day[:7] for day in days}, reverse=True)
    recorded = "of the record"
    return [(month, recorded) for month in months[:3]] + [(day, recorded) for day in sorted(days, reverse=True)]


def countries_like(wanted: str, gazetteer: Gazetteer) -> list[Completion]:
    """Countries by code, or by the beginning of their names."""
    return [
        Completion(code, name)
        for code, name in sorted(gazetteer.country_name.items(), key=lambda item: item[1])
        if code.lower() == wanted or (len(wanted) > 2 and name.lower().startswith(wanted))
    ]


def airports_like(value: str, gazetteer: Gazetteer) -> list[tuple[str, str]]:
    """Airfields by the beginning of a code, of their city or of their name, larger ones first."""
    wanted = value.lower()
    exact, by_code, by_name = [], [], []
    for (icao, iata, city, name), code, words in searched(gazetteer):
        if wanted in (icao, iata):
            exact.append((code, words))
        elif icao.startswith(wanted):
            by_code.append((code, words))
        elif city.startswith(wanted) or name.startswith(wanted):
            by_name.append((code, words))
    return [*exact, *by_code, *by_name][:MOST]


@functools.lru_cache(maxsize=2)
def searched(gazetteer: Gazetteer) -> list[tuple[tuple[str, str, str, str], str, str]]:
    """Airfields that aeroplanes use and that have a code of ICAO's: lower-case names, code and words, larger first."""
    out = []
    for kind in KINDS:
        for row in (gazetteer.kind == kind).nonzero()[0].tolist():
            icao = gazetteer.icao[row]
            if not icao:
                continue
            city, name = gazetteer.city[row], gazetteer.name[row]
            country = gazetteer.country_name.get(gazetteer.country[row], "")
            words = ", ".join(word for word in (name, city if city not in name else "", country) if word)
            out.append(((icao.lower(), gazetteer.iata[row].lower(), city.lower(), name.lower()), icao, words))
    return out
