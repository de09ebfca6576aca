"""`skywitness serve`: receivers in; picture, record and every existing client's interface out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from skywitness.errors import ConfigError

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run", "settings_of"]

SUMMARY = "run a node: receivers in; live picture, record and interfaces for existing clients out"

EXAMPLES = """\
examples:
  skywitness serve --demo                                       simulated days of March 2019, an hour of them as live
  skywitness serve --source beast+tcp://127.0.0.1:30005 --data ~/skywitness
  skywitness serve --source roof=beast+tcp://10.0.0.7@52.1,4.3,12 --source 'barn=avr+tcp://10.0.0.8'
  skywitness serve --listen listen+beast://0.0.0.0:30004 --anonymous-feeders --beast-out 127.0.0.1:30005
  skywitness serve --source 'file:///srv/day.beast.zst?speed=10'  a recording, ten times as fast
Settings may also stand in skywitness.toml (--config) and in the environment; `skywitness config` shows them.
"""

DEFAULT_FILE = Path("skywitness.toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--source", action="append", metavar="URL", help="[NAME=]URL[@LAT,LON,ALT_M or @ICAO]; may be repeated"
    )  # fmt: skip
    parser.add_argument("--listen", action="append", metavar="URL", help="take feeders: listen+beast://HOST:PORT")
    parser.add_argument("--anonymous-feeders", action="store_true", default=None, help="take feeders without a key")
    parser.add_argument("--http", metavar="HOST:PORT", help="web server (127.0.0.1:8480); port 0 takes a free one")
    parser.add_argument("--public", action="store_true", default=None, help="let others than this computer in")
    parser.add_argument("--data", metavar="DIR", help="keep the record there; without it nothing is kept")
    parser.add_argument(
        "--demo",
        action="store_true",
        help="show the bundled, simulated demonstration: days of March 2019 as history, an hour of them looped as live",
    )
    parser.add_argument("--name", help="what the node calls itself")
    parser.add_argument("--aircraft-db", metavar="FILE", help="aircraft.csv.gz of tar1090-db: registrations and types")
    for kind, what in (
        ("beast", "Beast binary"),
        ("beast-reduce", "Beast binary, thinned"),
        ("raw", "AVR text"),
        ("sbs", "SBS-1 text"),
        ("json", "jet1090 lines"),
    ):
        parser.add_argument(f"--{kind}-out", metavar="HOST:PORT", help=f"port that gives {what}")
    parser.add_argument(
        "--push", action="append", metavar="KIND://HOST:PORT", help="send to others: beast_reduce://feed.example.org:30004"
    )  # fmt: skip
    parser.add_argument("--config", metavar="FILE", help="settings (skywitness.toml here, if there is one)")
    parser.add_argument("--log", choices=("text", "json"), help="form of the log lines on standard error")
    parser.add_argument("--stop-after", type=float, metavar="SECONDS", help="end in order after so long")


def settings_of(args: argparse.Namespace) -> tuple[Path | None, dict[str, Any]]:
    """Return the settings file, and the flags by path."""
    file = Path(args.config) if args.config else DEFAULT_FILE if DEFAULT_FILE.exists() else None
    flags: dict[str, Any] = {
        "name": args.name,
        "data": args.data,
        "listen": args.listen,
        "aircraft_db": args.aircraft_db,
        "log": args.log,
        "limits.anonymous": args.anonymous_feeders,
        "http.public": args.public,
        "out.push": args.push,
    }
    for kind in ("beast", "beast_reduce", "raw", "sbs", "json"):
        flags[f"out.{kind}"] = getattr(args, f"{kind}_out")
    if args.http:
        host, colon, port = args.http.rpartition(":")
        if not colon or not port.isdigit():
            raise ConfigError(f"{args.http!r} is no HOST:PORT", hint="Say for example --http 127.0.0.1:8480.")
        flags["http.host"], flags["http.port"] = host.strip("[]") or "127.0.0.1", int(port)
    sources = list(args.source or [])
    if args.demo:
        _demo(args, sources, flags)
    if sources:
        flags["sources"] = sources
    return file, flags


def _demo(args: argparse.Namespace, sources: list[str], flags: dict[str, Any]) -> None:
    """Add the demonstration's recordings, and its history unless another record is asked for."""
    from skywitness.run.demo import open_demo

    demo = open_demo(lambda line: print(f"skywitness: {line}", file=sys.stderr, flush=True))
    for name, path, lat_deg, lon_deg in demo.live:
        sources.append(f"{name}=file://{path}?loop=1@{lat_deg},{lon_deg}")
    if not args.data:
        flags["data"], flags["record.keep"] = str(demo.directory), False
        flags["name"] = flags["name"] or "SIMULATED demonstration"


def run(args: argparse.Namespace) -> int:
    """Run the node until it is interrupted."""
    from skywitness.run.config import load_config
    from skywitness.run.service import serve

    config, _ = load_config(*settings_of(args))
    if not config.sources and not config.listen:
        raise ConfigError(
            "there is nothing to listen to", hint="Say --source URL, --listen URL, or --demo for the bundled recording."
        )

    def ready(address: str) -> None:
        print(f"skywitness: listening on {address}", file=sys.stderr, flush=True)

    return serve(config, on_ready=ready, stop_after_s=args.stop_after)
