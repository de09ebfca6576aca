"""Many small files become one: minutes an hour, hours a day, whatever came late included.

A longer file holds all rows of those it takes the place of, each once, sorted by aircraft. It counts, and they do not,
from the moment its one line is in the manifest: a crash before that leaves a file that the next start deletes, a crash
after it leaves files that the next start deletes. Those replaced stay for an hour, so that another process that has
listed them can go on reading.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import structlog

from skywitness.archive.durable import TEMPORARY, Appending, Files
from skywitness.archive.layout import (
    DAY,
    FORMAT_VERSION,
    GROUP_ROWS,
    HOUR,
    MINUTE_NS,
    TABLES,
    US,
    Table,
    decoded,
    parquet_writer,
    span_path,
    stored_columns,
)
from skywitness.archive.manifest import Entry, Manifest
from skywitness.archive.parquet import parquet_of
from skywitness.archive.reader import keys_of
from skywitness.archive.retention import BATCH, REPLACES, covered_bits
from skywitness.batches import I64, Batch
from skywitness.errors import ArchiveError

__all__ = ["Compaction", "CompactionSettings", "put_rows"]

log = structlog.get_logger("skywitness.archive")

ROWS_AT_ONCE = 1_500_000
"""Rows in memory while files are merged: some 600 MB with their stored form."""
LEVEL = 3
LATE_SHARE = 0.1
"""A day's file is written anew once so much of its bytes has come late, or so many files."""
LATE_FILES = 24


@dataclass(frozen=True, slots=True)
class CompactionSettings:
    """When files are merged."""

    hour_after_s: float = 600.0
    """After the end of the hour."""
    day_after_s: float = 7_200.0
    """After the end of the day."""
    keep_s: float = 3_600.0
    """How long replaced files stay for those who read them."""


@dataclass(frozen=True, slots=True)
class Job:
    """Files to merge."""

    table: Table
    minute: int
    span: int
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class Compaction:
    """The merging of one store, by its writer's thread.

    lock  held while the manifest changes
    """

    manifest: Manifest
    files: Files
    lock: AbstractContextManager[object]
    settings: CompactionSettings = field(default_factory=CompactionSettings)
    clock: Callable[[], float] = time.monotonic
    merged: int = 0
    """Files merged so far."""
    _replaced: list[tuple[float, str]] = field(default_factory=list)
    _damaged: set[str] = field(default_factory=set)

    def jobs(self, now_ns: int) -> list[Job]:
        """Return what is to be merged at a time of the node, oldest first."""
        found: list[Job] = []
        for table in TABLES.values():
            minutes = self.manifest.tables[table.name]
            by_day: dict[int, list[Entry]] = {}
            for number in minutes.order:
                for entry in minutes.entries[number]:
                    by_day.setdefault(entry.minute // DAY * DAY, []).append(entry)
            for day, entries in by_day.items():
                found += self._of_day(table, day, entries, now_ns)
        return sorted(found, key=lambda job: (job.minute + job.span, job.span))

    def _of_day(self, table: Table, day: int, entries: list[Entry], now_ns: int) -> Iterator[Job]:
        hours: dict[int, list[Entry]] = {}
        for entry in entries:
            if entry.span < DAY:
                hours.setdefault(entry.minute // HOUR * HOUR, []).append(entry)
        whole = [entry for entry in entries if entry.span == DAY]
        is_over = now_ns >= (day + DAY) * MINUTE_NS + int(self.settings.day_after_s * 1e9)
        if is_over and len(entries) > 1:
            # More than one whole day: what was imported came as such, and is late beside the largest.
            largest = max(whole, key=lambda entry: entry.bytes, default=None)
            late = [entry for entry in entries if entry is not largest]
            before = largest.bytes if largest is not None else 0
            if not whole or len(late) >= LATE_FILES or sum(e.bytes for e in late) >= LATE_SHARE * before:
                yield Job(table, day, DAY, tuple(entries))
                return
        for hour, files in hours.items():
            if len(files) > 1 and now_ns >= (hour + HOUR) * MINUTE_NS + int(self.settings.hour_after_s * 1e9):
                yield Job(table, hour, HOUR, tuple(files))

    def run(self, now_ns: int, at_most: int = 1) -> int:
        """Merge what is due, at most so many files; delete what was replaced long enough ago; return how many merged.

        A damaged file is left as it is. Raises OSError if the disk fails; nothing has changed then.
        """
        self._sweep()
        done = 0
        for job in self.jobs(now_ns):
            if done >= at_most:
                break
            done += self._try(job)
        return done

    def _try(self, job: Job) -> bool:
        sound = tuple(entry for entry in job.entries if self._is_sound(entry))
        if len(sound) < 2:
            return False
        try:
            return self.merge(Job(job.table, job.minute, job.span, sound)) is not None
        except ArchiveError as error:
            self._damaged |= {entry.path for entry in sound}
            log.warning("files cannot be merged", table=job.table.name, minute=job.minute, reason=error.what)
            return False

    def _is_sound(self, entry: Entry) -> bool:
        """Whether a file is what was written: a wrong bit must not be copied under a new hash."""
        if entry.path in self._damaged:
            return False
        with (self.manifest.directory / entry.path).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256:
                return True
        self._damaged.add(entry.path)
        log.warning("a damaged file is not merged", path=entry.path)
        return False

    def merge(self, job: Job) -> Entry | None:
        """Merge files into one, and let it take their place; None if one of them is gone meanwhile."""
        directory = self.manifest.directory
        sources = [(entry, directory / entry.path) for entry in job.entries]
        replaces = tuple(entry.path for entry in job.entries)
        number = self.manifest.number()
        rows = merged_rows(job.table, sources)
        entry = put_rows(directory, self.files, job.table, job.minute, job.span, number, rows, replaces)
        with self.lock:
            if not all(path in self.manifest.entries for path in replaces):  # deleted by age or size meanwhile
                self.files.unlink(directory / entry.path)
                return None
            self.manifest.append([entry])
            self.manifest.enter([entry])
        self.merged += 1
        until = self.clock() + self.settings.keep_s
        self._replaced += [(until, path) for path in replaces]
        log.info("files merged", path=entry.path, files=len(replaces), rows=entry.rows, bytes=entry.bytes)
        return entry

    def _sweep(self) -> None:
        now = self.clock()
        while self._replaced and self._replaced[0][0] <= now:
            _, path = self._replaced.pop(0)
            self.files.unlink(self.manifest.directory / path)

    def finish(self) -> None:
        """Delete what was replaced, at once: nobody reads."""
        self._replaced = [(self.clock(), path) for _, path in self._replaced]
        self._sweep()


class Sink:
    """What Parquet is written into: it counts and hashes as it goes."""

    def __init__(self, file: Appending) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Write all of it."""
        part = bytes(data)
        self.file.write(part)
        self.digest.update(part)
        self.size += len(part)
        return len(part)

    def tell(self) -> int:
        """Return how much was written."""
        return self.size

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Take no more."""
        self.closed = True

    def readable(self) -> bool:
        """Say no."""
        return False

    def writable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say no."""
        return False


def put_rows(
    directory: Path,
    files: Files,
    table: Table,
    minute: int,
    span: int,
    number: int,
    parts: Iterable[Batch],
    replaces: tuple[str, ...] = (),
    batch: str = "",
) -> Entry:
    """Write the file of an hour or a day and return its entry, which the manifest does not have yet.

    parts  rows in any order within a part; the parts follow each other in the order of the aircraft
    batch  of imported rows: the name of their batch

    Raises OSError, and ArchiveError if there is no row or one of another time.
    """
    path = span_path(table.name, minute, span, number)
    target = directory / path
    files.mkdir(target.parent)
    temporary = target.with_name(target.name + TEMPORARY)
    files.unlink(temporary)
    rows, low, high = 0, 1 << 62, -(1 << 62)
    covered = 0
    raw = files.open_append(temporary)
    try:
        sink = Sink(raw)
        about = {REPLACES.decode(): "\n".join(replaces)} if replaces else {BATCH.decode(): batch} if batch else None
        with parquet_writer(table, pa.PythonFile(sink, mode="w"), level=LEVEL, about=about) as writer:
            for part in parts:
                if not len(part):
                    continue
                columns, times, _ = stored_columns(table, [part])
                writer.write_table(columns, row_group_size=GROUP_ROWS)
                rows += len(times)
                low, high = min(low, int(times.min())), max(high, int(times.max()))
                covered |= covered_bits(times, minute)
        raw.fsync()
    except BaseException:
        raw.close()
        files.unlink(temporary)
        raise
    raw.close()
    if not rows or low < minute * MINUTE_NS or high >= (minute + span) * MINUTE_NS:
        files.unlink(temporary)
        raise ArchiveError("its rows are not of the time it is named for", source=path)
    files.rename(temporary, target)
    files.fsync_dir(target.parent)
    files.fsync_dir(target.parent.parent)
    files.fsync_dir(directory)
    return Entry(
        path=path, table=table.name, minute=minute, rows=rows, bytes=sink.size, sha256=sink.digest.hexdigest(),
        from_us=low // US, until_us=high // US, number=number, version=FORMAT_VERSION, span=span, replaces=replaces,
        covered=f"{covered:x}", batch=batch,
    )  # fmt: skip


def merged_rows(table: Table, sources: list[tuple[Entry, Path]]) -> Iterator[Batch]:
    """Yield the rows of several files by ranges of aircraft, each range small enough for memory.

    Raises ArchiveError if a file is damaged or is not the one that was listed.
    """
    keys = np.concatenate([_keys(entry, path) for entry, path in sources])
    keys.sort()
    cuts = [int(keys[0])] if len(keys) else []
    at = 0
    while at + ROWS_AT_ONCE < len(keys):
        # Whole aircraft: a range ends before the one that the limit falls into, unless it is alone.
        following = int(np.searchsorted(keys, keys[at + ROWS_AT_ONCE], "left"))
        if following <= at:
            following = int(np.searchsorted(keys, keys[at], "right"))
        if following >= len(keys):
            break
        cuts.append(int(keys[following]))
        at = following
    del keys
    for low, high in zip(cuts, [*cuts[1:], 1 << 62], strict=True):
        parts = [rows for entry, path in sources if (rows := _range(table, entry, path, low, high)) is not None]
        if parts:
            yield table.batch.concat(parts)


def _keys(entry: Entry, path: Path) -> I64:
    with parquet_of(path, entry.path) as file:
        keys = keys_of(file.read(columns=["icao", "address_kind"], use_threads=False))
    if len(keys) != entry.rows:
        raise ArchiveError(f"it has {len(keys)} rows, the manifest says {entry.rows}", source=entry.path)
    return keys


def _range(table: Table, entry: Entry, path: Path, low: int, high: int) -> Batch | None:
    with parquet_of(path, entry.path) as file:
        groups = [g for g in range(file.metadata.num_row_groups) if _overlaps(file.metadata.row_group(g), low, high)]
        stored = file.read_row_groups(groups, use_threads=False)
    keys = keys_of(stored)
    first, last = np.searchsorted(keys, low, "left"), np.searchsorted(keys, high, "left")
    return decoded(table, stored.slice(first, last - first), entry.path) if last > first else None


def _overlaps(group: Any, low: int, high: int) -> bool:
    """Whether a row group can have rows of the aircraft from `low` to before `high`."""
    columns = {column.path_in_schema: column for column in map(group.column, range(group.num_columns))}
    icao, kind = columns["icao"].statistics, columns["address_kind"].statistics
    if icao is None or kind is None or not icao.has_min_max or not kind.has_min_max:
        return True
    return bool((kind.min << 24 | icao.min) < high and (kind.max << 24 | icao.max) >= low)
