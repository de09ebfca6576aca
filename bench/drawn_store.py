"""A drawn record of some days of dense traffic: 62 million positions of 38,989 flights in four days, by default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skywitness.archive.compaction import put_rows
from skywitness.archive.identities import put_register
from skywitness.archive.layout import DAY, MINUTE_NS, POSITIONS
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.batches import F64, I64, U32, Positions
from skywitness.identity.book import Statement, register_of
from skywitness.messages.mode_s.callsign import pack_callsign
from skywitness.reference.airports import Gazetteer
from skywitness.reference.load import load_gazetteer
from skywitness.units import NS_PER_S

__all__ = ["FIRST_DAY", "Drawn", "drawn_rows", "drawn_store"]

FIRST_DAY = 18_000
"""Days since 1970: 2019-04-14."""
DAY_S = 86_400
MILITARY = 200
CHUNK = 250
"""Aircraft at once."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The flights of a drawn record, by aircraft and time."""

    icao: U32
    origin: I64
    destination: I64
    takeoff_s: F64
    """Since the first day began."""
    duration_s: F64
    gazetteer: Gazetteer


def drawn_store(directory: Path, *, days: int = 4, aircraft: int = 10_000, flights: int = 38_989, step_s: float = 4.8,
                seed: int = 5) -> Drawn:  # fmt: skip
    """Write a record of day files into an empty directory and return its flights."""
    drawn = _flights(days, aircraft, flights, seed)
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0), threaded=False)
    manifest = recorder.spool.manifest
    for day in range(days):
        minute = (FIRST_DAY + day) * DAY
        parts = _rows(drawn, day, step_s, seed)
        entry = put_rows(directory, recorder.files, POSITIONS, minute, DAY, manifest.number(), parts)
        manifest.append([entry])
        manifest.enter([entry])
    recorder.close()
    who = np.unique(drawn.icao)
    said = [
        Statement(int(icao), "drawn", "table", f"D-{number:04d}", ("A320", "B738", "A124", "C130")[number % 4],
                  "Drawn Air", flags=int(number % (len(who) // MILITARY) == 0))
        for number, icao in enumerate(who.tolist())
    ]  # fmt: skip
    put_register(directory / "identity", register_of("drawn", "table", said))
    return drawn


def drawn_rows(count: int, *, aircraft: int = 20_000, seed: int = 5) -> Positions:
    """Return about so many rows of one day with many aircraft, by aircraft and time."""
    drawn = _flights(1, aircraft, aircraft, seed)
    step_s = float(drawn.duration_s.sum()) / count
    return Positions.concat(list(_rows(drawn, 0, step_s, seed)))


def _flights(days: int, aircraft: int, flights: int, seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    gazetteer = load_gazetteer()
    lat, lon = gazetteer.lat_deg, gazetteer.lon_deg
    large = np.flatnonzero((gazetteer.longest_runway_ft > 8_000) & (lat > 36) & (lat < 62) & (lon > -10) & (lon < 32))
    large = large[np.array([bool(gazetteer.icao[row]) for row in large.tolist()])]
    share = 1.0 / np.arange(1, len(large) + 1) ** 0.7
    large = rng.permutation(large)
    origin = rng.choice(large, flights, p=share / share.sum())
    destination = rng.choice(large, flights, p=share / share.sum())
    far = np.hypot(lat[origin] - lat[destination], (lon[origin] - lon[destination]) * 0.64) * 60.0
    duration = np.clip(far, 80.0, None) / 400.0 * 3600.0 + 1500.0
    icao = np.sort(rng.choice(np.arange(0x300000, 0x4C0000), aircraft, replace=False)).astype(np.uint32)
    of = np.sort(rng.integers(0, aircraft, flights))
    takeoff = rng.uniform(0, days * DAY_S - 20_000, flights)
    order = np.lexsort((takeoff, of))
    takeoff = takeoff[order]
    for k in range(1, flights):  # one after the other, with a stay between
        if of[order[k]] == of[order[k - 1]]:
            takeoff[k] = max(takeoff[k], takeoff[k - 1] + duration[order[k - 1]] + 2_400.0)
            origin[order[k]] = destination[order[k - 1]]
    keep = takeoff + duration[order] < days * DAY_S
    order, takeoff = order[keep], takeoff[keep]
    return Drawn(icao[of[order]], origin[order], destination[order], takeoff, duration[order], gazetteer)


def _rows(drawn: Drawn, day: int, step_s: float, seed: int) -> Iterator[Positions]:
    """Yield the rows of a day, some aircraft after the other."""
    rng = np.random.default_rng((seed, day))
    whole = np.flatnonzero((drawn.takeoff_s < (day + 1) * DAY_S) & (drawn.takeoff_s + drawn.duration_s >= day * DAY_S))
    who = np.unique(drawn.icao[whole])
    for some in np.array_split(who, max(1, len(who) // CHUNK)):
        mine = whole[np.isin(drawn.icao[whole], some)]
        yield _chunk(drawn, mine, day, step_s, rng)


def _chunk(drawn: Drawn, flights: I64, day: int, step_s: float, rng: np.random.Generator) -> Positions:
    count = (drawn.duration_s[flights] / step_s).astype(np.int64)
    flight = np.repeat(flights, count)
    step = np.arange(len(flight)) - np.repeat(np.cumsum(count) - count, count)
    since = (step + rng.uniform(0.0, 0.4, len(step))) * step_s
    seconds = drawn.takeoff_s[flight] + since
    inside = (seconds >= day * DAY_S) & (seconds < (day + 1) * DAY_S)
    flight, since, seconds = flight[inside], since[inside], seconds[inside]
    gazetteer, share = drawn.gazetteer, since / drawn.duration_s[flight]
    a, b = drawn.origin[flight], drawn.destination[flight]
    bend = np.sin(np.pi * share) * 0.3 * np.sin(flight * 1.7)
    lat = gazetteer.lat_deg[a] + share * (gazetteer.lat_deg[b] - gazetteer.lat_deg[a]) + bend
    lon = gazetteer.lon_deg[a] + share * (gazetteer.lon_deg[b] - gazetteer.lon_deg[a]) + bend
    left = drawn.duration_s[flight] - since
    height = np.minimum(np.minimum(since, left) * 30.0, 28_000.0 + flight % 12 * 1000.0)
    altitude = np.round(height / 25.0) * 25.0
    climbing = np.where(since * 30.0 <= height + 1.0, 1_792.0, np.where(left * 30.0 <= height + 1.0, -1_792.0, 0.0))
    n = len(flight)
    noise = rng.normal(0.0, 2e-5, (2, n))
    track = (np.degrees(np.arctan2((gazetteer.lon_deg[b] - gazetteer.lon_deg[a]) * 0.64,
                                   gazetteer.lat_deg[b] - gazetteer.lat_deg[a])) + 360.0) % 360.0  # fmt: skip
    names = np.array([pack_callsign(f"DRW{number % 10_000:04d}") for number in range(10_000)], np.uint64)
    time_ns = FIRST_DAY * DAY * MINUTE_NS + (seconds * NS_PER_S).astype(np.int64) // 1000 * 1000
    return Positions(
        time_ns=time_ns,
        icao=drawn.icao[flight],
        address_kind=np.zeros(n, np.uint8),
        lat_deg=np.round(lat + noise[0], 6),
        lon_deg=np.round(lon + noise[1], 6),
        on_ground=np.where(altitude <= 0.0, 1, 0).astype(np.uint8),
        altitude_ft=altitude.astype(np.float32),
        altitude_geom_ft=(altitude + 25.0 * np.round(rng.normal(12, 0.4, n))).astype(np.float32),
        groundspeed_kt=np.round(160.0 + np.minimum(height / 100.0, 260.0) + rng.normal(0, 0.5, n), 1).astype(
            np.float32
        ),
        track_deg=np.round(track + rng.normal(0, 0.2, n), 1).astype(np.float32) % np.float32(360.0),
        vertical_rate_fpm=(climbing + 64.0 * np.round(rng.normal(0, 0.5, n))).astype(np.float32),
        callsign=names[flight % 10_000],
        squawk=(flight % 4096).astype(np.uint16),
        nic=np.full(n, 8, np.uint8),
        nac_p=np.where(flight % 5 == 0, 10, 9).astype(np.uint8),
        source=np.zeros(n, np.uint8),
        receivers=rng.integers(1, 6, n).astype(np.uint16),
        signal_dbfs=np.round(rng.normal(-20.0, 3.0, n), 1).astype(np.float32),
        verdict=np.where(rng.random(n) < 0.9, 0, 1).astype(np.uint8),
        reason=np.zeros(n, np.uint8),
        revision=np.ones(n, np.uint8),
        provenance=np.full(n, 2, np.uint8),
        parent=(seconds * 2_000.0).astype(np.int64) + rng.integers(0, 2_000, n),
    )
