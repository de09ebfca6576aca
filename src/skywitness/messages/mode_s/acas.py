"""Collision avoidance: the resolution advisory of an aircraft, in the words its crew heard.

The same 48 bits, 9 to 56, travel in register BDS 3,0, in the extended squitter's broadcast (type code 28, subtype 2)
and, without the threat's identity, in the coordination reply (DF 16).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from skywitness.kernel import plain
from skywitness.messages.mode_s.altitude import gillham_ft
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.registers import REGISTERS

__all__ = [
    "COORDINATION_REPLY",
    "CROSSLINK",
    "RA_BROADCAST",
    "REPLY_INFORMATION",
    "SENSITIVITY_LEVELS",
    "VERTICAL_STATUS",
    "Advisory",
    "Threat",
    "advisory_text",
    "complement_text",
    "read_advisory",
]

VERTICAL_STATUS = ("airborne", "on the ground")
"""Field VS of DF 0 and 16, ICAO Annex 10 Vol. IV 3.1.2.8.2.1."""

CROSSLINK = ("cannot send a register in a DF 16 reply", "can send a register in a DF 16 reply")
"""Field CC of DF 0, ICAO Annex 10 Vol. IV 3.1.2.8.2.3."""

SENSITIVITY_LEVELS = ("ACAS inoperative", *(f"ACAS at sensitivity level {level}" for level in range(1, 8)))
"""Field SL of DF 0 and 16, ICAO Annex 10 Vol. IV 4.3.8.4.2.5."""

REPLY_INFORMATION = (
    "no operating ACAS",
    "reserved for ACAS",
    "ACAS with resolution capability inhibited",
    "ACAS with vertical-only resolution capability",
    "ACAS with vertical and horizontal resolution capability",
    "reserved for ACAS",
    "reserved for ACAS",
    "reserved for ACAS",
    "no maximum airspeed available",
    "maximum airspeed at most 75 kt",
    "maximum airspeed 75 to 150 kt",
    "maximum airspeed 150 to 300 kt",
    "maximum airspeed 300 to 600 kt",
    "maximum airspeed 600 to 1,200 kt",
    "maximum airspeed above 1,200 kt",
    "not assigned",
)
"""Field RI of DF 0 and 16, ICAO Annex 10 Vol. IV 3.1.2.8.2.2 and 4.3.8.4.1.2."""

_ADVISORY = REGISTERS[0x30].fields[1:]

RA_BROADCAST = Layout(
    "TC 28/2",
    "ACAS resolution advisory broadcast",
    (
        Field("typecode", 1, 5, constant=28, doc="type code"),
        Field("subtype", 6, 8, constant=2, doc="2 ACAS advisory broadcast; 1 is emergency and priority status"),
        *_ADVISORY,
    ),
    "ICAO Doc 9871, table B-2-97b",
)
"""The ME field of an extended squitter of type code 28, subtype 2."""

COORDINATION_REPLY = Layout(
    "DF 16 MV",
    "ACAS coordination reply",
    (
        Field("vds", 1, 8, constant=0x30, doc="what the field holds: 3,0 an advisory"),
        *(field for field in _ADVISORY if field.last <= 28),
        Field("", 29, 56, "reserved"),
    ),
    "ICAO Annex 10 Vol. IV 4.3.8.4.2.4",
)
"""The MV field, bits 33-88, of a DF 16 reply."""

COMPLEMENTS = ("do not pass below", "do not pass above", "do not turn left", "do not turn right")


@dataclass(frozen=True, slots=True)
class Threat:
    """Whom the advisory is about: an address, or where it was seen from the aircraft."""

    icao: int | None = None
    altitude_ft: float = math.nan
    """Pressure altitude of the threat's last Mode C report."""
    range_nmi: float = math.nan
    """To 0.05 nautical miles; 0 is below 0.05, and 12.55 means that or more."""
    bearing_deg: float = math.nan
    """Relative to the aircraft's heading, middle of a sector of 6 degrees."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """A resolution advisory as sent."""

    ara: int
    """14 bits, active resolution advisories; the first of them is the most significant."""
    rac: int
    """4 bits, complements received from the other aircraft."""
    is_terminated: bool
    """The advisory has ended; it is sent for 18 seconds more (RAT)."""
    has_multiple_threats: bool
    threat_type: int
    """0 no identity, 1 address, 2 altitude, range and bearing, 3 not assigned (TTI)."""
    threat: Threat
    text: str
    """What the crew was told, and what it meant."""
    complement: str
    """What the other aircraft asked not to be done, in words; empty if nothing."""

    @property
    def is_active(self) -> bool:
        """Whether there is an advisory now."""
        return not self.is_terminated and (self.ara >> 13 == 1 or self.has_multiple_threats)


def read_advisory(message: int, *, acas_version: str = "7.1") -> Advisory:
    """Read the advisory in an MB field of BDS 3,0, an MV field of DF 16 or an ME field of type code 28, subtype 2.

    `message` is the field's 56 bits. `acas_version` is "7.0" or "7.1": the two say a weakening advisory differently;
    the aircraft tells its own in BDS 1,0 (`acas_version`). DF 16 has no threat identity: its bits 29-56 are zero.
    """
    ara = message >> 34 & 0x3FFF
    rac = message >> 30 & 0xF
    terminated = bool(message >> 29 & 1)
    multiple = bool(message >> 28 & 1)
    threat_type = message >> 26 & 3
    return Advisory(
        ara,
        rac,
        terminated,
        multiple,
        threat_type,
        _threat(threat_type, message & 0x3FFFFFF),
        advisory_text(ara, multiple, terminated, acas_version=acas_version),
        complement_text(rac),
    )


def advisory_text(ara: int, multiple_threats: bool, terminated: bool, *, acas_version: str = "7.1") -> str:
    """Say an advisory in words: the announcement in the cockpit, then its meaning bit by bit.

    ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.1 (bits) and RTCA DO-185A (7.0) and DO-185B (7.1) (announcements).
    """
    if terminated:
        return "clear of conflict"
    bit = [ara >> (13 - k) & 1 for k in range(14)]
    if bit[0]:
        return _single_text(bit, multiple_threats, acas_version)
    if multiple_threats:
        return _multiple_text(bit, acas_version)
    return "no advisory"


def complement_text(rac: int) -> str:
    """Say resolution advisory complements in words, ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.2."""
    return ", ".join(words for k, words in enumerate(COMPLEMENTS) if rac >> (3 - k) & 1)


def _weakening(acas_version: str) -> str:
    # Version 7.1 replaced the announcement, which crews had followed the wrong way, by one without a number.
    return "adjust vertical speed, adjust" if acas_version == "7.0" else "level off, level off"


def _single_text(bit: list[int], multiple_threats: bool, acas_version: str) -> str:
    _, corrective, down, increased, reversal, crossing, positive, *_ = bit
    verb, noun = ("descend", "descent") if down else ("climb", "climb")
    if not positive:
        call = _weakening(acas_version) if corrective else "monitor vertical speed"
        limit = "do not climb" if down else "do not descend"
        if corrective and acas_version == "7.0":
            limit = "limit the climb" if down else "limit the descent"
    else:
        limit = ""
        if not corrective:
            call = f"maintain vertical speed, {'crossing ' if crossing else ''}maintain"
        elif increased:
            call = f"increase {noun}, increase {noun}"
        elif reversal:
            call = f"{verb}, {verb} now"
        elif crossing:
            call = f"{verb}, crossing {verb}"
        else:
            call = f"{verb}, {verb}"
    parts = [
        limit,
        "corrective" if corrective else "preventive",
        "downward sense" if down else "upward sense",
        "increased rate" * increased,
        "sense reversal" * reversal,
        "altitude crossing" * crossing,
        "several threats, all to be passed alike" * multiple_threats,
    ]
    return f"{call} ({', '.join(part for part in parts if part)})"


def _multiple_text(bit: list[int], acas_version: str) -> str:
    _, upward, climb, downward, descend, crossing, reversal, *_ = bit
    if climb and not descend:
        call = "climb, climb"
    elif descend and not climb:
        call = "descend, descend"
    elif upward or downward or climb:
        call = _weakening(acas_version)
    else:
        call = "monitor vertical speed"
    parts = [
        "several threats, above and below",
        "correction upward" * upward,
        "positive climb" * climb,
        "correction downward" * downward,
        "positive descent" * descend,
        "altitude crossing" * crossing,
        "sense reversal" * reversal,
    ]
    return f"{call} ({', '.join(part for part in parts if part)})"


def _threat(threat_type: int, identity: int) -> Threat:
    """Read the 26 bits of the threat's identity, ICAO Annex 10 Vol. IV 4.3.8.4.2.2.1.6."""
    if threat_type == 1:
        return Threat(icao=identity >> 2)
    if threat_type != 2:
        return Threat()
    altitude, distance, bearing = identity >> 13, identity >> 6 & 0x7F, identity & 0x3F
    return Threat(
        altitude_ft=float(plain(gillham_ft)(altitude)) if altitude else math.nan,
        range_nmi=math.nan if distance == 0 else 12.55 if distance == 127 else round((distance - 1) / 10, 1),
        bearing_deg=6.0 * bearing - 3.0 if 1 <= bearing <= 60 else math.nan,
    )
