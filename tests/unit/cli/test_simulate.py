"""The command `simulate`: files, names, marks, and one clear sentence for what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from skywitness.cli import main
from skywitness.frames.formats.beast import BeastReader
from skywitness.simulate.marks import is_simulated_uuid
from skywitness.simulate.simulate import simulate

WORLD = """
[scenario]
name = "small"
duration_s = 4
[[receiver]]
name = "north"
lat_deg = 50.3
lon_deg = 8.0
[[receiver]]
name = "south"
lat_deg = 49.9
lon_deg = 8.0
clock = "gps"
[[fleet]]
count = 5
area = [49.5, 7.0, 50.5, 9.0]
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def test_one_stream_a_receiver_and_the_truth(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.parquet"
    assert main(["simulate", str(scenario), "-o", str(tmp_path / "out"), "--truth", str(truth)]) == 0
    said = capsys.readouterr().out
    assert "simulated" in said
    sidecar = json.loads((tmp_path / "out.simulated.json").read_text())
    assert sidecar["simulated"] is True
    world = simulate(WORLD)
    for index, name in enumerate(("north", "south")):
        reader = BeastReader()
        frames = reader.push((tmp_path / f"out-{name}.beast").read_bytes())
        expected = world.frames(name)
        assert sidecar["receivers"][name]["frames"] == len(frames) == len(expected)
        assert (frames.data == expected.data).all()
        assert (frames.ticks == expected.ticks).all()
        assert is_simulated_uuid(reader.uuid)
        assert reader.uuid.endswith(str(index))
    table = parquet.read_table(truth)
    assert table.num_rows == len(world.truth)
    assert table.schema.metadata[b"simulated"] == b"true"
    assert set(table["provenance"].to_pylist()) == {2}


def test_one_receiver_gets_the_very_name(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "one.beast.zst"
    assert main(["simulate", str(scenario), "--receiver", "south", "-o", str(out), "--seed", "5"]) == 0
    assert out.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    assert json.loads((tmp_path / "one.simulated.json").read_text())["seed"] == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--receiver", "west"], "no receiver 'west'"),
        (["-o", "-"], "standard output takes one receiver"),
        (["-o", "x.beast", "--format", "avr"], "do not agree"),
        (["--duration", "0"], "duration_s is 0"),
    ],
)
def test_what_cannot_be_is_said(
    scenario: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(scenario), *options]) == 2
    assert words in capsys.readouterr().err


def test_a_missing_scenario_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "nowhere.toml"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err
