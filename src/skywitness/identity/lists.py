"""Published lists of aircraft as statements: which list a file is, by its content, and what each row says.

Rows that cannot be read are counted and left out; a file in which no row can be is refused. Texts are cut to what such
a field can hold, control characters go: they come from strangers.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from skywitness.errors import FormatError
from skywitness.identity.book import ALWAYS_FROM, ALWAYS_UNTIL, NS, Statement
from skywitness.identity.registrations import registration_of
from skywitness.identity.table import FLAGS

__all__ = ["LARGEST_ROWS", "List", "clean", "is_by_rule", "list_of", "statements"]

LARGEST_ROWS = 5_000_000
LONGEST = 80
HEX = re.compile(r"[0-9A-Fa-f]{6}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
MILITARY, INTERESTING = 1 << FLAGS.index("military"), 1 << FLAGS.index("interesting")


def clean(text: object, most: int = LONGEST) -> str:
    """Return a text of a list without what would move a cursor or the direction of writing, and not too long."""
    return CONTROL.sub("", str(text or "")).strip()[:most]


class List:
    """One kind of list: its kind in `book.KINDS`, and how a row becomes a statement (None: it says nothing)."""

    def __init__(self, kind: str, delimiter: str, read: Callable[[Mapping[str, str]], Statement | None]) -> None:
        self.kind = kind
        self.delimiter = delimiter
        self.read = read


def _year(text: str) -> int:
    digits = re.match(r"\d{4}", text or "")
    year = int(digits[0]) if digits else 0
    return year if 1900 <= year <= 2100 else 0


def _said(row: Mapping[str, str], kind: str, **names: str) -> Statement | None:
    """Make a statement of named columns of a row."""
    address = clean(row.get(names["icao"]), 8)
    if not HEX.fullmatch(address):
        raise ValueError("bad_address")
    return Statement(
        int(address, 16), "", kind,
        registration=clean(row.get(names.get("registration", "")), 16).upper(),
        typecode=clean(row.get(names.get("typecode", "")), 4).upper(),
        operator=clean(row.get(names.get("operator", ""))),
        description=clean(row.get(names.get("description", ""))),
        year=_year(row.get(names.get("year", ""), "") or ""),
    )  # fmt: skip


def _tar1090(row: Mapping[str, str]) -> Statement | None:
    flags = clean(row.get("flags"), 4)
    one = _said(
        row, "tar1090_db", icao="icao", registration="reg", typecode="type", description="desc", year="year",
        operator="own",
    )  # fmt: skip
    bits = sum(1 << bit for bit, char in enumerate(flags[: len(FLAGS)]) if char == "1")
    return None if one is None else _with(one, flags=bits)


def _plane_alert(row: Mapping[str, str]) -> Statement | None:
    one = _said(
        row, "plane_alert_db", icao="$ICAO", registration="$Registration", typecode="$ICAO Type", description="$Type",
        operator="$Operator",
    )  # fmt: skip
    military = clean(row.get("#CMPG")) == "Mil"
    return None if one is None else _with(one, flags=INTERESTING | (MILITARY if military else 0))


def _vrs(row: Mapping[str, str]) -> Statement | None:
    return _said(
        row, "vrs", icao="ICAO", registration="Registration", typecode="ModelICAO", operator="Operator",
        description="ManufacturerAndModel", year="YearBuilt",
    )  # fmt: skip


def _flightaware(row: Mapping[str, str]) -> Statement | None:
    one = _said(row, "flightaware", icao="icao24", registration="r", typecode="t", description="desc")
    # Rows without a type are mostly computed from allocation rules and are no observations.
    return None if one is None else _with(one, is_derived=not one.typecode)


def _opensky(row: Mapping[str, str]) -> Statement | None:
    row = {name.strip("'"): (value or "").strip("'") for name, value in row.items() if name}
    one = _said(
        row, "opensky", icao="icao24", registration="registration", typecode="typecode", operator="operator",
        description="model", year="built",
    )  # fmt: skip
    if one is None:
        return None
    until = _day_ns(row.get("reguntil", ""))
    return _with(one, from_ns=_day_ns(row.get("registered", "")) or ALWAYS_FROM, until_ns=until or ALWAYS_UNTIL)


def _faa(row: Mapping[str, str]) -> Statement | None:
    row = {(name or "").strip(): (value or "").strip() for name, value in row.items()}
    one = _said(row, "national_register", icao="MODE S CODE HEX", operator="NAME", year="YEAR MFR")
    number = clean(row.get("N-NUMBER"), 5)
    return None if one is None else _with(one, registration=f"N{number}" if number else "")


def _own(row: Mapping[str, str]) -> Statement | None:
    one = _said(
        row, "table", icao="icao24", registration="registration", typecode="typecode", operator="operator",
        description="description", year="year",
    )  # fmt: skip
    military = clean(row.get("military")).lower() in ("1", "yes", "true")
    if one is None:
        return None
    return _with(
        one, flags=MILITARY if military else 0, from_ns=_day_ns(row.get("from", "")) or ALWAYS_FROM,
        until_ns=_day_ns(row.get("until", "")) or ALWAYS_UNTIL,
    )  # fmt: skip


def _with(one: Statement, **changes: object) -> Statement:
    return dataclasses.replace(one, **changes)  # type: ignore[arg-type]


def _day_ns(text: str) -> int:
    """Nanoseconds of the beginning of a day written as 2019-03-22; 0 if it is none."""
    try:
        day = datetime.datetime.fromisoformat((text or "").strip()[:10]).replace(tzinfo=datetime.UTC)
    except ValueError:
        return 0
    return int(day.timestamp()) * NS


TAR1090 = List("tar1090_db", ";", _tar1090)
TAR1090_COLUMNS = ("icao", "reg", "type", "flags", "desc", "year", "own", "end")

LISTS: tuple[tuple[frozenset[str], List], ...] = (
    (frozenset({"$ICAO", "$Registration", "$Operator"}), List("plane_alert_db", ",", _plane_alert)),
    (frozenset({"ICAO", "Registration", "ModelICAO"}), List("vrs", ",", _vrs)),
    (frozenset({"icao24", "r", "t"}), List("flightaware", ",", _flightaware)),
    (frozenset({"icao24", "registration", "manufacturericao"}), List("opensky", ",", _opensky)),
    (frozenset({"N-NUMBER", "MODE S CODE HEX"}), List("national_register", ",", _faa)),
    (frozenset({"icao24", "registration"}), List("table", ",", _own)),
)


def list_of(head: str, source: str) -> List:
    """Return which list a text is, by its first line. Raises FormatError if it is none that is known."""
    first = head.lstrip("\ufeff").split("\n", 1)[0]
    if re.match(r"[0-9A-Fa-f]{6};", first):
        return TAR1090
    names = {name.strip().strip("'\"") for name in first.split(",")}
    for needed, one in LISTS:
        if needed <= names:
            return one
    raise FormatError(
        "this is no list of aircraft that is known", source=source,
        hint="Known: tar1090-db, plane-alert-db, standing-data, OpenSky, FlightAware, FAA MASTER, BaseStation.sqb, a "
        "CSV with icao24, registration, typecode, operator, military, from, until.",
    )  # fmt: skip


def statements(text: io.TextIOBase, source: str, counts: Counter[str]) -> tuple[str, Iterator[Statement]]:
    """Return the kind of a list and its statements, as they are read.

    counts  is given `rows`, and rows left out by reason: `bad_address`, `bad_row`, `empty`

    Raises FormatError for a file that is no known list, or one with too many rows.
    """
    head = text.read(65_536)
    known = list_of(head, source)
    lines = io.StringIO(head)
    names = TAR1090_COLUMNS if known is TAR1090 else None

    def every() -> Iterator[str]:
        last = ""
        for line in lines:
            if line.endswith("\n"):
                yield line
            else:
                last = line
        rest = text.readline(1 << 20)
        yield last + rest
        while line := text.readline(1 << 20):
            yield line

    def read() -> Iterator[Statement]:
        reader = csv.DictReader(
            (line.replace("\0", "") for line in every()), fieldnames=names, delimiter=known.delimiter, restkey="rest"
        )
        if names is None and reader.fieldnames is not None:
            reader.fieldnames = [name.lstrip("\ufeff").strip("'\"") for name in reader.fieldnames]
        try:
            for row in reader:
                counts["rows"] += 1
                if counts["rows"] > LARGEST_ROWS:
                    raise FormatError(f"it has more than {LARGEST_ROWS:,} rows", source=source)
                try:
                    one = known.read({name: value for name, value in row.items() if isinstance(value, str)})
                except ValueError as error:
                    counts[str(error) if str(error) == "bad_address" else "bad_row"] += 1
                    continue
                if one is None or not one.values():
                    counts["empty"] += 1
                    continue
                yield one
        except csv.Error as error:
            raise FormatError(f"its rows cannot be read: {error}", source=source) from None

    return known.kind, read()


def is_by_rule(one: Statement) -> bool:
    """Say whether a statement tells nothing but what the State's rule gives."""
    return set(one.values()) == {"registration"} and one.registration == registration_of(one.icao)
