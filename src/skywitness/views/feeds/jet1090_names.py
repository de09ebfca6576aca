"""jet1090's names and words for what a message says: which of our columns each is, by kind of message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skywitness.messages.mode_s.registers import COMMON_USAGE

__all__ = ["KINDS", "REGISTER_KINDS", "Name", "kind_of_squitter"]

CATEGORIES = {
    "A": ("n/a", "<7000kg", "<34,000kg", "<136,000kg", "High vortex", "Heavy", "High performance", "Rotorcraft"),
    "B": ("n/a", "Glider", "Lighter than air", "Parachutist", "Ultralight", "Reserved", "UAV", "Space"),
    "C": (
        "n/a", "Surface emergency vehicle", "Surface service vehicle", "Obstruction", "Obstruction", "Obstruction",
        "Reserved", "Reserved",
    ),
    "D": ("Reserved",) * 8,
}  # fmt: skip
WAKE_VORTEX = {f"{letter}{code}": word for letter, words in CATEGORIES.items() for code, word in enumerate(words)}
CAPABILITY = {
    "level 1 transponder": "level1",
    "reserved": "AG_RESERVED",
    "level 2 or more, on the ground": "ground",
    "level 2 or more, airborne": "airborne",
    "level 2 or more": "ground/airborne",
    "level 2 or more, with a downlink request, an alert or SPI": "AG_DR0",
}
CONTROL = {
    "ADS-B of a non-transponder device, ICAO address": "ADSB_ES_NT",
    "ADS-B of a non-transponder device, anonymous, ground vehicle or obstacle address": "ADSB_ES_NT_ALT",
    "TIS-B, fine format": "TISB_FINE",
    "TIS-B, coarse format": "TISB_COARSE",
    "TIS-B and ADS-R management": "TISB_MANAGE",
    "TIS-B relay of ADS-B with an anonymous address": "TISB_ADSB_RELAY",
    "ADS-B rebroadcast (ADS-R)": "TISB_ADSB",
    "reserved": "Reserved",
}
EMERGENCY = {
    "none": "none",
    "general emergency": "general",
    "lifeguard or medical": "medical",
    "minimum fuel": "minimum_fuel",
    "no communications": "no_communication",
    "unlawful interference": "unlawful_interference",
    "downed aircraft": "downed_aircraft",
    "reserved": "reserved",
}
SELECTED_BY = {"MCP or FCU": "MCP/FCU", "FMS": "FMS"}
TARGET_SOURCE = {
    "aircraft altitude": "AircraftAltitude",
    "MCP or FCU selected altitude": "FcpMcuSelectedAltitude",
    "FMS selected altitude": "FmsSelectedAltitude",
}


@dataclass(frozen=True, slots=True)
class Name:
    """One key.

    column   ours; empty for a constant, `gicb 3` for bit 4 of the capability report
    words    ours to theirs; a word that is not among them leaves the key out
    form     "": the value or word as it is; "parity": 0 even, 1 odd; "bit": 0 or 1 for a boolean; "flag": a boolean for
             0 or 1; "number": a word that stands for a number
    text     the constant
    """

    name: str
    column: str
    words: Mapping[str, str] | None = None
    form: str = ""
    text: str = ""


def _constant(name: str, text: str) -> Name:
    return Name(name, "", text=text)


_PLACE = (
    Name("parity", "cpr_odd", form="parity"),
    Name("lat_cpr", "cpr_lat"),
    Name("lon_cpr", "cpr_lon"),
    Name("latitude", "latitude"),
    Name("longitude", "longitude"),
)
_NIC_B = Name("NICb", "nic_supplement_b", form="bit")
_SYNCHRONISED = Name("time_sync", "utc_synchronised")

KINDS: Mapping[str, tuple[Name, ...]] = {
    "05": (
        _constant("bds", "05"), Name("tc", "typecode"), Name("NUCp", "nuc_p"), _NIC_B,
        Name("altitude", "altitude_ft"), _constant("source", "barometric"), _SYNCHRONISED, *_PLACE,
    ),
    "05 GNSS": (
        _constant("bds", "05"), Name("tc", "typecode"), Name("NUCp", "nuc_p"), _NIC_B,
        Name("altitude", "altitude_geom_ft"), _constant("source", "GNSS"), _SYNCHRONISED, *_PLACE,
    ),
    "06": (
        _constant("bds", "06"), Name("tc", "typecode"), Name("NUCp", "nuc_p"), Name("groundspeed", "groundspeed_kt"),
        Name("track", "track_deg"), *_PLACE,
    ),
    "08": (
        _constant("bds", "08"), Name("tc", "typecode"), Name("wake_vortex", "category", WAKE_VORTEX),
        Name("callsign", "callsign"),
    ),
    "09": (
        _constant("bds", "09"), Name("NACv", "nac_v"), Name("groundspeed", "groundspeed_kt"),
        Name("track", "track_deg"), Name("heading", "heading_deg"), Name("IAS", "ias_kt"), Name("TAS", "tas_kt"),
        Name("vrate_src", "vertical_rate_source"), Name("vertical_rate", "vertical_rate_fpm"),
        Name("geo_minus_baro", "geo_minus_baro_ft"),
    ),
    "61": (
        _constant("bds", "61"), _constant("subtype", "emergency_priority"),
        Name("emergency_state", "emergency", EMERGENCY), Name("squawk", "squawk"),
    ),
    "62": (
        _constant("bds", "62"), Name("source", "selected_altitude_type", SELECTED_BY),
        Name("selected_altitude", "selected_altitude_ft"), Name("barometric_setting", "qnh_hpa"),
        Name("selected_heading", "selected_heading_deg"), Name("NACp", "nac_p"),
        Name("nic_baro", "nic_baro", form="flag"), Name("autopilot", "autopilot"), Name("vnav_mode", "vnav"),
        Name("alt_hold", "altitude_hold"), Name("approach_mode", "approach"),
        Name("tcas_operational", "tcas_operational"), Name("lnav_mode", "lnav"),
    ),
    "65": (
        _constant("bds", "65"), Name("version", "adsb_version"), Name("NICa", "nic_supplement_a", form="bit"),
        Name("NACp", "nac_p"), Name("BAQ", "baq"), Name("GVA", "gva"), Name("SIL", "sil"),
        Name("BAI", "nic_baro", form="bit"),
        Name("HRD", "heading_reference", {"true north": "0", "magnetic north": "1"}, "number"),
        Name("SILs", "sil_basis", {"per hour": "0", "per sample": "1"}, "number"),
    ),
    "altitude": (Name("altitude", "altitude_ft"),),
    "coordination": (
        Name("sl", "sensitivity_level"), Name("altitude", "altitude_ft"),
    ),
    "squawk": (Name("squawk", "squawk"),),
    "capability": (Name("capability", "capability", CAPABILITY),),
    "relay": (Name("tisb", "control", CONTROL),),
    "other": (),
}  # fmt: skip
"""Keys of a line behind `icao24`, in their order: of squitters by register, of other formats by what they carry."""

REGISTER_KINDS: Mapping[str, tuple[Name, ...]] = {
    "17": tuple(Name(f"bds{bds:02x}", f"gicb {bit}") for bit, bds in enumerate(COMMON_USAGE)),
    "20": (Name("callsign", "callsign"),),
    "21": (Name("registration", "registration"), Name("airline", "airline")),
    "30": (
        Name("terminated", "ra_terminated"), Name("multiple", "multiple_threats"),
        Name("threat_identity", "threat_icao24"),
    ),
    "40": (
        Name("selected_mcp", "mcp_altitude_ft"), Name("selected_fms", "fms_altitude_ft"),
        Name("barometric_setting", "qnh_hpa"), Name("target_source", "target_altitude_source", TARGET_SOURCE),
    ),
    "44": (
        Name("figure_of_merit", "figure_of_merit"), Name("wind_speed", "wind_speed_kt"),
        Name("wind_direction", "wind_direction_deg"), Name("temperature", "sat_c"),
        Name("pressure", "static_pressure_hpa"), Name("turbulence", "turbulence"),
        Name("humidity", "humidity_percent"),
    ),
    "45": (
        Name("turbulence", "turbulence"), Name("wind_shear", "wind_shear"), Name("microburst", "microburst"),
        Name("icing", "icing"), Name("wake_vortex", "wake_vortex"), Name("static_temperature", "sat_c"),
        Name("static_pressure", "static_pressure_hpa"), Name("radio_height", "radio_height_ft"),
    ),
    "50": (
        Name("roll", "roll_deg"), Name("track", "track_deg"), Name("groundspeed", "groundspeed_kt"),
        Name("track_rate", "track_rate_deg_s"), Name("TAS", "tas_kt"),
    ),
    "60": (
        Name("heading", "heading_deg"), Name("IAS", "ias_kt"), Name("Mach", "mach"),
        Name("vrate_barometric", "baro_rate_fpm"), Name("vrate_inertial", "inertial_rate_fpm"),
    ),
}  # fmt: skip
"""Keys of the object of each Comm-B register, `"bds50":{"bds":"50",...}`."""


def kind_of_squitter(typecode: int) -> str:
    """Say which of KINDS an extended squitter is."""
    if 9 <= typecode <= 18:
        return "05"
    if 20 <= typecode <= 22:
        return "05 GNSS"
    if 5 <= typecode <= 8:
        return "06"
    if 1 <= typecode <= 4:
        return "08"
    return {19: "09", 28: "61", 29: "62", 31: "65"}.get(typecode, "other")
