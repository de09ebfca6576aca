"""Values into bits and back by a layout: the plain, slow, table-driven way, for any message.

`pack` and `unpack` are each other's inverse up to the field's resolution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from skywitness.errors import FormatError
from skywitness.messages.mode_s.layout import Field, Layout

__all__ = ["CHARACTERS", "pack", "read_characters", "unpack", "write_characters"]

CHARACTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"
"""6-bit subset of International Alphabet No. 5 (ICAO Annex 10 Vol. IV, table 3-9); `#` where it has no character."""

Value = Any
_READERS: dict[str, Callable[[int, int], Value]] = {}
_WRITERS: dict[str, Callable[[Value, int], int]] = {}


def pack(
    layout: Layout,
    values: Mapping[str, Value],
    *,
    bits: int = 56,
    writers: Mapping[str, Callable[[Value, int], int]] | None = None,
) -> int:
    """Build the bits of a message from its values.

    Values are in the units of the layout; an enumeration takes its word or its number. A field that is not named, or
    is None or NaN, gets its constant, its "missing" value or 0; its status bit is 1 only if one of its values is
    given. `writers` add or replace encoders by kind: value and width in, raw bits out.

    Raises FormatError for a name the layout does not have and for a value that does not fit its field.
    """
    known = {field.name for field in layout.fields if field.name}
    if unknown := sorted(set(values) - known):
        raise FormatError(
            f"{layout.name} has no field {', '.join(unknown)}", hint=f"It has {', '.join(sorted(known))}."
        )
    given = {field.status for field in layout.fields if field.status and _is_given(values.get(field.name))}
    message = 0
    for field in layout.fields:
        value = values.get(field.name)
        if field.kind == "status" and not _is_given(value):
            raw = int(field.first in given)
        elif _is_given(value):
            raw = _write(field, value, layout, writers or {})
        else:
            raw = field.constant if field.constant is not None else field.missing or 0
        message |= raw << (bits - field.last)
    return message


def unpack(
    layout: Layout,
    message: int,
    *,
    bits: int = 56,
    readers: Mapping[str, Callable[[int, int], Value]] | None = None,
) -> dict[str, Value]:
    """Read the values of a message by name; None where the status bit or the field itself says there is none.

    Reserved and status bits are left out. `readers` add or replace decoders by kind: raw bits and width in, value out.
    """
    found: dict[str, Value] = {}
    for field in layout.fields:
        if not field.name or field.kind in ("reserved", "status"):
            continue
        raw = message >> (bits - field.last) & ((1 << field.width) - 1)
        if (field.status and not message >> (bits - field.status) & 1) or raw == field.missing:
            found[field.name] = None
        else:
            found[field.name] = _read(field, raw, readers or {})
    return found


def read_characters(raw: int, width: int) -> str:
    """Text of 6-bit characters, trailing spaces left off; `#` for a code that is no character."""
    codes = (raw >> shift & 63 for shift in range(width - 6, -1, -6))
    return "".join(CHARACTERS[code] for code in codes).rstrip(" ")


def write_characters(text: Value, width: int) -> int:
    """6-bit characters of a text, filled up with spaces; raises FormatError where one has no code."""
    text = str(text).upper()
    room = width // 6
    wrong = sorted({letter for letter in text if letter == "#" or letter not in CHARACTERS})
    if len(text) > room or wrong:
        raise FormatError(f"{text!r} is not at most {room} letters, digits and spaces")
    raw = 0
    for letter in text.ljust(room):
        raw = raw << 6 | CHARACTERS.index(letter)
    return raw


def _is_given(value: Value) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _read(field: Field, raw: int, readers: Mapping[str, Callable[[int, int], Value]]) -> Value:
    reader = readers.get(field.kind) or _READERS.get(field.kind)
    if reader is not None:
        return reader(raw, field.width)
    if field.kind == "flag":
        return bool(raw)
    if field.kind == "enum":
        return field.values[raw] if raw < len(field.values) else raw
    if field.kind == "int":
        raw -= raw >> (field.width - 1) << field.width
    # Exact integers stay integers: 36000 ft, not 36000.0.
    if float(field.scale).is_integer() and float(field.offset).is_integer():
        return raw * int(field.scale) + int(field.offset)
    return round(raw * field.scale + field.offset, 9)


def _write(field: Field, value: Value, layout: Layout, writers: Mapping[str, Callable[[Value, int], int]]) -> int:
    writer = writers.get(field.kind) or _WRITERS.get(field.kind)
    if writer is not None:
        raw = writer(value, field.width)
    elif field.kind in ("flag", "status"):
        raw = int(bool(value))
    elif field.kind == "enum" and isinstance(value, str):
        if value not in field.values:
            raise FormatError(f"{layout.name}: {field.name} cannot be {value!r}", hint=f"It is one of {field.values}.")
        raw = field.values.index(value)
    else:
        steps = (float(value) - field.offset) / field.scale
        raw = round(steps) if math.isfinite(steps) else 1 << 62
    low = -(1 << (field.width - 1)) if field.kind == "int" else 0
    if not low <= raw < low + (1 << field.width):
        raise FormatError(f"{layout.name}: {field.name} cannot hold {value!r} in {field.width} bits")
    return raw & ((1 << field.width) - 1)


# Order of the 13 bits of an identity field: C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4 (ICAO Annex 10 Vol. IV 3.1.2.6.7.1).


def _squawk_weights() -> tuple[int, ...]:
    a, b, c, d = 0o1000, 0o100, 0o10, 0o1
    return (c, a, 2 * c, 2 * a, 4 * c, 4 * a, 0, b, d, 2 * b, 2 * d, 4 * b, 4 * d)


_WEIGHTS = _squawk_weights()


def _read_squawk(raw: int, width: int) -> str:
    return f"{sum(weight for place, weight in enumerate(_WEIGHTS) if raw >> (12 - place) & 1):04o}"


def _write_squawk(value: Value, width: int) -> int:
    try:
        code = int(value, 8) if isinstance(value, str) else int(value)
    except ValueError:
        code = -1
    if not 0 <= code <= 0o7777:
        raise FormatError(f"{value!r} is not a Mode A code of four octal digits")
    return sum(1 << (12 - place) for place, weight in enumerate(_WEIGHTS) if weight and code & weight)


_READERS.update(callsign=read_characters, characters=read_characters, squawk=_read_squawk)
_WRITERS.update(callsign=write_characters, characters=write_characters, squawk=_write_squawk)
