"""Legs of real tracks against what is known of them, and how fast they are found.

`savan` is 17 flights; the readsb traces have one leg between silences of more than half an hour; the fire bombers carry
their collector's own division into flights, with which ours is compared, each difference by its reason.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.measure import Result
from skywitness.batches import Positions
from skywitness.journeys.columns import positions_of
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import Flights, legs
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.journeys import drawn_journeys

__all__ = ["SUMMARY", "measure"]

SUMMARY = "legs: speed, and agreement with tracks of known flights"
LABELS = ["origin", "destination", "flight_id"]
AGAIN = 3


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Speed on drawn and real rows, then agreement."""
    del args
    gazetteer = load_gazetteer()
    yield _speed("drawn journeys", drawn_journeys(gazetteer, 5, 300).rows)
    directory = Path(os.environ.get("SKYWITNESS_TEST_DATA", "../shared/data")) / "flights" / "tracks"
    if not directory.is_dir():
        yield {"bench": "legs", "what": "real tracks", "skipped": f"{directory} is not there"}
        return
    yield _speed("quickstart", _rows(directory / "collections__quickstart.parquet"))
    savan = legs(histories(_rows(directory / "collections__savan.parquet")), gazetteer)
    yield {
        "bench": "legs",
        "what": "savan, 17 flights",
        "legs": len(savan),
        "callsigns": len(set(savan.legs.callsign.tolist())),
    }
    yield _fire_bombers(directory / "firefighting__calfire.parquet")


def _rows(path: Path) -> Positions:
    table = pq.read_table(path)
    return positions_of(table.drop_columns([name for name in LABELS if name in table.column_names]))


def _speed(what: str, rows: Positions) -> Result:
    gazetteer = load_gazetteer()
    legs(histories(rows), gazetteer)
    best = min(_cpu(rows) for _ in range(AGAIN))
    return {"bench": "legs", "what": what, "positions": len(rows), "positions_per_s": round(len(rows) / best)}


def _cpu(rows: Positions) -> float:
    began = time.process_time()
    legs(histories(rows), load_gazetteer())
    return time.process_time() - began


def _fire_bombers(path: Path) -> Result:
    table = pq.read_table(path).sort_by([("icao24", "ascending"), ("timestamp", "ascending")])
    flights = legs(histories(positions_of(table.drop_columns(["flight_id"]))), load_gazetteer())
    label = np.array(table["flight_id"].to_pylist())
    leg = np.full(len(label), -1)
    for number, (a, z) in enumerate(zip(flights.first_row.tolist(), flights.last_row.tolist(), strict=True)):
        leg[a : z + 1] = number
    exact = 0
    reasons: Counter[str] = Counter()
    for name in np.unique(label):
        mine = np.unique(leg[label == name])
        if len(mine) == 1 and mine[0] >= 0 and len(np.unique(label[leg == mine[0]])) == 1:
            exact += 1
        else:
            reasons[_reason(flights, leg, label, str(name))] += 1
    return {
        "bench": "legs",
        "what": "calfire, flights as their collector has them",
        "n": len(np.unique(label)),
        "same": exact,
        **reasons,
    }


def _reason(flights: Flights, leg: np.ndarray, label: np.ndarray, name: str) -> str:
    mine = np.flatnonzero(label == name)
    parts = np.unique(leg[mine])
    if len(parts) == 1:
        return "joined with the next: no silence between them"
    rows = flights.histories.rows
    breaks = mine[:-1][np.diff(leg[mine]) != 0]
    longest = max(int(rows.time_ns[k + 1]) - int(rows.time_ns[k]) for k in breaks.tolist()) / 60e9
    if -1 in parts:
        return "a single position on its own"
    return (
        "split in a silence of over 45 min" if longest > 45 else "split low at an airfield in a silence of 10 to 45 min"
    )
