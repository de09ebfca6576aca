"""Columns of an Arrow table as NumPy arrays, for writers that make no Python object a row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skywitness.batches import I64, U8

__all__ = ["Bools", "column_of", "known_of", "numbers_of", "texts_of"]

Bools = NDArray[np.bool_]


def column_of(table: pa.Table, name: str) -> pa.Array | None:
    """The column of a table that is one chunk; None if it has no value."""
    column = table.column(name)
    if column.null_count == table.num_rows:
        return None
    return column.chunk(0)


def known_of(column: pa.Array) -> Bools:
    """Which rows have a value."""
    buffer = column.buffers()[0]
    if buffer is None:
        return np.ones(len(column), np.bool_)
    return bits_of(buffer, column.offset, len(column))


def numbers_of(column: pa.Array) -> I64:
    """Integers, booleans as 0 and 1, words as their places in the dictionary; anything where there is no value."""
    if pa.types.is_dictionary(column.type):
        column = column.indices
    buffer = column.buffers()[1]
    if pa.types.is_boolean(column.type):
        return bits_of(buffer, column.offset, len(column)).astype(np.int64)
    kind = np.dtype(column.type.to_pandas_dtype())
    values = np.frombuffer(buffer, kind, len(column), column.offset * kind.itemsize)
    wide: I64 = values.astype(np.int64)
    return wide


def texts_of(column: pa.Array) -> tuple[NDArray[np.int32], U8]:
    """Where each string begins, the end of the last one, and the bytes of all."""
    _, offsets, data = column.buffers()
    begins = np.frombuffer(offsets, np.int32, len(column) + 1, 4 * column.offset)
    return begins, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def bits_of(buffer: pa.Buffer, offset: int, rows: int) -> Bools:
    """Bits of a bitmap as booleans."""
    octets = np.frombuffer(buffer, np.uint8)
    return np.unpackbits(octets[offset >> 3 :], count=rows + (offset & 7), bitorder="little")[offset & 7 :].view(
        np.bool_
    )
