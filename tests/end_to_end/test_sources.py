"""A recording poured over sockets and played from a file gives the same frames."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from skywitness.batches import Frames
from skywitness.sources.feeder_limits import FeederLimits
from skywitness.sources.file import open_bytes
from skywitness.sources.link import Chunk, Intake
from skywitness.sources.listen import Listener
from skywitness.sources.readers import make_reader, read_frames
from skywitness.sources.tcp import TcpSource
from skywitness.sources.url import parse_source

FEEDERS = 20


async def frames_of(intake: Intake, links: int) -> list[Frames]:
    """Take like the core does, until so many links have ended."""
    readers: dict[int, tuple[object, list[Frames]]] = {}
    over = 0
    end = time.monotonic() + 60
    while over < links and time.monotonic() < end:
        for link in intake.links():
            reader, out = readers.setdefault(link.number, (make_reader("beast"), []))
            for item in link.take():
                assert isinstance(item, Chunk)
                out.append(reader.push(item.data))  # type: ignore[attr-defined]
            over += link.drained
        await asyncio.sleep(0.005)
    return [Frames.concat(out) for _, out in readers.values()]


def check(got: list[Frames]) -> None:
    expected = read_frames("demo")
    for frames in got:
        assert np.array_equal(frames.data, expected.data)
        assert np.array_equal(frames.ticks, expected.ticks)


@pytest.mark.parametrize("link_bytes", [4 << 20, 20_000])
def test_many_feeders_bring_every_frame(link_bytes: int):
    data = b"".join(open_bytes("demo"))

    async def feed(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def scenario() -> list[Frames]:
        intake = Intake(link_bytes)
        limits = FeederLimits(
            anonymous=True, bytes_per_s=1e9, address_bytes_per_s=0, connections_per_address=100, same_name=100
        )
        listener = Listener(parse_source("listen+beast://127.0.0.1:0"), intake, limits)
        await listener.start()
        feeders = [asyncio.create_task(feed(listener.port)) for _ in range(FEEDERS)]
        got = await frames_of(intake, FEEDERS)
        await asyncio.gather(*feeders)
        await listener.stop()
        return got

    got = asyncio.run(scenario())
    assert len(got) == FEEDERS
    check(got)


def test_a_receiver_we_connect_to_brings_every_frame():
    data = b"".join(open_bytes("demo"))

    async def scenario() -> list[Frames]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.readexactly(3) == b"\x1aWO"  # what is not read makes closing a reset
            writer.write(data)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        intake = Intake(100_000)
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(TcpSource(parse_source(f"beast+tcp://127.0.0.1:{port}"), intake).run())
        got = await frames_of(intake, 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()
        await asyncio.sleep(0.02)
        return got[:1]

    check(asyncio.run(scenario()))
