"""The order of stored rows, against the rule said plainly: of the same report, the last revision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.archive.layout import POSITIONS, sorted_once
from tests.rows_from import BEGIN_NS, positions_from

ROWS = positions_from(40)
ROW = st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2))


@pytest.mark.parametrize("step_ns", [1_000, 10**16], ids=["a minute", "years"])
@given(told=st.lists(ROW, max_size=40))
def test_of_the_same_report_the_last_revision_stays(step_ns, told):
    kind, icao, time, parent, revision = np.array(told, np.int64).reshape(-1, 5).T
    rows = ROWS.slice(0, len(told)).replaced(
        address_kind=kind.astype(np.uint8), icao=icao.astype(np.uint32), time_ns=BEGIN_NS + time * step_ns,
        parent=parent, revision=revision.astype(np.uint8), signal_dbfs=np.arange(len(told), dtype=np.float32),
    )  # fmt: skip
    last: dict[tuple[int, int, int, int], tuple[int, int]] = {}
    for number, (*report, of) in enumerate(told):
        if last.get(tuple(report), (-1, 0))[0] <= of:
            last[tuple(report)] = of, number
    expected = [last[report][1] for report in sorted(last)]
    assert sorted_once(POSITIONS, rows).signal_dbfs.astype(int).tolist() == expected
