"""Outgoing streams with another program at both ends: Debian's dump1090-mutability takes what we send, and feeds us."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import shutil
import socket
from collections.abc import AsyncIterator

import numpy as np
import pytest

from skywitness.batches import Frames
from skywitness.frames.formats.beast import BeastReader
from skywitness.pipeline import Output, Pipeline
from skywitness.simulate.demo import demo_path
from skywitness.sources.readers import open_recording
from skywitness.views.feeds.ports import Ports, PortSettings
from skywitness.views.feeds.reduce import forwarded

PROGRAM = shutil.which("dump1090-mutability")
needs_program = pytest.mark.skipif(PROGRAM is None, reason="Debian's dump1090-mutability is not installed")

ROWS = 6000


@functools.cache
def heard() -> Output:
    """The beginning of the demonstration, through the pipeline."""
    frames = Frames.concat(itertools.islice(open_recording(demo_path()).frames(), 2))
    return Pipeline().push(frames.slice(0, ROWS))


def free_ports(count: int) -> list[int]:
    """Ports that nobody has just now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextlib.asynccontextmanager
async def dump1090() -> AsyncIterator[dict[str, int]]:
    """The program, with no radio: takes AVR and Beast, gives both and SBS."""
    assert PROGRAM is not None
    names = ("ri", "ro", "sbs", "bi", "bo")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    options = [part for name, port in ports.items() for part in (f"--net-{name}-port", str(port))]
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--net-only", "--net-bind-address", "127.0.0.1", "--quiet", *options,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield ports
    finally:
        process.terminate()
        await process.wait()


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as soon as the program listens."""
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            await asyncio.sleep(0.05)


async def told(kind: str, into: str, out: str) -> bytes:
    """Push a kind to the program, and return what it gives out on another port."""
    async with asyncio.timeout(90), dump1090() as port:
        reader, writer = await connected(port[out])
        reading = asyncio.create_task(all_of(reader))
        ports = Ports(PortSettings(push=(f"{kind}://127.0.0.1:{port[into]}",)))
        await ports.start()
        while not ports.peers:
            await asyncio.sleep(0.02)
        output = heard()
        for start in range(0, ROWS, 500):
            stop = start + 500
            part = Output(output.frames.slice(start, stop), output.messages.slice(start, stop), output.positions)
            await asyncio.to_thread(ports.push, part, 0)
            await asyncio.sleep(0.02)
        received = await reading
        await ports.close()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return received


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Read until nothing has come for a while."""
    received = bytearray()
    with contextlib.suppress(TimeoutError):
        while not reader.at_eof():
            async with asyncio.timeout(3 if received else 30):
                received += await reader.read(1 << 16)
    return bytes(received)


def squitters(output: Output) -> list[bytes]:
    """Extended squitters, sorted: the program keeps the first message of an aircraft back until there is another."""
    rows = np.flatnonzero((output.messages.df == 17) & (output.messages.status <= 1))
    return sorted(bytes(row) for row in output.frames.data[rows])


@needs_program
def test_another_program_takes_our_beast_and_feeds_it_back():
    reader = BeastReader()
    back = Pipeline().push(reader.push(asyncio.run(told("beast", "bi", "bo"))))
    assert not reader.counts.get("skipped")
    sent = squitters(forwarded(heard()))
    assert len(sent) > 2000
    assert squitters(back) == sent


@needs_program
def test_another_program_takes_our_raw_text():
    back = Pipeline().push(BeastReader().push(asyncio.run(told("raw", "ri", "bo"))))
    assert squitters(back) == squitters(forwarded(heard()))


@needs_program
def test_another_program_places_aircraft_from_the_thinned_stream():
    """What is thinned out must not be what a position needs."""
    lines = asyncio.run(told("beast_reduce", "bi", "sbs")).decode("ascii").splitlines()
    placed = {fields[4] for line in lines if (fields := line.split(","))[1] in ("2", "3") and fields[14]}
    first = heard().positions
    ours = {f"{icao:06X}" for icao in first.icao.tolist()}
    assert len(ours) > 5
    assert len(placed & ours) >= 0.9 * len(ours)
