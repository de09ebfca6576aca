"""`skywitness simulate`: a scenario into one stream a receiver, and the truth beside them."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import importlib
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from skywitness import __version__
from skywitness.errors import ConfigError

if TYPE_CHECKING:
    from skywitness.batches import Positions
    from skywitness.simulate.simulate import Simulation, Window

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "simulate aircraft and receivers from a scenario"

EXAMPLES = """\
examples:
  skywitness simulate scenarios/demo.toml              writes demo-<receiver>.beast here, and demo.simulated.json
  skywitness simulate world.toml -o out/run1 --format avr --truth out/run1.parquet
  skywitness simulate world.toml --receiver north -o - | skywitness track -

Everything written says that it is simulated: Beast streams by their UUID (the first message), all files by the sidecar
<OUT>.simulated.json, the truth by its provenance.
"""

FORMATS = {
    "beast": ("skywitness.frames.formats.beast_writer", "BeastWriter", ".beast"),
    "avr": ("skywitness.frames.formats.avr", "AvrWriter", ".avr"),
    "csv": ("skywitness.frames.formats.hex_csv", "HexCsvWriter", ".csv"),
}
SUFFIXES = {".beast": "beast", ".avr": "avr", ".csv": "csv"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scenario", metavar="SCENARIO", help="TOML file, see scenarios/; - is standard input")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="OUT-<receiver>.<format>; OUT itself if it has a suffix and there is one receiver; in OUT if that is a "
        "directory; - is standard output; the scenario's name if not given",
    )
    parser.add_argument("--format", choices=tuple(FORMATS), help="beast if OUT's suffix does not say otherwise")
    parser.add_argument("--truth", metavar="FILE", help="where everybody really was, as Parquet")
    parser.add_argument("--receiver", metavar="NAME", help="this one only")
    parser.add_argument("--seed", type=int, help="instead of the scenario's")
    parser.add_argument("--duration", type=int, metavar="SECONDS", help="instead of the scenario's")


def run(args: argparse.Namespace) -> int:
    """Simulate and write; 0 when done."""
    from skywitness.simulate.simulate import simulate

    simulation = simulate(_scenario(args))
    names = list(simulation.receivers)
    if args.receiver is not None:
        if args.receiver not in names:
            raise ConfigError(f"there is no receiver {args.receiver!r}", source=args.scenario, hint=f"Known: {names}.")
        names = [args.receiver]
    if not names and not args.truth:
        raise ConfigError(
            "nobody listens: the scenario has no receiver", source=args.scenario, hint="Add [[receiver]]."
        )
    to_stdout = args.output == "-"
    if to_stdout and len(names) != 1:
        raise ConfigError(f"standard output takes one receiver of {', '.join(names)}", hint="Use --receiver NAME.")
    if to_stdout and sys.stdout.isatty():
        raise ConfigError("a terminal cannot show frames", hint="Use -o FILE or pipe the output somewhere.")
    base, suffix, wire = _names(args, simulation)
    own_name = len(names) == 1 and bool(args.output) and base == _suffix(args.output)[0] != args.output
    paths = [Path(f"{base}{suffix}" if own_name else f"{base}-{name}{suffix}") for name in names]
    with ExitStack() as stack:
        outputs = [
            Output(None if to_stdout else path, wire, simulation.receivers.index(name), stack)
            for path, name in zip(paths, names, strict=True)
        ]
        truth = Truth(Path(args.truth), simulation, stack) if args.truth else None
        for window in simulation.windows():
            for output in outputs:
                output.write(window)
            if truth is not None:
                truth.write(window.truth)
    if not to_stdout:
        files = {name: output.facts() for name, output in zip(names, outputs, strict=True)}
        sidecar = Path(f"{base}.simulated.json")
        sidecar.write_text(json.dumps(_facts(simulation, files), indent=1) + "\n", encoding="utf-8")
        for name, output in zip(names, outputs, strict=True):
            print(f"{name}: {output.frames:,} simulated frames in {output.path}")
        print(f"simulated, as {sidecar} says")
    return 0


class Output:
    """One receiver's stream."""

    def __init__(self, path: Path | None, wire: str, receiver: int, stack: ExitStack) -> None:
        from skywitness.simulate.marks import simulated_uuid

        module, name, _ = FORMATS[wire]
        try:
            self.writer: Any = getattr(importlib.import_module(module), name)()
        except ModuleNotFoundError:
            raise ConfigError(f"this version writes no {wire}", hint="Take --format beast.") from None
        self.path = path
        self.receiver = receiver
        self.frames = 0
        self.digest = hashlib.sha256()
        self.file: BinaryIO = sys.stdout.buffer if path is None else stack.enter_context(_new_file(path))
        if wire == "beast":
            self._put(b"\x1a\xe4" + simulated_uuid(receiver).encode("ascii"))

    def write(self, window: Window) -> None:
        """Add the frames of a window."""
        frames = window.frames[self.receiver]
        self.frames += len(frames)
        self._put(self.writer.write(frames))

    def facts(self) -> dict[str, Any]:
        """What the sidecar says of this stream."""
        name = "" if self.path is None else self.path.name
        return {"file": name, "frames": self.frames, "sha256_uncompressed": self.digest.hexdigest()}

    def _put(self, data: bytes) -> None:
        self.digest.update(data)
        self.file.write(data)


class Truth:
    """The truth as Parquet, written as it comes."""

    def __init__(self, path: Path, simulation: Simulation, stack: ExitStack) -> None:
        import pyarrow.parquet as parquet

        from skywitness.batches import Positions

        schema = Positions.schema().with_metadata(
            {"simulated": "true", "scenario": simulation.scenario.name, "skywitness": __version__}
        )
        self.schema = schema
        path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = stack.enter_context(parquet.ParquetWriter(path, schema, compression="zstd"))

    def write(self, truth: Positions) -> None:
        """Add rows."""
        self.writer.write_table(truth.to_arrow().cast(self.schema))


def _scenario(args: argparse.Namespace) -> Any:
    from skywitness.simulate.scenario import Scenario

    if args.scenario == "-":
        text, source = sys.stdin.read(), "standard input"
    else:
        text, source = Path(args.scenario).read_text(encoding="utf-8", errors="replace"), args.scenario
    scenario = Scenario.parse(text, source=source)
    if args.seed is not None:
        scenario = dataclasses.replace(scenario, seed=args.seed)
    if args.duration is not None:
        scenario = dataclasses.replace(scenario, duration_s=args.duration)
    return scenario


def _suffix(name: str) -> tuple[str, str]:
    """Split a known suffix, with .zst after it, from the end of a name."""
    packed = ".zst" if name.endswith(".zst") else ""
    stem = name.removesuffix(packed)
    known = next((suffix for suffix in SUFFIXES if stem.endswith(suffix)), "")
    return stem.removesuffix(known), known + packed if known else ""


def _names(args: argparse.Namespace, simulation: Simulation) -> tuple[str, str, str]:
    """Name without suffix, suffix, and wire format."""
    base, suffix = _suffix(args.output) if args.output else (simulation.scenario.name, "")
    if args.output and (args.output.endswith("/") or Path(args.output).is_dir()):
        base, suffix = str(Path(args.output) / simulation.scenario.name), ""
    by_name = SUFFIXES.get(suffix.removesuffix(".zst"))
    wire = args.format or by_name or "beast"
    if by_name and args.format and args.format != by_name:
        raise ConfigError(f"{args.output} and --format {args.format} do not agree", hint="Leave one of them out.")
    return base, suffix or FORMATS[wire][2], wire


def _new_file(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zst":
        import zstandard

        return zstandard.open(path, "wb", cctx=zstandard.ZstdCompressor(level=19))
    return path.open("wb")


def _facts(simulation: Simulation, files: dict[str, Any]) -> dict[str, Any]:
    scenario = simulation.scenario
    return {
        "simulated": True,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "start": scenario.start,
        "duration_s": scenario.duration_s,
        "skywitness": __version__,
        "receivers": files,
    }
