"""The one address table: which aircraft have been heard, and in which slot their state is kept.

Frames whose address is only the remainder of their parity (DF 0, 4, 5, 16, 20, 21, 24) are accepted only for addresses
that a frame with its own check (DF 11, 17, 18) has shown lately; noise would else invent aircraft.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I32, I64, U8, U32
from skywitness.kernel import kernel, scalar
from skywitness.messages.mode_s.downlink_format import NO_ADDRESS, REPAIRED, UNKNOWN_ADDRESS

__all__ = ["FORGET_AFTER_NS", "KNOWN_FOR_NS", "AddressTable", "fill_slots"]

KNOWN_FOR_NS = 60_000_000_000
"""How long a checked frame vouches for its address."""

FORGET_AFTER_NS = 1_800_000_000_000
"""An aircraft silent for longer begins anew: its slot may be given to another."""

EMPTY = -1
REMOVED = -2
SWEEP = 2  # slots looked at for every new one, so that the table is swept faster than it fills


@scalar
def table_place(key, mask):
    """Where the search for a key begins in a table of mask + 1 places."""
    return (key * 0x9E3779B1 >> 9 ^ key) & mask


@kernel
def fill_table(slot_key, out_table):
    """Enter all slots in use into an empty table; returns how many.

    slot_key   (s,) int64
    out_table  (m,) int32   all EMPTY
    """
    mask = len(out_table) - 1
    count = 0
    for slot in range(len(slot_key)):
        if slot_key[slot] >= 0:
            place = table_place(slot_key[slot], mask)
            while out_table[place] != EMPTY:
                place = (place + 1) & mask
            out_table[place] = slot
            count += 1
    return count


@kernel
def fill_slots(
    start, data_time_ns, icao, kind, unproven, table, slot_key, slot_checked_ns, slot_seen_ns, counters,
    out_status, out_slot, out_born,
):  # fmt: skip
    """Find or make the slot of each frame's aircraft; returns the first row not done, for want of free slots.

    start            int              first row to do
    data_time_ns     (n,)   int64     never decreases
    icao             (n,)   uint32    NO_ADDRESS where a frame names no aircraft
    kind             (n,)   uint8
    unproven         (n,)   uint8     1: only for a known address
    table            (m,)   int32     open addressing, m a power of two: slot, EMPTY or REMOVED
    slot_key         (s,)   int64     icao | kind << 24; -1 free
    slot_checked_ns  (s,)   int64     data time of the newest frame with its own check
    slot_seen_ns     (s,)   int64     data time of the newest accepted frame
    counters         (4,)   int64     slots in use, sweep hand, places used in the table, next slot to try
    out_status       (n,)   uint8     UNKNOWN_ADDRESS is set here
    out_slot         (n,)   int32     -1 where there is none
    out_born         (n,)   uint8     1: with this row the slot's state begins anew
    """
    mask = len(table) - 1
    slots = len(slot_key)
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
            if candidate >= 0 and slot_key[candidate] == key:
                slot = candidate
                break
            place = (place + 1) & mask
        if slot >= 0 and now - slot_seen_ns[slot] > FORGET_AFTER_NS:
            # It may have been swept already or not, by the chance of who came between: both must look the same.
            slot_checked_ns[slot] = now - KNOWN_FOR_NS - 1
            if not unproven[i]:
                out_born[i] = 1
        if unproven[i]:
            if slot < 0 or now - slot_checked_ns[slot] > KNOWN_FOR_NS:
                out_status[i] = UNKNOWN_ADDRESS
                continue
        elif slot < 0:
            if counters[0] + SWEEP >= slots or counters[2] * 2 > mask:
                return i
            for _ in range(SWEEP):
                hand = counters[1]
                counters[1] = hand + 1 if hand + 1 < slots else 0
                if slot_key[hand] >= 0 and now - slot_seen_ns[hand] > FORGET_AFTER_NS:
                    at = table_place(slot_key[hand], mask)
                    while table[at] != hand:
                        at = (at + 1) & mask
                    table[at] = REMOVED
                    slot_key[hand] = -1
                    counters[0] -= 1
            slot = counters[3]
            while slot_key[slot] >= 0:
                slot = slot + 1 if slot + 1 < slots else 0
            counters[3] = slot + 1 if slot + 1 < slots else 0
            place = table_place(key, mask)
            while table[place] >= 0:
                place = (place + 1) & mask
            if table[place] == EMPTY:
                counters[2] += 1
            table[place] = slot
            slot_key[slot] = key
            out_born[i] = 1
            counters[0] += 1
        if not unproven[i]:
            slot_checked_ns[slot] = now
        slot_seen_ns[slot] = now
        out_slot[i] = slot
    return len(data_time_ns)


class AddressTable:
    """Slots by address: grows with the aircraft in the air, forgets those silent for half an hour."""

    def __init__(self, slots: int = 1024) -> None:
        self.slot_key: I64 = np.full(slots, -1, np.int64)
        self.slot_checked_ns: I64 = np.zeros(slots, np.int64)
        self.slot_seen_ns: I64 = np.zeros(slots, np.int64)
        self.counters: I64 = np.zeros(4, np.int64)
        self.table: I32 = np.full(4 * slots, EMPTY, np.int32)

    @property
    def slots(self) -> int:
        """Number of slots there are; every later stage keeps arrays of this length."""
        return len(self.slot_key)

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
                self.slot_key,
                self.slot_checked_ns,
                self.slot_seen_ns,
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
        if self.used + SWEEP >= self.slots:
            more = self.slots
            self.slot_key = np.concatenate([self.slot_key, np.full(more, -1, np.int64)])
            self.slot_checked_ns = np.concatenate([self.slot_checked_ns, np.zeros(more, np.int64)])
            self.slot_seen_ns = np.concatenate([self.slot_seen_ns, np.zeros(more, np.int64)])
        self.table = np.full(4 * self.slots, EMPTY, np.int32)
        self.counters[2] = fill_table(self.slot_key, self.table)
