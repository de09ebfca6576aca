"""The walk that touches every kernel once, over a small input, in the way the program calls it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["STEPS"]

STEPS: tuple[Callable[[], None], ...] = ()
"""In the order of the picture; each step imports what it needs."""
