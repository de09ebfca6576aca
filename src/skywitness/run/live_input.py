"""One link's bytes made into timed frames of numbered receivers, or what it holds already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skywitness.batches import I64, U16, Frames, Positions
from skywitness.frames.demodulate.demodulator import Demodulator
from skywitness.frames.formats.stamps import COUNTER, GPS, is_gps
from skywitness.frames.formats.uat import UatFrames
from skywitness.frames.live_clock import FAR_NS, LiveClock
from skywitness.frames.receiver import Receiver
from skywitness.messages.uat.decoder import UatDecoder
from skywitness.simulate.marks import is_simulated_uuid
from skywitness.sources.link import Chunk, Link
from skywitness.sources.readers import FRAME_FORMATS, make_reader

__all__ = ["Arrived", "LinkInput", "UatHeard"]

UNDECIDED_BYTES = 1 << 16
"""So much of a stream is looked at before its stamps are taken for a counter, unless HURRY_NS pass first."""
HURRY_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class UatHeard:
    """Receptions on 978 MHz, their ids not yet those of the node, and what makes positions of them."""

    frames: UatFrames
    uplinks: tuple[bytes, ...]
    """The bytes of each row that a ground station sent."""
    decoder: UatDecoder

    def __len__(self) -> int:
        return len(self.frames)


Arrived = Frames | Positions | UatHeard
Register = Callable[["LinkInput", str, int], Receiver]
"""Give the receiver of a link: by the name it gave itself (empty if none) and its station id (0 if none)."""

CLOCK_OF_TIMING = {COUNTER: "counter_12mhz", GPS: "gps_ns"}


class LinkInput:
    """Fold from what a link brings to frames with times and receiver numbers; state of one link."""

    def __init__(self, link: Link, register: Register) -> None:
        self.link = link
        self.register = register
        self.clock = LiveClock()
        self.receivers: list[Receiver] = []
        """Receivers of the link in the order of its own numbering."""
        self.clock_kind = "none"
        """See CLOCKS."""
        self.uat_rows = 0
        """Receptions on 978 MHz."""
        self.seen_ns = 0
        """Arrival of the newest frame; 0 none yet."""
        self.watched_bytes = 0
        """Bytes read when the share of garbage was last looked at."""
        self.watched_skipped = 0
        self._numbers: U16 = np.empty(0, np.uint16)
        self._gps: bool | None = link.options.gps if link.format in FRAME_FORMATS else False
        self._waiting: list[Chunk] = []
        self._reader = None if self._gps is None else self._make()
        self._uat = UatDecoder() if link.format == "uat" else None

    @property
    def counts(self) -> dict[str, int]:
        """What was met that is no frame, by reason."""
        return dict(self._reader.counts) if self._reader is not None else {}

    @property
    def simulated(self) -> bool:
        """Whether the stream says that it is simulated."""
        return is_simulated_uuid(self.link.uuid or str(getattr(self._reader, "uuid", "")))

    @property
    def bytes_read(self) -> int:
        """Bytes the reader has seen."""
        return int(getattr(self._reader, "bytes_read", 0))

    def take(self) -> list[Arrived]:
        """Everything that has arrived since the last call, in order."""
        out: list[Arrived] = []
        for item in self.link.take():
            if isinstance(item, Chunk):
                out += self._read(item)
            elif isinstance(item, Frames):
                self.seen_ns = int(item.time_ns[-1]) if len(item) else self.seen_ns
                out.append(self._numbered(item))
            else:
                out.append(item)
        return [batch for batch in out if len(batch)]

    def flush(self) -> list[Arrived]:
        """What is left when the link has closed: the bytes that were looked at, and the last whole frame."""
        out = self._decide() if self._waiting else []
        if self._reader is not None:
            rest = self._reader.flush()
            if isinstance(rest, Frames) and len(rest):
                out.append(self._numbered(self.clock.push(rest, self.seen_ns)))
        return [batch for batch in out if len(batch)]

    def _read(self, chunk: Chunk) -> list[Arrived]:
        if self._reader is None:
            self._waiting.append(chunk)
            waited = chunk.arrival_ns - self._waiting[0].arrival_ns
            if waited < HURRY_NS and sum(len(other.data) for other in self._waiting) < UNDECIDED_BYTES:
                return []
            return self._decide()
        batch = self._reader.push(chunk.data)
        if not len(batch):
            return []
        self.seen_ns = chunk.arrival_ns
        if isinstance(batch, Frames):
            return [self._numbered(self.clock.push(batch, chunk.arrival_ns))]
        if self._uat is not None:
            return [self._uat_heard(batch, self._uat, chunk.arrival_ns)]
        return [_near(batch, chunk.arrival_ns)]

    def _uat_heard(self, frames: UatFrames, decoder: UatDecoder, arrival_ns: int) -> UatHeard:
        """Give receptions on 978 MHz times that can be, and the node's number of their receiver."""
        if not self.receivers:
            self.receivers.append(self.register(self, "", 0))
        self.uat_rows += len(frames)
        self.link.heard(len(frames))
        receiver = np.full(len(frames), self.receivers[0].number, np.uint16)
        uplinks = tuple(data for _, data in getattr(self._reader, "uplinks", ()))
        time_ns = believable(frames.time_ns, arrival_ns)
        return UatHeard(frames.replaced(receiver=receiver, time_ns=time_ns), uplinks, decoder)

    def _decide(self) -> list[Arrived]:
        """Tell from the first bytes whether stamps are nanoseconds of the day, and read them."""
        waiting, self._waiting = self._waiting, []
        trial = make_reader(self.link.format).push(b"".join(chunk.data for chunk in waiting))
        self._gps = bool(is_gps(trial.take(trial.receiver == trial.receiver[0]))) if len(trial) else False
        self._reader = self._make()
        return [batch for chunk in waiting for batch in self._read(chunk)]

    def _make(self) -> Any:
        if self.link.format == "iq":
            return Demodulator(self.link.options.sample_rate, self.link.options.sample_format)
        return make_reader(self.link.format, gps=bool(self._gps))

    def _numbered(self, frames: Frames) -> Frames:
        """Give frames the receiver numbers of the node, and a new receiver its number."""
        has_stations = bool(self.link.stations or getattr(self._reader, "stations", None))
        if has_stations and not self.link.options.own:
            # A feeder is one receiver, whatever it says: it could else use up the numbers of all.
            frames = frames.replaced(receiver=np.zeros(len(frames), np.uint16))
            has_stations = False
        is_alone = len(self.receivers) == 1 and not has_stations
        more = 1 if is_alone else int(frames.receiver.max()) + 1
        if more > len(self._numbers):
            told = self.link if self.link.batches else self._reader
            name = str(getattr(told, "uuid", ""))
            stations: list[int] = list(getattr(told, "stations", [])) if self.link.options.own else []
            for local in range(len(self._numbers), more):
                station = stations[local] if local < len(stations) else 0
                self.receivers.append(self.register(self, name, station))
            self._numbers = np.array([receiver.number for receiver in self.receivers], np.uint16)
        self.clock_kind = CLOCK_OF_TIMING.get(int(frames.timing[-1]), "arrival")
        self.link.heard(len(frames))
        return frames.replaced(receiver=self._numbers[frames.receiver])


def _near(positions: Positions, arrival_ns: int) -> Positions:
    """Times of positions somebody else has decoded: theirs if it can be, else that of arrival."""
    time_ns = believable(positions.time_ns, arrival_ns)
    return positions if time_ns is positions.time_ns else positions.replaced(time_ns=time_ns)


def believable(time_ns: I64, arrival_ns: int) -> I64:
    """Times as told where they can be, else that of arrival."""
    off = (time_ns < arrival_ns - FAR_NS) | (time_ns > arrival_ns + FAR_NS)
    return np.where(off, arrival_ns, time_ns) if off.any() else time_ns
