"""How often tests of crashes repeat themselves."""

from __future__ import annotations

import os

__all__ = ["rounds"]


def rounds(usual: int) -> int:
    """Return the usual number of rounds, times SKYWITNESS_ROUNDS for the long run."""
    return usual * int(os.environ.get("SKYWITNESS_ROUNDS", "1"))
