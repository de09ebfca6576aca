"""Receptions on 978 MHz as a block of a segment, and back.

Their rows are counted apart from those on 1090 MHz, from UAT_ROW on, so that each kind follows on without holes. A row
keeps the bytes as the receiver's error correction left them: 18 or 34 of an aircraft, 432 of a ground station.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import numpy as np

from skywitness.batches import I64, U32
from skywitness.errors import FormatError
from skywitness.frames.formats.segment_blocks import (
    TABLE,
    UAT_RECEPTIONS,
    Cursor,
    Head,
    ReceiverRows,
    by_receiver,
    levels,
    pack,
    planes,
    quantised,
    read_table,
    small,
    unpack,
    unzigzag,
)
from skywitness.frames.formats.uat import DOWNLINK_BYTES, UPLINK_BYTES, UatFrames

__all__ = ["UAT_LEAF_VERSION", "UAT_ROW", "UatBlock", "decode_uat_block", "encode_uat_block", "uat_leaves"]

UAT_ROW = 1 << 31
UAT_LEAF_VERSION = 2
LENGTHS = (*DOWNLINK_BYTES, UPLINK_BYTES)
LEAF = struct.Struct(">BB32sQqhBH")


@dataclass(frozen=True, slots=True)
class UatBlock:
    """What a block holds."""

    frames: UatFrames
    sequence: I64
    connection: U32
    uplinks: tuple[bytes, ...]
    """The bytes of the rows that ground stations sent, in order."""
    digest: bytes

    def payloads(self) -> list[bytes]:
        """The bytes of each row."""
        return payloads(self.frames, self.uplinks)


def payloads(frames: UatFrames, uplinks: tuple[bytes, ...]) -> list[bytes]:
    """The bytes of each row, those of ground stations from beside the batch."""
    rest = iter(uplinks)
    return [
        next(rest) if is_uplink else row[:length].tobytes()
        for row, length, is_uplink in zip(frames.data, frames.length.tolist(), frames.uplink.tolist(), strict=True)
    ]


def encode_uat_block(
    frames: UatFrames, uplinks: tuple[bytes, ...], receivers: dict[int, ReceiverRows], level: int = 1
) -> bytes:
    """Return the block of receptions whose ids follow one another.

    uplinks    the 432 bytes of each row that a ground station sent
    receivers  of each number that occurs: the sequence number of its first row here, and its connection
    """
    lines, place = by_receiver(frames.receiver)
    table = np.zeros(len(lines), TABLE)
    firsts = np.array([int(np.argmax(place == k)) for k in range(len(lines))])
    known = [receivers[number] for number in lines.tolist()]
    table["receiver"] = lines
    table["connection"] = [one.connection for one in known]
    table["sequence"] = [one.sequence for one in known]
    table["rows"] = np.bincount(place, minlength=len(lines))
    table["time_ns"] = frames.time_ns[firsts]
    steps = np.diff(frames.time_ns, prepend=table["time_ns"][0])
    content = b"".join(
        [
            small(place),
            small(frames.length),
            small(frames.corrected),
            planes(((steps << 1) ^ (steps >> 63)).view(np.uint64)),
            planes(quantised(frames.rssi_dbfs).view(np.uint16)),
            *payloads(frames, uplinks),
        ]
    )
    first_row = int(frames.id[0]) & 0xFFFFFFFF
    return pack(UAT_RECEPTIONS, len(frames), first_row, table.tobytes(), len(lines), content, level)


def decode_uat_block(segment: int, head: Head, stored: bytes | memoryview) -> UatBlock:
    """Return the receptions of a block; `segment` goes into the ids.

    Raises FormatError if the block is not whole or not possible.
    """
    table = read_table(head, stored)
    rows = head.rows
    cursor = Cursor(unpack(head, stored))
    try:
        if not len(table) or not rows or int(table["rows"].sum()) != rows:
            raise FormatError("a block's table does not add up")
        place, length = cursor.small(rows), cursor.small(rows)
        corrected = cursor.small(rows).astype(np.uint8)
        if not np.array_equal(np.bincount(place, minlength=len(table)), table["rows"]):
            raise FormatError("a block's table does not fit its rows")
        if not np.isin(length, LENGTHS).all():
            raise FormatError("a frame is of no length that there is")
        time_ns = np.cumsum(unzigzag(cursor.planes(rows))) + table["time_ns"][0]
        steps = cursor.planes(rows).astype(np.uint16).view(np.int16)
        data = np.zeros((rows, max(DOWNLINK_BYTES)), np.uint8)
        uplinks = []
        for row, size in enumerate(length.tolist()):
            octets = cursor.take(size)
            if size == UPLINK_BYTES:
                uplinks.append(octets.tobytes())
            else:
                data[row, :size] = octets
    except (IndexError, ValueError) as error:
        raise FormatError(f"a block's columns are cut off ({error})") from None
    sequence: I64 = np.zeros(rows, np.int64)
    for k, line in enumerate(table):
        mine = place == k
        sequence[mine] = int(line["sequence"]) + np.arange(int(line["rows"]))
    frames = UatFrames(
        id=(segment << 32 | head.first_row) + np.arange(rows, dtype=np.int64),
        time_ns=time_ns,
        receiver=table["receiver"][place].astype(np.uint16),
        uplink=(length == UPLINK_BYTES).astype(np.uint8),
        length=length.astype(np.uint16),
        data=data,
        corrected=corrected,
        rssi_dbfs=levels(steps),
    )
    return UatBlock(frames, sequence, table["connection"][place].astype(np.uint32), tuple(uplinks), head.digest)


def uat_leaves(block: UatBlock, ids: dict[int, bytes]) -> list[bytes]:
    """Return the leaf hash of each row; `ids` gives the 32 bytes of each receiver's number.

    SHA-256(00 | version 2 | receiver id, 32 bytes | sequence u64 | time i64, ns | signal i16, 0.01 dB | corrected u8 |
    length u16 | frame), integers with the most significant byte first.
    """
    frames = block.frames
    signal = quantised(frames.rssi_dbfs).tolist()
    columns = (block.sequence, frames.time_ns, frames.receiver, frames.corrected, frames.length)
    out = []
    for signal_e2, data, *numbers in zip(signal, block.payloads(), *(c.tolist() for c in columns), strict=True):
        sequence, time_ns, receiver, corrected, length = numbers
        name = ids.get(receiver, bytes(32))
        head = LEAF.pack(0, UAT_LEAF_VERSION, name, sequence, time_ns, signal_e2, corrected, length)
        out.append(hashlib.sha256(head + data).digest())
    return out
