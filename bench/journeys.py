"""Stops and journeys against known truth, with the rules of others on the same rows.

1,000 drawn journeys of one to four flights (`simulate/journeys.py`, a seed that nothing else uses). A stop is found if
one that is told lies over the middle of the true one; told stops over none are false. The rules of others are written
from what they say of themselves: `traffic` splits at ten minutes of silence, OPDI at thirty minutes or ten minutes
below a kilometre, readsb at long silences that touch the ground or follow a descent.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np

from bench.measure import Result
from skywitness.batches import I64, Positions
from skywitness.journeys.histories import histories
from skywitness.journeys.journeys import Undertakings, journeys
from skywitness.journeys.legs import legs
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.journeys import MODES, DrawnJourneys, drawn_journeys

__all__ = ["SUMMARY", "measure", "scored"]

SUMMARY = "stops and journeys of 1,000 drawn journeys, beside the rules of others"
SEED, COUNT = 20_261, 1_000

Span = tuple[int, int, int]
"""Journey, from, until."""


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """Figures of ours, then of the others."""
    del args
    gazetteer = load_gazetteer()
    drawn = drawn_journeys(gazetteer, SEED, COUNT)
    began = time.process_time()
    made = journeys(legs(histories(drawn.rows), gazetteer))
    cpu = time.process_time() - began
    table = made.stops
    number = made.journeys.icao.astype(np.int64) - 0x300000
    ours = [
        (int(number[table.journey[k]]), int(table.not_before_ns[k]), int(table.not_after_ns[k]))
        for k in range(len(table)) if table.journey[k] >= 0
    ]  # fmt: skip
    yield {"bench": "journeys", "what": "positions", "value": len(drawn.rows), "per_s": round(len(drawn.rows) / cpu)}
    yield {"bench": "journeys", "what": "skywitness", **scored(drawn, ours)}
    whole = _whole(drawn, made, number)
    yield {"bench": "journeys", "what": "whole journeys right", "value": round(whole, 3)}
    for name, rule in (("traffic", _traffic), ("opdi", _opdi), ("readsb", _readsb)):
        yield {"bench": "journeys", "what": f"rule of {name}", **scored(drawn, rule(drawn.rows))}


def scored(drawn: DrawnJourneys, told: list[Span]) -> dict[str, float]:
    """Precision, recall by how a stop was heard, F1, and stops told of a touch-and-go."""
    middle = [(s.journey, (s.landed_ns + s.left_ns) // 2, s.mode) for s in drawn.stops]
    by_journey: dict[int, list[tuple[int, int]]] = {}
    for journey, begin, end in told:
        by_journey.setdefault(journey, []).append((begin, end))
    found = {mode: [0, 0] for mode in MODES}
    hits: set[tuple[int, int, int]] = set()
    for journey, at, mode in middle:
        found[mode][1] += 1
        over = [span for span in by_journey.get(journey, []) if span[0] <= at <= span[1]]
        if over:
            found[mode][0] += 1
            hits.add((journey, *over[0]))
    false = len(set(told)) - len(hits)
    touched = sum(
        any(_is_touch(at, *span) for span in by_journey.get(journey, [])) for journey, at in drawn.touch_and_go_ns
    )
    recall = sum(a for a, _ in found.values()) / max(1, len(middle))
    precision = len(hits) / max(1, len(hits) + false)
    out = {f"recall_{mode}": round(a / max(1, n), 3) for mode, (a, n) in found.items()}
    for name, modes in (("near", ("seen", "near")), ("unseen", ("unseen",))):
        share = sum(found[mode][0] for mode in modes) / max(1, sum(found[mode][1] for mode in modes))
        out[f"f1_{name}"] = round(2 * precision * share / max(1e-9, precision + share), 3)
    return out | {
        "precision": round(precision, 3), "f1": round(2 * precision * recall / max(1e-9, precision + recall), 3),
        "touch_and_go_as_stop": touched, "stops": len(middle),
    }  # fmt: skip


def _is_touch(at: int, begin: int, end: int) -> bool:
    minute = 60 * 10**9
    return begin - minute <= at <= end + minute and end - begin < 30 * minute


def _whole(drawn: DrawnJourneys, made: Undertakings, number: I64) -> float:
    """Share of journeys told as one, with as many stops as there were, each over a true one."""
    right = 0
    for journey in range(len(drawn.airports)):
        mine = np.flatnonzero(number == journey)
        true = [s for s in drawn.stops if s.journey == journey]
        main = [j for j in mine if made.journeys.stops[j] == len(true)]
        good = False
        for j in main:
            first = int(made.journeys.first_stop[j])
            spans = [
                (int(made.stops.not_before_ns[k]), int(made.stops.not_after_ns[k]))
                for k in range(first, first + len(true))
            ]
            good |= all(a <= (s.landed_ns + s.left_ns) // 2 <= z for s, (a, z) in zip(true, spans, strict=True))
        right += good
    return right / len(drawn.airports)


def _by_aircraft(rows: Positions) -> Iterator[tuple[int, Positions]]:
    order = np.lexsort((rows.time_ns, rows.icao))
    rows = rows.take(order)
    edges = np.flatnonzero(np.r_[True, rows.icao[1:] != rows.icao[:-1], True])
    for a, z in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield int(rows.icao[a]) - 0x300000, rows.slice(a, z)


def _traffic(rows: Positions) -> list[Span]:
    """A flight ends at ten minutes of silence."""
    return [
        (number, int(mine.time_ns[k]), int(mine.time_ns[k + 1]))
        for number, mine in _by_aircraft(rows) for k in np.flatnonzero(np.diff(mine.time_ns) > 600 * 10**9)
    ]  # fmt: skip


def _opdi(rows: Positions) -> list[Span]:
    """By address and callsign; a flight ends at thirty minutes of silence, or ten below one kilometre."""
    found = []
    for number, mine in _by_aircraft(rows):
        low = np.nan_to_num(mine.altitude_ft, nan=0.0) < 3_281.0
        gap = np.diff(mine.time_ns) / 1e9
        other = (mine.callsign[1:] != mine.callsign[:-1]) & (mine.callsign[1:] != 0) & (mine.callsign[:-1] != 0)
        ends = (gap > 1_800.0) | ((gap > 600.0) & low[:-1]) | other
        found += [(number, int(mine.time_ns[k]), int(mine.time_ns[k + 1])) for k in np.flatnonzero(ends)]
    return found


def _readsb(rows: Positions) -> list[Span]:
    """After a major descent: 25 minutes of silence at the ground, or a climb with a silence of five minutes."""
    found = []
    for number, mine in _by_aircraft(rows):
        altitude = np.nan_to_num(mine.altitude_ft, nan=0.0)
        threshold = min(max(float(altitude.mean()) / 3.0, 200.0), 2_500.0)
        high, low_at, descended = altitude[0], altitude[0], -1
        for k in range(1, len(mine)):
            gap = (int(mine.time_ns[k]) - int(mine.time_ns[k - 1])) / 1e9
            high = max(high, altitude[k])
            if altitude[k] < high - threshold:
                descended, high, low_at = k, altitude[k], altitude[k]
            low_at = min(low_at, altitude[k])
            ground = mine.on_ground[k] == 1 or mine.on_ground[k - 1] == 1
            climbed = altitude[k] > low_at + threshold
            if descended >= 0 and ((gap > 1_500.0 and ground) or (climbed and gap > 300.0 and altitude[k] < 20_000.0)):
                found.append((number, int(mine.time_ns[k - 1]), int(mine.time_ns[k])))
                descended, high, low_at = -1, altitude[k], altitude[k]
    return found
