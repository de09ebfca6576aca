"""Demodulation: Msamples a CPU second on traffic and on noise, and how many messages are found.

Traffic is the recording modes1 (2.0 MS/s, 0.178 s, spliced, so busier than any sky) end to end until it is 100 million
samples; noise has its level between replies. Both go in as bytes, in pieces of 4 MiB.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np

from bench.corpora import RAW
from bench.measure import Result
from skywitness.frames.demodulate import Demodulator

__all__ = ["SUMMARY", "measure"]

SUMMARY = "demodulation: Msamples/s on dense traffic and on noise, messages found"

RATE_HZ = 2_000_000
SAMPLES = 100_000_000
PIECE_BYTES = 1 << 22
NOISE_SECONDS = 60
READSB_RESAMPLED = 345


def spent(data: bytes, samples: int, times: int) -> tuple[float, dict[str, int]]:
    """CPU seconds, the least of some runs (others only add to it), for a piece repeated; and the counts."""
    best = float("inf")
    counts: dict[str, int] = {}
    for _ in range(times + 1):  # the first one also compiles
        demodulator = Demodulator(RATE_HZ, "uc8")
        left = 2 * samples
        start = time.process_time()
        while left > 0:
            demodulator.push(data[:left])
            left -= len(data)
        demodulator.flush()
        best = min(best, time.process_time() - start)
        counts = demodulator.counts
    return best, counts


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One result for messages, one for dense traffic, one for noise."""
    recording = (RAW / "modes1.uc8").read_bytes()
    listed = {bytes.fromhex(line) for line in (RAW / "modes1.frames.txt").read_text().split()}
    demodulator = Demodulator(RATE_HZ, "uc8")
    batches = [demodulator.push(recording), demodulator.flush()]
    found = [bytes(row[:size]) for batch in batches for row, size in zip(batch.data, batch.length, strict=True)]
    yield {
        "corpus": "modes1",
        "messages": len(found),
        "distinct": len(set(found)),
        "listed_missing": len(listed - set(found)),
        "messages_readsb_resampled": READSB_RESAMPLED,
    }
    tiles = recording * -(-PIECE_BYTES // len(recording))
    seconds, counts = spent(tiles, SAMPLES, args.times)
    yield {
        "corpus": "modes1 tiled",
        "samples": SAMPLES,
        "msamples_per_s": SAMPLES / seconds / 1e6,
        "messages": counts["accepted"],
    }
    noise = np.random.default_rng(1090).normal(127.5, 2.5, PIECE_BYTES).round().clip(0, 255).astype(np.uint8)
    seconds, counts = spent(noise.tobytes(), SAMPLES, args.times)
    yield {
        "corpus": "noise",
        "samples": SAMPLES,
        "msamples_per_s": SAMPLES / seconds / 1e6,
        "messages": counts["accepted"],
    }
    rng = np.random.default_rng(60)
    demodulator = Demodulator(RATE_HZ, "uc8")
    false = {17: 0, 0: 0}
    for _ in range(NOISE_SECONDS):
        second = rng.normal(127.5, 2.5, 2 * RATE_HZ).round().clip(0, 255).astype(np.uint8).tobytes()
        for row in demodulator.push(second).data:
            false[17 if row[0] >> 3 == 17 else 0] += 1
    yield {"corpus": "noise, 60 s", "false_df17": false[17], "false_others": false[0]}
