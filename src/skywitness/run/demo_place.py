"""Where the demonstration is kept, found without what makes it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from importlib import resources
from pathlib import Path

import platformdirs

from skywitness import __version__
from skywitness.reference.load import gazetteer_hash

__all__ = ["DEMO_SCENARIO", "MARK", "Demo", "demo_directory", "kept_demo", "scenario_text"]

DEMO_SCENARIO = "caracas-2019.toml"
FORMAT = 2
"""Counts up when what a build leaves changes."""
MARK = "demo.json"
"""File that a build writes last."""


@dataclasses.dataclass(frozen=True, slots=True)
class Demo:
    """A demonstration on the disk."""

    directory: Path
    """The data directory, for `serve`, `legs`, `journeys`."""
    live: tuple[tuple[str, Path, float, float], ...]
    """Name, recording, latitude and longitude of each receiver whose busy hour is looped."""


def scenario_text() -> str:
    """Return the bundled scenario."""
    return resources.files("skywitness.simulate.demo").joinpath(DEMO_SCENARIO).read_text(encoding="utf-8")


def demo_directory() -> Path:
    """Return where the demonstration of this version is, or will be."""
    told = os.environ.get("SKYWITNESS_DEMO_DIR")
    root = Path(told) if told else platformdirs.user_data_path("skywitness", appauthor=False) / "demo"
    key = f"{FORMAT} {__version__} {gazetteer_hash()}\n{scenario_text()}"
    return root / hashlib.sha256(key.encode()).hexdigest()[:12]


def kept_demo() -> Demo | None:
    """Return the demonstration of this version if it was built."""
    directory = demo_directory()
    if not (directory / MARK).exists():
        return None
    facts = json.loads((directory / MARK).read_text(encoding="utf-8"))
    live = tuple((one["name"], directory / one["file"], one["lat_deg"], one["lon_deg"]) for one in facts["live"])
    return Demo(directory, live)
