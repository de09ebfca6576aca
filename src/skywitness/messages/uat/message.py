"""What one UAT downlink says: its elements as typed objects, every field with its unit in its name.

None is "no information". Sections are those of RTCA DO-282B, MOPS for UAT; ICAO Doc 9861 defines the same elements.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ADDRESS_QUALIFIERS",
    "AIR_GROUND_STATES",
    "EMERGENCIES",
    "EMITTER_CATEGORIES",
    "AuxiliaryState",
    "ModeStatus",
    "StateVector",
    "TargetState",
    "UatMessage",
]

ADDRESS_QUALIFIERS = (
    "adsb_icao",
    "adsb_self_assigned",
    "tisb_icao",
    "tisb_track_file",
    "surface_vehicle",
    "fixed_beacon",
    "adsr_other",
    "reserved",
)
"""Whose address it is and who sent it (2.2.4.5.1.2)."""

AIR_GROUND_STATES = ("airborne_subsonic", "airborne_supersonic", "on_ground", "reserved")
"""2.2.4.5.2.5"""

EMERGENCIES = ("none", "general", "lifeguard", "minfuel", "nordo", "unlawful", "downed", "reserved")
"""2.2.4.5.4.3, in the words of the 1090 MHz side."""

EMITTER_CATEGORIES = (
    "no information",
    "light, below 7,000 kg",
    "small, 7,000 to 34,000 kg",
    "large, 34,000 to 136,000 kg",
    "high vortex large",
    "heavy, above 136,000 kg",
    "highly manoeuvrable",
    "rotorcraft",
    "unassigned",
    "glider or sailplane",
    "lighter than air",
    "parachutist or sky diver",
    "ultralight, hang glider or paraglider",
    "unassigned",
    "unmanned aerial vehicle",
    "space or trans-atmospheric vehicle",
    "unassigned",
    "surface vehicle, emergency",
    "surface vehicle, service",
    "point obstacle",
    "cluster obstacle",
    "line obstacle",
)
"""2.2.4.5.4.1; higher numbers are reserved."""


@dataclass(frozen=True, slots=True)
class StateVector:
    """Where it is and how it moves (2.2.4.5.2; of TIS-B and ADS-R, 2.2.4.5.3)."""

    lat_deg: float | None
    lon_deg: float | None
    nic: int
    altitude_ft: int | None
    altitude_geom_ft: int | None
    air_ground: str
    north_kt: int | None = None
    east_kt: int | None = None
    groundspeed_kt: float | None = None
    track_deg: float | None = None
    """True track over ground; of a vehicle or aircraft on the ground only if that is what it sends."""
    heading_deg: float | None = None
    heading_reference: str | None = None
    """`magnetic` or `true`"""
    vertical_rate_fpm: int | None = None
    vertical_rate_source: str | None = None
    """`geometric` or `barometric`"""
    length_m: float | None = None
    """Upper bound, on the ground only."""
    width_m: float | None = None
    position_offset_applied: bool | None = None
    """The position is that of the fixed point of the airframe, not of the antenna."""
    utc_coupled: bool | None = None
    uplink_feedback: int | None = None
    """How many ground uplinks were received lately, as a code 0..7."""
    tisb_site_id: int | None = None

    @property
    def is_on_ground(self) -> bool | None:
        """By its own report; None if the state is reserved."""
        return None if self.air_ground == "reserved" else self.air_ground == "on_ground"


@dataclass(frozen=True, slots=True)
class ModeStatus:
    """Who it is and how well it knows where it is (2.2.4.5.4)."""

    emitter_category: int
    category: str | None
    """The same as a letter and a digit, A0 to C5."""
    callsign: str | None
    squawk: str | None
    """Mode A code as four octal digits; callsign and squawk take turns in the same field."""
    emergency: str
    version: int
    """0 DO-282, 1 DO-282A, 2 DO-282B"""
    sil: int
    transmit_mso: int
    """Six low bits of the slot it was sent in."""
    sda: int | None
    nac_p: int
    nac_v: int
    nic_baro: int
    uat_in: bool | None
    es_in: bool | None
    cdti: bool | None
    """Traffic display fitted; version 0 and 1."""
    acas_operational: bool
    ra_active: bool
    ident_active: bool
    receiving_atc: bool
    track_is_magnetic_heading: bool | None
    """Version 0 and 1: what target track angles are; 2 sends true headings only in the state vector."""
    sil_per_sample: bool | None
    gva: int | None
    single_antenna: bool | None
    nic_supplement: int | None


@dataclass(frozen=True, slots=True)
class TargetState:
    """What the flight deck has selected (2.2.4.5.6, DO-282B)."""

    selected_altitude_ft: int | None
    selected_altitude_source: str | None
    """`mcp` (control panel) or `fms`"""
    qnh_hpa: float | None
    selected_heading_deg: float | None
    autopilot: bool | None
    vnav: bool | None
    altitude_hold: bool | None
    approach: bool | None
    lnav: bool | None


@dataclass(frozen=True, slots=True)
class AuxiliaryState:
    """The altitude that the state vector does not carry (2.2.4.5.5)."""

    altitude_ft: int | None
    altitude_geom_ft: int | None


@dataclass(frozen=True, slots=True)
class UatMessage:
    """One downlink; elements that its payload type does not have are None."""

    payload_type: int
    address_qualifier: str
    icao24: str
    """Six lower-case hexadecimal digits; not an ICAO address unless the qualifier says so."""
    state: StateVector | None = None
    mode: ModeStatus | None = None
    target: TargetState | None = None
    auxiliary: AuxiliaryState | None = None

    @property
    def altitude_ft(self) -> int | None:
        """Pressure altitude, whichever element carries it."""
        return self._altitude("altitude_ft")

    @property
    def altitude_geom_ft(self) -> int | None:
        """Height above the WGS-84 ellipsoid, whichever element carries it."""
        return self._altitude("altitude_geom_ft")

    def _altitude(self, name: str) -> int | None:
        first: int | None = getattr(self.state, name, None)
        second: int | None = getattr(self.auxiliary, name, None)
        return second if first is None else first
