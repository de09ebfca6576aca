"""`skywitness legs` and `skywitness.legs` as their users call them."""

from __future__ import annotations

import json

import pytest

import skywitness
from skywitness.cli import main
from skywitness.errors import FormatError


def test_of_the_demonstration(tmp_path, capsys):
    out = tmp_path / "legs.jsonl"
    assert main(["legs", "demo", "-o", str(out), "-o", str(tmp_path / "legs.kml")]) == 0
    told = capsys.readouterr().out
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == told.count("SIMULATED: ") > 10
    assert {row["provenance"] for row in rows} == {"simulated"}


def test_of_positions_in_every_table_format(tmp_path, capsys):
    names = [tmp_path / f"tracks.{suffix}" for suffix in ("csv", "jsonl", "parquet", "arrow")]
    assert main(["track", "demo", *(part for name in names for part in ("-o", str(name)))]) == 0
    capsys.readouterr()
    told = set()
    for name in names:
        assert main(["legs", str(name), "--icao", "0a0033"]) == 0
        told.add(capsys.readouterr().out)
    assert len(told) == 1
    assert "0A0033" in told.pop()


def test_python_takes_frames_and_names(tmp_path, capsys):
    by_name = skywitness.legs("demo")
    assert main(["track", "demo", "-o", str(tmp_path / "t.parquet")]) == 0
    capsys.readouterr()
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    for frame in (pandas.read_parquet(tmp_path / "t.parquet"), polars.read_parquet(tmp_path / "t.parquet")):
        found = skywitness.legs(frame)
        assert len(found) == len(by_name)
        assert found.to_arrow()["icao24"].to_pylist() == by_name.to_arrow()["icao24"].to_pylist()
        assert len(found.to_pandas()) == len(found.to_polars()) == len(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["legs", "{tmp}/none.parquet"], "no such file"),
        (["legs", "{tmp}/bad.parquet"], "cannot be read as parquet"),
        (["legs", "{tmp}/other.csv"], ""),
        (["legs", "{tmp}/none.parquet", "-o", "x.xlsx"], "does not say in which format"),
        (["legs", "demo", "--icao", "wrong"], "is no address"),
        (["legs", "{tmp}"], "no history"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path, capsys, arguments, message):
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert main([part.format(tmp=tmp_path) for part in arguments]) != 0
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told


def test_tables_in_metres_are_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"time": [1.0], "icao24": ["abc123"], "lat": [1.0], "lon": [2.0], "velocity": [200.0]})
    with pytest.raises(FormatError, match="metres"):
        skywitness.legs(frame)
    with pytest.raises(FormatError, match="no column for lat_deg"):
        skywitness.legs(pandas.DataFrame({"timestamp": [1.0], "icao24": ["abc123"]}))
