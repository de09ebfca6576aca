"""A day's positions once more, by where they were: squares of one degree, and in each by quarters of a degree.

Sorted by (square, part of it, address, time), so that an area is a few row groups of each day.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from skywitness.archive.layout import DELTA, DICTIONARY, POSITIONS, array_of, decoded, numbers_of
from skywitness.archive.parquet import parquet_of
from skywitness.batches import I64, Positions

__all__ = ["AreaFile", "place_of", "write_areas"]

GROUP_ROWS = 16_384
BUCKET_ROWS = 1_000_000
"""Rows sorted at once."""
GROUPS_AT_ONCE = 24
PLACE = "place"
MAP = b"skywitness.places"
COLUMNS = [column.name for column in POSITIONS.columns]

Box = tuple[float, float, float, float]


def place_of(lat_e6: I64, lon_e6: I64) -> I64:
    """Return the number of the quarter degree of each place: of its square, then of the quarter in it.

    Squares are counted from the south pole, each row from the antimeridian; their sixteen parts likewise.
    """
    row = np.clip(lat_e6 // 250_000 + 360, 0, 719)
    column = (lon_e6 // 250_000 + 720) % 1440
    return numbered(row, column)


def numbered(row: I64, column: I64) -> I64:
    """Return the number of a quarter degree by its row and column, 720 by 1440."""
    return np.asarray((row // 4 * 360 + column // 4) * 16 + row % 4 * 4 + column % 4)


def write_areas(source: Path, target: Path, about: dict[str, str]) -> None:
    """Write the rows of a file by squares. One pass, with so many rows in memory as a bucket has."""
    with parquet_of(source, str(source)) as file, tempfile.TemporaryDirectory(dir=target.parent) as work:
        cuts = _cuts(file)
        buckets = [_Bucket(Path(work) / f"{k}.arrow") for k in range(len(cuts) + 1)]
        for group in range(file.metadata.num_row_groups):
            rows = file.read_row_group(group, use_threads=False)
            place = place_of(numbers_of(rows.column("lat_e6"))[0], numbers_of(rows.column("lon_e6"))[0])
            bucket = np.searchsorted(cuts, place, "right")
            rows = rows.append_column(PLACE, array_of(place.astype(np.int32), None, pa.int32()))
            for k in np.unique(bucket).tolist():
                at = np.flatnonzero(bucket == k)
                buckets[k].write(rows.take(array_of(at.astype(np.int64), None, pa.int64())))
        schema = POSITIONS.schema().append(pa.field(PLACE, pa.int32()))
        writer = pq.ParquetWriter(
            target, schema, compression="zstd", compression_level=3,
            use_dictionary=[c.name for c in POSITIONS.columns if c.encoding == DICTIONARY],
            column_encoding={c.name: DELTA for c in POSITIONS.columns if c.encoding == DELTA} | {PLACE: DELTA},
            write_statistics=[PLACE, "time"], store_schema=False, write_page_checksum=True,
        )  # fmt: skip
        groups: list[I64] = []
        with writer:
            for part in buckets:
                table, order = part.sorted()
                if not len(table):
                    continue
                writer.write_table(table, row_group_size=GROUP_ROWS)
                groups += [order[k : k + GROUP_ROWS] for k in range(0, len(order), GROUP_ROWS)]
            bounds = np.array([[one[0], one[-1]] for one in groups], np.int64).reshape(-1, 2)
            writer.add_key_value_metadata({**about, MAP.decode(): bounds.tobytes().hex()})


class _Bucket:
    """Rows of some squares, on the disk until they are sorted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: Any = None

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        if self.writer is None:
            self.writer = pa.ipc.new_file(self.path, rows.schema)
        self.writer.write_table(rows)

    def sorted(self) -> tuple[pa.Table, I64]:
        """Return the rows in the order of the file, and the place of each."""
        if self.writer is None:
            return pa.table({}), np.zeros(0, np.int64)
        self.writer.close()
        with pa.memory_map(str(self.path)) as mapped:
            table = pa.ipc.open_file(mapped).read_all().combine_chunks()
            time_us = numbers_of(table.column("time"))[0]
            place = numbers_of(table.column(PLACE))[0]
            key = numbers_of(table.column("address_kind"))[0] << 24 | numbers_of(table.column("icao"))[0]
            order = np.lexsort((time_us, key, place))
            table = table.take(array_of(order.astype(np.int64), None, pa.int64()))
        self.path.unlink()
        return table, place[order]


def _cuts(file: pq.ParquetFile) -> I64:
    """Return places at which buckets begin, about BUCKET_ROWS apart."""
    counts = np.zeros(720 * 1440, np.int64)
    for group in range(file.metadata.num_row_groups):
        rows = file.read_row_group(group, columns=["lat_e6", "lon_e6"], use_threads=False)
        place = place_of(numbers_of(rows.column("lat_e6"))[0], numbers_of(rows.column("lon_e6"))[0])
        counts += np.bincount(place, minlength=len(counts))
    before = np.cumsum(counts)
    steps = np.arange(BUCKET_ROWS, int(before[-1]), BUCKET_ROWS) if before[-1] else np.zeros(0, np.int64)
    return np.unique(np.searchsorted(before, steps) + 1).astype(np.int64)


class AreaFile:
    """A file of areas, opened once: which row groups hold which places."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with parquet_of(path, str(path)) as file:
            self.metadata = file.metadata
            told = (file.metadata.metadata or {}).get(MAP, b"")
        self.bounds = np.frombuffer(bytes.fromhex(told.decode()), np.int64).reshape(-1, 2)
        """(groups, 2): least and greatest place."""

    def rows_about(self, boxes: tuple[Box, ...]) -> int:
        """Return how many rows are read for boxes."""
        return len(self._groups(boxes)) * GROUP_ROWS

    def _groups(self, boxes: tuple[Box, ...]) -> I64:
        places = places_of(boxes)
        low = np.searchsorted(places, self.bounds[:, 0])
        high = np.searchsorted(places, self.bounds[:, 1], "right")
        return np.flatnonzero(high > low)

    def positions(self, boxes: tuple[Box, ...], from_us: int, until_us: int) -> Iterator[Positions]:
        """Yield the rows in boxes and a time, in parts."""
        groups = self._groups(boxes)
        if not len(groups):
            return
        with parquet_of(self.path, str(self.path), self.metadata) as file:
            for some in np.array_split(groups, -(-len(groups) // GROUPS_AT_ONCE)):
                yield from self._some(file, some.tolist(), boxes, from_us, until_us)

    def _some(
        self, file: pq.ParquetFile, groups: list[int], boxes: tuple[Box, ...], from_us: int, until_us: int
    ) -> Iterator[Positions]:
        """Where and when first; the other columns of those groups alone where anything is left."""
        head = file.read_row_groups(groups, columns=["time", "lat_e6", "lon_e6"])
        time_us, lat, lon = (numbers_of(head.column(name))[0] for name in ("time", "lat_e6", "lon_e6"))
        inside = np.zeros(len(lat), np.bool_)
        for box in boxes:
            west, south, east, north = (round(edge * 1e6) for edge in box)
            inside |= (lat >= south - 1) & (lat <= north + 1) & (lon >= west - 1) & (lon <= east + 1)
        inside &= (time_us >= from_us) & (time_us < until_us)
        ends = np.cumsum([file.metadata.row_group(group).num_rows for group in groups])
        at = np.flatnonzero(inside)
        which = np.unique(np.searchsorted(ends, at, "right"))
        if not len(which):
            return
        rows = file.read_row_groups([groups[k] for k in which.tolist()], columns=COLUMNS)
        left = np.concatenate([inside[(ends[k - 1] if k else 0) : ends[k]] for k in which.tolist()])
        rows = rows.take(array_of(np.flatnonzero(left).astype(np.int64), None, pa.int64()))
        yield cast(Positions, decoded(POSITIONS, rows, str(self.path)))


def places_of(boxes: tuple[Box, ...]) -> I64:
    """Return the places that boxes touch, in order."""
    found: list[I64] = [np.zeros(0, np.int64)]
    for west, south, east, north in boxes:
        rows = np.arange(max(int(np.floor(south * 4.0)) + 360, 0), min(int(np.floor(north * 4.0)) + 360, 719) + 1)
        columns = np.arange(int(np.floor(west * 4.0)) + 720, int(np.floor(east * 4.0)) + 721) % 1440
        found.append(numbered(rows[:, None], np.unique(columns)[None, :]).ravel())
    return np.unique(np.concatenate(found))
