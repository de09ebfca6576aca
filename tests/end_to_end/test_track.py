"""`skywitness track`: the whole command, on a recorded flight, on simulated receivers, and on what is no recording."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
import zstandard

from skywitness import cli
from skywitness.positions.pairing import distance_m

FLIGHT = "raw/klm1302_20231024.beasthex.csv.zst"
SCENARIO = """
name = "two"
duration_s = 20
[[receiver]]
name = "north"
lat_deg = 47.1
lon_deg = 8.0
[[receiver]]
name = "south"
lat_deg = 47.0
lon_deg = 8.0
[[fleet]]
count = 20
area = [46.9, 7.9, 47.1, 8.1]
"""


def skywitness(*arguments: object, cwd: Path, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "skywitness", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, input=data, capture_output=True, check=False, env=os.environ | {"COLUMNS": "200"}
    )


@pytest.fixture(scope="module")
def flight(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The recorded flight, tracked into every format."""
    directory = tmp_path_factory.mktemp("flight")
    outputs = [part for kind in ("csv", "jsonl", "parquet", "arrow", "json") for part in ("-o", f"klm.{kind}")]
    done = skywitness("track", data_dir / FLIGHT, "--json", *outputs, cwd=directory)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), directory


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what two simulated receivers hear."""
    directory = tmp_path_factory.mktemp("pair")
    (directory / "two.toml").write_text(SCENARIO)
    done = skywitness("simulate", "two.toml", "-o", "two", cwd=directory)
    assert done.returncode == 0, done.stderr
    return directory


def test_the_flight_is_found_from_gate_to_gate(flight: tuple[dict[str, Any], Path]):
    summary, directory = flight
    assert summary["frames"] == 172_432
    assert sum(row["messages"] for row in summary["aircraft"]) == summary["messages"]
    good = sum(count for verdict, count in summary["verdicts"].items() if verdict != "contradicted")
    assert good >= 12_350
    own = summary["aircraft"][0]
    assert (own["icao24"], own["callsign"], own["category"], own["on_ground"]) == ("486257", "KLM1302", "A3", True)
    rows = [json.loads(line) for line in (directory / "klm.jsonl").read_text().splitlines()]
    assert max(row["altitude_baro_ft"] or 0 for row in rows) < 60_000
    mine = [row for row in rows if row["icao24"] == "486257"]
    assert len(mine) >= 12_000
    changes = [later["time"][11:19] for earlier, later in itertools.pairwise(mine)
               if earlier["on_ground"] != later["on_ground"]]  # fmt: skip
    assert changes == ["10:10:44", "11:38:14"]
    assert [row["on_ground"] for row in (mine[0], mine[6000], mine[-1])] == [True, False, True]


def test_every_place_is_on_the_line_between_its_neighbours(flight: tuple[dict[str, Any], Path]):
    table = parquet.read_table(flight[1] / "klm.parquet", columns=["icao24", "epoch_s", "latitude", "longitude"])
    table = table.filter([icao == "486257" for icao in table["icao24"].to_pylist()])
    t, lat, lon = (table[name].to_numpy() for name in ("epoch_s", "latitude", "longitude"))
    order = np.argsort(t, kind="stable")
    t, lat, lon = t[order], lat[order], lon[order]
    near = np.flatnonzero((t[2:] - t[:-2] < 10.0) & (t[2:] > t[:-2])) + 1
    share = (t[near] - t[near - 1]) / (t[near + 1] - t[near - 1])
    middle_lat = lat[near - 1] + share * (lat[near + 1] - lat[near - 1])
    middle_lon = lon[near - 1] + share * (lon[near + 1] - lon[near - 1])
    far = [distance_m.py_func(*place) for place in zip(lat[near], lon[near], middle_lat, middle_lon, strict=True)]
    assert len(far) > 11_000
    assert max(far) < 0.3 * 1852.0


def test_all_formats_hold_the_same_rows(flight: tuple[dict[str, Any], Path]):
    summary, directory = flight
    lines = (directory / "klm.jsonl").read_text().splitlines()
    cells = list(csv.DictReader(io.StringIO((directory / "klm.csv").read_text(), newline="")))
    table = parquet.read_table(directory / "klm.parquet")
    assert {entry.get("rows", len(lines)) for entry in summary["written"]} == {len(lines)}
    assert len(lines) == len(cells) == table.num_rows
    for line, row in zip(lines[::97], cells[::97], strict=True):
        assert {name: "" if value is None else value for name, value in json.loads(line).items() if
                isinstance(value, str) or value is None}.items() <= row.items()  # fmt: skip
        assert float(row["latitude"]) == json.loads(line)["latitude"]
    assert table["icao24"].to_pylist() == [row["icao24"] for row in cells]


def test_aircraft_json_is_that_of_the_end(flight: tuple[dict[str, Any], Path]):
    summary, directory = flight
    snapshot = json.loads((directory / "klm.json").read_bytes())
    assert snapshot["messages"] == summary["messages"]
    own = next(row for row in snapshot["aircraft"] if row["hex"] == "486257")
    assert own["flight"] == "KLM1302 "
    assert own["alt_baro"] == "ground"
    assert all(row["seen"] <= 60.0 for row in snapshot["aircraft"])


def test_two_receivers_confirm(pair: Path):
    arguments = ("two-north.beast", "two-south.beast", "--place", "47.1,8", "--place", "47.0,8.0")
    done = skywitness("track", *arguments, "--json", "-o", "both.jsonl", cwd=pair)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["verdicts"]["confirmed"] > 0.5 * summary["positions"]
    assert all(entry["simulated"] for entry in summary["inputs"])
    rows = [json.loads(line) for line in (pair / "both.jsonl").read_text().splitlines()]
    assert {row["provenance"] for row in rows} == {"simulated"}
    assert {row["receivers"] for row in rows if row["verdict"] == "confirmed"} == {2}
    again = skywitness("track", *arguments, "--shards", "3", "-o", "-", cwd=pair)
    assert again.stdout == (pair / "both.jsonl").read_bytes()
    alone = skywitness("track", "two-north.beast", cwd=pair)
    assert b"This is a simulation" in alone.stdout
    assert b"confirmed" not in alone.stdout


def test_standard_input_gives_the_rows_of_the_file(pair: Path):
    from_file = skywitness("track", "two-north.beast", "-o", "-", cwd=pair)
    from_pipe = skywitness("track", "-", "-o", "-", cwd=pair, data=(pair / "two-north.beast").read_bytes())
    assert from_pipe.returncode == 0
    assert from_pipe.stdout == from_file.stdout
    assert len(from_pipe.stdout.splitlines()) > 100


def test_what_came_before_the_damage_is_kept(pair: Path):
    whole = (pair / "two-north.beast").read_bytes()
    packed = zstandard.compress(whole)
    (pair / "cut.beast.zst").write_bytes(packed[: len(packed) // 2])
    (pair / "cut.beast").write_bytes(whole[: len(whole) // 2 + 1])
    for name in ("cut.beast.zst", "cut.beast"):
        done = skywitness("track", name, "-o", "cut.csv", cwd=pair)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert name.encode() in done.stderr
        if name == "cut.beast":
            assert len((pair / "cut.csv").read_text().splitlines()) > 50


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no-such-file"], 2, "no-such-file"),
        (["empty"], 2, "empty"),
        (["noise"], 2, "noise"),
        (["two-north.beast", "-o", "out.xlsx"], 2, "out.xlsx"),
        (["two-north.beast", "-o", "nowhere/out.csv"], 2, "nowhere"),
        (["two-north.beast", "-o", "two-north.beast.csv", "--place", "91,0"], 2, "91,0"),
        (["two-north.beast", "--place", "1,1", "--place", "2,2"], 2, "2 places and 1 files"),
        (["two-north.beast", "--start", "yesterday"], 2, "yesterday"),
        (["two-north.beast", "--from", "morse"], 2, "morse"),
        (["two-north.beast", "--shards", "0"], 2, "--shards"),
        (["two-north.beast", "--json", "-o", "-"], 2, "standard output"),
    ],
)
def test_wrong_use_is_one_sentence(
    pair: Path, arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    (pair / "empty").write_bytes(b"")
    (pair / "noise").write_bytes(bytes(range(256)) * 64)
    before = {path.name for path in pair.iterdir()}
    monkeypatch.chdir(pair)
    assert cli.main(["track", *arguments]) == code
    said = capsys.readouterr()
    assert len(said.err.strip().splitlines()) == 1
    assert words in said.err
    assert said.out == ""
    assert {path.name for path in pair.iterdir()} == before


def test_an_input_is_never_written_over(pair: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(pair)
    (pair / "same.csv").write_bytes((pair / "two-north.beast").read_bytes())
    assert cli.main(["track", "same.csv", "-o", "same.csv"]) == 2
    assert (pair / "same.csv").read_bytes() == (pair / "two-north.beast").read_bytes()


def test_stamps_of_a_pipe_can_be_said_to_be_gps_time(tmp_path):
    (tmp_path / "gps.toml").write_text(
        SCENARIO.replace('name = "north"', 'name = "north"\nclock = "gps"').split('[[receiver]]\nname = "south"')[0]
        + "[[fleet]]\ncount = 20\narea = [46.9, 7.9, 47.1, 8.1]\n"
    )
    assert skywitness("simulate", "gps.toml", "-o", "gps.avr", cwd=tmp_path).returncode == 0
    heard = (tmp_path / "gps.avr").read_bytes()
    spans = {}
    for options in ([], ["--gps"]):
        done = skywitness("track", "-", "--start", "2026-06-01T00:00:00Z", "--json", *options, cwd=tmp_path, data=heard)
        assert done.returncode == 0, done.stderr
        summary = json.loads(done.stdout)
        start, end = (dt.datetime.fromisoformat(summary[name]) for name in ("from", "until"))
        spans[bool(options)] = (end - start).total_seconds()
    assert spans[True] == pytest.approx(20, abs=2)
    assert spans[False] > 1000  # nanoseconds taken for 12 MHz ticks
