"""Long spans and long files: in parts, every row once, and never all of it in memory."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from skywitness.archive import compaction, windows
from skywitness.archive.compaction import Compaction, CompactionSettings
from skywitness.archive.durable import Disk
from skywitness.archive.layout import DAY, MINUTE_NS, POSITIONS, settled, sorted_once
from skywitness.archive.manifest import Manifest
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.archive.windows import spans
from skywitness.batches import VERDICTS, Positions
from tests.rows_from import BEGIN_NS, positions_from

S = 10**9
ALL = 0, 1 << 62
HOURS = 11
ROWS = 30_000


@pytest.fixture(scope="module")
def rows() -> Positions:
    found = positions_from(ROWS, seconds=HOURS * 3600, seed=5)
    return sorted_once(POSITIONS, settled(POSITIONS, found))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, rows: Positions) -> Path:
    """A store of one file for a whole day, in many row groups."""
    directory = tmp_path_factory.mktemp("day")
    spool = Spool(directory, SpoolSettings(compaction=None))
    spool.push(rows, BEGIN_NS + 3 * 86_400 * S)
    spool.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "GROUP_ROWS", 1000)
        merging = Compaction(Manifest(directory, Disk()), Disk(), threading.RLock(), CompactionSettings(keep_s=0.0))
        while merging.run(BEGIN_NS + 3 * 86_400 * S):
            pass
    assert [entry.span for entry in Manifest(directory, None).entries.values()] == [DAY]
    return directory


def of_time(rows: Positions, from_ns: int, until_ns: int) -> Positions:
    return rows.take((rows.time_ns >= from_ns) & (rows.time_ns < until_ns))


def test_a_minute_of_a_day_is_that_minute(day: Path, rows: Positions):
    history = open_history(day, strict=True)
    rng = np.random.default_rng(1)
    for _ in range(30):
        from_ns = BEGIN_NS + int(rng.integers(HOURS * 3600)) * S
        until_ns = from_ns + int(rng.integers(1, 7200 * S))
        assert history.positions(from_ns, until_ns, contradicted=True).same_as(of_time(rows, from_ns, until_ns))
    assert len(history.positions(BEGIN_NS - 9 * 3600 * S, BEGIN_NS - 3600 * S)) == 0


@pytest.mark.parametrize("most", [200, 3000, 10**9])
def test_parts_are_the_whole_once(day: Path, rows: Positions, most: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(windows, "WINDOW_ROWS", 2500)
    history = open_history(day, strict=True)
    parts = list(history.positions_in_parts(*ALL, contradicted=True, most_rows=most))
    assert max(map(len, parts)) <= max(2 * most, 100)
    assert len(parts) >= ROWS // most
    joined = Positions.concat(parts)
    assert sorted_once(POSITIONS, joined).same_as(rows)
    assert len(joined) == len(rows)
    assert all(a.time_ns.max() < b.time_ns.min() for a, b in itertools.pairwise(parts))
    without = Positions.concat(history.positions_in_parts(*ALL, most_rows=most))
    assert len(without) == int((rows.verdict != VERDICTS.index("contradicted")).sum())
    one = rows.icao[:1]
    some = Positions.concat(history.positions_in_parts(*ALL, icao=one, contradicted=True, most_rows=most))
    assert len(some) == int(((rows.icao == one[0]) & (rows.address_kind == 0)).sum())


def test_memory_does_not_grow_with_the_file(day: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(windows, "WINDOW_ROWS", 1000)
    whole = open_history(day)._read(POSITIONS, next(iter(Manifest(day, None).entries.values())), None)
    assert whole is not None
    most_rows, most_bytes = 0, 0
    before = pa.total_allocated_bytes()
    real = windows.within

    def watched(found: pa.Table, from_us: int, until_us: int) -> pa.Table:
        nonlocal most_rows, most_bytes
        most_rows, most_bytes = max(most_rows, len(found)), max(most_bytes, pa.total_allocated_bytes() - before)
        return real(found, from_us, until_us)

    monkeypatch.setattr(windows, "within", watched)
    history = open_history(day, strict=True)
    for _ in history.positions_in_parts(*ALL, most_rows=1000):
        pass
    assert most_rows <= 2 * 1000
    assert most_bytes < whole.nbytes / 3


def test_rows_in_memory_are_in_the_parts(tmp_path: Path, rows: Positions):
    spool = Spool(tmp_path)
    some = rows.take(rows.time_ns < BEGIN_NS + 1800 * S)
    spool.live["positions"].add(some, BEGIN_NS)
    parts = list(spool.history.positions_in_parts(*ALL, contradicted=True, most_rows=100))
    assert len(parts) > 4
    assert sorted_once(POSITIONS, Positions.concat(parts)).same_as(some)
    spool.close()
    assert sum(map(len, spool.history.positions_in_parts(*ALL, contradicted=True, most_rows=100))) == len(some)


def test_spans_cover_what_there_is():
    minute = MINUTE_NS
    waiting = {10: 60, 11: 60, 12: 500, 20: 1, 21: 1}
    found = list(spans([], waiting, 0, 1 << 62, 100))
    assert found == [(10 * minute, 11 * minute), (11 * minute, 12 * minute), (12 * minute, 13 * minute),
                     (20 * minute, 22 * minute)]  # fmt: skip
    assert list(spans([], waiting, 12 * minute + 5, 20 * minute + 7, 10**6)) == [(12 * minute + 5, 20 * minute + 7)]
    assert list(spans([], {}, 0, 10, 5)) == []
    assert list(spans([], waiting, 10 * minute, 10 * minute, 5)) == []
