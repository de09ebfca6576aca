"""Where each message says its sender is, for formats that print it beside the message."""

from __future__ import annotations

import numpy as np

from skywitness.batches import F64, I64, REASONS, VERDICTS, Positions

__all__ = ["places_of"]

CONTRADICTED = VERDICTS.index("contradicted")
NO_REASON = REASONS.index("none")


def places_of(ids: I64, positions: Positions) -> tuple[F64, F64]:
    """Latitude and longitude that each frame gave; NaN where it gave none, or one that is contradicted or held back.

    A place that a later message settled is left out, whether that message is in the same batch or not: a line must not
    depend on how the stream was cut.

    ids        of the frames, in the order they were pushed
    positions  what the pipeline made of them, in its order: a settled place stands behind the message that settled it
    """
    latitude = np.full(len(ids), np.nan)
    longitude = np.full(len(ids), np.nan)
    if not len(positions) or not len(ids):
        return latitude, longitude
    order = np.argsort(ids, kind="stable")
    row = order[np.minimum(np.searchsorted(ids, positions.parent, sorter=order), len(ids) - 1)]
    found = ids[row] == positions.parent
    newest = np.maximum.accumulate(np.where(found, row, -1))
    stands = (positions.verdict != CONTRADICTED) & (positions.reason == NO_REASON)
    good = np.flatnonzero(found & (row == newest) & stands)
    latitude[row[good]] = positions.lat_deg[good]
    longitude[row[good]] = positions.lon_deg[good]
    return latitude, longitude
