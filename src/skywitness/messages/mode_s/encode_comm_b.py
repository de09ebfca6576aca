"""The 56-bit contents of Comm-B registers, as integers, from the values they state.

ICAO Doc 9871, 2nd edition, appendix A, tables A-2-n. A value of NaN leaves its status bit 0.
"""

from __future__ import annotations

import math

from skywitness.kernel import scalar
from skywitness.messages.mode_s.encode import nearest, signed_field

__all__ = [
    "aircraft_identification",
    "common_usage",
    "data_link_capability",
    "heading_and_speed",
    "meteorological_report",
    "track_and_turn",
    "vertical_intention",
]


@scalar
def _unsigned(value, resolution, offset, width, status_bit, last):
    """A status bit and an unsigned value that ends at bit `last`; both 0 if unknown or beyond the field."""
    if math.isnan(value):
        return 0
    raw = nearest((value - offset) / resolution)
    if raw < 0 or raw >= 1 << width:
        return 0
    return 1 << (56 - status_bit) | raw << (56 - last)


@scalar
def _two_sided(value, resolution, width, status_bit, last):
    """A status bit and a signed value that ends at bit `last`; both 0 if unknown."""
    if math.isnan(value):
        return 0
    return 1 << (56 - status_bit) | signed_field(value, resolution, width) << (56 - last)


@scalar
def _direction(angle_deg, status_bit, last):
    """A status bit and an angle of 11 bits, 90/512 degree each, that ends at bit `last`; both 0 if unknown.

    As a sign and ten bits it runs from -180 to 180 degrees; in two's complement that is the turn modulo 360.
    """
    if math.isnan(angle_deg):
        return 0
    return 1 << (56 - status_bit) | (nearest(angle_deg * 512.0 / 90.0) & 2047) << (56 - last)


@scalar
def data_link_capability(acas):
    """BDS 1,0, table A-2-16: a level-2 transponder with identification and squitter capability."""
    subnetwork_version = 5
    flags = 1 << (56 - 33) | 1 << (56 - 34) | 1 << (56 - 35) | 1 << (56 - 36)
    return 0x10 << 48 | acas << (56 - 16) | subnetwork_version << (56 - 23) | 1 << (56 - 25) | flags


@scalar
def common_usage(meteorological):
    """BDS 1,7, table A-2-23: which registers are kept up: 0,5 to 0,9, 2,0, 4,0, 5,0, 6,0, with 4,4 if said so."""
    message = 0x1F << 51 | 1 << (56 - 7) | 1 << (56 - 9) | 1 << (56 - 16) | 1 << (56 - 24)
    return message | meteorological << (56 - 13)


@scalar
def aircraft_identification(callsign):
    """BDS 2,0, table A-2-32; `callsign` is 48 bits."""
    return 0x20 << 48 | callsign


@scalar
def vertical_intention(mcp_altitude_ft, fms_altitude_ft, qnh_hpa, modes):
    """BDS 4,0, table A-2-64.

    modes  int   VNAV 4, altitude hold 2, approach 1; negative if unknown
    """
    message = (
        _unsigned(mcp_altitude_ft, 16.0, 0.0, 12, 1, 13)
        | _unsigned(fms_altitude_ft, 16.0, 0.0, 12, 14, 26)
        | _unsigned(qnh_hpa, 0.1, 800.0, 12, 27, 39)
    )
    if modes >= 0:
        message |= 1 << (56 - 48) | modes << (56 - 51)
    if not math.isnan(mcp_altitude_ft):
        message |= 1 << (56 - 54) | 2  # the target is the altitude selected at the panel
    return message


@scalar
def meteorological_report(wind_speed_kt, wind_direction_deg, temperature_c, pressure_hpa):
    """BDS 4,4, table A-2-68, source INS; the direction is where the wind blows from."""
    message = 1 << 52
    if not (math.isnan(wind_speed_kt) or math.isnan(wind_direction_deg)):
        message |= 1 << (56 - 5) | min(nearest(wind_speed_kt), 511) << (56 - 14)
        message |= (nearest(wind_direction_deg * 256.0 / 180.0) & 511) << (56 - 23)
    message |= signed_field(temperature_c, 0.25, 11) << (56 - 34)
    return message | _unsigned(pressure_hpa, 1.0, 0.0, 11, 35, 46)


@scalar
def track_and_turn(roll_deg, track_deg, groundspeed_kt, track_rate_deg_s, tas_kt):
    """BDS 5,0, table A-2-80; roll right and turns right are positive."""
    return (
        _two_sided(roll_deg, 45.0 / 256.0, 10, 1, 11)
        | _direction(track_deg, 12, 23)
        | _unsigned(groundspeed_kt, 2.0, 0.0, 10, 24, 34)
        | _two_sided(track_rate_deg_s, 8.0 / 256.0, 10, 35, 45)
        | _unsigned(tas_kt, 2.0, 0.0, 10, 46, 56)
    )


@scalar
def heading_and_speed(heading_deg, ias_kt, mach, baro_rate_fpm, inertial_rate_fpm):
    """BDS 6,0, table A-2-96; the heading is magnetic."""
    return (
        _direction(heading_deg, 1, 12)
        | _unsigned(ias_kt, 1.0, 0.0, 10, 13, 23)
        | _unsigned(mach, 2.048 / 512.0, 0.0, 10, 24, 34)
        | _two_sided(baro_rate_fpm, 32.0, 10, 35, 45)
        | _two_sided(inertial_rate_fpm, 32.0, 10, 46, 56)
    )
