"""Which receptions are one transmission: a label given at once, nothing waits.

The label is the id of the first reception. Same bytes from another receiver within a short window are the same
transmission; same bytes from the same receiver are the next one, for nobody hears a transmission twice.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames
from skywitness.kernel import kernel, load_word8

__all__ = ["WINDOW_NS", "Grouper", "fill_transmissions"]

WINDOW_NS = 450_000_000
"""Feeders deliver over networks, so unsynchronised arrival stamps of one transmission may differ by this much."""

WAYS = 4  # candidates looked at for one frame
EXACT_RECEIVERS = 64  # beyond, only the first receiver of a transmission is remembered


@kernel
def fill_transmissions(start, exact, data, time_ns, receiver, reception, table, out_transmission):
    """Label each reception with the first reception of its transmission.

    start             int              first row to do
    exact             bool             remember every receiver of a transmission (there are at most EXACT_RECEIVERS)
    data              (n, 14) uint8
    time_ns           (n,)    int64
    receiver          (n,)    uint16
    reception         (n,)    int64    ids
    table             (m, 5)  int64    m = WAYS * 2^k; bytes 0-7, bytes 6-13, time, label, receivers (one bit each) or
                                       the first receiver
    out_transmission  (n,)    int64
    """
    sets = len(table) // WAYS
    for i in range(start, len(time_ns)):
        if time_ns[i] == UNTIMED:
            out_transmission[i] = reception[i]
            continue
        first = load_word8(data, i, 0)
        second = load_word8(data, i, 6)
        mixed = (first ^ second * 0x9E3779B1) * 0x2545F4914F6CDD1D
        base = ((mixed >> 29) & (sets - 1)) * WAYS
        now = time_ns[i]
        mark = 1 << min(int(receiver[i]), EXACT_RECEIVERS - 1) if exact else int(receiver[i])
        best = -1
        nearest = WINDOW_NS + 1
        oldest = base
        for place in range(base, base + WAYS):
            if table[place, 0] == first and table[place, 1] == second:
                heard = table[place, 4] & mark if exact else table[place, 4] == mark
                apart = abs(now - table[place, 2])
                if not heard and apart < nearest:
                    nearest = apart
                    best = place
            if table[place, 2] < table[oldest, 2]:
                oldest = place
        if best >= 0:
            if exact:
                table[best, 4] |= mark
            out_transmission[i] = table[best, 3]
        else:
            table[oldest, 0] = first
            table[oldest, 1] = second
            table[oldest, 2] = now
            table[oldest, 3] = reception[i]
            table[oldest, 4] = mark
            out_transmission[i] = reception[i]


class Grouper:
    """Fold that labels transmissions.

    receivers  how many there will be; with one, every reception is its own transmission and nothing is looked up until
               a frame comes from another. Of more than EXACT_RECEIVERS only the first of a transmission is remembered
    """

    def __init__(self, receivers: int = 1, places: int = 1 << 16) -> None:
        self.exact = receivers <= EXACT_RECEIVERS
        self.places = places
        self.only = -1
        self.table: I64 | None = None
        if receivers > 1:
            self._begin()

    def push(self, frames: Frames) -> I64:
        """Return the label of each frame."""
        start = 0
        if self.table is None:
            if self.only < 0 and len(frames):
                self.only = int(frames.receiver[0])
            others = np.flatnonzero(frames.receiver != self.only)
            if not len(others):
                return frames.id
            start = int(others[0])
            self._begin()
        out = np.empty(len(frames), np.int64)
        out[:start] = frames.id[:start]
        stop = len(frames)
        if self.exact and stop and int(frames.receiver.max()) >= EXACT_RECEIVERS:
            stop = int(np.argmax(frames.receiver >= EXACT_RECEIVERS))
        self._fill(frames.slice(0, stop), start, out)
        if stop < len(frames):
            self.exact = False  # at this very row, however the stream is cut
            self._begin()
            self._fill(frames, max(start, stop), out)
        return out

    def _fill(self, frames: Frames, start: int, out: I64) -> None:
        fill_transmissions(start, self.exact, frames.data, frames.time_ns, frames.receiver, frames.id, self.table, out)

    def _begin(self) -> None:
        self.table = np.zeros((self.places, 5), np.int64)
        self.table[:, 2] = UNTIMED // 2
