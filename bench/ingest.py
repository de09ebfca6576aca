"""Taking in a million positions a minute while questions are answered, and the merging of hours and days.

Rows go in as the core gives them, a twentieth of a minute at a time, and become a minute's file; between them one
aircraft is asked for. CPU time is that of the writer's calls alone. Memory is the greatest of a process that does
nothing but merge.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.drawn_store import FIRST_DAY, drawn_rows
from bench.measure import Result
from skywitness.archive.compaction import CompactionSettings
from skywitness.archive.derived import Derived
from skywitness.archive.layout import DAY, MINUTE_NS
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.batches import Positions
from skywitness.units import NS_PER_S

__all__ = ["SUMMARY", "measure"]

SUMMARY = "a million positions a minute into files while questions are answered; memory of merging"

PUSHES = 20
MINUTES = 10
ROWS = 1_000_000
DAY_ROWS = 15_600_000


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Minutes, then an hour, then a day."""
    del args
    with tempfile.TemporaryDirectory(prefix="skywitness-bench-") as name:
        yield _minutes(Path(name))
    store = os.environ.get("SKYWITNESS_BENCH_STORE")
    with tempfile.TemporaryDirectory(prefix="skywitness-bench-", dir=store) as name:
        yield from _merging(Path(name))


def _minute(number: int, rows: Positions) -> Positions:
    """The rows of a minute, in the order of time."""
    begin = (FIRST_DAY * DAY + number) * MINUTE_NS
    within = rows.time_ns % MINUTE_NS
    return rows.replaced(time_ns=begin + within).take(np.argsort(within, kind="stable"))


def _minutes(directory: Path) -> Result:
    template = drawn_rows(ROWS)
    spool = Spool(directory, SpoolSettings())
    spent, asked = [], []
    for number in range(MINUTES):
        rows = _minute(number, template)
        edges = np.linspace(0, len(rows), PUSHES + 1).astype(np.int64).tolist()
        cpu = 0.0
        for a, z in itertools.pairwise(edges):
            part = rows.slice(a, z)
            now_ns = int(part.time_ns[-1])
            began = time.thread_time()
            spool.push(part, now_ns)
            cpu += time.thread_time() - began
            began = time.perf_counter()
            spool.history.positions(now_ns - 60 * NS_PER_S, now_ns, icao=part.icao[:1])
            asked.append(time.perf_counter() - began)
        spent.append(cpu)
    began = time.thread_time()
    spool.close()
    closing = time.thread_time() - began
    files = [entry for entries in spool.manifest.tables["positions"].entries.values() for entry in entries]
    total = sum(entry.rows for entry in files)
    return {
        "bench": "ingest", "what": f"{ROWS:,} positions a minute", "positions": total,
        "cpu_s_a_minute": round((sum(spent) + closing) / MINUTES, 2), "slowest_minute_cpu_s": round(max(spent), 2),
        "one_aircraft_ms_meanwhile": round(float(np.median(asked)) * 1e3, 1),
        "bytes_a_position_of_minutes": round(sum(entry.bytes for entry in files) / total, 1),
    }  # fmt: skip


def _merging(directory: Path) -> Iterator[Result]:
    """An hour of 60 minutes, and a day of 24 hours of two each, with the rows of a day of the drawn record."""
    template = drawn_rows(DAY_ROWS // 60)
    hour = directory / "hour", range(60), template, 4_300.0
    day = directory / "day", [60 * k // 2 for k in range(48)], drawn_rows(DAY_ROWS // 48), 2 * 86_400.0
    for what, (where, minutes, rows, late_s) in (("an hour", hour), ("a day, and what is derived of it", day)):
        with contextlib.closing(Spool(where, SpoolSettings(compaction=None))) as spool:
            for number in minutes:
                spool.push(_minute(number, rows), (FIRST_DAY * DAY + number + 15) * MINUTE_NS)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            cpu, peak, merged = pool.apply(_merge, (str(where), late_s))
        yield {
            "bench": "ingest", "what": f"merging {what}", "positions": merged, "cpu_s": round(cpu, 1),
            "peak_mib": round(peak),
        }  # fmt: skip


def _merge(directory: str, late_s: float) -> tuple[float, float, int]:
    """Merge all that is due so long after the day's beginning; CPU seconds, peak MiB, rows of the store."""
    began = time.process_time()
    spool = Spool(Path(directory), SpoolSettings(compaction=CompactionSettings(0.0, 0.0, 0.0)))
    now_ns = FIRST_DAY * DAY * MINUTE_NS + int(late_s * 1e9)
    assert spool.compaction is not None
    while spool.compaction.run(now_ns):
        pass
    derived = Derived(spool.manifest, spool.files)
    while derived.run():
        pass
    rows = spool.manifest.tables["positions"].rows
    spool.close()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return time.process_time() - began, peak_kib / 1024.0, rows
