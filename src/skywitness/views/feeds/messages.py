"""Decoded messages out: one row a message, as JSON lines, CSV, Parquet or Arrow."""

from __future__ import annotations

import functools
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skywitness.batches import PROVENANCES, STATUSES, Frames, Messages
from skywitness.errors import ConfigError
from skywitness.messages.mode_s.columns import SCHEMA, decode_table, strings

__all__ = ["FORMATS", "OUTPUT_SCHEMA", "MessageWriter", "output_table"]

FORMATS = ("jsonl", "csv", "parquet", "arrow")

_HEX = np.frombuffer("".join(f"{value:02x}" for value in range(256)).encode(), np.uint16)
_PROVENANCE = pa.dictionary(pa.uint8(), pa.string())

OUTPUT_SCHEMA = pa.schema(
    [
        SCHEMA.field("time"),
        pa.field("frame", pa.string(), metadata={"unit": "", "doc": "the frame as received, lower-case hex"}),
        *(field for field in SCHEMA if field.name != "time"),
        pa.field("receiver", pa.uint16(), metadata={"unit": "", "doc": "index of the receiver in the input"}),
        pa.field("signal_dbfs", pa.float32(), metadata={"unit": "dBFS", "doc": "level of the pulses"}),
        pa.field("provenance", _PROVENANCE, metadata={"unit": "", "doc": "received, imported or simulated"}),
    ]
)
"""Columns of the files: those of `decode_table`, and what the receiver knew of the frame."""


def output_table(frames: Frames, messages: Messages, provenance: int, rejected: bool) -> pa.Table:
    """Decode frames for output.

    provenance  index into PROVENANCES
    rejected    keep the rows that were rejected, their reason in `status`
    """
    if not rejected:
        kept = np.flatnonzero(messages.status <= STATUSES.index("repaired"))
        if len(kept) < len(frames):
            frames, messages = frames.take(kept), messages.take(kept)
    decoded = decode_table(frames, messages)
    rows = len(frames)
    level = np.ascontiguousarray(frames.signal_dbfs)
    known = pa.py_buffer(np.packbits(~np.isnan(level), bitorder="little"))
    origin = pa.Array.from_buffers(pa.uint8(), rows, [None, pa.py_buffer(np.full(rows, provenance, np.uint8))])
    more = {
        "frame": _frame_text(frames),
        "receiver": pa.Array.from_buffers(
            pa.uint16(), rows, [None, pa.py_buffer(np.ascontiguousarray(frames.receiver))]
        ),
        "signal_dbfs": pa.Array.from_buffers(pa.float32(), rows, [known, pa.py_buffer(level)]),
        "provenance": pa.DictionaryArray.from_arrays(origin, strings(PROVENANCES)),
    }
    arrays = [more[name] if name in more else decoded.column(name) for name in OUTPUT_SCHEMA.names]
    return pa.Table.from_arrays(arrays, schema=OUTPUT_SCHEMA)


def _frame_text(frames: Frames) -> pa.Array:
    rows, width = frames.data.shape
    digits = _HEX[frames.data][np.arange(width) < frames.length[:, None]]
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(2 * frames.length.astype(np.int32), out=offsets[1:])
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(digits)])


class MessageWriter:
    """Writes tables of one schema, OUTPUT_SCHEMA or UAT_SCHEMA, one after the other; `close` completes the file."""

    def __init__(self, out: BinaryIO, form: str) -> None:
        """Write one of FORMATS into `out`."""
        self._out = out
        self._form = form
        self._writer: Any = None
        self._schema: pa.Schema | None = None

    def _begin(self, schema: pa.Schema) -> None:
        self._schema = schema
        if self._form == "parquet":
            import pyarrow.parquet as pq

            self._writer = pq.ParquetWriter(self._out, schema, compression="zstd")
        elif self._form == "arrow":
            self._writer = pa.ipc.new_stream(self._out, schema)
        elif self._form == "csv":
            self._out.write((",".join(schema.names) + "\n").encode())

    def write(self, table: pa.Table) -> None:
        """Append rows; raises ConfigError if they have other columns than those before. JSON lines may mix them."""
        if self._schema is None:
            self._begin(table.schema)
        elif self._form != "jsonl" and table.schema is not self._schema and table.schema != self._schema:
            raise ConfigError(
                "messages of Mode S and of UAT have different columns", hint="Write a file for each, or JSON lines."
            )
        if self._form in ("parquet", "arrow"):
            self._writer.write_table(table)
        elif table.num_rows:
            self._out.write(json_lines(table) if self._form == "jsonl" else csv_lines(table))

    def close(self) -> None:
        """Write what belongs at the end."""
        if self._schema is None:
            self._begin(OUTPUT_SCHEMA)
        if self._writer is not None:
            self._writer.close()


def json_lines(table: pa.Table) -> bytes:
    """One object a row; a name without a value is left out."""
    pieces = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count < table.num_rows:
            text, is_quoted = _text(column)
            quote = '"' if is_quoted else ""
            pieces.append(_wrapped(f'"{name}":{quote}', text, quote))
    rows = pc.binary_join_element_wise(*pieces, _literal(","), null_handling="skip")
    return _joined(_wrapped("{", rows, "}\n"))


def csv_lines(table: pa.Table) -> bytes:
    """One line a row; a column without a value is empty."""
    pieces = []
    for column in table.columns:
        if column.null_count == table.num_rows:
            pieces.append(_literal(""))
            continue
        text, is_quoted = _text(column)
        if is_quoted and pc.any(pc.match_substring_regex(text, '[",]')).as_py():
            text = _wrapped('"', pc.replace_substring(text, '"', '""'), '"')
        pieces.append(text)
    rows = pc.binary_join_element_wise(*pieces, _literal(","), null_handling="replace", null_replacement="")
    return _joined(_wrapped("", rows, "\n"))


def _text(column: pa.ChunkedArray) -> tuple[Any, bool]:
    """Values as text, and whether JSON puts them in quotation marks."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return pc.cast(column, pa.string()), True
    if pa.types.is_timestamp(kind):
        # Without the time zone's data base: the column is in UTC.
        plain = pc.cast(pc.cast(column, pa.timestamp("ns")), pa.string())
        return _wrapped("", pc.replace_substring(plain, " ", "T"), "Z"), True
    if pa.types.is_string(kind):
        return column, True
    return pc.cast(column, pa.string()), False


@functools.cache
def _literal(text: str) -> pa.StringScalar:
    """A text for Arrow's functions; `pa.scalar` would import pandas where that is installed."""
    return strings([text])[0]


def _wrapped(before: str, texts: Any, after: str) -> Any:
    """Texts with something around each; null stays null."""
    return pc.binary_join_element_wise(_literal(before), texts, _literal(after), _literal(""))


def _joined(rows: pa.ChunkedArray) -> bytes:
    parts = []
    for chunk in rows.chunks if isinstance(rows, pa.ChunkedArray) else [rows]:
        _, offsets, data = chunk.buffers()
        first, last = (int(np.frombuffer(offsets, np.int32)[k]) for k in (chunk.offset, chunk.offset + len(chunk)))
        parts.append(data.slice(first, last - first).to_pybytes())
    return b"".join(parts)
