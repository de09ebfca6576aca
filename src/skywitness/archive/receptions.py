"""The receptions of a time, out of the segments: `Receptions` of questions/answer.py."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import structlog

from skywitness.archive.receivers import REGISTER, Register
from skywitness.archive.segments import segments_of
from skywitness.archive.tail import BlockPlace, blocks_of
from skywitness.batches import Frames
from skywitness.errors import FormatError

__all__ = ["StoredReceptions"]

log = structlog.get_logger("skywitness.archive")

LATE_NS = 5_000_000_000
SEGMENTS_KNOWN = 64
"""Segments of which it is remembered where their blocks lie: some kilobytes each."""


class StoredReceptions:
    """The receptions of a data directory, for reading alone. Any number of threads may ask."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._blocks: OrderedDict[int, list[BlockPlace]] = OrderedDict()

    def receivers(self) -> dict[int, str]:
        """Return the names of the receivers, by the numbers that receptions have."""
        if not (self.directory / REGISTER).exists():
            return {}
        return {number: receiver.name for number, receiver in Register(self.directory).by_number.items()}

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """Return how many receptions lie in the blocks of a time."""
        return sum(block.rows for block in self._of(from_ns, until_ns))

    def receptions(self, from_ns: int, until_ns: int) -> Iterator[Frames]:
        """Yield the receptions of a time block by block, in the order of their ids, and others of those blocks.

        A block that is damaged, or was deleted meanwhile, is left out and told in the log.
        """
        for block in self._of(from_ns, until_ns):
            try:
                yield block.frames()
            except (FormatError, OSError) as error:
                log.warning("block left out", segment=block.path.name, at=block.offset, reason=str(error))

    def _of(self, from_ns: int, until_ns: int) -> list[BlockPlace]:
        """Blocks that may have receptions of a time.

        A block lasts until the next one begins; where time falls back, as where another replay begins, its end is not
        known.
        """
        numbers = segments_of(self.directory)
        every = [block for number in numbers for block in self._known(number, is_last=number == numbers[-1])]
        begins = np.array([block.time_ns for block in every], np.int64)
        ends = np.append(begins[1:], np.iinfo(np.int64).max)
        ends[:-1][ends[:-1] < begins[:-1]] = np.iinfo(np.int64).max
        # Receivers take turns in a block: what one sent last may lie a little behind the beginning of the next.
        found = np.flatnonzero((begins < until_ns) & (ends >= from_ns - LATE_NS))
        return [every[k] for k in found.tolist()]

    def _known(self, segment: int, *, is_last: bool) -> list[BlockPlace]:
        with self._lock:
            known = self._blocks.get(segment)
        if known is None or is_last:
            known = [block for block in blocks_of(self.directory, segment) if not block.is_uat]
            with self._lock:
                self._blocks[segment] = known
                while len(self._blocks) > SEGMENTS_KNOWN:
                    self._blocks.popitem(last=False)
        return known
