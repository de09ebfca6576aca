"""Comm-B replies of the recorded flight: how many are named, and how often as two other decoders name them.

The registers are those of the pipeline as shipped, with all it knows of each aircraft; the others see each reply alone.
"""

from __future__ import annotations

import argparse
import importlib
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from bench.corpora import recorded
from bench.measure import Result, median_cpu
from skywitness.batches import TIMINGS, Frames, Messages
from skywitness.kernel import kernel
from skywitness.messages.mode_s.comm_b import infer_bds
from skywitness.pipeline import Pipeline, Settings

__all__ = ["SUMMARY", "measure"]

SUMMARY = "Comm-B registers: agreement with rs1090 and pyModeS, ns a reply"


@kernel
def fill_alone(mb, altitude_ft, out_bds):
    """Register of each reply, knowing no more than its own altitude: the slowest case, nothing to be certain by."""
    for i in range(len(mb)):
        out_bds[i] = infer_bds(mb[i], altitude_ft[i], np.nan, np.nan, np.nan, np.nan, np.nan, 0)


def named_by_rs1090() -> Callable[[str], int]:
    """Register by rs1090: the only one it offers, 0 if none or several."""
    decode = importlib.import_module("rs1090").decode

    def name(frame: str) -> int:
        offered = [int(key[3:], 16) for key in decode(frame) or () if key.startswith("bds") and len(key) == 5]
        return offered[0] if len(offered) == 1 else 0

    return name


def named_by_pymodes() -> Callable[[str], int]:
    """Register by pyModeS, 0 if none."""
    decode = importlib.import_module("pyModeS").decode

    def name(frame: str) -> int:
        bds = decode(frame).get("bds")
        return int(bds.replace(",", ""), 16) if bds else 0

    return name


def recorded_frames() -> Frames:
    """Corpus A as receptions of one receiver."""
    ticks, _, data, length, _ = recorded()
    rows = len(ticks)
    return Frames(
        id=np.arange(rows, dtype=np.int64),
        time_ns=ticks * 1000 // 12,
        ticks=ticks,
        timing=np.full(rows, TIMINGS.index("counter_12mhz"), np.uint8),
        receiver=np.zeros(rows, np.uint16),
        signal_dbfs=np.full(rows, np.nan, np.float32),
        length=length,
        data=data,
    )


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Compare on the accepted DF 20 and 21 replies of corpus A."""
    frames = recorded_frames()
    pipeline = Pipeline(Settings())
    batches = range(0, len(frames), 16384)
    messages = Messages.concat([pipeline.push(frames.slice(k, k + 16384)).messages for k in batches])
    rows = np.flatnonzero((messages.status <= 1) & ((messages.df == 20) | (messages.df == 21)))
    replies = [bytes(frames.data[row]).hex() for row in rows]
    ours = messages.bds[rows].tolist()
    mb = np.array([int(reply[8:22], 16) for reply in replies], np.int64)
    out = np.zeros(len(mb), np.uint8)
    spent, _ = median_cpu(lambda: fill_alone(mb, np.full(len(mb), np.nan), out), 9)
    result: Result = {
        "corpus": "A",
        "replies": len(rows),
        "empty": int((mb == 0).sum()),
        "named": sum(bds > 0 for bds in ours),
        "ns_per_reply_alone": round(spent / len(mb) * 1e9, 1),
    }
    try:
        names = [named_by_rs1090(), named_by_pymodes()]
    except ModuleNotFoundError as error:
        yield result | {"skipped": f"{error.name} is not installed"}
        return
    verdicts: Counter[str] = Counter(both_agree=0, both_agree_and_we=0, both_agree_we_unknown=0, both_agree_not_we=0)
    for reply, bds in zip(replies, ours, strict=True):
        others = {name(reply) for name in names}
        if len(others) == 1 and 0 not in others:
            verdicts["both_agree"] += 1
            verdicts[
                "both_agree_and_we" if bds in others else "both_agree_not_we" if bds else "both_agree_we_unknown"
            ] += 1
    yield result | verdicts
