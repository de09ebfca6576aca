"""Questions to the readsb query interface and the v2 family, against plain loops over aircraft.json."""

from __future__ import annotations

import asyncio
import functools
import json
import math
from typing import Any

import httpx
import pytest

from skywitness.identity.table import Entry, IdentityTable
from skywitness.tracks.aircraft import aircraft_table
from skywitness.views.api import existing
from skywitness.views.api.app import ApiSettings, create_app
from skywitness.views.api.query import at_root
from skywitness.views.api.server import serve_app
from skywitness.views.feeds.aircraft_json import AircraftWriter
from tests.aircraft_from import NOW_NS, aircraft_from
from tests.node_from import client_of, node_of, picture_of

TABLE = aircraft_table(*aircraft_from(600))
IDENTITY = IdentityTable.of(
    Entry(int(icao), f"N-{k}", ("B738", "A320", "C17")[k % 3], (1, 0, 0, 4, 8)[k % 5])
    for k, icao in enumerate(TABLE.icao[TABLE.address_kind == 0][::2])
)
EVERY: list[dict[str, Any]] = json.loads(AircraftWriter(IDENTITY).file(TABLE, NOW_NS, 0))["aircraft"]
PLACED = [one for one in EVERY if "lat" in one]


@pytest.fixture(scope="module")
def client():
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)], identity=IDENTITY) as client:
        yield client


def miles(one: dict[str, Any], lat: float, lon: float) -> float:
    """Great-circle distance by the cosine rule."""
    a, b, d = math.radians(one["lat"]), math.radians(lat), math.radians(one["lon"] - lon)
    return 3440.07 * math.acos(min(1, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(d)))


def hexes(aircraft: list[dict[str, Any]]) -> set[str]:
    return {one["hex"] for one in aircraft}


def feet(one: dict[str, Any]) -> float:
    return 0.0 if one.get("alt_baro") == "ground" else float(one.get("alt_baro", math.nan))


QUESTIONS = [
    ("all", lambda one: True),
    ("all_with_pos", lambda one: "lat" in one),
    ("circle=10,20,3000", lambda one: "lat" in one and miles(one, 10, 20) <= 3000),
    ("box=-20,40,-60,100", lambda one: "lat" in one and -20 <= one["lat"] <= 40 and -60 <= one["lon"] <= 100),
    ("box=-90,90,170,-100", lambda one: "lat" in one and (one["lon"] >= 170 or one["lon"] <= -100)),
    ("box=-90,90,100,260", lambda one: "lat" in one and (one["lon"] >= 100 or one["lon"] <= -100)),
    ("find_reg=N-1,n2,N-7", lambda one: one.get("r") in ("N-1", "N-2", "N-7")),
    ("find_type=a320,C17", lambda one: one.get("t") in ("A320", "C17")),
    ("all&filter_mil", lambda one: one.get("dbFlags", 0) & 1),
    ("all&filter_mil&filter_ladd", lambda one: one.get("dbFlags", 0) & 9),
    ("filter_pia", lambda one: one.get("dbFlags", 0) & 4),
    ("all&filter_type=B738&filter_with_pos", lambda one: one.get("t") == "B738" and "lat" in one),
    ("all&above_alt_baro=300", lambda one: feet(one) >= 300),
    ("all&below_alt_baro=300", lambda one: feet(one) <= 300),
    ("all&filter_callsign_prefix=p", lambda one: one.get("flight", "").startswith("P")),
    (f"find_callsign={EVERY[3].get('flight', 'X').strip()}",
     lambda one: one.get("flight", "").rstrip() == EVERY[3].get("flight", "X").rstrip()),
    (f"find_hex={EVERY[0]['hex']},{EVERY[9]['hex'].upper()}", lambda one: one["hex"] in hexes([EVERY[0], EVERY[9]])),
    (f"box=0,10,0,10&find_hex={EVERY[0]['hex']}",
     lambda one: one is EVERY[0] or ("lat" in one and 0 <= one["lat"] <= 10 and 0 <= one["lon"] <= 10)),
]  # fmt: skip


@pytest.mark.parametrize(("question", "is_wanted"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_questions_find_what_a_loop_finds(client, question, is_wanted):
    found = client.get(f"/re-api/?json&{question}").json()
    wanted = hexes([one for one in EVERY if is_wanted(one)])
    assert hexes(found["aircraft"]) == wanted
    assert found["resultCount"] == len(wanted)
    envelope = client.get(f"/re-api/?jv2&{question}").json()
    assert hexes(envelope["ac"]) == wanted
    assert (envelope["msg"], envelope["total"], envelope["now"]) == ("No error", len(wanted), NOW_NS // 1_000_000)


def test_a_circle_is_in_order_of_distance_and_the_closest_is_its_first(client):
    circle = client.get("/re-api/?circle=10,20,4000").json()["aircraft"]
    assert len(circle) > 20
    distances = [one["dst"] for one in circle]
    assert distances == sorted(distances)
    for one in circle:
        assert one["dst"] == pytest.approx(miles(one, 10, 20), rel=1e-4)
        assert 0 <= one["dir"] < 360
    assert hexes(client.get("/re-api/?closest=10,20,4000").json()["aircraft"]) == hexes(circle[:1])
    assert client.get("/re-api/?closest=10,20,0").json()["aircraft"] == []


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "Ask one of"),
        ("circle=1,2", "3 numbers"),
        ("circle=1,2,nan", "must be a number"),
        ("circle=91,2,3", "from -90 to 90"),
        ("box=1,2,3,inf", "must be a number"),
        ("find_hex=xyz", "no address"),
        ("find_hex=" + ",".join(["abcdef"] * 1001), "at most 1000"),
        ("all&circle=1,2,3", "one thing at a time"),
        ("all&filter_squawk=7800", "no squawk"),
        ("all&nonsense", "no part of a question"),
        ("all&binCraft", "Only json"),
        ("&".join(f"a{k}" for k in range(100)), "more than 64"),
    ],
)
def test_what_is_no_question_is_said_in_a_sentence(client, question, words):
    found = client.get(f"/re-api/?{question}")
    assert found.status_code == 400
    assert words in found.text


V2 = [
    ("hex/{hex}", lambda one: one["hex"] == EVERY[4]["hex"]),
    ("icao/{hex}", lambda one: one["hex"] == EVERY[4]["hex"]),
    ("reg/N-3", lambda one: one.get("r") == "N-3"),
    ("registration/N-3,N-4", lambda one: one.get("r") in ("N-3", "N-4")),
    ("type/B738", lambda one: one.get("t") == "B738"),
    ("squawk/{squawk}", lambda one: one.get("squawk") == EVERY[4].get("squawk", "0000")),
    ("sqk/{squawk}", lambda one: one.get("squawk") == EVERY[4].get("squawk", "0000")),
    ("callsign/{flight}", lambda one: one.get("flight", "").rstrip() == EVERY[4].get("flight", "X").rstrip()),
    ("mil", lambda one: one.get("dbFlags", 0) & 1),
    ("ladd", lambda one: one.get("dbFlags", 0) & 8),
    ("pia", lambda one: one.get("dbFlags", 0) & 4),
    ("all", lambda one: True),
    ("point/10/20/250", lambda one: "lat" in one and miles(one, 10, 20) <= 250),
    ("point/10/20/9999", lambda one: "lat" in one and miles(one, 10, 20) <= 250),
    ("lat/10/lon/20/dist/250", lambda one: "lat" in one and miles(one, 10, 20) <= 250),
]  # fmt: skip


@pytest.mark.parametrize(("path", "is_wanted"), V2, ids=[path for path, _ in V2])
def test_the_v2_family_finds_what_a_loop_finds(client, path, is_wanted):
    one = EVERY[4]
    path = path.format(hex=one["hex"], squawk=one.get("squawk", "0000"), flight=one.get("flight", "X").strip())
    found = client.get(f"/v2/{path}").json()
    assert found.keys() >= {"ac", "msg", "now", "total", "ctime", "ptime"}
    assert hexes(found["ac"]) == hexes([one for one in EVERY if is_wanted(one)])
    assert found["total"] == len(found["ac"])


def test_the_closest_of_v2(client):
    nearest = min(PLACED, key=lambda one: miles(one, 10, 20))
    reach = min(250, math.ceil(miles(nearest, 10, 20)) + 1)
    found = client.get(f"/v2/closest/10/20/{reach}").json()["ac"]
    assert hexes(found) == (hexes([nearest]) if miles(nearest, 10, 20) <= reach else set())


def test_one_address_is_bare_in_the_dialect_of_the_exchange(client):
    name = EVERY[4]["hex"]
    bare = client.get(f"/api/aircraft/v2/hex/{name}").json()
    assert bare == EVERY[4]
    assert hexes(client.get(f"/api/aircraft/v2/hex/{name},").json()["ac"]) == {name}
    assert hexes(client.get(f"/api/aircraft/v2/icao/{name}").json()["ac"]) == {name}
    assert client.get("/api/aircraft/v2/hex/000001").status_code == 404
    total = client.get("/api/aircraft/v2/total-aircraft").json()["total"]
    assert total == len(EVERY)


@pytest.mark.parametrize(
    ("path", "status"),
    [("point/x/1/2", 422), ("point/91/1/2", 422), ("nonsense", 404), ("nonsense/x", 404), ("hex/zz", 400),
     ("airport/EGLL", 404), ("callsign/,", 422)],
)  # fmt: skip
def test_v2_refuses_with_a_sentence(client, path, status):
    found = client.get(f"/v2/{path}")
    assert found.status_code == status
    assert len(found.json()["detail"]) > 20


FILTERS = [
    ([("alt_baro", "gt", 300)], lambda one: isinstance(one.get("alt_baro"), int) and one["alt_baro"] > 300),
    ([("gs", "le", "250.5")], lambda one: one.get("gs", math.inf) <= 250.5),
    ([("hex", "startsWith", "a"), ("gs", "isNotNull", None)], lambda one: one["hex"].startswith("a") and "gs" in one),
    ([("r", "isNull", None)], lambda one: "r" not in one),
    ([("t", "eq", "b738")], lambda one: one.get("t") == "B738"),
    ([("t", "ne", "B738")], lambda one: one.get("t") != "B738"),
    ([("flight", "contains", "Z")], lambda one: "Z" in one.get("flight", "")),
    ([("flight", "notContains", "Z")], lambda one: "Z" not in one.get("flight", "")),
    ([("squawk", "endsWith", "7")], lambda one: one.get("squawk", "").endswith("7")),
    ([("category", "eq", "A3")], lambda one: one.get("category") == "A3"),
    ([("version", "ge", 1)], lambda one: one.get("version", 0) >= 1),
    ([("type", "eq", "mode_s")], lambda one: one["type"] == "mode_s"),
    ([("dbFlags", "eq", 1)], lambda one: one.get("dbFlags") == 1),
    ([("seen", "lt", 5)], lambda one: one["seen"] < 5),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "is_wanted"), FILTERS, ids=[str(number) for number in range(len(FILTERS))])
def test_filters_find_what_a_loop_finds(client, conditions, is_wanted):
    filters = [{"property": name, "operator": operator, "value": value} for name, operator, value in conditions]
    found = client.post("/api/aircraft/v2/filter", json={"logical_operator": "and", "filters": filters})
    assert found.status_code == 200, found.text
    assert hexes(found.json()["ac"]) == hexes([one for one in EVERY if is_wanted(one)])


def test_filters_may_be_joined_by_or(client):
    filters = [{"property": "t", "operator": "eq", "value": kind} for kind in ("B738", "C17")]
    found = client.post("/v2/filter", json={"logical_operator": "or", "filters": filters}).json()
    assert hexes(found["ac"]) == hexes([one for one in EVERY if one.get("t") in ("B738", "C17")])


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", b"{}", b'{"filters":[]}', b'{"filters":[1]}', b"[" * 5000,
     json.dumps({"filters": [{"property": "gs", "operator": "gt", "value": 1}] * 11}).encode(),
     b'{"filters":[{"property":"gs","operator":"gt","value":"x"}]}',
     b'{"filters":[{"property":"gs","operator":"gt","value":true}]}',
     b'{"filters":[{"property":"gs","operator":"contains","value":"1"}]}',
     b'{"filters":[{"property":"flight","operator":"eq","value":1}]}',
     b'{"filters":[{"property":["gs"],"operator":"eq","value":1}]}',
     b'{"filters":[{"property":"__class__","operator":"eq","value":1}]}',
     b'{"logical_operator":"xor","filters":[{"property":"gs","operator":"gt","value":1}]}'],
)  # fmt: skip
def test_what_is_no_filter_is_refused(client, body):
    found = client.post("/v2/filter", content=body)
    assert found.status_code == 422
    assert len(found.json()["detail"]) > 10


def test_a_large_filter_is_refused(client):
    assert client.post("/v2/filter", content=b" " * 20_000).status_code == 413


def test_routes_of_callsigns_are_not_known(client):
    assert client.post("/api/0/routeset", json={"planes": []}).status_code == 404


def test_on_a_port_of_its_own_it_answers_at_the_root_and_nothing_else_does():
    settings = ApiSettings(rate_per_minute=40)
    node = node_of()
    app = create_app(node, settings, [functools.partial(existing.handlers, identity=IDENTITY)])
    node.hub.publish(picture_of(TABLE, NOW_NS))

    async def scenario() -> None:
        server = await serve_app(app, "127.0.0.1", 0, settings)
        port = await serve_app(at_root(app), "127.0.0.1", 0, settings, is_alone=False)
        try:
            async with httpx.AsyncClient(base_url=port.url) as client, httpx.AsyncClient(base_url=server.url) as web:
                asked = "find_hex=" + EVERY[0]["hex"]
                found = (await client.get(f"/?{asked}")).json()
                assert found["aircraft"] == (await web.get(f"/re-api/?{asked}")).json()["aircraft"] != []
                assert (await client.get("/?status")).json() == {"status": "ok"}
                for path in ("/data/aircraft.json", "/healthz", "/api/v1/status", "/../healthz", "/re-api/", "//"):
                    response = await client.get(path + "?all")
                    assert response.status_code == (200 if path == "//" else 404)
                    assert response.headers["x-content-type-options"] == "nosniff"
                assert (await client.get("/?nonsense")).status_code == 400
                # One limit for both addresses: a burst is a quarter of a minute's, and has been asked for.
                assert (await web.get("/healthz")).status_code == 429
        finally:
            await port.close()
            await server.close()

    asyncio.run(scenario())
