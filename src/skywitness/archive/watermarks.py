"""How far each receiver's receptions are safe: published in memory first, with a log that follows and never leads.

The log grows by a line whenever something was made safe; when it is large it is written anew with one line. A torn end
is no harm: a start reads what is whole, and looks at the segments themselves.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from skywitness.archive.durable import put_file
from skywitness.archive.files import Files
from skywitness.archive.ledger import as_line, read_lines
from skywitness.coverage.report import Watermark

__all__ = ["WATERMARKS", "WatermarkFile", "read_watermarks"]

log = structlog.get_logger("skywitness.archive")

WATERMARKS = Path("log") / "watermarks"
MOST_BYTES = 1 << 20


class WatermarkFile:
    """The watermarks of all receivers. `publish` belongs to one thread; anybody may read `published`.

    recovered  what the log of before promised, see `read_watermarks`
    sequences  next sequence number of each receiver, as the segments have it
    """

    def __init__(
        self, directory: Path, files: Files, recovered: Mapping[int, Watermark], sequences: Mapping[int, int]
    ) -> None:
        self._path = directory / WATERMARKS
        self._files = files
        self._bytes = MOST_BYTES  # the file is written anew, so that no torn end stays in it
        self.published: dict[int, Watermark] = dict(recovered)
        """By receiver number; never changed, but replaced."""
        at_ns = time.time_ns()
        for number, following in sequences.items():
            old = self.published.get(number)
            self.published[number] = Watermark(old.connection if old else 0, following - 1, at_ns)

    def publish(self, more: Mapping[int, tuple[int, int]]) -> None:
        """Say that the receptions of these receivers are safe up to (connection, sequence number).

        A log that cannot be written is tried again, whole, with the next ones.
        """
        at_ns = time.time_ns()
        marks = {number: Watermark(connection, sequence, at_ns) for number, (connection, sequence) in more.items()}
        self.published = {**self.published, **marks}
        try:
            if self._bytes >= MOST_BYTES:
                line = marks_line(self.published, at_ns)
                put_file(self._files, self._path, line)
                self._files.fsync_dir(self._path.parent)
                self._bytes = len(line)
            else:
                line = marks_line(marks, at_ns)
                file = self._files.open_append(self._path)
                try:
                    file.write(line)
                finally:
                    file.close()
                self._bytes += len(line)
        except OSError as error:
            self._bytes = MOST_BYTES
            log.warning("watermarks cannot be written", error=str(error))


def marks_line(marks: Mapping[int, Watermark], at_ns: int) -> bytes:
    """The line of the log."""
    receivers = [[number, mark.connection, mark.sequence] for number, mark in sorted(marks.items())]
    return as_line({"at": at_ns, "receivers": receivers})


def read_watermarks(directory: Path) -> dict[int, Watermark]:
    """Return what the log promises, by receiver number; lines that are damaged count as far as they can be read."""
    found: dict[int, Watermark] = {}
    for line in read_lines(directory / WATERMARKS)[0]:
        try:
            at_ns = int(line["at"])
            for number, connection, sequence in line["receivers"]:
                before = found.get(number)
                if before is None or sequence >= before.sequence:
                    found[int(number)] = Watermark(int(connection), int(sequence), at_ns)
        except (KeyError, TypeError, ValueError):
            continue
    return found
