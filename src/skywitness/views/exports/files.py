"""Tracks as a file of the format that is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from skywitness.views.exports.czml import write_czml
from skywitness.views.exports.drawn import About, Drawn
from skywitness.views.exports.gpx import write_gpx
from skywitness.views.exports.map_picture import write_map_svg
from skywitness.views.exports.map_places import Place
from skywitness.views.exports.png import write_map_png
from skywitness.views.feeds.flights import rows_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EXPORTS", "PICTURES", "rows_hash", "write_export"]

PICTURES = ("svg", "png")
"""Maps."""

EXPORTS = ("gpx", "czml", *PICTURES)
"""What tracks can be written as, by the end of a file's name."""


def write_export(
    file: BinaryIO, format: str, tracks: Sequence[Drawn], about: About | None = None, places: Sequence[Place] = ()
) -> None:
    """Write tracks in a format of EXPORTS; maps also show places. Raises ConfigError for a PNG without its library."""
    if format == "gpx":
        write_gpx(file, tracks, about)
    elif format == "czml":
        write_czml(file, tracks, about)
    elif format == "svg":
        write_map_svg(file, tracks, about, places)
    else:
        write_map_png(file, tracks, about, places)


def rows_hash(table: pa.Table) -> str:
    """Return the SHA-256 of a table's rows as JSON lines, hexadecimal: what is printed on an export of them."""
    digest = hashlib.sha256()
    for row in rows_of(table):
        digest.update(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()
