"""A node without a core: a picture, receivers and a record made by hand, for tests of what goes out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from skywitness.batches import Positions
from skywitness.coverage.report import SECTORS, ReceiverReport, Watermark
from skywitness.frames.receiver import Place, Receiver, receiver_id
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.pipeline import Output
from skywitness.tracks.aircraft import AircraftTable, aircraft_key, table_of_positions
from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S
from skywitness.views.node import Hub, Node
from skywitness.views.privacy import Blur, Privacy

NOW_NS = 1_767_225_600 * NS_PER_S + 123_456_789  # 2026-01-01T00:00:00.123456789Z
PLACE = Place(52.25, 4.75, 12.0)
SECRET = b"s" * 32


def positions_for(count: int, *, time_ns: int = NOW_NS, seed: int = 1, first: int = 0x480000) -> Positions:
    """One position each of so many aircraft, within some degrees of PLACE."""
    rng = np.random.default_rng(seed)
    rows = Positions.allocate(count)
    every = np.arange(count)
    rows.time_ns[:] = time_ns - rng.integers(0, 10 * NS_PER_S, count)
    rows.icao[:] = first + every
    rows.address_kind[:] = np.where(every % 50 == 49, 1, 0)
    rows.lat_deg[:] = np.round(PLACE.lat_deg + rng.uniform(-2, 2, count), 6)
    rows.lon_deg[:] = np.round(PLACE.lon_deg + rng.uniform(-3, 3, count), 6)
    rows.on_ground[:] = every % 10 == 0
    rows.altitude_ft[:] = np.where(every % 10 == 0, np.nan, rng.integers(40, 1600, count) * 25)
    rows.altitude_geom_ft[:] = np.nan
    rows.groundspeed_kt[:] = np.round(rng.uniform(100, 500, count), 1)
    rows.track_deg[:] = np.round(rng.uniform(0, 359.9, count), 1)
    rows.vertical_rate_fpm[:] = 64 * rng.integers(-20, 20, count)
    rows.callsign[:] = [0 if k % 7 == 6 else pack_callsign(f"TST{k % 10_000:04d}") for k in range(count)]
    rows.squawk[:] = np.where(every % 5 == 4, 0xFFFF, 0o1000 + every % 512)
    rows.nic[:], rows.nac_p[:], rows.source[:] = 8, 9, 0
    rows.receivers[:], rows.signal_dbfs[:], rows.verdict[:] = 1, -20.0, 1
    rows.reason[:], rows.revision[:], rows.provenance[:] = 0, 1, 0
    rows.parent[:] = (3 << 32) + every
    return rows


MINUTE_NS = 60 * 10**9


class FakeHistory:
    """A record in memory."""

    def __init__(self, rows: Positions) -> None:
        self.rows = rows
        self.asked: list[tuple[int, int]] = []

    def positions(self, from_ns: int, until_ns: int, *, icao: Any = None, address_kind: Any = None, contradicted: bool = False) -> Positions:  # fmt: skip  # noqa: E501
        """As History."""
        self.asked.append((from_ns, until_ns))
        rows = self.rows
        key = aircraft_key(rows.icao, rows.address_kind)
        keep = (rows.time_ns >= from_ns) & (rows.time_ns < until_ns) & (contradicted | (rows.verdict != 3))
        if icao is not None:
            keep &= np.isin(key, aircraft_key(icao, address_kind))
        rows, key = rows.take(keep), key[keep]
        return rows.take(np.lexsort((rows.parent, rows.time_ns, key)))

    def states(self, from_ns: int, until_ns: int, *, icao: Any = None, address_kind: Any = None) -> AircraftTable:
        """As History."""
        return AircraftTable.empty()

    def days(self) -> list[str]:
        """As History."""
        return ["2025-12-31", "2026-01-01"]

    def extent(self) -> tuple[int, int]:
        """As Searchable."""
        times = self.rows.time_ns // MINUTE_NS
        return (int(times.min()) * MINUTE_NS, (int(times.max()) + 1) * MINUTE_NS) if len(times) else (0, 0)

    def minutes(self, from_ns: int, until_ns: int) -> Any:
        """As Searchable."""
        minutes = np.unique(self.rows.time_ns // MINUTE_NS)
        return minutes[((minutes + 1) * MINUTE_NS > from_ns) & (minutes * MINUTE_NS < until_ns)]

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """As Searchable."""
        return int(((self.rows.time_ns >= from_ns) & (self.rows.time_ns < until_ns)).sum())


def report_of(receiver: Receiver, **changes: Any) -> ReceiverReport:
    """A healthy receiver."""
    values: dict[str, Any] = {
        "receiver": receiver, "url": "beast+tcp://10.0.0.7:30005", "connected": True, "since_ns": NOW_NS,
        "seen_ns": NOW_NS, "bytes_in": 1000, "frames": 100, "accepted": 90, "rejected": {"parity": 10}, "unique": 80,
        "shared": 10, "positions": 40, "rate_frames_s": 12.5, "range_nmi": (150.0,) * SECTORS,
        "range_ft": (35000.0,) * SECTORS, "clock": "counter_12mhz", "clock_offset_ms": 3.0, "clock_jumps": 0,
        "rtt_ms": 12.0, "quarantined": False, "watermark": Watermark(1, 99, NOW_NS),
    }  # fmt: skip
    return ReceiverReport(**{**values, **changes})


def receiver_at(place: Place | None, name: str = "roof", number: int = 0, **changes: Any) -> Receiver:
    """A receiver of the operator's."""
    return Receiver(number, name, receiver_id(name), place=place, **changes)


def picture_of(rows: Positions, number: int = 1, now_ns: int = NOW_NS) -> Picture:
    """The picture in which these positions are the newest."""
    table = table_of_positions(rows)
    return Picture(number, now_ns, table, 1000, 1100, (950, 50, 0, 100, 0, 0, 0, 0), (0, 900, 10, 5, 0))


def node_with(aircraft: int = 100, *, history: Positions | None = None, is_public: bool = False) -> Node:
    """A node with a picture."""
    privacy = Privacy(Blur(SECRET, 5.0), is_public=is_public)
    reports = [report_of(receiver_at(PLACE))]
    picture = picture_of(positions_for(aircraft))
    privacy.update(reports, picture)
    hub = Hub()
    hub.publish(privacy.picture(picture))
    kept = None if history is None else privacy.history(FakeHistory(history))
    return Node(hub, "0.0.test", NOW_NS, lambda: reports, kept, privacy=privacy)


def output_of(rows: Positions) -> Output:
    """What the core would hand on with these positions."""
    from skywitness.batches import Frames, Messages

    return Output(Frames.empty(), Messages.empty(), rows)


@asynccontextmanager
async def serving(app: Any, **settings: Any):
    """Serve an application on a free port; gives an httpx client for it."""
    import httpx

    from skywitness.views.api.security import ApiSettings
    from skywitness.views.api.server import serve_app

    server = await serve_app(app, "127.0.0.1", 0, ApiSettings(**settings))
    try:
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
            yield client
    finally:
        await server.close()


def served(app: Any, scenario: Callable[[Any], Awaitable[None]], **settings: Any) -> None:
    """Run a scenario with a client of the application."""

    async def run() -> None:
        async with serving(app, **settings) as client:
            await scenario(client)

    asyncio.run(run())
