"""How good a position or velocity says it is: NIC, NAC, SIL, SDA, GVA, and NUC of version 0.

What the type code and the supplement bits mean depends on the version that the operational status message names:
RTCA DO-260 (0), DO-260A (1), DO-260B (2). DO-260C (3) codes them as DO-260B does. An aircraft that has not told its
version yet is taken as version 0, as DO-260B 2.2.8 demands of a receiver.
"""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import F64, U8
from skywitness.kernel import scalar
from skywitness.units import NMI_M

__all__ = [
    "GVA_M",
    "NAC_P_M",
    "NAC_V_MPS",
    "NUC_P_M",
    "SDA_WORDS",
    "SIL_PER_HOUR",
    "UNKNOWN",
    "containment_radius_m",
    "navigation_accuracy_m",
    "navigation_integrity",
    "navigation_uncertainty",
]

UNKNOWN = 255

NAC_P_M = (math.nan, *(f * NMI_M for f in (10, 4, 2, 1, 0.5, 0.3, 0.1, 0.05)), 30.0, 10.0, 3.0, *(math.nan,) * 4)
"""95 % bound of the horizontal error by NACp 0..15 (RTCA DO-260B table 2-71)."""

NAC_V_MPS = (math.nan, 10.0, 3.0, 1.0, 0.3, math.nan, math.nan, math.nan)
"""95 % bound of the error of the horizontal velocity by NACv (RTCA DO-260B table 2-25)."""

GVA_M = (math.nan, 150.0, 45.0, math.nan)
"""95 % bound of the error of the height above the ellipsoid by GVA (RTCA DO-260B table 2-72)."""

SIL_PER_HOUR = (math.nan, 1e-3, 1e-5, 1e-7)
"""Chance that the position is outside the containment radius unnoticed, by SIL (RTCA DO-260B table 2-73)."""

SDA_WORDS = ("unknown or no effect", "minor", "major", "hazardous")
"""Worst effect a fault of the on-board system may have, by SDA (RTCA DO-260B table 2-65)."""

NUC_P_M = (math.nan, 20 * NMI_M, 10 * NMI_M, 2 * NMI_M, NMI_M, 0.5 * NMI_M, 0.2 * NMI_M, 0.1 * NMI_M, 25.0, 7.5)
"""Horizontal protection limit by NUCp 0..9 (RTCA DO-260 table 2-11)."""

_NUC_P = {
    **{tc: 14 - tc for tc in range(5, 9)},
    **{tc: 18 - tc for tc in range(9, 19)},
    **{tc: 29 - tc for tc in (20, 21)},
    22: 0,
}

# type code -> (NIC, containment radius in metres), for versions 0, 1 and 2 and whatever the supplements are; radius
# NaN: unknown. RTCA DO-260 table 2-11, DO-260A table 2-14, DO-260B tables 2-14 and 2-70, ICAO Doc 9871 tables C-2.
_GENERAL = {
    0: (0, math.nan),
    5: (11, 7.5),
    6: (10, 25.0),
    7: (8, 0.1 * NMI_M),
    8: (0, math.nan),
    9: (11, 7.5),
    10: (10, 25.0),
    11: (8, 0.1 * NMI_M),
    12: (7, 0.2 * NMI_M),
    13: (6, 0.5 * NMI_M),
    14: (5, 1.0 * NMI_M),
    15: (4, 2.0 * NMI_M),
    16: (2, 8.0 * NMI_M),
    17: (1, 20.0 * NMI_M),
    18: (0, math.nan),
    20: (11, 7.5),
    21: (10, 25.0),
    22: (0, math.nan),
}

# (type code, A, B, C) -> better value; None: either.
_VERSION_1 = {
    (7, 1, None, None): (9, 75.0),
    (11, 1, None, None): (9, 75.0),
    (13, 1, None, None): (6, 0.6 * NMI_M),
    (16, 1, None, None): (3, 4.0 * NMI_M),
}
_VERSION_2 = {
    (7, 1, None, 0): (9, 75.0),
    (8, 1, None, 1): (7, 0.2 * NMI_M),
    (8, 1, None, 0): (6, 0.3 * NMI_M),
    (8, 0, None, 1): (6, 0.6 * NMI_M),
    (11, 1, 1, None): (9, 75.0),
    (13, 0, 1, None): (6, 0.3 * NMI_M),
    (13, 1, 1, None): (6, 0.6 * NMI_M),
    (16, 1, 1, None): (3, 4.0 * NMI_M),
}


def _make_tables() -> tuple[U8, F64]:
    """NIC and radius by (version 0..2) << 8 | type code << 3 | A << 2 | B << 1 | C."""
    nic = np.full(3 << 8, UNKNOWN, np.uint8)
    radius_m = np.full(3 << 8, np.nan)
    for place in range(3 << 8):
        version, tc = place >> 8, place >> 3 & 31
        bits = (place >> 2 & 1, place >> 1 & 1, place & 1)
        found = _GENERAL.get(tc)
        if version == 0 and tc == 16:
            found = (1, 10 * NMI_M)  # HPL < 10 nmi: more than the 8 nmi of NIC 2
        for (of, *wanted), better in (({}, _VERSION_1, _VERSION_2)[version]).items():
            if of == tc and all(want in (None, bit) for want, bit in zip(wanted, bits, strict=True)):
                found = better
        if found:
            nic[place], radius_m[place] = found
    return nic, radius_m


NIC, CONTAINMENT_M = _make_tables()

NUC_P: U8 = np.full(32, UNKNOWN, np.uint8)
for _tc, _nuc in _NUC_P.items():
    NUC_P[_tc] = _nuc

NAC_P_TABLE_M: F64 = np.array(NAC_P_M)


@scalar
def quality_place(typecode, supplement_a, supplement_b, supplement_c, version):
    """Where the tables above hold a type code with its supplements; version 255, not told yet, is version 0."""
    if version > 7:
        version = 0
    elif version > 2:
        version = 2
    return (
        version << 8
        | (typecode & 31) << 3
        | (supplement_a & 1) << 2
        | (supplement_b & 1) << 1
        | (supplement_c & 1)
    )  # fmt: skip


@scalar
def navigation_integrity(typecode, supplement_a, supplement_b, supplement_c, version):
    """NIC of a position message.

    typecode      int    5..8, 9..18, 20..22
    supplement_a  int    from TC 31
    supplement_b  int    ME bit 8 of the airborne position itself (version 2)
    supplement_c  int    from TC 31 on the surface (version 2)
    version       int    0..7 from TC 31; 255 not told yet
    return        int64  0..11; 255 for other type codes
    source        RTCA DO-260B table 2-70
    """
    return int(NIC[quality_place(typecode, supplement_a, supplement_b, supplement_c, version)])


@scalar
def containment_radius_m(typecode, supplement_a, supplement_b, supplement_c, version):
    """Radius of containment in metres that goes with the NIC; NaN unknown. Arguments as `navigation_integrity`."""
    return CONTAINMENT_M[quality_place(typecode, supplement_a, supplement_b, supplement_c, version)]


@scalar
def navigation_uncertainty(typecode):
    """NUCp of a position message of version 0, 0..9; 255 for other type codes (RTCA DO-260 table 2-11)."""
    return int(NUC_P[typecode & 31])


@scalar
def navigation_accuracy_m(nac_p):
    """95 % bound of the horizontal position error in metres, by NACp; NaN unknown."""
    return NAC_P_TABLE_M[nac_p & 15]
