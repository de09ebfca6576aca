"""Position messages that cannot be placed yet, kept until their aircraft has a place.

An aircraft taxiing out before any reference is known, or the first of an even and odd pair, is placed afterwards by
going back from the first supported place, newest message first; each step must be flyable.
"""

from __future__ import annotations

import numpy as np

from skywitness.kernel import scalar

__all__ = ["EACH_AT_MOST", "POOL_AT_MOST", "WAITING", "drop_waiting", "push_waiting"]

WAITING = np.dtype(
    [
        ("time_ns", np.int64),
        ("reception", np.int64),
        ("lat", np.int32),
        ("lon", np.int32),
        ("next", np.int32),
        ("altitude_ft", np.float32),
        ("groundspeed_kt", np.float32),
        ("track_deg", np.float32),
        ("signal_dbfs", np.float32),
        ("odd", np.uint8),
        ("surface", np.uint8),
        ("source", np.uint8),
        ("typecode", np.uint8),
    ],
    align=True,
)
"""One message; `next` is the place in the pool of the next older one of the same aircraft, -1 none."""

EACH_AT_MOST = 2048
"""Messages kept for one aircraft: about half an hour of taxiing."""

POOL_AT_MOST = 1 << 16
"""Messages kept in all; further ones are counted and dropped."""

NONE = -1


@scalar
def push_waiting(pair, pool, pool_state):
    """Take a free place in the pool for a message of this aircraft; returns it, or -1 if there is none to be had.

    pool        (p,) WAITING
    pool_state  (2,) int64    first free place (the free ones are chained by `next`), places never used so far
    """
    if pair.waiting_count >= EACH_AT_MOST:
        return NONE
    at = pool_state[0]
    if at >= 0:
        pool_state[0] = pool[at].next
    elif pool_state[1] < len(pool):
        at = pool_state[1]
        pool_state[1] += 1
    else:
        return NONE
    pool[at].next = pair.waiting
    pair.waiting = at
    pair.waiting_count += 1
    pair.more = 1
    return at


@scalar
def drop_waiting(pair, pool, pool_state):
    """Give back all places an aircraft holds in the pool."""
    at = pair.waiting
    while at >= 0:
        following = pool[at].next
        pool[at].next = pool_state[0]
        pool_state[0] = at
        at = following
    pair.waiting = NONE
    pair.waiting_count = 0
