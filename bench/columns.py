"""Columns for every field of every message: CPU time a message of `decode_table`, on corpus B."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bench.core import read_frames
from bench.corpora import corpus
from bench.measure import Result, cpu_of, sha256
from skywitness.messages.mode_s.columns import decode_table
from skywitness.pipeline import Output, Pipeline, Settings

__all__ = ["SUMMARY", "measure"]

SUMMARY = "every field of every message as columns, ns a message"

MESSAGES = 500_000


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One line; the pipeline's own time is not in it, Arrow's wrapping is."""
    path = corpus(args.corpus or "B")[0]
    pipeline, outputs, rows = Pipeline(Settings()), [], 0
    for frames in read_frames(path.read_bytes()):
        outputs.append(pipeline.push(frames))
        rows += len(frames)
        if rows >= MESSAGES:
            break
    spent, columns = cpu_of(lambda: decode_all(outputs), args.times)
    yield {
        "corpus": args.corpus or "B",
        "messages": rows,
        "ns_per_message": round(spent.median / rows * 1e9, 1),
        "columns": columns,
        "corpus_sha256": sha256(path),
    }


def decode_all(outputs: list[Output]) -> int:
    """Decode batch by batch; return the number of columns."""
    columns = 0
    for output in outputs:
        columns = decode_table(output.frames, output.messages).num_columns
    return columns
