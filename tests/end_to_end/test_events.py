"""`skywitness events` as its users call it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skywitness.cli import main
from skywitness.run.flights import positions_in
from tests.positions_from import positions_from
from tests.unit.journeys.test_events import around
from tests.unit.journeys.test_legs import Flight, gate_to_gate


@pytest.fixture
def source(tmp_path):
    flight = around(gate_to_gate(), 1.0, 90.0, 4, 5_000)
    rows = positions_from(flight.rows + Flight(icao=0x400002).at("LFMN", 9_000).by(1, 1, 9_000, 600).rows)
    path = tmp_path / "rows.parquet"
    columns = {name: getattr(rows, name) for name in rows.dtypes()}
    pq.write_table(pa.table(columns), path)
    assert len(positions_in(path)) == len(rows)
    return path


def test_every_format_tells_the_same_events(source, tmp_path, capsys):
    outs = [tmp_path / f"events.{name}" for name in ("jsonl", "csv", "parquet", "arrow", "geojson", "kml")]
    arguments = [part for out in outs for part in ("-o", str(out))]
    assert main(["events", str(source), *arguments]) == 0
    told = capsys.readouterr().out.splitlines()
    rows = [json.loads(line) for line in outs[0].read_text().splitlines()]
    kinds = [row["kind"] for row in rows]
    assert {"takeoff", "landing", "circling"} <= set(kinds)
    assert [row["sentence"] for row in rows] == told[: len(rows)]
    circle = rows[kinds.index("circling")]
    assert (circle["threshold"], circle["unit"]) == (720.0, "deg")
    assert "Z 400001: circled" in circle["sentence"]
    assert len(outs[1].read_text().splitlines()) == len(rows) + 1
    table = pq.read_table(outs[2])
    assert table["kind"].to_pylist() == kinds
    assert table.schema.field("altitude_ft").metadata[b"unit"] == b"ft"
    features = json.loads(outs[4].read_text())["features"]
    assert [feature["properties"]["kind"] for feature in features] == kinds
    assert len(ET.fromstring(outs[5].read_text()).findall(".//{*}Placemark")) == len(rows)


def test_only_some_kinds(source, capsys):
    assert main(["events", str(source), "--kind", "landing"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1
    assert "landed at LFLL" in told[0]
    assert main(["events", str(source), "--kind", "survey"]) == 0
    assert capsys.readouterr().out == "No event of the kind survey.\n"


def test_an_unknown_kind_is_refused_with_the_known_ones(source, capsys):
    assert main(["events", str(source), "--kind", "ufo"]) == 2
    assert "circling" in capsys.readouterr().err
