"""The founding case told twenty ways: other fields, other stops, one aircraft, another week, other receivers' luck.

Each variant of the scenario with each of several seeds is simulated from the frames on, without other traffic, and its
journeys are compared with its own truth: the answer cannot be built in.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator

import numpy as np

from bench.measure import Result
from skywitness.batches import Frames, Positions
from skywitness.journeys.histories import histories
from skywitness.journeys.journeys import Undertakings, journeys
from skywitness.journeys.legs import legs
from skywitness.pipeline import Pipeline, Settings
from skywitness.reference.load import load_gazetteer, load_types
from skywitness.run.demo import founding_days
from skywitness.run.track import final_rows
from skywitness.simulate.days import Days, flown

__all__ = ["SUMMARY", "Judged", "judge", "measure", "told", "variants"]

SUMMARY = "the founding case in twenty seeded variants, each against its own truth"
SEEDS = (11, 22, 33)
BATCH = 1 << 15


def variants() -> list[Days]:
    """Return twenty-one tellings: the seven of the scenario, three seeds each."""
    days = dataclasses.replace(founding_days(), ordinary=0)
    return [days.varied(variant, seed) for variant in days.variants for seed in SEEDS]


def told(days: Days) -> Undertakings:
    """Return the journeys that the receivers of some days let one see."""
    gazetteer, types = load_gazetteer(), load_types()
    parts = [flown(days, one, flight, gazetteer, types).frames for one in days.airframes for flight in one.flights]
    frames = Frames.concat(part for part in parts if len(part))
    frames = frames.take(np.argsort(frames.time_ns, kind="stable"))
    frames = frames.replaced(id=np.arange(len(frames)))
    places = tuple((one.lat_deg, one.lon_deg) for one in days.receivers)
    pipeline = Pipeline(Settings(places=places, provenance=2))
    rows = [pipeline.push(frames.slice(k, min(k + BATCH, len(frames)))).positions for k in range(0, len(frames), BATCH)]
    rows.append(pipeline.flush().positions)
    return journeys(legs(histories(final_rows(Positions.concat(rows))), gazetteer))


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """How a telling was understood."""

    ends: int
    """Origins, stops and destinations that there were and that some receiver could hear of."""
    right: int
    """Of these, where the likeliest or one of the first three airports is the true one."""
    asserted: int
    """Airports named with 0.9 or more."""
    false: int
    """Of these, the wrong ones. None is allowed."""
    stops_missed: int
    stops_invented: int


def judge(days: Days, made: Undertakings) -> Judged:
    """Compare journeys with what was told to fly."""
    gazetteer, flights = load_gazetteer(), made.flights
    ends = right = asserted = false = missed = invented = 0
    for airframe in days.airframes:
        mine = np.flatnonzero(made.journeys.icao == int(airframe.icao, 16)).tolist()
        fields = [airframe.flights[0].origin]
        for flight in airframe.flights:
            fields.append(flight.destination)
        said: list[set[str]] = []
        for journey in mine:
            first = int(made.journeys.first_leg[journey])
            last = first + int(made.journeys.legs[journey]) - 1
            spots = [(flights.ends, 2 * first)]
            start = int(made.journeys.first_stop[journey])
            said.append(_of_end(made, 2 * first))
            for stop in range(start, start + int(made.journeys.stops[journey])):
                a = int(made.stops.first_candidate[stop])
                rows = range(a, a + min(3, int(made.stops.candidates[stop])))
                said.append({gazetteer.code(int(made.candidates.airport[row])) for row in rows})
                if made.stops.probability[stop] >= 0.9:
                    asserted += 1
                    false += gazetteer.code(int(made.stops.airport[stop])) not in fields
            said.append(_of_end(made, 2 * last + 1))
            spots.append((flights.ends, 2 * last + 1))
            for table, end in spots:
                if table.probability[end] >= 0.9:
                    asserted += 1
                    false += gazetteer.code(int(table.airport[end])) not in fields
        # The first journey is the one out; its places in order.
        out = fields[: len(fields) - (1 if len(airframe.flights) > 1 and airframe.flights[-1].origin == "SVMI" else 0)]
        ends += len(out)
        right += sum(any(field in one for one in said) for field in out)
        stops = len(out) - 2
        found = int(made.journeys.stops[mine[0]]) if mine else 0
        missed += max(0, stops - found)
        invented += max(0, found - stops)
    return Judged(ends, right, asserted, false, missed, invented)


def _of_end(made: Undertakings, end: int) -> set[str]:
    table, gazetteer = made.flights.candidates, load_gazetteer()
    a, z = (int(np.searchsorted(table.end, end, side)) for side in ("left", "right"))
    return {gazetteer.code(int(row)) for row in table.airport[a : min(z, a + 3)]}


def measure(args: argparse.Namespace) -> Iterator[Result]:
    """One line a variant, and their sum."""
    del args
    total = np.zeros(6, np.int64)
    for days in variants():
        one = dataclasses.astuple(judge(days, told(days)))
        total += one
        names = [field.name for field in dataclasses.fields(Judged)]
        yield {"bench": "founding", "what": f"{days.name} seed {days.seed}", **dict(zip(names, one, strict=True))}
    names = [field.name for field in dataclasses.fields(Judged)]
    yield {"bench": "founding", "what": "all", **dict(zip(names, map(int, total), strict=True))}
