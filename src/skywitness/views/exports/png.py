"""Maps as PNG, of the same drawing as the SVG: with the library resvg, an extra of the package."""

from __future__ import annotations

import importlib.util
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from skywitness.errors import ConfigError
from skywitness.views.exports.drawn import About, Drawn
from skywitness.views.exports.map_picture import draw_map
from skywitness.views.exports.map_places import Place

__all__ = ["png_of", "with_texts", "write_map_png"]

ZOOM = 2.0
"""Pixels of the picture by those of the drawing: 2400 across, 20 cm at 300 dots an inch."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def write_map_png(
    file: BinaryIO, tracks: Sequence[Drawn], about: About | None = None, places: Sequence[Place] = ()
) -> None:
    """Write `draw_map` as a picture, what it says of itself in iTXt chunks. Raises ConfigError without the extra."""
    about = about or About()
    texts = {"Title": about.title, "Description": " | ".join(about.lines()), "Software": about.software,
             "Source": about.source, "Query": about.query, "SHA-256": about.content_hash}  # fmt: skip
    file.write(with_texts(png_of(draw_map(tracks, about, places)), {k: v for k, v in texts.items() if v}))


def png_of(svg: str) -> bytes:
    """Return a picture of a drawing. Raises ConfigError if the library is not installed."""
    try:
        import resvg_py
    except ImportError:
        raise ConfigError(
            "PNG needs a library that is not installed", hint="pip install 'skywitness[pictures]'; or write .svg."
        ) from None
    fonts = font_files()
    # With the font of the extra a picture is the same on every machine; without it, with what the machine has.
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, zoom=ZOOM, skip_system_fonts=bool(fonts), font_files=fonts or None,
            font_family="Roboto" if fonts else None, sans_serif_family="Roboto" if fonts else None,
        )
    )  # fmt: skip


def font_files() -> list[str]:
    """Return the files of the extra's font; none if it is not installed."""
    spec = importlib.util.find_spec("font_roboto")
    places = spec.submodule_search_locations if spec else None
    folder = Path(next(iter(places))) / "files" if places else None
    files = [folder / f"Roboto-{cut}.ttf" for cut in ("Regular", "Bold")] if folder else []
    return [str(file) for file in files if file.is_file()]


def with_texts(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a picture with international texts (PNG third edition, 11.3.3.4) after its header."""
    if not png.startswith(SIGNATURE):
        raise ValueError("no PNG")
    end = len(SIGNATURE) + 25  # length, name, 13 bytes and checksum of IHDR, which comes first
    chunks = b"".join(
        chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.replace("\0", "\ufffd").encode())
        for keyword, text in texts.items()
    )
    return png[:end] + chunks + png[end:]


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
