"""Answers: of the right aircraft and times, the same from memory and from files, whole beside what is damaged."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive import layout, reader
from skywitness.archive.layout import POSITIONS, address_keys, settled, sorted_once
from skywitness.archive.manifest import MANIFEST
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool
from skywitness.batches import VERDICTS, Positions
from skywitness.errors import ArchiveError
from skywitness.questions.answer import Searchable
from tests.rows_from import BEGIN_NS, positions_from

ALL = -(1 << 62), 1 << 62
S = 1_000_000_000


@pytest.fixture
def rows() -> Positions:
    return positions_from(2000)


@pytest.fixture
def store(tmp_path: Path, rows: Positions) -> Path:
    spool = Spool(tmp_path)
    spool.push(rows, BEGIN_NS + 240 * S)
    spool.close()
    return tmp_path


def reference(rows: Positions) -> Positions:
    return sorted_once(POSITIONS, settled(POSITIONS, rows))


def test_it_is_a_history(store: Path):
    history: Searchable = open_history(store)
    assert history.days() == ["2026-06-01"]


def test_it_reaches_from_its_first_minute_to_its_last(tmp_path: Path, store: Path, rows: Positions):
    minutes = np.unique(rows.time_ns // (60 * S))
    expected = int(minutes[0]) * 60 * S, (int(minutes[-1]) + 1) * 60 * S
    assert open_history(store).extent() == expected
    (tmp_path / "other").mkdir()
    spool = Spool(tmp_path / "other")
    assert spool.history.extent() == (0, 0)
    spool.push(rows, int(rows.time_ns[0]))
    assert spool.history.extent() == expected  # from memory
    spool.close()


def test_times_are_half_open(store: Path, rows: Positions):
    whole = reference(rows)
    history = open_history(store)
    for a, b in ((60, 120), (59.5, 61.25), (0, 0), (239, 10_000), (-5, 0)):
        from_ns, until_ns = BEGIN_NS + int(a * S), BEGIN_NS + int(b * S)
        wanted = whole.take((whole.time_ns >= from_ns) & (whole.time_ns < until_ns))
        assert history.positions(from_ns, until_ns, contradicted=True).same_as(wanted)
    edge = int(whole.time_ns[7])
    assert edge not in history.positions(0, edge, contradicted=True).time_ns.tolist()
    assert edge in history.positions(edge, edge + 1, contradicted=True).time_ns.tolist()


@pytest.mark.parametrize("row_group", [1 << 15, 64])
def test_some_aircraft(tmp_path: Path, rows: Positions, monkeypatch, row_group: int):
    monkeypatch.setattr(layout, "ROW_GROUP", row_group)
    spool = Spool(tmp_path)
    spool.push(rows, BEGIN_NS + 240 * S)
    spool.close()
    whole = reference(rows)
    keys = np.unique(address_keys(whole))
    for history in (spool.history, open_history(tmp_path)):
        for wanted in (keys[:1], keys[3:9], keys[-2:], np.array([keys[4], 77])):
            for _ in range(2):
                found = history.positions(
                    *ALL,
                    icao=(wanted & 0xFFFFFF).astype(np.uint32),
                    address_kind=(wanted >> 24).astype(np.uint8),
                    contradicted=True,
                )
                assert found.same_as(whole.take(np.isin(address_keys(whole), wanted)))
        assert len(history.positions(*ALL, icao=np.array([77], np.uint32))) == 0
        plain = history.positions(*ALL, icao=rows.icao, contradicted=True)
        assert (plain.address_kind == 0).all(), "without kinds, ICAO addresses"
        assert len(history.positions(*ALL, icao=np.zeros(0, np.uint32))) == 0


def test_a_track_asked_again_sees_what_came_meanwhile(tmp_path: Path, rows: Positions):
    spool = Spool(tmp_path)
    one = rows.icao[:1], rows.address_kind[:1]
    for start in range(0, 2000, 250):
        part = rows.slice(start, start + 250)
        spool.push(part, int(part.time_ns.max()))
        if start % 500 == 0:
            spool.flush()
        whole = reference(rows.slice(0, start + 250))
        mine = (whole.icao == one[0]) & (whole.address_kind == one[1])
        found = spool.history.positions(*ALL, icao=one[0], address_kind=one[1], contradicted=True)
        assert found.same_as(whole.take(mine))


def test_contradicted_rows_only_on_request(store: Path, rows: Positions):
    found = open_history(store).positions(*ALL)
    assert len(found) == int((rows.verdict != VERDICTS.index("contradicted")).sum())
    assert VERDICTS.index("contradicted") not in found.verdict


DAMAGE = {
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "no parquet": lambda data: b"x" * 500,
    "zeros inside": lambda data: data[:200] + bytes(400) + data[600:],
    "no footer": lambda data: data[:-8] + b"\0\0\0\0PAR1",
    "huge footer": lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_does_not_hide_the_others(store: Path, rows: Positions, damage):
    (path,) = store.rglob("1201-*.parquet")
    path.write_bytes(damage(path.read_bytes()))
    history = open_history(store)
    found = history.positions(*ALL, contradicted=True)
    whole = reference(rows)
    rest = whole.take((whole.time_ns - BEGIN_NS) // (60 * S) != 1)
    if len(found) == len(rest):
        assert found.same_as(rest)
        assert list(history.damaged) == [path.relative_to(store).as_posix()]
        with pytest.raises(ArchiveError, match="1201"):
            open_history(store, strict=True).positions(*ALL)
    else:  # Parquet has no checksum of its own: `doctor --verify` finds it
        assert len(found) == len(whole)


@pytest.mark.parametrize("seed", range(40))
def test_bits_that_flip_never_crash(store: Path, seed: int):
    (path,) = store.rglob("1201-*.parquet")
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(len(data) * (seed % 2) // 2, len(data), 5):
        data[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)
    history = open_history(store)
    found = history.positions(*ALL, icao=np.arange(1, 50, dtype=np.uint32), contradicted=True)
    assert len(found) == 0
    assert len(history.positions(*ALL, contradicted=True)) >= 1000


def test_a_missing_file_is_told_and_one_deleted_by_the_writer_is_not(store: Path, rows: Positions):
    history = open_history(store)
    (path,) = store.rglob("1200-*.parquet")
    path.unlink()
    assert 0 < len(history.positions(*ALL)) < 2000
    assert history.damaged == {path.relative_to(store).as_posix(): "the file is missing"}
    with pytest.raises(ArchiveError, match="missing"):
        open_history(store, strict=True).positions(*ALL)


def test_a_later_version_is_refused(store: Path):
    from skywitness.archive.manifest import Head, encode_line

    with (store / MANIFEST).open("ab") as file:
        file.write(encode_line(Head(99, 1)))
    with pytest.raises(ArchiveError, match="later version"):
        open_history(store)


def test_which_aircraft_are_where_takes_bounded_memory(store: Path, monkeypatch):
    monkeypatch.setattr(reader, "INDEX_BYTES", 300)
    monkeypatch.setattr(reader, "TRACK_BYTES", 5000)
    history = open_history(store)
    rows = positions_from(2000)
    for k in range(40):
        history.positions(*ALL, icao=rows.icao[k : k + 1], address_kind=rows.address_kind[k : k + 1])
    assert history._index_bytes <= 300
    assert history._index_bytes == sum(keys.nbytes for keys in history._index.values())
    assert history._track_bytes <= 5000
    assert history._track_bytes == sum(reader.nbytes(rows) for _, rows in history._tracks.values())


def test_threads_never_miss_or_double_a_row_while_minutes_go_to_files(tmp_path: Path):
    rows = positions_from(6000, seconds=1200)
    spool = Spool(tmp_path)
    pushed = [0]
    wrong: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            least = pushed[0]
            found = spool.history.positions(*ALL, contradicted=True)
            if len(found) < least or len(np.unique(found.parent)) != len(found):
                wrong.append(f"{len(found)} of {least}")

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, 6000, 100):
        part = rows.slice(start, start + 100)
        spool.push(part, int(part.time_ns.max()))
        pushed[0] = start + 100
    done.set()
    for thread in threads:
        thread.join()
    spool.close()
    assert not wrong
    assert len(spool.manifest.entries) >= 18
