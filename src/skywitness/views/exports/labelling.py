"""Texts on a map that do not cover each other: each where there is room, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from skywitness.batches import F64
from skywitness.views.exports.base_map import Frame

__all__ = ["Labels", "text_width"]

WIDTH = 0.56
"""Of a letter by its height, on the average of texts in Roboto."""


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is, in pixels."""
    return WIDTH * size * len(text)


@dataclass(slots=True)
class Labels:
    """What is taken of a map, as boxes (left, top, right, bottom) in pixels, and the points of tracks."""

    frame: Frame
    tracks: F64
    """(n, 2) pixels: texts keep away from them, if there is another place."""
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def place(
        self, x: float, y: float, text: str, size: float, offset: float = 9.0, *, must: bool = False
    ) -> tuple[float, float] | None:
        """Return where a text beside a point begins, its base line; None if there is no room.

        must  it is placed in any case where no other text is
        """
        wide, high = text_width(text, size), size
        slant = offset * 0.7
        around = [
            (x + offset, y - high / 2), (x - offset - wide, y - high / 2), (x + slant, y - slant - high),
            (x + slant, y + slant), (x - slant - wide, y - slant - high), (x - slant - wide, y + slant),
            (x - wide / 2, y - offset - high), (x - wide / 2, y + offset),
        ]  # fmt: skip
        if not offset:
            around.insert(0, (x - wide / 2, y - high / 2))
        best: tuple[int, tuple[float, float]] | None = None
        for left, top in around:
            box = (left - 2.0, top - 1.0, left + wide + 2.0, top + high + 1.0)
            if not (self.frame.holds(box[0], box[1], 3.0) and self.frame.holds(box[2], box[3], 3.0)):
                continue
            if any(a < box[2] and c > box[0] and b < box[3] and d > box[1] for a, b, c, d in self.taken):
                continue
            crossed = self._crossed(box)
            if best is None or crossed < best[0]:
                best = (crossed, (left, top))
        if best is None or (best[0] and not must):
            return None
        left, top = best[1]
        self.taken.append((left - 2.0, top - 1.0, left + wide + 2.0, top + high + 1.0))
        return left, top + 0.82 * high

    def _crossed(self, box: tuple[float, float, float, float]) -> int:
        if not len(self.tracks):
            return 0
        x, y = self.tracks[:, 0], self.tracks[:, 1]
        return int(np.count_nonzero((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])))

    def reserve(self, x: float, y: float, radius: float) -> None:
        """Keep texts away from a mark."""
        self.taken.append((x - radius, y - radius, x + radius, y + radius))
