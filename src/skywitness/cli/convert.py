"""`skywitness convert`: frames from any format into any other that can hold them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from skywitness.cli.inputs import add_input_options, opened
from skywitness.errors import ConfigError, SkywitnessError

if TYPE_CHECKING:
    from skywitness.batches import Frames
    from skywitness.sources.readers import Recording

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "convert recordings between formats"

EXAMPLES = """\
examples:
  skywitness convert flight.csv.zst flight.beast
  skywitness convert flight.beast flight.avr.gz --prefix @
  skywitness convert capture.avr capture.csv --start 2024-06-06T08:58:39Z
  skywitness convert - - --to beast < frames.csv > frames.beast

Beast keeps everything: times as wall-clock markers, receivers as station ids. Hex tables lose the receivers, AVR also
the time of day, SBS and jet1090 hold what was decoded.
"""

SUFFIXES = {
    ".beast": "beast", ".bin": "beast", ".avr": "avr", ".txt": "avr", ".hex": "avr", ".csv": "hex_csv",
    ".sbs": "sbs", ".jsonl": "jet1090",
}  # fmt: skip
OUTPUTS = ("beast", "avr", "hex_csv", "sbs", "jet1090")
PACKED = (".gz", ".zst", ".xz", ".bz2")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("input", metavar="IN", help="a recording; - is standard input, demo the bundled demonstration")
    parser.add_argument("output", metavar="OUT", help="its suffix says the format, .gz .zst .xz compress; - is stdout")
    add_input_options(parser)
    parser.add_argument("--to", choices=OUTPUTS, metavar="FORMAT", help=f"one of {', '.join(OUTPUTS)}")
    parser.add_argument(
        "--prefix", choices=tuple("*:@<%"), default="<", metavar="C",
        help="spelling of AVR: < with stamp and level (default), @ with stamp, * : bare, %% stamp not to be used",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Convert; what could be read is written even if the input ends in damage, which is then told."""
    to = args.to or _named(args.output)
    if args.output == "-" and sys.stdout.isatty() and to == "beast":
        raise ConfigError("a terminal cannot show Beast", hint="Write to a file, or pipe it somewhere.")
    damage: SkywitnessError | None = None
    with opened(args.input, args) as recording, _new_file(args.output, args.input) as out:
        write = _writer(to, args.prefix, recording)
        begin = _beginning(to, recording)
        try:
            for frames in recording.frames():
                if begin is not None:
                    out.write(begin())
                    begin = None
                out.write(write(frames))
        except SkywitnessError as error:
            if not recording.rows:
                raise
            damage = error
    _say_simulated(args, to, recording)
    if args.output != "-":
        print(f"{recording.rows:,} frames, {recording.format} to {to}: {args.output}", file=sys.stderr)
    if damage is not None:
        raise damage
    return 0


def _named(output: str) -> str:
    stem = output
    for packed in PACKED:
        stem = stem.removesuffix(packed)
    suffix = Path(stem).suffix
    if suffix not in SUFFIXES:
        hint = f"Use --to with one of {', '.join(OUTPUTS)}."
        raise ConfigError("standard output has no suffix" if output == "-" else f"{output} does not say the format",
                          hint=hint)  # fmt: skip
    return SUFFIXES[suffix]


def _writer(to: str, prefix: str, recording: Recording) -> Callable[[Frames], bytes]:
    if to == "beast":
        from skywitness.frames.formats.beast_writer import BeastWriter

        beast = BeastWriter()

        def write_beast(frames: Frames) -> bytes:
            beast.markers = not recording.untimed_base
            beast.stations = recording.stations
            return beast.write(frames)

        return write_beast
    if to == "avr":
        from skywitness.frames.formats.avr import AvrWriter

        return AvrWriter(prefix).write
    if to == "hex_csv":
        from skywitness.frames.formats.hex_csv import HexCsvWriter

        table = HexCsvWriter()

        def write_table(frames: Frames) -> bytes:
            table.has_base = not recording.untimed_base
            return table.write(frames)

        return write_table
    return _feed(to, recording)


def _feed(to: str, recording: Recording) -> Callable[[Frames], bytes]:
    """Formats that tell what was decoded: the frames go through the pipeline first."""
    from skywitness.pipeline import Pipeline

    pipeline = Pipeline()
    if to == "sbs":
        from skywitness.views.feeds.sbs import SbsWriter

        sbs = SbsWriter()
        return lambda frames: sbs.write(pipeline.push(frames))
    from skywitness.views.feeds.jet1090 import Jet1090Writer

    jet1090 = Jet1090Writer()

    def write_lines(frames: Frames) -> bytes:
        jet1090.stations = recording.stations
        return jet1090.write(pipeline.push(frames))

    return write_lines


def _beginning(to: str, recording: Recording) -> Callable[[], bytes] | None:
    """What comes before the first frame, known when that has been read: whose stream it is, if it said so."""

    def begin() -> bytes:
        if not recording.uuid:
            return b""
        if to == "beast":
            return b"\x1a\xe4" + recording.uuid.encode("ascii")
        return f"# {'simulated, ' if recording.simulated else ''}receiver {recording.uuid}\n".encode()

    return begin if to in ("beast", "hex_csv") else None


def _say_simulated(args: argparse.Namespace, to: str, recording: Recording) -> None:
    """Formats that have no place for it get a sidecar."""
    if not recording.simulated or to in ("beast", "hex_csv"):
        return
    if args.output == "-":
        print("skywitness: these receptions are simulated", file=sys.stderr)
        return
    facts = {"simulated": True, "converted_from": Path(args.input).name, "uuid": recording.uuid, "files": [args.output]}
    Path(f"{args.output}.simulated.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _new_file(output: str, source: str) -> Iterator[BinaryIO]:
    """Standard output, or a file that appears under its name only when it is complete."""
    if output == "-":
        yield sys.stdout.buffer
        return
    from skywitness.views.feeds.output import naming

    path = Path(output)
    if path.is_dir():
        raise ConfigError(f"{output} is a directory", hint="Name a file in it.")
    if source != "-" and path.exists() and Path(source).exists() and path.samefile(source):
        raise ConfigError(f"{output} is the input", hint="Give the output another name.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.touch()
    except OSError as error:
        raise type(error)(error.errno, error.strerror, output) from None  # of the name the caller knows
    try:
        with naming(output), _packed(part, path.suffix) as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _packed(path: Path, suffix: str) -> Any:
    if suffix == ".gz":
        import gzip

        return gzip.GzipFile(path, "wb", compresslevel=6, mtime=0)
    if suffix == ".zst":
        import zstandard

        return zstandard.open(path, "wb", cctx=zstandard.ZstdCompressor(level=9))
    if suffix == ".xz":
        import lzma

        return lzma.open(path, "wb")
    if suffix == ".bz2":
        import bz2

        return bz2.open(path, "wb")
    return path.open("wb")
