"""`skywitness redecode`: receptions through the present version again, beside what was made of them at the time."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError

if TYPE_CHECKING:
    from skywitness.archive.generations import Generation

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "decode the receptions of a record again, as a new generation beside the old"

EXAMPLES = """\
examples:
  skywitness redecode ~/skywitness                              all days; goes on where it was interrupted
  skywitness redecode ~/skywitness --since 2019-03-22 --until 2019-03-25
  skywitness redecode ~/skywitness --receiver roof              as if no other receiver had listened
  skywitness redecode ~/skywitness --use 1                      generation 1 answers from now on
  skywitness redecode ~/skywitness --use 0                      the record of the time does again

It may run beside a recording node. `skywitness store stats` lists the generations and what is different in each.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add = parser.add_argument
    add("directory", metavar="DIR", help="data directory")
    add("--since", metavar="TIME", help="from this time on, UTC")
    add("--until", metavar="TIME", help="before this time, UTC")
    add("--receiver", action="append", metavar="NAME", help="only what it heard; may be given more than once")
    add("--new", action="store_true", help="begin another generation though there is one of the same time and version")
    add("--use", type=int, metavar="N", help="have a generation answer, 0 for the record of the time; decode nothing")
    add("-j", "--json", action="store_true", help="JSON, for programs")


def run(args: argparse.Namespace) -> int:
    """Decode, or choose who answers."""
    from skywitness.archive.files import OsFiles
    from skywitness.archive.generations import use_generation
    from skywitness.cli.inputs import time_ns
    from skywitness.run.logging import set_up_logging
    from skywitness.run.redecode import LATEST_NS, redecode

    directory = Path(args.directory).expanduser()
    if not directory.is_dir():
        raise ConfigError("there is no such directory", source=str(directory))
    set_up_logging(level="warning")
    if args.use is not None:
        use_generation(directory, args.use, OsFiles())
        if not args.json:
            print(f"generation {args.use} answers" if args.use else "the record of the time answers")
        return 0
    since_ns = 0 if args.since is None else time_ns(args.since)
    until_ns = LATEST_NS if args.until is None else time_ns(args.until)
    if since_ns >= until_ns:
        raise ConfigError("--until is not after --since")
    made = redecode(
        directory, since_ns=since_ns, until_ns=until_ns, receivers=args.receiver or (), anew=args.new, tell_of=_tell
    )
    if args.json:
        print(json.dumps(facts_of(made)))
        return 0
    for line in lines_of(made):
        print(line)
    if made.days:
        print(f"to have it answer: skywitness redecode {args.directory} --use {made.number}")
    return 0


def _tell(day: str) -> None:
    if sys.stderr.isatty():
        print(f"{day} decoded", file=sys.stderr)


def facts_of(generation: Generation) -> dict[str, Any]:
    """Return what is known of a generation, for programs."""
    return {
        "generation": generation.number, "made_by": generation.made_by, "finished": generation.is_done,
        "since_ns": generation.since_ns, "until_ns": generation.until_ns, "receivers": list(generation.receivers),
        "days": generation.differences(),
    }  # fmt: skip


def lines_of(generation: Generation) -> list[str]:
    """Return the same for people: a line for it and one for each day."""
    state = "" if generation.is_done else ", not finished"
    only = f", of {', '.join(generation.receivers)} alone" if generation.receivers else ""
    out = [f"generation {generation.number}, by skywitness {generation.made_by}{only}{state}"]
    for day, counts in generation.differences().items():
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("same", "changed", "new", "gone"))
        copied = f", {counts['kept']:,} copied" if counts["kept"] else ""
        out.append(f"  {day} {counts['rows']:>12,} rows: {told}{copied}")
    return out
