"""The only reader of the tables that come with the package."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from skywitness.errors import FormatError, SkywitnessError
from skywitness.reference.airports import Gazetteer
from skywitness.reference.building import AIRPORTS
from skywitness.reference.operators import Operators
from skywitness.reference.tables import read_header, unpack
from skywitness.reference.types import AircraftTypes

__all__ = ["DATA", "gazetteer_hash", "load_gazetteer", "load_operators", "load_types", "read_tables"]

DATA = Path(__file__).parent / "data"
"""Where the build of the package leaves the tables."""


@functools.lru_cache(maxsize=4)
def load_gazetteer(path: Path | None = None) -> Gazetteer:
    """Return the gazetteer of the package, or of a file that `skywitness airport import` has written.

    Kept after the first call. Raises SkywitnessError if there is none, FormatError if it is damaged.
    """
    header, columns = read_tables(path or DATA / AIRPORTS)
    try:
        return Gazetteer.of_columns(columns, header["content_hash"], header["about"].get("sources", {}))
    except (KeyError, ValueError) as error:
        raise FormatError(f"its tables do not fit together: {error}", source=str(path or AIRPORTS)) from None


@functools.cache
def gazetteer_hash() -> str:
    """Return the `content_hash` of the package's gazetteer, without reading its tables.

    Raises SkywitnessError if there is none, FormatError if it is damaged.
    """
    path = DATA / AIRPORTS
    try:
        with path.open("rb") as file:
            return str(read_header(file)["content_hash"])
    except FileNotFoundError:
        return load_gazetteer().content_hash  # which says what is wrong
    except (KeyError, ValueError) as error:
        raise FormatError(f"this is no file of reference tables: {error}", source=str(path)) from None


@functools.cache
def load_types() -> AircraftTypes:
    """Return the aircraft types of the package, by designator. Kept after the first call."""
    here = Path(__file__).parent
    return AircraftTypes.of_tables(
        (here / "designators.csv").read_text(encoding="utf-8"), (here / "performance.csv").read_text(encoding="utf-8")
    )


@functools.cache
def load_operators() -> Operators:
    """Return who flies under which three-letter designator. Kept after the first call."""
    return Operators.of_table((Path(__file__).parent / "operators.csv").read_text(encoding="utf-8"))


def read_tables(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and columns of a file of tables. Raises SkywitnessError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise SkywitnessError(
            "the reference tables are missing", source=str(path),
            hint="They are made when skywitness is installed: pip install -e . (or: make run).",
        ) from None  # fmt: skip
    try:
        return unpack(data)
    except ValueError as error:
        raise FormatError(f"this is no file of reference tables: {error}", source=str(path)) from None
