"""The case desk in the browser: what is asked is added by a key, notes outlive reloads and a node that is away."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from skywitness.run.demo import open_demo
from skywitness.views.web_page import WebFiles
from tests.end_to_end.test_web_pages import AXE, CHROMIUM, SCRIPT, Visit
from tests.serving import Node, running

QUESTION = "mil:yes to:SVMI time:2019-03"
PICTURES = Path(__file__).parents[2] / "out" / "web"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif("index.html" not in WebFiles().files, reason="the map is not built: make web"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Node]:
    """The demonstration with a directory of its own: its cases are nobody else's."""
    made = Path(sys.prefix) / "skywitness-demo"
    own = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYWITNESS_DEMO_DIR", str(made))
        open_demo()
        for part in made.iterdir():
            if part.is_dir():
                shutil.copytree(part, own / part.name, ignore=shutil.ignore_patterns("cases"))
            else:
                shutil.copy(part, own / part.name)
        patch.setenv("SKYWITNESS_DEMO_DIR", str(own))
        with running(tmp_path_factory.mktemp("node"), "--demo") as served:
            yield served


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
        launched = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


def kept(demo: Node) -> list[dict]:
    with urllib.request.urlopen(f"{demo.url}/api/v1/cases") as answer:
        listed = json.load(answer)["cases"]
    cases = []
    for one in listed:
        with urllib.request.urlopen(f"{demo.url}/api/v1/cases/{one['id']}") as answer:
            cases.append(json.load(answer))
    return cases


def is_kept(opened: Visit) -> None:
    opened.wait("document.querySelector('.desk [role=status]')?.textContent === 'Kept by the node.'")


def test_a_question_becomes_a_case_that_outlives_reloads_and_the_node(browser, demo):
    opened = Visit(browser, demo.url, f"?find={urllib.request.quote(QUESTION)}", size=(1440, 900))
    page = opened.page
    opened.wait("window.skywitness.model.asking.answer !== null")
    page.keyboard.press("k")
    opened.wait("document.querySelectorAll('.case-items li').length === 1")
    is_kept(opened)
    (case,) = kept(demo)
    (item,) = case["items"]
    assert item["question"] == item["title"] == QUESTION
    assert item["rows"] == 2
    assert item["content_hash"] in item["citation"]
    assert "minutes have data" in item["citation"]
    assert f"hash={item['content_hash'][:12]}" in item["link"]
    # Notes are kept while they are typed, and are text.
    page.get_by_label("Title of the case").fill(f"To Caracas {SCRIPT}")
    page.get_by_label(f"Note on {QUESTION}").fill(f"Two aircraft. {SCRIPT}")
    is_kept(opened)
    assert kept(demo)[0]["items"][0]["note"] == f"Two aircraft. {SCRIPT}"
    # Away: what is typed stays in the browser, over a reload too.
    page.route("**/api/v1/cases/*", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    page.get_by_label("Note on the case").fill("Typed while the node was away.")
    opened.wait("document.querySelector('.desk [role=status]').textContent.includes('in this browser')")
    assert kept(demo)[0]["note"] == ""
    page.unroute("**/api/v1/cases/*")
    page.reload()
    opened.wait("window.skywitness && window.skywitness.map.getSource('ways')")
    page.keyboard.press("K")
    opened.wait("document.querySelectorAll('.case-items li').length === 1")
    is_kept(opened)
    assert page.get_by_label("Note on the case").input_value() == "Typed while the node was away."
    assert kept(demo)[0]["note"] == "Typed while the node was away."
    assert page.locator(".desk img").count() == 0
    # Taken away and had back.
    page.get_by_role("button", name="Remove").click()
    opened.wait("document.querySelectorAll('.case-items li').length === 0")
    page.get_by_role("button", name="Undo").click()
    opened.wait("document.querySelectorAll('.case-items li').length === 1")
    is_kept(opened)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / "case-dark-1440.png"))
    if AXE.exists():
        assert opened.violations() == []
    # Its link opens the same answer.
    page.locator(".case-title a").click()
    opened.wait("window.skywitness?.model.asking.answer?.total === 2")
    assert page.evaluate("window.skywitness.model.asking.missing") == ""
    opened.failures[:] = [words for words in opened.failures if "ERR_FAILED" not in words]
    opened.close()


def test_a_change_from_elsewhere_is_told_and_nothing_is_overwritten(browser, demo):
    opened = Visit(browser, demo.url, "")
    page = opened.page
    page.keyboard.press("K")
    opened.wait("document.querySelector('.desk [role=status]')?.textContent === 'Kept by the node.'")
    case = kept(demo)[0]
    body = json.dumps({"title": "Changed elsewhere", "items": case["items"]}).encode()
    request = urllib.request.Request(f"{demo.url}/api/v1/cases/{case['id']}", body, method="PUT")
    request.add_header("content-type", "application/json")
    request.add_header("if-match", f'"{case["version"]}"')
    urllib.request.urlopen(request).close()
    page.get_by_label("Note on the case").fill("older")
    opened.wait("document.querySelector('.desk [role=status]').textContent.includes('changed elsewhere')")
    assert page.get_by_label("Title of the case").input_value() == "Changed elsewhere"
    assert kept(demo)[0]["note"] == ""
    opened.failures[:] = [words for words in opened.failures if "409" not in words]
    opened.close()


def test_the_desk_fits_a_phone(browser, demo):
    opened = Visit(browser, demo.url, "", size=(390, 844))
    opened.page.evaluate("document.documentElement.dataset.theme = 'light'")
    opened.page.get_by_role("button", name="Case desk").click()
    opened.wait("document.querySelectorAll('.case-items li').length >= 1")
    box = opened.page.locator(".desk").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    opened.page.screenshot(path=str(PICTURES / "case-light-390.png"))
    opened.close()
