"""Open flight tracking that keeps the evidence: from the radio frame to the sentence in the article.

The public names are loaded when they are first asked for, so that `import skywitness` is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers and editors see; the rest of the world gets them when it asks
    from skywitness.batches import Frames, Messages, Positions
    from skywitness.messages.mode_s.columns import decode_table
    from skywitness.messages.mode_s.decode import decode
    from skywitness.messages.mode_s.explain import explain
    from skywitness.run.finding import open_store as open
    from skywitness.run.flights import journeys, legs
    from skywitness.run.track import track
    from skywitness.simulate.simulate import simulate
    from skywitness.sources.readers import open_recording
    from skywitness.sources.readers import read_frames as read

__all__ = [
    "Frames",
    "Messages",
    "Positions",
    "__version__",
    "decode",
    "decode_table",
    "explain",
    "journeys",
    "legs",
    "open",
    "open_recording",
    "read",
    "simulate",
    "track",
]

__version__ = "0.1.0"

PUBLIC = {
    "Frames": "skywitness.batches:Frames",
    "Messages": "skywitness.batches:Messages",
    "Positions": "skywitness.batches:Positions",
    "decode": "skywitness.messages.mode_s.decode:decode",
    "decode_table": "skywitness.messages.mode_s.columns:decode_table",
    "explain": "skywitness.messages.mode_s.explain:explain",
    "journeys": "skywitness.run.flights:journeys",
    "legs": "skywitness.run.flights:legs",
    "open": "skywitness.run.finding:open_store",
    "open_recording": "skywitness.sources.readers:open_recording",
    "read": "skywitness.sources.readers:read_frames",
    "simulate": "skywitness.simulate.simulate:simulate",
    "track": "skywitness.run.track:track",
}
"""Where each public name is defined, as module:name."""


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'skywitness' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].partition(":")
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
