"""Raw bits into values by a layout: every kind of field there is, one value at a time.

The column kernel does the same for many rows; tests hold the two together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from skywitness.kernel import plain
from skywitness.messages.mode_s.altitude import altitude_ac12_ft, altitude_ac13_ft
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.movement import surface_movement_kt
from skywitness.messages.mode_s.pack import read_characters
from skywitness.messages.mode_s.squawk import squawk, squawk_text
from skywitness.messages.mode_s.velocity import airspeed_kt, groundspeed_kt, is_true_airspeed, track_deg

__all__ = ["UNREAD", "Value", "raw_of", "read_all", "read_value"]

Value = Any

UNREAD = ("reserved", "status", "message", "parity")
"""Kinds of field that have no value of their own."""


def raw_of(field: Field, message: int, bits: int) -> int:
    """Bits of a field within a message of `bits` bits."""
    return message >> (bits - field.last) & ((1 << field.width) - 1)


def read_value(field: Field, raw: int) -> Value:
    """Value of raw bits; None where they say "no information" or have no meaning."""
    if raw == field.missing:
        return None
    reader = _READERS.get(field.kind)
    value = reader(field, raw) if reader else _number(field, raw)
    return None if isinstance(value, float) and math.isnan(value) else value


def read_all(layout: Layout, message: int, bits: int = 56) -> Iterator[tuple[Field, int, Value]]:
    """Each field of a message with its raw bits and value, in order of the bits, then the derived ones.

    The value is None where a status bit or the raw value says that there is none, and for reserved bits.
    """
    for field in (*layout.fields, *layout.derived):
        raw = raw_of(field, message, bits)
        absent = field.kind in UNREAD or (field.status and not message >> (bits - field.status) & 1)
        yield field, raw, None if absent else read_value(field, raw)


def _number(field: Field, raw: int) -> Value:
    if field.kind == "int":
        raw -= raw >> (field.width - 1) << field.width
    # Exact integers stay integers: 36000 ft, not 36000.0.
    if float(field.scale).is_integer() and float(field.offset).is_integer():
        return raw * int(field.scale) + int(field.offset)
    return round(raw * field.scale + field.offset, 9)


def _whole(value: float) -> Value:
    return int(value) if not math.isnan(value) else None


def _sign_magnitude(field: Field, raw: int) -> Value:
    magnitude = raw & ((1 << (field.width - 1)) - 1)
    if magnitude == 0:
        return None
    value = (magnitude - 1) * int(field.scale)
    return -value if raw >> (field.width - 1) else value


def _enumeration(field: Field, raw: int) -> Value:
    return (field.values[raw] or None) if raw < len(field.values) else None


def _lookup(field: Field, raw: int) -> Value:
    value = field.table[raw]
    if value < 0:
        return None
    return bool(value) if max(field.table) <= 1 else value


def _airspeed(me: int, of_true: int) -> Value:
    return _whole(plain(airspeed_kt)(me)) if plain(is_true_airspeed)(me) == of_true else None


_READERS: Mapping[str, Callable[[Field, int], Value]] = MappingProxyType(
    {
        "flag": lambda field, raw: bool(raw),
        "enum": _enumeration,
        "lookup": _lookup,
        "altitude_ac12": lambda field, raw: _whole(plain(altitude_ac12_ft)(raw)),
        "altitude_ac13": lambda field, raw: _whole(plain(altitude_ac13_ft)(raw)),
        "squawk": lambda field, raw: squawk_text(plain(squawk)(raw)),
        "callsign": lambda field, raw: read_characters(raw, field.width) or None,
        "characters": lambda field, raw: read_characters(raw, field.width) or None,
        "address": lambda field, raw: f"{raw:06x}",
        "movement": lambda field, raw: plain(surface_movement_kt)(raw).item(),
        "sign_magnitude": _sign_magnitude,
        "groundspeed": lambda field, me: round(plain(groundspeed_kt)(me), 4),
        "track": lambda field, me: round(plain(track_deg)(me), 4),
        "indicated_airspeed": lambda field, me: _airspeed(me, 0),
        "true_airspeed": lambda field, me: _airspeed(me, 1),
    }
)
