"""Every request that an unmodified tar1090 page makes, in the order of docs/guide/clients.md."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest

from skywitness.coverage.report import SECTORS, ReceiverReport
from skywitness.frames.receiver import Place, Receiver, receiver_id
from skywitness.identity.table import Entry, IdentityTable
from skywitness.positions.formats.aircraft_json import AircraftJsonReader
from skywitness.positions.formats.trace import TraceReader
from skywitness.tracks.aircraft import aircraft_table
from skywitness.views.feeds.heatmap import HALF_HOUR_NS
from skywitness.views.privacy import Blur, Privacy
from tests.aircraft_from import NOW_NS, aircraft_from
from tests.node_from import client_of, node_of, picture_of
from tests.rows_from import BEGIN_NS, positions_from
from tests.unit.views.feeds.test_heatmap import parse

S = 1_000_000_000
TABLE = aircraft_table(*aircraft_from(300))
ROWS = positions_from(4000, seconds=7200.0, aircraft=5)
ROWS = ROWS.take(ROWS.verdict != 3)
AFTER_NS = BEGIN_NS + 4 * 3600 * S
DAY = datetime.fromtimestamp(BEGIN_NS // S, UTC)


def icao_rows():
    """One ICAO aircraft of the record: its name and rows."""
    icao = int(ROWS.icao[ROWS.address_kind == 0][0])
    return f"{icao:06x}", ROWS.take((ROWS.icao == icao) & (ROWS.address_kind == 0))


def test_receiver_json_is_the_profile_that_needs_no_tiles():
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)]) as client:
        read = client.get("/data/receiver.json").json()
    wanted = {"refresh": 1000, "history": 0, "readsb": True, "dbServer": True, "haveTraces": True, "outlineJson": True}
    assert {key: read[key] for key in wanted} == wanted
    assert read["version"].startswith("skywitness ")
    assert not {"lat", "lon", "globeIndexGrid", "binCraft", "reapi"} & read.keys()


def test_aircraft_json_is_fresh_and_its_time_increases():
    node = node_of()
    with client_of(node, [picture_of(TABLE, NOW_NS)]) as client:
        first = client.get("/data/aircraft.json?1700000000123")
        assert first.headers["content-type"] == "application/json"
        assert "no-cache" in first.headers["cache-control"]
        again = client.get("/data/aircraft.json")
        assert again.content == first.content  # made once
        node.hub.publish(picture_of(TABLE, NOW_NS + S, 2))
        second = client.get("/data/aircraft.json").json()
    assert second["now"] > first.json()["now"]
    assert second["messages"] == 2000
    assert len(first.json()["aircraft"]) > 100
    assert len(AircraftJsonReader().push(first.content)) > 50


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity", "gzip;q=0, zstd;q=0", "br"])
def test_bodies_are_compressed_as_the_client_wishes(encoding):
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)]) as client:
        found = client.get("/data/aircraft.json", headers={"accept-encoding": encoding})
        plain = client.get("/data/aircraft.json", headers={"accept-encoding": "identity"})
    assert found.headers.get("content-encoding", "") == (encoding if encoding in ("gzip", "zstd") else "")
    assert found.json() == plain.json()
    assert found.headers["vary"] == "Accept-Encoding"


def test_before_the_first_picture_the_client_is_told_to_come_again():
    with client_of(node_of()) as client:
        found = client.get("/data/aircraft.json")
    assert found.status_code == 503
    assert found.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["upintheair.json", "chunks/chunks.json", "globeRates.json"])
def test_files_the_page_does_without(path):
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)]) as client:
        assert client.get(f"/{path}").status_code == 404


def test_stats_status_and_outline():
    node = node_of()
    pictures = [
        picture_of(TABLE, NOW_NS + k * 10 * S, k + 1, frames=k * 50, statuses=(k * 40, k, 0, k)) for k in range(9)
    ]
    with client_of(node, pictures) as client:
        stats = client.get("/data/stats.json").json()
        status = client.get("/data/status.json").json()
        outline = client.get("/data/outline.json").json()
    assert {"latest", "last1min", "last5min", "last15min", "total"} <= stats.keys()
    assert stats["last1min"]["messages"] == 6000
    assert stats["last1min"]["remote"]["accepted"] == [240, 6]
    assert stats["last1min"]["end"] - stats["last1min"]["start"] == pytest.approx(60)
    assert stats["total"]["remote"]["modes"] == 400
    assert status["messages"] == 9000
    assert outline == {"actualRange": {"last24h": {"points": []}}}


def test_places_are_those_the_privacy_tells():
    place = Place(52.0, 4.0, 10.0)
    receiver = Receiver(0, "roof", receiver_id("roof"), place=place)
    privacy = Privacy(Blur(b"x" * 32, 5.0))
    node = node_of()

    report = ReceiverReport(
        receiver=receiver, url="", connected=True, since_ns=0, seen_ns=NOW_NS, bytes_in=0, frames=0, accepted=0,
        rejected={}, unique=0, shared=0, positions=0, rate_frames_s=0.0, range_nmi=(0.0,) * SECTORS,
        range_ft=(math.nan,) * SECTORS, clock="none", clock_offset_ms=math.nan, clock_jumps=0, rtt_ms=math.nan,
        quarantined=False, watermark=None,
    )  # fmt: skip
    privacy.update([report], picture_of(TABLE, NOW_NS))
    centre = privacy.centre()
    assert centre is not None
    assert (centre.lat_deg, centre.lon_deg) != (52.0, 4.0)
    with client_of(node, [picture_of(TABLE, NOW_NS)], privacy=privacy) as client:
        told = client.get("/data/receiver.json").json()
        aircraft = client.get("/data/aircraft.json").json()["aircraft"]
        old = client.get("/dump1090/data/receiver.json").json()
        outline = client.get("/data/outline.json").json()["actualRange"]["last24h"]["points"]
    assert (told["lat"], told["lon"]) == (old["lat"], old["lon"]) == (centre.lat_deg, centre.lon_deg)
    placed = [one for one in aircraft if "lat" in one]
    assert placed
    assert all("r_dst" in one for one in placed)
    assert outline == [
        [lat, lon, 0 if math.isnan(feet) else round(feet)] for lat, lon, feet in privacy.outline.points()
    ]


def test_live_traces():
    name, rows = icao_rows()
    now_ns = int(rows.time_ns[-1]) + S
    identity = IdentityTable.of([Entry(int(name, 16), "N1", "B738")])
    with client_of(node_of(ROWS), [picture_of(TABLE, now_ns)], identity=identity) as client:
        full = client.get(f"/data/traces/{name[-2:]}/trace_full_{name}.json")
        recent = client.get(f"/data/traces/{name[-2:]}/trace_recent_{name.upper()}.json").json()
        assert client.get(f"/data/traces/00/trace_full_{name}.json").status_code in (
            404,
            200 if name[-2:] == "00" else 404,
        )
        assert client.get("/data/traces/ff/trace_full_ffffff.json").status_code == 404
        assert client.get("/data/traces/ff/..%2f..%2fetc%2fpasswd").status_code == 404
    assert full.headers["content-encoding"] == "gzip"
    document = full.json()
    assert (document["icao"], document["r"], document["t"]) == (name, "N1", "B738")
    steps = len(np.unique(rows.time_ns // (4 * S)))
    assert len(TraceReader().push(full.content)) == len(document["trace"]) == steps
    assert recent["icao"] == name
    assert 0 < len(recent["trace"]) <= 92
    last = recent["timestamp"] + recent["trace"][-1][0], document["timestamp"] + document["trace"][-1][0]
    assert last[0] == pytest.approx(last[1], abs=0.02)


def test_traces_of_other_addresses_keep_their_tilde():
    other = ROWS.take(ROWS.address_kind != 0)
    name = f"~{int(other.icao[0]):06x}"
    with client_of(node_of(ROWS), [picture_of(TABLE, AFTER_NS)]) as client:
        read = client.get(f"/data/traces/{name[-2:]}/trace_full_{name}.json").json()
    assert read["icao"] == name
    times = [row[0] for row in read["trace"]]
    assert times == sorted(times)


def test_day_traces_are_kept_once_the_day_is_over():
    name, rows = icao_rows()
    node = node_of(ROWS)
    with client_of(node, [picture_of(TABLE, AFTER_NS + 48 * 3600 * S)]) as client:
        slashes = client.get(f"/globe_history/{DAY:%Y/%m/%d}/traces/{name[-2:]}/trace_full_{name}.json")
        asked = node.history.asked
        dashes = client.get(f"/globe_history/{DAY:%Y-%m-%d}/traces/{name[-2:]}/trace_full_{name}.json")
        assert node.history.asked == asked == 1
        for bad in ("2026/13/01", "2026/06/xx", "1/2/3"):
            assert client.get(f"/globe_history/{bad}/traces/{name[-2:]}/trace_full_{name}.json").status_code == 404
        assert client.get(f"/globe_history/2001/01/01/traces/{name[-2:]}/trace_full_{name}.json").status_code == 404
    assert dashes.json() == slashes.json()
    assert slashes.headers["cache-control"] == "public, max-age=1209600"
    midnight = DAY.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    assert slashes.json()["timestamp"] == midnight
    assert slashes.json()["trace"][0][0] == pytest.approx(rows.time_ns[0] / S - midnight, abs=4.01)


def test_replay_files():
    number = BEGIN_NS % (86_400 * S) // HALF_HOUR_NS
    with client_of(node_of(ROWS), [picture_of(TABLE, AFTER_NS)]) as client:
        found = client.get(f"/globe_history/{DAY:%Y/%m/%d}/heatmap/{number:02d}.bin.ttf")
        dashed = client.get(f"/globe_history/{DAY:%Y-%m-%d}/heatmap/{number:02d}.bin.ttf")
        for bad in (f"{number - 1:02d}.bin.ttf", "48.bin.ttf", "1.bin.ttf", "../x"):
            assert client.get(f"/globe_history/{DAY:%Y/%m/%d}/heatmap/{bad}").status_code == 404
    assert found.headers["content-encoding"] == "gzip"
    assert found.content == dashed.content
    slices = parse(found.content)
    assert sum(len(part["places"]) for part in slices) > 100
    assert slices[0]["time_ms"] == BEGIN_NS // HALF_HOUR_NS * HALF_HOUR_NS // 1_000_000


def test_the_database_folder():
    few = IdentityTable.of([Entry(0x15405E, "RA-82035", "A124", 3, "An-124")])
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)], identity=few) as client:
        found = client.get("/db/1.js")
        assert found.headers["content-encoding"] == "gzip"
        assert found.json() == {"5405E": ["RA-82035", "A124", "11", "An-124"]}
        assert client.get("/db/2.js").status_code == 404
        assert client.get("/db/ranges.js").status_code == 404
        plain = client.get("/db/1.js", headers={"accept-encoding": "identity"})
        assert plain.json() == found.json()
    many = IdentityTable.of(Entry(icao, f"R{icao}") for icao in range(0x100000, 0x200000, 100))
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)], identity=many) as client:

        def look_up(address: str) -> str:
            prefix = address[0]
            while True:  # as the page does: the rest of the address, or the longer prefix
                document = client.get(f"/db/{prefix}.js").json()
                if address[len(prefix) :] in document:
                    return str(document[address[len(prefix) :]][0])
                prefix = address[: len(prefix) + 1]
                assert prefix in document["children"]

        for icao in (0x100000, 0x100064, 0x1F1C98 - (0x1F1C98 - 0x100000) % 100):
            assert look_up(f"{icao:06X}") == f"R{icao}"


def test_the_query_interface_as_the_page_asks_it():
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)]) as client:
        found = client.get("/re-api/?json&box=-90,90,-180,180").json()
        assert client.get("/re-api/?binCraft&zstd&box=-90,90,-180,180").status_code == 400
        assert client.get("/re-api/?status").status_code == 200
    assert found["resultCount"] == len(found["aircraft"]) > 50
    assert found["now"] == pytest.approx(NOW_NS / S, abs=1e-3)


def test_without_a_record_the_last_half_hour_is_shown():
    node = node_of()
    moved = TABLE.take(np.flatnonzero(NOW_NS - TABLE.position_time_ns < 8 * S)[:1])
    key = int(moved.icao[0])
    name = f"{'~' if moved.address_kind[0] else ''}{key:06x}"
    with client_of(node, [picture_of(TABLE, NOW_NS)]) as client:
        read = client.get(f"/data/traces/{name[-2:]}/trace_full_{name}.json").json()
    assert [row[1:3] for row in read["trace"]] == [[round(moved.lat_deg[0], 6), round(moved.lon_deg[0], 6)]]


def test_gzip_is_really_gzip():
    with (
        client_of(node_of(), [picture_of(TABLE, NOW_NS)]) as client,
        client.stream("GET", "/data/aircraft.json", headers={"accept-encoding": "gzip"}) as found,
    ):
        raw = b"".join(found.iter_raw())
    assert json.loads(gzip.decompress(raw))["aircraft"]
