"""Any receptions come back; no bytes, however wrong, do more to the reader than end it."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.archive.files import OsFiles
from skywitness.archive.segments import SegmentWriter, read_blocks, read_segment, segment_path
from skywitness.batches import FRAME_BYTES, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.segment import SegmentHeader
from skywitness.frames.formats.segment_blocks import (
    HEADER,
    ReceiverRows,
    decode_block,
    encode_block,
    quantised,
    read_head,
)

NANOSECONDS = st.integers(-(1 << 63), (1 << 63) - 1)
ROW = st.tuples(
    NANOSECONDS | st.integers(0, 1000),
    NANOSECONDS | st.integers(-1, 100),
    st.integers(0, 6),
    st.integers(0, 3) | st.integers(0, 65535),
    st.floats(-327, 300, width=32) | st.just(float("nan")),
    st.integers(0, FRAME_BYTES).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
)


def frames_of(rows: list[tuple]) -> Frames:
    frames = Frames.allocate(len(rows))
    frames.id[:] = (9 << 32) + np.arange(len(rows))
    frames.data[:] = 0
    for i, (time_ns, ticks, timing, receiver, signal, data) in enumerate(rows):
        frames.time_ns[i], frames.ticks[i], frames.timing[i], frames.receiver[i] = time_ns, ticks, timing, receiver
        frames.signal_dbfs[i], frames.length[i] = signal, len(data)
        frames.data[i, : len(data)] = list(data)
    return frames


def block_of(frames: Frames) -> bytes:
    return encode_block(frames, {int(n): ReceiverRows(5, 1) for n in np.unique(frames.receiver)})


@given(st.lists(ROW, min_size=1, max_size=40))
def test_any_receptions_come_back(rows):
    frames = frames_of(rows)
    block = block_of(frames)
    found = decode_block(9, read_head(block), block[HEADER.size :]).frames
    for name in Frames.names():
        if name != "signal_dbfs":
            assert np.array_equal(getattr(found, name), getattr(frames, name)), name
    assert np.array_equal(quantised(found.signal_dbfs), quantised(frames.signal_dbfs))


def written(directory: Path, batches: list[Frames]) -> Path:
    (directory / "raw").mkdir()
    writer = SegmentWriter(OsFiles(), directory, SegmentHeader(9, 0, bytes(16)))
    for frames in batches:
        writer.append(block_of(frames))
    writer.close()
    return segment_path(directory, 9)


@given(st.lists(st.lists(ROW, min_size=1, max_size=5), max_size=4), st.data())
@settings(max_examples=60)
def test_a_damaged_segment_gives_what_is_whole_before_the_damage(batches, data):
    with tempfile.TemporaryDirectory() as place:
        row = 0
        made = []
        for rows in batches:
            frames = frames_of(rows)
            made.append(dataclasses.replace(frames, id=frames.id + row))
            row += len(rows)
        path = written(Path(place), made)
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:at] + data.draw(st.binary(max_size=80)))
        found = list(read_segment(path))
        bounds = np.cumsum([64, *(len(block_of(frames)) for frames in made)])
        intact = int(np.searchsorted(bounds, at, side="right")) - 1
        assert len(found) >= intact
        for frames, expected in zip(found, made, strict=False):
            assert np.array_equal(frames.id, expected.id)


@given(st.binary(max_size=400), st.booleans())
def test_arbitrary_bytes_never_crash_the_reader(noise, begins_well):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "x.seg"
        path.write_bytes((SegmentHeader(1, 0, bytes(16)).packed() if begins_well else b"") + noise)
        assert list(read_segment(path)) == []


@given(st.lists(ROW, min_size=1, max_size=6), st.data())
def test_content_that_is_wrong_behind_right_checksums_is_refused(rows, data):
    """A hostile writer can make every checksum fit."""
    from skywitness.frames.formats.segment_blocks import RECEPTIONS, pack, read_table, unpack

    block = block_of(frames_of(rows))
    head = read_head(block)
    stored = block[HEADER.size :]
    content = bytearray(unpack(head, stored))
    table = bytearray(read_table(head, stored).tobytes())
    target = data.draw(st.sampled_from([content, table]))
    target[data.draw(st.integers(0, len(target) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    count = data.draw(st.sampled_from([head.rows, head.rows + 1, 0, 1 << 31]))
    bad = pack(RECEPTIONS, count, 0, bytes(table), data.draw(st.sampled_from([head.lines, 0])), bytes(content), 1)
    with contextlib.suppress(FormatError):
        decode_block(9, read_head(bad), bad[HEADER.size :])


def test_an_empty_segment_has_no_blocks(tmp_path):
    assert list(read_blocks(written(tmp_path, []), strict=True)) == []
