"""Live deltas: what a second of changes costs, and many clients with many filters at a real server."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.measure import Result, cpu_of
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.tracks.aircraft import AircraftTable, aircraft_table_blank
from skywitness.tracks.picture import Picture
from skywitness.views.live.delta import Deltas
from skywitness.views.live.filters import EVERYTHING, parse
from skywitness.views.live.tiles import UNPLACED
from skywitness.views.live.wire import ALL_GROUPS, SNAPSHOT, pack, quantised

__all__ = ["SUMMARY", "measure"]

SUMMARY = "live deltas of 10,000 aircraft: CPU and bytes; 500 WebSocket clients with 50 filters on one core"

AIRCRAFT = 10_000
CLIENTS = 500
FILTERS = 50
TICKS = 12
NOW_NS = 1_700_000_000_000_000_000
S = 1_000_000_000
HUBS = (
    (50.0, 8.0),
    (51.5, 0.0),
    (40.7, -74.0),
    (33.6, -84.4),
    (34.0, -118.0),
    (31.2, 121.5),
    (25.2, 55.4),
    (1.3, 104.0),
)


def pictures(count: int) -> list[Picture]:
    """Two thirds of the aircraft about eight hubs, the others anywhere; all of them heard in every second."""
    chance = np.random.default_rng(1090)
    rows = AIRCRAFT
    hub = np.array(HUBS)[chance.integers(0, len(HUBS), rows)]
    near = chance.random(rows) < 0.67
    lat = np.where(near, hub[:, 0] + chance.normal(0, 5, rows), chance.uniform(-60, 70, rows))
    lon = np.where(near, hub[:, 1] + chance.normal(0, 8, rows), chance.uniform(-180, 180, rows))
    track, speed = chance.uniform(0, 360, rows), chance.uniform(120, 520, rows)
    level = chance.random(rows) < 0.6
    height, rate = chance.integers(40, 1640, rows) * 25.0, np.where(level, 0.0, chance.integers(-40, 40, rows) * 64.0)
    base = aircraft_table_blank(rows)
    base["icao"] = np.sort(chance.permutation(1 << 24)[:rows]).astype(np.uint32)
    base["callsign"] = np.array([pack_callsign(f"{'KDBAU'[n % 5]}LM{n % 9999}") for n in range(rows)], np.uint64)
    base["squawk"] = chance.integers(0, 4096, rows).astype(np.uint16)
    base["category"] = np.full(rows, 0xA3, np.uint8)
    base["on_ground"] = np.zeros(rows, np.uint8)
    base["position_source"] = base["best_source"] = np.zeros(rows, np.uint8)
    base["nic"] = np.full(rows, 8, np.uint8)
    shown = []
    for number in range(count):
        now_ns = NOW_NS + number * S
        columns = dict(base)
        for name in base:
            if name.endswith("_time_ns"):
                columns[name] = now_ns - chance.integers(0, S, rows)
        columns["messages"] = (100 + number * 8 + chance.integers(0, 8, rows)).astype(np.uint32)
        columns["signal_dbfs"] = chance.normal(-20, 4, rows).astype(np.float32)
        step = speed / 3600 / 60 * number
        columns["lat_deg"] = np.clip(lat + step * np.cos(np.radians(track)), -89.9, 89.9)
        columns["lon_deg"] = (lon + step * np.sin(np.radians(track)) + 180) % 360 - 180
        columns["altitude_ft"] = (height + np.round(rate / 60 * number / 25) * 25).astype(np.float32)
        columns["altitude_geom_ft"] = columns["altitude_ft"] + np.float32(200)
        columns["groundspeed_kt"] = (speed + chance.normal(0, 0.3, rows)).astype(np.float32)
        columns["track_deg"] = ((track + chance.normal(0, 0.1, rows)) % 360).astype(np.float32)
        columns["vertical_rate_fpm"] = (rate + chance.integers(-1, 2, rows) * 64).astype(np.float32)
        shown.append(Picture(number + 1, now_ns, AircraftTable(**columns), 0))
    return shown


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """CPU milliseconds and bytes of a delta and of a snapshot; then the clients."""
    shown = pictures(TICKS)
    yield delta_cost(shown, args.times)
    yield asyncio.run(serve(shown))


def delta_cost(shown: list[Picture], times: int) -> Result:
    """All tiles of the world, every aircraft changed; compression counts apart."""
    deltas = Deltas()
    tiles = range(UNPLACED + 1)
    _, parts = deltas.subscribe(EVERYTHING, tiles, shown[0])
    snapshot = sum(len(part.encoded("zstd")) for part in parts)
    left = iter(range(2, 10_000))

    def step() -> list[Any]:
        number = next(left)
        picture = shown[(number - 1) % len(shown)]
        made = deltas.advance(Picture(number, NOW_NS + number * S, picture.table, 0))
        return list(made[""].values())

    spent, parts = cpu_of(step, max(times, 5))
    packed, sizes = cpu_of(lambda: [len(p.encoded("zstd")) for p in step()], max(times, 5))
    changed = sum(part.rows for part in parts)
    columns = quantised(shown[0].table, 1, shown[0].now_ns)
    none = np.zeros(0, np.uint32), np.zeros(0, np.uint16)
    all_rows, everything = np.arange(AIRCRAFT), np.full(AIRCRAFT, ALL_GROUPS, np.uint8)
    dense = pack(columns, all_rows, everything, *none, SNAPSHOT, 0, np.zeros(AIRCRAFT, np.uint16))[0]
    return {
        "bench": "wire.delta",
        "aircraft": AIRCRAFT,
        "changed": changed,
        "ms": round(spent.median * 1e3, 2),
        "ms_with_zstd": round(packed.median * 1e3, 2),
        "bytes_per_changed": round(sum(len(p.body) + 36 for p in parts) / changed, 1),
        "bytes_per_changed_zstd": round(sum(sizes) / changed, 1),
        "snapshot_bytes_per_aircraft_zstd": round(snapshot / AIRCRAFT, 1),
        "snapshot_in_one_tile": round(len(dense.encoded("zstd")) / AIRCRAFT, 1),
    }


async def serve(shown: list[Picture]) -> Result:
    """A server in this process, clients in another; one picture a second."""
    from skywitness.views.api import stream
    from skywitness.views.api.app import ApiSettings, create_app
    from skywitness.views.api.server import serve_app
    from skywitness.views.live.subscriptions import Broker
    from skywitness.views.node import Hub, Node

    hub = Hub()
    hub.latest = shown[0]
    broker = Broker(hub)
    settings = ApiSettings(rate_per_minute=1_000_000)
    app = create_app(Node(hub, "0", 0, list), settings, [lambda node: stream.handlers(node, broker=broker)])
    server = await serve_app(app, "127.0.0.1", 0)
    process = subprocess.Popen([sys.executable, "-m", "bench.wire", str(server.port)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    while sum(client.is_open for client in broker.clients) < CLIENTS:
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    spent, lags = [], []
    for picture in shown[1:]:
        began, before = time.monotonic(), time.process_time()
        hub.publish(picture)
        while any(client.at < picture.number or client._waiting for client in broker.clients):
            await asyncio.sleep(0.005)
        lags.append(time.monotonic() - began)
        await asyncio.sleep(max(0.0, 1.0 - lags[-1]))
        spent.append(time.process_time() - before)
    filters = len(broker.deltas.channels)
    behind = broker.counts["client_behind"] + broker.counts["picture_skipped"]
    await server.close()
    told = json.loads(await asyncio.to_thread(process.stdout.read))
    process.wait()
    return {
        "bench": "wire.clients",
        "clients": told["clients"],
        "filters": filters,
        "aircraft": AIRCRAFT,
        "cpu_ms_per_second": round(sorted(spent)[len(spent) // 2] * 1e3),
        "worst_delivery_ms": round(max(lags) * 1e3),
        "behind": behind,
        "least_messages": told["least"],
        "kB_per_client_and_second": round(told["bytes"] / told["clients"] / len(spent) / 1e3, 1),
    }


class Watcher(asyncio.Protocol):
    """A client that counts messages and bytes, and looks at nothing."""

    def __init__(self, query: str, gone: asyncio.Event) -> None:
        self.query = query
        self.gone = gone
        self.messages = 0
        self.bytes = 0
        self.skip = 0
        self.rest = b""
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a socket."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(
            f"GET /api/v1/stream?{self.query} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Count."""
        data = self.rest + data
        if not self.is_open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.rest = data
                return
            data, self.is_open = data[end + 4 :], True
        at = self.skip
        while at + 10 <= len(data) or (
            at + 2 <= len(data) and data[at + 1] < 126 and at + 2 + data[at + 1] <= len(data)
        ):
            size, head = data[at + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            self.messages += data[at] == 0x82
            self.bytes += size
            at += head + size
        self.rest = data[at:]
        self.skip = max(at - len(data), 0)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell."""
        self.gone.set()


async def watch(port: int) -> None:
    """Connect all clients, wait until they are all gone, and print what they counted."""
    chance = np.random.default_rng(7)
    loop = asyncio.get_running_loop()
    texts = [f"alt:>{n * 1500}" for n in range(FILTERS // 2)]
    texts += [f"callsign:{'KDBAU'[n % 5]}LM{n}*" for n in range(FILTERS - len(texts))]
    assert len({parse(text).text for text in texts}) == FILTERS
    watchers = []
    for number in range(CLIENTS):
        lat, lon = np.array(HUBS[number % len(HUBS)]) + chance.normal(0, 4, 2)
        high, wide = chance.uniform(2, 12, 2)
        area = f"{lat - high:.2f},{max(lon - wide, -180):.2f},{lat + high:.2f},{min(lon + wide, 180):.2f}"
        query = f"area={area}&filter={texts[number % FILTERS]}&compression=zstd".replace(">", "%3E").replace("*", "%2A")
        gone = asyncio.Event()
        _, watcher = await loop.create_connection(lambda q=query, g=gone: Watcher(q, g), "127.0.0.1", port)
        watchers.append(watcher)
    await asyncio.gather(*(watcher.gone.wait() for watcher in watchers))
    print(
        json.dumps(
            {
                "clients": len(watchers),
                "least": min(watcher.messages for watcher in watchers),
                "bytes": sum(watcher.bytes for watcher in watchers),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(watch(int(sys.argv[1])))
