"""Legs in every format: what is written can be read again, and says where nothing was received."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from skywitness.errors import ConfigError
from skywitness.journeys.histories import histories
from skywitness.journeys.leg_sentences import leg_sentence
from skywitness.journeys.legs import legs
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.reference.load import load_gazetteer
from skywitness.views.feeds.flights import format_of, leg_table, rows_of, write_table
from skywitness.views.feeds.flights_geojson import leg_features, write_geojson
from skywitness.views.feeds.flights_kml import write_kml
from skywitness.views.feeds.lines import lines_of
from tests.positions_from import positions_from

S = 10**9
T0 = 1_553_256_000 * S


def flights(icao=0x154073, **more):
    """East across the antimeridian, with ten minutes of silence on the way."""
    rows = [
        {
            "icao": icao, "time_ns": T0 + i * 20 * S, "lat_deg": 10.0, "lon_deg": (358.0 + i * 0.05) % 360.0 - 180.0,
            "altitude_ft": 33_000, "altitude_geom_ft": 34_000, "groundspeed_kt": 480, "track_deg": 90, "on_ground": 0,
            "callsign": pack_callsign("RFF7081"), "provenance": 2, **more,
        }
        for i in range(120) if not 5 <= i < 35
    ]  # fmt: skip
    return legs(histories(positions_from(rows)), load_gazetteer())


def written(format):
    file = io.BytesIO()
    write_table(file, format, leg_table(flights(), {0: ("RA-82035", "A124")}))
    return file.getvalue()


def test_every_table_has_the_same_rows():
    expected = next(iter(rows_of(leg_table(flights(), {0: ("RA-82035", "A124")}))))
    assert json.loads(written("jsonl")) == expected
    for table in (pq.read_table(io.BytesIO(written("parquet"))), pyarrow.ipc.open_stream(written("arrow")).read_all()):
        assert next(iter(rows_of(table))) == expected
        assert table.schema.field("from").metadata[b"unit"] == b"UTC"
    (row,) = csv.DictReader(io.StringIO(written("csv").decode()))
    assert row["icao24"] == "154073"
    assert row["from"] == "2019-03-22T12:00:00.000Z"
    assert row["departure_airport"] == ""
    assert (expected["registration"], expected["typecode"]) == ("RA-82035", "A124")
    assert expected["provenance"] == "simulated"


def test_geojson_cuts_at_silence_and_at_the_antimeridian():
    made = flights()
    file = io.BytesIO()
    write_geojson(file, leg_features(made))
    collection = json.loads(file.getvalue())
    lines = [f for f in collection["features"] if f["geometry"]["type"] == "LineString"]
    points = [f for f in collection["features"] if f["geometry"]["type"] == "Point"]
    assert [f["properties"]["feature"] for f in points] == ["departure", "arrival"]
    assert len(lines) == 3  # before the silence, from there to 180 degrees, from -180 on
    ends = [(line["geometry"]["coordinates"][0][0], line["geometry"]["coordinates"][-1][0]) for line in lines]
    assert (ends[1][1], ends[2][0]) == (180.0, -180.0)
    for line in lines:
        coordinates, about = line["geometry"]["coordinates"], line["properties"]
        assert len(coordinates) == len(about["coordTimes"]) == len(about["pressure_altitude_ft"])
        assert {point[2] for point in coordinates} == {10363.2}
        longitudes = np.array([point[0] for point in coordinates])
        assert (np.abs(np.diff(longitudes)) < 1.0).all()
        assert about["provenance"] == "simulated"


def test_lines_without_a_known_height_have_two_coordinates():
    features = [*leg_features(flights(altitude_geom_ft=np.nan))]
    assert {
        len(point) for f in features if f["geometry"]["type"] == "LineString" for point in f["geometry"]["coordinates"]
    } == {2}


def test_kml_is_well_formed_and_has_a_time_for_every_place():
    made = flights()
    file = io.BytesIO()
    write_kml(file, made, {0: ("<&>", "A124")}, {0: leg_sentence(made, 0)})
    root = ElementTree.fromstring(file.getvalue())
    ns = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}
    assert root.find(".//k:Folder/k:name", ns).text == "<&> 154073 A124"
    tracks = root.findall(".//gx:Track", ns)
    assert tracks
    for track in tracks:
        assert len(track.findall("k:when", ns)) == len(track.findall("gx:coord", ns))
        assert track.find("k:altitudeMode", ns).text == "absolute"


def test_lines_share_the_point_where_the_state_changes():
    rows = [
        {"time_ns": T0 + i * S, "lat_deg": 1.0, "lon_deg": 1.0 + i / 1000, "on_ground": int(i < 5)} for i in range(10)
    ]
    parts = [*lines_of(positions_from(rows), 0, 9, by_ground=True)]
    assert [len(part) for part in parts] == [6, 5]
    assert [part.on_ground for part in parts] == [True, False]


def test_the_sentence_says_what_was_received_and_no_more():
    told = leg_sentence(flights(), 0, "RA-82035 (A124)")
    assert told.startswith(
        "SIMULATED: 2019-03-22 RA-82035 (A124) 154073 as RFF7081: first received 12:00:00Z at 10.00 N 178.00 E"
    )
    assert "origin unknown" in told
    assert "destination unknown" in told
    assert "longest silence 10 min" in told


def test_an_unknown_format_is_refused():
    assert format_of("-") == "jsonl"
    with pytest.raises(ConfigError, match="does not say in which format"):
        format_of("legs.xlsx")
