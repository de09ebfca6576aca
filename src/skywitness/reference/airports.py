"""Airports and their runways as columns, with look-ups by code, name and place."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, F64, I32, I64, U8
from skywitness.geo.cells import Cells, cells_of, near_rows
from skywitness.reference.airport_names import KIND_RANK, named_rows
from skywitness.reference.merging import AIRPORT_KINDS, MILITARY_SOURCES, POSITION_SOURCES, normalised

__all__ = ["AIRPORT_KINDS", "FIXED_WING", "MILITARY_SOURCES", "POSITION_SOURCES", "Gazetteer"]

FIXED_WING = tuple(AIRPORT_KINDS.index(kind) for kind in ("small", "medium", "large"))
"""Values of `kind` of open fields that aeroplanes use."""

CODES = ("icao", "ident", "iata", "local")
"""Codes in the order in which they are believed."""


@dataclass(frozen=True, slots=True, eq=False)
class Gazetteer:
    """Airfields, one a row, sorted by `ident`; runway ends, one a row, sorted by airfield.

    Texts are empty where unknown. Both ends of a strip follow each other, so `runway ^ 1` is the other end.
    """

    ident: list[str]
    icao: list[str]
    iata: list[str]
    local: list[str]
    name: list[str]
    city: list[str]
    country: list[str]
    region: list[str]
    time_zone: list[str]
    alias: list[str]
    search: list[str]
    sources: list[str]
    kind: U8
    lat_deg: F64
    lon_deg: F64
    elevation_ft: F32
    military: U8
    scheduled: U8
    position_source: U8
    spread_km: F32
    longest_runway_ft: F32
    same_field: I32
    runway_airport: I32
    runway_ident: list[str]
    runway_lat_deg: F64
    runway_lon_deg: F64
    runway_heading_deg: F32
    runway_length_ft: F32
    runway_width_ft: F32
    runway_elevation_ft: F32
    runway_displaced_ft: F32
    runway_surface: list[str]
    runway_first: I64
    unplaced_airport: I32
    unplaced_ident: list[str]
    unplaced_length_ft: F32
    unplaced_surface: list[str]
    country_name: Mapping[str, str]
    region_name: Mapping[str, str]
    cells: Cells
    content_hash: str
    versions: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ident)

    @property
    def near_first(self) -> I32:
        """First place in `near_airport` of each cell of half a degree; see `skywitness.geo.cells`."""
        return self.cells.first

    @property
    def near_airport(self) -> I32:
        """Rows of airfields, sorted by cell."""
        return self.cells.row

    @classmethod
    def of_columns(cls, columns: Mapping[str, Any], content_hash: str, versions: Mapping[str, str]) -> Gazetteer:
        """Make it of columns as `reference.tables` keeps them. Raises ValueError if their lengths differ."""

        def numbers(name: str, kind: str) -> NDArray[Any]:
            return np.frombuffer(columns[name], "<" + kind).copy()

        def degrees(name: str) -> F64:
            return numbers(name, "i4") * 1e-6

        made: dict[str, Any] = {name: value for name, value in columns.items() if isinstance(value, list)}
        for name in ("country", "region"):
            made[f"{name}_name"] = dict(zip(made.pop(f"{name}_code"), made[f"{name}_name"], strict=True))
        for name in ("kind", "military", "scheduled", "position_source"):
            made[name] = numbers(name, "u1")
        for name in ("lat", "lon", "runway_lat", "runway_lon"):
            made[f"{name}_deg"] = degrees(f"{name}_udeg")
        for name in (
            "elevation_ft", "spread_km", "longest_runway_ft", "runway_heading_deg", "runway_length_ft",
            "runway_width_ft", "runway_elevation_ft", "runway_displaced_ft", "unplaced_length_ft",
        ):  # fmt: skip
            made[name] = numbers(name, "f4")
        for name in ("same_field", "runway_airport", "unplaced_airport"):
            made[name] = numbers(name, "i4")
        rows, ends = len(made["ident"]), len(made["runway_ident"])
        for name, value in made.items():
            expected = ends if name.startswith("runway_") else rows
            if not name.startswith("unplaced_") and not isinstance(value, dict) and len(value) != expected:
                raise ValueError(f"{name} has {len(value)} rows, not {expected}")
        made["runway_first"] = np.searchsorted(made["runway_airport"], np.arange(rows + 1)).astype(np.int64)
        made["cells"] = cells_of(made["lat_deg"], made["lon_deg"])
        return cls(**made, content_hash=content_hash, versions=versions)

    def code(self, row: int) -> str:
        """Return the ICAO location indicator if there is one, else the list's own ident."""
        return self.icao[row] or self.ident[row]

    def runways(self, row: int) -> range:
        """Return the rows of the runway ends whose places are known."""
        return range(int(self.runway_first[row]), int(self.runway_first[row + 1]))

    def names(self, row: int) -> list[str]:
        """Return the name and all others it goes by."""
        return [self.name[row], *filter(None, self.alias[row].split("|"))]

    def in_country(self, code: str) -> I32:
        """Return the rows of the airfields of a country (ISO 3166-1, VE) or of a region (ISO 3166-2, VE-X)."""
        code = code.upper()
        column = self.region if "-" in code else self.country
        return np.flatnonzero([one == code for one in column]).astype(np.int32)

    def near(self, lat_deg: float, lon_deg: float, nmi: float) -> I32:
        """Return the rows of all airfields within a distance, nearest first; of every kind, also closed ones."""
        return near_rows(self.cells, lat_deg, lon_deg, nmi)

    def find(self, text: str, limit: int = 20) -> list[int]:
        """Return the rows that a code or a name means, best first; empty if none.

        A code is believed before a name: ICAO, the list's own, IATA, then local ones. Names match in full before
        their words do, larger airfields before smaller.
        """
        wanted = text.strip()
        codes = _codes(self)
        found = [row for kind in CODES for row in codes[kind].get(wanted.upper(), ())]
        found.sort(key=lambda row: -KIND_RANK[self.kind[row]] if self.code(row) != wanted.upper() else -9)
        name = normalised(wanted)
        if name and len(found) < limit:
            found += named_rows(self, name, limit + len(found))
        return list(dict.fromkeys(found))[:limit]


@functools.lru_cache(maxsize=4)
def _codes(gazetteer: Gazetteer) -> dict[str, dict[str, list[int]]]:
    tables: dict[str, dict[str, list[int]]] = {}
    for kind in CODES:
        table: dict[str, list[int]] = {}
        for row, code in enumerate(getattr(gazetteer, kind)):
            if code:
                table.setdefault(code, []).append(row)
        tables[kind] = table
    return tables
