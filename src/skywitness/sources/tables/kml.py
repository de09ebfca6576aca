"""Tracks of FlightAware in KML: a `gx:Track` with its times and its places, altitudes in metres."""

from __future__ import annotations

import re
from typing import BinaryIO
from xml.etree import ElementTree

import pyarrow as pa

from skywitness.errors import FormatError

__all__ = ["LARGEST_BYTES", "kml_table"]

LARGEST_BYTES = 64_000_000
"""A flight of a day has less than one million."""
CALLSIGN = re.compile(r"\b([A-Z]{2,3}[0-9][0-9A-Z]{0,4}|[A-Z0-9]{4,8})\b")
KML, GX = "{http://www.opengis.net/kml/2.2}", "{http://www.google.com/kml/ext/2.2}"


def kml_table(file: BinaryIO, source: str) -> pa.Table:
    """Return a row for each place of each track, with the columns of FlightAware's tables.

    Raises FormatError if it is no KML, has no track with times, or more places than times.
    """
    data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise FormatError(f"it is longer than {LARGEST_BYTES:,} bytes, which no track is", source=source)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FormatError("it declares entities, which no track needs", source=source)
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise FormatError(f"line {line:,}: it is no whole KML ({error.msg.split(':')[0]})", source=source) from None
    columns: dict[str, list[str | None]] = {
        name: [] for name in ("timestamp", "latitude", "longitude", "altitude_m", "ident", "update_type")
    }
    tracks = 0
    for place in root.iter(f"{KML}Placemark"):
        name = place.findtext(f"{KML}name") or ""
        found = CALLSIGN.search(name.replace("FlightAware", " ").upper())
        for track in place.iter(f"{GX}Track"):
            tracks += 1
            _read(track, tracks, found[1] if found else None, columns, source)
    if not tracks:
        raise FormatError(
            "there is no gx:Track in it: without times it tells no flight", source=source,
            hint="Lines and points of KML have no times; export the track log.",
        )  # fmt: skip
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _read(
    track: ElementTree.Element, number: int, ident: str | None, columns: dict[str, list[str | None]], source: str
) -> None:
    times = [(one.text or "").strip() for one in track.findall(f"{KML}when")]
    places = [(one.text or "").split() for one in track.findall(f"{GX}coord")]
    if len(times) != len(places):
        raise FormatError(
            f"track {number}: it has {len(times):,} times and {len(places):,} places", source=source,
            hint="Is the file cut off?",
        )  # fmt: skip
    for row, (time, place) in enumerate(zip(times, places, strict=True)):
        if len(place) not in (2, 3):
            raise FormatError(f"track {number}, row {row + 1:,}: {' '.join(place)!r} is no place", source=source)
        columns["timestamp"].append(time)
        columns["longitude"].append(place[0])
        columns["latitude"].append(place[1])
        columns["altitude_m"].append(place[2] if len(place) == 3 else None)
        columns["ident"].append(ident)
        columns["update_type"].append(None)
