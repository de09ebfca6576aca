"""Aircraft types by their ICAO designator (Doc 8643): what they are and what they can do.

Performance is that of the makers' published figures, rounded: cruise is a usual true airspeed, range the farthest with
full tanks and little load, so that it bounds what is possible. Types without figures of their own get the median of
their class (kind of engine, number of engines, wake class) and say so in `source`.
"""

from __future__ import annotations

import csv
import functools
import io
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

__all__ = ["ENGINES", "SPECIES", "WAKES", "AircraftType", "AircraftTypes"]

WAKES = {"L": "light", "M": "medium", "H": "heavy", "J": "super", "L/M": "light or medium", "": "unknown"}
ENGINES = {"J": "jet", "T": "turboprop or turboshaft", "P": "piston", "E": "electric", "R": "rocket", "": "none"}
SPECIES = {
    "L": "landplane", "S": "seaplane", "A": "amphibian", "H": "helicopter", "G": "gyrocopter", "T": "tiltrotor",
    "glider": "glider", "balloon": "balloon", "airship": "airship", "": "other",
}  # fmt: skip

SPECIAL = {"GLID": "glider", "BALL": "balloon", "SHIP": "airship", "ULAC": "L", "GYRO": "G", "DRON": "", "PARA": ""}
"""Designators of kinds rather than types."""

OWN = "table of skywitness"
FEWEST = 3
"""A class is not made of fewer types."""


@dataclass(frozen=True, slots=True)
class AircraftType:
    """One type. `source` is of the performance: a table, or the class it is the median of; ranges in nautical miles."""

    designator: str
    name: str
    wake: str
    """One of WAKES."""
    engine_count: int
    engine: str
    """One of ENGINES."""
    species: str
    """One of SPECIES."""
    cruise_kt: float
    """True airspeed of usual cruise."""
    ceiling_ft: float
    """Service ceiling, pressure altitude."""
    range_nmi: float
    """Farthest flight with full tanks and little load."""
    approach_kt: float
    """Speed over the threshold at a usual landing weight; 0 if it lands as a helicopter does."""
    runway_ft: float
    """Runway that it needs to land, roughly; 0 if none."""
    source: str

    @property
    def description(self) -> str:
        """Return the class as Doc 8643 writes it, such as L4J; empty if it has no such class."""
        engine = f"{self.engine_count}{self.engine}" if self.engine else ""
        return f"{self.species}{engine}" if len(self.species) == 1 and engine else ""


class AircraftTypes(Mapping[str, AircraftType]):
    """All designators that are known, as a mapping; `get` gives None for others."""

    def __init__(self, types: Iterable[AircraftType]) -> None:
        self._types = {one.designator: one for one in types}

    def __getitem__(self, designator: str) -> AircraftType:
        return self._types[designator]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    @classmethod
    def of_tables(cls, designators: str, performance: str) -> AircraftTypes:
        """Make it of two tables in CSV: all designators with their class, and those with figures."""
        figures = {row["designator"]: row for row in csv.DictReader(io.StringIO(performance))}
        listed = {row["designator"]: row for row in csv.DictReader(io.StringIO(designators))}
        classes = _Classes({name: row | {"species": _species(name, listed)} for name, row in figures.items()})
        made = []
        for name in sorted({*figures, *listed}):
            row = figures.get(name) or listed[name]
            species = _species(name, listed)
            count, engine = _engines(row["engines"])
            values, source = (_values(row), OWN) if name in figures else classes.of(species, count, engine, row["wake"])
            made.append(AircraftType(name, row["name"], row["wake"], count, engine, species, *values, source))
        return cls(made)


Values = tuple[float, float, float, float, float]
FIGURES = tuple(field.name for field in fields(AircraftType))[6:11]


def _values(row: Mapping[str, str]) -> Values:
    cruise, ceiling, reach, approach, runway = (float(row[name]) for name in FIGURES)
    return cruise, ceiling, reach, approach, runway


def _species(name: str, listed: Mapping[str, Mapping[str, str]]) -> str:
    return SPECIAL[name] if name in SPECIAL else listed[name]["species"] if name in listed else "L"


def _engines(text: str) -> tuple[int, str]:
    if not text or text == "0":
        return 0, ""
    return (2 if text[0] == "C" else int(text[0])), text[1:]  # C: two engines that drive one propeller


class _Classes:
    """Medians of the figures by class, from the narrowest class that has enough types."""

    def __init__(self, figures: Mapping[str, Mapping[str, str]]) -> None:
        self._members: dict[tuple[str, ...], list[Values]] = defaultdict(list)
        for row in figures.values():
            count, engine = _engines(row["engines"])
            for key in self._keys(row["species"], count, engine, row["wake"]):
                self._members[key].append(_values(row))

    @staticmethod
    def _keys(species: str, count: int, engine: str, wake: str) -> list[tuple[str, ...]]:
        kind = "L" if species in ("S", "A") else species
        wake = "L" if wake == "L/M" else wake
        return [(kind, engine, str(count), wake), (kind, engine, wake), (kind, engine), (kind,)]

    @functools.lru_cache(maxsize=1024)  # noqa: B019 - it lives as long as the tables are made
    def of(self, species: str, count: int, engine: str, wake: str) -> tuple[Values, str]:
        for key in self._keys(species, count, engine, wake):
            members = self._members.get(key, [])
            if len(members) >= FEWEST:
                cruise, ceiling, reach, approach, runway = (
                    statistics.median(column) for column in zip(*members, strict=True)
                )
                told = " ".join(part for part in (SPECIES.get(key[0], ""), *key[1:]) if part)
                return (cruise, ceiling, reach, approach, runway), f"median of {len(members)} types, {told}"
        nan = float("nan")
        return (nan, nan, nan, nan, nan), "unknown"
