"""Make the gazetteer when the package is built, from what published packages carry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
DATA = ROOT / "src" / "skywitness" / "reference" / "data"


class GazetteerHook(BuildHookInterface):  # type: ignore[misc]
    """Writes the reference tables into the tree; the wheel takes them as artifacts."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel or an editable installation is made."""
        sys.path.insert(0, str(ROOT / "src"))
        try:
            from skywitness.reference.building import build
        finally:
            sys.path.pop(0)
        for line in build(DATA):
            self.app.display_info(line)
