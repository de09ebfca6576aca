"""Which country a place is in, by outlines good to a kilometre or two."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

__all__ = ["Outlines"]

SCALE = 1e-4
PIECE_DEG = 4.0
NEAR_DEG = 0.3


class Outlines:
    """Outlines of countries by their ISO 3166-1 code, land only: the sea, coastal waters too, belongs to none."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        """Make them of columns as `reference.tables` keeps them. Raises ValueError if they do not fit together."""
        self.codes: list[str] = list(columns["code"])
        country = np.frombuffer(columns["ring_country"], "<i4")
        is_hole = np.frombuffer(columns["ring_is_hole"], "u1").astype(bool)
        first = np.frombuffer(columns["ring_first"], "<i4").astype(np.int64)
        steps = np.column_stack([np.frombuffer(columns[f"step_{axis}"], "<i4") for axis in ("lon", "lat")])
        if (
            len(first) != len(country) + 1
            or first[-1] != len(steps)
            or (len(country) and country.max() >= len(self.codes))
        ):
            raise ValueError("rings and points do not fit together")
        # Each ring begins anew from nothing: take away what the rings before it had come to.
        total = np.cumsum(steps.astype(np.int64), axis=0)
        before = np.zeros((len(country), 2), np.int64)
        before[1:] = total[first[1:-1] - 1]
        points = (total - np.repeat(before, np.diff(first), axis=0)) * SCALE
        rings = shapely.linearrings(points, indices=np.repeat(np.arange(len(country)), np.diff(first)))
        self._polygons = shapely.polygons(rings, indices=np.cumsum(~is_hole) - 1)
        self._country = country[~is_hole]

    def polygon(self, code: str) -> Any:
        """Return a country's outline as a shapely geometry, x east and y north in degrees; empty if there is none."""
        code = code.upper()
        number = self.codes.index(code) if code in self.codes else -1
        return shapely.make_valid(shapely.multipolygons(self._polygons[self._country == number]))

    @property
    def shapes(self) -> tuple[Any, NDArray[np.int32]]:
        """Return all polygons, x east and y north in degrees, and the row in `codes` that each belongs to."""
        return self._polygons, self._country

    def country_at(self, lat_deg: float, lon_deg: float) -> str:
        """Return the ISO code of the country whose land a place is on; empty at sea and where nothing is known."""
        return str(self.countries_at([lat_deg], [lon_deg])[0])

    def countries_at(self, lat_deg: ArrayLike, lon_deg: ArrayLike) -> NDArray[np.str_]:
        """Return the code of each place; empty at sea."""
        lat, lon = np.asarray(lat_deg, np.float64), np.asarray(lon_deg, np.float64)
        found = np.full(len(lat), -1)
        asked = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
        points = shapely.points((lon[asked] + 540.0) % 360.0 - 180.0, lat[asked])
        which, piece = self._tree.query(points, predicate="intersects")
        found[asked[which[::-1]]] = self._piece_country[piece[::-1]]  # on a border: the first by code
        told: NDArray[np.str_] = np.array([*self.codes, ""])[found]
        return told

    def holds(self, code: str, lat_deg: float, lon_deg: float) -> bool | None:
        """Say whether a place is in a country or within a third of a degree of it; None if it has no outline."""
        if code not in self.codes:
            return None
        around = shapely.box(lon_deg - NEAR_DEG, lat_deg - NEAR_DEG, lon_deg + NEAR_DEG, lat_deg + NEAR_DEG)
        pieces = self._tree.query(around, predicate="intersects")
        return bool((self._piece_country[pieces] == self.codes.index(code)).any())

    @functools.cached_property
    def _pieces(self) -> tuple[Any, NDArray[np.int32]]:
        # Cut into boxes, so that a look-up walks along a few hundred points instead of all of Canada's coast.
        pieces, country = [self._polygons], [self._country]
        for size in (60.0, 15.0, PIECE_DEG):
            shapes, owners = np.concatenate(pieces), np.concatenate(country)
            bounds = shapely.bounds(shapes)
            big = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) > size
            pieces, country = [shapes[~big]], [owners[~big]]
            for shape, owner, (west, south, east, north) in zip(shapes[big], owners[big], bounds[big], strict=True):
                for left in np.arange(west, east, size):
                    for low in np.arange(south, north, size):
                        cut = shapely.clip_by_rect(shape, left, low, left + size, low + size)
                        parts = shapely.get_parts(cut)
                        pieces.append(parts)
                        country.append(np.full(len(parts), owner, np.int32))
        return np.concatenate(pieces), np.concatenate(country)

    @functools.cached_property
    def _tree(self) -> Any:
        shapes, _ = self._pieces
        shapely.prepare(shapes)
        return shapely.STRtree(shapes)

    @property
    def _piece_country(self) -> NDArray[np.int32]:
        return self._pieces[1]
