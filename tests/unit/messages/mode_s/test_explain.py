"""The explanation covers each bit once, and says in words what `decode` says in values."""

from __future__ import annotations

import json
import random

import pytest

from skywitness import cli
from skywitness.errors import FormatError
from skywitness.messages.mode_s.decode import decode
from skywitness.messages.mode_s.explain import PARTS, Row, explain

VELOCITY = "8D485020994409940838175B284F"


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows if row.name}


def bits_of(row: Row) -> range:
    first, _, last = row.bits.partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("first", range(256))
def test_each_bit_is_told_once(first: int):
    size = 14 if first >= 128 else 7
    data = bytes([first]) + random.Random(first).randbytes(size - 1)
    told: list[int] = []
    rows = explain(data)
    for row in rows:
        if row.bits and row.part != "register":
            assert len(row.raw) == len(bits_of(row))
            told.extend(bits_of(row))
    assert len(told) == len(set(told))
    bits = f"{int.from_bytes(data, 'big'):0{8 * size}b}"
    for row in rows:
        if row.bits and row.part != "register":
            assert row.raw == "".join(bits[place - 1] for place in bits_of(row))
    if decode(data).format is not None:
        assert sorted(told) == list(range(1, 8 * size + 1))
    assert {row.part for row in rows} <= set(PARTS)


def test_words():
    rows = by_name(explain(VELOCITY))
    assert rows["vertical_rate_fpm"].bits == "69-78"
    assert rows["vertical_rate_fpm"].text == "-832 ft/min"
    assert rows["vertical_rate_fpm"].section.startswith("RTCA DO-260B 2.2.3.2.6")
    assert rows["groundspeed_kt"].part == "meaning"
    assert rows["remainder"].text == "intact"
    assert by_name(explain("8D406B902015A678D4D220AA4BDA"))["category"].text == "A0: no category information"
    assert by_name(explain("02a184999c5fe3"))["altitude_ft"].text == "6,425 ft: counted in steps of 25 ft (Q = 1)"
    assert by_name(explain("02a184999c5fe3"))["remainder"].text == "address 504dd9, if no bit is wrong"
    assert by_name(explain("5f4001594b0fbb"))["remainder"].text == "intact, interrogator code 0"
    assert by_name(explain(VELOCITY[:-1] + "E"))["remainder"].text == "damaged: no field can be trusted"


def test_registers_of_a_reply():
    rows = [row for row in explain("A0001692185BD5CF400000DFC696") if row.part == "register"]
    assert rows[0].name == "44"
    assert rows[0].meaning.startswith("named: ")
    assert explain("A0001692000000000000000C2A10")[-1].text == "empty"


def test_every_row_has_words_and_a_source():
    for row in explain(VELOCITY):
        assert row.text
        if row.text != "reserved":
            assert row.meaning
            assert row.section


def test_the_command_prints_tables_and_json(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["explain", VELOCITY]) == 0
    shown = capsys.readouterr().out
    assert "airborne velocity over ground" in shown
    assert "550 ft" in shown
    assert cli.main(["explain", "--json", VELOCITY, "5f4001594b0fbb"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["fields"]["vertical_rate_fpm"] == -832
    assert first["rows"][0] == explain(VELOCITY)[0].as_dict()
    assert second["title"] == "all-call reply or acquisition squitter"


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["explain", "8D48502"]) == 2
    assert "7 hex digits, an odd number" in capsys.readouterr().err
    with pytest.raises(FormatError):
        explain("xyz")
