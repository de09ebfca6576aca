"""The selected flight in depth: its profile, its raw messages, its history, and the list of all others."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator

import pytest

from tests.end_to_end.test_web_founding import Visit, browser, node, pytestmark  # noqa: F401

ANTONOV = "154073"
NOON = "2019-03-22T15:00:00Z"


def link(**parts: str) -> str:
    return "?" + urllib.parse.urlencode(parts)


@pytest.fixture(scope="module")
def opened(browser, node) -> Iterator[Visit]:  # noqa: F811
    """One page for all of it, opened by a link: loading it takes longer than what is tried on it."""
    opened = Visit(browser, node, link(at=NOON, tool=f"profile:{ANTONOV}"), (1100, 620))
    opened.wait("document.querySelector('.profile-plot')?.getAttribute('aria-valuetext')?.includes('ft')")
    yield opened
    opened.close()


def begin(opened: Visit, moment: str, then: str) -> None:
    """Go to a moment of the past with nothing open but what is then opened."""
    opened.page.evaluate(
        "(() => { const app = window.skywitness;"
        "app.tools.open(''); app.commands.select(null); app.model.asking.close();"
        f"app.openPast(Date.parse('{moment}'), false); {then} }})()"
    )


def test_a_profile_says_what_was_received_and_joins_nothing(opened):
    """From the link to the moment: values, a silence, the mark on the map, a table, a file, by keys and by mouse."""
    page = opened.page
    said = page.locator(".profile-said")
    assert "15:00" in said.inner_text()
    assert "31" in said.inner_text()
    assert "430 kt" in said.inner_text()
    plot = page.locator(".profile-plot")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.42, box["y"] + 60)
    opened.wait("document.querySelector('.profile-said').textContent.includes('nothing received from 13:37')")
    mark = "JSON.stringify(window.skywitness.map.getSource('profile-mark')?.serialize().data?.features ?? [])"
    assert json.loads(page.evaluate(mark)) == []
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 60)
    opened.wait(f"JSON.parse({mark}).length === 1")
    # A drag shows a part; keys step through it, and Enter goes there.
    before = plot.get_attribute("aria-description")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60, steps=4)
    page.mouse.up()
    opened.wait(f"document.querySelector('.profile-plot').getAttribute('aria-description') !== {json.dumps(before)}")
    plot.focus()
    first = plot.get_attribute("aria-valuetext")
    opened.press("ArrowRight", "ArrowRight")
    stepped = plot.get_attribute("aria-valuetext")
    assert stepped > first
    opened.press("Enter")
    opened.wait(f"new Date(window.skywitness.model.clock.now()).toISOString().slice(11, 19) === '{stepped[11:19]}'")
    assert not page.evaluate("window.skywitness.isPlaying")
    assert opened.violations() == []
    page.get_by_role("button", name="All that is loaded").click()
    page.get_by_role("button", name="As a table").click()
    opened.wait("document.querySelectorAll('.profile-table tbody tr').length > 100")
    assert "nothing received from 13:37:16 to 14:11:56 UTC" in page.inner_text(".profile-table")
    assert "on the ground" in page.inner_text(".profile-table")
    assert opened.violations() == []
    file = page.locator(".profile-files a").get_attribute("href")
    told = page.evaluate(f"fetch({json.dumps(file)}).then(answer => answer.text())").splitlines()
    assert "altitude_geom_ft" in told[0]
    assert len(told) > 9_000
    page.get_by_role("button", name="As a chart").click()
    opened.press("Escape")
    opened.wait("document.querySelector('.profile-tool').hidden")


def test_raw_messages_of_now_and_then_bit_by_bit(opened):
    """The newest come by themselves; one that is opened stays; what is sent from outside is text."""
    begin(opened, "2019-03-22T14:50:00Z", f"app.tools.open('messages', '{ANTONOV}')")
    page = opened.page
    opened.wait("document.querySelectorAll('.message-head').length === 100")
    assert "100 messages, newest first, from 2019-03-22 14:48:43 to 14:50:00 UTC" in page.inner_text(".messages-told")
    heads = page.locator(".message-head")
    assert heads.nth(1).inner_text().split("\n")[0].startswith("14:49:58.790")
    assert "31,000 ft" in heads.nth(1).inner_text()
    assert "Baku · -32.3 dBFS" in heads.nth(1).inner_text()
    heads.nth(1).focus()
    opened.press("Enter")
    opened.wait("document.querySelector('.explained')")
    told = page.inner_text(".explained")
    for words in (
        "DF 17, airborne position",
        "the parity proves the address",
        "41-52",
        "101000010000",
        "31,000 ft",
        "DO-260B",
    ):
        assert words in told, words
    assert page.inner_text(".bits").replace(" ", "") == f"{0x8D15407358A10602124B3FE01C36:0112b}"
    assert opened.violations() == []
    page.get_by_role("button", name="Earlier").click()
    opened.wait("document.querySelectorAll('.message-head').length === 200")
    times = page.locator(".message-time").all_inner_texts()
    assert times == sorted(times, reverse=True)
    page.get_by_label("Kind of message").select_option("identification and category")
    opened.wait("document.querySelectorAll('.message-head').length < 20")
    assert "RFF8235" in heads.first.inner_text()
    own = page.get_by_label("Explain a frame, 14 or 28 hexadecimal digits")
    own.fill("<img src=x onerror=alert(1)>")
    own.press("Enter")
    opened.wait("document.querySelector('.messages-own [role=alert]')")
    assert page.locator(".messages img").count() == 0
    own.fill("*8D4840D6202CC371C32CE0576098;")
    own.press("Enter")
    opened.wait("document.querySelector('.messages-own .explained')?.textContent.includes('KLM1023')")
    page.evaluate("window.skywitness.live()")
    opened.wait("document.querySelectorAll('.aircraft, .message-head').length === 0")
    opened.wait("window.skywitness.table.count > 3")
    page.evaluate(
        "(() => { const { table, commands } = window.skywitness;"
        "const heard = ([, row]) => table.get('messages', row);"
        "commands.select([...table.rows].sort((a, b) => heard(b) - heard(a))[0][0]); })()"
    )
    opened.wait("document.querySelectorAll('.message-head').length > 0")
    newest = page.locator(".message-time").first.inner_text()
    page.get_by_role("button", name="Go on").click()
    opened.wait(f"document.querySelector('.message-time').innerText > {json.dumps(newest)}")


def test_details_say_by_whom_and_since_when_and_what_was_flown_before(opened):
    begin(opened, "2019-03-23T01:21:08Z", f"app.commands.selectHex('{ANTONOV}')")
    page = opened.page
    opened.wait("document.querySelector('.who-more')?.textContent.includes('RA-82035')")
    assert "RA-82035\npress-simulated" in page.inner_text(".who-more")
    assert "Russian Federation\naddress block" in page.inner_text(".who-more")
    # What is said besides the position, a minute ago in the past: with its age, and the message it is said in.
    opened.wait("document.querySelector('.details dl:not(.who-more)').textContent.includes('Altimeter setting')")
    line = page.locator(".details dl > div", has_text="Altimeter setting")
    assert line.inner_text().split("\n") == ["Altimeter setting", "1013.6 hPa", "5.0 s"]
    assert "BDS 4,0" in line.get_attribute("title")
    page.locator(".history summary").click()
    opened.wait("document.querySelectorAll('.history li').length === 2")
    told = page.locator(".history li").all_inner_texts()
    assert told[0].startswith("SVMI → unknown\n2019-03-24 18:32")
    assert "UUMU → OSLK → (GOBD?) → SVMI" in told[1]
    assert "an end or stop is inferred" in told[1]
    assert opened.violations() == []
    page.locator(".history li button").nth(1).click()
    opened.wait("window.skywitness.model.asking.chosen === 0")
    assert page.evaluate("window.skywitness.model.asking.question") == "show:journeys hex:154073"


def test_the_list_sorts_filters_and_selects_by_keyboard_among_twenty_thousand(opened):
    begin(opened, "2019-03-22T13:00:00Z", "app.commands.set('isTableOpen', true)")
    page = opened.page
    opened.wait("document.querySelector('.list-count')?.textContent.startsWith('45 aircraft')")
    assert opened.violations() == []
    names = "[...document.querySelectorAll('.list tbody button')].map(b => b.textContent)"
    assert page.evaluate(names) == sorted(page.evaluate(names))
    head = page.locator(".list th", has_text="Altitude")
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    feet = "window.skywitness.table.column('altitude')[window.skywitness.table.rows.get(Number(line.dataset.key))]"
    shown = page.evaluate(f"[...document.querySelectorAll('.list tr[data-key]')].map(line => {feet} ?? -1)")
    assert shown[:20] == sorted(shown[:20], reverse=True)
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    # What has a callsign, registration, type, address or squawk with these letters.
    page.get_by_label("Filter the list").fill("rff")
    opened.wait("document.querySelector('.list-count').textContent.startsWith('2 of 45')")
    # Names of lists, as of that day, in the past too.
    page.get_by_label("Filter the list").fill("ra-82")
    opened.wait("document.querySelector('.list tr[data-key]')?.innerText.includes('A124')")
    page.get_by_label("Filter the list").fill("<img src=x>")
    opened.wait("document.querySelector('.list .foot').textContent === 'No aircraft here fits.'")
    page.get_by_label("Filter the list").fill("")
    page.locator(".list-columns summary").click()
    page.get_by_label("Address", exact=True).check()
    assert page.locator(".list th").all_inner_texts()[-1] == "Address"
    opened.press("Escape")
    assert page.locator(".list-columns").get_attribute("open") is None
    # Twenty thousand, of which one tells of an emergency.
    page.evaluate(
        "(() => { const { table } = window.skywitness; for (let i = 0; i < 20000; i++) {"
        "const row = table.row(0xa00000 + i); table.set('altitude', row, (i * 37) % 40000);"
        "table.setWords('callsign', row, `T${i}`); table.set('flags', row, i % 10 === 0 ? 1 : 0); }"
        "table.set('squawk', table.rows.get(0xa00005), 0o7700); })()"
    )
    took_ms = page.evaluate(
        "(() => { const begun = performance.now(); document.querySelector('.list th button').click();"
        "return performance.now() - begun; })()"
    )
    assert took_ms < 400, took_ms  # 12 to 20 on an idle machine
    assert page.locator(".list tr[data-key]").count() < 60
    assert page.locator(".list table").get_attribute("aria-rowcount") == "20046"
    assert page.inner_text(".list-urgent").startswith("Emergency: T5, general, squawk 7700")
    page.locator(".list .scroll").focus()
    opened.press("End")
    opened.wait("document.activeElement.closest('tr')?.getAttribute('aria-rowindex') === '20046'")
    opened.press("Home", "ArrowDown", "Enter", "Shift+ArrowDown", "Shift+ArrowDown")
    opened.wait("window.skywitness.model.selected.size === 3")
    lines = page.locator(".list tr[data-key]")
    lines.nth(6).click(modifiers=["Control"])
    opened.wait("window.skywitness.model.selected.size === 4")
    assert lines.nth(6).locator("button").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Military").click()
    opened.wait("document.querySelector('.list-count').textContent.startsWith('2002 of 20')")
