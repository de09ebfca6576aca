"""Layouts of the downlink formats: what is in a frame around its 56-bit message.

Bits are those of the frame. ICAO Annex 10 Vol. IV, 3.1.2.4 to 3.1.2.8; its table 3-3 lists the formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from skywitness.messages.mode_s.acas import REPLY_INFORMATION, VERTICAL_STATUS
from skywitness.messages.mode_s.layout import Field, Layout

__all__ = ["CONTROL_WORDS", "FORMATS", "format_layout"]

ANNEX = "ICAO Annex 10 Vol. IV"

CONTROL_WORDS = (
    "ADS-B of a non-transponder device, ICAO address",
    "ADS-B of a non-transponder device, anonymous, ground vehicle or obstacle address",
    "TIS-B, fine format",
    "TIS-B, coarse format",
    "TIS-B and ADS-R management",
    "TIS-B relay of ADS-B with an anonymous address",
    "ADS-B rebroadcast (ADS-R)",
    "reserved",
)
"""Control field of DF 18 (Annex 10 Vol. IV 3.1.2.8.7.2)."""

FLIGHT_STATUS = (
    "airborne",
    "on the ground",
    "airborne, alert",
    "on the ground, alert",
    "alert and SPI",
    "SPI",
    "reserved",
    "not assigned",
)

CAPABILITY = (
    "level 1 transponder",
    "reserved",
    "reserved",
    "reserved",
    "level 2 or more, on the ground",
    "level 2 or more, airborne",
    "level 2 or more",
    "level 2 or more, with a downlink request, an alert or SPI",
)


def _format(df: int) -> Field:
    return Field("df", 1, 5, constant=df, section=f"{ANNEX} 3.1.2.3.2.1", doc="downlink format")


def _spare(first: int, last: int) -> Field:
    return Field("", first, last, "reserved")


def _address() -> Field:
    return Field("icao24", 9, 32, "address", section=f"{ANNEX} 3.1.2.5.2.2.2", doc="24-bit aircraft address")


def _parity(first: int, name: str, doc: str) -> Field:
    return Field(name, first, first + 23, "parity", section=f"{ANNEX} 3.1.2.3.2.1", doc=doc)


def _address_parity(first: int) -> Field:
    return _parity(first, "address_parity", "parity with the aircraft's address added")


_ALTITUDE = Field(
    "altitude_ft",
    20,
    32,
    "altitude_ac13",
    unit="ft",
    section=f"{ANNEX} 3.1.2.6.5.4",
    doc="pressure altitude, 1013.25 hPa",
)
_IDENTITY = Field("squawk", 20, 32, "squawk", section=f"{ANNEX} 3.1.2.6.7.1", doc="Mode A code")

_CAPABILITY = Field(
    "capability",
    6,
    8,
    "enum",
    values=CAPABILITY,
    section=f"{ANNEX} 3.1.2.5.2.2.1",
    doc="communication capability of the transponder",
)

_AIR_TO_AIR = (
    Field(
        "vertical_status",
        6,
        6,
        "enum",
        values=VERTICAL_STATUS,
        section=f"{ANNEX} 3.1.2.8.2.1",
        doc="vertical status",
    ),
)
_SENSITIVITY = Field(
    "sensitivity_level",
    9,
    11,
    section=f"{ANNEX} 4.3.8.4.2.5",
    doc="sensitivity level at which ACAS operates; 0 it does not",
)
_REPLY_INFORMATION = Field(
    "reply_information",
    14,
    17,
    "enum",
    values=REPLY_INFORMATION,
    section=f"{ANNEX} 3.1.2.8.2.2 and 4.3.8.4.1.2",
    doc="what ACAS the aircraft has, or how fast it can fly",
)

_GROUND_REPLY = (
    Field(
        "flight_status",
        6,
        8,
        "enum",
        values=FLIGHT_STATUS,
        section=f"{ANNEX} 3.1.2.6.5.1",
        doc="flight status",
    ),
    Field("downlink_request", 9, 13, section=f"{ANNEX} 3.1.2.6.5.2", doc="what the aircraft would like to send"),
    Field("utility_iis", 14, 17, section=f"{ANNEX} 3.1.2.6.5.3", doc="utility message: interrogator identifier"),
    Field(
        "utility_ids",
        18,
        19,
        "enum",
        values=("no information", "Comm-B reservation", "Comm-C reservation", "Comm-D reservation"),
        section=f"{ANNEX} 3.1.2.6.5.3",
        doc="utility message: what the identifier reserves",
    ),
)


def _status_flags(field: Field) -> tuple[Field, ...]:
    """What a flight status (FS) says, one fact a flag."""
    where = field.section
    return (
        Field("on_ground", 6, 8, "lookup", table=(0, 1, 0, 1, -1, -1, -1, -1), doc="on the ground", section=where),
        Field("alert", 6, 8, "lookup", table=(0, 0, 1, 1, 1, 0, -1, -1), doc="the Mode A code changed", section=where),
        Field("spi", 6, 8, "lookup", table=(0, 0, 0, 0, 1, 1, -1, -1), doc="the pilot pressed IDENT", section=where),
    )


def _ground_by_capability() -> tuple[Field, ...]:
    table = (-1, -1, -1, -1, 1, 0, -1, -1)
    return (Field("on_ground", 6, 8, "lookup", table=table, section=_CAPABILITY.section, doc="on the ground"),)


def _ground_by_vertical_status() -> tuple[Field, ...]:
    return (Field("on_ground", 6, 6, "lookup", table=(0, 1), section=f"{ANNEX} 3.1.2.8.2.1", doc="on the ground"),)


def _message(name: str, doc: str) -> Field:
    return Field(name, 33, 88, "message", doc=doc)


def _squitter(df: int, control: Field, derived: tuple[Field, ...], title: str) -> Layout:
    return Layout(
        f"DF {df}",
        title,
        (
            _format(df),
            control,
            _address(),
            _message("", "extended squitter message (ME)"),
            _parity(89, "parity", "parity; the remainder is 0 if the frame is intact"),
        ),
        f"{ANNEX} 3.1.2.8.6" if df == 17 else f"{ANNEX} 3.1.2.8.7",
        derived,
    )


_REPLY_FLAGS = _status_flags(_GROUND_REPLY[0])

FORMATS: Mapping[int, Layout] = MappingProxyType(
    {
        0: Layout(
            "DF 0",
            "short air-air surveillance",
            (
                _format(0),
                *_AIR_TO_AIR,
                Field(
                    "cross_link",
                    7,
                    7,
                    "flag",
                    section=f"{ANNEX} 3.1.2.8.2.3",
                    doc="can answer with a register when asked by ACAS",
                ),
                _spare(8, 8),
                _SENSITIVITY,
                _spare(12, 13),
                _REPLY_INFORMATION,
                _spare(18, 19),
                _ALTITUDE,
                _address_parity(33),
            ),
            f"{ANNEX} 3.1.2.8.2",
            _ground_by_vertical_status(),
        ),
        4: Layout(
            "DF 4",
            "surveillance, altitude reply",
            (_format(4), *_GROUND_REPLY, _ALTITUDE, _address_parity(33)),
            f"{ANNEX} 3.1.2.6.5",
            _REPLY_FLAGS,
        ),
        5: Layout(
            "DF 5",
            "surveillance, identity reply",
            (_format(5), *_GROUND_REPLY, _IDENTITY, _address_parity(33)),
            f"{ANNEX} 3.1.2.6.7",
            _REPLY_FLAGS,
        ),
        11: Layout(
            "DF 11",
            "all-call reply or acquisition squitter",
            (
                _format(11),
                _CAPABILITY,
                _address(),
                _parity(33, "parity", "parity with the interrogator's code added"),
            ),
            f"{ANNEX} 3.1.2.5.2.2",
            _ground_by_capability(),
        ),
        16: Layout(
            "DF 16",
            "long air-air surveillance",
            (
                _format(16),
                *_AIR_TO_AIR,
                _spare(7, 8),
                _SENSITIVITY,
                _spare(12, 13),
                _REPLY_INFORMATION,
                _spare(18, 19),
                _ALTITUDE,
                _message("", "coordination message of ACAS (MV)"),
                _address_parity(89),
            ),
            f"{ANNEX} 3.1.2.8.3",
            _ground_by_vertical_status(),
        ),
        17: _squitter(17, _CAPABILITY, _ground_by_capability(), "extended squitter of a transponder"),
        18: _squitter(
            18,
            Field(
                "control",
                6,
                8,
                "enum",
                values=CONTROL_WORDS,
                section=f"{ANNEX} 3.1.2.8.7.2",
                doc="control field: who sends this, and in what format",
            ),
            (),
            "extended squitter of another device: vehicles, TIS-B, ADS-R",
        ),
        19: Layout(
            "DF 19",
            "military extended squitter",
            (
                _format(19),
                Field("application", 6, 8, section=f"{ANNEX} 3.1.2.8.8.2", doc="application field; 0 is ADS-B"),
                Field("", 9, 112, "reserved", doc="defined by military authorities"),
            ),
            f"{ANNEX} 3.1.2.8.8",
        ),
        20: Layout(
            "DF 20",
            "Comm-B, altitude reply",
            (_format(20), *_GROUND_REPLY, _ALTITUDE, _message("", "register (MB)"), _address_parity(89)),
            f"{ANNEX} 3.1.2.6.6",
            _REPLY_FLAGS,
        ),
        21: Layout(
            "DF 21",
            "Comm-B, identity reply",
            (_format(21), *_GROUND_REPLY, _IDENTITY, _message("", "register (MB)"), _address_parity(89)),
            f"{ANNEX} 3.1.2.6.8",
            _REPLY_FLAGS,
        ),
        24: Layout(
            "DF 24",
            "Comm-D, segment of an extended-length message",
            (
                Field("df", 1, 2, constant=3, section=f"{ANNEX} 3.1.2.3.2.1", doc="downlink format 24 is told by 11"),
                _spare(3, 3),
                Field("elm_acknowledgement", 4, 4, "flag", section=f"{ANNEX} 3.1.2.7.3.1", doc="KE: 1 acknowledges"),
                Field("elm_segment", 5, 8, section=f"{ANNEX} 3.1.2.7.3.2", doc="ND: number of this segment"),
                Field("", 9, 88, "message", doc="segment of the message (MD)"),
                _address_parity(89),
            ),
            f"{ANNEX} 3.1.2.7.3",
        ),
    }
)
"""Layout of each downlink format that civil Mode S defines."""

_MILITARY = Layout("DF 22", "military", (Field("df", 1, 5, doc="downlink format"), _spare(6, 112)))


def format_layout(df: int) -> Layout | None:
    """Layout of a downlink format; None for one that civil Mode S does not define."""
    return _MILITARY if df == 22 else FORMATS.get(df)
