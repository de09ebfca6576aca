"""`skywitness explain`: what each bit of a message says, in plain words."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from skywitness.errors import FormatError

if TYPE_CHECKING:
    from skywitness.messages.mode_s.decode import Message
    from skywitness.messages.mode_s.explain import Row

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "explain each bit field of a message in plain words"

EXAMPLES = """\
examples:
  skywitness explain 8D406B902015A678D4D220AA4BDA
  skywitness explain --json 8D406B902015A678D4D220AA4BDA
  skywitness explain --altitude 35000 A8001EBCFFFB23286004A73F6A5B   a register weighed with what is known
  echo 5D4840D6F8740F | skywitness explain -
"""

HEADINGS = {
    "frame": "frame",
    "message": "message",
    "meaning": "from several fields",
    "parity": "parity",
    "register": "which register",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "frames", nargs="+", metavar="HEX", help="14 or 28 hex digits; - reads lines from standard input"
    )
    parser.add_argument("--json", action="store_true", help="one object a message, for programs")
    known = parser.add_argument_group("what is known of the aircraft (weighs the registers of a Comm-B reply)")
    known.add_argument("--altitude", type=float, metavar="FT", help="pressure altitude, feet")
    known.add_argument("--speed", type=float, metavar="KT", help="ground speed, knots")
    known.add_argument("--track", type=float, metavar="DEG", help="true track, degrees")
    known.add_argument("--vertical-rate", type=float, metavar="FPM", help="vertical rate, feet a minute")


def run(args: argparse.Namespace) -> int:
    """Explain each message; exit 2 at the first that is none."""
    from skywitness.messages.mode_s.comm_b import KnownState
    from skywitness.messages.mode_s.decode import decode
    from skywitness.messages.mode_s.explain import explain_message

    state = KnownState(
        altitude_ft=_given(args.altitude),
        groundspeed_kt=_given(args.speed),
        track_deg=_given(args.track),
        vertical_rate_fpm=_given(args.vertical_rate),
    )
    explained = 0
    for text in _texts(args.frames):
        message = decode(text, state=state)
        rows = list(explain_message(message, state))
        if args.json:
            _print_json(message, rows)
        else:
            _print_table(message, rows)
        explained += 1
    if not explained:
        raise FormatError("there is no frame in it", source="standard input", hint="A frame is 14 or 28 hex digits.")
    return 0


def _given(value: float | None) -> float:
    return math.nan if value is None else value


def _texts(words: list[str]) -> Iterator[str]:
    for word in words:
        if word == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        else:
            yield word


def _print_json(message: Message, rows: list[Row]) -> None:
    import json

    found = {"hex": message.hex, "title": message.title, "fields": dict(message.fields)}
    print(json.dumps(found | {"rows": [row.as_dict() for row in rows]}, ensure_ascii=False))


def _print_table(message: Message, rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    who = f"{message.icao24}{'' if message.address_verified else ' (not proved by the parity)'}"
    console.print(Text(f"{message.hex}  DF {message.df}, {message.title}", style="bold"))
    console.print(f"from {who}" if message.icao24 else "from nobody: this format names no aircraft")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, style in (("bits", "cyan"), ("sent", "dim"), ("name", ""), ("says", "bold"), ("what it is", "")):
        table.add_column(heading, style=style, overflow="fold")
    table.add_column("source", style="dim", overflow="fold")
    part = ""
    for row in rows:
        if row.part != part:
            table.add_row(Text(HEADINGS[row.part], style="underline"))
            part = row.part
        sent = row.raw if len(row.raw) <= 24 else f"{row.raw[:21]}..."
        table.add_row(*(Text(cell) for cell in (row.bits, sent, row.name, row.text, row.meaning, row.section)))
    console.print(table)
    console.print()
