"""The last minutes: rows that are not in a file yet, by the minute they belong to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skywitness.archive.layout import MINUTE_NS, Table, settled
from skywitness.batches import Batch

__all__ = ["EARLIEST_NS", "LATEST_NS", "Live"]

EARLIEST_NS = 0
LATEST_NS = 4_102_444_800_000_000_000
"""Rows before 1970 or after 2099 have no time worth the name: they are counted and left to the raw record."""

INCOMING_AT_MOST = 256
"""Small batches are gathered before they are looked at."""


@dataclass(slots=True)
class Minute:
    """Rows of one minute, in the pieces they came in."""

    since_ns: int
    """The node's time when the first of them came."""
    parts: list[Any] = field(default_factory=list)
    rows: int = 0
    is_settled: bool = False
    """Whether the first part is as it will come back from a file."""


class Live:
    """Rows of one table that wait for their file. Thread-safe; the lock is shared with those who list the files."""

    def __init__(self, table: Table, lock: threading.RLock) -> None:
        self.table = table
        self.lock = lock
        self.minutes: dict[int, Minute] = {}
        self.sealed: dict[int, Minute] = {}
        """Minutes that are being written."""
        self.rows = 0
        """All that wait."""
        self.dropped: dict[str, int] = {}
        """Rows not taken, by reason."""
        self._incoming: list[Batch] = []
        self._now_ns = 0

    def add(self, rows: Batch, now_ns: int) -> None:
        """Take in rows of any time and order."""
        if not len(rows):
            return
        with self.lock:
            self._incoming.append(rows)
            self.rows += len(rows)
            self._now_ns = now_ns
            if len(self._incoming) >= INCOMING_AT_MOST:
                self._sort_in()

    def between(self, from_ns: int, until_ns: int) -> list[Any]:
        """Batches that may hold rows of [from_ns, until_ns), each settled."""
        with self.lock:
            self._sort_in()
            return [
                self._joined(minute)
                for minutes in (self.sealed, self.minutes)
                for number, minute in minutes.items()
                if number * MINUTE_NS < until_ns and (number + 1) * MINUTE_NS > from_ns
            ]

    def counts(self) -> dict[int, int]:
        """Minutes with rows that are in no file yet, and how many."""
        with self.lock:
            self._sort_in()
            found: dict[int, int] = {}
            for minutes in (self.sealed, self.minutes):
                for number, minute in minutes.items():
                    found[number] = found.get(number, 0) + minute.rows
            return found

    def waiting(self) -> dict[int, int]:
        """Minutes with rows that are not being written, and since when each waits."""
        with self.lock:
            self._sort_in()
            return {number: minute.since_ns for number, minute in self.minutes.items()}

    def oldest_ns(self) -> int | None:
        """The node's time when the first of the rows came that are in no file yet; None if there are none."""
        with self.lock:
            self._sort_in()
            return min((m.since_ns for minutes in (self.sealed, self.minutes) for m in minutes.values()), default=None)

    def seal(self, number: int) -> list[Any]:
        """Return a minute's rows, for a file. They are kept until `release`; what comes now waits anew."""
        with self.lock:
            minute = self.sealed[number] = self.minutes.pop(number)
            return list(minute.parts)

    def unseal(self, number: int) -> None:
        """Let a minute wait again: it could not be written."""
        with self.lock:
            minute = self.sealed.pop(number)
            later = self.minutes.get(number)
            if later is not None:
                minute.parts += later.parts
                minute.rows += later.rows
            self.minutes[number] = minute

    def release(self, number: int) -> int:
        """Let go of a sealed minute; return how many rows that were."""
        with self.lock:
            minute = self.sealed.pop(number)
            self.rows -= minute.rows
            return minute.rows

    def give_up(self, number: int) -> int:
        """Let go of a minute that waits; return how many rows that were."""
        with self.lock:
            rows = self.minutes.pop(number).rows
            self.rows -= rows
            return rows

    def _joined(self, minute: Minute) -> Any:
        """All of a minute's rows, settled; only a reader needs them so, a file takes them as they came."""
        if len(minute.parts) > 1 or not minute.is_settled:
            minute.parts = [settled(self.table, self.table.batch.concat(minute.parts))]
            minute.is_settled = True
        return minute.parts[0]

    def _sort_in(self) -> None:
        """Put what came in to its minute."""
        if not self._incoming:
            return
        rows: Batch = self.table.batch.concat(self._incoming)
        self._incoming = []
        times = getattr(rows, self.table.time)
        good = (times >= EARLIEST_NS) & (times < LATEST_NS)
        if not good.all():
            bad = int(len(rows) - good.sum())
            self.dropped["untimed"] = self.dropped.get("untimed", 0) + bad
            self.rows -= bad
            rows = rows.take(good)
            if not len(rows):
                return
        numbers = getattr(rows, self.table.time) // MINUTE_NS
        for number in np.unique(numbers).tolist():
            mine = numbers == number
            part = rows if mine.all() else rows.take(mine)
            minute = self.minutes.setdefault(number, Minute(self._now_ns))
            minute.parts.append(part)
            minute.rows += len(part)
