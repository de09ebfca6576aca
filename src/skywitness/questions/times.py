"""Times as people write them in a question: UTC, ISO 8601 or relative to now.

A unit that is named is meant whole: `2019-03` is all of March, and a range includes the whole of its last unit.
"""

from __future__ import annotations

import datetime
import re

from skywitness.errors import QuestionError
from skywitness.questions.question import Span
from skywitness.units import NS_PER_S

__all__ = ["FOREVER", "duration_ns", "span_of"]

FOREVER = Span(-(1 << 62), 1 << 62)

UNITS_S = {"ms": 0.001, "s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]{1,3})", re.ASCII)
RELATIVE = re.compile(r"([+-])(\d{1,9}(?:\.\d{1,6})?[a-z]{1,3})", re.ASCII)
MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
WORDS = ("now", "today", "yesterday")
DAY_NS = 86_400 * NS_PER_S


def duration_ns(text: str) -> int:
    """Return a length of time such as `10min`, `2h`, `1.5d` in nanoseconds. Raises QuestionError."""
    total, end = 0.0, 0
    folded = text.strip().lower()
    for found in DURATION.finditer(folded):
        if folded[end : found.start()].strip() or found[2] not in UNITS_S:
            break
        total += float(found[1]) * UNITS_S[found[2]]
        end = found.end()
    if not end or folded[end:].strip():
        raise QuestionError(f"{text!r} is no length of time", hint="Write 30s, 10min, 2h, 3d or 1h30min.")
    if total > 2e9:
        raise QuestionError(f"{text!r} is longer than 60 years")
    return round(total * NS_PER_S)


def span_of(text: str, now_ns: int) -> Span:
    """Return the time that a value of `time:` names, one moment or a range `a..b` with either side left out.

    now_ns  what relative times are counted from: nothing here looks at a clock

    Raises QuestionError.
    """
    low, dots, high = text.partition("..")
    if not dots:
        if RELATIVE.fullmatch(low.strip().lower()):
            moment = unit_of(low, now_ns).from_ns
            return Span(moment, now_ns) if moment < now_ns else Span(now_ns, moment)
        return unit_of(low, now_ns)
    begin = unit_of(low, now_ns).from_ns if low.strip() else FOREVER.from_ns
    end = unit_of(high, now_ns).until_ns if high.strip() else FOREVER.until_ns
    if end <= begin:
        raise QuestionError(f"{text!r} ends before it begins")
    return Span(begin, end)


def unit_of(text: str, now_ns: int) -> Span:
    """Return the whole year, month, day, hour, minute, second or instant that is written."""
    word = text.strip()
    folded = word.lower()
    if relative := RELATIVE.fullmatch(folded):
        moment = now_ns + duration_ns(relative[2]) * (1 if relative[1] == "+" else -1)
        return Span(moment, moment)
    if folded in WORDS:
        if folded == "now":
            return Span(now_ns, now_ns)
        today = now_ns // DAY_NS * DAY_NS
        begin = today if folded == "today" else today - DAY_NS
        return Span(begin, begin + DAY_NS)
    found = MOMENT.fullmatch(word)
    if found is None or (found[8] and not found[4]):
        raise QuestionError(
            f"{text!r} is no time", hint="Write UTC as 2019-03-22, 2019-03-22T14:05Z, 2019-03, or relative as -24h."
        )
    try:
        return written(found)
    except (ValueError, OverflowError) as error:
        raise QuestionError(f"{text!r} is no time ({error})") from None


def written(found: re.Match[str]) -> Span:
    """Return what MOMENT has found. Raises ValueError for a month 13, a 30 February and the like."""
    year, month, day, hour, minute, second = (int(found[k]) if found[k] else None for k in range(1, 7))
    assert year is not None
    at = datetime.datetime(year, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=datetime.UTC)
    if month is None:
        begin, end = nanoseconds(at), nanoseconds(at.replace(year=year + 1))
    elif day is None:
        begin = nanoseconds(at)
        end = nanoseconds(at.replace(year=year + (month == 12), month=month % 12 + 1))
    else:
        begin = nanoseconds(at) + int((found[7] or "0").ljust(9, "0"))
        step = 1 if found[7] else NS_PER_S if found[6] else 60 * NS_PER_S if found[5] else 3600 * NS_PER_S
        end = begin + (step if hour is not None else DAY_NS)
    if found[8] and found[8] != "Z":
        hours, minutes = int(found[8][1:3]), int(found[8][-2:])
        if hours > 14 or minutes > 59:
            raise ValueError(f"{found[8]} is no offset from UTC")
        shift = (hours * 3600 + minutes * 60) * NS_PER_S * (-1 if found[8][0] == "-" else 1)
        begin, end = begin - shift, end - shift
    return Span(begin, end)


def nanoseconds(at: datetime.datetime) -> int:
    """Since 1970-01-01 UTC, exact."""
    since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since.days * 86_400 + since.seconds) * NS_PER_S
