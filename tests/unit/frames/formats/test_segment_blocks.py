"""Blocks of receptions: everything comes back, and damage is told."""

from __future__ import annotations

import dataclasses
import hashlib
import struct

import numpy as np
import pytest

from skywitness.batches import UNTIMED, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.segment_blocks import (
    HEADER,
    ReceiverRows,
    decode_block,
    encode_block,
    is_intact,
    quantised,
    read_head,
)
from tests.frames_from import frames_from

FIRST = 5 << 32 | 1000


def some_frames(rows: int = 300, receivers: int = 3, seed: int = 1) -> Frames:
    rng = np.random.default_rng(seed)
    frames = frames_from(
        [(i * 1000, int(rng.integers(receivers)), rng.bytes(int(rng.choice([2, 7, 14])))) for i in range(rows)], FIRST
    )
    frames.timing[:] = rng.integers(0, 7, rows)
    frames.ticks[:] = rng.integers(-1, 1 << 48, rows)
    frames.time_ns[::7] = UNTIMED
    frames.time_ns[3::11] = rng.integers(-(1 << 62), 1 << 62, len(frames.time_ns[3::11]))
    frames.signal_dbfs[:] = rng.integers(-4800, 0, rows) / np.float32(100)
    frames.signal_dbfs[::5] = np.nan
    return frames


def receivers_of(frames: Frames, first: int = 40) -> dict[int, ReceiverRows]:
    return {int(n): ReceiverRows(first + int(n), 7) for n in np.unique(frames.receiver)}


def back(block: bytes) -> tuple[Frames, np.ndarray]:
    head = read_head(block)
    assert is_intact(head, block[: HEADER.size], block[HEADER.size :])
    found = decode_block(5, head, block[HEADER.size :])
    return found.frames, found.sequence


@pytest.mark.parametrize("receivers", [1, 3, 300])
def test_every_column_comes_back(receivers):
    frames = some_frames(receivers=receivers)
    found, sequence = back(encode_block(frames, receivers_of(frames)))
    for name in Frames.names():
        assert np.array_equal(getattr(found, name), getattr(frames, name), equal_nan=name == "signal_dbfs"), name
    for number in np.unique(frames.receiver):
        mine = sequence[frames.receiver == number]
        assert mine.tolist() == list(range(40 + int(number), 40 + int(number) + len(mine)))


def test_encoding_does_not_touch_what_it_is_given():
    for rows in (1, 2, 50):
        frames = some_frames(rows, 1)
        before = frames.data.copy()
        frames.data.setflags(write=False)
        encode_block(frames, receivers_of(frames))
        assert np.array_equal(frames.data, before)


def test_levels_have_a_quantum_of_a_hundredth():
    levels = np.array([-10.004, -10.006, np.nan, -np.inf, 1e9, 0], np.float32)
    assert quantised(levels).tolist() == [-1000, -1001, -32768, -32767, 32767, 0]


def test_the_hash_covers_lengths_rows_table_and_content():
    frames = some_frames(10, 2)
    block = encode_block(frames, receivers_of(frames))
    head = read_head(block)
    import zstandard

    table = block[HEADER.size : HEADER.size + 36 * head.lines]
    content = zstandard.ZstdDecompressor().decompress(block[HEADER.size + len(table) :])
    told = struct.pack("<IIQ", len(content), 10, 1000)
    assert head.digest == hashlib.sha256(told + table + content).digest()


def test_every_flipped_bit_is_noticed():
    frames = some_frames(4, 2)
    block = encode_block(frames, receivers_of(frames))
    for bit in range(8 * len(block)):
        bad = bytearray(block)
        bad[bit >> 3] ^= 1 << (bit & 7)
        try:
            head = read_head(bytes(bad))
        except FormatError:
            continue
        assert not is_intact(head, bytes(bad[: HEADER.size]), bytes(bad[HEADER.size :]))


def test_content_with_a_wrong_hash_is_refused():
    frames = some_frames(40, 2)
    block = encode_block(frames, receivers_of(frames))
    head = dataclasses.replace(read_head(block), digest=bytes(32))
    with pytest.raises(FormatError, match="not what was written"):
        decode_block(5, head, block[HEADER.size :])


def test_a_frame_longer_than_its_row_is_refused():
    frames = some_frames(3, 1)
    frames.length[1] = 15
    with pytest.raises(ValueError, match="14 bytes"):
        encode_block(frames, receivers_of(frames))


def test_good_frames_take_less_room_than_noise():
    """The parity of a good frame is foretold: its three bytes are zeros, which pack."""
    rng = np.random.default_rng(3)
    from skywitness.frames.formats.segment_blocks import folded

    noise = rng.integers(0, 256, (2000, 14), np.uint8)
    good = noise.copy()
    good[:, 11:] = 0
    good = folded(good)  # the parity of zero remainder
    frames = [frames_from([(i, 0, bytes(row)) for i, row in enumerate(rows)], FIRST) for rows in (good, noise)]
    sizes = [len(encode_block(f, {0: ReceiverRows(0, 1)})) for f in frames]
    assert sizes[0] < sizes[1] - 1.5 * 2000
