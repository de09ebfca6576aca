"""The receptions at the end of the record of which rows may be missing, and some before them.

Blocks are found by their heads alone, so that a start looks at kilobytes, and unpacked one after another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from skywitness.archive.segments import read_header, segment_path, segments_of
from skywitness.batches import Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.segment_blocks import (
    HEADER,
    RECEPTIONS,
    TABLE,
    UAT_RECEPTIONS,
    Head,
    decode_block,
    is_intact,
    read_head,
    read_table,
)
from skywitness.frames.formats.segment_uat import decode_uat_block
from skywitness.frames.formats.uat import UatFrames

__all__ = ["BACK_NS", "BlockPlace", "Tail", "blocks_of", "find_tail"]

log = structlog.get_logger("skywitness.archive")

BACK_NS = 60_000_000_000
"""Time that falls back this far is that of another replay."""
WARM_NS = 300_000_000_000
WARM_ROWS = 2_000_000
"""So much before the first missing row is decoded too, for who is known and where: callsigns come every few seconds."""
UNMARKED_NS = 180_000_000_000
"""So much of the end is looked at if nothing says where rows may be missing."""


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where a block of receptions lies."""

    path: Path
    segment: int
    offset: int
    rows: int
    first: int
    """Id of its first row."""
    time_ns: int
    """Least time of the first rows of its receivers."""
    is_uat: bool = False
    """Whether it holds receptions on 978 MHz."""

    @property
    def last(self) -> int:
        """Id of its last row."""
        return self.first + self.rows - 1

    def frames(self) -> Frames:
        """Unpack it. Raises FormatError if it is damaged."""
        return decode_block(self.segment, *self._read()).frames

    def uat_frames(self) -> UatFrames:
        """Unpack one with receptions on 978 MHz. Raises FormatError if it is damaged."""
        return decode_uat_block(self.segment, *self._read()).frames

    def _read(self) -> tuple[Head, bytes]:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            header = file.read(HEADER.size)
            head = read_head(header)
            stored = file.read(head.stored)
        if not is_intact(head, header, stored):
            raise FormatError("a block is cut off or damaged", source=self.path.name, offset=self.offset)
        return head, stored


@dataclass(frozen=True, slots=True)
class Tail:
    """What is to be decoded again; nothing if there are no blocks."""

    first: int
    """Id of the first reception whose rows are wanted."""
    until: int
    """All of them have lesser ids."""
    blocks: tuple[BlockPlace, ...] = ()
    """In order; some before `first`."""
    uat: tuple[BlockPlace, ...] = ()
    """Blocks with receptions on 978 MHz, of about the same time."""
    provenance: int = 0
    """Index into PROVENANCES of what comes of them."""

    @property
    def rows(self) -> int:
        """Receptions to be decoded."""
        return sum(block.rows for block in self.blocks)

    def frames(self) -> Iterator[tuple[BlockPlace, Frames]]:
        """Unpack block by block; one that is damaged or was deleted meanwhile is left out and told."""
        for block in self.blocks:
            try:
                yield block, block.frames()
            except (FormatError, OSError) as error:
                tell(block, error)

    def uat_frames(self) -> Iterator[UatFrames]:
        """The same for receptions on 978 MHz."""
        for block in self.uat:
            try:
                yield block.uat_frames()
            except (FormatError, OSError) as error:
                tell(block, error)


def tell(block: BlockPlace, error: Exception) -> None:
    """Log that a block is left out."""
    log.warning("block left out", segment=block.path.name, at=block.offset, reason=str(error))


def blocks_of(directory: Path, segment: int) -> list[BlockPlace]:
    """Find the blocks of receptions of a segment, of both kinds, as far as their heads can be read."""
    path = segment_path(directory, segment)
    found = []
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = read_header(file, path.name)
            offset = file.tell()
            while True:
                head = next_head(file.read(HEADER.size))
                if head is None or offset + head.size > size:
                    break
                if head.kind in (RECEPTIONS, UAT_RECEPTIONS) and head.lines:
                    table = read_table(head, file.read(head.lines * TABLE.itemsize))
                    first = header.segment << 32 | head.first_row
                    begin_ns, is_uat = int(table["time_ns"].min()), head.kind == UAT_RECEPTIONS
                    found.append(BlockPlace(path, header.segment, offset, head.rows, first, begin_ns, is_uat))
                offset += head.size
                file.seek(offset)
    except (FormatError, OSError) as error:
        log.warning("segment left out", segment=path.name, reason=str(error))
    return found


def next_head(data: bytes) -> Head | None:
    """The head of a block; None at the end, or at what is none."""
    try:
        return read_head(data) if data else None
    except FormatError:
        return None


def find_tail(
    directory: Path, first: int | None, until: int, *, warm_ns: int = WARM_NS, warm_rows: int = WARM_ROWS
) -> Tail:
    """Return the receptions with ids from `first` to `until` - 1, and what comes before them as a preparation.

    first  None if it is not known: then the last minutes

    Raises ArchiveError if a later version wrote a segment.
    """
    is_marked = first is not None
    chosen: list[BlockPlace] = []
    uat: list[BlockPlace] = []
    warm = 0
    begin = 0  # time of the first wanted block
    is_whole = is_uat_whole = False
    for segment in reversed([n for n in segments_of(directory) if n << 32 < until]):
        if first is not None and is_marked and segment < first >> 32:
            is_uat_whole = True
            is_whole |= not chosen
        if is_whole and (is_uat_whole or not uat):
            break
        for block in reversed(blocks_of(directory, segment)):
            if block.is_uat:
                if not is_uat_whole:
                    uat.append(block)
                    is_uat_whole = not is_marked and block.time_ns < uat[0].time_ns - UNMARKED_NS
                continue
            if is_whole:
                continue
            if first is None and chosen and abs(chosen[-1].time_ns - block.time_ns) > BACK_NS:
                first = chosen[-1].first  # another time line
            if first is None and chosen and block.time_ns < chosen[0].time_ns - UNMARKED_NS:
                first = chosen[-1].first
            if first is not None and block.last < first:
                begin = begin or (chosen[-1].time_ns if chosen else 0)
                if not chosen or warm >= warm_rows or not -warm_ns <= block.time_ns - begin <= BACK_NS:
                    is_whole = True
                    continue
                warm += block.rows
            chosen.append(block)
    chosen.reverse()
    uat.reverse()
    if first is None:
        first = chosen[0].first if chosen else until
    if is_marked and uat:
        # They have no mark of their own: what is as new as the others, and the last minutes in any case.
        since_ns = min([uat[-1].time_ns - UNMARKED_NS, *(block.time_ns for block in chosen[:1])])
        uat = [block for block in uat if block.time_ns >= since_ns]
    elif uat:
        first = min(first, uat[0].segment << 32)
    return Tail(first, until, tuple(chosen), tuple(uat))
