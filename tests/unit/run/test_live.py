"""The core of a live node: links in; pictures, outputs and reports out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from skywitness.batches import STATUSES, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.receiver import Place
from skywitness.pipeline import Output
from skywitness.run.live import Core
from skywitness.run.walk import heard
from skywitness.sources.link import Chunk, Intake, Link, LinkOptions
from skywitness.sources.readers import open_recording
from skywitness.tracks.picture import Picture

S = 1_000_000_000
START = 1_700_000_000 * S


class Node:
    """A core whose clock the test turns, and what came out of it."""

    def __init__(self, **more: object) -> None:
        self.now_ns = START
        self.intake = Intake()
        self.told: list[str] = []
        self.pictures: list[Picture] = []
        self.outputs: list[Output] = []
        beat = lambda: self.now_ns / S  # noqa: E731
        self.core = Core(self.intake, lambda: self.now_ns, self.pictures.append, sinks=[self], beat=beat, **more)

    def push(self, output: Output, now_ns: int) -> None:
        self.outputs.append(output)

    def link(self, name: str, format: str = "beast", **options: object) -> Link:
        told = self.told
        return self.intake.open(name, f"test://{name}", format, LinkOptions(**options), abuse=told.append)


def feed(link: Link, data: bytes, arrival_ns: int) -> None:
    link.put(Chunk(data, arrival_ns), len(data))


def stream(receiver: int) -> bytes:
    """What one receiver of the walk's scenario sends, three seconds of it."""
    frames = heard()
    return BeastWriter(markers=False).write(frames.take(frames.receiver == receiver))


def pour(node: Node, links: list[tuple[Link, bytes]], seconds: float = 3.0, step: float = 0.25) -> None:
    """Feed streams evenly over the time, and turn."""
    steps = int(seconds / step)
    for k in range(steps):
        node.now_ns += int(step * S)
        for link, data in links:
            feed(link, data[len(data) * k // steps : len(data) * (k + 1) // steps], node.now_ns)
        node.core.turn()
    node.now_ns += S
    node.core.turn()


def test_two_receivers_become_one_picture():
    node = Node()
    north = node.link("north", place=Place(47.1, 8.0), gps=False)
    south = node.link("south", gps=False)
    pour(node, [(north, stream(0)), (south, stream(1))])
    picture = node.pictures[-1]
    assert len(picture.table) > 1000
    assert all(b.number > a.number for a, b in itertools.pairwise(node.pictures))
    assert all(b.now_ns > a.now_ns for a, b in itertools.pairwise(node.pictures))
    frames = sum(len(output.frames) for output in node.outputs)
    assert frames == picture.frames == len(heard())
    ids = np.concatenate([output.frames.id for output in node.outputs])
    assert np.array_equal(np.sort(ids), np.arange(frames))
    labels = {int(t) for output in node.outputs for t in output.messages.transmission}
    assert len(labels) < frames  # what both heard is one transmission
    reports = {report.receiver.name: report for report in node.core.reports}
    assert reports["north"].shared + reports["north"].unique == reports["north"].accepted
    assert reports["north"].shared == reports["south"].shared > 0
    assert max(reports["north"].range_nmi) > 1
    assert max(reports["south"].range_nmi) == 0
    assert reports["north"].clock == "counter_12mhz"
    assert sum(picture.statuses) == frames


def test_times_are_those_of_the_arrival_not_of_the_file():
    node = Node()
    pour(node, [(node.link("one", gps=False), stream(0))])
    time_ns = np.concatenate([output.frames.time_ns for output in node.outputs])
    assert time_ns.min() >= START - S
    assert time_ns.max() <= node.now_ns


def test_a_closed_link_is_taken_to_its_end_and_reported():
    node = Node()
    link = node.link("one", gps=False)
    feed(link, stream(0), START)
    link.close("the peer went away")
    node.core.turn()
    node.core.turn()
    node.now_ns += 2 * S
    node.core.turn()
    report = node.core.reports[0]
    assert not report.connected
    assert report.last_error == "the peer went away"
    assert report.frames == len(Frames.concat(output.frames for output in node.outputs))


def test_the_same_receiver_comes_back_under_its_number():
    node = Node()
    for reason in ("first", "second"):
        link = node.link("one", gps=False)
        feed(link, stream(0), node.now_ns)
        link.close(reason)
        node.core.turn()
        node.now_ns += 2 * S
    node.core.turn()
    assert len(node.core.reports) == 1
    assert {int(r) for output in node.outputs for r in output.frames.receiver} == {0}
    assert node.core.reports[0].frames == 2 * len(heard().take(heard().receiver == 0))


def test_a_link_that_breaks_harms_no_other(monkeypatch):
    node = Node()
    good = node.link("good", gps=False)
    bad = node.link("bad", gps=False)
    feed(bad, b"x", START)
    node.core.turn()
    source = node.core._inputs[bad.number]
    monkeypatch.setattr(source._reader, "push", lambda _: (_ for _ in ()).throw(FormatError("no more")))
    feed(bad, b"x", START)
    feed(good, stream(0), START + S)
    node.core.turn()
    assert node.told == ["no more"]
    assert sum(len(output.frames) for output in node.outputs) > 0


def test_garbage_is_told_to_the_sources():
    node = Node()
    link = node.link("noise", gps=False)
    for seed in range(8):
        feed(link, np.random.default_rng(seed).integers(0, 256, 1 << 16, np.uint8).tobytes(), node.now_ns)
        node.core.turn()
    assert "garbage" in node.told


def test_stamps_are_found_to_be_gps_time_without_being_told():
    frames = heard().take(heard().receiver == 0)
    frames = frames.take(np.unique((frames.time_ns - frames.time_ns[0]) // 200_000, return_index=True)[1])
    frames = frames.take(np.r_[True, np.diff(frames.time_ns) > 100_000])  # a frame lasts that long: none overlap
    seconds = (frames.time_ns - frames.time_ns[0]) // S
    stamps = (seconds + 79_000 << 30) | (frames.time_ns - frames.time_ns[0]) % S
    data = BeastWriter(markers=False).write(
        Frames(**{name: getattr(frames, name) for name in Frames.names() if name != "ticks"}, ticks=stamps)
    )
    node = Node()
    node.now_ns = START - START % (86_400 * S) + 79_000 * S
    began = node.now_ns
    pour(node, [(node.link("gps"), data)])
    node.intake.links()[0].close("end")
    node.core.turn()
    time_ns = np.concatenate([output.frames.time_ns for output in node.outputs])
    assert node.core.reports[0].clock == "gps_ns"
    assert abs(int(np.min(time_ns)) - began) < S // 100


def test_replayed_positions_and_frames_go_the_same_way(tmp_path):
    node = Node()
    link = node.link("demo", provenance=2)
    batches = list(open_recording("demo").frames())
    node.now_ns = int(batches[-1].time_ns[-1])
    for batch in batches:
        link.put(batch, 1)
    node.core.turn()
    assert node.pictures[-1].simulated
    provenance = np.concatenate([output.positions.provenance for output in node.outputs])
    assert set(provenance.tolist()) == {2}
    assert len(node.pictures[-1].table) > 3


def test_imported_positions_are_shown_without_a_reception_behind_them():
    node = Node()
    sbs = node.link("sbs", "sbs")
    line = b"MSG,3,1,1,3C6586,1,2023/11/14,22:13:20.000,2023/11/14,22:13:20.000,,30000,,,50.1,8.6,,,0,0,0,0\r\n"
    feed(sbs, line, START)
    node.core.turn()
    node.now_ns += 2 * S
    node.core.turn()
    table = node.pictures[-1].table
    assert table.icao.tolist() == [0x3C6586]
    assert table.lat_deg[0] == pytest.approx(50.1)
    assert all((output.positions.parent < 0).all() for output in node.outputs)
    node.now_ns += 1801 * S
    node.core.turn()
    assert not len(node.pictures[-1].table)


def test_single_questions_see_newer_pictures_than_are_published():
    node = Node()
    seen: list[Picture] = []
    node.core.glance = seen.append
    pour(node, [(node.link("one", gps=False), stream(0))], step=0.1)
    assert len(seen) > len(node.pictures) > 1
    both = sorted([*seen, *node.pictures], key=lambda picture: picture.number)
    assert all(b.now_ns > a.now_ns and b.frames >= a.frames for a, b in itertools.pairwise(both))


def test_a_turn_takes_no_more_than_fits_and_forgets_no_link(monkeypatch):
    monkeypatch.setattr("skywitness.run.live.MOST_ROWS", 10_000)
    node = Node()
    for k in range(6):
        feed(node.link(f"link {k}", gps=False), stream(0)[:200_000], START)
    turns = 0
    while turns == 0 or node.core.is_behind:
        node.core.turn()
        turns += 1
    assert turns > 2
    heard_by = np.concatenate([output.frames.receiver for output in node.outputs])
    counts = np.bincount(heard_by)
    assert len(counts) == 6
    assert counts.min() == counts.max() > 5000


def test_stations_are_receivers_of_an_own_source_and_not_of_a_feeder():
    data = BeastWriter((7, 8), markers=False).write(heard())
    for own, receivers in ((True, ["hub/0000000000000007", "hub/0000000000000008"]), (False, ["hub"])):
        node = Node()
        feed(node.link("hub", own=own, gps=False), data, START)
        node.core.turn()
        node.now_ns += 2 * S
        node.core.turn()
        assert sorted(report.receiver.name for report in node.core.reports) == receivers


def test_metrics_add_up():
    node = Node()
    pour(node, [(node.link("one", gps=False), stream(0))])
    metrics = node.core.metrics()
    results = sum(metrics[f'skywitness_messages_total{{result="{status}"}}'] for status in STATUSES)
    assert results == metrics["skywitness_frames_total"] == node.pictures[-1].frames


def test_the_thread_ends_in_order():
    node = Node()
    link = node.link("one", gps=False)
    node.core.start()
    feed(link, stream(0), START)
    node.core.stop()
    node.core.join(30)
    assert not node.core.is_alive()
    assert node.core.failure is None
    assert sum(len(output.frames) for output in node.outputs) == len(heard().take(heard().receiver == 0))
