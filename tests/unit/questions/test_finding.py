"""Questions to a small record: each key, what stands together, what is narrowed, what is said of the time."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.errors import QuestionError
from skywitness.identity.book import Book, Statement, register_of
from skywitness.questions.finding import Budget, Finder
from skywitness.questions.globs import fits
from skywitness.questions.names import Names
from skywitness.questions.question import Pattern
from skywitness.reference.load import load_gazetteer
from skywitness.run.finding import ask
from tests.kept_history import Kept
from tests.positions_from import positions_from
from tests.unit.views.api.test_opensky_flights import S, line

GAZETTEER = load_gazetteer()
T0 = 1_553_256_000  # 2019-03-22T12:00:00Z
DAY_S = 86_400


def moved(rows: list[dict], **more: object) -> list[dict]:
    return [{**row, **more} for row in rows]


ROWS = positions_from(
    [
        *line(0x154073, T0, ("LFMN", "LFLL"), squawk=0o7700, callsign=0),
        *line(0x154073, T0 + 7_200, ("LFLL", "LFPG"), squawk=0o1000, vertical_rate_fpm=800),
        *line(0x3C4A01, T0, ("LFLL", "LFMN"), source=3, track_deg=135),
        *line(0xA00001, T0 + 300, ("LFMN", "LFLL"), address_kind=1),
        *line(0x3C4A02, T0 + 3 * DAY_S, ("LFPG", "LFMN")),
        *moved(line(0x3C4A02, T0 + 3 * DAY_S + 60, ("LFPG", "LFMN"))[:1], lat_deg=10.0, lon_deg=10.0, verdict=3),
    ]
)
SAID = [
    Statement(0x154073, "list", "table", "RA-82035", "A124", "Russian Air Force", flags=1),
    Statement(0x3C4A01, "list", "table", "D-OLD", "A320", "Lufthansa", until_ns=(T0 - DAY_S) * S),
    Statement(0x3C4A01, "list", "table", "D-NEW", "A320", "Lufthansa", from_ns=(T0 - DAY_S) * S),
]


@pytest.fixture
def finder():
    return Finder.of(Kept(ROWS), Names(Book([register_of("list", "table", SAID)])), GAZETTEER)


def found(finder, text, **more):
    return ask(finder, text, now_ns=(T0 + 4 * DAY_S) * S, **more)


def aircraft(finder, text):
    return found(finder, text).to_arrow()["icao24"].to_pylist()


def test_everything_is_every_aircraft(finder):
    assert sorted(aircraft(finder, "")) == ["154073", "3c4a01", "3c4a02", "~a00001"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hex:154073", ["154073"]),
        ("hex:3c4a*", ["3c4a01", "3c4a02"]),
        ("hex:~a00001", ["~a00001"]),
        ("hex:a00001", []),
        ("reg:RA-82035", ["154073"]),
        ("reg:ra-*", ["154073"]),
        ("reg:D-NEW", ["3c4a01"]),
        ("reg:D-OLD", []),
        ("type:A124,IL62", ["154073"]),
        ("desc:*antonov*", ["154073"]),
        ('operator:"Russian Air Force"', ["154073"]),
        ("operator:AFR", ["154073", "3c4a01", "~a00001", "3c4a02"]),
        ("owner:luft*", ["3c4a01"]),
        ("country:RU", ["154073"]),
        ("country:germany", ["3c4a01", "3c4a02"]),
        ("mil:yes", ["154073"]),
        ("mil:no country:DE", ["3c4a01", "3c4a02"]),
        ("squawk:7700", ["154073"]),
        ("squawk:77*", ["154073"]),
        ("callsign:AFR* country:RU", ["154073"]),
        ("AFR123 -country:RU -hex:~*", ["3c4a01", "3c4a02"]),
        ("RA-82035", ["154073"]),
        ("154073", ["154073"]),
        ("source:mlat", ["3c4a01"]),
        ("time:2019-03-25", ["3c4a02"]),
        ("time:-20h", []),
        ("time:-30h", ["3c4a02"]),
        ("(mil:yes OR time:2019-03-25) alt:>20000", ["154073", "3c4a02"]),
        ("near:LFPG,5nmi", ["154073", "3c4a02"]),
        ('near:"LFPG 5nmi" time:2019-03-22', ["154073"]),
        ("in:FR alt:<3000 near:LFLL,3nmi", ["154073", "3c4a01", "~a00001"]),
        ("in:DE", []),
        ("in:POLYGON((6.9 43.5, 7.5 43.5, 7.5 43.8, 6.9 43.8, 6.9 43.5)) time:2019-03-25", ["3c4a02"]),
        ("gs:>170 hex:154073", ["154073"]),
        ("track:90..170 in:44,4,46,8", ["3c4a01"]),
        ("rate:>500 mil:yes", ["154073"]),
        ("emergency:yes", ["154073"]),
        ("kind:anonymous", ["~a00001"]),
        ("placed:no", []),
        ("in:43,6,44,8 time:2019-03-25", ["3c4a02"]),
        ("with:154073 within:2nmi,20min", ["3c4a01", "~a00001"]),
        ("with:RA-82035 within:2nmi,1min", ["3c4a01", "~a00001"]),
        ("with:3c4a01 within:2nmi,1min time:..2019-03-22T12:04", []),
        ("first-visit:LFPG", ["154073", "3c4a02"]),
        ("near:LFMN,9nmi THEN near:LFPG,9nmi", ["154073"]),
        ("near:LFPG,9nmi THEN near:LFMN,9nmi", ["3c4a02"]),
        ("near:LFMN,9nmi THEN near:LFPG,9nmi within:1h", []),
        ("near:LFMN,9nmi THEN near:LFLL,9nmi within:90min", ["154073", "~a00001"]),
        ("near:LFMN,9nmi THEN near:LFLL,9nmi THEN near:LFPG,9nmi", ["154073"]),
        ("time:2019-03-22T13:30.. (near:LFMN,9nmi THEN near:LFPG,9nmi)", ["154073"]),
        ("mil:no (near:LFMN,9nmi THEN near:LFPG,9nmi)", []),
        ("-mil:yes -(near:LFMN,9nmi THEN near:LFLL,9nmi) time:2019-03-22", ["3c4a01", "~a00001"]),
    ],
)
def test_which_aircraft(finder, text, expected):
    if text in ("first-visit:LFPG",):
        text += " show:aircraft"
    assert sorted(aircraft(finder, text)) == sorted(expected)


def test_terms_that_stand_together_are_of_one_position(finder):
    # 7700 was sent on the first leg alone, and that leg was never near Paris.
    assert aircraft(finder, "squawk:7700 near:LFPG,30nmi") == []
    assert aircraft(finder, "squawk:1000 near:LFPG,30nmi") == ["154073"]
    legs = found(finder, "show:legs hex:154073 squawk:7700 near:LFPG,30nmi")
    assert len(legs) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from:LFMN to:LFPG", ["154073"]),
        ("from:LFMN via:LFLL", ["154073"]),
        ("via:LFLL to:LFMN", []),
        ("at:LFLL", ["154073", "3c4a01", "~a00001"]),
        ("from:FR to:LFMN", ["3c4a01", "3c4a02"]),
        ("to:LFPG mil:yes time:2019-03-22", ["154073"]),
        ("to:LFPG time:2019-03-23", []),
        ("from:LFPG OR via:LFLL", ["154073", "3c4a02"]),
        ("-from:FR", []),
    ],
)
def test_which_journeys(finder, text, expected):
    answer = found(finder, text)
    if text == "-from:FR":
        answer = found(finder, text + " show:journeys")
    assert answer.subject == "journeys"
    assert sorted(answer.to_arrow()["icao24"].to_pylist()) == sorted(expected)


def test_legs_are_single_flights(finder):
    assert found(finder, "show:legs from:LFMN to:LFPG").total == 0
    table = found(finder, "show:legs from:LFLL to:LFPG").to_arrow()
    assert table["icao24"].to_pylist() == ["154073"]
    assert "landed at LFPG" in table["sentence"][0].as_py()


def test_positions_of_flights_are_those_of_their_journey(finder):
    table = found(finder, "show:positions from:LFMN to:LFPG").to_arrow()
    assert set(table["icao24"].to_pylist()) == {"154073"}
    assert len(table) == 2 * 840
    assert table["time"].to_pylist() == sorted(table["time"].to_pylist())


def test_events_by_their_kind_and_place(finder):
    table = found(finder, "event:landing at:LFLL").to_arrow()
    assert table["icao24"].to_pylist() == ["154073", "~a00001"]
    assert set(table["kind"].to_pylist()) == {"landing"}
    assert found(finder, "event:landing time:2019-03-25").total == 1
    assert aircraft(finder, "event:landing at:LFPG show:aircraft") == ["154073"]


def test_silences(finder):
    table = found(finder, "gap:>30min").to_arrow()
    assert table["icao24"].to_pylist() == ["154073"]
    assert table["silence_s"].to_pylist() == [7_200 - 4_195]
    assert found(finder, "gap:>2h").total == 0
    assert found(finder, "gap:>30min near:LFMN,5nmi").total == 0


def test_contradicted_positions_are_no_answer(finder):
    assert aircraft(finder, "near:10,10,50nmi") == []


def test_rows_are_in_order_and_pages_follow_one_another(finder):
    whole = found(finder, "show:positions time:2019-03-22").to_arrow()
    times = whole["time"].to_pylist()
    assert times == sorted(times)
    parts = [found(finder, "show:positions time:2019-03-22", limit=1000, after=k).to_arrow() for k in (0, 1000, 2000)]
    assert [len(part) for part in parts] == [1000, 1000, 1000]
    for number, part in enumerate(parts):
        assert part.to_pylist() == whole.slice(1000 * number, 1000).to_pylist()


def test_who_an_aircraft_was_is_as_of_then(finder):
    table = found(finder, "hex:3c4a01").to_arrow()
    assert table["registration"].to_pylist() == ["D-NEW"]


def test_no_data_is_not_no_aircraft(finder):
    coverage = found(finder, "time:2018").coverage
    assert coverage.minutes == 0
    assert "no data, not no aircraft" in coverage.sentence()
    assert found(finder, "time:2019-03-22").coverage.with_data > 60


def test_only_what_can_matter_is_read(finder):
    kept = finder.history
    found(finder, "show:positions hex:154073 time:2019-03-22T12").to_arrow()
    assert kept.reads <= 720 + 10
    kept.reads = 0
    found(finder, "show:positions time:2019-03-22T12:10..2019-03-22T12:20").to_arrow()
    assert kept.reads <= 3 * 140


def test_what_is_too_dear_is_refused():
    tight = Finder.of(Kept(ROWS), Names(Book()), GAZETTEER, Budget(rows=1000, flights_rows=500))
    with pytest.raises(QuestionError, match="positions would have to be read"):
        found(tight, "show:positions").to_arrow()
    with pytest.raises(QuestionError, match="500 are allowed"):
        found(tight, "from:LFMN").to_arrow()
    assert found(tight, "show:positions time:2019-03-22T12:10").total == 36


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("from:ZZXX", "no place"),
        ("in:LFPG", "no country"),
        ("near:FR", "near needs a point"),
        ("in:ZZ", "outline|country"),
        ("receiver:north", "where the record lies"),
        ("show:receptions", "where the record lies"),
    ],
)
def test_mistakes_are_told(finder, text, what):
    with pytest.raises(QuestionError, match=what):
        found(finder, text).to_arrow()


def test_what_a_place_was_taken_for_is_told(finder):
    answer = found(finder, "from:LFMN to:FR")
    answer.to_arrow()
    assert "Nice" in answer.places["LFMN"]
    assert answer.places["FR"] == "airfields in France"


def test_an_empty_answer_has_its_columns(finder):
    for show in ("aircraft", "positions", "legs", "journeys", "events", "gaps"):
        full, none = found(finder, f"show:{show}"), found(finder, f"show:{show} hex:000001")
        assert none.total == 0
        assert none.to_arrow().schema.names == full.to_arrow().schema.names
        assert full.content_hash() != none.content_hash()


def test_an_area_over_the_antimeridian_and_one_over_the_pole():
    rows = positions_from(
        [
            {"time_ns": (T0 + k) * S, "icao": k + 1, "lat_deg": lat, "lon_deg": lon}
            for k, (lat, lon) in enumerate([(0.0, 179.5), (0.0, -179.5), (0.0, 0.0), (89.5, 40.0), (80.0, 40.0)])
        ]
    )
    finder = Finder.of(Kept(rows), Names(Book()), GAZETTEER)
    over = "in:POLYGON((179 -1, -179 -1, -179 1, 179 1, 179 -1))"
    assert aircraft(finder, over) == ["000001", "000002"]
    assert aircraft(finder, "near:0,180,60nmi") == ["000001", "000002"]
    assert aircraft(finder, "near:90,0,60nmi") == ["000004"]
    assert aircraft(finder, "in:POLYGON((0 85, 90 85, 180 85, -90 85, 0 85))") == ["000004"]


def test_wild_cards_are_quick_whatever_they_are():
    hostile = Pattern("*".join("A" for _ in range(11)))
    assert not fits(hostile, "A" * 8 + "B")
    assert fits(Pattern("A*C*E"), "abcde")
    assert not fits(Pattern("AB*BA"), "ABA")
    assert fits(Pattern("*"), "")


def test_answers_do_not_change_a_record(finder):
    before = finder.history.rows.time_ns.copy()
    found(finder, "show:journeys").to_arrow()
    assert np.array_equal(before, finder.history.rows.time_ns)


def test_a_stop_between_two_journeys_is_on_the_way_of_neither():
    # Out and back: two journeys. A third aircraft's comes last.
    rows = positions_from(
        [
            *line(0x3C4A01, T0, ("LFMN", "LFLL")),
            *line(0x3C4A01, T0 + 7_200, ("LFLL", "LFMN")),
            *line(0x3C4A09, T0, ("EDDF", "EDDM")),
        ]
    )
    finder = Finder.of(Kept(rows), Names(Book()), GAZETTEER)
    assert len(ask(finder, "show:journeys", now_ns=T0 * S).to_arrow()) == 3
    assert len(ask(finder, "show:journeys via:LFLL", now_ns=T0 * S).to_arrow()) == 0
