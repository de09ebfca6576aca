"""The founding case told otherwise: each telling is understood as it was told, so the answer is not built in."""

from __future__ import annotations

import pytest

from bench.founding import SEEDS, judge, told, variants

TELLINGS = variants()


@pytest.mark.parametrize("days", TELLINGS[:: len(SEEDS)], ids=lambda days: days.name)
def test_each_telling_is_understood(days):
    found = judge(days, told(days))
    assert found.right == found.ends
    assert found.asserted >= 2
    assert (found.false, found.stops_missed, found.stops_invented) == (0, 0, 0)


def test_there_are_twenty_tellings():
    assert len({(days.name, days.seed) for days in TELLINGS}) >= 20
    assert len({str(days.airframes) for days in TELLINGS}) >= 6
