"""Receptions into one block of bytes and back, without loss but for the signal level's quantum.

A block is a header of 64 bytes, a table with one line for each receiver, and the columns, compressed. Columns are laid
out so that they compress: ticks are differences within one receiver; times are what is left after the ticks have
foretold them; the last three bytes of a frame are exchanged for its parity's remainder, which is 0 or the address in
nearly all of them. The layout is told to the byte in docs/reference/archive.md.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from skywitness.batches import FRAME_BYTES, I16, I64, TIMINGS, U8, U16, U32, Frames
from skywitness.codes.parity import SYNDROMES
from skywitness.errors import FormatError
from skywitness.frames.formats.segment_columns import NO_SIGNAL, SIGNAL_QUANTA, fill_frame_bytes, fill_steps

__all__ = [
    "BLOCK_ROWS",
    "HEADER",
    "MOST_CONTENT",
    "RECEIVERS",
    "RECEPTIONS",
    "TABLE",
    "UAT_RECEPTIONS",
    "Block",
    "Cursor",
    "Head",
    "ReceiverRows",
    "by_receiver",
    "decode_block",
    "encode_block",
    "is_intact",
    "levels",
    "pack",
    "planes",
    "quantised",
    "read_head",
    "read_table",
    "small",
    "unpack",
    "unzigzag",
]

RECEPTIONS = b"SWB1"
RECEIVERS = b"SWR1"
UAT_RECEPTIONS = b"SWU1"
KINDS = (RECEPTIONS, RECEIVERS, UAT_RECEPTIONS)
BLOCK_ROWS = 1 << 16
"""Most rows of a block."""
MOST_CONTENT = 1 << 26
"""Longest content that a reader unpacks: no written block comes near it."""

HEADER = struct.Struct("<4sIIIQ32sIHH")
"""Magic, stored bytes, content bytes, rows, first row, SHA-256, CRC-32, lines of the table, zero."""
CRC_AT = 56
HASHED = slice(8, 24)

TABLE = np.dtype(
    [
        ("receiver", "<u2"),
        ("zero", "<u2"),
        ("connection", "<u4"),
        ("sequence", "<u8"),
        ("rows", "<u4"),
        ("time_ns", "<i8"),
        ("ticks", "<i8"),
    ]
)
"""One receiver in a block: the values of its first row, and how many rows it has."""

COUNTER_12MHZ = TIMINGS.index("counter_12mhz")
GPS_NS = TIMINGS.index("gps_ns")


class ReceiverRows(NamedTuple):
    """What a block's writer knows of one receiver besides the rows."""

    sequence: int
    """Of the first row."""
    connection: int


@dataclass(frozen=True, slots=True)
class Head:
    """A block's header."""

    kind: bytes
    stored: int
    content: int
    rows: int
    first_row: int
    digest: bytes
    crc: int
    lines: int

    @property
    def size(self) -> int:
        """Bytes of the whole block."""
        return HEADER.size + self.stored


@dataclass(frozen=True, slots=True)
class Block:
    """Receptions of a block."""

    frames: Frames
    sequence: I64
    connection: U32
    digest: bytes


def quantised(signal_dbfs: NDArray[np.float32]) -> I16:
    """Return levels in steps of 0.01 dB; NaN is -32768, what lies outside of +-327.67 dB the nearest bound."""
    steps = np.rint(signal_dbfs * np.float32(SIGNAL_QUANTA))
    unknown = np.isnan(steps)
    steps = np.clip(steps, -32767, 32767)
    if unknown.any():
        steps[unknown] = NO_SIGNAL
    out: I16 = steps.astype(np.int16)
    return out


def levels(steps: I16) -> NDArray[np.float32]:
    """Return the levels of quantised steps."""
    out = (steps / SIGNAL_QUANTA).astype(np.float32)
    out[steps == NO_SIGNAL] = np.nan
    return out


def pack(kind: bytes, rows: int, first_row: int, table: bytes, lines: int, content: bytes, level: int) -> bytes:
    """Return a block: header, table and compressed content."""
    stored = table + zstandard.ZstdCompressor(level=level).compress(content)
    hashed = struct.pack("<IIQ", len(content), rows, first_row)
    sha = hashlib.sha256(hashed)
    sha.update(table)
    sha.update(content)
    head = struct.pack("<4sI", kind, len(stored)) + hashed + sha.digest()
    crc = zlib.crc32(stored, zlib.crc32(head + struct.pack("<HH", lines, 0)))
    return head + struct.pack("<IHH", crc, lines, 0) + stored


def read_head(data: bytes | memoryview) -> Head:
    """Read a header, without a look at what follows it.

    Raises FormatError if it is none.
    """
    if len(data) < HEADER.size:
        raise FormatError("a block's header is cut off")
    kind, stored, content, rows, first_row, digest, crc, lines, zero = HEADER.unpack(data[: HEADER.size])
    if kind not in KINDS or zero or content > MOST_CONTENT or stored < lines * TABLE.itemsize:
        raise FormatError("no block begins here")
    return Head(kind, stored, content, rows, first_row, digest, crc, lines)


def is_intact(head: Head, header: bytes | memoryview, stored: bytes | memoryview) -> bool:
    """Whether the checksum over all of a block fits."""
    crc = zlib.crc32(header[:CRC_AT])
    crc = zlib.crc32(header[CRC_AT + 4 : HEADER.size], crc)
    return len(stored) == head.stored and zlib.crc32(stored, crc) == head.crc


def read_table(head: Head, stored: bytes | memoryview) -> NDArray[Any]:
    """The lines on the receivers of a block."""
    return np.frombuffer(stored, TABLE, head.lines)


def unpack(head: Head, stored: bytes | memoryview) -> bytes:
    """Return a block's content, checked against its hash.

    Raises FormatError if it is not what was written.
    """
    table = stored[: head.lines * TABLE.itemsize]
    packed = stored[len(table) :]
    try:
        if zstandard.frame_content_size(packed) != head.content:
            raise FormatError("a block's content is not as long as its header says")
        content = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise FormatError(f"a block cannot be unpacked ({error})") from None
    sha = hashlib.sha256(struct.pack("<IIQ", head.content, head.rows, head.first_row))
    sha.update(table)
    sha.update(content)
    if len(content) != head.content or sha.digest() != head.digest:
        raise FormatError("a block's content is not what was written")
    return content


def encode_block(frames: Frames, receivers: dict[int, ReceiverRows], level: int = 1) -> bytes:
    """Return the block of receptions whose ids follow one another.

    receivers  of each number that occurs: the sequence number of its first row here, and its connection

    Raises ValueError for a frame longer than its row.
    """
    rows = len(frames)
    lines, place = by_receiver(frames.receiver)
    counts = np.bincount(place, minlength=len(lines))
    starts = np.zeros(len(lines), np.int64)
    np.cumsum(counts[:-1], out=starts[1:])
    firsts = np.zeros(len(lines), np.int64)
    firsts[place[::-1]] = np.arange(rows - 1, -1, -1)  # the last assignment stays, that of the first row
    table = np.zeros(len(lines), TABLE)
    known = [receivers[number] for number in lines.tolist()]
    table["receiver"] = lines
    table["connection"] = [one.connection for one in known]
    table["sequence"] = [one.sequence for one in known]
    table["rows"] = counts
    table["time_ns"], table["ticks"] = frames.time_ns[firsts], frames.ticks[firsts]
    ticked, timed, signal = np.empty(rows, np.uint64), np.empty(rows, np.uint64), np.empty(rows, np.int16)
    columns = [
        np.require(c, requirements=["C", "W"])
        for c in (frames.ticks, frames.time_ns, frames.timing, frames.signal_dbfs)
    ]
    fill_steps(place, *columns, starts, ticked, timed, signal)
    parts = [
        small(place if len(lines) > 256 else place.astype(np.uint8)),
        small(frames.timing),
        small(frames.length),
        planes(ticked),
        planes(timed),
        planes(signal.view(np.uint16)),
        frame_bytes(frames.data, frames.length),
    ]
    first_row = int(frames.id[0]) & 0xFFFFFFFF
    return pack(RECEPTIONS, rows, first_row, table.tobytes(), len(lines), b"".join(parts), level)


def decode_block(segment: int, head: Head, stored: bytes | memoryview) -> Block:
    """Return the receptions of a block.

    segment  goes into the ids

    Raises FormatError if the block is not whole or not possible.
    """
    table = read_table(head, stored)
    content = unpack(head, stored)
    rows = head.rows
    cursor = Cursor(content)
    try:
        if not 0 < rows <= MOST_CONTENT or int(table["rows"].sum()) != rows or not len(table):
            raise FormatError("a block's table does not add up")
        place = cursor.small(rows)
        timing, length = cursor.small(rows).astype(np.uint8), cursor.small(rows).astype(np.uint8)
        counts = np.bincount(place, minlength=len(table))
        if not np.array_equal(counts, table["rows"]):
            raise FormatError("a block's table does not fit its rows")
        order = np.argsort(place, kind="stable")
        starts = np.zeros(len(table), np.int64)
        np.cumsum(counts[:-1], out=starts[1:])
        ticked = unzigzag(cursor.planes(rows))
        timed = unzigzag(cursor.planes(rows)) + foretold(ticked, timing[order])
        steps = cursor.planes(rows).astype(np.uint16).view(np.int16)
        data = cursor.frame_bytes(rows, length)
    except (IndexError, ValueError) as error:
        raise FormatError(f"a block's columns are cut off ({error})") from None
    frames = Frames(
        id=(segment << 32 | head.first_row) + np.arange(rows, dtype=np.int64),
        time_ns=ungrouped(sums(timed, starts, counts, table["time_ns"]), order),
        ticks=ungrouped(sums(ticked, starts, counts, table["ticks"]), order),
        timing=timing,
        receiver=table["receiver"][place].astype(np.uint16),
        signal_dbfs=ungrouped(levels(steps), order),
        length=length,
        data=data,
    )
    within = np.arange(rows, dtype=np.int64) - np.repeat(starts, counts)
    sequence = ungrouped(within + np.repeat(table["sequence"].astype(np.int64), counts), order)
    return Block(frames, sequence, table["connection"][place].astype(np.uint32), head.digest)


def by_receiver(receiver: U16) -> tuple[U16, U16]:
    """Receivers that occur, and each row's place among them."""
    if not (receiver != receiver[0]).any():
        return receiver[:1], np.zeros(len(receiver), np.uint16)
    is_there = np.zeros(int(receiver.max()) + 1, np.bool_)
    is_there[receiver] = True
    lines = np.flatnonzero(is_there).astype(np.uint16)
    rank = np.zeros(len(is_there), np.uint16)
    rank[lines] = np.arange(len(lines))
    return lines, rank[receiver]


def ungrouped(values: NDArray[Any], order: I64) -> NDArray[Any]:
    """Rows in their order from rows in that of their receivers."""
    out = np.empty_like(values)
    out[order] = values
    return out


def sums(steps: I64, starts: I64, counts: I64, first: I64) -> I64:
    """Values from their steps, receiver by receiver; the inverse of `fill_steps`."""
    total = np.cumsum(steps)
    return total + np.repeat(first - total[starts], counts)


def foretold(ticked: I64, timing: U8) -> I64:
    """How far the time should move, in ns, when the counter has moved so far."""
    kind = int(timing[0]) if not (timing != timing[0]).any() else -1
    if kind == COUNTER_12MHZ:
        return ticked * 250 // 3
    if kind == GPS_NS:
        return ticked
    if kind >= 0:
        return np.zeros(len(ticked), np.int64)
    return np.where(timing == COUNTER_12MHZ, ticked * 250 // 3, np.where(timing == GPS_NS, ticked, 0))


def unzigzag(values: NDArray[np.uint64]) -> I64:
    """Steps of either sign from small numbers."""
    return (values >> np.uint64(1)).view(np.int64) ^ -(values & np.uint64(1)).view(np.int64)


def planes(values: NDArray[Any]) -> bytes:
    """Unsigned numbers: how many bytes the largest takes, then all lowest bytes, all second ones, and so on."""
    top = int(values.max()) if len(values) else 0
    width = (top.bit_length() + 7) // 8
    if width <= 2:
        values = values.astype("<u2")
    elif width <= 4:
        values = values.astype("<u4")
    octets = values.view(np.uint8).reshape(len(values), -1)[:, :width]
    return bytes([width]) + octets.T.tobytes()


def small(values: U8 | U16) -> bytes:
    """A column of few values: 0 and the value if there is but one, else its planes."""
    if not (values != values[0]).any():
        return struct.pack("<BH", 0, int(values[0]))
    return planes(values) if values.dtype.itemsize > 1 else b"\x01" + values.tobytes()


def folded(rows: U8) -> U8:
    """Return frames with the last three bytes exchanged for their difference to the parity; twice is none."""
    wide = rows.shape[1]
    if wide not in (7, 14) or not len(rows):
        return rows
    columns = np.array(rows.T, order="C")  # one after another, they are looked up three times as fast
    first = FRAME_BYTES - wide
    parity = SYNDROMES[first].take(columns[0], mode="clip")
    for at in range(1, wide - 3):
        parity ^= SYNDROMES[first + at].take(columns[at], mode="clip")
    for at, shift in ((wide - 3, 16), (wide - 2, 8), (wide - 1, 0)):
        columns[at] ^= (parity >> np.uint32(shift)).astype(np.uint8)
    return np.ascontiguousarray(columns.T)


def frame_bytes(data: U8, length: U8) -> bytes:
    """The frames: those of each length together, shortest first, without what pads them."""
    counts = np.bincount(length, minlength=FRAME_BYTES + 1)
    if len(counts) > FRAME_BYTES + 1:
        raise ValueError("a frame of more than 14 bytes")
    ends = np.cumsum(counts * np.arange(FRAME_BYTES + 1))
    out = np.empty(int(ends[-1]), np.uint8)
    starts = np.append(0, ends[:-1])
    data, length = np.require(data, requirements=["C", "W"]), np.require(length, requirements=["C", "W"])
    fill_frame_bytes(data, length, SYNDROMES, starts, out)
    return out.tobytes()


class Cursor:
    """Reads columns from a block's content. Raises ValueError or IndexError if they are not there."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, size: int) -> U8:
        """The next bytes."""
        out = np.frombuffer(self.content, np.uint8, size, self.at)
        self.at += size
        return out

    def planes(self, rows: int) -> NDArray[np.uint64]:
        """A column as `planes` wrote it."""
        width = self.content[self.at]
        self.at += 1
        if width > 8:
            raise ValueError("a number of more than eight bytes")
        return self._planes(rows, width)

    def _planes(self, rows: int, width: int) -> NDArray[np.uint64]:
        octets = np.zeros((rows, 8), np.uint8)
        octets[:, :width] = self.take(rows * width).reshape(width, rows).T
        return octets.view("<u8").reshape(rows)

    def small(self, rows: int) -> U16:
        """A column as `small` wrote it."""
        width = self.content[self.at]
        self.at += 1
        if width == 0:
            value = self.take(2)
            return np.full(rows, int(value[0]) | int(value[1]) << 8, np.uint16)
        if width > 2:
            raise ValueError("a small number of more than two bytes")
        return self._planes(rows, width).astype(np.uint16)

    def frame_bytes(self, rows: int, length: U8) -> U8:
        """The frames as `frame_bytes` wrote them."""
        out = np.zeros((rows, FRAME_BYTES), np.uint8)
        for wide in np.flatnonzero(np.bincount(length)).tolist():
            if wide > FRAME_BYTES:
                raise ValueError("a frame of more than 14 bytes")
            is_so = length == wide
            count = int(np.count_nonzero(is_so))
            data = self.take(count * wide).reshape(count, wide)
            out[is_so, :wide] = folded(data)
        return out
