"""What a question says, and what is said of a mistake in it."""

from __future__ import annotations

import math
import time

import pytest

from skywitness.errors import QuestionError
from skywitness.questions.language import MOST_CHARACTERS, read_question
from skywitness.questions.question import (
    And,
    Flag,
    FlightPlace,
    Gap,
    InArea,
    Near,
    Not,
    Number,
    Or,
    Pattern,
    Place,
    Point,
    Polygon,
    Span,
    Text,
    Then,
    Together,
    When,
)
from skywitness.questions.terms import KEYS, TERMS
from skywitness.questions.times import nanoseconds, span_of

NOW_NS = 1_553_500_800_000_000_000  # 2019-03-25T08:00Z
DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000
NMI = 1852.0


def at(text: str) -> int:
    import datetime

    return nanoseconds(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC))


def words(key: str, *texts: str) -> Text:
    return Text(key, tuple(map(Pattern, texts)))


MARCH = When((Span(at("2019-03-01"), at("2019-04-01")),))

ASKED = [
    (
        "mil:yes type:A124,IL62 from:UUMU via:SY to:SVMI time:2019-03-22..2019-03-25",
        "journeys",
        And(
            (
                Flag("mil", True),
                words("type", "A124", "IL62"),
                FlightPlace("from", (Place("UUMU"),)),
                FlightPlace("via", (Place("SY"),)),
                FlightPlace("to", (Place("SVMI"),)),
                When((Span(at("2019-03-22"), at("2019-03-26")),)),
            )
        ),
    ),
    (
        'callsign:RFF* near:"OSLK 30nmi" alt:<=10000 time:2019-03',
        "aircraft",
        And(
            (
                words("callsign", "RFF*"),
                Near((Place("OSLK"),), 30 * NMI),
                Number("alt", ((-math.inf, 10000.0),)),
                MARCH,
            )
        ),
    ),
    ("with:154073 within:5nmi,10min", "aircraft", Together((Pattern("154073"),), 5 * NMI, 600_000_000_000)),
    ("with:154073 within:2km", "aircraft", Together((Pattern("154073"),), 2000.0, 600_000_000_000)),
    ("pattern:circling in:FR", "events", And((words("pattern", "circling"), InArea((Place("FR"),))))),
    (
        'first-visit:VE operator:"Russian Air Force"',
        "journeys",
        And((FlightPlace("first-visit", (Place("VE"),)), words("operator", "RUSSIAN AIR FORCE"))),
    ),
    ("gap:>=2h", "gaps", Gap(2 * HOUR_NS, 1 << 62)),
    ("gap:2h..5h", "gaps", Gap(2 * HOUR_NS, 5 * HOUR_NS)),
    ("squawk:7700", "aircraft", words("squawk", "7700")),
    ("to:SVMI?", "journeys", FlightPlace("to", (Place("SVMI"),), 0.0)),
    ('from:"48.1,11.5",LFPG', "journeys", FlightPlace("from", (Point(48.1, 11.5), Place("LFPG")))),
    ("near:48.1,11.5,20km", "aircraft", Near((Point(48.1, 11.5),), 20_000.0)),
    ("near:48.1,-11.5", "aircraft", Near((Point(48.1, -11.5),), 30 * NMI)),
    ("track:350..10", "aircraft", Number("track", ((350.0, 360.0), (0.0, 10.0)))),
    ("track:90", "aircraft", Number("track", ((90.0, 90.0),))),
    ("rate:-500..-100fpm", "aircraft", Number("rate", ((-500.0, -100.0),))),
    ("seen:2min", "aircraft", Number("seen", ((120.0, 120.0),))),
    ("-ground:yes", "aircraft", Not(Flag("ground", True))),
    ("near:48.1,-11.5,20", "aircraft", Near((Point(48.1, -11.5),), 20 * NMI)),
    (
        "in:50,3,54,8",
        "aircraft",
        InArea((Polygon(((((3.0, 50.0), (8.0, 50.0), (8.0, 54.0), (3.0, 54.0), (3.0, 50.0)),),)),)),
    ),
    ("near:EHAM within:3nmi", "aircraft", Near((Place("EHAM"),), 3 * NMI)),
    ("RA-82035", "aircraft", words("any", "RA-82035")),
    (
        "mil:yes near:EHAM THEN near:OSLK within:20h OR squawk:7700",
        "aircraft",
        Or(
            (
                Then(
                    And((Flag("mil", True), Near((Place("EHAM"),), 30 * NMI))),
                    Near((Place("OSLK"),), 30 * NMI),
                    20 * HOUR_NS,
                ),
                words("squawk", "7700"),
            )
        ),
    ),
    (
        "mil:yes THEN mil:no THEN with:154073 within:5nmi",
        "aircraft",
        Then(
            Then(Flag("mil", True), Flag("mil", False), 24 * HOUR_NS),
            Together((Pattern("154073"),), 5 * NMI, 600_000_000_000),
            24 * HOUR_NS,
        ),
    ),
    ("-mil:no", "aircraft", Not(Flag("mil", False))),
    (
        "squawk:7700 OR (hex:1540* -reg:RA-*) show:legs",
        "legs",
        Or((words("squawk", "7700"), And((words("hex", "1540*"), Not(words("reg", "RA-*")))))),
    ),
    (
        "hex:~2AB123 AND alt:FL290..FL310",
        "aircraft",
        And((words("hex", "~2AB123"), Number("alt", ((29000.0, 31000.0),)))),
    ),
    ("event:touch-and-go", "events", words("event", "touch_and_go")),
    (
        "in:POLYGON((10 50,11 50,11 51))",
        "aircraft",
        InArea((Polygon(((((10.0, 50.0), (11.0, 50.0), (11.0, 51.0), (10.0, 50.0)),),)),)),
    ),
    (
        'in:{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,2]]]}} mil:yes',
        "aircraft",
        And((InArea((Polygon(((((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 2.0)),),)),)), Flag("mil", True))),
    ),
    ("", "aircraft", And(())),
]  # fmt: skip


@pytest.mark.parametrize(("text", "show", "where"), ASKED, ids=[text[:40] for text, _, _ in ASKED])
def test_a_question_is_read_as_meant(text, show, where):
    question = read_question(text, NOW_NS)
    assert question.show == show
    assert question.where == where


def test_strict_bounds_leave_the_number_itself_out():
    ((low, high),) = read_question("alt:<10000", NOW_NS).where.bounds
    assert (low, high) == (-math.inf, math.nextafter(10000.0, 0))
    ((low, high),) = read_question("gs:>100m/s", NOW_NS).where.bounds
    assert low == pytest.approx(194.384, abs=0.001)
    assert high == math.inf


TIMES = [
    ("2019", "2019-01-01", "2020-01-01"),
    ("2019-12", "2019-12-01", "2020-01-01"),
    ("2020-02-29", "2020-02-29", "2020-03-01"),
    ("2019-03-22T14", "2019-03-22T14:00", "2019-03-22T15:00"),
    ("2019-03-22T14:05Z", "2019-03-22T14:05", "2019-03-22T14:06"),
    ("2019-03-22T14:05:30", "2019-03-22T14:05:30", "2019-03-22T14:05:31"),
    ("2019-03-22T14:05+03:00", "2019-03-22T11:05", "2019-03-22T11:06"),
    ("2019-03-22..2019-03-25", "2019-03-22", "2019-03-26"),
    ("2019-03-22T12:00..2019-03", "2019-03-22T12:00", "2019-04-01"),
    ("-24h", "2019-03-24T08:00", "2019-03-25T08:00"),
    ("-2d..-1d", "2019-03-23T08:00", "2019-03-24T08:00"),
    ("today", "2019-03-25", "2019-03-26"),
    ("yesterday..now", "2019-03-24", "2019-03-25T08:00"),
]


@pytest.mark.parametrize(("text", "begin", "end"), TIMES)
def test_a_unit_that_is_named_is_meant_whole(text, begin, end):
    assert span_of(text, NOW_NS) == Span(at(begin), at(end))


def test_open_ranges_reach_as_far_as_there_is_time():
    assert span_of("2019..", NOW_NS).until_ns > at("2100-01-01")
    assert span_of("..2019", NOW_NS).from_ns < 0


MISTAKES = [
    ("typ:A124", 0, "'type'"),
    ("mil:yes pattern:circlin", 16, "'circling'"),
    ("show:planes", 5, "no subject"),
    ("alt:10000x", 4, "FL290"),
    ("time:2019-13", 5, "month"),
    ("time:2019-02-30", 5, "day"),
    ("time:2019-03-25..2019-03-22", 5, "ends before"),
    ("time:22/03/2019", 5, "Write UTC"),
    ("hex:15407", 4, "15407*"),
    ("hex:RA8203", 4, "hexadecimal"),
    ("squawk:7780", 7, "0 to 7"),
    ("mil:maybe", 4, "neither"),
    ("(mil:yes", 0, "not closed"),
    ("mil:yes)", 7, "too many"),
    ("()", 0, "nothing stands"),
    ("mil:yes OR", 10, "either side"),
    ("AND mil:yes", 0, "either side"),
    ("mil:yes AND", 11, "either side"),
    ('operator:"Russian', 9, "not closed"),
    ("from:", 5, "missing"),
    ("from:UUMU,", 10, "missing"),
    ("from:UUMU?,SVMI", 11, "for all"),
    ("within:5nmi", 7, "beside it"),
    ("with:154073 within:5nmi within:6nmi", 31, "twice"),
    ("mil:yes within:2h THEN mil:no", 15, "beside it"),
    ("mil:yes THEN mil:no within:5nmi", 27, "within a time"),
    ("THEN mil:no", 0, "either side"),
    ("mil:yes THEN", 8, "either side"),
    ("mil:yes THEN OR mil:no", 8, "either side"),
    ("mil:yes" + " THEN mil:no" * 9, 104, "more than 8"),
    ("with:154073 within:soon", 19, "neither a distance"),
    ("near:91,10", 5, "latitudes"),
    ("in:POLYGON((10 50,11 50))", 3, "three points"),
    ("in:POLYGON((50 100,50 101,51 100))", 3, "swapped"),
    ("in:POLYGON((10 50,11 x))", 21, "expected"),
    ("in:POLYGON((10 50,11 50", 3, "not closed"),
    ('in:{"type":"Point","coordinates":[1,2]}', 3, "Polygon"),
    ("track:400", 6, "0 to 360"),
    ("rate:fast", 5, "vertical rate"),
    ("in:54,3,50,8", 3, "south,west"),
    ("kind:airship", 5, "One of"),
    ("gap:long", 4, "length of time"),
    ("-", 0, "negate"),
    ("-show:legs", 1, "whole question"),
    ("(show:legs)", 1, "whole question"),
    ("mil:yes\0", 7, "NUL"),
]


@pytest.mark.parametrize(("text", "offset", "word"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_a_way_out(text, offset, word):
    with pytest.raises(QuestionError) as caught:
        read_question(text, NOW_NS)
    assert caught.value.offset == offset, str(caught.value)
    assert word in str(caught.value)
    assert f"at character {offset + 1}: " in str(caught.value)


def test_every_key_is_described_and_read():
    assert set(TERMS) | {"show", "explain"} == set(KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "-" * 100_000 + "x",
        "reg:" + "*a" * 5000,
        "x " * 200_000,
        "x" * (MOST_CHARACTERS + 1),
        "in:POLYGON(" + "(" * 400_000 + ")" * 400_000 + ")",
        "in:POLYGON((" + ",".join("1 2" for _ in range(200_000)) + "))",
        'in:{"type":' * 50_000,
        'in:{"type":"Polygon","coordinates":' + "[" * 400_000 + "]" * 400_000 + "}",
        "alt:" + "9" * 100_000,
        "time:" + "9" * 5000,
        "in:POLYGON((1e999 2,3 4,5 6))",
        'operator:"' + "\\" * 300_000,
    ],
    ids=range(13),
)
def test_a_hostile_question_costs_little_and_is_refused(text):
    began = time.process_time()
    with pytest.raises(QuestionError):
        read_question(text, NOW_NS)
    assert time.process_time() - began < 20  # a pass or two over a million characters, on any machine
