"""What a crash takes of the minute files is made again from the receptions: every row, once, as it would have been."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from skywitness.archive.files import Files
from skywitness.archive.progress import DECODED, read_decoded
from skywitness.archive.reader import open_history
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.segments import read_segment, segment_path, segments_of
from skywitness.archive.tail import find_tail
from skywitness.batches import Frames, Positions
from skywitness.pipeline import Pipeline, Settings
from skywitness.run.rebuild import Rebuild
from skywitness.sources.readers import read_frames
from skywitness.tracks.aircraft import aircraft_key, aircraft_table
from tests.crashing_files import CrashingFiles, PowerLostError
from tests.rounds import rounds

S = 1_000_000_000
SIMULATED = 2
SETTINGS = RecorderSettings(seal=False, segment_bytes=150_000, reserve_bytes=0)


@pytest.fixture(scope="module")
def demonstration() -> Frames:
    return read_frames("demo")


def part_of(frames: Frames, from_s: float, until_s: float) -> Frames:
    at = frames.time_ns - frames.time_ns[0]
    return frames.take((at >= from_s * S) & (at < until_s * S))


class Node:
    """The core of a node in small: frames in turns of half a second, states every ten."""

    def __init__(self, directory: Path, settings: RecorderSettings = SETTINGS, files: Files | None = None) -> None:
        self.recorder = Recorder(directory, settings, files, threaded=False)
        self.recorder.receiver("roof")
        self.recorder.connected(0, "u", 0)
        self.pipeline = Pipeline(Settings(provenance=SIMULATED))
        self.states_ns = 0
        self.parents: set[int] = set()
        """Receptions of which there are positions."""

    def hear(self, frames: Frames) -> None:
        edges = np.flatnonzero(np.diff(frames.time_ns // (S // 2))) + 1
        for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(frames)], strict=True):
            part = frames.slice(start, stop)
            now_ns = int(part.time_ns[-1])
            first = self.recorder.reserve(len(part), now_ns)
            part = part.replaced(id=first + np.arange(len(part)))
            output = self.pipeline.push(part)
            self.parents |= set(output.positions.parent.tolist())
            self.recorder.push(output, now_ns)
            if now_ns - self.states_ns >= 10 * S:
                self.states_ns = now_ns
                tracker = self.pipeline.shards[0].tracker
                self.recorder.states(aircraft_table(tracker.aircraft, tracker.pairs), now_ns)
            self.recorder.turn()

    def close(self) -> None:
        output = self.pipeline.flush()
        self.recorder.push(output, self.recorder._now_ns)
        self.recorder.close()


def crashed(directory: Path, copy: Path) -> Path:
    """What a node that ended at this moment would have left."""
    shutil.copytree(directory, copy)
    return copy


def rebuilt(directory: Path) -> Rebuild:
    """Start anew, make again what is missing, and end."""
    recorder = Recorder(directory, SETTINGS, threaded=False)
    rebuild = Rebuild(recorder)
    rebuild.run()
    assert rebuild.is_done
    recorder.close()
    return rebuild


def rows(directory: Path) -> Positions:
    return open_history(directory, strict=True).positions(0, 1 << 62, contradicted=True)


def stored_once(directory: Path) -> None:
    """No reception has two rows of one revision in the files."""
    history = open_history(directory, strict=True)
    seen: list[tuple[int, int]] = []
    for entry in history.manifest.tables["positions"].between(0, 1 << 62):
        part = pq.read_table(directory / entry.path, columns=["parent", "revision"])
        seen += zip(part["parent"].to_pylist(), part["revision"].to_pylist(), strict=True)
    assert len(seen) == len(set(seen))


def by_parent(positions: Positions) -> Positions:
    return positions.take(np.argsort(positions.parent, kind="stable"))


def differences(a: Positions, b: Positions) -> dict[str, int]:
    a, b = by_parent(a), by_parent(b)
    assert np.array_equal(a.parent, b.parent)
    out = {}
    for name in Positions.names():
        x, y = getattr(a, name), getattr(b, name)
        same = (x == y) | ((x != x) & (y != y))
        if not same.all():
            out[name] = int((~same).sum())
    return out


@pytest.mark.parametrize("seconds", [75, 303, 418, 599])
def test_rows_are_those_that_would_have_been_written(tmp_path, demonstration, seconds):
    node = Node(tmp_path / "a")
    node.hear(part_of(demonstration, 0, seconds))
    copy = crashed(tmp_path / "a", tmp_path / "b")
    node.close()
    before = len(rows(copy))
    rebuild = rebuilt(copy)
    whole = rows(tmp_path / "a")
    assert len(whole) - before == rebuild.positions > 0
    assert differences(whole, rows(copy)) == {}
    stored_once(copy)
    assert rebuilt(copy).receptions == 0


def states_of(directory: Path) -> np.ndarray:
    """Aircraft and the ten seconds of each state."""
    table = open_history(directory, strict=True).states(0, 1 << 62)
    return np.unique(aircraft_key(table.icao, table.address_kind) << 30 | table.seen_time_ns // (20 * S) % (1 << 30))


def test_states_are_kept_as_often_as_before(tmp_path, demonstration):
    node = Node(tmp_path / "a")
    node.hear(part_of(demonstration, 0, 343))
    copy = crashed(tmp_path / "a", tmp_path / "b")
    node.close()
    before = states_of(copy)
    rebuild = rebuilt(copy)
    wanted, found = states_of(tmp_path / "a"), states_of(copy)
    assert len(before) < len(wanted)
    assert rebuild.states > 0
    assert len(np.setdiff1d(wanted, before)) > 30
    assert len(np.setdiff1d(wanted, found)) < 10  # the instants differ, and at the edge of 20 s the numbers
    table = open_history(copy).states(0, 1 << 62)
    for key in np.unique(aircraft_key(table.icao, table.address_kind)).tolist():
        times = np.sort(table.seen_time_ns[aircraft_key(table.icao, table.address_kind) == key])
        assert (np.diff(times)[:-1] > 1 * S).all()  # there is one more at the end of the record


def test_a_crash_while_rows_are_made_again_and_new_ones_come(tmp_path, demonstration):
    node = Node(tmp_path / "0")
    node.hear(part_of(demonstration, 0, 200))
    parents = set(node.parents)
    for turn, (from_s, until_s) in enumerate([(210, 230), (231, 300), (300, 320)]):
        crashed(tmp_path / f"{turn}", tmp_path / f"{turn + 1}")
        node = Node(tmp_path / f"{turn + 1}")
        assert len(node.recorder.tail().blocks) > 0
        rebuild = Rebuild(node.recorder)
        if turn != 0:  # the first one ends before it has begun
            rebuild.run()
        node.hear(part_of(demonstration, from_s, until_s))
        parents |= node.parents
    last = crashed(tmp_path / "3", tmp_path / "4")
    assert set(rows(last).parent.tolist()) < parents
    rebuilt(last)
    assert parents <= set(rows(last).parent.tolist())
    stored_once(last)


def test_a_clean_end_leaves_nothing_to_do(tmp_path, demonstration):
    node = Node(tmp_path)
    node.hear(part_of(demonstration, 0, 100))
    node.close()
    assert rebuilt(tmp_path).tail.blocks == ()
    assert (tmp_path / DECODED).exists()


def test_without_a_mark_the_last_minutes_are_looked_at(tmp_path, demonstration):
    node = Node(tmp_path / "a")
    node.hear(part_of(demonstration, 0, 500))
    copy = crashed(tmp_path / "a", tmp_path / "b")
    node.close()
    mark = (copy / DECODED).read_bytes()
    (copy / DECODED).write_bytes(mark[:-9])
    assert read_decoded(copy) is None
    assert rebuilt(copy).tail.blocks[0].first > 0
    assert differences(rows(tmp_path / "a"), rows(copy)) == {}
    assert read_decoded(copy) is not None


def test_damaged_blocks_are_left_out_and_the_others_decoded(tmp_path, demonstration):
    node = Node(tmp_path / "a")
    node.hear(part_of(demonstration, 0, 300))
    copy = crashed(tmp_path / "a", tmp_path / "b")
    node.close()
    recorder = Recorder(copy, SETTINGS, threaded=False)
    rebuild = Rebuild(recorder)
    damaged = rebuild.tail.blocks[-30]
    data = bytearray(damaged.path.read_bytes())
    data[damaged.offset + 200] ^= 1
    damaged.path.write_bytes(data)
    rebuild.run()
    recorder.close()
    lost = len(rows(tmp_path / "a")) - len(rows(copy))
    assert 0 <= lost <= 2 * damaged.rows


def test_the_tail_is_bounded(tmp_path, demonstration):
    node = Node(tmp_path)
    node.hear(part_of(demonstration, 0, 600))
    first = read_decoded(tmp_path).first
    tail = find_tail(tmp_path, first, 1 << 60)
    assert tail.blocks[0].first < first <= tail.blocks[-1].last
    assert tail.rows < 600 / 570 * 400 * 70
    little = find_tail(tmp_path, first, 1 << 60, warm_rows=500)
    assert little.blocks[-1] == tail.blocks[-1]
    assert 500 <= sum(block.rows for block in little.blocks if block.last < first) < 1500
    assert find_tail(tmp_path, first, 0).blocks == ()
    assert find_tail(tmp_path, 1 << 60, 1 << 61).blocks == ()
    node.close()
    for number in segments_of(tmp_path):
        segment_path(tmp_path, number).unlink()  # too old to be kept
    assert find_tail(tmp_path, first, 1 << 60).blocks == ()


def test_replays_of_one_time_are_not_taken_for_one_stream(tmp_path, demonstration):
    for turn in range(2):
        node = Node(tmp_path / f"{turn}")
        node.hear(part_of(demonstration, 0, 130))
        if not turn:
            crashed(tmp_path / "0", tmp_path / "1")
    parents = set(rows(tmp_path / "1").parent.tolist()) | node.parents
    last = crashed(tmp_path / "1", tmp_path / "2")
    rebuilt(last)
    assert set(rows(last).parent.tolist()) >= parents


def without_power(directory: Path, frames: Frames, seed: int) -> int:
    """Lose power twice at any operation, while rows are made again too; return how many positions there are then."""
    rng = random.Random(seed)
    directory.mkdir()
    for from_s in (0, 140):
        files = CrashingFiles(directory, crash_at=rng.randrange(400, 1300) if not from_s else rng.randrange(10, 700))
        with contextlib.suppress(PowerLostError):
            node = Node(directory, SETTINGS, files)
            rebuild = Rebuild(node.recorder)
            rebuild._run()
            node.hear(part_of(frames, from_s, from_s + 140))
        files.lose_power(rng)
    rebuilt(directory)
    receptions = [
        part for n in segments_of(directory) for part in read_segment(segment_path(directory, n), strict=True)
    ]
    pipeline = Pipeline()
    wanted = {row for part in receptions for row in pipeline.push(part).positions.parent.tolist()}
    stored = rows(directory)
    stored_once(directory)
    assert wanted <= set(stored.parent.tolist()), seed
    assert rebuilt(directory).receptions == 0
    return len(stored)


def test_no_hole_where_receptions_are_after_power_is_lost(tmp_path, demonstration):
    counts = [without_power(tmp_path / f"{seed}", demonstration, seed) for seed in range(rounds(20))]
    assert max(counts) > 2000


CHILD = """
import sys
from pathlib import Path
import structlog
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.run import rebuild
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
rebuild.BATCH_ROWS = 400
recorder = Recorder(Path(sys.argv[1]), RecorderSettings(seal=False, reserve_bytes=0, fsync_s=0.01))
print(len(recorder.tail().blocks), flush=True)
again = rebuild.Rebuild(recorder)
again.run()
print("decoded", flush=True)
recorder.close()
print("closed", flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_killed_while_rows_are_made_again(tmp_path, demonstration):
    times = rounds(3)
    rng = random.Random(times)
    node = Node(tmp_path / "a")
    node.hear(part_of(demonstration, 0, 475))
    copy = crashed(tmp_path / "a", tmp_path / "b")
    node.close()
    for turn in range(times + 1):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(copy)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as child:
            assert child.stdout is not None
            if not json.loads(child.stdout.readline()):
                assert turn > 0  # the one before had closed, and was killed before it said so
                break
            if turn < times:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(rng.random() * 0.7)
                is_whole = "closed" in child.stdout.read() if child.poll() is not None else False
                child.kill()
                if is_whole:
                    break
            else:
                assert "closed" in child.stdout.read()
    assert rebuilt(copy).receptions == 0
    assert differences(rows(tmp_path / "a"), rows(copy)) == {}
    stored_once(copy)
