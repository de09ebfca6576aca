"""Maps: what is printed on them, what is kept in them, and where things are."""

from __future__ import annotations

import io
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zlib

import numpy as np
import pytest
import shapely

from skywitness.errors import ConfigError
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.views.exports import png
from skywitness.views.exports.drawn import About, drawn_positions
from skywitness.views.exports.map_picture import draw_map
from skywitness.views.exports.map_places import Place
from skywitness.views.exports.projections import EARTH_KM, Azimuthal, Cylindrical, great_circle, projection_for
from tests.positions_from import positions_from

S = 10**9
T0 = 1_553_256_000 * S
SVG = "{http://www.w3.org/2000/svg}"
ABOUT = About("A <title> & more", 'callsign:"X"', "a record", "0123456789abcdef" * 4)


def track(start, end, count=120, silent=(40, 60), **more):
    lon, lat = great_circle(start, end, 0.05)
    at = np.linspace(0, len(lon) - 1, count).astype(int)
    rows = [
        {"icao": 0x154073, "time_ns": T0 + i * 60 * S, "lat_deg": float(lat[k]), "lon_deg": float(lon[k]),
         "callsign": pack_callsign("RFF7081"), **more}
        for i, k in enumerate(at) if not silent[0] <= i < silent[1]
    ]  # fmt: skip
    return drawn_positions(positions_from(rows))


@pytest.fixture(scope="module")
def drawing():
    places = [Place(55.9, 38.0, "UUMU Chkalovskiy", True), Place(14.7, -17.1, "GOBD? 0.72", False, 0.72)]
    return draw_map(track((38.0, 55.9), (-67.0, 10.6), provenance=2), ABOUT, places)


def texts(root):
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


def test_what_is_printed_and_kept(drawing):
    root = ElementTree.fromstring(drawing)
    printed = " ".join(texts(root))
    for part in ("A <title> & more", "2019-03-22 12:00 to 2019-03-22 13:59 UTC", "SIMULATED", 'Query: callsign:"X"',
                 "Source: a record", "0123456789abcdef", "Natural Earth", "UUMU Chkalovskiy", "GOBD? 0.72",
                 "nothing was received", "km", "nmi", "ALGERIA"):  # fmt: skip
        assert part in printed, part
    assert root.find(f"{SVG}title").text == ABOUT.title
    kept = {one.tag.rpartition("}")[2]: one.text for one in root.find(f"{SVG}metadata").iter()}
    assert kept["sha256"] == ABOUT.content_hash
    assert kept["query"] == ABOUT.query
    assert kept["from"] == "2019-03-22T12:00:00.000Z"


def test_silences_are_dashed_and_candidates_hollow(drawing):
    root = ElementTree.fromstring(drawing)
    paths = [one for one in root.iter(f"{SVG}path") if one.get("stroke") == "#0b5fa5"]
    assert sum(one.get("stroke-dasharray") is not None for one in paths) == 1
    assert sum(one.get("stroke-dasharray") is None for one in paths) == 2
    hollow = [one for one in root.iter(f"{SVG}circle") if one.get("fill") == "#fff" and one.get("r") == "4.5"]
    assert len(hollow) == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [((151.0, -34.0), (-118.0, 34.0)), ((25.0, 60.0), (-150.0, 61.0)), ((10.0, 50.0), (10.1, 50.1)),
     ((0.0, 50.0), (179.0, -45.0)), ((20.0, -80.0), (-160.0, -80.0))],
    ids=["antimeridian", "pole", "small", "world", "south"],
)  # fmt: skip
def test_every_extent_is_drawn_within_its_frame(start, end):
    root = ElementTree.fromstring(draw_map(track(start, end)))
    frame = root.find(f".//{SVG}clipPath/{SVG}rect")
    left, top, width, height = (float(frame.get(name)) for name in ("x", "y", "width", "height"))
    lines = [one.get("d") for one in root.iter(f"{SVG}path") if one.get("stroke") == "#0b5fa5"]
    points = np.array([pair.split(",") for d in lines for pair in d.replace("M", " ").split()], float)
    assert len(points)
    assert ((points >= [left - 1, top - 1]) & (points <= [left + width + 1, top + height + 1])).all()
    # No line jumps across the map.
    for d in lines:
        for part in d.split("M")[1:]:
            at = np.array([pair.split(",") for pair in part.split()], float)
            assert len(at) < 3 or np.hypot(*np.diff(at, axis=0).T).max() < 0.8 * width


def test_azimuthal_is_of_equal_area_and_true_in_the_middle():
    made = Azimuthal(50.0, 20.0)
    x, y = made.xy(np.array([20.0, 20.0]), np.array([50.0, 51.0]))
    assert (x[0], y[0]) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert y[1] == pytest.approx(np.radians(1.0) * EARTH_KM, rel=1e-4)
    # A cell of a degree far away keeps its area: R² · Δλ · (sin φ₂ - sin φ₁).
    lon, lat = np.linspace(79, 80, 50), np.linspace(9, 10, 50)
    ring = np.vstack([
        np.column_stack([lon, np.full(50, 9.0)]), np.column_stack([np.full(50, 80.0), lat]),
        np.column_stack([lon[::-1], np.full(50, 10.0)]), np.column_stack([np.full(50, 79.0), lat[::-1]]),
    ])  # fmt: skip
    cell = shapely.Polygon(np.column_stack(made.xy(ring[:, 0], ring[:, 1])))
    expected = EARTH_KM**2 * np.radians(1.0) * (np.sin(np.radians(10.0)) - np.sin(np.radians(9.0)))
    assert cell.area == pytest.approx(expected, rel=1e-4)


def test_the_projection_follows_the_extent():
    near = projection_for(np.array([179.0, -179.0]), np.array([10.0, 12.0]))
    assert isinstance(near, Azimuthal)
    assert abs(abs(near.lon_deg) - 180.0) < 0.1
    world = projection_for(np.array([-170.0, -60.0, 10.0, 120.0]), np.array([0.0, 10.0, -10.0, 0.0]))
    assert isinstance(world, Cylindrical)
    assert isinstance(projection_for(np.zeros(0), np.zeros(0)), Cylindrical)


def test_nothing_is_a_map_too():
    assert "0 positions" in draw_map([])


def test_pictures_keep_what_is_printed_on_them():
    pytest.importorskip("resvg_py")
    file = io.BytesIO()
    png.write_map_png(file, track((10.0, 50.0), (10.1, 50.1)), ABOUT)
    data = file.getvalue()
    assert data.startswith(png.SIGNATURE)
    found, at = {}, len(png.SIGNATURE)
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + body)
        if name == b"iTXt":
            keyword, text = body.split(b"\0\0\0\0\0", 1)
            found[keyword.decode()] = text.decode()
        elif name == b"IHDR":
            assert struct.unpack(">I", body[:4])[0] == 2400
        at += 12 + size
    assert found["Title"] == ABOUT.title
    assert found["SHA-256"] == ABOUT.content_hash
    assert found["Query"] == ABOUT.query


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ConfigError, match="PNG needs a library") as error:
        png.png_of("<svg/>")
    assert "skywitness[pictures]" in error.value.hint
