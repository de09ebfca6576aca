"""Frames made by hand, for tests that need no file."""

from __future__ import annotations

import numpy as np

from skywitness.batches import FRAME_BYTES, Frames


def frames_from(rows: list[tuple[int, int, bytes]], first_id: int = 0) -> Frames:
    """Make a batch of (time_ns, receiver, frame bytes) in order."""
    frames = Frames.allocate(len(rows))
    frames.id[:] = np.arange(first_id, first_id + len(rows))
    frames.ticks[:] = -1
    frames.timing[:] = 3
    frames.signal_dbfs[:] = -10.0
    frames.data[:] = 0
    for i, (time_ns, receiver, data) in enumerate(rows):
        frames.time_ns[i] = time_ns
        frames.receiver[i] = receiver
        frames.length[i] = len(data)
        frames.data[i, : min(len(data), FRAME_BYTES)] = list(data)
    return frames
