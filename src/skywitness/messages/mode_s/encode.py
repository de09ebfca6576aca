"""Values into Mode S frames: envelopes, parity and the codes that several messages share.

These are the fast, scalar encoders of the simulator, the inverse of the decoders; a message of any layout, field by
field, is built by `pack`. Fields are written by the standard's own bit numbers, from 1.
"""

from __future__ import annotations

import math

from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.geo.nl import nl
from skywitness.kernel import scalar
from skywitness.messages.mode_s.pack import write_characters

__all__ = [
    "altitude_code_12",
    "altitude_code_13",
    "callsign_code",
    "encode_cpr",
    "gillham_code",
    "identity_code",
    "nearest",
    "signed_field",
    "write_long",
    "write_short",
]

LOWEST_25_FT = -1000
HIGHEST_25_FT = 50_175  # 11 bits of 25 ft; above, the code counts in steps of 100 ft


@scalar
def nearest(value):
    """Nearest integer, halves upward (int64)."""
    return math.floor(value + 0.5)


@scalar
def signed_field(value, resolution, width):
    """A number in two's complement: `width` bits, the first one the sign; held at the ends of its range."""
    half = 1 << (width - 1)
    return max(-half, min(half - 1, nearest(value / resolution))) & (2 * half - 1)


@scalar
def write_long(row, first, middle, message, overlay):
    """Fill a row with a 112-bit frame.

    row      (14,) uint8   written in full
    first    int           bits 1-8
    middle   int           bits 9-32
    message  int           bits 33-88, ME, MB or MV
    overlay  int           what is added to the parity: 0 or an address
    source   ICAO Annex 10 Vol. IV, 3.1.2.3.3.2
    """
    row[0] = first
    row[1] = middle >> 16 & 0xFF
    row[2] = middle >> 8 & 0xFF
    row[3] = middle & 0xFF
    for k in range(7):
        row[4 + k] = message >> (48 - 8 * k) & 0xFF
    row[11] = row[12] = row[13] = 0
    parity = int(syndrome_long(row)) ^ overlay
    row[11] = parity >> 16
    row[12] = parity >> 8 & 0xFF
    row[13] = parity & 0xFF


@scalar
def write_short(row, first, middle, overlay):
    """Fill a row with a 56-bit frame; the seven bytes after it are zeros.

    row      (14,) uint8   written in full
    first    int           bits 1-8
    middle   int           bits 9-32
    overlay  int           what is added to the parity: an address, or an interrogator's code
    source   ICAO Annex 10 Vol. IV, 3.1.2.3.3.2
    """
    row[0] = first
    row[1] = middle >> 16 & 0xFF
    row[2] = middle >> 8 & 0xFF
    row[3] = middle & 0xFF
    for k in range(4, 14):
        row[k] = 0
    parity = int(syndrome_short(row)) ^ overlay
    row[4] = parity >> 16
    row[5] = parity >> 8 & 0xFF
    row[6] = parity & 0xFF


@scalar
def altitude_code_13(altitude_ft):
    """Altitude in an AC field of 13 bits; 0, "unknown", for NaN and beyond what the code can say.

    altitude_ft  float   counted in 25 ft from -1,000 to 50,175 ft (M = 0, Q = 1), in 100 ft above (Q = 0)
    source       ICAO Annex 10 Vol. IV, 3.1.2.6.5.4
    """
    if not altitude_ft >= LOWEST_25_FT - 12.5:
        return 0
    if altitude_ft >= HIGHEST_25_FT + 12.5:
        return gillham_code(altitude_ft)
    n = nearest((altitude_ft - LOWEST_25_FT) / 25.0)
    return (n & 0x7E0) << 2 | (n & 0x010) << 1 | 0x010 | n & 0x00F


@scalar
def altitude_code_12(altitude_ft):
    """Altitude in the 12 bits of an airborne position: the AC field without its M bit.

    source  RTCA DO-260B 2.2.3.2.3.4.1
    """
    code = altitude_code_13(altitude_ft)
    return code >> 1 & 0xFC0 | code & 0x03F


@scalar
def gillham_code(altitude_ft):
    """Altitude in steps of 100 ft, -1,200 to 126,700 ft, as 13 bits of an AC field; 0 beyond.

    The pulses D2 D4 A1 A2 A4 B1 B2 B4 count 500 ft in Gray code; C1 C2 C4 count 100 ft in a reflected code of five.

    source  ICAO Annex 10 Vol. IV, 3.1.1.7.12.2.3 and its appendix (automatic pressure-altitude transmission code)
    """
    if not -1250.0 <= altitude_ft < 126_750.0:
        return 0
    steps = nearest(altitude_ft / 100.0) + 13
    fives = (steps - 1) // 5
    ones = steps - 5 * fives  # 1..5
    if fives & 1:
        ones = 6 - ones
    if ones == 5:
        ones = 7
    gray = fives ^ fives >> 1
    c = ones ^ ones >> 1
    a = gray >> 3 & 7
    b = gray & 7
    d = gray >> 6 & 3
    # d is D2 D4; D1 is the Q bit, 0.
    return _interleave(a >> 2 | (a & 2) | (a & 1) << 2, b >> 2 | (b & 2) | (b & 1) << 2, c, d)


@scalar
def _interleave(a, b, c, d):
    """Thirteen bits C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4 of Gillham pulses, with X and D1 zero.

    a, b  int   pulses by their weight: 1, 2, 4
    c     int   C1 C2 C4, C1 first
    d     int   D2 D4, D2 first
    """
    return (
        (c >> 2 & 1) << 12
        | (a & 1) << 11
        | (c >> 1 & 1) << 10
        | (a >> 1 & 1) << 9
        | (c & 1) << 8
        | (a >> 2 & 1) << 7
        | (b & 1) << 5
        | (b >> 1 & 1) << 3
        | (d >> 1 & 1) << 2
        | (b >> 2 & 1) << 1
        | d & 1
    )


@scalar
def identity_code(squawk):
    """Mode A code as the 13 bits of an ID field; 0o7700 is 4032.

    source  ICAO Annex 10 Vol. IV, 3.1.2.6.7.1: C1 A1 C2 A2 C4 A4 zero B1 D1 B2 D2 B4 D4
    """
    a = squawk >> 9 & 7
    b = squawk >> 6 & 7
    c = squawk >> 3 & 7
    d = squawk & 7
    reversed_c = c >> 2 | (c & 2) | (c & 1) << 2
    return _interleave(a, b, reversed_c, (d & 2) | d >> 2) | (d & 1) << 4


def callsign_code(callsign: str) -> int:
    """48 bits of a callsign of at most 8 letters, digits and spaces; raises FormatError otherwise."""
    return write_characters(callsign, 48)


@scalar
def encode_cpr(lat_deg, lon_deg, odd, surface):
    """Compact position report: 17 bits of latitude and 17 of longitude.

    lat_deg, lon_deg  float
    odd, surface      bool
    return            (YZ, XZ), each 0..131071
    source            RTCA DO-260B A.1.7.3 (airborne: 2^17 to a zone), A.1.7.4 (surface: 2^19, the lower 17 kept)

    `lat * zones / 360` is exact for angles that are a 32-bit fraction of a turn; dividing by a zone's width is not.
    """
    scale = 524288.0 if surface else 131072.0
    zones = 59.0 if odd else 60.0
    count = math.floor(lat_deg * zones / 360.0 * scale + 0.5)
    recovered_lat_deg = count * 360.0 / (zones * scale)
    lon_zones = max(nl(recovered_lat_deg) - (1 if odd else 0), 1)
    return count & 0x1FFFF, nearest(lon_deg * lon_zones / 360.0 * scale) & 0x1FFFF
