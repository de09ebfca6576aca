"""The founding story on the map: asked, seen, played and linked, and what is not known kept apart from it."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import re
import shutil
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from skywitness.run.demo import open_demo
from skywitness.views.web_page import WebFiles
from tests.serving import Node, running

CHROMIUM = shutil.which("chromium")
ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "out" / "web"
QUESTION = "mil:yes to:SVMI time:2019-03"
ANTONOV = "154073@2019-03-22T12:04:55"
WAIT_S = 60.0
KEPT_OUT = "<img src=x onerror=alert(1)>"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[Node]:
    """The demonstration, served."""
    before = os.environ.get("SKYWITNESS_DEMO_DIR")
    os.environ["SKYWITNESS_DEMO_DIR"] = str(Path(sys.prefix) / "skywitness-demo")
    try:
        open_demo()
        with running(tmp_path_factory.mktemp("node"), "--demo") as served:
            served.get(f"/api/v1/find?{urllib.parse.urlencode({'q': QUESTION})}")
            yield served
    finally:
        if before is None:
            del os.environ["SKYWITNESS_DEMO_DIR"]
        else:
            os.environ["SKYWITNESS_DEMO_DIR"] = before


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

    def __init__(self, browser, node: Node, query: str = "", size=(1440, 900), scheme: str = "dark") -> None:
        self.failures: list[str] = []
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.failures.append(said.text))
        self.page.on("request", lambda request: self.look(request.url))
        self.page.goto(f"{node.url}/{query}")
        self.wait("window.skywitness && window.skywitness.map.getSource('ways')")

    def look(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1" and urlsplit(url).scheme not in ("blob", "data"):
            self.failures.append(f"asks {url}")

    def wait(self, condition: str) -> None:
        """Wait until it is true; by questions from outside, since the page's policy forbids code made of text."""
        end = time.monotonic() + WAIT_S
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"{condition}: {self.failures}"
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def violations(self) -> list[str]:
        """What axe finds wrong for those who see little, or use keys alone."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found["violations"]]

    def close(self) -> None:
        self.page.close()
        # The browser itself reports answers that are refused, or not there, as it does for any page.
        assert [words for words in self.failures if "Failed to load resource" not in words] == []


@pytest.fixture
def visit(browser, node):
    opened: list[Visit] = []

    def open_page(query: str = "", size=(1120, 560), scheme: str = "dark") -> Visit:
        # One page at a time: each is drawn without a graphics card.
        while opened:
            opened.pop().close()
        opened.append(Visit(browser, node, query, size, scheme))
        return opened[-1]

    yield open_page
    for each in opened:
        each.close()


def link(**parts: str) -> str:
    return "?" + urllib.parse.urlencode(parts)


ALL_DRAWN = (
    "window.skywitness.model.asking.rows.length === 2 && window.skywitness.model.asking.rows.every("
    "row => window.skywitness.ways.stateOf(row) === 'there')"
)


def test_asked_seen_and_played_by_keyboard_alone(visit):
    """Open, ask with completion, see both journeys with the Syrian stop, play one: under a minute, and no mouse."""
    opened = visit()
    page = opened.page
    opened.press("/")
    page.keyboard.type("mil:yes to:SVM")
    opened.wait("[...document.querySelectorAll('.suggestions li')].some(li => li.textContent.startsWith('SVMI'))")
    opened.press("ArrowDown", "Tab")
    assert page.input_value(".search input") == "mil:yes to:SVMI "
    page.keyboard.type("time:2019-03")
    opened.press("Enter")
    opened.wait(ALL_DRAWN)
    assert page.inner_text(".answer h2") == "2 journeys"
    rows = page.locator(".rows > li").all_inner_texts()
    assert [row.split("\n")[0] for row in rows] == ["RA-82035 A124", "RA-86496 IL62"]
    assert all("UUMU → OSLK → (GOBD?) → SVMI" in row for row in rows)
    assert "3,701 of 3,703 minutes have data" in page.inner_text(".answer .coverage")
    opened.press("ArrowDown", "Enter")
    opened.wait("document.querySelector('.rows .chosen')")
    told = page.inner_text(".rows .chosen")
    for words in (
        "observed", "inferred, 97 %", "OSLK Bassel Al-Assad", "2019-03-22 16:47:36 to 21:19:09 UTC", "18:47 there",
        "Not known", "GOBD is the likeliest, no fact",
        "Nothing was received 2019-03-23 05:32:39 to 08:10:05 UTC", "SIMULATED",
    ):  # fmt: skip
        assert words in told, words
    assert opened.violations() == []
    opened.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Play"
    opened.press("Enter")
    opened.wait("window.skywitness.model.mode === 'past' && window.skywitness.table.rows.has(0x154073)")
    began = page.evaluate("window.skywitness.model.clock.now()")
    opened.wait(f"window.skywitness.model.clock.now() > {began} + 3600000")
    opened.wait("document.querySelector('.timeline canvas').getAttribute('aria-label').includes('minutes have data')")
    assert page.evaluate("window.skywitness.isPlaying")
    assert opened.violations() == []


def test_nothing_is_joined_across_a_silence(visit):
    opened = visit(link(find=QUESTION))
    opened.wait(ALL_DRAWN)
    way = json.loads(
        opened.page.evaluate("JSON.stringify(window.skywitness.ways.wayOf(window.skywitness.model.asking.rows[0]))")
    )
    marks = {mark["code"]: mark for mark in way["marks"]}
    assert {code for code, mark in marks.items() if mark["isObserved"]} == {"UUMU", "OSLK", "SVMI"}
    assert marks["GOBD"]["label"] == "GOBD 63 %"
    assert len(way["silences"]) >= 5
    assert len(way["seen"]) == len(way["heard"]) == len(way["silences"]) + 1
    # Half the Atlantic was not received: of what is drawn solid, no step is longer than what is flown in 75 s.
    steps = [abs(b[0] - a[0]) for line in way["seen"] for a, b in itertools.pairwise(line)]
    assert max(steps) < 0.5
    # Past each candidate goes a dashed line of its own.
    assert sum(abs(one["share"] - 0.6256) < 0.01 for one in way["inferred"]) == 1


def test_go_to_a_moment_and_change_the_time_that_is_shown(visit):
    opened = visit(link(at="2019-03-22T12:00:00Z"))
    page = opened.page
    when = page.locator(".timeline .when")
    when.fill("2019-03-23 06:30")
    when.press("Enter")
    now = "window.skywitness.model.clock.now()"
    opened.wait(f"{now} === Date.parse('2019-03-23T06:30:00Z')")
    when.fill("+90min")
    when.press("Enter")
    opened.wait(f"{now} === Date.parse('2019-03-23T08:00:00Z')")
    when.fill("25:00")
    when.press("Enter")
    assert when.get_attribute("aria-invalid") == "true"
    page.locator(".timeline select[aria-label='Shown time']").select_option("all")
    opened.wait("window.skywitness.model.range?.fromMs === Date.parse('2019-03-22T10:17:00Z')")
    opened.wait("document.querySelector('.timeline canvas').getAttribute('aria-label').includes('3701 of 3703')")
    page.locator("#map canvas").first.focus()
    opened.press("[")
    opened.wait("window.skywitness.model.range.untilMs - window.skywitness.model.range.fromMs < 40 * 3600000")


def test_a_link_restores_the_answer_its_row_and_the_time(visit):
    opened = visit(link(find=QUESTION))
    opened.wait(ALL_DRAWN)
    opened.page.locator(".row-head").first.click()
    opened.page.evaluate("window.skywitness.openPast(Date.parse('2019-03-22T15:00:00Z'), false)")
    opened.wait("location.search.includes('hash=') && location.search.includes('at=2019-03-22T15:00:00Z')")
    address = urlsplit(opened.page.url).query
    assert f"row={ANTONOV}" in address
    again = visit(f"?{address}")
    again.wait("window.skywitness.model.asking.chosen === 0")
    assert again.page.evaluate("window.skywitness.model.clock.now()") == 1553266800000
    assert not again.page.is_visible(".missing")
    again.wait(f"location.search === {json.dumps('?' + address)}")


def test_a_link_says_what_is_not_there_any_more(visit):
    gone = visit(link(find=QUESTION, row="154073@2018-01-01T00:00:00", hash="000000000000"))
    gone.wait("document.querySelector('.missing')?.hidden === false")
    assert "does not have it" in gone.page.inner_text(".missing")
    changed = visit(link(find=QUESTION, row=ANTONOV, hash="000000000000"))
    changed.wait("document.querySelector('.missing')?.hidden === false")
    assert "000000000000" in changed.page.inner_text(".missing")
    assert changed.page.evaluate("window.skywitness.model.asking.chosen") == 0
    nothing = visit(link(find="time:2018"))
    nothing.wait("document.querySelector('.answer .coverage')?.textContent.includes('no data')")
    assert nothing.page.inner_text(".answer h2") == "nothing recorded here"


def test_mistakes_are_shown_at_their_place_and_as_text(visit):
    opened = visit()
    opened.press("/")
    opened.page.keyboard.type(f"typ:A124 {KEPT_OUT}")
    opened.press("Enter")
    opened.wait("document.querySelector('.search-error mark')")
    assert "Did you mean 'type'?" in opened.page.inner_text(".search-error")
    assert opened.page.inner_text(".search-error code") == f"typ:A124 {KEPT_OUT}"
    assert opened.page.inner_text(".search-error mark") == "t"
    assert opened.page.locator("main ~ * img, .search img").count() == 0
    assert opened.violations() == []


def test_heat_of_a_question_and_files_of_the_readers_own(visit):
    opened = visit(link(find="hex:154073 time:2019-03-22"))
    page = opened.page
    page.get_by_role("button", name="Heat map").click()
    opened.wait("window.skywitness.heat.isShown")
    assert "Heat map of all" in page.inner_text(".notice")
    line = json.dumps({"type": "LineString", "coordinates": [[0, 0], [9, 9]]})
    page.evaluate(f"window.skywitness.overlays.take(new File([{line!r}], {KEPT_OUT!r}))")
    opened.wait("window.skywitness.map.getLayer('overlay-0-line')")
    assert page.inner_text(".notice").startswith(f"{KEPT_OUT} is drawn")
    assert page.locator(".notice img").count() == 0
    page.evaluate("window.skywitness.overlays.take(new File(['no'], 'b.geojson'))")
    opened.wait("document.querySelector('.notice').textContent === 'b.geojson: this is no GeoJSON'")
    page.locator("#map canvas").first.focus()
    opened.press("x")
    opened.wait("!window.skywitness.map.getLayer('overlay-0-line')")


def test_pictures_to_look_at(visit):
    """Kept in out/web; nothing sticks out of the window at any width, nor covers the time line."""
    opened = visit(link(find=QUESTION, row=ANTONOV, at="2019-03-22T15:00:00Z"), (1440, 900))
    opened.wait(ALL_DRAWN)
    opened.wait("window.skywitness.table.count > 0")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width, height in ((1440, 900), (1024, 768), (390, 844)):
        opened.page.set_viewport_size({"width": width, "height": height})
        opened.page.evaluate("window.skywitness.fitAnswer(false)")
        for theme in ("dark", "light"):
            opened.page.evaluate(f"window.skywitness.commands.set('theme', '{theme}')")
            opened.wait("window.skywitness.map.loaded()")
            opened.page.screenshot(path=str(PICTURES / f"founding-{theme}-{width}.png"))
        for part in (".bar", ".answer", ".timeline"):
            box = opened.page.locator(part).bounding_box()
            assert box["x"] >= 0, part
            assert box["x"] + box["width"] <= width, part
        answer, below = (opened.page.locator(part).bounding_box() for part in (".answer", ".timeline"))
        apart = answer["x"] + answer["width"] <= below["x"] or below["y"] + below["height"] <= answer["y"]
        assert apart, "the answer covers the time line"
        if width != 1024:
            assert opened.violations() == []


def test_the_page_is_small():
    """What comes before the base map, gzipped: scripts, the worker's too, and the sheet; pages come when opened."""
    folder = ROOT / "src" / "skywitness" / "views" / "web"
    page = gzip.decompress((folder / "index.html.gz").read_bytes()).decode()
    named = re.findall(r"assets/([\w.-]+\.(?:js|css))", page)
    packed = [folder / "assets" / f"{name}.gz" for name in named]
    packed += list((folder / "assets").glob("worker-*.js.gz"))
    sizes = {path.name: path.stat().st_size for path in packed}
    assert len(sizes) >= 3
    assert sum(sizes.values()) <= 450_000, sizes
