"""The record of a node: receptions into segments, positions and states into the spool, gaps into the ledger.

`push` only puts a batch in a queue. One thread writes, every half second makes safe what it wrote, and then says how
far each receiver's receptions are safe: its watermark.
"""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog

from skywitness.archive.durable import append_file
from skywitness.archive.files import Files, OsFiles
from skywitness.archive.layout import MINUTE_NS
from skywitness.archive.ledger import Gap, read_ledger
from skywitness.archive.ledger_file import LedgerFile
from skywitness.archive.progress import Progress
from skywitness.archive.raw import Piece, Raw, UatPiece
from skywitness.archive.receivers import Register
from skywitness.archive.recovery import make_directories, recover
from skywitness.archive.sealer import Sealer
from skywitness.archive.segments import read_header, segment_path, segments_of
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.archive.tail import Tail, find_tail
from skywitness.archive.watermarks import WatermarkFile
from skywitness.batches import U16, Frames, Positions
from skywitness.coverage.report import Watermark
from skywitness.errors import FormatError
from skywitness.frames.formats.segment_blocks import BLOCK_ROWS, ReceiverRows
from skywitness.frames.formats.segment_uat import UAT_ROW
from skywitness.frames.formats.uat import UatFrames
from skywitness.frames.receiver import Place, Receiver
from skywitness.pipeline import Output
from skywitness.questions.answer import Searchable
from skywitness.tracks.aircraft import AircraftTable

__all__ = ["LOCK", "Recorder", "RecorderSettings"]

log = structlog.get_logger("skywitness.archive")

LOCK = "lock"
LOGGED_S = 60.0
FAULT_SHOWN_S = 60.0
"""How long after a fault of the program the alarm stays."""
SEAL_LOOK_S = 5.0
IDLE_S = 60.0
"""After so long without receptions, none are on their way."""


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """What an operator can choose."""

    fsync_s: float = 0.5
    """What was heard is safe on the disk after so long, and the time that the disk takes."""
    segment_bytes: int = 256_000_000
    segment_s: float = 3600.0
    """A segment ends when it is so large or so old."""
    queue_bytes: int = 64_000_000
    """Of batches in memory that the disk has not taken yet; what comes beyond is a gap."""
    reserve_bytes: int = 200_000_000
    """Recording stops while less than this is free."""
    retry_s: float = 5.0
    """After so long it tries again."""
    level: int = 1
    """Of zstd."""
    seal: bool = True
    """Hash closed segments in a process of its own."""
    spool: SpoolSettings = field(default_factory=SpoolSettings)


@dataclass(frozen=True, slots=True)
class Item:
    """What waits for the thread."""

    piece: Piece | UatPiece | None
    positions: Positions | None
    states: AircraftTable | None
    now_ns: int
    bytes: int
    is_late: bool = False
    """Whether the rows are of the past, see `fill`."""
    is_last: bool = False
    """Whether they are the last of these."""


class Recorder:
    """Keeps everything that the core puts out.

    directory  made if it is not there
    threaded   False leaves the work of the thread to a caller of `turn`

    Raises ArchiveError if another process records there or a later version did, OSError if the disk fails.
    """

    def __init__(
        self,
        directory: Path,
        settings: RecorderSettings | None = None,
        files: Files | None = None,
        *,
        threaded: bool = True,
    ) -> None:
        self.directory = directory
        self.settings = settings or RecorderSettings()
        self.files = files or OsFiles()
        began = time.perf_counter()
        self.files.mkdir(directory)
        says = json.dumps({"pid": os.getpid(), "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        self._release = self.files.lock(directory / LOCK, says)
        try:
            self._open()
        except BaseException:
            self._release()
            raise
        self.start_s = time.perf_counter() - began
        """How long the start took."""
        self._thread = threading.Thread(target=self._run, name="skywitness-recorder", daemon=True) if threaded else None
        if self._thread is not None:
            self._thread.start()

    def _open(self) -> None:
        make_directories(self.directory, self.files)
        self.register = Register(self.directory)
        ledger = read_ledger(self.directory)
        self.recovered = recover(self.directory, self.files)
        """What the start found."""
        self._sequences = dict(self.recovered.sequences)  # next one to be given, by receiver
        self._watermarks = WatermarkFile(self.directory, self.files, self.recovered.watermarks, self._sequences)
        self._raw = Raw(
            self.directory,
            self.files,
            self.register,
            dict(self._sequences),
            self._watermarks.publish,
            reserve_bytes=self.settings.reserve_bytes,
            retry_s=self.settings.retry_s,
            level=self.settings.level,
        )
        self.spool = Spool(self.directory, self.settings.spool, self.files)
        self.history: Searchable = self.spool.history
        self.sealer = Sealer(self.directory)
        self._segment, self._row, self._uat_row = self.recovered.segment, 0, 0
        self._segment_at = self._reserved_at = time.monotonic()
        self._lock = threading.Condition()
        self._queue: list[Item] = []
        self._queued_bytes = self._queued_rows = 0
        self._overflow: list[tuple[dict[int, tuple[int, int]], int]] = []
        self._closing = self._closed = False
        self._problem = ""
        self._faulty_at = 0.0
        self._now_ns = 0
        self._connection: dict[int, int] = {}
        self._ledger = LedgerFile(self.directory, self.files)
        self._open_gaps = {gap.receiver: gap for gap in ledger.gaps if gap.until_ns is None}
        self._connections = max([ledger.connections, *(m.connection for m in self._watermarks.published.values())])
        self._logged_at = self._sealed_at = self._synced_at = time.monotonic()
        self._progress = Progress(self.directory, self.files, is_new=not segments_of(self.directory))
        self._files_marked = 0
        crashed = [
            Gap(number, "crash", self._last_heard(number), None, name=str(line.get("name", "")))
            for number, line in sorted(ledger.connected.items())
        ]
        for gap in crashed:
            gap.first = self._sequences.get(gap.receiver, 0)
            told = {"kind": "disconnected", "receiver": gap.receiver, "at": gap.from_ns}
            self._ledger.line(told | {"cause": "the node ended without notice"})
            self._ledger.gap(gap)
            self._open_gaps[gap.receiver] = gap
        for number, (first, last) in self.recovered.missing.items():
            log.error("receptions that were safe are missing", receiver=number, first=first, last=last)
            self._ledger.gap(
                Gap(number, "error", time.time_ns(), time.time_ns(), first, last, cause="safe rows are missing")
            )
        self._tidy()

    def receiver(
        self,
        name: str,
        *,
        uuid: str = "",
        place: Place | None = None,
        public_key: bytes = b"",
        own: bool = True,
        place_public: bool = False,
    ) -> Receiver:
        """Return the receiver of this name: its number is the same for ever in this directory.

        Raises ArchiveError if there are no more numbers.
        """
        return self.register.receiver(
            name, uuid=uuid, place=place, public_key=public_key, own=own, place_public=place_public
        )  # fmt: skip

    def connected(self, number: int, url: str, now_ns: int) -> int:
        """Note that a receiver came; return the number of the connection, counted over the life of the directory."""
        with self._lock:
            self._now_ns = now_ns
            self._connections += 1
            self._connection[number] = self._connections
            gap = self._open_gaps.pop(number, None)
            if gap is not None:
                self._ledger.gap(dataclasses.replace(gap, until_ns=max(now_ns, gap.from_ns)))
            self._ledger.line(
                {
                    "kind": "connected",
                    "receiver": number,
                    "name": self._name(number),
                    "connection": self._connections,
                    "url": url,
                    "at": now_ns,
                }
            )
            return self._connections

    def disconnected(self, number: int, reason: str, now_ns: int) -> None:
        """Note that a receiver went: a gap begins."""
        with self._lock:
            if self._connection.pop(number, None) is None:
                return
            self._ledger.line({"kind": "disconnected", "receiver": number, "at": now_ns, "cause": reason})
            gap = Gap(number, "disconnected", now_ns, None, name=self._name(number), cause=reason)
            self._open_gaps[number] = gap
            self._ledger.gap(gap)

    def reserve(self, rows: int, now_ns: int) -> int:
        """Return the id (segment << 32 | row) of the first of so many receptions; the ids follow one another."""
        with self._lock:
            self._roll(rows, now_ns)
            first = self._segment << 32 | self._row
            self._row += rows
            return first

    def reserve_uat(self, rows: int, now_ns: int) -> int:
        """The same for receptions on 978 MHz, which are counted apart."""
        with self._lock:
            self._roll(rows, now_ns)
            first = self._segment << 32 | UAT_ROW | self._uat_row
            self._uat_row += rows
            return first

    def _roll(self, rows: int, now_ns: int) -> None:
        """Begin another segment if this one has become too large or too old for so many rows more."""
        raw = self._raw
        is_full = (
            max(self._row, self._uat_row) + rows > UAT_ROW
            or (raw.segment == self._segment and raw.size >= self.settings.segment_bytes)
            or time.monotonic() - self._segment_at >= self.settings.segment_s
            or (raw.broken >= self._segment and time.monotonic() >= raw.retry_at)
        )
        if is_full and (self._row or self._uat_row):
            self._segment, self._row, self._uat_row = self._segment + 1, 0, 0
            self._segment_at = time.monotonic()
        self._reserved_at = time.monotonic()
        self._progress.heard(self._segment << 32 | self._row, now_ns)

    def push(self, output: Output, now_ns: int) -> None:
        """Take in what the core put out, and return at once. What the disk is too slow for becomes a gap."""
        frames, positions = output.frames, output.positions
        if not len(frames) and not len(positions):
            return
        size = 46 * len(frames) + 96 * len(positions)
        with self._lock:
            if self._closing:
                return
            self._now_ns = now_ns
            if len(positions) and positions.parent[-1] >= 0:
                self._progress.made(int(positions.provenance[-1]))
            piece = self._piece(frames, now_ns) if len(frames) else None
            if self._queued_bytes + size > self.settings.queue_bytes and self._queue:
                if piece is not None:
                    self._overflow.append((piece.spans(), now_ns))
                size, piece = 96 * len(positions), None
                if self._queued_bytes + size > 2 * self.settings.queue_bytes:
                    return
            self._queue.append(Item(piece, positions if len(positions) else None, None, now_ns, size))
            self._queued_bytes += size
            self._queued_rows += len(frames)
            if self._queued_rows >= BLOCK_ROWS:
                self._lock.notify()

    def push_uat(self, frames: UatFrames, uplinks: tuple[bytes, ...], now_ns: int) -> None:
        """Take in receptions on 978 MHz, with ids of `reserve_uat`; their positions come by `push`.

        uplinks  the 432 bytes of each row that a ground station sent

        Raises ValueError if they are not as many as these rows.
        """
        if len(uplinks) != int(frames.uplink.sum()):
            raise ValueError("an uplink's bytes are missing")
        if not len(frames):
            return
        size = 60 * len(frames) + 432 * len(uplinks)
        with self._lock:
            if self._closing:
                return
            self._now_ns = now_ns
            piece = UatPiece(frames, uplinks, self._numbered(frames.receiver), now_ns)
            if self._queued_bytes + size > self.settings.queue_bytes and self._queue:
                self._overflow.append((piece.spans(), now_ns))
                return
            self._queue.append(Item(piece, None, None, now_ns, size))
            self._queued_bytes += size

    def states(self, table: AircraftTable, now_ns: int) -> None:
        """Take in what is known of each aircraft."""
        with self._lock:
            if not self._closing:
                self._queue.append(Item(None, None, table, now_ns, 0))

    def tail(self) -> Tail:
        """Return the receptions that must be decoded once more, because their rows may have gone with a crash.

        Whoever asks gives the rows to `fill` and then says `filled`; until then the next start will find them too.
        """
        tail = find_tail(self.directory, self._progress.first, self.recovered.segment << 32)
        provenance = self._last_provenance() if self._progress.first is None else self._progress.mark.provenance
        return dataclasses.replace(tail, provenance=provenance)

    def _last_provenance(self) -> int:
        """What was made of receptions last, by the rows in the files; a mark that says so is missing."""
        minutes = self.spool.manifest.tables["positions"].order
        last_ns = minutes[-1] * MINUTE_NS if minutes else 0
        rows = self.spool.history.positions(last_ns, last_ns + MINUTE_NS, contradicted=True)
        return int(rows.provenance[rows.parent.argmax()]) if len(rows) and rows.parent.max() >= 0 else 0

    def fill(self, positions: Positions, states: AircraftTable | None) -> bool:
        """Take in rows of the past; False if the queue is so full that they must wait, or the record is closing."""
        size = 96 * len(positions) + 300 * (len(states) if states is not None else 0)
        with self._lock:
            if self._closing or self._queued_bytes > self.settings.queue_bytes // 4:
                return False
            self._queue.append(Item(None, positions, states, self._now_ns, size, is_late=True))
            self._queued_bytes += size
            return True

    def filled(self) -> None:
        """Note that all rows of the tail were given to `fill`."""
        with self._lock:
            self._queue.append(Item(None, None, None, self._now_ns, 0, is_late=True, is_last=True))

    def watermarks(self) -> dict[int, Watermark]:
        """What is safe on disk, by receiver number."""
        return self._watermarks.published

    def alarm(self) -> str:
        """Why recording has stopped, in words; empty if it has not."""
        return self._raw.problem or self._problem or self.spool.alarm()

    def metrics(self) -> dict[str, float]:
        """Counters and gauges, by full name."""
        raw = self._raw
        out: dict[str, float] = {
            "skywitness_record_receptions_total": raw.counts["rows"],
            "skywitness_record_bytes_total": raw.counts["bytes"],
            "skywitness_record_blocks_total": raw.counts["blocks"],
            "skywitness_record_segments_total": raw.counts["segments"],
            "skywitness_record_fsyncs_total": raw.counts["fsyncs"],
            "skywitness_record_fsync_seconds_total": raw.fsync_s,
            "skywitness_record_failures_total": raw.counts["failures"],
            "skywitness_record_queue_bytes": self._queued_bytes,
            "skywitness_record_stopped": float(bool(self.alarm())),
            "skywitness_record_seals_waiting": self.sealer.backlog,
            "skywitness_record_seals_total": self.sealer.sealed,
            "skywitness_record_torn_bytes": sum(self.recovered.torn.values()),
        }
        for reason, count in raw.dropped.items():
            out[f'skywitness_record_dropped_total{{reason="{reason}"}}'] = count
        return out | self.spool.metrics()

    def close(self) -> None:
        """Write everything, make it safe, and let go of the directory."""
        if self._closed:
            return
        with self._lock:
            now_ns = self._now_ns or time.time_ns()
            for number in list(self._connection):
                self.disconnected(number, "stopped", now_ns)
            self._closing = True
            self._lock.notify()
        if self._thread is not None:
            self._thread.join()
        else:
            self.turn()
        self.sealer.close()
        self._closed = True
        self._release()

    def _piece(self, frames: Frames, now_ns: int) -> Piece:
        """Put rows in the order of their ids, each id once, and give them their sequence numbers."""
        if (np.diff(frames.id) < 1).any():
            frames = frames.take(np.unique(frames.id, return_index=True)[1])
        return Piece(frames, self._numbered(frames.receiver), now_ns)

    def _numbered(self, receiver: U16) -> dict[int, ReceiverRows]:
        """Give rows their sequence numbers: the first one of each receiver."""
        receivers = {}
        for number, count in enumerate(np.bincount(receiver).tolist()):
            if count:
                first = self._sequences.get(number, 0)
                self._sequences[number] = first + count
                receivers[number] = ReceiverRows(first, self._connection.get(number, 0))
        return receivers

    def turn(self, *, is_due: bool = True) -> None:
        """Write what waits, and, if it is time, make it safe and say so."""
        with self._lock:
            items, self._queue = self._queue, []
            lost, self._overflow = self._overflow, []
            self._queued_rows = 0
            closing = self._closing
        try:
            self._write(items, lost, is_due=is_due or closing, closing=closing)
        finally:
            with self._lock:
                self._queued_bytes -= sum(item.bytes for item in items)

    def _run(self) -> None:
        """The thread: a turn whenever a block is full, or when it is time to make safe what was written."""
        due = time.monotonic() + self.settings.fsync_s
        closing = False
        while not closing:
            with self._lock:
                wait = due - time.monotonic()
                if wait > 0 and not self._closing and self._queued_rows < BLOCK_ROWS:
                    self._lock.wait(wait)
                closing = self._closing
            is_due = time.monotonic() >= due
            if is_due:
                due = time.monotonic() + self.settings.fsync_s
            try:
                self.turn(is_due=is_due)
                if time.monotonic() - self._faulty_at > FAULT_SHOWN_S:
                    self._problem = ""
            except Exception as error:  # recording must go on with the next batch, whatever this one was
                log.exception("recorder failed")
                self._faulty_at = time.monotonic()
                self._problem = f"recording is disturbed by an internal error ({type(error).__name__})"

    def _write(
        self,
        items: Iterable[Item],
        lost: Iterable[tuple[dict[int, tuple[int, int]], int]],
        *,
        is_due: bool,
        closing: bool,
    ) -> None:
        if self.register.pending:
            self._write_register()
        self._ledger.write()  # who came is noted before anything of theirs is said to be safe
        for item in items:
            if isinstance(item.piece, UatPiece):
                self._raw.push_uat(item.piece)
            elif item.piece is not None:
                self._raw.push(item.piece)
        for spans, now_ns in lost:
            self._raw.lose(spans, "overflow", now_ns)
        if is_due:
            self._raw.fsync()
        if closing:
            self._raw.close()
        for gap in self._raw.ended:
            self._ledger.gap(gap)
        self._raw.ended = []
        self._ledger.write()
        self._ledger.tidy(self._oldest_ns)
        for item in items:
            if item.is_late:
                self._late(item)
                continue
            if item.positions is not None:
                self.spool.push(item.positions, item.now_ns)
            if item.states is not None:
                self.spool.states(item.states, item.now_ns)
        if closing:
            self.spool.close()
        self._mark(closing=closing)
        if not closing and self.settings.seal and time.monotonic() - self._sealed_at >= SEAL_LOOK_S:
            self._sealed_at = time.monotonic()
            self._end_idle_segment()
            self.sealer.look(max(self._raw.segment, self.recovered.segment))
        if is_due and time.monotonic() - self._logged_at >= LOGGED_S:
            self._logged_at = time.monotonic()
            published = self._watermarks.published
            marks = {self._name(n): f"{m.connection}/{m.sequence}" for n, m in sorted(published.items())[:50]}
            log.info("safe on disk", receivers=len(published), watermarks=marks)

    def _end_idle_segment(self) -> None:
        """Close a segment that is old enough and to which nothing comes any more: its seal would wait."""
        now = time.monotonic()
        with self._lock:
            is_old = now - self._segment_at >= self.settings.segment_s and now - self._reserved_at >= IDLE_S
            if not (is_old and (self._row or self._uat_row)) or self._queue:
                return
            self._segment, self._row, self._uat_row, self._segment_at = self._segment + 1, 0, 0, now
            following = self._segment
        self._raw.end(following)

    def _late(self, item: Item) -> None:
        """Rows of the past wait for their files as others do, and say nothing of the present."""
        for name, rows in (("positions", item.positions), ("states", item.states)):
            if rows is not None:
                self.spool.live[name].add(rows, item.now_ns)
        if sum(live.rows for live in self.spool.live.values()) > self.settings.spool.rows_at_most:
            self.spool.flush()
        if item.is_last:
            self._progress.filled()

    def _mark(self, *, closing: bool) -> None:
        """Write down from where on a crash would cost rows: when files have been written, or once a minute."""
        files = self.spool.counts["files"]
        if not closing and files == self._files_marked and not self._progress.is_due():
            return
        with self._lock:
            if closing and not self.spool.problem:
                self._progress.finish(self._segment + 1 << 32)
            elif self._now_ns:
                since = [ns for live in self.spool.live.values() if (ns := live.oldest_ns()) is not None]
                self._progress.advance(min([self._now_ns, *since]))
        self._files_marked = files
        self._progress.write()

    def _write_register(self) -> None:
        with self.register.lock:
            lines, self.register.pending = self.register.pending, []
        try:
            append_file(self.files, self.register.path, b"".join(lines))
            self.files.fsync_dir(self.directory)
        except OSError as error:
            with self.register.lock:  # perhaps half of it is there: a line's end first, then all of it again
                self.register.pending = [b"\n", *(line for line in lines if line != b"\n"), *self.register.pending]
            log.warning("receivers cannot be written", error=str(error))
            self._raw.hold = error
            return
        self._raw.hold = None

    def _oldest_ns(self) -> int:
        """When the oldest of what is kept is from; the ledger tells of nothing before."""
        with self.spool.lock:
            oldest = [minutes.order[0] * MINUTE_NS for minutes in self.spool.manifest.tables.values() if minutes.order]
        for segment in segments_of(self.directory)[:1]:
            path = segment_path(self.directory, segment)
            try:
                with path.open("rb") as file:
                    oldest.append(read_header(file, path.name).start_ns)
            except (FormatError, OSError):
                oldest.append(0)
        return min(oldest, default=0)

    def _tidy(self) -> None:
        """Write what the start has to say, and make safe what it found."""
        if self.recovered.torn:
            log.warning("the node ended without notice", torn=self.recovered.torn)
        self._write_register()
        self._ledger.write()
        self._ledger.tidy(self._oldest_ns)

    def _name(self, number: int) -> str:
        known = self.register.by_number.get(number)
        return known.name if known else ""

    def _last_heard(self, number: int) -> int:
        """Time at which a receiver was surely heard and kept last: where the gap of a crash begins."""
        mark = self.recovered.watermarks.get(number)
        return self.recovered.last_ns.get(number) or (mark.time_ns if mark else time.time_ns())
