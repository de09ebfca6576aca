"""Killed while it appends, merges or deletes: no row is lost or there twice, and all that is there is whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive.files import OsFiles
from skywitness.archive.reader import open_history
from skywitness.archive.spool import Spool, SpoolSettings
from skywitness.archive.upkeep import drops_of, held
from skywitness.archive.verify import verify
from tests.rounds import rounds
from tests.rows_from import BEGIN_NS, positions_from

ROUNDS = rounds(3)
MINUTES = 90
ROWS = 20_000
S = 1_000_000_000

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")

CHILDREN = {
    "compact": """
from skywitness.archive.upkeep import compact_store
print("ready", flush=True)
compact_store(directory, everything=True)
""",
    "prune": """
from skywitness.archive.upkeep import prune_store
print("ready", flush=True)
for minute in range(1, 60):
    prune_store(directory, ("positions",), before_ns=int(sys.argv[2]) + minute * 60_000_000_000)
""",
    "append": """
from skywitness.archive.spool import Spool, SpoolSettings
from tests.rows_from import BEGIN_NS, positions_from
rows = positions_from(20_000, seconds=5400)
spool = Spool(directory, SpoolSettings(compaction=None))
print("ready", flush=True)
for minute in range(90):
    at = (rows.time_ns - BEGIN_NS) // 60_000_000_000
    spool.push(rows.take(at == minute), BEGIN_NS)
    spool.flush()
    print(minute, flush=True)
""",
}
HEAD = "import sys; from pathlib import Path; directory = Path(sys.argv[1])\n"


@pytest.fixture(scope="module")
def rows():
    return positions_from(ROWS, seconds=60 * MINUTES)


@pytest.fixture(scope="module")
def store(tmp_path_factory, rows) -> Path:
    directory = tmp_path_factory.mktemp("store")
    spool = Spool(directory, SpoolSettings(compaction=None))
    spool.push(rows, BEGIN_NS)
    spool.close()
    return directory


def killed(kind: str, directory: Path, most_s: float, rng: random.Random) -> list[str]:
    """Run a child, kill it at a random moment of its work, and return what it said."""
    with subprocess.Popen(
        [sys.executable, "-c", HEAD + CHILDREN[kind], str(directory), str(BEGIN_NS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(rng.random() * most_s)
        os.kill(child.pid, signal.SIGKILL)
        return [line for line in child.stdout.read().split("\n")[:-1] if line.isdigit()]


def kept(directory: Path) -> np.ndarray:
    """Numbers of the rows that a start finds, which must be whole and there once."""
    with held(directory, OsFiles()):
        pass
    found = verify(directory)
    assert (found.damages, found.unlisted, found.notes) == ([], [], [])
    positions = open_history(directory, strict=True).positions(0, 1 << 62, contradicted=True)
    parents = np.sort(positions.parent)
    assert (np.diff(parents) > 0).all()
    return parents


def test_merging_loses_and_doubles_nothing(store, tmp_path, rows):
    rng = random.Random(1)
    everything = np.sort(rows.parent)
    for turn in range(ROUNDS):
        directory = tmp_path / "store"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(store, directory)
        killed("compact", directory, 1.0, rng)
        assert np.array_equal(kept(directory), everything), turn
        if turn % 2:  # killed once more, on what the first one left
            killed("compact", directory, 0.5, rng)
            assert np.array_equal(kept(directory), everything), turn


def test_deleting_takes_whole_minutes_and_nothing_else(store, tmp_path, rows):
    rng = random.Random(2)
    for _ in range(ROUNDS):
        directory = tmp_path / "store"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(store, directory)
        killed("prune", directory, 0.8, rng)
        left = kept(directory)
        minute = (rows.time_ns - BEGIN_NS) // (60 * S)
        first = int(minute[np.isin(rows.parent, left)].min())
        assert np.array_equal(left, np.sort(rows.parent[minute >= first]))
        with held(directory, OsFiles()) as manifest:
            assert sum(gone.rows for gone in manifest.gone.values()) == ROWS - len(left)
            assert drops_of(manifest, ("positions",), before_ns=BEGIN_NS + first * 60 * S) == []


def test_what_was_said_to_be_written_is_there_once(tmp_path, rows):
    rng = random.Random(3)
    minute = (rows.time_ns - BEGIN_NS) // (60 * S)
    for turn in range(ROUNDS):
        directory = tmp_path / f"{turn}"
        directory.mkdir()
        said = killed("append", directory, 0.6, rng)
        last = int(said[-1]) if said else -1
        left = kept(directory)
        assert np.isin(rows.parent[minute <= last], left).all()
        assert not np.isin(rows.parent[minute > last + 1], left).any()
