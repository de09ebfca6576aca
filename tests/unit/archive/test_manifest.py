"""The list of files: every line whole or void, newer ones refused, damage counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.archive.durable import Disk
from skywitness.archive.manifest import (
    MANIFEST,
    Drop,
    Entry,
    Gone,
    Head,
    Manifest,
    day_of_minute,
    encode_line,
    read_log,
)
from skywitness.errors import ArchiveError

MINUTE = 29_671_920


def entry(number: int, minute: int = MINUTE, table: str = "positions") -> Entry:
    path = f"{table}/2026-06-01/{minute % 1440 // 60:02}{minute % 60:02}-{number}.parquet"
    begin = minute * 60_000_000
    return Entry(path, table, minute, 10, 1000, "00" * 32, begin, begin + 59_999_999, number)


def drop(of: Entry, reason: str = "age") -> Drop:
    return Drop(of.path, of.table, "2026-06-01", reason, of.rows, of.bytes, 5)


def manifest(directory: Path) -> Manifest:
    found = Manifest(directory, Disk())
    found.tidy()
    return found


def write(of: Manifest, *lines) -> None:
    of.append(lines)
    of.enter(lines)


def test_what_was_appended_is_there_again(tmp_path: Path):
    first = manifest(tmp_path)
    write(first, entry(1), entry(2, MINUTE + 1), entry(3, table="states"))
    write(first, drop(entry(1)))
    again = manifest(tmp_path)
    assert again.entries == first.entries == {e.path: e for e in (entry(2, MINUTE + 1), entry(3, table="states"))}
    assert again.dropped == {entry(1).path}
    assert again.gone == first.gone
    assert again.gone["positions", "2026-06-01", "age"] == Gone("positions", "2026-06-01", "age", 1, 10, 1000, 5)
    assert again.number() == 4
    assert (again.tables["positions"].files, again.tables["positions"].rows) == (1, 10)


def test_entries_are_found_by_time(tmp_path: Path):
    found = manifest(tmp_path)
    write(found, *[entry(k, MINUTE + k % 50) for k in range(150)])
    minutes = found.tables["positions"]
    assert minutes.order == list(range(MINUTE, MINUTE + 50))
    ns = 60_000_000_000
    assert [e.number for e in minutes.between((MINUTE + 3) * ns, (MINUTE + 5) * ns)] == [3, 53, 103, 4, 54, 104]
    assert minutes.between((MINUTE + 50) * ns, 1 << 62) == []
    assert minutes.between(-(1 << 62), MINUTE * ns) == []
    assert len(minutes.between(-(1 << 62), 1 << 62)) == 150
    for number in (3, 53, 103):
        minutes.remove(entry(number, MINUTE + 3))
    assert MINUTE + 3 not in minutes.order
    assert minutes.files == 147


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_torn_end_is_mended(tmp_path: Path, cut: int):
    write(manifest(tmp_path), entry(1), entry(2, MINUTE + 1))
    whole = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(whole[: len(whole) - 1 - cut])
    again = manifest(tmp_path)
    assert again.is_torn
    assert list(again.entries.values()) == [entry(1)]
    write(again, entry(3))
    assert [e.number for e in manifest(tmp_path).entries.values()] == [1, 3]


def test_a_failed_line_does_not_spoil_the_next(tmp_path: Path):
    found = manifest(tmp_path)
    write(found, entry(1))
    with (tmp_path / MANIFEST).open("ab") as file:
        file.write(b'{"op":"add","path":"positions')
    found._needs_newline = True
    write(found, entry(2))
    again = read_log((tmp_path / MANIFEST).read_bytes())
    assert [e.number for e in again.entries.values()] == [1, 2]
    assert again.bad_lines == 1


def test_a_damaged_line_is_counted_and_kept_aside(tmp_path: Path):
    write(manifest(tmp_path), entry(1), entry(2), entry(3))
    data = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(data.replace(b'"number":2', b'"number":7'))
    reading = Manifest(tmp_path, None)
    assert reading.bad_lines == 1
    assert [e.number for e in reading.entries.values()] == [1, 3]
    again = manifest(tmp_path)
    assert [e.number for e in again.entries.values()] == [1, 3]
    (aside,) = tmp_path.glob("manifest-*.damaged")
    assert b'"number":7' in aside.read_bytes()
    assert manifest(tmp_path).bad_lines == 0


@given(st.binary(max_size=300), st.integers(0, 400))
def test_garbage_is_never_more_than_bad_lines(garbage: bytes, at: int):
    good = b"".join(map(encode_line, [Head(1, 9), entry(1), entry(2)]))
    log = read_log(good[:at] + garbage + good[at:])
    assert set(log.entries) <= {entry(1).path, entry(2).path}
    log = read_log(good + garbage)
    assert set(log.entries) == {entry(1).path, entry(2).path}


@pytest.mark.parametrize(
    "line",
    [
        Head(2, 1),
        Entry(**({f: getattr(entry(1), f) for f in Entry.__struct_fields__} | {"version": 3})),
        Entry(**({f: getattr(entry(1), f) for f in Entry.__struct_fields__} | {"table": "legs"})),
    ],
)
def test_a_later_version_is_refused_in_one_sentence(tmp_path: Path, line):
    (tmp_path / MANIFEST).write_bytes(encode_line(line))
    with pytest.raises(ArchiveError, match="later version") as caught:
        Manifest(tmp_path, Disk())
    assert str(caught.value).count("\n") == 0
    assert (tmp_path / MANIFEST).read_bytes() == encode_line(line), "nothing was touched"


def test_a_line_of_an_unknown_kind_is_refused(tmp_path: Path):
    import zlib

    body = b'{"op":"merge","path":"x"'
    (tmp_path / MANIFEST).write_bytes(body + b',"crc":"%08x"}\n' % zlib.crc32(body))
    with pytest.raises(ArchiveError, match="does not know"):
        Manifest(tmp_path, None)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "positions/2026-06-01/../../x-1.parquet", "raw/1"])
def test_a_name_that_leads_elsewhere_is_no_entry(path: str):
    line = Entry(**({f: getattr(entry(1), f) for f in Entry.__struct_fields__} | {"path": path}))
    log = read_log(encode_line(line))
    assert not log.entries
    assert log.bad_lines == 1


def test_an_idle_log_is_written_anew(tmp_path: Path):
    found = manifest(tmp_path)
    for start in range(0, 4000, 500):
        entries = [entry(k, MINUTE + k) for k in range(start, start + 500)]
        write(found, *entries)
        if start < 3500:
            write(found, *[drop(e) for e in entries])
    long = (tmp_path / MANIFEST).stat().st_size
    again = manifest(tmp_path)
    assert (tmp_path / MANIFEST).stat().st_size < long / 5
    last = manifest(tmp_path)
    assert last.entries == again.entries == found.entries
    assert last.gone == found.gone
    assert last.next == found.next
    assert not last.dropped, "their files are gone by then"


def test_days():
    assert day_of_minute(MINUTE) == "2026-06-01"


def test_for_reading_alone_nothing_is_written(tmp_path: Path):
    found = Manifest(tmp_path, None)
    assert not found.entries
    with pytest.raises(ValueError, match="reading only"):
        found.append([entry(1)])
    with pytest.raises(ValueError, match="reading only"):
        found.tidy()
    assert not list(tmp_path.iterdir())
