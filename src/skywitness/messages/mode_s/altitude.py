"""Altitude codes: 25 ft steps, and the older Gillham code in steps of 100 ft."""

from __future__ import annotations

import numpy as np

from skywitness.kernel import scalar

__all__ = ["M_BIT", "Q_BIT", "altitude_ac12_ft", "altitude_ac13_ft", "gillham_ft"]

M_BIT = 0x40
"""Bit 26 of DF 0, 4, 16 and 20 within the AC field: the altitude would be in metres."""

Q_BIT = 0x10
"""Bit 28 of DF 0, 4, 16 and 20 within the AC field: the altitude counts 25 ft."""


@scalar
def altitude_ac13_ft(ac13):
    """Pressure altitude in an AC field.

    ac13    int      the 13 bits 20-32 of DF 0, 4, 16 and 20: C1 A1 C2 A2 C4 A4 M B1 Q B2 D2 B4 D4
    return  float64  feet; NaN if there is none (all zeros), it is metric (M = 1, not used by anyone: the standard
                     reserves it and gives no scale) or no Gillham code
    source  ICAO Annex 10 Vol. IV, 3.1.2.6.5.4
    """
    if ac13 == 0 or ac13 & M_BIT:
        return np.nan
    if ac13 & Q_BIT:
        n = (ac13 & 0x1F80) >> 2 | (ac13 & 0x0020) >> 1 | (ac13 & 0x000F)
        return 25.0 * n - 1000.0
    return gillham_ft(ac13)


@scalar
def altitude_ac12_ft(ac12):
    """Altitude in an airborne position message: an AC field without its M bit.

    ac12    int      the 12 bits 9-20 of ME, type codes 0 and 9 to 18 (pressure) and 20 to 22 (above the ellipsoid)
    return  float64  feet; NaN if there is none
    source  RTCA DO-260B 2.2.3.2.3.4; ICAO Doc 9871 table A-2-5
    """
    return altitude_ac13_ft((ac12 & 0xFC0) << 1 | (ac12 & 0x03F))


@scalar
def gillham_ft(code13):
    """Altitude of a Gillham code, the pulses of Mode C.

    code13  int      C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4; X and D1 are not looked at (D1 is not used below 62,000 ft
                     and never in Mode S, where it is the Q bit)
    return  float64  feet, -1,200 to 126,700; NaN if the C pulses are none of the five that are used
    source  ICAO Annex 10 Vol. IV, 3.1.1.7.12.2.3 and the appendix to chapter 3

    D2 D4 A1 A2 A4 B1 B2 B4 count 500 ft in Gray code. C1 C2 C4 count 100 ft, 1 to 5, also in Gray code (with 7 for 5),
    backwards in every other 500 ft.
    """
    c = (code13 >> 12 & 1) << 2 | (code13 >> 10 & 1) << 1 | (code13 >> 8 & 1)
    c ^= c >> 1 ^ c >> 2
    if c == 7:
        c = 5
    elif c == 0 or c > 4:
        return np.nan
    n = (
        (code13 >> 2 & 1) << 7
        | (code13 & 1) << 6
        | (code13 >> 11 & 1) << 5
        | (code13 >> 9 & 1) << 4
        | (code13 >> 7 & 1) << 3
        | (code13 >> 5 & 1) << 2
        | (code13 >> 3 & 1) << 1
        | (code13 >> 1 & 1)
    )
    n ^= n >> 4
    n ^= n >> 2
    n ^= n >> 1
    if n & 1:
        c = 6 - c
    return 500.0 * n + 100.0 * c - 1300.0
