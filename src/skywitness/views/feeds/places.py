"""Where each message says its sender is, for formats that print it beside the message."""

from __future__ import annotations

import numpy as np

from skywitness.batches import F64, I64, REASONS, VERDICTS, Positions

__all__ = ["places_of"]

CONTRADICTED = VERDICTS.index("contradicted")


def places_of(ids: I64, positions: Positions) -> tuple[F64, F64]:
    """Latitude and longitude that each frame gave; NaN where it gave none, or one that is contradicted or held back.

    ids        of the frames, in any order
    positions  what the pipeline made of them
    """
    latitude = np.full(len(ids), np.nan)
    longitude = np.full(len(ids), np.nan)
    good = np.flatnonzero((positions.verdict != CONTRADICTED) & (positions.reason == REASONS.index("none")))
    if len(good) and len(ids):
        order = np.argsort(ids, kind="stable")
        place = np.minimum(np.searchsorted(ids, positions.parent[good], sorter=order), len(ids) - 1)
        row = order[place]
        found = ids[row] == positions.parent[good]
        latitude[row[found]] = positions.lat_deg[good[found]]
        longitude[row[found]] = positions.lon_deg[good[found]]
    return latitude, longitude
