"""Our own interface: filters, areas, order, pages, forms, and evidence in every row."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from skywitness.batches import Positions
from skywitness.errors import ArchiveError
from skywitness.tracks.aircraft import AircraftTable, table_of_positions
from skywitness.views.api.app import create_app
from skywitness.views.api.columns import FORMATS, negotiated
from skywitness.views.api.parameters import parse_area, parse_time
from skywitness.views.api.security import ApiSettings, Problem
from skywitness.views.api.tables import AIRCRAFT, POSITIONS, Latest
from skywitness.views.node import Node
from tests.fake_node import NOW_NS, FakeHistory, node_with, output_of, picture_of, positions_for, served

S = 1_000_000_000
FAST = ApiSettings(rate_per_minute=100_000)


def past(minutes: int = 30, aircraft: int = 20) -> Positions:
    """A position a minute of each aircraft."""
    return Positions.concat(
        [positions_for(aircraft, time_ns=NOW_NS - k * 60 * S, seed=k) for k in range(minutes)]
    )  # fmt: skip


def app_of(node: Node, rows: int = 100) -> Any:
    latest = Latest()
    latest.push(output_of(positions_for(rows)), NOW_NS)
    return create_app(node, FAST, latest=latest)


def test_each_row_says_what_is_behind_it():
    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/aircraft")).json()
        assert (body["total"], body["picture"], len(body["aircraft"])) == (100, 1, 100)
        assert "next" not in body
        for row in body["aircraft"]:
            assert row["icao24"] == row["icao24"].lower()
            for name in ("verdict", "reason", "source", "provenance", "receivers", "revision", "parent"):
                assert name in row
        row = body["aircraft"][1]
        rows = positions_for(100)
        assert row["lat_deg"] == rows.lat_deg[1]
        assert row["altitude_ft"] == rows.altitude_ft[1]
        assert row["parent"] == (3 << 32) + 1
        assert (row["verdict"], row["callsign"], row["squawk"]) == ("consistent", "TST0001", "1001")
        assert "altitude_geom_ft" not in row  # not known: absent, never null
        assert not [name for row in body["aircraft"] for name, value in row.items() if value is None]

    served(app_of(node_with(100)), scenario)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hex=480001,480003,abcdef", lambda r: r.icao24 in ("480001", "480003")),
        ("hex=~480031", lambda r: r.icao24 == "480031"),
        ("hex=480031", lambda r: False),  # that one is no ICAO address
        ("address_kind=anonymous", lambda r: r.kind == 1),
        ("callsign=TST0005", lambda r: r.callsign == "TST0005"),
        ("callsign=tst001*", lambda r: r.callsign.startswith("TST001")),
        ("squawk=1002", lambda r: r.squawk == 0o1002),
        ("on_ground=true", lambda r: r.on_ground),
        ("min_altitude_ft=10000&max_altitude_ft=20000", lambda r: 10000 <= r.altitude <= 20000),
        ("area=52,4,53,6", lambda r: 52 <= r.lat <= 53 and 4 <= r.lon <= 6),
        ("area=52.25,4.75,60", lambda r: r.away <= 60),
        ("seen_within_s=3", lambda r: r.age <= 3),
        ("source=mlat", lambda r: False),
        ("source=adsb,mlat", lambda r: True),
        ("with_position=false", lambda r: False),
    ],
)  # fmt: skip
def test_filters(query: str, expected: Any):
    from types import SimpleNamespace

    from skywitness.geo.sphere import distance_nmi
    from skywitness.messages.mode_s.callsign import callsign_text

    rows = positions_for(100)
    away = distance_nmi(52.25, 4.75, rows.lat_deg, rows.lon_deg)
    wanted = set()
    for k in range(100):
        row = SimpleNamespace(
            icao24=f"{rows.icao[k]:06x}", kind=rows.address_kind[k], squawk=rows.squawk[k], lat=rows.lat_deg[k],
            callsign=callsign_text(int(rows.callsign[k])) if rows.callsign[k] else "", on_ground=rows.on_ground[k],
            altitude=rows.altitude_ft[k], lon=rows.lon_deg[k], away=away[k], age=(NOW_NS - rows.time_ns[k]) / S,
        )  # fmt: skip
        if expected(row):
            wanted.add(row.icao24)

    async def scenario(client: Any) -> None:
        body = (await client.get(f"/api/v1/aircraft?{query}")).json()
        assert {row["icao24"] for row in body["aircraft"]} == wanted
        assert body["total"] == len(wanted)

    served(app_of(node_with(100)), scenario)


def test_order():
    async def scenario(client: Any) -> None:
        for name, key in (("altitude_ft", "altitude_ft"), ("seen", "seen_s"), ("groundspeed_kt", "groundspeed_kt")):
            rows = (await client.get(f"/api/v1/aircraft?sort={name}")).json()["aircraft"]
            values = [row[key] for row in rows if key in row]
            assert values == sorted(values)
            assert all(key in row for row in rows[: len(values)])  # unknown ones are last
            back = (await client.get(f"/api/v1/aircraft?sort=-{name}")).json()["aircraft"]
            assert [row[key] for row in back if key in row] == values[::-1]

    served(app_of(node_with(100)), scenario)


def test_pages_are_of_one_picture():
    node = node_with(100)

    async def scenario(client: Any) -> None:
        first = (await client.get("/api/v1/aircraft?limit=30&sort=-altitude_ft")).json()
        node.hub.publish(picture_of(positions_for(100, seed=9), number=2, now_ns=NOW_NS + S))
        rows, cursor = first["aircraft"], first["next"]
        while cursor:
            response = await client.get(f"/api/v1/aircraft?limit=30&sort=-altitude_ft&cursor={cursor}")
            body = response.json()
            assert (body["picture"], body["total"]) == (1, 100)
            rows, cursor = rows + body["aircraft"], body.get("next", "")
            assert ('rel="next"' in response.headers.get("link", "")) == bool(cursor)
        assert len({row["icao24"] for row in rows}) == len(rows) == 100
        assert (await client.get("/api/v1/aircraft")).json()["picture"] == 2
        other = await client.get(f"/api/v1/aircraft?limit=30&cursor={first['next']}")
        assert other.status_code == 400  # of another question
        for number in range(3, 15):
            node.hub.publish(picture_of(positions_for(100), number=number, now_ns=NOW_NS + number * S))
            await client.get("/api/v1/aircraft?limit=5")
        gone = await client.get(f"/api/v1/aircraft?limit=30&sort=-altitude_ft&cursor={first['next']}")
        assert gone.status_code == 410
        assert "begin again" in gone.json()["detail"]

    served(app_of(node), scenario)


def test_the_same_rows_in_every_form():
    async def scenario(client: Any) -> None:
        rows = (await client.get("/api/v1/aircraft?limit=40")).json()["aircraft"]
        response = await client.get("/api/v1/aircraft?limit=40", headers={"accept": "application/x-ndjson"})
        assert response.headers["content-type"] == "application/x-ndjson"
        assert response.headers["vary"] == "Accept"
        assert [json.loads(line) for line in response.text.splitlines()] == rows
        response = await client.get("/api/v1/aircraft?limit=40", headers={"accept": "text/csv;q=0.9, text/html"})
        assert response.headers["content-type"].startswith("text/csv")
        lines = list(csv.DictReader(io.StringIO(response.text)))
        assert list(lines[0]) == [column.name for column in AIRCRAFT]
        for line, row in zip(lines, rows, strict=True):
            assert {name for name, value in line.items() if value} == set(row)
            assert line["icao24"] == row["icao24"]
            assert float(line["lat_deg"]) == row["lat_deg"]
        response = await client.get("/api/v1/aircraft?limit=40&format=arrow")
        assert response.headers["content-type"] == FORMATS["arrow"]
        table = pa.ipc.open_stream(response.content).read_all()
        assert table.column_names == [column.name for column in AIRCRAFT]
        assert table.schema.field("seen_time").type == pa.timestamp("us", "UTC")
        assert table["icao24"].to_pylist() == [row["icao24"] for row in rows]
        assert table["altitude_ft"].to_pylist() == [row.get("altitude_ft") for row in rows]
        assert table["on_ground"].to_pylist() == [row.get("on_ground") for row in rows]
        assert (await client.get("/api/v1/aircraft", headers={"accept": "text/html"})).status_code == 406
        some = (await client.get("/api/v1/aircraft?fields=lat_deg,icao24&limit=1")).json()["aircraft"][0]
        assert list(some) == ["icao24", "lat_deg"]
        text = (await client.get("/api/v1/aircraft/480001?format=csv&fields=icao24,callsign")).text
        assert text == "icao24,callsign\r\n480001,TST0001\r\n"

    served(app_of(node_with(100)), scenario)


def test_one_aircraft():
    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/aircraft/480001")).json()
        assert (body["icao24"], body["picture"]) == ("480001", 1)
        assert (await client.get("/api/v1/aircraft/~480031")).json()["address_kind"] == "anonymous"
        assert (await client.get("/api/v1/aircraft/480031")).status_code == 404
        assert (await client.get("/api/v1/aircraft/480031?address_kind=anonymous")).status_code == 404
        assert (await client.get("/api/v1/aircraft/48003")).status_code == 400

    served(app_of(node_with(100)), scenario)


def test_states_of_one_aircraft_have_their_ages_at_their_own_time():
    rows = past(8, 3)

    class WithStates(FakeHistory):
        def states(self, from_ns: int, until_ns: int, **wanted: Any) -> Any:
            mine = rows.take(np.flatnonzero((rows.icao == wanted["icao"][0]) & (rows.time_ns >= from_ns)))
            table = AircraftTable.concat(table_of_positions(mine.slice(k, k + 1)) for k in range(len(mine)))
            tas = np.full(len(table), 450, np.float32)
            return replace(table, tas_kt=tas, air_time_ns=table.seen_time_ns - 3 * S)

    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/states/480001?from=-1h")).json()
        assert (body["total"], len(body["states"])) == (8, 8)
        assert {(row["tas_kt"], row["air_age_s"], row["seen_s"]) for row in body["states"]} == {(450.0, 3.0, 0.0)}
        times = [row["seen_time"] for row in body["states"]]
        assert times == sorted(times)
        some = (await client.get("/api/v1/states/480001?from=-1h&limit=3")).json()["states"]
        assert [row["seen_time"] for row in some] == [times[0], times[3], times[7]]

    node = node_with(100)
    node.history = WithStates(rows)
    served(app_of(node), scenario)


def test_one_aircraft_at_a_moment_of_the_record():
    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/aircraft/480001?at=-10min")).json()
        row = past().take(np.flatnonzero((past().icao == 0x480001) & (past().time_ns <= NOW_NS - 600 * S))[:1])
        assert (body["icao24"], body["lat_deg"], body["altitude_ft"]) == ("480001", row.lat_deg[0], row.altitude_ft[0])
        assert (body["verdict"], body["parent"], body["provenance"]) == ("consistent", int(row.parent[0]), "received")
        # It was known with the position; when it was said is not.
        assert "callsign" in body
        assert "callsign_age_s" not in body
        assert (await client.get("/api/v1/aircraft/480001?at=-1d")).status_code == 404
        assert (await client.get("/api/v1/aircraft/480031?at=-10min&address_kind=anonymous")).status_code == 404

    served(app_of(node_with(100, history=past())), scenario)


@pytest.mark.parametrize("limit", [1, 7, 250, 10_000])
def test_pages_of_the_record_have_each_row_once(limit: int):
    rows = past(8, 15)

    async def scenario(client: Any) -> None:
        got, cursor, pages = [], "", 0
        while True:
            query = f"/api/v1/positions?from=-15min&limit={limit}" + (f"&cursor={cursor}" if cursor else "")
            body = (await client.get(query)).json()
            got += body["positions"]
            pages += 1
            cursor = body.get("next", "")
            if not cursor:
                break
        assert len(got) == len(rows)
        assert len({(row["icao24"], row["time"]) for row in got}) == len(rows)
        if limit == 10_000:
            assert pages == 1

    served(create_app(node_with(5, history=rows), FAST), scenario)


def test_questions_to_the_record():
    rows = past()
    rows.verdict[5], rows.reason[5] = 3, 1

    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/positions?hex=480003&from=-1h")).json()
        assert {row["icao24"] for row in body["positions"]} == {"480003"}
        assert len(body["positions"]) == 30
        times = [row["time"] for row in body["positions"]]
        assert times == sorted(times)
        assert list(body["positions"][0])[:2] == ["time", "time_s"]
        assert {column.name for column in POSITIONS} >= set(body["positions"][0])
        box = (await client.get("/api/v1/positions?from=-1h&area=52,4,53,6&limit=10000")).json()["positions"]
        assert len(box) == int(((rows.lat_deg >= 52) & (rows.lat_deg <= 53) & (rows.lon_deg >= 4) & (rows.lon_deg <= 6) & (rows.verdict != 3)).sum())  # fmt: skip  # noqa: E501
        bad = (await client.get("/api/v1/positions?from=-1h&contradicted=true&verdict=contradicted")).json()[
            "positions"
        ]
        assert [(row["verdict"], row["reason"]) for row in bad] == [("contradicted", "speed")]
        iso = await client.get("/api/v1/positions?from=2025-12-31T23:59:30Z&until=2026-01-01T01:00:00%2B01:00")
        assert 0 < len(iso.json()["positions"]) <= 20
        assert (await client.get("/api/v1/positions?from=2025-12-31T23:59:30")).status_code == 400  # which zone?
        assert (await client.get("/api/v1/positions?from=-40d")).status_code == 400
        assert (await client.get("/api/v1/positions?from=-1h&until=-2h")).status_code == 400

    served(create_app(node_with(5, history=rows), FAST), scenario)


def test_a_page_costs_no_more_than_its_steps():
    kept = FakeHistory(past(2, 3))
    node = node_with(5)
    node.history = kept

    async def scenario(client: Any) -> None:
        cursor, asked = "", 0
        for page in range(25):
            kept.asked.clear()
            more = f"&cursor={cursor}" if cursor else ""
            body = (await client.get(f"/api/v1/positions?from=-1d{more}")).json()
            assert len(kept.asked) <= 60
            assert all(until - since <= 60 * S for since, until in kept.asked)
            asked += len(kept.asked)
            cursor = body.get("next", "")
            assert (body["positions"] == []) == (page < 23)
            if not cursor:
                break
        assert asked == 24 * 60
        assert len(body["positions"]) == 6

    served(create_app(node, FAST), scenario)


def test_tracks_are_thinned_not_cut():
    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/tracks/480003?limit=10")).json()
        assert (body["total"], body["is_thinned"], len(body["positions"])) == (30, True, 10)
        whole = (await client.get("/api/v1/tracks/480003")).json()["positions"]
        assert whole[0] == body["positions"][0]
        assert whole[-1] == body["positions"][-1]
        assert [row["time"] for row in whole] == sorted(row["time"] for row in whole)
        assert (await client.get("/api/v1/tracks/abcdef")).status_code == 404
        assert (await client.get("/api/v1/tracks/480003?from=-3d")).status_code == 400

    served(create_app(node_with(5, history=past()), FAST), scenario)


def test_a_node_without_a_record_and_one_with_a_damaged_one():
    async def nothing(client: Any) -> None:
        for path in ("/positions", "/tracks/480001", "/days"):
            response = await client.get(f"/api/v1{path}")
            assert response.status_code == 404
            assert "keeps no record" in response.json()["detail"]

    served(create_app(node_with(5), FAST), nothing)
    node = node_with(5)

    class Damaged(FakeHistory):
        def positions(self, *args: Any, **given: Any) -> Positions:
            raise ArchiveError("it is damaged", source="/srv/secret/path.parquet")

    node.history = Damaged(past(1, 1))

    async def damaged(client: Any) -> None:
        response = await client.get("/api/v1/positions")
        assert response.status_code == 503
        assert "secret" not in response.text

    served(create_app(node, FAST), damaged)


def test_receivers_tell_watermarks_and_no_exact_place():
    async def scenario(client: Any) -> None:
        for path in ("/api/v1/receivers", "/api/v1/sources"):
            (row,) = (await client.get(path)).json()["receivers"]
            assert (row["watermark_connection"], row["watermark_sequence"]) == (1, 99)
            assert row["watermark_time"].startswith("2026-01-01T00:00:00")
            assert row["place_is_exact"] is False
            assert row["lat_deg"] != 52.25
            assert "rtt_ms" not in row
            assert "10.0.0.7" not in json.dumps(row)  # where it comes from is nobody's business
            assert not [name for name in row if "range" in name]

    served(create_app(node_with(5, is_public=True), FAST), scenario)


def test_status_and_days():
    async def scenario(client: Any) -> None:
        body = (await client.get("/api/v1/status")).json()
        assert body["frames_by_status"]["parity"] == 100
        assert body["positions_by_verdict"]["consistent"] == 900
        assert body["records"] is True
        assert (await client.get("/api/v1/days")).json() == {"days": ["2025-12-31", "2026-01-01"]}

    served(create_app(node_with(5, history=past(1, 1)), FAST), scenario)


def test_times_and_areas():
    assert parse_time("2026-01-01T00:00:00Z") == 1767225600 * S
    assert parse_time("2026-01-01T01:00:00.5+01:00") == 1767225600 * S + S // 2
    assert parse_time("1767225600.25") == 1767225600 * S + S // 4
    assert parse_time("-90s") == ("before", 90 * S)
    for text in ("", "now", "2026-01-01", "-5x", "1e9", "99999999999", "-1", "٣", "1950-01-01T00:00:00Z" * 2):
        with pytest.raises(Problem):
            parse_time(text)
    crossing = parse_area("-10,170,10,-170")
    lon = np.array([175.0, -175.0, 0.0, np.nan])
    assert crossing.holds(np.zeros(4), lon).tolist() == [True, True, False, False]
    for text in ("1,2", "1,2,3,4,5", "a,b,c", "91,0,5", "10,0,5,0", "0,0,0", "0,0,-1", "1e3,0,1,1", "inf,0,1", ",,,"):
        with pytest.raises(Problem):
            parse_area(text)


def test_the_form_a_client_likes_best():
    every = list(FORMATS)
    assert negotiated("", None, every) == "json"
    assert negotiated("*/*", None, every) == "json"
    assert negotiated("text/*;q=0.5, application/json;q=0.4", None, every) == "csv"
    assert negotiated("text/csv, application/json", None, every) == "json"
    assert negotiated("text/csv, */*;q=0.1", None, every) == "csv"
    assert negotiated("text/html, application/vnd.apache.arrow.stream", None, every) == "arrow"
    for accept in ("text/html", "application/json;q=0", "application/json;q=x"):
        with pytest.raises(Problem):
            negotiated(accept, None, every)
