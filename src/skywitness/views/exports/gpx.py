"""Tracks as GPX 1.1 (https://www.topografix.com/GPX/1/1/): a track for each, a segment for each unbroken stretch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from skywitness.units import FOOT_M, KNOT_MPS
from skywitness.views.exports.drawn import ELLIPSOID, About, Drawn, moment_text, xml_text

__all__ = ["write_gpx"]

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator="skywitness" xmlns="http://www.topografix.com/GPX/1/1" '
    'xmlns:tpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2" xmlns:sky="urn:skywitness:gpx:1">\n'
)
NOTE = (
    f"Elevations (ele) are {ELLIPSOID}; a point without had none. sky:pressure_altitude_ft is in feet at 1013.25 hPa. "
    "Times are UTC. A segment ends where nothing was heard for five minutes."
)


def write_gpx(file: BinaryIO, tracks: Sequence[Drawn], about: About | None = None) -> None:
    """Write tracks. Nothing is drawn through a silence, and no elevation is given but a received geometric one."""
    about = about or About()
    told = " ".join([NOTE, *(f"{line}." for line in about.lines())])
    head = f"<metadata><name>{xml_text(about.title)}</name><desc>{xml_text(told)}</desc></metadata>\n"
    file.write((HEAD + head).encode())
    for number, track in enumerate(tracks, 1):
        name = " ".join(dict.fromkeys((track.label, track.title)))
        since = moment_text(track.rows.time_ns[track.first]) if len(track) else ""
        parts = [f"<trk><name>{xml_text(f'{name} {since[:16]}Z')}</name><desc>{xml_text(track.told)}</desc>"]
        if about.source:
            parts.append(f"<src>{xml_text(about.source)}</src>")
        parts.append(f"<number>{number}</number><type>flight</type>\n")
        file.write("".join(parts).encode())
        for a, z in track.stretches():
            file.write(_segment(track, a, z).encode())
        file.write(b"</trk>\n")
    file.write(b"</gpx>\n")


def _segment(track: Drawn, a: int, z: int) -> str:
    rows = track.rows
    # The schema has longitudes below 180: that meridian is -180.
    lon = (np.round(rows.lon_deg[a:z], 6) + 180.0) % 360.0 - 180.0
    columns = zip(
        rows.lat_deg[a:z].tolist(),
        np.round(lon, 6).tolist(),
        rows.time_ns[a:z].tolist(),
        (rows.altitude_geom_ft[a:z].astype(np.float64) * FOOT_M).tolist(),
        rows.altitude_ft[a:z].tolist(),
        (rows.groundspeed_kt[a:z].astype(np.float64) * KNOT_MPS).tolist(),
        rows.track_deg[a:z].tolist(),
        strict=True,
    )
    points = []
    for lat, east, time_ns, height, pressure, speed, course in columns:
        ele = f"<ele>{height:.1f}</ele>" if np.isfinite(height) else ""
        more = f"<sky:pressure_altitude_ft>{pressure:.0f}</sky:pressure_altitude_ft>" if np.isfinite(pressure) else ""
        motion = f"<tpx:speed>{speed:.2f}</tpx:speed>" if np.isfinite(speed) else ""
        motion += f"<tpx:course>{course:.1f}</tpx:course>" if np.isfinite(course) else ""
        more += f"<tpx:TrackPointExtension>{motion}</tpx:TrackPointExtension>" if motion else ""
        more = f"<extensions>{more}</extensions>" if more else ""
        points.append(
            f'<trkpt lat="{lat:.6f}" lon="{east:.6f}">{ele}<time>{moment_text(time_ns)}</time>{more}</trkpt>\n'
        )
    return f"<trkseg>\n{''.join(points)}</trkseg>\n"
