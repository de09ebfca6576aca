"""`skywitness legs`: the flights in a recording, a file of positions, or the history of a node."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skywitness.cli.inputs import time_ns

if TYPE_CHECKING:
    from skywitness.journeys.legs import Flights

__all__ = [
    "EXAMPLES",
    "SUMMARY",
    "add_arguments",
    "add_map_option",
    "add_source_options",
    "chosen",
    "outputs_of",
    "run",
]

SUMMARY = "flights, each with the evidence of its ends"

EXAMPLES = """\
examples:
  skywitness legs demo                                   the flights of the bundled, simulated recording
  skywitness legs flight.beast -o legs.csv               of a recording
  skywitness legs tracks.parquet --icao 4841d7           of one aircraft, from a file of positions
  skywitness legs ~/skywitness-data --since 2019-03-22 --until 2019-03-25 -o legs.geojson
  skywitness legs tracks.parquet -o - > legs.jsonl

A flight goes from ground to ground, or from and to an edge of what was heard. No schedule is asked: an airport is
named from 0.9 on, below that the candidates are listed with their probabilities.
"""


def add_source_options(
    parser: argparse.ArgumentParser, formats: str = "jsonl, csv, parquet, arrow, geojson, kml, gpx, czml, svg, png"
) -> None:
    """Declare what commands on flights have in common."""
    add = parser.add_argument
    add("sources", nargs="+", metavar="SOURCE", help="a recording, a file of positions, a data directory; demo")
    add(
        "-o", "--output", action="append", default=[], metavar="OUT",
        help=f"write a file in the format that its name ends in: {formats}; - is jsonl to standard output; may be "
        "given more than once",
    )  # fmt: skip
    add("--since", dest="from_time", metavar="TIME", help="only what was received from this time on, UTC")
    add("--until", dest="until_time", metavar="TIME", help="and before this time")
    add("--icao", action="append", default=[], metavar="HEX", help="only this aircraft; may be given more than once")
    add(
        "--reg", action="append", default=[], metavar="REG",
        help="only this aircraft, by its registration, also a former one; * at the end for all that begin so",
    )  # fmt: skip


def add_map_option(parser: argparse.ArgumentParser) -> None:
    """Declare the option of commands that draw maps."""
    parser.add_argument(
        "--map", action="append", default=[], metavar="OUT",
        help="draw a map to a file whose name ends in .svg or .png, base map included; may be given more than once",
    )  # fmt: skip


def outputs_of(args: argparse.Namespace, formats: Sequence[str]) -> list[tuple[str, str]]:
    """Return the files that `-o` and `--map` ask for, and their formats. Raises ConfigError for one without."""
    from skywitness.views.exports.files import PICTURES
    from skywitness.views.feeds.flights import format_of

    named = [(out, format_of(out, formats)) for out in args.output]
    return named + [(out, format_of(out if out != "-" else "-.", PICTURES)) for out in args.map]


def chosen(args: argparse.Namespace) -> Flights:
    """Return the flights that the options ask for, and say what was left out."""
    from skywitness.run.flights import flights_of, read_positions

    positions = read_positions(
        args.sources,
        from_ns=None if args.from_time is None else time_ns(args.from_time),
        until_ns=None if args.until_time is None else time_ns(args.until_time),
        aircraft=_aircraft(args),
    )
    flights = flights_of(positions)
    if flights.histories.dropped:
        left = ", ".join(f"{count:,} {reason}" for reason, count in sorted(flights.histories.dropped.items()))
        print(f"skywitness: positions left out: {left}", file=sys.stderr)
    return flights


def _aircraft(args: argparse.Namespace) -> list[tuple[int, int]] | None:
    """Return addresses and their kinds that `--icao` and `--reg` ask for; None if neither was given."""
    from pathlib import Path

    from skywitness.archive.identities import identity_directory, load_book
    from skywitness.errors import ConfigError
    from skywitness.identity.registrations import address_of

    found: list[tuple[int, int]] = []
    for text in args.icao:
        try:
            icao = int(text.removeprefix("~"), 16)
        except ValueError:
            icao = -1
        if not 0 <= icao <= 0xFFFFFF:
            raise ConfigError(f"{text!r} is no address", hint="Give six hexadecimal digits, like 154073.") from None
        found += [(icao, kind) for kind in (range(1, 4) if text.startswith("~") else range(1))]
    if args.reg:
        book = load_book(*(Path(one) / "identity" for one in args.sources), identity_directory(None))
        for text in args.reg:
            addresses = set(book.addresses(text)) | ({rule} if (rule := address_of(text)) is not None else set())
            if not addresses:
                raise ConfigError(
                    f"nobody says which address {text} has", hint="Import a list: skywitness identity import FILE."
                )
            found += [(icao, 0) for icao in sorted(addresses)]
    return found if args.icao or args.reg else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_options(parser)
    add_map_option(parser)


def run(args: argparse.Namespace) -> int:
    """Find the flights, write them, and tell them."""
    from pathlib import Path

    from skywitness.run.flights import name_text, names_of
    from skywitness.views.feeds.flights import TRACK_FORMATS
    from skywitness.views.feeds.output import open_output

    outputs = outputs_of(args, TRACK_FORMATS)
    flights = chosen(args)
    names = names_of(flights, args.sources)
    inputs = [source for source in args.sources if Path(source).is_file()]
    for out, format in outputs:
        with open_output(out, inputs) as file:
            _write(file, format, flights, names, ", ".join(Path(one).name for one in args.sources))
    if "-" in args.output:
        return 0
    from skywitness.journeys.leg_sentences import leg_sentence

    for leg in range(len(flights)):
        print(leg_sentence(flights, leg, name_text(names.get(leg, ("", "")))))
    if not len(flights):
        print("No flight: nothing was received in the air.")
    for out, _ in outputs:
        print(f"{len(flights):,} flights written to {out}")
    return 0


def _write(file: Any, format: str, flights: Flights, names: dict[int, tuple[str, str]], source: str) -> None:
    from skywitness import __version__
    from skywitness.journeys.leg_sentences import leg_sentence
    from skywitness.views.exports.drawn import About, drawn_flights
    from skywitness.views.exports.files import EXPORTS, rows_hash, write_export
    from skywitness.views.exports.map_places import places_of_flights
    from skywitness.views.feeds.flights import leg_table, write_table
    from skywitness.views.feeds.flights_geojson import leg_features, write_geojson
    from skywitness.views.feeds.flights_kml import write_kml

    if format == "geojson":
        write_geojson(file, leg_features(flights, names))
    elif format == "kml":
        write_kml(file, flights, names, {leg: leg_sentence(flights, leg) for leg in range(len(flights))})
    elif format in EXPORTS:
        about = About("Flights", "", source, rows_hash(leg_table(flights, names)), f"skywitness {__version__}")
        write_export(file, format, drawn_flights(flights, names), about, places_of_flights(flights))
    else:
        write_table(file, format, leg_table(flights, names))
