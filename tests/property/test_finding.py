"""However a question is narrowed down, its answer is what the whole record says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.errors import QuestionError
from skywitness.identity.book import Book, register_of
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.questions.finding import Finder
from skywitness.questions.globs import fits
from skywitness.questions.language import read_question
from skywitness.questions.matching import Scope
from skywitness.questions.names import Names
from skywitness.questions.question import Pattern
from skywitness.reference.load import load_gazetteer
from skywitness.run.finding import ask
from tests.kept_history import Kept
from tests.unit.questions.test_finding import DAY_S, ROWS, SAID, T0, S

GAZETTEER = load_gazetteer()
NOW_NS = (T0 + 4 * DAY_S) * S
FINDER = Finder.of(Kept(ROWS), Names(Book([register_of("list", "table", SAID)])), GAZETTEER)

OF_ROWS = (
    "hex:154073", "hex:3c*", "hex:~*", "reg:RA-*", "reg:D-*", "type:A124", "mil:yes", "mil:no", "country:DE,RU",
    "callsign:AFR*", "squawk:7700", "alt:>10000", "alt:<2000", "gs:>100", "time:2019-03-22", "time:2019-03-25",
    "time:2019-03-22T12:10..2019-03-22T13:20", "near:LFMN,20nmi", "near:LFPG,50nmi", "in:FR", "in:DE",
    "with:154073 within:3nmi,10min", "source:adsb", "gap:>30min", "first-visit:LFLL", "operator:AFR", "A124",
    "track:300..40", "rate:<0",
    "ground:yes", "emergency:yes", "kind:icao", "in:43,4,46,8", "near:43.6,7.2,30",
)  # fmt: skip
OF_FLIGHTS = ("from:LFMN", "to:LFLL,LFPG", "via:LFLL", "at:FR", "to:LFMN?", "event:landing", "event:takeoff")


def trees(terms):
    inner = st.sampled_from(terms)
    return st.recursive(
        inner,
        lambda part: st.one_of(
            st.lists(part, min_size=2, max_size=3).map(lambda parts: "(" + " ".join(p for p in parts) + ")"),
            st.lists(part, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")"),
            part.filter(lambda text: " within:" not in text).map(lambda text: f"-{text}"),
            st.tuples(part, part, st.sampled_from(("", " within:40min", " within:3h"))).map(
                lambda of: f"(({of[0]}) THEN ({of[1]}){of[2]})"
            ),
        ),
        max_leaves=5,
    )


def others(term, rows):
    return FINDER._others(term, rows)


@settings(max_examples=60)
@given(trees(OF_ROWS))
def test_positions_are_those_of_the_whole_record(text):
    try:
        question = read_question(f"show:positions {text}", NOW_NS)
    except QuestionError:  # two within: beside one another
        return
    kept = Kept(ROWS)
    whole = kept.positions(0, 1 << 62)
    finder = FINDER.again()
    scope = Scope(whole, finder.names, finder.places, None, others, None)
    expected = whole.take(scope.row_mask(question.where))
    got = [f.scope.rows.take(f.rows) for f in finder.positions(question, finder.plan(question))]
    names = ("time_ns", "icao", "address_kind", "lat_deg")
    rows = sorted(tuple(getattr(part, name)[k] for name in names) for part in got for k in range(len(part)))
    assert rows == sorted(tuple(getattr(expected, name)[k] for name in names) for k in range(len(expected)))


@settings(max_examples=40)
@given(trees(OF_ROWS + OF_FLIGHTS))
def test_legs_and_journeys_are_those_of_the_whole_record(text):
    try:
        question = read_question(f"show:legs {text}", NOW_NS)
    except QuestionError:
        return
    finder = FINDER.again()
    flights = legs(histories(Kept(ROWS).positions(0, 1 << 62)), GAZETTEER, covered=finder.covered)
    scope = Scope(flights.histories.rows, finder.names, finder.places, flights, others, None)
    mask = scope.leg_mask(question.where)
    expected = sorted(zip(flights.legs.icao[mask].tolist(), flights.legs.from_ns[mask].tolist(), strict=True))
    plan = finder.plan(question)
    got = []
    for part in finder.legs(question, plan):
        made = part.scope.flights.legs
        got += zip(made.icao[part.rows].tolist(), made.from_ns[part.rows].tolist(), strict=True)
    assert sorted(got) == expected
    whole = scope.journey_mask(question.where)
    journeys = sum(len(part.rows) for part in finder.journeys(question, plan))
    assert journeys == int(whole.sum())


@given(st.text(max_size=300))
def test_any_text_is_answered_or_refused(text):
    try:
        answer = ask(FINDER, text, now_ns=NOW_NS)
        answer.to_arrow()
    except QuestionError as error:
        assert len(str(error)) > 5  # noqa: PT017 - a refusal is one of the two answers


@given(st.lists(st.sampled_from("ab*"), max_size=12), st.text("ab", max_size=12))
def test_wild_cards_mean_what_a_plain_reading_says(pattern, text):
    def plain(p, t):
        if not p:
            return not t
        if p[0] == "*":
            return plain(p[1:], t) or (bool(t) and plain(p, t[1:]))
        return bool(t) and t[0] == p[0] and plain(p[1:], t[1:])

    word = "".join(pattern)
    assert fits(Pattern(word.upper()), text) == plain(word, text)
