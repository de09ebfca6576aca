"""What each receiver heard, alone and with others, and how far: a fold over messages and positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, I64, STATUSES, U16, VERDICTS, Messages, Positions
from skywitness.coverage.report import SECTORS
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.units import NS_PER_S

__all__ = ["HOURS", "Counting"]

HOURS = 24
"""Reach is that of the last so many hours."""
HOUR_NS = 3600 * NS_PER_S

RECENT = 1 << 18
"""Receptions whose receiver is remembered: far more than arrive within the window of a transmission."""

NOT_BELIEVED = VERDICTS.index("contradicted")
FARTHEST_NMI = 500.0
"""No radio horizon of an aircraft is farther: such a range says that the receiver's place is wrong."""


class Counting:
    """Counts by receiver number; grows with the receivers."""

    def __init__(self) -> None:
        self.statuses: I64 = np.zeros((0, len(STATUSES)), np.int64)
        """(receivers, STATUSES) frames by what became of them."""
        self.unique: I64 = np.zeros(0, np.int64)
        """Good transmissions that only this receiver has heard so far."""
        self.shared: I64 = np.zeros(0, np.int64)
        """Good transmissions that others have heard too."""
        self.positions: I64 = np.zeros(0, np.int64)
        """Positions whose newest reception was this receiver's, contradicted ones left out."""
        self.range_nmi: F32 = np.zeros((0, HOURS, SECTORS), np.float32)
        """(receivers, hours of the day, sectors) farthest position; 0 none."""
        self.range_ft: F32 = np.zeros((0, HOURS, SECTORS), np.float32)
        """Its pressure altitude; NaN unknown."""
        self._hour = -1
        self._numbers: I64 = np.full(RECENT, -1, np.int64)
        self._receivers: U16 = np.zeros(RECENT, np.uint16)
        self._is_shared: NDArray[np.bool_] = np.zeros(RECENT, np.bool_)

    def push(self, messages: Messages, positions: Positions, places: NDArray[np.float64]) -> None:
        """Take in one push.

        places  (r, 2) float64  latitude and longitude of each receiver; NaN unknown
        """
        self._grow(len(places))
        if len(messages):
            key = messages.receiver.astype(np.int64) * len(STATUSES) + messages.status
            counts = np.bincount(key, minlength=self.statuses.size)
            self.statuses += counts.reshape(self.statuses.shape)
            self._share(messages)
        first = (positions.revision == 0) & (positions.verdict != NOT_BELIEVED)
        if first.any():
            self._reach(positions.take(first), places)

    def farthest(self, receiver: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Range in nautical miles and altitude in feet by sector, of the last HOURS."""
        hour = np.argmax(self.range_nmi[receiver], axis=0)
        sectors = np.arange(SECTORS)
        return (
            tuple(self.range_nmi[receiver, hour, sectors].tolist()),
            tuple(self.range_ft[receiver, hour, sectors].tolist()),
        )

    def _share(self, messages: Messages) -> None:
        place = messages.parent & (RECENT - 1)
        good = messages.status <= 1
        first = good & (messages.transmission == messages.parent)
        self.unique += np.bincount(messages.receiver[first], minlength=len(self.unique))
        self._numbers[place] = messages.parent
        self._receivers[place] = messages.receiver
        self._is_shared[place] = False
        again = good & ~first
        if not again.any():
            return
        self.shared += np.bincount(messages.receiver[again], minlength=len(self.shared))
        label = np.unique(messages.transmission[again])
        known = label[self._numbers[label & (RECENT - 1)] == label]
        known = known[~self._is_shared[known & (RECENT - 1)]]
        self._is_shared[known & (RECENT - 1)] = True
        heard_first = np.bincount(self._receivers[known & (RECENT - 1)], minlength=len(self.unique))
        self.unique -= heard_first
        self.shared += heard_first

    def _reach(self, positions: Positions, places: NDArray[np.float64]) -> None:
        place = positions.parent & (RECENT - 1)
        known = self._numbers[place] == positions.parent
        receiver = self._receivers[place[known]]
        self.positions += np.bincount(receiver, minlength=len(self.positions))
        posited = ~np.isnan(places[receiver, 0])
        if not posited.any():
            return
        rows, receiver = np.flatnonzero(known)[posited], receiver[posited]
        newest = int(positions.time_ns.max()) // HOUR_NS
        if newest > self._hour:
            gone = range(max(self._hour + 1, newest - HOURS + 1), newest + 1) if self._hour >= 0 else range(HOURS)
            for hour in gone:
                self.range_nmi[:, hour % HOURS] = 0.0
                self.range_ft[:, hour % HOURS] = np.nan
            self._hour = newest
        lat, lon = positions.lat_deg[rows], positions.lon_deg[rows]
        own_lat, own_lon = places[receiver].T
        far = distance_nmi(own_lat, own_lon, lat, lon)
        sector = ((bearing_deg(own_lat, own_lon, lat, lon) + 180.0 / SECTORS) // (360.0 / SECTORS)).astype(np.int64)
        key = receiver.astype(np.int64) * SECTORS + sector % SECTORS
        believed = np.flatnonzero(far <= FARTHEST_NMI)
        order = believed[np.lexsort((far[believed], key[believed]))]
        last = np.r_[key[order][1:] != key[order][:-1], True][: len(order)]
        for row in order[last]:
            at = receiver[row], newest % HOURS, key[row] % SECTORS
            if far[row] > self.range_nmi[at]:
                self.range_nmi[at] = far[row]
                self.range_ft[at] = positions.altitude_ft[rows[row]]

    def _grow(self, receivers: int) -> None:
        more = receivers - len(self.unique)
        if more <= 0:
            return
        self.statuses = np.concatenate([self.statuses, np.zeros((more, len(STATUSES)), np.int64)])
        for name in ("unique", "shared", "positions"):
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, np.int64)]))
        self.range_nmi = np.concatenate([self.range_nmi, np.zeros((more, HOURS, SECTORS), np.float32)])
        self.range_ft = np.concatenate([self.range_ft, np.full((more, HOURS, SECTORS), np.nan, np.float32)])
