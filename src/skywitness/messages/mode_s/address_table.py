"""The one address table: which aircraft have been heard, and in which slot their state is kept.

Frames whose address is only the remainder of their parity (DF 0, 4, 5, 16, 20, 21, 24) are accepted only for addresses
that a frame with its own check (DF 11, 17, 18) has shown lately; noise would else invent aircraft.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I32, I64, U8, U32
from skywitness.kernel import kernel, scalar
from skywitness.messages.mode_s.downlink_format import NO_ADDRESS, REPAIRED, UNKNOWN_ADDRESS

__all__ = ["FORGET_AFTER_NS", "KNOWN_FOR_NS", "AddressTable", "fill_slots"]

KNOWN_FOR_NS = 60_000_000_000
"""How long a checked frame vouches for its address."""

FORGET_AFTER_NS = 1_800_000_000_000
"""An aircraft silent for longer begins anew: its slot may be given to another."""

Records = NDArray[Any]

SLOT = np.dtype([("key", np.int64), ("checked_ns", np.int64), ("seen_ns", np.int64), ("spare", np.int64)])
"""Who has a slot: icao | kind << 24, -1 free; data times of its newest frame with an own check, and newest accepted
frame. 32 bytes, so that a look-up touches one line of memory."""

EMPTY = -1
REMOVED = -2
SWEEP = 2  # slots looked at for every new one, so that the table is swept faster than it fills


@scalar
def table_place(key, mask):
    """Where the search for a key begins in a table of mask + 1 places."""
    return (key * 0x9E3779B1 >> 9 ^ key) & mask


@kernel
def fill_table(slots, out_table):
    """Enter all slots in use into an empty table; returns how many.

    slots      (s,) SLOT
    out_table  (m,) int32   all EMPTY
    """
    mask = len(out_table) - 1
    count = 0
    for slot in range(len(slots)):
        if slots[slot].key >= 0:
            place = table_place(slots[slot].key, mask)
            while out_table[place] != EMPTY:
                place = (place + 1) & mask
            out_table[place] = slot
            count += 1
    return count


@kernel
def fill_slots(
    start, data_time_ns, icao, kind, unproven, table, slots, counters,
    out_status, out_slot, out_born,
):  # fmt: skip
    """Find or make the slot of each frame's aircraft; returns the first row not done, for want of free slots.

    start            int              first row to do
    data_time_ns     (n,)   int64     never decreases
    icao             (n,)   uint32    NO_ADDRESS where a frame names no aircraft
    kind             (n,)   uint8
    unproven         (n,)   uint8     1: only for a known address
    table            (m,)   int32     open addressing, m a power of two: slot, EMPTY or REMOVED
    slots            (s,)   SLOT
    counters         (4,)   int64     slots in use, sweep hand, places used in the table, next slot to try
    out_status       (n,)   uint8     UNKNOWN_ADDRESS is set here
    out_slot         (n,)   int32     -1 where there is none
    out_born         (n,)   uint8     1: with this row the slot's state begins anew
    """
    mask = len(table) - 1
    size = len(slots)
    for i in range(start, len(data_time_ns)):
        out_slot[i] = -1
        out_born[i] = 0
        if out_status[i] > REPAIRED or icao[i] == NO_ADDRESS:
            continue
        now = data_time_ns[i]
        key = int(icao[i]) | int(kind[i]) << 24
        place = table_place(key, mask)
        slot = EMPTY
        while table[place] != EMPTY:
            candidate = table[place]
            if candidate >= 0 and slots[candidate].key == key:
                slot = candidate
                break
            place = (place + 1) & mask
        if slot >= 0 and now - slots[slot].seen_ns > FORGET_AFTER_NS:
            # It may have been swept already or not, by the chance of who came between: both must look the same.
            slots[slot].checked_ns = now - KNOWN_FOR_NS - 1
            if not unproven[i]:
                out_born[i] = 1
        if unproven[i]:
            if slot < 0 or now - slots[slot].checked_ns > KNOWN_FOR_NS:
                out_status[i] = UNKNOWN_ADDRESS
                continue
        elif slot < 0:
            if counters[0] + SWEEP >= size or counters[2] * 2 > mask:
                return i
            for _ in range(SWEEP):
                hand = counters[1]
                counters[1] = hand + 1 if hand + 1 < size else 0
                if slots[hand].key >= 0 and now - slots[hand].seen_ns > FORGET_AFTER_NS:
                    at = table_place(slots[hand].key, mask)
                    while table[at] != hand:
                        at = (at + 1) & mask
                    table[at] = REMOVED
                    slots[hand].key = -1
                    counters[0] -= 1
            slot = counters[3]
            while slots[slot].key >= 0:
                slot = slot + 1 if slot + 1 < size else 0
            counters[3] = slot + 1 if slot + 1 < size else 0
            place = table_place(key, mask)
            while table[place] >= 0:
                place = (place + 1) & mask
            if table[place] == EMPTY:
                counters[2] += 1
            table[place] = slot
            slots[slot].key = key
            out_born[i] = 1
            counters[0] += 1
        if not unproven[i]:
            slots[slot].checked_ns = now
        slots[slot].seen_ns = now
        out_slot[i] = slot
    return len(data_time_ns)


def free_slots(count: int) -> Records:
    """Return slots that nobody has."""
    slots = np.zeros(count, SLOT)
    slots["key"] = -1
    return slots


class AddressTable:
    """Slots by address: grows with the aircraft in the air, forgets those silent for half an hour."""

    def __init__(self, size: int = 1024) -> None:
        self.slots: Records = free_slots(size)
        self.counters: I64 = np.zeros(4, np.int64)
        self.table: I32 = np.full(4 * size, EMPTY, np.int32)

    @property
    def size(self) -> int:
        """Number of slots there are; every later stage keeps arrays of this length."""
        return len(self.slots)

    @property
    def used(self) -> int:
        """Number of aircraft remembered."""
        return int(self.counters[0])

    def fill(
        self, data_time_ns: I64, icao: U32, kind: U8, unproven: U8, out_status: U8, out_slot: I32, out_born: U8
    ) -> None:
        """Give every acceptable frame its slot; the others get a reason in `out_status` (see `fill_slots`)."""
        done = 0
        while True:
            done = fill_slots(
                done,
                data_time_ns,
                icao,
                kind,
                unproven,
                self.table,
                self.slots,
                self.counters,
                out_status,
                out_slot,
                out_born,
            )
            if done == len(data_time_ns):
                return
            self._make_room()

    def _make_room(self) -> None:
        """Double the slots when they are short, and lay the table anew without its removed places."""
        if self.used + SWEEP >= self.size:
            self.slots = np.concatenate([self.slots, free_slots(self.size)])
        self.table = np.full(4 * self.size, EMPTY, np.int32)
        self.counters[2] = fill_table(self.slots, self.table)
