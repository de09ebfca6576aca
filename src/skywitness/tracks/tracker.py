"""Aircraft by slot: messages in, position rows and the state of every aircraft out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F64, I64, U8, Frames, Messages, Positions
from skywitness.positions.pairing import BLANK_PAIR, PAIR
from skywitness.positions.waiting import POOL_AT_MOST, WAITING
from skywitness.tracks.fold import close_region, fill_tracks
from skywitness.tracks.rows import ROW, fill_positions
from skywitness.tracks.state import AIRCRAFT, BLANK_AIRCRAFT, repeated

__all__ = ["Tracker"]

Records = NDArray[Any]

ROWS_AT_ONCE = 1 << 12
"""Rows the kernel writes before they are turned into columns; more than may come of one message."""


class Tracker:
    """Fold from messages to positions, for the aircraft of one address table.

    places   (r, 2) latitude and longitude of each receiver, NaN where the operator has not said
    """

    def __init__(self, places: F64, provenance: int = 0) -> None:
        self.provenance = provenance
        self.aircraft: Records = np.empty(0, AIRCRAFT)
        self.pairs: Records = np.empty(0, PAIR)
        self.place_known: U8 = np.zeros(0, np.uint8)
        self.place_lat: F64 = np.zeros(0)
        self.place_lon: F64 = np.zeros(0)
        self.place_ns: I64 = np.zeros(0, np.int64)
        self.latest_id: I64 = np.zeros(0, np.int64)
        self.latest_lat: F64 = np.zeros(0)
        self.latest_lon: F64 = np.zeros(0)
        self.region_end: I64 = np.zeros(1, np.int64)
        self.rows: Records = np.empty(ROWS_AT_ONCE, ROW)
        self.ring: Records = np.zeros(16, ROW)
        self.ring_span: I64 = np.zeros(2, np.int64)
        self.pool: Records = np.zeros(64, WAITING)
        self.pool_state: I64 = np.array([-1, 0], np.int64)
        self.totals: I64 = np.zeros(8, np.int64)
        self.grow_region(len(places))
        self.place_known[: len(places)] = ~np.isnan(places[:, 0])
        self.place_lat[: len(places)] = places[:, 0]
        self.place_lon[: len(places)] = places[:, 1]
        self.place_ns[: len(places)] = np.iinfo(np.int64).max // 2

    def push(
        self, frames: Frames, messages: Messages, data_time_ns: I64, born: U8, slots: int, out_bds: U8
    ) -> Positions:
        """Take in messages in the order of arrival; `slots` is the present size of the address table."""
        self._grow_slots(slots)
        if len(frames):
            self.grow_region(int(frames.receiver.max()) + 1)
        frame = (
            frames.time_ns,
            data_time_ns,
            frames.id,
            messages.transmission,
            frames.receiver,
            frames.signal_dbfs,
            frames.timing,
        )
        message = (
            messages.status,
            messages.df,
            messages.typecode,
            messages.icao,
            messages.address_kind,
            messages.slot,
            born,
            messages.repaired_bit,
        )
        region = self._region()
        parts: list[Positions] = []
        done = 0
        while done < len(frames):
            done, count = fill_tracks(
                done,
                frames.data,
                frame,
                message,
                self.aircraft,
                self.pairs,
                BLANK_AIRCRAFT,
                BLANK_PAIR,
                region,
                self.region_end,
                self.ring,
                self.ring_span,
                self.pool,
                self.pool_state,
                self.totals,
                self.rows,
                out_bds,
            )
            parts.append(self._positions(self.rows[:count]))
            if self.ring_span[1] - self.ring_span[0] >= len(self.ring):
                self._grow_ring()
            if self.pool_state[0] < 0 and self.pool_state[1] == len(self.pool) < POOL_AT_MOST:
                self.pool = np.concatenate([self.pool, np.zeros(len(self.pool), WAITING)])
        return Positions.concat(parts)

    def flush(self) -> Positions:
        """Close every window: the final revisions of rows still open."""
        first, last = int(self.ring_span[0]), int(self.ring_span[1])
        rows = self.ring[np.arange(first, last) & (len(self.ring) - 1)]
        rows = rows[rows["receivers"] > 1]
        rows["revision"] = 1
        rows["verdict"][rows["verdict"] <= 2] = 0
        self.ring_span[0] = last
        return self._positions(rows)

    def grow_region(self, receivers: int) -> None:
        """Make room for receivers not heard so far."""
        more = receivers - len(self.place_known)
        if more > 0:
            self.place_known = np.concatenate([self.place_known, np.zeros(more, np.uint8)])
            self.place_lat = np.concatenate([self.place_lat, np.full(more, np.nan)])
            self.place_lon = np.concatenate([self.place_lon, np.full(more, np.nan)])
            self.place_ns = np.concatenate([self.place_ns, np.zeros(more, np.int64)])
            self.latest_id = np.concatenate([self.latest_id, np.full(more, -1, np.int64)])
            self.latest_lat = np.concatenate([self.latest_lat, np.zeros(more)])
            self.latest_lon = np.concatenate([self.latest_lon, np.zeros(more)])

    def put_receiver(self, receiver: int, lat_deg: float, lon_deg: float) -> None:
        """Set where a receiver stands, by its operator's word."""
        self.grow_region(receiver + 1)
        self.place_known[receiver] = 1
        self.place_lat[receiver] = lat_deg
        self.place_lon[receiver] = lon_deg
        self.place_ns[receiver] = np.iinfo(np.int64).max // 2

    def hold_region(self) -> None:
        """Leave it to the caller to say when a window closes (with several shards all must close it together)."""
        self.region_end[0] = np.iinfo(np.int64).max

    def close_region(self, data_time_ns: int) -> None:
        """Take what the window now closed has shown of the receivers."""
        close_region.py_func(self._region(), data_time_ns)

    def _region(self) -> tuple[U8, F64, F64, I64, I64, F64, F64]:
        return (
            self.place_known,
            self.place_lat,
            self.place_lon,
            self.place_ns,
            self.latest_id,
            self.latest_lat,
            self.latest_lon,
        )

    def _positions(self, rows: Records) -> Positions:
        positions = Positions.allocate(len(rows))
        fill_positions(rows, self.provenance, tuple(getattr(positions, name) for name in Positions.names()))
        return positions

    def _grow_slots(self, slots: int) -> None:
        if slots > len(self.aircraft):
            aircraft, pairs = repeated(BLANK_AIRCRAFT, slots), repeated(BLANK_PAIR, slots)
            aircraft[: len(self.aircraft)] = self.aircraft
            pairs[: len(self.pairs)] = self.pairs
            self.aircraft, self.pairs = aircraft, pairs

    def _grow_ring(self) -> None:
        first, last = int(self.ring_span[0]), int(self.ring_span[1])
        numbers = np.arange(first, last)
        larger = np.zeros(2 * len(self.ring), ROW)
        larger[numbers & (len(larger) - 1)] = self.ring[numbers & (len(self.ring) - 1)]
        self.ring = larger
