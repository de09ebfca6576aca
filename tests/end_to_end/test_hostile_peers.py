"""Peers that are broken or mean no good, one test for each row of docs/guide/what-happens-when.md that needs a node."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import websockets

from skywitness.archive.ledger import read_ledger
from skywitness.archive.segments import read_segment, segment_path, segments_of
from skywitness.batches import Frames
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.simulate.scenario import Scenario
from skywitness.simulate.simulate import simulate
from tests.serving import Node, free_port, paced, receiver, running, until

SKY = """
name = "hostile"
duration_s = 7
[[receiver]]
name = "roof"
lat_deg = 47.0
lon_deg = 8.0
[[fleet]]
count = 60
area = [46.9, 7.9, 47.1, 8.1]
"""
SECONDS = 7.0
UUID = b"\x1a\xe4" + b"0f0f0f0f-0000-4000-8000-00000000abcd"
BIG = 8 << 20
IDLE = 1000


@pytest.fixture(scope="module")
def sky() -> Frames:
    """What one good receiver hears in seven seconds."""
    return simulate(Scenario.parse(SKY)).frames(0)


class Feeders:
    """Threads that each have one connection to the node's port for feeders, until all are told to stop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.stopping = threading.Event()
        self.threads: list[threading.Thread] = []

    def pour(self, pieces: Iterator[tuple[float, bytes]], *, come_again: bool = False) -> None:
        """Send pieces, each after so many seconds; come again when cut."""

        def run() -> None:
            while not self.stopping.is_set():
                with (
                    contextlib.suppress(OSError),
                    socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection,
                ):
                    for pause, data in pieces:
                        if self.stopping.wait(pause):
                            return
                        connection.sendall(data)
                    self.stopping.wait()
                if not come_again or self.stopping.wait(0.2):
                    return

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


@contextlib.contextmanager
def feeding(port: int) -> Iterator[Feeders]:
    feeders = Feeders(port)
    try:
        yield feeders
    finally:
        feeders.stop()


def garbage() -> Iterator[tuple[float, bytes]]:
    chance = np.random.default_rng(7)
    while True:
        yield 0.0, chance.integers(0, 256, 65536, np.uint8).tobytes()


def jumping(frames: Frames) -> bytes:
    """The frames with a counter that goes an hour ahead and an hour back, every fifty."""
    hour = 3600 * 12_000_000
    ticks = frames.ticks + np.where(np.arange(len(frames)) // 50 % 2 == 0, 0, hour)
    return BeastWriter(markers=False).write(frames.replaced(ticks=ticks))


def listening(directory: Path, port: int, *arguments: str) -> contextlib.AbstractContextManager[Node]:
    (directory / "hub.toml").write_text("[limits]\nanonymous = true\n")
    return running(
        directory, "--config", "hub.toml", "--listen", f"listen+beast://127.0.0.1:{port}", "--data", "data", *arguments
    )


def test_garbage_a_jumping_clock_and_twins_harm_nobody(tmp_path, sky):
    port = free_port()
    stream = BeastWriter(markers=False).write(sky)
    with (
        receiver([(3.0, b""), *paced(stream, SECONDS)]) as roof,
        listening(tmp_path, port, "--source", f"roof=beast+tcp://127.0.0.1:{roof}@47,8") as node,
        feeding(port) as feeders,
    ):
        feeders.pour(garbage(), come_again=True)
        feeders.pour(iter([(0.0, UUID[:-1] + b"e"), *paced(jumping(sky), SECONDS)]))
        for _ in range(2):
            feeders.pour(iter([(0.0, UUID), *paced(stream, SECONDS)]))
        rows: dict[str, dict] = {}
        slowest_s = 0.0

        def good_is_through() -> bool:
            nonlocal slowest_s
            began = time.monotonic()
            rows.update({row["name"]: row for row in node.json("/api/v1/receivers")["receivers"]})
            slowest_s = max(slowest_s, time.monotonic() - began)
            return rows.get("roof", {}).get("frames", 0) >= len(sky)

        until(good_is_through)
        counts = node.metrics()
        good = rows["roof"]
        assert good["frames"] == len(sky)
        assert good["connected"]
        assert good["clock_jumps"] == 0
        assert not good["quarantined"]
        assert good["positions"] > 100
        assert slowest_s < 5.0
        # Garbage: slowed, then cut, and that was counted.
        assert counts['skywitness_feeders_ended_total{reason="slowed: garbage"}'] >= 2
        until(lambda: node.metrics().get('skywitness_feeders_ended_total{reason="garbage"}', 0) >= 1)
        # The twins: two receivers, neither lost.
        (first,) = [name for name in rows if f"{name} #2" in rows]
        assert rows[first]["frames"] == rows[f"{first} #2"]["frames"] == len(sky)
        assert counts['skywitness_feeders_ended_total{reason="second connection under one name"}'] == 1
        # The clock that jumps: told, quarantined; its frames stay.
        (wild,) = [row for row in rows.values() if row["clock_jumps"] > 0]
        assert wild["frames"] == len(sky)
        assert wild["clock_jumps"] > 5
        shown = node.json("/data/aircraft.json")["aircraft"]
        near = [one for one in shown if "lat" in one]
        assert len(near) > 20
        assert all(46 < one["lat"] < 48 and 7 < one["lon"] < 9 for one in near)  # nobody was moved by a wrong time


def test_a_full_disk_stops_the_record_and_the_node_serves_on(tmp_path, sky):
    free = shutil.disk_usage(tmp_path).free
    hold = min(free // 3, 6_000_000_000)  # others write to the disk meanwhile
    (tmp_path / "full.toml").write_text(f"[record]\nreserve_mb = {(free - hold // 2) // 1_000_000}\n")
    stream = BeastWriter(markers=False).write(sky)
    with (
        receiver(paced(stream, 25.0)) as roof,  # it still sends when there is room again: recording goes on with it
        running(
            tmp_path, "--config", "full.toml", "--source", f"roof=beast+tcp://127.0.0.1:{roof}", "--data", "data"
        ) as node,
    ):
        until(lambda: node.metrics()["skywitness_record_receptions_total"] > 10)
        ballast = os.open(tmp_path / "ballast", os.O_CREAT | os.O_RDWR)
        try:
            os.posix_fallocate(ballast, 0, hold)
        finally:
            os.close(ballast)
        try:
            until(lambda: node.metrics()["skywitness_record_stopped"] == 1)
            assert any("recording stopped" in line and "disk_full" in line for line in node.lines)
            heard = node.metrics()["skywitness_frames_total"]
            until(lambda: node.metrics()["skywitness_frames_total"] > heard)  # live goes on
            until(lambda: node.json("/data/aircraft.json")["aircraft"])
        finally:
            (tmp_path / "ballast").unlink()
        until(lambda: node.metrics()["skywitness_record_stopped"] == 0)  # by itself
        until(lambda: node.metrics()["skywitness_frames_total"] == len(sky))
        until(lambda: node.metrics()["skywitness_record_queue_bytes"] == 0)
        lost = node.metrics()['skywitness_record_dropped_total{reason="disk_full"}']
        assert node.end() == 0
    kept = [part for n in segments_of(tmp_path / "data") for part in read_segment(segment_path(tmp_path / "data", n))]
    assert lost > 0
    assert sum(map(len, kept)) + lost == len(sky)  # every reception is kept or told to be lost
    gaps = [gap for gap in read_ledger(tmp_path / "data").gaps if gap.reason == "disk_full"]
    assert sum(gap.last - gap.first + 1 for gap in gaps) == lost


def test_a_thousand_idle_clients_are_bounded_and_others_served(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * IDLE:
        pytest.skip(f"only {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * IDLE), hard))
    try:
        (tmp_path / "idle.toml").write_text("[http]\nrate_per_minute = 100000\n")
        with running(tmp_path, "--config", "idle.toml", "--source", "demo=demo?loop=1") as node:
            asyncio.run(idle_clients(node))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def idle_clients(node: Node) -> None:
    port = int(node.url.rpartition(":")[2])
    before_mb = memory_mb(node)
    quiet = [await asyncio.open_connection("127.0.0.1", port) for _ in range(IDLE // 2)]
    sockets = [
        await websockets.connect(f"ws://127.0.0.1:{port}/api/v1/stream", compression=None) for _ in range(IDLE // 2)
    ]
    for _ in range(5):
        began = time.monotonic()
        assert (await asyncio.to_thread(node.json, "/data/aircraft.json"))["aircraft"] is not None
        assert time.monotonic() - began < 2.0
    assert memory_mb(node) - before_mb < 200
    # Both kinds are closed by the node: the ones after 20 s without a request, the others after 10 s without a wish.
    await asyncio.wait_for(asyncio.gather(*(one.wait_closed() for one in sockets)), 60)
    assert await asyncio.wait_for(asyncio.gather(*(reader.read(1) for reader, _ in quiet)), 60) == [b""] * len(quiet)
    for _, writer in quiet:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    counts = await asyncio.to_thread(node.metrics)
    assert counts['skywitness_http_cut_total{reason="silent"}'] >= IDLE // 2
    assert counts["skywitness_stream_clients"] == 0


def memory_mb(node: Node) -> float:
    pages = int(Path(f"/proc/{node.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
