"""What is made of a long file of positions so that it is asked quickly: which aircraft, which areas, which airfields.

Beside `positions/2019-03-22/day-12.parquet` there may be, each whole and named by its own hash,

    index/2019-03-22/day-12.1f0c….parquet   its aircraft: first and last row, first and last time
    areas/2019-03-22/day-12.9a41….parquet   its rows once more, by squares of one degree and quarters of a degree
    ends/2019-03-22/day-12.77e2….parquet    airfields that the ends of its flights may be at, by airfield
    values/2019-03-22/day-12.3c05….parquet  callsigns and squawks of its aircraft, and how high and fast they were

Nothing depends on them: what is missing is answered from the positions, only slower, and made again by the node. They
are not in the manifest, since they say nothing that the positions do not.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from skywitness.archive.areas import write_areas
from skywitness.archive.durable import TEMPORARY, Files
from skywitness.archive.ends import write_ends
from skywitness.archive.layout import HOUR, POSITIONS, array_of, numbers_of
from skywitness.archive.manifest import Entry, Manifest
from skywitness.archive.parquet import parquet_of, proven
from skywitness.archive.values import write_values
from skywitness.batches import I64
from skywitness.errors import ArchiveError

__all__ = ["KINDS", "Derived", "derived_path", "derived_stem", "read_index"]

log = structlog.get_logger("skywitness.archive")

KINDS = ("index", "areas", "ends", "values")
NAME = re.compile(r"(.+)\.([0-9a-f]{16})\.parquet")
VERSION = "1"
TRY_AGAIN_S = 3_600.0


def derived_stem(kind: str, entry: Entry) -> str:
    """Return the name of a derived file within the data directory, up to its hash."""
    home, _, name = entry.path.rpartition(POSITIONS.name + "/")  # that of a generation lies in a directory of its own
    return f"{home}{kind}/{name.removesuffix('.parquet')}"


def derived_path(directory: Path, kind: str, entry: Entry) -> Path | None:
    """Return a derived file if it is there."""
    stem = directory / derived_stem(kind, entry)
    found = sorted(stem.parent.glob(f"{stem.name}.????????????????.parquet")) if stem.parent.is_dir() else []
    return found[0] if found else None


@dataclass(slots=True)
class Derived:
    """Makes derived files of one store and deletes those of files that are gone."""

    manifest: Manifest
    files: Files
    kinds: tuple[str, ...] = KINDS
    clock: Callable[[], float] = time.monotonic
    made: int = 0
    """Files made so far."""
    _failed: dict[str, float] = field(default_factory=dict)

    def missing(self) -> Iterator[tuple[str, Entry]]:
        """Yield what could be made, newest positions first."""
        for entry in list(self.manifest.entries.values()):
            if entry.table != POSITIONS.name or entry.span < HOUR:
                continue
            for kind in self.kinds:
                if kind != "index" and entry.span == HOUR:
                    continue  # of today: it will be part of a day soon
                if derived_path(self.manifest.directory, kind, entry) is None:
                    yield kind, entry

    def run(self, at_most: int = 1) -> int:
        """Make what is missing, at most so many files; return how many. A damaged source is told once an hour.

        Raises OSError if the disk fails.
        """
        self.sweep()
        done = 0
        for kind, entry in self.missing():
            if done >= at_most:
                break
            if self._failed.get(entry.path, -TRY_AGAIN_S) > self.clock() - TRY_AGAIN_S:
                continue
            try:
                self.make(kind, entry)
                done += 1
            except (ArchiveError, FileNotFoundError) as error:
                self._failed[entry.path] = self.clock()
                log.warning("nothing can be derived", path=entry.path, kind=kind, reason=str(error))
        return done

    def make(self, kind: str, entry: Entry) -> Path:
        """Make one file and return its path."""
        directory = self.manifest.directory
        stem = directory / derived_stem(kind, entry)
        self.files.mkdir(stem.parent)
        temporary = stem.with_name(stem.name + TEMPORARY)
        self.files.unlink(temporary)
        about = {"skywitness.of": entry.path, "skywitness.sha256": entry.sha256, "skywitness.derived": VERSION}
        writer = {"index": write_index, "areas": write_areas, "ends": write_ends, "values": write_values}[kind]
        began = time.process_time()
        try:
            writer(directory / entry.path, temporary, about)
            with temporary.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except BaseException:
            self.files.unlink(temporary)
            raise
        target = stem.with_name(f"{stem.name}.{digest[:16]}.parquet")
        self.files.rename(temporary, target)
        self.made += 1
        log.info("derived", path=str(target.relative_to(directory)), cpu_s=round(time.process_time() - began, 1))
        return target

    def sweep(self) -> None:
        """Delete what belongs to no file of the manifest, and what was not finished."""
        directory = self.manifest.directory
        there = {
            derived_stem(kind, entry)
            for kind in KINDS
            for entry in list(self.manifest.entries.values())
            if entry.table == POSITIONS.name
        }
        for kind in KINDS:
            for path in (directory / kind).glob("*/*"):
                name = NAME.fullmatch(str(path.relative_to(directory)))
                if name is None or name[1] not in there:
                    self.files.unlink(path)


def write_index(source: Path, target: Path, about: dict[str, str]) -> None:
    """Write which aircraft a file has: key, first row, rows, first and last time."""
    keys, times = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    with parquet_of(source, str(source)) as file:
        for group in range(file.metadata.num_row_groups):
            rows = file.read_row_group(group, columns=["time", "icao", "address_kind"], use_threads=False)
            keys.append(numbers_of(rows.column("address_kind"))[0] << 24 | numbers_of(rows.column("icao"))[0])
            times.append(numbers_of(rows.column("time"))[0])
    key, time_us = np.concatenate(keys), np.concatenate(times)
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, np.int64)
    last = np.r_[first[1:], len(key)] - 1 if len(key) else first
    columns = {
        "key": key[first], "first_row": first.astype(np.int64), "rows": (last - first + 1).astype(np.int64),
        "first_us": time_us[first], "last_us": time_us[last],
    }  # fmt: skip
    table = pa.table({name: array_of(values, None, pa.int64()) for name, values in columns.items()})
    with pq.ParquetWriter(
        target, table.schema, compression="zstd", use_dictionary=False, write_page_checksum=True,
        column_encoding=dict.fromkeys(columns, "DELTA_BINARY_PACKED"),
    ) as writer:  # fmt: skip
        writer.write_table(table)
        writer.add_key_value_metadata(about)


def read_index(path: Path) -> dict[str, I64]:
    """Return the columns of an index. Raises ArchiveError if it is damaged."""
    with parquet_of(proven(path), str(path)) as file:
        table = file.read(use_threads=False)
    try:
        return {name: numbers_of(table.column(name))[0] for name in ("key", "first_row", "rows", "first_us", "last_us")}
    except KeyError as error:
        raise ArchiveError(f"column {error} is missing", source=str(path)) from None
