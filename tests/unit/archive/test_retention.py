"""What is deleted, and what a start finds and clears away."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from skywitness.archive.durable import Disk
from skywitness.archive.manifest import MANIFEST
from skywitness.archive.reader import open_history
from skywitness.archive.retention import Limit, Limits, Retention, raw_files
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.batches import Positions
from tests.rows_from import BEGIN_NS, positions_from, states_from

ALL = -(1 << 62), 1 << 62
S = 1_000_000_000


def filled(directory: Path, limits: Limits | None = None, seconds: float = 600, disk: Disk | None = None) -> Spool:
    """A store of a number of minutes, one file of each table a minute."""
    spool = Spool(directory, SpoolSettings(limits=limits or Limits()), disk)
    rows = positions_from(1000, seconds=seconds)
    for start in range(0, 1000, 20):
        part = rows.slice(start, start + 20)
        now_ns = int(part.time_ns.max())
        spool.push(part, now_ns)
        spool.states(states_from(part), now_ns)
    return spool


def test_old_rows_are_deleted_and_their_absence_is_explained(tmp_path: Path):
    spool = filled(tmp_path, Limits(positions=Limit(age_s=180)))
    kept = spool.manifest.tables["positions"]
    assert min(kept.order) * 60 * S >= BEGIN_NS + 5 * 60 * S
    assert spool.manifest.tables["states"].order[0] * 60 * S == BEGIN_NS, "each kind has its own limits"
    (gone,) = spool.manifest.gone.values()
    assert (gone.table, gone.day, gone.reason) == ("positions", "2026-06-01", "age")
    assert gone.files >= 5
    assert gone.rows + kept.rows + spool.live["positions"].rows == 1000
    assert len(list((tmp_path / "positions").rglob("*.parquet"))) == kept.files
    spool.close()
    assert open_history(tmp_path).manifest.gone.keys() == spool.manifest.gone.keys()
    assert spool.metrics()['skywitness_store_files_deleted_total{reason="age"}'] == gone.files


def test_no_more_bytes_are_kept_than_allowed(tmp_path: Path):
    spool = filled(tmp_path, Limits(states=Limit(bytes=40_000)))
    assert spool.manifest.tables["states"].bytes <= 40_000 + 20_000  # what came since the last look
    assert {gone.reason for gone in spool.manifest.gone.values()} == {"size"}
    assert spool.manifest.tables["states"].order[-1] > spool.manifest.tables["states"].order[0]
    spool.close()


def test_without_limits_everything_stays(tmp_path: Path):
    spool = filled(tmp_path)
    spool.close()
    assert not spool.manifest.gone
    assert len(open_history(tmp_path).positions(*ALL, contradicted=True)) == 1000


def segments(directory: Path) -> list[Path]:
    """Five segments of 1,000 bytes, written a day after each other, the newest an hour ago."""
    import time

    (directory / "raw").mkdir(parents=True)
    paths = [directory / "raw" / f"{k:08}.seg" for k in range(5)]
    for k, path in enumerate(paths):
        path.write_bytes(bytes(1000))
        path.with_suffix(".seal").write_bytes(b"root")
        written = time.time() - 3600 - 86_400 * (4 - k)
        os.utime(path, (written, written))
    return paths


@pytest.mark.parametrize(
    ("limit", "left"),
    [(Limit(), 5), (Limit(age_s=2.5 * 86_400), 3), (Limit(age_s=1), 1), (Limit(bytes=2000), 3), (Limit(bytes=1), 1)],
)
def test_raw_segments_but_never_the_one_being_written(tmp_path: Path, limit: Limit, left: int):
    paths = segments(tmp_path)
    spool = Spool(tmp_path, SpoolSettings(limits=Limits(raw=limit)))
    spool.push(Positions.empty(), BEGIN_NS)
    assert [path.exists() for path in paths] == [False] * (5 - left) + [True] * left
    assert all(path.with_suffix(".seal").exists() for path in paths), "what can be proved of them stays"
    gone = [g for g in spool.manifest.gone.values() if g.table == "raw"]
    assert sum(g.files for g in gone) == 5 - left
    assert len(raw_files(tmp_path)) == left - 1
    spool.close()


class NoUnlink(Disk):
    def unlink(self, path: Path) -> None:
        if path.suffix == ".parquet":
            raise KeyboardInterrupt  # the process ends between the line and the deletion


def test_a_deletion_that_a_crash_interrupted_is_finished_at_the_next_start(tmp_path: Path):
    spool = filled(tmp_path)
    spool.close()
    before = len(spool.manifest.entries)
    retention = Retention(spool.manifest, NoUnlink(), Limits(positions=Limit(bytes=1)), threading.RLock())
    with pytest.raises(KeyboardInterrupt):
        retention.run(BEGIN_NS)
    again = Spool(tmp_path)
    assert again.found["deleted"] == 10
    assert again.found["taken_up"] == 0
    assert len(again.manifest.entries) == before - 10
    assert not list((tmp_path / "positions").rglob("*.parquet"))
    assert len(again.history.positions(*ALL)) == 0
    again.close()


def test_a_start_takes_up_and_clears_away(tmp_path: Path):
    spool = filled(tmp_path)
    spool.close()
    rows = open_history(tmp_path).positions(*ALL, contradicted=True)
    day = tmp_path / "positions" / "2026-06-01"
    (day / "1203-99.parquet.tmp").write_bytes(b"half")
    (day / "1204-98.parquet").write_bytes(b"PAR1 not really PAR1")
    (day / "notes.txt").write_text("mine")
    (tmp_path / "positions" / "notes.txt").write_text("mine")
    (tmp_path / MANIFEST).unlink()
    states = next((tmp_path / "states").rglob("1201-*.parquet"))
    again = Spool(tmp_path)
    assert again.found == {"unfinished": 1, "taken_up": 20, "unreadable": 1, "missing": 0, "deleted": 0}
    assert again.history.positions(*ALL, contradicted=True).same_as(rows)
    assert again.manifest.entries.keys() == spool.manifest.entries.keys()
    assert again.manifest.entries == spool.manifest.entries
    again.close()
    states.unlink()
    third = Spool(tmp_path)
    assert third.found == {"unfinished": 0, "taken_up": 0, "unreadable": 1, "missing": 1, "deleted": 0}
    assert third.history.positions(*ALL, contradicted=True).same_as(rows)
    assert (day / "notes.txt").exists()
    third.close()
