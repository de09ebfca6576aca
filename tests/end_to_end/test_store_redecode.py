"""Receptions decoded again: beside the old, killed and gone on with, chosen and left, and never mixed."""

from __future__ import annotations

import json
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
from skywitness.archive.generations import current_generation, read_generation, use_generation
from skywitness.archive.reader import open_history
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.segments import segment_path, segments_of
from skywitness.archive.spool import Spool
from skywitness.archive.verify import verify
from skywitness.cli import main
from skywitness.errors import ArchiveError, ConfigError
from skywitness.pipeline import Pipeline
from skywitness.run.redecode import redecode
from skywitness.sources.readers import read_frames
from tests.rounds import rounds

S = 1_000_000_000
ROUNDS = rounds(3)
EVER = 1 << 62


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """Ten minutes of the recording, by a receiver."""
    directory = tmp_path_factory.mktemp("record")
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0, segment_bytes=100_000), threaded=False)
    recorder.receiver("roof")
    recorder.connected(0, "u", 0)
    pipeline, frames = Pipeline(), read_frames("demo")
    for start in range(0, len(frames), 2000):
        rows = frames.slice(start, min(start + 2000, len(frames)))
        now_ns = int(rows.time_ns[-1])
        first = recorder.reserve(len(rows), now_ns)
        recorder.push(pipeline.push(rows.replaced(id=first + np.arange(len(rows)))), now_ns)
        recorder.turn(is_due=True)
    last = pipeline.flush()
    recorder.push(last, now_ns)
    recorder.disconnected(0, "the end", now_ns)
    recorder.close()
    return directory


@pytest.fixture
def store(recorded, tmp_path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "store"))


def rows_of(directory: Path):
    return open_history(directory, strict=True).positions(0, EVER, contradicted=True)


def test_the_same_version_makes_the_same(store):
    before = rows_of(store)
    assert len(before) > 5_000
    made = redecode(store)
    counts = {name: sum(day[name] for day in made.differences().values()) for name in ("rows", "same", "new", "gone")}
    assert counts["rows"] == len(before)
    assert (counts["new"], counts["gone"]) == (0, 0)
    assert counts["same"] > 0.99 * len(before)
    assert verify(store).damages == []
    assert (open_history(store).generation, current_generation(store)) == (0, 0)
    use_generation(store, made.number, OsFiles())
    history = open_history(store)
    assert history.generation == 1
    assert np.array_equal(np.sort(rows_of(store).parent), np.sort(before.parent))
    assert all(entry.path.startswith("generations/1/") for entry in history._entries(*everything(history)))
    again = redecode(store)  # there it is
    assert (again.number, again.hours) == (made.number, made.hours)
    assert redecode(store, anew=True).number == 2


def everything(history):
    from skywitness.archive.layout import POSITIONS

    return POSITIONS, 0, EVER


def test_what_answered_wrongly_is_mended(store, capsys):
    """A record whose rows are wrong, as if an early version had decoded them: a generation has them right."""
    from skywitness.archive.compaction import put_rows
    from skywitness.archive.layout import HOUR, MINUTE_NS, POSITIONS
    from skywitness.archive.manifest import Manifest

    right = rows_of(store)
    disk = OsFiles()
    manifest = Manifest(store, disk)
    wrong = right.replaced(altitude_ft=right.altitude_ft + 100).take(np.arange(len(right)) % 10 > 0)
    hour = wrong.time_ns // MINUTE_NS // HOUR * HOUR
    for minute in np.unique(hour).tolist():
        old = [e for e in manifest.tables["positions"].between(0, EVER) if e.minute // HOUR * HOUR == minute]
        replaces = tuple(entry.path for entry in old)
        part = wrong.take(hour == minute)
        entry = put_rows(store, disk, POSITIONS, minute, HOUR, manifest.number(), [part], replaces)
        manifest.append([entry])
        manifest.enter([entry])
    assert len(rows_of(store)) == len(wrong)
    assert main(["redecode", str(store), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    (day,) = facts["days"].values()
    assert day["new"] == len(right) - len(wrong)
    assert day["changed"] > 0.5 * len(wrong)
    assert main(["redecode", str(store), "--use", "1"]) == 0
    mended = rows_of(store)
    assert np.array_equal(np.sort(mended.parent), np.sort(right.parent))
    assert np.nanmean(mended.altitude_ft) == pytest.approx(np.nanmean(right.altitude_ft), abs=1)
    assert main(["store", "stats", str(store)]) == 0
    assert "which answers" in capsys.readouterr().out
    assert main(["store", "files", str(store)]) == 0
    assert all("/generations/1/positions/" in line for line in capsys.readouterr().out.splitlines())
    assert main(["redecode", str(store), "--use", "0"]) == 0
    assert len(rows_of(store)) == len(wrong)


def test_rows_that_came_late_are_never_hidden(store):
    use_generation(store, redecode(store).number, OsFiles())
    late = rows_of(store).take(np.arange(5))
    spool = Spool(store)
    assert spool.history.generation == 1
    late = late.replaced(parent=late.parent + (900 << 32))
    spool.push(late, int(late.time_ns[0]))
    spool.close()
    assert np.isin(late.parent, rows_of(store).parent).all()  # the day is answered from the record
    made = redecode(store)
    assert sum(day["kept"] for day in made.differences().values()) == 5
    found = rows_of(store)
    assert np.isin(late.parent, found.parent).all()
    assert open_history(store)._overlay.days(open_history(store).manifest)


def test_what_has_no_receptions_any_more_is_copied(store):
    before = rows_of(store)
    segment_path(store, segments_of(store)[0]).unlink()
    made = redecode(store)
    (day,) = made.differences().values()
    assert 0 < day["kept"] < len(before)
    use_generation(store, 1, OsFiles())
    assert np.isin(before.parent, rows_of(store).parent).mean() > 0.999


def test_a_receiver_alone_and_a_time(store):
    with pytest.raises(ConfigError, match="roof"):
        redecode(store, receivers=["cellar"])
    before = rows_of(store)
    middle = int(np.median(before.time_ns))
    made = redecode(store, since_ns=middle, receivers=["roof"])
    (day,) = made.differences().values()
    assert day["kept"] == int((before.time_ns < middle).sum())
    assert day["rows"] == len(before)


CHILD = """
import sys
from pathlib import Path
from skywitness.run.redecode import redecode
print("ready", flush=True)
redecode(Path(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_killed_at_any_moment_it_goes_on(store):
    rng = random.Random(4)
    before = rows_of(store)
    for _ in range(ROUNDS):
        shutil.rmtree(store / "generations", ignore_errors=True)
        for _ in range(2):
            with subprocess.Popen(
                [sys.executable, "-c", CHILD, str(store)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(rng.random() * 1.5)
                os.kill(child.pid, signal.SIGKILL)
            assert verify(store).damages == []
            if not (store / "generations" / "1" / "log.jsonl").exists() or not read_generation(store, 1).is_done:
                with pytest.raises(ArchiveError):
                    use_generation(store, 1, OsFiles())
        made = redecode(store)
        assert made.is_done
        assert sum(day["rows"] for day in made.differences().values()) == len(before)
        found = verify(store)
        assert (found.damages, found.unlisted) == ([], [])
        use_generation(store, 1, OsFiles())
        parents = np.sort(rows_of(store).parent)
        assert np.array_equal(parents, np.sort(before.parent))
        use_generation(store, 0, OsFiles())
