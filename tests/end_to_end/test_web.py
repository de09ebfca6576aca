"""The map in Debian's Chromium: under its policy, without an error, without a request to elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import uvicorn
from litestar import Litestar

from skywitness.batches import Positions
from skywitness.coverage.report import ReceiverReport
from skywitness.tracks.aircraft import AircraftTable, table_of_positions
from skywitness.views.api import existing, stream
from skywitness.views.api.app import ApiSettings, create_app
from skywitness.views.web_page import WebFiles
from tests.kept_history import Kept
from tests.node_from import node_of, picture_of
from tests.rows_from import positions_from

CHROMIUM = shutil.which("chromium")
S = 1_000_000_000
WAIT_S = 60.0
AIRCRAFT = 60
SCRIPT = "<img src=x>"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


def packed(callsign: str) -> int:
    """Eight characters of six bits."""
    bits = 0
    for letter in callsign.ljust(8):
        bits = bits << 6 | (ord(letter) - 64 if letter.isalpha() else ord(letter))
    return bits


def rows_at(time_ns: int, step: float) -> Positions:
    """Aircraft in rows over the North Sea, all flying east; the first two are in an emergency and on the ground."""
    number = np.arange(AIRCRAFT)
    rows = positions_from(AIRCRAFT)
    known = {
        "time_ns": np.full(AIRCRAFT, time_ns - S // 5),
        "icao": (0x400000 + number * 97).astype(np.uint32),
        "address_kind": np.zeros(AIRCRAFT, np.uint8),
        "lat_deg": 51.0 + 0.5 * (number // 10),
        "lon_deg": 1.0 + 0.5 * (number % 10) + 0.003 * step,
        "on_ground": (number == 1).astype(np.uint8),
        "altitude_ft": np.where(number == 1, np.nan, number * 700.0).astype(np.float32),
        "altitude_geom_ft": np.full(AIRCRAFT, np.nan, np.float32),
        "groundspeed_kt": np.full(AIRCRAFT, 420, np.float32),
        "track_deg": np.full(AIRCRAFT, 90, np.float32),
        "vertical_rate_fpm": np.zeros(AIRCRAFT, np.float32),
        "callsign": np.array([packed(f"TST{n:03d}") for n in number], np.uint64),
        "squawk": np.where(number == 0, 0o7700, 0o2000 + number).astype(np.uint16),
        "source": np.where(number == 2, 3, 0).astype(np.uint8),
        "verdict": np.ones(AIRCRAFT, np.uint8),
    }
    others = {name: getattr(rows, name) for name in Positions.names() if name not in known}
    return Positions(**known, **others)


def table_at(now_ns: int, step: float) -> AircraftTable:
    """The same as states."""
    return table_of_positions(rows_at(now_ns, step), np.full(AIRCRAFT, 50))


@dataclass
class Flying:
    """A node whose aircraft fly, and its web server in a thread."""

    port: int = 0
    start_ns: int = field(default_factory=time.time_ns)
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None
    is_silent: bool = False
    receivers: Sequence[ReceiverReport] = ()

    def start(self) -> None:
        rows = [rows_at(self.start_ns - back * S, -back) for back in range(1800, 0, -15)]
        node = node_of()
        node.receivers = lambda: self.receivers
        node.history = Kept(Positions.concat(rows))

        async def fly() -> None:
            for step in range(10_000):
                now_ns = time.time_ns()
                if not self.is_silent:
                    table = table_at(now_ns, (now_ns - self.start_ns) / S)
                    node.hub.publish(picture_of(table, now_ns, step + 1))
                await asyncio.sleep(1)

        @contextlib.asynccontextmanager
        async def flying(app: Litestar) -> AsyncIterator[None]:
            task = asyncio.create_task(fly())
            yield
            task.cancel()

        app = create_app(node, ApiSettings(), [existing.handlers, stream.handlers])
        app._lifespan_managers.append(flying)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self.server is not None and self.thread is not None:
            self.server.should_exit = True
            self.thread.join()
            self.server = None


@pytest.fixture(scope="module")
def node() -> Iterator[Flying]:
    flying = Flying()
    flying.start()
    yield flying
    flying.stop()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
        launched = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


class Visit:
    """One page, and what went wrong on it."""

    def __init__(self, browser, node: Flying, path: str = "", size: tuple[int, int] = (1280, 800)) -> None:
        self.failures: list[str] = []
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme="dark")
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.failures.append(said.text))
        self.page.on("request", lambda request: self.look(request.url))
        self.page.goto(f"http://127.0.0.1:{node.port}/{path}")

    def look(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1" and urlsplit(url).scheme not in ("blob", "data"):
            self.failures.append(f"asks {url}")

    def wait(self, condition: str) -> None:
        """Wait until it is true; by questions from outside, since the page's policy forbids code made of text."""
        end = time.monotonic() + WAIT_S
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"{condition}: {self.failures}"
            time.sleep(0.05)

    def close(self) -> None:
        self.page.close()
        assert self.failures == []


@pytest.fixture
def visit(browser, node):
    opened: list[Visit] = []

    def open_page(path: str = "", size: tuple[int, int] = (1280, 800)) -> Visit:
        opened.append(Visit(browser, node, path, size))
        opened[-1].wait(f"window.skywitness && window.skywitness.table.count === {AIRCRAFT}")
        return opened[-1]

    yield open_page
    for each in opened:
        each.close()


def picture(page, box: dict[str, int]) -> bytes:
    """Return a picture of a part of the page."""
    return page.screenshot(clip=box)


def test_aircraft_appear_and_move(visit, tmp_path: Path):
    """60 aircraft are drawn where they are; a second later they have moved on without a new picture."""
    opened = visit()
    opened.wait("window.skywitness.map.loaded()")
    page = opened.page
    place = "JSON.stringify(window.skywitness.shownPixel('400000'))"
    first = page.evaluate(place)
    opened.wait(f"{place} !== {first!r}")
    assert "simulated" not in page.inner_text("header").lower()
    assert page.inner_text(".lamp") == "live"
    x, y = page.evaluate("(({x, y}) => [x, y])(window.skywitness.shownPixel('400000'))")
    page.screenshot(path=str(tmp_path / "map.png"))
    around = picture(page, {"x": int(x) - 20, "y": int(y) - 20, "width": 40, "height": 40})
    empty = picture(page, {"x": int(x) - 20, "y": int(y) + 26, "width": 40, "height": 40})
    assert len(around) > 1.3 * len(empty), "nothing is drawn where the aircraft is"


def test_a_browser_without_webgl_is_told(browser, node, tmp_path: Path):
    """The page is not left empty: it says what is missing, and where the data is without a map."""
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"http://127.0.0.1:{node.port}/")
    told = page.get_by_role("alert")
    told.wait_for()
    assert "WebGL 2" in told.inner_text()
    assert page.request.get(told.get_by_role("link").evaluate("link => link.href")).json()["openapi"]
    page.screenshot(path=str(tmp_path / "no_webgl.png"))
    page.close()


def test_headers(node):
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{node.port}/") as answer:
        policy, text = answer.headers["content-security-policy"], answer.read().decode()
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy
        etag = answer.headers["etag"]
    asset = next(part[2:] for part in text.split('"') if part.startswith("./assets/") and part.endswith(".js"))
    request = urllib.request.Request(f"http://127.0.0.1:{node.port}/{asset}", headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["content-encoding"] == "br"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/javascript")
    request = urllib.request.Request(f"http://127.0.0.1:{node.port}/", headers={"If-None-Match": etag})
    with pytest.raises(urllib.request.HTTPError) as unchanged:
        urllib.request.urlopen(request)
    assert unchanged.value.code == 304


def test_it_comes_back_after_the_node_did(visit, node):
    opened = visit()
    opened.wait("document.querySelector('.lamp').textContent === 'live'")
    node.stop()
    opened.wait("document.querySelector('.lamp').dataset.state === 'lost'")
    node.start()
    opened.wait("document.querySelector('.lamp').textContent === 'live'")
    assert opened.page.evaluate("window.skywitness.table.count") == AIRCRAFT
    # That a socket could not be opened is told by the browser, whatever the page does.
    opened.failures[:] = [words for words in opened.failures if "WebSocket connection" not in words]
