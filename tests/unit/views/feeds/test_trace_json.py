"""Traces as pages of this field read them; our own reader reads them back."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from skywitness.batches import Positions
from skywitness.identity.table import Entry
from skywitness.positions.formats.trace import TraceReader
from skywitness.tracks.aircraft import AircraftTable, aircraft_table
from skywitness.tracks.state import NEVER
from skywitness.views.feeds.aircraft_json import AircraftWriter
from skywitness.views.feeds.trace_json import LEG_START, OF_STATE, STALE, find_leg_starts, thinned, trace_json
from tests.aircraft_from import NOW_NS, aircraft_from
from tests.rows_from import positions_from

S = 1_000_000_000
MINUTE = 60 * S


def flight(time_s: list[float], altitude: list[float | str]) -> list[int]:
    """Rows at which a leg begins, of a flight given by times and altitudes or "ground"."""
    ground = np.array([value == "ground" for value in altitude])
    feet = np.array([np.nan if value == "ground" else float(value) for value in altitude])
    times = (np.array(time_s) * S).astype(np.int64)
    return np.flatnonzero(find_leg_starts(times, feet, ground)).tolist()


def one_aircraft(rows: int = 200) -> Positions:
    """Rows of one aircraft, none contradicted."""
    return positions_from(rows, seconds=3000.0, aircraft=1).take(
        np.flatnonzero(positions_from(rows, seconds=3000.0, aircraft=1).address_kind == 0)
    )


def test_our_reader_reads_the_same_rows():
    rows = one_aircraft()
    start_ns = int(rows.time_ns[0]) // (86_400 * S) * 86_400 * S
    name = f"{rows.icao[0]:06x}"
    text = trace_json(rows, name, start_ns, Entry(0, "N1", "B738", 1, "Boeing", 1999, 'A "B"'))
    document = json.loads(text)
    assert document["timestamp"] == start_ns / S
    assert {key: document[key] for key in ("icao", "r", "t", "dbFlags", "desc", "ownOp", "year")} == {
        "icao": name, "r": "N1", "t": "B738", "dbFlags": 1, "desc": "Boeing", "ownOp": 'A "B"', "year": "1999",
    }  # fmt: skip
    assert all(len(row) == 14 for row in document["trace"])
    times = [row[0] for row in document["trace"]]
    assert times == sorted(times)
    read = TraceReader().push(text)
    assert len(read) == len(rows)
    assert np.abs(read.time_ns - rows.time_ns).max() <= 10_000_000
    for column in ("lat_deg", "lon_deg", "groundspeed_kt", "vertical_rate_fpm"):
        np.testing.assert_allclose(getattr(read, column), getattr(rows, column), atol=1e-6)
    assert (read.on_ground == 1).tolist() == (rows.on_ground == 1).tolist()
    airborne = rows.on_ground != 1
    np.testing.assert_array_equal(read.altitude_ft[airborne], rows.altitude_ft[airborne])
    np.testing.assert_array_equal(read.altitude_geom_ft, rows.altitude_geom_ft)


def test_rows_say_what_is_missing_and_old():
    rows = one_aircraft(60)
    document = json.loads(trace_json(rows, "abcdef", int(rows.time_ns[0])))
    assert document["noRegData"] is True
    for k, row in enumerate(document["trace"]):
        if rows.on_ground[k] == 1:
            assert row[3] == "ground"
        elif np.isnan(rows.altitude_ft[k]) and np.isnan(rows.altitude_geom_ft[k]):
            assert row[3] is None
        else:
            assert row[6] & 8 == (8 if np.isnan(rows.altitude_ft[k]) else 0)
        assert (row[4] is None) == bool(np.isnan(rows.groundspeed_kt[k]))
        is_stale = k > 0 and rows.time_ns[k] - rows.time_ns[k - 1] > 20 * S
        assert bool(row[6] & STALE) == is_stale
        if row[8] is not None:
            assert ("flight" in row[8]) == (rows.callsign[k] != 0)
            assert row[8]["type"] == row[9]
    assert document["trace"][0][8] is not None
    assert json.loads(trace_json(rows.slice(0, 0), "abcdef", 0))["trace"] == []


def test_thinning_keeps_the_last_row_of_each_step():
    rows = one_aircraft(400)
    kept = thinned(rows, 60 * S)
    assert len(np.unique(kept.time_ns // (60 * S))) == len(kept) == len(np.unique(rows.time_ns // (60 * S)))
    assert kept.time_ns[-1] == rows.time_ns[-1]
    assert len(thinned(rows.slice(0, 0))) == 0


def test_a_turnround_on_the_ground_parts_two_legs():
    minutes = [0, 10, 20, 30, 31, 35, 40, 50, 60]
    heights: list[float | str] = [10000, 5000, 1000, "ground", "ground", "ground", "ground", 2000, 10000]
    assert flight([60.0 * m for m in minutes], heights) == [5]


def test_a_short_touch_and_go_parts_nothing():
    assert flight([0, 60, 120, 130, 200, 300], [3000, 1000, "ground", "ground", 1000, 3000]) == []


def test_a_gap_that_hides_a_landing_parts_two_legs():
    down = [(60.0 * k, 12_000 - 1000 * k) for k in range(10)]
    up = [(2700.0 + 60 * k, 2000 + 1000 * k) for k in range(10)]
    assert flight([t for t, _ in down + up], [h for _, h in down + up]) == [10]
    # the same silence at cruise is only a silence
    cruise = [(t, 36_000.0) for t, _ in down + up]
    assert flight([t for t, _ in cruise], [h for _, h in cruise]) == []
    # a descent and climb with a gap too short for a landing
    soon = [(t - 1850.0, h) for t, h in up]
    assert flight([t for t, _ in down + soon], [h for _, h in down + soon]) == []


def test_a_long_silence_on_the_ground_parts_two_legs():
    assert flight([0, 60, 1700, 1760], ["ground"] * 4) == [2]
    assert LEG_START == 2


def states_every_ten_seconds(first_ns: int, count: int) -> AircraftTable:
    """States of one aircraft, each value up to 200 s old; a minute without any in the middle."""
    table = aircraft_table(*aircraft_from(count))
    seen = first_ns + 10 * S * np.arange(count)
    seen[count // 2 :] += MINUTE
    times = {
        name: np.where(getattr(table, name) < 0, NEVER, getattr(table, name) - NOW_NS + seen)
        for name in table.names()
        if name.endswith("_time_ns")
    }
    return dataclasses.replace(table, **(times | {"seen_time_ns": seen}))


def test_a_row_has_what_the_state_next_to_it_knows():
    rows = positions_from(300, seconds=1200.0, aircraft=1)
    states = states_every_ten_seconds(int(rows.time_ns[0]), 100)
    document = json.loads(trace_json(rows, "abcdef", int(rows.time_ns[0]), None, states))
    without = json.loads(trace_json(rows, "abcdef", int(rows.time_ns[0])))
    far = geometric = 0
    for time_ns, row, plain in zip(rows.time_ns.tolist(), document["trace"], without["trace"], strict=True):
        away = np.abs(states.seen_time_ns - time_ns)
        nearest = int(away.argmin())
        known = {}
        if away[nearest] <= 15 * S:
            known = json.loads(AircraftWriter().rows(states.slice(nearest, nearest + 1), time_ns))
        else:
            far += 1
            assert row == plain
        assert row[11:] == [known.get("geom_rate"), known.get("ias"), known.get("roll")]
        assert [*row[:6], row[7], *row[9:11]] == [*plain[:6], plain[7], *plain[9:11]]
        is_geometric = "geom_rate" in known and row[7] is not None
        assert row[6] == plain[6] | (4 if is_geometric else 0)
        geometric += is_geometric
        if row[8] is not None:
            assert {key: value for key, value in row[8].items() if key not in plain[8]} == {
                key: known[key] for key in OF_STATE if key in known
            }
            assert plain[8].items() <= row[8].items()
    assert 5 < far < 100
    assert geometric > 5


def test_no_states_leave_a_trace_as_it_is():
    rows = one_aircraft(30)
    assert trace_json(rows, "abcdef", 0, None, AircraftTable.empty()) == trace_json(rows, "abcdef", 0)
