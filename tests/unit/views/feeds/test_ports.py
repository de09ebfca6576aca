"""Outgoing streams: who gets what, what is thinned and taken out, and what happens to those who do not read."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.batches import TIMINGS, Frames
from skywitness.codes.parity import syndrome_long
from skywitness.errors import ConfigError
from skywitness.frames.formats.avr import AvrReader
from skywitness.frames.formats.beast import BeastReader
from skywitness.pipeline import Output, Pipeline, Settings
from skywitness.views.feeds.peer import BeastCommands
from skywitness.views.feeds.ports import HEARTBEATS, Ports, PortSettings, split_address
from skywitness.views.feeds.push import parse_push, uuid_message
from skywitness.views.feeds.reduce import Reducer, forwarded
from tests.frames_from import frames_from

UUID = "0f0e0d0c-1a1a-4a4a-8a8a-001122334455"
EVEN = bytes.fromhex("8D40621D58C382D690C8AC2863A7")
ODD = bytes.fromhex("8D40621D58C386435CC412692AD6")
IDENT = bytes.fromhex("8D4840D6202CC371C32CE0576098")
START_NS = 1_700_000_000_000_000_000
MS = 1_000_000


def output_of(*rows: tuple[int, int, bytes], pipeline: Pipeline | None = None) -> Output:
    return (pipeline or Pipeline(Settings(places=(None, None)))).push(
        frames_from([(START_NS + ms * MS, r, data) for ms, r, data in rows])
    )


def stamped(output: Output, ticks: int = 12_345_678) -> Output:
    """The same with the counters of receivers."""
    rows = len(output.frames)
    frames = dataclasses.replace(
        output.frames,
        ticks=np.arange(ticks, ticks + rows, dtype=np.int64),
        timing=np.full(rows, TIMINGS.index("counter_12mhz"), np.uint8),
    )
    return dataclasses.replace(output, frames=frames)


def read(data: bytes) -> Frames:
    reader = BeastReader()
    frames = reader.push(data)
    assert not reader.counts.get("skipped")
    return frames


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def with_ports(settings: PortSettings, scenario: Callable[[Ports], Awaitable[None]]) -> None:
    async def main() -> None:
        ports = Ports(settings)
        await ports.start()
        try:
            await scenario(ports)
        finally:
            await ports.close()

    asyncio.run(main())


async def push(ports: Ports, output: Output) -> None:
    """From another thread, as the core does."""
    await asyncio.to_thread(ports.push, output, START_NS)


def all_kinds(**more: object) -> PortSettings:
    return PortSettings(
        dict.fromkeys(("beast", "beast_reduce", "raw", "sbs", "json"), "127.0.0.1:0"), **more
    )  # fmt: skip


def test_each_port_gives_its_kind():
    received: dict[str, bytes] = {}

    async def scenario(ports: Ports) -> None:
        streams = {kind: await asyncio.open_connection(*address) for kind, address in ports.addresses.items()}
        await until(lambda: len(ports.peers) == 5)
        await push(ports, output_of((0, 0, IDENT), (50, 0, IDENT), (5000, 0, EVEN)))
        ends = {"beast": EVEN, "beast_reduce": EVEN, "raw": b"\n", "sbs": b"\n", "json": b"\n"}
        for kind, (reader, writer) in streams.items():
            data = b""
            while not data.endswith(ends[kind]) or (kind in ("raw", "json", "sbs") and data.count(b"\n") < 3):
                data += await asyncio.wait_for(reader.read(65536), 20)
            received[kind] = data
            writer.close()
        await until(lambda: not ports.peers)

    with_ports(all_kinds(), scenario)
    assert [bytes(row) for row in read(received["beast"]).data] == [IDENT, IDENT, EVEN]
    assert [bytes(row) for row in read(received["beast_reduce"]).data] == [IDENT, EVEN]
    assert [bytes(row) for row in AvrReader().push(received["raw"]).data] == [IDENT, IDENT, EVEN]
    assert received["sbs"].startswith(b"MSG,1,1,1,4840D6,1,")
    assert received["json"].count(b'"icao24":"4840d6"') == 2


def test_counters_and_levels_are_taken_out_unless_told():
    out = stamped(output_of((0, 0, IDENT)))
    out.frames.signal_dbfs[:] = -10.0
    for strip, ticks in ((True, -1), (False, 12_345_678)):
        ports = asyncio_free_ports(strip_counters=strip)
        public = ports._public(out)
        frames = read(ports._beast(ports._stamped(public.frames)))
        assert frames.ticks.tolist() == [ticks]
        assert np.isnan(frames.signal_dbfs).tolist() == [strip]
        assert np.isnan(public.frames.signal_dbfs).tolist() == [strip]  # of which SBS and JSON are made


def asyncio_free_ports(**settings: object) -> Ports:
    return Ports(PortSettings(**settings))  # type: ignore[arg-type]


def test_counters_of_several_receivers_become_one_clock():
    out = stamped(output_of((0, 0, IDENT), (1000, 1, EVEN)))
    ports = asyncio_free_ports(strip_counters=False)
    frames = read(ports._beast(ports._stamped(out.frames)))
    assert np.diff(frames.ticks).tolist() == [12_000_000]


def test_stations_are_told_when_asked():
    out = stamped(output_of((0, 0, IDENT), (1000, 1, EVEN)))
    ports = asyncio_free_ports(strip_counters=False, stations=True)
    reader = BeastReader()
    frames = reader.push(ports._beast(ports._stamped(out.frames)))
    assert reader.stations == [1, 2]
    assert frames.ticks.tolist() == [12_345_678, 12_345_679]


def test_only_the_first_reception_goes_out():
    out = output_of((0, 0, IDENT), (1, 1, IDENT), (400, 1, IDENT))
    assert len(forwarded(out).frames) == 2
    assert len(forwarded(out, duplicates=True).frames) == 3


def test_rejected_and_private_messages_stay():
    broken = bytes([*IDENT[:-1], IDENT[-1] ^ 0x77])
    out = output_of((0, 0, IDENT), (1, 0, broken), (2, 0, EVEN))
    assert len(forwarded(out).frames) == 2
    timing = np.array([TIMINGS.index(name) for name in ("do_not_forward", "none", "mlat_result")], np.uint8)
    out = dataclasses.replace(out, frames=dataclasses.replace(out.frames, timing=timing))
    assert len(forwarded(out).frames) == 0
    assert len(forwarded(out, mlat=True).frames) == 1


def test_a_repaired_message_goes_out_put_right():
    pipeline = Pipeline()
    output_of((0, 0, IDENT), pipeline=pipeline)
    wrong = bytearray(IDENT)
    wrong[6] ^= 0x10
    out = output_of((500, 0, bytes(wrong)), pipeline=pipeline)
    assert out.messages.repaired_bit.tolist() == [52]
    sent = forwarded(out)
    assert bytes(sent.frames.data[0]) == IDENT
    assert syndrome_long.py_func(sent.frames.data[0]) == 0
    assert bytes(out.frames.data[0]) == bytes(wrong)  # what is recorded stays as it was received


def test_thinning_keeps_what_a_position_needs():
    rows = [(100 * i, 0, (EVEN, ODD)[i % 2]) for i in range(20)]
    out = output_of(*rows)
    kept = Reducer(0.25).push(out.frames, out.messages, START_NS)
    for parity in (0, 1):
        times = out.frames.time_ns[kept][(out.frames.data[kept, 6] >> 2 & 1) == parity]
        assert 7 <= len(times) <= 9
    assert len(np.unique(kept)) == len(kept)


@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from((EVEN, ODD, IDENT))), max_size=60), st.data())
def test_thinning_does_not_depend_on_how_the_stream_is_cut(rows, data):
    out = output_of(*sorted((ms, 0, frame) for ms, frame in rows))
    whole = Reducer(0.25).push(out.frames, out.messages, START_NS).tolist()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    parts, reducer = [], Reducer(0.25)
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        kept = reducer.push(out.frames.slice(start, stop), out.messages.slice(start, stop), START_NS)
        parts += [start + int(row) for row in kept]
    assert parts == whole
    phases = {}  # at most one of a kind in an interval; intervals begin anywhere, but are the same for ever
    for row in whole:
        phases.setdefault(bytes(out.frames.data[row]), []).append(int(out.frames.time_ns[row]))
    for times in phases.values():
        assert len(times) <= (times[-1] - times[0]) // 250_000_000 + 2


def test_a_client_that_never_reads_is_dropped_and_holds_no_memory():
    counts = {}

    async def scenario(ports: Ports) -> None:
        _, writer = await asyncio.open_connection(*ports.addresses["raw"], limit=1 << 10)
        await until(lambda: len(ports.peers) == 1)
        peer = next(iter(ports.peers))
        many = output_of(*[(i, 0, IDENT) for i in range(4000)])
        many = dataclasses.replace(
            many, messages=dataclasses.replace(many.messages, transmission=many.messages.parent)
        )  # fmt: skip
        most = 0
        for _ in range(400):
            await push(ports, many)
            await asyncio.sleep(0)
            if peer.transport is not None:
                most = max(most, peer.transport.get_write_buffer_size())
            if not ports.peers:
                break
        await until(lambda: not ports.peers)
        assert most <= 200_000
        await push(ports, many)  # nobody listens: nothing is made
        assert ports._handed == 0
        counts.update(ports.metrics())
        writer.close()

    with_ports(all_kinds(held_bytes=200_000), scenario)
    assert counts['skywitness_port_closed_total{reason="slow"}'] == 1


def test_bytes_for_a_loop_that_does_not_run_are_given_up():
    async def scenario(ports: Ports) -> None:
        _, writer = await asyncio.open_connection(*ports.addresses["raw"])
        await until(lambda: len(ports.peers) == 1)
        ports._handed = 32 << 20
        await push(ports, output_of((0, 0, IDENT)))
        assert ports.metrics()['skywitness_port_dropped_bytes_total{reason="behind"}'] == 31
        writer.close()
        await until(lambda: not ports.peers)

    with_ports(all_kinds(), scenario)


def test_more_clients_than_allowed_are_turned_away():
    async def scenario(ports: Ports) -> None:
        first = await asyncio.open_connection(*ports.addresses["raw"])
        second = await asyncio.open_connection(*ports.addresses["beast"])
        assert await asyncio.wait_for(rest_of(second[0]), 20) == b""
        await until(lambda: len(ports.peers) == 1)
        first[1].close()
        second[1].close()
        await until(lambda: not ports.peers)

    with_ports(all_kinds(clients=1), scenario)


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def test_a_client_may_ask_for_pings_and_for_less():
    async def scenario(ports: Ports) -> None:
        reader, writer = await asyncio.open_connection(*ports.addresses["beast"])
        writer.write(b"\x1a1C\x1aWO\x1aWS\x1aWS")
        await until(lambda: any(peer.stream == ("beast", 4) for peer in ports.peers))
        peer = next(iter(ports.peers))
        peer.ping()
        ping = await asyncio.wait_for(reader.readexactly(5), 20)
        assert ping[:2] == b"\x1aP"
        await push(ports, output_of(*[(10 * i, 0, IDENT) for i in range(100)]))  # one second, thinned to one a second
        writer.write(b"\x1aP" + ping[2:5].replace(b"\x1a", b"\x1a\x1a"))
        await until(lambda: peer.rtt_s > 0)
        data = await asyncio.wait_for(reader.read(65536), 20)
        assert 1 <= len(read(data)) <= 2
        writer.close()
        await until(lambda: not ports.peers)

    with_ports(all_kinds(), scenario)


def test_a_peer_that_answers_late_gets_nothing_and_is_dropped():
    async def scenario(ports: Ports) -> None:
        _, writer = await asyncio.open_connection(*ports.addresses["beast"])
        writer.write(b"\x1aWO")
        await until(lambda: any(peer._wants_pings for peer in ports.peers))
        peer = next(iter(ports.peers))
        peer.ping()
        peer._pings = {mark: when - 4 for mark, when in peer._pings.items()}
        await push(ports, output_of((0, 0, IDENT)))
        await until(lambda: peer.discarded > 0)
        peer._pings = {mark: when - 12 for mark, when in peer._pings.items()}
        peer.ping()
        await until(lambda: not ports.peers)
        assert peer.reason == "no_pong"
        writer.close()
        await asyncio.sleep(0)

    with_ports(all_kinds(), scenario)


def test_pushing_says_the_name_first_and_answers_pings_and_comes_back():
    heard: list[bytes] = []

    async def main() -> None:
        connections: list[asyncio.StreamWriter] = []

        async def network(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(writer)
            heard.append(await reader.readexactly(38 + 3))
            if len(connections) == 1:
                writer.transport.abort()
                return
            writer.write(b"\x1aP\x01\x1a\x1a\x03")
            heard.append(await reader.readexactly(6))
            heard.append(await reader.readexactly(9 + 14))

        server = await asyncio.start_server(network, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ports = Ports(PortSettings(push=(f"beast_reduce://127.0.0.1:{port}",), uuid=UUID))
        await ports.start()
        await until(lambda: len(heard) >= 3 and bool(ports.peers))
        await push(ports, output_of((0, 0, IDENT)))
        await until(lambda: len(heard) == 4)
        await ports.close()
        for writer in connections:
            writer.close()
        server.close()

    asyncio.run(main())
    assert heard[0] == heard[1] == b"\x1a\xe4" + UUID.encode() + b"\x1aWO"
    assert heard[2] == b"\x1aP\x01\x1a\x1a\x03"
    assert bytes(read(heard[3]).data[0]) == IDENT


def test_heartbeats_are_what_readers_pass_over():
    assert not len(read(HEARTBEATS["beast"]))
    assert not len(AvrReader().push(HEARTBEATS["raw"]))


@given(
    st.lists(st.sampled_from((b"\x1aWO", b"\x1aWS", b"\x1aP\x1a\x1a\x01\x1a\x1a", b"\x1a1J", b"rubbish"))), st.data()
)
def test_commands_survive_any_cutting(messages, data):
    stream = b"".join(messages)
    whole = BeastCommands().push(stream)
    cut = data.draw(st.integers(0, len(stream)))
    commands = BeastCommands()
    assert commands.push(stream[:cut]) + commands.push(stream[cut:]) == whole
    assert len(whole) == sum(message != b"rubbish" for message in messages)


@given(st.binary(max_size=200))
def test_commands_bear_anything(stream):
    commands = BeastCommands()
    commands.push(stream)
    assert len(commands._rest) <= 16


@pytest.mark.parametrize("text", ["beast://host", "ftp://host:1", "beast_reduce://:30004", "sbs://a b:3", "raw://h:0"])
def test_a_wrong_target_is_refused_in_a_sentence(text):
    with pytest.raises(ConfigError, match="no connection to push to"):
        parse_push(text)


def test_targets_and_addresses():
    assert str(parse_push("beast_reduce://feed.example.org:30004")) == "beast_reduce://feed.example.org:30004"
    assert parse_push("beast://[::1]:30005").host == "::1"
    assert split_address("[::1]:0") == ("::1", 0)
    assert split_address(":30005") == ("127.0.0.1", 30005)
    with pytest.raises(ConfigError):
        split_address("host")
    with pytest.raises(ConfigError):
        split_address("host:70000")


@pytest.mark.parametrize("name", ["", "hello", "0123456789abcdef0123456789abcdef0123456789", "zz" * 16])
def test_a_name_that_is_no_uuid_is_refused(name):
    with pytest.raises(ConfigError):
        uuid_message(name)


def test_a_short_name_is_filled_up():
    assert uuid_message("0123456789abcdef0123456789abcdef") == b"\x1a\xe40123456789abcdef0123456789abcdefffff"


def test_a_port_somebody_has_is_said():
    async def main() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConfigError, match="cannot listen"):
            await Ports(PortSettings({"raw": f"127.0.0.1:{port}"})).start()
        server.close()

    asyncio.run(main())
