"""The record: CPU time and bytes a reception, leaves sealed in a second, seconds to start on a full segment.

Receptions go through the recorder as a node's do, in batches of a twentieth of a second of traffic at most 64k rows a
block: queue, columns, SHA-256, zstd, file. `live` is what the corpus takes at its own rate, with a block and an fsync
every half second. The disk's own time is not CPU time and is not counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.core import read_frames
from bench.corpora import corpus
from bench.measure import Result, cpu_of, sha256
from skywitness.archive.files import OsFiles
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.recovery import recover
from skywitness.archive.sealer import seal_segment
from skywitness.archive.segments import read_segment, segment_path, segments_of
from skywitness.batches import Frames, Messages, Positions
from skywitness.pipeline import Output

__all__ = ["SUMMARY", "measure"]

SUMMARY = "the record: CPU and bytes a reception, leaves sealed in a second, start after a crash"

SETTINGS = RecorderSettings(seal=False, reserve_bytes=0, queue_bytes=1 << 40)
ROWS = 1 << 14
"""Of a push of the core in a replay."""
SEGMENT_BYTES = 256_000_000


def record(directory: Path, frames: Frames, bounds: list[int]) -> None:
    """Keep all receptions, pushed in pieces that begin at the bounds; a turn whenever a block is full."""
    recorder = Recorder(directory, SETTINGS, threaded=False)
    waiting = 0
    for start, stop in itertools.pairwise(bounds):
        part = frames.slice(start, stop)
        first = recorder.reserve(len(part), 0)
        part = dataclasses.replace(part, id=np.arange(first, first + len(part)))
        recorder.push(Output(part, Messages.empty(), Positions.empty()), 0)
        waiting += len(part)
        if waiting >= 1 << 16:
            recorder.turn(is_due=False)
            waiting = 0
    recorder.close()


def live_bytes(directory: Path, frames: Frames) -> float:
    """Bytes a reception with a block every half second of the corpus's own time."""
    times = np.maximum.accumulate(frames.time_ns)
    edges = np.arange(times[0], times[-1], 500_000_000)
    bounds = [*np.unique(np.searchsorted(times, edges)).tolist(), len(frames)]
    recorder = Recorder(directory, SETTINGS, threaded=False)
    for start, stop in itertools.pairwise(bounds):
        part = frames.slice(start, stop)
        first = recorder.reserve(len(part), 0)
        part = dataclasses.replace(part, id=np.arange(first, first + len(part)))
        recorder.push(Output(part, Messages.empty(), Positions.empty()), 0)
        recorder.turn()
    recorder.close()
    return stored_bytes(directory) / len(frames)


def stored_bytes(directory: Path) -> int:
    """Of all segments."""
    return sum(segment_path(directory, number).stat().st_size for number in segments_of(directory))


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One line for the corpus: B, if none is named."""
    name = args.corpus or "B"
    path = corpus(name)[0]
    frames = Frames.concat(read_frames(path.read_bytes()))
    bounds = [*range(0, len(frames), ROWS), len(frames)]
    with tempfile.TemporaryDirectory() as place:
        runs = iter(range(100))

        def kept() -> Path:
            directory = Path(place) / str(next(runs))
            record(directory, frames, bounds)
            return directory

        spent, directory = cpu_of(kept, args.times)
        result: Result = {"corpus": name, "receptions": len(frames)}
        result["ns_per_reception"] = round(spent.median / len(frames) * 1e9, 1)
        result["ns_per_reception_best"] = round(spent.best / len(frames) * 1e9, 1)
        result["bytes_per_reception"] = round(stored_bytes(directory) / len(frames), 2)
        result["bytes_per_reception_live"] = round(live_bytes(Path(place) / "live", frames), 2)
        segment = segment_path(directory, 0)
        rows = sum(len(part) for part in read_segment(segment))
        spent, _ = cpu_of(lambda: [len(part) for part in read_segment(segment)], args.times)
        result["read_ns_per_reception"] = round(spent.median / rows * 1e9, 1)
        spent, _ = cpu_of(lambda: seal_segment(segment), args.times)
        result["leaves_per_s"] = round(rows / spent.median)
        yield result | start_s(Path(place) / "full", segment) | {"corpus_sha256": sha256(path)}


def start_s(directory: Path, segment: Path) -> Result:
    """Seconds by the wall from a torn segment of full size to a mended one."""
    data = segment.read_bytes()
    raw = directory / "raw"
    raw.mkdir(parents=True)
    with (raw / segment.name).open("wb") as file:
        file.write(data)
        while file.tell() < SEGMENT_BYTES:
            file.write(data[64:])
        file.write(data[64:1000])  # half a block
    began = time.perf_counter()
    found = recover(directory, OsFiles())
    return {"start_s": round(time.perf_counter() - began, 2), "torn_bytes": sum(found.torn.values())}
