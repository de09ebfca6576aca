"""The picture as code: frames in, everything else out.

It is three folds with exchanges between them: `Front` (parity and address, data time, transmissions), `Shard` (known
addresses, places, state), one for each share of the addresses, and what the receivers are learned to be near, which
goes back to the aircraft only when a window of data time has closed. So the rows are the same with any number of
shards and any cutting of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from skywitness.batches import F64, I64, U8, Frames, Messages, Positions
from skywitness.frames.data_time import DataTime
from skywitness.frames.group import Grouper
from skywitness.messages.mode_s.address_table import AddressTable
from skywitness.messages.mode_s.downlink_format import fill_envelope
from skywitness.tracks.fold import REGION_NS
from skywitness.tracks.tracker import Tracker

__all__ = ["Front", "Heard", "Output", "Pipeline", "Settings", "Shard"]

Mapper = Callable[[Callable[["Shard"], Positions], Iterable["Shard"]], Iterable[Positions]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can choose; the defaults are what the benchmarks measure."""

    places: tuple[tuple[float, float] | None, ...] = ()
    """Latitude and longitude of each receiver, None where not said; index as in Frames.receiver."""
    repair: bool = True
    """Correct one wrong bit of DF 11, 17 and 18 of known aircraft; such frames are counted apart."""
    provenance: int = 0
    """Index into PROVENANCES that goes into every row."""
    shards: int = 1
    """Aircraft are shared out by address among this many independent states."""


@dataclass(frozen=True, slots=True)
class Output:
    """What one push gives: a row of `messages` for every frame, and the positions that came of them."""

    frames: Frames
    messages: Messages
    positions: Positions


@dataclass(frozen=True, slots=True)
class Heard:
    """Frames with what they alone tell; `slot` and `bds` of the messages are not set yet."""

    frames: Frames
    messages: Messages
    unproven: U8
    data_time_ns: I64

    def take(self, rows: I64) -> Heard:
        """Return some of the rows."""
        return Heard(
            self.frames.take(rows), self.messages.take(rows), self.unproven[rows], self.data_time_ns[rows]
        )  # fmt: skip

    def slice(self, start: int, stop: int) -> Heard:
        """Return rows start to stop - 1 as views."""
        return Heard(
            self.frames.slice(start, stop),
            self.messages.slice(start, stop),
            self.unproven[start:stop],
            self.data_time_ns[start:stop],
        )


class Front:
    """First fold, over all receptions of a region: nothing here knows aircraft."""

    def __init__(self, settings: Settings) -> None:
        self.repair = settings.repair
        self.data_time = DataTime()
        self.grouper = Grouper(len(settings.places))

    def push(self, frames: Frames) -> Heard:
        """Read downlink format, parity and address of each frame, its transmission and the data time."""
        rows = len(frames)
        status, unproven, df, typecode, kind, repaired_bit = (np.empty(rows, np.uint8) for _ in range(6))
        icao = np.empty(rows, np.uint32)
        fill_envelope(
            frames.data, frames.length, self.repair, status, unproven, df, typecode, icao, kind, repaired_bit
        )  # fmt: skip
        messages = Messages(
            parent=frames.id,
            transmission=self.grouper.push(frames),
            time_ns=frames.time_ns,
            receiver=frames.receiver,
            status=status,
            df=df,
            typecode=typecode,
            bds=np.empty(rows, np.uint8),
            icao=icao,
            address_kind=kind,
            slot=np.empty(rows, np.int32),
            repaired_bit=repaired_bit,
        )
        return Heard(frames, messages, unproven, self.data_time.push(frames))


class Shard:
    """Second fold, over the messages of some of the addresses: who is known, where they are, how they move."""

    def __init__(self, settings: Settings) -> None:
        places: F64 = np.array([place or (np.nan, np.nan) for place in settings.places]).reshape(-1, 2)
        self.addresses = AddressTable()
        self.tracker = Tracker(places, settings.provenance)

    def push(self, heard: Heard) -> Positions:
        """Take in messages; sets their `status`, `slot` and `bds`."""
        messages = heard.messages
        born: U8 = np.empty(len(messages), np.uint8)
        self.addresses.fill(
            heard.data_time_ns,
            messages.icao,
            messages.address_kind,
            heard.unproven,
            messages.status,
            messages.slot,
            born,
        )
        return self.tracker.push(
            heard.frames, messages, heard.data_time_ns, born, self.addresses.size, messages.bds
        )  # fmt: skip


class Pipeline:
    """The whole core, in the order of the picture.

    mapper  runs the shards; the built-in `map` one after the other, an executor's `map` side by side
    """

    def __init__(self, settings: Settings | None = None, mapper: Mapper = map) -> None:
        self.settings = settings or Settings()
        self.mapper = mapper
        self.front = Front(self.settings)
        self.shards = [Shard(self.settings) for _ in range(self.settings.shards)]
        self.window = -1
        if len(self.shards) > 1:
            for shard in self.shards:
                shard.tracker.hold_region()

    def push(self, frames: Frames) -> Output:
        """Take in receptions in the order of arrival."""
        heard = self.front.push(frames)
        if len(self.shards) == 1:
            return Output(frames, heard.messages, self.shards[0].push(heard))
        parts = [self._push_window(heard.slice(start, stop)) for start, stop in self._windows(heard.data_time_ns)]
        return Output(frames, heard.messages, Positions.concat(parts))

    def put_receiver(self, receiver: int, lat_deg: float, lon_deg: float) -> None:
        """Set where a receiver stands that came while the stream was running."""
        for shard in self.shards:
            shard.tracker.put_receiver(receiver, lat_deg, lon_deg)

    def flush(self) -> Output:
        """Close what is still open at the end of the input."""
        positions = Positions.concat([shard.tracker.flush() for shard in self.shards])
        return Output(Frames.empty(), Messages.empty(), in_order(positions))

    def _windows(self, data_time_ns: I64) -> list[tuple[int, int]]:
        """Runs of rows within one window of the region."""
        edges = np.flatnonzero(np.diff(data_time_ns // REGION_NS)) + 1
        starts = [0, *edges.tolist()]
        return [(a, b) for a, b in zip(starts, [*starts[1:], len(data_time_ns)], strict=True) if b > a]

    def _push_window(self, heard: Heard) -> Positions:
        window = int(heard.data_time_ns[0] // REGION_NS)
        if window != self.window:
            self._exchange(int(heard.data_time_ns[0]))
            self.window = window
        key = heard.messages.icao ^ heard.messages.address_kind.astype(np.uint32) << np.uint32(24)
        shard_of = (key * np.uint32(2654435761) >> np.uint32(16)) % np.uint32(len(self.shards))
        rows = [np.flatnonzero(shard_of == s) for s in range(len(self.shards))]
        shares = [heard.take(mine) for mine in rows]
        for shard in self.shards:  # whether there are several receivers is known to all at once
            shard.tracker.grow_region(int(heard.frames.receiver.max()) + 1)
        share_of = {id(shard): share for shard, share in zip(self.shards, shares, strict=True)}
        parts = list(self.mapper(lambda shard: shard.push(share_of[id(shard)]), self.shards))
        for mine, share in zip(rows, shares, strict=True):
            for name in ("status", "slot", "bds"):
                getattr(heard.messages, name)[mine] = getattr(share.messages, name)
        return in_order(Positions.concat(parts))

    def _exchange(self, data_time_ns: int) -> None:
        """Close a window: what any shard has learned about the receivers, all may use from now on."""
        trackers = [shard.tracker for shard in self.shards]
        receivers = max(len(tracker.place_known) for tracker in trackers)
        for tracker in trackers:
            tracker.grow_region(receivers)
        newest = np.argmax([tracker.latest_id for tracker in trackers], axis=0)
        for receiver, shard in enumerate(newest):
            source = trackers[shard]
            found = source.latest_id[receiver], source.latest_lat[receiver], source.latest_lon[receiver]
            for tracker in trackers:
                tracker.latest_id[receiver], tracker.latest_lat[receiver], tracker.latest_lon[receiver] = found
        for tracker in trackers:
            tracker.close_region(data_time_ns)


def in_order(positions: Positions) -> Positions:
    """Sort rows by the reception behind them, then by revision."""
    return positions.take(np.lexsort((positions.revision, positions.parent)))
