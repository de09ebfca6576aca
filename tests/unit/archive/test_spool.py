"""Minute files: what goes in comes out, whatever the order, the cuts, the crashes and the disk."""

from __future__ import annotations

import dataclasses
import errno
import random
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive.durable import Disk
from skywitness.archive.layout import MINUTE_NS, POSITIONS, STATES, settled, sorted_once
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.batches import UNTIMED, Positions
from skywitness.tracks.aircraft import AircraftTable
from tests.power_loss import FragileDisk, PowerLossError
from tests.rows_from import BEGIN_NS, positions_from, states_from

ALL = -(1 << 62), 1 << 62
S = 1_000_000_000


def stored(rows: Positions) -> Positions:
    """Rows as the history must give them."""
    return sorted_once(POSITIONS, settled(POSITIONS, rows))


def everything(history) -> Positions:
    return history.positions(*ALL, contradicted=True)


def push_all(spool: Spool, rows: Positions, size: int = 100) -> None:
    for start in range(0, len(rows), size):
        part = rows.slice(start, min(start + size, len(rows)))
        spool.push(part, int(part.time_ns.max()))


def test_rows_come_back_before_between_and_after_they_are_written(tmp_path: Path):
    rows = positions_from(2000)
    spool = Spool(tmp_path)
    for start in range(0, 2000, 100):
        push_all(spool, rows.slice(start, start + 100))
        assert everything(spool.history).same_as(stored(rows.slice(0, start + 100)))
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet"))
    assert [name[:-10] for name in names] == [f"positions/2026-06-01/120{k}" for k in range(3)]
    spool.close()
    assert everything(spool.history).same_as(stored(rows))
    assert everything(open_history(tmp_path)).same_as(stored(rows))
    assert everything(Spool(tmp_path).history).same_as(stored(rows))


def test_a_minute_waits_five_seconds_for_last_words(tmp_path: Path):
    spool = Spool(tmp_path)
    row = positions_from(1, seconds=1)
    spool.push(row, BEGIN_NS)
    spool.push(Positions.empty(), BEGIN_NS + 64 * S)
    assert not list(tmp_path.rglob("*.parquet"))
    spool.push(dataclasses.replace(row, revision=row.revision + 1, receivers=row.receivers + 3), BEGIN_NS + 64 * S)
    spool.push(Positions.empty(), BEGIN_NS + 65 * S)
    (entry,) = spool.manifest.entries.values()
    assert entry.rows == 1
    assert everything(spool.history).receivers.tolist() == [int(row.receivers[0]) + 3]


def test_later_words_win_over_a_file(tmp_path: Path):
    rows = positions_from(300, seconds=30)
    spool = Spool(tmp_path)
    push_all(spool, rows)
    spool.flush()
    late = rows.take(np.arange(0, 300, 3))
    late = dataclasses.replace(late, revision=np.ones(100, np.uint8), verdict=np.zeros(100, np.uint8))
    spool.push(late, BEGIN_NS + 300 * S)
    spool.flush()
    assert len(spool.manifest.entries) == 2
    found = everything(open_history(tmp_path))
    assert len(found) == 300
    assert int(found.revision.sum()) == 100
    assert set(found.parent[found.revision == 1].tolist()) == set(late.parent.tolist())


def test_a_row_that_becomes_contradicted_is_not_answered_from_its_first_word(tmp_path: Path):
    row = positions_from(1)
    row = dataclasses.replace(row, verdict=np.array([1], np.uint8))
    spool = Spool(tmp_path)
    spool.push(row, BEGIN_NS)
    spool.flush()
    spool.push(dataclasses.replace(row, revision=row.revision + 1, verdict=np.array([3], np.uint8)), BEGIN_NS)
    assert len(spool.history.positions(*ALL)) == 0
    assert len(everything(spool.history)) == 1


def test_rows_of_a_retry_count_once(tmp_path: Path):
    rows = positions_from(500)
    for _ in range(3):
        spool = Spool(tmp_path)
        push_all(spool, rows, 70)
        spool.close()
    assert everything(open_history(tmp_path)).same_as(stored(rows))


def test_rows_without_a_time_are_counted_and_left_to_the_raw_record(tmp_path: Path):
    rows = positions_from(10)
    rows.time_ns[:3] = UNTIMED
    rows.time_ns[3] = 1 << 62
    spool = Spool(tmp_path)
    spool.push(rows, BEGIN_NS)
    assert len(everything(spool.history)) == 6
    assert spool.metrics()['skywitness_store_rows_dropped_total{table="positions",reason="untimed"}'] == 4
    spool.close()


def test_another_replay_may_begin_in_the_past(tmp_path: Path):
    rows = positions_from(100, seconds=20)
    earlier = dataclasses.replace(rows, time_ns=rows.time_ns - 86_400 * S)
    spool = Spool(tmp_path)
    spool.push(rows, BEGIN_NS + 20 * S)
    spool.push(earlier, BEGIN_NS - 86_400 * S + 20 * S)
    assert len(spool.manifest.entries) == 2, "what waited is final"
    spool.push(Positions.empty(), BEGIN_NS - 86_400 * S + 66 * S)
    assert len(everything(open_history(tmp_path))) == 200
    assert open_history(tmp_path).days() == ["2026-05-31", "2026-06-01"]


def test_states_are_kept_while_an_aircraft_is_heard(tmp_path: Path):
    spool = Spool(tmp_path, SpoolSettings(states_every_s=10))
    rows = positions_from(400, seconds=100)
    expected = []
    before: dict[tuple[int, int], int] = {}
    for second in range(5, 105, 5):
        table = states_from(rows.take(rows.time_ns < BEGIN_NS + second * S))
        spool.states(table, BEGIN_NS + second * S)
        if second % 10 == 5:
            key = list(zip(table.icao.tolist(), table.address_kind.tolist(), strict=True))
            new = [before.get(k) != t for k, t in zip(key, table.seen_time_ns.tolist(), strict=True)]
            before = dict(zip(key, table.seen_time_ns.tolist(), strict=True))
            expected.append(table.take(np.array(new)))
    wanted = sorted_once(STATES, settled(STATES, AircraftTable.concat(expected)))
    assert spool.history.states(*ALL).same_as(wanted)
    spool.close()
    found = open_history(tmp_path).states(*ALL)
    assert found.same_as(wanted)
    assert len(found) < 10 * len(np.unique(rows.icao)) * 4
    one = open_history(tmp_path).states(*ALL, icao=found.icao[:1], address_kind=found.address_kind[:1])
    assert (one.icao == found.icao[0]).all()


class FullDisk(Disk):
    """Has no room as long as `is_full`."""

    is_full = False

    def open_append(self, path: Path):
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().open_append(path)


def test_a_full_disk_raises_an_alarm_and_loses_nothing(tmp_path: Path):
    disk = FullDisk()
    spool = Spool(tmp_path, files=disk)
    rows = positions_from(2000)
    push_all(spool, rows.slice(0, 700))
    disk.is_full = True
    push_all(spool, rows.slice(700, 1500))
    assert "No space left" in spool.alarm()
    assert everything(spool.history).same_as(stored(rows.slice(0, 1500)))
    disk.is_full = False
    push_all(spool, rows.slice(1500, 2000))
    assert spool.alarm() == ""
    spool.close()
    assert everything(open_history(tmp_path)).same_as(stored(rows))
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_disk_that_stays_full_costs_the_oldest_rows_and_says_so(tmp_path: Path):
    disk = FullDisk()
    spool = Spool(tmp_path, SpoolSettings(rows_at_most=1000), disk)
    disk.is_full = True
    rows = positions_from(6000, seconds=1200)
    push_all(spool, rows)
    assert sum(live.rows for live in spool.live.values()) <= 1100
    disk.is_full = False
    spool.push(Positions.empty(), BEGIN_NS + 1300 * S)
    spool.close()
    kept = everything(open_history(tmp_path))
    assert kept.same_as(stored(rows.slice(6000 - len(kept), 6000)))
    (gone,) = open_history(tmp_path).manifest.gone.values()
    assert (gone.reason, gone.rows) == ("unwritable", 6000 - len(kept))


class ManifestFails(Disk):
    """Cannot append to the manifest as long as `is_failing`; half a line gets there."""

    is_failing = False

    def open_append(self, path: Path):
        file = super().open_append(path)
        if self.is_failing and path.name == "manifest.jsonl":
            file.write(b'{"op":"add","pa')
            file.close()
            raise OSError(errno.EIO, "Input/output error")
        return file


def test_a_manifest_that_cannot_be_written_is_tried_again_with_the_same_files(tmp_path: Path):
    disk = ManifestFails()
    spool = Spool(tmp_path, files=disk)
    rows = positions_from(1000)
    disk.is_failing = True
    push_all(spool, rows)
    assert everything(spool.history).same_as(stored(rows))
    assert len(list(tmp_path.rglob("*.parquet"))) == 1, "no file a try"
    disk.is_failing = False
    spool.push(Positions.empty(), BEGIN_NS + 400 * S)
    spool.close()
    again = Spool(tmp_path)
    assert everything(again.history).same_as(stored(rows))
    assert again.found["taken_up"] == again.found["missing"] == 0


def test_rows_given_up_are_not_those_whose_file_is_there(tmp_path: Path):
    """A minute has a file that is not listed yet when later rows of it are given up."""
    disk = ManifestFails()
    spool = Spool(tmp_path, SpoolSettings(rows_at_most=500), disk)
    rows = positions_from(400, seconds=50)
    disk.is_failing = True
    spool.push(rows, BEGIN_NS + 50 * S)
    spool.push(Positions.empty(), BEGIN_NS + 66 * S)
    assert spool.alarm()
    later = positions_from(400, seed=2, seconds=50)
    later = dataclasses.replace(later, parent=later.parent + 1000)
    spool.push(later, BEGIN_NS + 67 * S)
    assert spool.counts["lost"] == 400
    assert everything(spool.history).same_as(stored(rows))
    disk.is_failing = False
    spool.push(Positions.empty(), BEGIN_NS + 80 * S)
    spool.close()
    assert everything(open_history(tmp_path)).same_as(stored(rows))
    assert open_history(tmp_path).manifest.gone["positions", "2026-06-01", "unwritable"].rows == 400


def life(directory: Path, disk: FragileDisk, rows: Positions, size: int) -> None:
    """A start, rows, and a close."""
    spool = Spool(directory, files=disk)
    push_all(spool, rows, size)
    spool.close()


def test_power_may_go_at_any_operation(tmp_path: Path):
    """Nothing that was listed is lost or doubled, nothing half-written is shown, and the next life goes on."""
    rows = positions_from(300, seconds=200)
    probe = FragileDisk()
    life(tmp_path / "probe", probe, rows, 50)
    rng = random.Random(7)
    for round_number, fails_at in enumerate(range(probe.operations)):
        directory = tmp_path / str(round_number)
        directory.mkdir()
        disk = FragileDisk(fails_at)
        spool = None
        try:
            spool = Spool(directory, files=disk)
            push_all(spool, rows, 50)
            spool.close()
        except PowerLossError:
            pass
        listed = dict(spool.manifest.entries) if spool else {}
        disk.lose(rng)
        again = Spool(directory, files=disk)
        assert listed.items() <= again.manifest.entries.items(), fails_at
        found = everything(again.history)
        assert len(found) == len(np.unique(found.parent))
        assert set(found.parent.tolist()) <= set(rows.parent.tolist())
        minutes = {entry.minute for entry in listed.values()}
        safe = stored(rows.take(np.isin(rows.time_ns // MINUTE_NS, list(minutes))))
        assert found.take(np.isin(found.parent, safe.parent)).same_as(safe)
        push_all(again, rows, 90)
        again.close()
        last = open_history(directory, strict=True)
        assert everything(last).same_as(stored(rows))
        assert not list(directory.rglob("*.tmp"))


@pytest.mark.parametrize("name", ["positions", "states"])
def test_metrics_count(tmp_path: Path, name: str):
    spool = Spool(tmp_path)
    rows = positions_from(50)
    spool.push(rows, BEGIN_NS)
    spool.states(states_from(rows), BEGIN_NS)
    assert spool.metrics()[f'skywitness_store_rows_waiting{{table="{name}"}}'] > 0
    spool.close()
    metrics = spool.metrics()
    assert metrics[f'skywitness_store_rows_waiting{{table="{name}"}}'] == 0
    assert metrics[f'skywitness_store_files{{table="{name}"}}'] > 0
    assert metrics["skywitness_store_rows_written_total"] == 50 + len(states_from(rows))
