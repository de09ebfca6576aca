"""Flights of a history: whole ones, of the time asked, and never more than memory holds."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.errors import QuestionError
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.reference.load import load_gazetteer
from skywitness.run import flight_record
from skywitness.run.flight_record import PositionsFlights, within
from tests.positions_from import positions_from
from tests.unit.views.api.test_opensky_flights import T0, S, line

GAZETTEER = load_gazetteer()
ROWS = positions_from(
    [
        *line(0x380001, T0, ("LFMN", "LFLL")),
        *line(0x380001, T0 + 20_000, ("LFLL", "LFMN")),
        *line(0x380002, T0, ("LFMN", "LFLL")),
    ]
)


class Past:
    """A history in parts of half an hour."""

    def positions_in_parts(self, from_ns, until_ns, *, icao=None, address_kind=None, contradicted=False):
        rows = ROWS if icao is None else ROWS.take(np.isin(ROWS.icao, icao))
        for begin in range(max(from_ns, T0 * S), min(until_ns, (T0 + 30_000) * S), 1_800 * S):
            yield rows.take((rows.time_ns >= begin) & (rows.time_ns < min(begin + 1_800 * S, until_ns)))


def test_a_leg_is_whole_though_only_a_part_was_asked_for():
    record = PositionsFlights(Past(), GAZETTEER)
    found = record.flights((T0 + 2_000) * S, (T0 + 2_060) * S, icao=np.array([0x380001], np.uint32))
    assert len(found) == 1
    assert found.legs.from_ns[0] == T0 * S
    assert [GAZETTEER.code(int(row)) for row in found.ends.airport] == ["LFMN", "LFLL"]
    assert len(record.flights(T0 * S, (T0 + 60) * S)) == 2


def test_what_is_left_keeps_its_ends_and_candidates():
    every = legs(histories(ROWS), GAZETTEER)
    late = within(every, (T0 + 20_000) * S, (T0 + 30_000) * S)
    assert len(late) == 1
    assert late.ends.leg.tolist() == [0, 0]
    assert set(late.candidates.end.tolist()) <= {0, 1}
    assert GAZETTEER.code(int(late.ends.airport[0])) == "LFLL"
    assert len(within(every, 0, 1)) == 0


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(flight_record, "MOST_ROWS", 100)
    with pytest.raises(QuestionError, match="more than 100 positions"):
        PositionsFlights(Past(), GAZETTEER).flights(T0 * S, (T0 + 60) * S)
