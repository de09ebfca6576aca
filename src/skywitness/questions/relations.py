"""Which rows stand in a relation to other rows: close to another aircraft, or after something else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F64, I64, Positions
from skywitness.errors import QuestionError
from skywitness.geo.sphere import distance_nmi
from skywitness.questions.question import Together
from skywitness.units import NMI_M

__all__ = ["MOST_PAIRS", "close_to", "followed", "keys_of"]

Bools = NDArray[np.bool_]

MOST_PAIRS = 40_000_000
"""Pairs of positions that `with:` compares."""
PAIRS_AT_ONCE = 2_000_000
BLOCK = 256
LEAST_NMI_PER_DEG = 59.0


def keys_of(rows: Positions) -> I64:
    """Kind and address of each row."""
    return rows.address_kind.astype(np.int64) << 24 | rows.icao


def close_to(mine: Positions, theirs: Positions, term: Together) -> Bools:
    """Mark rows of `mine` that have a row of another aircraft in `theirs` within a distance and a time.

    Raises QuestionError if more pairs would be compared than anybody wants to wait for.
    """
    out = np.zeros(len(mine), np.bool_)
    if not len(theirs) or not len(mine):
        return out
    theirs = theirs.take(np.argsort(theirs.time_ns, kind="stable"))
    my_key, their_key = keys_of(mine), keys_of(theirs)
    first = np.searchsorted(theirs.time_ns, mine.time_ns - term.span_ns, "left")
    last = np.searchsorted(theirs.time_ns, mine.time_ns + term.span_ns, "right")
    asked = np.flatnonzero(last > first)
    nmi = term.distance_m / NMI_M
    # A box around all that the others did within the time leaves little to compare row by row.
    low, high = extremes_between(theirs.lat_deg, first, last, asked)
    more = nmi / LEAST_NMI_PER_DEG
    asked = asked[(mine.lat_deg[asked] >= low - more) & (mine.lat_deg[asked] <= high + more)]
    pairs = int((last[asked] - first[asked]).sum())
    if pairs > MOST_PAIRS:
        raise QuestionError(
            f"with: would compare {pairs:,} pairs of positions", hint="Ask for a shorter time or a shorter within:."
        )
    for some in np.array_split(asked, max(1, pairs // PAIRS_AT_ONCE)):
        count = last[some] - first[some]
        which = np.repeat(some, count)
        other = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first[some], count)
        near = (my_key[which] != their_key[other]) & (
            distance_nmi(mine.lat_deg[which], mine.lon_deg[which], theirs.lat_deg[other], theirs.lon_deg[other]) <= nmi
        )
        out[which[near]] = True
    return out


def extremes_between(values: F64, first: I64, last: I64, asked: I64) -> tuple[F64, F64]:
    """Least and greatest of the values from `first` to before `last`, for the rows asked; wider if that is quicker."""
    if not len(asked):
        return np.zeros(0), np.zeros(0)
    pad = (-len(values)) % BLOCK
    blocks_low = np.pad(values, (0, pad), constant_values=np.inf).reshape(-1, BLOCK).min(axis=1)
    blocks_high = np.pad(values, (0, pad), constant_values=-np.inf).reshape(-1, BLOCK).max(axis=1)
    a, z = first[asked] // BLOCK, (last[asked] - 1) // BLOCK
    low, high = np.minimum(blocks_low[a], blocks_low[z]), np.maximum(blocks_high[a], blocks_high[z])
    for k in np.flatnonzero(z - a > 1).tolist():
        low[k], high[k] = blocks_low[a[k] : z[k] + 1].min(), blocks_high[a[k] : z[k] + 1].max()
    return low, high


def followed(key: I64, time_ns: I64, first: NDArray[Any], second: NDArray[Any], span_ns: int) -> Bools:
    """Mark rows of `second` that a row of `first` of the same key came before, by no more than `span_ns`.

    key, time_ns   int64[n], in any order
    first, second  bool[n]
    """
    out = np.zeros(len(key), np.bool_)
    if not first.any() or not second.any():
        return out
    order = np.lexsort((time_ns, key))
    key, time_ns = key[order], time_ns[order]
    at = np.arange(len(key))
    latest = np.maximum.accumulate(np.where(first[order], at, -1))
    is_new = np.ones(len(key), np.bool_)
    is_new[1:] = (key[1:] != key[:-1]) | (time_ns[1:] != time_ns[:-1])
    begin = np.maximum.accumulate(np.where(is_new, at, 0))  # of the rows of the same moment: none of them is earlier
    before = np.where(begin > 0, latest[begin - 1], -1)
    known = (before >= 0) & second[order]
    known[known] &= (key[before[known]] == key[known]) & (time_ns[known] - time_ns[before[known]] <= span_ns)
    out[order[known]] = True
    return out
