"""aircraft.json in the older dialect, that of dump1090-mutability: `altitude`, `speed`, `vert_rate`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64
from skywitness.tracks.aircraft import AircraftTable
from skywitness.views.feeds.aircraft_json import (
    FRESH_NS,
    KEPT_NS,
    LEAST_DBFS,
    MLAT,
    TISB,
    is_listed,
    key,
    quoted,
    text,
)
from skywitness.views.feeds.text_rows import ABSENT, Template, TextField, scaled

__all__ = ["dump1090_json"]

ONLY_PLACE = (b"[]", b'["lat","lon"]')
FIELDS = {
    "hex": TextField(b',\n{"hex":"', "address", after=b'"'),
    "squawk": text("squawk", "octal"),
    "flight": text("flight", "callsign"),
    "lat": key("lat", decimals=6),
    "lon": key("lon", decimals=6),
    "seen_pos": key("seen_pos", decimals=1),
    "altitude": key("altitude"),
    "ground": TextField(b',"altitude":"ground"', "literal"),
    "vert_rate": key("vert_rate"),
    "track": key("track"),
    "speed": key("speed"),
    "category": key("category", "word", words=quoted(tuple(f"{code:02X}" for code in range(256)))),
    "mlat": key("mlat", "word", words=ONLY_PLACE),
    "tisb": key("tisb", "word", words=ONLY_PLACE),
    "messages": key("messages"),
    "seen": key("seen", decimals=1),
    "rssi": key("rssi", decimals=1),
    "end": TextField(b"}", "literal"),
}
TEMPLATE = Template(tuple(FIELDS.values()))
PLACE = {name: place for place, name in enumerate(FIELDS)}


def dump1090_json(table: AircraftTable, now_ns: int, messages_total: int) -> bytes:
    """Write the file; see `aircraft_json` for the arguments."""
    table = table.take(np.flatnonzero(is_listed(table, now_ns)))
    head = b'{"now":%d.%d,"messages":%d,"aircraft":[' % (
        now_ns // 1_000_000_000, now_ns // 100_000_000 % 10, messages_total,
    )  # fmt: skip
    if not len(table):
        return head + b"]}\n"
    rows = TEMPLATE.write(field_values(table, now_ns))
    return b"".join([head, bytes(next(rows)[1:]), *map(bytes, rows), b"\n]}\n"])


def field_values(table: AircraftTable, now_ns: int) -> I64:
    """Return the integers that the template turns into text, (fields, rows)."""
    out: I64 = np.full((len(FIELDS), len(table)), ABSENT, np.int64)

    def number(name: str, values: NDArray[Any], where: NDArray[np.bool_], decimals: int = 0) -> None:
        scaled(np.where(where, values.astype(np.float64), np.nan), decimals, out[PLACE[name]])

    def code(name: str, values: NDArray[Any], where: NDArray[np.bool_]) -> None:
        np.copyto(out[PLACE[name]], values.astype(np.int64), where=where)

    ground = table.on_ground == 1
    placed = (now_ns - table.position_time_ns < FRESH_NS) & ~np.isnan(table.lat_deg)
    moving = now_ns - table.velocity_time_ns < FRESH_NS
    out[PLACE["hex"]] = table.icao.astype(np.int64) | (table.address_kind != 0).astype(np.int64) << 24
    code("squawk", table.squawk, (now_ns - table.squawk_time_ns < KEPT_NS) & (table.squawk <= 0o7777))
    code("flight", table.callsign, table.callsign != 0)
    number("lat", table.lat_deg, placed, 6)
    number("lon", table.lon_deg, placed, 6)
    code("seen_pos", np.maximum(0, now_ns - table.position_time_ns) // 100_000_000, placed)
    number("altitude", table.altitude_ft, ~ground & (now_ns - table.altitude_time_ns < FRESH_NS))
    code("ground", np.zeros(len(table)), ground)
    number("vert_rate", table.vertical_rate_fpm, now_ns - table.rate_time_ns < FRESH_NS)
    number("track", np.mod(np.rint(table.track_deg), np.float32(360)), moving)
    number("speed", table.groundspeed_kt, moving)
    code("category", table.category, table.category != 255)
    by = np.where(placed, table.position_source, 255)
    out[PLACE["mlat"]] = by == MLAT
    out[PLACE["tisb"]] = by == TISB
    out[PLACE["messages"]] = table.messages
    out[PLACE["seen"]] = np.maximum(0, now_ns - table.seen_time_ns) // 100_000_000
    level = np.maximum(table.signal_dbfs, np.float32(LEAST_DBFS))
    number("rssi", level, ~np.isnan(table.signal_dbfs), 1)
    out[PLACE["end"]] = 0
    return out
