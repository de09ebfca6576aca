"""Areas as people paste them into a question: WKT and GeoJSON, longitude first."""

from __future__ import annotations

import json
import re
from typing import Any

from skywitness.errors import QuestionError
from skywitness.questions.question import Polygon

__all__ = ["MOST_POINTS", "box_of", "polygon_of"]

MOST_POINTS = 20_000
"""Of all rings together: a coast line in detail; what is longer belongs simplified."""
TOKEN = re.compile(r"\s*([(),]|[+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][+-]?\d{1,3})?)", re.ASCII)

Ring = tuple[tuple[float, float], ...]


def polygon_of(text: str) -> Polygon:
    """Return the area of a WKT POLYGON or MULTIPOLYGON or of a GeoJSON geometry or feature.

    Raises QuestionError with the place of the mistake, in characters.
    """
    if text.lstrip().startswith("{"):
        return of_geojson(text)
    head = text[: text.index("(")].strip().upper()
    nested, end = nested_numbers(text, text.index("("))
    if text[end:].strip():
        raise QuestionError("something stands behind the shape", offset=end)
    parts = nested if head == "MULTIPOLYGON" else [nested]
    return checked(parts)


def nested_numbers(text: str, begin: int) -> tuple[list[Any], int]:
    """Return the lists that parentheses make, points as pairs of numbers, and where they end."""
    stack: list[list[Any]] = []
    numbers: list[float] = []
    points, at = 0, begin
    while True:
        token = TOKEN.match(text, at)
        if token is None:
            at += len(text[at : at + 100]) - len(text[at : at + 100].lstrip())
            raise QuestionError("a number, a comma or a parenthesis is expected", offset=at)
        at, word = token.end(), token[1]
        if word == "(":
            if len(stack) >= 3 or numbers:
                raise QuestionError("a parenthesis too many", offset=at - 1)
            stack.append([])
        elif word in ",)":
            if not stack:
                raise QuestionError("a shape begins with a parenthesis", offset=at - 1)
            if numbers:
                if len(numbers) not in (2, 3):
                    raise QuestionError("a point is a longitude and a latitude", offset=at - 1)
                points += 1
                if points > MOST_POINTS:
                    raise QuestionError(f"an area of more than {MOST_POINTS:,} points", hint="Simplify its outline.")
                stack[-1].append((numbers[0], numbers[1]))
                numbers = []
            if word == ")":
                done = stack.pop()
                if not stack:
                    return done, at
                stack[-1].append(done)
        else:
            numbers.append(float(word))


def of_geojson(text: str) -> Polygon:
    """Return the area of a GeoJSON Polygon, MultiPolygon, or Feature of one (RFC 7946)."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"the shape is no GeoJSON ({error})", offset=getattr(error, "pos", 0)) from None
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    if not isinstance(found, dict) or found.get("type") not in ("Polygon", "MultiPolygon"):
        raise QuestionError("only a Polygon or a MultiPolygon is an area")
    nested = found.get("coordinates")
    return checked(nested if found["type"] == "MultiPolygon" else [nested])


def checked(parts: Any) -> Polygon:
    """Return the rings, each closed, or say what is wrong with them."""
    points = 0
    out = []
    if not isinstance(parts, list) or not parts:
        raise QuestionError("an area without points")
    for part in parts:
        if not isinstance(part, list) or not part:
            raise QuestionError("an area without points")
        rings = []
        for ring in part:
            if not isinstance(ring, list):
                raise QuestionError("a ring is a list of points")
            points += len(ring)
            if points > MOST_POINTS:
                raise QuestionError(f"an area of more than {MOST_POINTS:,} points", hint="Simplify its outline.")
            rings.append(ring_of(ring))
        out.append(tuple(rings))
    return Polygon(tuple(out))


def ring_of(ring: list[Any]) -> Ring:
    """Return one ring, closed."""
    line = []
    for point in ring:
        try:
            lon, lat = float(point[0]), float(point[1])
        except (TypeError, ValueError, IndexError, KeyError, OverflowError):
            raise QuestionError("a point is a longitude and a latitude") from None
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            swapped = abs(lat) <= 180 and abs(lon) <= 90
            raise QuestionError(
                f"{lon:g} {lat:g} is no longitude and latitude",
                hint="Longitude comes first: they seem to be swapped." if swapped else "",
            )
        line.append((lon, lat))
    if line and line[0] != line[-1]:
        line.append(line[0])
    if len(line) < 4:
        raise QuestionError("a ring needs three points at least")
    return tuple(line)


def box_of(south: float, west: float, north: float, east: float) -> Polygon:
    """Return a box of degrees as a polygon; west may be east of east, then it crosses the 180th meridian.

    Raises QuestionError for one that lies outside of the Earth's latitudes and longitudes.
    """
    if not -90 <= south < north <= 90 or not -180 <= west <= 180 or not -180 <= east <= 180 or west == east:
        raise QuestionError("no box of degrees", hint="It is south,west,north,east: in:50,3,54,8.")
    width = (east - west) % 360.0 or 360.0
    steps = int(width // 90.0) + 1
    along = [(west + width * step / steps + 180.0) % 360.0 - 180.0 for step in range(steps)] + [east]
    ring = [(lon, south) for lon in along] + [(lon, north) for lon in reversed(along)] + [(along[0], south)]
    return Polygon(((tuple(ring),),))
