"""The chance of being heard: from who was heard where, unknown where nobody flew, none while the receivers were off."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.coverage.expected import Expected, expected_of
from skywitness.journeys.histories import histories
from tests.positions_from import positions_from

S = 10**9
T0 = 1_553_256_000 * S


def crossing(icao, lat, heard, begin=T0, altitude=33_000):
    """An hour east along a parallel, one position a minute, in the minutes that `heard` says."""
    return [
        {
            "icao": icao,
            "time_ns": begin + m * 60 * S,
            "lat_deg": lat,
            "lon_deg": 10.0 + m * 0.15,
            "altitude_ft": altitude,
        }
        for m in range(60)
        if heard(m)
    ]


def made(*rows):
    found = histories(positions_from([row for part in rows for row in part]))
    return expected_of(found.rows, found.starts)


def test_where_all_are_heard_and_where_half_are():
    table = made(crossing(1, 50.5, lambda m: True), crossing(2, 40.5, lambda m: m < 20 or m >= 40 or m % 4 == 0))
    full, n = table.chance([50.5], [15.5], [33_000], [T0 + 1800 * S])
    assert full[0] > 0.95
    assert n[0] > 5
    thin, _ = table.chance([40.5], [14.5], [33_000], [T0 + 1800 * S])
    assert 0.15 < thin[0] < 0.75
    assert thin[0] < full[0]


def test_where_nobody_flew_nothing_is_known():
    table = made(crossing(1, 50.5, lambda m: True))
    for lat, lon, altitude in ((0.0, -30.0, 33_000), (50.5, 15.0, 3_000)):
        p, n = table.chance([lat], [lon], [altitude], [T0])
        assert np.isnan(p[0])
        assert n[0] == 0
    assert table.silent_chance([0.0] * 10, [-30.0] * 10, [33_000] * 10, [T0] * 10) == 1.0


def test_an_hour_without_receivers():
    table = made(crossing(1, 50.5, lambda m: True))
    at, _ = table.chance([50.5], [15.0], [33_000], [T0 + 20 * 3600 * S])
    assert at[0] == 0.0
    silent = table.silent_chance(
        [50.5] * 10, [15.0] * 10, [33_000] * 10, [T0 + 1800 * S + k * 60 * S for k in range(10)]
    )
    assert silent < 0.01


def test_tables_add():
    one, other = crossing(1, 50.5, lambda m: True), crossing(2, 50.6, lambda m: m % 3 == 0, T0 + 7200 * S)
    both, parts = made(one, other), made(one) + made(other)
    np.testing.assert_allclose(both.heard, parts.heard)
    np.testing.assert_allclose(both.there, parts.there)
    np.testing.assert_array_equal(both.active, parts.active)
    assert (both.heard <= both.there).all()


@pytest.mark.parametrize("place", [(90.0, 179.999), (-90.0, -180.0), (0.0, 180.0)])
def test_edges_of_the_earth(place):
    p, _ = Expected.empty().chance([place[0]], [place[1]], [np.nan], [0])
    assert np.isnan(p[0])
    rows = histories(positions_from(crossing(1, 89.9, lambda m: True)))
    assert expected_of(rows.rows, rows.starts).there.sum() == 60
