"""`/api/v1/messages` and `/api/v1/explain`: raw messages of one aircraft as they were received, and what one says.

The last seconds come from memory, the rest from the segments of the record. A stranger who has the exact times and
levels of a receiver can find where it stands, and a raw frame holds the position at the rim of what is heard: where a
place is hidden, raw messages are for the operator alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skywitness.batches import STATUSES, U8
from skywitness.errors import FormatError
from skywitness.messages.mode_s.comm_b import KnownState
from skywitness.messages.mode_s.decode import Message, decode
from skywitness.messages.mode_s.explain import explain_message
from skywitness.questions.answer import Receptions
from skywitness.questions.hearing import Heard, Hearing
from skywitness.questions.names import Names
from skywitness.units import NS_PER_S
from skywitness.views.api.columns import Column, Rows, iso, texts
from skywitness.views.api.security import Problem
from skywitness.views.node import Node

__all__ = ["EXPLAINED", "MESSAGES_NS", "RAW_MESSAGES", "explained", "found_messages"]

Json = dict[str, Any]

MESSAGES_NS = 2 * 3600 * NS_PER_S
MOST_READ = 2_000_000
"""Receptions that one question reads; it says how far back it came."""
WINDOW_NS = 600 * NS_PER_S
WINDOW_ROWS = 400_000
LEAST_WINDOW_NS = 2 * NS_PER_S
PRESENT_NS = 60 * NS_PER_S
"""A time that ends so lately is the present."""

Part = tuple[Heard, Mapping[int, str]]
"""Receptions, and the names of receivers by the numbers they have there."""

RAW_MESSAGES = (
    Column("time", "time", "When it arrived, UTC.", always=True),
    Column("time_s", "number", "The same in seconds since 1970.", always=True),
    Column("receiver", "text", "Who received it."),
    Column("signal_dbfs", "number", "Level."),
    Column("frame", "text", "The bits as received, in hexadecimal digits.", always=True),
    Column("df", "integer", "Downlink format.", always=True),
    Column("typecode", "integer", "Type code of an extended squitter."),
    Column("title", "text", "What it is, in words.", always=True),
    Column("says", "text", "Its values in short."),
    Column("status", "text", "Accepted as it is, or with one bit repaired.", STATUSES[:2], True),
    Column("repaired_bit", "integer", "The bit that was wrong, counted from 1."),
    Column("reception", "integer", "Number of the reception: segment << 32 | row.", always=True),
    Column("transmission", "integer", "Number of the first reception of the same transmission.", always=True),
)

TEXT: Json = {"type": "string"}
EXPLAINED: Json = {
    "frame": TEXT, "df": {"type": "integer"}, "title": TEXT, "icao24": {"type": ["string", "null"]},
    "address_kind": TEXT, "address_verified": {"type": "boolean"}, "fields": {"type": "object"},
    "rows": {"type": "array", "items": {"type": "object"}},
}  # fmt: skip

SHORT = (
    ("callsign", "{}"), ("squawk", "squawk {}"), ("altitude_ft", "{:,} ft"), ("altitude_geom_ft", "GNSS {:,} ft"),
    ("groundspeed_kt", "{:.0f} kt"), ("ias_kt", "IAS {:.0f} kt"), ("tas_kt", "TAS {:.0f} kt"), ("mach", "Mach {:.3f}"),
    ("track_deg", "track {:.0f}\N{DEGREE SIGN}"), ("heading_deg", "heading {:.0f}\N{DEGREE SIGN}"),
    ("vertical_rate_fpm", "{:+,.0f} ft/min"), ("selected_altitude_ft", "selected {:,} ft"), ("nac_p", "NACp {}"),
)  # fmt: skip
"""Fields that a line of the list tells, and how."""


KNOWN = ("altitude_ft", "groundspeed_kt", "track_deg", "vertical_rate_fpm")
"""What a question may say of the aircraft."""


@dataclass(slots=True)
class Found:
    """Raw messages of one question, newest first."""

    rows: Rows
    read_from_ns: int
    """All from here on to the end of the time asked was read."""
    is_kept: bool
    """Receptions of this time are in the record or in memory, of this aircraft or others."""


def found_messages(node: Node, icao: int, kinds: U8, span: tuple[int, int], limit: int, now_ns: int) -> Found:
    """Return the newest raw messages of an address within a time.

    now_ns  the node's present: what goes up to it begins with what is in memory, all else is of the record
    """
    _, until = span
    if now_ns - PRESENT_NS <= until <= now_ns + NS_PER_S or node.receptions is None:
        return _newest(*_live(node, icao, kinds, span, limit), limit)
    stored, read_from, has_any = _stored(node.receptions, node, icao, kinds, span, limit)
    if not has_any and node.recent is not None:
        return _newest(*_live(node, icao, kinds, span, limit), limit)
    names = node.receptions.receivers()
    return _newest([(one, names) for one in stored], read_from, has_any, limit)


def _live(node: Node, icao: int, kinds: U8, span: tuple[int, int], limit: int) -> tuple[list[Part], int, bool]:
    """What is in memory, and before it what is in the record: parts, how far back was read, whether anything is."""
    since, until = span
    parts: list[Part] = []
    end, is_kept = until, False
    if node.recent is not None:
        names = {report.receiver.number: report.receiver.name for report in node.receivers()}
        heard, oldest_ns = node.recent.of_aircraft(icao, kinds, since, until)
        if oldest_ns is not None and oldest_ns < until:
            parts += [(one, names) for one in heard]
            end, is_kept = max(since, oldest_ns), True
    if node.receptions is None:
        return parts, since, is_kept  # there is nothing further back
    if end > since and count(parts) < limit:
        stored, end, has_any = _stored(node.receptions, node, icao, kinds, (since, end), limit - count(parts))
        known = node.receptions.receivers()
        parts += [(one, known) for one in stored]
        is_kept = is_kept or has_any
    return parts, end, is_kept


def count(parts: list[Part]) -> int:
    """Rows of some parts."""
    return sum(len(one.frames) for one, _ in parts)


def _stored(
    receptions: Receptions, node: Node, icao: int, kinds: U8, span: tuple[int, int], limit: int
) -> tuple[list[Heard], int, bool]:
    """Receptions of the record, read backwards: they, how far back was read, and whether anybody was received."""
    hearing = Hearing(receptions, Names(node.book), MOST_READ)
    since, end = span
    read, window, rows, has_any = 0, WINDOW_NS, 0, False
    found: list[Heard] = []
    while end > since and rows < limit:
        begin = max(since, end - window)
        cost = receptions.rows_about(begin, end)
        if cost > WINDOW_ROWS and end - begin > LEAST_WINDOW_NS:
            window = (end - begin) // 2
            continue
        has_any = has_any or cost > 0
        if read + cost > MOST_READ:
            break
        read += cost
        for heard in hearing.of_aircraft(icao, kinds, begin, end) if cost else ():
            found.append(heard)
            rows += len(heard.frames)
        end = begin
    return found, end, has_any


def _newest(parts: list[Part], end: int, is_kept: bool, limit: int) -> Found:
    """The newest rows as the interface tells them."""
    found: list[tuple[int, int, int, int]] = []
    for k, (heard, _) in enumerate(parts):
        for row, (at, number) in enumerate(zip(heard.frames.time_ns.tolist(), heard.frames.id.tolist(), strict=True)):
            found.append((at, number, k, row))
    found.sort(reverse=True)
    if len(found) > limit:
        found = found[:limit]
        end = max(end, found[-1][0])
    out: dict[str, list[Any]] = {column.name: [] for column in RAW_MESSAGES}
    times = np.array([at for at, *_ in found], np.int64)
    out["time"] = iso(times, np.ones(len(times), np.bool_))
    for at, number, k, row in found:
        heard, names = parts[k]
        frames, messages = heard.frames, heard.messages
        length, bit = int(frames.length[row]), int(messages.repaired_bit[row])
        data = bytes(frames.data[row, :length])
        level, typecode = float(frames.signal_dbfs[row]), int(messages.typecode[row])
        title, says = in_short(repaired(data, bit))
        for name, value in (
            ("time_s", at / NS_PER_S), ("receiver", names.get(int(frames.receiver[row]))),
            ("signal_dbfs", None if math.isnan(level) else round(level, 1)), ("frame", data.hex().upper()),
            ("df", int(messages.df[row])), ("typecode", None if typecode == 255 else typecode), ("title", title),
            ("says", says or None), ("status", texts(messages.status[row : row + 1], STATUSES)[0]),
            ("repaired_bit", bit or None), ("reception", number), ("transmission", int(messages.transmission[row])),
        ):  # fmt: skip
            out[name].append(value)
    return Found(Rows(RAW_MESSAGES, out), end, is_kept)


def repaired(data: bytes, bit: int) -> bytes:
    """The frame with one bit turned, counted from 1; 0 turns none."""
    if not bit:
        return data
    return (int.from_bytes(data, "big") ^ 1 << (8 * len(data) - bit)).to_bytes(len(data), "big")


def in_short(data: bytes) -> tuple[str, str]:
    """What a message is, and its values in one line."""
    try:
        message = decode(data)
    except FormatError as error:
        return "unknown format", error.what
    told = [form.format(message.fields[name]) for name, form in SHORT if message.fields.get(name) is not None]
    return message.title, ", ".join(told)


def explained(frame: str, given: Json) -> Json:
    """Every bit field of one frame in words. Raises Problem 400 for what is none."""
    altitude, speed, track, rate = (math.nan if given[name] is None else float(given[name]) for name in KNOWN)
    state = KnownState(altitude, speed, track, rate)
    try:
        message: Message = decode(frame, state=state)
        rows = [row.as_dict() for row in explain_message(message, state)]
    except FormatError as error:
        raise Problem(400, f"{error.what[:1].upper()}{error.what[1:]}.") from None
    return {
        "frame": message.hex, "df": message.df, "title": message.title, "icao24": message.icao24,
        "address_kind": message.address_kind, "address_verified": message.address_verified,
        "fields": dict(message.fields), "rows": rows,
    }  # fmt: skip
