"""The command's front door: names, errors in one line, exit codes, and a help that loads nothing heavy."""

from __future__ import annotations

import argparse
import errno
import subprocess
import sys
import types
from pathlib import Path

import pytest

import skywitness
from skywitness import cli
from skywitness.errors import ConfigError, FormatError, SourceError

HEAVY = {"numba", "llvmlite", "numpy", "pyarrow", "duckdb", "pandas", "polars", "rich", "zstandard"}


def pretend(monkeypatch: pytest.MonkeyPatch, run) -> None:
    """Make `skywitness stats` do something else."""
    command = types.SimpleNamespace(SUMMARY="pretend", add_arguments=lambda parser: None, run=run)
    monkeypatch.setattr(cli, "_load", lambda name: command)


def fails_with(error: BaseException):
    def run(args: argparse.Namespace) -> int:
        raise error

    return run


def loaded_by(*arguments: str) -> set[str]:
    """Top-level packages that a run of the command has imported."""
    code = f"import sys; from skywitness.cli import main; main({list(arguments)!r}); print('|', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.rpartition("|")[2].split()}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in cli.COMMANDS)])
def test_help_loads_nothing_heavy(arguments: list[str]):
    assert not loaded_by(*arguments) & HEAVY


@pytest.mark.parametrize("arguments", [["identity", "154073"], ["identity", "7600"], ["config"]])
def test_commands_without_kernels_load_no_compiler(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert not loaded_by(*arguments) & {"numba", "llvmlite"}


def test_commands_load_no_pandas(tmp_path: Path):
    table = tmp_path / "rows.csv"
    table.write_text("timestamp,icao24,latitude,longitude,altitude\n2019-03-22T12:00:00Z,154073,55.9,38.1,3000\n")
    code = (
        f"import sys; sys.argv = ['skywitness', 'legs', {str(table)!r}]; from skywitness.cli import main; main();"
        "print('|', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.rpartition("|")[2].split())
    assert "pyarrow" in modules
    assert "pandas" not in modules


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main([name, "--help"]) == 0
    assert f"skywitness {name} " in capsys.readouterr().out.partition("xample")[2]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--help"]) == 0
    listed = capsys.readouterr().out.partition("commands:")[2]
    assert [word for word in cli.COMMANDS if f"\n    {word} " not in listed] == []


def test_version(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"skywitness {skywitness.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["stats"], ["stats", "a", "--nonsense"], ["--nonsense"]])
def test_wrong_use_is_one_line_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("skywitness: ")
    assert told.count("\n") == 1
    assert "--help" in told


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (FormatError("no frame", source="a.beast", offset=3, hint="Is it AVR?"), 2, "a.beast at byte 3: no frame. Is"),
        (ConfigError("bad"), 2, "bad"),
        (SourceError("refused", source="tcp://h:1"), 3, "tcp://h:1: refused"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x"), 2, "x: No such file or directory"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "x"), 2, "x: Is a directory"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 3, "x: No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (FormatError("two\nlines"), 2, "two lines"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pretend(monkeypatch, fails_with(error))
    assert cli.main(["stats"]) == code
    told = capsys.readouterr()
    assert told.err.startswith(f"skywitness: {words}")
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch):
    pretend(monkeypatch, fails_with(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["stats"])


def test_the_exit_code_is_the_command_s(monkeypatch: pytest.MonkeyPatch):
    pretend(monkeypatch, lambda args: 1)
    assert cli.main(["stats"]) == 1


def test_a_reader_that_leaves_is_no_error():
    code = """
import sys, types
from skywitness import cli
def run(args):
    for n in range(100_000):
        print("line", n)
    return 0
cli._load = lambda name: types.SimpleNamespace(SUMMARY="", add_arguments=lambda parser: None, run=run)
sys.exit(cli.main(["stats"]))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait() == cli.PIPE_CLOSED
    assert complaint == b""
