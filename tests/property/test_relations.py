"""What came before, against a reading of the rule pair by pair."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skywitness.questions.relations import followed

ROW = st.tuples(st.integers(0, 2), st.integers(0, 12), st.booleans(), st.booleans())


@given(st.lists(ROW, max_size=30), st.integers(0, 14))
def test_followed_is_what_each_pair_says(rows, span):
    key = np.array([row[0] for row in rows], np.int64)
    times = np.array([row[1] for row in rows], np.int64)
    first = np.array([row[2] for row in rows], np.bool_)
    second = np.array([row[3] for row in rows], np.bool_)
    expected = [
        is_second and any(k == key and f and 0 < time - t <= span for k, t, f, _ in rows)
        for key, time, _, is_second in rows
    ]
    assert followed(key, times, first, second, span).tolist() == expected
