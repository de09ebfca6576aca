"""Flights in the dialect of the OpenSky Network: what may be asked, which legs are told, and what each says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from skywitness.batches import U32
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import Flights, legs
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.reference.load import load_gazetteer
from tests.node_from import client_of, node_of
from tests.positions_from import positions_from

S = 1_000_000_000
T0 = 1_553_256_000
GAZETTEER = load_gazetteer()


def line(icao: int, begin_s: int, codes: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    """Rows of an hour's flight between two airports: on the ground, up, across, down, on the ground."""
    ends = [GAZETTEER.find(code)[0] for code in codes]
    rows = []
    for second in range(0, 4200, 5):
        share = min(max((second - 300) / 3600, 0.0), 1.0)
        lat, lon, field = (
            (1 - share) * values[ends[0]] + share * values[ends[1]]
            for values in (GAZETTEER.lat_deg, GAZETTEER.lon_deg, GAZETTEER.elevation_ft)
        )
        is_grounded = share in (0.0, 1.0)
        rows.append(
            {
                "icao": icao, "time_ns": (begin_s + second) * S, "lat_deg": lat, "lon_deg": lon,
                "altitude_ft": np.nan if is_grounded else field + 25_000 * min(1.0, 6 * share, 6 * (1 - share)),
                "on_ground": int(is_grounded), "groundspeed_kt": 0.0 if is_grounded else 180.0,
                "callsign": pack_callsign("AFR123"), **more,
            }
        )  # fmt: skip
    return rows


class Record:
    """Three flights; counts what is asked."""

    def __init__(self) -> None:
        rows = [
            *line(0x380001, T0, ("LFMN", "LFLL")),
            *line(0x380001, T0 + 20_000, ("LFLL", "LFMN"), callsign=0),
            *line(0x380002, T0 + 100, ("LFMN", "LFLL")),
        ]
        self.found = legs(histories(positions_from(rows)), GAZETTEER)
        self.asked: list[tuple[int, int, list[int] | None]] = []

    def flights(self, from_ns: int, until_ns: int, *, icao: U32 | None = None) -> Flights:
        self.asked.append((from_ns, until_ns, None if icao is None else icao.tolist()))
        return self.found


@pytest.fixture(scope="module")
def record():
    record = Record()
    assert len(record.found) == 3
    return record


@pytest.fixture(scope="module")
def client(record):
    with client_of(dataclasses.replace(node_of(), flights=record)) as client:
        yield client


def told(client: Any, question: str) -> list[tuple[str, int]]:
    answer = client.get(f"/api/flights/{question}")
    if answer.status_code == 404:
        assert answer.content == b""
        return []
    assert answer.status_code == 200
    assert "x-rate-limit-remaining" in answer.headers
    return [(one["icao24"], one["firstSeen"] - T0) for one in answer.json()]


def test_each_question_gets_its_flights(client, record):
    whole, first, end = f"begin={T0}&end={T0 + 7000}", f"begin={T0}&end={T0 + 1000}", T0 + 30_000
    assert told(client, f"all?{whole}") == [("380001", 0), ("380002", 100)]
    assert told(client, f"all?{first}") == []  # none is over by then
    assert told(client, f"departure?airport=lfmn&{first}") == [("380001", 0), ("380002", 100)]
    assert told(client, f"departure?airport=LFLL&{first}") == []
    assert told(client, f"departure?airport=LFLL&begin={T0}&end={end}") == [("380001", 20_000)]
    assert told(client, f"arrival?airport=LFLL&{first}") == []
    assert told(client, f"arrival?airport=LFLL&begin={T0 + 4000}&end={T0 + 4250}") == [("380001", 0)]
    record.asked.clear()
    # The record may give more than was asked, never less.
    assert told(client, f"aircraft?icao24=380001&begin={T0}&end={end}") == [("380001", 0), ("380001", 20_000)]
    assert record.asked == [(T0 * S, (end + 1) * S, [0x380001])]


def test_a_flight_has_all_keys(client, record):
    first, last = client.get(f"/opensky/api/flights/aircraft?icao24=380001&begin={T0}&end={T0 + 30_000}").json()
    assert list(first) == [
        "icao24", "firstSeen", "estDepartureAirport", "lastSeen", "estArrivalAirport", "callsign",
        "estDepartureAirportHorizDistance", "estDepartureAirportVertDistance", "estArrivalAirportHorizDistance",
        "estArrivalAirportVertDistance", "departureAirportCandidatesCount", "arrivalAirportCandidatesCount",
    ]  # fmt: skip
    assert (first["estDepartureAirport"], first["estArrivalAirport"], first["callsign"]) == ("LFMN", "LFLL", "AFR123  ")
    assert first["lastSeen"] - first["firstSeen"] == 4195
    assert 0 <= first["estDepartureAirportHorizDistance"] < 3000
    assert first["departureAirportCandidatesCount"] >= 0
    assert last["callsign"] is None


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("all", 400),
        ("all?begin=0", 400),
        ("all?begin=0&end=7201", 400),
        ("all?begin=10&end=9", 400),
        ("all?begin=-1&end=9", 400),
        ("all?begin=a&end=9", 400),
        ("all?begin=1e99&end=1e99", 400),
        ("aircraft?begin=0&end=1", 400),
        ("aircraft?begin=0&end=1&icao24=xyz", 400),
        ("aircraft?begin=0&end=1&icao24=~380001", 400),
        ("aircraft?begin=0&end=172801&icao24=380001", 400),
        ("arrival?begin=0&end=1", 400),
        ("departure?begin=0&end=1&airport=", 400),
        ("elsewhere?begin=0&end=1", 404),
    ],
)
def test_what_cannot_be_asked_is_said(client, question, status):
    answer = client.get(f"/api/flights/{question}")
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_without_a_record_of_flights_there_are_none():
    with client_of(node_of()) as client:
        assert told(client, f"all?begin={T0}&end={T0 + 10}") == []
