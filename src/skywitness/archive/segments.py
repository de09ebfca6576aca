"""Segments: files of blocks that only grow, one after another. A number is given once and never again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from skywitness.archive.files import Files
from skywitness.batches import Frames
from skywitness.errors import ArchiveError, FormatError
from skywitness.frames.formats.segment import FIRST_BYTES, SEGMENT_VERSION, SegmentHeader, parse_header
from skywitness.frames.formats.segment_blocks import (
    HEADER,
    RECEIVERS,
    RECEPTIONS,
    UAT_RECEPTIONS,
    Block,
    Head,
    decode_block,
    is_intact,
    pack,
    read_head,
)
from skywitness.frames.formats.segment_uat import UatBlock, decode_uat_block
from skywitness.frames.receiver import Receiver

__all__ = [
    "RAW",
    "SegmentWriter",
    "next_segment",
    "read_blocks",
    "read_header",
    "read_segment",
    "read_uat_blocks",
    "segment_path",
    "segments_of",
    "walk",
]

RAW = "raw"
NUMBER = re.compile(r"(\d{8,10})\.(seg|seal|torn)")


def segment_path(directory: Path, segment: int) -> Path:
    """Where a segment of a data directory lies."""
    return directory / RAW / f"{segment:08}.seg"


def segments_of(directory: Path) -> list[int]:
    """Numbers of the segments there are, in order."""
    return sorted(int(path.stem) for path in (directory / RAW).glob("*.seg") if path.stem.isdigit())


def next_segment(directory: Path) -> int:
    """Least number that no segment, seal or remnant there has or had."""
    found = (NUMBER.fullmatch(path.name) for path in (directory / RAW).glob("*"))
    return max((int(match[1]) for match in found if match), default=-1) + 1


class SegmentWriter:
    """Appends blocks to a new segment. All methods raise OSError, after which the segment is to be given up."""

    def __init__(self, files: Files, directory: Path, header: SegmentHeader) -> None:
        self.files = files
        self.path = segment_path(directory, header.segment)
        self.segment = header.segment
        self._file = files.open_append(self.path)
        self._file.write(header.packed())
        self._file.fsync()
        files.fsync_dir(self.path.parent)
        self.size = FIRST_BYTES
        """Bytes of whole blocks."""
        self.synced = self.size
        """Of these, safe."""

    def append(self, block: bytes) -> None:
        """Write one block."""
        self._file.write(block)
        self.size += len(block)

    def receivers(self, known: dict[int, Receiver], sequences: dict[int, int]) -> None:
        """Write who the numbers are, and the sequence number that comes next of each."""
        lines = [
            {"number": n, "name": r.name, "id": r.id.hex(), "uuid": r.uuid, "next": sequences.get(n, 0)}
            for n, r in sorted(known.items())
        ]
        self.append(pack(RECEIVERS, 0, 0, b"", 0, json.dumps(lines, separators=(",", ":")).encode(), 3))

    def fsync(self) -> None:
        """Return when all of it survives a loss of power."""
        self._file.fsync()
        self.synced = self.size

    def close(self) -> None:
        """Let go."""
        self._file.close()


def read_header(file: BinaryIO, name: str) -> SegmentHeader:
    """Read the first bytes of a segment.

    Raises FormatError if it is none, ArchiveError if a later version wrote it.
    """
    header = parse_header(file.read(FIRST_BYTES), name)
    if header.version > SEGMENT_VERSION:
        raise ArchiveError(
            f"it is of version {header.version}, this program reads up to {SEGMENT_VERSION}",
            source=name,
            hint="Update skywitness.",
        )
    return header


def walk(path: Path) -> Iterator[tuple[SegmentHeader, int, Head, bytes]]:
    """Yield header, offset, head and stored bytes of each intact block, up to the first that is not.

    Raises FormatError with the offset where it ends if that is not the end of the file, ArchiveError for a later
    version. A file that is still written may end in half a block.
    """
    name = path.name
    with path.open("rb") as file:
        header = read_header(file, name)
        offset = FIRST_BYTES
        left = path.stat().st_size - offset
        while True:
            data = file.read(HEADER.size)
            if not data:
                return
            try:
                head = read_head(data)
            except FormatError as error:
                raise FormatError(error.what, source=name, offset=offset) from None
            left -= HEADER.size
            stored = file.read(head.stored) if head.stored <= left else b""
            left -= head.stored
            if not is_intact(head, data, stored):
                raise FormatError("a block is cut off or damaged", source=name, offset=offset)
            yield header, offset, head, stored
            offset += head.size


def read_blocks(path: Path, *, strict: bool = False) -> Iterator[Block]:
    """Yield the receptions of a segment, block by block, in the order of their ids.

    strict  raise FormatError at the first damage; otherwise end there, as at the end of a file that is still written

    Raises ArchiveError for a later version.
    """
    try:
        for header, offset, head, stored in walk(path):
            if head.kind != RECEPTIONS:
                continue
            try:
                yield decode_block(header.segment, head, stored)
            except FormatError as error:
                raise FormatError(error.what, source=path.name, offset=offset) from None
    except FormatError:
        if strict:
            raise


def read_uat_blocks(path: Path, *, strict: bool = False) -> Iterator[UatBlock]:
    """Yield the receptions on 978 MHz of a segment, block by block; see `read_blocks`."""
    try:
        for header, offset, head, stored in walk(path):
            if head.kind != UAT_RECEPTIONS:
                continue
            try:
                yield decode_uat_block(header.segment, head, stored)
            except FormatError as error:
                raise FormatError(error.what, source=path.name, offset=offset) from None
    except FormatError:
        if strict:
            raise


def read_segment(path: Path, *, strict: bool = False) -> Iterator[Frames]:
    """Yield the receptions of a segment as frames with the ids they were given; see `read_blocks`."""
    for block in read_blocks(path, strict=strict):
        yield block.frames
