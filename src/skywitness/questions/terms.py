"""What the values of each key mean: words, numbers, times and places into terms of the tree."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from skywitness.batches import ADDRESS_KINDS, EVENT_KINDS, POSITION_SOURCES
from skywitness.errors import QuestionError
from skywitness.questions.areas import box_of, polygon_of
from skywitness.questions.quantities import altitude_ft, distance_m, number_bounds, rate_fpm, speed_kt, track_bounds
from skywitness.questions.question import (
    SUBJECTS,
    Flag,
    FlightPlace,
    Gap,
    InArea,
    Near,
    Number,
    Pattern,
    Place,
    Point,
    Polygon,
    Term,
    Text,
    Together,
    When,
)
from skywitness.questions.times import duration_ns, span_of
from skywitness.units import NMI_M, NS_PER_S

__all__ = [
    "DECIMAL",
    "KEYS",
    "SHAPE",
    "TERMS",
    "Value",
    "Within",
    "nearest",
    "one_of",
    "pattern_of",
    "single",
    "yes_or_no",
]

PATTERN_PATTERNS = ("circling", "survey", "holding", "refuelling", "formation", "rendezvous")
"""Of EVENT_KINDS, those that are a way of flying."""
NEARBY_M, NEARBY_NS = 5 * NMI_M, 600 * NS_PER_S
"""What `with:` means by itself."""
NEAR_M = 30 * NMI_M

KEYS = {
    "hex": "24-bit address, `154073`, `1540*`; `~2ab123` for one that is no ICAO address",
    "reg": "registration, `RA-82035`, `RA-*`; also former ones, as of the flight's date",
    "callsign": "as sent, `RFF7028`, `RFF*`",
    "type": "ICAO type designator, `A124,IL62`",
    "desc": "words of the type's description, `*antonov*`",
    "operator": 'name or three-letter code, `RFF`, `"Russian Air Force"`',
    "owner": "as the register has it",
    "country": "state of registry, `RU`",
    "mil": "`yes` or `no`, by lists of aircraft and by military address blocks",
    "squawk": "code, `7700`, `77*`",
    "category": "emitter category, `A5`",
    "from": "airport or country where the leg or journey began, `UUMU`, `RU`; `UUMU?` any candidate",
    "to": "where it ended",
    "via": "where it stopped",
    "at": "where it began, ended or stopped",
    "near": 'within a distance, `"OSLK 30nmi"`, `"35.4,35.9 20km"`',
    "in": "country, region or area: `FR`, `POLYGON((lon lat, ...))`, a GeoJSON geometry, `50,3,54,8` (S,W,N,E)",
    "alt": "pressure altitude in feet, `<10000`, `FL290..FL310`, `>3000m`",
    "gs": "speed over ground in knots, `>400`",
    "track": "true track over ground in degrees, `80..100`, `350..10`",
    "rate": "vertical rate in feet a minute, `>1000`, `<-500`",
    "ground": "`yes` or `no`: on the ground by its own report",
    "emergency": "`yes`: squawk 7500, 7600 or 7700, or, live, a state of emergency",
    "time": "UTC, `2019-03`, `2019-03-22..2019-03-25`, `-24h`",
    "source": "of the position: " + ", ".join(POSITION_SOURCES),
    "kind": "of address: " + ", ".join(ADDRESS_KINDS),
    "seen": "heard within so many seconds, `<10`; of the live picture alone",
    "placed": "`yes`: its place is known; of interest in the live picture",
    "receiver": "name of a receiver that heard it",
    "with": "close to another aircraft: address, registration or callsign",
    "within": "how close, for `with` and `near`: `5nmi,10min`",
    "pattern": ", ".join(PATTERN_PATTERNS),
    "event": ", ".join(EVENT_KINDS),
    "gap": "silence, `>2h`",
    "first-visit": "first time that an airframe is seen in a country or at an airport, `VE`",
    "show": ", ".join(SUBJECTS),
    "explain": "`yes`: how it would be answered",
}
"""Each key and what its value is."""

AIRCRAFT = re.compile(r"~?[0-9a-f*]{1,6}\*?", re.ASCII)
SQUAWK = re.compile(r"[0-7*]{1,4}", re.ASCII)
DECIMAL = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
SHAPE = re.compile(r"(?:MULTI)?POLYGON\s*\(|\{", re.IGNORECASE)
YES, NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True, slots=True)
class Value:
    """One of the values of a key."""

    text: str
    offset: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """`within:` until it has found its `with:` or `near:`."""

    distance_m: float
    span_ns: int
    offset: int


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint with what may have been meant; empty if nothing is near."""
    found = difflib.get_close_matches(word.lower()[:40], list(known), 1, 0.6)
    return f"Did you mean {found[0]!r}?" if found else ""


def single(values: list[Value], key: str) -> Value:
    """The only value of a key."""
    if len(values) > 1:
        raise QuestionError(f"{key} takes one value", offset=values[1].offset)
    return values[0]


def one_of(value: Value, known: Iterable[str], what: str) -> str:
    """A word of a list."""
    word = value.text.lower().replace("-", "_")
    if word not in known:
        raise QuestionError(
            f"{value.text!r} is no {what}",
            offset=value.offset,
            hint=nearest(word, known) or f"One of {', '.join(known)}.",
        )
    return word


def yes_or_no(value: Value) -> bool:
    """A truth value."""
    word = value.text.lower()
    if word not in (*YES, *NO):
        raise QuestionError(f"{value.text!r} is neither yes nor no", offset=value.offset)
    return word in YES


def pattern_of(value: Value) -> Pattern:
    """A word with or without wild cards; several stars in a row are one."""
    text = re.sub(r"\*{2,}", "*", value.text.strip())
    if not text or text.count("*") > 10:
        raise QuestionError("a word with more than ten wild cards, or none at all", offset=value.offset)
    return Pattern(text.upper())


def text_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Words."""
    return Text(key, tuple(map(pattern_of, values)))


def hex_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Addresses."""
    for value in values:
        if not AIRCRAFT.fullmatch(value.text.lower()) or len(value.text.replace("*", "").lstrip("~")) > 6:
            raise QuestionError(
                f"{value.text!r} is no 24-bit address",
                offset=value.offset,
                hint="Six hexadecimal digits, or fewer and *.",
            )
        if "*" not in value.text and len(value.text.lstrip("~")) != 6:
            raise QuestionError(
                f"{value.text!r} is too short for an address",
                offset=value.offset,
                hint=f"Write {value.text}* for all that begin so.",
            )
    return text_term(key, values, now_ns)


def squawk_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Codes."""
    for value in values:
        if not SQUAWK.fullmatch(value.text) or ("*" not in value.text and len(value.text) != 4):
            raise QuestionError(f"{value.text!r} is no squawk", offset=value.offset, hint="Four digits from 0 to 7.")
    return text_term(key, values, now_ns)


def named_term(known: Iterable[str], what: str) -> Callable[[str, list[Value], int], Term]:
    """Words of a list."""
    listed = tuple(known)

    def term(key: str, values: list[Value], now_ns: int) -> Term:
        return Text(key, tuple(Pattern(one_of(value, listed, what)) for value in values))

    return term


def flag_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Yes or no."""
    return Flag(key, yes_or_no(single(values, key)))


def number_term(of: Callable[[str], float]) -> Callable[[str, list[Value], int], Term]:
    """Bounds."""

    def term(key: str, values: list[Value], now_ns: int) -> Term:
        bounds = []
        for value in values:
            try:
                bounds.append(number_bounds(value.text, of))
            except QuestionError as error:
                raise QuestionError(error.what, offset=value.offset, hint=error.hint) from None
        return Number(key, tuple(bounds))

    return term


def track_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Ranges of directions."""
    bounds: list[tuple[float, float]] = []
    for value in values:
        try:
            bounds += track_bounds(value.text)
        except QuestionError as error:
            raise QuestionError(error.what, offset=value.offset, hint=error.hint) from None
    return Number(key, tuple(bounds))


def time_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Spans of time."""
    spans = []
    for value in values:
        try:
            spans.append(span_of(value.text, now_ns))
        except QuestionError as error:
            raise QuestionError(error.what, offset=value.offset, hint=error.hint) from None
    return When(tuple(spans))


def place_of(text: str, offset: int) -> Place | Point:
    """A point if it is two numbers, else a name."""
    lat, comma, lon = text.partition(",")
    if comma and DECIMAL.fullmatch(lat.strip()) and DECIMAL.fullmatch(lon.strip()):
        point = Point(float(lat), float(lon))
        if abs(point.lat_deg) > 90 or abs(point.lon_deg) > 180:
            raise QuestionError(f"{text!r} lies outside of the Earth's latitudes or longitudes", offset=offset)
        return point
    return Place(text.strip())


def places_of(values: list[Value]) -> list[tuple[str, int]]:
    """The places that values name; two bare numbers that follow one another are one point."""
    if len(values) % 2 == 0 and all(not v.quoted and DECIMAL.fullmatch(v.text) for v in values):
        return [(f"{a.text},{b.text}", a.offset) for a, b in zip(values[::2], values[1::2], strict=True)]
    return [(value.text, value.offset) for value in values]


def flight_place_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Airports, countries or points of a flight's ends."""
    asked = places_of(values)
    loose = [text.endswith("?") for text, _ in asked]
    if any(loose) and not all(loose):
        raise QuestionError("? holds for all values of a key or for none", offset=asked[loose.index(False)][1])
    places = tuple(place_of(text.removesuffix("?"), offset) for text, offset in asked)
    if any(isinstance(place, Place) and not place.text for place in places):
        raise QuestionError("a place is missing", offset=values[0].offset)
    return FlightPlace(key, places, 0.0 if any(loose) else 0.5)


def near_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Places with a distance."""
    distance = 0.0
    if len(values) == 3 and all(DECIMAL.fullmatch(value.text) and not value.quoted for value in values):
        distance, values = distance_m(values[-1].text), values[:-1]  # a bare third number is nautical miles
    elif len(values) > 1 and (found := as_distance(values[-1].text)) is not None:
        distance, values = found, values[:-1]
    places: list[Place | Point] = []
    for text, offset in places_of(values):
        name, _, last = text.strip().rpartition(" ")
        if name and (found := as_distance(last)) is not None:
            if distance and found != distance:
                raise QuestionError("near takes one distance for all its places", offset=offset)
            distance, text = found, name
        places.append(place_of(text, offset))
    return Near(tuple(places), distance or NEAR_M)


def as_distance(text: str) -> float | None:
    """A distance with its unit, or None."""
    if not text[:1].isdigit() or not text[-1:].isalpha():
        return None
    try:
        return distance_m(text)
    except QuestionError:
        return None


def area_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Shapes, countries and regions."""
    if len(values) == 4 and all(DECIMAL.fullmatch(value.text) and not value.quoted for value in values):
        try:
            return InArea((box_of(*(float(value.text) for value in values)),))
        except QuestionError as error:
            raise QuestionError(error.what, offset=values[0].offset, hint=error.hint) from None
    areas: list[Place | Polygon] = []
    for value in values:
        if not value.quoted and SHAPE.match(value.text):
            try:
                areas.append(polygon_of(value.text))
            except QuestionError as error:
                raise QuestionError(error.what, offset=value.offset + (error.offset or 0), hint=error.hint) from None
        else:
            areas.append(Place(value.text))
    return InArea(tuple(areas))


def with_term(key: str, values: list[Value], now_ns: int) -> Term:
    """Other aircraft."""
    return Together(tuple(map(pattern_of, values)), NEARBY_M, NEARBY_NS)


def within_term(key: str, values: list[Value], now_ns: int) -> Within:
    """A distance, a length of time, or both."""
    distance, span = 0.0, 0
    for value in values:
        if (found := as_distance(value.text)) is not None and not value.text.endswith("min"):
            distance = found
        else:
            try:
                span = duration_ns(value.text)
            except QuestionError:
                raise QuestionError(
                    f"{value.text!r} is neither a distance nor a time", offset=value.offset, hint="Write 5nmi,10min."
                ) from None
    return Within(distance, span, values[0].offset)


def gap_term(key: str, values: list[Value], now_ns: int) -> Term:
    """A length of silence."""
    low, high = number_bounds(single(values, key).text, lambda text: float(duration_ns(text)))
    if low == high:
        high = float("inf")  # `gap:2h` asks for at least that
    longest = 1 << 62
    return Gap(round(max(low, 0.0)), longest if high > longest else round(high))


def seconds(text: str) -> float:
    """A length of time; seconds if no unit is said."""
    return float(text) if DECIMAL.fullmatch(text) else duration_ns(text) / NS_PER_S


TERMS: dict[str, Callable[[str, list[Value], int], Term | Within]] = {
    "hex": hex_term,
    "squawk": squawk_term,
    "mil": flag_term,
    "ground": flag_term,
    "emergency": flag_term,
    "placed": flag_term,
    "alt": number_term(altitude_ft),
    "gs": number_term(speed_kt),
    "rate": number_term(rate_fpm),
    "seen": number_term(seconds),
    "track": track_term,
    "time": time_term,
    "from": flight_place_term,
    "to": flight_place_term,
    "via": flight_place_term,
    "at": flight_place_term,
    "first-visit": flight_place_term,
    "near": near_term,
    "in": area_term,
    "with": with_term,
    "within": within_term,
    "gap": gap_term,
    "source": named_term(POSITION_SOURCES, "source"),
    "kind": named_term(ADDRESS_KINDS, "kind of address"),
    "event": named_term(EVENT_KINDS, "event"),
    "pattern": named_term(PATTERN_PATTERNS, "pattern"),
} | dict.fromkeys(
    ("reg", "callsign", "type", "desc", "operator", "owner", "country", "category", "receiver"), text_term
)
