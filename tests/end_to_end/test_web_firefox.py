"""The map in Debian's Firefox: aircraft arrive and move, one is selected, a search leaves one; nothing goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from skywitness.views.web_page import WebFiles
from tests.end_to_end.test_web import AIRCRAFT, Flying
from tests.firefox import MISSING, Firefox, firefox

ENTER = "\ue007"

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"Debian's {' and '.join(MISSING)} not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@pytest.fixture
def fox() -> Iterator[Firefox]:
    node = Flying()
    node.start()
    try:
        with firefox() as opened:
            opened.open(f"http://127.0.0.1:{node.port}/")
            yield opened
    finally:
        node.stop()


def test_aircraft_arrive_are_selected_and_searched_for(fox: Firefox, tmp_path: Path):
    fox.wait(f"window.skywitness && window.skywitness.table.count === {AIRCRAFT}")
    fox.wait("window.skywitness.map.loaded() && document.querySelector('.lamp').textContent === 'live'")
    place = "window.skywitness.shownPixel('400000')"
    first = fox.evaluate(place)
    fox.wait(f"{place}.x > {first['x']}")
    empty = fox.picture(tmp_path / "map.png")
    x, y = fox.evaluate(f"(({{x, y}}) => [x, y])({place})")
    fox.click(x, y)
    fox.wait("[...document.querySelectorAll('h2')].some(h => h.textContent === 'TST000')")
    fox.press("/", *"squawk:7700", ENTER)
    fox.wait("document.querySelector('header').textContent.includes('1 aircraft')")
    found = fox.picture(tmp_path / "found.png")
    assert found != empty
    assert fox.failures == []
    assert {urlsplit(url).hostname for url in fox.asked if not url.startswith(("data:", "blob:"))} == {"127.0.0.1"}
