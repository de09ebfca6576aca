"""Pages of aircraft, airports, operators and of the node: by link, click and keys; tables are what the API says."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from skywitness.run.demo import open_demo
from skywitness.views.web_page import WebFiles
from tests.serving import Node, running, walk_stream

CHROMIUM = shutil.which("chromium")
ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WAIT_S = 40.0
SCRIPT = "<img src=x onerror=alert(1)>"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Node]:
    """The demonstration, served."""
    before = os.environ.get("SKYWITNESS_DEMO_DIR")
    os.environ["SKYWITNESS_DEMO_DIR"] = str(Path(sys.prefix) / "skywitness-demo")
    try:
        open_demo()
        with running(tmp_path_factory.mktemp("node"), "--demo") as served:
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

    def __init__(self, browser, url: str, query: str, size=(1120, 620), answers: dict[str, dict] | None = None) -> None:
        self.failures: list[str] = []
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme="dark")
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.failures.append(said.text))
        self.page.on("request", lambda request: self.look(request.url))
        for path, body in (answers or {}).items():
            self.page.route(path, lambda route, _, body=body: route.fulfill(json=body))
        self.page.goto(f"{url}/{query}")
        self.wait("window.skywitness && window.skywitness.map.getSource('ways')")

    def look(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1" and urlsplit(url).scheme not in ("blob", "data"):
            self.failures.append(f"asks {url}")

    def wait(self, condition: str) -> None:
        end = time.monotonic() + WAIT_S
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"{condition}: {self.failures}"
            time.sleep(0.05)

    def table(self, title: str) -> list[list[str]]:
        """Rows of a table once it has come."""
        self.wait(f"document.querySelector('.page section[aria-label=\"{title}\"] tbody tr')")
        rows = self.page.locator(f'.page section[aria-label="{title}"] tbody tr')
        return [row.locator("td").all_inner_texts() for row in rows.all()]

    def violations(self) -> list[str]:
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found["violations"]]

    def close(self) -> None:
        self.page.close()
        assert [words for words in self.failures if "Failed to load resource" not in words] == []


@pytest.fixture
def visit(browser):
    opened: list[Visit] = []

    def open_page(*given, **more) -> Visit:
        while opened:
            opened.pop().close()
        opened.append(Visit(browser, *given, **more))
        return opened[-1]

    yield open_page
    for each in opened:
        each.close()


def found(node: Node, question: str) -> list[dict]:
    return node.json(f"/api/v1/find?{urllib.parse.urlencode({'q': question})}")["rows"]


def test_an_aircraft_opens_by_its_link_and_leads_on_by_clicks(visit, demo):
    opened = visit(demo.url, "?page=aircraft:154073")
    page = opened.page
    journeys = opened.table("Journeys")
    asked = found(demo, "show:journeys hex:154073")
    assert [row[0] for row in journeys] == [one["from"][:16].replace("T", " ") for one in asked]
    assert journeys[0][2] == "UUMU → OSLK → (GOBD?) → SVMI"
    legs = opened.table("Legs")
    assert len(legs) == len(found(demo, "show:legs hex:154073"))
    opened.table("Events")
    assert page.inner_text(".page h2") == "RA-82035"
    who = demo.json("/api/v1/identity/154073")
    assert [row[2].split(" (")[0] for row in opened.table("Identity")] == [one["source"] for one in who["statements"]]
    assert "3,701 of 3,703 minutes have data" in page.inner_text(".page-coverage")
    # The map draws what the table lists; a row that is clicked is told.
    opened.wait("window.skywitness.model.asking.question === 'show:journeys hex:154073'")
    page.locator('.page section[aria-label="Journeys"] tbody td').first.click()
    opened.wait("window.skywitness.model.asking.chosen === 0")
    assert "stopped at OSLK" in page.inner_text(".page-told:not([hidden])")
    assert not page.is_visible(".answer")
    assert opened.violations() == []
    # The rows as files, each from the same question.
    links = page.eval_on_selector_all(
        '.page section[aria-label="Journeys"] .page-formats a', "all => all.map(a => [a.textContent, a.href])"
    )
    assert {name for name, _ in links} >= {"csv", "json", "parquet", "geojson", "kml", "gpx", "czml", "svg", "png"}
    for name, href in links:
        assert name not in ("csv", "geojson") or demo.get(href.removeprefix(demo.url))
    # On by click: to the airport of a leg, whose page has a link of its own.
    page.locator('.page section[aria-label="Legs"] button.to-page', has_text="OSLK").first.click()
    opened.wait("document.querySelector('.page h2')?.textContent.startsWith('OSLK Bassel')")
    opened.wait("location.search.includes('page=airport:OSLK')")
    assert [row[1] for row in opened.table("Runways")]
    assert "UTC" in page.inner_text(".page-facts")


def test_an_airport_tells_what_was_observed(visit, demo):
    opened = visit(demo.url, "?airport=svmi")
    arrivals = opened.table("Arrivals")
    asked = found(demo, "show:legs to:SVMI")
    assert [row[2] for row in arrivals] == [one["registration"] or one["icao24"] for one in asked]
    # What is likely only is not told as if it were seen.
    assert arrivals[1][5].startswith("(GOBD?")
    opened.wait("document.querySelector('.page-facts').textContent.includes('09: 3 landings, 1 take-off')")
    opened.wait("document.querySelector('.page section[aria-label=\"On the ground now\"]')")
    assert opened.violations() == []


@pytest.mark.parametrize("page", ["operator:Russian Air Force, 224th Flight Unit", "country:VE"])
def test_the_others_open_by_their_links(visit, demo, page):
    opened = visit(demo.url, "?" + urllib.parse.urlencode({"page": page}))
    title = {"operator": "Aircraft", "country": "Flights to it"}[page.partition(":")[0]]
    rows = opened.table(title)
    question = opened.page.evaluate("window.skywitness.model.asking.question")
    assert len(rows) == len(found(demo, question))


def test_what_is_typed_offers_its_page(visit, demo):
    opened = visit(demo.url, "")
    page = opened.page
    opened.wait("window.skywitness.model.hasRecord")
    for typed, heading in (("RA-82035", "RA-82035"), ("uumu", "UUMU Chkalovskiy")):
        page.keyboard.press("/")
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type(typed)
        opened.wait(
            "!document.querySelector('.suggestions').hidden && [...document.querySelectorAll('.suggestions li')]"
            f".some(li => li.textContent.startsWith('{typed.upper()}') && li.textContent.includes('page of the'))"
        )
        # What flies now comes first.
        for _ in range(8):
            page.keyboard.press("ArrowDown")
            if page.locator(".suggestions li[aria-selected=true]", has_text="page of the").count():
                break
        page.keyboard.press("Enter")
        opened.wait(f"document.querySelector('.page h2')?.textContent.startsWith({json.dumps(heading)})")
    page.keyboard.press("Escape")
    opened.wait("document.querySelector('.page').hidden")


def test_names_from_outside_are_text(visit, demo):
    row = {
        "icao24": "154073", "registration": SCRIPT, "operator": SCRIPT, "callsigns": [SCRIPT],
        "callsign": SCRIPT, "sentence": SCRIPT, "first_seen": "2019-03-22T12:04:55Z", "last_seen": SCRIPT,
        "from": "2019-03-22T12:04:55Z", "until": "2019-03-22T12:14:55Z",
    }  # fmt: skip
    said = {"source": SCRIPT, "from": None, "until": None, "is_derived": False, "values": {"registration": SCRIPT}}
    value = {"value": SCRIPT, "source": SCRIPT}
    answers = {
        "**/api/v1/find?*": {"question": "", "subject": "legs", "rows": [row], "total": 1},
        "**/api/v1/identity/*": {
            "icao24": "154073", "country": SCRIPT, "values": {"registration": value, "operator": value},
            "statements": [said], "remarks": [SCRIPT],
        },
    }  # fmt: skip
    opened = visit(demo.url, "?page=aircraft:154073", answers=answers)
    opened.table("Legs")
    opened.wait("document.querySelector('.page-remark')")
    assert SCRIPT in opened.page.inner_text(".page h2")
    assert opened.page.locator(".page img").count() == 0


def test_the_operator_sees_a_feed_arrive(visit, tmp_path):
    with running(tmp_path, "--listen", "listen+beast://127.0.0.1:0", "--anonymous-feeders") as node:
        opened = visit(node.url, "?page=node")
        page = opened.page
        opened.wait("document.querySelector('.set-up pre')")
        port = node.json("/api/v1/operator")["ports"][0]["port"]
        assert f"--net-connector=127.0.0.1,{port},beast_reduce_plus_out" in page.inner_text(".set-up")
        assert f"adsb,127.0.0.1,{port},beast_reduce_plus_out" in page.inner_text(".set-up")
        assert "No receiver yet" in page.inner_text(".receivers")
        assert opened.violations() == []
        with socket.create_connection(("127.0.0.1", port)) as feeder:
            feeder.sendall(walk_stream(0))
            opened.wait("document.querySelector('.arrived')?.hidden === false")
            assert "has arrived" in page.inner_text(".arrived")
            assert "good" in page.inner_text(".receivers")
        opened.close()
