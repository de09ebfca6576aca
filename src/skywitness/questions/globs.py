"""Words with wild cards against texts: `*` stands for anything. Linear in the text, whatever the pattern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from skywitness.questions.question import Pattern

__all__ = ["fits", "fits_any", "fitting"]


def fits(pattern: Pattern, text: str) -> bool:
    """Whether a whole text is what a pattern says; case does not matter."""
    text = text.upper()
    first, *rest = pattern.text.split("*")
    if not rest:
        return text == first
    *middle, last = rest
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def fits_any(patterns: Iterable[Pattern], text: str) -> bool:
    """Whether any of the patterns says it."""
    return any(fits(pattern, text) for pattern in patterns)


def fitting(patterns: Sequence[Pattern], texts: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which of many texts any of the patterns says; empty texts are unknown and fit none."""
    if all(pattern.is_exact for pattern in patterns):
        upper = np.char.upper(texts) if len(texts) else texts
        return np.asarray(np.isin(upper, [pattern.text for pattern in patterns]) & (texts != ""))
    return np.array([bool(text) and fits_any(patterns, text) for text in texts.tolist()], np.bool_)
