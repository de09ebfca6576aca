"""Whole recordings to checked positions: what `skywitness.track` is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from skywitness.batches import VERDICTS, Frames, Positions
from skywitness.pipeline import Pipeline, Settings

__all__ = ["final_rows", "track"]

BATCH_ROWS = 1 << 14
"""Rows a push: their columns stay in the processor's cache."""


def track(heard: Frames | Iterable[Frames], *, settings: Settings | None = None, rejected: bool = False) -> Positions:
    """Return the positions of all aircraft in a recording, in the order of reception.

    heard     frames in the order of arrival, as one batch or several
    settings  where the receivers stand, whether bits are repaired
    rejected  with the positions that were contradicted, and their reason
    """
    pipeline = Pipeline(settings)
    parts = []
    for batch in [heard] if isinstance(heard, Frames) else heard:
        for start in range(0, len(batch), BATCH_ROWS):
            parts.append(pipeline.push(batch.slice(start, start + BATCH_ROWS)).positions)
    parts.append(pipeline.flush().positions)
    positions = final_rows(Positions.concat(parts))
    if rejected:
        return positions
    return positions.take(positions.verdict != VERDICTS.index("contradicted"))


def final_rows(positions: Positions) -> Positions:
    """Keep the highest revision of each reception, in the order of reception."""
    order = np.lexsort((positions.revision, positions.parent))
    parent = positions.parent[order]
    return positions.take(order[np.r_[parent[1:] != parent[:-1], True][: len(order)]])
