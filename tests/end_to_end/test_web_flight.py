"""The selected flight in depth: its profile, its raw messages, its history, and the list of all others."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator

import pytest

from tests.end_to_end.test_web_founding import Visit, browser, node, pytestmark, visit  # noqa: F401

ANTONOV = "154073"
NOON = "2019-03-22T15:00:00Z"


def link(**parts: str) -> str:
    return "?" + urllib.parse.urlencode(parts)


@pytest.fixture(scope="module")
def profiled(browser, node) -> Iterator[Visit]:  # noqa: F811
    opened = Visit(browser, node, link(at=NOON, tool=f"profile:{ANTONOV}"), (1100, 620))
    opened.wait("document.querySelector('.profile-plot')?.getAttribute('aria-valuetext')?.includes('ft')")
    yield opened
    opened.close()


def test_a_profile_says_what_was_received_and_joins_nothing(profiled):
    """From the link to the moment: values, a silence, the mark on the map, a table, a file, by keys and by mouse."""
    page = profiled.page
    said = page.locator(".profile-said")
    assert "15:00" in said.inner_text()
    assert "31" in said.inner_text()
    assert "430 kt" in said.inner_text()
    plot = page.locator(".profile-plot")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.42, box["y"] + 60)
    profiled.wait("document.querySelector('.profile-said').textContent.includes('nothing received from 13:37')")
    mark = "JSON.stringify(window.skywitness.map.getSource('profile-mark')?.serialize().data?.features ?? [])"
    assert json.loads(page.evaluate(mark)) == []
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 60)
    profiled.wait(f"JSON.parse({mark}).length === 1")
    # A drag shows a part; keys step through it, and Enter goes there.
    before = plot.get_attribute("aria-description")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60, steps=4)
    page.mouse.up()
    profiled.wait(f"document.querySelector('.profile-plot').getAttribute('aria-description') !== {json.dumps(before)}")
    plot.focus()
    first = plot.get_attribute("aria-valuetext")
    profiled.press("ArrowRight", "ArrowRight")
    stepped = plot.get_attribute("aria-valuetext")
    assert stepped > first
    profiled.press("Enter")
    profiled.wait(f"new Date(window.skywitness.model.clock.now()).toISOString().slice(11, 19) === '{stepped[11:19]}'")
    assert not page.evaluate("window.skywitness.isPlaying")
    assert profiled.violations() == []
    page.get_by_role("button", name="All that is loaded").click()
    page.get_by_role("button", name="As a table").click()
    rows = page.locator(".profile-table tbody tr")
    assert rows.count() > 100
    assert "nothing received from 13:37:16 to 14:11:56 UTC" in page.inner_text(".profile-table")
    assert "on the ground" in page.inner_text(".profile-table")
    assert profiled.violations() == []
    file = page.locator(".profile-files a").get_attribute("href")
    told = page.evaluate(f"fetch({json.dumps(file)}).then(answer => answer.text())").splitlines()
    assert "altitude_geom_ft" in told[0]
    assert len(told) > 9_000
    page.get_by_role("button", name="As a chart").click()
    profiled.press("Escape")
    assert page.locator(".profile-tool").is_hidden()
