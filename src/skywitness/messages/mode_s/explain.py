"""A message in plain words, bit field by bit field: to learn from, and to check the decoder by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from skywitness.messages.mode_s.comm_b import KnownState, infer
from skywitness.messages.mode_s.decode import INTERROGATOR_BITS, Message, decode
from skywitness.messages.mode_s.extended_squitter import CATEGORY_WORDS
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.quality import GVA_M, NAC_P_M, NAC_V_MPS, NUC_P_M, SDA_WORDS, SIL_PER_HOUR
from skywitness.messages.mode_s.reading import Value, read_all
from skywitness.messages.mode_s.registers import REGISTER_NAMES, bds_text

__all__ = ["PARTS", "Row", "explain", "explain_message"]

PARTS = ("frame", "message", "meaning", "parity", "register")
"""Kinds of row: a field of the frame, one of the message in it, a value that follows from several fields, the check of
the parity, a register that a Comm-B reply may be."""

EMERGENCY_CODES = {"7500": "unlawful interference", "7600": "radio failure", "7700": "emergency"}

MESSAGE_BEGINS = 32
"""Bits before the message in a frame."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bit field, or one thing that follows."""

    part: str
    """One of PARTS."""
    bits: str
    """Bits of the frame, from 1: "41-52"; empty for what is not in one place."""
    name: str
    """Name of the value in results; empty for reserved bits."""
    raw: str
    """The bits as sent."""
    value: Value
    """The value in the unit of its name; None for none."""
    text: str
    """Value and unit in words."""
    meaning: str
    """What the field is."""
    section: str
    """Where the standard defines it."""

    def as_dict(self) -> dict[str, Value]:
        """Values by name, for JSON."""
        return dataclasses.asdict(self)


def explain(message: str | bytes, *, state: KnownState | None = None) -> list[Row]:
    """Explain each bit field of one frame; arguments and errors as for `decode`.

    >>> [row.text for row in explain("8D4840D6202CC371C32CE0576098") if row.name == "callsign"]
    ['KLM1023']
    """
    return list(explain_message(decode(message, state=state), state))


def explain_message(decoded: Message, state: KnownState | None = None) -> Iterator[Row]:
    """Rows of a message already decoded."""
    data = decoded.data
    frame = int.from_bytes(data, "big")
    bits = 8 * len(data)
    if decoded.format is None:
        yield _row("frame", Field("df", 1, 5, doc="downlink format"), frame >> (bits - 5), decoded.df, "not defined")
    else:
        yield from _fields("frame", decoded.format, frame, bits, 0, decoded.payload is not None)
    message = frame >> 24 & ((1 << 56) - 1)
    if decoded.payload is not None:
        yield from _fields("message", decoded.payload, message, 56, MESSAGE_BEGINS, True)
    for name in ("advisory", "advisory_complement"):
        if name in decoded.fields:
            yield _derived(name, decoded.fields[name], "what ACAS told the crew" if name == "advisory" else "asked for")
    if decoded.icao24 or decoded.df in (17, 18):
        yield _parity(decoded, frame)
    if decoded.df in (20, 21):
        yield from _candidates(decoded, message, state)


def _fields(part: str, layout: Layout, message: int, bits: int, before: int, is_taken_apart: bool) -> Iterator[Row]:
    derived = {id(field) for field in layout.derived}
    for field, raw, value in read_all(layout, message, bits):
        if field.kind == "parity" or (field.kind == "message" and is_taken_apart):
            continue  # has a row of its own, or one for each of its fields
        section = field.section or layout.section
        if id(field) in derived:
            if value is not None:
                yield _derived(field.name, value, field.doc, section, _in_words(field, raw, value))
        else:
            yield _row(part, field, raw, value, _in_words(field, raw, value), section, before)


def _row(part: str, field: Field, raw: int, value: Value, text: str, section: str = "", before: int = 0) -> Row:
    first, last = field.first + before, field.last + before
    return Row(
        part,
        f"{first}-{last}" if last > first else f"{first}",
        field.name,
        f"{raw:0{field.width}b}",
        value,
        text,
        field.doc,
        section,
    )


def _derived(name: str, value: Value, meaning: str, section: str = "", text: str = "") -> Row:
    return Row("meaning", "", name, "", value, text or str(value), meaning, section)


def _in_words(field: Field, raw: int, value: Value) -> str:
    if field.kind == "reserved":
        return "reserved" if raw == 0 else "reserved, yet not zero"
    if field.kind == "message":
        return "its content is not known" if raw else "empty"
    if field.kind == "status":
        return "given" if raw else "not given"
    if value is None:
        return "no information"
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = f"{value:,.4f}".rstrip("0").rstrip(".")
    elif isinstance(value, int) and field.unit:
        text = f"{value:,}"
    else:
        text = str(value)
    if field.unit:
        text = f"{text} {field.unit}"
    more = _MORE.get(field.name)
    said = more(value, raw) if more else ""
    return f"{text}: {said}" if said else text


def _at(table: tuple[float, ...], unit: str) -> Callable[[Value, int], str]:
    def words(value: Value, raw: int) -> str:
        bound = table[value] if value < len(table) else float("nan")
        return f"95 % within {bound:g} {unit}" if bound == bound else "unknown"

    return words


def _altitude(value: Value, raw: int) -> str:
    return "counted in steps of 25 ft (Q = 1)" if raw & 0x10 else "Gillham code, steps of 100 ft (Q = 0)"


def _integrity(value: Value, raw: int) -> str:
    chance = SIL_PER_HOUR[value]
    return f"outside its radius with a chance of at most {chance:g}" if chance == chance else "unknown"


def _version(value: Value, raw: int) -> str:
    return ("DO-260", "DO-260A", "DO-260B", "DO-260C")[value] if value < 4 else "reserved"


_MORE: Mapping[str, Callable[[Value, int], str]] = MappingProxyType(
    {
        "altitude_ft": _altitude,
        "altitude_geom_ft": _altitude,
        "adsb_version": _version,
        "category": lambda value, raw: CATEGORY_WORDS[value],
        "cpr_odd": lambda value, raw: "odd" if value else "even",
        "gva": _at(GVA_M, "m"),
        "nac_p": _at(NAC_P_M, "m"),
        "nac_v": _at(NAC_V_MPS, "m/s"),
        "nuc_p": lambda value, raw: f"protected within {NUC_P_M[value]:g} m" if value else "unknown",
        "sda": lambda value, raw: f"a fault would be {SDA_WORDS[value]}",
        "sil": _integrity,
        "squawk": lambda value, raw: EMERGENCY_CODES.get(str(value), ""),
    }
)


def _parity(decoded: Message, frame: int) -> Row:
    remainder = decoded.remainder
    if decoded.df in (17, 18):
        text = "intact" if remainder == 0 else "damaged: no field can be trusted"
        meaning = "of this format the remainder is 0 if no bit is wrong"
    elif decoded.df == 11:
        intact = remainder & ~INTERROGATOR_BITS == 0
        text = f"intact, interrogator code {remainder}" if intact else "damaged: no field can be trusted"
        meaning = "of this format the remainder is the interrogator's code, 0 for a squitter"
    else:
        text = f"address {decoded.icao24}, if no bit is wrong"
        meaning = "of this format the remainder is the address; nothing proves it, so it counts only if known otherwise"
    first = 8 * len(decoded.data) - 23
    raw = f"{frame & 0xFFFFFF:024b}"
    section = "ICAO Annex 10 Vol. IV 3.1.2.3.3"
    return Row("parity", f"{first}-{first + 23}", "remainder", raw, f"{remainder:06x}", text, meaning, section)


def _candidates(decoded: Message, message: int, state: KnownState | None) -> Iterator[Row]:
    known = state or KnownState()
    altitude: Any = decoded.fields.get("altitude_ft")
    if altitude is not None:
        known = dataclasses.replace(known, altitude_ft=float(altitude))
    found = infer(message, state=known)
    for candidate in found:
        name = REGISTER_NAMES.get(candidate.bds, "")
        text = f"{bds_text(candidate.bds)}{f', {name}' if name else ''}"
        said = "named" if candidate.is_named else "possible"
        reasons = "; ".join(candidate.reasons) or "nothing speaks against it"
        yield Row("register", "33-88", f"{candidate.bds:02X}", "", candidate.points, text, f"{said}: {reasons}", "")
    if not found:
        text = "empty" if message == 0 else "unknown"
        yield Row("register", "33-88", "", f"{message:056b}", None, text, "no register fits these bits", "")
