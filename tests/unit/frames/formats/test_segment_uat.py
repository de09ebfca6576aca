"""Blocks of receptions on 978 MHz: everything comes back, damage is told, a leaf is what the page says."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest

from skywitness.errors import FormatError
from skywitness.frames.formats.segment_blocks import HEADER, ReceiverRows, is_intact, read_head
from skywitness.frames.formats.segment_uat import UAT_ROW, UatBlock, decode_uat_block, encode_uat_block, uat_leaves
from skywitness.frames.formats.uat import UatFrames, UatReader

FIRST = 5 << 32 | UAT_ROW | 77


def text_of(rows: int, seed: int = 1) -> bytes:
    """Lines as dump978 writes them, of all three lengths."""
    rng = np.random.default_rng(seed)
    lines = []
    for k in range(rows):
        size = int(rng.choice([18, 34, 432]))
        sign = "+" if size == 432 else "-"
        lines.append(f"{sign}{rng.bytes(size).hex()};rs={k % 7};rssi=-{k % 40}.25;t={1_700_000_000 + k}.5;\n")
    return "".join(lines).encode()


def some(rows: int = 60) -> tuple[UatFrames, tuple[bytes, ...]]:
    reader = UatReader()
    frames = reader.push(text_of(rows))
    receiver = np.random.default_rng(2).choice([3, 300], rows).astype(np.uint16)
    frames = frames.replaced(id=FIRST + np.arange(rows), receiver=receiver)
    return frames, tuple(data for _, data in reader.uplinks)


def block_of(frames: UatFrames, uplinks: tuple[bytes, ...]) -> bytes:
    return encode_uat_block(frames, uplinks, {3: ReceiverRows(40, 1), 300: ReceiverRows(7, 2)})


def decoded(data: bytes) -> UatBlock:
    return decode_uat_block(5, read_head(data[: HEADER.size]), data[HEADER.size :])


def test_everything_comes_back():
    frames, uplinks = some()
    data = block_of(frames, uplinks)
    assert is_intact(read_head(data[: HEADER.size]), data[: HEADER.size], data[HEADER.size :])
    block = decoded(data)
    assert block.frames.same_as(frames)
    assert block.uplinks == uplinks
    for number, first in ((3, 40), (300, 7)):
        mine = frames.receiver == number
        assert block.sequence[mine].tolist() == list(range(first, first + int(mine.sum())))
    assert set(block.connection.tolist()) == {1, 2}


def test_one_row_and_no_level():
    frames, uplinks = some(1)
    frames = frames.replaced(rssi_dbfs=np.full(1, np.nan, np.float32), corrected=np.full(1, 255, np.uint8))
    assert decoded(block_of(frames, uplinks)).frames.same_as(frames)


@pytest.mark.parametrize("seed", range(200))
def test_damage_is_told_and_never_crashes(seed):
    rng = np.random.default_rng(seed)
    data = bytearray(block_of(*some()))
    data[int(rng.integers(HEADER.size, len(data)))] ^= 1 << int(rng.integers(8))
    with pytest.raises(FormatError):
        decoded(bytes(data))


def test_a_leaf_is_what_the_page_says():
    frames, uplinks = some()
    block = decoded(block_of(frames, uplinks))
    name = bytes(range(32))
    found = uat_leaves(block, {3: name})
    for k in (0, 10, 59):
        head = struct.pack(
            ">BB32sQqhBH",
            0, 2, name if frames.receiver[k] == 3 else bytes(32), block.sequence[k], frames.time_ns[k],
            round(float(frames.rssi_dbfs[k]) * 100), frames.corrected[k], frames.length[k],
        )  # fmt: skip
        assert found[k] == hashlib.sha256(head + block.payloads()[k]).digest()
    assert len(set(found)) == 60
