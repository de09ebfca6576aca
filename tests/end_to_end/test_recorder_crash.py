"""Killed and without power, at any moment: what was promised is there, once, and what is missing is told."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog

from skywitness.archive.ledger import read_ledger
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.segments import read_blocks, segment_path, segments_of
from skywitness.batches import Messages, Positions
from skywitness.pipeline import Output
from tests.crashing_files import CrashingFiles, PowerLostError
from tests.frames_from import frames_from
from tests.rounds import rounds

T0 = 1_780_000_000_000_000_000
RECEIVERS = 3
SETTINGS = RecorderSettings(seal=False, segment_bytes=3000, reserve_bytes=0)


@contextlib.contextmanager
def quiet():
    """Without the lines of the log."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**before)


def stored(directory: Path) -> dict[tuple[int, int], tuple[int, int, bytes]]:
    """Every reception by receiver and sequence number: id, time and bytes. Fails if one is there twice."""
    found: dict[tuple[int, int], tuple[int, int, bytes]] = {}
    ids: set[int] = set()
    for number in segments_of(directory):
        for block in read_blocks(segment_path(directory, number), strict=True):
            frames = block.frames
            for i, (receiver, sequence) in enumerate(zip(frames.receiver, block.sequence, strict=True)):
                key = int(receiver), int(sequence)
                assert key not in found
                assert int(frames.id[i]) not in ids
                ids.add(int(frames.id[i]))
                found[key] = int(frames.id[i]), int(frames.time_ns[i]), frames.data[i, : frames.length[i]].tobytes()
    return found


def lose_power_thrice(directory: Path, seed: int) -> int:
    """Record with power lost at a random operation, three times over; check; return how much had been promised."""
    rng = random.Random(seed)
    directory.mkdir()
    promised: dict[int, int] = {}
    heard: dict[tuple[int, int], tuple[int, int, bytes]] = {}

    def note(recorder: Recorder) -> None:
        for number, mark in recorder.watermarks().items():
            promised[number] = max(promised.get(number, -1), mark.sequence)

    for turn in range(3):
        files = CrashingFiles(directory, crash_at=rng.randrange(1, 150))
        recorder = None
        try:
            recorder = Recorder(directory, SETTINGS, files, threaded=False)
            for number in range(RECEIVERS):
                assert recorder.receiver(f"r{number}").number == number
                recorder.connected(number, "u", T0)
            following = dict(recorder._sequences)
            assert all(following[number] > last for number, last in promised.items())
            for step in range(rng.randrange(30)):
                rows = [
                    (T0 + turn * 10**9 + step, rng.randrange(RECEIVERS), rng.randbytes(rng.choice([2, 7, 14])))
                    for _ in range(rng.randrange(1, 60))
                ]
                frames = frames_from(rows, recorder.reserve(len(rows), T0))
                recorder.push(Output(frames, Messages.empty(), Positions.empty()), T0 + step)
                for i, (time_ns, number, data) in enumerate(rows):
                    sequence = following.get(number, 0)
                    following[number] = sequence + 1
                    heard[number, sequence] = int(frames.id[i]), time_ns, data
                is_due = rng.random() < 0.3
                recorder.turn(is_due=is_due)
                if not is_due:
                    recorder._raw.write()  # blocks that are not safe yet
                note(recorder)
            recorder.close()
        except PowerLostError:
            pass
        if recorder is not None:
            note(recorder)
        files.lose_power(rng)

    recorder = Recorder(directory, SETTINGS, threaded=False)
    assert recorder.recovered.missing == {}
    assert len(read_ledger(directory).connected) == 0
    recorder.close()
    found = stored(directory)
    for number, last in promised.items():
        for sequence in range(last + 1):
            assert (number, sequence) in found, (seed, number, sequence, last)
    for key, value in found.items():
        assert value == heard[key], (seed, key)
    return sum(last + 1 for last in promised.values())


def test_power_loss_at_any_operation(tmp_path):
    with quiet():
        promised = [lose_power_thrice(tmp_path / f"{seed}", seed) for seed in range(rounds(100))]
    assert sum(promised) > 100 * len(promised)


CHILD = """
import dataclasses, json, sys, time
from pathlib import Path
import numpy as np
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.batches import Frames, Messages, Positions
from skywitness.pipeline import Output
import structlog

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
recorder = Recorder(Path(sys.argv[1]), RecorderSettings(fsync_s=0.05, segment_bytes=400_000, reserve_bytes=0))
say = lambda **fields: print(json.dumps(fields), flush=True)
say(start_s=recorder.start_s, torn=recorder.recovered.torn, missing=len(recorder.recovered.missing))
rng = np.random.default_rng(int(sys.argv[2]))
for number in range(3):
    recorder.receiver(f"r{number}")
    recorder.connected(number, "u", time.time_ns())
told = {n: m.sequence for n, m in recorder.watermarks().items()}  # what the processes before have made safe
while True:
    rows = 1000
    frames = Frames.allocate(rows)
    first = recorder.reserve(rows, time.time_ns())
    frames.id[:] = first + np.arange(rows)
    frames.time_ns[:] = time.time_ns()
    frames.ticks[:] = frames.id
    frames.timing[:] = 1
    frames.receiver[:] = rng.integers(0, 3, rows)
    frames.signal_dbfs[:] = -10
    frames.length[:] = 14
    frames.data[:] = rng.integers(0, 256, (rows, 14))
    recorder.push(Output(frames, Messages.empty(), Positions.empty()), time.time_ns())
    marks = {n: m.sequence for n, m in recorder.watermarks().items()}
    if marks != told:
        told = marks
        say(marks=marks)
    time.sleep(0.01)
"""


def kill_at_random(directory: Path, rounds: int, seed: int) -> dict[str, float]:
    """Kill a recording process `rounds` times at random moments, and compare what is there with what it said."""
    rng = random.Random(seed)
    promised: dict[int, int] = {}
    facts = {"promised": 0.0, "torn": 0.0, "longest_start_s": 0.0}
    for turn in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(directory), str(turn)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as child:
            assert child.stdout is not None
            first = json.loads(child.stdout.readline())
            assert first["missing"] == 0
            facts["torn"] += len(first["torn"])
            facts["longest_start_s"] = max(facts["longest_start_s"], first["start_s"])
            json.loads(child.stdout.readline())  # the first watermark: it is at work
            time.sleep(rng.random() * 0.5)
            os.kill(child.pid, signal.SIGKILL)
            for line in child.stdout.read().splitlines():
                with contextlib.suppress(ValueError):  # the last line may be cut off
                    for number, sequence in json.loads(line)["marks"].items():
                        promised[int(number)] = max(promised.get(int(number), -1), sequence)
    recorder = Recorder(directory, SETTINGS, threaded=False)
    recorder.close()
    found = stored(directory)
    for number, last in promised.items():
        assert all((number, sequence) in found for sequence in range(last + 1))
    gaps = [gap for gap in read_ledger(directory).gaps if gap.reason == "crash"]
    assert {gap.receiver for gap in gaps if gap.until_ns is None} == set(range(RECEIVERS))
    # Each process lived until rows of its own were safe, and that its receivers came is noted before that.
    assert len(gaps) == rounds * RECEIVERS
    facts["promised"] = sum(last + 1 for last in promised.values())
    return facts | {"stored": len(found)}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_kill_at_any_moment(tmp_path):
    times = rounds(3)
    with quiet():
        facts = kill_at_random(tmp_path, times, seed=times)
    assert facts["promised"] > 1000 * times
    print(facts)
