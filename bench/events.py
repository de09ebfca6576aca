"""Circling, holding and survey flying: how much is found, and how often ordinary traffic is taken for it.

Found: an event of any of the three kinds covers half of the stretch or more. (a) 600 drawn flights, with a seed and
ranges that nothing else uses. (b) The stretches of real tracks that were marked by eye, `tests/marks/patterns.toml`;
what is missed is listed. False alarms: events of these kinds in hours of ordinary traffic, drawn (journeys of several
flights, arrivals and departures with all their turns) and real (two collections; what was marked as true is no
false alarm).
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.measure import Result
from skywitness.batches import EVENT_KINDS, Events, Positions
from skywitness.journeys.columns import positions_of
from skywitness.journeys.events import events
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.reference.airports import Gazetteer
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.arrivals import HELD_OUT, drawn
from skywitness.simulate.journeys import drawn_journeys
from skywitness.simulate.patterns import KINDS, drawn_patterns

__all__ = ["MARKS", "SUMMARY", "marked", "measure", "pattern_events"]

SUMMARY = "circling, holding and surveys: recall on drawn and marked flights, false alarms in ordinary traffic"
MARKS = Path(__file__).parents[1] / "tests" / "marks" / "patterns.toml"
SEED = 8_128
SILENT_NS = 300 * 10**9
LABELS = ("origin", "destination", "flight_id")
ORDINARY = ("collections__quickstart", "collections__savan")
"""Files of tracks of flights that were collected for something else."""
PATTERNS = np.array([EVENT_KINDS.index(kind) for kind in KINDS])


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Recall, then false alarms."""
    del args
    gazetteer = load_gazetteer()
    yield from _drawn(gazetteer)
    directory = Path(os.environ.get("SKYWITNESS_TEST_DATA", "../shared/data")) / "flights" / "tracks"
    yield from _ordinary(gazetteer, directory if directory.is_dir() else None)
    if not directory.is_dir():
        yield {"bench": "events", "what": "real tracks", "skipped": f"{directory} is not there"}
        return
    yield from _marked(directory, gazetteer)


def pattern_events(rows: Positions, gazetteer: Gazetteer) -> Events:
    """Return the events of the three kinds."""
    found = events(legs(histories(rows), gazetteer))
    return found.take(np.flatnonzero(np.isin(found.kind, PATTERNS)))


def marked() -> list[dict[str, Any]]:
    """Return the marks, with `from_ns` and `until_ns`."""
    marks: list[dict[str, Any]] = tomllib.loads(MARKS.read_text(encoding="utf-8"))["mark"]
    for one in marks:
        for name in ("from", "until"):
            at: datetime.datetime = one[name]
            one[f"{name}_ns"] = round(at.replace(tzinfo=datetime.UTC).timestamp()) * 10**9
    return marks


def covered(found: Events, icao: int, from_ns: int, until_ns: int) -> float:
    """Share of a stretch that events of an address cover; they do not overlap."""
    mine = found.icao == icao
    inside = np.minimum(found.until_ns[mine], until_ns) - np.maximum(found.from_ns[mine], from_ns)
    return float(np.maximum(inside, 0).sum() / max(1, until_ns - from_ns))


def _drawn(gazetteer: Gazetteer) -> Iterator[Result]:
    data = drawn_patterns(SEED, 600)
    began = time.process_time()
    found = pattern_events(data.rows, gazetteer)
    cpu = time.process_time() - began
    for code, kind in enumerate(KINDS):
        these = np.flatnonzero(data.kind == code).tolist()
        hit = [covered(found, k, int(data.from_ns[k]), int(data.until_ns[k])) >= 0.5 for k in these]
        named = found.icao[found.kind == PATTERNS[code]]
        low, high = _wilson(sum(hit), len(hit))
        yield {
            "bench": "events", "what": f"drawn, {kind}", "n": len(hit), "found": round(float(np.mean(hit)), 4),
            "interval": f"{low:.3f} to {high:.3f}", "bar": 0.95,
            "named_so": round(float(np.isin(these, named).mean()), 3),
            "missed": ", ".join(str(k) for k, one in zip(these, hit, strict=True) if not one),
        }  # fmt: skip
    yield {"bench": "events", "what": "drawn, cost", "positions_per_s": round(len(data.rows) / cpu)}


def _ordinary(gazetteer: Gazetteer, directory: Path | None) -> Iterator[Result]:
    results = [
        _alarms("drawn journeys", drawn_journeys(gazetteer, SEED, 300).rows, gazetteer),
        _alarms("drawn arrivals and departures", drawn(gazetteer, HELD_OUT, 5_000, 1_500).rows, gazetteer),
    ]
    for name in ORDINARY if directory is not None else ():
        assert directory is not None
        results.append(_alarms(name, rows_of(directory / f"{name}.parquet"), gazetteer, name))
    yield from results
    alarms, hours = (sum(one[key] for one in results) for key in ("alarms", "hours"))
    yield {
        "bench": "events", "what": "ordinary traffic, all", "hours": hours, "alarms": alarms,
        "alarms_per_1000_h": round(1000.0 * alarms / hours, 2), "bar": 1.0,
    }  # fmt: skip


def _alarms(what: str, rows: Positions, gazetteer: Gazetteer, file: str = "") -> Result:
    """Count events of the three kinds that are not marked as true."""
    kept = histories(rows).rows
    step = np.diff(kept.time_ns)
    flown = (kept.icao[1:] == kept.icao[:-1]) & (step < SILENT_NS) & (kept.on_ground[1:] != 1)
    hours = float(step[flown].sum()) / 3.6e12
    found = pattern_events(rows, gazetteer)
    is_true = np.zeros(len(found), bool)
    for one in marked():
        if one["file"] == file:
            meets = (found.from_ns < one["until_ns"]) & (found.until_ns > one["from_ns"])
            is_true |= meets & (found.icao == int(one["icao24"], 16))
    true = int(is_true.sum())
    found = found.take(np.flatnonzero(~is_true))
    return {
        "bench": "events", "what": f"ordinary, {what}", "hours": round(hours), "true": true, "alarms": len(found),
        "alarms_per_1000_h": round(1000.0 * len(found) / hours, 2), "bar": 1.0,
        "which": ", ".join(
            f"{icao:06x} {np.datetime64(at, 'ns').astype('M8[s]')} {EVENT_KINDS[kind]}"
            for icao, at, kind in zip(found.icao[:8].tolist(), found.from_ns[:8].tolist(), found.kind[:8].tolist(),
                                      strict=True)
        ),
    }  # fmt: skip


def _marked(directory: Path, gazetteer: Gazetteer) -> Iterator[Result]:
    marks = marked()
    tally: dict[str, list[bool]] = {}
    missed = []
    for name in sorted({one["file"] for one in marks}):
        found = pattern_events(rows_of(directory / f"{name}.parquet"), gazetteer)
        for one in marks:
            if one["file"] == name:
                share = covered(found, int(one["icao24"], 16), one["from_ns"], one["until_ns"])
                tally.setdefault(one["kind"], []).append(share >= 0.5)
                if share < 0.5:
                    missed.append(f"{name} {one['icao24']} {one['from']:%H:%M} ({share:.2f})")
    every = [hit for hits in tally.values() for hit in hits]
    for kind, hits in [*sorted(tally.items()), ("all", every)]:
        low, high = _wilson(sum(hits), len(hits))
        yield {
            "bench": "events", "what": f"marked by eye, {kind}", "n": len(hits),
            "found": round(float(np.mean(hits)), 4),
            "interval": f"{low:.3f} to {high:.3f}", "bar": 0.95,
        }  # fmt: skip
    yield {"bench": "events", "what": "marked by eye, missed", "missed": "; ".join(missed)}


def rows_of(path: Path) -> Positions:
    """Rows of one of the files of tracks, without what its collector says of the flights."""
    table = pq.read_table(path)
    return positions_of(table.drop_columns([name for name in LABELS if name in table.column_names]))


def _wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    p = right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half
