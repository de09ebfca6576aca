"""What others have received, into a data directory: files, tars and directories, batch by batch."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skywitness.archive.importing import Batch, Importer, read_imports
from skywitness.batches import UNTIMED, Positions
from skywitness.errors import FormatError, SkywitnessError
from skywitness.run.import_inputs import ImportOptions, Input, inputs_of

__all__ = ["ImportOptions", "Imported", "Report", "import_sources"]

AHEAD_NS = 86_400_000_000_000
"""Rows of a later time than this from now are of a wrong clock."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one batch: a file, or some traces of a directory or a tar."""

    name: str
    batch: str
    source: str
    rows: int
    """In the store; 0 if it had been imported before."""
    was_there: bool = False


@dataclass(slots=True)
class Report:
    """What became of all of them."""

    batches: list[Imported] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Rows that were left out and values that were taken as unknown, by reason."""
    repeated: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Files that are nothing to import, by what they end in."""
    failures: list[SkywitnessError] = field(default_factory=list)
    """Files of which nothing was taken, and recordings that are damaged at some point."""
    merged: int = 0

    @property
    def rows(self) -> int:
        """Rows that are in the store now and were not before."""
        return sum(one.rows for one in self.batches)

    @property
    def known(self) -> int:
        """Batches that had been imported before."""
        return sum(one.was_there for one in self.batches)


def import_sources(
    sources: Sequence[str],
    data: Path,
    options: ImportOptions | None = None,
    *,
    dry_run: bool = False,
    on_read: Callable[[int], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Report:
    """Import files, tars and directories into a data directory.

    sources  names, see docs/guide/import.md
    dry_run  read and count; nothing is written, no lock is held
    on_read  called with the number of stored bytes each time some have been read
    tell     called with what is being read

    A file that is refused leaves nothing; the others are imported. Raises SourceError if a node records there,
    FileNotFoundError for a name that is not there, OSError if the disk fails.
    """
    options = options or ImportOptions()
    report = Report()
    found = inputs_of(sources, options, report.skipped, data)
    if dry_run:
        done = read_imports(data).done
        for one in found:
            _each(one, None, set(done), report, options, on_read, tell)
        return report
    with Importer(data) as importer:
        for one in found:
            _each(one, importer, set(), report, options, on_read, tell)
        if report.rows:
            if tell is not None:
                tell("merging")
            report.merged = importer.merge(time.time_ns())
    return report


def _each(
    one: Input,
    importer: Importer | None,
    known: set[str],
    report: Report,
    options: ImportOptions,
    on_read: Callable[[int], None] | None,
    tell: Callable[[str], None] | None,
) -> None:
    """Import one input, in as many batches as it has."""
    if tell is not None:
        tell(f"reading {one.name}")
    counted = on_read or (lambda _: None)
    try:
        for part in one.parts(options, counted):
            name = hashlib.sha256(f"1\n{options.icao}\n{part.content}".encode()).hexdigest()[:32]
            if (importer is not None and importer.is_in(name)) or name in known:
                report.batches.append(Imported(part.name, name, "", 0, was_there=True))
                part.skip()
                continue
            _take(part.rows(), part, name, importer, report, options)
    except SkywitnessError as error:
        report.failures.append(error)


def _take(
    rows: Iterator[Positions], part: Any, name: str, importer: Importer | None, report: Report, options: ImportOptions
) -> None:
    batch: Batch | None = None
    count = 0
    latest_ns = time.time_ns() + AHEAD_NS
    try:
        for positions in rows:
            positions = positions.take(positions.time_ns != UNTIMED)
            if len(positions) and int(positions.time_ns.max()) > latest_ns:
                raise FormatError("some of its times are in the future", source=part.name, hint="Is its clock right?")
            count += len(positions)
            if importer is not None and len(positions):
                batch = batch or importer.begin(name, options.source or part.format)
                batch.push(positions)
        source = options.source or part.format
        if importer is not None:
            batch = batch or importer.begin(name, source)
            line = batch.commit(part.facts())
            count, report.repeated = int(line["rows"]), report.repeated + int(line["repeated"])
    except BaseException:
        if batch is not None:
            with contextlib.suppress(OSError):  # of a disk that fails; what is left the next start clears away
                batch.abandon()
        raise
    report.refused.update(part.refused)
    report.batches.append(Imported(part.name, name, source, count))
    report.failures += part.failures
