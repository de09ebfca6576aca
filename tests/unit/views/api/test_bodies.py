"""Bodies are made once however many ask, and what is kept is bounded."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import numpy as np
import pytest
from litestar.exceptions import HTTPException

from skywitness.tracks.aircraft import AircraftTable, aircraft_table
from skywitness.views.api import dump1090, trails
from skywitness.views.api.bodies import Bodies, Workshop
from skywitness.views.feeds.dump1090_json import dump1090_json
from skywitness.views.node import Hub
from tests.aircraft_from import NOW_NS, S, aircraft_from
from tests.node_from import client_of, node_of, picture_of

TABLE = aircraft_table(*aircraft_from(200))


class Asked:
    """As much of a request as bodies look at."""

    def __init__(self, encoding: str = "gzip") -> None:
        self.headers = {"accept-encoding": encoding}


def test_many_at_once_share_one_body():
    made: list[int] = []

    def make(picture: Any) -> bytes:
        made.append(threading.get_ident())
        return b"x" * 5000

    async def scenario() -> None:
        hub = Hub()
        bodies = Bodies(hub)
        hub.publish(picture_of(AircraftTable.empty(), NOW_NS))
        encodings = ["gzip", "zstd", ""] * 40
        answers = await asyncio.gather(*(bodies.give(Asked(e), "same", make) for e in encodings))
        assert len(made) == 1
        assert made[0] != threading.get_ident()
        assert bodies.made == 3  # plain, gzip, zstd
        assert [a.headers.get("Content-Encoding", "") for a in answers] == encodings
        hub.publish(picture_of(AircraftTable.empty(), NOW_NS + S, 2))
        await bodies.give(Asked(), "same", make)
        assert len(made) == 2

    asyncio.run(scenario())


def test_a_failure_reaches_each_who_waits_and_is_not_kept():
    def fail(picture: Any) -> bytes:
        raise HTTPException(detail="no", status_code=400)

    async def scenario() -> None:
        hub = Hub()
        bodies = Bodies(hub)
        hub.publish(picture_of(AircraftTable.empty(), NOW_NS))
        results = await asyncio.gather(*(bodies.give(Asked(), "bad", fail) for _ in range(3)), return_exceptions=True)
        assert [getattr(result, "status_code", None) for result in results] == [400] * 3

    asyncio.run(scenario())


def test_the_workshop_keeps_few_and_refuses_an_endless_queue():
    gate = threading.Event()

    def slow() -> bytes:
        gate.wait(30)
        return np.random.default_rng(1).bytes(3000)

    async def scenario() -> None:
        shop = Workshop(most_bytes=10_000)
        waiting = [asyncio.create_task(shop.give(Asked(), number, slow, keep=True)) for number in range(32)]
        await asyncio.sleep(0.05)
        with pytest.raises(HTTPException) as caught:
            await shop.give(Asked(), "one more", slow, keep=True)
        assert caught.value.status_code == 503
        assert shop.refused == 1
        gate.set()
        await asyncio.gather(*waiting)
        assert 0 < shop.bytes_kept <= 10_000
        with pytest.raises(HTTPException) as caught:
            await shop.give(Asked(), "nothing", lambda: None, keep=True)
        assert caught.value.status_code == 404

    asyncio.run(scenario())


def test_the_older_dialect_says_the_same():
    read = {one["hex"]: one for one in json.loads(dump1090_json(TABLE, NOW_NS, 7))["aircraft"]}
    with client_of(node_of(), [picture_of(TABLE, NOW_NS)]) as client:
        every = client.get("/data/aircraft.json").json()["aircraft"]
        assert client.get("/dump1090/data/aircraft.json").json()["aircraft"] == list(read.values())
    assert read.keys() == {one["hex"] for one in every}
    for new in every:
        old = read[new["hex"]]
        assert old.get("altitude") == new.get("alt_baro")
        assert ("speed" in old) == ("gs" in new)
        assert "speed" not in old or abs(old["speed"] - new["gs"]) <= 0.5
        assert ("track" in old) == ("track" in new)
        assert old.get("vert_rate") == new.get("baro_rate", new.get("geom_rate"))
        for key in ("flight", "squawk", "lat", "lon", "category", "messages", "seen", "rssi"):
            assert old.get(key) == new.get(key)


def test_the_history_of_the_older_dialect_is_bounded(monkeypatch):
    node = node_of()
    pictures = [picture_of(TABLE, NOW_NS + k * 10 * S, k + 1) for k in range(10)]
    with client_of(node, pictures) as client:
        assert client.get("/dump1090/data/receiver.json").json()["history"] == 4
        times = [client.get(f"/dump1090/data/history_{k}.json").json()["now"] for k in range(4)]
        assert client.get("/dump1090/data/history_4.json").status_code == 404
        assert client.get("/dump1090/data/nonsense").status_code == 404
    assert times == sorted(times)
    monkeypatch.setattr(dump1090, "MOST_HISTORY_BYTES", 10_000)
    files = dump1090.OldFiles()
    for k in range(200):
        files.push(picture_of(TABLE, NOW_NS + k * 30 * S, k + 1))
    assert files.bytes_kept <= 10_000
    assert len(files) <= dump1090.HISTORY_FILES


def test_trails_forget(monkeypatch):
    monkeypatch.setattr(trails, "MOST_ROWS", 1000)
    hub = Hub()
    kept = trails.Trails(hub)
    for k in range(400):
        moved = AircraftTable(**{name: getattr(TABLE, name) for name in TABLE.names() if name != "position_time_ns"},
                              position_time_ns=np.full(len(TABLE), NOW_NS + k * 8 * S))  # fmt: skip
        hub.publish(picture_of(moved, NOW_NS + k * 8 * S, k + 1))
        assert kept.rows <= 1000
    found = kept.positions(0, 1 << 62)
    assert len(found) == kept.rows > 500
    assert found.time_ns.min() >= NOW_NS + 399 * 8 * S - 1800 * S
    one = kept.positions(0, 1 << 62, icao=found.icao[:1], address_kind=found.address_kind[:1])
    assert set(one.icao.tolist()) == {int(found.icao[0])}
    assert len(kept.states(0, 1)) == 0
    assert kept.days() == []
