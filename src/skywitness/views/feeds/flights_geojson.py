"""Legs as GeoJSON (RFC 7946): a line for what was received, nothing for what was not, a point for each end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from skywitness.journeys.legs import Flights
from skywitness.views.feeds.flights import leg_table, plain_value, rows_of
from skywitness.views.feeds.lines import Line, lines_of

__all__ = ["leg_features", "line_feature", "write_geojson"]

NOTE = {
    "coordinates": "WGS-84; a third coordinate is metres above the WGS-84 ellipsoid, there only if it was received",
    "pressure_altitude_ft": "feet at 1013.25 hPa, one a point",
    "coordTimes": "UTC, one a point",
    "lines": "end where nothing was heard for five minutes",
}


def leg_features(flights: Flights, names: Mapping[int, tuple[str, str]] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the features of each leg: one line for every part that was received, then its two ends."""
    rows = flights.histories.rows
    for number, properties in enumerate(rows_of(leg_table(flights, names))):
        common = {name: properties[name] for name in ("icao24", "registration", "typecode", "callsign", "provenance")}
        for line in lines_of(rows, int(flights.first_row[number]), int(flights.last_row[number])):
            if len(line) > 1:
                yield line_feature(line, {"feature": "received", "leg": number, **common})
        for side in ("departure", "arrival"):
            about = {
                name.removeprefix(f"{side}_"): value
                for name, value in properties.items()
                if name.startswith(f"{side}_")
            }
            place = [about.pop("longitude"), about.pop("latitude")]
            yield {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": place},
                "properties": {"feature": side, "leg": number, **common, **about},
            }


def line_feature(line: Line, properties: dict[str, Any]) -> dict[str, Any]:
    """Return an unbroken part of a track as a line, with the time of each point."""
    lon, lat = np.round(line.lon_deg, 6).tolist(), np.round(line.lat_deg, 6).tolist()
    points = [list(point) for point in zip(lon, lat, strict=True)]
    if np.isfinite(line.height_m).all():
        points = [[*point, height] for point, height in zip(points, np.round(line.height_m, 1).tolist(), strict=True)]
    moments = np.datetime_as_string(line.time_ns.astype("M8[ns]").astype("M8[ms]"), unit="ms")
    pressure = [None if np.isnan(value) else round(value) for value in line.altitude_ft.tolist()]
    about = {
        **properties,
        "coordTimes": [f"{moment}Z" for moment in moments.tolist()],
        "pressure_altitude_ft": pressure,
    }
    return {"type": "Feature", "geometry": {"type": "LineString", "coordinates": points}, "properties": about}


def write_geojson(file: BinaryIO, features: Iterator[dict[str, Any]], about: Mapping[str, Any] | None = None) -> None:
    """Write features as one collection, one a line of the file."""
    head = {"type": "FeatureCollection", "note": {**NOTE, **(about or {})}}
    file.write(json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "features": [')
    for number, feature in enumerate(features):
        file.write(b"\n" if number == 0 else b",\n")
        file.write(json.dumps(plain_value(feature), ensure_ascii=False, separators=(",", ":")).encode())
    file.write(b"\n]}\n")
