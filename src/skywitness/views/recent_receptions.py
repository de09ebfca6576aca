"""The last receptions in memory, so that a node shows raw messages whether it keeps a record or not."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from skywitness.batches import U8, Frames, Messages
from skywitness.pipeline import Output
from skywitness.questions.hearing import GOOD, Heard

__all__ = ["RecentReceptions"]

MOST_ROWS = 100_000
"""About 10 MB."""


class RecentReceptions:
    """The last receptions, and what they were. `push` is a sink of the core: it only keeps the batch."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        self.most = most
        self._batches: deque[tuple[Frames, Messages]] = deque()
        self._rows = 0
        self._lock = threading.Lock()

    def push(self, output: Output, now_ns: int) -> None:
        """Keep the receptions of one push, and let go of the oldest."""
        rows = len(output.frames)
        if not rows or len(output.messages) != rows:
            return
        with self._lock:
            self._batches.append((output.frames, output.messages))
            self._rows += rows
            while self._rows > self.most and len(self._batches) > 1:
                self._rows -= len(self._batches.popleft()[0])

    def of_aircraft(self, icao: int, kinds: U8, from_ns: int, until_ns: int) -> tuple[list[Heard], int | None]:
        """Return accepted receptions of one address and a time, and since when all are here; None if none are."""
        with self._lock:
            batches = list(self._batches)
        if not batches:
            return [], None
        found: list[Heard] = []
        for frames, messages in batches:
            mine = (messages.icao == icao) & (messages.status <= GOOD) & np.isin(messages.address_kind, kinds)
            rows = np.flatnonzero(mine & (frames.time_ns >= from_ns) & (frames.time_ns < until_ns))
            if len(rows):
                found.append(Heard(frames.take(rows), messages.take(rows)))
        times = batches[0][0].time_ns
        timed = times[times > 0]
        return found, int(timed.max()) if len(timed) else None
