"""Receivers named by an airport stand where it is."""

from __future__ import annotations

import math

import pytest

from skywitness.cli.top_feeds import SourceFeed
from skywitness.errors import ConfigError
from skywitness.frames.receiver import Place
from skywitness.reference.load import load_gazetteer
from skywitness.run import config
from skywitness.run.places import airport_place
from skywitness.run.service import Service
from skywitness.sources.url import parse_sources


@pytest.mark.parametrize("code", ["EHAM", "eham", " EHAM "])
def test_an_airport_gives_its_place_in_metres(code: str):
    place = airport_place(code)
    assert place is not None
    assert (place.lat_deg, place.lon_deg) == pytest.approx((52.3086, 4.7639), abs=0.001)
    assert place.altitude_m == pytest.approx(-11 * 0.3048, abs=0.1)


def test_an_unknown_height_is_0():
    gazetteer = load_gazetteer()
    code = next(
        icao for icao, feet in zip(gazetteer.icao, gazetteer.elevation_ft, strict=True) if icao and math.isnan(feet)
    )
    place = airport_place(code)
    assert place is not None
    assert place.altitude_m == 0.0


@pytest.mark.parametrize("code", ["AMS", "Schiphol", "XXXX", "", "EHA"])
def test_only_a_whole_icao_code_counts(code: str):
    assert airport_place(code) is None


def test_sources_by_airport():
    one, two = parse_sources(["beast+tcp://h@EHAM", {"url": "beast+tcp://i", "place": "KSFO"}], airport_place)
    assert one.place == airport_place("EHAM") != two.place == airport_place("KSFO") is not None


async def started(source: str) -> None:
    service = Service(config.Config(sources=(source,)))
    try:
        await service.start()
    finally:
        await service.close()


def test_top_and_the_node_know_airports():
    feed = SourceFeed(["demo@EHAM"])
    assert feed._place == pytest.approx((52.3086, 4.7639), abs=0.001)
    with pytest.raises(ConfigError, match="no airport 'XXXX'"):
        SourceFeed(["demo@XXXX"])


def test_the_node_refuses_an_airport_nobody_knows(monkeypatch: pytest.MonkeyPatch):
    import asyncio

    asked: list[str] = []

    def look_up(code: str) -> Place | None:
        asked.append(code)
        return None

    monkeypatch.setattr("skywitness.run.service.airport_place", look_up)
    with pytest.raises(ConfigError, match="no airport 'EHAM'"):
        asyncio.run(started("beast+tcp://127.0.0.1:1@EHAM"))
    assert asked == ["EHAM"]
