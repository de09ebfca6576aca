"""The stored form: exact to the stated quantum, with the encodings that were measured."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skywitness.archive.layout import (
    POSITIONS,
    STATES,
    TABLES,
    address_keys,
    callsign_code,
    decoded,
    encoded,
    minute_path,
    numbers_of,
    packed,
    settled,
    sorted_once,
)
from skywitness.batches import Positions
from skywitness.errors import ArchiveError
from skywitness.tracks.aircraft import AircraftTable
from skywitness.tracks.state import NEVER
from tests.rows_from import BEGIN_NS, positions_from, states_from


def there_and_back(table, rows):
    file = pq.ParquetFile(io.BytesIO(encoded(table, rows)))
    return decoded(table, file.read())


def test_positions_come_back_as_the_live_rows_say_but_for_nanoseconds():
    rows = sorted_once(POSITIONS, positions_from(3000))
    back = there_and_back(POSITIONS, settled(POSITIONS, rows))
    assert (back.time_ns == rows.time_ns // 1000 * 1000).all()
    assert dataclasses.replace(back, time_ns=rows.time_ns).same_as(rows)


def test_levels_are_kept_to_a_hundredth_of_a_decibel():
    rows = sorted_once(POSITIONS, positions_from(255))
    levels = (20 * np.log10(np.arange(1, 256) / 255)).astype(np.float32)
    back = there_and_back(POSITIONS, settled(POSITIONS, dataclasses.replace(rows, signal_dbfs=levels)))
    assert np.abs(back.signal_dbfs - levels).max() <= 0.00501
    assert len(np.unique(back.signal_dbfs)) == 255, "no two levels of a receiver fall together"


def test_states_come_back_with_times_to_half_a_millisecond():
    table = states_from(positions_from(500))
    quiet = table.callsign_time_ns == NEVER
    assert quiet.any()
    assert not quiet.all()
    table.qnh_hpa[:] = 1013.2
    table.category[:] = 0xA3
    table.mach[:] = 0.784
    table.heading_deg[:] = np.float32(90 / 512 * 700)
    later = dataclasses.replace(table, seen_time_ns=table.seen_time_ns + 12_345_678_901)
    back = there_and_back(STATES, settled(STATES, later))
    assert back.same_as(settled(STATES, later))
    for name in AircraftTable.names():
        want, got = getattr(later, name), getattr(back, name)
        if name == "seen_time_ns":
            assert (got == want // 1000 * 1000).all()
        elif name.endswith("_time_ns"):
            assert ((got == NEVER) == (want == NEVER)).all()
            assert np.abs(got - want)[want != NEVER].max(initial=0) <= 501_000, name
        elif name == "heading_deg":
            assert np.abs(got - want).max() <= 0.00501
        elif name == "signal_dbfs":
            assert np.nanmax(np.abs(got - want)) <= 0.0501
        else:
            assert np.array_equal(got, want, equal_nan=want.dtype.kind == "f"), name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_is_settled_stays(table):
    rows = positions_from(300) if table is POSITIONS else states_from(positions_from(300))
    once = sorted_once(table, settled(table, rows))
    assert settled(table, once).same_as(once)
    assert there_and_back(table, once).same_as(once)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_of_the_batch_is_stored_once(table):
    assert [column.of for column in table.columns] == list(table.batch.names())
    assert len({column.name for column in table.columns}) == len(table.columns)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_footers_show_the_encodings(table):
    rows = positions_from(4000) if table is POSITIONS else states_from(positions_from(4000, aircraft=900))
    rows = sorted_once(table, settled(table, rows))
    meta = pq.ParquetFile(io.BytesIO(encoded(table, rows))).metadata
    group = meta.row_group(0)
    assert group.num_columns == len(table.columns)
    for index, stored in enumerate(table.columns):
        column = group.column(index)
        assert column.path_in_schema == stored.name
        assert column.compression == "ZSTD"
        assert stored.encoding in column.encodings, stored.name
        assert (column.statistics is not None) == stored.statistics, stored.name
        assert meta.schema.column(index).physical_type in ("INT32", "INT64", "BYTE_ARRAY")
        logical = str(meta.schema.column(index).logical_type)
        assert "isSigned=false" not in logical, "other engines know no unsigned"
        if stored.kind == "time":
            assert "isAdjustedToUTC=true, timeUnit=microseconds" in logical
    names = [column.name for column in table.columns]
    assert [names[s.column_index] for s in group.sorting_columns] == ["address_kind", "icao", "time"]


def test_a_position_takes_few_bytes():
    """Straight flights of 60 aircraft, a row a second: the order and the encodings must tell."""
    rows = positions_from(60 * 600, aircraft=60, seconds=600)
    k = np.arange(len(rows))
    rows.icao[:] = 0x400000 + k % 60
    rows.address_kind[:] = 0
    rows.lat_deg[:] = np.round((40 + k % 60 * 0.1 + k // 60 * 0.0021) * 1e6) / 1e6
    rows.lon_deg[:] = np.round((7 + k % 60 * 0.1 - k // 60 * 0.0011) * 1e6) / 1e6
    quiet = {"altitude_ft": 35000, "altitude_geom_ft": 35500, "groundspeed_kt": 450, "track_deg": 271.5}
    quiet |= {
        "vertical_rate_fpm": 0,
        "callsign": 0x0410C2C31CB0,
        "squawk": 0o1000,
        "on_ground": 0,
        "nic": 8,
        "nac_p": 9,
    }
    quiet |= {"source": 0, "verdict": 0, "reason": 0, "provenance": 0, "receivers": 1}
    for name, value in quiet.items():
        getattr(rows, name)[:] = value
    rows.signal_dbfs[:] = np.float32(-12.25)
    data = encoded(POSITIONS, sorted_once(POSITIONS, settled(POSITIONS, rows)))
    assert len(data) / len(rows) < 10


def test_values_out_of_range_are_held_at_the_bound():
    rows = sorted_once(POSITIONS, positions_from(4))
    rows.altitude_ft[:] = [1e30, -1e30, np.inf, np.nan]
    rows.signal_dbfs[:] = [1e9, -1e9, np.nan, 0]
    back = there_and_back(POSITIONS, settled(POSITIONS, rows))
    assert back.altitude_ft[:2].tolist() == [np.float32(2147483647), np.float32(-2147483648)]
    assert np.isnan(back.altitude_ft[2:]).all()
    assert back.signal_dbfs[0] == np.float32(327.67)


def test_callsigns_are_text_for_other_readers():
    rows = sorted_once(POSITIONS, positions_from(3))
    rows.callsign[:] = [0, callsign_code(b"KLM1302"), (1 << 48) - 1]
    table = pq.read_table(io.BytesIO(encoded(POSITIONS, settled(POSITIONS, rows))))
    words = table.column("callsign").to_pylist()
    assert words == [None, "KLM1302", "????????"]
    assert callsign_code(b"A") == 1 << 42 | sum(32 << shift for shift in range(0, 42, 6))
    assert decoded(POSITIONS, table).callsign.tolist() == rows.callsign.tolist()


def test_text_that_is_no_callsign_is_unknown():
    table = pq.read_table(io.BytesIO(encoded(POSITIONS, settled(POSITIONS, positions_from(4)))))
    words = pa.array([b"\xff\xfe", b"way too long", b"low", b"OK1"], pa.binary()).view(pa.string())
    index = table.schema.get_field_index("callsign")
    damaged = table.set_column(index, "callsign", words)
    assert decoded(POSITIONS, damaged).callsign.tolist() == [0, 0, 0, callsign_code(b"OK1")]


def test_sorting_keeps_the_last_word_and_only_repeated_rows_fall_together():
    rows = positions_from(50)
    doubled = Positions.concat([rows, dataclasses.replace(rows, revision=rows.revision + 1), rows])
    found = sorted_once(POSITIONS, doubled)
    assert len(found) == 50
    assert (found.revision == 1).all()
    same_time = dataclasses.replace(rows, time_ns=np.full(50, BEGIN_NS), icao=np.full(50, 5, np.uint32))
    assert len(sorted_once(POSITIONS, same_time)) == 50, "other receptions are other rows"
    far = dataclasses.replace(rows, time_ns=np.linspace(0, 4e18, 50).astype(np.int64))
    key = sorted_once(POSITIONS, far)
    order = np.lexsort((key.time_ns, key.icao, key.address_kind))
    assert (order == np.arange(50)).all()
    assert len(sorted_once(POSITIONS, Positions.empty())) == 0


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_file_is_the_same_from_rows_as_they_came_and_from_rows_settled_and_sorted(table):
    rows = positions_from(900) if table is POSITIONS else states_from(positions_from(900))
    parts = [rows.slice(500, 900), rows.slice(0, 600)]
    whole = sorted_once(table, settled(table, table.batch.concat(parts)))
    file = packed(table, parts)
    assert file.data == encoded(table, whole)
    times = getattr(whole, table.time) // 1000
    assert (file.rows, file.from_us, file.until_us) == (len(whole), times.min(), times.max())
    assert file.keys.tolist() == np.unique(address_keys(whole)).tolist()


def test_a_slice_of_a_column_is_read_as_the_slice():
    values = [None if k % 5 == 0 or k in (31, 32, 33) else k for k in range(70)]
    column = pa.chunked_array([pa.array(values[:40], pa.int32()), pa.array(values[40:], pa.int32())])
    for begin in range(0, 70, 3):
        for count in (0, 1, 7, 8, 9, 30):
            mine = values[begin : begin + count]
            numbers, unknown = numbers_of(column.slice(begin, count))
            assert numbers.tolist() == [value or 0 for value in mine]
            assert (unknown.tolist() if unknown is not None else [False] * len(mine)) == [v is None for v in mine]


def test_a_table_with_other_columns_is_refused():
    table = pq.read_table(io.BytesIO(encoded(POSITIONS, settled(POSITIONS, positions_from(5)))))
    with pytest.raises(ArchiveError, match="column 'lat_e6'"):
        decoded(POSITIONS, table.drop_columns(["lat_e6"]), "here")
    with pytest.raises(ArchiveError, match="column 'icao'"):
        decoded(POSITIONS, table.set_column(1, "icao", pa.array(["x"] * 5)), "here")


def test_names_say_the_minute():
    assert minute_path("positions", BEGIN_NS + 61_000_000_000, 12) == "positions/2026-06-01/1201-12.parquet"
