"""Bit fields by the standard's own numbers: from 1, most significant first, both ends inclusive."""

from __future__ import annotations

from skywitness.kernel import scalar

__all__ = ["bits", "field", "me_of_words", "message_field", "signed", "word"]


@scalar
def bits(row, first, last):
    """Bits first..last of a frame, at most 56 of them.

    row     (14,) uint8   frame, most significant byte first
    return  unsigned integer (int64)
    """
    value = 0
    for k in range((first - 1) >> 3, ((last - 1) >> 3) + 1):
        value = value << 8 | int(row[k])
    spare = 7 - ((last - 1) & 7)
    return value >> spare & ((1 << (last - first + 1)) - 1)


@scalar
def word(row, start, count):
    """Bytes start..start+count-1 (from 0, at most 7) as one unsigned integer (int64)."""
    value = 0
    for k in range(start, start + count):
        value = value << 8 | int(row[k])
    return value


@scalar
def message_field(row):
    """The 56-bit ME field of DF 17/18 or MB field of DF 20/21: bits 33-88 (int64)."""
    return (
        int(row[4]) << 48
        | int(row[5]) << 40
        | int(row[6]) << 32
        | int(row[7]) << 24
        | int(row[8]) << 16
        | int(row[9]) << 8
        | int(row[10])
    )


@scalar
def field(me, first, last):
    """Bits first..last (1..56) of a 56-bit ME or MB field."""
    return me >> (56 - last) & ((1 << (last - first + 1)) - 1)


@scalar
def signed(value, width):
    """Read an unsigned field of `width` bits as two's complement."""
    return value - (value >> (width - 1) << width)


@scalar
def me_of_words(head, tail):
    """The 56-bit ME or MB field, bits 33-88, from bytes 0-7 and bytes 6-13 of a frame."""
    return (head & 0xFFFFFFFF) << 24 | tail >> 24 & 0xFFFFFF
