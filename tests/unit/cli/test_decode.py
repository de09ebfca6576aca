"""`skywitness decode`: the same rows in every format, damage told after what came before it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skywitness import cli
from skywitness.messages.mode_s.compose import compose, compose_message
from skywitness.messages.mode_s.decode import decode
from skywitness.views.feeds.messages import OUTPUT_SCHEMA

AIRCRAFT = 0x4840D6
FRAMES = [
    compose(17, icao=AIRCRAFT, control=5, message=compose_message("TC 1-4", category="A3", callsign="KLM1302")),
    compose(17, icao=AIRCRAFT, control=5, message=compose_message("TC 19/1", groundspeed_kt=450, track_deg=90)),
    compose(4, icao=AIRCRAFT, altitude_ft=35_000, flight_status="airborne"),
    compose(4, icao=0x123456, altitude_ft=12_000),  # nobody has shown this address
    compose(21, icao=AIRCRAFT, squawk="2301", message=compose_message("BDS 2,0", callsign="KLM1302")),
    compose(17, icao=AIRCRAFT, control=5, message=compose_message("TC 28/1", emergency="minimum fuel", squawk="7700")),
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "frames.avr"
    path.write_text("".join(f"*{frame.hex()};\n" for frame in FRAMES))
    return path


def run(*words: object) -> int:
    return cli.main(["decode", *map(str, words), "--start", "2023-10-24T10:00:00Z"])


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_say_what_decode_says(recording: Path, tmp_path: Path):
    assert run(recording, "-o", tmp_path / "out.jsonl") == 0
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["frame"] for row in rows] == [frame.hex() for frame in FRAMES if frame is not FRAMES[3]]
    for row in rows:
        assert row["time"].startswith("2023-10-24T10:00:00")
        assert row["provenance"] == "received"
        for name, value in decode(row["frame"]).fields.items():
            if name not in ("bds_code", "address_verified"):
                assert row[name] == pytest.approx(value, abs=1e-3), name
    assert rows[3]["bds"] == "20"
    assert rows[4]["emergency"] == "minimum fuel"


def test_rejected_rows_only_when_asked_for(recording: Path, tmp_path: Path):
    assert run(recording, "--all", "-o", tmp_path / "out.jsonl") == 0
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["status"] for row in rows] == ["accepted"] * 3 + ["unknown_address"] + ["accepted"] * 2
    assert "altitude_ft" not in rows[3]


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def test_every_format_holds_the_same(recording: Path, tmp_path: Path):
    for suffix in ("jsonl", "csv", "parquet", "arrow"):
        assert run(recording, recording, "-o", tmp_path / f"out.{suffix}") == 0
    parquet = pq.read_table(tmp_path / "out.parquet")
    with pa.ipc.open_stream(tmp_path / "out.arrow") as stream:
        arrow = stream.read_all()
    assert arrow.schema.equals(OUTPUT_SCHEMA, check_metadata=True)
    assert parquet.schema.names == OUTPUT_SCHEMA.names
    assert parquet.schema.field("altitude_ft").metadata[b"unit"] == b"ft"
    assert parquet.to_pylist() == arrow.to_pylist()
    lines = rows_of(tmp_path / "out.jsonl")
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(lines) == len(table) == parquet.num_rows == 10
    assert [row["reception"] >> 32 for row in lines] == [0] * 5 + [1] * 5
    for line, row, typed in zip(lines, table, arrow.to_pylist(), strict=True):
        for name in OUTPUT_SCHEMA.names:
            if name != "time" and not isinstance(line.get(name), float):
                assert row[name] == text_of(line.get(name)), name
                assert typed[name] == line.get(name), name
            elif name != "time":
                assert float(row[name]) == line[name] == pytest.approx(typed[name], rel=1e-6)


def test_what_was_read_before_the_damage_is_kept(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    broken = tmp_path / "broken.avr"
    broken.write_text(recording.read_text() + "this is nothing\n" * 100)
    assert run(broken, "-o", tmp_path / "out.jsonl") == 2
    assert len(rows_of(tmp_path / "out.jsonl")) == 5
    assert "broken.avr" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "empty"), (b"\x89PNG\r\n\x1a\n" + bytes(500), ""), (b"hello world\n" * 50, "")]
)
def test_what_is_no_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str):
    path = tmp_path / "input"
    path.write_bytes(content)
    out = tmp_path / "out.csv"
    out.write_text("an older result")
    assert run(path, "-o", out) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert out.read_text() == "an older result"


def test_wrong_uses(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(recording, "-o", tmp_path / "out.xyz") == 2
    assert "does not say the format" in capsys.readouterr().err
    assert run(tmp_path / "nothing.beast") == 2
    assert "No such file" in capsys.readouterr().err
    assert run(recording, "-o", recording, "--to", "csv") == 2
    assert "one of the inputs" in capsys.readouterr().err


def test_standard_output(recording: Path, capfdbinary: pytest.CaptureFixture[bytes]):
    assert run(recording) == 0
    assert capfdbinary.readouterr().out.count(b"\n") == 5
