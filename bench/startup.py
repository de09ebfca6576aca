"""How long until something is seen: CPU seconds of whole processes, warm."""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench.measure import Result

__all__ = ["SUMMARY", "measure"]

SUMMARY = "CPU seconds of --help, of explain and of decode on the demonstration's first lines"

COMMANDS = {
    "help": ["--help"],
    "explain": ["explain", "8D406B902015A678D4D220AA4BDA"],
    "first_result": ["decode", "demo"],
}


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One line: seconds by command. `first_result` ends with the first line that `decode` prints."""
    result: Result = {}
    for name, command in COMMANDS.items():
        spent = [cpu_seconds(command, first_line=name == "first_result") for _ in range(args.times + 1)][1:]
        result[f"{name}_s"] = round(statistics.median(spent), 3)
    yield result


def cpu_seconds(command: list[str], *, first_line: bool) -> float:
    """User and system time of a process and all it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        [sys.executable, "-m", "skywitness", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        if first_line:
            if not process.stdout.readline():
                raise RuntimeError(f"{' '.join(command)} printed nothing")
            process.kill()
        else:
            process.stdout.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
