"""What commands that read a recording have in common: its options, its opening, its progress."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from skywitness.errors import ConfigError

if TYPE_CHECKING:
    from skywitness.sources.readers import Recording

__all__ = ["add_input_options", "opened", "time_ns"]

FORMATS = ("beast", "avr", "hex_csv", "jet1090", "segment", "sbs", "uat", "aircraft_json", "trace")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
LIMIT_NS = 9_000_000_000_000_000_000  # what 64 bits hold, with room for the recording itself


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Declare `--from`, `--start` and `--gps`."""
    parser.add_argument(
        "--from", dest="from_format", choices=FORMATS, metavar="FORMAT", help="instead of finding out by content"
    )
    parser.add_argument(
        "--start", metavar="TIME", help="time of the first frame, where the data tell none: ISO 8601 or epoch seconds"
    )
    parser.add_argument(
        "--gps",
        action="store_true",
        default=None,
        help="stamps are GPS nanoseconds of the day, not a 12 MHz counter (guessed for files, not for pipes)",
    )


def time_ns(text: str) -> int:
    """Nanoseconds since 1970-01-01 UTC of an ISO 8601 time (UTC unless it says otherwise) or of epoch seconds."""
    try:
        found = int(decimal.Decimal(text) * 1_000_000_000)
    except (decimal.InvalidOperation, ValueError, OverflowError):
        try:
            told = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise ConfigError(
                f"{text!r} is no time", hint="Write it like 2024-06-06T08:58:39Z or as epoch seconds."
            ) from None
        if told.tzinfo is None:
            told = told.replace(tzinfo=datetime.UTC)
        found = (told - EPOCH) // datetime.timedelta(microseconds=1) * 1000
    if abs(found) > LIMIT_NS:
        raise ConfigError(f"{text!r} is too far from now", hint="Times from 1685 to 2255 can be written.")
    return found


@contextlib.contextmanager
def opened(path: str, args: argparse.Namespace, *, receiver: int = 0, segment: int = 0) -> Iterator[Recording]:
    """Open a recording by the options of `add_input_options`, with a progress bar while it is read."""
    from skywitness.cli.progress import progress
    from skywitness.sources.file import input_size
    from skywitness.sources.readers import open_recording

    start_ns = None if args.start is None else time_ns(args.start)
    label = "reading standard input" if path == "-" else f"reading {Path(path).name}"
    with progress(input_size(path), label) as bar:
        yield open_recording(
            path,
            receiver=receiver,
            segment=segment,
            start_ns=start_ns,
            format=args.from_format,
            gps=args.gps,
            on_read=bar.advance,
        )
