"""Files of other programs' tables, piece by piece: CSV, Parquet, Arrow, JSON lines, KML."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import PurePath
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from skywitness.batches import I64, Positions
from skywitness.errors import FormatError
from skywitness.sources.compression import compression_of, decompressed
from skywitness.sources.tables.checks import Plausibility
from skywitness.sources.tables.dialects import SKYWITNESS, Dialect, Named, dialect_of
from skywitness.sources.tables.kml import kml_table
from skywitness.sources.tables.rows import TableRows

__all__ = ["SUFFIXES", "TableFile", "suffix_of"]

SUFFIXES = (".csv", ".parquet", ".arrow", ".feather", ".jsonl", ".ndjson", ".kml", ".pkl", ".pickle")
PIECE_ROWS = 1 << 16
PIECE_BYTES = 8 << 20
CHUNK = 1 << 18
UNCOMPRESSED = (".gz", ".zst", ".xz", ".bz2")
KML_ALTITUDE = Named(("altitude_m",), 1.0 / 0.3048, "m", -700.0, 40_000.0)


def suffix_of(name: str) -> str:
    """Return what a name ends in, small, compression apart: `.csv` for states.csv.gz; empty if it is no table's."""
    path = PurePath(name.lower())
    if path.suffix in UNCOMPRESSED:
        path = path.with_suffix("")
    return path.suffix if path.suffix in SUFFIXES else ""


class TableFile:
    """One file: `positions` yields its rows once, and then tells if they cannot be.

    file        its bytes as stored, compressed or not; Parquet needs one that can seek
    name        for messages and for its suffix
    dialect     name of a dialect; None: found by the columns
    icao        address of all rows, for tables without
    assume_utc  take times without a zone for UTC

    Raises FormatError, before or after rows have come: then none of them may be used.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        *,
        dialect: str | None = None,
        icao: int | None = None,
        assume_utc: bool = False,
    ) -> None:
        self.file = file
        self.name = name
        self.asked = dialect
        self.icao = icao
        self.assume_utc = assume_utc
        self.dialect: Dialect | None = None
        self.rows = 0
        self.refused: Counter[str] = Counter()

    def positions(self) -> Iterator[tuple[Positions, I64]]:
        """Yield positions and the rows they were in."""
        rows: TableRows | None = None
        checks: Plausibility | None = None
        try:
            for piece in self._pieces():
                if rows is None or checks is None:
                    self.dialect = self._dialect(piece.schema.names)
                    rows = TableRows(self.dialect, self.name, icao=self.icao, assume_utc=self.assume_utc)
                    self.refused = rows.refused
                    checks = Plausibility(self.name, converted=self.dialect.name == "opensky")
                positions, numbers = rows.push(piece)
                self.rows = rows.rows
                checks.push(positions, numbers)
                yield positions, numbers
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise FormatError(f"it cannot be read: {_first_line(error)}", source=self.name) from None
        if rows is None or checks is None:
            raise FormatError("there is no table in it", source=self.name)
        rows.finish()
        if self.dialect is not SKYWITNESS:  # its rows have verdicts, those that cannot be too
            checks.finish()

    def _dialect(self, names: list[str]) -> Dialect:
        found = dialect_of(names, self.name, self.asked)
        if suffix_of(self.name) == ".kml":
            columns = dict(found.columns) | {"altitude_ft": KML_ALTITUDE}
            return Dialect(found.name, found.title, columns, found.signs, has_address=False)
        return found

    def _pieces(self) -> Iterator[pa.Table | pa.RecordBatch]:
        suffix = suffix_of(self.name)
        if suffix in (".pkl", ".pickle"):
            raise FormatError(
                "a pickle can run any program as it is read, so it is not", source=self.name,
                hint="Write the frame with to_parquet and import that.",
            )  # fmt: skip
        if suffix == ".parquet":
            with pq.ParquetFile(self.file) as file:
                empty = file.schema_arrow.empty_table()
                yield from file.iter_batches(PIECE_ROWS, use_threads=False)
            yield empty
        elif suffix in (".arrow", ".feather"):
            yield from self._arrow()
        elif suffix == ".kml":
            yield kml_table(io.BytesIO(self._unpacked().read()), self.name)
        elif suffix in (".jsonl", ".ndjson"):
            yield from self._json()
        else:
            yield from self._csv()

    def _unpacked(self) -> BinaryIO:
        head = self.file.read(8)
        chunks = _chunks(head, self.file)
        return io.BufferedReader(_Stream(decompressed(chunks, self.name) if compression_of(head) else chunks), CHUNK)

    def _arrow(self) -> Iterator[pa.RecordBatch]:
        data = self._unpacked().read()
        try:
            opened: Any = pa.ipc.open_file(data)
            batches = (opened.get_batch(number) for number in range(opened.num_record_batches))
        except pa.ArrowInvalid:
            opened = pa.ipc.open_stream(data)
            batches = iter(opened)
        yield from batches
        yield opened.schema.empty_table()

    def _json(self) -> Iterator[pa.Table]:
        left = b""
        file = self._unpacked()
        schema: pa.Schema | None = None
        while data := file.read(PIECE_BYTES):
            whole, newline, rest = (left + data).rpartition(b"\n")
            left = rest
            if newline:
                table = self._json_piece(whole + newline, schema)
                schema = table.schema
                yield table
        if left.strip():
            yield self._json_piece(left, schema)

    def _json_piece(self, data: bytes, schema: pa.Schema | None) -> pa.Table:
        """Parse some lines; the first ones give the types, but for columns that had nothing yet.

        What is text there stays text: of a time the zone would be lost.
        """
        if schema is None:
            try:
                first = json.loads(data.partition(b"\n")[0])
            except ValueError as error:
                raise FormatError(f"row 1 is no JSON ({error})", source=self.name) from None
            texts = [name for name, value in first.items() if isinstance(value, str)] if isinstance(first, dict) else []
            known = pa.schema([pa.field(name, pa.string()) for name in texts])
        else:
            known = pa.schema([field for field in schema if not pa.types.is_null(field.type)])
        options = pa.json.ParseOptions(explicit_schema=known, unexpected_field_behavior="infer")
        return pa.json.read_json(io.BytesIO(data), pa.json.ReadOptions(use_threads=False), options)

    def _csv(self) -> Iterator[pa.RecordBatch]:
        unpacked = self._unpacked()
        head = unpacked.read(CHUNK)
        file = io.BufferedReader(_Stream(_chunks(head, unpacked)), CHUNK)
        line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
        delimiter = max(",;\t", key=line.count)
        names = next(iter_csv(line, delimiter), [])
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise FormatError(f"two columns are named {twice!r}", source=self.name)
        parse = pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=False)
        convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True)
        read = pa.csv.ReadOptions(use_threads=False, block_size=PIECE_BYTES)
        with closing(pa.csv.open_csv(file, read, parse, convert)) as reader:
            yield from reader
            yield reader.schema.empty_table()


def iter_csv(line: str, delimiter: str) -> Iterator[list[str]]:
    """Cut one line of CSV."""
    yield from csv.reader([line], delimiter=delimiter)


class _Stream(io.RawIOBase):
    """Chunks of bytes as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what is there next."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _chunks(head: bytes, file: BinaryIO) -> Iterator[bytes]:
    yield head
    while chunk := file.read(CHUNK):
        yield chunk


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
