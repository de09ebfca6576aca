"""Layers of the map in Debian's Chromium: what they count, and that they say no more than that."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
import uvicorn
from litestar import Litestar

from skywitness.batches import Positions
from skywitness.tracks.aircraft import table_of_positions
from skywitness.views.api import existing, stream
from skywitness.views.api.app import ApiSettings, create_app
from skywitness.views.web_page import WebFiles
from tests.kept_history import Kept
from tests.node_from import node_of, picture_of
from tests.rows_from import positions_from

CHROMIUM = shutil.which("chromium")
WAIT_S = 20.0
MLAT = 3
NONE = 255

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]

AIRCRAFT = [
    # latitude, longitude, NIC, source, on the ground
    (20.2, -40.8, 8, 0, False),
    (20.4, -40.6, 7, 0, False),
    (20.6, -40.4, 6, 0, False),
    (20.8, -40.2, 0, 0, False),
    # None of these counts: no NIC told, not its own report, on the ground.
    (20.5, -40.5, NONE, 0, False),
    (20.3, -40.3, 0, MLAT, False),
    (20.1, -40.1, 0, 0, True),
    # Alone in its square.
    (-21.5, 40.5, 3, 0, False),
]


def rows_at(now_ns: int) -> Positions:
    """All of them at one moment."""
    count = len(AIRCRAFT)
    rows = positions_from(count)
    lat, lon, nic, source, on_ground = zip(*AIRCRAFT, strict=True)
    known = {
        "time_ns": np.full(count, now_ns, np.int64),
        "icao": np.arange(0x400001, 0x400001 + count, dtype=np.uint32),
        "address_kind": np.zeros(count, np.uint8),
        "lat_deg": np.array(lat),
        "lon_deg": np.array(lon),
        "nic": np.array(nic, np.uint8),
        "on_ground": np.array(on_ground, np.uint8),
        "altitude_ft": np.full(count, 34_000, np.float32),
        "groundspeed_kt": np.zeros(count, np.float32),
        "source": np.array(source, np.uint8),
        "verdict": np.ones(count, np.uint8),
    }
    others = {name: getattr(rows, name) for name in Positions.names() if name not in known}
    return Positions(**known, **others)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a node is served whose aircraft stay where they are."""
    node = node_of()
    node.history = Kept(rows_at(time.time_ns()))

    async def tell() -> None:
        number = 0
        while True:
            now_ns = time.time_ns()
            number += 1
            table = table_of_positions(rows_at(now_ns), np.full(len(AIRCRAFT), 50))
            node.hub.publish(picture_of(table, now_ns, number))
            await asyncio.sleep(1)

    @contextlib.asynccontextmanager
    async def telling(app: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(tell())
        yield
        task.cancel()

    app = create_app(node, ApiSettings(), [existing.handlers, stream.handlers])
    app._lifespan_managers.append(telling)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def wait(page, condition: str) -> None:
    """Wait until it is true; by questions from outside, since the page's policy forbids code made of text."""
    end = time.monotonic() + WAIT_S
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, condition
        time.sleep(0.1)


def test_degraded_navigation_is_counted_by_square_and_told_on_a_click(port: int) -> None:
    from playwright.sync_api import sync_playwright

    failures: list[str] = []
    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": 900, "height": 560}, color_scheme="dark")
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: said.type == "error" and failures.append(said.text))
        page.goto(f"http://127.0.0.1:{port}/?lat=10&lon=-20&zoom=2&layers=gnss")
        wait(page, f"window.skywitness && window.skywitness.table.count === {len(AIRCRAFT)}")
        wait(page, "window.skywitness.map.querySourceFeatures('gnss').length >= 2")
        cells = page.evaluate(
            "window.skywitness.map.querySourceFeatures('gnss').map(f => [f.properties.low, f.properties.of])"
        )
        assert {tuple(cell) for cell in cells} == {(2, 4), (1, 1)}
        assert page.evaluate(
            "window.skywitness.map.queryRenderedFeatures({layers: ['gnss']}).every(f => f.properties.of >= 3)"
        )
        page.evaluate(
            "void window.skywitness.map.fire('click', {lngLat: Object.assign({lat: 20.05, lng: -40.95},"
            " {wrap() { return this; }}), point: {x: 5, y: 5}, originalEvent: new MouseEvent('click')})"
        )
        wait(page, "document.body.textContent.includes('20°N 41°W: 2 of 4 aircraft reported degraded navigation')")
        assert "jamming" not in page.evaluate("document.body.textContent").lower()
        browser.close()
    assert failures == []
