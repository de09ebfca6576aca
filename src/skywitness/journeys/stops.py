"""Stops: between two legs of one aircraft, and in a silence that cost more time than the flight needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skywitness.batches import END_EVIDENCE, F64, I32, I64, STOP_KINDS, Candidates, Stops
from skywitness.geo.sphere import distance_nmi
from skywitness.journeys.legs import Flights
from skywitness.reference.airports import FIXED_WING, Gazetteer
from skywitness.units import NS_PER_S

__all__ = ["StopSettings", "Stopped", "stops"]

OBSERVED, INFERRED = (STOP_KINDS.index(word) for word in ("observed", "inferred"))
ON_GROUND, BRACKETED = (END_EVIDENCE.index(word) for word in ("on_ground", "touchdown_bracketed"))
TOLD, LEAST = 8, 0.01


@dataclass(frozen=True, slots=True)
class StopSettings:
    """How a stop in a silence is weighed."""

    shortest_s: float = 1_200.0
    """A stop, with the slowing down before it and the climb after it, costs at least this."""
    usual_s: float = 5_400.0
    """And usually about this; in two of three cases by no more than a factor of two either way."""
    wander: float = 0.06
    """Standard deviation of a flight's time against the great circle at its speed, as a share: wind, detours."""
    prior: float = 0.25
    """Chance of a stop in a silence of some hours before anything else is known of it."""
    least_silence_s: float = 3_600.0
    """Shorter silences within a leg hold no stop that could be told."""
    least: float = 0.5
    """A stop is told from this probability on."""
    runway_ft: float = 5_000.0
    """Of fields that an unseen stop may have been at, for aircraft faster than 200 kt."""
    turnaround_s: float = 1_800.0
    """Shortest stay on the ground that leaves room for an unseen stop at a field."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Stops in order of aircraft and time, with their candidates; `journey` is left at -1."""

    stops: Stops
    candidates: Candidates


@dataclass(frozen=True, slots=True)
class Row:
    """One stop on its way into the table."""

    kind: int
    after_leg: int
    before_leg: int
    not_before_ns: int
    not_after_ns: int
    least_s: float
    most_s: float
    happened: float
    fields: list[tuple[int, float, float]]
    """Airport, probability, distance."""


def stops(flights: Flights, settings: StopSettings | None = None) -> Stopped:
    """Return the stops between the legs of each aircraft, and those that a silence within a leg tells of."""
    settings = settings or StopSettings()
    found: list[Row] = []
    body = flights.histories.body_of(flights.first_row) if len(flights) else np.zeros(0, np.int64)
    for leg in range(len(flights)):
        found += _within(flights, leg, settings)
        if leg + 1 < len(flights) and body[leg + 1] == body[leg]:
            found.append(_between(flights, leg, settings))
    return _table(found)


def _between(flights: Flights, leg: int, settings: StopSettings) -> Row:
    ends = flights.ends
    arrival, departure = 2 * leg + 1, 2 * leg + 2
    evidence = {int(ends.evidence[arrival]), int(ends.evidence[departure])}
    seen = bool(evidence & {ON_GROUND, BRACKETED})
    begin = int(ends.not_before_ns[arrival]) if ends.not_before_ns[arrival] > 0 else int(ends.time_ns[arrival])
    end = int(ends.not_after_ns[departure]) if ends.not_after_ns[departure] > 0 else int(ends.time_ns[departure])
    fields = _joint(flights, arrival, departure)
    if not fields or fields[0][1] < 0.3:
        reachable = _reachable(
            flights.gazetteer, ends.lat_deg[arrival], ends.lon_deg[arrival], ends.lat_deg[departure],
            ends.lon_deg[departure], (end - begin) / NS_PER_S, _speed(flights, leg), settings,
        )  # fmt: skip
        told = sum(p for _, p, _ in fields)
        fields = fields + [(field, p * (1.0 - told), far) for field, p, far in reachable]
        fields = sorted(fields, key=lambda one: -one[1])[:TOLD]
    most = (end - begin) / NS_PER_S
    ground_from, ground_until = ends.not_after_ns[arrival], ends.not_before_ns[departure]
    least = max(0.0, (int(ground_until) - int(ground_from)) / NS_PER_S) if ground_from > 0 and ground_until > 0 else 0.0
    return Row(OBSERVED if seen else INFERRED, leg, leg + 1, begin, end, least, most, 1.0 if seen else 0.97, fields)


def _joint(flights: Flights, arrival: int, departure: int) -> list[tuple[int, float, float]]:
    """Candidates of a stop: those of the arrival and of the departure, each for half of what is not in both."""
    table = flights.candidates
    sums: dict[int, float] = {}
    far: dict[int, float] = {}
    for end in (arrival, departure):
        a, z = (int(np.searchsorted(table.end, end, side)) for side in ("left", "right"))
        for row in range(a, z):
            field = int(table.airport[row])
            sums[field] = sums.get(field, 0.0) + 0.5 * float(table.probability[row])
            far[field] = min(far.get(field, math.inf), float(table.distance_nmi[row]))
    # An end on the ground decides by itself.
    for end in (arrival, departure):
        if flights.ends.evidence[end] == ON_GROUND and flights.ends.probability[end] > 0.5:
            field = int(flights.ends.airport[end])
            sums = {one: p * 0.05 for one, p in sums.items()} | {field: float(flights.ends.probability[end])}
            far.setdefault(field, float(flights.ends.distance_nmi[end]))
    ranked = sorted(sums.items(), key=lambda one: -one[1])[:TOLD]
    return [(field, p, far[field]) for field, p in ranked if p >= LEAST]


def _within(flights: Flights, leg: int, settings: StopSettings) -> list[Row]:
    """A stop in a silence within a leg, if the time lost makes it likelier than not."""
    if flights.legs.gap_s[leg] < settings.least_silence_s:
        return []
    rows = flights.histories.rows
    first, last = int(flights.first_row[leg]), int(flights.last_row[leg])
    time = rows.time_ns[first : last + 1]
    found = []
    for k in np.flatnonzero(np.diff(time) >= int(settings.least_silence_s * NS_PER_S)).tolist():
        i, j = first + k, first + k + 1
        if rows.on_ground[i] == 1 or rows.on_ground[j] == 1:
            continue
        silence = (int(rows.time_ns[j]) - int(rows.time_ns[i])) / NS_PER_S
        speed = _speed_at(flights, i, j)
        far = float(distance_nmi(rows.lat_deg[i], rows.lon_deg[i], rows.lat_deg[j], rows.lon_deg[j]))
        flight_s = far / speed * 3600.0
        happened = _chance(silence - flight_s, silence, settings)
        if happened < settings.least:
            continue
        fields = _reachable(
            flights.gazetteer, rows.lat_deg[i], rows.lon_deg[i], rows.lat_deg[j], rows.lon_deg[j], silence, speed,
            settings,
        )  # fmt: skip
        most = max(0.0, silence - flight_s)
        begin, end = int(rows.time_ns[i]), int(rows.time_ns[j])
        found.append(Row(INFERRED, leg, leg, begin, end, 0.0, most, happened, fields))
    return found


def _chance(lost_s: float, silence_s: float, settings: StopSettings) -> float:
    """Probability of a stop, from the time lost in a silence."""
    spread = max(settings.wander * silence_s, 300.0)
    straight = math.exp(-0.5 * (lost_s / spread) ** 2) / spread
    if lost_s < settings.shortest_s:
        return 0.0
    ratio = math.log(lost_s / settings.usual_s) / math.log(2.0)
    stopped = math.exp(-0.5 * ratio * ratio) / (lost_s * math.log(2.0))
    return settings.prior * stopped / (settings.prior * stopped + (1.0 - settings.prior) * straight)


def _speed_at(flights: Flights, i: int, j: int) -> float:
    speed = flights.histories.rows.groundspeed_kt
    known = [float(speed[k]) for k in (i, j) if speed[k] > 60.0]
    return max(known) if known else 400.0


def _speed(flights: Flights, leg: int) -> float:
    """Speed of an aircraft in cruise: the fastest tenth of its rows before and after."""
    rows = flights.histories.rows.groundspeed_kt
    last = min(leg + 1, len(flights) - 1)
    values = rows[int(flights.first_row[leg]) : int(flights.last_row[last]) + 1]
    values = values[values > 60.0]
    return float(np.quantile(values, 0.9)) if len(values) else 400.0


def _reachable(
    gazetteer: Gazetteer, lat1: float, lon1: float, lat2: float, lon2: float, silence_s: float, speed_kt: float,
    settings: StopSettings,
) -> list[tuple[int, float, float]]:  # fmt: skip
    """Return fields that the aircraft can have been at between two receptions: the less detour, the likelier."""
    rows, length = _runways(gazetteer, settings.runway_ft if speed_kt > 200.0 else 2_000.0)
    if not len(rows):
        return []
    lat, lon = gazetteer.lat_deg[rows], gazetteer.lon_deg[rows]
    to, fro = distance_nmi(lat1, lon1, lat, lon), distance_nmi(lat2, lon2, lat, lon)
    spare_s = silence_s - (to + fro) / speed_kt * 3600.0
    possible = np.flatnonzero(spare_s >= settings.turnaround_s)
    if not len(possible):
        return []
    straight = float(distance_nmi(lat1, lon1, lat2, lon2))
    detour = (to + fro)[possible] - straight
    size = np.minimum(length[possible], 10_000.0) / 10_000.0
    weight = size * np.exp(-detour / max(120.0, 0.1 * straight))
    best = np.argsort(-weight, kind="stable")[:TOLD]
    share: F64 = weight[best] / weight.sum()
    far = np.minimum(to, fro)[possible[best]]
    return [
        (int(rows[possible[k]]), float(p), float(d)) for k, p, d in zip(best, share, far, strict=True) if p >= LEAST
    ]


_KEPT: dict[tuple[str, float], tuple[I32, F64]] = {}


def _runways(gazetteer: Gazetteer, least_ft: float) -> tuple[I32, F64]:
    key = gazetteer.content_hash, least_ft
    if key not in _KEPT:
        length = np.nan_to_num(gazetteer.longest_runway_ft).astype(np.float64)
        rows = np.flatnonzero(np.isin(gazetteer.kind, FIXED_WING) & (length >= least_ft)).astype(np.int32)
        _KEPT.clear()
        _KEPT[key] = rows, length[rows]
    return _KEPT[key]


def _table(found: list[Row]) -> Stopped:
    table = Stops.allocate(len(found))
    parts: list[tuple[int, int, float, float]] = []
    for number, one in enumerate(found):
        table.journey[number] = -1
        table.kind[number], table.happened[number] = one.kind, one.happened
        table.after_leg[number], table.before_leg[number] = one.after_leg, one.before_leg
        table.not_before_ns[number], table.not_after_ns[number] = one.not_before_ns, one.not_after_ns
        table.least_s[number], table.most_s[number] = one.least_s, one.most_s
        table.airport[number] = one.fields[0][0] if one.fields else -1
        table.probability[number] = one.fields[0][1] if one.fields else 0.0
        table.first_candidate[number], table.candidates[number] = len(parts), len(one.fields)
        parts += [(number, field, p, far) for field, p, far in one.fields]
    ends: I64 = np.array([part[0] for part in parts], np.int64)
    candidates = Candidates.allocate(len(parts))
    candidates.end[:] = ends
    candidates.airport[:] = [part[1] for part in parts]
    candidates.runway[:] = -1
    candidates.probability[:] = [part[2] for part in parts]
    candidates.distance_nmi[:] = [part[3] for part in parts]
    candidates.height_ft[:] = np.nan
    return Stopped(table, candidates)
