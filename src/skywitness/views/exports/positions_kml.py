"""Positions as KML 2.2 with the track extension of Google Earth: a folder for each aircraft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from skywitness.batches import PROVENANCES
from skywitness.views.exports.drawn import NOT_XML, About, Drawn, moment_text, xml_text
from skywitness.views.feeds.flights_kml import ALTITUDES, HEAD, STYLES, placemark
from skywitness.views.feeds.lines import lines_of

__all__ = ["write_track_kml"]


def write_track_kml(file: BinaryIO, tracks: Sequence[Drawn], about: About | None = None) -> None:
    """Write tracks; parts on the ground are clamped to it, those in the air are at their pressure altitude."""
    about = about or About()
    told = " ".join([ALTITUDES, "Times are UTC.", *(f"{line}." for line in about.lines())])
    head = f"{HEAD}<name>{xml_text(about.title)}</name>\n<description>{xml_text(told)}</description>\n{STYLES}"
    file.write(head.encode())
    for track in tracks:
        file.write(f"<Folder><name>{xml_text(track.title)}</name>\n".encode())
        worst = PROVENANCES[int(track.rows.provenance[track.first : track.last + 1].max())] if len(track) else None
        known = {"icao24": track.icao24, "callsign": track.callsign or None, "provenance": worst}
        for line in lines_of(track.rows, track.first, track.last, by_ground=True):
            if len(line):
                label = xml_free(f"{track.label} {moment_text(line.time_ns[0])[:16]}Z")
                file.write(placemark(line, label, xml_free(track.told), known).encode())
        file.write(b"</Folder>\n")
    file.write(b"</Document>\n</kml>\n")


def xml_free(text: str) -> str:
    """Return text without what XML cannot have; `placemark` escapes the rest itself."""
    return NOT_XML.sub("\ufffd", text)
