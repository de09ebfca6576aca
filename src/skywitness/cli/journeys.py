"""`skywitness journeys`: undertakings of several flights, with their stops, seen or inferred."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from skywitness.cli.legs import add_map_option, add_source_options, chosen, outputs_of

if TYPE_CHECKING:
    from skywitness.journeys.journeys import Undertakings

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "journeys of several flights, with their stops"

EXAMPLES = """\
examples:
  skywitness journeys "$(skywitness demo)" --icao 154073 --icao 1551e0      the founding case, simulated
  skywitness journeys skywitness-data --since 2019-03-22 --until 2019-03-25 -o journeys.jsonl
  skywitness journeys tracks.parquet -o journeys.geojson

A stop was received on the ground, or is inferred from the time lost in a silence; then its candidates are listed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_options(parser)
    add_map_option(parser)


def run(args: argparse.Namespace) -> int:
    """Find the journeys, write them, and tell them."""
    from pathlib import Path

    from skywitness.journeys.journeys import journeys
    from skywitness.journeys.sentences import journey_sentence
    from skywitness.run.flights import name_text, names_of
    from skywitness.views.feeds.flights import TRACK_FORMATS
    from skywitness.views.feeds.output import open_output

    outputs = outputs_of(args, TRACK_FORMATS)
    made = journeys(chosen(args))
    names = names_of(made.flights, args.sources)
    inputs = [source for source in args.sources if Path(source).is_file()]
    for out, format in outputs:
        with open_output(out, inputs) as file:
            _write(file, format, made, names, ", ".join(Path(one).name for one in args.sources))
    if "-" in args.output:
        return 0
    for journey in range(len(made)):
        first = int(made.journeys.first_leg[journey])
        print(journey_sentence(made, journey, name_text(names.get(first, ("", "")))))
    if not len(made):
        print("No journey: nothing was received in the air.")
    for out, _ in outputs:
        print(f"{len(made):,} journeys written to {out}")
    return 0


def _write(file: Any, format: str, made: Undertakings, names: dict[int, tuple[str, str]], source: str) -> None:
    from skywitness import __version__
    from skywitness.journeys.sentences import journey_sentence
    from skywitness.views.exports.drawn import About, drawn_flights
    from skywitness.views.exports.files import EXPORTS, rows_hash, write_export
    from skywitness.views.exports.map_places import places_of_stops
    from skywitness.views.feeds.flights import write_table
    from skywitness.views.feeds.flights_geojson import write_geojson
    from skywitness.views.feeds.flights_kml import write_kml
    from skywitness.views.feeds.journeys import journey_features, journey_table

    if format == "geojson":
        write_geojson(file, journey_features(made, names))
    elif format == "kml" or format in EXPORTS:
        told: dict[int, str] = {}
        for journey in range(len(made)):
            first = int(made.journeys.first_leg[journey])
            told |= dict.fromkeys(
                range(first, first + int(made.journeys.legs[journey])), journey_sentence(made, journey)
            )
        if format == "kml":
            write_kml(file, made.flights, names, told)
        else:
            about = About("Journeys", "", source, rows_hash(journey_table(made, names)), f"skywitness {__version__}")
            write_export(file, format, drawn_flights(made.flights, names, told), about, places_of_stops(made))
    else:
        write_table(file, format, journey_table(made, names))
