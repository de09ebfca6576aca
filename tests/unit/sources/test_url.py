"""Names of sources."""

from __future__ import annotations

import math

import pytest

from skywitness.errors import ConfigError
from skywitness.frames.receiver import Place
from skywitness.sources.url import parse_place, parse_source, parse_sources


@pytest.mark.parametrize(
    ("text", "kind", "format", "host", "port", "name"),
    [
        ("beast+tcp://10.0.0.7", "connect", "beast", "10.0.0.7", 30005, "10.0.0.7:30005"),
        ("beast+tcp://10.0.0.7:1", "connect", "beast", "10.0.0.7", 1, "10.0.0.7:1"),
        ("avr+tcp://roof", "connect", "avr", "roof", 30002, "roof:30002"),
        ("sbs+tcp://roof", "connect", "sbs", "roof", 30003, "roof:30003"),
        ("json+tcp://roof:9", "connect", "jet1090", "roof", 9, "roof:9"),
        ("uat+tcp://[::1]", "connect", "uat", "::1", 30978, "[::1]:30978"),
        ("listen+beast://0.0.0.0:30004", "listen", "beast", "0.0.0.0", 30004, "beast 30004"),
        ("listen+sbs://127.0.0.1:0", "listen", "sbs", "127.0.0.1", 0, "sbs 0"),
        ("rtl_tcp://radio", "rtl_tcp", "iq", "radio", 1234, "radio:1234"),
        ("rtlsdr://?gain=40", "rtlsdr", "iq", "", 0, "rtlsdr 0"),
        ("-", "stdin", "", "", 0, "stdin"),
        ("demo", "file", "", "", 0, "demo"),
        ("demo=demo?loop=1", "file", "", "", 0, "demo"),
        ("file:///srv/day%201.beast.zst?speed=10", "file", "", "", 0, "day 1"),
        ("roof=beast+tcp://h@52.1,4.3,12", "connect", "beast", "h", 30005, "roof"),
    ],
)
def test_a_source_is_read(text: str, kind: str, format: str, host: str, port: int, name: str):
    spec = parse_source(text)
    assert (spec.kind, spec.format, spec.host, spec.port, spec.name) == (kind, format, host, port, name)


def test_places_and_options():
    spec = parse_source("beast+tcp://h?tls=1&silence=20@-52.1,4.3")
    assert spec.place == Place(-52.1, 4.3)
    assert spec.tls
    assert spec.silence_s == 20
    assert parse_source("beast+tcp://h@EHAM", lambda code: Place(1, 2, 3) if code == "EHAM" else None).place == Place(
        1, 2, 3
    )
    spec = parse_source("file:///a@b.beast?speed=max&loop=1&at=2026-01-01T00:00:00Z")
    assert spec.path == "/a@b.beast"
    assert math.isinf(spec.speed)
    assert spec.loop
    assert spec.at_ns == 1_767_225_600_000_000_000
    tuning = parse_source("rtl_tcp://h?gain=49.6&freq=978000000&bias=1").tuning
    assert (tuning.gain_db, tuning.frequency_hz, tuning.bias_tee) == (49.6, 978_000_000, True)


@pytest.mark.parametrize(
    "text",
    [
        "", "tcp://h", "beast+tcp://", "beast+tcp://h:99999", "beast+tcp://h/x", "beast+tcp://user:pw@h", "file://",
        "beast+tcp://h?speed=2", "demo?speed=0", "demo?speed=nan", "demo?at=yesterday", "beast+tcp://h?tls=perhaps",
        "beast+tcp://h@91,0", "beast+tcp://h@0,181", "beast+tcp://h@ZZZZ", "-?format=mp3", "rtl_tcp://h?gain=loud",
    ],
)  # fmt: skip
def test_what_is_no_source_is_told(text: str):
    with pytest.raises(ConfigError) as told:
        parse_source(text)
    assert "\n" not in str(told.value)
    assert "pw" not in str(told.value)


def test_tables():
    spec = parse_source({"url": "beast+tcp://h", "name": "roof", "place": [52.1, 4.3, 12], "silence": 30, "tls": False})
    assert (spec.name, spec.place, spec.silence_s, spec.tls) == ("roof", Place(52.1, 4.3, 12), 30, False)
    for table in ({"name": "x"}, {"url": "beast+tcp://h", "colour": "red"}, {"url": "beast+tcp://h", "place": "here"}):
        with pytest.raises(ConfigError):
            parse_source(table)


def test_names_are_unique():
    assert [spec.name for spec in parse_sources(["demo", "demo", "demo"])] == ["demo", "demo 2", "demo 3"]
    with pytest.raises(ConfigError):
        parse_sources(["a=demo", "a=demo"])


def test_a_place_that_is_no_number():
    with pytest.raises(ConfigError):
        parse_place("1,2,3,4")
