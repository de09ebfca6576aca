"""Decimal text as exact integers: a time read through a binary fraction would be off by up to 200 ns."""

from __future__ import annotations

import re
from decimal import Decimal

from skywitness.units import NS_PER_S

__all__ = ["TIME_LIMIT_NS", "nanoseconds"]

TIME_LIMIT_NS = 9_000_000_000 * NS_PER_S  # the year 2255, the last that 64 bits can hold
PLAIN = re.compile(rb"(-?)([0-9]{1,10})(?:\.([0-9]+))?")
SCIENTIFIC = re.compile(rb"-?[0-9]{1,20}(?:\.[0-9]{0,20})?[eE][+-]?[0-9]{1,2}")


def nanoseconds(seconds: bytes) -> int | None:
    """Read decimal seconds, also with an exponent, as nanoseconds; digits beyond are cut off; None if unreadable."""
    match = PLAIN.fullmatch(seconds)
    if match:
        sign, whole, fraction = match.groups()
        value = int(whole) * NS_PER_S + int((fraction or b"")[:9].ljust(9, b"0"))
        value = -value if sign else value
    else:
        if not SCIENTIFIC.fullmatch(seconds):
            return None
        exact = Decimal(seconds.decode("ascii"))
        if exact.adjusted() > 10:
            return None
        value = int(exact * NS_PER_S)
    return value if abs(value) <= TIME_LIMIT_NS else None
