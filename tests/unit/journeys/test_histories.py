"""Rows of any order and quality become the histories of single bodies; what is left out is counted."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.batches import UNTIMED, VERDICTS, Positions
from skywitness.journeys.histories import HistorySettings, histories
from tests.positions_from import positions_from

T0 = 1_553_256_000 * 10**9
S = 10**9


def flight(icao=0x400001, begin=T0, count=60, lat=50.0, lon=5.0, step_deg=0.02, **more):
    """An aircraft that flies east at about 270 knots, one row every ten seconds."""
    return [
        {
            "icao": icao,
            "time_ns": begin + i * 10 * S,
            "lat_deg": lat,
            "lon_deg": lon + i * step_deg,
            "altitude_ft": 30_000,
            **more,
        }
        for i in range(count)
    ]


def test_any_order_gives_the_same_histories():
    rows = flight() + flight(0x3C0002, T0 + 5 * S) + flight(0x400001, T0, address_kind=1)
    expected = histories(positions_from(rows))
    assert len(expected) == 3
    order = np.random.default_rng(1).permutation(len(rows))
    again = histories(positions_from([rows[i] for i in order]))
    assert again.rows.same_as(expected.rows)
    np.testing.assert_array_equal(again.starts, expected.starts)
    keys = list(
        zip(expected.rows.address_kind[expected.starts[:-1]], expected.rows.icao[expected.starts[:-1]], strict=True)
    )
    assert keys == [(0, 0x3C0002), (0, 0x400001), (1, 0x400001)]


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("untimed", {"time_ns": UNTIMED}),
        ("future", {"time_ns": T0 + 10**6 * S}),
        ("no_place", {"lat_deg": np.nan}),
        ("no_place", {"lon_deg": np.inf}),
        ("out_of_range", {"lat_deg": 90.5}),
        ("out_of_range", {"lon_deg": -181.0}),
        ("contradicted", {"verdict": VERDICTS.index("contradicted")}),
        ("estimated", {"verdict": VERDICTS.index("estimated")}),
        ("jump", {"lat_deg": -30.0}),
    ],
)
def test_what_is_left_out_is_counted(reason, wrong):
    rows = flight()
    rows.insert(30, {**rows[30], "time_ns": rows[30]["time_ns"] + S, **wrong})
    found = histories(positions_from(rows), HistorySettings(until_ns=T0 + 10**5 * S))
    assert found.dropped == {reason: 1}
    assert len(found.rows) == 60
    assert len(found) == 1


def test_repetitions_and_older_revisions_go():
    rows = flight(parent=0)
    for i, row in enumerate(rows):
        row["parent"] = i + 1
    newer = {**rows[10], "revision": 1, "receivers": 4}
    found = histories(positions_from([newer, *rows, *rows]))
    assert len(found.rows) == 60
    assert found.dropped == {"repeated": 61}
    assert found.rows.receivers[10] == 4


def test_absurd_values_become_unknown():
    rows = flight(count=5)
    rows[2] |= {"altitude_ft": 400_000, "groundspeed_kt": 9_000}
    found = histories(positions_from(rows)).rows
    assert len(found) == 5
    assert np.isnan(found.altitude_ft[2])
    assert np.isnan(found.groundspeed_kt[2])


def test_two_aircraft_on_one_address_are_two_bodies():
    rows = flight() + flight(lat=-20.0, lon=120.0, begin=T0 + 3 * S)
    found = histories(positions_from(rows))
    assert len(found) == 2
    assert found.shared.tolist() == [1, 1]
    for body in range(2):
        lat = found.rows.lat_deg[found.starts[body] : found.starts[body + 1]]
        assert len(lat) == 60
        assert len(set(lat)) == 1


def test_one_aircraft_after_a_long_silence_is_one_body():
    rows = flight() + flight(lat=10.0, lon=-60.0, begin=T0 + 20 * 3600 * S)
    found = histories(positions_from(rows))
    assert len(found) == 1
    assert not found.shared.any()


@pytest.mark.parametrize("count", [0, 1])
def test_empty_and_single(count):
    found = histories(positions_from(flight(count=count)) if count else Positions.empty())
    assert len(found) == count
    assert found.starts.tolist() == [0, 1][: count + 1]


def test_across_the_antimeridian():
    rows = flight(lon=179.5)
    for row in rows:
        row["lon_deg"] = (row["lon_deg"] + 180.0) % 360.0 - 180.0
    rows[0]["lon_deg"] = 180.0
    found = histories(positions_from(rows))
    assert len(found) == 1
    assert found.rows.lon_deg.max() < 180.0
