"""Live deltas through a real server: the binary format by WebSocket, JSON by server-sent events, and bad clients."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from skywitness.tracks.aircraft import AircraftTable
from skywitness.tracks.picture import Picture
from skywitness.views.api import stream
from skywitness.views.api.app import ApiSettings, create_app
from skywitness.views.api.server import serve_app
from skywitness.views.live import subscriptions
from skywitness.views.live.subscriptions import Broker
from skywitness.views.live.tiles import UNPLACED, WORLD
from skywitness.views.node import Hub, Node
from tests.oracles.live_wire import Reader
from tests.unit.views.live.test_delta import pictures

Scenario = Callable[["World"], Awaitable[None]]


class World:
    """A node that shows the pictures it is told to."""

    def __init__(self) -> None:
        self.shown = pictures(14, 120, 5)
        self.hub = Hub()
        self.node = Node(self.hub, "0", 0, list)
        self.broker = Broker(self.hub)
        self.url = ""
        self.number = 0

    def next(self) -> Picture:
        picture = self.shown[self.number % len(self.shown)]
        self.number += 1
        picture = dataclasses.replace(picture, number=self.number, now_ns=picture.now_ns + self.number * 10**9)
        self.hub.publish(picture)
        return picture

    def socket(self, query: str = "") -> Any:
        return connect(f"ws{self.url[4:]}/api/v1/stream{query}", compression=None, max_size=None, open_timeout=20)


def serving(scenario: Scenario) -> None:
    async def main() -> None:
        world = World()
        world.next()
        settings = ApiSettings()
        app = create_app(world.node, settings, [lambda node: stream.handlers(node, broker=world.broker)])
        server = await serve_app(app, "127.0.0.1", 0, settings)
        world.url = server.url
        try:
            async with asyncio.timeout(60):
                await scenario(world)
        finally:
            await server.close()

    asyncio.run(main())


async def hello(socket: ClientConnection) -> dict[str, Any]:
    text = await socket.recv()
    assert isinstance(text, str), text[:20]
    told: dict[str, Any] = json.loads(text)
    return told


async def read_to(socket: ClientConnection, reader: Reader, picture: int) -> Reader:
    while reader.picture < picture:
        message = await socket.recv()
        assert isinstance(message, bytes), message
        reader.feed(message)
    return reader


def keys(table: AircraftTable) -> set[int]:
    return set((table.icao.astype(np.int64) | table.address_kind.astype(np.int64) << 24).tolist())


def all_keys(reader: Reader) -> set[int]:
    return {key for tile in reader.tiles.values() for key in tile}


@pytest.mark.parametrize("compression", ["none", "zlib", "zstd"])
def test_a_client_follows_the_pictures(compression):
    async def scenario(world: World) -> None:
        async with world.socket() as socket:
            await socket.send(json.dumps({"compression": compression}))
            told = await hello(socket)
            assert told["compression"] == compression
            assert told["tiles"] == list(range(UNPLACED + 1))
            reader = await read_to(socket, Reader(), told["picture"])
            for _ in range(6):
                picture = world.next()
                await read_to(socket, reader, world.number)
                assert all_keys(reader) == keys(picture.table)

    serving(scenario)


def test_areas_and_filters_may_change():
    async def scenario(world: World) -> None:
        async with world.socket("?area=0,0,90,179&filter=alt:>500") as socket:
            told = await hello(socket)
            assert told["filter"] == "alt:>500"
            reader = await read_to(socket, Reader(), told["picture"])
            few = len(all_keys(reader))
            await socket.send(json.dumps({"world": True, "unplaced": True}))
            told = await hello(socket)
            assert told["tiles"] == [UNPLACED, WORLD]
            reader = Reader()
            message = await socket.recv()
            assert isinstance(message, bytes)
            reader.feed(message)
            assert len(all_keys(reader)) == len(world.shown[0].table) > few
            picture = world.next()
            await read_to(socket, reader, world.number)
            assert set(reader.tiles[UNPLACED]) <= keys(picture.table)

    serving(scenario)


def test_tiles_that_stay_are_not_sent_again():
    async def scenario(world: World) -> None:
        async with world.socket("?area=0,0,90,179") as socket:
            told = await hello(socket)
            reader = await read_to(socket, Reader(), told["picture"])
            before = reader.parts
            tiles = told["tiles"]
            await socket.send(json.dumps({"tiles": [*tiles, UNPLACED]}))
            assert (await hello(socket))["tiles"] == [*tiles, UNPLACED]
            message = await socket.recv()
            assert isinstance(message, bytes)
            reader.feed(message)
            assert reader.parts == before + 2  # the tile that is new, and the tick

    serving(scenario)


def test_after_a_break_the_client_goes_on():
    async def scenario(world: World) -> None:
        async with world.socket("?compression=zstd") as socket:
            told = await hello(socket)
            reader = await read_to(socket, Reader(), told["picture"])
        for _ in range(3):
            world.next()
            await settled(world)
        assert world.broker.metrics()["skywitness_stream_clients"] == 0
        async with world.socket(f"?resume={told['epoch']}-{reader.picture}&compression=zstd") as socket:
            await hello(socket)
            message = await socket.recv()
            assert isinstance(message, bytes)
            assert b"SW\x01\x01" not in message  # no snapshot
            reader.feed(message)
            assert all_keys(reader) == keys(world.shown[world.number - 1].table)
        async with world.socket("?resume=00000000-3") as socket:  # of a node that was started anew since
            await hello(socket)
            message = await socket.recv()
            assert isinstance(message, bytes)
            assert message[:4] == b"SW\x01\x01"

    serving(scenario)


async def settled(world: World) -> None:
    """Wait until the latest picture has gone out."""
    while world.broker._next is not None or world.broker._jobs or not world.broker._worker.done():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("rubbish", "no JSON object"),
        ("[1]", "no JSON object"),
        ('{"zone": 3}', "no option"),
        ('{"area": [5, 0, 4, 0]}', "no area"),
        ('{"area": [1e30, 0, 4, 0]}', "no area"),
        ('{"tiles": [290]}', "no list of numbers"),
        ('{"tiles": [true]}', "no list of numbers"),
        ('{"filter": "(((("}', "not closed"),
        ('{"filter": 7}', "no text"),
        ('{"compression": "lzma"}', "no compression"),
        ('{"world": "perhaps"}', "neither true nor false"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_a_sentence(message, words):
    async def scenario(world: World) -> None:
        for query in ("", "?world=1"):  # at first, and later
            async with world.socket(query) as socket:
                if query:
                    await hello(socket)
                await socket.send(message)
                told = ""
                with contextlib.suppress(ConnectionClosed):
                    while True:
                        text = await socket.recv()
                        told = json.loads(text).get("error", "") if isinstance(text, str) else told
                assert words in told
                assert socket.close_code == 1008
        await settled(world)
        assert not world.broker.clients

    serving(scenario)


def test_a_client_that_asks_for_nothing_is_cut(monkeypatch):
    monkeypatch.setattr(stream, "WAIT_S", 0.2)

    async def scenario(world: World) -> None:
        async with world.socket() as socket:
            assert "nothing was asked for" in await socket.recv()

    serving(scenario)


def test_a_client_that_does_not_read_is_cut_and_others_go_on(monkeypatch):
    monkeypatch.setattr(stream, "SEND_S", 1.0)

    async def scenario(world: World) -> None:
        world.shown = pictures(3, 300, 1)
        async with world.socket("?compression=none") as good:
            reader = await read_to(good, Reader(), (await hello(good))["picture"])
            reading, writing = await asyncio.open_connection(*host_and_port(world.url), limit=1 << 12)
            writing.write(
                b"GET /api/v1/stream?compression=none HTTP/1.1\r\nHost: localhost\r\n"
                b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            await reading.readline()
            writing.transport.pause_reading()
            while len(world.broker.clients) < 2:
                await asyncio.sleep(0.01)
            for _ in range(3000):
                world.next()
                await read_to(good, reader, world.number)
                if len(world.broker.clients) == 1:
                    break
            assert len(world.broker.clients) == 1
            while not world.broker.counts["client_cut"]:
                await asyncio.sleep(0.01)
            writing.transport.abort()

    serving(scenario)


def host_and_port(url: str) -> tuple[str, int]:
    host, _, port = url.rpartition("//")[2].rpartition(":")
    return host, int(port)


def test_a_client_that_lags_gets_a_snapshot_and_is_cut_in_the_end():
    async def scenario(world: World) -> None:
        client = subscriptions.Client(subscriptions.parse_subscription({}))
        await world.broker.open(client)
        client.take()
        rounds = 0
        while not client.cut:
            rounds += 1
            for _ in range(subscriptions.MOST_WAITING + 1):
                world.next()
                await settled(world)
            assert client.behind_since is not None
            assert not client._waiting
            if client.cut:
                break
            await world.broker.open(client, fresh=True)
            ((is_text, data),) = client.take()
            assert not is_text
            assert data[:4] == b"SW\x01\x01"
        assert (client.cut, rounds) == ("slow", subscriptions.MOST_STRIKES + 1)
        world.broker.close(client)

    serving(scenario)


def test_a_client_nobody_looks_after_is_forgotten(monkeypatch):
    monkeypatch.setattr(subscriptions, "GONE_S", 0.0)

    async def scenario(world: World) -> None:
        await world.broker.open(subscriptions.Client(subscriptions.parse_subscription({})))
        while world.broker.clients:
            world.next()
            await settled(world)

    serving(scenario)


async def read_events(url: str, query: str, count: int, world: World, last: str = "") -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_connection(*host_and_port(url))
    head = f"Last-Event-ID: {last}\r\n" if last else ""
    writer.write(f"GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
    found: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    while sum(e["event"] == "tick" for e in found) < count:
        line = (await reader.readline()).decode().rstrip("\r\n")
        if line.startswith("HTTP/"):
            assert line.endswith("200 OK"), line
        name, colon, value = line.partition(": ")
        if colon and name in ("event", "id", "data"):
            event[name] = json.loads(value) if name == "data" else value
        elif not line and event:
            found.append(event)
            if event["event"] == "tick":
                world.next()
            event = {}
    writer.close()
    await writer.wait_closed()
    return found


def test_events_say_the_same_in_json():
    async def scenario(world: World) -> None:
        events = await read_events(world.url, "", 4, world)
        aircraft: dict[tuple[int, str, str], dict[str, Any]] = {}
        at = 0
        for event in events:
            data = event["data"]
            assert ("id" in event) == (event["event"] == "tick")
            if event["event"] == "tick":
                at = data["picture"]
                shown = world.shown[at - 1].table
                assert len(aircraft) == len(shown)
                continue
            for address, kind in data["gone"]:
                del aircraft[data["tile"], address, kind]
            for row in data["aircraft"]:
                aircraft.setdefault((data["tile"], row["icao24"], row["kind"]), {}).update(row)
        table = world.shown[at - 1].table
        row = int(np.flatnonzero(~np.isnan(table.lat_deg) & (table.address_kind == 0))[0])
        (found,) = [a for a in aircraft.values() if a["icao24"] == f"{table.icao[row]:06x}" and a["kind"] == "icao"]
        assert found["messages"] == table.messages[row]
        assert found["lat_deg"] == pytest.approx(table.lat_deg[row], abs=1e-5)
        assert set(found) >= {"seen", "position_time", "altitude_ft", "squawk", "callsign", "on_ground", "source"}
        ticks = [event for event in events if event["event"] == "tick"]
        again = await read_events(world.url, "", 1, world, last=ticks[-1]["id"])
        assert all(event["event"] != "snapshot" for event in again)
        await read_events(world.url, "?world=1&filter=mil:yes", 1, world)

    serving(scenario)


def test_a_wrong_question_is_a_problem():
    async def scenario(world: World) -> None:
        reader, writer = await asyncio.open_connection(*host_and_port(world.url))
        writer.write(b"GET /api/v1/events?filter=alt:nonsense HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"is no altitude" in answer
        writer.close()
        await writer.wait_closed()

    serving(scenario)


def test_many_clients_with_many_filters():
    async def scenario(world: World) -> None:
        async def one(number: int) -> int:
            query = f"?area={number % 60},{number},{number % 60 + 20},{number + 30}&filter=alt:>{number % 10 * 50}"
            async with world.socket(query) as socket:
                told = await hello(socket)
                reader = await read_to(socket, Reader(), told["picture"])
                ready.release()
                await read_to(socket, reader, 5)
                return len(told["tiles"])

        ready = asyncio.Semaphore(0)
        clients = [asyncio.create_task(one(number)) for number in range(60)]
        for _ in clients:
            await ready.acquire()
        assert world.broker.metrics()["skywitness_stream_filters"] == 10
        while world.number < 5:
            world.next()
            await settled(world)
        assert all(count > 1 for count in await asyncio.gather(*clients))
        await settled(world)
        assert not world.broker.clients

    serving(scenario)
