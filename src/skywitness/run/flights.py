"""Flights of whatever holds positions: a recording, a file of positions, the store of a node, a data frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet as pq

from skywitness.archive.identities import identity_directory, load_book
from skywitness.archive.reader import open_history
from skywitness.batches import UNTIMED, Positions
from skywitness.errors import ArchiveError, FormatError, QuestionError, SourceError
from skywitness.journeys.columns import NAMES, positions_of
from skywitness.journeys.histories import Histories, HistorySettings, histories
from skywitness.journeys.journeys import JourneySettings, Undertakings
from skywitness.journeys.journeys import journeys as find_journeys
from skywitness.journeys.legs import Flights, LegSettings
from skywitness.journeys.legs import legs as find_legs
from skywitness.journeys.sentences import journey_sentence
from skywitness.reference.airports import Gazetteer
from skywitness.reference.load import load_gazetteer
from skywitness.run.track import Tracking
from skywitness.views.feeds.flights import leg_table
from skywitness.views.feeds.journeys import journey_table

__all__ = [
    "FlightTables",
    "JourneyTables",
    "flights_of",
    "journeys",
    "legs",
    "name_text",
    "names_of",
    "positions_in",
    "read_positions",
]

TABLES = (".parquet", ".arrow", ".feather", ".csv", ".jsonl", ".ndjson")
HEAD_BYTES = 65_536
MOST_ROWS = 40_000_000
"""Of a store, at once: some 6 GB with what is made of them."""
LATEST_NS = (1 << 62) - 1


def read_positions(
    sources: Sequence[str],
    *,
    from_ns: int | None = None,
    until_ns: int | None = None,
    aircraft: Iterable[tuple[int, int]] | None = None,
) -> Positions:
    """Return the positions of recordings, of files of positions, and of stores, in one batch.

    sources          names: a recording in any format, a table of positions (Parquet, Arrow, CSV, JSON lines), a data
                     directory of `skywitness serve`; several recordings are several receivers of the same time
    from_ns, until_ns  only rows of this time
    aircraft         only these, by address and kind of address; of a store no others are read

    Raises FormatError, SourceError or ArchiveError, and QuestionError if a store holds more of that than memory.
    """
    wanted = None if aircraft is None else sorted(set(aircraft))
    parts, recordings = [], []
    for source in sources:
        path = Path(source)
        if source != "-" and path.is_dir():
            parts += _of_store(path, from_ns, until_ns, wanted)
        elif (table := _table(path)) is not None:
            parts.append(positions_of(table, source))
        else:
            recordings.append(source)
    if recordings:
        tracking = Tracking(recordings)
        parts += tracking.positions()
        if tracking.failures:
            raise tracking.failures[0]
    rows = Positions.concat(parts)
    if from_ns is not None or until_ns is not None:
        low, high = from_ns if from_ns is not None else UNTIMED, until_ns if until_ns is not None else LATEST_NS
        rows = rows.take((rows.time_ns >= low) & (rows.time_ns < high))
    if wanted is not None:
        keys = np.array([kind << 24 | icao for icao, kind in wanted], np.int64)
        rows = rows.take(np.isin(rows.address_kind.astype(np.int64) << 24 | rows.icao, keys))
    return rows


def _of_store(
    path: Path, from_ns: int | None, until_ns: int | None, wanted: list[tuple[int, int]] | None
) -> list[Positions]:
    history = open_history(path)
    if not history.days():
        raise ArchiveError("there is no history in this directory", source=str(path))
    icao = kinds = None
    if wanted is not None:
        icao = np.array([one for one, _ in wanted], np.uint32)
        kinds = np.array([kind for _, kind in wanted], np.uint8)
    span = from_ns if from_ns is not None else 0, until_ns if until_ns is not None else LATEST_NS
    parts: list[Positions] = []
    rows = 0
    for part in history.positions_in_parts(*span, icao=icao, address_kind=kinds):
        parts.append(part)
        rows += len(part)
        if rows > MOST_ROWS:
            raise QuestionError(
                f"there are more than {MOST_ROWS:,} positions of that in the store", source=str(path),
                hint="Ask for a shorter time (--since, --until) or for some aircraft (--icao).",
            )  # fmt: skip
    return parts


def _table(path: Path) -> pa.Table | None:
    """Read a file of positions; None if it is a recording."""
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        return None
    try:
        if suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                return file.read()
        if suffix in (".arrow", ".feather"):
            return _arrow(path)
        if suffix == ".csv":
            return pa.csv.read_csv(path) if _is_csv_of_positions(path) else None
        return pa.json.read_json(path) if _is_json_of_positions(path) else None
    except FileNotFoundError:
        raise SourceError("there is no such file", source=str(path)) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FormatError(f"it cannot be read as {suffix[1:]}: {_first_line(error)}", source=str(path)) from None


def _arrow(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as file:
        try:
            return pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            return pa.ipc.open_stream(file).read_all()


def _is_csv_of_positions(path: Path) -> bool:
    with path.open("rb") as file:
        names = file.read(HEAD_BYTES).partition(b"\n")[0].decode("utf-8", "replace").strip().lower().split(",")
    return _has_positions(name.strip('" \ufeff') for name in names)


def _is_json_of_positions(path: Path) -> bool:
    with path.open("rb") as file:
        line = file.read(HEAD_BYTES).partition(b"\n")[0]
    try:
        row = json.loads(line)
    except ValueError:
        return False
    return isinstance(row, dict) and "frame" not in row and "df" not in row and _has_positions(row)


def _has_positions(names: Iterable[str]) -> bool:
    there = set(names)
    return all(there & set(NAMES[column]) for column in ("time_ns", "icao", "lat_deg", "lon_deg"))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def positions_in(source: Any) -> Positions:
    """Return positions of a table (pandas, Polars, Arrow, `traffic`), of rows, or of one or several named sources."""
    if isinstance(source, str | Path):
        return read_positions([str(source)])
    if isinstance(source, Sequence) and source and all(isinstance(one, str | Path) for one in source):
        return read_positions([str(one) for one in source])
    return positions_of(source)


@dataclass(frozen=True, slots=True)
class FlightTables:
    """Legs as other tools want them: a table with one leg a row, airports by their codes."""

    flights: Flights

    def __len__(self) -> int:
        return len(self.flights)

    @property
    def dropped(self) -> dict[str, int]:
        """Positions that were left out, by reason."""
        return self.flights.histories.dropped

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table; its schema tells each column's unit and meaning."""
        return leg_table(self.flights)

    def to_pandas(self) -> Any:
        """Return a pandas frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return a Polars frame."""
        import polars

        return polars.from_arrow(self.to_arrow())


@dataclass(frozen=True, slots=True)
class JourneyTables:
    """Journeys as other tools want them: a table with one journey a row, stops in it."""

    undertakings: Undertakings

    def __len__(self) -> int:
        return len(self.undertakings)

    def sentences(self) -> list[str]:
        """Return each journey in words."""
        return [journey_sentence(self.undertakings, number) for number in range(len(self))]

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table; its schema tells each column's unit and meaning."""
        return journey_table(self.undertakings)

    def to_pandas(self) -> Any:
        """Return a pandas frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return a Polars frame."""
        import polars

        return polars.from_arrow(self.to_arrow())


def journeys(source: Any, *, settings: JourneySettings | None = None) -> JourneyTables:
    """Return the journeys in positions: consecutive flights of one airframe, with their stops.

    source    as for `skywitness.legs`
    settings  when a stop ends a journey, and how stops in silences are weighed
    """
    return JourneyTables(find_journeys(flights_of(positions_in(source)), settings))


def flights_of(
    positions: Positions,
    *,
    gazetteer: Gazetteer | None = None,
    settings: LegSettings | None = None,
    until_ns: int | None = None,
) -> Flights:
    """Return the legs in positions, with ranked airports."""
    limits = HistorySettings() if until_ns is None else HistorySettings(until_ns=until_ns)
    found: Histories = histories(positions, limits)
    return find_legs(found, gazetteer or load_gazetteer(), settings)


def names_of(flights: Flights, sources: Sequence[str] = (), data: str | None = None) -> dict[int, tuple[str, str]]:
    """Return registration and type designator of each leg that a list tells of, as of the leg's date.

    sources  where the positions came from: a data directory has lists of its own
    data     a data directory with lists; the user's own are asked in any case
    """
    if not len(flights):
        return {}
    directories = [Path(one) / "identity" for one in (*sources, *([data] if data else [])) if Path(one).is_dir()]
    legs = flights.legs
    book = load_book(*directories, identity_directory(None), only=np.unique(legs.icao).tolist())
    if not book.registers:
        return {}
    names = book.names(legs.icao, legs.from_ns)
    real = (legs.address_kind == 0).tolist()
    return {
        number: name for number, (name, is_icao) in enumerate(zip(names, real, strict=True)) if is_icao and any(name)
    }


def name_text(name: tuple[str, str]) -> str:
    """Return a registration and a type designator as sentences have them: RA-82035 (A124)."""
    registration, typecode = name
    return f"{registration} ({typecode})" if registration and typecode else registration or typecode


def legs(source: Any, *, settings: LegSettings | None = None) -> FlightTables:
    """Return the flights in positions, each from ground to ground or from and to an edge of what was heard.

    source    a pandas or Polars frame, an Arrow table, a `traffic` object, rows from `skywitness.track`, or the name of
              a recording, of a file of positions, of a data directory; several names too
    settings  when a leg ends

    Raises FormatError for tables without the needed columns. No route or schedule is looked up: airports are candidates
    with probabilities, by what was received alone.

    >>> import skywitness
    >>> skywitness.legs("demo").to_arrow().column("icao24")[0].as_py()  # doctest: +SKIP
    '4841d7'
    """
    return FlightTables(flights_of(positions_in(source), settings=settings))
