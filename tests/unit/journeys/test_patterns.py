"""Circling, holding and surveys: on drawn flights, on flights marked by eye, and not in what scatters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.events import covered, marked, pattern_events, rows_of
from skywitness.batches import EVENT_KINDS
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.arrivals import TUNING, drawn
from skywitness.simulate.journeys import drawn_journeys
from skywitness.simulate.patterns import KINDS, drawn_patterns

GAZETTEER = load_gazetteer()


def test_drawn_patterns_are_found():
    data = drawn_patterns(3, 90)
    found = pattern_events(data.rows, GAZETTEER)
    hit = [covered(found, k, int(data.from_ns[k]), int(data.until_ns[k])) >= 0.5 for k in range(len(data.kind))]
    for code in range(len(KINDS)):
        assert np.mean(np.array(hit)[data.kind == code]) >= 0.95
    circled = found.icao[found.kind == EVENT_KINDS.index("circling")]
    assert np.isin(np.flatnonzero(data.kind == 0), circled).mean() > 0.9


def test_the_same_seed_draws_the_same():
    first, second = drawn_patterns(4, 6), drawn_patterns(4, 6)
    assert first.rows.same_as(second.rows)
    assert not drawn_patterns(5, 6).rows.same_as(first.rows)


def test_ordinary_flights_have_none():
    assert len(pattern_events(drawn_journeys(GAZETTEER, 11, 20).rows, GAZETTEER)) == 0
    assert len(pattern_events(drawn(GAZETTEER, TUNING, 300, 60).rows, GAZETTEER)) == 0


@pytest.mark.parametrize("seed", range(4))
def test_scattered_places_are_no_pattern(seed: int):
    rng = np.random.default_rng(seed)
    rows = drawn_patterns(seed, 1).rows
    rows = rows.replaced(
        lat_deg=45.0 + rng.normal(0.0, 0.002, len(rows)), lon_deg=7.0 + rng.normal(0.0, 0.003, len(rows))
    )
    assert len(pattern_events(rows, GAZETTEER)) == 0


def test_turns_to_the_other_side_later_hide_nothing():
    """A long flight that circles left, then right, and wanders in between: both are told."""
    left, right = (drawn_patterns(seed, 1) for seed in (8, 13))
    shift = int(left.rows.time_ns[-1] - right.rows.time_ns[0]) + 60 * 10**9
    mirrored = right.rows.replaced(
        time_ns=right.rows.time_ns + shift,
        lat_deg=left.rows.lat_deg[-1] + (right.rows.lat_deg - right.rows.lat_deg[0]),
        lon_deg=left.rows.lon_deg[-1] - (right.rows.lon_deg - right.rows.lon_deg[0]),
    )
    found = pattern_events(type(left.rows).concat([left.rows, mirrored]), GAZETTEER)
    assert covered(found, 0, int(left.from_ns[0]), int(left.until_ns[0])) >= 0.5
    assert covered(found, 0, int(right.from_ns[0]) + shift, int(right.until_ns[0]) + shift) >= 0.5


def test_stretches_marked_by_eye_are_found(data_dir: Path):
    marks = marked()
    assert all(one["kind"] in KINDS and len(one["why"]) > 20 and one["from_ns"] < one["until_ns"] for one in marks)
    missed = []
    for name in sorted({one["file"] for one in marks}):
        rows = rows_of(data_dir / "flights" / "tracks" / f"{name}.parquet")
        found = pattern_events(rows, GAZETTEER)
        for one in (one for one in marks if one["file"] == name):
            icao = int(one["icao24"], 16)
            heard = rows.time_ns[rows.icao == icao]
            assert heard.min() <= one["from_ns"]
            assert heard.max() >= one["until_ns"] - 60 * 10**9
            if covered(found, icao, one["from_ns"], one["until_ns"]) < 0.5:
                missed.append((name, one["kind"]))
    assert missed == [("calibration__funchal", "circling")]  # an hour a round is slower than what is looked for
