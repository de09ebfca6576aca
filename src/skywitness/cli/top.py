"""`skywitness top`: the live picture in the terminal."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from skywitness.cli.top_feeds import Feed
    from skywitness.cli.top_picture import Column, Filter, Snapshot

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "show the live picture in the terminal, of a running node or of sources of its own"

EXAMPLES = """\
examples:
  skywitness top                                        the node of this computer
  skywitness top http://10.0.0.7:8480 --sort dist
  skywitness top http://10.0.0.7/tar1090                any program that writes data/aircraft.json
  skywitness top beast+tcp://127.0.0.1:30005            a receiver, without a node
  skywitness top demo                                   the bundled, simulated recording
  skywitness top --once --filter 'alt>30000 -mlat'      one table; --json for programs
keys: s sort, r reverse, / filter, p pause, arrows and page keys, ? help, q quit
exit code: 3 if there is no picture
"""

NODE = "http://127.0.0.1:8480"
WAIT_S = 0.25
WIDTH = 118
COLLECT_S = 5.0
"""How long `--once` listens to sources of its own that do not end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("source", nargs="*", metavar="URL", help=f"a node (http://...), or sources; {NODE} by default")
    parser.add_argument("--sort", metavar="COLUMN", help="column to sort by (distance if it is known, else callsign)")
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument("--filter", default="", metavar="WORDS", help="show only these: KLM, -mlat, alt>30000, ...")
    parser.add_argument("--place", metavar="LAT,LON", help="measure distances from there")
    parser.add_argument("--key-file", metavar="FILE", help="file with the key, if the node asks for one")
    parser.add_argument("--once", action="store_true", help="print one table and end; so if the output is no terminal")
    parser.add_argument("--limit", type=int, metavar="N", help="with --once: at most so many rows")
    parser.add_argument("--wait", type=float, metavar="SECONDS", help=f"with --once: listen to sources ({COLLECT_S:g})")
    parser.add_argument("--json", action="store_true", help="one JSON object a picture, for programs")


def run(args: argparse.Namespace) -> int:
    """Show it until the user leaves."""
    from skywitness.cli.top_picture import Filter, column_of

    column = column_of(args.sort) if args.sort else None
    wanted = Filter(args.filter)
    feed = feed_of(args)
    quiet()
    feed.start()
    try:
        if args.json and not args.once:
            return stream(feed, wanted, column, args)
        if args.once or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return once(feed, wanted, column, args)
        return watch(feed, wanted, column, args.reverse)
    finally:
        feed.close()


def feed_of(args: argparse.Namespace) -> Feed:
    """Where the pictures come from. Raises ConfigError."""
    from skywitness.cli.top_feeds import NodeFeed, SourceFeed

    place = None
    if args.place:
        from skywitness.sources.url import parse_place

        found = parse_place(args.place)
        place = found.lat_deg, found.lon_deg
    urls = args.source or [NODE]
    if any(url.startswith(("http://", "https://")) for url in urls):
        if len(urls) > 1:
            raise ConfigError("one node at a time, and no sources beside it")
        key = Path(args.key_file).read_text("utf-8").strip() if args.key_file else ""
        return NodeFeed(urls[0], place, key)
    return SourceFeed(urls, place)


def quiet() -> None:
    """Have only what is wrong logged: the screen is needed."""
    from skywitness.run.logging import set_up_logging

    set_up_logging("text", "error")


def best_column(snapshot: Snapshot, column: Column | None) -> Column:
    """The column asked for; else distance where it is known, else the callsign."""
    from skywitness.cli.top_picture import column_of

    return column or column_of("dist" if any(one.dist == one.dist for one in snapshot.aircraft) else "callsign")


def first_picture(feed: Feed, args: argparse.Namespace) -> Snapshot:
    """Wait for a picture: of a node the first, of sources that of the end or of some seconds. Raises SourceError."""
    from skywitness.cli.top_feeds import SourceFeed

    collects = isinstance(feed, SourceFeed)
    until = time.monotonic() + (args.wait if args.wait is not None else COLLECT_S)
    while not feed.is_over:
        feed.changed.wait(WAIT_S)
        if not collects and (feed.latest is not None or feed.error):
            break
        if collects and time.monotonic() >= until:
            break
    if collects:
        feed.close()  # what came is finished
    if feed.latest is None or (feed.error and not feed.latest.aircraft):
        raise SourceError(
            feed.error or "no picture came", source=feed.label,
            hint="Is a node running there? `skywitness serve` begins one." if not collects else "",
        )  # fmt: skip
    return feed.latest


def once(feed: Feed, wanted: Filter, column: Column | None, args: argparse.Namespace) -> int:
    """Print one picture."""
    from rich.console import Console

    from skywitness.cli.top_picture import sorted_by
    from skywitness.cli.top_screen import View, fitting, head, table

    snapshot = first_picture(feed, args)
    column = best_column(snapshot, column)
    rows = sorted_by(filter(wanted, snapshot.aircraft), column, args.reverse)[: args.limit]
    if args.json:
        print(as_json(snapshot, rows))
        return 0
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    for line in head(View(column), snapshot, feed.label, feed.error, 0.0):
        console.print(line)
    console.print(table(rows, fitting(rows, console.width, column), column, args.reverse))
    return 0


def stream(feed: Feed, wanted: Filter, column: Column | None, args: argparse.Namespace) -> int:
    """Print each picture as one line of JSON."""
    from skywitness.cli.top_picture import sorted_by

    shown = None
    while True:
        feed.changed.wait(WAIT_S)
        feed.changed.clear()
        snapshot = feed.latest
        if snapshot is not None and snapshot is not shown:
            shown = snapshot
            rows = sorted_by(filter(wanted, snapshot.aircraft), best_column(snapshot, column), args.reverse)
            print(as_json(snapshot, rows[: args.limit]), flush=True)
        elif feed.error and shown is None:
            raise SourceError(feed.error, source=feed.label)
        if feed.is_over:
            return 0


def as_json(snapshot: Snapshot, rows: list[Any]) -> str:
    """One object; what is not known is absent."""

    def known(row: Any) -> dict[str, Any]:
        values = dataclasses.asdict(row).items()
        return {k: v for k, v in values if v != "" and not (isinstance(v, float) and math.isnan(v))}

    aircraft = []
    for row in rows:
        values = known(row)
        if row.on_ground:
            values["alt"] = "ground"
        aircraft.append(values)
    about = {"now": snapshot.time_s, "time": snapshot.time, "messages": snapshot.messages, "rate": snapshot.rate}
    about = {k: v for k, v in about.items() if not (isinstance(v, float) and math.isnan(v))}
    about |= {"simulated": True} if snapshot.simulated else {}
    return json.dumps(about | {"receivers": [known(one) for one in snapshot.receivers], "aircraft": aircraft})


def watch(feed: Feed, wanted: Filter, column: Column | None, is_reversed: bool) -> int:
    """Draw until the user leaves."""
    from rich.console import Console
    from rich.live import Live

    from skywitness.cli.keyboard import Keyboard
    from skywitness.cli.top_picture import column_of
    from skywitness.cli.top_screen import View, draw

    console = Console(highlight=False)
    view = View(column or column_of("callsign"), is_reversed, wanted)
    is_chosen = column is not None
    shown: Snapshot | None = None
    came_s = time.monotonic()
    size = console.size
    with Keyboard() as keyboard, Live(console=console, screen=True, auto_refresh=False) as live:
        while not view.is_over:
            if not view.is_paused and feed.latest is not shown:
                shown, came_s = feed.latest, time.monotonic()
                if shown is not None and not is_chosen:
                    view.column, is_chosen = best_column(shown, None), bool(shown.aircraft)
            feed.changed.clear()
            age_s = time.monotonic() - came_s
            live.update(draw(console, view, shown, feed.label, feed.error, age_s), refresh=True)
            until = time.monotonic() + 1.0
            while time.monotonic() < until:
                keys = keyboard.read(WAIT_S / 2)
                for key in keys:
                    is_chosen |= key in ("s", "S", "left", "right")
                    view.press(key)
                if keys or console.size != size or (feed.changed.is_set() and not view.is_paused):
                    size = console.size
                    break
    return 0
