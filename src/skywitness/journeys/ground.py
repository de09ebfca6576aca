"""Which rows are on the ground: by the aircraft's own report, or because it is slow and low at an airfield."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, U8, Positions
from skywitness.geo.cells import nearest
from skywitness.reference.airports import Gazetteer

__all__ = ["AIRBORNE", "GROUND", "UNSURE", "GroundSettings", "Surroundings", "surroundings"]

AIRBORNE, GROUND, UNSURE = 0, 1, 2
"""What a row's state is: certainly flying, on the ground, or low at a field without saying which."""

REACH_NMI = 15.0


@dataclass(frozen=True, slots=True)
class GroundSettings:
    """When a row counts as on the ground. Heights are pressure altitude above the field: within 1,000 ft of the truth
    at pressures of 980 to 1050 hPa."""

    too_fast_kt: float = 200.0
    """A report on the ground at a higher speed is not believed: the fastest lift off below it."""
    too_high_ft: float = 4_000.0
    """Nor one with an altitude so far above the nearest field, unless it is slow: then the altitude is wrong."""
    still_kt: float = 10.0
    """Below it, low at a field, an aircraft that says it is airborne, or that is not asked, is on the ground."""
    unsaid_kt: float = 15.0
    """The same where the row does not say; light aircraft in a strong wind do fly over the ground at twice this."""
    slow_kt: float = 60.0
    low_ft: float = 700.0
    """Height that counts as low for the two."""
    sure_ft: float = 900.0
    """A row that does not say and is lower than this above a field within `near_nmi` may be on its runway."""
    near_nmi: float = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """State of each row and, for those asked, the nearest field within 15 nautical miles and the height above it."""

    state: U8
    height_ft: F32
    """NaN where no field is near, its elevation is unknown, or the row is high or was not asked for."""
    field_nmi: F32
    """NaN likewise."""


def surroundings(
    rows: Positions, gazetteer: Gazetteer, asked: NDArray[np.bool_], settings: GroundSettings | None = None
) -> Surroundings:
    """Return state and height of rows; heights of those that are `asked` for, and of all that may be on the ground."""
    s = settings or GroundSettings()
    speed, altitude = rows.groundspeed_kt, rows.altitude_ft
    says_ground, says_air = rows.on_ground == 1, rows.on_ground == 0
    unsaid = ~(says_ground | says_air)
    wanted = asked | says_ground | (speed < s.unsaid_kt) | (unsaid & ((altitude < 15_000) | np.isnan(altitude)))
    at = np.flatnonzero(wanted)
    height = np.full(len(rows), np.nan, np.float32)
    distance = np.full(len(rows), np.nan, np.float32)
    if len(at) and len(gazetteer):
        known = np.isfinite(gazetteer.elevation_ft).astype(np.uint8)
        field, far = nearest(gazetteer.cells, rows.lat_deg[at], rows.lon_deg[at], REACH_NMI, known)
        found = field >= 0
        height[at[found]] = altitude[at[found]] - gazetteer.elevation_ft[field[found]]
        distance[at] = far
    near = distance <= s.near_nmi
    low = near & (np.abs(height) < s.low_ft)
    level_unknown = near & np.isnan(altitude)
    state = np.zeros(len(rows), np.uint8)
    believed = says_ground & ~(speed > s.too_fast_kt) & ~((height > s.too_high_ft) & (speed > s.slow_kt))
    still = (speed < s.still_kt) & (low | (level_unknown & unsaid))
    state[unsaid & near & (height < s.sure_ft)] = UNSURE
    state[unsaid & level_unknown] = UNSURE
    state[believed | still | (unsaid & low & (speed < s.unsaid_kt))] = GROUND
    return Surroundings(state, height, distance)
