"""The usual case, one receiver on a small computer: memory, processor and disk of a whole node with recording.

A generator sends 1,000 messages a second of 108 simulated aircraft, at their true pace, to `skywitness serve`. What
starting costs is not counted; sizes are those of the data directory after the node has ended. The bars are for a
receiver that gathers its output for 50 ms, as programs behind an antenna do; one that sends two messages at a time, 500
times a second, costs more: each is a turn of the event loop.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
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
GATHERED_S = 0.05
PARTS = ("raw", "positions", "states")


class Receiver(Generator):
    """Sends what has come since it sent last, after each interval."""

    def __init__(self, data: bytes, bytes_per_s: float, interval_s: float) -> None:
        super().__init__([data], bytes_per_s)
        self.interval_s = interval_s
        self.thread = threading.Thread(target=self._send, daemon=True)

    def _send(self) -> None:
        assert self._server is not None
        self.sockets = [self._server.accept()[0]]
        began = time.monotonic()
        data, sent = self.streams[0], 0
        while not self._stopping.wait(self.interval_s) and sent < len(data):
            end = min(len(data), int((time.monotonic() - began) * self.rate))
            end = data.rfind(b"\x1a3", sent, end) if end < len(data) else end  # whole messages
            if end > sent:
                self.sockets[0].sendall(data[sent:end])
                sent = end


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One node and one receiver, twice."""
    duration_s = WARM_S + SECONDS + 5.0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "P.beast"
        write_simulated(path, 1092, AIRCRAFT, duration_s)
        data = path.read_bytes()
    yield {"case": "gathered for 50 ms"} | one_receiver(data, len(data) / duration_s, GATHERED_S)
    yield {"case": "two messages at a time"} | one_receiver(data, len(data) / duration_s, 0.002)


def one_receiver(data: bytes, bytes_per_s: float, interval_s: float) -> Result:
    """Let one send to a node, and measure that."""
    generator = Receiver(data, bytes_per_s, interval_s)
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
    return {
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
