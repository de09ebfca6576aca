"""The demonstration as a newcomer meets it: made once, marked as simulated, its flights found again."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.parse
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import skywitness
from skywitness.archive.reader import open_history
from skywitness.archive.segments import read_blocks, segment_path, segments_of
from skywitness.batches import END_EVIDENCE
from skywitness.cli import main
from skywitness.errors import QuestionError
from skywitness.run.demo import open_demo
from skywitness.run.demo_place import MARK
from skywitness.run.flights import flights_of, read_positions
from skywitness.views.feeds.flights import rows_of
from tests.serving import running

pytestmark = pytest.mark.slow
MINUTE_NS = 60 * 10**9


@pytest.fixture(scope="session")
def demo():
    """The demonstration, made once for this environment."""
    before = os.environ.get("SKYWITNESS_DEMO_DIR")
    os.environ["SKYWITNESS_DEMO_DIR"] = str(Path(sys.prefix) / "skywitness-demo")
    yield open_demo()
    if before is None:
        del os.environ["SKYWITNESS_DEMO_DIR"]
    else:
        os.environ["SKYWITNESS_DEMO_DIR"] = before


def test_it_is_small_and_marked(demo):
    size = sum(path.stat().st_size for path in demo.directory.rglob("*") if path.is_file())
    assert size < 100_000_000
    assert "SIMULATED" in json.loads((demo.directory / MARK).read_text())["what"]
    history = open_history(demo.directory, strict=True)
    assert history.days() == ["2019-03-22", "2019-03-23", "2019-03-24"]
    rows = history.positions(0, 1 << 62)
    assert set(rows.provenance.tolist()) == {2}


def test_every_position_leads_back_to_a_reception(demo):
    ids = np.concatenate(
        [
            block.frames.id
            for number in segments_of(demo.directory)
            for block in read_blocks(segment_path(demo.directory, number), strict=True)
        ]
    )
    rows = open_history(demo.directory).positions(0, 1 << 62)
    assert np.isin(rows.parent, ids).all()


def test_the_told_flights_are_found_with_their_times(demo):
    truth = json.loads((demo.directory / MARK).read_text())["truth"]
    flights = flights_of(read_positions([str(demo.directory)]))
    for icao in ("154073", "1551e0"):
        told = [one for one in truth if one["icao24"] == icao]
        mine = np.flatnonzero(flights.legs.icao == int(icao, 16))
        assert len(mine) == len(told)
        for leg, one in zip(mine.tolist(), told, strict=True):
            for end, key, airport in ((2 * leg, "takeoff_ns", "from"), (2 * leg + 1, "landing_ns", "to")):
                if flights.ends.evidence[end] == END_EVIDENCE.index("on_ground"):
                    assert flights.ends.not_before_ns[end] <= one[key] + 5 * 10**9
                    assert flights.ends.not_after_ns[end] >= one[key] - 5 * 10**9
                    assert one[airport] in ("UUMU", "OSLK", "SVMI")
                else:
                    assert one[airport] == "GOOY"  # no receiver hears it there


def test_the_commands_know_it(demo, capsys):
    assert main(["demo"]) == 0
    assert capsys.readouterr().out.strip() == str(demo.directory)
    assert main(["legs", str(demo.directory), "--icao", "154073"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("SIMULATED: ") for line in lines)


def test_the_founding_question_is_answered_and_no_more(demo, tmp_path, capsys):
    out = tmp_path / "journeys.jsonl"
    assert main(["journeys", str(demo.directory), "--icao", "154073", "--icao", "1551e0", "-o", str(out)]) == 0
    told = capsys.readouterr().out
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    for icao in ("154073", "1551e0"):
        mine = [row for row in rows if row["icao24"] == icao]
        out_bound = mine[0]
        assert (out_bound["departure_airport"], out_bound["arrival_airport"]) == ("UUMU", "SVMI")
        assert out_bound["departure_not_before"].startswith("2019-03-22")
        assert out_bound["arrival_not_after"].startswith("2019-03-23")
        syria, dakar = out_bound["stops"]
        assert (syria["kind"], syria["airport"]) == ("observed", "OSLK")
        assert (dakar["kind"], dakar["airport"]) == ("inferred", None)
        assert {"GOOY", "GOBD"} <= {one["airport"] for one in dakar["candidates"]}
        assert out_bound["provenance"] == "simulated"
        assert "nothing received for up to 4" in out_bound["sentence"]
    (home,) = [
        row for row in rows if row["departure_not_before"] and row["departure_not_before"].startswith("2019-03-24")
    ]
    assert (home["icao24"], home["departure_airport"], home["arrival_airport"]) == ("154073", "SVMI", None)
    assert len(rows) == 3
    assert told.count("SIMULATED: ") == 3


def test_by_registration_and_what_is_too_much(demo, capsys, monkeypatch):
    assert main(["journeys", str(demo.directory), "--reg", "RA-86496"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("SIMULATED: RA-86496 (IL62) 1551E0")
    assert len(told.splitlines()) == 1
    assert main(["legs", str(demo.directory), "--reg", "nobody"]) != 0
    assert "nobody says which address" in capsys.readouterr().err
    monkeypatch.setattr("skywitness.run.flights.MOST_ROWS", 1000)
    assert main(["legs", str(demo.directory)]) != 0
    assert "more than 1,000 positions" in capsys.readouterr().err


FOUNDING = "mil:yes type:A124,IL62 from:UUMU via:SY to:SVMI time:2019-03-22..2019-03-25"


def test_one_line_finds_it_alike_in_terminal_python_and_http(demo, tmp_path, capsys):
    answer = skywitness.open(demo.directory).find(FOUNDING)
    rows = list(rows_of(answer.to_arrow()))
    assert [row["icao24"] for row in rows] == ["154073", "1551e0"]
    assert main(["find", "--demo", FOUNDING, "-o", str(tmp_path / "found.jsonl")]) == 0
    assert "2 journeys written" in capsys.readouterr().out
    assert [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()] == rows
    assert main(["find", "--demo", FOUNDING]) == 0
    told = capsys.readouterr().out
    assert all(row["sentence"] in told for row in rows)
    assert "UUMU: Chkalovskiy" in told
    assert "minutes have data" in told
    with running(tmp_path, "--demo") as node:
        path = f"/api/v1/find?q={urllib.parse.quote(FOUNDING)}"
        over_http = node.json(path)
        assert over_http["rows"] == rows
        assert over_http["content_hash"] == answer.content_hash()
        assert over_http["coverage"]["sentence"] == answer.coverage.sentence()
        long = "(" * 8 + FOUNDING + ")" * 8 + " " * 9000
        assert node.form("/api/v1/find", {"q": long})["rows"] == rows  # too long for an address
        lines = node.get(path + "&format=ndjson").decode().splitlines()
        assert [json.loads(line) for line in lines] == rows
        spent = []
        for _ in range(5):
            began = time.perf_counter()
            node.json(path)
            spent.append(time.perf_counter() - began)
        print(f"over HTTP, warm: {min(spent) * 1e3:.0f} ms")
        with pytest.raises(urllib.error.HTTPError) as refused:
            node.json(f"/api/v1/find?q=show:receptions+{MINUTE}")
        assert "where a receiver stands" in json.loads(refused.value.read())["detail"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            node.json("/api/v1/find?q=from:ZZXX")
        assert refused.value.code == 400
        assert "no place" in json.loads(refused.value.read())["detail"]


MINUTE = "time:2019-03-22T12:30"


def test_who_heard_a_position_is_what_the_receptions_say(demo, tmp_path):
    store = skywitness.open(demo.directory)
    heard = store.find(f"show:receptions hex:154073 {MINUTE}").to_arrow()
    assert set(heard["icao24"].to_pylist()) == {"154073"}
    ids = set(heard["reception"].to_pylist())
    kept = {
        frame_id: row[:length].tobytes().hex()
        for number in segments_of(demo.directory)
        for block in read_blocks(segment_path(demo.directory, number), strict=True)
        for frame_id, row, length in zip(
            block.frames.id.tolist(), block.frames.data, block.frames.length.tolist(), strict=True
        )
        if frame_id in ids
    }
    assert dict(zip(heard["reception"].to_pylist(), heard["frame"].to_pylist(), strict=True)) == kept
    positions = store.find(f"show:positions hex:154073 {MINUTE}").to_arrow()
    parents = set(positions["parent"].to_pylist())
    assert parents
    assert parents <= set(heard["transmission"].to_pylist())
    rows = list(zip(heard["receiver"].to_pylist(), heard["transmission"].to_pylist(), strict=True))
    names = {name for name, _ in rows}
    assert len(names) > 1
    for name in names:
        mine = store.find(f'show:positions hex:154073 receiver:"{name}" {MINUTE}').to_arrow()
        assert set(mine["parent"].to_pylist()) == parents & {of for one, of in rows if one == name}
    only = store.find(f"show:receptions receiver:{rows[0][0][:3]}* {MINUTE}").to_arrow()
    assert set(only["receiver"].to_pylist()) == {rows[0][0]}
    with pytest.raises(QuestionError, match="no receiver is called"):
        store.find(f"receiver:nowhere {MINUTE}").to_arrow()
    with pytest.raises(QuestionError, match="by airframe, receiver and time"):
        store.find(f"show:receptions alt:>100 {MINUTE}").to_arrow()
    bare = tmp_path / "bare"
    shutil.copytree(demo.directory, bare, ignore=shutil.ignore_patterns("*.seg"))
    with pytest.raises(QuestionError, match="no receptions are kept"):
        skywitness.open(bare).find(f"receiver:{rows[0][0][:3]}* {MINUTE}").to_arrow()


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("mil:yes", "csv"), ("mil:yes show:positions", "parquet"), ("mil:yes show:legs", "geojson"),
        ("to:SVMI mil:yes", "geojson"), ("to:SVMI mil:yes", "kml"), ("event:landing mil:yes", "kml"),
        ("gap:>2h mil:yes", "geojson"), ("mil:yes show:legs", "arrow"), ("mil:yes show:positions", "csv"),
        ("to:SVMI mil:yes", "gpx"), ("mil:yes show:positions", "czml"), ("gap:>2h mil:yes", "svg"),
        ("to:SVMI mil:yes", "svg"), ("mil:yes show:positions", "kml"), ("mil:yes show:positions", "geojson"),
    ],
)  # fmt: skip
def test_answers_as_files(demo, tmp_path, question, form):
    out = tmp_path / f"found.{form}"
    assert main(["find", "--data", str(demo.directory), question, "-o", str(out)]) == 0
    expected = skywitness.open(demo.directory).find(question)
    if form == "csv":
        lines = out.read_text().splitlines()
        assert lines[0].split(",") == expected.to_arrow().column_names
        assert len(lines) == expected.total + 1
    elif form == "parquet":
        assert pq.read_table(out).num_rows == expected.total
    elif form == "arrow":
        assert pa.ipc.open_stream(out.read_bytes()).read_all().num_rows == expected.total
    elif form == "geojson":
        made = json.loads(out.read_text())
        assert made["type"] == "FeatureCollection"
        assert made["features"]
        assert made["note"]["content_hash"] == expected.content_hash()
    elif form == "czml":
        assert expected.content_hash() in json.loads(out.read_text())[0]["description"]
    else:
        root = xml.etree.ElementTree.fromstring(out.read_bytes())
        roots = {"kml": "http://www.opengis.net/kml/2.2", "gpx": "http://www.topografix.com/GPX/1/1",
                 "svg": "http://www.w3.org/2000/svg"}  # fmt: skip
        assert root.tag == f"{{{roots[form]}}}{form}"
        assert (form == "kml" and expected.subject == "events") or expected.content_hash() in out.read_text()


def test_a_mistake_is_told_with_its_place(demo, capsys):
    assert main(["find", "--data", str(demo.directory), "mil:yes typ:A124"]) == 2
    assert capsys.readouterr().err == "skywitness: at character 9: 'typ' is no key. Did you mean 'type'?\n"
    assert main(["find", "--data", str(demo.directory)]) == 2
    assert main(["find", "--data", str(demo.directory / "none"), "mil:yes"]) != 0
