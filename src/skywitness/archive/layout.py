"""How rows lie in a file: the stored form of each column, as data, and the way there and back.

Rows are Parquet, sorted by (address_kind, icao, time): an aircraft's rows are neighbours and differ by little. Numbers
are integers of a stated quantum, signed ones only (other engines know no unsigned), times are timestamps of one
microsecond in UTC. The quantum is applied when a row comes in (`settled`), so that an answer is the same whether
its rows are on disk yet or not.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from skywitness.batches import I64, U64, Batch, Positions
from skywitness.errors import ArchiveError
from skywitness.tracks.aircraft import AircraftTable, aircraft_key
from skywitness.tracks.state import NEVER

__all__ = [
    "DAY",
    "FORMAT_VERSION",
    "GROUP_ROWS",
    "HOUR",
    "MINUTE_NS",
    "POSITIONS",
    "STATES",
    "TABLES",
    "Packed",
    "Stored",
    "Table",
    "address_keys",
    "decoded",
    "encoded",
    "minute_path",
    "packed",
    "parquet_writer",
    "settled",
    "sorted_once",
    "span_path",
    "stored_columns",
]

GROUP_ROWS = 32_768
"""Of a long file: what is read for one aircraft at least."""

FORMAT_VERSION = 2
"""Highest that is understood: 1 a minute a file, 2 files of an hour or a day that take the place of others."""
MINUTE_NS = 60_000_000_000
HOUR, DAY = 60, 1440
"""Minutes of the longer files."""
US = 1000
MS = 1_000_000
ROW_GROUP = 1 << 15
"""Rows of a group: a busy minute has several, so that one aircraft is found without reading the others."""
ZSTD_LEVEL = 1
"""Level 3 saves 0.06 of a minute file's 14.6 bytes a row and takes a third more time."""
SPAN_BITS = 37
"""38 hours of microseconds; with 26 bits of aircraft they make 63."""

DELTA = "DELTA_BINARY_PACKED"
DICTIONARY = "RLE_DICTIONARY"

Rows = TypeVar("Rows", bound=Batch)


@dataclass(frozen=True, slots=True)
class Stored:
    """One column of a file: `round(value * scale)` as a signed integer; unknown is null."""

    name: str
    """Its name in the file."""
    of: str
    """The column of the batch it holds."""
    kind: str
    """`time` timestamp[us], `age` milliseconds before the row's time, `text` up to 8 letters, else an Arrow integer."""
    encoding: str
    scale: int = 1
    statistics: bool = False
    """Whether a file says its least and greatest value, which costs some bytes a file."""


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of file: its directory, its batch and its columns."""

    name: str
    batch: type[Batch]
    time: str
    """The batch's column that says when; `address_kind` and `icao` are the rest of the order."""
    columns: tuple[Stored, ...]

    def schema(self) -> pa.Schema:
        """Arrow schema of a file; the field's metadata say unit and meaning."""
        kinds = {"time": pa.timestamp("us", tz="UTC"), "age": pa.int32(), "text": pa.string()}
        return pa.schema([pa.field(c.name, kinds.get(c.kind) or getattr(pa, c.kind)()) for c in self.columns])


POSITIONS = Table(
    "positions",
    Positions,
    "time_ns",
    (
        Stored("time", "time_ns", "time", DELTA, statistics=True),
        Stored("icao", "icao", "int32", DELTA, statistics=True),
        Stored("address_kind", "address_kind", "int8", DICTIONARY, statistics=True),
        Stored("lat_e6", "lat_deg", "int32", DELTA, 1_000_000, statistics=True),
        Stored("lon_e6", "lon_deg", "int32", DELTA, 1_000_000, statistics=True),
        Stored("on_ground", "on_ground", "int8", DICTIONARY),
        Stored("altitude_ft", "altitude_ft", "int32", DELTA, statistics=True),
        Stored("altitude_geom_ft", "altitude_geom_ft", "int32", DELTA),
        Stored("groundspeed_e1_kt", "groundspeed_kt", "int32", DICTIONARY, 10),
        Stored("track_e1_deg", "track_deg", "int32", DICTIONARY, 10),
        Stored("vertical_rate_fpm", "vertical_rate_fpm", "int32", DICTIONARY),
        Stored("callsign", "callsign", "text", DICTIONARY),
        Stored("squawk", "squawk", "int16", DICTIONARY),
        Stored("nic", "nic", "int8", DICTIONARY),
        Stored("nac_p", "nac_p", "int8", DICTIONARY),
        Stored("source", "source", "int8", DICTIONARY),
        Stored("receivers", "receivers", "int32", DICTIONARY),
        Stored("signal_e2_dbfs", "signal_dbfs", "int16", DICTIONARY, 100),
        Stored("verdict", "verdict", "int8", DICTIONARY),
        Stored("reason", "reason", "int8", DICTIONARY),
        Stored("revision", "revision", "int8", DICTIONARY),
        Stored("provenance", "provenance", "int8", DICTIONARY),
        Stored("parent", "parent", "int64", DELTA),
    ),
)

STATE_SCALES = {
    "signal_dbfs": 10,
    "lat_deg": 1_000_000,
    "lon_deg": 1_000_000,
    "groundspeed_kt": 10,
    "track_deg": 10,
    "ias_kt": 10,
    "tas_kt": 10,
    "mach": 1000,
    "heading_deg": 100,
    "roll_deg": 100,
    "track_rate_deg_s": 1000,
    "qnh_hpa": 10,
    "selected_heading_deg": 100,
    "wind_speed_kt": 10,
    "wind_direction_deg": 100,
    "sat_c": 100,
}
"""Steps of a unit; the quanta of the transmitted fields are coarser than these. Others are whole."""

STATE_DELTAS = {"icao", "messages", "lat_deg", "lon_deg", "altitude_ft", "altitude_geom_ft"}


def stored_state(name: str, dtype: np.dtype[Any]) -> Stored:
    """Stored form of a column of AircraftTable."""
    if name == "seen_time_ns":
        return Stored("time", name, "time", DELTA, statistics=True)
    if name.endswith("_time_ns"):
        return Stored(name.removesuffix("_time_ns") + "_age_ms", name, "age", DELTA)
    if name == "callsign":
        return Stored(name, name, "text", DICTIONARY)
    scale = STATE_SCALES.get(name, 1)
    power = len(str(scale)) - 1
    stem, _, unit = name.rpartition("_")
    stored = name if scale == 1 else f"{stem}_e{power}_{unit}" if stem else f"{name}_e{power}"
    stored = {"lat_e6_deg": "lat_e6", "lon_e6_deg": "lon_e6", "track_rate_deg_e3_s": "track_rate_e3_deg_s"}.get(
        stored, stored
    )  # fmt: skip
    kind = "int32" if dtype.kind == "f" or dtype.itemsize > 2 else "int8" if dtype.itemsize == 1 else "int32"
    if name == "messages":
        kind = "int64"
    if name == "category":
        kind = "int16"  # 0xA3 does not fit a signed byte
    delta = name in STATE_DELTAS
    return Stored(stored, name, kind, DELTA if delta else DICTIONARY, scale, name in ("icao", "address_kind"))


STATES = Table(
    "states",
    AircraftTable,
    "seen_time_ns",
    tuple(stored_state(name, dtype) for name, (dtype, _) in AircraftTable.dtypes().items()),
)

TABLES = {table.name: table for table in (POSITIONS, STATES)}


def span_path(table: str, minute: int, span: int, number: int) -> str:
    """Name of the file of an hour or a day (`span` minutes), `positions/2026-11-23/06h-12.parquet` or `…/day-12.…`."""
    begin = datetime.datetime.fromtimestamp(minute * 60, datetime.UTC)
    word = f"{begin:%H}h" if span == HOUR else "day"
    return f"{table}/{begin:%Y-%m-%d}/{word}-{number}.parquet"


def minute_path(table: str, minute_ns: int, number: int) -> str:
    """Name of a minute's file within the data directory, `positions/2026-11-23/0637-12.parquet`."""
    begin = datetime.datetime.fromtimestamp(minute_ns // 1_000_000_000, datetime.UTC)
    return f"{table}/{begin:%Y-%m-%d}/{begin:%H%M}-{number}.parquet"


def address_keys(rows: Batch) -> I64:
    """Kind and address as one number, in the order of the files."""
    columns: Any = rows
    return aircraft_key(columns.icao, columns.address_kind)


def missing_of(table: Table, column: Stored) -> int | None:
    """The batch's value for "unknown" in an integer column."""
    missing: int | None = table.batch.__dataclass_fields__[column.of].metadata["missing"]
    return 0 if column.kind == "text" else missing


BOUNDS = {kind: (np.iinfo(kind).min, np.iinfo(kind).max) for kind in ("int8", "int16", "int32", "int64")}


def integers(table: Table, column: Stored, values: NDArray[Any], times: I64) -> tuple[I64, NDArray[np.bool_] | None]:
    """Return a column as stored integers, and which of them are unknown; what does not fit is held at the bound."""
    unknown: NDArray[np.bool_] | None = None
    missing = missing_of(table, column)
    if values.dtype.kind == "f":
        unknown = ~np.isfinite(values)
        scaled = np.where(unknown, 0.0, values.astype(np.float64) * column.scale)
        low, high = BOUNDS.get(column.kind, BOUNDS["int32"])
        out = np.floor(np.clip(scaled, low, high) + 0.5).clip(low, high).astype(np.int64)
    else:
        if missing is not None:
            unknown = values == missing
        out = values.astype(np.int64)
        if column.kind == "time":
            out = out // US
        elif column.kind == "age":
            ages = np.where(values == NEVER, 0, times // US * US - out)
            out = np.clip((ages + MS // 2) // MS, *BOUNDS["int32"])
        elif column.kind != "text":
            out = out.clip(*BOUNDS[column.kind])
    if unknown is not None and not unknown.any():
        unknown = None
    return out, unknown


def values_of(table: Table, column: Stored, stored: I64, unknown: NDArray[np.bool_] | None, times: I64) -> NDArray[Any]:
    """Return stored integers as the batch's column."""
    dtype = table.batch.dtypes()[column.of][0]
    if column.kind == "time":
        return stored * US
    if column.kind == "age":
        values: NDArray[Any] = times - stored * MS
    elif dtype.kind == "f":
        values = (stored / column.scale).astype(dtype)
    else:
        values = stored.astype(dtype)
    if unknown is not None:
        blank = np.nan if dtype.kind == "f" else missing_of(table, column)
        values[unknown] = 0 if blank is None else blank
    return values


def settled(table: Table, rows: Rows) -> Rows:
    """Return the rows as they will come back from a file."""
    times = getattr(rows, table.time) // US * US
    columns = {}
    for column in table.columns:
        values = getattr(rows, column.of)
        dtype = values.dtype
        if column.kind in ("text", "time") or (dtype.kind in "ui" and dtype.itemsize < 4):
            columns[column.of] = times if column.kind == "time" else values
            continue
        stored, unknown = integers(table, column, values, times)
        columns[column.of] = values_of(table, column, stored, unknown, times)
    return type(rows)(**columns)


def sorted_once(table: Table, rows: Rows) -> Rows:
    """Sort by (address_kind, icao, time, parent) and keep the last revision of each row.

    A row is the same report if all of that is equal: what a retry has brought twice, or a later revision. States have
    neither parent nor revision; of equal ones the last that came stays.
    """
    order = order_once(table, [rows])
    return rows if order is None else rows.take(order)


def joined(parts: Sequence[Batch], name: str) -> NDArray[Any]:
    """One column of batches laid end to end."""
    columns = [getattr(part, name) for part in parts]
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def order_once(table: Table, parts: Sequence[Batch]) -> NDArray[np.intp] | None:
    """The order of `sorted_once` for batches laid end to end; None if they have it already."""
    times = joined(parts, table.time) // US
    if len(times) < 2:
        return None
    aircraft: I64 = aircraft_key(joined(parts, "icao"), joined(parts, "address_kind"))
    # In one minute, or a few days, both fit into one number: a third of the time that sorting by several takes.
    span = times - times.min()
    if int(span.max()) < 1 << SPAN_BITS:
        both = aircraft << SPAN_BITS | span
        order = np.argsort(both, kind="stable")
        both = both[order]
        is_same = both[1:] == both[:-1]
        if not is_same.any():
            return None if bool((order[1:] > order[:-1]).all()) else order
        if table.batch is Positions:
            # Few are of the same moment: these alone are put in order by the rest.
            at = np.flatnonzero(np.append(is_same, False) | np.append(False, is_same))
            some = order[at]
            parent, revision = joined(parts, "parent")[some], joined(parts, "revision")[some]
            within = np.lexsort((revision, parent, both[at]))
            order[at] = some[within]
            parent, moment = parent[within], both[at]
            is_same[:] = False
            is_same[at[:-1][(parent[1:] == parent[:-1]) & (moment[1:] == moment[:-1])]] = True
        is_kept: NDArray[np.bool_] = np.append(~is_same, True)
        return order.compress(is_kept)
    keys: list[NDArray[Any]] = [times, aircraft]
    if table.batch is Positions:
        keys.insert(0, joined(parts, "parent"))
        order = np.lexsort((joined(parts, "revision"), *keys))
    else:
        order = np.lexsort(keys)
    is_last = np.zeros(len(order), np.bool_)
    is_last[-1] = True
    for key in keys:
        by = key[order]
        is_last[:-1] |= by[1:] != by[:-1]
    return order[is_last]


@dataclass(frozen=True, slots=True)
class Packed:
    """A file's bytes, and what the manifest says of it."""

    data: bytes
    rows: int
    from_us: int
    until_us: int
    """Time of the last row."""
    keys: I64
    """Of its aircraft, see `address_keys`."""


def encoded(table: Table, rows: Batch) -> bytes:
    """Return a Parquet file of rows of any order, each once."""
    return packed(table, [rows]).data


def packed(table: Table, parts: Sequence[Batch]) -> Packed:
    """Return a Parquet file of the rows of several batches, at least one row, each row once.

    Column by column, and sorted only when they are small integers: half the time that sorting whole rows takes.
    """
    columns, times, keys = stored_columns(table, parts)
    is_first = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    sink = pa.BufferOutputStream()
    with parquet_writer(table, sink) as writer:
        writer.write_table(columns, row_group_size=ROW_GROUP)
    data = bytes(sink.getvalue())
    return Packed(data, len(times), int(times.min()) // US, int(times.max()) // US, keys[is_first])


def stored_columns(table: Table, parts: Sequence[Batch]) -> tuple[pa.Table, I64, I64]:
    """Return the rows of several batches, sorted and each once, as they are stored; their times and their keys."""
    order = order_once(table, parts)
    times = joined(parts, table.time) // US * US
    arrays = []
    schema = table.schema()
    for column, field in zip(table.columns, schema, strict=True):
        stored, unknown = integers(table, column, joined(parts, column.of), times)
        if column.kind != "text":
            stored = stored.astype(f"i{field.type.bit_width // 8}")
        if order is not None:
            stored, unknown = stored.take(order), None if unknown is None else unknown.take(order)
        arrays.append(texts(stored.view(np.uint64)) if column.kind == "text" else array_of(stored, unknown, field.type))
    if order is not None:
        times = times.take(order)
    keys = aircraft_key(joined(parts, "icao"), joined(parts, "address_kind"))
    keys = keys if order is None else keys.take(order)
    return pa.Table.from_arrays(arrays, schema=schema), times, keys


def parquet_writer(
    table: Table, sink: Any, *, level: int = ZSTD_LEVEL, about: Mapping[str, str] | None = None
) -> pq.ParquetWriter:
    """Return a writer of stored columns; rows come sorted.

    about  what the end of the file says besides
    """
    writer = pq.ParquetWriter(
        sink,
        table.schema(),
        compression="zstd",
        compression_level=level,
        use_dictionary=[c.name for c in table.columns if c.encoding == DICTIONARY],
        column_encoding={c.name: DELTA for c in table.columns if c.encoding == DELTA},
        write_statistics=[c.name for c in table.columns if c.statistics],
        store_schema=False,  # kilobytes in every file, and nothing in it that Parquet's own types do not say
        sorting_columns=sorting(table),
        write_page_checksum=True,
    )
    if about:
        writer.add_key_value_metadata(dict(about))
    return writer


def array_of(values: NDArray[Any], unknown: NDArray[np.bool_] | None, kind: pa.DataType) -> pa.Array:
    """Wrap integers as Arrow. Not by `pa.array`: that imports pandas where it is installed, a second and 40 MB."""
    bitmap = None if unknown is None else pa.py_buffer(np.packbits(~unknown, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(np.ascontiguousarray(values))])


def numbers_of(column: pa.ChunkedArray) -> tuple[I64, NDArray[np.bool_] | None]:
    """The way back: integers, and which of them are unknown."""
    values, known = [np.zeros(0, np.int64)], [np.zeros(0, np.bool_)]
    for chunk in column.chunks:
        if not len(chunk):
            continue
        bits, data = chunk.buffers()
        begin, end = chunk.offset, chunk.offset + len(chunk)
        values.append(np.frombuffer(data, f"i{chunk.type.bit_width // 8}", end)[begin:].astype(np.int64))
        if bits is None:
            known.append(np.ones(len(chunk), np.bool_))
        else:
            first = begin // 8
            mine = np.frombuffer(bits, np.uint8, -(-end // 8) - first, first)
            flags = np.unpackbits(mine, count=end - 8 * first, bitorder="little")
            known.append(flags[begin - 8 * first :].view(np.bool_))
    unknown = None if not column.null_count else ~np.concatenate(known)
    stored = np.concatenate(values)
    if unknown is not None:
        stored[unknown] = 0
    return stored, unknown


def sorting(table: Table) -> list[pq.SortingColumn]:
    """The order of the rows, as a file declares it."""
    names = [column.name for column in table.columns]
    return [pq.SortingColumn(names.index(name)) for name in ("address_kind", "icao", "time")]


def decoded(table: Table, stored: pa.Table, source: str = "") -> Batch:
    """Return the rows of a file's table.

    Raises ArchiveError if a column is missing or is of another type.
    """
    schema = table.schema()
    found: dict[Stored, tuple[I64, NDArray[np.bool_] | None]] = {}
    for column, field in zip(table.columns, schema, strict=True):
        index = stored.schema.get_field_index(column.name)
        if index < 0 or stored.schema.field(index).type != field.type:
            raise ArchiveError(f"column {column.name!r} is missing or of another type", source=source)
        data = stored.column(index)
        if column.kind == "text":
            found[column] = callsigns(data).view(np.int64), None
        else:
            found[column] = numbers_of(data)
    time = next(column for column in table.columns if column.kind == "time")
    times = found[time][0] * US
    return table.batch(
        **{
            column.of: np.ascontiguousarray(values_of(table, column, values, unknown, times))
            for column, (values, unknown) in found.items()
        }
    )


PLACES = np.arange(42, -1, -6, dtype=np.uint64)
"""Where each of a callsign's eight characters lies in its 48 bits."""


def texts(codes: U64) -> pa.Array:
    """Callsigns as text without the spaces at the end; 0 is null.

    A character of 6 bits is one of ASCII between space and underscore: the ICAO set has its letters, digits and space
    at their own places, and the codes it does not use remain what they were.
    """
    begins = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]][: len(codes)])
    different, index = np.unique(codes[begins], return_inverse=True)
    index = np.repeat(index.reshape(-1), np.diff(begins, append=len(codes)))
    six = (different[:, None] >> PLACES & np.uint64(63)).astype(np.uint8)
    letters = np.where(six < 32, six + np.uint8(64), six)
    text = letters.tobytes().decode("ascii")
    words = [text[at : at + 8].rstrip(" ") for at in range(0, len(text), 8)]
    ends = np.cumsum([0, *map(len, words)]).astype(np.int32)
    bitmap = pa.py_buffer(np.packbits(different != 0, bitorder="little"))
    data = pa.py_buffer("".join(words).encode("ascii"))
    dictionary = pa.Array.from_buffers(pa.string(), len(words), [bitmap, pa.py_buffer(ends), data])
    return dictionary.take(array_of(index.astype(np.int64), None, pa.int64()))


def callsigns(words: pa.ChunkedArray) -> U64:
    """The way back from `texts`; words that no callsign can be give 0."""
    parts = [np.zeros(0, np.uint64)]
    for chunk in words.chunks:
        coded = chunk.view(pa.binary()).dictionary_encode()  # damaged text need not be UTF-8
        codes = np.array([callsign_code(word) for word in coded.dictionary.to_pylist()], np.uint64)
        index, unknown = numbers_of(pa.chunked_array([coded.indices]))
        if not len(codes):
            parts.append(np.zeros(len(chunk), np.uint64))
            continue
        values = codes[index]
        if unknown is not None:
            values[unknown] = 0
        parts.append(values)
    return np.concatenate(parts)


def callsign_code(word: bytes | None) -> int:
    """48 bits of a callsign's text; 0 if it is none."""
    if word is None or len(word) > 8 or not all(0x20 <= letter <= 0x5F for letter in word):
        return 0
    code = 0
    for letter in word.ljust(8):
        code = code << 6 | letter & 63
    return code
