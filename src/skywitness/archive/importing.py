"""Rows that others have received, into the files of a store: all of a batch or nothing, each batch once.

A batch is named by the hash of what it was read from. First `imports.jsonl` says that it begins; then its rows become
files of days, which do not count yet; then one addition to the manifest lists all of them; then `imports.jsonl` says
what was taken and what was refused. A crash before the manifest leaves files that the next start deletes, since they
carry the name of a batch that began and is not listed; a crash after it leaves a batch that the next import finds to
be in. Received and imported rows are never in one file before files are merged; after that each row still says that it
was imported, and by its `parent` from whom: minus the number of the source.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from skywitness.archive.compaction import Compaction, put_rows
from skywitness.archive.durable import append_file, put_file
from skywitness.archive.files import Files, OsFiles
from skywitness.archive.layout import DAY, MINUTE_NS, POSITIONS, US
from skywitness.archive.ledger import as_line, read_lines
from skywitness.archive.manifest import Entry, Manifest
from skywitness.archive.retention import IMPORTS, take_up
from skywitness.batches import PROVENANCES, Positions
from skywitness.errors import ArchiveError, SourceError

__all__ = ["IMPORTS", "Batch", "Importer", "Imports", "read_imports"]

LOCK = "lock"
ROWS_AT_ONCE = 1_000_000
"""Rows that wait in memory for their files: some 300 MB with their stored form."""
SMALL_ROWS = 200_000
"""A day of less than this is kept waiting while a larger one is written."""
MOST_DAYS = 64
"""Beyond so many days in memory all are written: a file of many days a row each is none of ours."""
MERGED_AT_ONCE = 10_000
SIMULATED = PROVENANCES.index("simulated")


@dataclass(frozen=True, slots=True)
class Imports:
    """What `imports.jsonl` says."""

    done: Mapping[str, dict[str, Any]]
    """The line of each batch that is in, by its id."""
    begun: frozenset[str]
    """Batches that began and are not said to be in."""
    sources: Mapping[str, int]
    """Number of each source by its name, from 1: minus this is the `parent` of its rows."""
    is_whole: bool = True
    """Whether it ends with a line and no line is damaged."""


def read_imports(directory: Path) -> Imports:
    """Return what was imported into a data directory; nothing if there is no such file."""
    lines, bad, is_torn = read_lines(directory / IMPORTS)
    done: dict[str, dict[str, Any]] = {}
    begun: set[str] = set()
    sources: dict[str, int] = {}
    for line in lines:
        name = str(line.get("batch", ""))
        source, number = line.get("source"), line.get("number")
        if isinstance(source, str) and isinstance(number, int):
            sources.setdefault(source, number)
        if line.get("kind") == "begin":
            begun.add(name)
        elif line.get("kind") == "imported":
            done[name] = {key: value for key, value in line.items() if key != "crc"}
            begun.discard(name)
        elif line.get("kind") == "void":
            begun.discard(name)
    return Imports(done, frozenset(begun), sources, not bad and not is_torn)


class Importer:
    """The writer of a data directory while things are imported. Use it with `with`: it holds the directory's lock.

    Raises SourceError if a node records there, ArchiveError if a later version wrote the store.
    """

    def __init__(self, directory: Path, files: Files | None = None) -> None:
        self.directory = directory
        self.files = files or OsFiles()
        self.files.mkdir(directory)
        says = {"pid": os.getpid(), "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "does": "import"}
        try:
            self._release = self.files.lock(directory / LOCK, json.dumps(says))
        except ArchiveError as error:
            raise SourceError(
                error.what, source=str(directory),
                hint="Only one process writes a data directory: stop it, import, and start it again.",
            ) from None  # fmt: skip
        try:
            imports = read_imports(directory)
            if not imports.is_whole:
                self._mend()
            self.manifest = Manifest(directory, self.files)
            self.found = take_up(self.manifest, self.files)
            self.manifest.tidy()
            self.files.mkdir(directory / POSITIONS.name)
            self.files.fsync_dir(directory)
            self.done = dict(imports.done)
            self.sources = dict(imports.sources)
            for name in sorted(imports.begun):
                self._settle(name)
        except BaseException:
            self._release()
            raise

    def _mend(self) -> None:
        """Write `imports.jsonl` anew without what a crash tore; one with damaged lines is kept aside as it was."""
        path = self.directory / IMPORTS
        lines, bad, _ = read_lines(path)
        if bad:
            put_file(self.files, path.with_suffix(".damaged"), path.read_bytes())
        whole = b"".join(as_line({key: value for key, value in line.items() if key != "crc"}) for line in lines)
        put_file(self.files, path, whole)
        self.files.fsync_dir(self.directory)

    def _settle(self, name: str) -> None:
        """Say of a batch that a crash left without a word whether it is in."""
        rows = [entry.rows for entry in self.manifest.entries.values() if entry.batch == name]
        line: dict[str, Any] = {"kind": "imported" if rows else "void", "batch": name}
        if rows:
            line |= {"rows": sum(rows), "recovered": True, "at_us": time.time_ns() // US}
            self.done[name] = line
        self._line(line)

    def _line(self, fields: dict[str, Any]) -> None:
        append_file(self.files, self.directory / IMPORTS, as_line(fields))
        self.files.fsync_dir(self.directory)

    def is_in(self, name: str) -> bool:
        """Whether a batch was imported before."""
        return name in self.done

    def begin(self, name: str, source: str) -> Batch:
        """Begin a batch; it counts once `Batch.commit` has returned."""
        number = self.sources.setdefault(source, max(self.sources.values(), default=0) + 1)
        self._line({"kind": "begin", "batch": name, "source": source, "number": number})
        return Batch(self, name, source, number)

    def merge(self, now_ns: int) -> int:
        """Merge what is due, and delete what was replaced; return how many files were made of others."""
        compaction = Compaction(self.manifest, self.files, threading.RLock())
        made = compaction.run(now_ns, MERGED_AT_ONCE)
        compaction.finish()
        return made

    def close(self) -> None:
        """Let the directory go."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(slots=True)
class Batch:
    """Rows of one batch on their way into files."""

    importer: Importer
    name: str
    source: str
    number: int
    rows: int = 0
    """In files so far."""
    repeated: int = 0
    """Rows of the same aircraft and moment as another one, which count once."""
    _days: dict[int, list[Positions]] = field(default_factory=dict)
    _waiting: int = 0
    _entries: list[Entry] = field(default_factory=list)
    """Files that are written and not listed."""
    _is_listed: bool = False

    def push(self, positions: Positions) -> None:
        """Take in rows of any order.

        Raises OSError if the disk fails.
        """
        if not len(positions):
            return
        provenance = np.where(positions.provenance == SIMULATED, SIMULATED, PROVENANCES.index("imported"))
        rows = positions.replaced(
            provenance=provenance.astype(np.uint8), parent=np.full(len(positions), -self.number, np.int64)
        )
        days = rows.time_ns // MINUTE_NS // DAY
        for day in np.unique(days).tolist():
            mine = days == day
            self._days.setdefault(day, []).append(rows if mine.all() else rows.take(mine))
        self._waiting += len(rows)
        if self._waiting >= ROWS_AT_ONCE or len(self._days) > MOST_DAYS:
            self._write(least=0 if len(self._days) > MOST_DAYS else SMALL_ROWS)

    def _write(self, least: int = 0) -> None:
        """Write days with at least so many rows, and all if none has."""
        sizes = {day: sum(map(len, parts)) for day, parts in self._days.items()}
        due = [day for day, size in sizes.items() if size >= least] or list(sizes)
        for day in sorted(due):
            rows = Positions.concat(self._days.pop(day))
            self._waiting -= len(rows)
            manifest = self.importer.manifest
            entry = put_rows(
                self.importer.directory, self.importer.files, POSITIONS, day * DAY, DAY, manifest.number(), [rows],
                batch=self.name,
            )  # fmt: skip
            self.repeated += len(rows) - entry.rows
            self.rows += entry.rows
            self._entries.append(entry)

    def commit(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write what is left, list all files, and say what was imported; return that line.

        facts  what else the line says

        Raises OSError; then nothing of the batch counts.
        """
        self._write()
        manifest = self.importer.manifest
        entries, self._entries, self._is_listed = self._entries, [], True
        manifest.append(entries)
        manifest.enter(entries)
        line = {
            "kind": "imported", "batch": self.name, "source": self.source, "number": self.number, "rows": self.rows,
            "repeated": self.repeated, "at_us": time.time_ns() // US, **facts,
        }  # fmt: skip
        self.importer._line(line)
        self.importer.done[self.name] = line
        return line

    def abandon(self) -> None:
        """Take back what was written: nothing of the batch counts.

        If it failed in the listing it is not known what is on the disk: the next start finds all of it or nothing.
        """
        self._days = {}
        if self._is_listed:
            return
        for path in self._paths():
            self.importer.files.unlink(path)
        self._entries = []
        self.importer._line({"kind": "void", "batch": self.name})

    def _paths(self) -> Iterator[Path]:
        return (self.importer.directory / entry.path for entry in self._entries)
