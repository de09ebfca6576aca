"""Layouts of operational status (type code 31), aircraft status (28), test (23) and surface system status (24).

RTCA DO-260 (version 0), DO-260A (1), DO-260B (2) 2.2.3.2.7; ICAO Doc 9871 appendices A, B and C. DO-260C (3) keeps the
places of the fields of version 2 and is read as such; what it adds in reserved bits is left unread.
"""

from __future__ import annotations

from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.registers import REGISTERS

__all__ = [
    "EMERGENCY",
    "OPERATIONAL_STATUS",
    "SURFACE_SYSTEM",
    "TEST",
    "TEST_IDENTITY",
    "reserved_status",
]

SECTION = "RTCA DO-260B 2.2.3.2.7.2"

SIZES = (
    "no data or unknown",
    "15 m x 23 m",
    "25 m x 28.5 m",
    "25 m x 34 m",
    "35 m x 33 m",
    "35 m x 38 m",
    "45 m x 39.5 m",
    "45 m x 45 m",
    "55 m x 45 m",
    "55 m x 52 m",
    "65 m x 59.5 m",
    "65 m x 67 m",
    "75 m x 72.5 m",
    "75 m x 80 m",
    "85 m x 80 m",
    "85 m x 90 m",
)
"""Greatest length and width by the code of four bits (RTCA DO-260B table 2-74)."""

SIL_BASIS = ("per hour", "per sample")


def code(first: int, last: int, name: str, value: int, doc: str) -> Field:
    """A field that always has the same value."""
    return Field(name, first, last, constant=value, doc=doc)


def reserved(first: int, last: int) -> Field:
    """Bits without a meaning."""
    return Field("", first, last, "reserved")


def flag(bit: int, name: str, doc: str, section: str = SECTION) -> Field:
    """One bit."""
    return Field(name, bit, bit, "flag", section=section, doc=doc)


def number(first: int, last: int, name: str, doc: str, section: str = SECTION) -> Field:
    """An unsigned number without unit."""
    return Field(name, first, last, section=section, doc=doc)


NAC_P = number(45, 48, "nac_p", "navigation accuracy category for position", f"{SECTION}.7")
SIL = number(51, 52, "sil", "source integrity level", f"{SECTION}.9")
NIC_BARO = number(53, 53, "nic_baro", "1 the pressure altitude is cross-checked", f"{SECTION}.10")
HEADING_REFERENCE = Field(
    "heading_reference",
    54,
    54,
    "enum",
    values=("true north", "magnetic north"),
    section=f"{SECTION}.12",
    doc="horizontal reference direction of headings (HRD)",
)
SUPPLEMENT_A = flag(44, "nic_supplement_a", "NIC supplement A", f"{SECTION}.6")
TRACK_OR_HEADING = Field(
    "surface_angle",
    53,
    53,
    "enum",
    values=("track", "heading"),
    section=f"{SECTION}.11",
    doc="what the angle of surface positions is",
)
SIZE = Field("size", 21, 24, "enum", values=SIZES, section=f"{SECTION}.16", doc="greatest length and width")
ADVISORY_ACTIVE = flag(27, "ra_active", "an ACAS resolution advisory is active", f"{SECTION}.4")
IDENT = flag(28, "ident_active", "the IDENT switch is active", f"{SECTION}.4")
ANTENNA = flag(30, "single_antenna", "transmits with one antenna only", f"{SECTION}.4")
ASSURANCE = number(31, 32, "sda", "system design assurance", f"{SECTION}.4.6")
SIL_TYPE = Field(
    "sil_basis", 55, 55, "enum", values=SIL_BASIS, section=f"{SECTION}.14", doc="what the SIL is a probability of"
)
TRAJECTORY = number(17, 18, "trajectory_reports", "what trajectory change reports it can send (TC)", f"{SECTION}.3")


def _head(subtype: int) -> tuple[Field, Field]:
    return code(1, 5, "typecode", 31, "type code"), code(6, 8, "subtype", subtype, "0 airborne, 1 on the surface")


def _version(version: int) -> Field:
    return Field("adsb_version", 41, 43, constant=version, section=f"{SECTION}.5", doc="version of ADS-B")


def _ground(on_ground: int) -> tuple[Field, ...]:
    return (Field("on_ground", 6, 8, "lookup", table=(0, 1, *(-1,) * 6), section=SECTION, doc="on the ground"),)


def _layout(subtype: int, version: int, *fields: Field) -> Layout:
    where = ("airborne", "on the surface")[subtype]
    standard = ("RTCA DO-260 2.2.3.2.7.3", "RTCA DO-260A 2.2.3.2.7.2", SECTION)[min(version, 2)]
    return Layout(
        f"TC 31/{subtype} v{version}",
        f"aircraft operational status, {where}, version {version}",
        (*_head(subtype), *fields),
        standard,
        _ground(subtype),
    )


def _capability_0(first: int, phase: str) -> tuple[Field, ...]:
    section = "RTCA DO-260 2.2.3.2.7.3.3"
    name = phase.replace("-", "_").replace(" ", "_")
    return (
        number(first, first + 3, f"cc_{name}", f"capability class, {phase} operations", section),
        number(first + 16, first + 19, f"om_{name}", f"operational mode, {phase} operations", section),
    )


def _version_0(subtype: int) -> Layout:
    pairs = [_capability_0(9 + 4 * k, phase) for k, phase in enumerate(("en-route", "terminal", "approach", "surface"))]
    capabilities, modes = zip(*pairs, strict=True)
    return _layout(subtype, 0, *capabilities, *modes, _version(0), reserved(44, 56))


_VERSION_1_AIRBORNE = _layout(
    0,
    1,
    reserved(9, 10),
    flag(11, "tcas_absent", "TCAS is not fitted or not operating", "RTCA DO-260A 2.2.3.2.7.2.3"),
    flag(12, "traffic_display", "a cockpit display of traffic works", "RTCA DO-260A 2.2.3.2.7.2.3"),
    reserved(13, 14),
    flag(15, "air_referenced_velocity", "can send velocities through the air", f"{SECTION}.3"),
    flag(16, "target_state_reports", "can send target state reports", f"{SECTION}.3"),
    TRAJECTORY,
    reserved(19, 24),
    reserved(25, 26),
    ADVISORY_ACTIVE,
    IDENT,
    flag(29, "receiving_atc", "receives air traffic services", "RTCA DO-260A 2.2.3.2.7.2.4"),
    reserved(30, 40),
    _version(1),
    SUPPLEMENT_A,
    NAC_P,
    number(49, 50, "baq", "barometric altitude quality, always 0", "RTCA DO-260A 2.2.3.2.7.2.8"),
    SIL,
    NIC_BARO,
    HEADING_REFERENCE,
    reserved(55, 56),
)

_VERSION_1_SURFACE = _layout(
    1,
    1,
    reserved(9, 10),
    flag(11, "position_offset_applied", "the position is that of the reference point", f"{SECTION}.3"),
    flag(12, "traffic_display", "a cockpit display of traffic works", "RTCA DO-260A 2.2.3.2.7.2.3"),
    reserved(13, 14),
    flag(15, "low_power", "class B2 transmitter of less than 70 W", f"{SECTION}.3"),
    reserved(16, 20),
    SIZE,
    reserved(25, 26),
    ADVISORY_ACTIVE,
    IDENT,
    flag(29, "receiving_atc", "receives air traffic services", "RTCA DO-260A 2.2.3.2.7.2.4"),
    reserved(30, 40),
    _version(1),
    SUPPLEMENT_A,
    NAC_P,
    reserved(49, 50),
    SIL,
    TRACK_OR_HEADING,
    HEADING_REFERENCE,
    reserved(55, 56),
)


def _version_2_airborne(version: int) -> Layout:
    return _layout(
        0,
        version,
        reserved(9, 10),
        flag(11, "tcas_operational", "ACAS is fitted and operating", f"{SECTION}.3"),
        flag(12, "es_in", "receives ADS-B on 1090 MHz", f"{SECTION}.3"),
        reserved(13, 14),
        flag(15, "air_referenced_velocity", "can send velocities through the air", f"{SECTION}.3"),
        flag(16, "target_state_reports", "can send target state reports", f"{SECTION}.3"),
        TRAJECTORY,
        flag(19, "uat_in", "receives ADS-B on 978 MHz", f"{SECTION}.3"),
        reserved(20, 24),
        reserved(25, 26),
        ADVISORY_ACTIVE,
        IDENT,
        reserved(29, 29),
        ANTENNA,
        ASSURANCE,
        reserved(33, 40),
        _version(version),
        SUPPLEMENT_A,
        NAC_P,
        number(49, 50, "gva", "geometric vertical accuracy", f"{SECTION}.8"),
        SIL,
        NIC_BARO,
        HEADING_REFERENCE,
        SIL_TYPE,
        reserved(56, 56),
    )


def _version_2_surface(version: int) -> Layout:
    return _layout(
        1,
        version,
        reserved(9, 10),
        reserved(11, 11),
        flag(12, "es_in", "receives ADS-B on 1090 MHz", f"{SECTION}.3"),
        reserved(13, 14),
        flag(15, "low_power", "class B2 transmitter of less than 70 W", f"{SECTION}.3"),
        flag(16, "uat_in", "receives ADS-B on 978 MHz", f"{SECTION}.3"),
        number(17, 19, "nac_v", "navigation accuracy category for velocity", f"{SECTION}.3"),
        flag(20, "nic_supplement_c", "NIC supplement C", f"{SECTION}.6"),
        SIZE,
        reserved(25, 26),
        ADVISORY_ACTIVE,
        IDENT,
        reserved(29, 29),
        ANTENNA,
        ASSURANCE,
        number(33, 40, "antenna_offset", "place of the GNSS antenna, coded", f"{SECTION}.4.7"),
        _version(version),
        SUPPLEMENT_A,
        NAC_P,
        reserved(49, 50),
        SIL,
        TRACK_OR_HEADING,
        HEADING_REFERENCE,
        SIL_TYPE,
        reserved(56, 56),
    )


OPERATIONAL_STATUS: dict[tuple[int, int], Layout] = {
    (0, 0): _version_0(0),
    (1, 0): _version_0(1),
    (0, 1): _VERSION_1_AIRBORNE,
    (1, 1): _VERSION_1_SURFACE,
    **{(0, version): _version_2_airborne(version) for version in (2, 3)},
    **{(1, version): _version_2_surface(version) for version in (2, 3)},
}
"""By subtype and version."""

_emergency = REGISTERS[0x61]
EMERGENCY = Layout("TC 28/1", "emergency and priority status", _emergency.fields, "RTCA DO-260B 2.2.3.2.7.8.1")


def reserved_status(typecode: int, subtype: int, title: str) -> Layout:
    """Layout of a message whose subtype has no meaning yet."""
    return Layout(
        f"TC {typecode}/{subtype}",
        title,
        (
            code(1, 5, "typecode", typecode, "type code"),
            code(6, 8, "subtype", subtype, "subtype"),
            reserved(9, 56),
        ),
        "RTCA DO-260B table 2-14",
    )


TEST = Layout(
    "TC 23",
    "test message",
    (code(1, 5, "typecode", 23, "type code"), number(6, 8, "subtype", "subtype"), reserved(9, 56)),
    "RTCA DO-260B 2.2.3.2.7.3",
)

TEST_IDENTITY = Layout(
    "TC 23/7",
    "test message with Mode A code, national use",
    (
        code(1, 5, "typecode", 23, "type code"),
        code(6, 8, "subtype", 7, "subtype"),
        Field("squawk", 9, 21, "squawk", section="RTCA DO-260A 2.2.3.2.7.3", doc="Mode A code"),
        reserved(22, 56),
    ),
    "RTCA DO-260A 2.2.3.2.7.3",
)

SURFACE_SYSTEM = Layout(
    "TC 24",
    "surface system status",
    (
        code(1, 5, "typecode", 24, "type code"),
        number(6, 8, "subtype", "1 status of a multilateration system"),
        Field("", 9, 56, "reserved", doc="defined by the maker of the system"),
    ),
    "RTCA DO-260B 2.2.3.2.7.4",
)
