"""Statements of many sources: ranked, dated, in conflict, derived; lists read from files, broken ones too."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
from collections import Counter

import numpy as np
import pytest

from skywitness.archive.identities import LOCAL, import_list, load_book, put_register, set_local
from skywitness.cli import main
from skywitness.errors import ConfigError, FormatError, SkywitnessError, SourceError
from skywitness.identity.book import Book, Statement, register_of
from skywitness.identity.lists import statements

DAY = 86_400 * 10**9
AN124 = 0x154073


def book(*said: Statement) -> Book:
    names = dict.fromkeys((one.source, one.kind) for one in said)
    return Book([register_of(name, kind, [one for one in said if one.source == name]) for name, kind in names])


def test_the_source_of_higher_rank_wins_field_by_field():
    told = book(
        Statement(AN124, "b", "tar1090_db", "RA-82035", "A124", "", flags=1),
        Statement(AN124, "a", "local", operator="Mine"),
        Statement(AN124, "c", "opensky", "RA-82036", "", "Theirs"),
    ).who(AN124)
    assert told.values["registration"] == ("RA-82035", "b")
    assert told.values["operator"] == ("Mine", "a")
    assert told.values["military"] == ("yes", "b")
    assert told.conflicts["registration"] == (("RA-82035", "b"), ("RA-82036", "c"))
    assert told.country == "Russian Federation"
    assert [one.kind for one in told.statements] == ["local", "tar1090_db", "opensky", "rule"]


def test_a_rule_is_no_second_source():
    told = book(Statement(AN124, "list", "flightaware", "RA-82035", is_derived=True)).who(AN124)
    assert told.value("registration") == "RA-82035"
    assert told.conflicts == {}
    assert all(one.is_derived for one in told.statements)
    wrong = book(Statement(AN124, "list", "vrs", "RA-99999")).who(AN124)
    assert wrong.value("registration") == "RA-99999"
    assert wrong.conflicts == {}, "a rule contradicts nobody"


def test_as_of_a_date():
    told = book(
        Statement(0x400001, "r", "opensky", "G-OLDD", from_ns=0, until_ns=10 * DAY),
        Statement(0x400001, "r", "opensky", "G-NEWW", from_ns=10 * DAY),
    )
    assert told.who(0x400001, 5 * DAY).value("registration") == "G-OLDD"
    assert told.who(0x400001, 10 * DAY).value("registration") == "G-NEWW"
    assert told.who(0x400001).value("registration") == "G-NEWW"
    assert told.addresses("G-OLDD") == told.addresses("g-new*") == [0x400001]
    names = told.names(np.array([0x400001, 0x400001], np.uint32), np.array([DAY, 20 * DAY]))
    assert [name for name, _ in names] == ["G-OLDD", "G-NEWW"]


def test_nobody_is_known():
    told = Book().who(0x123456)
    assert told.values == {}
    assert Book().addresses("X") == []


def read(text: str) -> tuple[str, list[Statement], Counter[str]]:
    counts: Counter[str] = Counter()
    kind, said = statements(io.StringIO(text), "test", counts)
    return kind, list(said), counts


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("154073;RA-82035;A124;10;ANTONOV An-124;1990;Air Force;\n",
         "tar1090_db", {"typecode": "A124", "military": "yes"}),
        ("$ICAO,$Registration,$Operator,$Type,$ICAO Type,#CMPG\n154073,RA-82035,Air Force,An-124,A124,Mil\n",
         "plane_alert_db", {"operator": "Air Force", "military": "yes", "interesting": "yes"}),
        ("ICAO,Registration,ModelICAO,Operator,YearBuilt\n154073,RA-82035,A124,Air Force,1990\n",
         "vrs", {"year": "1990"}),
        ("'icao24','registration','manufacturericao','operator'\n'154073','RA-82035','X','Air Force'\n",
         "opensky", {"operator": "Air Force"}),
        ("N-NUMBER,SERIAL NUMBER,NAME,YEAR MFR,MODE S CODE HEX\n12345 ,1,SOMEBODY,1990,A061D9 \n",
         "national_register", {"registration": "N12345", "operator": "SOMEBODY"}),
        ("icao24,registration,typecode,operator,military,from,until\n154073,RA-82035,A124,Air Force,yes,2019-01-01,\n",
         "table", {"registration": "RA-82035"}),
    ],
)  # fmt: skip
def test_each_published_list_is_known_by_its_first_line(text, kind, expected):
    found, said, counts = read(text)
    assert (found, len(said), counts["rows"]) == (kind, 1, 1)
    assert expected.items() <= said[0].values().items()


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "<html>", "PK\x03\x04", "\x00" * 100, "icao24\n154073\n"])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(FormatError, match="no list of aircraft"):
        read(text)


def test_hostile_rows_are_counted_and_cleaned():
    rows = ["icao24,registration,typecode,operator"]
    rows += [
        "zzzzzz,A,B,C",
        "154073",
        "<b>,x,y,z",
        f"154073,{'R' * 500},A124,\x1b[2J\u202eEvil" + "x" * 5000,
        "154074,,,",
    ]
    _, said, counts = read("\n".join(rows) + "\n")
    assert counts["bad_address"] == 2
    assert counts["empty"] == 2
    (one,) = said
    assert len(one.registration) == 16
    assert len(one.operator) <= 80
    assert "\x1b" not in one.operator
    assert "\u202e" not in one.operator


def test_nothing_is_half_imported(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv.gz"
    good.write_text("icao24,registration,typecode\n154073,RA-82035,A124\n")
    import_list(tmp_path / "lists", str(good), "mine")
    data = gzip.compress(b"icao24,registration,typecode\n" + b"154074,RA-82036,A124\n" * 5000)
    for broken in (data[: len(data) // 2], b"\x1f\x8b" + b"\0" * 50, b"icao24,registration\nzzz,1\n"):
        bad.write_bytes(broken)
        with pytest.raises(SkywitnessError):
            import_list(tmp_path / "lists", str(bad), "mine")
        assert load_book(tmp_path / "lists").who(AN124).value("typecode") == "A124"
    assert sorted(path.name for path in (tmp_path / "lists").iterdir()) == ["mine.parquet", "mine.parquet.sha256"]
    with pytest.raises(SourceError):
        import_list(tmp_path / "lists", str(tmp_path / "none"))
    for name in ("../up", LOCAL, "A B"):
        with pytest.raises(ConfigError):
            import_list(tmp_path / "lists", str(good), name)


def test_basestation(tmp_path):
    path = tmp_path / "BaseStation.sqb"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE Aircraft (ModeS, Registration, ICAOTypeCode, RegisteredOwners, Type)")
    base.execute(
        "INSERT INTO Aircraft VALUES ('154073', 'RA-82035', 'A124', 'Air Force', 'An-124'), ('x', '', '', '', '')"
    )
    base.commit()
    base.close()
    register, counts = import_list(tmp_path / "lists", str(path))
    assert (len(register), counts["bad_address"]) == (1, 1)
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 2000)
    with pytest.raises(FormatError):
        import_list(tmp_path / "lists", str(path))


def test_what_was_set_by_hand_outlives_every_import(tmp_path):
    set_local(tmp_path, AN124, {"operator": "Mine", "military": "yes"})
    put_register(tmp_path, register_of("list", "vrs", [Statement(AN124, "list", "vrs", "RA-82035", "A124", "Theirs")]))
    told = load_book(tmp_path, only=[AN124]).who(AN124)
    assert told.values["operator"] == ("Mine", LOCAL)
    assert told.value("typecode") == "A124"
    set_local(tmp_path, AN124, {"operator": "", "military": "no"})
    assert load_book(tmp_path).who(AN124).value("operator") == "Theirs"
    with pytest.raises(ConfigError):
        set_local(tmp_path, AN124, {"colour": "red"})
    (tmp_path / "list.parquet").write_bytes(b"PAR1")
    with pytest.raises(FormatError):
        load_book(tmp_path)


def test_the_command(tmp_path, capsys):
    path = tmp_path / "list.csv"
    path.write_text("icao24,registration,typecode,operator,military\n154073,RA-82035,A124,Air Force,yes\n")
    where = ["--data", str(tmp_path)]
    assert main(["identity", "import", str(path), *where]) == 0
    assert main(["identity", "set", "154073", "operator=Somebody", *where]) == 0
    assert main(["identity", "lists", *where]) == 0
    capsys.readouterr()
    assert main(["identity", "RA-82035", "--json", *where]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["icao24"], facts["operator"], facts["sources"]["operator"]) == ("154073", "Somebody", LOCAL)
    assert main(["identity", "154073", *where]) == 0
    assert "(derived)" in capsys.readouterr().out
    assert main(["identity", "nobody", *where]) != 0
    assert "nobody says" in capsys.readouterr().err


def test_a_table_for_the_live_picture():
    made = book(
        Statement(AN124, "a", "vrs", "RA-82035", "A124", "Theirs"),
        Statement(AN124, "b", "local", operator="Mine", flags=1),
    ).table()
    entry = made.entry(int(made.find(np.array([AN124], np.uint32))[0]))
    assert (entry.registration, entry.type, entry.operator, entry.flags) == ("RA-82035", "A124", "Mine", 1)
