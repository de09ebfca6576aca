"""Segments of a node's record as a stream of bytes: receptions with the times and receivers they were kept with.

Several segments may follow one another, as in a data directory. A block that is damaged is counted and left out, and
the next one looked for, so that a flipped bit costs no more than it must. The layout is in docs/reference/archive.md.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections import Counter
from dataclasses import dataclass

import numpy as np

from skywitness.batches import U16, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.segment_blocks import (
    HEADER,
    MOST_CONTENT,
    RECEIVERS,
    RECEPTIONS,
    UAT_RECEPTIONS,
    Head,
    decode_block,
    is_intact,
    read_head,
    unpack,
)

__all__ = ["FIRST_BYTES", "SEGMENT_VERSION", "SegmentHeader", "SegmentReader", "parse_header", "read_receivers"]

SEGMENT_VERSION = 2
"""1 had no receptions on 978 MHz."""
MAGIC = b"SKYWSEG\n"
FIRST = struct.Struct("<8sHHIq16s20xI")
"""Magic, version, zero, segment, time of its beginning in ns UTC, node, CRC-32 of the 60 bytes before."""
FIRST_BYTES = FIRST.size
BEGINNINGS = (MAGIC, RECEPTIONS, RECEIVERS, UAT_RECEPTIONS)


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """The first 64 bytes of a segment."""

    segment: int
    start_ns: int
    node: bytes
    version: int = SEGMENT_VERSION

    def packed(self) -> bytes:
        """The bytes."""
        data = FIRST.pack(MAGIC, self.version, 0, self.segment, self.start_ns, self.node, 0)[:-4]
        return data + struct.pack("<I", zlib.crc32(data))


def parse_header(data: bytes, name: str = "") -> SegmentHeader:
    """Read the first bytes of a segment; whoever calls looks at the version.

    Raises FormatError if it is none.
    """
    if len(data) < FIRST.size or data[:8] != MAGIC:
        raise FormatError("it does not begin as a segment", source=name)
    _, version, _, segment, start_ns, node, crc = FIRST.unpack(data)
    if crc != zlib.crc32(data[:-4]):
        raise FormatError("its header is damaged", source=name)
    return SegmentHeader(segment, start_ns, node, version)


def read_receivers(head: Head, stored: bytes) -> dict[int, tuple[str, bytes, int]]:
    """Name, id and next sequence number of each receiver that a block of receivers lists.

    Raises FormatError if it is damaged.
    """
    return {number: fields[:3] for number, fields in receivers_of(head, stored).items()}


def receivers_of(head: Head, stored: bytes) -> dict[int, tuple[str, bytes, int, str]]:
    """Name, id, next sequence number and UUID of each receiver. Raises FormatError if it is damaged."""
    if head.kind != RECEIVERS:
        raise FormatError("it is no block of receivers")
    try:
        return {
            int(line["number"]): (
                str(line["name"]), bytes.fromhex(line["id"]), int(line["next"]), str(line.get("uuid", "")),
            )
            for line in json.loads(unpack(head, stored))
        }  # fmt: skip
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"a list of receivers is damaged ({error})") from None


class SegmentReader:
    """Fold bytes into frames. Receivers are numbered in the order in which they come; ids are those of the run.

    receiver  number of the first one
    segment   index of the input in the run; ids count from segment << 32
    counts    "uat", receptions on 978 MHz, which are passed over; "damaged_blocks", the bytes "skipped" with them, and
              "unfinished", those of a block that is cut off at the end
    """

    def __init__(self, receiver: int = 0, segment: int = 0) -> None:
        self.receiver = receiver
        self.row = segment << 32
        self.counts: Counter[str] = Counter()
        self.bytes_read = 0
        self.stations: list[int] = []
        """Of each receiver, if there are several, the beginning of its id; 0 for the first."""
        self._ids: dict[int, bytes] = {}
        self._uuids: dict[int, str] = {}
        self._numbers: dict[int, int] = {}
        self._buffer = bytearray()
        self._is_lost = False

    @property
    def uuids(self) -> list[str]:
        """UUIDs of the receivers so far, in their order; empty where there is none."""
        return [self._uuids.get(number, "") for number in self._numbers]

    @property
    def uuid(self) -> str:
        """UUID of the receiver, if there is but one and it has one."""
        return self.uuids[0] if len(self._numbers) == 1 else ""

    def push(self, chunk: bytes | memoryview) -> Frames:
        """Return the frames of the blocks completed by these bytes.

        Raises FormatError for a segment of a later version.
        """
        self.bytes_read += len(chunk)
        self._buffer += chunk
        return self._read(is_end=False)

    def flush(self) -> Frames:
        """Return the frames of whole blocks after one that is cut off."""
        return self._read(is_end=True)

    def _read(self, *, is_end: bool) -> Frames:
        found: list[Frames] = []
        at = 0
        buffer = self._buffer
        while len(buffer) - at >= (1 if is_end else HEADER.size):
            size = self._size(at)
            if size and len(buffer) - at < size and not is_end:
                break
            if size and self._take(bytes(buffer[at : at + size]), found):
                at += size
                self._is_lost = False
                continue
            if is_end and size and not self._next(at + 1):
                self.counts["unfinished"] = len(buffer) - at
                at = len(buffer)
                break
            if not self._is_lost:
                self.counts["damaged_blocks"] += 1
            self._is_lost = True
            following = self._next(at + 1) or (len(buffer) if is_end else max(at + 1, len(buffer) - len(MAGIC) + 1))
            self.counts["skipped"] += following - at
            at = following
        del buffer[:at]
        return Frames.concat(found)

    def _size(self, at: int) -> int:
        """Bytes of what begins here, by its own word; 0 if nothing does."""
        buffer = self._buffer
        if buffer[at : at + len(MAGIC)] == MAGIC:
            return FIRST.size
        try:
            head = read_head(bytes(buffer[at : at + HEADER.size]))
        except FormatError:
            return 0
        return head.size if head.stored <= 2 * MOST_CONTENT else 0

    def _next(self, at: int) -> int:
        """Where something may begin, from a place on; 0 if nowhere."""
        places = [place for word in BEGINNINGS if (place := self._buffer.find(word, at)) >= 0]
        return min(places, default=0)

    def _take(self, data: bytes, found: list[Frames]) -> bool:
        """Read a header or a block; False if it is damaged."""
        if data[: len(MAGIC)] == MAGIC:
            try:
                header = parse_header(data)
            except FormatError:
                return False
            if header.version > SEGMENT_VERSION:
                raise FormatError(
                    f"it is a segment of version {header.version}, this program reads up to {SEGMENT_VERSION}",
                    hint="Update skywitness.",
                )
            return True
        head = read_head(data)
        stored = data[HEADER.size :]
        if not is_intact(head, data[: HEADER.size], stored):
            return False
        try:
            if head.kind == UAT_RECEPTIONS:
                self.counts["uat"] += head.rows  # not on this frequency, and so in no batch of frames
            elif head.kind == RECEPTIONS:
                found.append(self._numbered(decode_block(0, head, stored).frames))
            else:
                for number, (_, name, _, uuid) in receivers_of(head, stored).items():
                    self._ids[number], self._uuids[number] = name, uuid
        except FormatError:
            return False
        return True

    def _numbered(self, frames: Frames) -> Frames:
        """Give receivers the numbers of the run, and rows their ids."""
        numbers, first = np.unique(frames.receiver, return_index=True)
        for number in numbers[np.argsort(first)].tolist():
            if number not in self._numbers:
                self._numbers[number] = len(self._numbers)
                if len(self._numbers) > 1:
                    self.stations = [0, *(self._station(n) for n in list(self._numbers)[1:])]
        local: U16 = np.array([self.receiver + self._numbers[n] for n in numbers.tolist()], np.uint16)
        rows = len(frames)
        self.row += rows
        return frames.replaced(
            id=np.arange(self.row - rows, self.row, dtype=np.int64),
            receiver=local[np.searchsorted(numbers, frames.receiver)],
        )

    def _station(self, number: int) -> int:
        return int.from_bytes(self._ids.get(number, number.to_bytes(8, "big"))[:8], "big")
