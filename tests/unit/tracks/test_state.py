"""The layout of the state in memory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skywitness.kernel import plain
from skywitness.positions.pairing import BLANK_PAIR, PAIR
from skywitness.tracks.state import AIRCRAFT, BLANK_AIRCRAFT, LEVEL_STEP_DB, NO_LEVEL, level_code, repeated


@pytest.mark.parametrize("dtype", [AIRCRAFT, PAIR])
def test_records_fill_whole_cache_lines(dtype: np.dtype) -> None:
    assert dtype.itemsize % 64 == 0


def test_lines_hold_what_they_are_said_to() -> None:
    first = {name: AIRCRAFT.fields[name][1] // 64 for name in AIRCRAFT.names}
    assert {first[name] for name in ("seen_ns", "level", "altitude_ft", "squawk", "version")} == {0}
    assert {first[name] for name in ("velocity_ns", "callsign", "track_deg", "open_at")} == {1}
    assert {first[name] for name in ("air_ns", "selected_heading_deg")} == {2}
    assert {first[name] for name in ("callsign_ns", "spi")} == {3}
    assert first["open_rows"] == 4
    assert PAIR.fields["more"][1] == 63


def test_an_aircraft_costs_less_than_a_kibibyte() -> None:
    slot, table = 32, 4 * 4
    assert AIRCRAFT.itemsize + PAIR.itemsize + slot + table <= 1024 // 2  # slots may be half empty


@pytest.mark.parametrize("record", [BLANK_AIRCRAFT, BLANK_PAIR])
def test_repeated_records_begin_on_a_line(record: np.ndarray) -> None:
    records = repeated(record, 5)
    assert records.ctypes.data % 64 == 0
    assert all(one.tobytes() == record[0].tobytes() for one in records)


@pytest.mark.parametrize(("dbfs", "kept"), [(0.0, 0.0), (-10.1, -10.2), (-30.0, -30.0), (-90.0, -50.8), (3.0, 0.0)])
def test_levels_are_kept_to_a_fifth_of_a_decibel(dbfs: float, kept: float) -> None:
    assert -plain(level_code)(dbfs) * LEVEL_STEP_DB == pytest.approx(kept, abs=0.11)


def test_an_unknown_level_stays_unknown() -> None:
    assert plain(level_code)(math.nan) == NO_LEVEL
