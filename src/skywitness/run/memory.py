"""How the process keeps its memory."""

from __future__ import annotations

import ctypes
import gc
import sys

__all__ = ["keep_freed_memory", "look_for_cycles_less_often"]

# Parameters of mallopt(3), glibc.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, ARENA_MAX = -1, -2, -3, -8
BATCH_BYTES = 32 << 20
"""More than all columns of a batch; the largest threshold glibc takes."""


def keep_freed_memory() -> bool:
    """Let the allocator keep the columns of one batch for the next; False where the C library knows no such setting.

    By default glibc gives every array over 128 KiB back to the system when it is freed and takes it anew, zeroed page
    by page, for the next batch: a fifth of the time of a fold, and the caches with it. The memory kept is bounded by
    the largest batch ever alive. All threads share one arena: in one of their own, what is freed goes back whatever
    the threshold says, and what one thread has let go cannot serve the other.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library than glibc
        return False
    settings = (
        (MMAP_THRESHOLD, BATCH_BYTES),
        (TRIM_THRESHOLD, 4 * BATCH_BYTES),
        (TOP_PAD, BATCH_BYTES),
        (ARENA_MAX, 1),
    )
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)


def look_for_cycles_less_often() -> None:
    """Leave what is there at the end of the start out of the collector's search, and search more seldom.

    Modules and settings live as long as the process, and batches are let go by their count of references; without this
    the search takes 4 % of a busy node's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
