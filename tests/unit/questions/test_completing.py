"""What may come next in a question that is being typed."""

from __future__ import annotations

import pytest

from skywitness.questions.completing import MOST, complete
from skywitness.questions.language import read_question
from skywitness.reference.load import load_gazetteer


def texts(text: str, at: int | None = None, **known) -> list[str]:
    return [one.text for one in complete(text, len(text) if at is None else at, **known).found]


def applied(text: str, at: int, choice: int = 0, **known) -> str:
    found = complete(text, at, **known)
    return text[: found.begin] + found.found[choice].text + text[found.end :]


def test_keys():
    assert texts("mil:yes ty") == ["type:"]
    assert "time:" in texts("t")
    assert len(texts("")) == MOST
    assert texts("mil:yes -call") == ["callsign:"]
    assert applied("mil:yes -call", 13) == "mil:yes -callsign:"
    assert texts("operater") == ["operator:"], "what may have been meant"
    assert texts("zzzzz") == []


def test_values_of_fixed_words():
    assert texts("show:leg") == ["legs"]
    assert texts("mil:") == ["yes", "no"]
    assert applied("event:land time:2019", 10) == "event:landing time:2019"
    assert applied("source:adsb,ml", 14) == "source:adsb,mlat"
    assert texts("-mil:y") == ["yes"]
    assert texts("nokey:x") == []


def test_times_are_those_of_the_record():
    assert texts("time:2019", days=["2019-03-22", "2019-03-23"]) == ["2019-03", "2019-03-23", "2019-03-22"]


def test_places():
    places = load_gazetteer()
    assert texts("to:SVM", gazetteer=places)[0] == "SVMI"
    assert "SVMI" in texts("to:carac", gazetteer=places)
    assert texts("in:syr", gazetteer=places) == ["SY"]
    assert applied("near:OSLK alt:<9000", 9, gazetteer=places) == 'near:"OSLK 30nmi" alt:<9000'
    assert applied('near:"OSL" alt:<9000', 9, gazetteer=places).endswith('30nmi" alt:<9000')
    assert texts("to:CCS", gazetteer=places)[0] == "SVMI", "an IATA code in full comes first"


@pytest.mark.parametrize("text", ["to:SVM", "in:syr", "near:OSLK", "first-visit:caracas", "from:UUM", "time:20"])
def test_what_is_offered_can_be_asked(text):
    known = {"gazetteer": load_gazetteer(), "days": ["2019-03-22"]}
    count = len(texts(text, **known))
    assert count
    for choice in range(count):
        read_question(applied(text, len(text), choice, **known), 0)


@pytest.mark.parametrize(
    "text", ['"', 'to:"', "in:POLYGON((1 2, 3", ":", "--", "a:b:c", "é:", "(" * 50, '"\\"', "x" * 5000]
)
def test_any_text_and_cursor_is_taken(text):
    for at in (-5, 0, 1, len(text) // 2, len(text), len(text) + 9):
        found = complete(text, at, load_gazetteer())
        assert 0 <= found.begin <= found.end <= len(text)
