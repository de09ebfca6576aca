"""Speed and track on the airport surface, type codes 5 to 8."""

from __future__ import annotations

import numpy as np

from skywitness.batches import F64
from skywitness.kernel import scalar

__all__ = ["surface_movement_kt", "surface_track_deg"]


def _movement_table() -> F64:
    """Lower end of the speeds each code stands for (RTCA DO-260B table 2-18; ICAO Doc 9871 table A-2-6)."""
    table = np.full(128, np.nan)  # 0 no information, 125 to 127 reserved
    table[1] = 0.0
    # first code, the one after the last, speed of the first, step
    for first, end, start, step in (
        (2, 9, 0.125, 0.125),
        (9, 13, 1.0, 0.25),
        (13, 39, 2.0, 0.5),
        (39, 94, 15.0, 1.0),
        (94, 109, 70.0, 2.0),
        (109, 124, 100.0, 5.0),
        (124, 125, 175.0, 0.0),
    ):
        table[first:end] = start + step * np.arange(end - first)
    return table


MOVEMENT_KT = _movement_table()


@scalar
def surface_movement_kt(code):
    """Ground speed of a movement code, ME bits 6-12.

    code    int      0..127
    return  float64  the least speed the code stands for, 175 for "175 or more"; NaN for no information or reserved
    source  RTCA DO-260B 2.2.3.2.4.2
    """
    return MOVEMENT_KT[code & 127]


@scalar
def surface_track_deg(me):
    """Track or heading on the surface, [0, 360); NaN where its status bit is 0 (ME bits 13-20).

    source  RTCA DO-260B 2.2.3.2.4.3 and 2.2.3.2.4.4; which of the two it is, and its north, is told by TC 31
    """
    if not me >> 43 & 1:
        return np.nan
    return float(me >> 36 & 127) * (360.0 / 128.0)
