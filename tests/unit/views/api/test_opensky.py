"""State vectors and tracks as the clients of OpenSky read them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from skywitness.identity.table import NOBODY
from skywitness.tracks.aircraft import aircraft_table
from skywitness.views.api.opensky import Credits, cost_of_box, way_points
from skywitness.views.feeds.aircraft_json import AircraftWriter
from tests.aircraft_from import NOW_NS, aircraft_from
from tests.node_from import client_of, node_of, picture_of
from tests.rows_from import BEGIN_NS, positions_from

S = 1_000_000_000
TABLE = aircraft_table(*aircraft_from(400))
EVERY: dict[str, dict[str, Any]] = {
    one["hex"]: one
    for one in json.loads(AircraftWriter(NOBODY).file(TABLE, NOW_NS, 0))["aircraft"]
    if not one["hex"].startswith("~")
}
ROWS = positions_from(4000, seconds=7200.0, aircraft=5)
ROWS = ROWS.take(ROWS.verdict != 3)


@pytest.fixture(scope="module")
def client():
    with client_of(node_of(ROWS), [picture_of(TABLE, NOW_NS)]) as client:
        yield client


@pytest.mark.parametrize("base", ["/api", "/opensky/api"])
def test_state_vectors_say_in_metres_what_aircraft_json_says_in_feet(client, base):
    found = client.get(f"{base}/states/all?extended=1")
    assert int(found.headers["x-rate-limit-remaining"]) > 0
    document = found.json()
    assert document["time"] == NOW_NS // S
    assert {state[0] for state in document["states"]} == set(EVERY)
    for state in document["states"]:
        assert len(state) == 18
        one = EVERY[state[0]]
        assert state[1] == one.get("flight")
        assert isinstance(state[2], str)
        assert state[4] == pytest.approx(NOW_NS / S - one["seen"], abs=1.2)
        if "lat" in one:
            assert (state[5], state[6]) == (pytest.approx(one["lon"], abs=6e-5), pytest.approx(one["lat"], abs=6e-5))
            assert state[3] == pytest.approx(NOW_NS / S - one["seen_pos"], abs=1.1)
        else:
            assert state[3] is state[5] is state[6] is None
        assert state[8] is (one.get("alt_baro") == "ground")
        pairs = (
            (7, one.get("alt_baro"), 0.3048, 0.2),
            (9, one.get("gs"), 0.514444, 0.03),
            (10, one.get("track"), 1, 0.01),
            (13, one.get("alt_geom"), 0.3048, 0.2),
            (11, one.get("baro_rate", one.get("geom_rate")), 0.00508, 0.01),
        )
        for place, value, factor, within in pairs:
            if value is None or value == "ground":
                assert state[place] is None or state[8]
            else:
                assert state[place] == pytest.approx(value * factor, abs=within)
        assert state[12] is None
        assert state[14] == one.get("squawk")
        assert state[15] is (one.get("spi") == 1)
        assert state[16] == (2 if one["mlat"] else 0)
        assert 0 <= state[17] <= 20
        if "category" in one and one["category"] in ("A1", "A7"):
            assert state[17] == {"A1": 2, "A7": 8}[one["category"]]


def test_only_the_box_and_the_addresses_asked_for(client):
    boxed = client.get("/api/states/all?lamin=-10&lomin=-20&lamax=50&lomax=120").json()["states"]
    wanted = {
        name for name, one in EVERY.items() if "lat" in one and -10 <= one["lat"] <= 50 and -20 <= one["lon"] <= 120
    }
    assert {state[0] for state in boxed} == wanted
    assert all(len(state) == 17 for state in boxed)
    names = list(EVERY)[:2]
    two = client.get(f"/api/states/all?icao24={names[0]}&icao24={names[1].upper()}").json()["states"]
    assert {state[0] for state in two} == set(names)
    assert client.get("/api/states/all?icao24=000001").json()["states"] is None
    assert len(client.get("/api/states/own").json()["states"]) == len(EVERY)


@pytest.mark.parametrize(
    "query",
    [
        "lamin=1",
        "lamin=50&lamax=40&lomin=1&lomax=2",
        "lamin=x&lamax=40&lomin=1&lomax=2",
        "icao24=zz",
        "time=1",
        "time=x",
    ],
)
def test_what_cannot_be_asked_is_refused(client, query):
    found = client.get(f"/api/states/all?{query}")
    assert found.status_code == 400
    assert len(found.json()["detail"]) > 10


def test_states_of_some_time_ago_come_from_the_record():
    at_ns = BEGIN_NS + 3000 * S
    with client_of(node_of(ROWS), [picture_of(TABLE, BEGIN_NS + 6000 * S)]) as client:
        document = client.get(f"/api/states/all?time={at_ns // S}").json()
    assert document["time"] == at_ns // S
    around = ROWS.take((ROWS.time_ns > at_ns - 60 * S) & (ROWS.time_ns < at_ns + S))
    names = {f"{icao:06x}" for icao in around.icao[around.address_kind == 0].tolist()}
    assert names
    assert {state[0] for state in document["states"]} == names


def test_tracks_are_told_by_their_way_points():
    one = ROWS.take(ROWS.address_kind == 0)
    icao = int(one.icao[0])
    rows = one.take(one.icao == icao)
    now_ns = int(rows.time_ns[-1]) + 10 * S
    with client_of(node_of(ROWS), [picture_of(TABLE, now_ns)]) as client:
        found = client.get(f"/api/tracks/all?icao24={icao:06x}&time=0")
        past = client.get(f"/api/tracks?icao24={icao:06x}&time={now_ns // S - 600}").json()
        assert client.get("/api/tracks/all?icao24=000001").status_code == 404
        assert client.get("/api/tracks/all").status_code == 400
        assert client.get(f"/api/tracks/all?icao24={icao:06x}&time=1").status_code == 400
    document = found.json()
    assert document["icao24"] == f"{icao:06x}"
    assert (document["startTime"], document["endTime"]) == (rows.time_ns[0] // S, rows.time_ns[-1] // S)
    assert past["startTime"] == document["startTime"]
    for point in document["path"]:
        assert len(point) == 6
        assert isinstance(point[5], bool)


def test_way_points_follow_the_rule():
    rows = positions_from(1000, seconds=3000.0, aircraft=1)
    steady = rows.take(np.zeros(1000, np.int64))
    straight = type(rows)(
        **{name: getattr(steady, name) for name in rows.names() if name not in ("time_ns", "track_deg", "altitude_ft")},
        time_ns=BEGIN_NS + np.arange(1000) * 10 * S,
        track_deg=np.where(np.arange(1000) < 500, 359.0, 2.0).astype(np.float32),
        altitude_ft=np.full(1000, 30_000, np.float32),
    )
    assert way_points(straight).tolist() == [0, 90, 180, 270, 360, 450, 500, 590, 680, 770, 860, 950, 999]


def test_flights_are_none_yet(client):
    found = client.get("/api/flights/aircraft?icao24=abcdef&begin=0&end=1")
    assert found.status_code == 404
    assert found.content == b""


def test_the_credits_of_a_day():
    credit = Credits(10)
    assert credit.spend("a", 4, 100.0) == 6
    assert credit.spend("a", 4, 200.0) == 2
    with pytest.raises(Exception, match="credits") as caught:
        credit.spend("a", 4, 86_400 - 60.0)
    assert caught.value.status_code == 429
    assert caught.value.headers["X-Rate-Limit-Retry-After-Seconds"] == "60"
    assert credit.spend("b", 4, 200.0) == 6
    assert credit.spend("a", 4, 86_401.0) == 6
    boxes = ((0, 5, 0, 5), (0, 10, 0, 10), (0, 20, 0, 20), (0, 21, 0, 20))
    assert [cost_of_box(*box) for box in boxes] == [1, 2, 3, 4]
