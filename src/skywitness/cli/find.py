"""`skywitness find`: a question to the record, answered in the terminal or as a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.cli.legs import add_map_option, outputs_of

if TYPE_CHECKING:
    import pyarrow as pa

    from skywitness.run.finding import Answer

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "ask the record: aircraft, positions, legs, journeys, events, silences"

EXAMPLES = """\
examples:
  skywitness find --demo "mil:yes from:UUMU via:SY to:SVMI time:2019-03-22..2019-03-25"
  skywitness find --data ~/skywitness 'callsign:RFF* near:"OSLK 30nmi" alt:<10000 time:2019-03'
  skywitness find --data ~/skywitness "hex:154073 show:positions time:2019-03-22" -o track.parquet
  skywitness find --data ~/skywitness "pattern:circling in:FR time:-24h" -o circling.geojson
  skywitness find --data ~/skywitness "gap:>2h mil:yes explain:yes"
  skywitness find --keys                                            what can be asked for

Terms are joined by AND; OR, -term, parentheses, "quotes", *, a,b for any of several. Times are UTC. Nothing is looked
up but what was received and what lists say of aircraft; an answer always says what the record has of the time asked.
"""

SHOWN = 50
COLUMNS = {
    "aircraft": ("icao24", "registration", "typecode", "operator", "callsigns", "first_seen", "last_seen", "positions"),
    "positions": ("time", "icao24", "callsign", "latitude", "longitude", "altitude_baro_ft", "groundspeed_kt",
                  "track_deg", "verdict"),
    "gaps": ("icao24", "registration", "from", "until", "silence_s", "distance_nmi"),
    "receptions": ("time", "receiver", "icao24", "df", "typecode", "status", "signal_dbfs", "frame"),
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add("question", nargs="*", metavar="QUESTION", help="in the query language; several words are one question")
    add("--data", metavar="DIR", help="data directory; by default that of the settings")
    add("--demo", action="store_true", help="ask the bundled, simulated demonstration")
    add(
        "-o", "--output", action="append", default=[], metavar="OUT",
        help="write a file in the format that its name ends in: jsonl, csv, parquet, arrow, geojson, kml, gpx, czml, "
        "svg, png; - is jsonl to standard output; may be given more than once",
    )  # fmt: skip
    add_map_option(parser)
    add("--limit", type=int, metavar="N", help=f"at most so many rows; the terminal shows {SHOWN} by itself")
    add("--skip", type=int, default=0, metavar="N", help="leave out the first N rows")
    add("--keys", action="store_true", help="list the keys of the language")


def run(args: argparse.Namespace) -> int:
    """Ask, write, and tell."""
    from skywitness.errors import ConfigError
    from skywitness.run.answer_files import answer_format, write_answer
    from skywitness.run.finding import open_store
    from skywitness.views.feeds.output import open_output

    if args.keys:
        return list_keys()
    if not args.question:
        raise ConfigError("nothing is asked", hint='Write skywitness find "mil:yes time:-24h", or --keys.')
    if (args.limit is not None and args.limit < 0) or args.skip < 0:
        raise ConfigError("--limit and --skip are counts of rows")
    store = open_store(directory_of(args))
    answer = store.find(" ".join(args.question), limit=args.limit, after=args.skip)
    if answer.question.explain:
        return explain(answer)
    from skywitness.run.answer_files import FORMATS

    outputs = [(out, answer_format(format, answer.subject)) for out, format in outputs_of(args, FORMATS)]
    written = []
    for out, format in outputs:
        with open_output(out, []) as file:
            written.append((out, write_answer(file, format, answer)))
    if "-" not in args.output:
        tell(answer, is_short=not outputs)
        for out, rows in written:
            print(f"{rows:,} {answer.subject} written to {out}")
    for path, reason in answer.damaged.items():
        print(f"skywitness: not read: {path}: {reason}", file=sys.stderr)
    return 0


def directory_of(args: argparse.Namespace) -> str:
    """Return the data directory that is asked."""
    from skywitness.errors import ConfigError
    from skywitness.run.config import load_config

    if args.demo:
        from skywitness.run.demo_place import kept_demo

        demo = kept_demo()
        if demo is None:
            from skywitness.run.demo import open_demo

            demo = open_demo(lambda line: print(f"skywitness: {line}", file=sys.stderr, flush=True))
        return str(demo.directory)
    if args.data:
        return str(args.data)
    file = Path("skywitness.toml")
    data = load_config(file if file.exists() else None, {})[0].data
    if not data:
        raise ConfigError("no data directory is set", hint="Name it: --data DIR; or ask --demo.")
    return data


def list_keys() -> int:
    """Print what can be asked for."""
    from skywitness.questions.terms import KEYS

    width = max(map(len, KEYS)) + 2
    for key, doc in KEYS.items():
        print(f"{key + ':':{width}}{doc.replace('`', '')}")
    return 0


def explain(answer: Answer) -> int:
    """Print how the question would be answered."""
    for name, value in answer.explained().items():
        if isinstance(value, dict):
            value = value.get("sentence") or "; ".join(f"{a} is {b}" for a, b in value.items())
        elif isinstance(value, list):
            value = ", ".join(value)
        if value != "":
            print(f"{name.replace('_', ' ') + ':':24}{value}")
    return 0


def tell(answer: Answer, *, is_short: bool) -> None:
    """Print the answer: sentences where there are some, else a table; then what it rests on."""
    table = answer.to_arrow()
    if is_short and len(table):
        shown = table.slice(0, SHOWN) if answer.limit is None else table
        if "sentence" in table.column_names:
            for sentence in shown["sentence"].to_pylist():
                print(sentence)
        else:
            print_table(shown, COLUMNS[answer.subject])
        if len(shown) < len(table):
            print(f"... {len(table) - len(shown):,} more; --limit N shows more, -o FILE writes all")
    for word, meaning in answer.places.items():
        print(f"{word}: {meaning}")
    count = f"{len(table):,}" if len(table) == answer.total else f"{len(table):,} of {answer.total:,}"
    print(f"{count} {answer.subject if len(table) != 1 else singular(answer.subject)}. {answer.coverage.sentence()}")


def singular(subject: str) -> str:
    """Return the word for one of them."""
    return subject if subject == "aircraft" else subject.removesuffix("s")


def print_table(table: pa.Table, columns: tuple[str, ...]) -> None:
    """Print some columns, aligned."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        is_number = str(table.schema.field(name).type) in ("double", "float", "int64", "int32", "int16")
        grid.add_column(name, justify="right" if is_number else "left", no_wrap=not is_number)
    for row in table.select(columns).to_pylist():
        grid.add_row(*(Text(cell(value)) for value in row.values()))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)  # a pipe has no width: nothing is cut
    console.print(grid)


def cell(value: Any) -> str:
    """Return a value as the table shows it; times in UTC, to the second."""
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, float):
        return (
            f"{value:,.5g}"
            if abs(value) < 1
            else f"{value:,.1f}"
            if abs(value) >= 1000
            else f"{value:.4f}".rstrip("0").rstrip(".")
        )
    if isinstance(value, list):
        return " ".join(map(str, value[:4])) + (" ..." if len(value) > 4 else "")
    return str(value)
