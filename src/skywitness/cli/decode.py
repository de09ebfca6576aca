"""`skywitness decode`: every field of every message of recordings, as a table."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skywitness.cli.inputs import add_input_options, opened
from skywitness.errors import ConfigError, SkywitnessError

if TYPE_CHECKING:
    from skywitness.sources.readers import Recording
    from skywitness.views.feeds.messages import MessageWriter

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "decode every field of every message"

EXAMPLES = """\
examples:
  skywitness decode demo
  skywitness decode flight.beast -o messages.parquet
  skywitness decode monday.beast.zst tuesday.beast.zst -o messages.csv
  nc receiver 30005 | skywitness decode - | head

Without -o, JSON lines go to standard output. Names and units of the columns: docs/reference/messages.md, and the
metadata of each field in Parquet and Arrow. Arrow is the IPC stream format.
"""

SUFFIXES = {".jsonl": "jsonl", ".json": "jsonl", ".csv": "csv", ".parquet": "parquet", ".arrow": "arrow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "inputs", nargs="+", metavar="FILE", help="a recording; - is standard input, demo the bundled demonstration"
    )
    parser.add_argument(
        "-o", "--output", default="-", metavar="OUT", help="jsonl, csv, parquet or arrow, by its suffix"
    )
    parser.add_argument("--to", choices=("jsonl", "csv", "parquet", "arrow"), help="instead of what the suffix says")
    parser.add_argument("--all", action="store_true", help="with the rejected frames, their reason in `status`")
    parser.add_argument("--no-repair", action="store_true", help="do not correct one wrong bit")
    add_input_options(parser)


def run(args: argparse.Namespace) -> int:
    """Decode and write; what was decoded before damage is kept, and the damage told."""
    form = args.to or _form(args.output)
    if args.output == "-" and form in ("parquet", "arrow") and sys.stdout.isatty():
        raise ConfigError(f"a terminal cannot show {form}", hint="Use -o FILE or pipe the output somewhere.")
    from skywitness.views.feeds.messages import MessageWriter
    from skywitness.views.feeds.output import open_output

    done = _Done()
    damages: list[SkywitnessError] = []
    try:
        with open_output(args.output, args.inputs) as out:
            writer = MessageWriter(out, form)
            for segment, path in enumerate(args.inputs):
                try:
                    _decode(path, segment, args, writer, done)
                except SkywitnessError as error:
                    damages.append(error)
            if damages and not done.frames:
                raise _NothingReadError  # which leaves no empty file, nor an old one overwritten
            writer.close()
    except _NothingReadError:
        pass
    for damage in damages[:-1]:
        print(f"skywitness: {damage}", file=sys.stderr)
    if args.output != "-" and done.frames:
        print(f"{done.rows:,} messages of {done.frames:,} frames: {args.output}", file=sys.stderr)
    if damages:
        raise damages[-1]
    return 0


@dataclasses.dataclass
class _Done:
    frames: int = 0
    rows: int = 0


class _NothingReadError(Exception):
    pass


def _form(output: str) -> str:
    if output == "-":
        return "jsonl"
    suffix = Path(output).suffix
    if suffix not in SUFFIXES:
        raise ConfigError(f"{output} does not say the format", hint=f"End it in one of {', '.join(SUFFIXES)}, or --to.")
    return SUFFIXES[suffix]


def _decode(path: str, segment: int, args: argparse.Namespace, writer: MessageWriter, done: _Done) -> None:
    """Decode one input and write it; what was done is counted even if it ends in damage."""
    from skywitness.pipeline import Pipeline, Settings
    from skywitness.views.feeds.messages import output_table

    pipeline = Pipeline(Settings(repair=not args.no_repair))  # each input is a world of its own
    with opened(path, args, segment=segment) as recording:
        if recording.format == "uat":
            _decode_uat(recording, writer, done)
            return
        for frames in recording.frames():
            output = pipeline.push(frames)
            table = output_table(output.frames, output.messages, recording.provenance, args.all)
            writer.write(table)
            done.frames += len(frames)
            done.rows += table.num_rows
        if recording.untimed_base:
            print(f"skywitness: {path} does not tell when it was; times count from 1970 (see --start)", file=sys.stderr)


def _decode_uat(recording: Recording, writer: MessageWriter, done: _Done) -> None:
    from skywitness.views.feeds.uat import uat_table

    for frames in recording.uat_frames():
        table = uat_table(frames, recording.provenance)
        writer.write(table)
        done.frames += len(frames)
        done.rows += table.num_rows
