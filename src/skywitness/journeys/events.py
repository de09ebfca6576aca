"""What happened in flights: take-offs and landings, approaches without them, patterns, silences, changes.

Each event says which figure decided and what it was compared with; `MEASURES` tells the unit of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import END_EVIDENCE, EVENT_KINDS, I64, UNTIMED, Events
from skywitness.geo.sphere import distance_nmi
from skywitness.journeys.approaches import ApproachSettings, approaches
from skywitness.journeys.ground import AIRBORNE, GROUND
from skywitness.journeys.legs import Flights
from skywitness.journeys.pairs import PAIR_KINDS, PairSettings, pairs
from skywitness.journeys.patterns import PatternSettings, stretches
from skywitness.units import NS_PER_S

__all__ = ["MEASURES", "EventSettings", "events", "row_at"]

KIND = {name: number for number, name in enumerate(EVENT_KINDS)}
NO_SQUAWK = 0xFFFF
NO_ICAO = 0xFFFFFFFF
ON_GROUND, BRACKETED = END_EVIDENCE.index("on_ground"), END_EVIDENCE.index("touchdown_bracketed")

MEASURES: Mapping[str, tuple[str, str]] = {
    "takeoff": ("s", "time between the receptions before and after it"),
    "landing": ("s", "time between the receptions before and after it"),
    "touch_and_go": ("s", "time on the ground, against the stay that ends a flight"),
    "go_around": ("ft", "lowest height above the field, uncorrected for pressure, against the highest that counts"),
    "low_approach": ("ft", "lowest height above the field, uncorrected for pressure, against the highest that counts"),
    "taxi": ("nmi", "way on the ground, against the least that counts"),
    "on_ground": ("s", "time on the ground, against the least that counts"),
    "holding": ("deg", "range of the turns added up, against the least that counts"),
    "circling": ("deg", "range of the turns added up, against the least that counts"),
    "survey": ("", "path divided by extent, against the least that counts"),
    "refuelling": ("s", "time close together in turns, against the least that counts"),
    "formation": ("s", "time close together, against the least that counts"),
    "rendezvous": ("s", "time close together after coming from apart, against the least that counts"),
    "coverage_gap": ("s", "silence within a flight, against the least that counts"),
    "return": ("s", "silence before, against the least that counts"),
    "callsign_change": ("", "no figure"),
    "squawk_change": ("", "the new code, against the old one, as four octal digits"),
    "altitude_anomaly": ("ft/min", "rate between two altitudes, against the most that counts as flying"),
}
"""Unit of `value` and `threshold` of each kind, and what they are."""


@dataclass(frozen=True, slots=True)
class EventSettings:
    """What counts as an event."""

    stay_s: float = 120.0
    """A time on the ground of this length is told as such; a shorter one within a flight is a touch-and-go."""
    hop_s: float = 45.0
    """Shorter times in the air between two on the ground are no flight."""
    taxi_nmi: float = 0.2
    """A way on the ground of this length is taxiing, at speeds up to `taxi_kt`."""
    taxi_kt: float = 60.0
    gap_s: float = 600.0
    """A silence of this length within a flight is told."""
    return_s: float = 3_600.0
    """Who is heard in flight again after a silence of this length, last heard in flight, has returned."""
    again: int = 2
    """A new callsign or code is told once this many positions in a row have it."""
    anomaly_fpm: float = 15_000.0
    """Altitudes that differ faster than this, from three positions before to three after, are told."""
    approach: ApproachSettings = field(default_factory=ApproachSettings)
    pattern: PatternSettings = field(default_factory=PatternSettings)
    pair: PairSettings = field(default_factory=PairSettings)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Events of one kind, by rows of the histories; what is not given is unknown."""

    kind: str
    first: I64
    last: I64
    value: NDArray[np.float64]
    threshold: NDArray[np.float64] | float = np.nan
    airport: NDArray[np.int64] | None = None
    runway: NDArray[np.int64] | None = None
    confidence: NDArray[np.float64] | float = 1.0
    other: I64 | None = None
    """A row of the second aircraft."""


def events(flights: Flights, settings: EventSettings | None = None) -> Events:
    """Return the events of flights, sorted by (address_kind, icao, from_ns, kind)."""
    s = settings or EventSettings()
    found: list[Found] = []
    if len(flights.histories.rows):
        leg = _leg_of(flights)
        found += _ends(flights)
        found += _grounds(flights, leg, s)
        found += [
            Found(kind, rows, rows, height, limit, airport, runway)
            for kind, rows, height, limit, airport, runway in approaches(flights, leg, s.approach)
        ]
        found += _patterns(flights, s.pattern)
        found += _pairs(flights, s.pair)
        found += _silences(flights, leg, s)
        found += _changes(flights, leg, s)
        found += _anomalies(flights, leg, s)
    return _batch(flights, found)


def row_at(flights: Flights, icao: int, address_kind: int, time_ns: int) -> int:
    """Return the last row of an address at or before a time; -1 if there is none."""
    rows = flights.histories.rows
    mine = np.flatnonzero((rows.icao == icao) & (rows.address_kind == address_kind) & (rows.time_ns <= time_ns))
    return int(mine[np.argmax(rows.time_ns[mine])]) if len(mine) else -1


def _leg_of(flights: Flights) -> I64:
    """Return the leg that each row belongs to; -1 for those between legs."""
    index = np.arange(len(flights.histories.rows))
    if not len(flights):
        return np.full(len(index), -1)
    leg = np.searchsorted(flights.first_row, index, "right").astype(np.int64) - 1
    inside = (leg >= 0) & (index <= flights.last_row[np.maximum(leg, 0)])
    return np.where(inside, leg, -1)


def _ends(flights: Flights) -> list[Found]:
    ends, rows = flights.ends, flights.histories.rows
    found = []
    for side, kind in enumerate(("takeoff", "landing")):
        at = np.arange(side, len(ends), 2)
        known = np.isin(ends.evidence[at], (ON_GROUND, BRACKETED))
        known &= (ends.not_before_ns[at] != UNTIMED) & (ends.not_after_ns[at] != UNTIMED)
        at = at[known]
        leg = ends.leg[at]
        # The rows around the moment: the last at or before its earliest time, the first at or after its latest.
        first = np.empty(len(at), np.int64)
        last = np.empty(len(at), np.int64)
        for k, (one, end) in enumerate(zip(leg.tolist(), at.tolist(), strict=True)):
            a, z = int(flights.first_row[one]), int(flights.last_row[one]) + 1
            low, high = rows.time_ns[a:z].searchsorted([ends.not_before_ns[end], ends.not_after_ns[end]])
            first[k], last[k] = a + min(low, z - a - 1), a + min(high, z - a - 1)
        seconds = (ends.not_after_ns[at] - ends.not_before_ns[at]) / NS_PER_S
        airport = np.where(ends.probability[at] >= 0.5, ends.airport[at], -1)
        runway = np.where(airport >= 0, ends.runway[at], -1)
        sure = np.where(ends.evidence[at] == ON_GROUND, 1.0, 0.8)
        found.append(Found(kind, first, last, seconds, np.nan, airport, runway, sure))
    return found


def _grounds(flights: Flights, leg: I64, s: EventSettings) -> list[Found]:
    rows, state = flights.histories.rows, flights.state
    body = flights.histories.body_of(np.arange(len(rows)))
    key = np.where(state == GROUND, body + 1, 0)
    edge = np.flatnonzero(np.diff(np.r_[0, key, 0]))
    if len(edge) < 2:
        return []
    keep = key[edge[:-1]] > 0
    first, last = edge[:-1][keep], edge[1:][keep] - 1
    up = np.r_[0, np.cumsum(state == AIRBORNE)]
    if len(first):  # two with hardly a position in the air between are one
        apart = (rows.time_ns[first[1:]] - rows.time_ns[last[:-1]]) / NS_PER_S
        parted = (body[first[1:]] != body[last[:-1]]) | ((up[first[1:]] - up[last[:-1]] >= 3) & (apart >= s.hop_s))
        first, last = first[np.r_[True, parted]], last[np.r_[parted, True]]
    seconds = (rows.time_ns[last] - rows.time_ns[first]) / NS_PER_S
    stays = seconds >= s.stay_s
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, len(rows) - 1)
    flew = (leg[before] == leg[first]) & (leg[after] == leg[last]) & (leg[first] == leg[last]) & (leg[first] >= 0)
    flew &= (before < first) & (after > last)
    # Within one flight, neither its first nor its last time on the ground.
    one = np.maximum(leg[first], 0)
    if len(flights):
        flew &= (up[first] > up[flights.first_row[one]]) & (up[flights.last_row[one] + 1] > up[last])
    touch = flew & ~stays
    step = distance_nmi(rows.lat_deg[:-1], rows.lon_deg[:-1], rows.lat_deg[1:], rows.lon_deg[1:])
    knots = step / np.maximum(np.diff(rows.time_ns) / (3600.0 * NS_PER_S), 1e-9)
    taxis = (state[:-1] == GROUND) & (state[1:] == GROUND) & ~(rows.groundspeed_kt[1:] > s.taxi_kt)
    taxis &= knots <= s.taxi_kt  # also by the places: those of an aircraft that stands may scatter
    way = np.r_[0.0, np.cumsum(np.where(taxis & (body[:-1] == body[1:]), step, 0.0))]
    taxied = way[last] - way[first]
    rolls = stays & (taxied >= s.taxi_nmi)
    return [
        Found("touch_and_go", first[touch], last[touch], seconds[touch], s.stay_s),
        Found("on_ground", first[stays], last[stays], seconds[stays], s.stay_s),
        Found("taxi", first[rolls], last[rolls], taxied[rolls], s.taxi_nmi),
    ]


def _patterns(flights: Flights, s: PatternSettings) -> list[Found]:
    made = stretches(flights.histories, flights.state, s)
    found = []
    for code, kind in enumerate(("circling", "holding", "survey")):
        at = made.kind == code
        found.append(Found(kind, made.first[at], made.last[at], made.value[at], made.threshold[at]))
    return found


def _pairs(flights: Flights, s: PairSettings) -> list[Found]:
    made = list(pairs(flights.histories, flights.state, s))
    found = []
    for kind in PAIR_KINDS:
        these = [pair for pair in made if pair.kind == kind]
        first, last, other = (
            np.array([getattr(pair, name) for pair in these], np.int64) for name in ("first", "last", "other")
        )
        seconds, least = (np.array([getattr(pair, name) for pair in these]) for name in ("seconds", "threshold"))
        # That two keep together is seen; that one takes fuel from the other is not.
        sure = 0.5 if kind == "refuelling" else 1.0
        found.append(Found(kind, first, last, seconds, least, confidence=sure, other=other))
    return found


def _silences(flights: Flights, leg: I64, s: EventSettings) -> list[Found]:
    time_ns = flights.histories.rows.time_ns
    body = flights.histories.body_of(np.arange(len(time_ns)))
    silence = np.diff(time_ns) / NS_PER_S
    same = body[1:] == body[:-1]
    gap = np.flatnonzero(same & (silence >= s.gap_s) & (leg[1:] == leg[:-1]) & (leg[1:] >= 0))
    flying = (flights.state[1:] == AIRBORNE) & (flights.state[:-1] == AIRBORNE)
    back = np.flatnonzero(same & (silence >= s.return_s) & flying)
    return [
        Found("coverage_gap", gap, gap + 1, silence[gap], s.gap_s),
        Found("return", back + 1, back + 1, silence[back], s.return_s),
    ]


def _changes(flights: Flights, leg: I64, s: EventSettings) -> list[Found]:
    rows = flights.histories.rows
    found = []
    for kind, values, unknown in (("callsign_change", rows.callsign, 0), ("squawk_change", rows.squawk, NO_SQUAWK)):
        known = np.flatnonzero((values != unknown) & (leg >= 0))
        if not len(known):
            continue
        said, of = values[known], leg[known]
        begin = np.flatnonzero(np.r_[True, (said[1:] != said[:-1]) | (of[1:] != of[:-1])])
        sizes = np.diff(np.r_[begin, len(known)])
        begin = begin[sizes >= s.again]  # a value that one position has is an error more often than a change
        if len(begin) < 2:
            continue
        new = (said[begin[1:]] != said[begin[:-1]]) & (of[begin[1:]] == of[begin[:-1]])
        to = begin[1:][new]
        before = known[to - 1]
        first, last = before, known[to]
        value = np.full(len(to), np.nan)
        threshold = np.full(len(to), np.nan)
        if kind == "squawk_change":
            value, threshold = _digits(values[last]), _digits(said[begin[:-1][new]])
        found.append(Found(kind, first, last, value, threshold))
    return found


def _digits(codes: NDArray[np.uint16]) -> NDArray[np.float64]:
    code = codes.astype(np.int64)
    digits = (code >> 9 & 7) * 1000 + (code >> 6 & 7) * 100 + (code >> 3 & 7) * 10 + (code & 7)
    return np.asarray(digits, np.float64)


def _anomalies(flights: Flights, leg: I64, s: EventSettings) -> list[Found]:
    # Three on either side must agree, so that one wrong altitude is no anomaly: their medians are compared.
    rows = flights.histories.rows
    known = np.flatnonzero(np.isfinite(rows.altitude_ft) & (leg >= 0) & (flights.state != GROUND))
    if len(known) < 6:
        return []
    ft, at = rows.altitude_ft[known].astype(np.float64), rows.time_ns[known]
    step = np.abs(np.diff(ft))
    # Few steps are steep: only those are looked at more closely.
    steep = np.flatnonzero(step * 60.0 * NS_PER_S > s.anomaly_fpm * np.maximum(np.diff(at), NS_PER_S) + 6e12)
    steep = steep[(steep >= 2) & (steep + 3 < len(known))]
    steep = steep[leg[known[steep - 2]] == leg[known[steep + 3]]]
    if not len(steep):
        return []
    left = np.median(np.stack([ft[steep - k] for k in range(3)]), axis=0)
    right = np.median(np.stack([ft[steep + 1 + k] for k in range(3)]), axis=0)
    minutes = (at[steep + 2] - at[steep - 1]) / (60.0 * NS_PER_S)
    rate = np.abs(right - left) / np.maximum(minutes, 1.0 / 60.0)
    odd = rate > s.anomaly_fpm
    rate, first, last = rate[odd], known[steep[odd]], known[steep[odd] + 1]
    if not len(rate):
        return []
    # Up and down again within a minute is one anomaly.
    near = (leg[first[1:]] == leg[first[:-1]]) & (rows.time_ns[first[1:]] - rows.time_ns[last[:-1]] < 60 * NS_PER_S)
    begin = np.flatnonzero(np.r_[True, ~near])
    last = last[np.r_[begin[1:] - 1, len(last) - 1]]
    return [Found("altitude_anomaly", first[begin], last, np.maximum.reduceat(rate, begin), s.anomaly_fpm)]


def _batch(flights: Flights, found: list[Found]) -> Events:
    rows = flights.histories.rows
    parts = []
    for one in found:
        count = len(one.first)
        if not count:
            continue
        part = Events.allocate(count)
        middle = (one.first + one.last) // 2
        part.icao[:], part.address_kind[:] = rows.icao[one.first], rows.address_kind[one.first]
        part.kind[:] = KIND[one.kind]
        part.from_ns[:], part.until_ns[:] = rows.time_ns[one.first], rows.time_ns[one.last]
        part.lat_deg[:], part.lon_deg[:] = rows.lat_deg[middle], rows.lon_deg[middle]
        part.altitude_ft[:] = np.where(flights.state[middle] == GROUND, np.nan, rows.altitude_ft[middle])
        part.airport[:] = -1 if one.airport is None else one.airport
        part.runway[:] = -1 if one.runway is None else one.runway
        part.other_icao[:] = NO_ICAO if one.other is None else rows.icao[one.other]
        part.other_address_kind[:] = 255 if one.other is None else rows.address_kind[one.other]
        part.value[:], part.threshold[:], part.confidence[:] = one.value, one.threshold, one.confidence
        part.first_parent[:], part.last_parent[:] = rows.parent[one.first], rows.parent[one.last]
        part.provenance[:] = rows.provenance[one.first]
        parts.append(part)
    whole = Events.concat(parts)
    if not len(whole):
        return whole
    return whole.take(np.lexsort((whole.other_icao, whole.kind, whole.from_ns, whole.icao, whole.address_kind)))
