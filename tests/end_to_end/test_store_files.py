"""The list of files that belong together, read by DuckDB; and why a directory's listing is not one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from skywitness.archive.files import OsFiles
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.archive.upkeep import held
from skywitness.cli import main
from tests.rows_from import BEGIN_NS, positions_from, states_from

duckdb = pytest.importorskip("duckdb")
S = 1_000_000_000
ROWS = 5_000


@pytest.fixture
def store(tmp_path) -> Path:
    """Ten minutes, each a file, of each table."""
    directory = tmp_path / "store"
    spool = Spool(directory, SpoolSettings(compaction=None))
    rows = positions_from(ROWS, seconds=600)
    spool.push(rows, BEGIN_NS)
    spool.states(states_from(rows), BEGIN_NS)
    spool.close()
    return directory


def said(capsys, *words: object) -> tuple[int, list[str], str]:
    capsys.readouterr()
    code = main(["store", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def test_a_bare_glob_is_not_a_snapshot(store, capsys):
    count = "SELECT count(*) FROM read_parquet($1)"
    everything = str(store / "positions" / "*" / "*.parquet")
    assert duckdb.sql(count, params=[everything]).fetchall() == [(ROWS,)]
    before = said(capsys, "files", store)[1]
    assert len(before) == 10
    code, (line,), _ = said(capsys, "compact", store, "--now")
    assert code == 0
    assert " files became " in line
    assert duckdb.sql(count, params=[everything]).fetchall() == [(2 * ROWS,)]  # each row twice
    after = said(capsys, "files", store)[1]
    assert len(after) == 1
    assert duckdb.sql(count, params=[after]).fetchall() == [(ROWS,)]
    assert duckdb.sql(count, params=[before]).fetchall() == [(ROWS,)]  # a list taken before goes on to be good
    assert said(capsys, "verify", store)[0] == 0
    assert said(capsys, "compact", store)[1] == ["nothing is to be merged"]
    assert duckdb.sql(count, params=[everything]).fetchall() == [(ROWS,)]


def test_a_question_narrows_the_list(store, capsys):
    begin = "2026-06-01T12:03:00Z"
    assert len(said(capsys, "files", store, f"time:{begin}..2026-06-01T12:04")[1]) == 2
    assert said(capsys, "files", store, "time:2019")[1] == []
    assert said(capsys, "files", store, "hex:ffffff")[1] == []
    (file,) = said(capsys, "files", store, "time:2026-06-01T12:03")[1] or [""]
    ((icao,),) = duckdb.sql(f"SELECT icao FROM '{file}' LIMIT 1").fetchall()
    code, files, err = said(capsys, "files", store, f"hex:{icao:06x} alt:>100")
    assert (code, err) == (0, "skywitness: alt does not narrow the list; ask it of the rows\n")
    assert file in files
    rows = [json.loads(line) for line in said(capsys, "files", store, "--json", "--table", "states")[1]]
    assert {row["table"] for row in rows} == {"states"}
    assert set(rows[0]) == {"path", "table", "rows", "bytes", "from", "until", "sha256"}


def test_statistics_and_deletions(store, capsys):
    code, (line,), _ = said(capsys, "stats", store, "--json")
    facts = json.loads(line)
    day = facts["tables"]["positions"]["2026-06-01"]
    assert (code, day["files"], day["rows"]) == (0, 10, ROWS)
    assert day["aircraft"] > 0
    assert day["bytes_a_row"] == pytest.approx(day["bytes"] / ROWS, abs=0.01)
    assert list(json.loads(said(capsys, "stats", store, "--by", "month", "-j")[1][0])["tables"]["states"]) == [
        "2026-06"
    ]
    cut = ("--before", "2026-06-01T12:04:00Z", "--table", "positions")
    assert said(capsys, "prune", store, *cut, "--dry-run")[1][-1].endswith("would be deleted")
    assert len(said(capsys, "files", store)[1]) == 10
    assert said(capsys, "prune", store, *cut)[1][-1].startswith("4 files")
    assert len(said(capsys, "files", store)[1]) == 6
    assert any(line.startswith("removed") and "(age)" in line for line in said(capsys, "stats", store)[1])
    keep = ("--keep-gb", sum(map(os.path.getsize, said(capsys, "files", store)[1])) / 1e9 / 2)
    assert said(capsys, "prune", store, *keep, "--table", "positions")[1][-1].startswith("3 files")
    assert said(capsys, "verify", store)[0] == 0


def test_damage_is_named_and_the_code_is_1(store, capsys):
    (file, *_) = said(capsys, "files", store)[1]
    data = bytearray(Path(file).read_bytes())
    data[100] ^= 1
    Path(file).write_bytes(data)
    code, lines, _ = said(capsys, "verify", store)
    assert code == 1
    assert lines[0].startswith("positions/2026-06-01/1200-")
    assert "rows are lost, of 2026-06-01T12:00:00Z to 2026-06-01T12:00:59Z" in lines[0]
    code, (line,), _ = said(capsys, "verify", store, "-j")
    assert (code, len(json.loads(line)["damages"])) == (1, 1)


def test_a_recording_node_is_not_disturbed(store, capsys):
    with held(store, OsFiles()):
        for words in (("compact", store), ("prune", store, "--keep-days", 1)):
            code, _, err = said(capsys, *words)
            assert code == 2 or code == 3
            assert "another process records there" in err
            assert "by itself" in err
        assert said(capsys, "verify", store)[0] == 0


@pytest.mark.parametrize(
    "words", [("verify", "/nowhere"), ("prune", "."), ("prune", ".", "--keep-days", "-1"), ("stats", ".", "hex:1")]
)
def test_what_cannot_be_done_is_said(words, capsys):
    code, _, err = said(capsys, *words)
    assert code == 2
    assert err.startswith("skywitness: ")
