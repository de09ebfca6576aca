"""Which airport: cut tracks, real and simulated, with what is heard below a height taken away.

(a) Ends of the real tracks in the shared data that are proven: received within 3 km of an airport's reference point
and below 1,500 ft above it, or on the ground there. Everything below the height, on the ground, or slow near the field
goes; an end counts if something within 20 minutes of it is left. Only the half of the flight on that side is kept, and
departures and arrivals are ranked apart: else the uncut other end would tell the ranking which fields this traffic
uses, the true one among them. Also given by halves, aircraft of even and of odd address. The fire bombers (one position
a minute, low in mountains) stand apart. (b) 5,000 simulated flights on real runways and 1,500 passes, with a seed and
ranges that nothing else uses, a third at fields with a neighbour within 15 km.
"""

from __future__ import annotations

import argparse
import math
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.measure import Result
from skywitness.batches import Candidates, Positions
from skywitness.geo.sphere import distance_nmi
from skywitness.journeys.columns import positions_of
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.journeys.ranking import rank_ends
from skywitness.reference.airports import FIXED_WING, Gazetteer
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.arrivals import HELD_OUT, cut, drawn

__all__ = ["SUMMARY", "measure"]

SUMMARY = "airports of flights cut below some height: real and simulated, with calibration"
HEIGHTS_FT = (500, 1_000, 2_000, 3_000, 5_000, 8_000)
APART = "firefighting__calfire"
LABELS = ("origin", "destination", "flight_id")
NONE = np.zeros(0, np.int64)

Piece = tuple[Positions, int, int, str]
"""Rows of a leg, side of the proven end (0 departure), its airport, the file."""


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Figures of (b), then of (a)."""
    del args
    gazetteer = load_gazetteer()
    yield from _simulated(gazetteer)
    directory = Path(os.environ.get("SKYWITNESS_TEST_DATA", "../shared/data")) / "flights" / "tracks"
    if not directory.is_dir():
        yield {"bench": "airports", "what": "real tracks", "skipped": f"{directory} is not there"}
        return
    pieces = list(_proven(directory, gazetteer))
    for height in HEIGHTS_FT:
        yield from _real(gazetteer, pieces, height)


def _simulated(gazetteer: Gazetteer) -> Iterator[Result]:
    data = drawn(gazetteer, HELD_OUT, 5_000, 1_500)
    alone = histories(data.rows.slice(0, 1))
    for height in HEIGHTS_FT:
        ends, truth = cut(data, np.full(len(data.truth.airport), float(height)))
        began = time.process_time()
        told, candidates = rank_ends(alone, NONE, NONE, ends, gazetteer)
        cpu = time.process_time() - began
        right = (told.airport == truth) & (truth >= 0)
        third = _within(candidates, len(ends), truth, 3)
        for side, word in ((1, "landing"), (0, "take-off")):
            mine = (ends.side == side) & (truth >= 0)
            both = ends.side == side
            sure = both & (told.probability >= 0.9)
            yield {
                "bench": "airports", "what": f"(b) {word}, cut below {height} ft", "n": int(mine.sum()),
                "first": round(float(right[mine].mean()), 3), "first_three": round(float(third[mine].mean()), 3),
                "calibration_error": round(_ece(told.probability[both], right[both]), 3),
                "asserted": round(float(sure.sum() / both.sum()), 3),
                "asserted_wrong": round(float((~right[sure]).mean()), 3), "ends_per_s": round(len(ends) / cpu),
            }  # fmt: skip
        passing = (truth < 0) & (ends.altitude_ft > 10_000)
        yield {
            "bench": "airports", "what": f"(b) passes above 10,000 ft, with those of {height} ft",
            "asserted": round(float((told.probability[passing] >= 0.9).mean()), 4),
        }  # fmt: skip


def _within(candidates: Candidates, count: int, truth: np.ndarray, most: int) -> np.ndarray:
    first = np.searchsorted(candidates.end, np.arange(count))
    hit = np.zeros(count, bool)
    for k in range(most):
        row = np.minimum(first + k, len(candidates) - 1)
        hit |= (candidates.end[row] == np.arange(count)) & (candidates.airport[row] == truth)
    return hit


def _ece(p: np.ndarray, right: np.ndarray) -> float:
    bins = np.clip((p * 10).astype(int), 0, 9)
    return float(sum(abs(p[bins == k].mean() - right[bins == k].mean()) * (bins == k).mean() for k in np.unique(bins)))


def _proven(directory: Path, gazetteer: Gazetteer) -> Iterator[Piece]:
    fixed = np.isin(gazetteer.kind, FIXED_WING)
    for path in sorted(directory.glob("*.parquet")):
        table = pq.read_table(path)
        flights = legs(
            histories(positions_of(table.drop_columns([c for c in LABELS if c in table.column_names]))), gazetteer
        )
        for end in range(len(flights.ends)):
            lat, lon = float(flights.ends.lat_deg[end]), float(flights.ends.lon_deg[end])
            altitude = float(flights.ends.altitude_ft[end])
            for row in gazetteer.near(lat, lon, 3.0 / 1.852).tolist():
                if fixed[row] and gazetteer.icao[row]:
                    if flights.ends.on_ground[end] == 1 or altitude - float(gazetteer.elevation_ft[row]) < 1_500.0:
                        a, z = int(flights.first_row[end // 2]), int(flights.last_row[end // 2]) + 1
                        yield flights.histories.rows.slice(a, z), end % 2, row, path.stem
                    break


def _cut(rows: Positions, side: int, airport: int, height: float, gazetteer: Gazetteer) -> Positions | None:
    """Rows without those below a height at one end; None if nothing is left within 20 minutes of it."""
    index = np.arange(len(rows))
    around = np.stack([rows.altitude_ft[np.clip(index + k, 0, len(rows) - 1)] for k in range(-4, 5)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        middle = np.nanmedian(around, axis=0)  # one wrong altitude is not a flight above the cut
    above = middle - float(gazetteer.elevation_ft[airport])
    off = distance_nmi(rows.lat_deg, rows.lon_deg, gazetteer.lat_deg[airport], gazetteer.lon_deg[airport])
    low = (off < 40.0) & ((above < height) | np.isnan(above) | (rows.on_ground == 1))
    slow = (off < 3.0) & ~(rows.groundspeed_kt >= 110.0) & (above > 3_000.0)
    bad = low | slow | (np.abs(rows.altitude_ft - middle) > 3_000.0)
    kept = np.flatnonzero(~bad)
    if len(kept) < 3:
        return None
    outer = kept[0] if side == 0 else kept[-1]
    if abs(int(rows.time_ns[outer]) - int(rows.time_ns[0 if side == 0 else -1])) > 1_200 * 10**9:
        return None
    return rows.take(kept)


def _real(gazetteer: Gazetteer, pieces: list[Piece], height: int) -> Iterator[Result]:
    for side, word in enumerate(("take-off", "landing")):
        parts: list[Positions] = []
        truth: list[tuple[int, bool, int]] = []
        for rows, piece_side, airport, name in pieces:
            left = _cut(rows, side, airport, float(height), gazetteer) if piece_side == side else None
            half = None if left is None else _half(left, side)
            if half is not None and len(half) >= 3:
                truth.append((airport, name == APART, int(rows.icao[0]) % 2))
                parts.append(half.replaced(icao=np.full(len(half), len(parts), np.uint32)))
        if not parts:
            continue
        flights = legs(histories(Positions.concat(parts)), gazetteer)
        tally: dict[str, list[int]] = {}
        for number, (airport, apart, odd) in enumerate(truth):
            mine = np.flatnonzero(flights.legs.icao == number)
            if not len(mine):
                continue
            end = int(2 * mine[0] if side == 0 else 2 * mine[-1] + 1)
            right = _same(gazetteer, int(flights.ends.airport[end]), airport)
            listed = flights.candidates.airport[flights.candidates.end == end][:3].tolist()
            sure = bool(flights.ends.probability[end] >= 0.9)
            third = any(_same(gazetteer, x, airport) for x in listed)
            for group in (", fire bombers",) if apart else ("", (", even", ", odd")[odd]):
                one = tally.setdefault(group, [0, 0, 0, 0, 0])
                for k, value in enumerate((True, right, third, sure, sure and not right)):
                    one[k] += int(value)
        for group, (n, first, third_n, named, wrong) in sorted(tally.items()):
            low, high = _wilson(first, n)
            yield {
                "bench": "airports", "what": f"(a) {word}{group}, cut below {height} ft",
                "n": n, "first": round(first / n, 3), "interval": f"{low:.2f} to {high:.2f}",
                "first_three": round(third_n / n, 3), "asserted": named, "asserted_wrong": wrong,
            }  # fmt: skip


def _half(rows: Positions, side: int) -> Positions:
    """The half of a flight, by time, on the side of the end that is asked for."""
    middle = (int(rows.time_ns[0]) + int(rows.time_ns[-1])) // 2
    return rows.take(np.flatnonzero(rows.time_ns <= middle if side == 0 else rows.time_ns >= middle))


def _same(gazetteer: Gazetteer, one: int, other: int) -> bool:
    """Fields that share their runways are one."""
    if one < 0:
        return False
    same: Any = gazetteer.same_field
    key = [int(same[x]) if same[x] >= 0 else x for x in (one, other)]
    return key[0] == key[1]


def _wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of 95 per cent of a share."""
    p = right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half
