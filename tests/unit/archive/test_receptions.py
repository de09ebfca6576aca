"""The receptions of a time: all of it, whatever the blocks are, and no damage hides the rest."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from skywitness.archive.receptions import StoredReceptions
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.segments import segment_path, segments_of
from skywitness.batches import Frames, Messages, Positions
from skywitness.pipeline import Output
from tests.frames_from import frames_from

S = 1_000_000_000
NOW = 1_780_000_000 * S


def recorded(directory: Path, begins: list[int]) -> Frames:
    """Blocks of ten receptions, a tenth of a second apart, each beginning at a second of its own."""
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0), threaded=False)
    recorder.register.receiver("roof")
    parts = []
    rng = np.random.default_rng(3)
    for second in begins:
        at = NOW + second * S
        frames = frames_from([(at + k * S // 10, 0, rng.bytes(14)) for k in range(10)])
        frames = dataclasses.replace(frames, id=recorder.reserve(10, at) + np.arange(10))
        recorder.push(Output(frames, Messages.empty(), Positions.empty()), at)
        recorder.turn(is_due=True)
        parts.append(frames)
    recorder.close()
    return Frames.concat(parts)


def found(source: StoredReceptions, begin: int, end: int) -> list[int]:
    frames = Frames.concat([Frames.empty(), *source.receptions(NOW + begin * S, NOW + end * S)])
    inside = (frames.time_ns >= NOW + begin * S) & (frames.time_ns < NOW + end * S)
    return frames.id[inside].tolist()


def test_a_time_is_whole_and_little_else_is_read(tmp_path: Path):
    whole = recorded(tmp_path, [0, 60, 120, 30, 90, 3600])  # another replay begins at 30
    source = StoredReceptions(tmp_path)
    assert source.receivers() == {0: "roof"}
    for begin, end in ((0, 1), (0, 61), (29, 91), (59, 60), (60, 61), (61, 130), (3000, 4000), (-10, 9999)):
        inside = (whole.time_ns >= NOW + begin * S) & (whole.time_ns < NOW + end * S)
        assert found(source, begin, end) == whole.id[inside].tolist(), (begin, end)
    assert source.rows_about(NOW + 3600 * S, NOW + 3601 * S) < 40
    assert source.rows_about(NOW - 99 * S, NOW - 50 * S) == 0


def test_what_is_damaged_is_left_out(tmp_path: Path):
    whole = recorded(tmp_path, [0, 60, 120])
    path = segment_path(tmp_path, segments_of(tmp_path)[0])
    source = StoredReceptions(tmp_path)
    source.rows_about(NOW, NOW + S)
    block = source._of(NOW + 60 * S, NOW + 61 * S)[-1]
    data = bytearray(path.read_bytes())
    data[block.offset + 70] ^= 1
    path.write_bytes(data)
    assert found(StoredReceptions(tmp_path), -10, 9999) == [*whole.id[:10].tolist(), *whole.id[20:].tolist()]


def test_a_directory_without_receptions(tmp_path: Path):
    source = StoredReceptions(tmp_path)
    assert source.receivers() == {}
    assert found(source, 0, 10) == []
