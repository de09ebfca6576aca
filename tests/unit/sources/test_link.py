"""Links and the intake."""

from __future__ import annotations

import threading
import time

from skywitness.sources.link import CHUNK_OVERHEAD, Chunk, Intake


def test_a_full_link_pauses_and_goes_on():
    intake = Intake(link_bytes=10_000)
    resumed: list[int] = []
    link = intake.open("a", "url", "beast", resume=lambda: resumed.append(1))
    assert link.put(Chunk(b"x" * 5_000, 1), 5_000)
    assert not link.put(Chunk(b"y" * 5_000, 2), 5_000)
    assert link.counts["paused"] == 1
    assert [chunk.arrival_ns for chunk in link.take()] == [1, 2]
    assert resumed == [1]
    assert intake.waiting_bytes == link.waiting_bytes == 0
    assert link.take() == []


def test_single_bytes_count_with_what_they_cost():
    intake = Intake(link_bytes=100 * CHUNK_OVERHEAD)
    link = intake.open("a", "url", "beast")
    puts = 0
    while link.put(Chunk(b"x", 0), 1):
        puts += 1
    assert puts < 100


def test_all_links_together_are_bounded():
    intake = Intake(link_bytes=1 << 20, total_bytes=10_000)
    first, second = intake.open("a", "u", "beast"), intake.open("b", "u", "beast")
    assert first.put(Chunk(b"x" * 8_000, 0), 8_000)
    assert not second.put(Chunk(b"x" * 2_000, 0), 2_000)
    first.take()
    second.take()
    assert second.put(Chunk(b"x" * 2_000, 0), 2_000)


def test_a_closed_link_is_listed_until_its_last_bytes_are_taken():
    intake = Intake()
    closed: list[str] = []
    intake.add_listener(lambda link: None, lambda link: closed.append(link.reason))
    link = intake.open("a", "url", "beast")
    link.put(Chunk(b"last", 0), 4)
    link.close("gone")
    link.close("again")
    assert not link.put(Chunk(b"late", 0), 4)
    assert closed == ["gone"]
    assert not link.drained
    assert intake.links() == [link]
    assert [chunk.data for chunk in link.take()] == [b"last"]
    assert link.drained
    assert intake.links() == []
    assert intake.metrics()["skywitness_links_bytes_total"] == 4


def test_nothing_is_lost_between_threads():
    intake = Intake(link_bytes=1 << 16)
    room = threading.Event()
    link = intake.open("a", "url", "beast", resume=room.set)

    def produce() -> None:
        for number in range(20_000):
            room.clear()
            if not link.put(Chunk(number.to_bytes(4, "big"), number), 4):
                assert room.wait(10)
        link.close("end")

    thread = threading.Thread(target=produce)
    thread.start()
    got: list[int] = []
    until = time.monotonic() + 30
    while not link.drained and time.monotonic() < until:
        got += [chunk.arrival_ns for chunk in link.take()]
    thread.join()
    assert got == list(range(20_000))
