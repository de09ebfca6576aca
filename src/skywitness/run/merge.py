"""Several recordings as one stream: frames in the order of their times, in batches that depend on nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames

__all__ = ["merged", "rebatched"]

MOST_ROWS_OF_ONE_TIME = 1 << 20
"""A stream without times must not be read into memory as a whole before it may go on."""


def merged(streams: Sequence[Iterable[Frames]]) -> Iterator[Frames]:
    """Merge streams by time; equal times in the order of the streams.

    Each stream keeps its own order: a row that is late, or has no time, comes right after the one before it. No more is
    held than the last batch of each stream.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    feeds = [_Feed(stream) for stream in streams]
    while True:
        for feed in feeds:
            feed.fill()
        live = [feed for feed in feeds if not feed.ended]
        if not live:
            break
        horizon = min(int(feed.key[-1]) for feed in live)
        yield from _in_order([feed.take(feed.rows_before(horizon)) for feed in feeds])
        for feed in live:
            if len(feed.key) and feed.key[-1] == horizon:
                feed.pull()
    yield from _in_order([feed.take(len(feed.key)) for feed in feeds])


def rebatched(stream: Iterable[Frames], rows: int) -> Iterator[Frames]:
    """Cut a stream into batches of the same length, however it came."""
    waiting: list[Frames] = []
    count = 0
    for batch in stream:
        waiting.append(batch)
        count += len(batch)
        if count >= rows:
            whole = Frames.concat(waiting)
            start = 0
            while count - start >= rows:
                yield whole.slice(start, start + rows)
                start += rows
            waiting, count = [whole.slice(start, count)], count - start
    if count:
        yield Frames.concat(waiting)


class _Feed:
    """One stream, with what has been read of it and not been given on."""

    def __init__(self, stream: Iterable[Frames]) -> None:
        self.stream = iter(stream)
        self.frames = Frames.empty()
        self.key: I64 = np.empty(0, np.int64)
        self.newest = UNTIMED
        self.ended = False

    def fill(self) -> None:
        """Have at least one row, unless the stream has ended."""
        while not self.ended and not len(self.key):
            self.pull()

    def pull(self) -> None:
        """Read one batch more."""
        batch = next(self.stream, None)
        if batch is None:
            self.ended = True
        elif len(batch):
            key = np.maximum(np.maximum.accumulate(batch.time_ns), self.newest)
            self.newest = int(key[-1])
            self.frames = Frames.concat([self.frames, batch]) if len(self.key) else batch
            self.key = np.concatenate([self.key, key])

    def rows_before(self, horizon: int) -> int:
        """How many rows no other stream can still come before."""
        if len(self.key) > MOST_ROWS_OF_ONE_TIME:
            return int(np.searchsorted(self.key, horizon, side="right"))
        return int(np.searchsorted(self.key, horizon, side="left"))

    def take(self, rows: int) -> tuple[Frames, I64]:
        """Give rows on, with their keys."""
        taken = self.frames.slice(0, rows), self.key[:rows]
        self.frames, self.key = self.frames.slice(rows, len(self.key)), self.key[rows:]
        return taken


def _in_order(parts: list[tuple[Frames, I64]]) -> Iterator[Frames]:
    parts = [part for part in parts if len(part[1])]
    if len(parts) == 1:
        yield parts[0][0]
    elif parts:
        order = np.argsort(np.concatenate([key for _, key in parts]), kind="stable")
        yield Frames.concat(frames for frames, _ in parts).take(order)
