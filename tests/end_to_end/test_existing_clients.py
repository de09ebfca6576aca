"""Clients that others have written and published, unchanged, with a node in the place of their server."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import make_certificate
from tests.serving import Node, running, until

aiohttp = pytest.importorskip("aiohttp")
python_opensky = pytest.importorskip("python_opensky")
blips = pytest.importorskip("blips._adsb")

OPENSKY = "opensky-network.org"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that plays the demonstration and bears a certificate of OpenSky's name."""
    directory: Path = tmp_path_factory.mktemp("node")
    certificate, key = make_certificate(directory, OPENSKY, "127.0.0.1")
    (directory / "skywitness.toml").write_text(
        f'[http]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\nhosts = ["{OPENSKY}"]\n'
    )
    trusting = ssl.create_default_context(cafile=str(certificate))
    with running(directory, "--source", "demo=demo?loop=1", trust=trusting) as started:
        until(lambda: sum("lat" in one for one in aircraft(started)) >= 5)
        yield started


def aircraft(node: Node) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node.json("/data/aircraft.json")["aircraft"]
    return found


class ToNode(aiohttp.abc.AbstractResolver):  # type: ignore[misc, name-defined]
    """Leads every name to the node."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[dict[str, Any]]:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": self.port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        pass


def test_a_client_of_opensky_sees_the_same_aircraft(node: Node):
    async def ask(**box: float) -> list[Any]:
        port = int(node.url.rpartition(":")[2])
        connector = aiohttp.TCPConnector(resolver=ToNode(port), ssl=node.trust, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=connector) as session:
            client = python_opensky.OpenSky(session=session)
            given = python_opensky.BoundingBox(**box) if box else None
            return list((await client.get_states(bounding_box=given)).states)

    shown = {one["hex"]: one for one in aircraft(node)}
    states = asyncio.run(ask())
    placed = [state for state in states if state.latitude is not None]
    assert len(placed) >= 5
    assert {state.icao24 for state in placed} & shown.keys()
    for state in placed:
        one = shown.get(state.icao24)
        if one is None or "lat" not in one:
            continue
        assert state.latitude == pytest.approx(one["lat"], abs=0.1)
        assert state.longitude == pytest.approx(one["lon"], abs=0.1)
        if "alt_baro" in one and isinstance(one["alt_baro"], int) and state.barometric_altitude is not None:
            assert state.barometric_altitude == pytest.approx(one["alt_baro"] * 0.3048, abs=500)
        assert (state.callsign or "").strip() == one.get("flight", "").strip() or not state.callsign
        assert state.position_source == python_opensky.PositionSource.ADSB
    lat = sorted(state.latitude for state in placed)[len(placed) // 2]
    half = asyncio.run(ask(min_latitude=lat, max_latitude=89.0, min_longitude=-179.0, max_longitude=179.0))
    assert 0 < len(half) < len(states)
    assert all(state.latitude >= lat - 0.1 for state in half)


@pytest.mark.parametrize("which", range(3))
def test_a_client_of_the_v2_family_sees_the_same_aircraft(node: Node, which: int, monkeypatch: pytest.MonkeyPatch):
    name, url, key = blips.SOURCES[which]
    path = "/" + url.partition("://")[2].partition("/")[2]
    if name == "adsb.fi":  # the path is everybody's, its prefix and the word for the list are not
        path, key = path.removeprefix("/api"), "ac"
    monkeypatch.setattr(blips, "SOURCES", ((name, node.url + path, key),))
    monkeypatch.setattr(ssl, "_create_default_https_context", lambda: node.trust)
    middle = next(one for one in aircraft(node) if "lat" in one)
    found, who = blips.fetch_point(middle["lat"], middle["lon"], 250)
    assert who == name
    assert len(found) >= 5
    shown = {one["hex"]: one for one in aircraft(node)}
    assert {one["hex"] for one in found} & shown.keys()
    (again,) = [one for one in found if one["hex"] == middle["hex"]]
    assert (again["lat"], again["lon"]) == pytest.approx((middle["lat"], middle["lon"]), abs=0.1)
    assert again["callsign"]
    assert all(one["ground"] or one["alt"] is None or -1500 < one["alt"] < 60_000 for one in found)
