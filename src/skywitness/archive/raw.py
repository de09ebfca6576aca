"""Receptions into segments: blocks are written as they fill, made safe together, and given up in order.

What cannot be written is no error to the caller: recording stops, the rows that come are counted as a gap, and every
few seconds a new segment is tried. A segment in which a write failed is cut to its last whole block and never touched
again.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from skywitness.archive.files import Files
from skywitness.archive.ledger import Gap
from skywitness.archive.receivers import Register
from skywitness.archive.segments import SegmentWriter, segment_path
from skywitness.batches import Frames
from skywitness.frames.formats.segment import SegmentHeader
from skywitness.frames.formats.segment_blocks import BLOCK_ROWS, ReceiverRows, encode_block
from skywitness.frames.formats.segment_uat import encode_uat_block
from skywitness.frames.formats.uat import UatFrames
from skywitness.frames.receiver import Receiver

__all__ = ["Piece", "Raw", "UatPiece"]

log = structlog.get_logger("skywitness.archive")

HURRIED_LEVEL = -3
"""Of zstd, when more than a block waits at once: 16 % more bytes in half the time."""
UAT_BYTES = 1 << 22
"""Of receptions on 978 MHz in a block."""
QUIET_S = 5.0
"""A gap has ended when nothing was lost for so long: losses close together are one line in the ledger."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Receptions of one push."""

    frames: Frames
    receivers: dict[int, ReceiverRows]
    """Of each receiver that occurs: sequence number of the first row, and the connection."""
    now_ns: int

    def runs(self) -> Iterator[Piece]:
        """The same rows, cut where an id does not follow the one before."""
        breaks = np.flatnonzero(np.diff(self.frames.id) != 1) + 1
        if not len(breaks):
            yield self
            return
        receivers = self.receivers
        for start, stop in itertools.pairwise([0, *breaks.tolist(), len(self.frames)]):
            frames = self.frames.slice(start, stop)
            counts = np.bincount(frames.receiver, minlength=1 + max(receivers)).tolist()
            yield Piece(frames, {n: rows for n, rows in receivers.items() if counts[n]}, self.now_ns)
            receivers = after(receivers, counts)

    def encoded(self, level: int) -> bytes:
        """The rows as a block."""
        return encode_block(self.frames, self.receivers, level)

    def spans(self) -> dict[int, tuple[int, int]]:
        """First and last sequence number of each receiver."""
        counts = np.bincount(self.frames.receiver).tolist()
        return {n: (rows.sequence, rows.sequence + counts[n] - 1) for n, rows in self.receivers.items()}


@dataclass(frozen=True, slots=True)
class UatPiece:
    """Receptions on 978 MHz of one push; their ids follow one another."""

    frames: UatFrames
    uplinks: tuple[bytes, ...]
    """The 432 bytes of each row that a ground station sent."""
    receivers: dict[int, ReceiverRows]
    now_ns: int

    def encoded(self, level: int) -> bytes:
        """The rows as a block."""
        return encode_uat_block(self.frames, self.uplinks, self.receivers, level)

    def spans(self) -> dict[int, tuple[int, int]]:
        """First and last sequence number of each receiver."""
        counts = np.bincount(self.frames.receiver).tolist()
        return {n: (rows.sequence, rows.sequence + counts[n] - 1) for n, rows in self.receivers.items()}


def joined(pieces: list[UatPiece]) -> Iterator[UatPiece]:
    """The same rows in as few pieces as their ids allow."""
    while pieces:
        size = 1
        while size < len(pieces) and int(pieces[size].frames.id[0]) == int(pieces[size - 1].frames.id[-1]) + 1:
            size += 1
        mine, pieces = pieces[:size], pieces[size:]
        receivers: dict[int, ReceiverRows] = {}
        for piece in reversed(mine):
            for number, rows in piece.receivers.items():
                last = receivers.get(number, rows)
                receivers[number] = ReceiverRows(rows.sequence, last.connection)
        uplinks = tuple(data for piece in mine for data in piece.uplinks)
        yield UatPiece(UatFrames.concat(piece.frames for piece in mine), uplinks, receivers, mine[-1].now_ns)


def after(receivers: dict[int, ReceiverRows], counts: list[int]) -> dict[int, ReceiverRows]:
    """Where sequence numbers go on after so many rows of each."""
    return {n: ReceiverRows(rows.sequence + counts[n], rows.connection) for n, rows in receivers.items()}


class Raw:
    """Writes segments. One thread calls everything but what is read from `size`, `broken` and `retry_at`.

    synced  called with connection and last sequence number of each receiver when more of them is safe
    """

    def __init__(
        self,
        directory: Path,
        files: Files,
        register: Register,
        sequences: dict[int, int],
        synced: Callable[[dict[int, tuple[int, int]]], None],
        *,
        reserve_bytes: int,
        retry_s: float,
        level: int,
    ) -> None:
        self.directory = directory
        self.files = files
        self.register = register
        self.sequences = sequences
        """Next sequence number in the files, by receiver."""
        self.synced = synced
        self.reserve_bytes = reserve_bytes
        self.retry_s = retry_s
        self.level = level
        self.size = 0
        self.segment = -1
        """The segment that is written; also after it was given up."""
        self.broken = -1
        """Segments up to this one take no more rows."""
        self.retry_at = 0.0
        self.problem = ""
        self.ended: list[Gap] = []
        """Gaps to be entered in the ledger."""
        self.counts = {"rows": 0, "bytes": 0, "blocks": 0, "segments": 0, "fsyncs": 0, "failures": 0}
        self.hold: OSError | None = None
        """Why nothing may be written: the receivers' numbers are not safe."""
        self.dropped: dict[str, int] = {"disk_full": 0, "overflow": 0, "error": 0}
        self.fsync_s = 0.0
        self._writer: SegmentWriter | None = None
        self._told: dict[int, Receiver] = {}
        self._version = -1
        self._pending: list[Piece] = []
        self._pending_uat: list[UatPiece] = []
        self._rows = self._uat_bytes = 0
        self._next_id = -1
        self._distrusted = False
        self._unsafe: dict[int, tuple[int, int, int]] = {}
        """Connection, first and last sequence number written since the last fsync."""
        self._gaps: dict[tuple[int, str], tuple[Gap, float]] = {}
        self._reason = "error"

    def push(self, piece: Piece) -> None:
        """Take in rows; whole blocks are written at once."""
        for part in piece.runs():
            if int(part.frames.id[0]) < self._next_id:
                self.lose(part.spans(), "error", part.now_ns)  # an id that was written already is not written again
                continue
            self._next_id = int(part.frames.id[-1]) + 1
            if any(int(other.frames.id[0]) >> 32 != int(part.frames.id[0]) >> 32 for other in self._waiting()):
                self.write()
            if self._pending and int(part.frames.id[0]) != int(self._pending[-1].frames.id[-1]) + 1:
                self.write()
            self._pending.append(part)
            self._rows += len(part.frames)
            if self._rows >= BLOCK_ROWS:
                self.write()

    def push_uat(self, piece: UatPiece) -> None:
        """Take in receptions on 978 MHz; they are written with the next block or before the next fsync."""
        if any(int(other.frames.id[0]) >> 32 != int(piece.frames.id[0]) >> 32 for other in self._waiting()):
            self.write()
        self._pending_uat.append(piece)
        self._uat_bytes += 40 * len(piece.frames) + 432 * len(piece.uplinks)
        if self._uat_bytes > UAT_BYTES:
            self.write()

    def _waiting(self) -> list[Piece | UatPiece]:
        """The oldest of what waits."""
        return [*self._pending[:1], *self._pending_uat[:1]]

    def write(self) -> None:
        """Write what waits, in blocks."""
        self._write_pending()
        pieces, self._pending_uat, self._uat_bytes = self._pending_uat, [], 0
        for piece in joined(pieces):
            self._write_block(piece, self.level)

    def _write_pending(self) -> None:
        pending, self._pending, self._rows = self._pending, [], 0
        if not pending:
            return
        frames = Frames.concat(piece.frames for piece in pending)
        level = HURRIED_LEVEL if len(frames) > BLOCK_ROWS else self.level
        receivers: dict[int, ReceiverRows] = {}
        for piece in reversed(pending):  # the first piece says where the sequence begins, the last one who is connected
            for number, rows in piece.receivers.items():
                last = receivers.get(number, rows)
                receivers[number] = ReceiverRows(rows.sequence, last.connection)
        for start in range(0, len(frames), BLOCK_ROWS):
            part = frames.slice(start, min(start + BLOCK_ROWS, len(frames)))
            counts = np.bincount(part.receiver, minlength=1 + max(receivers)).tolist()
            present = {n: rows for n, rows in receivers.items() if counts[n]}
            self._write_block(Piece(part, present, pending[-1].now_ns), level)
            receivers = after(receivers, counts)

    def fsync(self) -> None:
        """Make everything written safe and say so."""
        self.write()
        if self._writer is not None and self._writer.size != self._writer.synced:
            try:
                self._make_safe(self._writer)
            except OSError as error:
                self._fail(error)
        self._end_gaps()

    def end(self, following: int) -> bool:
        """Close the segment, if one is open, so that it can be sealed; the next rows will ask for `following`."""
        self.fsync()
        if self._writer is None:
            return False
        self._writer.close()
        self._writer = None
        self.segment, self.size = following, 0
        return True

    def lose(self, spans: dict[int, tuple[int, int]], reason: str, now_ns: int) -> None:
        """Note that rows are not kept: first and last sequence number, by receiver."""
        for number, (first, last) in spans.items():
            self._lose(number, first, last, reason, now_ns)

    def close(self) -> None:
        """Make everything safe and let go; gaps end here."""
        self.fsync()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._end_gaps(all_of_them=True)

    def _write_block(self, piece: Piece | UatPiece, level: int) -> None:
        spans = piece.spans()
        reason = "error"
        try:
            if self._ready(int(piece.frames.id[0]) >> 32, piece.now_ns):
                assert self._writer is not None
                block = piece.encoded(level)
                self._writer.append(block)
                self.size = self._writer.size
                self.counts["rows"] += len(piece.frames)
                self.counts["bytes"] += len(block)
                self.counts["blocks"] += 1
                for number, (first, last) in spans.items():
                    if number in self._unsafe:
                        first = self._unsafe[number][1]
                    self._unsafe[number] = piece.receivers[number].connection, first, last
                    self.sequences[number] = last + 1
                return
            reason = self._reason
        except OSError as error:
            reason = self._fail(error)
        except ValueError as error:
            log.error("receptions cannot be written", rows=len(piece.frames), reason=str(error))
            reason = "error"
        self.lose(spans, reason, piece.now_ns)

    def _ready(self, segment: int, now_ns: int) -> bool:
        """Whether the segment that ids ask for can be written; opens it if it is the next one. Raises OSError."""
        if segment <= self.broken or segment < self.segment:
            return False
        if self.hold is not None:
            raise self.hold
        if segment != self.segment and self._writer is not None:
            self._close_segment()
            if segment <= self.broken:
                return False
        if self.files.free(self.directory) < self.reserve_bytes:
            self.segment = segment
            raise OSError(errno.ENOSPC, f"less than {self.reserve_bytes // 1_000_000} MB are free")
        if self._writer is None:
            self.segment = segment
            header = SegmentHeader(segment, now_ns, self.register.node)
            try:
                self._writer = SegmentWriter(self.files, self.directory, header)
            except OSError:
                with contextlib.suppress(OSError):
                    self.files.unlink(segment_path(self.directory, segment))
                raise
            self.counts["segments"] += 1
            self._told = {}
            self._version = -1
            if self.problem:
                log.info("recording again", segment=segment)
                self.problem = ""
        if self._version != self.register.version:
            with self.register.lock:
                known, self._version = dict(self.register.by_number), self.register.version
            self._writer.receivers(
                {n: r for n, r in known.items() if self._told.get(n) is not r}, self.sequences
            )  # fmt: skip
            self._told = known
        return True

    def _close_segment(self) -> None:
        """End a segment before the next one begins: safe first, so that only the newest one can ever be torn."""
        assert self._writer is not None
        self._make_safe(self._writer)
        self._writer.close()
        self._writer = None

    def _make_safe(self, writer: SegmentWriter) -> None:
        began = time.perf_counter()
        try:
            writer.fsync()
        except OSError:
            self._distrusted = True  # the system may have dropped what it could not write: a second fsync would lie
            raise
        self.fsync_s += time.perf_counter() - began
        self.counts["fsyncs"] += 1
        self._safe()

    def _safe(self) -> None:
        marks = {number: (connection, last) for number, (connection, _, last) in self._unsafe.items()}
        self._unsafe = {}
        if marks:
            self.synced(marks)

    def _fail(self, error: OSError) -> str:
        """Give the segment up, cut to what is whole if the disk still lets us; return the reason."""
        self.counts["failures"] += 1
        self._reason = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "error"
        self.broken = max(self.broken, self.segment)
        self.retry_at = time.monotonic() + self.retry_s
        what = "the disk is full" if self._reason == "disk_full" else "the disk cannot be written"
        if not self.problem:
            log.error("recording stopped", reason=self._reason, error=str(error))
        self.problem = f"recording has stopped: {what} ({error.strerror or error})"
        writer, self._writer = self._writer, None
        distrusted, self._distrusted = self._distrusted, False
        if writer is not None:
            try:
                writer.close()
                self.files.truncate(writer.path, writer.synced if distrusted else writer.size)
                if not distrusted:
                    self._safe()
            except OSError as again:
                log.warning("segment could not be cut", segment=writer.segment, error=str(again))
        for number, (_, first, last) in self._unsafe.items():
            self._lose(number, first, last, self._reason, time.time_ns())
        self._unsafe = {}
        return self._reason

    def _lose(self, number: int, first: int, last: int, reason: str, now_ns: int) -> None:
        self.dropped[reason] += last - first + 1
        key = number, reason
        if key in self._gaps:
            gap = self._gaps[key][0]
            gap.first, gap.last = min(gap.first or 0, first), max(gap.last or 0, last)
            gap.until_ns = max(gap.from_ns, now_ns)
        else:
            known = self.register.by_number.get(number)
            gap = Gap(number, reason, now_ns, now_ns, first, last, known.name if known else "", self.problem)
        self._gaps[key] = gap, time.monotonic()

    def _end_gaps(self, *, all_of_them: bool = False) -> None:
        """Hand over gaps in which nothing more was lost for a while."""
        if self.problem and not all_of_them:
            return
        now = time.monotonic()
        for key, (gap, at) in list(self._gaps.items()):
            if all_of_them or now - at > QUIET_S:
                self.ended.append(gap)
                del self._gaps[key]
