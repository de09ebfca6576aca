"""Minutes become hours and days: the same rows come out, at any moment, whatever crashes, comes late or is damaged."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from skywitness.archive import compaction as module
from skywitness.archive.compaction import Compaction, CompactionSettings
from skywitness.archive.durable import Disk
from skywitness.archive.layout import DAY, HOUR, MINUTE_NS, POSITIONS, settled, sorted_once
from skywitness.archive.manifest import Manifest
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.batches import Positions
from tests.power_loss import FragileDisk, PowerLossError
from tests.rows_from import BEGIN_NS, positions_from

S = 10**9
ALL = -(1 << 62), 1 << 62
LATER = BEGIN_NS + 3 * 86_400 * S
NO_MERGING = SpoolSettings(compaction=None)


def rows_over(hours: float, count: int = 3000, seed: int = 1) -> Positions:
    return positions_from(count, seconds=int(hours * 3600), seed=seed)


def written(directory: Path, rows: Positions, files: object = None) -> None:
    spool = Spool(directory, NO_MERGING, files)
    spool.push(rows, LATER)
    spool.close()


def everything(directory: Path) -> Positions:
    return open_history(directory, strict=True).positions(*ALL, contradicted=True)


def expected(rows: Positions) -> Positions:
    return sorted_once(POSITIONS, settled(POSITIONS, rows))


def compaction_of(directory: Path, files: object = None, **settings: float) -> Compaction:
    files = files or Disk()
    return Compaction(Manifest(directory, files), files, threading.RLock(), CompactionSettings(**settings))


def spans(directory: Path) -> list[int]:
    return sorted(entry.span for entry in Manifest(directory, None).entries.values())


def test_minutes_become_hours_and_hours_a_day(tmp_path: Path):
    rows = rows_over(3)
    written(tmp_path, rows)
    before = Manifest(tmp_path, None).tables["positions"].with_rows()
    at_hour = compaction_of(tmp_path, keep_s=0.0)
    while at_hour.run(BEGIN_NS + 4 * 3600 * S):
        pass
    assert set(spans(tmp_path)) == {HOUR}
    assert everything(tmp_path).same_as(expected(rows))
    at_day = compaction_of(tmp_path, keep_s=0.0)
    while at_day.run(LATER):
        pass
    assert spans(tmp_path) == [DAY]
    assert everything(tmp_path).same_as(expected(rows))
    assert Manifest(tmp_path, None).tables["positions"].with_rows() == before
    at_day.finish()
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_an_hour_that_goes_on_is_left_alone(tmp_path: Path):
    written(tmp_path, rows_over(1))
    assert compaction_of(tmp_path).jobs(BEGIN_NS + 3600 * S) == []


def test_replaced_files_stay_for_those_who_listed_them(tmp_path: Path):
    rows = rows_over(1)
    written(tmp_path, rows)
    before = open_history(tmp_path, strict=True)
    compaction = compaction_of(tmp_path)
    assert compaction.run(LATER) == 1
    assert before.positions(*ALL, contradicted=True).same_as(expected(rows))
    compaction.clock = lambda: float("inf")
    compaction.run(LATER)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_late_rows_join_their_hour_and_count_once(tmp_path: Path):
    rows = rows_over(2)
    written(tmp_path, rows.slice(0, 2000))
    compaction_of(tmp_path).run(BEGIN_NS + 4 * 3600 * S, at_most=9)
    written(tmp_path, rows.slice(1500, 3000))  # 500 of them again
    while compaction_of(tmp_path, keep_s=0.0).run(BEGIN_NS + 4 * 3600 * S):
        pass
    assert set(spans(tmp_path)) == {HOUR}
    assert everything(tmp_path).same_as(expected(rows))
    assert sum(entry.rows for entry in Manifest(tmp_path, None).entries.values()) == len(expected(rows))


def test_a_few_late_rows_do_not_write_a_day_anew(tmp_path: Path):
    rows = rows_over(5, 20_000)
    written(tmp_path, rows.slice(0, 19_900))
    while compaction_of(tmp_path, keep_s=0.0).run(LATER):
        pass
    written(tmp_path, rows.slice(19_900, 19_910))
    jobs = compaction_of(tmp_path).jobs(LATER)
    assert all(job.span == HOUR for job in jobs)
    assert everything(tmp_path).same_as(expected(rows.slice(0, 19_910)))


def test_ranges_of_aircraft_give_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows = rows_over(0.4, 1500)
    hashes = set()
    for at_once in (10**9, 700, 1):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", at_once)
        directory = tmp_path / f"{at_once}"
        written(directory, rows)
        compaction_of(directory).run(LATER)
        assert everything(directory).same_as(expected(rows))
        hashes.add(len(Manifest(directory, None).entries))
    assert hashes == {1}


def test_a_damaged_file_is_left_and_told(tmp_path: Path):
    rows = rows_over(1)
    written(tmp_path, rows)
    path = sorted(tmp_path.rglob("*.parquet"))[5]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    compaction = compaction_of(tmp_path, keep_s=0.0)
    assert compaction.run(LATER) == 1
    compaction.finish()
    assert sorted(spans(tmp_path)) == [1, DAY]
    assert path.exists()


@pytest.mark.parametrize("seed", range(12))
def test_power_lost_at_any_moment(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    rows = rows_over(2, 600, seed)
    written(tmp_path, rows)
    for _ in range(3):
        disk = FragileDisk(rng.randrange(1, 40))
        try:
            spool = Spool(tmp_path, NO_MERGING, disk)
            compaction = Compaction(spool.manifest, disk, spool.lock, CompactionSettings(keep_s=0.0))
            for hour in (3, 4, 5, 72):
                compaction.run(BEGIN_NS + hour * 3600 * S)
            compaction.finish()
        except PowerLossError:
            pass
        disk.lose(rng)
        written(tmp_path, Positions.empty())  # the next start tidies up
        assert everything(tmp_path).same_as(expected(rows))
    listed = Manifest(tmp_path, None).entries
    assert sum(entry.rows for entry in listed.values()) == len(expected(rows))


def test_an_orphan_whose_sources_are_gone_is_taken_up(tmp_path: Path):
    rows = rows_over(1)
    written(tmp_path, rows)
    compaction = compaction_of(tmp_path, keep_s=0.0)
    compaction.run(LATER)
    compaction.finish()
    (tmp_path / "manifest.jsonl").unlink()
    written(tmp_path, Positions.empty())
    assert spans(tmp_path) == [DAY]
    assert everything(tmp_path).same_as(expected(rows))


def test_the_spool_merges_beside_its_writing(tmp_path: Path):
    rows = rows_over(2)
    spool = Spool(tmp_path)
    spool.push(rows, LATER)
    spool.flush()
    for step in range(1, 4):
        spool.push(Positions.empty(), LATER + step * MINUTE_NS)
        if spool._merging is not None:
            spool._merging.join()
    assert everything(tmp_path).same_as(expected(rows))
    assert DAY in spans(tmp_path)
    spool.close()
    assert everything(tmp_path).same_as(expected(rows))
