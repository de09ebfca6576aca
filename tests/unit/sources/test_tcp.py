"""Outgoing connections."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from skywitness.sources.conduit import is_ping
from skywitness.sources.link import Intake
from skywitness.sources.tcp import LONGEST_WAIT_S, BackOff, TcpSource
from skywitness.sources.url import parse_source

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Quick(BackOff):
    """Waits next to nothing."""

    def next_s(self) -> float:
        super().next_s()
        return 0.01


async def until(said: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


async def with_server(
    serve: Serve, scheme: str, check: Callable[[TcpSource, Intake], Awaitable[None]], options: str = ""
) -> None:
    writers = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    intake = Intake()
    source = TcpSource(parse_source(f"{scheme}+tcp://127.0.0.1:{port}{options}"), intake, Quick())
    task = asyncio.create_task(source.run())
    try:
        await check(source, intake)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()
        await asyncio.sleep(0.02)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.02)
    assert all(link.closed for link in intake.listed())


def test_bytes_come_through_and_it_connects_again():
    async def serve(reader, writer):
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async def check(source, intake):
        await until(lambda: source.attempts >= 3)
        links = intake.links()
        assert b"".join(chunk.data for chunk in links[0].take()) == b"hello"
        await until(lambda: links[0].closed)
        assert links[0].reason == "closed by the other side"

    asyncio.run(with_server(serve, "avr", check))


def test_a_silent_server_is_left():
    async def serve(reader, writer):
        await reader.read()

    async def check(source, intake):
        await until(lambda: source.attempts >= 2)
        assert intake.links()[0].reason.startswith("silent")

    asyncio.run(with_server(serve, "avr", check, "?silence=0.2"))


def test_nobody_there():
    async def scenario():
        source = TcpSource(parse_source("avr+tcp://127.0.0.1:1"), Intake(), Quick())
        task = asyncio.create_task(source.run())
        await until(lambda: source.attempts >= 3)
        assert source.error.startswith("cannot connect")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())


def test_pings_are_answered_however_they_are_cut():
    ping = b"\x1aP\x1a\x1a\x02\x03"
    answers = []

    async def serve(reader, writer):
        assert await reader.readexactly(3) == b"\x1aWO"
        data = b"\x1a3" + b"\x1a\x1aP" * 3 + ping + b"\x1a\x1aPxyz"
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        answers.append(await reader.readexactly(len(ping)))
        writer.write(data)
        answers.append(await reader.readexactly(len(ping)))
        await reader.read()

    async def check(source, intake):
        await until(lambda: len(answers) == 2)
        assert answers == [ping, ping]
        assert intake.links()[0].counts["pings"] == 2

    asyncio.run(with_server(serve, "beast", check))


def test_a_server_faster_than_the_core_is_held():
    async def serve(reader, writer):
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    async def check(source, intake):
        intake.link_bytes = 1 << 20
        await until(lambda: bool(intake.links()) and intake.links()[0].counts["paused"] > 0)
        link = intake.links()[0]
        held = link.counts["bytes_in"]
        await asyncio.sleep(0.2)
        assert link.counts["bytes_in"] == held < (1 << 20) + (1 << 19)
        link.take()
        await until(lambda: link.counts["bytes_in"] > held)

    asyncio.run(with_server(serve, "avr", check))


def test_garbage_of_our_own_source_makes_it_connect_anew():
    async def serve(reader, writer):
        writer.write(b"HTTP/1.1 400 no\r\n")
        await reader.read()

    async def check(source, intake):
        await until(lambda: bool(intake.links()))
        link = intake.links()[0]
        for _ in range(3):
            link.abuse("garbage")
        await until(lambda: link.closed)
        assert link.reason == "garbage"
        await until(lambda: source.attempts >= 2)

    asyncio.run(with_server(serve, "avr", check))


def test_waits_double_to_a_minute_by_chance():
    back_off = BackOff(1)
    waits = [back_off.next_s() for _ in range(20)]
    assert 0.5 <= waits[0] <= 1
    assert all(LONGEST_WAIT_S / 2 <= wait <= LONGEST_WAIT_S for wait in waits[6:])
    assert len(set(waits)) == 20
    back_off.reset()
    assert back_off.next_s() <= 1


def test_an_escaped_byte_is_no_ping():
    for row in range(1, 9):
        data = b"x" + b"\x1a" * row + b"P"
        assert is_ping(data, row) == (row % 2 == 1)
