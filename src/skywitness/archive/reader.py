"""Answers from the files and from what is not in a file yet: `History` of questions/answer.py.

A question takes its list of files and its rows in memory in one step, so no row is missed or seen twice while a minute
goes from one to the other. Files are pruned by minute, then by the aircraft they hold, then by row group.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import structlog
from numpy.typing import NDArray

from skywitness.archive.areas import AreaFile, Box
from skywitness.archive.derived import derived_path, read_index
from skywitness.archive.ends import aircraft_at
from skywitness.archive.generations import CURRENT, GENERATIONS, Overlay, overlay_of
from skywitness.archive.layout import (
    GROUP_ROWS,
    MINUTE_NS,
    POSITIONS,
    STATES,
    US,
    Table,
    address_keys,
    array_of,
    decoded,
    numbers_of,
    sorted_once,
)
from skywitness.archive.live import LATEST_NS, Live
from skywitness.archive.manifest import MANIFEST, Entry, Manifest, day_of_minute
from skywitness.archive.parquet import parquet_of
from skywitness.archive.values import ValueFile
from skywitness.archive.windows import Windows, spans
from skywitness.batches import I32, I64, U8, U32, VERDICTS, Batch, Positions
from skywitness.errors import ArchiveError
from skywitness.reference.load import load_gazetteer
from skywitness.tracks.aircraft import AircraftTable, aircraft_key

__all__ = ["INDEX_BYTES", "TRACK_BYTES", "StoredHistory", "open_history"]

log = structlog.get_logger("skywitness.archive")

INDEX_BYTES = 64 << 20
"""Memory for which aircraft are in which file; what was used last stays."""

EVERYWHERE: tuple[Box, ...] = ((-180.0, -90.0, 180.0, 90.0),)
PART_ROWS = 500_000
"""Rows of a part of a long answer, about: a tenth of a gigabyte while it is made."""
TRACK_BYTES = 32 << 20
"""Memory for the rows of few aircraft that were asked for, by hour."""
FEW = 20
FOOTERS, INDEXES, VALUES = 32, 64, 32
"""Ends of files, and indexes of aircraft, that are kept in memory: some megabytes each, and half of one."""

CONTRADICTED = VERDICTS.index("contradicted")


class StoredHistory:
    """A store's past. Any number of threads may ask.

    directory  the data directory
    manifest   what there is; changed by the writer only, under `lock`
    live       rows that wait for their files, by table; none if no writer is here
    strict     raise ArchiveError for a damaged file; otherwise it is left out, told once and listed in `damaged`
    generation 0 for the positions of the time, whichever decoding is chosen; by default the chosen one
    """

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        live: Mapping[str, Live],
        lock: threading.RLock,
        *,
        strict: bool = False,
        generation: int | None = None,
    ) -> None:
        self.directory = directory
        self.manifest = manifest
        self.live = live
        self.lock = lock
        self.strict = strict
        self.damaged: dict[str, str] = {}
        """Files that could not be read, and why."""
        self._index: OrderedDict[str, I64] = OrderedDict()
        self._index_bytes = 0
        self._tracks: OrderedDict[tuple[str, int, int], tuple[tuple[str, ...], list[Batch]]] = OrderedDict()
        self._track_bytes = 0
        self._windows = Windows()
        self._stamp = (-1, -1)
        self._overlay: Overlay | None = None
        self._overlay_stamp: tuple[int, int] | None = None
        self._follows = generation is None
        self._look_at_generation()
        self._footers: OrderedDict[str, pq.FileMetaData] = OrderedDict()
        self._areas: OrderedDict[str, AreaFile] = OrderedDict()
        self._values: OrderedDict[str, ValueFile] = OrderedDict()
        self._derived: dict[tuple[str, str], Path | None] = {}
        self._minutes: dict[str, I64] = {}
        self._rows_of: OrderedDict[str, dict[str, I64]] = OrderedDict()
        self._index_lock = threading.Lock()

    def positions(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Positions:
        """Return final rows sorted by (address_kind, icao, time_ns, parent).

        icao, address_kind  equally long lists of aircraft; all if not given; without kinds, ICAO addresses
        contradicted        with the rows that were rejected, and their reason
        """
        rows = cast(Positions, self._rows(POSITIONS, from_ns, until_ns, wanted_keys(icao, address_kind)))
        return rows if contradicted else rows.take(rows.verdict != CONTRADICTED)

    def positions_in_parts(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
        most_rows: int = PART_ROWS,
    ) -> Iterator[Positions]:
        """Yield the rows of `positions` in parts, one time after the other, each sorted as there.

        most_rows  of a part, about; a minute that has more is one part
        """
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            live = self.live.get(POSITIONS.name)
            waiting = live.counts() if live is not None else {}
        if icao is not None:
            # A long file is sorted by aircraft: each part of an answer reads what it has of them, however short it is.
            most_rows = round(most_rows / max(self._share(entries, wanted_keys(icao, address_kind)), 1e-6))
        for begin, end in spans(entries, waiting, from_ns, until_ns, most_rows):
            rows = self.positions(begin, end, icao=icao, address_kind=address_kind, contradicted=contradicted)
            if len(rows):
                yield rows

    def _share(self, entries: list[Entry], wanted: I64 | None) -> float:
        """How much of all rows are of some aircraft, by the indexes of files; 1 if these do not tell."""
        mine = total = 0
        for entry in entries:
            total += entry.rows
            if wanted is None or not is_any_of(wanted, self._keys(entry)):
                continue
            index = self._index_of(entry)
            mine += entry.rows if index is None else int(index["rows"][np.isin(index["key"], wanted)].sum())
        return mine / total if total else 1.0

    def states(
        self, from_ns: int, until_ns: int, *, icao: U32 | None = None, address_kind: U8 | None = None
    ) -> AircraftTable:
        """Return what was known of each aircraft from time to time, by (address_kind, icao, seen_time_ns)."""
        return cast(AircraftTable, self._rows(STATES, from_ns, until_ns, wanted_keys(icao, address_kind)))

    def days(self) -> list[str]:
        """Return the UTC days with data, YYYY-MM-DD, in order."""
        with self.lock:
            minutes = [m for table in self.manifest.tables.values() for m in table.order]
            for live in self.live.values():
                minutes += [*live.waiting(), *live.sealed]
        days = np.unique(np.array(minutes, np.int64) // 1440)
        return [day_of_minute(day * 1440) for day in days.tolist()]

    def extent(self) -> tuple[int, int]:
        """Return when the first minute with positions begins and the last ends; (0, 0) if there are none."""
        with self.lock:
            found = self.manifest.tables[POSITIONS.name].extent()
            live = self.live.get(POSITIONS.name)
            minutes = [*(live.counts() if live is not None else ()), *found]
        if not minutes:
            return 0, 0
        return min(minutes) * MINUTE_NS, (max(minutes) + 1) * MINUTE_NS

    def aircraft(self, from_ns: int, until_ns: int) -> tuple[U32, U8]:
        """Return the aircraft that may have rows in a time: addresses and kinds, each once, in the order of files."""
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            waiting = self.live[POSITIONS.name].between(from_ns, until_ns) if POSITIONS.name in self.live else []
        parts = [address_keys(rows) for rows in waiting] + [self._keys(entry) for entry in entries]
        keys = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
        return (keys & 0xFFFFFF).astype(np.uint32), (keys >> 24).astype(np.uint8)

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """Return how many positions there are in a time, about: those of a file are taken as spread evenly."""
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            live = self.live.get(POSITIONS.name)
            waiting = live.counts() if live is not None else {}
        total = 0.0
        for entry in entries:
            length = entry.until_us - entry.from_us + 1
            inside = min(entry.until_us + 1, until_ns // US) - max(entry.from_us, from_ns // US)
            total += entry.rows * max(0.0, min(1.0, inside / length))
        total += sum(rows for minute, rows in waiting.items() if from_ns <= minute * MINUTE_NS < until_ns)
        return round(total)

    def minutes(self, from_ns: int, until_ns: int) -> I64:
        """Return the minutes since 1970 of a time that have positions, in order."""
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            live = self.live.get(POSITIONS.name)
            found = [*(live.counts() if live is not None else ())]
        parts = [np.array(found, np.int64)]
        for entry in entries:
            known = self._minutes.get(entry.path)
            if known is None:
                known = self._minutes[entry.path] = np.array(entry.minutes(), np.int64)
            parts.append(known)
        minutes = np.concatenate(parts)
        minutes = minutes[(minutes >= from_ns // MINUTE_NS) & (minutes * MINUTE_NS < until_ns)]
        if not len(minutes):
            return minutes
        first = int(minutes.min())
        has_rows = np.zeros(int(minutes.max()) - first + 1, np.bool_)
        has_rows[minutes - first] = True
        return np.flatnonzero(has_rows) + first

    def _keys(self, entry: Entry) -> I64:
        """Aircraft of a file; none if it cannot be read."""
        with self._index_lock:
            known = self._index.get(entry.path)
        if known is not None:
            return known
        path = self.directory / entry.path
        try:
            index = self._index_of(entry)
            if index is not None:
                self.remember(entry, index["key"])
                return index["key"]
            with parquet_of(path, str(path)) as file:
                require_columns(POSITIONS, file.schema_arrow, entry.path)
                keys = aircraft_in(file)
        except FileNotFoundError:
            return np.zeros(0, np.int64)
        except ArchiveError as error:
            self._leave_out(entry, error)
            return np.zeros(0, np.int64)
        self.remember(entry, keys)
        return keys

    def cost(
        self,
        from_ns: int,
        until_ns: int,
        *,
        boxes: tuple[Box, ...] | None = None,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
    ) -> int:
        """Return how many rows are read, about, for those in boxes or of some aircraft; both decide by themselves."""
        wanted = wanted_keys(icao, address_kind)
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
        total = 0
        for entry in entries:
            if boxes is not None:
                area = self._area_of(entry)
                total += entry.rows if area is None else min(area.rows_about(boxes), entry.rows)
            elif wanted is not None:
                total += min(int(np.isin(wanted, self._keys(entry)).sum()) * GROUP_ROWS, entry.rows)
            else:
                total += entry.rows
        return total

    def positions_within(self, boxes: tuple[Box, ...], from_ns: int, until_ns: int) -> Iterator[Positions]:
        """Yield the rows in some boxes and a time, and others beside them, in parts of any order.

        boxes  west, south, east, north in degrees, west at most east
        """
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            live = self.live.get(POSITIONS.name)
            waiting = sorted(live.counts()) if live is not None else []
        rest: list[tuple[int, int]] = [(minute * MINUTE_NS, (minute + 1) * MINUTE_NS) for minute in waiting]
        for entry in entries:
            begin, end = entry.from_us * US, (entry.until_us + 1) * US
            # What came late may have a later revision of a row: both are then read together, by time.
            alone = sum(e.from_us <= entry.until_us and e.until_us >= entry.from_us for e in entries) == 1
            area = (
                self._area_of(entry)
                if alone and not any(begin < b and a < end for a, b in rest[: len(waiting)])
                else None
            )
            if area is None:
                rest.append((begin, end))
                continue
            try:
                for rows in area.positions(boxes, from_ns // US, -(-until_ns // US)):
                    yield rows.take(rows.verdict != CONTRADICTED)
            except ArchiveError as error:
                log.warning("areas left out", path=str(area.path), reason=error.what)
                rest.append((begin, end))
        for begin, end in joined_spans(rest):
            yield from self.positions_in_parts(max(begin, from_ns), min(end, until_ns))

    def _groups(self, entry: Entry) -> Iterator[Positions]:
        """All rows of a long file, one row group after the other."""
        path = self.directory / entry.path
        with parquet_of(path, str(path)) as file:
            require_columns(POSITIONS, file.schema_arrow, entry.path)
            for number in range(file.metadata.num_row_groups):
                rows = decoded(POSITIONS, file.read_row_group(number, use_threads=False), entry.path)
                yield cast(Positions, rows)

    def visitors(self, fields: I32, side: int, from_ns: int, until_ns: int) -> tuple[U32, U8]:
        """Return the aircraft that may have begun (side 0) or ended (1) a flight at one of some airfields.

        Those of files that nothing is known of are all among them.
        """
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            waiting = self.live[POSITIONS.name].between(from_ns, until_ns) if POSITIONS.name in self.live else []
        parts = [address_keys(rows) for rows in waiting]
        for entry in entries:
            path = self._derived_of("ends", entry)
            known = None
            if path is not None:
                try:
                    known = aircraft_at(path, fields, side, load_gazetteer().content_hash)
                except (ArchiveError, FileNotFoundError, KeyError) as error:
                    log.warning("ends left out", path=str(path), reason=str(error))
            parts.append(self._keys(entry) if known is None else known)
        keys = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
        return (keys & 0xFFFFFF).astype(np.uint32), (keys >> 24).astype(np.uint8)

    def holders(
        self, name: str, holds: Callable[[Any, Any], NDArray[np.bool_]], from_ns: int, until_ns: int
    ) -> tuple[U32, U8]:
        """Return the aircraft of which something may be so in a time, and others of which nothing is known.

        name   `callsign` and `squawk` as codes, `alt` in feet, `gs` in knots
        holds  says it of least and greatest values; of codes both are the same
        """
        with self.lock:
            entries = self._entries(POSITIONS, from_ns, until_ns)
            waiting = self.live[POSITIONS.name].between(from_ns, until_ns) if POSITIONS.name in self.live else []
        parts = [address_keys(rows) for rows in waiting]
        for entry in entries:
            values = self._values_of(entry)
            parts.append(self._keys(entry) if values is None else values.holders(name, holds))
        keys = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
        return (keys & 0xFFFFFF).astype(np.uint32), (keys >> 24).astype(np.uint8)

    def _values_of(self, entry: Entry) -> ValueFile | None:
        known = self._values.get(entry.path)
        path = self._derived_of("values", entry) if known is None else None
        if path is not None:
            try:
                known = ValueFile(path)
                kept(self._values, entry.path, known, VALUES)
            except (ArchiveError, FileNotFoundError) as error:
                log.warning("values left out", path=str(path), reason=str(error))
        return known

    def _derived_of(self, kind: str, entry: Entry) -> Path | None:
        """A derived file of a long file, if it is there."""
        if entry.span == 1:
            return None
        found = self._derived.get((kind, entry.path))
        if found is None:
            found = derived_path(self.directory, kind, entry)
            if found is not None:
                self._derived[kind, entry.path] = found
        return found

    def _area_of(self, entry: Entry) -> AreaFile | None:
        path = self._derived_of("areas", entry)
        if path is None:
            return None
        area = self._areas.get(entry.path)
        try:
            if area is None:
                area = AreaFile(path)
                kept(self._areas, entry.path, area, FOOTERS)
        except (ArchiveError, FileNotFoundError, ValueError) as error:
            log.warning("areas left out", path=str(path), reason=str(error))
            return None
        return area

    def _index_of(self, entry: Entry) -> dict[str, I64] | None:
        """The aircraft of a long file with their rows; None if that was not made."""
        index = self._rows_of.get(entry.path)
        if index is not None:
            return index
        path = self._derived_of("index", entry)
        if path is None:
            return None
        try:
            index = read_index(path)
        except (ArchiveError, FileNotFoundError) as error:
            log.warning("index left out", path=str(path), reason=str(error))
            return None
        kept(self._rows_of, entry.path, index, INDEXES)
        return index

    @property
    def generation(self) -> int:
        """Which decoding of the receptions answers, see archive/generations.py; 0 is that of the time."""
        return 0 if self._overlay is None else self._overlay.number

    def _entries(self, table: Table, from_ns: int, until_ns: int) -> list[Entry]:
        """Files with rows that may be of a time, those of the generation that answers in the place of the record's."""
        if table is POSITIONS and self._overlay is not None:
            return self._overlay.between(self.manifest, from_ns, until_ns)
        return self.manifest.tables[table.name].between(from_ns, until_ns)

    def _look_at_generation(self) -> None:
        if not self._follows:
            return
        try:
            status = (self.directory / CURRENT).stat()
        except OSError:
            stamp = None
        else:
            stamp = status.st_ino, status.st_mtime_ns
        if stamp == self._overlay_stamp:
            return
        self._overlay_stamp = stamp
        try:
            overlay = overlay_of(self.directory)
        except (ArchiveError, OSError, ValueError) as error:
            log.error("generation left out", reason=str(error))
            overlay = None
        with self.lock:
            self._overlay = overlay

    def refresh(self) -> None:
        """Take in what another process has written since, and which generation answers."""
        self._look_at_generation()
        if self.live:
            return
        path = self.directory / MANIFEST
        status = path.stat() if path.exists() else None
        stamp = (status.st_size, status.st_mtime_ns) if status is not None else (0, 0)
        if stamp != self._stamp:
            with self.lock:
                self.manifest = Manifest(self.directory, None)
                self._stamp = stamp

    def remember(self, entry: Entry, keys: I64) -> None:
        """Note which aircraft a file holds, so that it is not opened for others.

        keys  sorted, each once, see `address_keys`
        """
        with self._index_lock:
            if entry.path not in self._index:
                self._index_bytes += keys.nbytes
            self._index[entry.path] = keys
            self._index.move_to_end(entry.path)
            while self._index_bytes > INDEX_BYTES and len(self._index) > 1:
                self._index_bytes -= self._index.popitem(last=False)[1].nbytes

    def _rows(self, table: Table, from_ns: int, until_ns: int, wanted: I64 | None) -> Batch:
        with self.lock:
            entries = self._entries(table, from_ns, until_ns)
            waiting = self.live[table.name].between(from_ns, until_ns) if table.name in self.live else []
        if wanted is not None and len(wanted) <= FEW:
            parts = self._of_few(table, entries, wanted)
        else:
            parts = self._of_files(table, entries, wanted, from_ns, until_ns)
        for rows in waiting:
            parts.append(rows if wanted is None else rows.take(np.isin(address_keys(rows), wanted)))
        rows = table.batch.concat(parts)
        times = getattr(rows, table.time)
        if len(rows) and (times.min() < from_ns or times.max() >= until_ns):
            rows = rows.take((times >= from_ns) & (times < until_ns))
        return sorted_once(table, rows)

    def _of_files(
        self, table: Table, entries: list[Entry], wanted: I64 | None, from_ns: int = 0, until_ns: int = LATEST_NS
    ) -> list[Batch]:
        span = from_ns // US, -(-until_ns // US)
        stored = [part for entry in entries if (part := self._read(table, entry, wanted, span)) is not None]
        return [decoded(table, pa.concat_tables(stored))] if stored else []

    def _of_few(self, table: Table, entries: list[Entry], wanted: I64) -> list[Batch]:
        """Rows of some aircraft, hour by hour: a map, or a question put again, asks for the same tracks."""
        hours: dict[int, list[Entry]] = {}
        for entry in entries:
            hours.setdefault(entry.minute // 60, []).append(entry)
        parts = []
        for hour, files in hours.items():
            paths = tuple(entry.path for entry in files)
            missing = []
            for key in wanted.tolist():
                with self._index_lock:
                    kept = self._tracks.get((table.name, key, hour))
                    if kept is not None and kept[0] == paths:
                        self._tracks.move_to_end((table.name, key, hour))
                        parts += kept[1]
                        continue
                missing.append(key)
            if not missing:
                continue
            found = self._of_files(table, files, np.array(missing, np.int64))
            parts += found
            keys = [address_keys(rows) for rows in found]
            for key in missing:
                mine = (
                    [rows.take(of == key) for rows, of in zip(found, keys, strict=True)] if len(missing) > 1 else found
                )
                self._keep((table.name, key, hour), paths, [rows for rows in mine if len(rows)])
        return parts

    def _keep(self, key: tuple[str, int, int], paths: tuple[str, ...], rows: list[Batch]) -> None:
        with self._index_lock:
            before = self._tracks.pop(key, ((), []))
            self._tracks[key] = paths, rows
            self._track_bytes += nbytes(rows) - nbytes(before[1])
            while self._track_bytes > TRACK_BYTES:
                self._track_bytes -= nbytes(self._tracks.popitem(last=False)[1][1])

    def _read(
        self, table: Table, entry: Entry, wanted: I64 | None, span: tuple[int, int] = (0, LATEST_NS)
    ) -> pa.Table | None:
        """Return the rows of the wanted aircraft in a file, as stored; None if there are none.

        span  from and until, in microseconds: rows of other times may be left out
        """
        path = self.directory / entry.path
        if wanted is not None:
            with self._index_lock:
                known = self._index.get(entry.path)
                if known is not None:
                    self._index.move_to_end(entry.path)
            if known is not None and not is_any_of(wanted, known):
                return None
        try:
            with parquet_of(path, str(path), self._footers.get(entry.path)) as file:
                if entry.span > 1:
                    kept(self._footers, entry.path, file.metadata, FOOTERS)
                if wanted is None and entry.span > 1:
                    require_columns(table, file.schema_arrow, entry.path)
                    return self._windows.rows(entry, file, *span)
                return self._read_open(table, entry, file, wanted, known is not None if wanted is not None else True)
        except FileNotFoundError:
            with self.lock:
                if entry.path not in self.manifest.entries and not entry.path.startswith(GENERATIONS):
                    return None  # deleted by age or size since the list was taken
            self._leave_out(entry, ArchiveError("the file is missing", source=str(path)))
        except ArchiveError as error:
            self._leave_out(entry, error)
        return None

    def _read_open(
        self, table: Table, entry: Entry, file: pq.ParquetFile, wanted: I64 | None, is_indexed: bool
    ) -> pa.Table | None:
        require_columns(table, file.schema_arrow, entry.path)
        if wanted is None:
            return file.read(use_threads=False)
        if not is_indexed:
            keys = aircraft_in(file)
            self.remember(entry, keys)
            if not is_any_of(wanted, keys):
                return None
        groups = list(range(file.metadata.num_row_groups))
        if len(groups) > 1:
            index = self._index_of(entry) if table is POSITIONS else None
            if index is not None:
                groups = groups_of(file.metadata, index, wanted)
            else:
                groups = [g for g in groups if may_hold(file.metadata.row_group(g), wanted)]
        rows = file.read_row_groups(groups, use_threads=False)
        keys = keys_of(rows)
        if not bool((keys[1:] >= keys[:-1]).all()):
            return rows.take(array_of(np.flatnonzero(np.isin(keys, wanted)).astype(np.int64), None, pa.int64()))
        first, last = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
        slices = [rows.slice(a, b - a) for a, b in zip(first.tolist(), last.tolist(), strict=True) if b > a]
        return pa.concat_tables(slices) if slices else None

    def _leave_out(self, entry: Entry, error: ArchiveError) -> None:
        if self.strict:
            raise error
        if entry.path not in self.damaged:
            self.damaged[entry.path] = error.what
            log.error("stored file left out", path=entry.path, reason=error.what)


def open_history(directory: Path, *, strict: bool = False) -> StoredHistory:
    """Open a store for reading alone, also while another process writes it: the files listed at this moment.

    Raises ArchiveError if a later version wrote it.
    """
    return StoredHistory(directory, Manifest(directory, None), {}, threading.RLock(), strict=strict)


def nbytes(rows: list[Batch]) -> int:
    """Memory that batches take."""
    return sum(int(getattr(batch, name).nbytes) for batch in rows for name in batch.names())


def kept(cache: OrderedDict[str, Any], path: str, value: Any, most: int) -> None:
    """Keep something of a file, and no more than so many."""
    cache[path] = value
    while len(cache) > most:
        try:
            cache.popitem(last=False)
        except KeyError:  # another thread was quicker
            return


def groups_of(metadata: pq.FileMetaData, index: dict[str, I64], wanted: I64) -> list[int]:
    """Return the row groups with rows of some aircraft."""
    sizes = np.array([metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)], np.int64)
    ends = np.cumsum(sizes)
    at = np.searchsorted(index["key"], wanted).clip(0, max(len(index["key"]) - 1, 0))
    mine = at[index["key"][at] == wanted] if len(index["key"]) else at[:0]
    first = np.searchsorted(ends, index["first_row"][mine], "right")
    last = np.searchsorted(ends, index["first_row"][mine] + index["rows"][mine] - 1, "right")
    found = [np.arange(a, z + 1) for a, z in zip(first.tolist(), last.tolist(), strict=True)]
    groups: list[int] = np.unique(np.concatenate([np.zeros(0, np.int64), *found])).tolist()
    return groups


def joined_spans(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans in order, those that touch as one."""
    begin = end = None
    for a, z in sorted(spans):
        if end is not None and begin is not None and a <= end:
            end = max(end, z)
            continue
        if begin is not None and end is not None:
            yield begin, end
        begin, end = a, z
    if begin is not None and end is not None:
        yield begin, end


def wanted_keys(icao: U32 | None, address_kind: U8 | None) -> I64 | None:
    """Keys of the aircraft asked for, sorted, each once; None for all."""
    if icao is None:
        return None
    kinds = np.zeros(len(icao), np.uint8) if address_kind is None else np.asarray(address_kind, np.uint8)
    return np.unique(aircraft_key(np.asarray(icao, np.uint32), kinds))


def is_any_of(wanted: I64, keys: I64) -> bool:
    """Whether sorted lists have something in common."""
    if not len(keys) or not len(wanted):
        return False
    at = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
    return bool((keys[at] == wanted).any())


def keys_of(rows: pa.Table) -> I64:
    """Kind and address of stored rows as one number."""
    return numbers_of(rows.column("icao"))[0] | numbers_of(rows.column("address_kind"))[0] << 24


def aircraft_in(file: pq.ParquetFile) -> I64:
    """Keys of the aircraft of a file, sorted, each once."""
    columns = ["icao", "address_kind"]
    groups = range(file.metadata.num_row_groups)
    found = [np.unique(keys_of(file.read_row_group(group, columns, use_threads=False))) for group in groups]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))


def require_columns(table: Table, schema: pa.Schema, source: str) -> None:
    """Raise ArchiveError if a file does not have the columns of its table."""
    for field in table.schema():
        index = schema.get_field_index(field.name)
        if index < 0 or schema.field(index).type != field.type:
            raise ArchiveError(f"column {field.name!r} is missing or of another type", source=source)


def may_hold(group: Any, wanted: I64) -> bool:
    """Whether a row group can have rows of one of the aircraft, by its statistics."""
    columns = {column.path_in_schema: column for column in map(group.column, range(group.num_columns))}
    icao, kind = columns["icao"].statistics, columns["address_kind"].statistics
    if icao is None or kind is None or not icao.has_min_max or not kind.has_min_max:
        return True
    kinds, addresses = wanted >> 24, wanted & 0xFFFFFF
    return bool(
        ((kinds >= kind.min) & (kinds <= kind.max) & (addresses >= icao.min) & (addresses <= icao.max)).any()
    )  # fmt: skip
