"""How the process keeps its memory."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

# Parameters of mallopt(3), glibc.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
BATCH_BYTES = 32 << 20
"""More than all columns of a batch; the largest threshold glibc takes."""


def keep_freed_memory() -> bool:
    """Let the allocator keep the columns of one batch for the next; False where the C library knows no such setting.

    By default glibc gives every array over 128 KiB back to the system when it is freed and takes it anew, zeroed page
    by page, for the next batch: a fifth of the time of a fold, and the caches with it. The memory kept is bounded by
    the largest batch ever alive.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library than glibc
        return False
    settings = ((MMAP_THRESHOLD, BATCH_BYTES), (TRIM_THRESHOLD, 4 * BATCH_BYTES), (TOP_PAD, BATCH_BYTES))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)
