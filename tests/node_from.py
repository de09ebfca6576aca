"""A node with a picture and a record made for a test, and a client for the routes under test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from litestar import Litestar
from litestar.testing import TestClient

from skywitness.batches import U8, U32, Positions
from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.tracks.aircraft import AircraftTable, aircraft_key
from skywitness.tracks.picture import Picture
from skywitness.views.api import existing
from skywitness.views.node import Hub, Node
from skywitness.views.privacy import Privacy


class RowsInMemory:
    """A record of rows given beforehand; counts how often it is asked."""

    def __init__(self, rows: Positions) -> None:
        key = aircraft_key(rows.icao, rows.address_kind)
        self.rows = rows.take(np.lexsort((rows.parent, rows.time_ns, key)))
        self.asked = 0

    def positions(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Positions:
        self.asked += 1
        rows = self.rows
        keep = (rows.time_ns >= from_ns) & (rows.time_ns < until_ns)
        if not contradicted:
            keep &= rows.verdict != 3
        if icao is not None:
            assert address_kind is not None
            keep &= np.isin(aircraft_key(rows.icao, rows.address_kind), aircraft_key(icao, address_kind))
        return rows.take(keep)

    def states(self, from_ns: int, until_ns: int, **which: Any) -> AircraftTable:
        return AircraftTable.empty()

    def days(self) -> list[str]:
        return []


def picture_of(table: AircraftTable, now_ns: int, number: int = 1, **more: Any) -> Picture:
    return Picture(number=number, now_ns=now_ns, table=table, messages=1000 * number, **more)


def node_of(history: Positions | None = None, started_ns: int = 0) -> Node:
    return Node(
        hub=Hub(),
        version="0",
        started_ns=started_ns,
        receivers=lambda: (),
        history=None if history is None else RowsInMemory(history),
    )


def client_of(
    node: Node,
    pictures: Sequence[Picture] = (),
    *,
    identity: IdentityTable = NOBODY,
    privacy: Privacy | None = None,
) -> TestClient[Litestar]:
    """Return a client to be used in a `with`."""
    app = Litestar(existing.handlers(node, identity=identity, privacy=privacy), openapi_config=None)
    for picture in pictures:
        node.hub.publish(picture)
    return TestClient(app)
