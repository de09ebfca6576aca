"""What a crash took of the minute files, made again from the receptions.

Positions wait up to a minute and states a little longer before they are a file, and a crash takes them; the receptions
are safe after a second. So a start decodes the end of the record once more, beginning some minutes earlier so that
aircraft are known, and hands over what is in no file yet. It does so in a thread of its own, beside the live node.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import structlog

from skywitness.archive.recorder import Recorder
from skywitness.archive.tail import BACK_NS, Tail
from skywitness.batches import I64, Frames, Positions
from skywitness.messages.uat.decoder import UatDecoder
from skywitness.pipeline import Pipeline, Settings
from skywitness.tracks.aircraft import AircraftTable, aircraft_key, aircraft_table

__all__ = ["Rebuild"]

log = structlog.get_logger("skywitness.node")

BATCH_ROWS = 1 << 14
MINUTE_NS = 60_000_000_000
STATES_NS = 10_000_000_000
"""States are kept this often; where one is kept already so near, no other is added."""
WAIT_S = 0.02
T = TypeVar("T")
MINUTES_KNOWN = 8
"""Minutes of which it is remembered what is kept; the rows come nearly in order."""


class Rebuild(threading.Thread):
    """Decodes the tail of a record once; `stop` lets it end early, and the next start does it again.

    recorder  just opened
    settings  of the pipeline
    """

    def __init__(self, recorder: Recorder, settings: Settings | None = None) -> None:
        super().__init__(name="skywitness-rebuild", daemon=True)
        given = settings or Settings()
        self.recorder = recorder
        self.tail: Tail = recorder.tail()
        self.settings = Settings(repair=given.repair, provenance=self.tail.provenance)
        self.receptions = 0
        """Decoded so far."""
        self.positions = self.states = 0
        """Rows handed over so far."""
        self.seconds = 0.0
        self.is_done = False
        self._kept = Kept(recorder)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask it to end; `join` waits for it."""
        self._stopping.set()

    def run(self) -> None:
        """Do it all."""
        began = time.perf_counter()
        try:
            self._run()
        except Exception:  # the node goes on; the next start tries again
            log.exception("rows could not be made again")
        self.seconds = time.perf_counter() - began
        if self.tail.blocks and self.is_done:
            log.info(
                "rows made again after a crash",
                receptions=self.receptions,
                positions=self.positions,
                states=self.states,
                seconds=round(self.seconds, 3),
            )

    def metrics(self) -> dict[str, float]:
        """Counters, by full name."""
        return {
            "skywitness_rebuilt_receptions_total": self.receptions,
            "skywitness_rebuilt_positions_total": self.positions,
            "skywitness_rebuilt_states_total": self.states,
        }

    def _run(self) -> None:
        pass_ = Pass(self.settings, self.recorder)
        newest_ns = 0
        for block, frames in self.tail.frames():
            if block.time_ns < newest_ns - BACK_NS:  # another replay: nothing of the one before holds
                self._flush(pass_)
                pass_, newest_ns = Pass(self.settings, self.recorder), 0
            newest_ns = max(newest_ns, block.time_ns)
            for start in range(0, len(frames), BATCH_ROWS):
                if self._stopping.is_set():
                    return
                part = frames.slice(start, min(start + BATCH_ROWS, len(frames)))
                self.receptions += len(part)
                positions = pass_.pipeline.push(part).positions
                self._hand(positions, pass_.states(part) if block.last >= self.tail.first else None)
        if self._flush(pass_) and self._run_uat():
            self.recorder.filled()
            self.is_done = True

    def _run_uat(self) -> bool:
        """The receptions on 978 MHz; False if it was stopped meanwhile."""
        decoders: dict[int, UatDecoder] = {}
        for frames in self.tail.uat_frames():
            self.receptions += len(frames)
            for number in np.unique(frames.receiver).tolist():
                decoder = decoders.setdefault(number, UatDecoder(self.tail.provenance))
                if not self._hand(decoder.push(frames.take(frames.receiver == number)), None):
                    return False
        return True

    def _flush(self, pass_: Pass) -> bool:
        return self._hand(pass_.pipeline.flush().positions, pass_.table())

    def _hand(self, positions: Positions, states: AircraftTable | None) -> bool:
        """Give the recorder what is not kept yet; False if it was stopped meanwhile."""
        wanted = self._kept.new_positions(positions.take(positions.parent >= self.tail.first))
        table = self._kept.new_states(states) if states is not None else None
        while not self._stopping.is_set():
            if (not len(wanted) and table is None) or self.recorder.fill(wanted, table):
                self.positions += len(wanted)
                self.states += len(table) if table is not None else 0
                return True
            time.sleep(WAIT_S)
        return False


class Pass:
    """One time line through a pipeline of its own."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self.pipeline = Pipeline(settings)
        for number, receiver in sorted(recorder.register.by_number.items()):
            if receiver.place is not None:
                self.pipeline.put_receiver(number, receiver.place.lat_deg, receiver.place.lon_deg)
        self._since_ns = 0

    def states(self, frames: Frames) -> AircraftTable | None:
        """What is known of those heard since the last time, if it is time again."""
        now_ns = int(frames.time_ns.max()) if len(frames) else 0
        if not self._since_ns:
            self._since_ns = now_ns
        if now_ns - self._since_ns < STATES_NS:
            return None
        return self.table(now_ns)

    def table(self, now_ns: int = 0) -> AircraftTable | None:
        """What is known of those heard since the last time; nothing if there was none."""
        if not self._since_ns:
            return None
        since_ns, self._since_ns = self._since_ns, now_ns
        tracker = self.pipeline.shards[0].tracker
        return aircraft_table(tracker.aircraft, tracker.pairs, since_ns)


class Kept:
    """What the record holds already, minute by minute as it is asked."""

    def __init__(self, recorder: Recorder) -> None:
        self._history = recorder.history
        self._positions: dict[int, tuple[I64, I64]] = {}
        self._states: dict[int, I64] = {}

    def new_positions(self, rows: Positions) -> Positions:
        """Those of which no row is kept, or only a lower revision."""
        minutes = rows.time_ns // MINUTE_NS
        is_new = np.ones(len(rows), np.bool_)
        for minute in np.unique(minutes).tolist():
            parents, revisions = remembered(self._positions, minute, self._minute)
            mine = np.flatnonzero(minutes == minute)
            at = np.searchsorted(parents, rows.parent[mine])
            inside = at < len(parents)
            found = mine[inside][parents[at[inside]] == rows.parent[mine[inside]]]
            at = np.searchsorted(parents, rows.parent[found])
            is_new[found] = rows.revision[found] > revisions[at]
        return rows if is_new.all() else rows.take(is_new)

    def new_states(self, rows: AircraftTable) -> AircraftTable:
        """Those of whose aircraft none is kept of nearly the same time."""
        minutes = rows.seen_time_ns // MINUTE_NS
        is_new = np.ones(len(rows), np.bool_)
        for minute in np.unique(minutes).tolist():
            known = remembered(self._states, minute, self._minute_states)
            mine = np.flatnonzero(minutes == minute)
            wanted = moments(rows.take(mine), minute)
            first = np.searchsorted(known, wanted - STATES_US + 1)
            is_new[mine] = first == np.searchsorted(known, wanted + STATES_US)
        return rows if is_new.all() else rows.take(is_new)

    def _minute(self, minute: int) -> tuple[I64, I64]:
        rows = self._history.positions(minute * MINUTE_NS, (minute + 1) * MINUTE_NS, contradicted=True)
        order = np.argsort(rows.parent, kind="stable")
        return rows.parent[order], rows.revision[order].astype(np.int64)

    def _minute_states(self, minute: int) -> I64:
        rows = self._history.states(minute * MINUTE_NS - STATES_NS, (minute + 1) * MINUTE_NS + STATES_NS)
        return np.sort(moments(rows, minute))


STATES_US = STATES_NS // 1000
MOMENT_BITS = 28
"""Four minutes of microseconds."""


def moments(rows: AircraftTable, minute: int) -> I64:
    """Aircraft and time within a minute or its neighbours as one number."""
    within = (rows.seen_time_ns - (minute - 1) * MINUTE_NS) // 1000
    both: I64 = aircraft_key(rows.icao, rows.address_kind) << MOMENT_BITS | within
    return both


def remembered(known: dict[int, T], minute: int, ask: Callable[[int], T]) -> T:
    """What is kept of a minute; the ones that were asked longest ago are forgotten."""
    if minute not in known:
        while len(known) >= MINUTES_KNOWN:
            del known[next(iter(known))]
        known[minute] = ask(minute)
    return known[minute]
