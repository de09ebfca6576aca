"""Receptions through the core again: a new generation of positions beside those of the time.

Each hour is decoded by itself, from five minutes before it on so that aircraft are known, and is written before the
next one begins: a run that ended, however, goes on where it was. What cannot be decoded again, imported rows and those
whose receptions are no longer kept, is copied, so that a generation has all of a day or nothing of it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skywitness import __version__
from skywitness.archive.compaction import Compaction, put_rows
from skywitness.archive.derived import Derived
from skywitness.archive.durable import append_file
from skywitness.archive.files import Files, OsFiles
from skywitness.archive.generations import LOG, LOG_VERSION, Generation, generations_of, home_of, read_generation
from skywitness.archive.layout import DAY, HOUR, MINUTE_NS, POSITIONS, US, settled, sorted_once
from skywitness.archive.ledger import as_line
from skywitness.archive.manifest import Drop, Manifest, day_of_minute
from skywitness.archive.progress import read_decoded
from skywitness.archive.reader import StoredHistory
from skywitness.archive.receivers import Register
from skywitness.archive.retention import take_up
from skywitness.archive.segments import segments_of
from skywitness.archive.tail import BACK_NS, WARM_NS, BlockPlace, blocks_of, tell
from skywitness.batches import Frames, Positions
from skywitness.errors import ConfigError, FormatError
from skywitness.messages.uat.decoder import UatDecoder
from skywitness.pipeline import Pipeline, Settings

__all__ = ["redecode"]

BATCH_ROWS = 1 << 14
AFTER_NS = 15_000_000_000
"""The last word on a row may come so much later."""
HOUR_NS = HOUR * MINUTE_NS
LATEST_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class Part:
    """A block with the time of its receptions."""

    block: BlockPlace
    from_ns: int
    until_ns: int


@dataclass(slots=True)
class Work:
    """One run over a store."""

    directory: Path
    generation: Generation
    files: Files
    base: Manifest
    parts: list[Part]
    register: Register
    settings: Settings
    manifest: Manifest = field(init=False)
    history: StoredHistory = field(init=False)

    def __post_init__(self) -> None:
        """Open the generation's own list of files."""
        self.manifest = Manifest(self.home, self.files)
        take_up(self.manifest, self.files)
        self.manifest.tidy()
        self.history = StoredHistory(self.directory, self.base, {}, threading.RLock(), generation=0)

    @property
    def home(self) -> Path:
        """Where the generation lies."""
        return home_of(self.directory, self.generation.number)

    def log(self, **fields: object) -> None:
        """Write down what is done, and wait until that is safe."""
        append_file(self.files, self.home / LOG, as_line(fields))

    def days(self) -> list[int]:
        """First minutes of the days that have receptions of the time asked for."""
        since, until = self.generation.since_ns, self.generation.until_ns
        found: set[int] = set()
        for part in self.parts:
            begin, end = max(part.from_ns, since, 0), min(part.until_ns, until - 1)
            if begin <= end:
                found |= set(range(begin // MINUTE_NS // DAY * DAY, end // MINUTE_NS + 1, DAY))
        return sorted(found)

    def day(self, day: int, tell_of: Callable[[str], None]) -> None:
        """Make one day, or what is left of it."""
        minutes = self.base.tables[POSITIONS.name]
        entries = minutes.between(day * MINUTE_NS, (day + DAY) * MINUTE_NS)
        numbers = frozenset(entry.number for entry in entries)
        known = self.generation
        if known.begun.get(day) != numbers:
            self.log(kind="begin", day=day, numbers=sorted(numbers))
            known.begun[day] = numbers
            known.days.pop(day, None)
            known.hours = {minute: c for minute, c in known.hours.items() if minute // DAY * DAY != day}
        if day in known.days:
            return
        for hour in range(day, day + DAY, HOUR):
            if hour in known.hours:
                continue
            self._drop(hour)
            counts = self.hour(hour)
            self.log(kind="hour", minute=hour, counts=counts)
            known.hours[hour] = counts
        rows = sum(known.hours[hour]["base"] for hour in range(day, day + DAY, HOUR))
        self.log(kind="day", day=day, rows=rows)
        known.days[day] = rows
        tell_of(day_of_minute(day))

    def _drop(self, hour: int) -> None:
        """Take away what an interrupted run left of an hour, or a run over other rows."""
        day, at_us = hour // DAY * DAY, time.time_ns() // US
        found = [e for e in self.manifest.entries.values() if e.minute == hour or (e.span == DAY and e.minute == day)]
        drops = [Drop(e.path, e.table, day_of_minute(day), "again", e.rows, e.bytes, at_us) for e in found]
        self.manifest.append(drops)
        self.manifest.enter(drops)
        for drop in drops:
            self.files.unlink(self.home / drop.path)

    def hour(self, hour: int) -> dict[str, int]:
        """Decode an hour, write its file and return what came out, compared with the record."""
        begin, end = hour * MINUTE_NS, hour * MINUTE_NS + HOUR_NS
        since, until = max(begin, self.generation.since_ns), min(end, self.generation.until_ns)
        base = self.history.positions(begin, end, contradicted=True)
        made, readable = self.decoded(since, until, base) if since < until else (Positions.empty(), [])
        is_again = (base.time_ns >= since) & (base.time_ns < until) & within(base.parent, readable)
        copied = base.take(~is_again)
        made = made.take((made.time_ns >= since) & (made.time_ns < until))
        made = sorted_once(POSITIONS, settled(POSITIONS, made))
        counts = compared(base.take(is_again), made)
        rows = sorted_once(POSITIONS, Positions.concat([copied, made]))
        if len(rows):
            number = self.manifest.number()
            entry = put_rows(self.home, self.files, POSITIONS, hour, HOUR, number, [rows])
            self.manifest.append([entry])
            self.manifest.enter([entry])
        return counts | {"rows": len(rows), "kept": len(copied), "base": len(base)}

    def decoded(self, since: int, until: int, base: Positions) -> tuple[Positions, list[tuple[int, int]]]:
        """Return the positions of a time and some more, and the ids of the receptions that could be read."""
        settings = Settings(repair=self.settings.repair, provenance=self._provenance(base))
        wanted = None
        if self.generation.receivers:
            wanted = np.array([self.register.by_name[name].number for name in self.generation.receivers])
        chosen = [p for p in self.parts if p.from_ns < until + AFTER_NS and p.until_ns >= since - WARM_NS]
        readable: list[tuple[int, int]] = []
        found: list[Positions] = []

        def of_time(frames: NDArray[np.int64], receiver: NDArray[np.uint16]) -> NDArray[np.bool_]:
            is_mine = (frames >= since - WARM_NS) & (frames < until + AFTER_NS)
            return is_mine if wanted is None else is_mine & np.isin(receiver, wanted)

        pipeline, newest_ns = self._pipeline(settings), 0
        for part in chosen:
            if part.block.is_uat:
                continue
            try:
                frames = part.block.frames()
            except (FormatError, OSError) as error:
                tell(part.block, error)
                continue
            readable.append((int(frames.id[0]), int(frames.id[-1])))
            if part.from_ns < newest_ns - BACK_NS:  # another replay: nothing of the one before holds
                found.append(pipeline.flush().positions)
                pipeline, newest_ns = self._pipeline(settings), 0
            newest_ns = max(newest_ns, part.from_ns)
            mine = frames.take(of_time(frames.time_ns, frames.receiver))
            found += [pipeline.push(batch).positions for batch in batches(mine)]
        found.append(pipeline.flush().positions)
        decoders: dict[int, UatDecoder] = {}
        for part in chosen:
            if not part.block.is_uat:
                continue
            try:
                uat = part.block.uat_frames()
            except (FormatError, OSError) as error:
                tell(part.block, error)
                continue
            readable.append((int(uat.id[0]), int(uat.id[-1])))
            uat = uat.take(of_time(uat.time_ns, uat.receiver))
            for number in np.unique(uat.receiver).tolist():
                decoder = decoders.setdefault(number, UatDecoder(settings.provenance))
                found.append(decoder.push(uat.take(uat.receiver == number)))
        return Positions.concat(found), readable

    def _pipeline(self, settings: Settings) -> Pipeline:
        pipeline = Pipeline(settings)
        for number, receiver in sorted(self.register.by_number.items()):
            if receiver.place is not None:
                pipeline.put_receiver(number, receiver.place.lat_deg, receiver.place.lon_deg)
        return pipeline

    def _provenance(self, base: Positions) -> int:
        """What the rows were called at the time: simulated receptions stay simulated."""
        of = base.provenance[base.parent >= 0]
        if len(of):
            return int(np.bincount(of).argmax())
        mark = read_decoded(self.directory)
        return 0 if mark is None else mark.provenance


def redecode(
    directory: Path,
    *,
    since_ns: int = 0,
    until_ns: int = LATEST_NS,
    receivers: Iterable[str] = (),
    anew: bool = False,
    settings: Settings | None = None,
    files: Files | None = None,
    tell_of: Callable[[str], None] = lambda day: None,
) -> Generation:
    """Decode receptions of a time again and return the generation; it does not answer before `use_generation` says so.

    receivers  names of those that are decoded, as if the others had not listened; all if none are given
    anew       begin another generation though there is one of the same time and version
    tell_of    called with each day that is done

    Raises ArchiveError if another process is at it or a later version wrote the store, ConfigError for a receiver that
    there is not, OSError if the disk fails.
    """
    disk = files or OsFiles()
    register, names = Register(directory), tuple(sorted(set(receivers)))
    for name in names:
        if name not in register.by_name:
            raise ConfigError(f"there is no receiver {name!r}", hint=f"There are: {', '.join(register.by_name)}.")
    key = __version__, since_ns, until_ns, names
    known = generations_of(directory)
    same = [g for g in known if (g.made_by, g.since_ns, g.until_ns, g.receivers) == key]
    number = same[-1].number if same and not anew else max((g.number for g in known), default=0) + 1
    home = home_of(directory, number)
    disk.mkdir(home)
    release = disk.lock(home / "lock", json.dumps({"pid": os.getpid()}))
    try:
        if not same or anew:
            head = {"kind": "head", "version": LOG_VERSION, "made_by": __version__, "since": since_ns}
            append_file(disk, home / LOG, as_line(head | {"until": until_ns, "receivers": list(names)}))
            disk.fsync_dir(home)
            disk.fsync_dir(home.parent)
        else:
            append_file(disk, home / LOG, b"\n")  # after what a crash may have left of a line
        parts = list(parts_of(directory))
        base = Manifest(directory, None)
        work = Work(directory, read_generation(directory, number), disk, base, parts, register, settings or Settings())
        for day in work.days():
            work.day(day, tell_of)
        if not work.generation.is_done:
            work.log(kind="done")
        compaction = Compaction(work.manifest, disk, threading.RLock())
        while compaction.run(LATEST_NS, 64):
            pass
        compaction.finish()
        while Derived(work.manifest, disk).run(64):
            pass
        return read_generation(directory, number)
    finally:
        release()


def parts_of(directory: Path) -> Iterator[Part]:
    """Yield the blocks of a record with their times, in the order in which they were heard."""
    for segment in segments_of(directory):
        blocks = blocks_of(directory, segment)
        for kind in (False, True):
            mine = [block for block in blocks if block.is_uat == kind]
            for block, following in zip(mine, [*mine[1:], None], strict=False):
                until_ns = 0
                if following is not None and following.time_ns >= block.time_ns:
                    until_ns = following.time_ns
                else:  # the last one, or the last one before another replay
                    try:
                        frames = block.uat_frames() if kind else block.frames()
                        until_ns = int(frames.time_ns.max())
                    except (FormatError, OSError) as error:
                        tell(block, error)
                        continue
                yield Part(block, block.time_ns, until_ns)


def batches(frames: Frames) -> Iterator[Frames]:
    """Yield frames in pieces."""
    for start in range(0, len(frames), BATCH_ROWS):
        yield frames.slice(start, min(start + BATCH_ROWS, len(frames)))


def within(ids: NDArray[np.int64], ranges: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which receptions are among some ranges of them."""
    inside = np.zeros(len(ids), np.bool_)
    if ranges:
        first, last = (np.array(ends) for ends in zip(*sorted(ranges), strict=True))
        at = np.searchsorted(first, ids, "right") - 1
        inside = (at >= 0) & (ids <= last[at.clip(0)])
    return inside


def compared(old: Positions, new: Positions) -> dict[str, int]:
    """Count the rows that are the same, new, gone and changed; a row is known by its newest reception."""
    old, new = old.take(np.argsort(old.parent, kind="stable")), new.take(np.argsort(new.parent, kind="stable"))
    both, mine, others = np.intersect1d(old.parent, new.parent, return_indices=True)
    before, after = old.take(mine), new.take(others)
    is_same = np.ones(len(both), np.bool_)
    for name in Positions.names():
        if name == "revision":
            continue  # how often it was looked at says nothing of it
        a, b = getattr(before, name), getattr(after, name)
        is_same &= (a == b) | ((a != a) & (b != b))
    same = int(is_same.sum())
    return {"same": same, "new": len(new) - len(both), "gone": len(old) - len(both), "changed": len(both) - same}
