"""Airports of ends: right where the geometry tells, open where it does not, calibrated, none for those who pass."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from skywitness.batches import Ends
from skywitness.journeys import ranking
from skywitness.journeys.histories import histories
from skywitness.journeys.ranking import ELSEWHERE, FEATURES, rank_ends, weights
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.arrivals import HELD_OUT, cut, drawn

GAZETTEER = load_gazetteer()
NONE = np.zeros(0, np.int64)


@functools.cache
def flights():
    """Held out: drawn with other ranges and another seed than the weights were fitted on."""
    return drawn(GAZETTEER, HELD_OUT, 1200, 400)


def ranked(height_ft):
    data = flights()
    ends, truth = cut(data, np.full(len(data.truth.airport), float(height_ft)))
    told, candidates = rank_ends(histories(data.rows.slice(0, 1)), NONE, NONE, ends, GAZETTEER)
    return ends, truth, told, candidates


def within(candidates, ends, truth, most):
    first = np.searchsorted(candidates.end, np.arange(len(ends)))
    hit = np.zeros(len(ends), bool)
    for k in range(most):
        row = np.minimum(first + k, len(candidates) - 1)
        hit |= (candidates.end[row] == np.arange(len(ends))) & (candidates.airport[row] == truth)
    return hit


@pytest.mark.parametrize(
    ("height_ft", "arrivals", "departures"), [(500, 0.98, 0.97), (1000, 0.95, 0.95), (3000, 0.85, 0.9)]
)
def test_the_airport_is_found(height_ft, arrivals, departures):
    ends, truth, told, candidates = ranked(height_ft)
    for side, least in ((1, arrivals), (0, departures)):
        mine = (ends.side == side) & (truth >= 0)
        assert (told.airport == truth)[mine].mean() >= least
        assert within(candidates, ends, truth, 3)[mine].mean() >= 0.97


def shares(told, right):
    """Mean probability less share of right ones, and share of all, by tenth of probability."""
    p = told.probability
    bins = np.clip((p * 10).astype(int), 0, 9)
    return [(p[bins == k].mean() - right[bins == k].mean(), (bins == k).mean()) for k in np.unique(bins)]


def test_probabilities_before_doubt_mean_what_they_say(monkeypatch):
    monkeypatch.setattr(ranking, "DOUBTS", ((8_000.0, 13_000.0, 1.0),))
    for height_ft in (1000, 3000, 8000):
        _, truth, told, _ = ranked(height_ft)
        right = (told.airport == truth) & (truth >= 0)
        assert sum(abs(more) * share for more, share in shares(told, right)) <= 0.05
        assert (~right[told.probability >= 0.9]).mean() <= 0.06


def test_probabilities_never_say_too_much():
    for height_ft in (1000, 3000, 5000, 8000):
        _, truth, told, _ = ranked(height_ft)
        right = (told.airport == truth) & (truth >= 0)
        assert sum(max(more, 0.0) * share for more, share in shares(told, right)) <= 0.02
        assert (~right[told.probability >= 0.9]).mean() <= 0.03


def test_those_who_pass_are_at_no_airport():
    ends, truth, told, _ = ranked(500)
    passing = truth < 0
    high = passing & (ends.altitude_ft > 10_000)
    assert passing.sum() > 300
    assert (told.probability[high] >= 0.9).mean() <= 0.01
    assert (told.elsewhere[high] > 0.5).mean() > 0.95


def test_probabilities_and_elsewhere_make_one():
    _, _, told, candidates = ranked(2000)
    total = np.bincount(candidates.end, candidates.probability, len(told)) + told.elsewhere
    np.testing.assert_allclose(total, 1.0, atol=0.01)
    same = candidates.end[1:] == candidates.end[:-1]
    assert (candidates.probability[1:][same] <= candidates.probability[:-1][same] + 1e-6).all()


def test_the_weights_say_what_they_were_fitted_on():
    table = weights()
    assert table["features"] == list(FEATURES)
    assert len(table["elsewhere"]) == len(ELSEWHERE)
    assert table["seed"] != HELD_OUT.seed


def test_nothing_and_unknown_values():
    told, candidates = rank_ends(histories(flights().rows.slice(0, 1)), NONE, NONE, Ends.empty(), GAZETTEER)
    assert len(told) == len(candidates) == 0
    ends, _ = cut(flights(), np.full(len(flights().truth.airport), 1000.0))
    few = ends.slice(0, 50)
    blank = few.replaced(
        **{
            name: np.full(50, np.nan, np.float32)
            for name in ("altitude_ft", "vertical_rate_fpm", "track_deg", "groundspeed_kt")
        }
    )
    told, _ = rank_ends(histories(flights().rows.slice(0, 1)), NONE, NONE, blank, GAZETTEER)
    assert np.isfinite(told.probability).all()
    nowhere = few.replaced(lat_deg=np.full(50, np.nan))
    assert (rank_ends(histories(flights().rows.slice(0, 1)), NONE, NONE, nowhere, GAZETTEER)[0].airport == -1).all()
