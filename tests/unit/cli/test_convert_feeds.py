"""`skywitness convert` into formats that tell what was decoded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skywitness.cli import main
from skywitness.sources.readers import read_frames

FRAMES = ("8D406B902015A678D4D220AA4BDA", "8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("".join(f"{1_457_996_400 + k / 4:.6f},{frame}\n" for k, frame in enumerate(FRAMES)))
    return path


def test_jet1090_lines_hold_frames_times_and_places(table: Path, tmp_path: Path):
    out = tmp_path / "out.jsonl"
    assert main(["convert", str(table), str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["frame"].upper() for line in lines] == list(FRAMES)
    assert lines[2]["latitude"] == pytest.approx(52.26578, abs=1e-5)
    assert read_frames(out).data.tolist() == read_frames(table).data.tolist()
    assert read_frames(out).time_ns.tolist() == read_frames(table).time_ns.tolist()


def test_sbs_lines_are_written(table: Path, tmp_path: Path):
    out = tmp_path / "out.sbs"
    assert main(["convert", str(table), str(out)]) == 0
    lines = out.read_bytes().split(b"\r\n")
    assert [line.split(b",")[1] for line in lines[:-1]] == [b"1", b"3", b"3"]
    assert lines[2].split(b",")[14:16] == [b"52.265780", b"3.938913"]
