"""The parts of live views as server-sent events: JSON with the names and units of our own interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES, U32
from skywitness.views.live.wire import (
    AGES,
    FOOT_STEP,
    GROUPS,
    NO_I2,
    NO_I4,
    NO_U1,
    NO_U2,
    SIMULATED,
    SNAPSHOT,
    TICK,
    Column,
    Part,
    unpack,
)

__all__ = ["event", "event_id", "read_event_id"]

Values = list[Any]


def known(values: Column, missing: int, convert: Callable[[Column], Column] = lambda v: v) -> Values:
    """Values as numbers, None where they are missing."""
    out: Values = convert(values).tolist()
    for row in np.flatnonzero(values == missing).tolist():
        out[row] = None
    return out


def words(values: Column) -> Values:
    """Texts, None where they are empty."""
    return [word.decode("ascii", "replace") or None for word in values.tolist()]


def names(values: Column, of: tuple[str, ...]) -> Values:
    """Words for codes."""
    return [of[code] if code < len(of) else None for code in values.tolist()]


NAMES: dict[str, tuple[str, Callable[[Column], Values]]] = {
    "messages": ("messages", lambda v: known(v, -1)),
    "level": ("signal_dbfs", lambda v: known(v, NO_U1, lambda x: x / -4.0)),
    "receiver": ("receiver", lambda v: known(v, -1)),
    "lat_e5": ("lat_deg", lambda v: known(v, NO_I4, lambda x: x / 1e5)),
    "lon_e5": ("lon_deg", lambda v: known(v, NO_I4, lambda x: x / 1e5)),
    "altitude": ("altitude_ft", lambda v: known(v, NO_I2, lambda x: x.astype(np.int64) * FOOT_STEP)),
    "altitude_geom": ("altitude_geom_ft", lambda v: known(v, NO_I2, lambda x: x.astype(np.int64) * FOOT_STEP)),
    "speed": ("groundspeed_kt", lambda v: known(v, NO_U2, lambda x: x / 10.0)),
    "track": ("track_deg", lambda v: known(v, NO_U2, lambda x: x / 10.0)),
    "rate": ("vertical_rate_fpm", lambda v: known(v, NO_I2)),
    "squawk": ("squawk", lambda v: [None if code == NO_U2 else f"{code:04o}" for code in v.tolist()]),
    "emergency": ("emergency", lambda v: known(v, NO_U1)),
    "category": ("category", lambda v: [None if code == NO_U1 else f"{code:02X}" for code in v.tolist()]),
    "source": ("source", lambda v: names(v, POSITION_SOURCES)),
    "ground": ("on_ground", lambda v: [None if code == NO_U1 else code == 1 for code in v.tolist()]),
    "nic": ("nic", lambda v: known(v, NO_U1)),
    "callsign": ("callsign", words),
    "registration": ("registration", words),
    "type": ("type", words),
    "flags": ("military", lambda v: [bool(flags & 1) for flags in v.tolist()]),
}
"""Name, and how the wire's values become JSON, by column."""
TIMES = {"seen_ds": "seen", "place_ds": "position_time"}
"""Ages become the times that they were counted from, seconds UTC."""


def event(part: Part, epoch: str) -> bytes:
    """Return the event of a part: `snapshot`, `delta` or `tick`."""
    if (made := part.made.get("text")) is not None:
        return made
    head: dict[str, Any] = {"picture": part.picture, "now": part.now_ms / 1000.0}
    if part.flags & SIMULATED:
        head["simulated"] = True
    kind = "tick"
    if part.kind != TICK:
        kind = "snapshot" if part.kind == SNAPSHOT else "delta"
        head |= {"tile": part.tile} | said(part)
    # Only the last event of a picture has an id: before it, the client does not yet have all of that picture.
    id = f"id: {event_id(epoch, part.picture)}\n" if part.kind == TICK else ""
    text = b"event: %s\n%sdata: %s\n\n" % (kind.encode(), id.encode(), msgspec.json.encode(head))
    part.made["text"] = text
    return text


def said(part: Part) -> dict[str, Any]:
    """What a part says of its aircraft: only what changed; null is what is no longer known."""
    key, _, gone, columns = unpack(part)
    named = zip(addresses(key), names(key >> 24, ADDRESS_KINDS), strict=True)
    rows = [{"icao24": icao, "kind": kind} for icao, kind in named]
    now_ds = part.now_ms // 100
    for _, members in GROUPS:
        for name, _ in members:
            if name not in columns:
                continue
            has, values = columns[name]
            if name in AGES:
                title, made = TIMES[name], ((now_ds - values.astype(np.int64)) / 10.0).tolist()
            else:
                title, convert = NAMES[name]
                made = convert(values)
            for row, value in zip(has.tolist(), made, strict=True):
                rows[row][title] = value
    if "place_ds" in columns:
        for row in rows:
            if row.get("lat_deg", 0) is None:
                row["position_time"] = None
    return {
        "aircraft": rows,
        "gone": [[icao, kind] for icao, kind in zip(addresses(gone), names(gone >> 24, ADDRESS_KINDS), strict=True)],
    }  # fmt: skip


def addresses(key: U32) -> list[str]:
    """Six digits of each."""
    return [f"{address & 0xFFFFFF:06x}" for address in key.tolist()]


def event_id(epoch: str, picture: int) -> str:
    """Name a picture so that a client can say later how far it got."""
    return f"{epoch}-{picture}"


def read_event_id(text: str, epoch: str) -> int | None:
    """Return the picture of an event's id; None if it is none of this epoch."""
    of, _, number = text.strip().rpartition("-")
    return int(number) if of == epoch and number.isdecimal() and len(number) < 12 else None
