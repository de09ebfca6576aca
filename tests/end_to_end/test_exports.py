"""Exports and maps of the bundled recording as their users write them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

from skywitness.cli import main
from tests.oracles import gpx

SUFFIXES = ("gpx", "czml", "svg")


@pytest.fixture(scope="module", params=["legs", "journeys"])
def files(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    outs = [folder / f"out.{suffix}" for suffix in SUFFIXES]
    more = ["--map", str(folder / "map.svg")]
    assert main([request.param, "demo", "--icao", "0a0033", *(a for out in outs for a in ("-o", str(out))), *more]) == 0
    return folder


def test_every_file_is_whole_and_says_where_it_comes_from(files):
    track = (files / "out.gpx").read_bytes()
    assert gpx.mistakes(track) == []
    document, *packets = json.loads((files / "out.czml").read_text())
    assert packets
    assert all(packet["availability"] for packet in packets)
    svg = (files / "out.svg").read_text()
    assert svg == (files / "map.svg").read_text()
    ElementTree.fromstring(svg)
    told = document["description"].rpartition(" ")[2]
    assert len(told) == 64
    assert told in track.decode()
    assert told in svg
    assert "SIMULATED" in svg


@pytest.mark.parametrize("out", ["map.gif", "map", "-"])
def test_a_map_is_svg_or_png(out, capsys, tmp_path):
    name = out if out == "-" else str(tmp_path / out)
    assert main(["legs", "demo", "--map", name]) == 2
    assert ".svg, .png" in capsys.readouterr().err
