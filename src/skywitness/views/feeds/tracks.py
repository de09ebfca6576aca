"""Positions as files of tracks: JSON lines, CSV, Parquet and Arrow, with the same column names in each.

Each writer takes batches as they come and holds little. Missing values are nulls, in CSV nothing at all. Codes are
written as their words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, POSITION_SOURCES, PROVENANCES, REASONS, VERDICTS, Positions
from skywitness.errors import ConfigError
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.messages.mode_s.squawk import squawk_text
from skywitness.views.feeds.text_rows import ABSENT, Template, TextField, scaled

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "FORMATS", "TrackColumn", "TrackWriter", "format_of", "track_table", "track_writer"]

FORMATS = ("csv", "jsonl", "parquet", "arrow")
PARQUET_ROWS = 131_072
"""Rows of a row group: what is held before it is written."""

BOOLEANS = ("false", "true")


@dataclass(frozen=True, slots=True)
class TrackColumn:
    """One column of the export.

    kind      how it is written as text, see TextField; `empty` is always missing
    of        column of Positions
    type      Arrow type, by name
    """

    name: str
    kind: str
    of: str
    type: str
    doc: str
    unit: str = ""
    decimals: int = 0
    words: tuple[str, ...] = ()


def _number(name: str, of: str, type: str, doc: str, unit: str = "", decimals: int = 0) -> TrackColumn:
    return TrackColumn(name, "number", of, type, doc, unit, decimals)


def _word(name: str, of: str, words: tuple[str, ...], doc: str) -> TrackColumn:
    return TrackColumn(name, "word", of, "dictionary", doc, words=words)


COLUMNS = (
    TrackColumn("time", "time", "time_ns", "timestamp", "time of applicability, UTC"),
    _number("epoch_s", "time_ns", "float64", "the same, since 1970-01-01 UTC", "s", 6),
    TrackColumn(
        "icao24", "address", "icao", "string", "24-bit address in hexadecimal; ~ before one that is not ICAO's"
    ),
    TrackColumn("callsign", "trimmed_callsign", "callsign", "string", "as sent, without spaces at the end"),
    TrackColumn("registration", "empty", "", "string", "of the airframe"),
    TrackColumn("typecode", "empty", "", "string", "ICAO type designator"),
    _number("latitude", "lat_deg", "float64", "WGS-84, north positive", "deg", 6),
    _number("longitude", "lon_deg", "float64", "WGS-84, east positive", "deg", 6),
    _number("altitude_baro_ft", "altitude_ft", "float32", "pressure altitude, 1013.25 hPa", "ft"),
    _number("altitude_geom_ft", "altitude_geom_ft", "float32", "height above the WGS-84 ellipsoid", "ft"),
    _number("groundspeed_kt", "groundspeed_kt", "float32", "speed over ground", "kt", 1),
    _number("track_deg", "track_deg", "float32", "true track over ground", "deg", 1),
    _number("vertical_rate_fpm", "vertical_rate_fpm", "float32", "positive up", "ft/min"),
    TrackColumn("squawk", "octal", "squawk", "string", "Mode A code, four octal digits"),
    TrackColumn("on_ground", "word", "on_ground", "bool", "by its own report", words=BOOLEANS),
    _word("source", "source", POSITION_SOURCES, "who determined the position"),
    _number("receivers", "receivers", "int32", "how many heard this transmission"),
    _number("nic", "nic", "int16", "navigation integrity category"),
    _number("nac_p", "nac_p", "int16", "navigation accuracy category for position"),
    _word("verdict", "verdict", VERDICTS, "how far the position is supported"),
    _word("reason", "reason", REASONS, "why it is contradicted"),
    _number("revision", "revision", "int16", "0 at first; the highest one is final"),
    _number("parent", "parent", "int64", "newest reception behind it: segment << 32 | row"),
    _word("provenance", "provenance", PROVENANCES, "where the row came from"),
)
"""In the order of the files."""


class TrackWriter(Protocol):
    """What `track_writer` gives: a context manager; leaving it completes the file, whatever happened."""

    rows: int

    def write(self, positions: Positions) -> None:
        """Add rows."""

    def close(self) -> None:
        """Write what is held, and the end of the file."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...


def format_of(path: str) -> str:
    """Format by a file's name; JSON lines for standard output. Raises ConfigError for a name that says none."""
    if path == "-":
        return "jsonl"
    suffix = PurePath(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise ConfigError(
            f"{path} does not say in which format to write", hint=f"End its name in .{', .'.join(FORMATS)} or .json."
        )
    return suffix


def track_writer(file: BinaryIO, format: str) -> TrackWriter:
    """Make the writer of one of FORMATS."""
    if format in ("csv", "jsonl"):
        return _TextWriter(file, format)
    return _ParquetWriter(file) if format == "parquet" else _ArrowWriter(file)


def track_table(positions: Positions) -> pa.Table:
    """Return the export as an Arrow table."""
    import pyarrow as pa

    return pa.Table.from_arrays([_array(column, positions) for column in COLUMNS], schema=_schema())


class _Writer:
    """What all writers share: counting, and closing once."""

    def __init__(self) -> None:
        self.rows = 0
        self.is_open = True

    def write(self, positions: Positions) -> None:
        """Add rows."""
        self.rows += len(positions)
        if len(positions):
            self._write(positions)

    def close(self) -> None:
        """Write what is held, and the end of the file."""
        if self.is_open:
            self.is_open = False
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _write(self, positions: Positions) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        pass


class _TextWriter(_Writer):
    def __init__(self, file: BinaryIO, format: str) -> None:
        super().__init__()
        self.file = file
        self.template = _template(format)
        if format == "csv":
            file.write(",".join(column.name for column in COLUMNS).encode("ascii") + b"\n")

    def _write(self, positions: Positions) -> None:
        for part in self.template.write(_integers(positions)):
            self.file.write(part)


class _ParquetWriter(_Writer):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        import pyarrow.parquet as parquet

        # Integers as differences, floats by the byte: both leave zstd more to find than a dictionary does.
        encodings = {}
        for column in COLUMNS:
            if column.type in ("int16", "int32", "int64", "timestamp"):
                encodings[column.name] = "DELTA_BINARY_PACKED"
            elif column.type in ("float32", "float64"):
                encodings[column.name] = "BYTE_STREAM_SPLIT"
        self.waiting: list[Positions] = []
        self.writer = parquet.ParquetWriter(
            file,
            _schema(),
            compression="zstd",
            compression_level=3,
            use_dictionary=[column.name for column in COLUMNS if column.name not in encodings],
            column_encoding=encodings,
        )

    def _write(self, positions: Positions) -> None:
        self.waiting.append(positions)
        if sum(map(len, self.waiting)) >= PARQUET_ROWS:
            self._flush()

    def _flush(self) -> None:
        held = Positions.concat(self.waiting)
        self.waiting = []
        if len(held):
            self.writer.write_table(track_table(held), row_group_size=PARQUET_ROWS)

    def _close(self) -> None:
        self._flush()
        self.writer.close()


class _ArrowWriter(_Writer):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        import pyarrow as pa

        is_pipe = not file.seekable()
        self.writer = (pa.ipc.new_stream if is_pipe else pa.ipc.new_file)(file, _schema())

    def _write(self, positions: Positions) -> None:
        self.writer.write_table(track_table(positions))

    def _close(self) -> None:
        self.writer.close()


def _template(format: str) -> Template:
    fields = []
    quote = b'"' if format == "jsonl" else b""
    for place, column in enumerate(COLUMNS):
        if format == "jsonl":
            before = b'%s"%s":' % (b"{" if place == 0 else b",", column.name.encode("ascii"))
            missing = before + b"null"
        else:
            before = missing = b"," if place else b""
        kind = "literal" if column.kind == "empty" else column.kind
        is_text = kind in ("time", "address", "trimmed_callsign", "octal") or column.type == "dictionary"
        edge = quote if is_text else b""
        words = tuple(word.encode("ascii") for word in column.words)
        fields.append(TextField(before + edge, kind, edge, missing, column.decimals, words))
    fields.append(TextField(b"}\n" if format == "jsonl" else b"\n", "literal"))
    return Template(fields)


def _missing(column: TrackColumn) -> int | None:
    return 0 if column.of == "callsign" else Positions.__dataclass_fields__[column.of].metadata["missing"]


def _known(column: TrackColumn, values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.asarray(~np.isnan(values))
    if column.words:
        return np.asarray(values < len(column.words))
    missing = _missing(column)
    return np.ones(len(values), np.bool_) if missing is None else np.asarray(values != missing)


def _integers(positions: Positions) -> I64:
    """Return what the template writes, (fields, rows)."""
    out: I64 = np.full((len(COLUMNS) + 1, len(positions)), ABSENT, np.int64)
    out[-1] = 0
    for row, column in zip(out, COLUMNS, strict=False):
        if column.kind == "empty":
            continue
        values = getattr(positions, column.of)
        if values.dtype.kind == "f":
            scaled(values, column.decimals, row)
            continue
        if column.of == "time_ns":
            values = values // 1000
        elif column.of == "icao":
            values = values | (positions.address_kind != 0).astype(np.uint32) << np.uint32(24)
        np.copyto(row, values.astype(np.int64), where=_known(column, getattr(positions, column.of)))
    return out


def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {
        "timestamp": pa.timestamp("us", "UTC"),
        "string": pa.string(),
        "dictionary": pa.dictionary(pa.int8(), pa.string()),
        "bool": pa.bool_(),
    }
    fields = []
    for column in COLUMNS:
        kind = types.get(column.type) or pa.type_for_alias(column.type)
        fields.append(pa.field(column.name, kind, metadata={"unit": column.unit, "doc": column.doc}))
    return pa.schema(fields)


def _array(column: TrackColumn, positions: Positions) -> pa.Array:
    import pyarrow as pa

    kind = _schema().field(column.name).type
    if column.kind == "empty":
        return pa.nulls(len(positions), kind)
    values = getattr(positions, column.of)
    is_null = ~_known(column, values)
    if column.of == "time_ns":
        microseconds = values // 1000
        if column.type == "float64":
            return pa.array(microseconds / 1e6, kind, mask=is_null)
        return pa.array(microseconds, pa.int64(), mask=is_null).cast(kind)
    if column.type == "dictionary":
        codes = pa.array(values.astype(np.int8), mask=is_null)
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.words))
    if column.type == "bool":
        return pa.array(values == 1, mask=is_null)
    if column.type == "string":
        return _texts(column, positions, is_null)
    return pa.array(values.astype(kind.to_pandas_dtype(), copy=False), kind, mask=is_null)


def _texts(column: TrackColumn, positions: Positions, is_null: NDArray[np.bool_]) -> pa.Array:
    """Addresses, callsigns and squawks: few different ones, so each is written once."""
    import pyarrow as pa

    writers: dict[str, Callable[[int], str]] = {
        "address": lambda key: ("~" if key >> 24 else "") + f"{key & 0xFFFFFF:06x}",
        "trimmed_callsign": callsign_text,
        "octal": squawk_text,
    }
    values = getattr(positions, column.of).astype(np.int64)
    if column.kind == "address":
        values |= (positions.address_kind != 0).astype(np.int64) << 24
    different, places = np.unique(values, return_inverse=True)
    words = pa.array([writers[column.kind](int(value)) for value in different], pa.string())
    return words.take(pa.array(places, mask=is_null))
