"""What an operator does to a store by hand while no node records there: merge, delete, list, count."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skywitness.archive.compaction import Compaction, CompactionSettings, Job
from skywitness.archive.derived import Derived, derived_path, read_index
from skywitness.archive.files import Files, OsFiles
from skywitness.archive.generations import Overlay, sweep_generations
from skywitness.archive.layout import DAY, MINUTE_NS, POSITIONS, TABLES, US
from skywitness.archive.ledger import read_lines
from skywitness.archive.manifest import Drop, Entry, Manifest, day_of_minute
from skywitness.archive.parquet import parquet_of
from skywitness.archive.reader import aircraft_in
from skywitness.archive.retention import raw_files, take_up
from skywitness.archive.segments import read_header
from skywitness.archive.tail import blocks_of
from skywitness.batches import I64
from skywitness.errors import ArchiveError, SkywitnessError

__all__ = ["Compacted", "compact_store", "drops_of", "held", "keys_in", "listed", "prune_store", "statistics"]

DAY_NS = DAY * MINUTE_NS
KINDS = ("positions", "states", "raw")


@contextmanager
def held(directory: Path, files: Files) -> Iterator[Manifest]:
    """Hold a store as its only writer and put its list of files in order, as a node does at its start.

    Raises ArchiveError if a node records there, or a later version did.
    """
    says = json.dumps({"pid": os.getpid(), "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
    try:
        release = files.lock(directory / "lock", says)
    except ArchiveError as error:
        raise ArchiveError(
            error.what, source=error.source, hint="A node merges and deletes by itself, see record.* in its settings."
        ) from None
    try:
        manifest = Manifest(directory, files)
        take_up(manifest, files)
        manifest.tidy()
        yield manifest
    finally:
        release()


@dataclass(frozen=True, slots=True)
class Compacted:
    """What merging did."""

    merged: int
    """Longer files made."""
    replaced: int
    """Files whose place they took; they stay for those who read them until the next start."""
    bytes_before: int
    bytes_after: int
    derived: int


def compact_store(directory: Path, *, everything: bool = False, files: Files | None = None) -> Compacted:
    """Merge what is due.

    everything  all of a day becomes one file, whether the day is over or not, and whatever came late

    Raises ArchiveError if a node records there, OSError if the disk fails.
    """
    disk = files or OsFiles()
    with held(directory, disk) as manifest:
        before, count = size_of(manifest), len(manifest.entries)
        compaction = Compaction(manifest, disk, threading.RLock(), CompactionSettings())
        if everything:
            for job in days_in_parts(manifest):
                compaction._try(job)
        else:
            while compaction.run(time.time_ns(), at_most=64):
                pass
        derived = Derived(manifest, disk)
        while derived.run(64):
            pass
        replaced = count + compaction.merged - len(manifest.entries)
        return Compacted(compaction.merged, replaced, before, size_of(manifest), derived.made)


def days_in_parts(manifest: Manifest) -> list[Job]:
    """Return the days of each table that have more than one file, oldest first."""
    found: dict[tuple[int, str], list[Entry]] = {}
    for entry in manifest.entries.values():
        found.setdefault((entry.minute // DAY * DAY, entry.table), []).append(entry)
    return [
        Job(TABLES[table], day, DAY, tuple(sorted(entries, key=lambda entry: (entry.minute, entry.number))))
        for (day, table), entries in sorted(found.items())
        if len(entries) > 1
    ]


def size_of(manifest: Manifest) -> int:
    """Bytes of all files of rows."""
    return sum(entry.bytes for entry in manifest.entries.values())


def drops_of(
    manifest: Manifest,
    tables: tuple[str, ...] = KINDS,
    *,
    before_ns: int | None = None,
    keep_days: float | None = None,
    keep_bytes: int | None = None,
) -> list[Drop]:
    """Return what is to be deleted, the oldest files first; never the newest segment, never a seal.

    before_ns   all of whose rows are earlier
    keep_days   counted back from the newest row of each table
    keep_bytes  of each table; the oldest beyond go
    """
    now_us = time.time_ns() // US
    drops: list[Drop] = []
    for table in tables:
        parts = raw_parts(manifest.directory) if table == "raw" else table_parts(manifest, table)
        newest = max((until_us for _, _, _, until_us, _ in parts), default=0)
        oldest_kept = -(1 << 62) if before_ns is None else before_ns // US
        if keep_days is not None:
            oldest_kept = max(oldest_kept, newest - int(keep_days * DAY_NS) // US)
        left = sum(size for _, _, size, _, _ in parts)
        for path, rows, size, until_us, day in parts:
            is_old = until_us < oldest_kept
            if not is_old and not (keep_bytes is not None and left > keep_bytes):
                if table == "raw":
                    break  # segments are of one time after the other
                continue
            left -= size
            drops.append(Drop(path, table, day, "age" if is_old else "size", rows, size, now_us))
    return drops


def table_parts(manifest: Manifest, table: str) -> list[tuple[str, int, int, int, str]]:
    """Path, rows, bytes, last time and day of the files of a table, oldest first."""
    minutes = manifest.tables[table]
    return [
        (entry.path, entry.rows, entry.bytes, entry.until_us, day_of_minute(entry.minute))
        for number in minutes.order
        for entry in minutes.entries[number]
    ]


def raw_parts(directory: Path) -> list[tuple[str, int, int, int, str]]:
    """The same of the segments that are not the newest; the last time is that of their last block's beginning."""
    found = []
    for path, size, written_s in raw_files(directory):
        blocks = blocks_of(directory, int(path.stem)) if path.stem.isdigit() else []
        until_ns = max((block.time_ns for block in blocks), default=int(written_s * 1e9)) + MINUTE_NS
        rows = sum(block.rows for block in blocks)
        found.append(
            (
                path.relative_to(directory).as_posix(),
                rows,
                size,
                until_ns // US,
                str(np.datetime64(until_ns, "ns").astype("M8[D]")),
            )
        )
    return found


def prune_store(
    directory: Path, tables: tuple[str, ...] = KINDS, *, files: Files | None = None, **limits: Any
) -> list[Drop]:
    """Delete what `drops_of` names; the manifest says so first. Returns it.

    Raises ArchiveError if a node records there, OSError if the manifest cannot be written; nothing is deleted then.
    """
    disk = files or OsFiles()
    with held(directory, disk) as manifest:
        drops = drops_of(manifest, tables, **limits)
        manifest.append(drops)
        manifest.enter(drops)
        for drop in drops:
            disk.unlink(directory / drop.path)
        Derived(manifest, disk).sweep()
        sweep_generations(directory, manifest, disk, time.time_ns() // US)
    return drops


def listed(
    manifest: Manifest,
    table: str,
    spans: list[tuple[int, int]] | None = None,
    wanted: I64 | None = None,
    overlay: Overlay | None = None,
) -> list[Entry]:
    """Return the files of a table, oldest first, that can hold rows of some times and aircraft.

    spans   from and until, ns; any time if not given
    wanted  sorted keys of aircraft, see `aircraft_key`; any if not given
    overlay the generation that answers, if one does
    """
    minutes = manifest.tables[table]
    found: dict[str, Entry] = {}
    for begin, end in [(0, 1 << 62)] if spans is None else spans:
        is_overlaid = overlay is not None and table == POSITIONS.name
        within = overlay.between(manifest, begin, end) if overlay and is_overlaid else minutes.between(begin, end)
        found |= {entry.path: entry for entry in within}
    entries = sorted(found.values(), key=lambda entry: (entry.minute, entry.number))
    if wanted is None:
        return entries
    out = []
    for entry in entries:
        try:
            if np.isin(wanted, keys_in(manifest.directory, entry)).any():
                out.append(entry)
        except (ArchiveError, FileNotFoundError):
            out.append(entry)  # whoever reads it will see what is wrong with it
    return out


def keys_in(directory: Path, entry: Entry) -> I64:
    """Aircraft of a file. Raises ArchiveError if it is damaged, FileNotFoundError."""
    if entry.table == POSITIONS.name and entry.span > 1:
        path = derived_path(directory, "index", entry)
        if path is not None:
            try:
                return read_index(path)["key"]
            except (ArchiveError, FileNotFoundError):
                pass
    with parquet_of(directory / entry.path, entry.path) as file:
        return aircraft_in(file)


def statistics(directory: Path, *, by: str = "day") -> dict[str, Any]:
    """Count what a store has, by table and by day or month; aircraft are those with positions.

    Raises ArchiveError if a later version wrote it.
    """
    manifest = Manifest(directory, None)
    letters = 7 if by == "month" else 10
    spans: dict[str, dict[str, dict[str, Any]]] = {}
    keys: dict[str, list[I64]] = {}
    for entry in sorted(manifest.entries.values(), key=lambda entry: (entry.table, entry.minute)):
        label = day_of_minute(entry.minute)[:letters]
        row = spans.setdefault(entry.table, {}).setdefault(
            label, {"files": 0, "rows": 0, "bytes": 0, "from_us": entry.from_us, "until_us": entry.until_us}
        )
        row["files"] += 1
        row["rows"] += entry.rows
        row["bytes"] += entry.bytes
        row["from_us"], row["until_us"] = min(row["from_us"], entry.from_us), max(row["until_us"], entry.until_us)
        if entry.table == POSITIONS.name:
            try:
                keys.setdefault(label, []).append(keys_in(directory, entry))
            except (ArchiveError, FileNotFoundError):
                continue
    for label, parts in keys.items():
        spans[POSITIONS.name][label]["aircraft"] = len(np.unique(np.concatenate(parts)))
    for rows in spans.values():
        for row in rows.values():
            row["bytes_a_row"] = round(row["bytes"] / row["rows"], 2) if row["rows"] else None
    facts: dict[str, Any] = {"directory": str(directory), "by": by, "tables": spans, "raw": raw_by(directory, letters)}
    facts["gone"] = [
        {name: getattr(gone, name) for name in gone.__struct_fields__} for _, gone in sorted(manifest.gone.items())
    ]
    facts["imports"] = read_lines(directory / "imports.jsonl")[0]
    return facts


def raw_by(directory: Path, letters: int) -> dict[str, dict[str, int]]:
    """Segments and bytes of receptions by the day or month in which each was begun."""
    found: dict[str, dict[str, int]] = {}
    for path in sorted((directory / "raw").glob("*.seg")):
        try:
            with path.open("rb") as file:
                start_ns = read_header(file, path.name).start_ns
            size = path.stat().st_size
        except (SkywitnessError, OSError):
            continue  # `verify` says what is wrong with it
        row = found.setdefault(str(np.datetime64(start_ns, "ns").astype("M8[D]"))[:letters], {"files": 0, "bytes": 0})
        row["files"] += 1
        row["bytes"] += size
    return found
