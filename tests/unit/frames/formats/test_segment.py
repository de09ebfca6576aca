"""Segments as a stream: whole, cut anyhow, damaged, several after one another."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from skywitness.archive.files import OsFiles
from skywitness.archive.segments import SegmentWriter
from skywitness.batches import Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.detect import detect
from skywitness.frames.formats.segment import SegmentHeader, SegmentReader
from skywitness.frames.formats.segment_blocks import ReceiverRows, encode_block
from skywitness.frames.receiver import Receiver
from tests.frames_from import frames_from

ROWS = 40
BLOCKS = 5


def frames_of(segment: int) -> Frames:
    rng = np.random.default_rng(segment)
    rows = [(10**15 + i, int(rng.choice([7, 300])), rng.bytes(14)) for i in range(ROWS * BLOCKS)]
    return frames_from(rows, segment << 32)


def written(directory, segment: int) -> bytes:
    """A segment of two receivers, with its blocks' beginnings in `places`."""
    (directory / "raw").mkdir(exist_ok=True)
    writer = SegmentWriter(OsFiles(), directory, SegmentHeader(segment, 0, bytes(16)))
    known = {n: Receiver(n, f"r{n}", bytes([n % 256]) * 32, uuid=f"uuid-{n}") for n in (7, 300)}
    writer.receivers(known, {})
    frames = frames_of(segment)
    for start in range(0, len(frames), ROWS):
        writer.append(encode_block(frames.slice(start, start + ROWS), {n: ReceiverRows(start, 1) for n in known}))
    writer.close()
    return writer.path.read_bytes()


def read(data: bytes, size: int = 1 << 20) -> tuple[Frames, SegmentReader]:
    reader = SegmentReader(segment=3)
    parts = [reader.push(data[at : at + size]) for at in range(0, len(data), size)]
    return Frames.concat([*parts, reader.flush()]), reader


def payload(frames: Frames) -> list[bytes]:
    return [row.tobytes() for row in frames.data]


@pytest.mark.parametrize("size", [1, 63, 500, 1 << 20])
def test_everything_comes_back_however_it_is_cut(tmp_path, size):
    data = written(tmp_path, 0) + written(tmp_path, 1)
    found, reader = read(data, size)
    wanted = Frames.concat([frames_of(0), frames_of(1)])
    local = np.array([list(dict.fromkeys(wanted.receiver.tolist())).index(n) for n in wanted.receiver], np.uint16)
    assert found.same_as(wanted.replaced(id=(3 << 32) + np.arange(len(wanted)), receiver=local))
    assert reader.counts == {}
    assert reader.bytes_read == len(data)
    order = list(dict.fromkeys(wanted.receiver.tolist()))
    assert reader.stations == [0, int.from_bytes(bytes([order[1] % 256]) * 8, "big")]
    assert reader.uuids == [f"uuid-{n}" for n in order]
    assert reader.uuid == ""


def test_it_is_recognised(tmp_path):
    assert detect(written(tmp_path, 0)) == "segment"


@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_bit_costs_one_block(tmp_path, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(written(tmp_path, 0) + written(tmp_path, 1))
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    found, reader = read(bytes(data))
    wanted = payload(frames_of(0)) + payload(frames_of(1))
    assert len(found) in (len(wanted), len(wanted) - ROWS)
    left = iter(wanted)
    assert all(row in left for row in payload(found))
    assert reader.counts["damaged_blocks"] == 1
    assert reader.counts["skipped"] > 0


@pytest.mark.parametrize("cut", [3, 64, 100, 700, 1500])
def test_a_cut_end_is_told(tmp_path, cut):
    data = written(tmp_path, 0)
    found, reader = read(data[:-cut])
    assert payload(found) == payload(frames_of(0))[: len(found)]
    assert len(found) % ROWS == 0
    assert 0 < len(found) < ROWS * BLOCKS
    assert reader.counts["unfinished"] > 0
    assert reader.counts["damaged_blocks"] == 0


def test_a_torn_segment_does_not_hide_the_next(tmp_path):
    first, second = written(tmp_path, 0), written(tmp_path, 1)
    found, reader = read(first[:-100] + second)
    assert payload(found) == payload(frames_of(0))[:-ROWS] + payload(frames_of(1))
    assert reader.counts["damaged_blocks"] == 1


def test_a_later_version_is_refused(tmp_path):
    header = dataclasses.replace(SegmentHeader(1, 0, bytes(16)), version=9)
    with pytest.raises(FormatError, match="version 9"):
        SegmentReader().push(header.packed())


def test_noise_is_counted():
    noise = np.random.default_rng(1).bytes(100_000)
    found, reader = read(SegmentHeader(1, 0, bytes(16)).packed() + noise, 4096)
    assert len(found) == 0
    assert reader.counts["skipped"] == len(noise)
