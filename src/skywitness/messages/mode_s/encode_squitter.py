"""The 56-bit messages of extended squitters, as integers, from the values they state.

RTCA DO-260B 2.2.3.2, ICAO Doc 9871 appendix C. "Unknown" is NaN; what a message cannot say is said to be unknown.
"""

from __future__ import annotations

import math

from skywitness.kernel import scalar
from skywitness.messages.mode_s.encode import altitude_code_12, encode_cpr, identity_code, nearest

__all__ = [
    "airborne_position",
    "airspeed_velocity",
    "emergency_status",
    "ground_velocity",
    "identification",
    "movement_code",
    "operational_status",
    "position_typecode",
    "resolution_advisory",
    "surface_position",
    "target_state",
]


@scalar
def position_typecode(nic):
    """Type code of an airborne position with barometric altitude for a navigation integrity category.

    The supplements that tell 9 from 8 and 3 from 2 travel apart, see `operational_status`.

    source  RTCA DO-260B table 2-14
    """
    if nic >= 9:
        return 20 - nic if nic <= 11 else 9
    if nic == 8:
        return 11
    if nic >= 4:
        return 19 - nic
    return 16 if nic >= 2 else 18 - nic


@scalar
def identification(typecode, category, callsign):
    """Identification and category: type code 4 for category set A, 3 for B, 2 for C, 1 for D.

    callsign  int   48 bits
    source    RTCA DO-260B 2.2.3.2.5
    """
    return typecode << 51 | category << 48 | callsign


@scalar
def airborne_position(typecode, surveillance, supplement_b, altitude_ft, lat_deg, lon_deg, odd):
    """Airborne position, type codes 9-18 (pressure altitude) and 20-22 (height above the ellipsoid).

    surveillance  int   0 nothing, 1 permanent alert, 2 temporary alert, 3 special position identification
    supplement_b  int   NIC supplement B
    source        RTCA DO-260B 2.2.3.2.3
    """
    lat, lon = encode_cpr(lat_deg, lon_deg, odd, False)
    head = typecode << 51 | surveillance << 49 | supplement_b << 48 | altitude_code_12(altitude_ft) << 36
    return head | (1 if odd else 0) << 34 | lat << 17 | lon


@scalar
def movement_code(groundspeed_kt):
    """Speed on the surface, 7 bits, in steps that grow with it; 0 for unknown.

    source  RTCA DO-260B table 2-18
    """
    if not groundspeed_kt >= 0.0:
        return 0
    if groundspeed_kt < 0.125:
        return 1
    if groundspeed_kt < 1.0:
        return 1 + int(groundspeed_kt / 0.125)
    if groundspeed_kt < 2.0:
        return 9 + int((groundspeed_kt - 1.0) / 0.25)
    if groundspeed_kt < 15.0:
        return 13 + int((groundspeed_kt - 2.0) / 0.5)
    if groundspeed_kt < 70.0:
        return 39 + int(groundspeed_kt - 15.0)
    if groundspeed_kt < 100.0:
        return 94 + int((groundspeed_kt - 70.0) / 2.0)
    if groundspeed_kt < 175.0:
        return 109 + int((groundspeed_kt - 100.0) / 5.0)
    return 124


@scalar
def surface_position(typecode, groundspeed_kt, track_deg, lat_deg, lon_deg, odd):
    """Surface position, type codes 5-8; the track in steps of 360/128 degree, NaN unknown.

    source  RTCA DO-260B 2.2.3.2.4
    """
    lat, lon = encode_cpr(lat_deg, lon_deg, odd, True)
    message = typecode << 51 | movement_code(groundspeed_kt) << 44 | (1 if odd else 0) << 34 | lat << 17 | lon
    if not math.isnan(track_deg):
        message |= 1 << 43 | (nearest(track_deg * 128.0 / 360.0) & 127) << 36
    return message


@scalar
def _velocity_tail(vertical_rate_fpm, barometric, geometric_minus_baro_ft):
    """Bits 36-56 of an airborne velocity: vertical rate in 64 ft/min, height difference in 25 ft.

    barometric  int   source of the vertical rate: 1 barometric, 0 GNSS or inertial
    """
    tail = (1 if barometric else 0) << 20
    if not math.isnan(vertical_rate_fpm):
        steps = min(nearest(abs(vertical_rate_fpm) / 64.0), 510)
        tail |= (1 if vertical_rate_fpm < 0.0 else 0) << 19 | (steps + 1) << 10
    if not math.isnan(geometric_minus_baro_ft):
        steps = min(nearest(abs(geometric_minus_baro_ft) / 25.0), 126)
        tail |= (1 if geometric_minus_baro_ft < 0.0 else 0) << 7 | (steps + 1)
    return tail


@scalar
def ground_velocity(
    groundspeed_kt, track_deg, vertical_rate_fpm, barometric, geometric_minus_baro_ft, nac_v, supersonic
):
    """Velocity over ground, type code 19 subtypes 1 and 2 (supersonic, steps of 4 kt): parts to east and north.

    source  RTCA DO-260B 2.2.3.2.6.1 and 2.2.3.2.6.2
    """
    message = 19 << 51 | (2 if supersonic else 1) << 48 | nac_v << 43
    if not (math.isnan(groundspeed_kt) or math.isnan(track_deg)):
        step = 4.0 if supersonic else 1.0
        angle = math.radians(track_deg)
        east = nearest(abs(groundspeed_kt * math.sin(angle)) / step)
        north = nearest(abs(groundspeed_kt * math.cos(angle)) / step)
        message |= (1 if math.sin(angle) < 0.0 else 0) << 42 | min(east + 1, 1023) << 32
        message |= (1 if math.cos(angle) < 0.0 else 0) << 31 | min(north + 1, 1023) << 21
    return message | _velocity_tail(vertical_rate_fpm, barometric, geometric_minus_baro_ft)


@scalar
def airspeed_velocity(
    airspeed_kt, true_airspeed, heading_deg, vertical_rate_fpm, barometric, geometric_minus_baro_ft, supersonic
):
    """Airspeed and heading, type code 19 subtypes 3 and 4 (supersonic, steps of 4 kt), for want of a ground speed.

    true_airspeed  bool   else indicated
    source         RTCA DO-260B 2.2.3.2.6.3 and 2.2.3.2.6.4
    """
    message = 19 << 51 | (4 if supersonic else 3) << 48
    if not math.isnan(heading_deg):
        message |= 1 << 42 | (nearest(heading_deg * 1024.0 / 360.0) & 1023) << 32
    message |= (1 if true_airspeed else 0) << 31
    if not math.isnan(airspeed_kt):
        message |= min(nearest(airspeed_kt / (4.0 if supersonic else 1.0)) + 1, 1023) << 21
    return message | _velocity_tail(vertical_rate_fpm, barometric, geometric_minus_baro_ft)


@scalar
def emergency_status(emergency, squawk):
    """Aircraft status, type code 28 subtype 1: emergency state 0..7 and Mode A code.

    source  RTCA DO-260B 2.2.3.2.7.8.1
    """
    return 28 << 51 | 1 << 48 | emergency << 45 | identity_code(squawk) << 32


@scalar
def resolution_advisory(advisory):
    """Aircraft status, type code 28 subtype 2: the advisory of ACAS.

    advisory  int    bits 9-56 of BDS 3,0
    source    RTCA DO-260B 2.2.3.2.7.8.2
    """
    return 28 << 51 | 2 << 48 | advisory


@scalar
def target_state(selected_altitude_ft, qnh_hpa, selected_heading_deg, nac_p, nic_baro, sil, modes):
    """Target state and status, type code 29 subtype 1 (version 2).

    modes   int   autopilot 32, VNAV 16, altitude hold 8, approach 4, TCAS operational 2, LNAV 1
    source  RTCA DO-260B 2.2.3.2.7.1.3
    """
    message = 29 << 51 | 1 << 49 | nac_p << 13 | nic_baro << 12 | sil << 10
    if not math.isnan(selected_altitude_ft):
        message |= max(0, min(nearest(selected_altitude_ft / 32.0) + 1, 2047)) << 36
    if 800.0 <= qnh_hpa <= 1208.4:
        message |= (nearest((qnh_hpa - 800.0) / 0.8) + 1) << 27
    if not math.isnan(selected_heading_deg):
        message |= 1 << 26 | (nearest(selected_heading_deg * 256.0 / 180.0) & 511) << 17
    # Modes: bit 47 says they are valid, 48-50 and 52-54 are the modes, 51 is kept for ADS-R.
    return message | 1 << 9 | (modes >> 3 & 7) << 6 | (modes & 7) << 2


@scalar
def operational_status(on_ground, version, supplement_a, supplement_c, nac_p, nac_v, gva, sil, nic_baro, sda, acas):
    """Aircraft operational status, type code 31, for versions 1 and 2.

    supplement_a, supplement_c  int    NIC supplements
    acas                        int    1 if ACAS is fitted and operating
    source                      RTCA DO-260B 2.2.3.2.7.2; DO-260A 2.2.3.2.7.3 for version 1
    """
    message = 31 << 51 | (1 if on_ground else 0) << 48 | version << 13 | supplement_a << 12 | nac_p << 8 | sil << 4
    if on_ground:
        message |= nac_v << 37
        if version >= 2:
            message |= supplement_c << 36
    else:
        # Version 1 says "not TCAS", version 2 "TCAS operational", in the same bit 11.
        message |= (acas if version >= 2 else 1 - acas) << 45
        message |= 1 << 41 | 1 << 40 | nic_baro << 3  # air-referenced velocity and target state reports
        message |= gva << 6
    if version >= 2:
        message |= sda << 24
    return message
