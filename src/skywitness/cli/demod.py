"""`skywitness demod`: radio samples into frames."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.errors import ConfigError, FormatError

if TYPE_CHECKING:
    from skywitness.frames.demodulate import Demodulator

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "turn radio samples of 1090 MHz into frames"

EXAMPLES = """\
examples:
  skywitness demod capture.uc8                         AVR lines on standard output
  skywitness demod capture.iq --format sc16 --rate 2.4M -o frames.beast
  skywitness demod rtl_tcp://192.168.1.20:1234 | skywitness track -
  skywitness demod rtlsdr://0 --gain 40 -o live.beast

Samples carry no label. Without --format and --rate they are read as uc8 and sc16, at 2.0 and 2.4 MS/s, and what gives
most frames with good parity is taken and said; only if none does, the file's name is asked (".uc8", "2m4").
"""

FORMATS = {
    "beast": ("skywitness.frames.formats.beast_writer", "BeastWriter"),
    "avr": ("skywitness.frames.formats.avr", "AvrWriter"),
    "csv": ("skywitness.frames.formats.hex_csv", "HexCsvWriter"),
}
SUFFIXES = {".beast": "beast", ".bin": "beast", ".avr": "avr", ".txt": "avr", ".csv": "csv"}
NAMED_FORMATS = {"uc8": "uc8", "cu8": "uc8", "sc16q11": "sc16q11", "sc16": "sc16", "cs16": "sc16", "ci16": "sc16"}
RATE = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)\s*([kM]?)(?:Hz|S/s|sps)?", re.IGNORECASE)
NAMED_RATE = re.compile(r"(?<![\d.])(\d{1,2})(?:[mM](\d)|\.(\d+)[mM])|(?<![\d.])(\d{1,2})[mM](?![a-zA-Z])")
LIVE_RATE_HZ = 2_400_000


def rate_hz(text: str) -> float:
    """Read a sample rate: 2.4M, 2400k, 2400000."""
    match = RATE.fullmatch(text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no sample rate; write 2.4M or 2400000")
    return float(match[1]) * {"": 1.0, "k": 1e3, "m": 1e6}[match[2].lower()]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("input", metavar="IQ", help="file of samples, -, rtl_tcp://HOST:PORT or rtlsdr://NUMBER")
    parser.add_argument("-o", "--output", metavar="OUT", default="-", help="frames; - (AVR) if not given")
    parser.add_argument("--to", choices=tuple(FORMATS), help="by OUT's suffix if not given")
    parser.add_argument("--rate", type=rate_hz, metavar="HZ", help="samples a second: 2.0M, 2.4M or more")
    parser.add_argument("--format", choices=("uc8", "sc16", "sc16q11"), help="how a sample is written")
    parser.add_argument("--repair", choices=("none", "one"), default="none", help="mend one weak bit of a frame (none)")
    radio = parser.add_argument_group("radio", "for rtl_tcp:// and rtlsdr://")
    radio.add_argument("--gain", type=float, metavar="DB", help="the tuner chooses if not given")
    radio.add_argument("--ppm", type=int, default=0, help="frequency correction (0)")
    radio.add_argument("--agc", action="store_true", help="the digital gain control of the stick")
    radio.add_argument("--bias-tee", action="store_true", help="feed an antenna amplifier through the cable")
    radio.add_argument("--frequency", type=rate_hz, default=1.09e9, metavar="HZ", help="(1090M)")


def run(args: argparse.Namespace) -> int:
    """Demodulate and write; 0 when done."""
    from skywitness.frames.demodulate import Demodulator
    from skywitness.views.feeds.output import open_output

    writer = frame_writer(args)
    with contextlib.ExitStack() as stack:
        chunks, sample_format, rate = source(args, stack)
        demodulator = Demodulator(rate, sample_format, repair=args.repair)
        out = stack.enter_context(open_output(args.output, [args.input]))
        try:
            for chunk in chunks:
                out.write(writer.write(demodulator.push(chunk)))
                if args.output == "-":
                    out.flush()
        except KeyboardInterrupt:
            if "://" not in args.input:
                raise
        finally:  # what was read before a failure is kept
            out.write(writer.write(demodulator.flush()))
    print(f"skywitness: {summary(demodulator)}", file=sys.stderr)
    if not demodulator.samples:
        raise FormatError("there is not one whole sample in it", source=args.input)
    return 0


def source(args: argparse.Namespace, stack: contextlib.ExitStack) -> tuple[Iterable[bytes], str, float]:
    """The samples' bytes, their format and their rate."""
    if "://" in args.input:
        return radio(args, stack)
    from skywitness.cli.progress import progress
    from skywitness.sources.file import open_bytes

    path = Path(args.input)
    size = path.stat().st_size if args.input != "-" and path.is_file() else None
    bar = stack.enter_context(progress(size, f"reading {args.input}"))
    chunks = iter(open_bytes(args.input))
    if args.format and args.rate:
        return counted(chunks, bar), args.format, args.rate
    from skywitness.frames.demodulate.recognise import TRIAL_BYTES, recognise

    head: list[bytes] = []
    while sum(map(len, head)) < TRIAL_BYTES and (chunk := next(chunks, b"")):
        head.append(bytes(chunk))
    if not head:
        raise FormatError("it is empty: there is nothing in it to read", source=args.input)
    sample_format, rate = args.format, args.rate
    reading = recognise(b"".join(head), sample_format, rate)
    if reading is not None:
        why = f"that gives {reading.frames} frames in the first samples"
        sample_format, rate = reading.sample_format, reading.rate_hz
    else:
        why = "that is what its name says"
        named_format, named_rate = named(args.input)
        sample_format, rate = sample_format or named_format, rate or named_rate
    if not sample_format or not rate:
        raise ConfigError(
            "no usual reading of these samples gives a frame, and its name does not say what they are",
            source=args.input,
            hint="Use --format uc8 or sc16, and --rate 2.4M.",
        )
    print(
        f"skywitness: reading {args.input} as {sample_format} at {rate / 1e6:g} MS/s: {why} (--format, --rate)",
        file=sys.stderr,
    )
    return counted(itertools.chain(head, chunks), bar), sample_format, rate


def radio(args: argparse.Namespace, stack: contextlib.ExitStack) -> tuple[Iterable[bytes], str, float]:
    """The bytes of a radio, tuned as the options say."""
    from skywitness.sources.rtl_tcp import RtlTcp, Tuning

    tuning = Tuning(
        frequency_hz=round(args.frequency),
        rate_hz=round(args.rate or LIVE_RATE_HZ),
        gain_db=args.gain,
        correction_ppm=args.ppm,
        agc=args.agc,
        bias_tee=args.bias_tee,
    )
    scheme, _, rest = args.input.partition("://")
    if args.format not in (None, "uc8"):
        raise ConfigError(f"an RTL-SDR sends uc8, not {args.format}", source=args.input)
    if scheme == "rtl_tcp":
        return stack.enter_context(RtlTcp(args.input, tuning)), "uc8", float(tuning.rate_hz)
    if scheme == "rtlsdr" and (rest.isdecimal() or not rest):
        from skywitness.sources.rtlsdr import RtlSdr

        return stack.enter_context(RtlSdr(int(rest or 0), tuning)), "uc8", float(tuning.rate_hz)
    raise ConfigError(f"{args.input!r} is no radio", hint="Write rtl_tcp://HOST:PORT or rtlsdr://NUMBER.")


def named(path: str) -> tuple[str | None, float | None]:
    """What a file's name says of its format and rate."""
    name = Path(path).name.lower()
    sample_format = next((known for word, known in NAMED_FORMATS.items() if word in name), None)
    match = NAMED_RATE.search(name)
    if not match:
        return sample_format, None
    digits = f"{match[1]}.{match[2] or match[3]}" if match[1] else match[4]
    return sample_format, float(digits) * 1e6


def counted(chunks: Iterable[bytes], bar: Any) -> Iterator[bytes]:
    """Pass chunks on and move the progress bar."""
    for chunk in chunks:
        bar.advance(len(chunk))
        yield chunk


def frame_writer(args: argparse.Namespace) -> Any:
    """The writer of the output's format."""
    suffix = Path(args.output).suffix
    wire = args.to or ("avr" if args.output == "-" else SUFFIXES.get(suffix))
    if wire is None:
        raise ConfigError(
            f"{suffix or 'no suffix'} names no format of frames", source=args.output, hint="Use --to avr, beast or csv."
        )
    module, name = FORMATS[wire]
    return getattr(importlib.import_module(module), name)()


def summary(demodulator: Demodulator) -> str:
    """One line for people: frames, time, levels, and what became of the rest."""
    counts = demodulator.counts
    seconds = counts["samples"] / demodulator.rate_hz
    refused = ", ".join(f"{counts[name]:,} {name}" for name in ("parity", "unknown_address", "no_reply"))
    mended = f" and {counts['repaired']:,} repaired" if demodulator.repair != "none" else ""
    return (
        f"{counts['accepted']:,} frames{mended} in {seconds:,.3f} s, noise {demodulator.noise_dbfs:.1f} dBFS; of "
        f"{counts['preambles']:,} preambles refused: {refused}"
    )
