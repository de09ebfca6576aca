"""Positions as GeoJSON lines (RFC 7946): a line for each unbroken stretch of an aircraft, its ends as points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skywitness.batches import PROVENANCES
from skywitness.views.exports.drawn import Drawn, moment_text
from skywitness.views.feeds.flights_geojson import line_feature
from skywitness.views.feeds.lines import lines_of

__all__ = ["track_features"]


def track_features(tracks: Sequence[Drawn]) -> Iterator[dict[str, Any]]:
    """Yield the lines of each track, cut at silences and at the antimeridian, then points where a silence begins.

    A stretch of a single position is a point. `write_geojson` makes a file of them.
    """
    for number, track in enumerate(tracks):
        rows = track.rows
        common = {
            "track": number, "icao24": track.icao24, "title": track.title, "callsign": track.callsign or None,
            "provenance": PROVENANCES[int(rows.provenance[track.first : track.last + 1].max())] if len(track) else None,
        }  # fmt: skip
        for line in lines_of(rows, track.first, track.last):
            # A line that ends on the antimeridian may have come to a single place there: no line, and nothing lost.
            if len(line) > 1 and np.ptp(line.time_ns):
                yield line_feature(line, {"feature": "received", **common})
        parts = list(track.stretches())
        for k, (a, z) in enumerate(parts):
            if z - a == 1:
                yield _point("received", rows, a, common)
            if k + 1 < len(parts):
                silence = (int(rows.time_ns[z]) - int(rows.time_ns[z - 1])) / 1e9
                yield _point("silence_begins", rows, z - 1, {**common, "silence_s": round(silence, 1)})
                yield _point("silence_ends", rows, z, {**common, "silence_s": round(silence, 1)})


def _point(feature: str, rows: Any, row: int, common: dict[str, Any]) -> dict[str, Any]:
    where = [round(float(rows.lon_deg[row]), 6), round(float(rows.lat_deg[row]), 6)]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": where},
        "properties": {"feature": feature, **common, "time": moment_text(rows.time_ns[row])},
    }
