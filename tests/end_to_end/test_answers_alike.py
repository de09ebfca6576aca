"""The same question has the same rows in the same order in the terminal, in Python and over HTTP, in every format."""

from __future__ import annotations

import json
import re
import sys
import urllib.parse
from pathlib import Path
from xml.etree import ElementTree

import pytest

import skywitness
from skywitness.cli import main
from skywitness.run.answer_files import FORMATS
from skywitness.run.demo import open_demo
from skywitness.views.api.find import FIND_FORMATS
from tests.serving import running

pytestmark = pytest.mark.slow

QUESTIONS = {
    "aircraft": "mil:yes show:aircraft time:2019-03-22T17:00..2019-03-22T17:20",
    "positions": "hex:154073 show:positions time:2019-03-22T17:00..2019-03-22T17:20",
    "legs": "hex:154073 show:legs",
    "journeys": "mil:yes from:UUMU via:SY to:SVMI",
    "events": "hex:154073 show:events time:2019-03-22",
    "gaps": "hex:154073 gap:>2h show:gaps",
}
NOT_ASKED = {"kml": ("gaps",), "gpx": ("events", "gaps"), "czml": ("events", "gaps")}
"""What there is no such file of."""
DRAWN = {"svg": ("positions", "gaps"), "png": ("positions",)}
"""Maps take a second each."""


@pytest.fixture(scope="module")
def directory():
    """The demonstration, made once for this environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYWITNESS_DEMO_DIR", str(Path(sys.prefix) / "skywitness-demo"))
        yield open_demo().directory


@pytest.fixture(scope="module")
def node(directory, tmp_path_factory):
    with running(tmp_path_factory.mktemp("node"), "--demo") as one:
        yield one


def address(question: str, form: str = "") -> str:
    query = {"q": question, "limit": 5000, **({"format": form} if form else {})}
    return f"/api/v1/find?{urllib.parse.urlencode(query)}"


@pytest.mark.parametrize("subject", QUESTIONS)
def test_every_format_is_the_same_file_everywhere(directory, node, tmp_path, subject):
    question = QUESTIONS[subject]
    answer = skywitness.open(directory).find(question)
    assert len(answer)
    forms = [form for form in FORMATS if form != "jsonl" and subject not in NOT_ASKED.get(form, ())]
    forms = [form for form in forms if subject in DRAWN.get(form, QUESTIONS)]
    outs = {form: tmp_path / f"out.{form}" for form in forms}
    assert main(["find", "--data", str(directory), question, *(a for o in outs.values() for a in ("-o", str(o)))]) == 0
    for form, out in outs.items():
        with (tmp_path / "python").open("wb") as file:
            assert answer.write(file, form) == len(answer)
        assert bare(form, (tmp_path / "python").read_bytes()) == bare(form, out.read_bytes()), form
        assert bare(form, node.get(address(question, form))) == bare(form, out.read_bytes()), form
    body = node.json(address(question))
    assert body["rows"] == [json.loads(line) for line in outs["ndjson"].read_text().splitlines()]
    assert body["content_hash"] == answer.content_hash()


def bare(form: str, data: bytes) -> bytes:
    """A file without the moment at which it was written, if it has one."""
    return re.sub(rb"<time>[^<]*</time>(?=\s*</metadata>)", b"", data) if form == "gpx" else data


def test_http_has_every_format_of_the_terminal(node):
    assert set(FORMATS) - {"jsonl"} <= set(FIND_FORMATS)
    paths = node.json("/api/v1/openapi.json")["paths"]
    told = next(one for one in paths["/find"]["get"]["parameters"] if one["name"] == "format")
    assert set(told["schema"]["enum"]) == set(FIND_FORMATS)


def test_frames_of_python_are_the_rows(directory):
    answer = skywitness.open(directory).find(QUESTIONS["positions"])
    table = answer.arrow()
    assert answer.to_pandas()["icao24"].tolist() == table["icao24"].to_pylist()
    assert answer.pl()["latitude"].to_list() == table["latitude"].to_pylist()


def test_a_notebook_shows_rows_coverage_and_a_map_that_fetches_nothing(directory):
    store = skywitness.open(directory)
    for subject in ("aircraft", "positions", "journeys"):
        shown = store.find(QUESTIONS[subject])._repr_html_()
        assert shown.count("<img") == 1, subject
        assert 'src="data:image/svg+xml;base64,' in shown
        assert not re.search(r"https?://|<script|url\(", re.sub(r"base64,[^\"]*", "", shown))
        ElementTree.fromstring(f"<x>{shown}</x>")
        assert "minutes have data" in shown
    none = store.find('squawk:7777 callsign:"<b>\'&"')._repr_html_()
    assert "<img" not in none
    assert "<b>" not in none
