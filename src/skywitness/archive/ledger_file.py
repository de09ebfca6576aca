"""The ledger in the writing: lines wait here until the disk has them, and now and then the file is written anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from skywitness.archive.durable import append_file
from skywitness.archive.files import Files
from skywitness.archive.ledger import LEDGER, LEDGER_VERSION, Gap, as_line, compact, read_lines

__all__ = ["LedgerFile"]

log = structlog.get_logger("skywitness.archive")

GROWTH = 1 << 20
"""After so many bytes more, and twice as many as before, the ledger is written anew."""
MOST_LINES = 100_000
"""Lines that wait in memory while the ledger cannot be written; beyond, the oldest are given up."""


class LedgerFile:
    """Any thread may add lines; one thread writes. A new ledger gets its head, a torn one an end to its last line."""

    def __init__(self, directory: Path, files: Files) -> None:
        self.directory = directory
        self.files = files
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        path = directory / LEDGER
        lines, _, is_torn = read_lines(path)
        if is_torn:
            self._waiting.append(b"\n")
        if not lines:
            self._waiting.append(as_line({"kind": "head", "version": LEDGER_VERSION}))
        self._bytes = self._least = path.stat().st_size if path.exists() else 0

    def line(self, fields: dict[str, object]) -> None:
        """Add a line."""
        with self._lock:
            self._waiting.append(as_line(fields))

    def gap(self, gap: Gap) -> None:
        """Add a gap as it is now."""
        self.line(gap.fields())

    def write(self) -> None:
        """Write what waits; what cannot be written goes on waiting."""
        with self._lock:
            lines, self._waiting = self._waiting, []
        if not lines:
            return
        try:
            append_file(self.files, self.directory / LEDGER, b"".join(lines))
            self.files.fsync_dir(self.directory)
            self._bytes += sum(map(len, lines))
        except OSError as error:  # perhaps half of it is there: a line's end first, then all of it again
            with self._lock:
                waiting = [b"\n", *(line for line in lines if line != b"\n"), *self._waiting]
                self._waiting = waiting[-MOST_LINES:]
            log.warning("ledger cannot be written", error=str(error))

    def tidy(self, oldest_ns: Callable[[], int]) -> None:
        """Write the file anew if it has grown much.

        oldest_ns  gives the time of the oldest of what is kept: the ledger tells of nothing before
        """
        if self._bytes < GROWTH + 2 * self._least or self._waiting:
            return
        try:
            self._bytes = compact(self.directory, self.files, oldest_ns())
        except OSError as error:
            log.warning("ledger cannot be written anew", error=str(error))
        self._least = self._bytes
