"""Days of traffic as a sparse network of receivers heard it: some told flights among many ordinary ones.

A `Scenario` flies everybody second by second and is made for minutes. Here each flight is a scenario of its own, with
the receivers that it comes near, so that days of hundreds of flights take a minute: what nobody can hear costs little.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skywitness.batches import F64, Frames, Positions
from skywitness.errors import ConfigError
from skywitness.geo.sphere import distance_nmi
from skywitness.reference.airports import FIXED_WING, Gazetteer
from skywitness.reference.types import AircraftTypes
from skywitness.simulate.scenario import Aircraft, Airport, Receiver, Scenario, Via
from skywitness.simulate.simulate import simulate
from skywitness.units import FOOT_M, NMI_M, NS_PER_S

__all__ = ["Airframe", "Days", "Flight", "Flown", "Variant", "flown"]

TAXI_S = 430.0
"""Between being switched on and take-off, about."""
AFTER_S = 420.0
"""An aircraft is switched off so long after it reaches its stand."""
WINDOW_S = 1800
POINT_NMI = 120.0
"""Between way-points along a great circle."""
BEYOND_KM = 40.0
"""Receivers farther than their range and this from all of a route cannot hear it."""
BUSY_FLIGHTS = 0.35
"""Share of the ordinary flights that leave around the busy hour."""
FLEET_TYPES = ("A320", "A321", "A333", "A359", "B738", "B739", "B77W", "B788", "E190", "B763")
AIRLINES = ("AFL", "SBI", "THY", "RJA", "MEA", "BAW", "AFR", "IBE", "TAP", "RAM", "AAL", "LAV", "CMP", "AZA", "AEE")
SHORTEST_NMI, LONGEST_NMI = 150.0, 3_200.0


@dataclasses.dataclass(frozen=True, slots=True)
class Flight:
    """One flight of an airframe; airports by code, `departs` is about when it takes off."""

    origin: str
    destination: str
    departs_ns: int
    callsign: str = ""
    via: tuple[tuple[float, float], ...] = ()
    cruise_ft: float | None = None
    cruise_kt: float | None = None
    squawk: str = "1000"


@dataclasses.dataclass(frozen=True, slots=True)
class Airframe:
    """Who flies, with what is said of it and by whom."""

    icao: str
    flights: tuple[Flight, ...]
    registration: str = ""
    typecode: str = ""
    operator: str = ""
    military: bool = False
    source: str = "simulated"


@dataclasses.dataclass(frozen=True, slots=True)
class Variant:
    """The same days told otherwise: other airports, a stop left out, one airframe alone, another date."""

    name: str
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict)
    drop_stop: str = ""
    only: tuple[str, ...] = ()
    shift_s: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Flown:
    """What a flight truly did, and what the receivers heard of it."""

    airframe: Airframe
    flight: Flight
    takeoff_ns: int
    landing_ns: int
    """Of the truth; 0 if the days end before."""
    frames: Frames
    """Of all receivers, `receiver` is their place in `Days.receivers`; not in order of time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Days:
    """Some days of a network; see scenarios/caracas-2019.toml."""

    name: str
    start_ns: int
    until_ns: int
    seed: int
    kept_share: float
    receivers: tuple[Receiver, ...]
    airframes: tuple[Airframe, ...]
    ordinary: int = 0
    busy_from_ns: int = 0
    busy_s: int = 0
    busy_share: float = 1.0
    variants: tuple[Variant, ...] = ()

    @classmethod
    def parse(cls, text: str, source: str = "scenario") -> Days:
        """Read days from TOML. Raises ConfigError for what is not understood."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"this is not TOML: {error}", source=source) from None
        try:
            return cls(
                name=table["name"],
                start_ns=_time_ns(table["start"]),
                until_ns=_time_ns(table["until"]),
                seed=int(table["seed"]),
                kept_share=float(table["kept_share"]),
                receivers=tuple(Receiver(**{"clock": "gps", **one}) for one in table["receiver"]),
                airframes=tuple(_airframe(one) for one in table.get("airframe", [])),
                ordinary=int(table.get("ordinary", 0)),
                busy_from_ns=_time_ns(table["busy_from"]) if "busy_from" in table else 0,
                busy_s=int(table.get("busy_s", 0)),
                busy_share=float(table.get("busy_share", 1.0)),
                variants=tuple(
                    Variant(**{**one, "only": tuple(one.get("only", ()))}) for one in table.get("variant", [])
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"it is not as expected: {error}", source=source) from None

    def varied(self, variant: Variant, seed: int | None = None) -> Days:
        """Return the days as a variant tells them."""
        shift_ns = variant.shift_s * NS_PER_S
        airframes = tuple(
            dataclasses.replace(one, flights=tuple(_shifted(f, shift_ns) for f in _varied(one.flights, variant)))
            for one in self.airframes
            if not variant.only or one.icao in variant.only
        )
        return dataclasses.replace(
            self,
            name=f"{self.name}-{variant.name}",
            seed=self.seed if seed is None else seed,
            airframes=airframes,
            start_ns=self.start_ns + shift_ns,
            until_ns=self.until_ns + shift_ns,
            busy_from_ns=self.busy_from_ns + shift_ns,
        )

    def traffic(self, gazetteer: Gazetteer, types: AircraftTypes) -> tuple[Airframe, ...]:
        """Return the told airframes, then the ordinary ones, the same for the same seed."""
        return (*self.airframes, *_ordinary(self, gazetteer, types))


def _airframe(table: Mapping[str, Any]) -> Airframe:
    about = {name: value for name, value in table.items() if name != "flight"}
    flights = []
    for one in table["flight"]:
        rest = {name: value for name, value in one.items() if name not in ("from", "to", "departs", "via")}
        via = tuple((float(lat), float(lon)) for lat, lon in one.get("via", []))
        flights.append(Flight(one["from"], one["to"], _time_ns(one["departs"]), via=via, **rest))
    return Airframe(flights=tuple(flights), **about)


def _varied(flights: tuple[Flight, ...], variant: Variant) -> Iterator[Flight]:
    waiting: Flight | None = None
    for flight in flights:
        now = dataclasses.replace(
            flight,
            origin=variant.fields.get(flight.origin, flight.origin),
            destination=variant.fields.get(flight.destination, flight.destination),
        )
        if waiting is not None and flight.origin == variant.drop_stop:
            now = dataclasses.replace(waiting, destination=now.destination, via=(*waiting.via, *now.via))
            waiting = None
        elif waiting is not None:
            yield waiting
            waiting = None
        if now.destination == variant.drop_stop and now.destination:
            waiting = now
        else:
            yield now
    if waiting is not None:
        yield waiting


def _shifted(flight: Flight, shift_ns: int) -> Flight:
    return dataclasses.replace(flight, departs_ns=flight.departs_ns + shift_ns)


def _time_ns(text: Any) -> int:
    moment = text if isinstance(text, datetime.datetime) else datetime.datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return int(moment.timestamp()) * NS_PER_S


def _ordinary(days: Days, gazetteer: Gazetteer, types: AircraftTypes) -> list[Airframe]:
    """Airliners between large airports that some receiver is near, at random times."""
    rng = np.random.Generator(np.random.PCG64(days.seed))
    lat = np.array([one.lat_deg for one in days.receivers])
    lon = np.array([one.lon_deg for one in days.receivers])
    large = np.flatnonzero((gazetteer.kind == FIXED_WING[-1]) & (gazetteer.longest_runway_ft > 6_000.0))
    large = large[[bool(gazetteer.icao[row]) and len(gazetteer.runways(row)) > 0 for row in large.tolist()]]
    near = np.array(
        [distance_nmi(gazetteer.lat_deg[row], gazetteer.lon_deg[row], lat, lon).min() for row in large.tolist()]
    )
    inside, around = large[near < 150.0], large[near < 900.0]
    found: list[Airframe] = []
    taken = {int(one.icao, 16) for one in days.airframes}
    while len(found) < days.ordinary and len(inside):
        a, b = int(rng.choice(inside)), int(rng.choice(around))
        here, there = ((gazetteer.lat_deg[row], gazetteer.lon_deg[row]) for row in (a, b))
        far = float(distance_nmi(*here, *there))
        if a == b or not SHORTEST_NMI <= far <= LONGEST_NMI:
            continue
        if rng.random() < 0.5:
            a, b = b, a
        icao = int(rng.integers(0x300000, 0x4D0000))
        if icao in taken:
            continue
        taken.add(icao)
        typecode = str(rng.choice(FLEET_TYPES))
        span_s = (days.until_ns - days.start_ns) / NS_PER_S
        departs_ns = days.start_ns + int(rng.uniform(0.0, span_s - 3_600.0)) * NS_PER_S
        if days.busy_s and rng.random() < BUSY_FLIGHTS:
            departs_ns = days.busy_from_ns + int(rng.uniform(-5_400.0, days.busy_s)) * NS_PER_S
        flight = Flight(
            gazetteer.code(a), gazetteer.code(b), departs_ns, f"{rng.choice(AIRLINES)}{int(rng.integers(10, 9999))}",
            cruise_ft=float(rng.integers(30, 41) * 1000), cruise_kt=types[typecode].cruise_kt,
            squawk="".join(str(digit) for digit in rng.integers(1, 7, 4)),
        )  # fmt: skip
        found.append(Airframe(f"{icao:06x}", (flight,), typecode=typecode))
    return found


def flown(
    days: Days, airframe: Airframe, flight: Flight, gazetteer: Gazetteer, types: AircraftTypes,
    *, kept_share: float | None = None, from_ns: int = 0, until_ns: int | None = None,
) -> Flown:  # fmt: skip
    """Fly one flight and say what was heard of it.

    kept_share         of its transmissions, instead of that of the days
    from_ns, until_ns  only what is heard in this time
    """
    until_ns = days.until_ns if until_ns is None else until_ns
    kind = types.get(airframe.typecode)
    cruise_kt = flight.cruise_kt or (kind.cruise_kt if kind else 440.0)
    route, way_nmi = _route(flight, gazetteer)
    begin_ns = flight.departs_ns - int(TAXI_S * NS_PER_S)
    lasts_s = int(way_nmi / cruise_kt * 3600.0 * 1.25 + 2 * TAXI_S + 2_400.0)
    lasts_s = min(lasts_s, max(1, (days.until_ns - begin_ns) // NS_PER_S))
    ears = _near(days.receivers, route)
    scenario = Scenario(
        name=days.name,
        start=datetime.datetime.fromtimestamp(begin_ns // NS_PER_S, datetime.UTC).isoformat(),
        duration_s=lasts_s,
        seed=days.seed ^ int(airframe.icao, 16) << 8 ^ flight.departs_ns // (60 * NS_PER_S),
        reply_share=0.0,
        kept_share=days.kept_share if kept_share is None else kept_share,
        wind_kt=0.0,
        receiver=tuple(days.receivers[number] for number in ears),
        airport=tuple(_airport(gazetteer, code) for code in dict.fromkeys((flight.origin, flight.destination))),
        aircraft=(
            Aircraft(
                icao=airframe.icao, callsign=flight.callsign, squawk=flight.squawk, category="A5",
                departure=flight.origin, arrival=flight.destination,
                via=tuple(Via(float(a), float(b)) for a, b in route[1:-1]),
                cruise_ft=flight.cruise_ft, cruise_kt=cruise_kt, start_s=120.0,
            ),
        ),
    )  # fmt: skip
    parts, takeoff_ns, landing_ns = [], 0, 0
    flew = False
    for window in simulate(scenario).windows(WINDOW_S):
        truth = window.truth
        air = truth.on_ground == 0
        if air.any():
            flew = True
            takeoff_ns = takeoff_ns or int(truth.time_ns[air][0])
            last = int(np.flatnonzero(air)[-1])
            landing_ns = int(truth.time_ns[min(last + 1, len(truth) - 1)]) if last + 1 < len(truth) else 0
        parts += [_heard(one, ears[number], from_ns, until_ns) for number, one in enumerate(window.frames) if len(one)]
        if flew and len(truth) and _stands(truth):
            break
    parts = [part for part in parts if len(part)]
    frames = Frames.concat(parts) if parts else Frames.empty()
    if landing_ns:
        frames = frames.take(frames.time_ns <= landing_ns + int((TAXI_S + AFTER_S) * NS_PER_S))
    return Flown(airframe, flight, takeoff_ns, landing_ns, frames)


def _stands(truth: Positions) -> bool:
    return bool(truth.on_ground[-1] == 1 and truth.groundspeed_kt[-1] < 0.5)


def _heard(frames: Frames, receiver: int, from_ns: int, until_ns: int) -> Frames:
    inside = (frames.time_ns >= from_ns) & (frames.time_ns < until_ns)
    frames = frames if inside.all() else frames.take(inside)
    frames.receiver[:] = receiver
    return frames


@functools.lru_cache(maxsize=4096)
def _airport(gazetteer: Gazetteer, code: str) -> Airport:
    """Return the field's longest runway, in the direction of its first end."""
    rows = [row for row in gazetteer.find(code) if gazetteer.code(row) == code]
    if not rows:
        raise ConfigError(f"there is no airport {code}")
    row = rows[0]
    elevation = float(np.nan_to_num(gazetteer.elevation_ft[row]))
    ends = list(gazetteer.runways(row))
    if not ends:
        return Airport(code, float(gazetteer.lat_deg[row]), float(gazetteer.lon_deg[row]), 90.0, elevation)
    end = max(ends, key=lambda one: (float(np.nan_to_num(gazetteer.runway_length_ft[one])), -one))
    length_m = float(np.nan_to_num(gazetteer.runway_length_ft[end], nan=8_000.0)) * FOOT_M
    return Airport(
        code, float(gazetteer.runway_lat_deg[end]), float(gazetteer.runway_lon_deg[end]),
        float(gazetteer.runway_heading_deg[end]), elevation, length_m or 2_500.0,
    )  # fmt: skip


def _place(gazetteer: Gazetteer, code: str) -> tuple[float, float]:
    airport = _airport(gazetteer, code)
    return airport.lat_deg, airport.lon_deg


def _route(flight: Flight, gazetteer: Gazetteer) -> tuple[F64, float]:
    """Return points along the great circles from way-point to way-point, and the length of the way."""
    corners = [_place(gazetteer, flight.origin), *flight.via, _place(gazetteer, flight.destination)]
    points: list[F64] = [np.array([corners[0]])]
    total = 0.0
    for (lat1, lon1), (lat2, lon2) in itertools.pairwise(corners):
        far = float(distance_nmi(lat1, lon1, lat2, lon2))
        total += far
        share = np.linspace(0.0, 1.0, max(2, math.ceil(far / POINT_NMI) + 1))[1:]
        points.append(_between(lat1, lon1, lat2, lon2, share))
    route = np.concatenate(points)
    # The last way-points lie within the arrival: it begins 20 nautical miles out by itself.
    end = route[-1]
    clear = distance_nmi(route[:, 0], route[:, 1], end[0], end[1]) > 45.0
    clear[0] = clear[-1] = True
    begin = route[0]
    clear[1:-1] &= distance_nmi(route[1:-1, 0], route[1:-1, 1], begin[0], begin[1]) > 35.0
    return route[clear], total


def _between(lat1: float, lon1: float, lat2: float, lon2: float, share: F64) -> F64:
    a, b = _unit(lat1, lon1), _unit(lat2, lon2)
    angle = math.acos(max(-1.0, min(1.0, float(a @ b))))
    if angle < 1e-9:
        return np.repeat([[lat2, lon2]], len(share), axis=0)
    xyz = (np.outer(np.sin((1.0 - share) * angle), a) + np.outer(np.sin(share * angle), b)) / math.sin(angle)
    lat = np.degrees(np.arcsin(np.clip(xyz[:, 2], -1.0, 1.0)))
    return np.column_stack((lat, np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0]))))


def _unit(lat_deg: float, lon_deg: float) -> F64:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def _near(receivers: tuple[Receiver, ...], route: F64) -> list[int]:
    found = []
    for number, one in enumerate(receivers):
        far = distance_nmi(route[:, 0], route[:, 1], one.lat_deg, one.lon_deg).min() * NMI_M / 1000.0
        if far <= one.range_km + BEYOND_KM + POINT_NMI * NMI_M / 2000.0:
            found.append(number)
    return found
