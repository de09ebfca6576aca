"""The same rows in each format, under the same names; what is missing is null."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from skywitness.batches import UNTIMED, Positions
from skywitness.errors import ConfigError
from skywitness.views.feeds.tracks import COLUMNS, FORMATS, format_of, track_table, track_writer

NAMES = [column.name for column in COLUMNS]


def rows() -> Positions:
    """Three rows: everything known, nothing known that may be unknown, and an address that is not ICAO's."""
    made = Positions.allocate(3)
    values: dict[str, Any] = {
        "time_ns": [1_698_140_962_123_456_789, UNTIMED, -1_000_000_001],
        "icao": [0x7E1234, 0x00000A, 0xFFFFFF],
        "address_kind": [0, 0, 2],
        "lat_deg": [52.301253, -0.0000001, -90.0],
        "lon_deg": [4.756210, 0.0, -180.0],
        "on_ground": [1, 255, 0],
        "altitude_ft": [-25.0, np.nan, 34_000.0],
        "altitude_geom_ft": [0.0, np.nan, 34_125.0],
        "groundspeed_kt": [0.1, np.nan, 450.0],
        "track_deg": [359.9, np.nan, 0.0],
        "vertical_rate_fpm": [-64.0, np.nan, 0.0],
        "callsign": [0b001011001100001101110001110011110000110010100000, 0, 0],
        "squawk": [0o7700, 0xFFFF, 0],
        "nic": [8, 255, 0],
        "nac_p": [10, 255, 0],
        "source": [0, 3, 5],
        "receivers": [3, 1, 1],
        "signal_dbfs": [-3.0, np.nan, -30.0],
        "verdict": [0, 2, 3],
        "reason": [0, 0, 6],
        "revision": [1, 0, 0],
        "provenance": [0, 1, 2],
        "parent": [5 << 32 | 7, -1, 0],
    }
    for name in Positions.names():
        getattr(made, name)[:] = values[name]
    return made


EXPECTED: list[list[Any]] = [
    ["2023-10-24T09:49:22.123456Z", 1698140962.123456, "7e1234", "KLM1302", None, None, 52.301253, 4.75621, -25, 0, 0.1,
     359.9, -64, "7700", True, "adsb", 3, 8, 10, "confirmed", "none", 1, 5 << 32 | 7, "received"],
    [None, None, "00000a", None, None, None, 0.0, 0.0, None, None, None,
     None, None, None, None, "mlat", 1, None, None, "unverifiable", "none", 0, -1, "imported"],
    ["1969-12-31T23:59:58.999999Z", -1.000001, "~ffffff", None, None, None, -90.0, -180.0, 34000, 34125, 450.0,
     0.0, 0, "0000", False, "uat", 1, 0, 0, "contradicted", "duplicate_address", 0, 0, "simulated"],
]  # fmt: skip


def written(format: str, parts: list[Positions]) -> bytes:
    file = io.BytesIO()
    with track_writer(file, format) as writer:
        for part in parts:
            writer.write(part)
        assert writer.rows == sum(map(len, parts))
        writer.close()
        return file.getvalue()


def table_rows(table: pa.Table) -> list[list[Any]]:
    found = []
    for row in table.to_pylist():
        assert list(row) == NAMES
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            elif isinstance(value, float):
                row[name] = round(value, 6 if name in ("latitude", "longitude", "epoch_s") else 1)
        found.append(list(row.values()))
    return found


def test_json_lines():
    lines = written("jsonl", [rows()]).decode("ascii").splitlines()
    found = [json.loads(line) for line in lines]
    assert [list(row) for row in found] == [NAMES] * 3
    assert [list(row.values()) for row in found] == EXPECTED


def test_csv():
    text = written("csv", [rows()]).decode("ascii")
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found[0] == NAMES
    for row, expected in zip(found[1:], EXPECTED, strict=True):
        for cell, value in zip(row, expected, strict=True):
            if value is None:
                assert cell == ""
            elif isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, str):
                assert cell == value
            else:
                assert float(cell) == value
    assert ",1698140962.123456," in text
    assert ",52.301253,4.756210," in text
    assert "-0.000000" not in text


def test_arrow():
    found = pa.ipc.open_file(io.BytesIO(written("arrow", [rows()]))).read_all()
    assert table_rows(found) == EXPECTED


def test_arrow_into_a_pipe_is_a_stream():
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    pipe = Pipe()
    writer = track_writer(pipe, "arrow")
    writer.write(rows())
    writer.close()
    assert table_rows(pa.ipc.open_stream(io.BytesIO(pipe.getvalue())).read_all()) == EXPECTED


def test_parquet():
    data = written("parquet", [rows()])
    found = parquet.read_table(io.BytesIO(data))
    assert table_rows(found) == EXPECTED
    assert found.schema.field("altitude_baro_ft").metadata[b"unit"] == b"ft"
    assert not [field.name for field in found.schema if pa.types.is_unsigned_integer(field.type)]
    group = parquet.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
    for place, column in enumerate(COLUMNS):
        footer = group.column(place)
        assert footer.compression == "ZSTD"
        if column.type in ("int16", "int32", "int64", "timestamp"):
            assert "DELTA_BINARY_PACKED" in footer.encodings, column.name
        elif column.type in ("dictionary", "string"):
            assert "RLE_DICTIONARY" in footer.encodings, column.name


@pytest.mark.parametrize("format", FORMATS)
def test_parts_or_one_batch(format: str):
    whole = Positions.concat([rows()] * 50)
    parts = [whole.slice(start, min(start + 7, 150)) for start in range(0, 150, 7)]
    one, many = written(format, [whole]), written(format, [*parts, Positions.empty()])
    if format == "arrow":
        one, many = (pa.ipc.open_file(io.BytesIO(data)).read_all().combine_chunks() for data in (one, many))
        assert one.equals(many)
    else:
        assert one == many


@pytest.mark.parametrize("format", FORMATS)
def test_no_rows_is_a_file_all_the_same(format: str):
    data = written(format, [])
    if format == "parquet":
        assert parquet.read_table(io.BytesIO(data)).column_names == NAMES
    elif format == "arrow":
        assert pa.ipc.open_file(io.BytesIO(data)).read_all().column_names == NAMES
    else:
        assert data.decode().split() == ([",".join(NAMES)] if format == "csv" else [])


def test_table_is_what_the_files_hold():
    assert table_rows(track_table(rows())) == EXPECTED
    assert timedelta(0) == datetime.fromisoformat(EXPECTED[0][0]) - datetime.fromtimestamp(EXPECTED[0][1], UTC)


def test_format_by_name():
    assert [format_of(name) for name in ("a.csv", "b/c.JSONL", "x.y.parquet", "z.arrow", "-")] == [
        "csv", "jsonl", "parquet", "arrow", "jsonl",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="does not say in which format"):
        format_of("tracks.xlsx")
