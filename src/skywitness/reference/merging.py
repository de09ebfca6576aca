"""One gazetteer out of several lists that disagree: whose position, height, code and time zone to believe.

Also run when the package is built, so nothing but Python's own library is needed here.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from skywitness.reference.aliases import ALIASES, MILITARY
from skywitness.reference.lists import Airfield, Runway
from skywitness.reference.resolving import KM_PER_DEGREE, chosen_position, distance_km, sound_ends

__all__ = ["AIRPORT_KINDS", "MILITARY_SOURCES", "POSITION_SOURCES", "merge", "normalised"]

AIRPORT_KINDS = ("small", "medium", "large", "heliport", "seaplane", "balloonport", "closed")
MILITARY_SOURCES = ("", "its name", "table of skywitness")
"""Why an airfield is marked as used by the military; the first: it is not known to be."""
POSITION_SOURCES = ("the only list", "lists agree", "runways", "degrees and minutes", "country", "first list")
"""What decided the position; the last: nothing did, the list of higher rank holds."""

KIND_OF = {
    "small_airport": "small", "medium_airport": "medium", "large_airport": "large", "heliport": "heliport",
    "seaplane_base": "seaplane", "balloonport": "balloonport", "closed": "closed",
}  # fmt: skip
SAME_FIELD_KM = 3.0
NEW_CODE_KM = 2.5
ELEVATION_FT = (-1_500.0, 18_000.0)  # the lowest is at the Dead Sea, the highest in Tibet and the Andes
ELEVATIONS_AGREE_FT = 150.0
MILITARY_WORDS = (
    "air base", "airbase", "air force", "air station", "naval", "navy", "army", "military", "afb", "nas", "raf", "mcas",
    "rnas", "aaf", "ahp", "joint base", "air reserve", "air guard", "national guard", "base aerienne", "base aerea",
    "fliegerhorst", "marine corps", "heeresflugplatz", "aeronaval", "vliegbasis", "militar", "militaire", "lnas", "fob",
    "nolf", "nolf", "jasdf", "jmsdf", "jgsdf", "aviation station",
)  # fmt: skip
NOT_MILITARY_WORDS = (
    "former", "old", "abandoned", "salvation army", "air force academy golf", "disused", "army navy hospital"
)  # fmt: skip


def merge(
    lists: Mapping[str, Sequence[Airfield]],
    runways: Iterable[Runway],
    country_holds: Any = None,
) -> dict[str, tuple[str, list[Any]]]:
    """Return the columns of the gazetteer.

    lists          airfields by the name of their list, of higher rank first
    runways        keyed by the codes of the first list
    country_holds  (country, lat, lon) -> whether the place is in or near the country, or None if not known
    """
    fields = _joined(lists)
    fields.sort(key=lambda field: field[0].ident)
    strips: dict[str, list[Runway]] = defaultdict(list)
    for runway in runways:
        strips[runway.airport].append(runway)
    zones = _Zones(airfield for entries in lists.values() for airfield in entries if airfield.time_zone)
    rows: dict[str, list[Any]] = defaultdict(list)
    for number, told in enumerate(fields):
        _add(rows, number, told, strips.get(told[0].ident, []), country_holds, zones)
    rows["same_field"] = _same_fields(rows)
    columns = {name: (TYPES[name], rows[name]) for name in TYPES}
    for kind, values in columns.values():
        if kind == "text":
            values[:] = [value.replace("\n", " ") for value in values]
    return columns


TYPES = {
    "ident": "text", "icao": "text", "iata": "text", "local": "text", "name": "text", "city": "text", "country": "text",
    "region": "text", "time_zone": "text", "alias": "text", "search": "text", "sources": "text",
    "kind": "u1", "lat_udeg": "i4", "lon_udeg": "i4", "elevation_ft": "f4", "military": "u1", "scheduled": "u1",
    "position_source": "u1", "spread_km": "f4", "longest_runway_ft": "f4", "same_field": "i4",
    "runway_airport": "i4", "runway_ident": "text", "runway_lat_udeg": "i4", "runway_lon_udeg": "i4",
    "runway_heading_deg": "f4", "runway_length_ft": "f4", "runway_width_ft": "f4", "runway_elevation_ft": "f4",
    "runway_displaced_ft": "f4", "runway_surface": "text",
    "unplaced_airport": "i4", "unplaced_ident": "text", "unplaced_length_ft": "f4", "unplaced_surface": "text",
}  # fmt: skip


def normalised(text: str) -> str:
    """Return a text as names are compared: without accents, case and punctuation, words apart by one blank."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        letter if letter.isalnum() else "" if unicodedata.combining(letter) or letter in "'’`ʹ" else " "
        for letter in plain
    )
    return " ".join(kept.split())


def _joined(lists: Mapping[str, Sequence[Airfield]]) -> list[list[Airfield]]:
    """Group the lists' entries by airfield; the first of each group gives its ident."""
    groups: list[list[Airfield]] = []
    by_code: dict[str, int] = {}
    by_local: dict[tuple[str, str], int] = {}
    by_iata: dict[str, int] = {}
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)

    def key(airfield: Airfield) -> tuple[int, int]:
        return math.floor(airfield.lat_deg * 20), math.floor(airfield.lon_deg * 20)

    def near(airfield: Airfield) -> int | None:
        row, column = key(airfield)
        best, best_km = None, NEW_CODE_KM
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                for number in cells.get((row + down, column + right), ()):
                    first = groups[number][0]
                    if first.kind in ("heliport", "seaplane_base", "balloonport") or first.country != airfield.country:
                        continue
                    km = distance_km(first.lat_deg, first.lon_deg, airfield.lat_deg, airfield.lon_deg)
                    if km < best_km and not any(one.source == airfield.source for one in groups[number]):
                        best, best_km = number, km
        return best

    for rank, entries in enumerate(lists.values()):
        for airfield in entries:
            found = None
            if rank:
                found = by_code.get(airfield.ident)
                if found is None and airfield.icao:
                    found = by_code.get(airfield.icao)
                if found is None and airfield.local:
                    found = by_local.get((airfield.country, airfield.local))
                if found is None and len(airfield.ident) == 4 and airfield.ident[0] == "K":
                    found = by_local.get(("US", airfield.ident[1:]))
                if found is None and airfield.iata:
                    found = by_iata.get(airfield.iata)
                    if found is not None and groups[found][0].country != airfield.country:
                        found = None
                if found is None:
                    found = near(airfield)
            if found is not None:
                groups[found].append(airfield)
            else:
                found = len(groups)
                groups.append([airfield])
                cells[key(airfield)].append(found)
            is_open = airfield.kind != "closed"
            for code in (airfield.ident, airfield.icao):
                if code and (is_open or code == airfield.ident):
                    by_code.setdefault(code, found)
            if airfield.local and is_open:
                by_local.setdefault((airfield.country, airfield.local), found)
            if airfield.iata and is_open:
                by_iata.setdefault(airfield.iata, found)
    return groups


def _add(
    rows: dict[str, list[Any]], number: int, told: list[Airfield], strips: list[Runway], holds: Any, zones: _Zones
) -> None:
    first = told[0]
    open_strips = [strip for strip in strips if not strip.closed] or strips
    lat, lon, source, spread = chosen_position(told, open_strips, holds)
    placed = [(strip, sound_ends(strip, lat, lon)) for strip in open_strips]
    icao = next((one.icao for one in told if one.icao), "")
    own = ALIASES.get(icao or first.ident, ())
    texts = {
        "ident": first.ident,
        "icao": icao,
        "iata": next((one.iata for one in told if one.iata), ""),
        "local": next((one.local for one in told if one.local), ""),
        "name": first.name or next((one.name for one in told if one.name), first.ident),
        "city": next((one.city for one in told if one.city), ""),
        "country": first.country,
        "region": first.region,
        "sources": " ".join(dict.fromkeys(one.source for one in told)),
        "time_zone": next((one.time_zone for one in told if one.time_zone), "")
        or zones.nearest(first.country, lat, lon),
    }
    names = [*own]
    for one in told:
        names += [one.name, *one.aliases, *(code for code in (one.icao, one.ident) if code not in (icao, first.ident))]
    alias = [name for name in dict.fromkeys(names) if name and name not in (texts["name"], icao, first.ident)]
    texts["alias"] = "|".join(alias)
    texts["search"] = "|".join(
        dict.fromkeys(normalised(name) for name in (texts["name"], *alias, texts["city"]) if name)
    )
    for name, text in texts.items():
        rows[name].append(text)
    rows["kind"].append(AIRPORT_KINDS.index(_kind(told)))
    rows["lat_udeg"].append(round(lat * 1e6))
    rows["lon_udeg"].append(round(lon * 1e6))
    rows["position_source"].append(POSITION_SOURCES.index(source))
    rows["spread_km"].append(round(spread, 2))
    rows["elevation_ft"].append(_elevation(told, placed))
    rows["military"].append(2 if icao in MILITARY else 1 if _named_military(told) else 0)
    rows["scheduled"].append(int(any(one.scheduled for one in told)))
    lengths = [strip.length_ft for strip in open_strips if strip.length_ft > 0]
    rows["longest_runway_ft"].append(max(lengths, default=math.nan))
    for strip, ends in sorted(placed, key=lambda pair: pair[0].ends[0][0]):
        for ident, end_lat, end_lon, elevation, heading, displaced in ends:
            rows["runway_airport"].append(number)
            rows["runway_ident"].append(ident)
            rows["runway_lat_udeg"].append(round(end_lat * 1e6))
            rows["runway_lon_udeg"].append(round(end_lon * 1e6))
            rows["runway_heading_deg"].append(heading)
            rows["runway_length_ft"].append(strip.length_ft)
            rows["runway_width_ft"].append(strip.width_ft)
            rows["runway_elevation_ft"].append(elevation)
            rows["runway_displaced_ft"].append(displaced)
            rows["runway_surface"].append(strip.surface)
        if not ends:
            rows["unplaced_airport"].append(number)
            rows["unplaced_ident"].append("/".join(end[0] for end in strip.ends if end[0]))
            rows["unplaced_length_ft"].append(strip.length_ft)
            rows["unplaced_surface"].append(strip.surface)


def _kind(told: list[Airfield]) -> str:
    first = told[0]
    if first.kind:
        kind = KIND_OF.get(first.kind, "small")
        # A field that a newer list still has is open, or open again.
        return "small" if kind == "closed" and len(told) > 1 and not first.iata else kind
    name = normalised(first.name)
    if "heliport" in name or "helipad" in name:
        return "heliport"
    if "seaplane" in name or "water aerodrome" in name:
        return "seaplane"
    return "medium" if first.iata and first.icao else "small"


def _named_military(told: list[Airfield]) -> bool:
    for one in told:
        words = f" {normalised(one.name)} "
        if any(f" {word} " in words for word in MILITARY_WORDS):
            return not any(f" {word} " in words for word in NOT_MILITARY_WORDS)
    return False


def _elevation(told: list[Airfield], placed: Sequence[tuple[Runway, Sequence[Any]]]) -> float:
    """Elevation above mean sea level in feet; two that agree hold, else that of the runways, else the first list's."""
    low, high = ELEVATION_FT
    listed = [one.elevation_ft for one in told if low <= one.elevation_ft <= high]
    ends = [end[3] for _, pair in placed for end in pair if low <= end[3] <= high]
    # A 0 beside a runway end with a height, or beside another list's height, is a field left empty.
    if len(listed) > 1 and any(listed):
        listed = [value for value in listed if value] if min(map(abs, ends or listed), default=0.0) > 30.0 else listed
    if ends:
        middle = sorted(ends)[len(ends) // 2]
        agreeing = [value for value in listed if abs(value - middle) <= ELEVATIONS_AGREE_FT]
        return agreeing[0] if agreeing else middle
    return listed[0] if listed else math.nan


def _same_fields(rows: Mapping[str, list[Any]]) -> list[int]:
    """Row of the airfield that has the runways, where one airfield has two codes; else the row itself."""
    same = list(range(len(rows["ident"])))
    ends = Counter(rows["runway_airport"])
    middles: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for airport, lat, lon in zip(rows["runway_airport"], rows["runway_lat_udeg"], rows["runway_lon_udeg"], strict=True):
        middles[airport].append((lat * 1e-6, lon * 1e-6))
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    airports = [row for row in same if AIRPORT_KINDS[rows["kind"][row]] in ("small", "medium", "large", "closed")]

    def place(row: int) -> tuple[float, float]:
        return rows["lat_udeg"][row] * 1e-6, rows["lon_udeg"][row] * 1e-6

    for row in airports:
        if ends[row]:
            lat, lon = place(row)
            cells[math.floor(lat * 10), math.floor(lon * 10)].append(row)
    for row in airports:
        lat, lon = place(row)
        best, best_km = row, SAME_FIELD_KM
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                for other in cells.get((math.floor(lat * 10) + down, math.floor(lon * 10) + right), ()):
                    if other == row or rows["country"][other] != rows["country"][row]:
                        continue
                    if ends[row]:
                        # Both have runways: one field only if these are the same strip of ground.
                        apart = min(distance_km(*mine, *theirs) for mine in middles[row] for theirs in middles[other])
                        if apart > 0.15 or not _outranks(rows, other, row):
                            continue
                    elif not _runway_passes(lat, lon, middles[other]):
                        continue
                    km = distance_km(lat, lon, *place(other))
                    if km < best_km:
                        best, best_km = other, km
        same[row] = best
    return same


def _outranks(rows: Mapping[str, list[Any]], one: int, other: int) -> bool:
    def rank(row: int) -> tuple[int, int, int, str]:
        kind = rows["kind"][row]
        return (
            kind if AIRPORT_KINDS[kind] != "closed" else -1,
            rows["scheduled"][row],
            bool(rows["icao"][row]),
            rows["ident"][other if row == one else one],
        )

    return rank(one) > rank(other)


def _runway_passes(lat: float, lon: float, ends: Sequence[tuple[float, float]]) -> bool:
    """Say whether a runway lies within 1.5 km of the place, as it does of an apron on its side."""
    for (lat1, lon1), (lat2, lon2) in zip(ends[::2], ends[1::2], strict=True):
        stretch = math.cos(math.radians(lat))
        x1, y1 = (lon1 - lon) * stretch * KM_PER_DEGREE, (lat1 - lat) * KM_PER_DEGREE
        x2, y2 = (lon2 - lon) * stretch * KM_PER_DEGREE, (lat2 - lat) * KM_PER_DEGREE
        length = (x2 - x1) ** 2 + (y2 - y1) ** 2
        along = 0.0 if length == 0 else min(1.0, max(0.0, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length))
        if math.hypot(x1 + along * (x2 - x1), y1 + along * (y2 - y1)) < 1.5:
            return True
    return False


class _Zones:
    """The time zone of the nearest airfield that a list gives one, in the same country if it has any."""

    def __init__(self, airfields: Iterable[Airfield]) -> None:
        self._by_country: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        for one in airfields:
            self._by_country[one.country].append((one.lat_deg, one.lon_deg, one.time_zone))
        self._only = {
            country: places[0][2] if len({zone for _, _, zone in places}) == 1 else ""
            for country, places in self._by_country.items()
        }
        self._cells: dict[str, dict[tuple[int, int], list[tuple[float, float, str]]]] = {}
        for country, places in self._by_country.items():
            cells: dict[tuple[int, int], list[tuple[float, float, str]]] = defaultdict(list)
            for place in places:
                cells[math.floor(place[0] / 2), math.floor(place[1] / 2)].append(place)
            self._cells[country] = cells

    def nearest(self, country: str, lat: float, lon: float) -> str:
        if only := self._only.get(country):
            return only
        cells = self._cells.get(country, {})
        row, column = math.floor(lat / 2), math.floor(lon / 2)
        near = [
            place
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            for place in cells.get((row + down, column + right), ())
        ] or self._by_country.get(country, [])
        if not near:
            return ""
        if len({zone for _, _, zone in near}) == 1:
            return near[0][2]
        stretch = math.cos(math.radians(lat))
        return min(near, key=lambda place: (place[0] - lat) ** 2 + ((place[1] - lon) * stretch) ** 2)[2]
