"""The bundled demonstration: ten simulated minutes at an invented airport, made from scenarios/demo.toml."""

from __future__ import annotations

from pathlib import Path

__all__ = ["demo_path"]


def demo_path() -> Path:
    """Where the recording is: Beast bytes, zstd; its first message says that it is simulated."""
    return Path(__file__).parent / "demo.beast.zst"
