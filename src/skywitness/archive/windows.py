"""Some minutes out of a long file, and long spans in parts: what a question takes in memory does not grow with either.

The files of hours and days are sorted by aircraft, so a minute's rows are spread over all of one. They are picked out
row group by row group, with as much of the time that follows as fits a window, for the next question is mostly about
that.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skywitness.archive.layout import MINUTE_NS, US, array_of, numbers_of
from skywitness.archive.manifest import Entry
from skywitness.batches import I64

__all__ = ["WINDOW_ROWS", "Windows", "rows_between", "spans"]

WINDOW_ROWS = 250_000
"""About 20 MB."""
WINDOWS = 4
MINUTE_US = MINUTE_NS // US


class Windows:
    """Keeps what was picked out of long files last. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, int, pa.Table]] = OrderedDict()

    def rows(self, entry: Entry, file: pq.ParquetFile, from_us: int, until_us: int) -> pa.Table | None:
        """Return the rows of [from_us, until_us) of a file that is longer than a minute; None if there are none."""
        from_us, until_us = max(from_us, entry.from_us), min(until_us, entry.until_us + 1)
        with self._lock:
            window = self._kept.get(entry.path)
        if window is None or not window[0] <= from_us <= until_us <= window[1]:
            share = min(WINDOW_ROWS / max(entry.rows, 1), 1.0)
            end_us = max(until_us, from_us + int(share * (entry.until_us + 1 - entry.from_us)))
            found = rows_between(file, from_us, end_us)
            if found is None:
                found = file.schema_arrow.empty_table()
            window = from_us, end_us, found
            if len(found) <= 2 * WINDOW_ROWS:
                self._keep(entry.path, window)
        rows = within(window[2], from_us, until_us)
        return rows if len(rows) else None

    def _keep(self, path: str, window: tuple[int, int, pa.Table]) -> None:
        with self._lock:
            self._kept[path] = window
            self._kept.move_to_end(path)
            while len(self._kept) > WINDOWS:
                self._kept.popitem(last=False)


def rows_between(file: pq.ParquetFile, from_us: int, until_us: int) -> pa.Table | None:
    """Return the rows of a file of [from_us, until_us), with one row group in memory at a time; None if none."""
    parts = []
    for number in range(file.metadata.num_row_groups):
        if not may_be_of(file.metadata.row_group(number), from_us, until_us):
            continue
        times = times_of(file.read_row_group(number, columns=["time"], use_threads=False))
        if ((times >= from_us) & (times < until_us)).any():
            parts.append(within(file.read_row_group(number, use_threads=False), from_us, until_us))
    return pa.concat_tables(parts) if parts else None


def within(rows: pa.Table, from_us: int, until_us: int) -> pa.Table:
    """The rows of some time."""
    times = times_of(rows)
    inside = (times >= from_us) & (times < until_us)
    if inside.all():
        return rows
    return rows.take(array_of(np.flatnonzero(inside).astype(np.int64), None, pa.int64()))


def times_of(rows: pa.Table) -> I64:
    """Microseconds since 1970."""
    return numbers_of(rows.column("time"))[0]


def may_be_of(group: Any, from_us: int, until_us: int) -> bool:
    """Whether a row group can have rows of a time, by its statistics."""
    for column in map(group.column, range(group.num_columns)):
        if column.path_in_schema == "time":
            told = column.statistics
            if told is not None and told.has_min_max:
                return bool(told.min_raw < until_us and told.max_raw >= from_us)
    return True


def spans(
    files: Iterable[Entry], waiting: Mapping[int, int], from_ns: int, until_ns: int, most_rows: int
) -> Iterator[tuple[int, int]]:
    """Cut a time into spans of whole minutes with at most about so many rows, by what the files say.

    waiting  rows that are in no file yet, by minute

    Times without rows are left out; one minute may have more.
    """
    low, high = from_ns // MINUTE_NS, (until_ns - 1) // MINUTE_NS
    files = list(files)
    if sum(entry.rows for entry in files) + sum(waiting.values()) <= most_rows:
        edges = [*waiting, *(us // MINUTE_US for entry in files for us in (entry.from_us, entry.until_us))]
        first, last = max(min(edges, default=1), low), min(max(edges, default=0), high)
        if first <= last:
            yield max(from_ns, first * MINUTE_NS), min(until_ns, (last + 1) * MINUTE_NS)
        return
    minutes, rows = [np.array(list(waiting), np.int64)], [np.array(list(waiting.values()), np.float64)]
    for entry in files:
        mine = np.arange(entry.from_us // MINUTE_US, entry.until_us // MINUTE_US + 1)
        minutes.append(mine)
        rows.append(np.full(len(mine), entry.rows / len(mine)))
    every = np.concatenate(minutes)
    inside = (every >= low) & (every <= high)
    order, place = np.unique(every[inside], return_inverse=True)
    counts = np.bincount(place.reshape(-1), np.concatenate(rows)[inside], minlength=len(order))
    begin, held = 0, 0.0
    for k, count in enumerate(counts.tolist()):
        if k > begin and held + count > most_rows:
            yield max(from_ns, int(order[begin]) * MINUTE_NS), min(until_ns, int(order[k - 1] + 1) * MINUTE_NS)
            begin, held = k, 0.0
        held += count
    if len(order):
        yield max(from_ns, int(order[begin]) * MINUTE_NS), min(until_ns, int(order[-1] + 1) * MINUTE_NS)
