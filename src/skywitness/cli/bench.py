"""`skywitness bench`: measure this computer. The benchmarks and their peers live in the sources, not in the package."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from skywitness.errors import ConfigError

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "measure this computer, beside the peers it can run"

EXAMPLES = """\
examples:
  skywitness bench                       everything: JSON lines and a table
  skywitness bench core --json           one line: ns_per_message, ratio_rs1090, ratio_pymodes, the yields
  skywitness bench core --corpus A12     on a recorded corpus
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="*", metavar="NAME", help="core, columns, comm_b, demod, startup; all if none")
    parser.add_argument("--json", action="store_true", help="JSON lines only")
    parser.add_argument("--corpus", help="measure on this corpus instead of the usual one: A, A12, B, C or D")
    parser.add_argument("--times", type=int, default=5, help="measured runs, of which the median counts (5)")
    parser.add_argument("--no-peers", action="store_true", help="leave the other decoders out")


def run(args: argparse.Namespace) -> int:
    """Hand over to the benchmarks of the source checkout."""
    root = checkout()
    if root is None:
        raise ConfigError(
            "the benchmarks are not part of the installed package.",
            hint="Run it in a checkout of the sources, or there: make bench.",
        )
    sys.path.insert(0, str(root))
    return int(importlib.import_module("bench.__main__").run(args))


def checkout() -> Path | None:
    """The source tree: the one this package was installed from, or the present directory."""
    for candidate in (Path(__file__).resolve().parents[3], Path.cwd()):
        if (candidate / "bench" / "__main__.py").is_file() and (candidate / "src" / "skywitness").is_dir():
            return candidate
    return None
