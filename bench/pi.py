"""The usual case, one receiver on a small computer: memory, processor and disk of a whole node with recording.

A generator sends 1,000 messages a second of 108 simulated aircraft, at their true pace, to `skywitness serve`. What
starting costs is not counted; sizes are those of the data directory after the node has ended.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.corpora import write_simulated
from bench.measure import Result
from bench.serve import Generator, Node

__all__ = ["SUMMARY", "measure"]

SUMMARY = "one receiver at 1,000 messages/s: memory, share of a core, bytes of record a day"

AIRCRAFT = 108  # 9.3 messages a second each
SECONDS = float(os.environ.get("BENCH_PI_SECONDS", "60"))
WARM_S = 10.0
MOST_MB = 400
MOST_PERCENT = 5.0
DAY_S = 86_400
PARTS = ("raw", "positions", "states")


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One node, one receiver."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "P.beast"
        messages = write_simulated(path, 1092, AIRCRAFT, WARM_S + SECONDS + 5.0)
        data = path.read_bytes()
    rate = messages / (WARM_S + SECONDS + 5.0)
    generator = Generator([data], len(data) / messages * rate)
    node = Node("--source", f"one=beast+tcp://127.0.0.1:{generator.port}")
    try:
        generator.thread.start()
        started = time.monotonic()
        time.sleep(WARM_S)
        before, counted, began = node.cpu_s(), node.metrics()["skywitness_frames_total"], time.monotonic()
        time.sleep(SECONDS)
        spent, seconds = node.cpu_s() - before, time.monotonic() - began
        metrics = node.metrics()
        heard_s = time.monotonic() - started
        memory = node.memory_mb()
        generator.stop()
        node.process.terminate()
        node.process.wait(60)
        sizes = {part: size_of(node.directory / "data" / part) for part in PARTS}
        whole = size_of(node.directory / "data")
    finally:
        node.close()
    percent = 100 * spent / seconds
    yield {
        "messages_per_s": round((metrics["skywitness_frames_total"] - counted) / seconds),
        "memory_mb": round(memory),
        "cpu_percent": round(percent, 1),
        "keeps_to_bars": memory <= MOST_MB and percent <= MOST_PERCENT,
        "record_dropped": int(sum(v for k, v in metrics.items() if k.startswith("skywitness_record_dropped_total"))),
        "mb_per_hour": round(whole / heard_s * 3600 / 1e6, 1),
        **{f"{part}_mb_per_day": round(size / heard_s * DAY_S / 1e6) for part, size in sizes.items()},
        "mb_per_day": round(whole / heard_s * DAY_S / 1e6),
    }


def size_of(directory: Path) -> int:
    """Bytes of all files below."""
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


if __name__ == "__main__":
    for result in measure(argparse.Namespace()):
        print(json.dumps(result), flush=True)
