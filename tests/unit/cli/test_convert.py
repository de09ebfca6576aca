"""`skywitness convert` and `skywitness stats`, from the command line in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from skywitness.cli import main
from skywitness.cli.inputs import time_ns
from skywitness.errors import ConfigError
from skywitness.frames.formats.beast import BeastReader
from skywitness.sources.readers import read_frames

LINES = "".join(
    f"{1_457_996_400 + k / 4:.6f},1A33{k * 3_000_000:012X}{100 + k:02X}8D406B902015A678D4D220AA4BDA\n"
    for k in range(99)
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(LINES)
    return path


@pytest.mark.parametrize("between", ["a.beast", "b.beast.zst", "c.csv.xz", "d.csv.bz2", "e.bin.gz"])
def test_a_way_there_and_back_changes_nothing(between: str, table: Path, tmp_path: Path):
    assert main(["convert", str(table), str(tmp_path / between)]) == 0
    assert main(["convert", str(tmp_path / between), str(tmp_path / "out.csv")]) == 0
    found, expected = read_frames(tmp_path / "out.csv"), read_frames(table)
    assert found.same_as(expected)
    assert not list(tmp_path.glob(".*"))


def test_avr_needs_to_be_told_when_it_began(table: Path, tmp_path: Path):
    avr, out = str(tmp_path / "x.avr.gz"), tmp_path / "out.csv"
    assert main(["convert", str(table), avr, "--prefix", "@"]) == 0
    assert gzip.decompress(Path(avr).read_bytes()).startswith(b"@0000000000008D406B902015A678D4D220AA4BDA;\n")
    assert main(["convert", avr, str(out)]) == 0
    assert out.read_text().startswith("1A33000000000000008D40")
    assert main(["convert", avr, str(out), "--start", "2016-03-14T23:00:00"]) == 0
    assert out.read_text().startswith("1457996400.000000000,1A33000000000000008D40")


@pytest.mark.compiled
def test_what_is_simulated_stays_so(tmp_path: Path):
    beast, avr, csv = (tmp_path / f"x.{suffix}" for suffix in ("beast", "avr", "csv"))
    for output in (beast, avr, csv):
        assert main(["convert", "demo", str(output)]) == 0
    reader = BeastReader()
    reader.push(beast.read_bytes())
    assert reader.uuid.startswith("51b01a7e-")
    assert csv.read_text().startswith("# simulated, receiver 51b01a7e-")
    assert json.loads((tmp_path / "x.avr.simulated.json").read_text())["simulated"] is True
    assert read_frames(beast).same_as(read_frames("demo"))


@pytest.mark.compiled
def test_what_came_before_damage_is_kept(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    cut = tmp_path / "cut.csv.zst"
    noise = "".join(f"{k}.5,5D4840D6{(k * 2654435761) % (1 << 24):06X}\n" for k in range(100_000))
    packed = zstandard.ZstdCompressor().compress(noise.encode())
    cut.write_bytes(packed[: len(packed) * 3 // 4])
    out = tmp_path / "out.beast"
    assert main(["convert", str(cut), str(out)]) == 2
    assert "its zstd data end before their end" in capsys.readouterr().err
    assert len(read_frames(out)) > 50_000
    assert main(["stats", str(cut), "--json"]) == 2
    told = capsys.readouterr()
    assert json.loads(told.out)["frames"] > 50_000
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{tmp}/in.csv", "{tmp}/out.xyz"], "does not say the format"),
        (["{tmp}/in.csv", "-"], "standard output has no suffix"),
        (["{tmp}/none.csv", "{tmp}/out.avr"], "No such file"),
        (["{tmp}/empty", "{tmp}/out.avr"], "it is empty"),
        (["{tmp}/in.csv", "{tmp}/out.avr", "--start", "yesterday"], "'yesterday' is no time"),
        (["{tmp}/in.csv", "{tmp}/out.avr", "--from", "beast"], "not one good beast row"),
        (["{tmp}/in.csv", "{tmp}", "--to", "beast"], "is a directory"),
    ],
)
def test_wrong_use_is_one_sentence_and_leaves_nothing(
    arguments: list[str], sentence: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "empty").write_bytes(b"")
    before = sorted(tmp_path.iterdir())
    assert main(["convert", *(argument.format(tmp=tmp_path) for argument in arguments)]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.compiled
def test_stats_of_a_recording(data_dir: Path, capsys: pytest.CaptureFixture[str]):
    path = str(data_dir / "raw" / "ulss7_20180403.beast.zst")
    assert main(["stats", path, "--json", "--start", "2018-04-03T19:02:28.136Z"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["format"] == "beast"
    assert facts["frames"] == 13_954
    assert facts["lengths"] == {"mode_ac": 5_026, "short": 4_942, "long": 3_986}
    assert facts["df"] == {"0": 440, "4": 328, "5": 196, "11": 3978, "16": 62, "17": 3436, "20": 262, "21": 226}
    assert facts["first"] == "2018-04-03T19:02:28.136Z"
    assert facts["seconds"] == pytest.approx(60.9, abs=0.1)
    assert facts["aircraft"] == 11
    assert facts["rejected_by_reader"] == {}
    assert sum(facts["statuses"].values()) == 13_954


def test_stats_for_people(table: Path, capsys: pytest.CaptureFixture[str]):
    table.write_text(LINES + "not a frame\n")
    assert main(["stats", str(table)]) == 0
    told = capsys.readouterr().out
    assert "2016-03-14T23:00:00.000Z" in told
    assert "no frame" in told


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1457996400.123456789", 1_457_996_400_123_456_789),
        ("2016-03-14T23:00:00Z", 1_457_996_400_000_000_000),
        ("2016-03-15T00:00:00.25+01:00", 1_457_996_400_250_000_000),
    ],
)
def test_times(text: str, ns: int):
    assert time_ns(text) == ns


@pytest.mark.parametrize("text", ["", "soon", "2016-13-01", "NaN", "Infinity"])
def test_no_times(text: str):
    with pytest.raises(ConfigError, match="is no time"):
        time_ns(text)
