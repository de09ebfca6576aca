"""`skywitness events`: what happened in the flights of a recording, a file of positions, or the history of a node."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from skywitness.cli.legs import add_source_options, chosen

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "what happened in flights: landings, circling, surveys, silences, changes"

EXAMPLES = """\
examples:
  skywitness events demo                                    of the bundled, simulated recording
  skywitness events tracks.parquet --kind circling --kind survey --kind holding
  skywitness events skywitness-data --since 2019-03-22 --until 2019-03-25 -o events.csv
  skywitness events tracks.parquet -o - > events.jsonl

Each event tells the figure that decided and what it was compared with; times are UTC.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_options(parser)
    parser.add_argument(
        "--kind", action="append", default=[], metavar="KIND", help="only this kind; may be given more than once"
    )


def run(args: argparse.Namespace) -> int:
    """Find the events, write them, and tell them."""
    from pathlib import Path

    import numpy as np

    from skywitness.batches import EVENT_KINDS
    from skywitness.errors import ConfigError
    from skywitness.journeys.events import events
    from skywitness.run.flights import name_text, names_of
    from skywitness.views.feeds.events import event_table
    from skywitness.views.feeds.flights import format_of
    from skywitness.views.feeds.output import open_output

    outputs = [(out, format_of(out)) for out in args.output]
    for kind in args.kind:
        if kind not in EVENT_KINDS:
            raise ConfigError(f"{kind!r} is no kind of event", hint=f"There are {', '.join(EVENT_KINDS)}.")
    flights = chosen(args)
    made = events(flights)
    if args.kind:
        made = made.take(np.isin(made.kind, [EVENT_KINDS.index(kind) for kind in args.kind]))
    names = {int(flights.legs.icao[leg]): name_text(name) for leg, name in names_of(flights, args.sources).items()}
    table = event_table(flights, made, names)
    inputs = [source for source in args.sources if Path(source).is_file()]
    for out, format in outputs:
        with open_output(out, inputs) as file:
            _write(file, format, table)
    if "-" in args.output:
        return 0
    for sentence in table["sentence"].to_pylist():
        print(sentence)
    if not len(made):
        print("No event." if not args.kind else f"No event of the kind {' or '.join(args.kind)}.")
    for out, _ in outputs:
        print(f"{len(made):,} events written to {out}")
    return 0


def _write(file: Any, format: str, table: pa.Table) -> None:
    from skywitness.views.feeds.events import event_features, write_event_kml
    from skywitness.views.feeds.flights import write_table
    from skywitness.views.feeds.flights_geojson import write_geojson

    if format == "geojson":
        write_geojson(file, event_features(table))
    elif format == "kml":
        write_event_kml(file, table)
    else:
        write_table(file, format, table)
