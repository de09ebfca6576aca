"""Published lists of airports and runways, each row as its list tells it.

Read by the build of the package too, so nothing but Python's own library is needed here.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["LISTS", "Airfield", "Runway", "airfields_of", "is_indicator", "list_of", "read_rows", "runways_of"]

LISTS = ("ourairports", "airportsdata", "vrs_airports", "runways")
"""The lists whose files are recognised, by their header."""

MAX_BYTES = 200_000_000
MAX_ROWS = 1_000_000

HEADERS = {
    "runways": {"airport_ident", "le_ident", "le_latitude_deg", "he_ident", "length_ft"},
    "ourairports": {"ident", "type", "name", "latitude_deg", "longitude_deg", "iso_country"},
    "airportsdata": {"icao", "iata", "name", "country", "lat", "lon", "tz"},
    "vrs_airports": {"Code", "Name", "ICAO", "IATA", "CountryISO2", "Latitude", "Longitude"},
}


@dataclass(frozen=True, slots=True)
class Airfield:
    """One airfield as one list tells it; texts are empty and numbers NaN where it says nothing."""

    source: str
    ident: str
    icao: str = ""
    iata: str = ""
    local: str = ""
    name: str = ""
    city: str = ""
    country: str = ""
    region: str = ""
    kind: str = ""
    lat_deg: float = math.nan
    lon_deg: float = math.nan
    elevation_ft: float = math.nan
    time_zone: str = ""
    scheduled: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Runway:
    """One strip: its length and the two ends, (ident, latitude, longitude, elevation, displaced threshold)."""

    airport: str
    length_ft: float
    width_ft: float
    surface: str
    closed: bool
    ends: tuple[tuple[str, float, float, float, float], tuple[str, float, float, float, float]]


def read_rows(data: bytes) -> tuple[list[str], Iterator[dict[str, str]]]:
    """Return the header and the rows of a CSV file, gzipped or not.

    Raises ValueError in one sentence if it is not UTF-8, is no table, or is larger than such a list can be.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as unpacked:
                data = unpacked.read(MAX_BYTES + 1)
        except (OSError, EOFError) as error:
            raise ValueError(f"its compression is damaged: {error}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB, which no such list is")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8 text") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or []]
    except csv.Error as error:
        raise ValueError(f"its first line is no header: {error}") from None
    return header, _checked(reader)


def _checked(reader: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    rows = iter(reader)
    for number in range(2, MAX_ROWS + 2):
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"row {number} is no row of a table: {error}") from None
        if None in row or None in row.values():
            raise ValueError(f"row {number} has another number of fields than the header")
        yield row
    raise ValueError(f"it has more than {MAX_ROWS} rows, which no such list has")


def list_of(header: Iterable[str]) -> str | None:
    """Return which of LISTS a header belongs to."""
    names = set(header)
    return next((name for name, needed in HEADERS.items() if needed <= names), None)


def airfields_of(source: str, rows: Iterable[Mapping[str, str]]) -> Iterator[Airfield]:
    """Give the airfields of a list that have a code and a place on the Earth; the rest is left out."""
    read = {"ourairports": _ourairports, "airportsdata": _airportsdata, "vrs_airports": _vrs}[source]
    for row in rows:
        found = read(row)
        if found.ident and abs(found.lat_deg) <= 90.0 and abs(found.lon_deg) <= 180.0:
            yield found


def runways_of(rows: Iterable[Mapping[str, str]]) -> Iterator[Runway]:
    """Give the runways of ourairports' list, helipads left out."""
    for row in rows:
        ends = [
            (
                row[f"{end}_ident"].strip(),
                _number(row[f"{end}_latitude_deg"]),
                _number(row[f"{end}_longitude_deg"]),
                _number(row.get(f"{end}_elevation_ft", "")),
                _number(row.get(f"{end}_displaced_threshold_ft", "")),
            )
            for end in ("le", "he")
        ]
        if ends[0][0].upper().startswith("H") and not ends[1][0]:
            continue
        yield Runway(
            row["airport_ident"].strip(),
            _number(row["length_ft"]),
            _number(row.get("width_ft", "")),
            row.get("surface", "").strip(),
            row.get("closed", "0").strip() == "1",
            (ends[0], ends[1]),
        )


def _ourairports(row: Mapping[str, str]) -> Airfield:
    ident = row["ident"].strip()
    gps = (row.get("icao_code", "") or row.get("gps_code", "")).strip()
    keywords = row.get("keywords", "")
    return Airfield(
        source="ourairports",
        ident=ident,
        icao=gps if is_indicator(gps) else ident if is_indicator(ident) and not gps else "",
        iata=row.get("iata_code", "").strip(),
        local=row.get("local_code", "").strip(),
        name=_text(row["name"]),
        city=_text(row.get("municipality", "")),
        country=row["iso_country"].strip(),
        region=row.get("iso_region", "").strip(),
        kind=row["type"].strip(),
        lat_deg=_number(row["latitude_deg"]),
        lon_deg=_number(row["longitude_deg"]),
        elevation_ft=_number(row.get("elevation_ft", "")),
        scheduled=row.get("scheduled_service", "") == "yes",
        aliases=tuple(word for word in map(_text, keywords.replace(";", ",").split(",")) if word),
    )


def _airportsdata(row: Mapping[str, str]) -> Airfield:
    code = row["icao"].strip()
    return Airfield(
        source="airportsdata",
        ident=code,
        icao=code if is_indicator(code) else "",
        iata=row["iata"].strip(),
        local=row.get("lid", "").strip(),
        name=_text(row["name"]),
        city=_text(row.get("city", "")),
        country=row["country"].strip(),
        lat_deg=_number(row["lat"]),
        lon_deg=_number(row["lon"]),
        elevation_ft=_number(row.get("elevation", "")),
        time_zone=row["tz"].strip(),
    )


def _vrs(row: Mapping[str, str]) -> Airfield:
    code, icao = row["Code"].strip(), row["ICAO"].strip()
    return Airfield(
        source="vrs_airports",
        ident=icao or code,
        icao=icao if is_indicator(icao) else "",
        iata=row["IATA"].strip(),
        name=_text(row["Name"]),
        city=_text(row.get("Location", "")),
        country=row["CountryISO2"].strip(),
        lat_deg=_number(row["Latitude"]),
        lon_deg=_number(row["Longitude"]),
        elevation_ft=_number(row.get("AltitudeFeet", "")),
    )


def is_indicator(code: str) -> bool:
    """Say whether a code has the form of an ICAO location indicator: four letters (Doc 7910)."""
    return len(code) == 4 and code.isascii() and code.isalpha() and code.isupper()


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _text(text: str) -> str:
    return " ".join(text.replace("|", " ").split())
