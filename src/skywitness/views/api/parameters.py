"""Parameters of our own interface as data: one table reads requests and describes them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from skywitness.batches import F64
from skywitness.geo.sphere import distance_nmi
from skywitness.units import NS_PER_S
from skywitness.views.api.security import Problem

__all__ = ["Area", "Parameter", "parse_area", "parse_hex", "parse_query", "parse_time"]

Json = dict[str, Any]

MOST_HEX = 100
DEGREES = r"[-+]?[0-9]{1,4}(\.[0-9]{0,12})?"
HEX = re.compile(r"~?[0-9a-fA-F]{6}")
RELATIVE = re.compile(r"-(\d{1,6}(?:\.\d{1,3})?)(s|min|h|d)")
UNITS_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
FIRST_S, LAST_S = -62_135_596_800 // 100, 9_214_646_400  # 1950 and 2262: what int64 nanoseconds hold, with room


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the world: a box, which may cross the antimeridian, or a circle."""

    box: tuple[float, float, float, float] | None = None
    """South, west, north, east."""
    circle: tuple[float, float, float] | None = None
    """Latitude, longitude, radius in nautical miles."""

    def holds(self, lat_deg: F64, lon_deg: F64) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Say which places are inside; NaN is not."""
        if self.circle is not None:
            lat, lon, radius = self.circle
            return np.asarray(distance_nmi(lat, lon, lat_deg, lon_deg) <= radius)
        if self.box is None:
            return np.ones(len(lat_deg), np.bool_)
        south, west, north, east = self.box
        is_between = (lon_deg >= west) & (lon_deg <= east) if west <= east else (lon_deg >= west) | (lon_deg <= east)
        return np.asarray((lat_deg >= south) & (lat_deg <= north) & is_between)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: how it is read, and how it is described."""

    name: str
    doc: str
    read: Callable[[str], Any]
    schema: Json
    default: Any = None
    where: str = "query"
    example: Any = None

    def describe(self) -> Json:
        """As OpenAPI 3.1 has it."""
        told: Json = {
            "name": self.name, "in": self.where, "description": self.doc, "schema": self.schema,
            "required": self.where == "path",
        }  # fmt: skip
        if self.where == "query":
            told["allowEmptyValue"] = False
        if self.example is not None:
            told["example"] = self.example
        return told


def integer(name: str, doc: str, least: int, most: int, default: int | None = None) -> Parameter:
    """A whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,12}", text, re.ASCII) or not least <= int(text) <= most:
            raise Problem(400, f"`{name}` is {shown(text)}, which is no whole number from {least} to {most}.")
        return int(text)

    schema: Json = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Parameter(name, doc, read, schema, default)


def text(name: str, doc: str, longest: int, example: str) -> Parameter:
    """Any text up to a length."""

    def read(given: str) -> str:
        if len(given) > longest:
            raise Problem(400, f"`{name}` has {len(given):,} characters; {longest:,} are read.")
        return given

    return Parameter(name, doc, read, {"type": "string", "maxLength": longest}, "", example=example)


def number(name: str, doc: str, least: float, most: float, default: float | None = None) -> Parameter:
    """A number within bounds."""

    def read(text: str) -> float:
        try:
            value = float(text) if re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", text) else math.nan
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise Problem(400, f"`{name}` is {shown(text)}, which is no number from {least:g} to {most:g}.")
        return value

    schema: Json = {"type": "number", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Parameter(name, doc, read, schema, default)


def flag(name: str, doc: str, default: bool | None = None) -> Parameter:
    """`true` or `false`."""

    def read(text: str) -> bool:
        if text not in ("true", "false", "1", "0"):
            raise Problem(400, f"`{name}` is {shown(text)}, which is neither true nor false.")
        return text in ("true", "1")

    return Parameter(name, doc, read, {"type": "boolean"}, default)


def words(name: str, doc: str, choices: Sequence[str]) -> Parameter:
    """Any of these words, with commas between them."""

    def read(text: str) -> tuple[str, ...]:
        given = tuple(dict.fromkeys(text.split(",")))
        wrong = [word for word in given if word not in choices]
        if wrong:
            raise Problem(400, f"`{name}` has {shown(wrong[0])}; it may have {', '.join(choices)}.")
        return given

    one = "(" + "|".join(re.escape(word) for word in choices) + ")"
    return Parameter(name, doc, read, {"type": "string", "pattern": f"^{one}(,{one})*$"})


def word(name: str, doc: str, choices: Sequence[str], default: str | None = None) -> Parameter:
    """One of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise Problem(400, f"`{name}` is {shown(text)}; it may be {', '.join(choices)}.")
        return text

    schema: Json = {"type": "string", "enum": list(choices)}
    if default is not None:
        schema["default"] = default
    return Parameter(name, doc, read, schema, default)


def pattern(name: str, doc: str, form: str, what: str, example: str) -> Parameter:
    """Text of a form."""
    compiled = re.compile(form, re.ASCII)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Problem(400, f"`{name}` is {shown(text)}, which is no {what}.")
        return text

    return Parameter(name, doc, read, {"type": "string", "pattern": f"^{form}$"}, example=example)


def parse_hex(text: str, most: int = MOST_HEX) -> tuple[tuple[int, int | None], ...]:
    """Read addresses with commas between them: (icao, kind), kind None for an ICAO address, else any other kind.

    A leading ~ says that the address is not an ICAO address.
    """
    parts = text.split(",")
    if len(parts) > most:
        raise Problem(400, f"There are {len(parts)} addresses; at most {most} may be asked for at once.")
    for part in parts:
        if not HEX.fullmatch(part):
            raise Problem(
                400, f"{shown(part)} is no address: six hexadecimal digits, with ~ before them if not ICAO's."
            )
    return tuple((int(part.lstrip("~"), 16), 1 if part.startswith("~") else None) for part in parts)


def parse_time(text: str) -> int | tuple[str, int]:
    """Read a time: ISO 8601 with a zone, seconds since 1970, or a span before now such as -15min.

    Returns nanoseconds UTC, or ("before", nanoseconds).
    """
    relative = RELATIVE.fullmatch(text)
    if relative:
        return "before", int(float(relative[1]) * UNITS_S[relative[2]] * NS_PER_S)
    try:
        if re.fullmatch(r"\d{1,11}(\.\d{1,9})?", text, re.ASCII):
            whole, _, part = text.partition(".")
            time_ns = int(whole) * NS_PER_S + int(part.ljust(9, "0"))
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError
            since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            time_ns = (since.days * 86400 + since.seconds) * NS_PER_S + since.microseconds * 1000
        if not FIRST_S <= time_ns // NS_PER_S < LAST_S:
            raise ValueError
    except (ValueError, OverflowError):
        raise Problem(
            400, f"{shown(text)} is no time: 2026-03-01T12:00:00Z, seconds since 1970, or -15min, -2h, -1d before now."
        ) from None
    return time_ns


TIME_SCHEMA: Json = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "string", "pattern": r"^-[0-9]{1,6}(\.[0-9]{1,3})?(s|min|h|d)$"},
        {"type": "number", "minimum": 0, "maximum": LAST_S - 1},
    ]
}


def parse_area(text: str) -> Area:
    """Read a box `south,west,north,east`, or a circle `lat,lon,radius in nautical miles`."""
    parts = text.split(",")
    try:
        values = [float(part) if re.fullmatch(DEGREES, part) else math.nan for part in parts]
    except ValueError:
        values = []
    if len(values) in (3, 4) and all(math.isfinite(value) for value in values):
        if len(values) == 3 and abs(values[0]) <= 90 and abs(values[1]) <= 180 and 0 < values[2] <= 10_801:
            return Area(circle=(values[0], values[1], values[2]))
        south, west, north, east = (*values, 0.0)[:4]
        if len(values) == 4 and -90 <= south <= north <= 90 and abs(west) <= 180 and abs(east) <= 180:
            return Area(box=(south, west, north, east))
    raise Problem(400, f"{shown(text)} is no area: south,west,north,east in degrees, or lat,lon,radius_nmi.")


def hexes(name: str = "hex", where: str = "query", most: int = MOST_HEX) -> Parameter:
    """Addresses; in a path a single one."""
    one = "~?[0-9a-fA-F]{6}"
    if where == "path":
        return Parameter(
            name, "24-bit address, six hexadecimal digits; with ~ before it if it is not an ICAO address.",
            single_hex, {"type": "string", "pattern": f"^{one}$"}, where="path", example="4840d6",
        )  # fmt: skip
    return Parameter(
        name, f"Addresses with commas between them, at most {most}; ~ before one that is not an ICAO address.",
        lambda text: parse_hex(text, most), {"type": "string", "pattern": f"^{one}(,{one}){{0,{most - 1}}}$"},
        example="4840d6,~2ae1f3",
    )  # fmt: skip


def single_hex(text: str) -> tuple[int, int | None]:
    """Read one address."""
    found = parse_hex(text)
    if len(found) != 1:
        raise Problem(400, "One address is asked for here.")
    return found[0]


def area() -> Parameter:
    """A box or a circle."""
    return Parameter(
        "area", "south,west,north,east in degrees (west > east crosses the antimeridian), or lat,lon,radius_nmi.",
        parse_area, {"type": "string", "pattern": f"^{DEGREES}(,{DEGREES}){{2,3}}$"},
        example="50,3,54,8",
    )  # fmt: skip


def time(name: str, doc: str) -> Parameter:
    """A moment."""
    return Parameter(name, doc, parse_time, TIME_SCHEMA, example="-15min")


def parse_query(parameters: Iterable[Parameter], query: bytes, path: Mapping[str, str]) -> dict[str, Any]:
    """Read a request's parameters; None, or the default, for what is not given.

    Raises Problem 400 for one that is unknown, given twice or of the wrong form.
    """
    known = {parameter.name: parameter for parameter in parameters}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=64)
    except (ValueError, UnicodeDecodeError):
        raise Problem(400, "The query is not valid: it has no UTF-8 text, or more than 64 parameters.") from None
    values: dict[str, Any] = {name: parameter.default for name, parameter in known.items()}
    seen = set()
    for name, text in pairs:
        if name not in known or known[name].where != "query":
            allowed = ", ".join(sorted(p.name for p in known.values() if p.where == "query")) or "none"
            raise Problem(400, f"There is no parameter {shown(name)} here; there are: {allowed}.")
        if name in seen:
            raise Problem(400, f"`{name}` is given twice.")
        seen.add(name)
        values[name] = known[name].read(text)
    for name, text in path.items():
        values[name] = known[name].read(text)
    return values


def shown(text: str) -> str:
    """What was given, short enough for a sentence."""
    return repr(text if len(text) <= 60 else text[:60] + "…")
