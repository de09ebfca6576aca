"""Commands given UAT text: decode, stats and track."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from skywitness import cli
from skywitness.views.feeds.uat import UAT_SCHEMA

LINES = """\
-00a66ef135445d525a0c0519119021204800;rs=1;rssi=-21.4;t=1535236829.123456789;
-0b2ac5a73931599418ae0816009632c01105c4e6c4e6c40ac2700300000000000000;
-0bad;
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "heard.txt"
    path.write_text(LINES + "+" + "00" * 432 + ";\n")
    return path


def test_decode_gives_every_field(recording: Path, tmp_path: Path):
    assert cli.main(["decode", str(recording), "-o", str(tmp_path / "out.jsonl")]) == 0
    basic, long = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines())
    assert basic["time"] == "2018-08-25T22:40:29.123456789Z"
    assert (basic["icao24"], basic["altitude_ft"], basic["corrected"]) == ("a66ef1", 1000, 1)
    assert basic["signal_dbfs"] == pytest.approx(-21.4)
    assert "time" not in long
    assert "nac_p" not in basic
    assert (long["icao24"], long["address_qualifier"], long["payload_type"]) == ("2ac5a7", "tisb_track_file", 1)
    assert long["emergency"] == "none"


def test_the_tables_have_the_columns_described(recording: Path, tmp_path: Path):
    for form in ("csv", "parquet"):
        assert cli.main(["decode", str(recording), "-o", str(tmp_path / f"out.{form}")]) == 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.equals(UAT_SCHEMA, check_metadata=True)
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["icao24"] == table["icao24"][1].as_py() == "2ac5a7"
    assert rows[1]["callsign"] == ""


def test_one_table_is_of_one_kind(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = tmp_path / "frames.avr"
    other.write_text("*8D4840D6202CC371C32CE0576098;\n" * 2)
    assert cli.main(["decode", str(recording), str(other), "-o", str(tmp_path / "out.csv")]) == 2
    assert "different columns" in capsys.readouterr().err
    assert cli.main(["decode", str(recording), str(other), "-o", str(tmp_path / "out.jsonl")]) == 0


def test_stats_counts_uplinks_and_reasons(recording: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["stats", str(recording), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["notices"] == {"downlink": 2, "uplink": 1}
    assert facts["rejected_by_reader"] == {"length": 1}
    assert facts["first"] == facts["last"] == "2018-08-25T22:40:29.123Z"


def test_a_time_not_told_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "untimed.txt"
    path.write_text(LINES.splitlines()[1] + "\n")
    assert cli.main(["stats", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["first"] is None
    assert cli.main(["track", str(path), "--json"]) == 0
    (aircraft,) = json.loads(capsys.readouterr().out)["aircraft"]
    assert (aircraft["icao24"], aircraft["position_time"], aircraft["seen"]) == ("~2ac5a7", None, None)
