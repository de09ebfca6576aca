"""Operators by callsign, and what squawks are set aside for."""

from __future__ import annotations

import pytest

from skywitness.reference.load import load_operators
from skywitness.reference.squawks import EVERYWHERE, REGIONAL, squawk_meanings


@pytest.mark.parametrize(
    ("callsign", "name", "telephony"),
    [
        ("RFF7072", "Russian Federation Air Force", ""),
        ("BAW12A", "British Airways", "Speedbird"),
        ("klm1234 ", "KLM", "KLM"),
        ("RCH871", "Air Mobility Command", "Reach"),
    ],
)
def test_operator_of_a_callsign(callsign: str, name: str, telephony: str):
    found = load_operators().of_callsign(callsign)
    assert found is not None
    assert (found.name, found.telephony) == (name, telephony)


@pytest.mark.parametrize("callsign", ["", "N12345", "OEABC", "GABCD", "RA82035", "BAW", "BAW12345", "QQQ12", "BA123"])
def test_no_operator(callsign: str):
    assert load_operators().of_callsign(callsign) is None


def test_designators_are_three_letters():
    operators = load_operators()
    assert len(operators) > 5_000
    for designator, one in operators.items():
        assert len(designator) == 3
        assert designator.isalpha()
        assert designator.isupper()
        assert one.name == one.name.strip() != ""


def test_squawks():
    assert squawk_meanings("7500") == [("everywhere", "unlawful interference")]
    assert [where for where, _ in squawk_meanings("7777")] == ["United States", "Europe"]
    assert squawk_meanings("4512") == []
    for code in (*EVERYWHERE, *REGIONAL):
        assert len(code) == 4
        assert set(code) <= set("01234567")
