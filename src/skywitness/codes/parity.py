"""The Mode S parity: 24-bit cyclic redundancy check, and repair of one bit.

Generator polynomial and field layout: ICAO Annex 10 Vol. IV, 3.1.2.3.3.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import U8, U32
from skywitness.kernel import scalar

__all__ = [
    "GENERATOR",
    "REPAIR_BIT",
    "REPAIR_MASK",
    "REPAIR_SYNDROME",
    "SYNDROMES",
    "repair_bit_long",
    "syndrome_long",
    "syndrome_short",
]

GENERATOR = 0xFFF409
"""The generator without its leading 1: x^24 + x^23 + ... + x^10 + x^3 + 1 (Annex 10 Vol. IV, 3.1.2.3.3.1)."""


def _make_byte_table() -> U32:
    table = np.zeros(256, np.uint32)
    for value in range(256):
        register = value << 16
        for _ in range(8):
            register = register << 1 ^ (GENERATOR | 1 << 24 if register & 0x800000 else 0)
        table[value] = register
    return table


def _make_syndromes() -> U32:
    """Contribution of each byte value at each of the 14 places of a 112-bit frame to the syndrome, (14, 256)."""
    byte_table = _make_byte_table()
    table = np.zeros((14, 256), np.uint32)
    for place in range(14):
        if place >= 11:
            table[place] = np.arange(256, dtype=np.uint32) << np.uint32(8 * (13 - place))
            continue
        register = np.arange(256, dtype=np.uint32)
        register = byte_table[register]
        for _ in range(10 - place):
            register = (register << np.uint32(8) & np.uint32(0xFFFFFF)) ^ byte_table[register >> np.uint32(16)]
        table[place] = register
    return table


SYNDROMES = _make_syndromes()

REPAIR_MASK = 255


def _make_repair_table() -> tuple[U32, U8]:
    """Open-addressed table from the syndrome of one wrong bit to its number 1..112 in a long frame."""
    keys = np.zeros(REPAIR_MASK + 1, np.uint32)
    bits = np.zeros(REPAIR_MASK + 1, np.uint8)
    for bit in range(1, 113):
        value = int(SYNDROMES[(bit - 1) >> 3, 0x80 >> ((bit - 1) & 7)])
        place = (value ^ value >> 9) & REPAIR_MASK
        while keys[place]:
            place = (place + 1) & REPAIR_MASK
        keys[place], bits[place] = value, bit
    return keys, bits


REPAIR_SYNDROME, REPAIR_BIT = _make_repair_table()


@scalar
def syndrome_long(row):
    """Remainder of a 112-bit frame: 0 if intact; of address/parity formats, the address (row: (14,) uint8)."""
    return (
        SYNDROMES[0, row[0]]
        ^ SYNDROMES[1, row[1]]
        ^ SYNDROMES[2, row[2]]
        ^ SYNDROMES[3, row[3]]
        ^ SYNDROMES[4, row[4]]
        ^ SYNDROMES[5, row[5]]
        ^ SYNDROMES[6, row[6]]
        ^ SYNDROMES[7, row[7]]
        ^ SYNDROMES[8, row[8]]
        ^ SYNDROMES[9, row[9]]
        ^ SYNDROMES[10, row[10]]
        ^ np.uint32(int(row[11]) << 16 | int(row[12]) << 8 | int(row[13]))
    )


@scalar
def syndrome_short(row):
    """Remainder of a 56-bit frame: 0 if intact; of address/parity formats, the address (row: at least 7 bytes)."""
    return (
        SYNDROMES[7, row[0]]
        ^ SYNDROMES[8, row[1]]
        ^ SYNDROMES[9, row[2]]
        ^ SYNDROMES[10, row[3]]
        ^ np.uint32(int(row[4]) << 16 | int(row[5]) << 8 | int(row[6]))
    )


@scalar
def repair_bit_long(syndrome):
    """Number 1..112 of the one bit of a long frame whose change makes the syndrome 0; 0 if there is none.

    For a short frame subtract 56; a result of 0 or less is none. All single-bit syndromes differ, since the code's
    distance is 6 over 112 bits.
    """
    place = (syndrome ^ syndrome >> 9) & REPAIR_MASK
    while REPAIR_SYNDROME[place]:
        if REPAIR_SYNDROME[place] == syndrome:
            return int(REPAIR_BIT[place])
        place = (place + 1) & REPAIR_MASK
    return 0
