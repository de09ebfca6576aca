"""`skywitness.track` gives the last word on each position."""

from __future__ import annotations

import numpy as np

import skywitness
from skywitness.batches import VERDICTS, Frames, Positions
from skywitness.pipeline import Settings
from skywitness.run.track import final_rows
from skywitness.run.walk import heard

SETTINGS = Settings(places=((47.0, 8.0), (47.1, 8.0)))


def test_one_batch_or_many_give_the_same_rows():
    whole = heard()
    parts = [whole.slice(start, start + 1000) for start in range(0, len(whole), 1000)]
    found = skywitness.track(whole, settings=SETTINGS)
    assert len(found) > 1000
    assert found.same_as(skywitness.track(parts, settings=SETTINGS))


def test_each_reception_has_one_row_and_the_rejected_ones_only_if_asked_for():
    found = skywitness.track(heard(), settings=SETTINGS, rejected=True)
    assert len(np.unique(found.parent)) == len(found)
    assert np.all(np.diff(found.parent) > 0)
    good = found.take(found.verdict != VERDICTS.index("contradicted"))
    assert good.same_as(skywitness.track(heard(), settings=SETTINGS))


def test_the_highest_revision_is_kept():
    rows = Positions.allocate(4)
    rows.parent[:] = 7, 3, 7, 9
    rows.revision[:] = 0, 0, 1, 0
    kept = final_rows(rows)
    assert list(zip(kept.parent.tolist(), kept.revision.tolist(), strict=True)) == [(3, 0), (7, 1), (9, 0)]


def test_nothing_gives_nothing():
    assert len(skywitness.track(Frames.empty())) == 0
    assert len(skywitness.track([])) == 0
