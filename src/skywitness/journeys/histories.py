"""Position rows sorted into the histories of single moving bodies, with what cannot be used taken out and counted.

Two aircraft may send one address, and a history may hold a position that is nowhere near the others. Rows that one
body cannot have sent are told apart here, once, so that everything after sees one body at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I32, I64, U8, UNTIMED, VERDICTS, Positions
from skywitness.geo.sphere import MEAN_RADIUS_NMI
from skywitness.kernel import kernel
from skywitness.units import NS_PER_S

__all__ = ["Histories", "HistorySettings", "histories"]

CONTRADICTED = VERDICTS.index("contradicted")
ESTIMATED = VERDICTS.index("estimated")
HIGHEST_FT, LOWEST_FT = 130_000.0, -2_000.0
FASTEST_KT = 3_000.0
SLOTS = 4


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """What is believed of a row."""

    until_ns: int = np.iinfo(np.int64).max
    """Rows later than this are dropped as `future`."""
    fastest_kt: float = 1_000.0
    """Rows that one body could only have sent by moving faster belong to two."""
    slack_nmi: float = 30.0
    """Taken off a distance before speed is reckoned: recordings with wrong times jump by up to 25 nautical miles."""
    fewest: int = 3
    """A body with fewer rows, besides a larger one, is dropped as `jump`: a position that is not its aircraft's."""


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Rows that can be used, sorted by (address_kind, icao, body, time_ns); mostly an address is one body."""

    rows: Positions
    starts: I64
    """(bodies + 1,): rows of body b are `starts[b]` to `starts[b + 1] - 1`."""
    shared: U8
    """(bodies,): 1 if other bodies send the same address at the same time."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Rows left out, by reason."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def body_of(self, row: NDArray[np.int64]) -> I64:
        """Return the body that each row belongs to."""
        found: I64 = np.searchsorted(self.starts, row, "right").astype(np.int64) - 1
        return found


def histories(positions: Positions, settings: HistorySettings | None = None) -> Histories:
    """Sort rows into histories, whatever their order, and leave out those that nothing can be built on.

    Left out are rows without time or place, out of range, later than `until_ns`, contradicted or estimated ones, older
    revisions, repetitions of a row, and single rows that their aircraft cannot have sent. An absurd altitude or speed
    becomes unknown, the row stays.
    """
    settings = settings or HistorySettings()
    dropped: dict[str, int] = {}
    rows = _usable(positions, settings, dropped)
    rows = _sorted(rows)
    rows = _single(rows, dropped)
    key = _key(rows)
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(rows) else np.zeros(0, np.int64)
    starts = np.r_[first, len(rows)].astype(np.int64)
    body = np.zeros(len(rows), np.int32)
    state = np.zeros((3, SLOTS), np.int64)
    fastest, slack = float(settings.fastest_kt), float(settings.slack_nmi)
    fill_bodies(starts, rows.time_ns, rows.lat_deg, rows.lon_deg, fastest, slack, state, body)
    if not body.any():
        return Histories(rows, starts, np.zeros(len(first), np.uint8), dropped)
    return _parted(rows, starts, body, settings, dropped)


def _usable(positions: Positions, settings: HistorySettings, dropped: dict[str, int]) -> Positions:
    p = positions
    reasons = {
        "untimed": p.time_ns == UNTIMED,
        "future": p.time_ns > settings.until_ns,
        "no_place": ~(np.isfinite(p.lat_deg) & np.isfinite(p.lon_deg)),
        "out_of_range": (np.abs(p.lat_deg) > 90.0) | (np.abs(p.lon_deg) > 180.0) | (p.time_ns < 0),
        "contradicted": p.verdict == CONTRADICTED,
        "estimated": p.verdict == ESTIMATED,
    }  # fmt: skip
    bad = np.zeros(len(p), bool)
    for reason, mask in reasons.items():
        count = int((mask & ~bad).sum())
        if count:
            dropped[reason] = count
            bad |= mask
    if bad.any():
        p = p.take(~bad)
    changed = {}
    for name, low, high in (
        ("altitude_ft", LOWEST_FT, HIGHEST_FT),
        ("altitude_geom_ft", LOWEST_FT, HIGHEST_FT),
        ("groundspeed_kt", 0.0, FASTEST_KT),
    ):
        values = getattr(p, name)
        absurd = (values < low) | (values > high)
        if absurd.any():
            changed[name] = np.where(absurd, np.float32(np.nan), values)
    east = p.lon_deg == 180.0
    if east.any():
        changed["lon_deg"] = np.where(east, -180.0, p.lon_deg)
    return p.replaced(**changed) if changed else p


def _key(rows: Positions) -> NDArray[np.uint32]:
    return rows.address_kind.astype(np.uint32) << np.uint32(24) | (rows.icao & np.uint32(0xFFFFFF))


def _sorted(rows: Positions) -> Positions:
    key = _key(rows)
    ahead = key[1:] > key[:-1]
    same = key[1:] == key[:-1]
    later = rows.time_ns[1:] > rows.time_ns[:-1]
    if bool((ahead | (same & later)).all()):
        return rows
    # Places and the number of receivers break ties, so that the order of the input never shows.
    order = np.lexsort((rows.lon_deg, rows.lat_deg, rows.revision, rows.parent, rows.time_ns, key))
    return rows.take(order)


def _single(rows: Positions, dropped: dict[str, int]) -> Positions:
    if len(rows) < 2:
        return rows
    key = _key(rows)
    again = (key[1:] == key[:-1]) & (rows.time_ns[1:] == rows.time_ns[:-1])
    if not again.any():
        return rows
    same_parent = again & (rows.parent[1:] == rows.parent[:-1]) & (rows.parent[1:] > 0)
    same_place = again & (rows.lat_deg[1:] == rows.lat_deg[:-1]) & (rows.lon_deg[1:] == rows.lon_deg[:-1])
    older = np.r_[same_parent | same_place, False]  # of two the later stays: it has the higher revision
    if not older.any():
        return rows
    dropped["repeated"] = int(older.sum())
    return rows.take(~older)


def _parted(rows: Positions, starts: I64, body: I32, settings: HistorySettings, dropped: dict[str, int]) -> Histories:
    # Numbers within an address become running numbers: address a's bodies follow those of the address before it.
    counts = np.diff(starts)
    most = np.maximum.reduceat(body, starts[:-1]) + 1
    before = np.r_[0, np.cumsum(most)[:-1]]
    whole = np.repeat(before, counts) + body
    sizes = np.bincount(whole, minlength=int(most.sum()))
    largest = np.maximum.reduceat(sizes, before)
    is_stray = (sizes < settings.fewest) & (sizes < np.repeat(largest, most))
    stray = is_stray[whole]
    if stray.any():
        dropped["jump"] = int(stray.sum())
    kept = np.flatnonzero(~stray)
    kept = kept[np.argsort(whole[kept], kind="stable")]
    rows = rows.take(kept)
    parted = whole[kept]
    first = np.flatnonzero(np.r_[True, parted[1:] != parted[:-1]])
    out = np.r_[first, len(rows)].astype(np.int64)
    key = _key(rows)[first]
    begins, ends = rows.time_ns[first], rows.time_ns[out[1:] - 1]
    shared = np.zeros(len(first), np.uint8)
    for i in np.flatnonzero(np.r_[False, key[1:] == key[:-1]]):
        j = i - 1
        while j >= 0 and key[j] == key[i]:
            if begins[i] <= ends[j] and begins[j] <= ends[i]:
                shared[i] = shared[j] = 1
            j -= 1
    return Histories(rows, out, shared, dropped)


@kernel
def fill_bodies(starts, time_ns, lat_deg, lon_deg, fastest_kt, slack_nmi, state, out_body):
    """Number the moving bodies behind the rows of each address, from 0 in the order in which they appear.

    A row belongs to the body heard last of up to four that can have come here since: after a long silence any of them
    can, and only the time tells. If none can, a new body begins; the one with the fewest rows is then followed no more.

    starts            (a + 1,)  int64    rows of each address, in order of time
    time_ns           (n,)      int64
    lat_deg, lon_deg  (n,)      float64
    state             (3, SLOTS) int64   last row, number and size of the bodies followed
    out_body          (n,)      int32
    """
    last, number, size = state[0], state[1], state[2]
    radians = math.pi / 180.0
    half = 0.5 * radians
    for a in range(len(starts) - 1):
        used = 0
        bodies = 0
        for i in range(starts[a], starts[a + 1]):
            best = -1
            for k in range(used):
                j = last[k]
                if best >= 0 and j < last[best]:
                    continue
                seconds = float(time_ns[i] - time_ns[j]) / NS_PER_S
                reach = slack_nmi + fastest_kt * seconds / 3600.0
                if abs(lat_deg[i] - lat_deg[j]) * 60.0 > reach:
                    continue
                up = math.sin((lat_deg[i] - lat_deg[j]) * half)
                across = math.sin((lon_deg[i] - lon_deg[j]) * half)
                square = up * up + math.cos(lat_deg[i] * radians) * math.cos(lat_deg[j] * radians) * across * across
                if 2.0 * MEAN_RADIUS_NMI * math.asin(math.sqrt(min(square, 1.0))) <= reach:
                    best = k
            if best < 0:
                if used < SLOTS:
                    best = used
                    used += 1
                else:
                    best = 0
                    for k in range(1, SLOTS):
                        if size[k] < size[best]:
                            best = k
                number[best] = bodies
                size[best] = 0
                bodies += 1
            last[best] = i
            size[best] += 1
            out_body[i] = number[best]
