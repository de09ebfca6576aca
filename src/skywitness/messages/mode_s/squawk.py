"""The Mode A identity code."""

from __future__ import annotations

from skywitness.kernel import scalar

__all__ = ["squawk", "squawk_text"]


@scalar
def squawk(id13):
    """Mode A code in an identity field.

    id13    int    C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4: bits 20-32 of DF 5 and 21, ME bits 12-24 of type code 28
    return  int64  0o7700 is 4032
    source  ICAO Annex 10 Vol. IV, 3.1.2.6.7.1
    """
    return (
        (id13 >> 7 & 1) << 11
        | (id13 >> 9 & 1) << 10
        | (id13 >> 11 & 1) << 9
        | (id13 >> 1 & 1) << 8
        | (id13 >> 3 & 1) << 7
        | (id13 >> 5 & 1) << 6
        | (id13 >> 8 & 1) << 5
        | (id13 >> 10 & 1) << 4
        | (id13 >> 12 & 1) << 3
        | (id13 & 1) << 2
        | (id13 >> 2 & 1) << 1
        | (id13 >> 4 & 1)
    )


def squawk_text(code: int) -> str:
    """Write a Mode A code as its four octal digits: 4032 is "7700"."""
    return f"{code:04o}"
