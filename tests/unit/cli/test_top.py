"""`skywitness top`: what it reads, what it draws, what its keys do, and what it does with hostile answers."""

from __future__ import annotations

import io
import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from rich.console import Console

from skywitness import cli
from skywitness.cli.keyboard import names_of
from skywitness.cli.top_feeds import NodeFeed
from skywitness.cli.top_picture import (
    COLUMNS,
    Filter,
    Rate,
    Snapshot,
    column_of,
    read_receivers,
    read_snapshot,
    sorted_by,
)
from skywitness.cli.top_screen import View, draw
from skywitness.errors import ConfigError

FILE = {
    "now": 1780315204.1,
    "messages": 232,
    "aircraft": [
        {"hex": "4840d6", "flight": "KLM1023 ", "r": "PH-BXA", "t": "B738", "squawk": "1000", "alt_baro": 38000,
         "gs": 421.4, "track": 359.7, "baro_rate": -64, "lat": 52.25, "lon": 3.92, "r_dst": 32.6, "r_dir": 262.0,
         "messages": 900, "seen": 0.2, "seen_pos": 0.4, "rssi": -12.3, "type": "adsb_icao"},
        {"hex": "~2a0033", "alt_baro": "ground", "gs": 0, "messages": 5, "seen": 3, "type": "tisb_other"},
        {"hex": "3c6103", "flight": "DLH9", "squawk": "7700", "alt_baro": 12000, "geom_rate": 640, "messages": 40,
         "seen": 1, "rssi": -30.0, "type": "mode_s", "lastPosition": {"lat": 50.0, "lon": 8.0, "seen_pos": 99}},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def drawn(view: View, snapshot: Snapshot | None, *, width: int = 120, height: int = 24, error: str = "") -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, highlight=False)
    console.print(draw(console, view, snapshot, "http://node", error, 5.0))
    return out.getvalue()


def hexes(rows: list[Any]) -> list[str]:
    return [row.hex for row in rows]


# --- reading ------------------------------------------------------------------------------------------------------


def test_what_is_known_is_read_and_what_is_not_is_unknown():
    klm, ground, dlh = read_snapshot(FILE).aircraft
    assert (klm.callsign, klm.reg, klm.type, klm.alt, klm.vr, klm.dist, klm.source) == (
        "KLM1023", "PH-BXA", "B738", 38000.0, -64.0, 32.6, "ADS-B"
    )  # fmt: skip
    assert ground.on_ground
    assert math.isnan(ground.lat)
    assert ground.squawk == ""
    assert (dlh.lat, dlh.position_age, dlh.vr, dlh.source) == (50.0, 99.0, 640.0, "Mode S")
    assert dlh.is_alarmed
    assert not klm.is_alarmed
    assert read_snapshot(FILE).time == "2026-06-01 12:00:04 UTC"


def test_distances_may_be_measured_from_elsewhere():
    klm, ground, dlh = read_snapshot(FILE, (51.25, 3.92)).aircraft
    assert klm.dist == pytest.approx(60.04, abs=0.05)
    assert klm.brg == pytest.approx(0.0, abs=0.01)
    assert math.isnan(ground.dist)
    assert dlh.dist > 150


def test_the_older_dialect_is_read_too():
    (row,) = read_snapshot({"aircraft": [{"hex": "4840d6", "altitude": 3000, "speed": 200, "vert_rate": 64}]}).aircraft
    assert (row.alt, row.gs, row.vr) == (3000.0, 200.0, 64.0)


@pytest.mark.parametrize("body", [None, [], {}, {"aircraft": 1}, {"aircraft": {"a": 1}}, "aircraft", 1.5])
def test_what_is_no_such_file_is_refused(body: object):
    with pytest.raises(ValueError, match="aircraft"):
        read_snapshot(body)


def test_hostile_values_neither_break_it_nor_move_the_cursor():
    row = {
        "hex": "\x1b[2J4840d6",
        "flight": "A\x07\x9b31m" + "x" * 10_000,
        "alt_baro": "NaN",
        "gs": True,
        "track": 1e300,
        "lat": [1],
        "lastPosition": "x",
        "r": {"a": "\x1b"},
        "squawk": 7700,
        "type": 3,
        "messages": "many",
    }
    body = {"now": 1e18, "messages": None, "aircraft": [row, None, 3, {}]}
    snapshot = read_snapshot(json.loads(json.dumps(body)))
    assert snapshot.time == "time unknown"
    assert len(snapshot.aircraft) == 2
    text = drawn(View(column_of("callsign")), snapshot)
    assert not set(text) - {"\n"} & {chr(code) for code in (*range(32), *range(127, 160))}
    assert read_receivers({"receivers": [{"name": "\x1b]0;x\x07", "rate_frames_s": "fast"}, 5]})[0].name == "]0;x"
    assert read_receivers([1]) == read_receivers({"receivers": None}) == ()


def test_the_rate_is_by_the_pictures_time():
    rate = Rate()
    assert math.isnan(rate.add(100.0, 1000))
    assert rate.add(101.0, 1060) == 60.0
    assert rate.add(101.0, 1060) == 60.0
    for second in range(2, 60):
        last = rate.add(100.0 + second, 1060 + 10 * (second - 1))
    assert last == 10.0
    assert math.isnan(rate.add(50.0, 5)), "the recording began anew"


# --- order and choice ---------------------------------------------------------------------------------------------


def test_each_column_sorts_both_ways_and_the_unknown_is_last():
    aircraft = read_snapshot(FILE).aircraft
    for column in COLUMNS:
        for is_reversed in (False, True):
            values = [getattr(row, column.name) for row in sorted_by(aircraft, column, is_reversed)]
            known = [value for value in values if value != "" and value == value]
            assert values[: len(known)] == known
            assert known == sorted(known, reverse=column.descends != is_reversed)
    assert hexes(sorted_by(aircraft, column_of("alt"), False)) == ["4840d6", "3c6103", "~2a0033"]
    with pytest.raises(ConfigError, match="no column 'speed'"):
        column_of("speed")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {"4840d6", "~2a0033", "3c6103"}),
        ("klm", {"4840d6"}),
        ("PH-BXA b738", {"4840d6"}),
        ("-ads-b", {"~2a0033", "3c6103"}),
        ("alt>12000", {"4840d6"}),
        ("alt>=12000 -7700", {"4840d6"}),
        ("-alt>12000", {"~2a0033", "3c6103"}),
        ("gs<300", {"~2a0033"}),
        ("dist<50 age<1 rssi>-20", {"4840d6"}),
        ("msgs=40", {"3c6103"}),
        ("nobody", set()),
        ("-", {"4840d6", "~2a0033"}),
    ],
)
def test_filters(text: str, wanted: set[str]):
    if text == "-":
        wanted = {row.hex for row in read_snapshot(FILE).aircraft if "-" in row.reg + row.source}
    assert {row.hex for row in read_snapshot(FILE).aircraft if Filter(text)(row)} == wanted


# --- drawing and keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 250])
@pytest.mark.parametrize("height", [3, 8, 24])
def test_it_fits_the_terminal(width: int, height: int):
    many = dict(FILE, aircraft=FILE["aircraft"] * 100)
    view = View(column_of("dist"))
    lines = drawn(view, read_snapshot(many), width=width, height=height).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(height, 5)
    assert width < 40 or "hex" in " ".join(lines)


def test_the_table_says_what_is_known():
    text = drawn(View(column_of("dist")), read_snapshot(FILE))
    assert "2026-06-01 12:00:04 UTC" in text
    assert "3 aircraft, 2 with position" in text
    row = next(line for line in text.splitlines() if "4840d6" in line)
    assert row.split() == [
        "KLM1023", "4840d6", "PH-BXA", "B738", "1000", "38000", "-64", "421", "000", "32.6", "262", "900", "0.2",
        "ADS-B", "-12.3",
    ]  # fmt: skip
    assert "ground" in text
    assert "SIMULATED" not in text
    assert "SIMULATED" in drawn(View(column_of("dist")), read_snapshot({**FILE, "simulated": True}))


def test_an_absent_node_is_told_and_the_last_picture_stays():
    text = drawn(View(column_of("dist")), read_snapshot(FILE), error="no answer in time")
    assert "no answer in time (5 s ago)" in text
    assert "KLM1023" in text
    assert "no picture yet" in drawn(View(column_of("dist")), None, error="refused")


def test_receivers_have_a_line_each_and_lost_ones_come_first():
    rows = [
        {"name": f"r{n}", "connected": n != 7, "rate_frames_s": n, "last_error": "cut" * (n == 7)} for n in range(9)
    ]
    snapshot = Snapshot(0.0, 0, (), receivers=read_receivers({"receivers": rows}))
    text = drawn(View(column_of("hex")), snapshot)
    lines = [line for line in text.splitlines() if "frames/s" in line]
    assert "r7  lost" in lines[0]
    assert "cut" in lines[0]
    assert "r8  connected  8 frames/s" in lines[1]
    assert "and 5 more, 8 of 9 connected" in text


def test_keys_move_sort_filter_and_pause():
    many = dict(FILE, aircraft=[{"hex": f"{n:06x}", "messages": n, "seen": n} for n in range(100)])
    snapshot = read_snapshot(many)
    view = View(column_of("hex"))
    drawn(view, snapshot)
    assert (view.rows, view.first) == (100, 0)
    page = view.page
    for key, first in [("down", 1), ("page down", 1 + page), ("up", page), ("end", 100 - page), ("down", 100 - page),
                       ("home", 0), ("up", 0)]:  # fmt: skip
        view.press(key)
        assert view.first == first
    seen = []
    for _ in view.names:
        view.press("s")
        seen.append(view.column.name)
    assert sorted(seen) == sorted(view.names)
    assert "dist" not in view.names, "nothing is known of it"
    view.press("S")
    assert view.column.name == seen[-2]
    view.press("r")
    assert view.is_reversed
    view.press("p")
    assert view.is_paused
    assert "PAUSED" in drawn(view, snapshot)
    for key in "/00005q":
        view.press(key)
    assert not view.is_over
    view.press("backspace")
    assert "filter: 00005_" in drawn(view, snapshot)
    assert view.rows == 17  # 00005, and 00050 to 0005f
    view.press("enter")
    assert "filter 00005" in drawn(view, snapshot)
    view.press("escape")
    drawn(view, snapshot)
    assert view.rows == 100
    view.press("?")
    assert "pause, and go on" in drawn(view, snapshot)
    view.press("q")
    assert not view.is_over
    view.press("q")
    assert view.is_over


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("q", ["q"]),
        ("\x1b[A\x1b[B\x1b[5~\x1b[6~x", ["up", "down", "page up", "page down", "x"]),
        ("\x1bOH\x1b[4~", ["home", "end"]),
        ("\x1b", ["escape"]),
        ("\x1bq", ["escape", "q"]),
        ("\x1b[200~\x1b[1;5Cz", ["z"]),
        ("é\r\x7f\x00\x1b[", ["é", "enter", "backspace"]),
        ("\x1b[999999999999", ["9", "9", "9", "9"]),
    ],
)
def test_keys_of_terminals(sent: str, keys: list[str]):
    assert names_of(sent) == keys


# --- a node -------------------------------------------------------------------------------------------------------


class Answers(BaseHTTPRequestHandler):
    """Serves FILE, or what a test put there."""

    def do_GET(self) -> None:
        status, body = self.server.answers.get(self.path, (404, b"no"))  # type: ignore[attr-defined]
        self.server.asked.append((self.path, self.headers.get("Authorization")))  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def node() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answers = {"/data/aircraft.json": (200, json.dumps(FILE).encode())}  # type: ignore[attr-defined]
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url_of(node: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{node.server_address[1]}"


def test_once_prints_a_table(node: ThreadingHTTPServer, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["top", url_of(node) + "/", "--once", "--sort", "alt", "--filter=-tis-b"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["KLM1023", "DLH9"]


def test_json_is_for_programs(node: ThreadingHTTPServer, capsys: pytest.CaptureFixture[str]):
    node.answers["/api/v1/receivers"] = (200, b'{"receivers":[{"name":"roof","connected":true}]}')  # type: ignore[attr-defined]
    assert cli.main(["top", url_of(node), "--once", "--json", "--limit", "2", "--sort", "msgs"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["hex"] for row in told["aircraft"]] == ["4840d6", "3c6103"]
    assert told["receivers"] == [{"name": "roof", "connected": True}]
    assert told["time"] == "2026-06-01 12:00:04 UTC"
    assert "dist" not in told["aircraft"][1]


def test_a_key_is_sent_and_an_unknown_question_is_asked_once(node: ThreadingHTTPServer):
    feed = NodeFeed(url_of(node), key="s3cret", period_s=0.01)
    feed.start()
    asked = node.asked  # type: ignore[attr-defined]
    while sum(path == "/data/aircraft.json" for path, _ in asked) < 4:
        assert feed.changed.wait(20)
        feed.changed.clear()
    feed.close()
    feed.join(20)
    assert [path for path, _ in asked].count("/api/v1/receivers") == 1
    assert {key for _, key in asked} == {"Bearer s3cret"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, b""), "it answers 401"),
        ((200, b"<html>"), "no JSON"),
        ((200, b"{}"), "no list `aircraft`"),
        ((200, b"\xff\xfe"), ""),
    ],
)
def test_without_a_picture_the_code_is_3(
    node: ThreadingHTTPServer, answer: tuple[int, bytes], says: str, capsys: pytest.CaptureFixture[str]
):
    node.answers["/data/aircraft.json"] = answer  # type: ignore[attr-defined]
    assert cli.main(["top", url_of(node), "--once"]) == 3
    assert says in capsys.readouterr().err


def test_nobody_there(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["top", "http://127.0.0.1:1", "--once"]) == 3
    assert "Is a node running there?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["http://"], ["http://a", "demo"], ["--sort", "speed"], ["demo", "--place", "x"], ["gopher+tcp://a"]]
)
def test_wrong_use_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert cli.main(["top", "--once", *arguments]) == 2
    assert capsys.readouterr().err.startswith("skywitness: ")
