"""Encrypted sources: a port with a certificate of its own, those who trust it and those who do not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from skywitness.errors import ConfigError
from skywitness.sources.feeder_limits import FeederLimits
from skywitness.sources.link import Intake
from skywitness.sources.listen import Listener
from skywitness.sources.tcp import TcpSource
from skywitness.sources.url import parse_source
from tests.certificates import make_certificate

FRAME = bytes.fromhex("1a33") + b"\x01" * 7 + bytes.fromhex("8d406b902015a678d4d220aa4bda")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


async def until(said: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


def run(
    files: tuple[Path, Path], check: Callable[[Listener], Awaitable[None]], limits: FeederLimits | None = None
) -> None:
    """Check something with an encrypted port; nothing may be left of its connections."""

    async def scenario() -> None:
        url = f"listen+beast://127.0.0.1:0?certificate={files[0]}&key={files[1]}"
        listener = Listener(parse_source(url), Intake(), limits or FeederLimits(anonymous=True))
        await listener.start()
        try:
            await check(listener)
        finally:
            await listener.stop()
        assert not listener.feeders
        assert all(address.connections == 0 for address in listener.addresses._known.values())

    asyncio.run(scenario())


def trusting(files: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(files[0]))


async def all_of(listener: Listener, size: int) -> bytes:
    """What the only link brings."""
    await until(listener.intake.listed)
    (link,) = listener.intake.listed()
    data = b""

    def more() -> bool:
        nonlocal data
        data += b"".join(item.data for item in link.take())  # type: ignore[union-attr]
        return len(data) >= size

    await until(more)
    return data


def test_a_feeder_brings_its_bytes_encrypted(files):
    async def check(listener: Listener) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=trusting(files))
        writer.write(FRAME * 20_000)
        assert await all_of(listener, 20_000 * len(FRAME)) == FRAME * 20_000
        writer.close()
        await until(lambda: not listener.feeders)

    run(files, check)


def test_limits_hold_behind_the_encryption(files):
    async def check(listener: Listener) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=trusting(files))
        await until(lambda: listener.feeders)
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while listener.feeders:
                writer.write(FRAME * 1000)
                await asyncio.wait_for(writer.drain(), 20)
                for link in listener.intake.listed():
                    list(link.take())
                await asyncio.sleep(0.001)
        assert listener.counts["too many bytes"] == 1
        writer.transport.abort()

    run(files, check, FeederLimits(anonymous=True, bytes_per_s=200_000, patience_s=0.3))


@pytest.mark.parametrize(
    ("options", "says"), [("ca={ca}", ""), ("verify=0", ""), ("", "certificate"), ("ca={other}", "certificate")]
)
def test_a_source_trusts_whom_it_shall(files, tmp_path, options, says):
    """A port of our own is the receiver; it is asked to send nothing, being connected is enough."""
    other = make_certificate(tmp_path, "127.0.0.1", stem="other")[0]

    async def check(listener: Listener) -> None:
        url = f"avr+tcp://127.0.0.1:{listener.port}?tls=1&" + options.format(ca=files[0], other=other)
        source = TcpSource(parse_source(url), Intake())
        task = asyncio.create_task(source.run())
        await until(lambda: source.state != "connecting")
        assert (source.state == "connected") is (not says)
        assert says in source.error
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not listener.feeders)

    run(files, check)


@pytest.mark.parametrize("data", [FRAME * 100, b"SKYWITNESS key\n", b"\x16\x03\x01\x00\x05hello" * 9])
def test_who_does_not_encrypt_is_cut(files, data):
    async def check(listener: Listener) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(data)
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 20)
        await until(lambda: not listener.feeders)
        assert listener.counts["no TLS handshake"] == 1
        assert not listener.intake.listed()
        writer.close()

    run(files, check)


def test_who_says_nothing_is_cut_when_an_introduction_would_be(files):
    async def check(listener: Listener) -> None:
        began = time.monotonic()
        callers = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(5)]
        await until(lambda: listener.counts.get("no TLS handshake") == 5)
        assert 0.2 < time.monotonic() - began < 10
        for _, writer in callers:
            writer.close()

    run(files, check, FeederLimits(anonymous=True, hello_s=0.3))


def test_connections_are_counted_before_they_are_deciphered(files):
    async def check(listener: Listener) -> None:
        callers = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(3)]
        await until(lambda: listener.counts.get("too many connections of one address") == 1)
        assert len(listener.feeders) == 2
        for _, writer in callers:
            writer.transport.abort()
        await until(lambda: not listener.feeders)

    run(files, check, FeederLimits(anonymous=True, connections_per_address=2))


def test_a_renewed_certificate_is_used_without_a_restart(tmp_path):
    files = make_certificate(tmp_path, "127.0.0.1")
    before = files[0].read_bytes()

    async def check(listener: Listener) -> None:
        async def shown() -> bytes:
            _, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=trusting(files))
            der: bytes = writer.get_extra_info("ssl_object").getpeercert(True)
            writer.close()
            return der

        first = await shown()
        make_certificate(tmp_path, "127.0.0.1")
        for file in files:
            os.utime(file, ns=(1, time.time_ns() + 10))
        assert files[0].read_bytes() != before
        assert await shown() != first
        renewed = await shown()
        context = trusting(files)
        files[0].write_text("half of a file")
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=context)
        assert writer.get_extra_info("ssl_object").getpeercert(True) == renewed
        writer.close()

    run(files, check)


def test_what_is_missing_is_said(files, tmp_path):
    for options, says in (
        (f"certificate={files[0]}", "and its key"),
        (f"certificate={tmp_path}/none&key={files[1]}", "cannot be read"),
        (f"certificate={files[1]}&key={files[1]}", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=says):
            Listener(parse_source(f"listen+beast://127.0.0.1:0?{options}"), Intake())
    with pytest.raises(ConfigError, match="certificates cannot be read"):
        TcpSource(parse_source(f"beast+tcp://h?tls=1&ca={tmp_path}/none"), Intake())
