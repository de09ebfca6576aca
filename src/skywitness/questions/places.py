"""Places of a question: codes and names into airfields and areas, and which rows lie in them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from skywitness.batches import F64, I32
from skywitness.errors import QuestionError
from skywitness.geo.sphere import distance_nmi
from skywitness.questions.question import InArea, Near, Place, Point, Polygon
from skywitness.reference.airports import Gazetteer
from skywitness.reference.borders import load_outlines
from skywitness.units import NMI_M

__all__ = ["Area", "Box", "Places"]

Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west is at most east."""

POINT_NMI = 5.0
"""Airfields within this distance of a point are meant by it as an end of a flight."""
WORLD: Box = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the Earth: rows within `nmi` of a centre, or inside a geometry."""

    boxes: tuple[Box, ...]
    """That hold all of it."""
    geometry: Any = None
    """A shapely geometry in degrees, x east; longitudes may go beyond 180."""
    centre: tuple[float, float] | None = None
    nmi: float = 0.0

    def holds(self, lat_deg: F64, lon_deg: F64) -> Bools:
        """Which places are in it."""
        out = np.zeros(len(lat_deg), np.bool_)
        for west, south, east, north in self.boxes:
            out |= (lat_deg >= south) & (lat_deg <= north) & (lon_deg >= west) & (lon_deg <= east)
        at = np.flatnonzero(out)
        if not len(at):
            return out
        lat, lon = lat_deg[at], lon_deg[at]
        if self.centre is not None:
            inside = distance_nmi(lat, lon, *self.centre) <= self.nmi
        else:
            inside = shapely.intersects_xy(self.geometry, lon, lat)
            for turn in (-360.0, 360.0):
                inside |= shapely.intersects_xy(self.geometry, lon + turn, lat)
        out[at] = inside
        return out


@dataclass(slots=True)
class Places:
    """What the places of questions mean."""

    gazetteer: Gazetteer
    told: dict[str, str] = field(default_factory=dict)
    """How each name was understood, for whoever reads the answer."""
    _areas: dict[Place | Point | Polygon | tuple[Any, float], Area] = field(default_factory=dict)
    _fields: dict[Place | Point, I32] = field(default_factory=dict)

    def airfields(self, places: Sequence[Place | Point]) -> I32:
        """Return the rows of the gazetteer that are meant as ends of flights.

        Raises QuestionError if a name is unknown.
        """
        rows = [self._airfields(place) for place in places]
        return np.unique(np.concatenate([np.zeros(0, np.int32), *rows])).astype(np.int32)

    def _airfields(self, place: Place | Point) -> I32:
        kept = self._fields.get(place)
        if kept is None:
            kept = self._fields[place] = self._with_twins(self._found(place))
        return kept

    def _found(self, place: Place | Point) -> I32:
        gazetteer = self.gazetteer
        if isinstance(place, Point):
            return gazetteer.near(place.lat_deg, place.lon_deg, POINT_NMI)
        country = self.country(place.text)
        if country:
            self.told[place.text] = f"airfields in {gazetteer.country_name.get(country, country)}"
            return gazetteer.in_country(country)
        if "-" in place.text and place.text.upper() in gazetteer.region_name:
            self.told[place.text] = f"airfields in {gazetteer.region_name[place.text.upper()]}"
            return gazetteer.in_country(place.text)
        row = self.airfield(place)
        return np.array([row], np.int32)

    def airfield(self, place: Place) -> int:
        """Return the row of one airfield by its code or name. Raises QuestionError if there is none."""
        found = self.gazetteer.find(place.text, 1)
        if not found:
            raise self._unknown(place.text)
        gazetteer, row = self.gazetteer, found[0]
        country = gazetteer.country_name.get(gazetteer.country[row], gazetteer.country[row])
        self.told[place.text] = f"{gazetteer.name[row]}, {country} ({gazetteer.code(row)})"
        return row

    def _with_twins(self, rows: I32) -> I32:
        """With other rows of the same airfields."""
        same = np.asarray(self.gazetteer.same_field)
        return np.flatnonzero(np.isin(same, same[rows])).astype(np.int32)

    def country(self, text: str) -> str:
        """Return the ISO 3166-1 code of a code or a country's name; empty if it is neither."""
        names = self.gazetteer.country_name
        if len(text) == 2 and text.upper() in names:
            return text.upper()
        wanted = text.strip().casefold()
        return next((code for code, name in names.items() if name.casefold() == wanted), "")

    def _unknown(self, text: str) -> QuestionError:
        near = difflib.get_close_matches(
            text.casefold(), [n.casefold() for n in self.gazetteer.country_name.values()], 1
        )
        hint = (
            f"Did you mean {near[0].title()!r}?"
            if near
            else "Give an ICAO or IATA code, a name, a country, or lat,lon."
        )
        return QuestionError(f"{text!r} is no place that is known", hint=hint)

    def areas(self, term: Near | InArea) -> list[Area]:
        """Return the areas of a term, any of which counts. Raises QuestionError if a name is unknown."""
        if isinstance(term, Near):
            return [self._disc(place, term.distance_m / NMI_M) for place in term.places]
        return [self._area(area) for area in term.areas]

    def _disc(self, place: Place | Point, nmi: float) -> Area:
        key = (place, nmi)
        kept = self._areas.get(key)
        if kept is not None:
            return kept
        if isinstance(place, Point):
            lat, lon = place.lat_deg, place.lon_deg
        else:
            if self.country(place.text):
                raise QuestionError(
                    f"near needs a point or an airfield, not {place.text!r}", hint=f"Write in:{place.text}."
                )
            row = self.airfield(place)
            lat, lon = float(self.gazetteer.lat_deg[row]), float(self.gazetteer.lon_deg[row])
        made = self._areas[key] = Area(boxes_around(lat, lon, nmi), centre=(lat, lon), nmi=nmi)
        return made

    def visited(self, place: Place | Point) -> Area:
        """Return where an aircraft visits a place: over the country, or within a few miles of the airfield."""
        if isinstance(place, Place) and self.country(place.text):
            return self._area(place)
        return self._disc(place, POINT_NMI)

    def _area(self, area: Place | Polygon) -> Area:
        kept = self._areas.get(area)
        if kept is None:
            kept = self._areas[area] = self._outline(area) if isinstance(area, Place) else of_polygon(area)
        return kept

    def _outline(self, place: Place) -> Area:
        code = self.country(place.text)
        if not code:
            raise QuestionError(
                f"{place.text!r} is no country",
                hint="Give a country's code or name, or a POLYGON; near: takes airfields.",
            )
        shape = load_outlines().polygon(code)
        if shape.is_empty:
            raise QuestionError(f"there is no outline of {place.text!r}", hint="Give a POLYGON.")
        self.told[place.text] = f"land of {self.gazetteer.country_name.get(code, code)}"
        return of_shape(shape)


def boxes_around(lat: float, lon: float, nmi: float) -> tuple[Box, ...]:
    """Return boxes that hold a disc; two if it crosses the antimeridian, all longitudes around a pole."""
    up = nmi / 60.0 * 1.001
    south, north = max(lat - up, -90.0), min(lat + up, 90.0)
    if south <= -90.0 or north >= 90.0:
        return ((-180.0, south, 180.0, north),)
    half = np.degrees(np.arcsin(min(np.sin(np.radians(min(up, 90.0))) / np.cos(np.radians(lat)), 1.0))) * 1.001
    return wrapped(lon - half, south, lon + half, north)


def wrapped(west: float, south: float, east: float, north: float) -> tuple[Box, ...]:
    """Return a box whose longitudes may go beyond 180 degrees as boxes that do not."""
    if east - west >= 360.0:
        return ((-180.0, south, 180.0, north),)
    turn = 360.0 * np.floor((west + 180.0) / 360.0)
    west, east = west - turn, east - turn
    if east <= 180.0:
        return ((west, south, east, north),)
    return (west, south, 180.0, north), (-180.0, south, east - 360.0, north)


def of_polygon(polygon: Polygon) -> Area:
    """Return the area of a polygon, each edge the shorter way round."""
    parts = []
    for outline, *holes in polygon.parts:
        shell = unwrapped(outline)
        parts.append(shapely.Polygon(shell, [unwrapped(hole, shell[0][0]) for hole in holes]))
    return of_shape(shapely.make_valid(shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]))


def unwrapped(ring: Sequence[tuple[float, float]], beside: float | None = None) -> list[tuple[float, float]]:
    """Return a ring with longitudes that never jump by more than half a turn; closed around a pole if it goes round."""
    out: list[tuple[float, float]] = []
    last = beside
    for lon, lat in ring:
        x = lon if last is None else last + (lon - last + 180.0) % 360.0 - 180.0
        out.append((x, lat))
        last = x
    turn = out[-1][0] - out[0][0]
    if abs(turn) > 180.0:  # the ring goes round the Earth: what it holds reaches to the nearer pole
        pole = 90.0 if sum(lat for _, lat in out) >= 0 else -90.0
        out += [(out[-1][0], pole), (out[0][0], pole), out[0]]
    return out


def of_shape(shape: Any) -> Area:
    """Return the area of a shapely geometry in degrees."""
    shapely.prepare(shape)
    boxes: list[Box] = []
    for part in shapely.get_parts(shape):
        west, south, east, north = (float(value) for value in shapely.bounds(part))
        boxes += wrapped(west, south, east, north)
    return Area(tuple(merged(boxes)), geometry=shape)


def merged(boxes: list[Box], most: int = 24) -> list[Box]:
    """Return fewer boxes that hold the same: those of many islands become one of each half of the Earth."""
    if len(boxes) <= most:
        return boxes
    out = []
    for west, east in ((-180.0, 0.0), (0.0, 180.0)):
        mine = [box for box in boxes if box[0] < east and box[2] > west]
        if mine:
            out.append((max(min(b[0] for b in mine), west), min(b[1] for b in mine),
                        min(max(b[2] for b in mine), east), max(b[3] for b in mine)))  # fmt: skip
    return out
