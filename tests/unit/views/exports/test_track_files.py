"""Tracks as GPX, CZML, GeoJSON and KML: what was not heard is not drawn, and heights say what they are."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.views.exports.czml import write_czml
from skywitness.views.exports.drawn import ELLIPSOID, NO_HEIGHT, PRESSURE, About, drawn_positions, xml_text
from skywitness.views.exports.gpx import write_gpx
from skywitness.views.exports.positions_geojson import track_features
from skywitness.views.exports.positions_kml import write_track_kml
from tests.oracles import gpx
from tests.positions_from import positions_from

S = 10**9
T0 = 1_553_256_000 * S
GPX = gpx.NAMESPACE
ABOUT = About("A <title>", 'q "&"', "a record", "ab" * 32)


def tracks(**more):
    """East across the antimeridian, ten minutes of silence on the way, then one position alone."""
    rows = [
        {
            "icao": 0x154073, "time_ns": T0 + i * 20 * S + 123_456_789, "lat_deg": 10.0,
            "lon_deg": (358.0 + i * 0.05) % 360.0 - 180.0, "altitude_ft": 33_000, "altitude_geom_ft": 34_000,
            "groundspeed_kt": 480, "track_deg": 90, "on_ground": 0, "callsign": pack_callsign("RFF7081"),
            "receivers": 2, **more,
        }
        for i in [*range(5), *range(35, 120), 150]
    ]  # fmt: skip
    return drawn_positions(positions_from(rows), {0x154073: ("RA-82035", "A124")})


def written(write, made, about=None):
    file = io.BytesIO()
    write(file, made, about)
    return file.getvalue()


def test_gpx_is_what_the_schema_says_and_joins_no_silence():
    data = written(write_gpx, tracks(), ABOUT)
    assert gpx.mistakes(data) == []
    root = ElementTree.fromstring(data)
    assert [len(segment) for segment in root.iter(f"{GPX}trkseg")] == [5, 85, 1]
    assert root.find(f"{GPX}trk/{GPX}name").text == "RFF7081 RA-82035 154073 A124 2019-03-22T12:00Z"
    point = next(root.iter(f"{GPX}trkpt"))
    assert point.find(f"{GPX}ele").text == "10363.2"
    assert point.find(f"{GPX}time").text == "2019-03-22T12:00:00.123Z"
    told = root.find(f"{GPX}metadata/{GPX}desc").text
    assert ELLIPSOID in told
    assert 'Query: q "&".' in told
    assert "ab" * 32 in told


def test_the_checker_of_gpx_finds_mistakes():
    good = written(write_gpx, tracks())
    for wrong in (
        good.replace(b'lon="178.0', b'lon="180.0'), good.replace(b"<type>flight</type>", b"<kind>flight</kind>"),
        good.replace(b'version="1.1"', b'version="1.0"'), good.replace(b"00.123Z", b"00.123 UTC"),
        good.replace(b"<number>1</number><type>flight</type>", b"<type>flight</type><number>1</number>"),
    ):  # fmt: skip
        assert gpx.mistakes(wrong)


def test_gpx_has_no_elevation_but_a_received_one():
    data = written(write_gpx, tracks(altitude_geom_ft=np.nan))
    assert b"<ele>" not in data
    assert b"<sky:pressure_altitude_ft>33000</sky:pressure_altitude_ft>" in data
    (made,) = tracks()
    lon = made.rows.lon_deg.copy()
    lon[:3] = 180.0
    edge = drawn_positions(made.rows.replaced(lon_deg=lon))
    assert gpx.mistakes(written(write_gpx, edge)) == []


def test_czml_is_available_only_where_something_was_heard():
    document, packet = json.loads(written(write_czml, tracks(), ABOUT))
    assert (document["id"], document["version"]) == ("document", "1.0")
    assert document["clock"]["interval"] == "2019-03-22T12:00:00.123Z/2019-03-22T12:50:00.123Z"
    assert len(packet["availability"]) == 3
    assert packet["availability"] == [part["interval"] for part in packet["position"]]
    for part, availability in zip(packet["position"], packet["availability"], strict=True):
        samples = np.reshape(part["cartographicDegrees"], (-1, 4))
        since, until = (np.datetime64(moment.removesuffix("Z"), "ms") for moment in availability.split("/"))
        assert part["epoch"] == availability.split("/")[0]
        assert samples[0, 0] == 0.0
        assert (np.diff(samples[:, 0]) > 0).all()
        assert samples[-1, 0] == (until - since) / np.timedelta64(1, "s")
        assert (samples[:, 3] == 10363.2).all()
    assert {one["string"] for one in packet["properties"]["altitude_reference"]} == {ELLIPSOID}


@pytest.mark.parametrize(
    ("more", "reference", "height"),
    [
        ({"altitude_geom_ft": np.nan}, PRESSURE, 10058.4),
        ({"altitude_geom_ft": np.nan, "altitude_ft": np.nan}, NO_HEIGHT, 0.0),
    ],
)
def test_czml_names_what_heights_are_measured_from(more, reference, height):
    _, packet = json.loads(written(write_czml, tracks(**more)))
    assert {one["string"] for one in packet["properties"]["altitude_reference"]} == {reference}
    assert packet["position"][0]["cartographicDegrees"][3] == height


def test_geojson_is_cut_at_silences_and_at_the_antimeridian():
    features = list(track_features(tracks()))
    lines = [one["geometry"]["coordinates"] for one in features if one["geometry"]["type"] == "LineString"]
    assert all(np.abs(np.diff([point[0] for point in line])).max() < 180.0 for line in lines)
    assert [len(line) for line in lines] == [5, 6, 81]
    assert lines[1][-1][0] == 180.0
    assert lines[2][0][0] == -180.0
    kinds = [one["properties"]["feature"] for one in features]
    assert kinds.count("silence_begins") == kinds.count("silence_ends") == 2


def test_kml_has_the_order_of_elements():
    data = written(write_track_kml, tracks(), ABOUT)
    root = ElementTree.fromstring(data)
    ns = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}
    marks = root.findall(".//k:Placemark", ns)
    assert len(marks) == 4
    for mark in marks:
        assert [child.tag.rpartition("}")[2] for child in mark] == [
            "name", "description", "styleUrl", "ExtendedData", "Track",
        ]  # fmt: skip
        track = mark.find("gx:Track", ns)
        assert len(track.findall("k:when", ns)) == len(track.findall("gx:coord", ns)) > 0
    assert "SHA-256" in root.find(".//k:description", ns).text


def test_nothing_is_a_file_too():
    assert gpx.mistakes(written(write_gpx, [])) == []
    assert len(json.loads(written(write_czml, []))) == 1
    ElementTree.fromstring(written(write_track_kml, []))
    assert list(track_features([])) == []


def test_text_that_xml_cannot_have_is_replaced():
    assert xml_text("a<b>&\"'\x00\ufffe") == "a&lt;b&gt;&amp;&quot;&apos;\ufffd\ufffd"
