"""One flipped bit in any file of a store is found, and the file named; a whole store is told whole."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive.compaction import Compaction
from skywitness.archive.derived import KINDS, Derived
from skywitness.archive.files import OsFiles
from skywitness.archive.hashes import HASH_SUFFIX, put_hashes, stated_hashes
from skywitness.archive.identities import set_local
from skywitness.archive.manifest import MANIFEST, Manifest
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.sealer import seal_segment
from skywitness.archive.segments import segment_path, segments_of
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.archive.verify import verify, writer_of
from skywitness.batches import Messages, Positions
from skywitness.pipeline import Output
from tests.frames_from import frames_from
from tests.rows_from import BEGIN_NS, positions_from, states_from

S = 1_000_000_000
ROWS = 600


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A store with everything that there may be: minutes, a day and what is derived, segments, seals, logs, lists."""
    directory = tmp_path_factory.mktemp("store")
    recorder = Recorder(directory, RecorderSettings(seal=False, segment_bytes=6000, reserve_bytes=0), threaded=False)
    recorder.receiver("roof")
    recorder.connected(0, "u", BEGIN_NS)
    rng = random.Random(5)
    for step in range(12):
        heard = [(BEGIN_NS + step * S + k, 0, rng.randbytes(14)) for k in range(50)]
        frames = frames_from(heard, recorder.reserve(len(heard), BEGIN_NS))
        recorder.push(Output(frames, Messages.empty(), Positions.empty()), BEGIN_NS + step * S)
        recorder.turn(is_due=True)
    recorder.disconnected(0, "the end", BEGIN_NS + 60 * S)
    recorder.close()
    for number in segments_of(directory):
        seal_segment(segment_path(directory, number))
    spool = Spool(directory, SpoolSettings(compaction=None))
    rows = positions_from(ROWS, seconds=300)
    spool.push(rows, BEGIN_NS)
    spool.states(states_from(rows), BEGIN_NS)
    spool.close()
    disk = OsFiles()
    manifest = Manifest(directory, disk)
    compaction = Compaction(manifest, disk, threading.RLock())
    for job in compaction.jobs(BEGIN_NS + 86_400 * 2 * S):
        if job.table.name == "positions":
            compaction.merge(job)
    compaction.finish()
    Derived(manifest, disk).run(9)
    set_local(directory / "identity", 0x154073, {"operator": "Air Force"})
    return directory


def files_of(directory: Path) -> list[str]:
    """All files but the lock, which says nothing of the record."""
    names = [path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()]
    return sorted(name for name in names if name != "lock")


def test_a_whole_store_is_whole(store):
    found = verify(store)
    assert (found.damages, found.unlisted, found.notes) == ([], [], [])
    assert (found.rows, found.receptions) == (ROWS + len(states_from(positions_from(ROWS, seconds=300))), 600)
    assert found.files == len(files_of(store)) - sum(name.endswith(HASH_SUFFIX) for name in files_of(store))
    assert writer_of(store) is None


def test_the_store_has_every_kind_of_file(store):
    kinds = {name.split("/")[0] if "/" in name else name for name in files_of(store)}
    others = {"identity", "ledger.jsonl", "log", "manifest.jsonl", "positions", "raw", "receivers.jsonl", "states"}
    assert kinds == {*KINDS, *others}
    assert {Path(name).suffix for name in files_of(store) if name.startswith("raw/")} == {".seg", ".seal"}


def flips(size: int, name: str) -> list[int]:
    """Bits to flip: the first and the last bytes', and some between; of another place in each file."""
    rng = random.Random(name)
    edges = [0, 7, 8 * size - 1, 8 * size - 8]
    return sorted({*edges, *(rng.randrange(8 * size) for _ in range(10))})


def test_a_flipped_bit_in_any_file_is_found_and_named(store):
    for name in files_of(store):
        path = store / name
        data = path.read_bytes()
        if not data:
            continue
        for bit in flips(len(data), name):
            broken = bytearray(data)
            broken[bit >> 3] ^= 1 << (bit & 7)
            path.write_bytes(broken)
            named = {damage.path.removesuffix(HASH_SUFFIX) for damage in verify(store).damages}
            assert name.removesuffix(HASH_SUFFIX) in named, (name, bit)
        path.write_bytes(data)
    assert verify(store).damages == []


def test_what_is_lost_by_a_damaged_block_is_told(store):
    path = segment_path(store, segments_of(store)[0])
    data = path.read_bytes()
    try:
        blocks = [at for at in range(len(data)) if data[at : at + 4] == b"SWB1"]
        broken = bytearray(data)
        broken[blocks[1] + 100] ^= 4
        path.write_bytes(broken)
        found = verify(store)
        (damage,) = found.damages
        assert damage.rows == 50
        assert found.receptions == 600 - 50
        assert damage.from_us is not None
        assert damage.from_us <= BEGIN_NS // 1000 + 1_000_000 <= (damage.until_us or 0)
        path.write_bytes(data[: blocks[-1] + 30])
        (damage,) = verify(store).damages
        assert (damage.rows, damage.until_us) == (50, None)  # the seal says how many there were
    finally:
        path.write_bytes(data)


def test_what_is_missing_is_told(store, tmp_path):
    manifest = Manifest(store, None)
    entry = manifest.tables["positions"].between(0, 1 << 62)[0]
    data = (store / entry.path).read_bytes()
    (store / entry.path).unlink()
    try:
        (damage,) = verify(store).damages
        assert (damage.path, damage.what, damage.rows) == (entry.path, "the file is missing", entry.rows)
        assert (damage.from_us, damage.until_us) == (entry.from_us, entry.until_us)
    finally:
        (store / entry.path).write_bytes(data)
    other = (store / entry.path).with_name("day-99.parquet")
    other.write_bytes(data)
    try:
        found = verify(store)
        assert (found.damages, len(found.unlisted)) == ([], 1)
    finally:
        other.unlink()


def test_a_torn_end_is_no_damage(store):
    path = store / MANIFEST
    data = path.read_bytes()
    try:
        path.write_bytes(data + data.splitlines(keepends=True)[-1][:-9])
        found = verify(store)
        assert (found.damages, len(found.notes)) == ([], 1)
        assert verify(store, is_live=True).notes == []
    finally:
        path.write_bytes(data)


def test_rows_out_of_order_are_found_though_the_hash_fits(tmp_path):
    import msgspec
    import pyarrow.parquet as pq

    from skywitness.archive.hashes import hash_of
    from skywitness.archive.verify import check_entry

    spool = Spool(tmp_path)
    spool.push(positions_from(100, seconds=30), BEGIN_NS)
    spool.close()
    (entry,) = spool.manifest.tables["positions"].between(0, 1 << 62)
    assert check_entry(tmp_path, entry) == ""
    rows = pq.ParquetFile(tmp_path / entry.path).read()
    pq.write_table(rows.take(np.arange(len(rows))[::-1].copy()), tmp_path / entry.path)
    changed = msgspec.structs.replace(entry, sha256=hash_of(tmp_path / entry.path))
    assert check_entry(tmp_path, changed) == "its rows are not in order"
    assert "rows, the manifest says" in check_entry(tmp_path, msgspec.structs.replace(changed, rows=7))


def test_a_list_that_is_being_replaced_is_whole(tmp_path):
    set_local(tmp_path / "identity", 0x154073, {"operator": "One"})
    path = tmp_path / "identity" / "local.parquet"
    (digest,) = stated_hashes(path)
    put_hashes(path, "0" * 64, digest)  # as a crash between the two leaves it
    assert verify(tmp_path).damages == []
    set_local(tmp_path / "identity", 0x154073, {"operator": "Two"})
    assert verify(tmp_path).damages == []
    assert len(stated_hashes(path)) == 1
