"""What the aircraft of a day sent: callsigns and squawks, and how high and fast they were at least and at most.

A question for a callsign or a squawk over months then reads the rows of those aircraft alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from skywitness.archive.layout import array_of, callsigns, numbers_of
from skywitness.archive.parquet import parquet_of, proven
from skywitness.batches import F64, I64
from skywitness.errors import ArchiveError

__all__ = ["ValueFile", "write_values"]

Bools = NDArray[np.bool_]

HELD = {"callsign": (0, 0), "squawk": (1, 1), "alt": (2, 3), "gs": (4, 5)}
"""What is kept, by the key of a question: where the values stand, or the least and the greatest of each aircraft."""
RANGES = {"alt": ("altitude_ft", 1), "gs": ("groundspeed_e1_kt", 10)}
"""Stored column, and its parts of a unit."""
ONCE = {"callsign": "callsign", "squawk": "squawk"}
NEVER_LOW, NEVER_HIGH = np.iinfo(np.int64).max, np.iinfo(np.int64).min
COLUMNS = ["icao", "address_kind", *ONCE.values(), *(name for name, _ in RANGES.values())]


def write_values(source: Path, target: Path, about: dict[str, str]) -> None:
    """Write what the aircraft of a file of positions sent: `what`, `value` and `key`, sorted."""
    found: list[I64] = [np.zeros((3, 0), np.int64)]
    lows: dict[str, list[tuple[I64, I64, I64]]] = {name: [] for name in RANGES}
    with parquet_of(source, str(source)) as file:
        for group in range(file.metadata.num_row_groups):
            rows = file.read_row_group(group, columns=COLUMNS, use_threads=False)
            key = numbers_of(rows.column("address_kind"))[0] << 24 | numbers_of(rows.column("icao"))[0]
            if not len(key):
                continue
            for name, column in ONCE.items():
                found.append(_once(HELD[name][0], key, *_codes(rows.column(column), name)))
            starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
            for name, (column, _) in RANGES.items():
                values, unknown = numbers_of(rows.column(column))
                known = np.ones(len(values), np.bool_) if unknown is None else ~unknown
                low = np.minimum.reduceat(np.where(known, values, NEVER_LOW), starts)
                high = np.maximum.reduceat(np.where(known, values, NEVER_HIGH), starts)
                lows[name].append((key[starts], low, high))
    for name, parts in lows.items():
        if parts:
            keys, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
            each, back = np.unique(keys, return_inverse=True)  # an aircraft may go on in the next row group
            least, most = np.full(len(each), NEVER_LOW), np.full(len(each), NEVER_HIGH)
            np.minimum.at(least, back, low)
            np.maximum.at(most, back, high)
            known = least <= most
            for what, values in zip(HELD[name], (least, most), strict=True):
                found.append(np.stack((np.full(int(known.sum()), what), values[known], each[known])))
    every = np.unique(np.concatenate(found, axis=1), axis=1)
    columns = {"what": every[0], "value": every[1], "key": every[2]}
    table = pa.table({name: array_of(np.ascontiguousarray(v), None, pa.int64()) for name, v in columns.items()})
    with pq.ParquetWriter(
        target, table.schema, compression="zstd", use_dictionary=False, write_page_checksum=True,
        column_encoding=dict.fromkeys(columns, "DELTA_BINARY_PACKED"),
    ) as writer:  # fmt: skip
        writer.write_table(table)
        writer.add_key_value_metadata(about)


def _codes(column: pa.ChunkedArray, name: str) -> tuple[I64, Bools]:
    """The numbers of a column, and which are known."""
    if name == "callsign":
        codes = callsigns(column).view(np.int64)
        return codes, codes != 0
    values, unknown = numbers_of(column)
    return values, np.ones(len(values), np.bool_) if unknown is None else ~unknown


def _once(what: int, key: I64, value: I64, known: Bools) -> I64:
    """Each value of each aircraft once, as columns; they change seldom from row to row."""
    is_new = np.r_[True, (key[1:] != key[:-1]) | (value[1:] != value[:-1])] & known
    some = np.stack((np.full(int(is_new.sum()), what), value[is_new], key[is_new]))
    return np.unique(some, axis=1)


Holds = Callable[[F64 | I64, F64 | I64], Bools]
"""Which least and greatest values something may lie between; of callsigns and squawks both are the same."""


class ValueFile:
    """A file of values, read once."""

    def __init__(self, path: Path) -> None:
        with parquet_of(proven(path), str(path)) as file:
            table = file.read(use_threads=False)
        try:
            what, value, key = (numbers_of(table.column(name))[0] for name in ("what", "value", "key"))
        except KeyError as error:
            raise ArchiveError(f"column {error} is missing", source=str(path)) from None
        edges = np.searchsorted(what, np.arange(7)).tolist()
        self._parts = [(value[a:z], key[a:z]) for a, z in itertools.pairwise(edges)]

    def holders(self, name: str, holds: Holds) -> I64:
        """Return the aircraft of which something may fit, sorted.

        name  `callsign` and `squawk` as codes, `alt` in feet and `gs` in knots
        """
        low, high = HELD[name]
        values, keys = self._parts[low]
        if low == high:
            distinct, back = np.unique(values, return_inverse=True)
            return np.unique(keys[holds(distinct, distinct)[back]]) if len(values) else keys
        most, same = self._parts[high]
        by, of = np.argsort(keys, kind="stable"), np.argsort(same, kind="stable")
        unit = RANGES[name][1]
        return keys[by][holds(values[by] / unit, most[of] / unit)]
