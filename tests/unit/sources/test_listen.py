"""Listening ports and what hostile feeders meet there."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections.abc import Awaitable, Callable
from typing import Any

from skywitness.frames.receiver import Place
from skywitness.sources.feeder_limits import FeederLimits
from skywitness.sources.link import Intake, Link
from skywitness.sources.listen import Claim, Listener
from skywitness.sources.url import parse_source

FRAME = bytes.fromhex("1a33") + b"\x01" * 7 + bytes.fromhex("8d406b902015a678d4d220aa4bda")
UUID = b"\x1a\xe4" + b"01234567-89ab-cdef-0123-456789abcdef"


async def until(said: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


class Port:
    """A listener and its callers."""

    def __init__(self, limits: FeederLimits | None, claim: Any, url: str) -> None:
        self.intake = Intake()
        self.listener = Listener(
            parse_source(url), self.intake, limits or FeederLimits(anonymous=True), claim, salt=b"s"
        )
        self.writers: list[asyncio.StreamWriter] = []

    async def call(self, data: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port)
        self.writers.append(writer)
        if data:
            writer.write(data)
        return reader, writer

    async def link(self, data: bytes) -> Link:
        """Call, and return the link that it makes."""
        known = {link.number for link in self.intake.listed()}
        await self.call(data)
        await until(lambda: {link.number for link in self.intake.listed()} - known)
        return next(link for link in self.intake.listed() if link.number not in known)


def run(
    check: Callable[[Port], Awaitable[None]],
    limits: FeederLimits | None = None,
    claim: Any = None,
    url: str = "listen+beast://127.0.0.1:0",
) -> None:
    """Do something with a port; everything is closed and forgotten afterwards."""

    async def scenario() -> None:
        port = Port(limits, claim, url)
        await port.listener.start()
        try:
            await check(port)
        finally:
            await port.listener.stop()
            for writer in port.writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)
        assert not port.listener.feeders
        assert not port.listener.names
        assert all(link.closed for link in port.intake.listed())

    asyncio.run(scenario())


def taken(link: Link) -> bytes:
    return b"".join(chunk.data for chunk in link.take())


async def all_of(link: Link, size: int) -> bytes:
    data = b""
    end = time.monotonic() + 20
    while len(data) < size and time.monotonic() < end:
        data += taken(link)
        await asyncio.sleep(0.002)
    return data


async def gone(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 20)


def test_without_a_key_it_needs_leave():
    async def check(port: Port) -> None:
        reader, _ = await port.call(FRAME)
        await gone(reader)
        await until(lambda: port.listener.counts.get("no key"))
        assert port.intake.listed() == []

    run(check, FeederLimits(anonymous=False))


def test_keys_claim_stations_and_stay_secret():
    key = "sw_feed_0123456789"
    as_uuid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

    def claim(text: str) -> str | Claim | None:
        return {key: Claim("roof", Place(52.0, 4.0), True), as_uuid: "barn"}.get(text)

    async def check(port: Port) -> None:
        link = await port.link(f"SKYWITNESS {key}\r\n".encode() + FRAME)
        assert (link.name, link.options.place, link.options.public_place) == ("roof", Place(52.0, 4.0), True)
        assert not link.options.own
        assert await all_of(link, len(FRAME)) == FRAME
        link = await port.link(b"\x1a\xe4" + as_uuid.encode() + FRAME)
        assert link.name == "barn"
        assert await all_of(link, len(FRAME)) == FRAME
        assert link.options.uuid == ""
        reader, _ = await port.call(b"SKYWITNESS wrong\n" + FRAME)
        await gone(reader)
        await until(lambda: port.listener.counts.get("unknown key"))

    run(check, FeederLimits(anonymous=False), claim)


def test_a_name_of_its_own_is_kept_byte_by_byte():
    async def check(port: Port) -> None:
        _, writer = await port.call()
        for byte in UUID + FRAME:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        await until(port.intake.listed)
        link = port.intake.listed()[0]
        assert await all_of(link, len(UUID + FRAME)) == UUID + FRAME  # the core reads the name too
        assert link.name.startswith("feeder ")
        assert "01234567" not in link.name
        again = Port(None, None, "listen+beast://127.0.0.1:0")
        await again.listener.start()
        assert (await again.link(UUID + FRAME)).name == link.name  # in the next run
        await again.listener.stop()
        again.writers[0].transport.abort()

    run(check)


def test_duplicated_names_are_receivers_of_their_own_and_bounded():
    async def check(port: Port) -> None:
        links = [await port.link(UUID + FRAME) for _ in range(3)]
        name = links[0].name
        assert [link.name for link in links] == [name, f"{name} #2", f"{name} #3"]
        reader, _ = await port.call(UUID + FRAME)
        await gone(reader)
        assert port.listener.counts["second connection under one name"] == 2
        await until(lambda: port.listener.counts.get("too many connections under one name"))
        port.writers[1].close()
        await until(lambda: links[1].closed)
        assert (await port.link(UUID + FRAME)).name == f"{name} #2"
        assert not links[0].closed

    run(check, FeederLimits(anonymous=True, same_name=3))


def test_a_silent_connection_is_replaced_by_its_own_next(monkeypatch):
    monkeypatch.setattr("skywitness.sources.listen.REPLACED_AFTER_S", 0.05)

    async def check(port: Port) -> None:
        first = await port.link(UUID + FRAME)
        await asyncio.sleep(0.1)
        second = await port.link(UUID + FRAME)
        assert second.name == first.name
        await until(lambda: first.closed)
        assert first.reason == "replaced"

    run(check)


def test_names_are_bounded():
    async def check(port: Port) -> None:
        for number in range(3):
            await port.link(UUID[:-1] + b"%d" % number + FRAME)
        reader, _ = await port.call(UUID[:-1] + b"9" + FRAME)
        await gone(reader)
        await until(lambda: port.listener.counts.get("too many names"))

    run(check, FeederLimits(anonymous=True, names=3))


def test_a_proxy_is_believed_where_it_may_be():
    line = b"PROXY TCP4 192.0.2.7 192.0.2.1 5555 30004\r\n"

    async def check(port: Port) -> None:
        link = await port.link(line + UUID + FRAME)
        assert await all_of(link, len(UUID + FRAME)) == UUID + FRAME
        assert {feeder.host for feeder in port.listener.feeders} == {"192.0.2.7"}
        reader, _ = await port.call(b"PROXY TCP4 nonsense\r\n")
        await gone(reader)
        await until(lambda: port.listener.counts.get("bad proxy line"))

    async def without(port: Port) -> None:
        link = await port.link(line + FRAME)
        assert await all_of(link, len(line + FRAME)) == line + FRAME
        assert {feeder.host for feeder in port.listener.feeders} == {"127.0.0.1"}

    run(check)
    run(without, url="listen+beast://127.0.0.1:0?proxy=no")


def test_connections_of_one_address_and_in_all_are_bounded():
    async def check(port: Port) -> None:
        for _ in range(4):
            await port.call(FRAME)
        await until(lambda: port.listener.counts.get("too many connections of one address") == 1)
        assert len(port.listener.feeders) == 3

    async def in_all(port: Port) -> None:
        for _ in range(4):
            await port.call(FRAME)
        await until(lambda: port.listener.counts.get("too many connections") == 1)

    run(check, FeederLimits(anonymous=True, connections_per_address=3))
    run(in_all, FeederLimits(anonymous=True, connections=3))


def test_somebody_who_comes_all_the_time_is_refused():
    async def check(port: Port) -> None:
        for _ in range(12):
            _, writer = await port.call()
            writer.close()
        await until(lambda: port.listener.counts.get("too many attempts of one address"))

    run(check, FeederLimits(anonymous=True, attempts_per_minute=5))


def test_garbage_at_line_speed_is_slowed_then_cut_and_harms_nobody():
    async def check(port: Port) -> None:
        good = await port.link(UUID + FRAME)
        _, pouring = await port.call(b"\xff" * 1000)
        await until(lambda: len(port.intake.listed()) == 2)
        bad = port.intake.listed()[1]

        async def pour() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    pouring.write(b"\xff" * 65536)
                    await pouring.drain()

        task = asyncio.create_task(pour())
        for strike in range(3):
            bad.abuse("garbage")
            await asyncio.sleep(0.02)
            port.writers[0].write(FRAME)
            assert FRAME in await all_of(good, len(FRAME))
            assert bad.waiting_bytes <= port.intake.link_bytes + (1 << 18)
            assert strike == 2 or not bad.closed
        await until(lambda: bad.closed)
        await task
        assert bad.reason == "garbage"
        assert port.listener.counts["slowed: garbage"] == 3
        assert port.listener.counts["garbage"] == 1
        assert not good.closed

    run(check, FeederLimits(anonymous=True, slowed_s=0.05))


def test_too_many_bytes_are_slowed_then_cut():
    async def check(port: Port) -> None:
        link = await port.link(FRAME)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while not link.closed and time.monotonic() < began + 20:
                port.writers[0].write(FRAME * 1000)
                await asyncio.wait_for(port.writers[0].drain(), 20)
                await asyncio.sleep(0)
                taken(link)
        await until(lambda: link.closed)
        assert link.reason == "too many bytes"
        assert port.listener.counts["slowed: bytes"] == 1
        spent_s = time.monotonic() - began
        assert link.counts["bytes_in"] <= (spent_s + 6) * 200_000 + (1 << 18)

    run(check, FeederLimits(anonymous=True, bytes_per_s=200_000, patience_s=0.5))


def test_too_many_messages_are_slowed_then_cut():
    async def check(port: Port) -> None:
        link = await port.link(FRAME)
        end = time.monotonic() + 20
        while not link.closed and time.monotonic() < end:
            link.heard(1000)
            await asyncio.sleep(0.01)
        assert link.reason == "too many messages"

    run(check, FeederLimits(anonymous=True, messages_per_s=100, patience_s=0.3))


def test_an_introduction_drop_by_drop_is_cut():
    async def check(port: Port) -> None:
        reader, _ = await port.call(b"SKYWITNESS ")
        await gone(reader)
        await until(lambda: port.listener.counts.get("introduction not finished"))

    run(check, FeederLimits(anonymous=True, hello_s=0.2))


def test_an_endless_first_line_is_no_introduction():
    async def check(port: Port) -> None:
        reader, _ = await port.call(b"SKYWITNESS " + b"x" * 100_000)
        await gone(reader)
        await until(lambda: port.listener.counts.get("unknown key"))

    run(check)


def test_a_silent_feeder_is_cut():
    async def check(port: Port) -> None:
        link = await port.link(FRAME)
        await until(lambda: link.closed)
        assert link.reason == "silent"

    run(check, FeederLimits(anonymous=True, silence_s=0.2))


def test_round_trips_are_measured_and_lost_pings_cut(monkeypatch):
    monkeypatch.setattr("skywitness.sources.listen.PING_EVERY_S", 0.0)
    monkeypatch.setattr("skywitness.sources.listen.SWEEP_S", 0.02)

    async def check(port: Port) -> None:
        link = await port.link(UUID + b"\x1aWO" + FRAME)
        reader, writer = await asyncio.open_connection("127.0.0.1", port.listener.port)
        port.writers.append(writer)
        writer.write(b"\x1aWO" + FRAME)
        await until(lambda: len(port.intake.listed()) == 2)
        answering = port.intake.listed()[1]
        ping = await asyncio.wait_for(reader.read(100), 20)
        assert ping.startswith(b"\x1aP")
        for byte in ping:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)
        await until(lambda: answering.rtt_ms == answering.rtt_ms)
        assert answering.rtt_ms < 20_000
        monkeypatch.setattr("skywitness.sources.listen.PING_LOST_S", 0.1)
        await until(lambda: link.closed)  # it has never read one
        assert link.reason == "pings not answered"

    run(check)


def test_half_open_and_reset_connections_leave_nothing():
    async def check(port: Port) -> None:
        link = await port.link(FRAME)
        port.writers[0].write_eof()
        await until(lambda: link.closed)
        link = await port.link(FRAME)
        port.writers[1].transport.abort()
        await until(lambda: link.closed and not port.listener.feeders)
        assert not port.listener.names

    run(check)


def test_a_thousand_idle_connections_cost_little():
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(1000, (soft - 100) // 2)

    async def check(port: Port) -> None:
        for _ in range(count):
            await port.call()
        await until(lambda: len(port.listener.feeders) == count)
        assert port.intake.listed() == []  # the core does not know of them
        began = time.process_time()
        await asyncio.sleep(1.0)
        assert time.process_time() - began < 0.5
        link = await port.link(FRAME)
        assert await all_of(link, len(FRAME)) == FRAME

    limits = FeederLimits(anonymous=True, connections=2000, connections_per_address=2000, attempts_per_minute=100_000)
    run(check, limits)


def test_clocks_that_jump_pass_through():
    jumping = b"".join(
        b"\x1a2" + stamp + b"\x20" + bytes(7) for stamp in (b"\xff" * 6, bytes(6), b"\x7f" + b"\xff" * 5)
    )

    async def check(port: Port) -> None:
        link = await port.link(jumping)
        assert await all_of(link, len(jumping)) == jumping

    run(check)
