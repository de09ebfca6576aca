"""What each receiver heard, and how far."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from skywitness.batches import STATUSES, VERDICTS, Messages, Positions
from skywitness.coverage.counting import HOURS, Counting
from skywitness.coverage.report import SECTORS
from skywitness.geo.sphere import bearing_deg, distance_nmi

HOUR_NS = 3600 * 1_000_000_000
PLACES = np.array([[50.0, 10.0], [51.0, 10.0], [np.nan, np.nan]])


def messages(rows) -> Messages:
    """Rows of (id, label, receiver, status)."""
    ids, labels, receivers, statuses = (np.array(values) for values in zip(*rows, strict=True))
    return dataclasses.replace(
        Messages.allocate(len(rows)),
        parent=ids.astype(np.int64),
        transmission=labels.astype(np.int64),
        receiver=receivers.astype(np.uint16),
        status=statuses.astype(np.uint8),
    )


def positions(rows) -> Positions:
    """Rows of (parent, lat, lon, feet, hour)."""
    parent, lat, lon, feet, hour = (np.array(values) for values in zip(*rows, strict=True))
    return dataclasses.replace(
        Positions.allocate(len(rows)),
        parent=parent.astype(np.int64),
        lat_deg=lat.astype(float),
        lon_deg=lon.astype(float),
        altitude_ft=feet.astype(np.float32),
        time_ns=hour.astype(np.int64) * HOUR_NS,
        verdict=np.zeros(len(rows), np.uint8),
        revision=np.zeros(len(rows), np.uint8),
    )


def test_a_transmission_is_unique_until_another_hears_it():
    counting = Counting()
    counting.push(messages([(0, 0, 0, 0), (1, 1, 1, 0)]), Positions.empty(), PLACES)
    assert counting.unique.tolist() == [1, 1, 0]
    counting.push(messages([(2, 0, 1, 0), (3, 0, 2, 1), (4, 4, 2, 3)]), Positions.empty(), PLACES)
    assert counting.unique.tolist() == [0, 1, 0]
    assert counting.shared.tolist() == [1, 1, 1]
    assert counting.statuses[2].tolist() == [0, 1, 0, 1] + [0] * (len(STATUSES) - 4)


def test_reach_by_bearing_and_its_altitude():
    counting = Counting()
    heard = messages([(0, 0, 0, 0), (1, 1, 0, 0), (2, 2, 0, 0), (3, 3, 2, 0)])
    counting.push(
        heard,
        positions([(0, 51.0, 10.0, 30_000, 5), (1, 50.5, 10.0, 9000, 5), (2, 50.0, 12.0, 20_000, 5), (3, 9, 9, 9, 5)]),
        PLACES,
    )
    far, feet = counting.farthest(0)
    assert far[0] == pytest.approx(60.04, abs=0.05)
    assert feet[0] == 30_000
    assert far[9] == pytest.approx(77.2, abs=0.3)
    assert sum(value > 0 for value in far) == 2
    assert counting.farthest(2)[0] == (0.0,) * SECTORS
    assert counting.positions.tolist() == [3, 0, 1]


def test_reach_is_that_of_the_last_day():
    counting = Counting()
    counting.push(messages([(0, 0, 0, 0)]), positions([(0, 52.0, 10.0, 1, 100)]), PLACES)
    counting.push(messages([(1, 1, 0, 0)]), positions([(1, 51.0, 10.0, 1, 100 + HOURS - 1)]), PLACES)
    assert counting.farthest(0)[0][0] == pytest.approx(120.1, abs=0.1)
    counting.push(messages([(2, 2, 0, 0)]), positions([(2, 50.1, 10.0, 1, 100 + HOURS)]), PLACES)
    assert counting.farthest(0)[0][0] == pytest.approx(60.04, abs=0.05)


def test_what_is_not_believed_does_not_count():
    counting = Counting()
    rows = positions([(0, 51.0, 10.0, 1, 1), (1, 58.9, 10.0, 1, 1)])  # the second is beyond any horizon
    rows.verdict[0] = VERDICTS.index("contradicted")
    counting.push(messages([(0, 0, 0, 0), (1, 1, 0, 0)]), rows, PLACES)
    assert counting.farthest(0)[0] == (0.0,) * SECTORS


def test_sphere_agrees_with_known_distances():
    """One degree of latitude is 60.04 nmi on the mean sphere; a bearing due east starts at 90 degrees."""
    assert distance_nmi(0.0, 0.0, 1.0, 0.0) == pytest.approx(60.0405, abs=1e-3)
    assert distance_nmi(10.0, 179.5, 10.0, -179.5) == pytest.approx(distance_nmi(10.0, 0.0, 10.0, 1.0))
    assert bearing_deg(0.0, 179.0, 0.0, -179.0) == pytest.approx(90.0)
    assert bearing_deg(10.0, 5.0, -10.0, 5.0) == pytest.approx(180.0)
    assert np.isnan(distance_nmi(np.nan, 0.0, 1.0, 0.0))
