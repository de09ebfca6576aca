"""All layouts of Mode S in one place, and which one a message has."""

from __future__ import annotations

from collections.abc import Iterator

from skywitness.messages.mode_s.acas import COORDINATION_REPLY
from skywitness.messages.mode_s.extended_squitter import SQUITTERS, squitter_layout
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.reading import UNREAD
from skywitness.messages.mode_s.registers import REGISTERS
from skywitness.messages.mode_s.surveillance import FORMATS

__all__ = ["ADVISORY_NAMES", "FIELD_NAMES", "LAYOUTS", "fields_of", "payload_layout"]

LAYOUTS: tuple[Layout, ...] = (*FORMATS.values(), *SQUITTERS, COORDINATION_REPLY, *REGISTERS.values())
"""Frames, then the messages in them: ME, MV and MB fields."""


def fields_of(layout: Layout) -> Iterator[Field]:
    """Fields of a layout that have a name and a value, the derived ones last."""
    for field in (*layout.fields, *layout.derived):
        if field.name and field.kind not in UNREAD:
            yield field


ADVISORY_NAMES = (
    "advisory",
    "advisory_complement",
    "threat_icao24",
    "threat_altitude_ft",
    "threat_range_nmi",
    "threat_bearing_deg",
)
"""What an ACAS advisory says, in words and numbers, beside its bits."""

FIELD_NAMES: frozenset[str] = frozenset(
    {"bds", "interrogator", *ADVISORY_NAMES, *(field.name for layout in LAYOUTS for field in fields_of(layout))}
)
"""Name of every value that any message can give."""


def payload_layout(df: int, control: int, message: int, bds: int) -> Layout | None:
    """Layout of the 56 bits of an ME, MV or MB field; None where there is none or it is not known.

    control  bits 6-8 of the frame
    message  the 56 bits
    bds      register of a Comm-B reply, 0x60 for BDS 6,0; 0 unknown
    """
    if df in (17, 18):
        return squitter_layout(df, control, message)
    if df == 16:
        return COORDINATION_REPLY if message >> 48 == 0x30 else None
    if df not in (20, 21) or not bds:
        return None
    # A Comm-B register may be the one that squitters are made of.
    return REGISTERS.get(bds) or (squitter_layout(17, 0, message) if bds <= 0x0F else None)
