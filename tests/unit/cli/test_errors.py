"""What a person reads when an input or an output cannot be used: one sentence, whatever the command."""

from __future__ import annotations

import io
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skywitness import cli

READERS = ["track", "decode", "stats", "convert"]


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail for a wrong input or use, and return its one line."""
    assert cli.main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize(
    ("name", "words"),
    [("missing", "No such file"), ("empty", "it is empty"), ("letter", "in no format"), (".", "Is a directory")],
)
def test_an_input_that_is_none(
    command: str, name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("empty").write_bytes(b"")
    Path("letter").write_text("Dear Sir,\n" * 100)
    line = said([command, name, *(["out.beast"] if command == "convert" else [])], capsys)
    assert line.startswith(f"skywitness: {name}: ")
    assert words in line
    assert not Path("out.beast").exists()


@pytest.mark.parametrize("start", ["1e30", "9999-12-31", "-9.1e9"])
@pytest.mark.parametrize("command", ["track", "decode", "stats"])
def test_a_time_that_64_bits_cannot_hold(command: str, start: str, capsys: pytest.CaptureFixture[str]):
    assert "too far from now" in said([command, "demo", f"--start={start}"], capsys)


def test_an_old_table_is_kept_when_nothing_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recording, table = tmp_path / "a.beast", tmp_path / "a.csv"
    assert cli.main(["convert", "demo", str(recording)]) == 0
    table.write_text("old\n")
    capsys.readouterr()
    for command in ("track", "decode"):
        assert "not one good avr row" in said([command, str(recording), "--from", "avr", "-o", str(table)], capsys)
        assert table.read_text() == "old\n"


def test_a_recording_is_not_converted_into_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recording = tmp_path / "a.beast"
    assert cli.main(["convert", "demo", str(recording)]) == 0
    capsys.readouterr()
    before = recording.read_bytes()
    assert "is the input" in said(["convert", str(recording), str(recording)], capsys)
    assert recording.read_bytes() == before


def test_a_scenario_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "noise.toml").write_bytes(bytes(range(128, 256)))
    assert "this is not TOML" in said(["simulate", str(tmp_path / "noise.toml")], capsys)


def test_nothing_to_explain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert "there is no frame in it" in said(["explain", "-"], capsys)


def test_the_help_named_is_that_of_the_command(capsys: pytest.CaptureFixture[str]):
    assert "(see skywitness track --help)" in said(["track", "demo", "--nonsense"], capsys)
    assert "--rows -1" in said(["track", "demo", "--rows", "-1"], capsys)


def small_files_only() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


@pytest.mark.parametrize("command", ["convert", "decode", "track"])
def test_a_full_disk_is_told_with_the_file_s_name(command: str, tmp_path: Path):
    option = [] if command == "convert" else ["-o"]
    done = subprocess.run(
        [sys.executable, "-m", "skywitness", command, "demo", *option, "out.csv"],
        cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=small_files_only,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "skywitness: out.csv: File too large"
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_a_table_is_no_error():
    command = f"{sys.executable} -m skywitness explain 8D406B902015A678D4D220AA4BDA | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")
