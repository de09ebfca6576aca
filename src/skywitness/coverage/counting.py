"""What each receiver heard, alone and with others, and how far: a fold over messages and positions."""

from __future__ import annotations

import numpy as np

from skywitness.batches import F32, F64, I32, I64, STATUSES, VERDICTS, Messages, Positions
from skywitness.coverage.report import SECTORS
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.kernel import kernel
from skywitness.units import NS_PER_S

__all__ = ["HOURS", "Counting"]

HOURS = 24
"""Reach is that of the last so many hours."""
HOUR_NS = 3600 * NS_PER_S

RECENT = 1 << 18
"""Receptions whose receiver is remembered: far more than arrive within the window of a transmission."""

LOOKED_AT = 512
"""Positions of one push whose range is looked at, evenly spread: a node with fewer looks at all."""

NOT_BELIEVED = VERDICTS.index("contradicted")
SHARED = 1 << 16
FARTHEST_NMI = 500.0
"""No radio horizon of an aircraft is farther: such a range says that the receiver's place is wrong."""


@kernel
def count_messages(receiver, status, transmission, parent, recent, statuses, unique, shared):
    """Count receptions by receiver, and tell which transmissions were heard by one alone.

    receiver      (n,)    uint16
    status        (n,)    uint8    see STATUSES
    transmission  (n,)    int64    first reception of the transmission
    parent        (n,)    int64    this reception
    recent        (m, 2)  int64    of the last receptions, m a power of two: id; receiver, + 65,536 once heard by others
    statuses      (r, 8)  int64
    unique        (r,)    int64
    shared        (r,)    int64
    """
    mask = len(recent) - 1
    for i in range(len(receiver)):
        heard_by = int(receiver[i])
        statuses[heard_by, status[i]] += 1
        recent[parent[i] & mask, 0] = parent[i]
        recent[parent[i] & mask, 1] = heard_by
        if status[i] > 1:
            continue
        if transmission[i] == parent[i]:
            unique[heard_by] += 1
            continue
        shared[heard_by] += 1
        first = transmission[i] & mask
        if recent[first, 0] == transmission[i] and recent[first, 1] < SHARED:
            unique[recent[first, 1]] -= 1
            shared[recent[first, 1]] += 1
            recent[first, 1] += SHARED


@kernel
def count_positions(parent, verdict, revision, recent, positions, out_receiver):
    """Count positions by the receiver of the reception behind them.

    parent        (n,)    int64
    verdict       (n,)    uint8
    revision      (n,)    uint8
    recent        (m, 2)  int64    see `count_messages`
    positions     (r,)    int64
    out_receiver  (n,)    int32    -1 where it does not count
    """
    mask = len(recent) - 1
    for i in range(len(parent)):
        out_receiver[i] = -1
        place = parent[i] & mask
        if revision[i] == 0 and verdict[i] != NOT_BELIEVED and recent[place, 0] == parent[i]:
            out_receiver[i] = recent[place, 1] & SHARED - 1
            positions[out_receiver[i]] += 1


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
        self._recent: I64 = np.full((RECENT, 2), -1, np.int64)

    def push(self, messages: Messages, positions: Positions, places: F64) -> None:
        """Take in one push.

        places  (r, 2) float64  latitude and longitude of each receiver; NaN unknown
        """
        self._grow(len(places))
        count_messages(
            messages.receiver, messages.status, messages.transmission, messages.parent,
            self._recent, self.statuses, self.unique, self.shared,
        )  # fmt: skip
        receiver = np.empty(len(positions), np.int32)
        count_positions(
            positions.parent, positions.verdict, positions.revision, self._recent, self.positions, receiver
        )  # fmt: skip
        counted = np.flatnonzero(receiver >= 0)
        rows = counted[:: -(-len(counted) // LOOKED_AT)] if len(counted) else counted
        rows = rows[~np.isnan(places[receiver[rows], 0])]
        if len(rows):
            self._reach(positions.take(rows), receiver[rows], places)

    def farthest(self, receiver: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Range in nautical miles and altitude in feet by sector, of the last HOURS."""
        hour = np.argmax(self.range_nmi[receiver], axis=0)
        sectors = np.arange(SECTORS)
        return (
            tuple(self.range_nmi[receiver, hour, sectors].tolist()),
            tuple(self.range_ft[receiver, hour, sectors].tolist()),
        )

    def _reach(self, positions: Positions, receiver: I32, places: F64) -> None:
        newest = int(positions.time_ns.max()) // HOUR_NS
        if newest > self._hour:
            gone = range(max(self._hour + 1, newest - HOURS + 1), newest + 1) if self._hour >= 0 else range(HOURS)
            for hour in gone:
                self.range_nmi[:, hour % HOURS] = 0.0
                self.range_ft[:, hour % HOURS] = np.nan
            self._hour = newest
        own_lat, own_lon = places[receiver].T
        far = distance_nmi(own_lat, own_lon, positions.lat_deg, positions.lon_deg)
        bearing = bearing_deg(own_lat, own_lon, positions.lat_deg, positions.lon_deg)
        sector = ((bearing + 180.0 / SECTORS) // (360.0 / SECTORS)).astype(np.int64) % SECTORS
        key = receiver * SECTORS + sector
        farther = (far <= FARTHEST_NMI) & (far > self.range_nmi[receiver, newest % HOURS, sector])
        rows = np.flatnonzero(farther)
        for row in rows[np.lexsort((far[rows], key[rows]))]:  # the farthest of a sector comes last, and stays
            at = receiver[row], newest % HOURS, sector[row]
            self.range_nmi[at] = far[row]
            self.range_ft[at] = positions.altitude_ft[row]

    def _grow(self, receivers: int) -> None:
        more = receivers - len(self.unique)
        if more <= 0:
            return
        self.statuses = np.concatenate([self.statuses, np.zeros((more, len(STATUSES)), np.int64)])
        for name in ("unique", "shared", "positions"):
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, np.int64)]))
        self.range_nmi = np.concatenate([self.range_nmi, np.zeros((more, HOURS, SECTORS), np.float32)])
        self.range_ft = np.concatenate([self.range_ft, np.full((more, HOURS, SECTORS), np.nan, np.float32)])
