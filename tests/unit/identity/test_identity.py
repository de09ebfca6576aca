"""Addresses lead to registrations, and to States."""

from __future__ import annotations

import gzip
from collections import Counter

import numpy as np
import pytest

from skywitness.errors import FormatError
from skywitness.identity import tar1090_db
from skywitness.identity.countries import COUNTRIES, find_country
from skywitness.identity.table import NOBODY, Entry, IdentityTable
from skywitness.identity.tar1090_db import read_tar1090_db

LINES = (
    "15405E;RA-82035;A124;10;ANTONOV An-124 Ruslan;1987;Russian Air Force;\n"
    "4d2023;9H-ABC;A20N;00;Airbus;;\r\n"
    "4D2023;9H-XYZ;A320;0001;Airbus A320;2019;Société d'Air;\n"
    "zz;nothing\n"
    "12 456;X;Y;00;;;\n"
    "nonsense\n"
)


def test_the_list_becomes_sorted_columns():
    counts: Counter[str] = Counter()
    table = read_tar1090_db(gzip.compress(LINES.encode()), counts)
    assert counts == {"rows": 3, "bad_line": 2, "bad_address": 1}
    assert table.icao.tolist() == [0x15405E, 0x4D2023]
    assert table.entry(0) == Entry(0x15405E, "RA-82035", "A124", 1, "ANTONOV An-124 Ruslan", 1987, "Russian Air Force")
    assert table.entry(1) == Entry(0x4D2023, "9H-XYZ", "A320", 8, "Airbus A320", 2019, "Société d'Air")


def test_a_plain_list_is_read_as_well():
    assert len(read_tar1090_db(LINES.encode())) == 2


def test_only_icao_addresses_are_found():
    table = read_tar1090_db(LINES.encode())
    icao = np.array([0x4D2023, 0x4D2023, 1, 0xFFFFFF], np.uint32)
    assert table.find(icao, np.array([0, 1, 0, 0], np.uint8)).tolist() == [1, -1, -1, -1]
    assert NOBODY.find(icao).tolist() == [-1] * 4


def test_what_is_no_such_list_is_refused(monkeypatch):
    with pytest.raises(FormatError, match="no line has the form"):
        read_tar1090_db(b"<html>not found</html>")
    with pytest.raises(FormatError, match="cut off"):
        read_tar1090_db(gzip.compress(LINES.encode())[:-20])
    with pytest.raises(FormatError, match="cannot be unpacked"):
        read_tar1090_db(b"\x1f\x8bnonsense that is no gzip")
    monkeypatch.setattr(tar1090_db, "LARGEST_BYTES", 64)
    with pytest.raises(FormatError, match="more than"):
        read_tar1090_db(gzip.compress(LINES.encode()))


@pytest.mark.parametrize(
    ("icao", "country"),
    [
        (0x3C6444, "Germany"),
        (0xA00000, "United States"),
        (0xAFFFFF, "United States"),
        (0xB00000, "Unknown"),
        (0x15405E, "Russian Federation"),
        (0x0D8000, "Venezuela"),
        (0x4CA123, "Ireland"),
        (0x000000, "Unknown"),
        (0xFFFFFF, "Unknown"),
    ],
)
def test_the_state_of_an_address(icao, country):
    assert COUNTRIES[find_country(np.array([icao], np.uint32))[0]] == country


def test_an_address_of_another_kind_has_no_state():
    assert find_country(np.array([0x3C6444], np.uint32), np.array([1], np.uint8)).tolist() == [0]


def test_an_empty_table_has_columns():
    assert len(IdentityTable.of(())) == 0
