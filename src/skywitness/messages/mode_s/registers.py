"""Layouts of the Comm-B registers (BDS codes), as data.

Bits are those of the 56-bit MB field, from 1. The tables are those of ICAO Doc 9871, 2nd edition, appendix A, whose
table for BDS x,y has the number A-2-n with n the register's number in decimal (BDS 6,0 is 0x60 is 96).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from skywitness.messages.mode_s.layout import Field, Layout

__all__ = [
    "COMMON_USAGE",
    "HAZARD_LEVELS",
    "REGISTERS",
    "REGISTER_NAMES",
    "SQUITTER_TYPECODES",
    "bds_text",
]

HAZARD_LEVELS = ("nil", "light", "moderate", "severe")

REGISTER_NAMES: Mapping[int, str] = MappingProxyType(
    {
        0x05: "extended squitter airborne position",
        0x06: "extended squitter surface position",
        0x07: "extended squitter status",
        0x08: "extended squitter identification and category",
        0x09: "extended squitter airborne velocity",
        0x0A: "extended squitter event-driven information",
        0x10: "data link capability report",
        0x17: "common usage GICB capability report",
        0x18: "Mode S specific services GICB capability report 1",
        0x19: "Mode S specific services GICB capability report 2",
        0x20: "aircraft identification",
        0x21: "aircraft and airline registration markings",
        0x30: "ACAS active resolution advisory",
        0x40: "selected vertical intention",
        0x41: "next waypoint identifier",
        0x42: "next waypoint position",
        0x43: "next waypoint information",
        0x44: "meteorological routine air report",
        0x45: "meteorological hazard report",
        0x48: "VHF channel report",
        0x50: "track and turn report",
        0x51: "position report coarse",
        0x52: "position report fine",
        0x53: "air-referenced state vector",
        0x54: "waypoint 1",
        0x55: "waypoint 2",
        0x56: "waypoint 3",
        0x5F: "quasi-static parameter monitoring",
        0x60: "heading and speed report",
        0x61: "extended squitter aircraft status",
        0x62: "target state and status information",
        0x65: "extended squitter aircraft operational status",
        0xF2: "military applications",
    }
)

COMMON_USAGE: tuple[int, ...] = (
    *(0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x20, 0x21, 0x40, 0x41, 0x42, 0x43),
    *(0x44, 0x45, 0x48, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x5F, 0x60),
)
"""The registers that bits 1 to 24 of BDS 1,7 speak of, in order."""

SQUITTER_TYPECODES: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {
        0x05: (0, *range(9, 19), 20, 21, 22),
        0x06: (5, 6, 7, 8),
        0x08: (1, 2, 3, 4),
        0x09: (19,),
        0x61: (28,),
        0x62: (29,),
        0x65: (31,),
    }
)
"""Registers whose 56 bits are those of an extended squitter, with the type codes they may begin with."""


def bds_text(bds: int) -> str:
    """Write a register's number as the standard does: 0x60 is "BDS 6,0"."""
    return f"BDS {bds >> 4:X},{bds & 15:X}"


def _table(bds: int) -> str:
    return f"ICAO Doc 9871, table A-2-{bds}"


def _status(bit: int, of: str, words: str) -> Field:
    return Field(f"{of}_status", bit, bit, "status", doc=f"1 if {words} is given")


def _code(bds: int) -> Field:
    return Field("bds_code", 1, 8, constant=bds, doc=f"the register names itself: {bds_text(bds)}")


def _reserved(first: int, last: int) -> Field:
    return Field("", first, last, "reserved")


def _flag(bit: int, name: str, doc: str, status: int = 0) -> Field:
    return Field(name, bit, bit, "flag", status=status, doc=doc)


def _gicb(bit: int, bds: int) -> Field:
    words = REGISTER_NAMES.get(bds, "")
    return _flag(bit, f"gicb_{bds:02x}", f"{bds_text(bds)}{f', {words},' if words else ''} can be asked for")


def _layout(bds: int, *fields: Field) -> Layout:
    return Layout(bds_text(bds), REGISTER_NAMES[bds], fields, _table(bds))


_DATA_LINK = _layout(
    0x10,
    _code(0x10),
    _flag(9, "continuation", "registers BDS 1,1 and on continue this report"),
    _reserved(10, 14),
    _flag(15, "overlay_capable", "replies may carry the BDS code overlaid on the parity when asked so"),
    _flag(16, "acas_operational", "ACAS is fitted and operating"),
    Field("subnetwork_version", 17, 23, doc="Mode S subnetwork version: 3 Annex 10 amendment 77, 4 and 5 Doc 9871"),
    _flag(24, "enhanced_protocol", "1 transponder of level 5, 0 of levels 2 to 4"),
    _flag(25, "specific_services", "at least one Mode S specific service is supported"),
    Field(
        "uplink_elm",
        26,
        28,
        "enum",
        values=(
            "none",
            "16 segments in 1 s",
            "16 segments in 500 ms",
            "16 segments in 250 ms",
            "16 segments in 125 ms",
            "16 segments in 60 ms",
            "16 segments in 30 ms",
            "not assigned",
        ),
        doc="average throughput of uplink extended-length messages",
    ),
    Field(
        "downlink_elm",
        29,
        32,
        "enum",
        values=(
            "none",
            "one of 4 segments each second",
            "one of 8 segments each second",
            "one of 16 segments each second",
            "one of 16 segments each 500 ms",
            "one of 16 segments each 250 ms",
            "one of 16 segments each 125 ms",
            *("not assigned",) * 9,
        ),
        doc="throughput of downlink extended-length messages",
    ),
    _flag(33, "identification_capable", "BDS 2,0 carries the aircraft identification"),
    _flag(34, "squitter_capable", "registers 0,5 and 0,6 were updated in the last ten seconds or so"),
    _flag(35, "surveillance_identifier_capable", "the transponder understands SI codes"),
    _flag(36, "common_usage_changed", "toggles whenever BDS 1,7 changes"),
    _flag(37, "acas_hybrid_surveillance", "ACAS uses hybrid surveillance"),
    _flag(
        38, "acas_resolution_advisories", "ACAS gives traffic and resolution advisories, not traffic advisories alone"
    ),
    Field(
        "acas_version",
        39,
        40,
        "enum",
        values=("DO-185 (6.04A)", "DO-185A (7.0)", "DO-185B (7.1)", "later, see registers E,5 and E,6"),
        section="ICAO Annex 10 Vol. IV 4.3.8.4.2.2.2",
        doc="standard the ACAS unit follows",
    ),
    Field("dte_status", 41, 56, doc="one bit for each of the data terminals 0 to 15 on board"),
)

_COMMON_USAGE = _layout(
    0x17,
    *(_gicb(bit, bds) for bit, bds in enumerate(COMMON_USAGE, 1)),
    _gicb(25, 0xE1),
    _gicb(26, 0xE2),
    _gicb(27, 0xF1),
    _reserved(28, 56),
)

# Bit 56 of BDS 1,8 speaks of register 0,1, bit 1 of 3,8; BDS 1,9 goes on from 3,9 to 7,0.
_SPECIFIC_1 = _layout(0x18, *(_gicb(bit, 57 - bit) for bit in range(1, 57)))
_SPECIFIC_2 = _layout(0x19, *(_gicb(bit, 113 - bit) for bit in range(1, 57)))

_IDENTIFICATION = _layout(
    0x20, _code(0x20), Field("callsign", 9, 56, "callsign", doc="aircraft identification of the flight plan")
)

_REGISTRATION = _layout(
    0x21,
    _status(1, "registration", "the registration"),
    Field("registration", 2, 43, "characters", status=1, doc="registration marking"),
    _status(44, "airline", "the airline"),
    Field("airline", 45, 56, "characters", status=44, doc="ICAO airline designator, two characters"),
)

_ADVISORY = _layout(
    0x30,
    _code(0x30),
    Field("ara", 9, 22, section="ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.1", doc="active resolution advisories"),
    Field(
        "rac",
        23,
        26,
        section="ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.2",
        doc="complements received: do not pass below, not above, not turn left, not turn right",
    ),
    _flag(27, "ra_terminated", "the advisory has ended (RAT)"),
    _flag(28, "multiple_threats", "more than one threat is being processed (MTE)"),
    Field(
        "threat_type",
        29,
        30,
        "enum",
        values=("none", "address", "altitude, range and bearing", "not assigned"),
        section="ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.5",
        doc="what the threat identity holds (TTI)",
    ),
    Field("threat_identity", 31, 56, section="ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.6", doc="see threat_type (TID)"),
)

_INTENTION = _layout(
    0x40,
    _status(1, "mcp_altitude", "the altitude selected on the panel"),
    Field("mcp_altitude_ft", 2, 13, scale=16, unit="ft", status=1, doc="altitude selected on the MCP or FCU"),
    _status(14, "fms_altitude", "the altitude selected by the FMS"),
    Field("fms_altitude_ft", 15, 26, scale=16, unit="ft", status=14, doc="altitude selected by the flight management"),
    _status(27, "qnh", "the altimeter setting"),
    Field("qnh_hpa", 28, 39, scale=0.1, offset=800, unit="hPa", status=27, doc="barometric pressure setting"),
    _reserved(40, 47),
    _status(48, "mcp_mode", "the autopilot's mode"),
    _flag(49, "vnav", "vertical navigation engaged", 48),
    _flag(50, "altitude_hold", "altitude hold engaged", 48),
    _flag(51, "approach", "approach mode engaged", 48),
    _reserved(52, 53),
    _status(54, "target_altitude_source", "the source of the target altitude"),
    Field(
        "target_altitude_source",
        55,
        56,
        "enum",
        status=54,
        values=("unknown", "aircraft altitude", "MCP or FCU selected altitude", "FMS selected altitude"),
        doc="altitude the aircraft will level at",
    ),
)

_WAYPOINT = _layout(
    0x41,
    _status(1, "waypoint", "the waypoint"),
    Field("waypoint", 2, 55, "characters", status=1, doc="next waypoint of the flight plan, nine characters"),
    _reserved(56, 56),
)

_AIR_REPORT = _layout(
    0x44,
    Field(
        "figure_of_merit",
        1,
        4,
        "enum",
        values=("invalid", "INS", "GNSS", "DME/DME", "VOR/DME", *("reserved",) * 11),
        doc="source of the navigation the wind is computed from",
    ),
    _status(5, "wind", "the wind"),
    Field("wind_speed_kt", 6, 14, unit="kt", status=5, doc="wind speed"),
    Field("wind_direction_deg", 15, 23, scale=180 / 256, unit="deg", status=5, doc="true direction it blows from"),
    # The table gives 0.25 degC as the least significant bit and 64 as the most significant, which do not fit the
    # field's width; aircraft send 0.25: -48.75 degC at 35,300 ft, not -24.4 (published example, decode tests).
    Field("sat_c", 24, 34, "int", scale=0.25, unit="degC", doc="static air temperature"),
    _status(35, "static_pressure", "the pressure"),
    Field("static_pressure_hpa", 36, 46, unit="hPa", status=35, doc="average static pressure"),
    _status(47, "turbulence", "turbulence"),
    Field("turbulence", 48, 49, "enum", values=HAZARD_LEVELS, status=47, doc="turbulence met"),
    _status(50, "humidity", "humidity"),
    Field("humidity_percent", 51, 56, scale=100 / 64, unit="%", status=50, doc="relative humidity"),
)


def _hazard(bit: int, name: str) -> tuple[Field, Field]:
    words = name.replace("_", " ")
    return (
        _status(bit, name, words),
        Field(name, bit + 1, bit + 2, "enum", values=HAZARD_LEVELS, status=bit, doc=f"{words} met"),
    )


_HAZARD_REPORT = _layout(
    0x45,
    *_hazard(1, "turbulence"),
    *_hazard(4, "wind_shear"),
    *_hazard(7, "microburst"),
    *_hazard(10, "icing"),
    *_hazard(13, "wake_vortex"),
    _status(16, "sat", "the temperature"),
    Field("sat_c", 17, 26, "int", scale=0.25, unit="degC", status=16, doc="static air temperature"),
    _status(27, "static_pressure", "the pressure"),
    Field("static_pressure_hpa", 28, 38, unit="hPa", status=27, doc="average static pressure"),
    _status(39, "radio_height", "the radio height"),
    Field("radio_height_ft", 40, 51, scale=16, unit="ft", status=39, doc="height above ground by radio altimeter"),
    _reserved(52, 56),
)

_TRACK_AND_TURN = _layout(
    0x50,
    _status(1, "roll", "the roll angle"),
    Field("roll_deg", 2, 11, "int", scale=45 / 256, unit="deg", status=1, doc="roll angle, right wing down positive"),
    _status(12, "track", "the track"),
    # Sign and magnitude bits of an angle, read together as unsigned, count from 0 to 360 degrees.
    Field("track_deg", 13, 23, scale=90 / 512, unit="deg", status=12, doc="true track over ground"),
    _status(24, "groundspeed", "the ground speed"),
    Field("groundspeed_kt", 25, 34, scale=2, unit="kt", status=24, doc="ground speed"),
    _status(35, "track_rate", "the rate of turn"),
    Field(
        "track_rate_deg_s",
        36,
        45,
        "int",
        scale=8 / 256,
        unit="deg/s",
        status=35,
        doc="turn of the track, right positive",
    ),
    _status(46, "tas", "the true airspeed"),
    Field("tas_kt", 47, 56, scale=2, unit="kt", status=46, doc="true airspeed"),
)

_POSITION_COARSE = _layout(
    0x51,
    _status(1, "position", "the position"),
    Field("lat_deg", 2, 21, "int", scale=360 / (1 << 20), unit="deg", status=1, doc="latitude, north positive"),
    Field("lon_deg", 22, 41, "int", scale=360 / (1 << 20), unit="deg", status=1, doc="longitude, east positive"),
    Field("altitude_ft", 42, 56, "int", scale=8, unit="ft", status=1, doc="pressure altitude"),
)

_POSITION_FINE = _layout(
    0x52,
    _status(1, "position", "the position"),
    Field("position_figure_of_merit", 2, 5, status=1, doc="source and accuracy of the position"),
    Field(
        "lat_fine_deg", 6, 23, scale=90 / (1 << 24), unit="deg", status=1, doc="what BDS 5,1 leaves off the latitude"
    ),
    Field(
        "lon_fine_deg", 24, 41, scale=90 / (1 << 24), unit="deg", status=1, doc="what BDS 5,1 leaves off the longitude"
    ),
    Field("height_ft", 42, 56, "int", scale=8, unit="ft", status=1, doc="pressure altitude or GNSS height"),
)

_AIR_VECTOR = _layout(
    0x53,
    _status(1, "heading", "the heading"),
    Field("heading_deg", 2, 12, scale=90 / 512, unit="deg", status=1, doc="magnetic heading"),
    _status(13, "ias", "the indicated airspeed"),
    Field("ias_kt", 14, 23, unit="kt", status=13, doc="indicated airspeed"),
    _status(24, "mach", "the Mach number"),
    Field("mach", 25, 33, scale=0.008, status=24, doc="Mach number"),
    _status(34, "tas", "the true airspeed"),
    Field("tas_kt", 35, 46, scale=0.5, unit="kt", status=34, doc="true airspeed"),
    _status(47, "vertical_rate", "the altitude rate"),
    Field("vertical_rate_fpm", 48, 56, "int", scale=64, unit="ft/min", status=47, doc="altitude rate, up positive"),
)

_HEADING_AND_SPEED = _layout(
    0x60,
    _status(1, "heading", "the heading"),
    Field("heading_deg", 2, 12, scale=90 / 512, unit="deg", status=1, doc="magnetic heading"),
    _status(13, "ias", "the indicated airspeed"),
    Field("ias_kt", 14, 23, unit="kt", status=13, doc="indicated airspeed"),
    _status(24, "mach", "the Mach number"),
    Field("mach", 25, 34, scale=2.048 / 512, status=24, doc="Mach number"),
    _status(35, "baro_rate", "the barometric altitude rate"),
    Field(
        "baro_rate_fpm", 36, 45, "int", scale=32, unit="ft/min", status=35, doc="rate of pressure altitude, up positive"
    ),
    _status(46, "inertial_rate", "the inertial vertical velocity"),
    Field(
        "inertial_rate_fpm",
        47,
        56,
        "int",
        scale=32,
        unit="ft/min",
        status=46,
        doc="vertical velocity by inertial and barometric means, up positive",
    ),
)

_EMERGENCY = _layout(
    0x61,
    Field("typecode", 1, 5, constant=28, doc="type code"),
    Field("subtype", 6, 8, constant=1, doc="1 emergency and priority status; 2 is an ACAS advisory broadcast"),
    Field(
        "emergency",
        9,
        11,
        "enum",
        values=(
            "none",
            "general emergency",
            "lifeguard or medical",
            "minimum fuel",
            "no communications",
            "unlawful interference",
            "downed aircraft",
            "reserved",
        ),
        doc="emergency or priority state",
    ),
    Field("squawk", 12, 24, "squawk", doc="Mode A code"),
    _reserved(25, 56),
)

_TARGET_STATE = _layout(
    0x62,
    Field("typecode", 1, 5, constant=29, doc="type code"),
    Field("subtype", 6, 7, constant=1, doc="1 target state and status of version 2"),
    _flag(8, "sil_per_sample", "1 the integrity level is a probability per sample, 0 per hour"),
    Field("selected_altitude_type", 9, 9, "enum", values=("MCP or FCU", "FMS"), doc="who selected the altitude"),
    Field("selected_altitude_ft", 10, 20, scale=32, offset=-32, unit="ft", missing=0, doc="selected altitude"),
    Field("qnh_hpa", 21, 29, scale=0.8, offset=799.2, unit="hPa", missing=0, doc="barometric pressure setting"),
    _status(30, "selected_heading", "the selected heading"),
    Field("selected_heading_deg", 31, 39, scale=180 / 256, unit="deg", status=30, doc="selected heading"),
    Field("nac_p", 40, 43, doc="navigation accuracy category for position"),
    Field("nic_baro", 44, 44, doc="1 the pressure altitude is cross-checked"),
    Field("sil", 45, 46, doc="source integrity level"),
    _status(47, "mcp_mode", "the autopilot's mode"),
    _flag(48, "autopilot", "autopilot engaged", 47),
    _flag(49, "vnav", "vertical navigation engaged", 47),
    _flag(50, "altitude_hold", "altitude hold engaged", 47),
    _reserved(51, 51),
    _flag(52, "approach", "approach mode engaged", 47),
    _flag(53, "tcas_operational", "ACAS is fitted and operating"),
    _flag(54, "lnav", "lateral navigation engaged", 47),
    _reserved(55, 56),
)

_MILITARY = _layout(
    0xF2,
    Field("typecode", 1, 5, constant=1, doc="type code 1 of application field AF = 2"),
    _flag(6, "mode_1_extended", "the Mode 1 code has four octal digits, not two"),
    Field("mode_1", 7, 19, "squawk", doc="Mode 1 code"),
    Field("mode_2", 20, 32, "squawk", doc="Mode 2 code"),
    Field("squawk", 33, 45, "squawk", doc="Mode A code"),
    _reserved(46, 56),
)


def _registers() -> Iterator[tuple[int, Layout]]:
    yield 0x10, _DATA_LINK
    yield 0x17, _COMMON_USAGE
    yield 0x18, _SPECIFIC_1
    yield 0x19, _SPECIFIC_2
    yield 0x20, _IDENTIFICATION
    yield 0x21, _REGISTRATION
    yield 0x30, _ADVISORY
    yield 0x40, _INTENTION
    yield 0x41, _WAYPOINT
    yield 0x44, _AIR_REPORT
    yield 0x45, _HAZARD_REPORT
    yield 0x50, _TRACK_AND_TURN
    yield 0x51, _POSITION_COARSE
    yield 0x52, _POSITION_FINE
    yield 0x53, _AIR_VECTOR
    yield 0x60, _HEADING_AND_SPEED
    yield 0x61, _EMERGENCY
    yield 0x62, _TARGET_STATE
    yield 0xF2, _MILITARY


REGISTERS: dict[int, Layout] = dict(_registers())
"""Layout of each register's 56 bits by its number; for those of SQUITTER_TYPECODES see the extended squitters."""
