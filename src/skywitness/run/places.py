"""Where a receiver stands that is named by its airport."""

from __future__ import annotations

import math

from skywitness.frames.receiver import Place
from skywitness.reference.load import load_gazetteer
from skywitness.units import FOOT_M

__all__ = ["airport_place"]


def airport_place(code: str) -> Place | None:
    """Return the place of the airport with this ICAO code, upper or lower case; None if there is none.

    Only the ICAO code counts, no other code and no name. Of several fields under one code it is the largest. A place
    whose height is unknown has height 0. The gazetteer is read at the first call.
    """
    gazetteer = load_gazetteer()
    wanted = code.strip().upper()
    row = next((row for row in gazetteer.find(wanted) if wanted and gazetteer.icao[row] == wanted), None)
    if row is None:
        return None
    feet = float(gazetteer.elevation_ft[row])
    height_m = 0.0 if math.isnan(feet) else round(feet * FOOT_M, 1)
    return Place(float(gazetteer.lat_deg[row]), float(gazetteer.lon_deg[row]), height_m)
