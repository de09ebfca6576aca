"""`python -m bench [NAME...] [--json]`, also as `skywitness bench`: run benchmarks and print what they found.

A benchmark is a module of this package with `SUMMARY` and `measure(args) -> Iterator[dict]`, each dict one result.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Iterator, Sequence

# One core is what is measured; a peer's thread pool would only add the cost of its threads.
for variable in ("RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from bench.measure import Result, described  # noqa: E402
from skywitness.cli.bench import add_arguments  # noqa: E402
from skywitness.run.memory import keep_freed_memory  # noqa: E402

__all__ = ["BENCHMARKS", "main"]

BENCHMARKS = (
    "core", "columns", "comm_b", "demod", "startup", "recorder", "wire", "serve", "pi", "legs", "airports", "journeys",
    "identity", "events", "founding", "finding", "ingest",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, or all; exit 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="skywitness bench", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(argv))


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    keep_freed_memory()  # as every command does
    wrong = [name for name in args.name if name not in BENCHMARKS]
    if wrong:
        print(f"skywitness: no benchmark {wrong[0]!r}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    results = []
    for result in measured(args):
        print(json.dumps(result), flush=True)
        results.append(result)
    if not args.json:
        print_table(results)
    return 0


def measured(args: argparse.Namespace) -> Iterator[Result]:
    """Results of the chosen benchmarks, as they come."""
    for name in args.name or BENCHMARKS:
        try:
            module = importlib.import_module(f"bench.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"bench.{name}" or args.name:
                raise
            continue
        for result in module.measure(args):
            yield described({"bench": name} | result)


def print_table(results: Sequence[Result]) -> None:
    """For people: a table of each benchmark's figures."""
    from rich.console import Console
    from rich.table import Table

    common = {"bench", "version", "python", "cpu", "corpus_sha256"}
    table = Table("benchmark", "figure", "value")
    for result in results:
        title = " ".join(str(result[key]) for key in ("bench", "corpus") if key in result)
        for key, value in result.items():
            if key not in common and key != "corpus":
                shown = (
                    f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
                )
                table.add_row(title, key, str(shown))
                title = ""
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
