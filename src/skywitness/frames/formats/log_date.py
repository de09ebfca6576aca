"""The date that begins a log whose lines tell nanoseconds since then: `START,Mon Sep 7 14:17:41 +0000 UTC 2015`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from skywitness.units import NS_PER_S

__all__ = ["log_start_ns"]

MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DATE = re.compile(
    rb"([A-Z][a-z]{2}) +([0-9]{1,2}) +([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    rb"(?: +([+-])([0-9]{2})([0-9]{2}))?(?: +[A-Z]{2,5})? +([0-9]{4})\s*$"
)
LAST_YEAR = 2200  # of those whose nanoseconds 64 bits can hold, with some to spare


def log_start_ns(text: bytes) -> int | None:
    """Nanoseconds since 1970 of a date with month's name, time, zone and year; None if it is none."""
    match = DATE.search(text)
    if match is None or match[1] not in MONTHS or not 1970 <= int(match[9]) <= LAST_YEAR:
        return None
    day, hour, minute, second = (int(part) for part in match.group(2, 3, 4, 5))
    try:
        told = datetime(int(match[9]), MONTHS.index(match[1]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    ahead_s = 60 * (60 * int(match[7] or 0) + int(match[8] or 0))
    return (int(told.timestamp()) - (-ahead_s if match[6] == b"-" else ahead_s)) * NS_PER_S
