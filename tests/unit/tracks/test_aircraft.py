"""The table of aircraft holds what their states hold."""

from __future__ import annotations

import numpy as np

from skywitness.batches import Positions
from skywitness.positions.pairing import BLANK_PAIR
from skywitness.tracks.aircraft import OF_PAIR, AircraftTable, aircraft_table, table_of_positions
from skywitness.tracks.state import BLANK_AIRCRAFT, LEVEL_STEP_DB, NEVER, NO_LEVEL, repeated
from tests.aircraft_from import NOW_NS, aircraft_from


def test_every_column_is_the_field_of_its_name():
    states, pairs = aircraft_from(500)
    table = aircraft_table(states, pairs)
    order = np.lexsort((states["icao"], states["kind"]))
    states, pairs = states[order], pairs[order]
    assert len(table) == 500
    for name in AircraftTable.names():
        if name in ("signal_dbfs", "lat_deg", "lon_deg"):
            continue
        field = {"address_kind": "kind"}.get(name, name.replace("_time_ns", "_ns"))
        expected = pairs[OF_PAIR[name]] if name in OF_PAIR else states[field]
        np.testing.assert_array_equal(getattr(table, name), expected, err_msg=name)
    nowhere = pairs["place_ns"] == NEVER
    assert nowhere.any()
    np.testing.assert_array_equal(table.lat_deg, np.where(nowhere, np.nan, pairs["lat_deg"]))
    np.testing.assert_array_equal(table.lon_deg, np.where(nowhere, np.nan, pairs["lon_deg"]))


def test_slots_that_nobody_has_and_the_long_silent_are_left_out():
    states, pairs = repeated(BLANK_AIRCRAFT, 3), np.repeat(BLANK_PAIR, 3)
    assert len(aircraft_table(states, pairs)) == 0
    states["seen_ns"][1:] = NOW_NS, NOW_NS - 10
    states["icao"] = 1, 2, 3
    assert aircraft_table(states, pairs).icao.tolist() == [2, 3]
    assert aircraft_table(states, pairs, seen_since_ns=NOW_NS).icao.tolist() == [2]


def test_the_level_is_the_mean_of_those_known():
    states, pairs = repeated(BLANK_AIRCRAFT, 2), np.repeat(BLANK_PAIR, 2)
    states["seen_ns"] = NOW_NS
    states["icao"] = 1, 2
    states["level"][1] = [10, 20, NO_LEVEL, 30, NO_LEVEL, NO_LEVEL, NO_LEVEL, NO_LEVEL]
    level = aircraft_table(states, pairs).signal_dbfs
    assert np.isnan(level[0])
    assert level[1] == np.float32(-20 * LEVEL_STEP_DB)


def test_of_positions_the_newest_row_of_each_counts():
    rows = Positions.allocate(4)
    for name in Positions.names():
        getattr(rows, name)[:] = 0
    rows.icao[:] = 7, 5, 7, 7
    rows.address_kind[:] = 0, 0, 0, 1
    rows.time_ns[:] = 30, 10, 20, 5
    rows.lat_deg[:] = 1.0, 2.0, 3.0, 4.0
    rows.altitude_ft[:] = np.nan, 100.0, 200.0, 300.0
    rows.squawk[:] = 0xFFFF, 0, 0, 0
    table = table_of_positions(rows)
    assert list(zip(table.address_kind.tolist(), table.icao.tolist(), strict=True)) == [(0, 5), (0, 7), (1, 7)]
    assert table.lat_deg.tolist() == [2.0, 1.0, 4.0]
    assert table.messages.tolist() == [1, 2, 1]
    assert table.seen_time_ns.tolist() == table.position_time_ns.tolist() == [10, 30, 5]
    assert table.altitude_time_ns.tolist() == [10, NEVER, 5]
    assert table.squawk_time_ns.tolist() == [10, NEVER, 5]
    assert table.callsign_time_ns.tolist() == [NEVER] * 3
    assert np.isnan(table.mach).all()
    assert len(table_of_positions(Positions.empty())) == 0
