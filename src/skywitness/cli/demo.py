"""`skywitness demo`: where the demonstration is, made if it is not there yet."""

from __future__ import annotations

import argparse
import sys

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "make the simulated demonstration, and print its data directory"

EXAMPLES = """\
examples:
  skywitness demo                                  make it, if it is not there, and print where it is
  skywitness legs "$(skywitness demo)"             the flights of three simulated days
  skywitness demo --again                          make it anew
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--again", action="store_true", help="delete it first")


def run(args: argparse.Namespace) -> int:
    """Make it and print its directory."""
    import shutil

    from skywitness.run.demo import open_demo
    from skywitness.run.demo_place import demo_directory

    if args.again:
        shutil.rmtree(demo_directory(), ignore_errors=True)
    demo = open_demo(lambda line: print(f"skywitness: {line}", file=sys.stderr, flush=True))
    print(demo.directory)
    return 0
