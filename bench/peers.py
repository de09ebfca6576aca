"""Other decoders that Python can call, on the same frames, in the same process conditions as ours.

They are run as they are meant to be: rs1090 by its batch call, which pairs positions within the call; pyModeS by
`decode` (no state) and by `PipeDecoder` (pairs positions). They get hex text made beforehand, which costs them nothing.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from skywitness.batches import Frames

__all__ = ["hex_frames", "mode_s_only", "peer_tasks"]


def hex_frames(frames: Frames) -> tuple[list[str], list[float]]:
    """Mode S frames as hex text, and their times in seconds since 1970."""
    words = [row[:length].tobytes().hex() for row, length in zip(frames.data, frames.length.tolist(), strict=True)]
    return words, (frames.time_ns / 1e9).tolist()


def peer_tasks(frames: Frames) -> dict[str, Callable[[], int]]:
    """What to time of every peer that is installed; frames must be Mode S only, in order of time."""
    words, seconds = hex_frames(frames)
    found = {}
    for name, package, make in (
        ("rs1090", "rs1090", rs1090_task),
        ("pymodes", "pyModeS", pymodes_task),
        ("pymodes_stateful", "pyModeS", pymodes_stateful_task),
    ):
        with contextlib.suppress(ImportError):  # rs1090 has no wheel for every Python
            found[name] = make(importlib.import_module(package), words, seconds)
    return found


def rs1090_task(module: Any, words: list[str], seconds: list[float]) -> Callable[[], int]:
    """The batch call with CPR state."""

    def task() -> int:
        return sum("latitude" in message for message in module.decode(words, seconds))

    return task


def pymodes_task(module: Any, words: list[str], seconds: list[float]) -> Callable[[], int]:
    """One call a message, no state, so no positions."""

    def task() -> int:
        for word in words:
            module.decode(word)
        return 0

    return task


def pymodes_stateful_task(module: Any, words: list[str], seconds: list[float]) -> Callable[[], int]:
    """The decoder that remembers aircraft."""

    def task() -> int:
        decoder = module.PipeDecoder()
        found = 0
        for word, second in zip(words, seconds, strict=True):
            found += "latitude" in decoder.decode(word, timestamp=second)
        return found

    return task


def mode_s_only(frames: Frames, rows: int) -> Frames:
    """The first rows that are Mode S."""
    return frames.take(np.flatnonzero(frames.length >= 7)[:rows])
