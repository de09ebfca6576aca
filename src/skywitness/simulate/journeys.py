"""Journeys of several flights as a sparse network would have their positions, with known stops.

Drawn along great circles, a row every half minute; parts are taken out as gaps in coverage take them: over a stop as a
whole, near it below some height, in cruise. Every way in which flights are told wrongly has its share: touch-and-goes,
callsigns that change, addresses shared with another aircraft, midnights.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from skywitness.batches import F64, I64, Positions
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.reference.airports import AIRPORT_KINDS, Gazetteer

__all__ = ["MODES", "DrawnJourneys", "TrueStop", "drawn_journeys"]

S = 10**9
BEGIN_NS = 1_600_000_000 * S
STEP_S = 30.0
MODES = ("seen", "near", "unseen")
"""How a stop was heard: on the ground; only down to some thousand feet around it; not at all, from cruise to cruise."""

LARGE, MEDIUM = AIRPORT_KINDS.index("large"), AIRPORT_KINDS.index("medium")


@dataclasses.dataclass(frozen=True, slots=True)
class TrueStop:
    """A stop that was made."""

    journey: int
    airport: int
    landed_ns: int
    left_ns: int
    mode: str


@dataclasses.dataclass(frozen=True, slots=True)
class DrawnJourneys:
    """Rows of all journeys, one address each, and the truth."""

    rows: Positions
    stops: tuple[TrueStop, ...]
    airports: tuple[tuple[int, ...], ...]
    """Of each journey: where it began, its stops, where it ended."""
    touch_and_go_ns: tuple[tuple[int, int], ...]
    """Journey and moment of each touch-and-go."""


def drawn_journeys(gazetteer: Gazetteer, seed: int, count: int) -> DrawnJourneys:
    """Draw journeys; the same for the same seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    has = np.diff(gazetteer.runway_first) > 0
    pool = np.flatnonzero(
        np.isin(gazetteer.kind, (LARGE, MEDIUM)) & has & (np.nan_to_num(gazetteer.longest_runway_ft) >= 6_500.0)
        & np.isfinite(gazetteer.elevation_ft)
    )  # fmt: skip
    parts: list[dict[str, F64]] = []
    stops: list[TrueStop] = []
    airports: list[tuple[int, ...]] = []
    touches: list[tuple[int, int]] = []
    for number in range(count):
        speed = float(rng.uniform(280.0, 480.0))
        route = _route(rng, gazetteer, pool, int(rng.integers(1, 5)))
        clock = float(rng.uniform(0.0, 20.0 * 86_400.0))
        callsign = f"{rng.choice(['RFF', 'RCH', 'CFC', 'AFR', 'UAE'])}{int(rng.integers(10, 9999))}"
        gone: list[tuple[float, float]] = []
        whole: list[dict[str, F64]] = []
        modes: list[str] = []
        for k, (a, b) in enumerate(itertools.pairwise(route)):
            touch = bool(rng.random() < 0.08)
            flight, land_s, touch_s = _flight(
                rng, gazetteer, a, b, speed, clock, touch=touch, taxi_in=k + 2 < len(route)
            )
            if touch_s:
                touches.append((number, BEGIN_NS + int(touch_s * S)))
            if rng.random() < 0.12:
                callsign = f"{callsign[:3]}{int(rng.integers(10, 9999))}"
            flight["callsign"] = np.full(len(flight["time"]), float(pack_callsign(callsign)))
            whole.append(flight)
            cruise = flight["time"][flight["alt"] > 0.9 * np.nanmax(flight["alt"])]
            if rng.random() < 0.35 and cruise[-1] - cruise[0] > 3_600.0:  # silent for a while in cruise
                lasts = float(rng.uniform(1_800.0, min(36_000.0, cruise[-1] - cruise[0] - 1_200.0)))
                begin = float(rng.uniform(cruise[0] + 300.0, cruise[-1] - lasts - 300.0))
                gone.append((begin, begin + lasts))
            if k + 2 < len(route):
                stay = float(rng.uniform(2_700.0, 6.0 * 3_600.0))
                mode = str(rng.choice(MODES, p=(0.4, 0.35, 0.25)))
                modes.append(mode)
                left = land_s + stay
                stops.append(TrueStop(number, b, BEGIN_NS + int(land_s * S), BEGIN_NS + int(left * S), mode))
                clock = left
            else:
                clock = land_s
        joined = {name: np.concatenate([flight[name] for flight in whole]) for name in whole[0]}
        keep = np.ones(len(joined["time"]), bool)
        for begin, end in gone:
            keep &= ~((joined["time"] > begin) & (joined["time"] < end))
        mine = stops[len(stops) - len(modes) :]
        for stop, mode in zip(mine, modes, strict=True):
            keep &= ~_unheard(rng, gazetteer, joined, stop, mode)
        joined["icao"] = np.full(len(keep), float(0x300000 + number))
        parts.append({name: values[keep] for name, values in joined.items()})
        if rng.random() < 0.04:  # another aircraft with the same address, far away
            other = _route(rng, gazetteer, pool, 1)
            twin, _, _ = _flight(
                rng, gazetteer, other[0], other[1], 420.0, float(joined["time"][0]), touch=False, taxi_in=True
            )
            apart = distance_nmi(twin["lat"][0], twin["lon"][0], joined["lat"], joined["lon"]).min()
            if apart > 2_500.0 and len(twin["time"]):
                twin["callsign"] = np.zeros(len(twin["time"]))
                twin["icao"] = np.full(len(twin["time"]), float(0x300000 + number))
                parts.append(twin)
        airports.append(tuple(route))
    return DrawnJourneys(_rows(parts), tuple(stops), tuple(airports), tuple(touches))


def _route(rng: np.random.Generator, gazetteer: Gazetteer, pool: I64, legs: int) -> list[int]:
    """Airports, each farther from the first."""
    while True:
        route = [int(rng.choice(pool))]
        for _ in range(legs * 40):
            here = route[-1]
            nxt = int(rng.choice(pool))
            far = float(
                distance_nmi(
                    gazetteer.lat_deg[here], gazetteer.lon_deg[here], gazetteer.lat_deg[nxt], gazetteer.lon_deg[nxt]
                )
            )
            start = route[0]
            out = [
                float(
                    distance_nmi(
                        gazetteer.lat_deg[start],
                        gazetteer.lon_deg[start],
                        gazetteer.lat_deg[one],
                        gazetteer.lon_deg[one],
                    )
                )
                for one in (here, nxt)
            ]
            if 350.0 <= far <= 3_200.0 and out[1] > out[0] + 150.0:
                route.append(nxt)
            if len(route) == legs + 1:
                return route


def _flight(
    rng: np.random.Generator, gazetteer: Gazetteer, a: int, b: int, speed_kt: float, begin_s: float, *, touch: bool,
    taxi_in: bool,
) -> tuple[dict[str, F64], float, float]:  # fmt: skip
    """Rows of a flight from one field to another, when it landed, and when it touched and went (0: it did not)."""
    lat1, lon1, lat2, lon2 = (float(column[row]) for row in (a, b) for column in (gazetteer.lat_deg, gazetteer.lon_deg))
    low, high = float(gazetteer.elevation_ft[a]), float(gazetteer.elevation_ft[b])
    far = float(distance_nmi(lat1, lon1, lat2, lon2))
    top = float(rng.integers(26, 40) * 1_000)
    factor = 1.0 + abs(float(rng.normal(0.0, 0.03)))
    along = np.linspace(0.0, 1.0, max(4, int(far / 4.0)))
    speed = np.minimum(speed_kt, 150.0 + 6.0 * np.minimum(along * far, (1.0 - along) * far)) / factor
    seconds = np.r_[0.0, np.cumsum(np.diff(along) * far / speed[1:] * 3_600.0)]
    climb, descent = 320.0, 300.0
    height = np.minimum.reduce(
        [low + along * far * climb, np.full_like(along, top), high + (1.0 - along) * far * descent]
    )
    times = np.arange(0.0, seconds[-1], STEP_S)
    share = np.interp(times, seconds, along)
    lat, lon = _between(lat1, lon1, lat2, lon2, share)
    alt, kt = np.interp(times, seconds, height), np.interp(times, seconds, speed)
    ground = np.zeros(len(times))
    taxi = np.arange(-420.0, 0.0, STEP_S)
    parts = [
        (
            taxi,
            np.full(len(taxi), lat1),
            np.full(len(taxi), lon1),
            np.full(len(taxi), np.nan),
            np.full(len(taxi), 12.0),
            np.ones(len(taxi)),
        )
    ]
    parts.append((times, lat, lon, alt, kt, ground))
    end = float(seconds[-1])
    touched = 0.0
    if touch:  # down for half a minute, round, and down again
        touched = begin_s + end
        down = np.arange(0.0, 40.0, 10.0)
        parts.append(
            (end + down, np.full(4, lat2), np.full(4, lon2), np.full(4, np.nan), np.full(4, 110.0), np.ones(4))
        )
        turn = np.arange(40.0, 520.0, STEP_S)
        angle = 2.0 * math.pi * (turn - 40.0) / 480.0
        parts.append(
            (
                end + turn, lat2 + 0.06 * np.sin(angle), lon2 + 0.1 * (1.0 - np.cos(angle)),
                high + 1_500.0 * np.sin(angle / 2.0) + 60.0, np.full(len(turn), 160.0), np.zeros(len(turn)),
            )
        )  # fmt: skip
        end += 520.0
    rolling = np.arange(0.0, 420.0 if taxi_in else 600.0, STEP_S)
    parts.append(
        (
            end + rolling,
            np.full(len(rolling), lat2),
            np.full(len(rolling), lon2),
            np.full(len(rolling), np.nan),
            np.full(len(rolling), 9.0),
            np.ones(len(rolling)),
        )
    )
    names = ("time", "lat", "lon", "alt", "speed", "ground")
    rows = {name: np.concatenate([part[k] for part in parts]) for k, name in enumerate(names)}
    rows["time"] = rows["time"] + begin_s
    rows["lat"] = rows["lat"] + rng.normal(0.0, 0.0002, len(rows["lat"]))
    ahead = [np.roll(rows[name], -1) for name in ("lat", "lon")]
    rows["track"] = bearing_deg(rows["lat"], rows["lon"], ahead[0], ahead[1])
    rows["track"][-1] = rows["track"][-2]
    return rows, begin_s + end, touched


def _between(lat1: float, lon1: float, lat2: float, lon2: float, share: F64) -> tuple[F64, F64]:
    a, b = (
        np.array([math.cos(p) * math.cos(q), math.cos(p) * math.sin(q), math.sin(p)])
        for p, q in ((math.radians(lat1), math.radians(lon1)), (math.radians(lat2), math.radians(lon2)))
    )
    angle = math.acos(max(-1.0, min(1.0, float(a @ b))))
    xyz = (np.outer(np.sin((1.0 - share) * angle), a) + np.outer(np.sin(share * angle), b)) / math.sin(angle)
    return np.degrees(np.arcsin(np.clip(xyz[:, 2], -1.0, 1.0))), np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0]))


def _unheard(
    rng: np.random.Generator, gazetteer: Gazetteer, rows: dict[str, F64], stop: TrueStop, mode: str
) -> np.ndarray:
    """Mask of the rows about a stop that nobody heard."""
    time = rows["time"]
    landed, left = (stop.landed_ns - BEGIN_NS) / S, (stop.left_ns - BEGIN_NS) / S
    if mode == "seen":
        return np.zeros(len(time), bool)
    around = (time > landed - 7_200.0) & (time < left + 7_200.0)
    if mode == "near":
        height = np.nan_to_num(rows["alt"] - float(gazetteer.elevation_ft[stop.airport]), nan=0.0)
        near = (
            distance_nmi(rows["lat"], rows["lon"], gazetteer.lat_deg[stop.airport], gazetteer.lon_deg[stop.airport])
            < 80.0
        )
        return np.asarray(around & near & (height < float(rng.uniform(800.0, 7_000.0))))
    before, after = (float(rng.uniform(2_400.0, 5_400.0)) for _ in range(2))
    return np.asarray((time > landed - before) & (time < left + after))


def _rows(parts: list[dict[str, F64]]) -> Positions:
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    total = len(joined["time"])
    rows = Positions.allocate(total)
    rows.time_ns[:] = BEGIN_NS + (joined["time"] * S).astype(np.int64)
    rows.icao[:] = joined["icao"]
    rows.lat_deg[:], rows.lon_deg[:] = joined["lat"], (joined["lon"] + 180.0) % 360.0 - 180.0
    rows.on_ground[:] = joined["ground"]
    rows.altitude_ft[:] = np.round(joined["alt"] / 25.0) * 25.0
    rows.groundspeed_kt[:], rows.track_deg[:] = np.round(joined["speed"]), joined["track"]
    rows.callsign[:] = joined["callsign"].astype(np.uint64)
    rows.parent[:] = np.arange(total)
    for name, value in (
        ("address_kind", 0), ("altitude_geom_ft", np.nan), ("vertical_rate_fpm", np.nan), ("squawk", 0xFFFF),
        ("nic", 8), ("nac_p", 9), ("source", 0), ("receivers", 1), ("signal_dbfs", np.nan), ("verdict", 1),
        ("reason", 0), ("revision", 0), ("provenance", 2),
    ):  # fmt: skip
        getattr(rows, name)[:] = value
    return rows
