"""What is safe is said first and written afterwards; a log that fails is written anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from skywitness.archive import watermarks
from skywitness.archive.files import OsFiles
from skywitness.archive.ledger import as_line
from skywitness.archive.watermarks import WATERMARKS, WatermarkFile, read_watermarks
from skywitness.coverage.report import Watermark


class Disk(OsFiles):
    """A disk that can be full."""

    is_full = False

    def open_append(self, path: Path):
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().open_append(path)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / WATERMARKS).parent.mkdir()
    return tmp_path


def told(directory: Path) -> dict[int, tuple[int, int]]:
    return {number: (mark.connection, mark.sequence) for number, mark in read_watermarks(directory).items()}


def test_what_is_published_is_read_again(directory):
    file = WatermarkFile(directory, OsFiles(), {1: Watermark(3, 40, 7)}, {1: 51, 2: 9})
    assert {n: (m.connection, m.sequence) for n, m in file.published.items()} == {1: (3, 50), 2: (0, 8)}
    before = file.published
    file.publish({2: (4, 20)})
    file.publish({2: (4, 30)})
    assert before[2].sequence == 8  # whoever looks sees one state, not half of two
    assert told(directory) == {1: (3, 50), 2: (4, 30)}
    assert (directory / WATERMARKS).read_bytes().count(b"\n") == 2


def test_a_log_that_is_large_is_written_anew(directory, monkeypatch):
    monkeypatch.setattr(watermarks, "MOST_BYTES", 500)
    file = WatermarkFile(directory, OsFiles(), {}, {5: 1})
    for sequence in range(200):
        file.publish({1: (1, sequence)})
    assert (directory / WATERMARKS).stat().st_size < 600
    assert told(directory) == {1: (1, 199), 5: (0, 0)}


def test_a_full_disk_and_a_torn_end_lose_no_promise_for_long(directory):
    disk = Disk()
    file = WatermarkFile(directory, disk, {}, {})
    file.publish({1: (1, 10)})
    disk.is_full = True
    file.publish({1: (1, 20)})
    assert file.published[1].sequence == 20  # what is safe is safe, whether the log says so or not
    disk.is_full = False
    with (directory / WATERMARKS).open("ab") as torn:
        torn.write(b'{"at": 5, "receiv')
    file.publish({2: (2, 5)})
    assert told(directory) == {1: (1, 20), 2: (2, 5)}


def test_damaged_lines_are_left_out(directory):
    lines = [{"at": 1, "receivers": [[1, 1, 9]]}, {"receivers": [[1, 1, 99]]}, {"at": 2, "receivers": [[1, 1, 5]]}]
    wrong_sum = as_line({"at": 3, "receivers": [[1, 1, 77]]}).replace(b"77", b"78")
    (directory / WATERMARKS).write_bytes(b"nonsense\n" + wrong_sum + b"".join(map(as_line, lines)))
    assert told(directory) == {1: (1, 9)}  # a lower number than before is no news
