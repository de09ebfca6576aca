"""Exports of anything can be read again: any text in names, any place, any order of times."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.views.exports.czml import write_czml
from skywitness.views.exports.drawn import About, Drawn, drawn_positions, xml_text
from skywitness.views.exports.gpx import write_gpx
from skywitness.views.exports.map_marks import text_at
from skywitness.views.exports.positions_geojson import track_features
from skywitness.views.exports.positions_kml import write_track_kml
from tests.oracles import gpx
from tests.positions_from import positions_from

T0 = 1_553_256_000 * 10**9

rows = st.fixed_dictionaries(
    {
        "icao": st.integers(0, 3).map(lambda n: 0x400000 + n), "address_kind": st.integers(0, 3),
        "time_ns": st.integers(T0, T0 + 3600 * 10**9), "lat_deg": st.floats(-90, 90),
        "lon_deg": st.floats(-180, 180), "on_ground": st.sampled_from([0, 1, 255]),
        "altitude_ft": st.one_of(st.just(float("nan")), st.floats(-1000, 60_000)),
        "altitude_geom_ft": st.one_of(st.just(float("nan")), st.floats(-1000, 60_000)),
        "groundspeed_kt": st.one_of(st.just(float("nan")), st.floats(0, 900)),
        "callsign": st.integers(0, 2**48 - 1), "provenance": st.integers(0, 2),
    }
)  # fmt: skip
tables = st.lists(rows, max_size=30).map(positions_from)


def written(write, tracks, about):
    file = io.BytesIO()
    write(file, tracks, about)
    return file.getvalue()


@settings(max_examples=60, deadline=None)
@given(tables, st.text(), st.text())
def test_every_file_is_read_again_with_its_places(table, name, query):
    tracks = [
        Drawn(one.rows, one.first, one.last, one.icao24, name or "x", one.callsign, query)
        for one in drawn_positions(table)
    ]
    about = About(name, query, name, query)
    data = written(write_gpx, tracks, about)
    assert gpx.mistakes(data) == []
    points = list(ElementTree.fromstring(data).iter(f"{gpx.NAMESPACE}trkpt"))
    assert len(points) == len(table) == sum(map(len, tracks))
    lat = np.concatenate([one.rows.lat_deg[one.first : one.last + 1] for one in tracks] or [np.zeros(0)])
    assert np.allclose([float(point.get("lat")) for point in points], lat, atol=6e-7, rtol=0)
    document, *packets = json.loads(written(write_czml, tracks, about))
    assert document["name"] == name
    samples = [part["cartographicDegrees"] for packet in packets for part in packet["position"]]
    assert sum(map(len, samples)) == 4 * len(table)
    assert np.isfinite([value for part in samples for value in part]).all()
    ElementTree.fromstring(written(write_track_kml, tracks, about))
    for feature in track_features(tracks):
        json.dumps(feature, allow_nan=False)
        if feature["geometry"]["type"] == "LineString":
            at = np.array([point[:2] for point in feature["geometry"]["coordinates"]])
            assert np.abs(np.diff(at[:, 0])).max() <= 180.0


@given(st.text())
def test_any_text_is_one_element(text):
    element = ElementTree.fromstring(text_at(1.0, 2.0, text, 12, "#000"))
    assert len(element) == 0
    attribute = ElementTree.fromstring(f'<a b="{xml_text(text)}"/>')
    assert len(attribute.attrib) == 1
