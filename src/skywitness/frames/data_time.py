"""Data time: how far the stream has come, by its own stamps.

It is the least over the receivers of each one's latest time, so that no receiver can age out what others still hear;
one that has been silent for ten seconds no longer holds it back. It never decreases, and it asks no clock.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames
from skywitness.kernel import kernel

__all__ = ["SILENT_AFTER_NS", "DataTime", "fill_data_time"]

SILENT_AFTER_NS = 10_000_000_000


@kernel
def fill_data_time(time_ns, receiver, latest_ns, state, out_data_time_ns):
    """Data time at each reception.

    time_ns           (n,) int64    UNTIMED rows take the data time so far
    receiver          (n,) uint16
    latest_ns         (r,) int64    latest time of each receiver; UNTIMED before its first frame
    state             (3,) int64    data time, newest time of all, receiver that holds the data time back (-1 none)
    out_data_time_ns  (n,) int64    never decreases
    """
    data_time = state[0]
    newest = state[1]
    holder = state[2]
    for i in range(len(time_ns)):
        now = time_ns[i]
        heard_by = int(receiver[i])
        if now > latest_ns[heard_by]:
            latest_ns[heard_by] = now
            newest = max(newest, now)
            if holder == heard_by or holder < 0 or newest - latest_ns[holder] > SILENT_AFTER_NS:
                least = now
                holder = heard_by
                for r in range(len(latest_ns)):
                    if newest - SILENT_AFTER_NS <= latest_ns[r] < least:
                        least = latest_ns[r]
                        holder = r
                data_time = max(data_time, least)
        out_data_time_ns[i] = data_time
    state[0] = data_time
    state[1] = newest
    state[2] = holder


class DataTime:
    """Fold over frames; grows with the receivers."""

    def __init__(self) -> None:
        self.latest_ns: I64 = np.full(1, UNTIMED, np.int64)
        self.state: I64 = np.array([UNTIMED, UNTIMED, -1], np.int64)

    def push(self, frames: Frames) -> I64:
        """Return the data time at each frame."""
        if len(frames):
            receivers = int(frames.receiver.max()) + 1
            if receivers > len(self.latest_ns):
                more = np.full(receivers - len(self.latest_ns), UNTIMED, np.int64)
                self.latest_ns = np.concatenate([self.latest_ns, more])
        out = np.empty(len(frames), np.int64)
        fill_data_time(frames.time_ns, frames.receiver, self.latest_ns, self.state, out)
        return out
