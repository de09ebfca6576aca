"""From places to a flat picture: which projection suits an extent, and what it makes of lines and areas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from skywitness.batches import F64

__all__ = ["EARTH_KM", "Azimuthal", "Cylindrical", "Projection", "great_circle", "projection_for"]

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
WIDEST_DEG = 78.0
"""Up to this distance from the middle an azimuthal picture is one that people recognise."""
HOLE_DEG = 2.0


@dataclass(frozen=True, slots=True)
class Azimuthal:
    """Lambert's azimuthal equal-area projection about a place, in kilometres; neither poles nor 180 degrees are edges.

    Snyder, Map Projections: A Working Manual (USGS 1395), equations 24-2 to 24-4, on the sphere.
    """

    lat_deg: float
    lon_deg: float

    name = "Lambert azimuthal equal-area"

    def xy(self, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
        """Return kilometres east and north of the middle."""
        lat, lon = np.radians(lat_deg), np.radians(np.asarray(lon_deg) - self.lon_deg)
        s0, c0 = math.sin(math.radians(self.lat_deg)), math.cos(math.radians(self.lat_deg))
        cosine = s0 * np.sin(lat) + c0 * np.cos(lat) * np.cos(lon)
        k = EARTH_KM * np.sqrt(2.0 / np.maximum(1.0 + cosine, 1e-9))
        return k * np.cos(lat) * np.sin(lon), k * (c0 * np.sin(lat) - s0 * np.cos(lat) * np.cos(lon))

    def areas(self, shapes: Any, owners: Any, view: tuple[float, float, float, float]) -> tuple[Any, Any]:
        """Return polygons in kilometres, cut to a view (left, bottom, right, top), and their owners."""
        antipode = shapely.Point((self.lon_deg + 360.0) % 360.0 - 180.0, -self.lat_deg)
        shapes = shapes.copy()
        around = [row for row in range(len(shapes)) if _box(shapes[row], antipode) and shapes[row].intersects(antipode)]
        rim = shapely.Point(0.0, 0.0).buffer(2.0 * EARTH_KM * math.cos(math.radians(HOLE_DEG / 2.0)), 64)
        turned = []
        for row in around:
            # The picture of what surrounds the antipode is inside out: the hole about it becomes the outer edge.
            turned.append(rim.difference(_sound(self._project(shapely.polygons(shapes[row].exterior)))))
            shapes[row] = shapely.Polygon()
        dense = shapely.segmentize(shapes, 1.0)
        flat = np.append(self._project(dense), turned) if turned else self._project(dense)
        owners = np.append(owners, owners[around])
        return _cut(flat, owners, view)

    def _project(self, shapes: Any) -> Any:
        return shapely.transform(shapes, lambda at: np.column_stack(self.xy(at[:, 0], at[:, 1])))

    def lines(self, lines: Any, view: tuple[float, float, float, float]) -> Any:
        """Return lines in kilometres, cut to a view."""
        flat = self._project(shapely.segmentize(lines, 1.0))
        bounds = shapely.bounds(flat)
        near = _touches(bounds, view)
        return shapely.clip_by_rect(flat[near], *view)

    def parts(self, lon_deg: F64, lat_deg: F64) -> list[F64]:
        """Return a track as lines in kilometres: here always one."""
        return [np.column_stack(self.xy(lon_deg, lat_deg))] if len(lon_deg) else []


@dataclass(frozen=True, slots=True)
class Cylindrical:
    """The equirectangular projection about a meridian, in kilometres: for extents that go around the earth."""

    lon_deg: float

    name = "equirectangular"

    def xy(self, lon_deg: F64, lat_deg: F64) -> tuple[F64, F64]:
        """Return kilometres along the equator and along the meridian."""
        lon = (np.asarray(lon_deg) - self.lon_deg + 540.0) % 360.0 - 180.0
        return np.radians(lon) * EARTH_KM, np.radians(lat_deg) * EARTH_KM

    def areas(self, shapes: Any, owners: Any, view: tuple[float, float, float, float]) -> tuple[Any, Any]:
        """Return polygons in kilometres, cut to a view (left, bottom, right, top), and their owners."""
        found = [_cut(self._shifted(shapes, turn), owners, view) for turn in (-360.0, 0.0, 360.0)]
        return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])

    def _shifted(self, shapes: Any, turn: float) -> Any:
        return shapely.transform(shapes, lambda at: np.radians(at + np.array([turn - self.lon_deg, 0.0])) * EARTH_KM)

    def lines(self, lines: Any, view: tuple[float, float, float, float]) -> Any:
        """Return lines in kilometres, cut to a view."""
        found = []
        for turn in (-360.0, 0.0, 360.0):
            flat = self._shifted(lines, turn)
            found.append(shapely.clip_by_rect(flat[_touches(shapely.bounds(flat), view)], *view))
        return np.concatenate(found)

    def parts(self, lon_deg: F64, lat_deg: F64) -> list[F64]:
        """Return a track as lines in kilometres, cut at the edge of the map."""
        if not len(lon_deg):
            return []
        lon = np.unwrap(np.asarray(lon_deg) - self.lon_deg, period=360.0)
        line = np.column_stack([np.radians(lon), np.radians(lat_deg)]) * EARTH_KM
        if len(line) == 1:
            return [np.column_stack(self.xy(lon_deg, lat_deg))]
        around, half = 2.0 * math.pi * EARTH_KM, math.pi * EARTH_KM
        found = []
        for turn in range(
            math.floor((line[:, 0].min() + half) / around), math.ceil((line[:, 0].max() + half) / around)
        ):
            cut = shapely.clip_by_rect(shapely.LineString(line - [turn * around, 0.0]), -half, -half, half, half)
            found += [shapely.get_coordinates(part) for part in shapely.get_parts(cut) if not part.is_empty]
        return found


Projection = Azimuthal | Cylindrical


def projection_for(lon_deg: F64, lat_deg: F64) -> Projection:
    """Return the projection that shows some places with the least distortion."""
    if not len(lon_deg):
        return Cylindrical(0.0)
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    at = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    centre = at.mean(axis=0) + 1e-9
    # Bădoiu and Clarkson (2003): a step towards the farthest place, ever shorter, ends in the middle of all of them.
    for step in range(2, 300):
        centre /= np.linalg.norm(centre) or 1.0
        far = at[np.argmin(at @ centre)]
        centre = centre + (far - centre) / step
    centre /= np.linalg.norm(centre) or 1.0
    reach = math.degrees(math.acos(min(1.0, max(-1.0, float((at @ centre).min())))))
    if reach <= WIDEST_DEG:
        return Azimuthal(math.degrees(math.asin(centre[2])), math.degrees(math.atan2(centre[1], centre[0])))
    east = np.sort(np.asarray(lon_deg) % 360.0)
    gaps = np.diff(np.append(east, east[0] + 360.0))
    widest = int(np.argmax(gaps))  # the edge of the map lies where nothing is
    return Cylindrical((float(east[widest] + gaps[widest] / 2.0) + 360.0) % 360.0 - 180.0)


def great_circle(a: tuple[float, float], b: tuple[float, float], step_deg: float = 0.5) -> tuple[F64, F64]:
    """Return longitudes and latitudes of the shortest way between two places (lon, lat), ends included."""
    lon, lat = np.radians([a[0], b[0]]), np.radians([a[1], b[1]])
    ends = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    angle = math.acos(min(1.0, max(-1.0, float(ends[0] @ ends[1]))))
    if angle < 1e-9:
        return np.array([a[0], b[0]]), np.array([a[1], b[1]])
    t = np.linspace(0.0, 1.0, 2 + int(math.degrees(angle) / step_deg))[:, None]
    at = (np.sin((1.0 - t) * angle) * ends[0] + np.sin(t * angle) * ends[1]) / max(math.sin(angle), 1e-12)
    return np.degrees(np.arctan2(at[:, 1], at[:, 0])), np.degrees(np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1])))


def _box(shape: Any, at: Any) -> bool:
    west, south, east, north = shape.bounds
    return bool(west <= at.x <= east and south <= at.y <= north)


def _touches(bounds: Any, view: tuple[float, float, float, float]) -> Any:
    left, bottom, right, top = view
    with np.errstate(invalid="ignore"):  # an empty shape has no bounds
        return (bounds[:, 0] <= right) & (bounds[:, 2] >= left) & (bounds[:, 1] <= top) & (bounds[:, 3] >= bottom)


def _sound(shape: Any) -> Any:
    """A valid polygon near a shape: on a grid of a kilometre, which leaves nothing that nearly touches itself."""
    return shapely.set_precision(shapely.make_valid(shape), 1.0)


def _cut(flat: Any, owners: Any, view: tuple[float, float, float, float]) -> tuple[Any, Any]:
    near = _touches(shapely.bounds(flat), view)
    flat, owners = flat[near], owners[near]
    wrong = ~shapely.is_valid(flat)
    flat[wrong] = shapely.make_valid(flat[wrong])
    cut = shapely.clip_by_rect(flat, *view)
    there = ~shapely.is_empty(cut)
    return cut[there], owners[there]
