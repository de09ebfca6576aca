"""What speaks for and against a Comm-B reply being a given register.

Evidence is an integer: points in the low eight bits, above them one flag for each kind of evidence (EVIDENCE tells
them in words); -1 if the reply cannot be that register. A register is out if a reserved bit is set, if a field that
its status bit calls empty is not zero, or if a value is impossible; agreement with anything independent adds points.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from skywitness.batches import I64
from skywitness.kernel import scalar
from skywitness.messages.mode_s.atmosphere import implied_pressure_ratio, pressure_ratio, standard_temperature_c
from skywitness.messages.mode_s.registers import REGISTERS

__all__ = ["EVIDENCE", "ORDER", "POINTS", "weigh", "weigh_heading", "weigh_intention", "weigh_rare", "weigh_turn"]

POINTS = 0xFF

ORDER = np.array([0x40, 0x50, 0x60, 0x17, 0x18, 0x19, 0x21, 0x44, 0x45, 0x51, 0x53, 0x05, 0x10, 0x20, 0x30], np.int64)
"""The registers that are weighed, the frequent ones first; a register's place here is what the scalars take."""

# Points, and the flag that says why (its text is in EVIDENCE).
NAMES_ITSELF = 1 << 8 | 12
RESERVED_ZERO = 1 << 9 | 2
ROUND_ALTITUDE = 1 << 10 | 2
ROUND_ALTITUDE_2 = 1 << 11 | 2
PRESSURE_SETTING = 1 << 12 | 2
USUAL_FIELDS = 1 << 13 | 1
SPEEDS_AGREE = 1 << 14 | 2
TURN_AGREES = 1 << 15 | 2
GROUNDSPEED_KNOWN = 1 << 16 | 5
TRACK_KNOWN = 1 << 17 | 3
MACH_AT_ALTITUDE = 1 << 18 | 6
MACH_POSSIBLE = 1 << 19 | 1
RATES_AGREE = 1 << 20 | 2
RATE_KNOWN = 1 << 21 | 2
HEADING_KNOWN = 1 << 22 | 1
TEMPERATURE_AT_ALTITUDE = 1 << 23 | 2
PRESSURE_AT_ALTITUDE = 1 << 24 | 3
SAME_ALTITUDE = 1 << 25 | 4
SAME_HEIGHT = 1 << 25 | 1
SAME_POSITION = 1 << 26 | 5
TEXT = 1 << 27 | 1
CAPABILITIES = 1 << 28 | 6
ODD_CAPABILITIES = 1
EMPTY_FIELD = 1 << 31 | 2
AIRLINE = 1 << 30 | 2

EVIDENCE: Mapping[int, str] = MappingProxyType(
    {
        NAMES_ITSELF: "the first eight bits are the register's own number and the rest fits",
        RESERVED_ZERO: "all reserved bits are zero",
        ROUND_ALTITUDE: "the selected altitude is a whole number of hundreds of feet",
        ROUND_ALTITUDE_2: "the flight management's altitude is a whole number of hundreds of feet",
        PRESSURE_SETTING: "the altimeter setting is a usual one",
        USUAL_FIELDS: "its usual fields are all there",
        SPEEDS_AGREE: "true airspeed and ground speed differ by no more than a wind",
        TURN_AGREES: "roll angle, speed and rate of turn fit a coordinated turn",
        GROUNDSPEED_KNOWN: "the ground speed is the one the aircraft reports by other means",
        TRACK_KNOWN: "the track is the one the aircraft reports by other means",
        MACH_AT_ALTITUDE: "indicated airspeed and Mach number fit the pressure at this altitude",
        MACH_POSSIBLE: "indicated airspeed and Mach number fit some altitude",
        RATES_AGREE: "barometric and inertial vertical rate agree",
        RATE_KNOWN: "the vertical rate is the one the aircraft reports by other means",
        HEADING_KNOWN: "the heading is near the aircraft's track",
        TEMPERATURE_AT_ALTITUDE: "the temperature is usual at this altitude",
        PRESSURE_AT_ALTITUDE: "the static pressure is that of this altitude",
        SAME_ALTITUDE: "it repeats the altitude of the aircraft",
        SAME_POSITION: "it repeats the position of the aircraft",
        TEXT: "all characters are letters, digits or spaces",
        AIRLINE: "it names an airline as well",
        CAPABILITIES: "it lists the registers that go together",
        EMPTY_FIELD: "a field that its status bit calls empty is all zeros",
    }
)


def _mask(first: int, last: int) -> int:
    """Bits first..last of the MB field."""
    return ((1 << (last - first + 1)) - 1) << (56 - last)


# Registers that Doc 9871 defines, of those that BDS 1,8 (0,1 to 3,8) and 1,9 (3,9 to 7,0) can list.
_DEFINED = {
    *(0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0F, *range(0x10, 0x23), 0x25, 0x30),
    *(0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x48, *range(0x50, 0x57), 0x5F, *range(0x60, 0x66)),
}


PAIRS = 8  # at most so many status bits in a register


def _structure() -> tuple[I64, I64, I64]:
    """From the layouts, by place in ORDER: bits that may be set at any time; bits that may with each status bit."""
    free = np.full(len(ORDER), _mask(1, 56), np.int64)
    shift = np.zeros((len(ORDER), PAIRS), np.int64)
    behind = np.zeros((len(ORDER), PAIRS), np.int64)
    for place, bds in enumerate(ORDER.tolist()):
        fields: dict[int, int] = {}
        for field in REGISTERS[bds].fields if bds in REGISTERS else ():
            bits = _mask(field.first, field.last)
            if field.kind == "reserved" or (bds in (0x18, 0x19) and int(field.name[-2:], 16) not in _DEFINED):
                free[place] &= ~bits
            if field.status:
                fields[field.status] = fields.get(field.status, 0) | bits
                free[place] &= ~bits
        for k, (bit, bits) in enumerate(fields.items()):
            shift[place, k], behind[place, k] = 56 - bit, bits
    return free, shift, behind


FREE, STATUS_SHIFT, BEHIND_STATUS = _structure()
SQUITTERS_17 = _mask(1, 2) | _mask(4, 5)  # 0,5 0,6 0,8 0,9
SIX_SPACES = 0x820820820000  # fills two characters up to eight
RESERVED_30 = _mask(16, 22)  # of the resolution advisory, kept for horizontal ones that were never made
TOGETHER_18 = _mask(25, 25) | _mask(34, 34) | _mask(41, 41)  # 2,0 1,7 1,0


# The same for the frequent registers, field by field: a loop over their pairs takes longer than everything else.
FREE_40, FREE_50, FREE_60 = FREE[:3].tolist()
MCP_40, FMS_40, QNH_40, MODE_40, TARGET_40 = BEHIND_STATUS[0, :5].tolist()
ROLL_50, TRACK_50, SPEED_50, RATE_50, TAS_50 = BEHIND_STATUS[1, :5].tolist()
HEADING_60, IAS_60, MACH_60, BARO_60, INERTIAL_60 = BEHIND_STATUS[2, :5].tolist()


@scalar
def fits(mb, place):
    """Say whether reserved bits and fields with status 0 are zero, for the register at this place of ORDER."""
    allowed = FREE[place]
    for k in range(PAIRS):
        allowed |= -(mb >> STATUS_SHIFT[place, k] & 1) & BEHIND_STATUS[place, k]
    return mb & ~allowed == 0


@scalar
def angle_between(a_deg, b_deg):
    """Smaller angle between two directions of 0..360, [0, 180]; NaN if one is NaN."""
    difference = abs(a_deg - b_deg)
    return 360.0 - difference if difference > 180.0 else difference


@scalar
def weigh_intention(mb):
    """Evidence for BDS 4,0, selected vertical intention."""
    has_mcp = mb >> 55 & 1
    has_fms = mb >> 42 & 1
    has_qnh = mb >> 29 & 1
    fields = -has_mcp & MCP_40 | -has_fms & FMS_40 | -has_qnh & QNH_40
    if mb & ~(FREE_40 | fields | -(mb >> 8 & 1) & MODE_40 | -(mb >> 2 & 1) & TARGET_40):
        return -1
    mcp = mb >> 43 & 0xFFF
    fms = mb >> 30 & 0xFFF
    qnh = mb >> 17 & 0xFFF
    if has_mcp + has_fms + has_qnh == 0 or mcp > 3125 or fms > 3125:  # none of the three, or above 50,000 ft
        return -1
    found = RESERVED_ZERO
    # Selected altitudes are whole hundreds of feet, sent to the nearest 16.
    if has_mcp and (mcp * 16 + 8) % 100 <= 16:
        found += ROUND_ALTITUDE
    if has_fms and (fms * 16 + 8) % 100 <= 16:
        found += ROUND_ALTITUDE_2
    if has_qnh:
        if qnh < 500 or qnh > 3000:  # 850 and 1,100 hPa
            return -1
        if 1500 <= qnh <= 2500:
            found += PRESSURE_SETTING
    return found


@scalar
def weigh_turn(mb, groundspeed_kt, track_deg):
    """Evidence for BDS 5,0, track and turn report."""
    has_roll = mb >> 55 & 1
    has_track = mb >> 44 & 1
    has_speed = mb >> 32 & 1
    has_rate = mb >> 21 & 1
    has_tas = mb >> 10 & 1
    fields = -has_roll & ROLL_50 | -has_track & TRACK_50 | -has_speed & SPEED_50 | -has_rate & RATE_50
    if mb & ~(FREE_50 | fields | -has_tas & TAS_50):
        return -1
    # Two's complement of n bits: (x ^ 2^(n-1)) - 2^(n-1).
    roll = ((mb >> 45 & 0x3FF) ^ 0x200) - 0x200
    speed = mb >> 22 & 0x3FF
    rate = ((mb >> 11 & 0x3FF) ^ 0x200) - 0x200
    tas = mb & 0x3FF
    if speed > 350 or tas > 350 or abs(roll) > 284 or has_track + has_speed == 0:  # 700 kt, 50 degrees
        return -1
    found = USUAL_FIELDS if has_roll + has_track + has_speed == 3 else 0
    if 2 < has_roll + has_track + has_speed + has_rate + has_tas < 5:
        found += EMPTY_FIELD
    if has_speed + has_tas == 2:
        wind = abs(speed - tas)
        if wind > 125:  # 250 kt
            return -1
        if wind <= 60 and tas >= 30:
            found += SPEEDS_AGREE
    if has_roll + has_rate + has_speed == 3 and speed >= 40:
        # A coordinated turn has g tan(roll) / v: 1,091 tan(roll) / kt degrees a second, here in steps of 1/32.
        bank = roll * 0.0030679616
        off = abs(17457.0 * (bank + bank * bank * bank * 0.3333333333) / speed - rate)
        if off > 80.0:
            return -1
        if off < 16.0:
            found += TURN_AGREES
    if has_speed:
        off = abs(2.0 * speed - groundspeed_kt)
        if off > 80.0:
            return -1
        if off <= 15.0:
            found += GROUNDSPEED_KNOWN
    if has_track and groundspeed_kt > 50.0:
        off = angle_between((mb >> 33 & 0x7FF) * 0.17578125, track_deg)
        if off > 60.0:
            return -1
        if off <= 10.0:
            found += TRACK_KNOWN
    return found


@scalar
def weigh_airspeed(ias_kt, mach, altitude_ft):
    """Evidence in an indicated airspeed and a Mach number, both given."""
    if mach < 0.08 or ias_kt < 50.0:
        # Standing or rolling: the instruments rest at their stops and agree on nothing.
        return 0 if mach < 0.2 and ias_kt < 130.0 else -1
    ratio = implied_pressure_ratio(ias_kt, mach)
    if altitude_ft > -2000.0:
        off = abs(ratio / pressure_ratio(altitude_ft) - 1.0)
        # Quantisation of both (1 kt, 0.004) weighs more at low speed; recorded flights stay within a third of this.
        tolerance = 0.04 + 0.02 / mach
        if off <= tolerance:
            return MACH_AT_ALTITUDE
        return 0 if off <= 3.0 * tolerance else -1
    return MACH_POSSIBLE if 0.09 <= ratio <= 1.12 else -1


@scalar
def weigh_heading(mb, altitude_ft, track_deg, vertical_rate_fpm):
    """Evidence for BDS 6,0, heading and speed report."""
    has_heading = mb >> 55 & 1
    has_ias = mb >> 43 & 1
    has_mach = mb >> 32 & 1
    has_baro = mb >> 21 & 1
    has_inertial = mb >> 10 & 1
    fields = -has_heading & HEADING_60 | -has_ias & IAS_60 | -has_mach & MACH_60 | -has_baro & BARO_60
    if mb & ~(FREE_60 | fields | -has_inertial & INERTIAL_60):
        return -1
    ias = mb >> 33 & 0x3FF
    mach = mb >> 22 & 0x3FF
    baro = ((mb >> 11 & 0x3FF) ^ 0x200) - 0x200
    inertial = ((mb & 0x3FF) ^ 0x200) - 0x200
    if ias > 550 or mach > 300 or has_heading + has_ias + has_mach == 0:  # Mach 1.2
        return -1
    if abs(baro) > 250 or abs(inertial) > 250:  # 8,000 ft/min
        return -1
    found = USUAL_FIELDS if has_heading + has_ias + has_mach == 3 else 0
    if 2 < has_heading + has_ias + has_mach + has_baro + has_inertial < 5:
        found += EMPTY_FIELD
    if has_ias + has_mach == 2:
        speeds = weigh_airspeed(float(ias), mach * 0.004, altitude_ft)
        # What is too slow to fly does not climb.
        if speeds < 0 or (ias < 50 and abs(baro) + abs(inertial) > 12):
            return -1
        found += speeds
    if has_baro + has_inertial == 2:
        off = abs(baro - inertial)
        if off > 94:  # 3,000 ft/min
            return -1
        if off <= 16:
            found += RATES_AGREE
    if has_baro + has_inertial > 0:
        known = abs((inertial if has_inertial else baro) * 32.0 - vertical_rate_fpm)
        if known > 3000.0:
            return -1
        if known <= 400.0:
            found += RATE_KNOWN
    if has_heading and angle_between((mb >> 44 & 0x7FF) * 0.17578125, track_deg) <= 30.0:
        found += HEADING_KNOWN
    return found


@scalar
def weigh_lists(mb, bds):
    """Evidence for BDS 1,7, 1,8 and 1,9: which registers are there, each bit one."""
    if bds == 0x18:
        # 1,0 1,7 and 2,0 go with having this register at all.
        return CAPABILITIES if mb & TOGETHER_18 == TOGETHER_18 else -1
    if bds == 0x19:
        # Two of 4,0 5,0 6,0: enhanced surveillance.
        return CAPABILITIES if (mb >> 7 & 1) + (mb >> 23 & 1) + (mb >> 39 & 1) >= 2 else -1
    if not mb >> 49 & 1:  # every transponder that reports has 2,0
        return -1
    # An airborne position (0,5) without surface position, identity and velocity (0,6 0,8 0,9) would be odd; and only
    # then could the bits be a selected altitude as well, since more of them would be above 50,000 ft.
    squitters = mb & SQUITTERS_17
    return CAPABILITIES if squitters == SQUITTERS_17 or not squitters >> 55 else ODD_CAPABILITIES


@scalar
def is_text(raw):
    """Say whether eight 6-bit characters are letters, digits or spaces, not all of them spaces."""
    letters = 0
    for k in range(8):
        code = raw >> 6 * k & 63
        if 1 <= code <= 26 or 48 <= code <= 57:
            letters += 1
        elif code != 32:
            return False
    return letters > 0


@scalar
def weigh_names(mb, bds):
    """Evidence for the registers that begin with their own number: 1,0 2,0 3,0."""
    if mb >> 48 != bds:
        return -1
    if bds == 0x20:
        text = mb & 0xFFFFFFFFFFFF
        return NAMES_ITSELF if text == 0 or is_text(text) else -1
    if bds == 0x30:
        threat_type = mb >> 26 & 3
        if mb & RESERVED_30 or threat_type == 3 or (threat_type == 1 and mb & 3):
            return -1
        if threat_type == 0 and mb & 0x3FFFFFF:
            return -1
    return NAMES_ITSELF


@scalar
def weigh_registration(mb):
    """Evidence for BDS 2,1, aircraft and airline registration markings."""
    text = mb >> 13 & 0x3FFFFFFFFFF
    if not mb >> 55 or text >> 36 == 32 or not is_text(text << 6 | 32):
        return -1
    if not mb >> 12 & 1:
        return TEXT
    return TEXT + AIRLINE if is_text(mb & 0xFFF | SIX_SPACES) else -1


@scalar
def weigh_air(temperature, pressure_hpa, altitude_ft):
    """Evidence in a static air temperature (raw, steps of 0.25 degC) and a static pressure (0 none)."""
    if temperature < -360 or temperature > 240 or temperature == 0:  # -90 and 60 degC
        return -1
    if not altitude_ft > -2000.0:
        return USUAL_FIELDS
    off = abs(temperature * 0.25 - standard_temperature_c(altitude_ft))
    if off > 40.0:
        return -1
    found = TEMPERATURE_AT_ALTITUDE + USUAL_FIELDS if off <= 20.0 else USUAL_FIELDS
    if pressure_hpa > 0:
        if abs(pressure_hpa / 1013.25 / pressure_ratio(altitude_ft) - 1.0) > 0.1:
            return -1
        found += PRESSURE_AT_ALTITUDE
    return found


@scalar
def weigh_air_vector(mb, altitude_ft):
    """Evidence for BDS 5,3, air-referenced state vector; rare, so all of its airspeeds must be there and agree."""
    ias = mb >> 33 & 0x3FF
    mach = (mb >> 23 & 0x1FF) * 0.008
    tas = (mb >> 10 & 0xFFF) * 0.5
    # The speed of sound is 551 kt at 200 K and 686 kt at 310 K.
    if mach < 0.2 or mach > 1.2 or ias < 80 or ias > 550 or not 551.0 < tas / mach < 686.0:
        return -1
    speeds = weigh_airspeed(float(ias), mach, altitude_ft)
    return speeds + SPEEDS_AGREE if speeds > 0 else -1


@scalar
def weigh_position(mb, altitude_ft, lat_deg, lon_deg):
    """Evidence for BDS 5,1, position report coarse: it repeats what the aircraft is known to be at."""
    lat = ((mb >> 35 & 0xFFFFF) ^ 0x80000) - 0x80000
    height = ((mb & 0x7FFF) ^ 0x4000) - 0x4000
    if not mb >> 55 or abs(lat) > 262144 or abs(height * 8.0 - altitude_ft) > 200.0:
        return -1
    # Without a position it could as well be BDS 5,2, which ends alike; so the altitude alone does not name it.
    found = SAME_HEIGHT if altitude_ft > -2000.0 else 0
    off_lat = abs(lat * 0.00034332275390625 - lat_deg)
    off_lon = angle_between((mb >> 15 & 0xFFFFF) * 0.00034332275390625, lon_deg if lon_deg >= 0.0 else lon_deg + 360.0)
    if off_lat > 5.0:
        return -1
    if off_lat <= 1.0 and off_lon <= 3.0:
        found += SAME_POSITION
    return found


@scalar
def weigh_squitter(mb, altitude_ft):
    """Evidence for BDS 0,5, the extended squitter's airborne position, by its altitude in steps of 25 ft."""
    # Type codes 16 to 18 are left out: they begin as a report with its first status bit set does.
    if not 9 <= mb >> 51 <= 15 or not mb >> 40 & 1:
        return -1
    height = ((mb >> 37 & 0x7F0) | (mb >> 36 & 0xF)) * 25.0 - 1000.0
    return SAME_ALTITUDE if abs(height - altitude_ft) <= 100.0 else -1


@scalar
def weigh(mb, place, altitude_ft, groundspeed_kt, track_deg, vertical_rate_fpm, lat_deg, lon_deg):
    """Evidence that a reply holds the register at this place of ORDER; state as for `comm_b.infer_bds`."""
    if ORDER[place] == 0x40:
        return weigh_intention(mb)
    if ORDER[place] == 0x50:
        return weigh_turn(mb, groundspeed_kt, track_deg)
    if ORDER[place] == 0x60:
        return weigh_heading(mb, altitude_ft, track_deg, vertical_rate_fpm)
    return weigh_rare(mb, place, altitude_ft, lat_deg, lon_deg)


@scalar
def weigh_rare(mb, place, altitude_ft, lat_deg, lon_deg):
    """Evidence for any register but 4,0 5,0 6,0."""
    if not fits(mb, place):
        return -1
    bds = ORDER[place]
    if bds == 0x17 or bds == 0x18 or bds == 0x19:
        return weigh_lists(mb, bds)
    if bds == 0x21:
        return weigh_registration(mb)
    if bds == 0x44:
        # A source of the wind (1 to 4), and a wind of at most 250 kt.
        if not 1 <= mb >> 52 <= 4 or not mb >> 51 & 1 or mb >> 42 & 0x1FF > 250:
            return -1
        return weigh_air(((mb >> 22 & 0x7FF) ^ 0x400) - 0x400, mb >> 10 & 0x7FF, altitude_ft)
    if bds == 0x45:
        return weigh_air(((mb >> 30 & 0x3FF) ^ 0x200) - 0x200, mb >> 18 & 0x7FF, altitude_ft)
    if bds == 0x51:
        return weigh_position(mb, altitude_ft, lat_deg, lon_deg)
    if bds == 0x53:
        return weigh_air_vector(mb, altitude_ft)
    if bds == 0x05:
        return weigh_squitter(mb, altitude_ft)
    return weigh_names(mb, bds)
