"""The core of a live node: what the links bring, through the pipeline, to the record, the ports and the picture.

One thread runs it, in turns. Every turn takes what has arrived on each link, makes frames of the bytes and times of
the stamps, and pushes all of it through the pipeline at once, so that a small node sleeps most of the time and a large
one works in large batches. Kernels and compressors release the interpreter's lock: sockets and answers go on beside.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import structlog

from skywitness.batches import F64, I64, STATUSES, VERDICTS, Frames, Messages, Positions
from skywitness.coverage.counting import Counting
from skywitness.coverage.report import ReceiverReport, Watermark
from skywitness.errors import SkywitnessError
from skywitness.frames.formats.segment_uat import UAT_ROW
from skywitness.frames.formats.uat import UatFrames
from skywitness.frames.receiver import Place, Receiver, receiver_id
from skywitness.messages.mode_s.address_table import FORGET_AFTER_NS
from skywitness.pipeline import Output, Pipeline, Settings
from skywitness.run.live_input import Arrived, LinkInput, UatHeard
from skywitness.run.live_reports import Station, report
from skywitness.sources.link import Intake, Link
from skywitness.tracks.aircraft import AircraftTable, aircraft_key, aircraft_table, table_of_positions
from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S

__all__ = ["TURN_S", "Core", "Ids", "Record", "Register", "Sink"]

log = structlog.get_logger("skywitness.core")

TURN_S = 0.05
"""Longest wait of a message for its turn, links few."""
CALM_S = 0.1
CALM_ROWS = 250
"""A node that hears less in a turn than this saves itself every other turn."""
TURN_PER_LINK_S = 0.0003
"""A turn is so much longer for each link that brings something: to take from one costs a third of this."""
BUSY_SHARE = 0.4
BUSY_TURNS = 2
"""A node that is so busy in its turns makes them so much longer: what a link costs is paid less often."""
PICTURE_S = 1.0
GLANCE_S = 0.05
GLANCE_SHARE = 0.1
"""Between the pictures of each second there are glances, for single questions, if they cost no more than this share."""
STATES_NS = 10 * NS_PER_S
MOST_ROWS = 1 << 16
"""A turn that has so many rows takes from no further link; the next one begins with that."""
BATCH_ROWS = 1 << 14
"""Rows a push: their columns stay in the processor's cache."""
MOST_IMPORTED = 1 << 17
"""Aircraft known by imported positions only; beyond, the oldest are forgotten."""
MANY_RECEIVERS = 200  # beyond, reports are made less often

SIMULATED = 2  # index into PROVENANCES

GARBAGE_BYTES = 1 << 16
GARBAGE_SHARE = 0.5
"""A link of which more than this share is no frame is reported to the sources as abuse."""


class Sink(Protocol):
    """Takes each output of the pipeline, in the core's thread, and returns at once."""

    def push(self, output: Output, now_ns: int) -> None:
        """Take in one push."""


class Register(Protocol):
    """Gives receivers the numbers they keep."""

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
        """Return the receiver of this name, a new one if it was never met."""


class Record(Sink, Register, Protocol):
    """Keeps everything; see `archive.recorder`."""

    def connected(self, number: int, url: str, now_ns: int) -> int:
        """Note that a receiver came; return the number of the connection."""

    def disconnected(self, number: int, reason: str, now_ns: int) -> None:
        """Note that a receiver went: a gap begins."""

    def reserve(self, rows: int, now_ns: int) -> int:
        """Return the id of the first of so many receptions; the ids follow one another."""

    def reserve_uat(self, rows: int, now_ns: int) -> int:
        """The same for receptions on 978 MHz."""

    def push_uat(self, frames: UatFrames, uplinks: tuple[bytes, ...], now_ns: int) -> None:
        """Keep receptions on 978 MHz."""

    def states(self, table: AircraftTable, now_ns: int) -> None:
        """Keep what is known of each aircraft."""

    def watermarks(self) -> dict[int, Watermark]:
        """What is safe on disk, by receiver number."""


class Ids:
    """Numbers of receivers and receptions of a node that keeps no record."""

    def __init__(self) -> None:
        self.by_name: dict[str, Receiver] = {}
        self._next = 0

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
        """Return the receiver of this name, a new one if it was never met."""
        known = self.by_name.get(name)
        number = known.number if known else len(self.by_name)
        receiver = Receiver(number, name, receiver_id(name, public_key), uuid, place, place_public, own)
        self.by_name[name] = receiver
        return receiver

    def reserve(self, rows: int) -> int:
        """Return the id of the first of so many receptions."""
        first, self._next = self._next, self._next + rows
        return first


class Core(threading.Thread):
    """The loop. `publish` and the sinks are called in this thread.

    intake    the links
    now       the node's present: the wall clock, or in a replay the replay's time
    publish   called with each picture, once a second
    glance    called with newer ones in between, while they cost little
    is_asked  whether anybody looks at those
    record    keeps everything; None keeps nothing
    beat      seconds that only go forward: when it is time for the next picture, whatever the node's present is
    sinks     what else takes each output, such as the outgoing ports
    """

    def __init__(
        self,
        intake: Intake,
        now: Callable[[], int],
        publish: Callable[[Picture], None],
        *,
        glance: Callable[[Picture], None] | None = None,
        is_asked: Callable[[], bool] = lambda: True,
        record: Record | None = None,
        sinks: Sequence[Sink] = (),
        settings: Settings | None = None,
        beat: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="skywitness-core", daemon=True)
        self.intake = intake
        self.now = now
        self.publish = publish
        self.glance = glance or _ignore
        self.is_asked = is_asked
        self.beat = beat
        self.record = record
        self.sinks = list(sinks)
        self.pipeline = Pipeline(settings)
        self.counting = Counting()
        self.stations: dict[int, Station] = {}
        """Receivers met since the start, by number."""
        self.reports: list[ReceiverReport] = []
        """As of the last picture."""
        self.failure: BaseException | None = None
        """What ended the loop, if it was not `stop`."""
        self.frames = 0
        self.turns = 0
        self.busy_s = 0.0
        self.pictures = 0
        self.positions: I64 = np.zeros(len(VERDICTS), np.int64)
        self.imported = Positions.empty()
        """The newest row of each aircraft of which there are positions and no messages."""
        self.imported_rows = 0
        self.uat_frames = 0
        self._inputs: dict[int, LinkInput] = {}
        self._ids = Ids()
        self._places: F64 = np.zeros((0, 2))
        self._next_imported = -time.time_ns()  # ids of rows with no reception behind them, different after a restart
        self.active = 0
        """Links that brought something in the last turn."""
        self.is_behind = False
        """Links were left for the next turn."""
        self._first = 0
        self._shown = -math.inf
        self._glanced = -math.inf
        self._newest_ns = 0
        self._picture_s = 0.0
        self._last_now_ns = 0
        self._states_ns = 0
        self._is_simulated = False
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask the loop to take what is left, close its windows and end; `join` waits for it."""
        self._stopping.set()

    def run(self) -> None:
        """Turn until stopped."""
        try:
            while not self._stopping.is_set():
                began = time.perf_counter()
                rows = self.turn()
                spent = time.perf_counter() - began
                self.busy_s += time.thread_time() - self._thread_s
                wanted_s = (CALM_S if rows < CALM_ROWS else TURN_S) + TURN_PER_LINK_S * self.active
                if spent > wanted_s * BUSY_SHARE:
                    wanted_s *= BUSY_TURNS
                pause_s = wanted_s - spent
                if pause_s > 0.0 and not self.is_behind:
                    self._stopping.wait(pause_s)
            self.turn()
            while self.is_behind:
                self.turn()
            self._output(self.pipeline.flush(), self._now())
            self._show(self._now())
        except BaseException as error:  # the node must say so and end in order, whatever it was
            self.failure = error
            log.exception("core ended")

    def turn(self) -> int:
        """Take in what has arrived; return how many rows that were."""
        self.turns += 1
        self._thread_s = time.thread_time()
        rows = 0
        self.active = 0
        batches: list[Frames] = []
        links = self.intake.links()
        self.is_behind = False
        for k in range(len(links)):
            if rows >= MOST_ROWS:
                self.is_behind = True
                self._first += k
                break
            link = links[(self._first + k) % len(links)]
            taken = self._take(link)
            self.active += bool(taken)
            for batch in taken:
                rows += len(batch)
                if isinstance(batch, Frames):
                    batches.append(batch)
                elif isinstance(batch, UatHeard):
                    self._hear_uat(batch)
                else:
                    self._import(batch)
        now_ns = self._now()
        if batches:
            self._push(Frames.concat(batches), len(batches) > 1, now_ns)
        beat = self.beat()
        if now_ns <= 0:
            return rows  # a replay has not begun
        if beat - self._shown >= PICTURE_S:
            self._shown = self._glanced = beat
            self._show(now_ns)
        elif rows and beat - self._glanced >= max(GLANCE_S, self._picture_s / GLANCE_SHARE) and self.is_asked():
            self._glanced = beat
            self.glance(self._picture(now_ns))
        return rows

    def watermarks(self) -> dict[int, Watermark]:
        """What is safe on disk, by receiver number."""
        return self.record.watermarks() if self.record is not None else {}

    def metrics(self) -> dict[str, float]:
        """Counters and gauges of the core."""
        out: dict[str, float] = {
            "skywitness_core_turns_total": self.turns,
            "skywitness_core_busy_seconds_total": self.busy_s,
            "skywitness_frames_total": self.frames,
            "skywitness_uat_frames_total": self.uat_frames,
            "skywitness_imported_positions_total": self.imported_rows,
            "skywitness_receivers": len(self.stations),
        }
        for status, count in zip(STATUSES, self._statuses(), strict=True):
            out[f'skywitness_messages_total{{result="{status}"}}'] = count
        for verdict, count in zip(VERDICTS, self.positions.tolist(), strict=True):
            out[f'skywitness_positions_total{{verdict="{verdict}"}}'] = count
        return out

    def _take(self, link: Link) -> list[Arrived]:
        """What one link brings; a link that breaks is cut, and harms no other."""
        source = self._inputs.get(link.number)
        if source is None:
            source = self._inputs[link.number] = LinkInput(link, self._registered)
        try:
            batches = source.take()
            if link.drained:
                batches += source.flush()
        except SkywitnessError as error:
            link.abuse(str(error))
            batches = []
        except Exception as error:  # a reader's fault must not end the node; it is logged with its trace
            log.exception("reader failed", link=link.name)
            link.abuse(f"internal: {type(error).__name__}")
            batches = []
        if link.options.provenance == SIMULATED or source.simulated:
            self._is_simulated = True
        self._watch(link, source)
        if link.drained:
            for receiver in source.receivers:
                station = self.stations[receiver.number]
                if station.source is source:
                    station.lose(link.reason, self._now())
                    if self.record is not None:
                        self.record.disconnected(receiver.number, link.reason, self._now())
            del self._inputs[link.number]
        return batches

    def _watch(self, link: Link, source: LinkInput) -> None:
        """Tell the sources of a link that brings mostly what is no frame."""
        skipped, size = source.counts.get("skipped", 0), source.bytes_read
        if size - source.watched_bytes >= GARBAGE_BYTES:
            if skipped - source.watched_skipped > GARBAGE_SHARE * (size - source.watched_bytes):
                link.abuse("garbage")
            source.watched_bytes, source.watched_skipped = size, skipped

    def _registered(self, source: LinkInput, uuid: str, station: int) -> Receiver:
        link = source.link
        name = f"{link.name}/{station:016x}" if station else link.name
        register: Register = self.record if self.record is not None else self._ids
        receiver = register.receiver(
            name,
            uuid=uuid,
            place=link.options.place,
            own=link.options.own,
            place_public=link.options.public_place,
        )
        now_ns = self._now()
        connection = self.record.connected(receiver.number, link.url, now_ns) if self.record is not None else 0
        known = self.stations.get(receiver.number)
        self.stations[receiver.number] = Station(receiver, source, len(source.receivers), connection, now_ns, known)
        more = receiver.number + 1 - len(self._places)
        if more > 0:
            self._places = np.concatenate([self._places, np.full((more, 2), np.nan)])
        if receiver.place is not None:
            self._places[receiver.number] = receiver.place.lat_deg, receiver.place.lon_deg
            self.pipeline.put_receiver(receiver.number, receiver.place.lat_deg, receiver.place.lon_deg)
        log.info("receiver", name=receiver.name, number=receiver.number, url=link.url)
        return receiver

    def _push(self, frames: Frames, several: bool, now_ns: int) -> None:
        if several:
            frames = frames.take(np.argsort(frames.time_ns, kind="stable"))
        rows = len(frames)
        first = self.record.reserve(rows, now_ns) if self.record is not None else self._ids.reserve(rows)
        frames = frames.replaced(id=np.arange(first, first + rows, dtype=np.int64))
        self.frames += rows
        for start in range(0, rows, BATCH_ROWS):
            self._output(self.pipeline.push(frames.slice(start, min(start + BATCH_ROWS, rows))), now_ns)

    def _output(self, output: Output, now_ns: int) -> None:
        if self._is_simulated and len(output.positions):
            provenance = np.full(len(output.positions), SIMULATED, np.uint8)
            output = dataclasses.replace(
                output, positions=output.positions.replaced(provenance=provenance)
            )  # fmt: skip
        self.counting.push(output.messages, output.positions, self._places)
        first = output.positions.verdict[output.positions.revision == 0]
        self.positions += np.bincount(first, minlength=len(VERDICTS))
        if self.record is not None:
            self.record.push(output, now_ns)
        for sink in self.sinks:
            sink.push(output, now_ns)

    def _import(self, positions: Positions) -> None:
        """Take in positions that somebody else has decoded: no reception is behind them."""
        rows = len(positions)
        self.imported_rows += rows
        self._next_imported += rows
        parent = np.arange(self._next_imported - rows, self._next_imported, dtype=np.int64)
        positions = positions.replaced(parent=parent)
        self._show_imported(positions)

    def _hear_uat(self, heard: UatHeard) -> None:
        """Take in receptions on 978 MHz: the record keeps them, and their positions point to them."""
        rows, now_ns = len(heard), self._now()
        record = self.record
        first = record.reserve_uat(rows, now_ns) if record is not None else UAT_ROW | self._ids.reserve(rows)
        frames = heard.frames.replaced(id=np.arange(first, first + rows, dtype=np.int64))
        self.uat_frames += rows
        if record is not None:
            record.push_uat(frames, heard.uplinks, now_ns)
        positions = heard.decoder.push(frames)
        self.imported_rows += len(positions)
        if len(positions):
            self._show_imported(positions)

    def _show_imported(self, positions: Positions) -> None:
        """Positions without a message on 1090 MHz: put them out, and keep the newest one of each aircraft."""
        self._output(Output(Frames.empty(), Messages.empty(), positions), self._now())
        both = Positions.concat([self.imported, positions])
        key = aircraft_key(both.icao, both.address_kind)
        order = np.lexsort((both.parent, both.time_ns, key))
        newest = order[np.r_[key[order][1:] != key[order][:-1], True]]
        if len(newest) > MOST_IMPORTED:
            newest = newest[np.argsort(both.time_ns[newest], kind="stable")[-MOST_IMPORTED:]]
        self.imported = both.take(newest)

    def _now(self) -> int:
        """The node's present, never less than before."""
        self._last_now_ns = max(self._last_now_ns, self.now())
        return self._last_now_ns

    def _statuses(self) -> list[int]:
        return [int(count) for count in self.counting.statuses.sum(axis=0)]

    def table(self, now_ns: int) -> AircraftTable:
        """Everybody heard in the last half hour, by kind and address."""
        since_ns = now_ns - FORGET_AFTER_NS
        trackers = [shard.tracker for shard in self.pipeline.shards]
        heard = AircraftTable.concat(aircraft_table(t.aircraft, t.pairs, since_ns) for t in trackers)
        if len(self.imported):
            self.imported = self.imported.take(self.imported.time_ns >= since_ns)
            key = aircraft_key(self.imported.icao, self.imported.address_kind)
            others = self.imported.take(~np.isin(key, aircraft_key(heard.icao, heard.address_kind)))
            heard = AircraftTable.concat([heard, table_of_positions(others)])
        if len(trackers) > 1 or len(self.imported):
            heard = heard.take(np.argsort(aircraft_key(heard.icao, heard.address_kind), kind="stable"))
        return heard

    def _picture(self, now_ns: int) -> Picture:
        """Make the picture of this moment."""
        began = time.thread_time()
        self._newest_ns = now_ns = max(now_ns, self._newest_ns + 1_000_000)
        statuses = self._statuses()
        self.pictures += 1
        picture = Picture(
            number=self.pictures,
            now_ns=now_ns,
            table=self.table(now_ns),
            messages=sum(statuses[:2]) + self.imported_rows,
            frames=self.frames,
            statuses=tuple(statuses),
            positions=tuple(self.positions.tolist()),
            simulated=self._is_simulated,
        )
        self._picture_s = time.thread_time() - began
        return picture

    def _show(self, now_ns: int) -> None:
        """Publish the picture of this moment, and what goes with it."""
        picture = self._picture(now_ns)
        if self.record is not None and now_ns - self._states_ns >= STATES_NS:
            self._states_ns = now_ns
            self.record.states(picture.table, now_ns)
        if len(self.stations) <= MANY_RECEIVERS or self.pictures % 10 == 0:
            marks = self.watermarks()
            self.reports = [report(s, self.counting, marks.get(n)) for n, s in sorted(self.stations.items())]
        self.publish(picture)


def _ignore(_: Picture) -> None:
    """Take no notice."""
