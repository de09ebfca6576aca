"""The record at its limits, through the recorder: a full disk, and each kind's age and size."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive.ledger import read_ledger
from skywitness.archive.manifest import Manifest
from skywitness.archive.reader import open_history
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.retention import Limit, Limits
from skywitness.archive.segments import read_segment, segment_path, segments_of
from skywitness.archive.spool import SpoolSettings
from skywitness.batches import Frames
from skywitness.pipeline import Pipeline
from skywitness.sources.readers import read_frames
from skywitness.tracks.aircraft import aircraft_table
from tests.crashing_files import CrashingFiles

S = 1_000_000_000
SETTINGS = RecorderSettings(seal=False, segment_bytes=40_000, reserve_bytes=0, retry_s=0.0)


@pytest.fixture(scope="module")
def frames() -> Frames:
    return read_frames("demo")


class Node:
    def __init__(self, directory: Path, settings: RecorderSettings, files: CrashingFiles | None = None) -> None:
        self.recorder = Recorder(directory, settings, files, threaded=False)
        self.recorder.receiver("roof")
        self.recorder.connected(0, "u", 0)
        self.pipeline = Pipeline()
        self.parents: set[int] = set()

    def hear(self, frames: Frames, from_s: float, until_s: float) -> None:
        at = frames.time_ns - frames.time_ns[0]
        part = frames.take((at >= from_s * S) & (at < until_s * S))
        edges = np.flatnonzero(np.diff(part.time_ns // S)) + 1
        for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(part)], strict=True):
            rows = part.slice(start, stop)
            now_ns = int(rows.time_ns[-1])
            first = self.recorder.reserve(len(rows), now_ns)
            output = self.pipeline.push(rows.replaced(id=first + np.arange(len(rows))))
            self.parents |= set(output.positions.parent.tolist())
            self.recorder.push(output, now_ns)
            tracker = self.pipeline.shards[0].tracker
            self.recorder.states(aircraft_table(tracker.aircraft, tracker.pairs), now_ns)
            self.recorder.turn()


def limited(kind: str, limit: Limit) -> RecorderSettings:
    return dataclasses.replace(SETTINGS, spool=SpoolSettings(limits=dataclasses.replace(Limits(), **{kind: limit})))


def sizes(directory: Path, kind: str) -> int:
    if kind == "raw":
        return sum(segment_path(directory, n).stat().st_size for n in segments_of(directory)[:-1])
    return Manifest(directory, None).tables[kind].bytes


KINDS = ["raw", "positions", "states"]


@pytest.fixture(scope="module")
def all_of_it(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Bytes of each kind that a record without limits has."""
    directory = tmp_path_factory.mktemp("all")
    node = Node(directory, SETTINGS)
    node.hear(frames, 0, 600)
    node.recorder.close()
    return {kind: sizes(directory, kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_own_size(tmp_path, frames, all_of_it, kind):
    most = all_of_it[kind] // 3
    node = Node(tmp_path / "some", limited(kind, Limit(bytes=most)))
    node.hear(frames, 0, 600)
    node.recorder.close()
    for other in KINDS:
        kept, had = sizes(tmp_path / "some", other), all_of_it[other]
        if other == kind:
            assert 0 < kept <= most + had // 5  # what came since the last look, a minute ago
        else:
            assert kept == had
    gone = [gone for (table, _, reason), gone in Manifest(tmp_path / "some", None).gone.items() if reason == "size"]
    assert {line.table for line in gone} == {kind}
    if kind == "positions":
        times = open_history(tmp_path / "some").positions(0, 1 << 62).time_ns
        assert times.max() > frames.time_ns[-1] - 10 * S  # the oldest went


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_own_age(tmp_path, frames, kind):
    node = Node(tmp_path, limited(kind, Limit(age_s=150.0)))
    node.hear(frames, 0, 300)
    if kind == "raw":  # its age counts from when it was written
        for number in segments_of(tmp_path)[:-2]:
            os.utime(segment_path(tmp_path, number), (0, time.time() - 200))
    before = {other: sizes(tmp_path, other) for other in KINDS}
    node.hear(frames, 300, 600)
    node.recorder.close()
    for other in KINDS:
        if other != kind:
            assert sizes(tmp_path, other) > before[other]
    if kind == "raw":
        assert segments_of(tmp_path)[0] > 0
    else:
        oldest = Manifest(tmp_path, None).tables[kind].order[0] * 60 * S
        assert frames.time_ns[-1] - 300 * S < oldest < frames.time_ns[-1] - 120 * S


def test_a_full_disk_stops_the_record_and_nothing_else(tmp_path, frames):
    files = CrashingFiles(tmp_path, full_at=220_000)
    node = Node(tmp_path, SETTINGS, files)
    node.hear(frames, 0, 400)
    recorder = node.recorder
    assert "full" in recorder.alarm()
    assert files.room == 0
    known = len(recorder.history.positions(0, 1 << 62, contradicted=True))
    assert known == len(node.parents)  # what has no file is answered from memory
    files.room = None
    node.hear(frames, 400, 500)
    assert recorder.alarm() == ""
    recorder.close()
    assert recorder.recovered.torn == {}
    (gap,) = [gap for gap in read_ledger(tmp_path).gaps if gap.reason == "disk_full"]
    receptions = [part for n in segments_of(tmp_path) for part in read_segment(segment_path(tmp_path, n), strict=True)]
    heard = int((frames.time_ns - frames.time_ns[0] < 500 * S).sum())
    assert gap.first is not None
    assert gap.last is not None
    assert sum(map(len, receptions)) + gap.last - gap.first + 1 == heard
    stored = open_history(tmp_path, strict=True).positions(0, 1 << 62, contradicted=True)
    assert set(stored.parent.tolist()) == node.parents  # rows waited for room
    again = Recorder(tmp_path, SETTINGS, threaded=False)
    assert again.recovered.torn == {}
    assert again.tail().blocks == ()
    again.close()
