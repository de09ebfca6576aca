"""Which addresses are known, and the slots they have."""

from __future__ import annotations

import numpy as np

from skywitness.messages.mode_s.address_table import FORGET_AFTER_NS, KNOWN_FOR_NS, AddressTable
from skywitness.messages.mode_s.downlink_format import ACCEPTED, NO_ADDRESS, UNKNOWN_ADDRESS

S = 1_000_000_000


def fill(
    table: AddressTable, rows: list[tuple[int, int, bool]], kind: int = 0
) -> tuple[list[int], list[int], list[int]]:
    """Fill (time, address, unproven) rows; returns status, slot and born."""
    n = len(rows)
    time = np.array([row[0] for row in rows], np.int64)
    icao = np.array([row[1] for row in rows], np.uint32)
    unproven = np.array([row[2] for row in rows], np.uint8)
    status, born = np.full(n, ACCEPTED, np.uint8), np.empty(n, np.uint8)
    slot = np.empty(n, np.int32)
    table.fill(time, icao, np.full(n, kind, np.uint8), unproven, status, slot, born)
    return status.tolist(), slot.tolist(), born.tolist()


def test_a_reply_is_accepted_only_after_a_checked_frame() -> None:
    status, slot, born = fill(AddressTable(), [(0, 7, True), (0, 7, False), (1, 7, True)])
    assert status == [UNKNOWN_ADDRESS, ACCEPTED, ACCEPTED]
    assert slot[0] == -1
    assert slot[1] == slot[2]
    assert born == [0, 1, 0]


def test_replies_do_not_vouch_for_their_address() -> None:
    rows = [(0, 7, False), (KNOWN_FOR_NS, 7, True), (KNOWN_FOR_NS + 1, 7, True)]
    assert fill(AddressTable(), rows)[0] == [ACCEPTED, ACCEPTED, UNKNOWN_ADDRESS]


def test_an_address_of_another_kind_is_another_aircraft() -> None:
    table = AddressTable()
    first = fill(table, [(0, 7, False)], kind=0)[1][0]
    second = fill(table, [(0, 7, False)], kind=2)[1][0]
    assert first != second


def test_frames_that_name_nobody_have_no_slot() -> None:
    assert fill(AddressTable(), [(0, NO_ADDRESS, False)])[1] == [-1]


def test_an_aircraft_silent_for_long_begins_anew() -> None:
    rows = [(0, 7, False), (FORGET_AFTER_NS, 7, False), (2 * FORGET_AFTER_NS + 1, 7, False)]
    assert fill(AddressTable(), rows)[2] == [1, 0, 1]


def test_slots_grow_and_keep_their_aircraft() -> None:
    table = AddressTable(16)
    rows = [(0, address, False) for address in range(1, 5001)]
    _, slots, born = fill(table, rows)
    assert len(set(slots)) == 5000
    assert sum(born) == 5000
    assert fill(table, rows)[1] == slots


def test_a_long_stream_of_new_addresses_does_not_grow() -> None:
    table = AddressTable(1024)
    for hour in range(50):
        now = hour * 2 * FORGET_AFTER_NS
        fill(table, [(now, 1 + hour * 600 + k, False) for k in range(600)])
    assert table.size <= 2048
    assert table.used <= 2048
