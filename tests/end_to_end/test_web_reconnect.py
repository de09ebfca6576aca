"""A node that went away, says nothing, is slow or hears nothing: the page says which, and goes on by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from skywitness.views.web_page import WebFiles
from tests.end_to_end.test_web import AIRCRAFT, CHROMIUM, WAIT_S, Flying, S, browser
from tests.fake_node import receiver_at, report_of
from tests.slow_wire import Wire, wire_to

__all__ = ["browser"]

LAMP = "document.querySelector('.lamp')"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@pytest.fixture
def node() -> Iterator[Flying]:
    flying = Flying()
    flying.start()
    yield flying
    flying.stop()


@pytest.fixture
def wire(node: Flying) -> Iterator[Wire]:
    with wire_to(node.port) as made:
        yield made


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    yield opened
    opened.close()


def wait(page, condition: str) -> None:
    """Wait until it is true."""
    end = time.monotonic() + WAIT_S
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < end, (condition, page.inner_text("body")[:400])
        time.sleep(0.05)


def said(page) -> str:
    return page.inner_text(".lamp")


def test_a_selection_outlives_the_node(page, node: Flying, tmp_path: Path):
    """After the node came back, without a reload: live again, the same aircraft selected, and moving."""
    page.goto(f"http://127.0.0.1:{node.port}/?icao=400184")
    wait(page, f"window.skywitness?.table.count === {AIRCRAFT}")
    wait(page, f"{LAMP}.textContent === 'live'")
    page.evaluate("window.isTheSame = true")
    node.stop()
    wait(page, f"{LAMP}.dataset.state === 'lost'")
    assert re.fullmatch(r"no connection since \d\d:\d\d:\d\d UTC", said(page))
    for width in (1440, 1280, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.querySelector('.bar').offsetHeight") < 60, f"the bar is broken at {width}"
    assert "TST004" in page.inner_text(".details"), "what was known is still told"
    page.screenshot(path=str(tmp_path / "lost.png"))
    node.start()
    wait(page, f"{LAMP}.textContent === 'live'")
    place = "window.skywitness.shownPixel('400184').x"
    before = page.evaluate(place)
    wait(page, f"{place} > {before}")
    assert page.evaluate("window.isTheSame") is True
    assert "TST004" in page.inner_text(".details")


def test_the_past_outlives_the_node(page, node: Flying):
    """Who looks at the past is not thrown into the present when the node comes back."""
    at_s = node.start_ns // S - 600
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
    page.goto(f"http://127.0.0.1:{node.port}/?at={moment}")
    wait(page, f"window.skywitness?.model.mode === 'past' && window.skywitness.table.count === {AIRCRAFT}")
    page.evaluate("window.isTheSame = true")
    node.stop()
    node.start()
    assert page.evaluate("window.skywitness.model.mode") == "past"
    assert abs(page.evaluate("window.skywitness.model.clock.now()") / 1000 - at_s) < 1
    page.get_by_role("button", name="Past", exact=True).click()
    wait(page, f"{LAMP}.textContent === 'live'")
    assert page.evaluate("window.isTheSame") is True


def test_a_node_that_says_nothing_is_told(page, wire: Wire, tmp_path: Path):
    """A connection that is open and silent is no sky without aircraft; when it speaks again all goes on."""
    wire.silent_paths = (b"/stream",)
    page.goto(f"http://127.0.0.1:{wire.port}/")
    wait(page, f"{LAMP}?.textContent.startsWith('no answer from the node for')")
    assert "0 aircraft" not in page.inner_text("header")
    page.screenshot(path=str(tmp_path / "silent.png"))
    wire.silent_paths = ()
    wait(page, f"{LAMP}.textContent === 'live'")
    wire.is_silent = True
    wait(page, f"{LAMP}.textContent.startsWith('nothing from the node for')")
    assert f"{AIRCRAFT} aircraft" in page.inner_text("header")


def test_a_slow_network_is_told(page, wire: Wire):
    """Before the page's code is there its first lines say what is going on; it comes at its own time."""
    wire.bytes_per_s = 150_000
    page.goto(f"http://127.0.0.1:{wire.port}/", wait_until="commit")
    wait(page, "document.querySelector('.starting')?.checkVisibility()")
    assert "fetching" in page.inner_text(".starting")
    wait(page, f"{LAMP}?.textContent === 'live'")
    assert page.evaluate("document.querySelector('.starting')") is None
    assert f"{AIRCRAFT} aircraft" in page.inner_text("header")


def test_silent_receivers_are_told(page, node: Flying, tmp_path: Path):
    """The node answers, and none of its receivers has sent anything for ten minutes."""
    heard_ns = time.time_ns() - 600 * S
    names = {"roof": heard_ns, "hill": heard_ns - 60 * S}
    node.receivers = [report_of(receiver_at(None, name), seen_ns=seen_ns) for name, seen_ns in names.items()]
    node.stop()
    node.start()
    page.goto(f"http://127.0.0.1:{node.port}/")
    wait(page, f"{LAMP}?.textContent.startsWith('nothing from any receiver since ')")
    assert time.strftime("%H:%M:%S UTC", time.gmtime(heard_ns // S)) in said(page)
    page.set_viewport_size({"width": 1024, "height": 800})
    assert page.evaluate("document.querySelector('.bar').offsetHeight") < 60
    page.set_viewport_size({"width": 390, "height": 800})
    page.screenshot(path=str(tmp_path / "silent_receivers.png"))
