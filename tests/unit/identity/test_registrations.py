"""Rules from address to registration and back: exact both ways, and right on lists of real aircraft."""

from __future__ import annotations

import csv
import gzip
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.identity.registrations import KOREA, RULES, US_FIRST, US_LAST, address_of, registration_of, rule_of


@pytest.mark.parametrize(
    ("icao", "registration"),
    [
        (0x154073, "RA-82035"), (0x1551E0, "RA-86496"), (0xA00001, "N1"), (0xA00002, "N1A"), (0xA00003, "N1AA"),
        (0xADF7C7, "N99999"), (0xC00001, "C-FAAA"), (0xC044A9, "C-GAAA"), (0x398000, "F-HAAA"), (0x448421, "OO-AAA"),
        (0x3C4421, "D-AAAA"), (0x3C0001, "D-APAA"), (0x71BA14, "HL7214"), (0x840120, "JA008G"), (0x8404FD, "JA01AX"),
        (0x7C0000, "VH-AAA"),
    ],
)  # fmt: skip
def test_known_pairs(icao, registration):
    assert registration_of(icao) == registration
    assert address_of(registration) == icao
    assert rule_of(icao)


@pytest.mark.slow
def test_all_n_numbers_both_ways():
    seen = set()
    for icao in range(US_FIRST, US_LAST + 1):
        registration = registration_of(icao)
        assert address_of(registration) == icao
        seen.add(registration)
    assert len(seen) == 915_399
    assert all(re.fullmatch(r"N[1-9]\d{0,4}|N[1-9]\d{0,3}[A-HJ-NP-Z]|N[1-9]\d{0,2}[A-HJ-NP-Z]{2}", one) for one in seen)


@given(st.integers(0, 0xFFFFFF))
def test_what_an_address_gives_leads_back_to_it(icao):
    registration = registration_of(icao)
    if registration:
        assert address_of(registration) == icao


@given(st.text(max_size=12))
def test_any_text_is_a_registration_or_none(text):
    icao = address_of(text)
    assert icao is None or 0 <= icao <= 0xFFFFFF


@pytest.mark.parametrize(
    "text", ["", "N", "N0", "N123456", "NI", "N1I", "N1AAA", "RA-1", "RA-١٢٣٤٥", "HL1234", "D-", "JAxx"]
)
def test_what_is_no_registration_has_no_address(text):
    assert address_of(text) is None


def test_rules_do_not_share_addresses():
    spans = sorted((rule.address(rule.begin), rule.address(rule.end), rule.prefix) for rule in RULES)
    for (_, last, one), (first, _, other) in itertools.pairwise(spans):
        assert last < first, (one, other)
    assert len(KOREA) == 4


def test_russia_on_the_list_of_notable_aircraft(data_dir):
    with gzip.open(data_dir / "reference" / "plane-alert-db.csv.gz", "rt", encoding="utf-8-sig") as file:
        pairs = [(row["$ICAO"], row["$Registration"]) for row in csv.DictReader(file)]
    told = [(icao, reg) for icao, reg in pairs if re.fullmatch(r"RA-\d{5}", reg)]
    wrong = [(icao, reg) for icao, reg in told if registration_of(int(icao, 16)) != reg]
    assert len(told) == 297
    assert wrong == [("14FA3A", "RA-64508")]


def test_every_rule_on_a_list_of_aircraft(data_dir):
    with gzip.open(data_dir / "reference" / "vrs_aircraft.csv.gz", "rt", encoding="utf-8-sig") as file:
        pairs = [(int(row["ICAO"], 16), row["Registration"].upper()) for row in csv.DictReader(file)]
    by_prefix: dict[str, list[bool]] = {}
    for icao, registration in pairs:
        for rule in RULES:
            if re.fullmatch(re.escape(rule.prefix) + "[A-Z]{3}", registration):
                by_prefix.setdefault(rule.prefix, []).append(registration_of(icao) == registration)
                break
        if re.fullmatch(r"N[1-9][0-9A-Z]{0,4}", registration):
            by_prefix.setdefault("N", []).append(registration_of(icao) == registration)
    assert sum(map(len, by_prefix.values())) > 5_000
    for prefix, right in by_prefix.items():
        if len(right) >= 20:
            assert sum(right) / len(right) >= 0.96, (prefix, len(right))
