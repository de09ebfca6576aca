"""`skywitness track`: who is in a recording, where each went, and what of it is sure."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from skywitness.cli.inputs import add_input_options, time_ns
from skywitness.errors import ConfigError, SkywitnessError

if TYPE_CHECKING:
    from skywitness.batches import Positions
    from skywitness.run.census import Found
    from skywitness.run.track import Tracking

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "aircraft and their checked positions"

EXAMPLES = """\
examples:
  skywitness track demo                                 the aircraft of the bundled, simulated recording
  skywitness track flight.beast -o tracks.parquet       with every position in a file
  skywitness track flight.beast -o aircraft.json        as readsb would show it at the end of the recording
  skywitness track north.beast south.beast --place 52.3,4.8 --place 51.9,4.5 -o - > tracks.jsonl
  skywitness track flight.avr --start 2026-06-01T12:00:00Z --all -o everything.csv

Several files are several receivers that heard the same time. Without --all, rows that were contradicted are left out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a recording in any format; demo; - is standard input")
    add(
        "-o", "--output", action="append", default=[], metavar="OUT",
        help="OUT.csv, .jsonl, .parquet or .arrow: positions; OUT.json: aircraft.json of the end; - is jsonl to "
        "standard output; may be given more than once",
    )  # fmt: skip
    add("--all", action="store_true", help="write contradicted positions too, with their reason")
    add(
        "--place", action="append", default=[], metavar="LAT,LON",
        help="where the receiver of the first file stands (given again: of the second, and so on); it tells where "
        "aircraft on the ground are",
    )  # fmt: skip
    add_input_options(parser)
    add("--no-repair", action="store_true", help="do not correct single wrong bits")
    add("--shards", type=int, default=1, metavar="N", help="share the aircraft out among N states (1)")
    add("--rows", type=int, default=50, metavar="N", help="print so many aircraft at most (50); 0: all")
    add("--json", action="store_true", help="the summary as one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    """Track, write, and say what was found; a damaged file is an error after all that."""
    from skywitness.batches import VERDICTS
    from skywitness.cli.progress import progress
    from skywitness.pipeline import Settings
    from skywitness.run.track import Tracking
    from skywitness.sources.file import input_size, resolved
    from skywitness.views.feeds.aircraft_json import aircraft_json
    from skywitness.views.feeds.output import open_output
    from skywitness.views.feeds.tracks import format_of, track_writer

    if args.shards < 1:
        raise ConfigError(f"--shards {args.shards} is not possible", hint="It is 1 or more.")
    if args.rows < 0:
        raise ConfigError(f"--rows {args.rows} is not possible", hint="It is 0 for all, or how many to print.")
    if len(args.place) > len(args.files):
        raise ConfigError(f"there are {len(args.place)} places and {len(args.files)} files")
    if args.json and "-" in args.output:
        raise ConfigError("--json and -o - both want standard output", hint="Write the tracks to a file.")
    as_snapshot = [out for out in args.output if out.lower().endswith(".json")]
    as_tracks = [(out, format_of(out)) for out in args.output if out not in as_snapshot]
    settings = Settings(
        places=tuple(_place(text) for text in args.place), repair=not args.no_repair, shards=args.shards
    )
    sizes = [input_size(path) for path in args.files]
    total = None if None in sizes else sum(size for size in sizes if size)
    inputs = [str(resolved(path)) for path in args.files if path != "-"]
    contradicted = VERDICTS.index("contradicted")
    try:
        with ExitStack() as stack:
            bar = stack.enter_context(progress(total, "tracking"))
            tracking = Tracking(
                args.files,
                settings=settings,
                start_ns=None if args.start is None else time_ns(args.start),
                format=args.from_format,
                gps=args.gps,
                on_read=bar.advance,
            )
            writers = []
            for out, wire in as_tracks:
                file = stack.enter_context(open_output(out, inputs))
                writers.append(stack.enter_context(track_writer(file, wire)))
            snapshots = [stack.enter_context(open_output(out, inputs)) for out in as_snapshot]
            for positions in tracking.positions():
                kept: Positions = positions
                if not args.all and (positions.verdict == contradicted).any():
                    kept = positions.take(positions.verdict != contradicted)
                for writer in writers:
                    writer.write(kept)
            if tracking.failures and not tracking.frames and not tracking.verdicts.any():
                raise _NothingReadError(tracking.failures)  # which leaves no empty file, nor an old one overwritten
            if snapshots:
                snapshot = aircraft_json(tracking.aircraft(), max(0, tracking.until_ns), tracking.messages)
                for file in snapshots:
                    file.write(snapshot)
    except _NothingReadError as nothing:
        _tell(nothing.failures[1:])
        raise nothing.failures[0] from None
    found = tracking.census.found()
    written = {out: writer.rows for (out, _), writer in zip(as_tracks, writers, strict=True)}
    if args.json:
        print(json.dumps(_summary(tracking, found, written, as_snapshot)))
    elif "-" not in args.output:
        _print(tracking, found, args.rows)
        for out, rows in written.items():
            print(f"{rows:,} positions written to {out}")
        for out in as_snapshot:
            print(f"the aircraft of the end written to {out}")
    if tracking.failures:
        _tell(tracking.failures[1:])
        raise tracking.failures[0]
    return 0


class _NothingReadError(Exception):
    """None of the inputs gave a row."""

    def __init__(self, failures: list[SkywitnessError]) -> None:
        super().__init__()
        self.failures = failures


def _tell(failures: list[SkywitnessError]) -> None:
    """Say on standard error what was wrong with inputs, a line each."""
    for failure in failures:
        print(f"skywitness: {' '.join(str(failure).split())}", file=sys.stderr)


def _place(text: str) -> tuple[float, float]:
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        lat = lon = float("nan")
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
        raise ConfigError(f"{text!r} is no place", hint="Give degrees north and east, like 52.31,4.76 or -33.9,151.2.")
    return lat, lon


def _iso(time_ns: int) -> str | None:
    """Text of a time; None if it is not known."""
    from skywitness.batches import UNTIMED

    if time_ns == UNTIMED:
        return None
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _counts(words: tuple[str, ...], counts: Any) -> dict[str, int]:
    return {word: int(count) for word, count in zip(words, counts, strict=True) if count}


def _aircraft(found: Found) -> list[dict[str, Any]]:
    """One dict of plain values per aircraft, None where not known."""
    import numpy as np

    from skywitness.batches import POSITION_SOURCES, VERDICTS
    from skywitness.messages.mode_s.callsign import callsign_text
    from skywitness.messages.mode_s.squawk import squawk_text
    from skywitness.tracks.state import NEVER

    def number(value: float, digits: int) -> float | None:
        return None if np.isnan(value) else round(float(value), digits) if digits else round(float(value))

    rows = []
    table = found.aircraft
    for i in range(len(table)):
        source = int(table.best_source[i])
        placed = table.position_time_ns[i] != NEVER
        rows.append(
            {
                "icao24": ("~" if table.address_kind[i] else "") + f"{table.icao[i]:06x}",
                "callsign": callsign_text(int(table.callsign[i])) if table.callsign[i] else None,
                "category": f"{table.category[i]:02X}" if table.category[i] != 255 else None,
                "squawk": squawk_text(int(table.squawk[i])) if table.squawk[i] <= 0o7777 else None,
                "on_ground": bool(table.on_ground[i]) if table.on_ground[i] != 255 else None,
                "altitude_ft": number(table.altitude_ft[i], 0),
                "groundspeed_kt": number(table.groundspeed_kt[i], 1),
                "track_deg": number(table.track_deg[i], 1),
                "latitude": number(table.lat_deg[i], 6),
                "longitude": number(table.lon_deg[i], 6),
                "position_time": _iso(int(table.position_time_ns[i])) if placed else None,
                "seen": _iso(int(table.seen_time_ns[i])),
                "messages": int(table.messages[i]),
                "positions": int(found.positions[i].sum()),
                "receivers": int(found.receivers[i]),
                "source": POSITION_SOURCES[source] if source < len(POSITION_SOURCES) else None,
                "verdicts": _counts(VERDICTS, found.positions[i]),
            }
        )
    return sorted(rows, key=lambda row: -row["messages"])


def _summary(tracking: Tracking, found: Found, written: dict[str, int], snapshots: list[str]) -> dict[str, Any]:
    from skywitness.batches import REASONS, STATUSES, VERDICTS

    timed = tracking.until_ns >= tracking.from_ns
    return {
        "inputs": [
            {
                "path": recording.path,
                "format": recording.format,
                "rows": recording.rows,
                "simulated": recording.simulated,
                "timed": not recording.untimed_base,
                "counts": recording.counts,
            }
            for recording in tracking.recordings
        ],
        "from": _iso(tracking.from_ns) if timed else None,
        "until": _iso(tracking.until_ns) if timed else None,
        "frames": tracking.frames,
        "messages": tracking.messages,
        "statuses": _counts(STATUSES, tracking.statuses),
        "positions": int(tracking.verdicts.sum()),
        "verdicts": _counts(VERDICTS, tracking.verdicts),
        "reasons": _counts(REASONS, tracking.reasons),
        "aircraft": _aircraft(found),
        "written": [{"path": path, "rows": rows} for path, rows in written.items()]
        + [{"path": path} for path in snapshots],
        "failures": [str(failure) for failure in tracking.failures],
    }


def _print(tracking: Tracking, found: Found, most: int) -> None:
    """Print the table for people."""
    from rich.console import Console
    from rich.table import Table

    from skywitness.batches import REASONS, STATUSES, VERDICTS

    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, soft_wrap=not sys.stdout.isatty())
    rows = _aircraft(found)
    days = {row["position_time"][:10] for row in rows if row["position_time"]}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("hex", "callsign", "cat", "squawk"):
        table.add_column(name, no_wrap=True)
    for name in ("feet", "knots", "track", "latitude", "longitude", "last place UTC", "positions", "messages", "recv"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("source", no_wrap=True)
    table.add_column("verdicts")
    for row in rows[: most or None]:
        place = row["position_time"] or ""
        table.add_row(
            row["icao24"],
            row["callsign"] or "",
            row["category"] or "",
            row["squawk"] or "",
            "ground" if row["on_ground"] else _shown(row["altitude_ft"], ",.0f"),
            _shown(row["groundspeed_kt"], ".0f"),
            _shown(row["track_deg"], ".0f"),
            _shown(row["latitude"], ".4f"),
            _shown(row["longitude"], ".4f"),
            place[11:19] if len(days) <= 1 else place[:19].replace("T", " "),
            f"{row['positions']:,}" if row["positions"] else "",
            f"{row['messages']:,}",
            f"{row['receivers']}" if row["receivers"] else "",
            row["source"] or "",
            _listed(row["verdicts"]),
        )
    console.print(table)
    if most and len(rows) > most:
        console.print(f"... and {len(rows) - most:,} more; --rows 0 prints all")
    console.print()
    placed = sum(1 for row in rows if row["positions"])
    if tracking.until_ns >= tracking.from_ns:
        console.print(f"{_iso(tracking.from_ns)} to {_iso(tracking.until_ns)}")
    if any(recording.untimed_base for recording in tracking.recordings):
        console.print("Nothing says when this was: times count from 1970. Give --start.")
    if any(recording.simulated for recording in tracking.recordings):
        console.print("This is a simulation: no such aircraft flew.")
    if tracking.frames:
        console.print(f"{tracking.frames:,} frames: {_listed(_counts(STATUSES, tracking.statuses))}")
    verdicts = _listed(_counts(VERDICTS, tracking.verdicts)) or "none"
    console.print(f"{len(rows):,} aircraft, {placed:,} with a place; {tracking.verdicts.sum():,} positions: {verdicts}")
    if tracking.reasons.any():
        console.print(f"contradicted by {_listed(_counts(REASONS, tracking.reasons))}")


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{word.replace('_', ' ')} {count:,}" for word, count in counts.items())
