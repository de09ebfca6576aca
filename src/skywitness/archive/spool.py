"""Rows into minute files: positions as they become final, states from time to time.

A minute is written once its rows are final, a few seconds after its end; what comes later makes one more file of the
same minute, with a higher number. A row that is written twice counts once. Rows wait in memory until their file is safe
and listed: then, in one step, they are read from there.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog

from skywitness.archive.compaction import Compaction, CompactionSettings
from skywitness.archive.derived import KINDS, Derived
from skywitness.archive.durable import Disk, Files, put_file
from skywitness.archive.layout import MINUTE_NS, POSITIONS, STATES, US, minute_path, packed
from skywitness.archive.live import Live
from skywitness.archive.manifest import Entry, Gone, Manifest, day_of_minute
from skywitness.archive.reader import StoredHistory
from skywitness.archive.retention import Limits, Retention, take_up
from skywitness.batches import I64, Positions
from skywitness.errors import ArchiveError
from skywitness.tracks.aircraft import AircraftTable, aircraft_key

__all__ = ["Spool", "SpoolSettings"]

log = structlog.get_logger("skywitness.archive")

NS_PER_S = 1_000_000_000
LOOK_NS = NS_PER_S
MERGED_AT_ONCE = 4
"""Files made of others in a minute, so that a start after a long time does not take the whole machine."""
RETRY_NS = 5 * NS_PER_S
AGAIN_NS = 10 * NS_PER_S
"""A minute that was written already waits so long for further rows."""
BACK_NS = 60 * NS_PER_S
"""If the node's time falls back this far, another replay has begun: what waits is final."""


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """What an operator can choose."""

    states_every_s: float = 10.0
    """What is known of each aircraft is kept this often, while it is heard."""
    close_after_s: float = 5.0
    """How long after its end a minute waits for the last words on its rows."""
    rows_at_most: int = 4_000_000
    """Rows in memory, of 100 bytes; beyond, all are written, or, if they cannot be, the oldest are given up."""
    limits: Limits = field(default_factory=Limits)
    """How long and how much is kept."""
    compaction: CompactionSettings | None = field(default_factory=CompactionSettings)
    """When small files become large ones; None: never."""
    derived: tuple[str, ...] = KINDS
    """What is made of long files so that they are asked quickly."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file on its way into the manifest."""

    entry: Entry
    live: Live
    keys: I64
    """Of its aircraft, see `address_keys`."""


class Spool:
    """The columnar part of a store. One writer a directory, whose thread calls everything but `history` and `metrics`.

    directory  the data directory; the caller holds its lock
    files      how files are written

    Raises ArchiveError if a later version wrote the store.
    """

    def __init__(self, directory: Path, settings: SpoolSettings | None = None, files: Files | None = None) -> None:
        self.directory = directory
        self.settings = settings or SpoolSettings()
        self.files = files or Disk()
        self.files.mkdir(directory)
        self.manifest = Manifest(directory, self.files)
        self.found = take_up(self.manifest, self.files)
        """What the start found amiss, by kind."""
        self.manifest.tidy()
        self.lock = threading.RLock()
        self.live = {table.name: Live(table, self.lock) for table in (POSITIONS, STATES)}
        self.history = StoredHistory(directory, self.manifest, self.live, self.lock)
        self.retention = Retention(self.manifest, self.files, self.settings.limits, self.lock)
        choice = self.settings.compaction
        self.derived = Derived(self.manifest, self.files, self.settings.derived)
        self.compaction = None if choice is None else Compaction(self.manifest, self.files, self.lock, choice)
        self._merging: threading.Thread | None = None
        self.problem = ""
        """Why nothing can be written at the moment; empty if all is well."""
        self.counts = {"files": 0, "rows": 0, "bytes": 0, "failures": 0, "lost": 0}
        self.written_s = 0.0
        self._unlisted: list[Written] = []
        self._days: set[Path] = set()
        self._lost: dict[tuple[str, str], Gone] = {}
        self._heard = np.zeros(0, np.int64), np.zeros(0, np.int64)  # keys of the last states, and their times
        self._states_ns = self._looked_ns = self._now_ns = self._retained_ns = -(1 << 62)
        self._retry_ns = -(1 << 62)

    def push(self, positions: Positions, now_ns: int) -> None:
        """Take in position rows of any revision."""
        self.live["positions"].add(positions, now_ns)
        self._look(now_ns)

    def states(self, table: AircraftTable, now_ns: int) -> None:
        """Take in what is known of all aircraft; those heard since the last time are kept."""
        if 0 <= now_ns - self._states_ns < self.settings.states_every_s * NS_PER_S:
            return
        self._states_ns = now_ns
        keys = aircraft_key(table.icao, table.address_kind)
        before, seen = self._heard
        at = np.searchsorted(before, keys).clip(0, max(len(before) - 1, 0))
        is_new = np.ones(len(keys), np.bool_)
        if len(before):
            is_new = (before[at] != keys) | (seen[at] != table.seen_time_ns)
        order = np.argsort(keys, kind="stable")
        self._heard = keys[order], table.seen_time_ns[order]
        self.live["states"].add(table.take(is_new), now_ns)
        self._look(now_ns)

    def flush(self) -> None:
        """Write everything now; what cannot be written stays."""
        self._write({name: list(live.waiting()) for name, live in self.live.items()})

    def close(self) -> None:
        """Write everything and let go. A row that still cannot be written is counted as lost."""
        if self._merging is not None:
            self._merging.join()
        self.flush()
        for file in self._unlisted:
            file.live.unseal(file.entry.minute)
        self._unlisted = []
        for live in self.live.values():
            for number in list(live.waiting()):
                self._give_up(live, number, self.problem or "closed")

    def alarm(self) -> str:
        """Why rows are not written, in words; empty if they are."""
        return self.problem

    def metrics(self) -> dict[str, float]:
        """Counters and gauges, by full name."""
        out: dict[str, float] = {
            "skywitness_store_files_written_total": self.counts["files"],
            "skywitness_store_rows_written_total": self.counts["rows"],
            "skywitness_store_bytes_written_total": self.counts["bytes"],
            "skywitness_store_write_failures_total": self.counts["failures"],
            "skywitness_store_write_seconds_total": self.written_s,
            'skywitness_store_rows_dropped_total{reason="unwritable"}': self.counts["lost"],
            "skywitness_store_files_damaged": len(self.history.damaged),
        }
        for name, live in self.live.items():
            out[f'skywitness_store_rows_waiting{{table="{name}"}}'] = live.rows
            for reason, count in live.dropped.items():
                out[f'skywitness_store_rows_dropped_total{{table="{name}",reason="{reason}"}}'] = count
        with self.lock:
            for name, minutes in self.manifest.tables.items():
                out[f'skywitness_store_files{{table="{name}"}}'] = minutes.files
                out[f'skywitness_store_bytes{{table="{name}"}}'] = minutes.bytes
        for reason, count in self.retention.deleted.items():
            out[f'skywitness_store_files_deleted_total{{reason="{reason}"}}'] = count
        return out

    def _look(self, now_ns: int) -> None:
        """Write what is due, once a second of the node's time."""
        fell_back = now_ns < self._now_ns - BACK_NS
        self._now_ns = now_ns if fell_back else max(now_ns, self._now_ns)
        if fell_back:
            self._looked_ns = self._retry_ns = self._retained_ns = now_ns - RETRY_NS
            self._states_ns = min(self._states_ns, now_ns)
        waiting = sum(live.rows for live in self.live.values())
        is_full = waiting > self.settings.rows_at_most
        if not is_full and now_ns - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now_ns
        if is_full and self.problem:
            self._give_up_oldest()
        if now_ns < self._retry_ns:
            return
        self._write(
            {
                name: [n for n, since in live.waiting().items() if fell_back or is_full or self._is_due(name, n, since)]
                for name, live in self.live.items()
            }
        )
        if now_ns - self._retained_ns >= MINUTE_NS:
            self._retained_ns = now_ns
            self._retain(now_ns)
            self._merge(now_ns)

    def _is_due(self, table: str, minute: int, since_ns: int) -> bool:
        """Whether nothing more is to be expected for a minute."""
        wait_s = self.settings.close_after_s + (self.settings.states_every_s if table == "states" else 0)
        return self._now_ns >= max((minute + 1) * MINUTE_NS + int(wait_s * NS_PER_S), since_ns + AGAIN_NS)

    def _write(self, due: dict[str, list[int]]) -> None:
        """Write minutes, all in one entry to the manifest, and hand them over from memory to the files."""
        if self._unlisted and not self._list():
            return
        began = time.perf_counter()
        written: list[Written] = []
        try:
            for name, minutes in due.items():
                for minute in sorted(minutes):
                    written.append(self._put(self.live[name], minute))
            for directory in {(self.directory / file.entry.path).parent for file in written}:
                self.files.fsync_dir(directory)
        except OSError as error:
            self._fail(error)
            for file in written:
                self._undo(file)
            return
        self._unlisted = written
        if (written or self._lost) and self._list():
            self.written_s += time.perf_counter() - began

    def _list(self) -> bool:
        """Enter in the manifest what was written, and hand its rows over from memory to the files.

        If that fails it is tried again later with the same files: whether the lines are on the disk is not known then.
        """
        files = self._unlisted
        lines: list[Entry | Gone] = [*(file.entry for file in files), *self._lost.values()]
        try:
            self.manifest.append(lines)
        except OSError as error:
            self._fail(error)
            return False
        with self.lock:
            self.manifest.enter(lines)
            for file in files:
                file.live.release(file.entry.minute)
        for file in files:
            self.history.remember(file.entry, file.keys)
            self.counts["files"] += 1
            self.counts["rows"] += file.entry.rows
            self.counts["bytes"] += file.entry.bytes
        if self.problem:
            log.info("store is written again")
        self.problem = ""
        self._unlisted = []
        self._lost.clear()
        return True

    def _fail(self, error: OSError) -> None:
        self.counts["failures"] += 1
        self._retry_ns = self._now_ns + RETRY_NS
        if not self.problem:
            log.error("store cannot be written", reason=str(error))
        self.problem = f"the store cannot be written: {error.strerror or error}"

    def _put(self, live: Live, minute: int) -> Written:
        """Write one file; it counts once the manifest says so."""
        parts = live.seal(minute)
        try:
            file = packed(live.table, parts)
            number = self.manifest.number()
            path = minute_path(live.table.name, minute * MINUTE_NS, number)
            self._make_day((self.directory / path).parent)
            put_file(self.files, self.directory / path, file.data)
        except BaseException:
            live.unseal(minute)
            raise
        entry = Entry(
            path=path,
            table=live.table.name,
            minute=minute,
            rows=file.rows,
            bytes=len(file.data),
            sha256=hashlib.sha256(file.data).hexdigest(),
            from_us=file.from_us,
            until_us=file.until_us,
            number=number,
        )
        return Written(entry, live, file.keys)

    def _make_day(self, day: Path) -> None:
        """Make a day's directory, so that its name too survives a loss of power."""
        if day not in self._days:
            self.files.mkdir(day)
            self.files.fsync_dir(day.parent)
            self.files.fsync_dir(self.directory)
            self._days.add(day)

    def _undo(self, file: Written) -> None:
        """Take back a file that was not entered; one that stays is taken up at the next start, its rows count once."""
        file.live.unseal(file.entry.minute)
        try:
            self.files.unlink(self.directory / file.entry.path)
        except OSError as error:
            log.warning("file left over", path=file.entry.path, reason=str(error))

    def _give_up_oldest(self) -> None:
        """Make room in memory while nothing can be written: half of it, oldest first; the manifest will tell."""
        minutes = sorted((n, live.table.name) for live in self.live.values() for n in live.waiting())
        for number, name in minutes:
            if sum(live.rows for live in self.live.values()) <= self.settings.rows_at_most // 2:
                return
            self._give_up(self.live[name], number, "unwritable")

    def _give_up(self, live: Live, number: int, reason: str) -> None:
        rows = live.give_up(number)
        self.counts["lost"] += rows
        key = live.table.name, day_of_minute(number)
        before = self._lost.get(key) or self.manifest.gone.get((*key, "unwritable"))
        self._lost[key] = Gone(*key, "unwritable", 0, rows + (before.rows if before else 0), 0, self._now_ns // US)
        log.error("rows given up", table=live.table.name, minute=number, rows=rows, reason=reason)

    def _merge(self, now_ns: int) -> None:
        """Merge files that are due, beside the writing of new ones."""
        if self.compaction is None or (self._merging is not None and self._merging.is_alive()):
            return
        self._merging = threading.Thread(target=self._merge_some, args=(now_ns,), name="compaction", daemon=True)
        self._merging.start()

    def _merge_some(self, now_ns: int) -> None:
        try:
            if self.compaction is not None:
                self.compaction.run(now_ns, MERGED_AT_ONCE)
                self.derived.run(MERGED_AT_ONCE)
        except (OSError, ArchiveError) as error:
            log.warning("files cannot be merged", reason=str(error))

    def _retain(self, now_ns: int) -> None:
        try:
            self.retention.run(now_ns)
        except OSError as error:
            log.warning("old files cannot be deleted", reason=str(error))
