"""Debian's dump1090-mutability page in Chromium, its data from us: rows show altitude, speed and track."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import re
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import uvicorn
from litestar import Litestar

from skywitness.batches import Positions
from skywitness.tracks.aircraft import AircraftTable, table_of_positions
from skywitness.views.api import existing
from skywitness.views.node import Node
from tests.node_from import node_of, picture_of
from tests.rows_from import positions_from

PAGE = Path("/usr/share/dump1090-mutability/html")
CHROMIUM = shutil.which("chromium")
S = 1_000_000_000
WAIT_MS = 60_000

pytestmark = [
    pytest.mark.skipif(not (PAGE / "gmap.html").exists(), reason="Debian's dump1090-mutability is not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


def packed(callsign: str) -> int:
    """Eight characters of six bits."""
    bits = 0
    for letter in callsign.ljust(8):
        bits = bits << 6 | (ord(letter) - 64 if letter.isalpha() else ord(letter))
    return bits


def table_at(now_ns: int, step: int) -> AircraftTable:
    """Three aircraft that fly east; the last one is on the ground."""
    rows = positions_from(3)
    icao = np.array([0x4D2023, 0x3C6444, 0xABCDEF], np.uint32)
    known = {
        "time_ns": np.full(3, now_ns - S // 5),
        "icao": icao,
        "address_kind": np.zeros(3, np.uint8),
        "lat_deg": np.array([52.0, 52.2, 52.1]),
        "lon_deg": np.array([4.5, 4.6, 4.7]) + 0.003 * step,
        "on_ground": np.array([0, 0, 1], np.uint8),
        "altitude_ft": np.array([31_025, 4_150, np.nan], np.float32),
        "groundspeed_kt": np.array([447, 163, 12], np.float32),
        "track_deg": np.array([91, 178, 270], np.float32),
        "vertical_rate_fpm": np.array([0, -1216, np.nan], np.float32),
        "callsign": np.array([packed("AMC421"), packed("DLH9K"), packed("TAXI1")], np.uint64),
        "squawk": np.array([0o1234, 0o7700, 0o2000], np.uint16),
        "source": np.zeros(3, np.uint8),
    }
    others = {name: getattr(rows, name) for name in Positions.names() if name not in known}
    return table_of_positions(Positions(**known, **others), np.full(3, 50 + step))


@contextlib.contextmanager
def serving(node: Node) -> Iterator[int]:
    """Serve the node's files and publish a picture every second, in a thread; yields the port."""

    async def fly() -> None:
        for step in range(10_000):
            now_ns = time.time_ns()
            node.hub.publish(picture_of(table_at(now_ns, step), now_ns, step + 1))
            await asyncio.sleep(1)

    @contextlib.asynccontextmanager
    async def flying(app: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(fly())
        yield
        task.cancel()

    app = Litestar(existing.handlers(node), openapi_config=None, lifespan=[flying])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def test_the_page_shows_altitude_speed_and_track(tmp_path):
    from playwright.sync_api import Route, sync_playwright

    def answer(route: Route) -> None:
        """Files of the package from disk, data from the node, nothing from elsewhere."""
        address = urlsplit(route.request.url)
        if address.hostname != "127.0.0.1":
            route.abort()
        elif address.path.startswith("/dump1090/data/"):
            asked.append(address.path)
            route.continue_()
        else:
            file = PAGE / address.path.removeprefix("/dump1090/")
            if file.is_file():
                route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0] or "text/plain")
            else:
                route.fulfill(status=404, body="")

    asked: list[str] = []
    failures: list[str] = []
    with serving(node_of()) as port, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.route("**/*", answer)
        page.goto(f"http://127.0.0.1:{port}/dump1090/gmap.html")
        page.get_by_text("4d2023", exact=False).first.wait_for(timeout=WAIT_MS)
        cells: dict[str, list[str]] = {}
        for row in page.locator("tr").all():
            texts = [text.strip() for text in row.locator("td").all_inner_texts()]
            for name in ("4D2023", "3C6444", "ABCDEF"):
                if name in (text.upper() for text in texts):
                    cells[name] = texts
        page.screenshot(path=str(tmp_path / "dump1090.png"))
        shown = page.inner_text("body")
        browser.close()
    assert {"/dump1090/data/receiver.json", "/dump1090/data/aircraft.json"} <= set(asked)
    assert not failures

    def plain(texts: list[str]) -> list[str]:
        return [re.sub(r"[^A-Za-z0-9]", "", text) for text in texts]  # no separators, no arrows of climb

    assert cells.keys() == {"4D2023", "3C6444", "ABCDEF"}, shown
    for name, wanted in {
        "4D2023": ("AMC421", "1234", "31025", "447", "91"),
        "3C6444": ("DLH9K", "7700", "4150", "163", "178"),
        "ABCDEF": ("TAXI1", "2000", "ground", "12", "270"),
    }.items():
        assert set(wanted) <= set(plain(cells[name])), cells[name]
