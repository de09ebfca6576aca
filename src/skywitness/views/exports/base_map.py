"""What lies under the tracks: land, borders, the net of degrees, names of countries. All of it is in the package."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from skywitness.reference.borders import load_outlines
from skywitness.views.exports.projections import Azimuthal, Projection

__all__ = ["BaseMap", "Frame", "base_map", "degree_text", "path_of"]

STEPS_DEG = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
LINES = 7.0
LABEL_PX = 62.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the picture that is map, in pixels, and the part of the projection that it shows, in kilometres."""

    left: float
    top: float
    width: float
    height: float
    centre_km: tuple[float, float]
    km_per_px: float

    @property
    def view(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top in kilometres."""
        dx, dy = self.width / 2.0 * self.km_per_px, self.height / 2.0 * self.km_per_px
        x, y = self.centre_km
        return x - dx, y - dy, x + dx, y + dy

    def pixels(self, km: Any) -> Any:
        """Return (n, 2) pixels of (n, 2) kilometres."""
        x = self.left + self.width / 2.0 + (km[:, 0] - self.centre_km[0]) / self.km_per_px
        y = self.top + self.height / 2.0 - (km[:, 1] - self.centre_km[1]) / self.km_per_px
        return np.column_stack([x, y])

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Say whether a pixel is on the map."""
        return (
            self.left + margin <= x <= self.left + self.width - margin
            and self.top + margin <= y <= self.top + self.height - margin
        )


@dataclass(frozen=True, slots=True)
class BaseMap:
    """Paths of SVG, and texts with their places."""

    land: str
    borders: str
    net: str
    countries: list[tuple[float, float, str]]
    degrees: list[tuple[float, float, str]]
    """Where a line of the net leaves the map."""


def base_map(projection: Projection, frame: Frame, names: Mapping[str, str]) -> BaseMap:
    """Return what lies under the tracks.

    names  of countries by ISO 3166-1 code
    """
    outlines = load_outlines()
    shapes, owners = outlines.shapes
    tolerance = 0.35 * frame.km_per_px
    areas, whose = projection.areas(shapes, owners, frame.view)
    land = "".join(path_of(shape, frame, tolerance, is_closed=True) for shape in areas)
    lines = projection.lines(coast_and_borders(shapes), frame.view)
    borders = "".join(path_of(shape, frame, tolerance) for shape in lines)
    step = net_step(projection, frame)
    net, degrees = [], []
    for line, text, is_meridian in net_of(projection, frame, step):
        for cut in projection.lines(np.array([line]), frame.view):
            net.append(path_of(cut, frame, 0.2 * frame.km_per_px))
            if place := leaving(cut, frame, is_meridian):
                degrees.append((*place, text))
    return BaseMap(land, borders, "".join(net), labels(areas, whose, outlines.codes, frame, names), degrees)


def coast_and_borders(shapes: Any) -> Any:
    """Return the outlines of polygons without the edges that are only there because a map ends at 180 degrees."""
    rings = shapely.get_rings(shapes)
    at, ring = shapely.get_coordinates(rings, return_index=True)
    edge = (np.abs(at[:, 0]) > 179.995) | (at[:, 1] < -89.9)
    hidden = edge[1:] & edge[:-1] | (ring[1:] != ring[:-1])
    number = np.r_[0, np.cumsum(hidden)]
    enough = np.bincount(number)[number] > 1
    _, number = np.unique(number[enough], return_inverse=True)
    return shapely.linestrings(at[enough], indices=number)


def net_step(projection: Projection, frame: Frame) -> float:
    """Return the distance between lines of the net, in degrees, for about seven of them."""
    degrees = frame.height * frame.km_per_px / 111.2
    return next((step for step in STEPS_DEG if degrees / step <= LINES), STEPS_DEG[-1])


def net_of(projection: Projection, frame: Frame, step: float) -> list[tuple[Any, str, bool]]:
    """Return meridians and parallels near the map, with their names."""
    middle = projection.lat_deg if isinstance(projection, Azimuthal) else 0.0
    reach = math.hypot(frame.width, frame.height) / 2.0 * frame.km_per_px / 111.2 * 1.3 + step
    off = math.hypot(*frame.centre_km) / 111.2
    reach += off
    lows, highs = max(-90.0, middle - reach), min(90.0, middle + reach)
    has_pole = lows <= -89.0 or highs >= 89.0
    east = step
    if has_pole:
        east = max(step, 15.0)
    else:
        narrow = math.cos(math.radians(min(89.0, abs(middle) + 0.4 * reach)))
        east = next((one for one in STEPS_DEG if one * narrow >= step * 0.75), 30.0)
    wide = 180.0 if has_pole else min(180.0, reach / max(math.cos(math.radians(max(abs(lows), abs(highs)))), 0.05))
    found: list[tuple[Any, str, bool]] = []
    fine = max(0.02, min(1.0, step / 10.0))
    for k in range(math.ceil(-wide / east), math.floor(wide / east) + 1):
        lon = (round(projection.lon_deg / east) + k) * east
        lats = np.arange(max(lows, -90.0 + fine), min(highs, 90.0 - fine), fine)
        if len(lats) > 1 and not (wide >= 180.0 and k * east >= 180.0):
            shown = (lon + 540.0) % 360.0 - 180.0
            found.append(
                (shapely.LineString(np.column_stack([np.full(len(lats), shown), lats])), degree_text(shown, "EW"), True)
            )
    for k in range(math.ceil(lows / step), math.floor(highs / step) + 1):
        lat = k * step
        if abs(lat) < 89.9:
            lons = projection.lon_deg + np.arange(-wide, wide + fine, fine)
            line = shapely.LineString(np.column_stack([lons, np.full(len(lons), lat)]))
            found.append((line, degree_text(lat, "NS"), False))
    return found


def degree_text(value: float, sides: str) -> str:
    """Return a latitude or longitude as maps write it: 12.5°N."""
    value = round(value, 6)
    side = "" if value == 0.0 or abs(value) == 180.0 else sides[value < 0.0]
    return f"{abs(value):g}°{side}"


def leaving(cut: Any, frame: Frame, is_meridian: bool) -> tuple[float, float] | None:
    """Return where a meridian leaves at the bottom, or a parallel on the left; None if it does not."""
    for part in shapely.get_parts(cut):
        if part.geom_type != "LineString" or part.is_empty:
            continue
        ends = frame.pixels(shapely.get_coordinates(part)[[0, -1]])
        for x, y in ends.tolist():
            if is_meridian and abs(y - frame.top - frame.height) < 1.0:
                return x, y
            if not is_meridian and abs(x - frame.left) < 1.0:
                return x, y
    return None


def labels(
    areas: Any, whose: Any, codes: list[str], frame: Frame, names: Mapping[str, str]
) -> list[tuple[float, float, str]]:
    """Return where there is room for the name of each country."""
    found = []
    for owner in np.unique(whose):
        mine = areas[whose == owner]
        largest = mine[int(np.argmax(shapely.area(mine)))]
        parts = shapely.get_parts(largest)
        largest = parts[int(np.argmax(shapely.area(parts)))].simplify(2.0 * frame.km_per_px)
        name = names.get(codes[int(owner)], "")
        if not name or largest.is_empty or largest.area / frame.km_per_px**2 < LABEL_PX * len(name) * 4.0:
            continue
        circle = shapely.maximum_inscribed_circle(largest, tolerance=4.0 * frame.km_per_px)
        x, y = frame.pixels(shapely.get_coordinates(circle)[:1])[0].tolist()
        found.append((x, y, name))
    return found


def path_of(shape: Any, frame: Frame, tolerance: float, *, is_closed: bool = False) -> str:
    """Return a shape in kilometres as a path of SVG, simplified to `tolerance`."""
    simple = shapely.simplify(shape, tolerance, preserve_topology=False)
    parts = []
    for part in shapely.get_parts(simple):
        if part.is_empty or part.geom_type not in ("Polygon", "LineString"):
            continue
        for ring in shapely.get_rings(part) if part.geom_type == "Polygon" else [part]:
            at = np.round(frame.pixels(shapely.get_coordinates(ring)), 1)
            if is_closed and part.geom_type != "Polygon":
                continue
            points = " ".join(f"{x:g},{y:g}" for x, y in at.tolist())
            parts.append(f"M{points}{'Z' if is_closed else ''}")
    return "".join(parts)
