"""Airfields that the flights of a day may have begun or ended at, so that only those aircraft are looked at.

Flights are made of the day's rows alone. Which airfields come into question follows from the outermost reception of an
end, and that is the same whatever is known of other days; probabilities are not kept, they are reckoned anew from all
rows whenever somebody asks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skywitness.archive.layout import POSITIONS, array_of, decoded, numbers_of
from skywitness.archive.parquet import parquet_of, proven
from skywitness.batches import I32, I64, Positions
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.reference.airports import Gazetteer
from skywitness.reference.load import load_gazetteer

__all__ = ["GAZETTEER", "aircraft_at", "write_ends"]

GAZETTEER = b"skywitness.gazetteer"
ROWS_AT_ONCE = 1_500_000
GROUP_ROWS = 8_192
GROUND_NMI = 6.0
"""As far from an airfield as a place on the ground can be and have it as a candidate."""


def write_ends(source: Path, target: Path, about: dict[str, str]) -> None:
    """Write the candidates of all ends of a file of positions, by airfield."""
    gazetteer = load_gazetteer()
    found: list[tuple[I64, I64, I64]] = []
    with parquet_of(source, str(source)) as file:
        held: list[Positions] = []
        for group in range(file.metadata.num_row_groups):
            rows = decoded(POSITIONS, file.read_row_group(group, use_threads=False), str(source))
            held.append(rows)  # type: ignore[arg-type]
            if sum(map(len, held)) >= ROWS_AT_ONCE:
                whole, rest = _parted(Positions.concat(held))
                found.append(_candidates(whole, gazetteer))
                held = [rest]
        found.append(_candidates(Positions.concat(held), gazetteer))
    airport, side, key = (np.concatenate(column) for column in zip(*found, strict=True))
    each = np.unique(np.stack((airport, side, key)), axis=1)
    columns = {"airport": each[0], "side": each[1], "key": each[2]}
    table = pa.table({name: array_of(values, None, pa.int64()) for name, values in columns.items()})
    with pq.ParquetWriter(
        target, table.schema, compression="zstd", use_dictionary=False, write_statistics=["airport"],
        write_page_checksum=True,
        column_encoding=dict.fromkeys(columns, "DELTA_BINARY_PACKED"),
    ) as writer:  # fmt: skip
        writer.write_table(table, row_group_size=GROUP_ROWS)
        writer.add_key_value_metadata({**about, GAZETTEER.decode(): gazetteer.content_hash})


def _parted(rows: Positions) -> tuple[Positions, Positions]:
    """Whole aircraft, and the last one, of which more may come."""
    key = rows.address_kind.astype(np.int64) << 24 | rows.icao
    cut = int(np.searchsorted(key, key[-1], "left"))
    return (rows.slice(0, cut), rows.slice(cut, len(rows))) if cut else (rows.slice(0, 0), rows)


def _candidates(rows: Positions, gazetteer: Gazetteer) -> tuple[I64, I64, I64]:
    """Airfield, side and aircraft of each candidate of each end.

    The first and the last flight of an aircraft count for both sides, and so does a place on the ground where it is
    first or last received: a flight that nobody heard may have gone before, or come after.
    """
    found = histories(rows)
    flights = legs(found, gazetteer, covered=lambda ends: ends)
    airport, end = flights.candidates.airport.astype(np.int64), flights.candidates.end
    keys = flights.legs.address_kind.astype(np.int64) << 24 | flights.legs.icao
    leg, side = end // 2, end % 2
    key = keys[leg] if len(leg) else np.zeros(0, np.int64)
    is_outer = (np.searchsorted(keys, key, "left") == leg) | (np.searchsorted(keys, key, "right") - 1 == leg)
    parts = [(airport, side, key), (airport[is_outer], 1 - side[is_outer], key[is_outer])]
    key_of_row = found.rows.address_kind.astype(np.int64) << 24 | found.rows.icao
    edges = np.unique(np.r_[found.starts[:-1], found.starts[1:] - 1]) if len(found.rows) else np.zeros(0, np.int64)
    for row in edges[found.rows.on_ground[edges] == 1].tolist():
        near = gazetteer.near(float(found.rows.lat_deg[row]), float(found.rows.lon_deg[row]), GROUND_NMI)
        fields = np.tile(near.astype(np.int64), 2)
        parts.append((fields, np.repeat(np.arange(2), len(near)), np.full(len(fields), key_of_row[row])))
    airports, sides, aircraft = (np.concatenate(column) for column in zip(*parts, strict=True))
    return airports, sides, aircraft


def aircraft_at(path: Path, fields: I32, side: int, gazetteer_hash: str) -> I64 | None:
    """Return the aircraft with an end at one of some airfields; None if the file was made with another gazetteer.

    side  0 departures, 1 arrivals
    """
    with parquet_of(proven(path), str(path)) as file:
        if (file.metadata.metadata or {}).get(GAZETTEER, b"").decode() != gazetteer_hash:
            return None
        wanted = np.unique(fields).astype(np.int64)
        parts = [np.zeros(0, np.int64)]
        for group in range(file.metadata.num_row_groups):
            told = file.metadata.row_group(group).column(0).statistics
            at = np.searchsorted(wanted, (told.min, told.max + 1)) if told is not None and told.has_min_max else (0, 1)
            if at[1] <= at[0]:
                continue
            rows = file.read_row_group(group, use_threads=False)
            airport, sides, key = (numbers_of(rows.column(name))[0] for name in ("airport", "side", "key"))
            parts.append(key[np.isin(airport, wanted) & (sides == side)])
    return np.unique(np.concatenate(parts))
