"""What an address tells by itself: military blocks, and what is odd about it."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from skywitness.cli import main
from skywitness.identity.book import Book, Statement, register_of
from skywitness.identity.military import is_military, military_block, read_ranges
from skywitness.identity.registrations import address_of, registration_of
from skywitness.identity.remarks import remarks_on


@pytest.mark.parametrize(
    ("icao", "military"),
    [
        (0xADF7C7, False), (0xADF7C8, True), (0xAE0123, True), (0xAFFFFF, True), (0xB00000, False),
        (0x43C001, True), (0x43E700, False), (0x43EB61, False), (0x43F000, True), (0x3B7777, True),
        (0x154073, False), (0, False), (0xFFFFFF, False), (0x7C822D, False), (0x7CF000, True),
    ],
)  # fmt: skip
def test_military_blocks(icao: int, military: bool):
    assert bool(is_military(np.array([icao], np.uint32))[0]) is military
    assert (military_block(icao) is not None) is military


def test_blocks_are_in_order_and_apart():
    first, last = read_ranges()
    assert (first <= last).all()
    assert (last[:-1] < first[1:]).all()


def test_no_civil_registration_is_of_a_military_block():
    for registration in ("N99999", "VH-ZZZ", "C-GZZZ", "D-AIBL", "F-GZZZ"):
        icao = address_of(registration)
        assert icao is not None
        assert military_block(icao) is None
    first, last = read_ranges()
    assert [hex(edge) for edge in (*first, *last) if registration_of(int(edge))] == []


def test_blocks_agree_with_a_list(data_dir: Path):
    with gzip.open(data_dir / "reference" / "plane-alert-db.csv.gz", "rt", encoding="utf-8") as lines:
        rows = [(int(row["$ICAO"], 16), row["#CMPG"]) for row in csv.DictReader(lines) if len(row["$ICAO"]) == 6]
    inside = is_military(np.array([icao for icao, _ in rows], np.uint32))
    told = [kind for (_, kind), one in zip(rows, inside, strict=True) if one]
    assert len(told) > 8_000
    assert told.count("Civ") < 0.01 * len(told)  # what that list calls civil and the State's forces do not


def test_a_block_says_military_after_every_list():
    assert Book().who(0xAE0123).values["military"] == ("yes", "military block ADF7C8 to AFFFFF")
    said = Statement(0xAE0123, "list", "tar1090_db", "98-0001", flags=1)
    told = Book([register_of("list", "tar1090_db", [said])]).who(0xAE0123)
    assert told.values["military"] == ("yes", "list")
    assert told.statements[-1].is_derived
    assert "military" not in Book().who(0x154073).values, "the civil block of Russia says nothing"


@pytest.mark.parametrize(
    ("icao", "registrations", "words"),
    [
        (0x000000, (), "no aircraft has this address"),
        (0xFFFFFF, (), "no aircraft has this address"),
        (0x123456, (), "typed in by hand"),
        (0x444444, (), "typed in by hand"),
        (0xF10000, (), "of no State's block"),
        (0x154073 ^ 0x40, ("RA-82035",), "one bit differs"),
        (0x15407C, ("RA-82035",), "one digit differs"),
        (0x154037, ("RA-82035",), "two digits are swapped"),
        (0x300000, ("RA-82035",), "mis-programmed, or the list is wrong"),
        (0xA00001, ("N12345",), "which is that of N1:"),
    ],
)
def test_oddities(icao: int, registrations: tuple[str, ...], words: str):
    assert any(words in remark for remark in remarks_on(icao, registrations)), remarks_on(icao, registrations)


def test_nothing_is_odd():
    assert remarks_on(0x154073, ["RA-82035", "", "no registration"]) == []
    assert remarks_on(0xA00001) == []
    assert "PIA" in remarks_on(0xA00001, is_privacy_address=True)[0]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("AE0123", "military block ADF7C8 to AFFFFF"),
        ("RFF7072", "Russian Federation Air Force"),
        ("7600", "radio failure"),
        ("4512", "set aside for nothing"),
    ],
)
def test_command(word: str, expected: str, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["identity", word, "--data", str(tmp_path)]) == 0
    assert expected in capsys.readouterr().out


def test_type_of_an_aircraft(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["identity", "set", "154073", "typecode=A124", "--data", str(tmp_path)]) == 0
    assert main(["identity", "154073", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "wake heavy" in out
    assert "ceiling" in out
