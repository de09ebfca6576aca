"""Tracks as CZML for Cesium: a moving point for each, that is not there while nothing was heard."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from skywitness.views.exports.drawn import PALETTE, About, Drawn, heights_of, moment_text

__all__ = ["write_czml"]


def write_czml(file: BinaryIO, tracks: Sequence[Drawn], about: About | None = None) -> None:
    """Write tracks as packets, one a line.

    Positions are `cartographicDegrees`: longitude, latitude and metres. What the metres are measured from is told for
    each stretch in the packet's property `altitude_reference`.
    """
    about = about or About()
    tracks = [track for track in tracks if len(track)]
    document: dict[str, Any] = {
        "id": "document", "name": about.title, "version": "1.0", "description": html.escape(" | ".join(about.lines())),
    }  # fmt: skip
    if tracks:
        since = moment_text(min(int(track.rows.time_ns[track.first]) for track in tracks))
        until = moment_text(max(int(track.rows.time_ns[track.last]) for track in tracks))
        document["clock"] = {
            "interval": f"{since}/{until}", "currentTime": since, "multiplier": 60, "range": "LOOP_STOP",
            "step": "SYSTEM_CLOCK_MULTIPLIER",
        }  # fmt: skip
    file.write(b"[" + _json(document))
    colours: dict[str, str] = {}
    for number, track in enumerate(tracks):
        colour = colours.setdefault(track.icao24, PALETTE[len(colours) % len(PALETTE)])
        file.write(b",\n" + _json(_packet(track, f"{track.icao24}/{number}", colour)))
    file.write(b"]\n")


def _packet(track: Drawn, name: str, colour: str) -> dict[str, Any]:
    rgba = [*bytes.fromhex(colour[1:]), 255]
    availability, positions, references = [], [], []
    for a, z in track.stretches():
        heights, reference = heights_of(track.rows, a, z)
        milliseconds = track.rows.time_ns[a:z] // 1_000_000
        interval = f"{moment_text(track.rows.time_ns[a])}/{moment_text(track.rows.time_ns[z - 1])}"
        seconds = (milliseconds - milliseconds[0]) / 1000.0
        lon, lat = np.round(track.rows.lon_deg[a:z], 6), np.round(track.rows.lat_deg[a:z], 6)
        samples = np.column_stack([seconds, lon, lat, np.round(heights, 1)]).ravel().tolist()
        availability.append(interval)
        positions.append(
            {
                "interval": interval, "epoch": moment_text(track.rows.time_ns[a]), "cartographicDegrees": samples,
                "interpolationAlgorithm": "LINEAR", "interpolationDegree": 1,
            }
        )  # fmt: skip
        references.append({"interval": interval, "string": reference})
    return {
        "id": name,
        "name": " ".join(dict.fromkeys((track.label, track.title))),
        "description": f"<p>{html.escape(track.told)}</p>",  # Cesium shows it as HTML
        "availability": availability,
        "position": positions,
        "properties": {
            "icao24": {"string": track.icao24}, "callsign": {"string": track.callsign},
            "altitude_reference": references,
        },
        "point": {"pixelSize": 8, "color": {"rgba": rgba}, "outlineColor": {"rgba": [255, 255, 255, 255]},
                  "outlineWidth": 1},
        "label": {"text": track.label, "font": "12px sans-serif", "pixelOffset": {"cartesian2": [12, -12]}},
        "path": {"width": 2, "resolution": 60, "material": {"solidColor": {"color": {"rgba": rgba}}}},
    }  # fmt: skip


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
