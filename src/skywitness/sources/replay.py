"""Recordings played again: one or several on one time line, at their own pace, faster, or as fast as the core takes.

One thread reads them all and lays out what is due. The core finds it at the beginning of its turn, of all recordings
up to the same moment, so that what several receivers heard together stays together at any pace. When the core does
not keep up, time stands still.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import structlog

from skywitness.batches import I64, PROVENANCES, UNTIMED, Frames, Positions
from skywitness.errors import ConfigError, SkywitnessError
from skywitness.sources.link import Intake, Link
from skywitness.sources.readers import FRAME_FORMATS, Recording, open_recording
from skywitness.sources.tcp import options_of
from skywitness.sources.url import SourceSpec
from skywitness.units import NS_PER_S

__all__ = ["TimeLine"]

log = structlog.get_logger("skywitness.sources")

STEP_S = 0.05
"""How often a paced replay lays out what is due."""
STAGED_ROWS = 1 << 17
"""Rows laid out and not taken at which reading stops."""
ROW_BYTES = 48
LOOP_GAP_NS = NS_PER_S
SIMULATED = PROVENANCES.index("simulated")
NEVER_NS = np.iinfo(np.int64).max

Batch = Frames | Positions


class _Track:
    """One recording on the time line: a batch of which `at` rows are laid out, and how to get the next."""

    def __init__(self, spec: SourceSpec, number: int, intake: Intake) -> None:
        self.spec = spec
        self.number = number
        self.link: Link | None = None
        self.batch: Batch | None = None
        self.due_ns: I64 = np.empty(0, np.int64)
        """When each row of the batch is due: never before the one before."""
        self.at = 0
        self.shift_ns = 0
        """From the recording's time to the time line's."""
        self.first_ns = 0
        self.last_ns = UNTIMED
        self.reason = ""
        """Why it ended; empty while it goes on."""
        self.rows = 0
        self._intake = intake
        self._recording: Recording | None = None
        self._batches: Iterator[Batch] = iter(())

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.batch is None and bool(self.reason)

    def open(self) -> None:
        """Read the beginning. Raises what `open_recording` does."""
        recording = open_recording(
            self.spec.path if self.spec.kind == "file" else "-", segment=self.number,
            format=self.spec.format or None, gps=self.spec.gps,
        )  # fmt: skip
        self._recording = recording
        is_frames = recording.format in FRAME_FORMATS
        self._batches = recording.frames() if is_frames else recording.positions()
        self.last_ns = UNTIMED
        if self.link is None:
            options = options_of(self.spec, replay=True)
            if not is_frames and options.provenance == 0:
                options = dataclasses.replace(options, provenance=PROVENANCES.index("imported"))
            self.link = self._intake.open(
                self.spec.name, self.spec.url, recording.format, options, batches=True, abuse=self._end
            )  # fmt: skip

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason

    def fill(self) -> None:
        """Read until there is a batch, or `reason` says why there will be none."""
        while self.batch is None and not self.reason:
            try:
                batch = next(self._batches, None)
            except SkywitnessError as error:
                self._end(str(error))
                return
            except OSError as error:
                self._end(f"reading failed: {error.strerror}")
                return
            if batch is None:
                self._end("end of the recording")
                return
            if len(batch):
                self._set(batch)

    def _set(self, batch: Batch) -> None:
        link, recording = self.link, self._recording
        if link is None or recording is None:
            return
        if recording.simulated and link.options.provenance != SIMULATED:
            link.options = dataclasses.replace(link.options, provenance=SIMULATED)
        link.uuid, link.stations = recording.uuid, recording.stations
        self.batch, self.at = batch, 0
        self._set_due()

    def _set_due(self) -> None:
        if self.batch is None:
            return
        # Rows without a time are due with the row before.
        due = np.maximum.accumulate(self.batch.time_ns)
        if self.last_ns != UNTIMED:
            due = np.maximum(due, self.last_ns - self.shift_ns)
        self.due_ns = np.where(due == UNTIMED, UNTIMED, due + self.shift_ns)

    def move(self, shift_ns: int) -> None:
        """Set where on the time line the recording lies."""
        self.shift_ns = shift_ns
        self._set_due()

    def until(self, time_ns: int) -> Batch | None:
        """Rows of the batch that are due by then."""
        if self.batch is None:
            return None
        end = int(np.searchsorted(self.due_ns, time_ns, "right"))
        if end <= self.at:
            return None
        rows = self.batch.slice(self.at, end)
        if self.shift_ns:
            moved = np.where(rows.time_ns == UNTIMED, UNTIMED, rows.time_ns + self.shift_ns)
            rows = dataclasses.replace(rows, time_ns=moved)
        self.last_ns = max(self.last_ns, int(self.due_ns[end - 1]))
        self.rows += end - self.at
        self.at = end
        if end == len(self.batch):
            self.batch = None
        return rows

    def next_ns(self) -> int:
        """When the next row is due; NEVER_NS if there is none."""
        return int(self.due_ns[self.at]) if self.batch is not None else NEVER_NS

    def end_ns(self) -> int:
        """When the last row of the batch at hand is due; NEVER_NS if there is none."""
        return int(self.due_ns[-1]) if self.batch is not None else NEVER_NS


class TimeLine(threading.Thread):
    """Plays recordings, all at the pace of the first. Raises ConfigError if they are to have different ones.

    A recording that cannot be opened, or is damaged, ends with the reason; the others go on.
    """

    def __init__(self, specs: Sequence[SourceSpec], intake: Intake) -> None:
        super().__init__(name="skywitness-replay", daemon=True)
        if len({(spec.speed, spec.loop) for spec in specs}) > 1:
            raise ConfigError(
                "recordings on one time line go at one pace", hint="Give all the same `speed` and the same `loop`."
            )  # fmt: skip
        self.speed = specs[0].speed
        self.loop = specs[0].loop
        self.is_done = threading.Event()
        """All recordings have been played and taken."""
        self.failures: dict[str, str] = {}
        """Recordings that could not be opened, by name."""
        self.rounds = 0
        self.lock = threading.Lock()
        self._tracks = [_Track(spec, number, intake) for number, spec in enumerate(specs)]
        self._staged: list[tuple[Link, Batch | str]] = []
        """What is laid out, in order: rows, or why a link ends."""
        self._staged_rows = 0
        self._staged_ns = UNTIMED
        self._now_ns = UNTIMED
        self._room = threading.Event()
        self._stopping = threading.Event()
        intake.add_turn(self._commit)

    def now_ns(self) -> int:
        """The present of the replay: how far the core has been given it. UNTIMED before the first row."""
        return self._now_ns

    def states(self) -> list[tuple[str, str, str, str]]:
        """Name, URL, state (`playing` or `ended`) and reason of each recording."""
        return [
            (
                track.spec.name,
                track.spec.url,
                "ended" if track.is_over or self.is_done.is_set() else "playing",
                track.reason,
            )
            for track in self._tracks
        ]

    def stop(self) -> None:
        """End it; `join` waits."""
        self._stopping.set()
        self._room.set()

    def run(self) -> None:
        """Play."""
        try:
            self._play()
        finally:
            with self.lock:
                for track in self._tracks:
                    if track.link is not None:
                        track.link.close(track.reason or "node stopped")
            self.is_done.set()

    def _play(self) -> None:
        tracks = self._open(self._tracks)
        for track in tracks:
            if track.spec.at_ns is not None:
                track.move(track.spec.at_ns - track.next_ns())
        shifts = [track.shift_ns for track in self._tracks]
        first_ns = min((track.next_ns() for track in tracks), default=0)
        length_ns = 0
        while tracks and not self._stopping.is_set():
            self._play_once(tracks)
            if not self.loop or self._stopping.is_set():
                break
            # Everything once more, after what was: times go on.
            again = [track for track in self._tracks if track.rows]
            if not self.rounds:
                length_ns = max((track.last_ns for track in again), default=0) - first_ns + LOOP_GAP_NS
            self.rounds += 1
            tracks = self._open(again)
            for track in tracks:
                track.move(shifts[track.number] + self.rounds * length_ns)
        while self._staged and not self._stopping.is_set():
            self._wait_for_room()

    def _open(self, tracks: Sequence[_Track]) -> list[_Track]:
        """Open recordings; return those of which there is something."""
        found = []
        for track in tracks:
            track.reason, track.rows, track.batch, track.shift_ns = "", 0, None, 0
            try:
                track.open()
                track.fill()
            except SkywitnessError as error:
                track.reason = str(error)
            except OSError as error:
                track.reason = f"cannot be opened: {error.strerror}"
            if track.reason:
                self._fail(track)
            else:
                found.append(track)
        return found

    def _fail(self, track: _Track) -> None:
        self.failures[track.spec.name] = track.reason
        log.warning("recording not played", name=track.spec.name, url=track.spec.url, reason=track.reason)
        if track.link is not None:
            self._stage([(track.link, track.reason)], 0, self._staged_ns)

    def _play_once(self, tracks: list[_Track]) -> None:
        """Play to the end of all."""
        start_ns = min(track.next_ns() for track in tracks)
        began_s = time.monotonic()
        while tracks and not self._stopping.is_set():
            # At most a batch of each recording at once, and of all to the same moment.
            time_ns = min(track.end_ns() for track in tracks)
            if not math.isinf(self.speed):
                present_ns = start_ns + int((time.monotonic() - began_s) * self.speed * NS_PER_S)
                time_ns = min(time_ns, present_ns)
            rows: list[tuple[Link, Batch | str]] = []
            count = 0
            for track in tracks:
                batch = track.until(time_ns)
                if batch is not None and track.link is not None:
                    rows.append((track.link, batch))
                    count += len(batch)
                track.fill()
                if track.batch is None and not self.loop and track.link is not None:
                    rows.append((track.link, track.reason))
            self._stage(rows, count, time_ns)
            tracks = [track for track in tracks if track.batch is not None]
            while self._staged_rows > STAGED_ROWS and not self._stopping.is_set():
                before_s = time.monotonic()
                self._wait_for_room()
                began_s += time.monotonic() - before_s  # time stood still
            if tracks and not math.isinf(self.speed):
                due_ns = min(track.next_ns() for track in tracks)
                due_s = began_s + (due_ns - start_ns) / NS_PER_S / self.speed
                wait_s = due_s - time.monotonic()
                if wait_s > 0:
                    self._stopping.wait(min(max(wait_s, STEP_S), 1.0))

    def _stage(self, rows: list[tuple[Link, Batch | str]], count: int, time_ns: int) -> None:
        with self.lock:
            self._staged += rows
            self._staged_rows += count
            self._staged_ns = max(self._staged_ns, time_ns)

    def _wait_for_room(self) -> None:
        self._room.wait(0.5)
        self._room.clear()

    def _commit(self) -> None:
        """Give the links what is laid out; the core's thread, at the beginning of a turn."""
        with self.lock:  # until all is put: a link must not close before its last rows are in it
            staged, self._staged = self._staged, []
            self._staged_rows = 0
            for link, item in staged:
                if isinstance(item, str):
                    link.close(item)
                    log.info("replay ended", name=link.name, reason=item)
                else:
                    link.put(item, len(item) * ROW_BYTES)
            self._now_ns = self._staged_ns
        self._room.set()
