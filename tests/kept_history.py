"""A record in memory: `History` of some positions."""

from __future__ import annotations

import numpy as np

from skywitness.batches import Positions
from skywitness.tracks.aircraft import AircraftTable

MINUTE_NS = 60 * 10**9


class Kept:
    """Rows in memory, as the store would give them."""

    def __init__(self, rows: Positions) -> None:
        key = rows.address_kind.astype(np.int64) << 24 | rows.icao
        self.rows = rows.take(np.lexsort((rows.parent, rows.time_ns, key)))
        self.reads = 0

    def positions(self, from_ns, until_ns, *, icao=None, address_kind=None, contradicted=False):
        rows = self.rows
        keep = (rows.time_ns >= from_ns) & (rows.time_ns < until_ns)
        if icao is not None:
            kind = np.zeros(len(icao), np.uint8) if address_kind is None else address_kind
            wanted = kind.astype(np.int64) << 24 | icao
            keep &= np.isin(rows.address_kind.astype(np.int64) << 24 | rows.icao, wanted)
        if not contradicted:
            keep &= rows.verdict != 3
        self.reads += int(keep.sum())
        return rows.take(keep)

    def positions_in_parts(self, from_ns, until_ns, **which):
        minutes = self.minutes(from_ns, until_ns)
        for some in np.array_split(minutes, max(1, len(minutes) // 30)):
            if len(some):
                begin, end = int(some[0]) * MINUTE_NS, (int(some[-1]) + 1) * MINUTE_NS
                yield self.positions(max(from_ns, begin), min(until_ns, end), **which)

    def states(self, from_ns, until_ns, *, icao=None, address_kind=None):
        return AircraftTable.empty()

    def days(self):
        return sorted({str(np.datetime64(int(t), "ns"))[:10] for t in self.rows.time_ns.tolist()})

    def aircraft(self, from_ns, until_ns):
        rows = self.rows.take((self.rows.time_ns >= from_ns) & (self.rows.time_ns < until_ns))
        keys = np.unique(rows.address_kind.astype(np.int64) << 24 | rows.icao)
        return (keys & 0xFFFFFF).astype(np.uint32), (keys >> 24).astype(np.uint8)

    def visitors(self, fields, side, from_ns, until_ns):
        return self.aircraft(from_ns, until_ns)

    def holders(self, name, holds, from_ns, until_ns):
        rows = self.positions(from_ns, until_ns, contradicted=True)
        column = {"callsign": "callsign", "squawk": "squawk", "alt": "altitude_ft", "gs": "groundspeed_kt"}[name]
        values = getattr(rows, column)
        values = values.astype(np.int64) if values.dtype.kind == "u" else values
        held = rows.take(holds(values, values))
        keys = np.unique(held.address_kind.astype(np.int64) << 24 | held.icao)
        return (keys & 0xFFFFFF).astype(np.uint32), (keys >> 24).astype(np.uint8)

    def positions_within(self, boxes, from_ns, until_ns):
        rows = self.positions(from_ns, until_ns)
        inside = np.zeros(len(rows), bool)
        for west, south, east, north in boxes:
            inside |= (
                (rows.lat_deg >= south) & (rows.lat_deg <= north) & (rows.lon_deg >= west) & (rows.lon_deg <= east)
            )
        yield rows.take(inside)

    def cost(self, from_ns, until_ns, *, boxes=None, icao=None, address_kind=None):
        if boxes is not None:
            return sum(map(len, self.positions_within(boxes, from_ns, until_ns)))
        return len(self.positions(from_ns, until_ns, icao=icao, address_kind=address_kind))

    def rows_about(self, from_ns, until_ns):
        return int(((self.rows.time_ns >= from_ns) & (self.rows.time_ns < until_ns)).sum())

    def extent(self):
        minutes = self.minutes(0, 1 << 62)
        return (int(minutes[0]) * MINUTE_NS, (int(minutes[-1]) + 1) * MINUTE_NS) if len(minutes) else (0, 0)

    def minutes(self, from_ns, until_ns):
        minutes = np.unique(self.rows.time_ns // MINUTE_NS)
        return minutes[(minutes + 1 > from_ns // MINUTE_NS) & (minutes * MINUTE_NS < until_ns)]
