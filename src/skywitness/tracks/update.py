"""What each kind of message changes in an aircraft's state.

Each function takes the AIRCRAFT record, the message's 56-bit ME or MB field, and its time; a value that is not there
leaves the old one with its old time.
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.kernel import scalar
from skywitness.messages.mode_s.bits import field, signed
from skywitness.messages.mode_s.callsign import callsign, is_callsign_valid
from skywitness.messages.mode_s.movement import surface_movement_kt, surface_track_deg
from skywitness.messages.mode_s.velocity import (
    airspeed_kt,
    geo_minus_baro_ft,
    groundspeed_kt,
    heading_deg,
    track_deg,
    vertical_rate_fpm,
)
from skywitness.tracks.state import NEVER

__all__ = [
    "FRESH_NS",
    "greatest_speed_kt",
    "quantise_tenth",
    "take_altitude",
    "take_identification",
    "take_operational_status",
    "take_register",
    "take_surface_motion",
    "take_target_state",
    "take_velocity",
]

SECOND = 1_000_000_000
FRESH_NS = 30 * SECOND
"""A value older than this is no longer the aircraft's state."""

FULL_TRUST = 20
ALTITUDE_STEP_FT = 300.0
CLIMB_FT_S = 250.0  # 15,000 ft/min: more than any airliner, less than a wrong bit makes of an altitude
HIGH_FT = 60_000.0
HIGH_TRUST = 8
Q_BIT_CEILING_FT = 50_175.0


@scalar
def quantise_tenth(value):
    """Round to the quantum of published speeds and angles, 0.1."""
    return math.floor(value * 10.0 + 0.5) / 10.0


@scalar
def take_altitude(aircraft, altitude_ft, now, weight):
    """Weigh a pressure altitude against the last one; True if it is believed.

    weight  int  3 for a squitter with its own check, 1 for a reply whose address is its parity
    A reply of an address heard by chance, or a wrong bit, makes jumps that no aircraft flies; such a value is believed
    only when others repeat it.
    """
    if math.isnan(altitude_ft):
        return False
    elapsed_s = abs(now - aircraft.altitude_ns) * 1e-9
    if aircraft.altitude_ns == NEVER or now - aircraft.altitude_ns > 60 * SECOND:
        aircraft.altitude_trust = weight
    elif abs(altitude_ft - aircraft.altitude_ft) <= ALTITUDE_STEP_FT + CLIMB_FT_S * elapsed_s:
        aircraft.altitude_trust = min(FULL_TRUST, aircraft.altitude_trust + weight)
    else:
        aircraft.altitude_trust -= weight
        if aircraft.altitude_trust > 0:
            return False
        aircraft.altitude_trust = weight
    aircraft.altitude_ft = altitude_ft
    aircraft.altitude_ns = now
    return aircraft.altitude_trust >= (HIGH_TRUST if altitude_ft > Q_BIT_CEILING_FT else 2)


@scalar
def take_velocity(aircraft, me, now):
    """Airborne velocity, TC 19 (RTCA DO-260B 2.2.3.2.6)."""
    subtype = field(me, 6, 8)
    aircraft.nac_v = field(me, 11, 13)
    if subtype == 1 or subtype == 2:
        speed = groundspeed_kt(me)
        if not math.isnan(speed):
            aircraft.groundspeed_kt = quantise_tenth(speed)
            aircraft.velocity_ns = now
            track = track_deg(me)
            if math.isnan(track):
                aircraft.track_deg = np.nan
            else:
                track = quantise_tenth(track)
                aircraft.track_deg = track if track < 360.0 else 0.0
    elif subtype == 3 or subtype == 4:
        heading = heading_deg(me)
        if not math.isnan(heading):
            aircraft.heading_deg = heading
            aircraft.heading_is_magnetic = 1
            aircraft.air_ns = now
        speed = airspeed_kt(me)
        if not math.isnan(speed):
            if field(me, 25, 25):
                aircraft.tas_kt = speed
            else:
                aircraft.ias_kt = speed
            aircraft.air_ns = now
    else:
        return
    rate = vertical_rate_fpm(me)
    if not math.isnan(rate):
        aircraft.vertical_rate_fpm = rate
        aircraft.vertical_source = field(me, 36, 36)
        aircraft.rate_ns = now
    difference = geo_minus_baro_ft(me)
    if not math.isnan(difference):
        aircraft.geom_minus_baro_ft = difference
        aircraft.geom_minus_baro_ns = now


@scalar
def take_operational_status(aircraft, me, now):
    """Operational status, TC 31 (RTCA DO-260B 2.2.3.2.7.2; version 0 had another TC 31 without a version)."""
    subtype = field(me, 6, 8)
    if subtype > 1:
        return
    version = field(me, 41, 43)
    aircraft.version = version
    aircraft.quality_ns = now
    if version == 0:
        return
    aircraft.nic_a = field(me, 44, 44)
    aircraft.nac_p = field(me, 45, 48)
    aircraft.sil = field(me, 51, 52)
    if subtype == 0:
        aircraft.nic_baro = field(me, 53, 53)
        aircraft.gva = field(me, 49, 50) if version >= 2 else 255
    elif version >= 2:
        aircraft.nic_c = field(me, 20, 20)
    if version >= 2:
        aircraft.sil_type = field(me, 55, 55)
        aircraft.sda = field(me, 31, 32)


@scalar
def take_target_state(aircraft, me, now):
    """Target state and status, TC 29 subtype 1 (RTCA DO-260B 2.2.3.2.7.1)."""
    if field(me, 6, 7) != 1:
        return
    raw = field(me, 10, 20)
    if raw:
        altitude = (raw - 1) * 32.0
        if field(me, 9, 9):
            aircraft.fms_altitude_ft = altitude
        else:
            aircraft.mcp_altitude_ft = altitude
        aircraft.selected_ns = now
    raw = field(me, 21, 29)
    if raw:
        aircraft.qnh_hpa = 800.0 + (raw - 1) * 0.8
        aircraft.selected_ns = now
    if field(me, 30, 30):
        aircraft.selected_heading_deg = field(me, 31, 39) * (180.0 / 256.0)
        aircraft.selected_ns = now
    aircraft.nac_p = field(me, 40, 43)
    aircraft.nic_baro = field(me, 44, 44)
    aircraft.sil = field(me, 45, 46)
    if field(me, 47, 47):
        # autopilot, VNAV, altitude hold, approach, LNAV, TCAS: bits 1, 2, 4, 8, 16, 32
        aircraft.modes = (
            field(me, 48, 48)
            | field(me, 49, 49) << 1
            | field(me, 50, 50) << 2
            | field(me, 52, 52) << 3
            | field(me, 54, 54) << 4
            | field(me, 53, 53) << 5
        )
    aircraft.quality_ns = now


@scalar
def take_surface_motion(aircraft, me, now):
    """Speed and track from a surface position message (RTCA DO-260B 2.2.3.2.4.2 to 2.2.3.2.4.4)."""
    aircraft.on_ground = 1
    speed = surface_movement_kt(field(me, 6, 12))
    if not math.isnan(speed):
        aircraft.groundspeed_kt = quantise_tenth(speed)
        aircraft.velocity_ns = now
        track = surface_track_deg(me)
        aircraft.track_deg = track if math.isnan(track) else quantise_tenth(track)


@scalar
def take_identification(aircraft, me, now):
    """Call sign and category, TC 1 to 4 (RTCA DO-260B 2.2.3.2.5)."""
    packed = callsign(me)
    if is_callsign_valid(packed):
        aircraft.callsign = packed
        aircraft.callsign_ns = now
    category = field(me, 6, 8)
    if category:
        aircraft.category = (0xE - field(me, 1, 5)) << 4 | category


@scalar
def take_register(aircraft, bds, mb, now):
    """A Comm-B register whose number has been inferred (ICAO Doc 9871, tables A-2-32, A-2-64, A-2-80 and A-2-96).

    What the aircraft squitters itself is not replaced by a reply while it is fresh.
    """
    if bds == 0x20:
        packed = callsign(mb)
        if is_callsign_valid(packed):
            aircraft.callsign = packed
            aircraft.callsign_ns = now
    elif bds == 0x40:
        if field(mb, 1, 1):
            aircraft.mcp_altitude_ft = 16.0 * field(mb, 2, 13)
            aircraft.selected_ns = now
        if field(mb, 14, 14):
            aircraft.fms_altitude_ft = 16.0 * field(mb, 15, 26)
            aircraft.selected_ns = now
        if field(mb, 27, 27):
            aircraft.qnh_hpa = 800.0 + 0.1 * field(mb, 28, 39)
            aircraft.selected_ns = now
    elif bds == 0x50:
        if field(mb, 1, 1):
            aircraft.roll_deg = signed(field(mb, 2, 11), 10) * (45.0 / 256.0)
            aircraft.turn_ns = now
        if field(mb, 35, 35):
            aircraft.track_rate_deg_s = signed(field(mb, 36, 45), 10) * (8.0 / 256.0)
            aircraft.turn_ns = now
        if field(mb, 46, 46):
            aircraft.tas_kt = 2.0 * field(mb, 47, 56)
            aircraft.air_ns = now
        if field(mb, 12, 12) and field(mb, 24, 24) and now - aircraft.velocity_ns > FRESH_NS:
            track = signed(field(mb, 13, 23), 11) * (90.0 / 512.0)
            aircraft.track_deg = quantise_tenth(track + 360.0 if track < 0.0 else track)
            aircraft.groundspeed_kt = 2.0 * field(mb, 25, 34)
            aircraft.velocity_ns = now
    elif bds == 0x60:
        if field(mb, 1, 1):
            heading = signed(field(mb, 2, 12), 11) * (90.0 / 512.0)
            aircraft.heading_deg = heading + 360.0 if heading < 0.0 else heading
            aircraft.heading_is_magnetic = 1
            aircraft.air_ns = now
        if field(mb, 13, 13):
            aircraft.ias_kt = 1.0 * field(mb, 14, 23)
            aircraft.air_ns = now
        if field(mb, 24, 24):
            aircraft.mach = field(mb, 25, 34) * (2.048 / 512.0)
            aircraft.air_ns = now
        if field(mb, 35, 35) and now - aircraft.rate_ns > FRESH_NS:
            aircraft.vertical_rate_fpm = 32.0 * signed(field(mb, 36, 45), 10)
            aircraft.vertical_source = 1
            aircraft.rate_ns = now


@scalar
def greatest_speed_kt(aircraft, now, surface):
    """The most the aircraft may be flying, by what it last reported; wide where it reported nothing."""
    age_ns = now - aircraft.velocity_ns
    if age_ns < 120 * SECOND and not math.isnan(aircraft.groundspeed_kt):
        speed = aircraft.groundspeed_kt
        if aircraft.place_speed_kt > speed:
            speed = aircraft.place_speed_kt
        return min(2000.0, (speed + 3.0 * max(0.0, age_ns * 1e-9)) * 1.3 + (10.0 if surface else 20.0))
    if surface:
        return 156.0
    if now - aircraft.air_ns < 120 * SECOND:
        if not math.isnan(aircraft.tas_kt):
            return min(2000.0, aircraft.tas_kt * 4.0 / 3.0 + 100.0)
        if not math.isnan(aircraft.ias_kt):
            return min(2000.0, aircraft.ias_kt * 2.0 + 100.0)
    return 1170.0
