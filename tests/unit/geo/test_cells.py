"""The nearest point and the points within a distance, against trying every one."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.geo.cells import cells_of, near_rows, nearest
from skywitness.geo.sphere import distance_nmi


def points(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    lon = rng.uniform(-180, 180, count)
    lat[:6], lon[:6] = (90, -90, 89.9, 0, 0, 45), (0, 0, 170, 180, -180, 179.99)
    return lat, lon


@pytest.mark.parametrize("count", [1, 40, 3000])
@pytest.mark.parametrize("nmi", [30.0, 600.0, pytest.param(10_900.0, marks=pytest.mark.compiled)])
def test_the_nearest_is_the_nearest_of_all(count: int, nmi: float):
    lat, lon = points(max(count, 6), 1)
    lat, lon = lat[:count], lon[:count]
    taken = (np.arange(count) % 3 != 1).astype(np.uint8)
    ask_lat, ask_lon = points(200, 2)
    row, distance = nearest(cells_of(lat, lon), ask_lat, ask_lon, nmi, taken)
    for i in range(len(ask_lat)):
        all_of_them = np.where(taken, distance_nmi(ask_lat[i], ask_lon[i], lat, lon), np.inf)
        if all_of_them.min() <= nmi:
            assert distance[i] == pytest.approx(all_of_them.min(), abs=1e-5)
            assert all_of_them[row[i]] == pytest.approx(all_of_them.min(), abs=1e-5)
        else:
            assert row[i] == -1
            assert np.isnan(distance[i])


@pytest.mark.parametrize("nmi", [0.001, 5.0, 300.0, 4_000.0, pytest.param(10_850.0, marks=pytest.mark.compiled)])
def test_the_near_ones_are_all_within_and_in_order(nmi: float):
    lat, lon = points(3000, 3)
    cells = cells_of(lat, lon)
    for ask_lat, ask_lon in zip(*points(40, 4), strict=True):
        found = near_rows(cells, float(ask_lat), float(ask_lon), nmi)
        distance = distance_nmi(ask_lat, ask_lon, lat, lon)
        assert set(found) == set(np.flatnonzero(distance <= nmi))
        assert np.all(np.diff(distance[found]) >= -1e-9)


@pytest.mark.parametrize("place", [(np.nan, 0.0), (0.0, np.nan), (91.0, 0.0), (np.inf, 0.0)])
def test_nothing_is_near_to_no_place(place: tuple[float, float]):
    cells = cells_of(*points(100, 5))
    assert len(near_rows(cells, *place, 100.0)) == 0
    assert nearest(cells, np.array([place[0]]), np.array([place[1]]), 10_000.0)[0][0] == -1


def test_there_may_be_no_points_at_all():
    cells = cells_of(np.zeros(0), np.zeros(0))
    assert len(near_rows(cells, 0.0, 0.0, 9_000.0)) == 0
    assert nearest(cells, np.zeros(1), np.zeros(1), 9_000.0)[0][0] == -1
