"""The packaged outlines of countries, and the airports within an area."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import shapely

from skywitness.batches import I32
from skywitness.errors import FormatError
from skywitness.reference.airports import Gazetteer
from skywitness.reference.building import OUTLINES
from skywitness.reference.load import DATA, read_tables
from skywitness.reference.outlines import Outlines

__all__ = ["airports_in", "country_at", "load_outlines"]


@functools.cache
def load_outlines() -> Outlines:
    """Return the outlines of the package. Kept after the first call. Raises SkywitnessError if there are none."""
    try:
        return Outlines(read_tables(DATA / OUTLINES)[1])
    except (KeyError, ValueError) as error:
        raise FormatError(f"its tables do not fit together: {error}", source=OUTLINES) from None


def country_at(lat_deg: float, lon_deg: float) -> str:
    """Return the ISO 3166-1 code of the country whose land a place is on; empty at sea."""
    return load_outlines().country_at(lat_deg, lon_deg)


def airports_in(gazetteer: Gazetteer, area: Any) -> I32:
    """Return the rows of the airfields within an area, a shapely geometry in degrees, x east and y north."""
    west, south, east, north = shapely.bounds(area)
    lat, lon = gazetteer.lat_deg, gazetteer.lon_deg
    rows = np.flatnonzero((lat >= south) & (lat <= north) & (lon >= west) & (lon <= east))
    shapely.prepare(area)
    inside: I32 = rows[shapely.intersects_xy(area, lon[rows], lat[rows])].astype(np.int32)
    return inside
