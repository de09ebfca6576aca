"""One message in, every field out, by name: for people and tests. `columns` does many at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from skywitness.batches import ADDRESS_KINDS
from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.errors import FormatError
from skywitness.kernel import plain
from skywitness.messages.mode_s.acas import read_advisory
from skywitness.messages.mode_s.catalogue import ADVISORY_NAMES, FIELD_NAMES, payload_layout
from skywitness.messages.mode_s.comm_b import KnownState, identify
from skywitness.messages.mode_s.downlink_format import squitter_address_kind
from skywitness.messages.mode_s.layout import Layout
from skywitness.messages.mode_s.reading import Value, read_all
from skywitness.messages.mode_s.surveillance import FORMATS, format_layout

__all__ = ["Message", "decode", "read_hex"]

INTERROGATOR_BITS = 0x7F


@dataclass(frozen=True, eq=True, repr=False)
class Message:
    """What one frame says.

    Every field of the catalogue is an attribute too, None where this message does not say it:

    >>> message = decode("8D4840D6202CC371C32CE0576098")
    >>> message.icao24, message.address_verified, message.callsign, message.altitude_ft
    ('4840d6', True, 'KLM1023', None)
    """

    data: bytes
    """The frame, 7 or 14 bytes."""
    df: int
    """Downlink format."""
    icao24: str | None
    """Address, six lower-case hex digits; None where the message names nobody."""
    address_verified: bool
    """True if the parity proves the address (DF 11, 17 and 18 without error). Of the other formats the address is the
    parity's remainder, right only if the frame is; whether such an aircraft is about, `decode` does not know."""
    address_kind: str
    """One of ADDRESS_KINDS."""
    remainder: int
    """Remainder of the parity: 0 if a DF 17 or 18 is intact, the interrogator's code in DF 11, else the address."""
    typecode: int | None
    """Extended squitter type code."""
    bds: str | None
    """Comm-B register, "60" for BDS 6,0; None if no register fits for certain."""
    format: Layout | None
    """Layout of the frame."""
    payload: Layout | None
    """Layout of its ME, MB or MV field."""
    fields: Mapping[str, Value]
    """Every value this message gives, by name; units are in the names."""

    @cached_property
    def hex(self) -> str:
        """The frame in hex digits, upper case."""
        return self.data.hex().upper()

    @property
    def title(self) -> str:
        """What the message is, in plain words."""
        layout = self.payload or self.format
        return layout.title if layout else "unknown format"

    def __getattr__(self, name: str) -> Any:
        if name in FIELD_NAMES:
            return self.fields.get(name)
        raise AttributeError(f"a message has no field {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *FIELD_NAMES})

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"<Message {self.hex}: {self.title}; {shown}>"


def decode(message: str | bytes, *, state: KnownState | None = None) -> Message:
    """Decode one Mode S frame.

    message  hex digits (spaces, and the `*` and `;` of the AVR format, are let by) or the 7 or 14 bytes themselves
    state    what is known of the aircraft; helps to name the register of a Comm-B reply

    The known-address rule is never applied: a reply of any address is decoded, see `address_verified`.
    Raises FormatError for what is no Mode S frame: other characters or lengths, a length that does not fit the format.
    """
    data = read_hex(message) if isinstance(message, str) else bytes(message)
    df = _check_length(data)
    row = np.zeros(14, np.uint8)
    row[: len(data)] = np.frombuffer(data, np.uint8)
    remainder = int(plain(syndrome_long if len(data) == 14 else syndrome_short)(row))
    frame = int.from_bytes(data, "big")
    icao24, verified, kind = _address(row, df, remainder)
    layout = format_layout(df)
    fields: dict[str, Value] = {"df": df, "icao24": icao24}
    if layout:
        fields |= _values(layout, frame, 8 * len(data))
    fields |= {"df": df, "icao24": icao24, "address_verified": verified}
    if df == 11 and remainder & ~INTERROGATOR_BITS == 0:
        fields["interrogator"] = remainder
    message_bits = frame >> 24 & ((1 << 56) - 1) if df in (16, 17, 18, 20, 21) else 0
    bds = 0
    if df in (20, 21):
        bds = identify(message_bits, state=_with_altitude(state, fields.get("altitude_ft")))
        if bds:
            fields["bds"] = f"{bds:02X}"
    payload = payload_layout(df, int(row[0]) & 7, message_bits, bds)
    if payload:
        values = _values(payload, message_bits, 56)
        if "ara" in values:
            values |= _advisory(message_bits)
        fields |= {name: value for name, value in values.items() if name not in fields}  # the frame's own field wins
    return Message(
        data,
        df,
        icao24,
        verified,
        kind,
        remainder,
        fields.get("typecode"),
        fields.get("bds"),
        layout,
        payload,
        MappingProxyType({name: value for name, value in fields.items() if value is not None}),
    )


def read_hex(text: str) -> bytes:
    """Bytes of a frame written in hex digits; raises FormatError that says what is wrong."""
    digits = "".join(text.split()).removeprefix("*").removesuffix(";")
    wrong = next((place for place, letter in enumerate(digits) if letter not in "0123456789abcdefABCDEF"), None)
    if not digits:
        raise FormatError("there is no frame", hint="A frame is 14 or 28 hex digits.")
    if wrong is not None:
        raise FormatError(f"{digits[wrong]!r} at place {wrong + 1} of {_short(digits)} is no hex digit")
    if len(digits) % 2:
        raise FormatError(f"{_short(digits)} has {len(digits)} hex digits, an odd number; a byte has two")
    return bytes.fromhex(digits)


def _check_length(data: bytes) -> int:
    """Downlink format of a frame whose length fits it."""
    if len(data) not in (7, 14):
        raise FormatError(
            f"{_short(data.hex())} has {len(data)} bytes; a Mode S frame has 7 or 14",
            hint="Beast escapes, time stamps and line ends must be taken off; `skywitness decode FILE` does."
            if len(data) > 14
            else "",
        )
    df = min(data[0] >> 3, 24)
    wanted = 14 if df >= 16 else 7
    if len(data) != wanted:
        raise FormatError(f"{_short(data.hex())} is DF {df}, which has {wanted} bytes, not {len(data)}")
    return df


def _short(digits: str) -> str:
    return digits if len(digits) <= 32 else f"{digits[:29]}..."


def _address(row: Any, df: int, remainder: int) -> tuple[str | None, bool, str]:
    """Address, whether the parity proves it, and its kind."""
    announced = f"{int(row[1]) << 16 | int(row[2]) << 8 | int(row[3]):06x}"
    if df == 11:
        return announced, remainder & ~INTERROGATOR_BITS == 0, ADDRESS_KINDS[0]
    if df == 17:
        return announced, remainder == 0, ADDRESS_KINDS[0]
    if df == 18:
        kind = int(plain(squitter_address_kind)(row))
        return (announced if kind >= 0 else None), remainder == 0 and kind >= 0, ADDRESS_KINDS[max(kind, 0)]
    if df in FORMATS and df != 19:
        return f"{remainder:06x}", False, ADDRESS_KINDS[0]
    return None, False, ADDRESS_KINDS[0]


def _values(layout: Layout, message: int, bits: int) -> dict[str, Value]:
    return {
        field.name: value for field, _, value in read_all(layout, message, bits) if field.name and value is not None
    }


def _advisory(message: int) -> dict[str, Value]:
    found = read_advisory(message)
    threat = found.threat
    values = (
        found.text,
        found.complement or None,
        f"{threat.icao:06x}" if threat.icao is not None else None,
        *(None if math.isnan(v) else v for v in (threat.altitude_ft, threat.range_nmi, threat.bearing_deg)),
    )
    return dict(zip(ADVISORY_NAMES, values, strict=True))


def _with_altitude(state: KnownState | None, altitude_ft: int | None) -> KnownState:
    known = state or KnownState()
    if altitude_ft is None:
        return known
    rest = {name: getattr(known, name) for name in KnownState.__dataclass_fields__ if name != "altitude_ft"}
    return KnownState(altitude_ft=float(altitude_ft) if altitude_ft is not None else math.nan, **rest)
