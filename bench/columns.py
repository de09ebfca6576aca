"""Columns for every field of every message, and lines made of them: CPU time a message, on corpus B."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bench.core import read_frames
from bench.corpora import corpus
from bench.measure import Result, cpu_of, sha256
from skywitness.messages.mode_s.columns import decode_table
from skywitness.pipeline import Output, Pipeline, Settings
from skywitness.views.feeds.jet1090 import Jet1090Writer
from skywitness.views.feeds.sbs import SbsWriter

__all__ = ["SUMMARY", "measure"]

SUMMARY = "every field of every message as columns, as SBS and as jet1090 lines, ns a message"

MESSAGES = 500_000


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One result; the pipeline's own time is not in it, Arrow's wrapping is, and in the lines' times their columns."""
    path = corpus(args.corpus or "B")[0]
    pipeline, outputs, rows = Pipeline(Settings()), [], 0
    for frames in read_frames(path.read_bytes()):
        outputs.append(pipeline.push(frames))
        rows += len(frames)
        if rows >= MESSAGES:
            break
    spent, columns = cpu_of(lambda: decode_all(outputs), args.times)
    sbs, sbs_bytes = cpu_of(lambda: written(SbsWriter(), outputs), args.times)
    jet1090, json_bytes = cpu_of(lambda: written(Jet1090Writer(), outputs), args.times)
    yield {
        "corpus": args.corpus or "B",
        "messages": rows,
        "ns_per_message": round(spent.median / rows * 1e9, 1),
        "columns": columns,
        "sbs_ns_per_message": round(sbs.median / rows * 1e9, 1),
        "sbs_bytes": sbs_bytes,
        "json_ns_per_message": round(jet1090.median / rows * 1e9, 1),
        "json_bytes": json_bytes,
        "corpus_sha256": sha256(path),
    }


def decode_all(outputs: list[Output]) -> int:
    """Decode batch by batch; return the number of columns."""
    columns = 0
    for output in outputs:
        columns = decode_table(output.frames, output.messages).num_columns
    return columns


def written(writer: SbsWriter | Jet1090Writer, outputs: list[Output]) -> int:
    """Write batch by batch; return the number of bytes."""
    return sum(len(writer.write(output)) for output in outputs)
