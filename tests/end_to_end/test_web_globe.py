"""The globe and the marks in Debian's Chromium: drawn where they belong, picked where they are drawn, told apart."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

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
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = Path(__file__).parents[2] / "out" / "web"
S = 1_000_000_000
WAIT_S = 20.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@dataclass(frozen=True)
class One:
    """One aircraft of the test."""

    icao: int
    lat: float
    lon: float
    source: int = 0
    squawk: int = 0o2000
    on_ground: bool = False
    track: float = 90.0
    age_s: float = 0.2
    speed: float = 0.0


ABOVE_GREENLAND = 0x400001
BEHIND = 0x400002
MARKS = {
    0x500001: One(0x500001, 20.0, -40.5),
    0x500002: One(0x500002, 20.0, -40.4, source=3),
    0x500003: One(0x500003, 20.0, -40.3, source=2),
    0x500004: One(0x500004, 20.0, -40.2, on_ground=True),
    0x500005: One(0x500005, 20.0, -40.1, squawk=0o7700),
    0x500006: One(0x500006, 20.0, -40.0, age_s=40.0),
}
AIRCRAFT = [One(ABOVE_GREENLAND, 62.0, -40.0, track=45.0), One(BEHIND, -62.0, 140.0), *MARKS.values()]


def rows_at(now_ns: int) -> Positions:
    """All of them at one moment."""
    count = len(AIRCRAFT)
    rows = positions_from(count)
    known = {
        "time_ns": np.array([now_ns - int(one.age_s * S) for one in AIRCRAFT], np.int64),
        "icao": np.array([one.icao for one in AIRCRAFT], np.uint32),
        "address_kind": np.zeros(count, np.uint8),
        "lat_deg": np.array([one.lat for one in AIRCRAFT]),
        "lon_deg": np.array([one.lon for one in AIRCRAFT]),
        "on_ground": np.array([one.on_ground for one in AIRCRAFT], np.uint8),
        "altitude_ft": np.full(count, 34_000, np.float32),
        "altitude_geom_ft": np.full(count, np.nan, np.float32),
        "groundspeed_kt": np.array([one.speed for one in AIRCRAFT], np.float32),
        "track_deg": np.array([one.track for one in AIRCRAFT], np.float32),
        "vertical_rate_fpm": np.zeros(count, np.float32),
        "callsign": np.zeros(count, np.uint64),
        "squawk": np.array([one.squawk for one in AIRCRAFT], np.uint16),
        "source": np.array([one.source for one in AIRCRAFT], np.uint8),
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


@pytest.fixture(scope="module")
def page(port: int):
    """One page for all tests of the file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        opened = browser.new_page(viewport={"width": 1000, "height": 600}, color_scheme="dark")
        failures: list[str] = []
        opened.on("pageerror", lambda error: failures.append(str(error)))
        opened.on("console", lambda said: said.type == "error" and failures.append(said.text))
        opened.goto(f"http://127.0.0.1:{port}/?lat=40&lon=-40&zoom=1.6&layers=globe")
        wait(opened, f"window.skywitness && window.skywitness.table.count === {len(AIRCRAFT)}")
        # Outlines come when they have come: only the paper is needed.
        act(
            opened,
            "['land', 'grid', 'coast', 'border', 'country'].forEach(name =>"
            " window.skywitness.map.setLayoutProperty(name, 'visibility', 'none'))",
        )
        yield opened
        browser.close()
        assert failures == []


def wait(page, condition: str) -> None:
    """Wait until it is true; by questions from outside, since the page's policy forbids code made of text."""
    end = time.monotonic() + WAIT_S
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def act(page, script: str) -> None:
    """Do something without its result: that may be the map, all of which would be sent here."""
    page.evaluate(f"void ({script})")


READ = """new Promise(done => {
  const {map} = window.skywitness;
  map.once('render', () => {
    const gl = map.getCanvas().getContext('webgl2');
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const pixels = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    let text = '';
    for (let i = 0; i < pixels.length; i += 8192) text += String.fromCharCode(...pixels.subarray(i, i + 8192));
    done([width, height, btoa(text)]);
  });
  map.triggerRepaint();
})"""


def drawn(page) -> np.ndarray:
    """What the canvas shows, once it is at rest: height, width, 3."""
    wait(page, "!window.skywitness.map.isMoving()")
    width, height, packed = page.evaluate(READ)
    pixels = np.frombuffer(base64.b64decode(packed), np.uint8).reshape(height, width, 4)
    return pixels[::-1, :, :3].astype(int)


def pixel_of(page, icao: int) -> tuple[float, float] | None:
    found = page.evaluate(f"window.skywitness.shownPixel('{icao:06x}')")
    return None if found is None else (found["x"], found["y"])


def around(picture: np.ndarray, at: tuple[float, float], half: int) -> np.ndarray:
    x, y = round(at[0]), round(at[1])
    return picture[y - half : y + half + 1, x - half : x + half + 1]


def middle_of_what_differs(
    picture: np.ndarray, empty: np.ndarray, at: tuple[float, float], half: int
) -> tuple[float, float]:
    """Where, from the place it should be at, what is drawn has its middle."""
    differs = np.abs(around(picture, at, half) - around(empty, at, half)).sum(axis=2) > 60
    assert differs.sum() > 15, "nothing is drawn there"
    y, x = np.nonzero(differs)
    return float(x.min() + x.max()) / 2 - half, float(y.min() + y.max()) / 2 - half


def hidden(page, is_hidden: bool) -> None:
    """Draw the map without aircraft, or with them."""
    visibility = "none" if is_hidden else "visible"
    for layer in ("aircraft", "labels"):
        act(page, f"window.skywitness.map.setLayoutProperty('{layer}', 'visibility', '{visibility}')")


def where_it_is_drawn(page, icao: int) -> tuple[float, float]:
    """How far from the pixel that is picked an aircraft is drawn."""
    hidden(page, True)
    empty = drawn(page)
    hidden(page, False)
    act(page, "window.skywitness.commands.set('labels', 0)")
    at = pixel_of(page, icao)
    assert at is not None
    return middle_of_what_differs(drawn(page), empty, at, 20)


def test_on_the_globe_it_is_drawn_and_picked_where_it_is(page):
    wait(page, "window.skywitness.map.getProjection()?.type === 'globe'")
    act(page, "window.skywitness.commands.set('labels', 0)")
    for lat, lon, zoom in ((40, -40, 1.6), (20, -90, 2.0), (62.01, -40.02, 11.0)):
        act(page, f"window.skywitness.map.jumpTo({{center: [{lon}, {lat}], zoom: {zoom}}})")
        at = pixel_of(page, ABOVE_GREENLAND)
        assert at is not None
        if zoom < 10:
            said = page.evaluate("(({x, y}) => [x, y])(window.skywitness.map.project([-40, 62]))")
            assert at == pytest.approx(said, abs=0.6)
        away = where_it_is_drawn(page, ABOVE_GREENLAND)
        assert np.hypot(*away) < 5, (zoom, away)
    act(page, "window.skywitness.map.jumpTo({center: [-40, 40], zoom: 1.6})")
    drawn(page)
    page.mouse.click(*pixel_of(page, ABOVE_GREENLAND))
    wait(page, f"window.skywitness.model.main === {ABOVE_GREENLAND}")
    act(page, "window.skywitness.commands.select(null)")


def test_what_is_behind_the_horizon_is_neither_drawn_nor_picked(page):
    act(page, "window.skywitness.map.jumpTo({center: [-40, 62], zoom: 1.6})")
    picture = drawn(page)
    assert pixel_of(page, BEHIND) is None
    assert pixel_of(page, ABOVE_GREENLAND) is not None
    # On the flat map it would be at this pixel of the far side: click all over the ball's middle row.
    said = page.evaluate("(({x, y}) => [x, y])(window.skywitness.map.project([140, -62]))")
    act(page, f"window.skywitness.map.fire('click', {{point: {{x: {said[0]}, y: {said[1]}}}, originalEvent: {{}}}})")
    assert page.evaluate("window.skywitness.model.main") != BEHIND
    hidden(page, True)
    without = drawn(page)
    hidden(page, False)
    here = pixel_of(page, ABOVE_GREENLAND)
    assert np.abs(around(picture, here, 12) - around(without, here, 12)).sum() > 1000
    act(page, "window.skywitness.commands.select(null)")


def test_switched_back_it_is_flat_again(page):
    act(page, "window.skywitness.tools.toggleLayer('globe', false)")
    wait(page, "window.skywitness.map.getProjection()?.type === 'mercator'")
    wait(page, "!(new URLSearchParams(location.search).get('layers') ?? '').includes('globe')")
    act(page, "window.skywitness.map.jumpTo({center: [-40, 40], zoom: 1.6})")
    assert np.hypot(*where_it_is_drawn(page, ABOVE_GREENLAND)) < 5
    assert pixel_of(page, BEHIND) is not None
    said = page.evaluate("(({x, y}) => [x, y])(window.skywitness.map.project([-40, 62]))")
    assert pixel_of(page, ABOVE_GREENLAND) == pytest.approx(said, abs=0.6)


def ink(picture: np.ndarray, empty: np.ndarray, at: tuple[float, float]) -> np.ndarray:
    """Where something is drawn, whatever its colour."""
    return np.abs(around(picture, at, 24) - around(empty, at, 24)).sum(axis=2) > 100


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_marks_are_told_apart_without_colour(page, theme: str):
    """Each kind of position has a shape of its own: at least a tenth of the ink of any two differs."""
    act(page, f"window.skywitness.commands.set('theme', '{theme}')")
    act(page, "window.skywitness.map.jumpTo({center: [-40.25, 20], zoom: 9.4})")
    # The colour of the paper fades to that of the theme.
    wait(page, "window.skywitness.map.loaded()")
    hidden(page, True)
    empty = drawn(page)
    hidden(page, False)
    act(page, "window.skywitness.commands.set('labels', 0)")
    picture = drawn(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"marks-{theme}.png"))
    inks = {icao: ink(picture, empty, pixel_of(page, icao)) for icao in MARKS}
    assert all(one.sum() > 15 for one in inks.values())
    for a in MARKS:
        for b in MARKS:
            if a < b:
                differ = (inks[a] ^ inks[b]).sum() / (inks[a] | inks[b]).sum()
                assert differ > 0.1, (f"{a:06x}", f"{b:06x}", differ)


def test_marks_are_explained_and_trails_coloured_by_choice(page):
    """The tool tells all marks; trails change their colours with it, and the scale beside them."""
    act(page, "window.skywitness.tools.open('marks')")
    wait(page, "document.querySelector('.marks-tool')?.hidden === false")
    assert page.locator(".marks-tool dt").all_inner_texts()[1:4] == ["Hollow", "Banded", "Broken outline"]
    page.select_option(".marks-tool select", "source")
    assert "MLAT" in page.inner_text(".marks-scale")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run('.marks-tool', {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id))"
    )
    assert found == []
    act(page, f"window.skywitness.commands.select({0x500002})")
    colours = (
        "[...new Set(window.skywitness.trails.features(["
        "{ms: 0, lat: 1, lon: 1, altitude: 9000, speed: 400, source: 0, isOnGround: false},"
        "{ms: 1, lat: 1, lon: 2, altitude: 9000, speed: 400, source: 3, isOnGround: false},"
        "{ms: 2, lat: 1, lon: 3, altitude: 9000, speed: 100, source: 3, isOnGround: false},"
        "{ms: 100000, lat: 1, lon: 4, altitude: 9000, speed: 100, source: 3, isOnGround: false},"
        "{ms: 100001, lat: 1, lon: 5, altitude: 9000, speed: 100, source: 3, isOnGround: false}], Infinity)"
        ".map(f => f.properties.kind + f.properties.colour))]"
    )
    counted = {}
    for by in ("altitude", "speed", "source"):
        page.select_option(".marks-tool select", by)
        found = page.evaluate(colours)
        assert sum(one.startswith("gap") for one in found) == 1, "a silence is never joined"
        counted[by] = len(found) - 1
    assert counted == {"altitude": 1, "speed": 2, "source": 2}
    act(page, "window.skywitness.commands.select(null)")
    act(page, "window.skywitness.tools.open('')")
