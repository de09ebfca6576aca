"""`skywitness identity`: who an aircraft is, by whom, since when; callsigns, squawks; lists imported, fields set."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError, SkywitnessError

if TYPE_CHECKING:
    from skywitness.identity.book import Who
    from skywitness.reference.operators import Operator
    from skywitness.reference.types import AircraftType

__all__ = ["COMPILES", "EXAMPLES", "SUMMARY", "add_arguments", "run"]

COMPILES = False
SUMMARY = "who an aircraft is, with the source of each statement; import lists of aircraft"

EXAMPLES = """\
examples:
  skywitness identity 154073                              by address
  skywitness identity RA-82035 --json                     by registration, also a former one
  skywitness identity RFF7072                             whose callsign
  skywitness identity 7600                                what a squawk is set aside for
  skywitness identity import aircraft.csv.gz              tar1090-db, plane-alert-db, OpenSky, FAA, BaseStation.sqb ...
  skywitness identity set 154073 operator="Russian Air Force" military=yes
  skywitness identity lists                               what was imported

Fields set by hand win over all lists and are never overwritten. What a State's rule gives is marked derived.
"""

ACTIONS = ("import", "set", "lists")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add("words", nargs="+", metavar="HEX|REG|CALLSIGN|SQUAWK|import|set|lists", help="who to tell of, or what to do")
    add("--data", metavar="DIR", help="lists of this data directory instead of the user's own")
    add("--name", default="", help="import: keep the list under this name")
    add("--at", metavar="TIME", help="as of this date, UTC; now if it is not given")
    add("--json", action="store_true", help="as one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Do what the first word says."""
    from skywitness.archive.identities import identity_directory

    directory = identity_directory(args.data)
    action, rest = args.words[0], args.words[1:]
    if action == "import":
        return _import(directory, rest, args.name)
    if action == "set":
        return _set(directory, rest)
    if action == "lists":
        return _lists(directory)
    return _show(directory, args)


def _import(directory: Any, files: list[str], name: str) -> int:
    from skywitness.archive.identities import import_list

    if not files:
        raise ConfigError("import what?", hint="Give a file or a URL.")
    for file in files:
        register, counts = import_list(directory, file, name)
        left = ", ".join(f"{count:,} {reason}" for reason, count in sorted(counts.items()) if reason != "rows")
        print(
            f"{register.name}: {len(register):,} aircraft of {counts['rows']:,} rows" + (f" ({left})" if left else "")
        )
    return 0


def _set(directory: Any, words: list[str]) -> int:
    from skywitness.archive.identities import set_local

    if len(words) < 2 or not re.fullmatch(r"[0-9A-Fa-f]{6}", words[0]) or not all("=" in word for word in words[1:]):
        raise ConfigError("set what?", hint='Say for example: skywitness identity set 154073 operator="Air Force".')
    values = dict(word.split("=", 1) for word in words[1:])
    set_local(directory, int(words[0], 16), values)
    print(f"{words[0].lower()}: {', '.join(f'{name} {value or chr(8709)}' for name, value in values.items())}")
    return 0


def _lists(directory: Any) -> int:
    from skywitness.archive.identities import load_book

    for register in load_book(directory).registers:
        print(f"{register.name:<24} {register.kind:<18} {len(register):>9,} statements")
    return 0


def _show(directory: Any, args: argparse.Namespace) -> int:
    from skywitness.archive.identities import load_book
    from skywitness.cli.inputs import time_ns
    from skywitness.identity.registrations import address_of

    at_ns = None if args.at is None else time_ns(args.at)
    addresses = [int(word, 16) for word in args.words if re.fullmatch(r"[0-9A-Fa-f]{6}", word)]
    book = load_book(directory, only=addresses if len(addresses) == len(args.words) else None)
    for word in args.words:
        if re.fullmatch(r"[0-7]{4}", word):
            print(json.dumps({"squawk": word, "meanings": _meanings(word)}) if args.json else _squawk_told(word))
            continue
        if re.fullmatch(r"[0-9A-Fa-f]{6}", word):
            found = [int(word, 16)]
        else:
            found = book.addresses(word)
            rule = address_of(word)
            if rule is not None and rule not in found:
                found.append(rule)
        operator = None if found else _operator_of(word)
        if operator is not None:
            facts = {"callsign": word.upper(), "operator": operator.name, "telephony": operator.telephony}
            print(json.dumps(facts, ensure_ascii=False) if args.json else _callsign_told(word.upper(), operator))
            continue
        if not found:
            raise SkywitnessError(
                f"nobody says which address {word} has", hint="Import a list: skywitness identity import FILE."
            )
        for icao in found[:50]:
            who = book.who(icao, at_ns)
            print(json.dumps(facts_of(who), ensure_ascii=False) if args.json else _told(who))
    return 0


def _operator_of(callsign: str) -> Operator | None:
    from skywitness.reference.load import load_operators

    return load_operators().of_callsign(callsign)


def _meanings(code: str) -> list[dict[str, str]]:
    from skywitness.reference.squawks import squawk_meanings

    return [{"where": where, "meaning": meaning} for where, meaning in squawk_meanings(code)]


def _squawk_told(code: str) -> str:
    meanings = [f"  {one['where']:<15} {one['meaning']}" for one in _meanings(code)]
    return "\n".join([f"squawk {code}", *(meanings or ["  set aside for nothing: it tells who gave it, at most"])])


def _callsign_told(callsign: str, operator: Operator) -> str:
    said = f', on the radio "{operator.telephony} {callsign[3:]}"' if operator.telephony else ""
    return f"{callsign}\n  operator      {operator.name}  (designator {operator.designator}{said})"


def _remarks(who: Who) -> list[str]:
    from skywitness.identity.remarks import remarks_on

    told = [one.registration for one in who.statements if one.registration and not one.is_derived]
    return remarks_on(who.icao, told, is_privacy_address=who.value("pia") == "yes")


def _type_of(who: Who) -> AircraftType | None:
    if not who.value("typecode"):
        return None
    from skywitness.reference.load import load_types

    return load_types().get(who.value("typecode"))


def facts_of(who: Who) -> dict[str, Any]:
    """Return what is said of an address as plain values."""
    kind = _type_of(who)
    return {
        "icao24": f"{who.icao:06x}", "country": who.country,
        "remarks": _remarks(who),
        "type": None if kind is None else {
            name: None if value != value else value for name, value in dataclasses.asdict(kind).items()
        },
        **{name: value for name, (value, _) in who.values.items()},
        "sources": {name: source for name, (_, source) in who.values.items()},
        "conflicts": {name: dict(values) for name, values in who.conflicts.items()},
        "statements": [
            {
                "source": one.source, "kind": one.kind, **one.values(), "derived": one.is_derived,
                "from": _day(one.from_ns), "until": _day(one.until_ns),
            }
            for one in who.statements
        ],
    }  # fmt: skip


def _day(time_ns: int) -> str | None:
    import numpy as np

    if abs(time_ns) >= 1 << 62:
        return None
    return str(np.datetime64(time_ns, "ns").astype("M8[D]"))


def _type_told(kind: AircraftType) -> str:
    from skywitness.reference.types import WAKES

    figures = [
        f"{text} {value:,.0f} {unit}"
        for text, value, unit in (
            ("cruise", kind.cruise_kt, "kt"), ("range", kind.range_nmi, "nmi"), ("ceiling", kind.ceiling_ft, "ft"),
        ) if value == value
    ]  # fmt: skip
    return ", ".join([kind.name, kind.description, f"wake {WAKES[kind.wake]}", *figures]) + f"  ({kind.source})"


def _told(who: Who) -> str:
    lines = [f"{who.icao:06X}  {who.country}"]
    for name, (value, source) in who.values.items():
        lines.append(f"  {name:<13} {value}  ({source})")
    if (kind := _type_of(who)) is not None:
        lines.append(f"  type          {_type_told(kind)}")
    lines += [f"  remark        {text}" for text in _remarks(who)]
    for name, values in who.conflicts.items():
        lines.append(f"  conflict      {name}: " + "; ".join(f"{value} ({source})" for value, source in values))
    if len(who.statements) > 1 or any(one.from_ns > -(1 << 62) for one in who.statements):
        lines.append("  statements")
        for one in who.statements:
            span = f"{_day(one.from_ns) or '...'} to {_day(one.until_ns) or 'now'}"
            said = ", ".join(f"{name} {value}" for name, value in one.values().items())
            lines.append(f"    {span:<24} {one.source}{' (derived)' if one.is_derived else ''}: {said}")
    if not who.statements:
        lines.append("  nobody says more")
    return "\n".join(lines)
