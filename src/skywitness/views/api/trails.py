"""The last half hour in memory, for trails on the map of a node that records nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from skywitness.batches import I64, U8, U32, Positions
from skywitness.tracks.aircraft import AircraftTable, aircraft_key
from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S
from skywitness.views.node import Hub

__all__ = ["Trails"]

STEP_NS = 8 * NS_PER_S
"""Pictures are kept so far apart."""

KEPT_NS = 1800 * NS_PER_S
MOST_ROWS = 500_000
"""About 60 MB; when there are more, the oldest go."""

UNVERIFIABLE = 2


class Trails:
    """Positions of the pictures, thinned: answers as the record does, but forgets after half an hour."""

    def __init__(self, hub: Hub) -> None:
        self.rows = 0
        self._batches: deque[tuple[int, Positions]] = deque()
        hub.listeners.append(self.push)

    def push(self, picture: Picture) -> None:
        """Keep the places that are new since the last kept picture."""
        since_ns = self._batches[-1][0] if self._batches else picture.now_ns - STEP_NS
        if picture.now_ns - since_ns < STEP_NS and self._batches:
            return
        table = picture.table
        rows = np.flatnonzero((table.position_time_ns > since_ns) & ~np.isnan(table.lat_deg))
        self._batches.append((picture.now_ns, positions_of(table.take(rows), picture.simulated)))
        self.rows += len(rows)
        while self._batches and (self.rows > MOST_ROWS or self._batches[0][0] < picture.now_ns - KEPT_NS):
            self.rows -= len(self._batches.popleft()[1])

    def positions(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Positions:
        """Return rows as `History.positions` does."""
        wanted: I64 | None = None
        if icao is not None:
            wanted = aircraft_key(icao, np.zeros(len(icao), np.uint8) if address_kind is None else address_kind)
        parts = []
        for now_ns, batch in tuple(self._batches):
            if now_ns < from_ns:
                continue
            keep = (batch.time_ns >= from_ns) & (batch.time_ns < until_ns)
            if wanted is not None:
                keep &= np.isin(aircraft_key(batch.icao, batch.address_kind), wanted)
            parts.append(batch.take(keep))
        found = Positions.concat(parts)
        order = np.lexsort((found.parent, found.time_ns, aircraft_key(found.icao, found.address_kind)))
        return found.take(order)

    def positions_in_parts(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Iterator[Positions]:
        """See `History.positions_in_parts`; half an hour is one part."""
        yield self.positions(from_ns, until_ns, icao=icao, address_kind=address_kind, contradicted=contradicted)

    def states(
        self, from_ns: int, until_ns: int, *, icao: U32 | None = None, address_kind: U8 | None = None
    ) -> AircraftTable:
        """Return nothing: states are not kept here."""
        return AircraftTable.empty()

    def days(self) -> list[str]:
        """Return nothing: no day is complete here."""
        return []


def positions_of(table: AircraftTable, is_simulated: bool) -> Positions:
    """Places of a table as position rows; what a row knows of its frame is unknown here."""
    rows = len(table)
    known = {name: getattr(table, name) for name in Positions.names() if name in AircraftTable.names()}
    return Positions(
        **known,
        time_ns=table.position_time_ns,
        source=np.where(table.position_source == 255, 0, table.position_source).astype(np.uint8),
        receivers=np.ones(rows, np.uint16),
        verdict=np.full(rows, UNVERIFIABLE, np.uint8),
        reason=np.zeros(rows, np.uint8),
        revision=np.zeros(rows, np.uint8),
        provenance=np.full(rows, 2 if is_simulated else 0, np.uint8),
        parent=np.full(rows, -1, np.int64),
    )
