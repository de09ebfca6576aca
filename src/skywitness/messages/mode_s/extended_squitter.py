"""Layouts of the extended squitter by type code, subtype, version and sender, and the table that finds them.

Bits are those of the 56-bit ME field. RTCA DO-260B 2.2.3.2 and table 2-14; ICAO Doc 9871 appendices A to C.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from skywitness.batches import I16
from skywitness.kernel import plain, scalar
from skywitness.messages.mode_s.acas import RA_BROADCAST
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.status import (
    EMERGENCY,
    OPERATIONAL_STATUS,
    SURFACE_SYSTEM,
    TEST,
    TEST_IDENTITY,
    code,
    flag,
    number,
    reserved,
    reserved_status,
)
from skywitness.messages.mode_s.target_state import TARGET_STATE_1, TARGET_STATE_2

__all__ = [
    "CATEGORY_WORDS",
    "SENDERS",
    "SQUITTERS",
    "squitter_index",
    "squitter_layout",
]

SENDERS = ("adsb", "tisb_fine", "tisb_coarse", "management", "adsr", "reserved")
"""Families of layouts, by who sends."""

ADSB, TISB_FINE, TISB_COARSE, MANAGEMENT, ADSR, RESERVED = range(6)

_SENDER_OF_CONTROL = (ADSB, ADSB, TISB_FINE, TISB_COARSE, MANAGEMENT, TISB_FINE, ADSR, RESERVED)

CATEGORIES = tuple(f"{'?DCBA???'[raw >> 3]}{raw & 7}" if 8 <= raw < 40 else "" for raw in range(256))

CATEGORY_WORDS = {
    "A0": "no category information",
    "A1": "light, less than 15,500 lb (7,000 kg)",
    "A2": "small, 15,500 to 75,000 lb (7,000 to 34,000 kg)",
    "A3": "large, 75,000 to 300,000 lb (34,000 to 136,000 kg)",
    "A4": "high-vortex large (such as the Boeing 757)",
    "A5": "heavy, more than 300,000 lb (136,000 kg)",
    "A6": "high performance, more than 5 g and 400 kt",
    "A7": "rotorcraft",
    "B0": "no category information",
    "B1": "glider or sailplane",
    "B2": "lighter than air",
    "B3": "parachutist or skydiver",
    "B4": "ultralight, hang-glider or paraglider",
    "B5": "reserved",
    "B6": "unmanned aerial vehicle",
    "B7": "space or trans-atmospheric vehicle",
    "C0": "no category information",
    "C1": "surface vehicle, emergency",
    "C2": "surface vehicle, service",
    "C3": "point obstacle, tethered balloons too",
    "C4": "cluster obstacle",
    "C5": "line obstacle",
    "C6": "reserved",
    "C7": "reserved",
    **{f"D{k}": "no category information" if k == 0 else "reserved" for k in range(8)},
}
"""Emitter category (RTCA DO-260B table 2-20)."""

SURVEILLANCE_STATUS = ("none", "permanent alert (emergency)", "temporary alert (identity change)", "SPI")


def _position_section(part: str) -> str:
    return f"RTCA DO-260B 2.2.3.2.3.{part}"


def _typecode(first: int, last: int) -> Field:
    words = f"{first} to {last}" if last > first else f"{first}"
    return Field(
        "typecode",
        1,
        5,
        constant=first if first == last else None,
        section="RTCA DO-260B table 2-14",
        doc=f"type code, {words} for this message",
    )


def _on_ground(value: int) -> Field:
    return Field("on_ground", 1, 5, "lookup", table=(value,) * 32, doc="on the ground, by the kind of message")


def _uncertainty() -> Field:
    table = tuple(14 - tc if 5 <= tc <= 8 else 18 - tc if 9 <= tc <= 18 else -1 for tc in range(20))
    table = (*table, 9, 8, 0, *(-1,) * 9)
    return Field(
        "nuc_p", 1, 5, "lookup", table=table, section="RTCA DO-260 table 2-11", doc="NUCp, if the sender is version 0"
    )


_CPR = (
    flag(21, "utc_synchronised", "the time of the position is a multiple of 0.2 s of UTC", _position_section("5")),
    Field("cpr_odd", 22, 22, section=_position_section("6"), doc="CPR format: 0 even, 1 odd"),
    Field("cpr_lat", 23, 39, section=_position_section("7"), doc="encoded latitude"),
    Field("cpr_lon", 40, 56, section=_position_section("8"), doc="encoded longitude"),
)

_IDENTIFICATION = Layout(
    "TC 1-4",
    "identification and category",
    (
        _typecode(1, 4),
        Field(
            "category_code", 6, 8, section="RTCA DO-260B 2.2.3.2.5.2", doc="category within the set of the type code"
        ),
        Field("callsign", 9, 56, "callsign", section="RTCA DO-260B 2.2.3.2.5.3", doc="callsign or registration"),
    ),
    "RTCA DO-260B 2.2.3.2.5",
    (Field("category", 1, 8, "enum", values=CATEGORIES, section="RTCA DO-260B table 2-20", doc="emitter category"),),
)

_SURFACE = Layout(
    "TC 5-8",
    "surface position",
    (
        _typecode(5, 8),
        Field(
            "groundspeed_kt",
            6,
            12,
            "movement",
            unit="kt",
            section="RTCA DO-260B 2.2.3.2.4.2",
            doc="movement: the least speed of the code's range",
        ),
        Field("track_status", 13, 13, "status", section="RTCA DO-260B 2.2.3.2.4.3", doc="1 if the track is given"),
        Field(
            "track_deg",
            14,
            20,
            scale=360 / 128,
            unit="deg",
            status=13,
            section="RTCA DO-260B 2.2.3.2.4.4",
            doc="track over ground or heading, see surface_angle of the operational status",
        ),
        *_CPR,
    ),
    "RTCA DO-260B 2.2.3.2.4",
    (_on_ground(1), _uncertainty()),
)


def _airborne(name: str, title: str, typecodes: tuple[int, int], height: Field, derived: tuple[Field, ...]) -> Layout:
    return Layout(
        name,
        title,
        (
            _typecode(*typecodes),
            Field(
                "surveillance_status",
                6,
                7,
                "enum",
                values=SURVEILLANCE_STATUS,
                section=_position_section("2"),
                doc="surveillance status",
            ),
            flag(
                8,
                "nic_supplement_b",
                "NIC supplement B; of versions 0 and 1: transmits with one antenna only",
                _position_section("3"),
            ),
            height,
            *_CPR,
        ),
        "RTCA DO-260B 2.2.3.2.3",
        derived,
    )


_PRESSURE_ALTITUDE = Field(
    "altitude_ft", 9, 20, "altitude_ac12", unit="ft", section=_position_section("4.1"), doc="pressure altitude"
)
_GEOMETRIC_HEIGHT = Field(
    "altitude_geom_ft",
    9,
    20,
    "altitude_ac12",
    unit="ft",
    section=_position_section("4.2"),
    doc="height above the WGS-84 ellipsoid",
)

_BAROMETRIC = _airborne(
    "TC 9-18", "airborne position, pressure altitude", (9, 18), _PRESSURE_ALTITUDE, (_on_ground(0), _uncertainty())
)
_GEOMETRIC = _airborne(
    "TC 20-22", "airborne position, GNSS height", (20, 22), _GEOMETRIC_HEIGHT, (_on_ground(0), _uncertainty())
)
_NO_POSITION = _airborne("TC 0", "no position information", (0, 0), _PRESSURE_ALTITUDE, ())


def _velocity_section(part: str) -> str:
    return f"RTCA DO-260B 2.2.3.2.6.{part}"


_VERTICAL = (
    Field(
        "vertical_rate_source",
        36,
        36,
        "enum",
        values=("GNSS", "barometric"),
        section=_velocity_section("1.10"),
        doc="source of the vertical rate: 0 GNSS or inertial, 1 barometric",
    ),
    Field(
        "vertical_rate_fpm",
        37,
        46,
        "sign_magnitude",
        scale=64,
        unit="ft/min",
        section=_velocity_section("1.11"),
        doc="vertical rate, up positive: sign, then steps of 64 ft/min from 1",
    ),
)
_DIFFERENCE = Field(
    "geo_minus_baro_ft",
    49,
    56,
    "sign_magnitude",
    scale=25,
    unit="ft",
    section=_velocity_section("1.13"),
    doc="GNSS height minus pressure altitude: sign, then steps of 25 ft from 1",
)


def _ground_parts(scale: int) -> tuple[Field, ...]:
    def part(name: str, first: int, doc: str, section: str) -> Field:
        return Field(
            name,
            first,
            first + 10,
            "sign_magnitude",
            scale=scale,
            unit="kt",
            section=_velocity_section(section),
            doc=f"velocity towards {doc}: sign, then steps of {scale} kt from 1",
        )

    return part("east_kt", 14, "east", "1.6"), part("north_kt", 25, "north", "1.8")


def _air_parts(scale: int) -> tuple[Field, ...]:
    return (
        Field("heading_status", 14, 14, "status", section=_velocity_section("3.6"), doc="1 if the heading is given"),
        Field(
            "heading_deg",
            15,
            24,
            scale=360 / 1024,
            unit="deg",
            status=14,
            section=_velocity_section("3.7"),
            doc="heading; its north is told by heading_reference of the operational status",
        ),
        Field(
            "airspeed_type",
            25,
            25,
            "enum",
            values=("indicated", "true"),
            section=_velocity_section("3.8"),
            doc="which airspeed it is",
        ),
        Field(
            "airspeed_kt",
            26,
            35,
            scale=scale,
            offset=-scale,
            missing=0,
            unit="kt",
            section=_velocity_section("3.9"),
            doc="airspeed",
        ),
    )


_GROUND_DERIVED = (
    Field("groundspeed_kt", 1, 56, "groundspeed", unit="kt", section=_velocity_section("1"), doc="ground speed"),
    Field("track_deg", 1, 56, "track", unit="deg", section=_velocity_section("1"), doc="true track over ground"),
)
_AIR_DERIVED = (
    Field("ias_kt", 1, 56, "indicated_airspeed", unit="kt", section=_velocity_section("3.8"), doc="indicated airspeed"),
    Field("tas_kt", 1, 56, "true_airspeed", unit="kt", section=_velocity_section("3.8"), doc="true airspeed"),
)


def _velocity(subtype: int) -> Layout:
    scale = 4 if subtype in (2, 4) else 1
    words = "over ground" if subtype <= 2 else "through the air"
    return Layout(
        f"TC 19/{subtype}",
        f"airborne velocity {words}{', supersonic' if scale == 4 else ''}",
        (
            code(1, 5, "typecode", 19, "type code"),
            code(6, 8, "subtype", subtype, "1 and 2 over ground, 3 and 4 through the air; 2 and 4 supersonic"),
            flag(9, "intent_change", "the intent changed lately", _velocity_section("1.3")),
            flag(
                10, "ifr_capability", "versions 0 and 1: fit for ADS-B based separation", "RTCA DO-260A 2.2.3.2.6.1.4"
            ),
            number(
                11,
                13,
                "nac_v",
                "navigation accuracy category for velocity; of version 0: NUCr",
                _velocity_section("1.5"),
            ),
            *(_ground_parts(scale) if subtype <= 2 else _air_parts(scale)),
            *_VERTICAL,
            reserved(47, 48),
            _DIFFERENCE,
        ),
        "RTCA DO-260B 2.2.3.2.6",
        _GROUND_DERIVED if subtype <= 2 else _AIR_DERIVED,
    )


def _tisb_velocity(subtype: int, geometric: int) -> Layout:
    scale = 4 if subtype in (2, 4) else 1
    words = "over ground" if subtype <= 2 else "through the air"
    section = "ICAO Doc 9871, tables B-3-4a and B-3-4b"
    tail = (
        (reserved(47, 48), _DIFFERENCE)
        if geometric
        else (
            flag(47, "nic_supplement_a", "NIC supplement", section),
            number(48, 50, "nac_v", "navigation accuracy category for velocity", section),
            number(51, 52, "sil", "source integrity level", section),
            reserved(53, 56),
        )
    )
    return Layout(
        f"TIS-B TC 19/{subtype}{' geometric' if geometric else ''}",
        f"TIS-B velocity {words}{', supersonic' if scale == 4 else ''}",
        (
            code(1, 5, "typecode", 19, "type code"),
            code(6, 8, "subtype", subtype, "1 and 2 over ground, 3 and 4 through the air; 2 and 4 supersonic"),
            _identity_flag(9),
            number(10, 13, "nac_p", "navigation accuracy category for position", section),
            *(_ground_parts(scale) if subtype <= 2 else _air_parts(scale)),
            code(36, 36, "geometric", geometric, "1: the difference of heights follows, 0: qualities follow"),
            _VERTICAL[1],
            *tail,
        ),
        section,
        _GROUND_DERIVED if subtype <= 2 else _AIR_DERIVED,
    )


def _identity_flag(bit: int) -> Field:
    return flag(
        bit, "not_icao", "IMF: the address is none of ICAO but a track number or anonymous", "RTCA DO-260B 2.2.17.3.1.3"
    )


_COARSE = Layout(
    "TIS-B coarse",
    "TIS-B coarse airborne position",
    (
        _identity_flag(1),
        Field(
            "surveillance_status",
            2,
            3,
            "enum",
            values=SURVEILLANCE_STATUS,
            section="ICAO Doc 9871, table B-3-5",
            doc="surveillance status",
        ),
        number(4, 7, "service_volume", "area served by the ground station", "ICAO Doc 9871, B.3.4.5.2"),
        Field(
            "altitude_ft",
            8,
            19,
            "altitude_ac12",
            unit="ft",
            section="ICAO Doc 9871, table B-3-5",
            doc="pressure altitude",
        ),
        Field("track_status", 20, 20, "status", section="ICAO Doc 9871, B.3.4.5.4", doc="1 if the track is given"),
        Field(
            "track_deg",
            21,
            25,
            scale=360 / 32,
            unit="deg",
            status=20,
            section="ICAO Doc 9871, B.3.4.5.5",
            doc="true track over ground",
        ),
        Field(
            "groundspeed_kt",
            26,
            31,
            scale=32,
            offset=-32,
            missing=0,
            unit="kt",
            section="ICAO Doc 9871, B.3.4.5.6",
            doc="ground speed, steps of 32 kt",
        ),
        Field("cpr_odd", 32, 32, section="ICAO Doc 9871, B.3.4.5.7", doc="CPR format: 0 even, 1 odd"),
        Field("coarse_cpr_lat", 33, 44, section="ICAO Doc 9871, B.3.4.5.7", doc="encoded latitude, 12 bits"),
        Field("coarse_cpr_lon", 45, 56, section="ICAO Doc 9871, B.3.4.5.7", doc="encoded longitude, 12 bits"),
    ),
    "ICAO Doc 9871, B.3.4.5",
)

_MANAGEMENT = Layout(
    "TIS-B management",
    "TIS-B and ADS-R management",
    (Field("", 1, 56, "reserved", doc="defined by the service"),),
    "RTCA DO-260B 2.2.17.2.4",
)

_UNKNOWN = Layout("CF 7", "reserved control field", (Field("", 1, 56, "reserved"),), "RTCA DO-260B 2.2.3.2.1.5")


def _with_identity_flag(layout: Layout, bit: int, sender: str) -> Layout:
    """The same layout where the sender puts the ICAO/Mode A flag (IMF) in one of its bits."""
    fields: list[Field] = []
    for field in layout.fields:
        if not field.first <= bit <= field.last:
            fields.append(field)
            continue
        for first, last in ((field.first, bit - 1), (bit + 1, field.last)):
            if first == bit + 1:
                fields.append(_identity_flag(bit))
            if first <= last:
                fields.append(dataclasses.replace(field, first=first, last=last))
    return dataclasses.replace(layout, name=f"{sender} {layout.name}", fields=tuple(fields))


def _reserved_layout(typecode: int) -> Layout:
    return Layout(
        f"TC {typecode}",
        "trajectory change, reserved" if typecode == 27 else "reserved",
        (code(1, 5, "typecode", typecode, "type code"), reserved(6, 56)),
        "RTCA DO-260B table 2-14",
    )


_TARGET_RESERVED = tuple(
    Layout(
        f"TC 29/{subtype}",
        "target state, reserved",
        (code(1, 5, "typecode", 29, "type code"), code(6, 7, "subtype", subtype, "subtype"), reserved(8, 56)),
        "RTCA DO-260B 2.2.3.2.7.1",
    )
    for subtype in (2, 3)
)

# Where the flag stands (RTCA DO-260B 2.2.17.3 for TIS-B, 2.2.18.4 for ADS-R).
_FLAG_BITS = {"TC 5-8": 21, "TC 9-18": 8, "TC 20-22": 8, "TC 29/1": 51, "TC 31/0 v2": 56, "TC 31/1 v2": 56}

_Kinds = dict[tuple[int, int, int], Layout]
"""By type code, subtype 0..7 (the three bits 6-8) and last key, see `squitter_index`."""


def _adsb_kinds() -> Iterator[tuple[int, range | tuple[int, ...], range | tuple[int, ...], Layout]]:
    """Type code, subtypes, last keys, layout."""
    every = range(8)
    yield 0, every, every, _NO_POSITION
    for typecode in range(1, 32):
        yield typecode, every, every, _reserved_layout(typecode)
    for typecode in range(1, 5):
        yield typecode, every, every, _IDENTIFICATION
    for typecode in range(5, 9):
        yield typecode, every, every, _SURFACE
    for typecode in range(9, 19):
        yield typecode, every, every, _BAROMETRIC
    for typecode in range(20, 23):
        yield typecode, every, every, _GEOMETRIC
    for subtype in every:
        velocity = _velocity(subtype) if 1 <= subtype <= 4 else reserved_status(19, subtype, "reserved velocity")
        yield 19, (subtype,), every, velocity
        status = {1: EMERGENCY, 2: RA_BROADCAST}.get(subtype)
        yield 28, (subtype,), every, status or reserved_status(28, subtype, "aircraft status, reserved")
        yield 31, (subtype,), every, reserved_status(31, subtype, "operational status, reserved")
    yield 23, every, every, TEST
    yield 23, (7,), every, TEST_IDENTITY
    yield 24, every, every, SURFACE_SYSTEM
    for subtype in every:
        yield 29, (subtype,), every, (TARGET_STATE_1, TARGET_STATE_2, *_TARGET_RESERVED)[subtype >> 1]
    for (subtype, version), layout in OPERATIONAL_STATUS.items():
        yield 31, (subtype,), (version,), layout
    for version in range(4, 8):  # later versions keep what is there
        for subtype in (0, 1):
            yield 31, (subtype,), (version,), OPERATIONAL_STATUS[subtype, 3]


def _make_kinds() -> list[_Kinds]:
    adsb: _Kinds = {}
    for typecode, subtypes, lasts, layout in _adsb_kinds():
        for subtype in subtypes:
            for last in lasts:
                adsb[typecode, subtype, last] = layout
    made: dict[tuple[str, str], Layout] = {}

    def flagged(layout: Layout, bit: int, sender: str) -> Layout:
        key = (layout.name, sender)
        if key not in made:
            made[key] = _with_identity_flag(layout, bit, sender)
        return made[key]

    tisb: _Kinds = {}
    adsr: _Kinds = {}
    for key, layout in adsb.items():
        typecode, subtype, last = key
        bit = _FLAG_BITS.get(layout.name)
        tisb[key] = flagged(layout, bit, "TIS-B") if bit and typecode <= 22 else layout
        adsr[key] = flagged(layout, bit, "ADS-R") if bit else layout
        if typecode == 19 and 1 <= subtype <= 4:
            adsr[key] = flagged(layout, 9, "ADS-R")
    for subtype in range(1, 5):
        for geometric in (0, 1):
            layout = _tisb_velocity(subtype, geometric)
            for last in range(8):
                if last & 1 == geometric:
                    tisb[19, subtype, last] = layout
    coarse = dict.fromkeys(adsb, _COARSE)
    management = dict.fromkeys(adsb, _MANAGEMENT)
    unknown = dict.fromkeys(adsb, _UNKNOWN)
    return [adsb, tisb, coarse, management, adsr, unknown]


def _make_index() -> tuple[tuple[Layout, ...], I16]:
    """Every layout once, and its number by sender, type code, subtype and last key."""
    layouts: list[Layout] = []
    numbers: dict[int, int] = {}
    index = np.zeros((len(SENDERS), 32, 8, 8), np.int16)
    for sender, kinds in enumerate(_make_kinds()):
        for key, layout in kinds.items():
            if id(layout) not in numbers:
                numbers[id(layout)] = len(layouts)
                layouts.append(layout)
            index[(sender, *key)] = numbers[id(layout)]
    return tuple(layouts), index


SQUITTERS, INDEX = _make_index()
"""All layouts of the ME field."""

SENDER_OF_CONTROL = np.array(_SENDER_OF_CONTROL, np.int64)


@scalar
def squitter_index(df, control, me):
    """Number in SQUITTERS of the layout of an extended squitter.

    df       int   17 or 18 (19 with application field 0 is as 17)
    control  int   bits 6-8 of the frame: the control field of DF 18; not looked at for DF 17
    me       int   the 56 bits of ME
    return   int64
    """
    sender = SENDER_OF_CONTROL[control] if df == 18 else 0
    typecode = me >> 51
    # What tells layouts of the same type code and subtype apart: the version, or the GEO flag of TIS-B.
    last = me >> 13 & 7 if typecode == 31 else me >> 20 & 1
    return int(INDEX[sender, typecode, me >> 48 & 7, last])


def squitter_layout(df: int, control: int, me: int) -> Layout:
    """Layout of an extended squitter; arguments as `squitter_index`."""
    return SQUITTERS[int(plain(squitter_index)(df, control, me))]
