"""A file is there whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from skywitness.errors import ConfigError, FormatError
from skywitness.views.feeds.output import open_output


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def write_half(path: str, failure: Exception) -> None:
    with open_output(path) as file:
        file.write(b"half")
        raise failure


def test_it_appears_when_it_is_complete(tmp_path: Path):
    target = tmp_path / "out.csv"
    target.write_bytes(b"old")
    with open_output(str(target)) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["out.csv"]


def test_a_damaged_input_keeps_what_was_written(tmp_path: Path):
    with pytest.raises(FormatError):
        write_half(str(tmp_path / "out"), FormatError("cut off"))
    assert (tmp_path / "out").read_bytes() == b"half"


def test_a_failure_of_ours_leaves_nothing(tmp_path: Path):
    with pytest.raises(ZeroDivisionError):
        write_half(str(tmp_path / "out"), ZeroDivisionError())
    assert names(tmp_path) == []


def test_an_input_is_not_written_over(tmp_path: Path):
    (tmp_path / "in.beast").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "in.beast")
    for name in ("in.beast", "link"):
        with (
            pytest.raises(ConfigError, match="one of the inputs"),
            open_output(str(tmp_path / name), [str(tmp_path / "in.beast"), "-"]),
        ):
            pass
    assert (tmp_path / "in.beast").read_bytes() == b"x"


def test_wrong_places(tmp_path: Path):
    with pytest.raises(IsADirectoryError), open_output(str(tmp_path)):
        pass
    with pytest.raises(FileNotFoundError) as failure, open_output(str(tmp_path / "no" / "out.csv")):
        pass
    assert failure.value.filename == str(tmp_path / "no" / "out.csv")


def test_a_device_is_written_to(tmp_path: Path):
    with open_output("/dev/null") as file:
        file.write(b"x")
    assert Path("/dev/null").is_char_device()
