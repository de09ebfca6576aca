"""Legs as KML 2.2 with the track extension of Google Earth: a folder for each aircraft, a placemark for each part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from skywitness.journeys.legs import Flights
from skywitness.units import FOOT_M
from skywitness.views.feeds.flights import leg_table, rows_of
from skywitness.views.feeds.lines import Line, lines_of

__all__ = ["ALTITUDES", "HEAD", "STYLES", "placemark", "write_kml"]

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">\n<Document>\n'
)
STYLES = (
    '<Style id="air"><LineStyle><color>ffd07020</color><width>3</width></LineStyle></Style>\n'
    '<Style id="ground"><LineStyle><color>ff808080</color><width>3</width></LineStyle></Style>\n'
)
ALTITUDES = "Altitudes are pressure altitudes (1013.25 hPa), uncorrected, in metres."


def write_kml(
    file: BinaryIO,
    flights: Flights,
    names: Mapping[int, tuple[str, str]] | None = None,
    sentences: Mapping[int, str] | None = None,
) -> None:
    """Write all legs. Parts on the ground are clamped to it, those in the air are at their pressure altitude."""

    def put(text: str) -> None:
        file.write(text.encode())

    rows = flights.histories.rows
    put(HEAD + f"<name>Flights</name>\n<description>{escape(ALTITUDES)} Times are UTC.</description>\n" + STYLES)
    opened = None
    for number, about in enumerate(rows_of(leg_table(flights, names))):
        title = " ".join(str(about[name]) for name in ("registration", "icao24", "typecode") if about[name])
        if about["icao24"] != opened:
            put(("" if opened is None else "</Folder>\n") + f"<Folder><name>{escape(title)}</name>\n")
            opened = about["icao24"]
        label = f"{about['callsign'] or title} {about['from'][:16]}Z"
        told = (sentences or {}).get(number, "")
        for line in lines_of(rows, int(flights.first_row[number]), int(flights.last_row[number]), by_ground=True):
            if len(line):
                put(placemark(line, label, told, about))
    put("</Folder>\n" if opened is not None else "")
    put("</Document>\n</kml>\n")


def placemark(line: Line, label: str, told: str, about: Mapping[str, Any]) -> str:
    """Return an unbroken part of a track as a placemark; `about` says what is known of all of it."""
    style, mode = ("ground", "clampToGround") if line.on_ground else ("air", "absolute")
    moments = np.datetime_as_string(line.time_ns.astype("M8[ns]").astype("M8[ms]"), unit="ms").tolist()
    metres = np.round(np.nan_to_num(line.altitude_ft * FOOT_M), 1).tolist()
    when = "".join(f"<when>{moment}Z</when>" for moment in moments)
    where = "".join(
        f"<gx:coord>{lon:.6f} {lat:.6f} {up}</gx:coord>"
        for lon, lat, up in zip(line.lon_deg.tolist(), line.lat_deg.tolist(), metres, strict=True)
    )
    data = "".join(
        f"<Data name={quoteattr(name)}><value>{escape(str(about[name]))}</value></Data>"
        for name in ("icao24", "callsign", "departure_evidence", "departure_likeliest", "departure_probability",
                     "arrival_evidence", "arrival_likeliest", "arrival_probability", "provenance")
        if about.get(name) is not None
    )  # fmt: skip
    return (
        f"<Placemark><name>{escape(label)}</name><description>{escape(told)}</description>"
        f"<styleUrl>#{style}</styleUrl><ExtendedData>{data}</ExtendedData>"
        f"<gx:Track><altitudeMode>{mode}</altitudeMode>{when}{where}</gx:Track></Placemark>\n"
    )
