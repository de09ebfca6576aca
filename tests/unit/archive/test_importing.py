"""Imported batches: all or nothing at whatever moment power goes, each once, their source in every row."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive.importing import Importer, read_imports
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.archive.verify import verify
from skywitness.batches import PROVENANCES, Positions
from skywitness.errors import SourceError
from tests.crashing_files import CrashingFiles, PowerLostError
from tests.rounds import rounds
from tests.rows_from import BEGIN_NS, positions_from

DAY_NS = 86_400_000_000_000


def days_of_rows(seed: int = 0) -> Positions:
    """Rows of three days."""
    parts = [positions_from(300, seconds=600) for _ in range(3)]
    return Positions.concat(
        part.replaced(time_ns=part.time_ns + day * DAY_NS + seed * 1_000_000, provenance=np.zeros(300, np.uint8))
        for day, part in enumerate(parts)
    )


def held(directory: Path) -> Positions:
    return open_history(directory).positions(0, 1 << 62, contradicted=True)


def put(importer: Importer, name: str, rows: Positions, source: str = "them") -> dict[str, object]:
    batch = importer.begin(name, source)
    batch.push(rows)
    return batch.commit({"name": name})


def moments(rows: Positions) -> np.ndarray:
    """Each aircraft and microsecond, once."""
    key = np.stack([rows.icao.astype(np.int64), rows.time_ns // 1000], axis=1)
    return np.unique(key, axis=0)


def test_rows_say_that_they_were_imported_and_from_whom(tmp_path: Path):
    rows = days_of_rows()
    with Importer(tmp_path) as importer:
        line = put(importer, "a", rows)
        put(importer, "b", rows, "others")
        assert importer.is_in("a")
    found = held(tmp_path)
    assert len(found) == line["rows"] * 2
    assert set(found.provenance.tolist()) == {PROVENANCES.index("imported")}
    assert set(found.parent.tolist()) == {-1, -2}
    assert read_imports(tmp_path).sources == {"them": 1, "others": 2}
    assert len(moments(found)) == len(moments(rows)) == line["rows"]


def test_the_same_source_twice_counts_once(tmp_path: Path):
    rows = days_of_rows()
    with Importer(tmp_path) as importer:
        put(importer, "a", rows)
        put(importer, "b", rows)
    assert len(held(tmp_path)) == len(moments(rows))


def test_simulated_rows_stay_simulated(tmp_path: Path):
    rows = days_of_rows()
    rows = rows.replaced(provenance=np.full(len(rows), PROVENANCES.index("simulated"), np.uint8))
    with Importer(tmp_path) as importer:
        put(importer, "a", rows)
    assert set(held(tmp_path).provenance.tolist()) == {PROVENANCES.index("simulated")}


def test_merging_keeps_every_row_and_its_source(tmp_path: Path):
    spool = Spool(tmp_path, SpoolSettings(compaction=None))
    received = positions_from(500, seconds=600).replaced(provenance=np.zeros(500, np.uint8))
    spool.push(received, BEGIN_NS)
    spool.close()
    with Importer(tmp_path) as importer:
        for number in range(4):
            put(importer, f"batch {number}", days_of_rows(number), f"source {number}")
        before = held(tmp_path)
        assert importer.merge(BEGIN_NS + 30 * DAY_NS) > 0
    after = held(tmp_path)
    assert before.same_as(after)
    assert set(after.parent[after.parent < 0].tolist()) == {-1, -2, -3, -4}
    assert int((after.provenance == PROVENANCES.index("received")).sum()) == len(received)
    assert verify(tmp_path).damages == []


def test_what_is_abandoned_leaves_nothing(tmp_path: Path):
    with Importer(tmp_path) as importer:
        batch = importer.begin("a", "them")
        batch.push(days_of_rows())
        batch._write()
        assert list(tmp_path.rglob("*.parquet"))
        batch.abandon()
        assert not list(tmp_path.rglob("*.parquet"))
        assert not importer.is_in("a")


def test_one_process_writes(tmp_path: Path):
    with Importer(tmp_path), pytest.raises(SourceError, match="another process records there"):
        Importer(tmp_path)


@pytest.mark.parametrize("seed", range(rounds(30)))
def test_power_lost_at_any_moment_leaves_whole_batches(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    batches = {name: days_of_rows(number) for number, name in enumerate("abc")}
    finished: set[str] = set()
    for at in (rng.randrange(60), rng.randrange(60), -1):
        files = CrashingFiles(tmp_path, crash_at=at)
        try:
            with Importer(tmp_path, files) as importer:
                for name, rows in batches.items():
                    if not importer.is_in(name):
                        put(importer, name, rows)
                    finished.add(name)
            break
        except PowerLostError:
            files.lose_power(rng)
            kept = {name for name in finished if name not in read_imports(tmp_path).done}
            with Importer(tmp_path) as importer:
                assert not kept - set(importer.done), "what was said to be in is gone"
                there = held(tmp_path)
                expected = sum(len(moments(batches[name])) for name in importer.done)
                assert len(there) == expected
    found = held(tmp_path)
    assert len(found) == sum(len(moments(rows)) for rows in batches.values())
    result = verify(tmp_path)
    assert result.damages == []
    assert result.unlisted == []
