"""Recordings on a time line."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from skywitness.batches import Frames
from skywitness.errors import ConfigError
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.sources.link import Intake
from skywitness.sources.readers import read_frames
from skywitness.sources.replay import TimeLine
from skywitness.sources.url import parse_sources

WAIT_S = 60


def play(intake: Intake, line: TimeLine, enough: int = 1 << 60) -> dict[str, list[Frames]]:
    """Take like the core does; each turn's rows by link."""
    out: dict[str, list[Frames]] = {}
    until = time.monotonic() + WAIT_S
    rows = 0
    try:
        while time.monotonic() < until and rows < enough:
            links = intake.links()
            for link in links:
                for batch in link.take():
                    assert isinstance(batch, Frames)
                    rows += len(batch)
                    out.setdefault(link.name, []).append(batch)
            if line.is_done.is_set() and not intake.links():
                return out
            time.sleep(0.002)
    finally:
        line.stop()
        line.join(WAIT_S)
    return out


def test_all_rows_come_with_their_times():
    intake = Intake()
    line = TimeLine(parse_sources(["demo?speed=max"]), intake)
    line.start()
    got = Frames.concat(play(intake, line)["demo"])
    expected = read_frames("demo")
    assert np.array_equal(got.time_ns, expected.time_ns)
    assert np.array_equal(got.data, expected.data)
    assert line.now_ns() == expected.time_ns.max()
    assert line.states()[0][2:] == ("ended", "end of the recording")


def test_recordings_keep_together_at_full_speed(tmp_path: Path):
    frames = read_frames("demo")
    for name, step in (("a", 2), ("b", 3)):  # one has more rows a second than the other
        (tmp_path / f"{name}.beast").write_bytes(BeastWriter().write(frames.take(np.arange(0, len(frames), step))))
    intake = Intake()
    line = TimeLine(parse_sources([f"{tmp_path}/{name}.beast?speed=max" for name in "ab"]), intake)
    line.start()
    before = rows = 0
    until = time.monotonic() + WAIT_S
    while not (line.is_done.is_set() and not intake.links()) and time.monotonic() < until:
        turn = [batch for link in intake.links() for batch in link.take()]
        for batch in turn:  # nothing is older than what an earlier turn has brought of the other
            assert batch.time_ns.min() >= before - 1_000_000_000
            assert batch.time_ns.max() <= line.now_ns()
            rows += len(batch)
        before = line.now_ns()
    assert rows == len(range(0, len(frames), 2)) + len(range(0, len(frames), 3))


def test_a_loop_goes_on_in_time():
    expected = read_frames("demo")
    intake = Intake()
    line = TimeLine(parse_sources(["demo?speed=max&loop=1"]), intake)
    line.start()
    got = Frames.concat(play(intake, line, 2 * len(expected) + 100)["demo"])
    second = got.slice(len(expected), 2 * len(expected))
    shift = second.time_ns - expected.time_ns
    assert len(np.unique(shift)) == 1
    assert 0 < shift[0] - (expected.time_ns.max() - expected.time_ns.min()) <= 2_000_000_000
    assert np.array_equal(second.data, expected.data)


def test_it_may_pretend_another_time():
    intake = Intake()
    line = TimeLine(parse_sources(["demo?speed=max&at=2030-01-01T00:00:00Z"]), intake)
    line.start()
    got = Frames.concat(play(intake, line)["demo"])
    assert got.time_ns[0] == 1_893_456_000_000_000_000


def test_pace():
    intake = Intake()
    line = TimeLine(parse_sources(["demo?speed=20"]), intake)
    began = time.monotonic()
    line.start()
    got = Frames.concat(play(intake, line, 500)["demo"])
    data_s = (got.time_ns.max() - got.time_ns.min()) / 1e9
    assert data_s <= 20 * (time.monotonic() - began)


def test_time_stands_still_while_nobody_takes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("skywitness.sources.replay.STAGED_ROWS", 1000)
    intake = Intake()
    line = TimeLine(parse_sources(["demo?speed=max"]), intake)
    line.start()
    time.sleep(0.5)
    assert line._staged_rows < 1000 + (1 << 14)
    assert sum(map(len, play(intake, line)["demo"])) == len(read_frames("demo"))


def test_damage_and_missing_files_end_one_recording_only(tmp_path: Path):
    whole = BeastWriter().write(read_frames("demo"))
    (tmp_path / "cut.beast").write_bytes(whole[:100_005])
    intake = Intake()
    specs = parse_sources([f"{tmp_path}/cut.beast?speed=max", f"{tmp_path}/none.beast?speed=max", "demo?speed=max"])
    line = TimeLine(specs, intake)
    line.start()
    got = play(intake, line)
    assert sum(map(len, got["demo"])) == len(read_frames("demo"))
    assert got["cut"]
    reasons = {name: reason for name, _, _, reason in line.states()}
    assert "middle of a frame" in reasons["cut"]
    assert "No such file" in reasons["none"]


def test_one_pace():
    with pytest.raises(ConfigError):
        TimeLine(parse_sources(["demo?speed=2", "demo?speed=3"]), Intake())
