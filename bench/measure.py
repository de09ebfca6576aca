"""CPU time, told the same way everywhere."""

from __future__ import annotations

import gc
import hashlib
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import skywitness

__all__ = ["Result", "Spent", "cpu_name", "cpu_of", "cpu_of_each", "described", "median_cpu", "sha256"]

T = TypeVar("T")
Result = dict[str, Any]


class Spent(NamedTuple):
    """CPU seconds of several runs. The median is the figure; the best one tells how busy the computer was beside."""

    median: float
    best: float


def cpu_of(task: Callable[[], T], times: int) -> tuple[Spent, T]:
    """Run a task once to warm up and `times` measured; return its CPU seconds and its last result.

    CPU time of the whole process, all threads: a peer that works on two cores is not made faster by that.
    """
    result = task()
    spent = []
    for _ in range(times):
        del result
        seconds, result = once(task)
        spent.append(seconds)
    return Spent(statistics.median(spent), min(spent)), result


def once(task: Callable[[], T]) -> tuple[float, T]:
    """Run a task; return its CPU seconds and its result."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        result = task()
        return time.process_time() - start, result
    finally:
        gc.enable()


def cpu_of_each(tasks: dict[str, Callable[[], Any]], times: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Run tasks in turn, round after round, so that all of them meet the same noise.

    In its turn each runs twice, and the second run counts: what another has left in the caches is nobody's cost.
    Return the CPU seconds of each by round, and the last result of each.
    """
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    results: dict[str, Any] = {}
    for _ in range(times):
        for name, task in tasks.items():
            task()
            seconds, results[name] = once(task)
            spent[name].append(seconds)
    return spent, results


def median_cpu(task: Callable[[], T], times: int) -> tuple[float, T]:
    """The same, with the median alone."""
    spent, result = cpu_of(task, times)
    return spent.median, result


def sha256(path: Path) -> str:
    """Content hash of a corpus: figures of different corpora must not be compared."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cpu_name() -> str:
    """The processor, as the system names it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def described(result: Result) -> Result:
    """Add what every figure must carry to be compared later."""
    return result | {
        "version": skywitness.__version__,
        "python": platform.python_version(),
        "cpu": cpu_name(),
    }
