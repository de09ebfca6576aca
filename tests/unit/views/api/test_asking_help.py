"""What helps to ask: completion, airfields and coverage."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.reference.load import load_gazetteer
from skywitness.views.api.asking_help import Reaching, airfields, completions, coverage
from skywitness.views.api.security import Problem
from tests.kept_history import Kept
from tests.rows_from import positions_from

MINUTE_NS = 60 * 10**9
START = 1_553_248_800 * 10**9


def kept(minutes: list[int], rows_a_minute: int = 3) -> Kept:
    times = np.repeat(START + np.array(minutes) * MINUTE_NS, rows_a_minute)
    rows = positions_from(len(times))
    return Kept(rows.replaced(time_ns=times.astype(np.int64)))


def test_holes_are_told_from_data():
    history = kept([*range(10), *range(20, 30)])
    assert isinstance(history, Reaching)
    told = coverage(history, None, None, 3)
    assert told["step_s"] == 600
    assert [(p["minutes"], p["minutes_with_data"], p["positions"]) for p in told["parts"]] == [
        (10, 10, 30), (10, 0, 0), (10, 10, 30),
    ]  # fmt: skip
    assert told["record_from"] == "2019-03-22T10:00:00.000000Z"


def test_before_and_after_the_record_there_is_nothing():
    told = coverage(kept([0, 1]), START - 60 * MINUTE_NS, START + 60 * MINUTE_NS, 2)
    assert [(p["minutes_with_data"], p["positions"]) for p in told["parts"]] == [(0, 0), (2, 6)]
    told = coverage(kept([0, 1]), START - 10 * MINUTE_NS, START - 5 * MINUTE_NS, 10)
    assert len(told["parts"]) == 5
    assert not any(p["minutes_with_data"] for p in told["parts"])


def test_an_empty_record_has_no_parts():
    assert coverage(kept([]), None, None, 10) == {"parts": []}


def test_a_time_must_begin_before_it_ends():
    with pytest.raises(Problem):
        coverage(kept([0]), START, START, 5)


def test_airfields_in_the_order_asked():
    told = airfields(("OSLK", "NOWHERE", "uumu"), load_gazetteer())["airports"]
    assert [one["airport"] for one in told] == ["OSLK", "UUMU"]
    assert abs(told[0]["lat_deg"] - 35.4) < 0.1
    assert told[0]["country"] == "SY"


def test_completions():
    told = completions("to:SVM", None, load_gazetteer(), [])
    assert (told["begin"], told["end"]) == (3, 6)
    assert told["completions"][0]["text"] == "SVMI"
