"""The filter language of live views: what each term means, and that nonsense is refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skywitness.errors import QuestionError
from skywitness.identity.table import Entry, IdentityTable
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.tracks.aircraft import AircraftTable, aircraft_table_blank
from skywitness.views.live.filters import Subject, parse

NOW_NS = 1_700_000_000_000_000_000
ROWS = (
    {"icao": 0x4B1A2C, "callsign": pack_callsign("KLM123"), "altitude_ft": 35000.0, "squawk": 0o7700, "on_ground": 0},
    {"icao": 0x4B1FFF, "callsign": pack_callsign("KLM12"), "altitude_ft": 9000.0, "squawk": 0o7000, "on_ground": 0},
    {"icao": 0x3C0001, "callsign": pack_callsign("DLH9AB"), "on_ground": 1, "emergency": 1, "category": 0xA3},
    {"icao": 0xAE0001, "track_deg": 355.0, "lat_deg": 10.0, "lon_deg": 179.5, "position_source": 3},
    {"icao": 0x4B1A2C, "address_kind": 2, "lat_deg": 52.0, "lon_deg": 4.0, "position_source": 0, "category": 0xB1},
)
IDENTITY = IdentityTable.of(
    [
        Entry(0xAE0001, registration="01-0001", type="C17", flags=1, operator="United States Air Force"),
        Entry(0x4B1FFF, registration="HB-JMA", type="A343"),
    ]
)
TIMES = (
    "seen_time_ns", "altitude_time_ns", "squawk_time_ns", "emergency_time_ns", "velocity_time_ns", "position_time_ns",
)  # fmt: skip


def subject(age_s: int = 5) -> Subject:
    columns = aircraft_table_blank(len(ROWS))
    for row, values in enumerate(ROWS):
        for name, value in values.items():
            columns[name][row] = value
    for name in TIMES:
        columns[name][:] = NOW_NS - age_s * 1_000_000_000
    columns["lat_deg"][:2] = np.nan
    columns["lat_deg"][2], columns["lon_deg"][2] = 10.0, -179.9
    return Subject(AircraftTable(**columns), NOW_NS, IDENTITY)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", {0, 1, 2, 3, 4}),
        ("hex:4b1a2c", {0}),
        ("hex:~4B1A2C", {4}),
        ("hex:4b1*,ae0001", {0, 1, 3}),
        ("callsign:KLM12", {1}),
        ("callsign:klm12*", {0, 1}),
        ("callsign:*9AB,KLM123", {0, 2}),
        ("callsign:*12*", {0, 1}),
        ("reg:HB-JMA", {1}),
        ("reg:hb-*", {0, 1}),  # the first by Switzerland's rule
        ("reg:hb-j*a", {1}),
        ("klm123", {0}),
        ("callsign:k*3", {0}),
        ("callsign:*", {0, 1, 2}),
        ("4b1a2c", {0}),
        ("ae*", {3}),
        ("operator:klm", {0, 1}),
        ("operator:*force", {3}),
        ("desc:*globemaster*", {3}),
        ("country:CH", {0, 1}),
        ("-country:CH -hex:~*", {2, 3}),
        ("rate:<0", set()),
        ("near:EHAM,60nmi", {4}),
        ("in:NL", set()),  # it is over the sea
        ("in:POLYGON((3 51, 5 51, 5 53, 3 53, 3 51))", {4}),
        ("with:01-0001 within:5nmi", set()),
        ("with:AE0001 within:60nmi", {2}),
        ("type:C17,A343", {1, 3}),
        ("mil:yes", {3}),
        ("mil:no", {0, 1, 2, 4}),
        ("squawk:7700", {0}),
        ("squawk:7*", {0, 1}),
        ("emergency:yes", {0, 2}),
        ("category:A3", {2}),
        ("category:b*", {4}),
        ("alt:>10000", {0}),
        ("alt:<=9000", {1}),
        ("alt:8000..36000", {0, 1}),
        ("-alt:>10000", {1, 2, 3, 4}),
        ("track:350..10", {3}),
        ("ground:yes", {2}),
        ("placed:yes", {2, 3, 4}),
        ("source:mlat", {3}),
        ("kind:tisb_track_file", {4}),
        ("seen:<10", {0, 1, 2, 3, 4}),
        ("seen:>10", set()),
        ("in:50,0,55,10", {4}),
        ("in:0,170,20,-170", {2, 3}),
        ("near:52,4.1,10", {4}),
        ("near:10,-179,120", {2, 3}),
        ("callsign:KLM* OR ground:yes", {0, 1, 2}),
        ("callsign:KLM* AND alt:>10000", {0}),
        ("(callsign:KLM* OR ground:yes) -squawk:7000", {0, 2}),
        ("-(callsign:KLM* OR ground:yes)", {3, 4}),
        ('callsign:"KLM12"', {1}),
    ],
)
def test_a_filter_lets_through(text, rows):
    assert set(np.flatnonzero(parse(text).mask(subject())).tolist()) == rows


def test_what_was_said_too_long_ago_is_not_known():
    for text in ("alt:>0", "squawk:7700", "track:350..10", "placed:yes"):
        assert not parse(text).mask(subject(200)).any()


@pytest.mark.parametrize(
    "text",
    [
        "klm(", "hex:", "hex:xyz", "hex:1234567", "hex:12", "squawk:7800", "squawk:77", "alt:high",
        "source:radar", "ground:maybe", "in:1,2,3", "in:5,0,4,0", "near:91,0,5", "(", ")",
        "alt:>1 OR", "OR", "AND", "-", "(alt:>1", "alt:>1)", "alt:>1 " * 80,
        "x " * 1100, "(" * 60 + "alt:>1" + ")" * 60,
        "time:-1h", "from:EHAM", "via:SY", "gap:>2h", "pattern:circling", "first-visit:VE", "receiver:roof",
        "mil:yes THEN mil:no", "explain:yes", "in:ZZXX", "near:QQQQQ",
    ],
)  # fmt: skip
def test_nonsense_is_refused(text):
    with pytest.raises(QuestionError):
        parse(text)


@given(st.text(max_size=80) | st.text(alphabet='():-,*.<>"OR ANDalthex0159', max_size=60))
@example("hex:١٢٣٤٥٦")
@example("alt:1e999")
@example("near:1,2,3,4")
def test_no_text_breaks_it(text):
    try:
        found = parse(text)
    except QuestionError:
        return
    mask = found.mask(subject())
    assert mask.dtype == np.bool_
    assert mask.shape == (len(ROWS),)
    assert np.array_equal(parse(found.text).mask(subject()), mask)


def test_the_same_filter_written_twice_is_one():
    assert parse("  alt:>1   mil:yes ").text == parse("alt:>1 mil:yes").text
