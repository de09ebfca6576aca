"""Which files stay: what a start finds is taken up or cleared away, what is too old or too much is deleted.

A deletion is a line in the manifest first and an unlinked file afterwards, so that absence is explained and a crash in
between only leaves a file that the next start deletes.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from skywitness.archive.durable import TEMPORARY, Files
from skywitness.archive.layout import DAY, FORMAT_VERSION, HOUR, MINUTE_NS, TABLES, US, decoded
from skywitness.archive.ledger import read_lines
from skywitness.archive.manifest import NAME, Drop, Entry, Manifest, day_of_minute
from skywitness.archive.parquet import parquet_of
from skywitness.batches import I64
from skywitness.errors import ArchiveError

__all__ = [
    "BATCH",
    "IMPORTS",
    "REPLACES",
    "Limit",
    "Limits",
    "Retention",
    "covered_bits",
    "entry_of",
    "raw_files",
    "take_up",
]

log = structlog.get_logger("skywitness.archive")

REPLACES = b"skywitness.replaces"
"""Key at the end of a longer file under which stand the names of those it took the place of."""

BATCH = b"skywitness.batch"
"""Key under which a file of imported rows names its batch."""
IMPORTS = "imports.jsonl"
"""The list of batches: which began, and which are in."""

DELETED_AT_ONCE = 1000
"""Files of one look, so that a limit set lower does not stop the recording while it takes effect."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long and how much of one kind is kept; 0 for ever, and all."""

    age_s: float = 0.0
    """By the time in the data, for raw segments by the time they were written."""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Of each kind."""

    raw: Limit = Limit()
    positions: Limit = Limit()
    states: Limit = Limit()


def take_up(manifest: Manifest, files: Files) -> dict[str, int]:
    """Make manifest and directory agree, once, at the start; return what was found, by kind.

    Half-written files are deleted, as are those whose deletion a crash interrupted. Whole files that the manifest does
    not know are taken up. Files that cannot be read stay where they are, and files that are not there are left out.
    """
    found = {"unfinished": 0, "taken_up": 0, "unreadable": 0, "missing": 0, "deleted": 0}
    there: set[str] = set()
    new: list[Entry] = []
    emptied: set[Path] = set()
    unfinished = unfinished_batches(manifest)
    for name in stored_files(manifest.directory, files):
        if name in manifest.entries:
            there.add(name)
        elif name.endswith(TEMPORARY):
            files.unlink(manifest.directory / name)
            found["unfinished"] += 1
        elif name in manifest.dropped:
            files.unlink(manifest.directory / name)
            emptied.add((manifest.directory / name).parent)
            found["deleted"] += 1
        elif NAME.fullmatch(name):
            try:
                entry = entry_of(manifest.directory, name)
                if entry.replaces and all(path in manifest.entries for path in entry.replaces):
                    files.unlink(manifest.directory / name)  # it was written, but a crash came before it counted
                    found["unfinished"] += 1
                    continue
                if entry.batch and entry.batch in unfinished:
                    files.unlink(manifest.directory / name)  # all of a batch counts, or nothing of it
                    found["unfinished"] += 1
                    continue
                new.append(entry)
                found["taken_up"] += 1
            except (ArchiveError, OSError) as error:
                found["unreadable"] += 1
                log.warning("file cannot be read", path=name, reason=str(error))
    for entry in [e for e in manifest.entries.values() if e.path not in there]:
        manifest.forget(entry)
        found["missing"] += 1
        log.warning("file is missing", path=entry.path)
    for name in sorted(manifest.dropped - there):
        path = manifest.directory / name
        if name.startswith("raw/") and path.exists():
            files.unlink(path)
            found["deleted"] += 1
    for directory in sorted(emptied):
        files.fsync_dir(directory)  # before the log forgets their names
    manifest.append(new)
    manifest.enter(new)
    return found


def unfinished_batches(manifest: Manifest) -> set[str]:
    """Batches of imported rows that began and of which no file is listed, so that none may count.

    One of which some files are listed was torn in the middle of the listing: then all of them were whole.
    """
    lines, _, _ = read_lines(manifest.directory / IMPORTS)
    state = {str(line.get("batch", "")): line.get("kind") for line in lines}
    begun = {name for name, kind in state.items() if kind in ("begin", "void")}
    return begun - {entry.batch for entry in manifest.entries.values()} if begun else begun


def stored_files(directory: Path, files: Files) -> Iterator[str]:
    """Names within the data directory of all files where rows are."""
    for table in TABLES:
        if not (directory / table).is_dir():
            continue
        for day in files.list(directory / table):
            if (directory / table / day).is_dir():
                for name in files.list(directory / table / day):
                    yield f"{table}/{day}/{name}"


def entry_of(directory: Path, name: str) -> Entry:
    """Describe a file from its contents.

    Raises ArchiveError if it is no whole file of rows.
    """
    table = TABLES[name.split("/")[0]]
    word = name.rsplit("/", 1)[1].split("-")[0]
    span = DAY if word == "day" else HOUR if word.endswith("h") else 1
    digest = hashlib.sha256()
    size = 0
    with (directory / name).open("rb") as stream:
        while part := stream.read(1 << 20):
            digest.update(part)
            size += len(part)
    low, high, rows, covered = (1 << 62), -(1 << 62), 0, 0
    with parquet_of(directory / name, name) as file:
        about = file.metadata.metadata or {}
        for group in range(file.metadata.num_row_groups):
            part_rows = decoded(table, file.read_row_group(group, use_threads=False), name)
            times = getattr(part_rows, table.time)
            if len(times):
                begin = int(times.min()) // MINUTE_NS // span * span
                low, high, rows = min(low, int(times.min())), max(high, int(times.max())), rows + len(times)
                covered |= covered_bits(times, begin)
    minute = low // MINUTE_NS // span * span
    if not rows or high // MINUTE_NS // span * span != minute:
        what = {1: "minute", HOUR: "hour", DAY: "day"}[span]
        raise ArchiveError(f"its rows are not of one {what}", source=name)
    replaces = tuple(path for path in about.get(REPLACES, b"").decode().split("\n") if NAME.fullmatch(path))
    return Entry(
        path=name,
        table=table.name,
        minute=minute,
        rows=rows,
        bytes=size,
        sha256=digest.hexdigest(),
        from_us=low // US,
        until_us=high // US,
        number=int(name.rsplit("-", 1)[1].removesuffix(".parquet")),
        version=1 if span == 1 else FORMAT_VERSION,
        span=span,
        replaces=replaces,
        covered=f"{covered:x}" if span > 1 else "",
        batch=about.get(BATCH, b"").decode("ascii", "replace"),
    )


def covered_bits(times: I64, minute: int) -> int:
    """Return which minutes from `minute` on have rows, the lowest bit for the first."""
    bits = 0
    for number in np.unique(times // MINUTE_NS).tolist():
        bits |= 1 << (number - minute) if number >= minute else 0
    return bits


def raw_files(directory: Path) -> list[tuple[Path, int, float]]:
    """Closed raw segments with the bytes and the time of last writing of each, oldest first.

    The newest one may still be written: it is not among them. Seals are no segments: a few bytes, kept for ever.
    """
    found = []
    for path in sorted((directory / "raw").glob("*.seg"))[:-1]:
        try:
            status = path.stat()
            found.append((path, status.st_size, status.st_mtime))
        except FileNotFoundError:
            continue
    return found


class Retention:
    """Deletes the oldest files beyond the limits.

    lock  held while the manifest changes
    """

    def __init__(self, manifest: Manifest, files: Files, limits: Limits, lock: AbstractContextManager[object]) -> None:
        self.manifest = manifest
        self.files = files
        self.limits = limits
        self.lock = lock
        self.deleted: dict[str, int] = {"age": 0, "size": 0}

    def run(self, now_ns: int) -> int:
        """Delete what is due, at most DELETED_AT_ONCE files; return how many.

        now_ns  the node's time, from which ages count

        Raises OSError if the manifest cannot be written; nothing is deleted then.
        """
        drops = [drop for table in TABLES for drop in self._of_table(table, now_ns)] + self._of_raw(now_ns)
        drops = drops[:DELETED_AT_ONCE]
        if not drops:
            return 0
        self.manifest.append(drops)
        with self.lock:
            self.manifest.enter(drops)
        for drop in drops:
            self.deleted[drop.reason] += 1
            self.files.unlink(self.manifest.directory / drop.path)
        log.info("old files deleted", files=len(drops), bytes=sum(drop.bytes for drop in drops))
        return len(drops)

    def _of_table(self, table: str, now_ns: int) -> list[Drop]:
        limit: Limit = getattr(self.limits, table)
        minutes = self.manifest.tables[table]
        left = minutes.bytes
        drops: list[Drop] = []
        for number in minutes.order[:DELETED_AT_ONCE]:
            for entry in minutes.entries[number]:
                is_old = limit.age_s > 0 and entry.until_us * US < now_ns - limit.age_s * 1e9
                if not is_old and not 0 < limit.bytes < left:
                    return drops
                left -= entry.bytes
                reason = "age" if is_old else "size"
                day = day_of_minute(entry.minute)
                drops.append(Drop(entry.path, table, day, reason, entry.rows, entry.bytes, now_ns // US))
        return drops

    def _of_raw(self, now_ns: int) -> list[Drop]:
        limit = self.limits.raw
        if not limit.age_s and not limit.bytes:
            return []
        segments = raw_files(self.manifest.directory)
        left = sum(size for _, size, _ in segments)
        drops = []
        for path, size, written_s in segments:
            is_old = limit.age_s > 0 and written_s < time.time() - limit.age_s
            if not is_old and not 0 < limit.bytes < left:
                break
            left -= size
            day = time.strftime("%Y-%m-%d", time.gmtime(written_s))
            name = path.relative_to(self.manifest.directory).as_posix()
            drops.append(Drop(name, "raw", day, "age" if is_old else "size", 0, size, now_ns // US))
        return drops
