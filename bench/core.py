"""Beast bytes in, aircraft state and position columns out: CPU time a message on one core, beside the Python peers.

Corpus B is synthetic, 5,000 aircraft, with its own truth; A12 is recorded. The pipeline runs as it is shipped: Comm-B
inference, reasons, transmission labels and parents on. A figure counts only with its yield, so both are in one line.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator

import numpy as np

from bench.corpora import corpus
from bench.measure import Result, cpu_of_each, sha256
from bench.peers import mode_s_only, peer_tasks
from skywitness.batches import STATUSES, VERDICTS, Frames, Messages, Positions
from skywitness.frames.clock import Clock
from skywitness.frames.formats.beast import BeastReader
from skywitness.pipeline import Pipeline, Settings

__all__ = ["SUMMARY", "measure", "read_frames", "track_bytes"]

SUMMARY = "Beast bytes to state and positions, ns a message, against rs1090 and pyModeS"

CHUNK = 1 << 18
"""Bytes a push: about 12,000 frames, whose columns stay in the processor's cache."""

PEER_MESSAGES = 200_000

GOOD = STATUSES.index("repaired")
CONTRADICTED = VERDICTS.index("contradicted")
NEAR_M = 100.0
EARTH_M = 6_371_009.0


def read_frames(data: bytes) -> Iterator[Frames]:
    """Frames with times, in batches, as they would come from a file."""
    reader, clock = BeastReader(), Clock()
    view = memoryview(data)
    for start in range(0, len(data), CHUNK):
        yield clock.push(reader.push(view[start : start + CHUNK]))
    yield clock.push(reader.flush())


def track_bytes(data: bytes) -> tuple[int, int]:
    """Run the whole core over a recording; return the number of messages and of position rows."""
    pipeline = Pipeline(Settings())
    messages = positions = 0
    for frames in read_frames(data):
        output = pipeline.push(frames)
        messages += len(output.messages)
        positions += len(output.positions)
    return messages, positions + len(pipeline.flush().positions)


def everything(data: bytes) -> tuple[Frames, Messages, Positions, int]:
    """All rows of a recording, and the bytes of the state kept for its aircraft; not timed."""
    pipeline = Pipeline(Settings())
    heard, outputs = [], []
    for frames in read_frames(data):
        heard.append(frames)
        outputs.append(pipeline.push(frames))
    state = array_bytes(pipeline.shards)
    outputs.append(pipeline.flush())
    messages = Messages.concat(output.messages for output in outputs)
    return Frames.concat(heard), messages, Positions.concat(output.positions for output in outputs), state


def array_bytes(thing: object, seen: set[int] | None = None) -> int:
    """Bytes of all arrays that an object holds, directly or not, each counted once."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes if thing.base is None else array_bytes(thing.base, seen)
    if isinstance(thing, dict):
        return sum(array_bytes(value, seen) for value in thing.values())
    if isinstance(thing, list | tuple):
        return sum(array_bytes(value, seen) for value in thing)
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(thing, name, None) for name in slots] + list(getattr(thing, "__dict__", {}).values())
    return sum(array_bytes(value, seen) for value in held)


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One line for the corpus: B, if none is named."""
    name = args.corpus or "B"
    path = corpus(name)[0]
    data = path.read_bytes()
    frames, messages, positions, state = everything(data)
    count = len(messages)
    tasks: dict[str, Callable[[], object]] = {"ours": lambda: track_bytes(data)}
    if not args.no_peers:
        sample = mode_s_only(frames, PEER_MESSAGES)
        tasks |= peer_tasks(sample)
    spent, _ = cpu_of_each(tasks, args.times)
    ours = [seconds / count * 1e9 for seconds in spent.pop("ours")]
    result: Result = {"corpus": name, "messages": count, "ns_per_message": round(statistics.median(ours), 1)}
    result["ns_per_message_best"] = round(min(ours), 1)
    for peer, rounds in spent.items():
        theirs = [seconds / len(sample) * 1e9 for seconds in rounds]
        ratios = [other / own for other, own in zip(theirs, ours, strict=True)]
        result[f"ratio_{peer}"] = round(statistics.median(ratios), 1)
        result[f"ns_per_message_{peer}"] = round(statistics.median(theirs), 1)
    if spent:
        result["messages_peers"] = len(sample)
    result |= yields(messages, positions)
    if result["aircraft"] > 1000:  # fewer do not fill the tables that every run begins with
        result["state_bytes_per_aircraft"] = round(state / result["aircraft"])
    truth = path.with_suffix(".truth.npz")
    if truth.exists():
        with np.load(truth) as columns:
            result |= against_truth(frames, positions, dict(columns))
    yield result | {"corpus_sha256": sha256(path)}


def yields(messages: Messages, positions: Positions) -> Result:
    """How much of what was heard was used."""
    good = messages.status <= GOOD
    typecode = messages.typecode[good]
    first = positions.verdict[positions.revision == 0]
    return {
        "accepted": int(np.count_nonzero(good)),
        "rejected": {
            status: int(rows)
            for status, rows in zip(STATUSES, np.bincount(messages.status, minlength=len(STATUSES)), strict=True)
            if rows and status not in ("accepted", "repaired")
        },
        "position_messages": int(np.count_nonzero((typecode >= 5) & (typecode <= 22) & (typecode != 19))),
        "positions": int(np.count_nonzero(first != CONTRADICTED)),
        "positions_contradicted": int(np.count_nonzero(first == CONTRADICTED)),
        "aircraft": len(np.unique(positions.icao)),
    }


def against_truth(frames: Frames, positions: Positions, truth: dict[str, np.ndarray]) -> Result:
    """Compare with what the simulated aircraft sent: a row of truth for each position message."""
    accepted = (positions.revision == 0) & (positions.verdict != CONTRADICTED)
    row_of = positions.parent[accepted] & 0xFFFFFFFF
    place = np.full(len(frames), -1)
    place[row_of] = np.flatnonzero(accepted)
    found = place[truth["row"]]
    hit = found >= 0
    lat = np.radians(truth["lat_deg"][hit])
    north = np.radians(positions.lat_deg[found[hit]]) - lat
    east = np.radians((positions.lon_deg[found[hit]] - truth["lon_deg"][hit] + 180) % 360 - 180) * np.cos(lat)
    error_m = np.hypot(north, east) * EARTH_M
    return {
        "truth_positions": len(found),
        "resolved_percent": round(100 * float(np.count_nonzero(error_m < NEAR_M) / len(found)), 3),
        "farther_than_100_m": int(np.count_nonzero(error_m >= NEAR_M)),
        "median_error_m": round(float(np.median(error_m)), 2),
        "largest_error_m": round(float(error_m.max()), 1),
    }
