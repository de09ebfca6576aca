"""`skywitness import`: what others have received, into a data directory."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skywitness.run.importing import Report

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "take what others have received into a data directory"

EXAMPLES = """\
examples:
  skywitness import /var/globe_history/2023/08/30 --data ~/skywitness     traces of readsb
  skywitness import v2024.03.22-planes-readsb-prod-0.tar --data ~/skywitness --source adsb.lol
  skywitness import states_2019-03-22-12.csv.gz --data ~/skywitness       OpenSky, in metres, converted
  skywitness import RFF7013.csv --icao 154073 --data ~/skywitness         Flightradar24 says no address
  skywitness import flight.beast tracks.parquet --dry-run --data ~/skywitness

What was imported before is left alone, so a command that was interrupted is simply given again. A file that is refused
leaves nothing behind; the others are imported.
"""

FAILURES_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add(
        "sources", nargs="+", metavar="SOURCE",
        help="files, tars and directories: traces, tables, tracks, recordings, another data directory",
    )  # fmt: skip
    add("--data", required=True, metavar="DIR", help="the data directory; made if it is not there")
    add(
        "--as", dest="format", metavar="FORMAT",
        help="readsb, opensky, flightradar24, flightaware, traffic, skywitness, or a format of recordings; found by "
        "name and content if not given",
    )  # fmt: skip
    add("--source", default="", metavar="NAME", help="who has received it; kept with the rows; else the format's name")
    add("--icao", metavar="HEX", help="the aircraft's address, for tracks that do not say it")
    add("--assume-utc", action="store_true", help="times without a zone are UTC; else they are refused")
    add("--start", metavar="TIME", help="when a recording begins that does not say it, UTC")
    add("--dry-run", action="store_true", help="read and count; write nothing")
    add("--json", action="store_true", help="print what was done as JSON")


def run(args: argparse.Namespace) -> int:
    """Import and say what was taken and what was not."""
    from pathlib import Path

    from skywitness.cli.inputs import time_ns
    from skywitness.cli.progress import progress
    from skywitness.run.import_inputs import size_of
    from skywitness.run.importing import ImportOptions, import_sources

    options = ImportOptions(
        format=args.format, source=_name(args.source), icao=_address(args.icao), assume_utc=args.assume_utc,
        start_ns=None if args.start is None else time_ns(args.start),
    )  # fmt: skip
    with progress(size_of(args.sources), "reading") as bar:
        report = import_sources(
            args.sources, Path(args.data), options, dry_run=args.dry_run, on_read=bar.advance, tell=bar.describe
        )
    if args.json:
        _print_json(report)
    else:
        _print(report, dry_run=args.dry_run)
    for failure in report.failures[:FAILURES_SHOWN]:
        print(f"skywitness: {' '.join(str(failure).split())}", file=sys.stderr)
    if len(report.failures) > FAILURES_SHOWN:
        print(f"skywitness: and {len(report.failures) - FAILURES_SHOWN:,} more like these", file=sys.stderr)
    return 2 if report.failures else 0


def _name(text: str) -> str:
    from skywitness.errors import ConfigError

    if len(text) > 100 or any(ord(letter) < 32 for letter in text):
        raise ConfigError("--source is a name of up to 100 letters")
    return text


def _address(text: str | None) -> int | None:
    from skywitness.errors import ConfigError

    if text is None:
        return None
    try:
        icao = int(text, 16)
    except ValueError:
        icao = 0
    if not 0 < icao <= 0xFFFFFF:
        raise ConfigError(f"{text!r} is no address", hint="Give six hexadecimal digits, like 154073.")
    return icao


def _print(report: Report, *, dry_run: bool) -> None:
    new = [one for one in report.batches if not one.was_there]
    if report.known and not new:
        print("All of it had been imported before: nothing to do.")
    elif new:
        by_source: dict[str, int] = {}
        for one in new:
            by_source[one.source] = by_source.get(one.source, 0) + one.rows
        told = ", ".join(f"{rows:,} from {name}" for name, rows in by_source.items())
        print(f"{report.rows:,} positions {'would be imported' if dry_run else 'imported'}: {told}.")
        if report.known:
            print(f"{report.known:,} batches had been imported before.")
    elif not report.failures:
        print("Nothing to import was found.")
    refused = {reason: count for reason, count in report.refused.items() if count}
    if refused:
        print("Left out: " + ", ".join(f"{count:,} {reason}" for reason, count in sorted(refused.items())) + ".")
    if report.repeated:
        print(f"{report.repeated:,} rows were of the same aircraft and moment as another: they count once.")
    if report.skipped:
        print("Files that hold no positions: " + ", ".join(f"{n:,} {end}" for end, n in sorted(report.skipped.items())))
    if report.merged:
        print(f"{report.merged:,} files were made of others.")


def _print_json(report: Report) -> None:
    import json

    batches = [
        {"name": one.name, "batch": one.batch, "source": one.source, "rows": one.rows, "was_there": one.was_there}
        for one in report.batches
    ]
    refused = {reason: count for reason, count in sorted(report.refused.items()) if count}
    facts = {
        "rows": report.rows, "batches": batches, "refused": refused, "repeated": report.repeated,
        "skipped": dict(report.skipped), "failures": [str(failure) for failure in report.failures],
    }  # fmt: skip
    print(json.dumps(facts))
