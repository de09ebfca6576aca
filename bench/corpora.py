"""The corpora that speed is measured on, built on demand into bench/corpora/.

    python -m bench.corpora B A12

A    the recorded flight and the two samples of ../shared/data/raw, one after another, as Beast: 179,432 frames
A12  A twelve times, an hour apart, so that every repeat finds the aircraft of the one before forgotten
B    5,000 simulated aircraft all over the world for 60 s: 2,790,000 frames, all with valid parity, at true times;
     with its truth: one row for each position that was sent
C    the same with 300 aircraft for 1,000 s
D    B heard by three receivers: D-0, D-1 and D-2

Every simulated corpus says so: its first Beast message is the UUID of simulations.
"""

from __future__ import annotations

import argparse
import csv
import functools
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import zstandard

from skywitness.batches import F32, F64, I64, U8
from skywitness.geo.wgs84 import SEMI_MAJOR_M, SQUARED_ECCENTRICITY
from skywitness.kernel import kernel
from skywitness.messages.mode_s.encode import callsign_code
from skywitness.simulate.air import fill_air
from skywitness.simulate.state import IDENTITY, KINDS, STATE
from skywitness.simulate.transmit import fill_transmissions
from skywitness.units import FOOT_M, KNOT_MPS

__all__ = ["CORPORA", "DIRECTORY", "build", "corpus"]

DIRECTORY = Path(__file__).parent / "corpora"
RAW = Path(__file__).parents[2] / "shared" / "data" / "raw"

START_NS = 1_750_000_000_000_000_000  # 2025-06-15 15:06:40 UTC, an arbitrary moment
SIMULATED_UUID = b"51b01a7e-d000-4000-8000-000000000000"

RATES = (
    ("airborne_position", 2.0),
    ("velocity", 2.0),
    ("identification", 0.2),
    ("all_call", 1.4),
    ("df4", 1.1),
    ("df5", 0.6),
    ("df20", 1.1),
    ("df21", 0.9),
)
"""Transmissions of each aircraft in a second: 9.3 in all."""

REGISTERS_20 = np.array([0x40, 0x50, 0x60, 0x20, 0x40, 0x50, 0x60, 0x17])
REGISTERS_21 = np.array([0x50, 0x60, 0x40, 0x10])


@kernel
def fill_beast(ticks, signal, data, length, out):
    """Write Beast messages of type 2 and 3; returns the number of bytes.

    ticks   (n,)    int64
    signal  (n,)    uint8
    data    (n, 14) uint8
    length  (n,)    uint8   7 or 14
    out     (m,)    uint8   m at least 44 n
    """
    at = 0
    for i in range(len(ticks)):
        out[at] = 0x1A
        out[at + 1] = 0x33 if length[i] == 14 else 0x32
        at += 2
        for k in range(6):
            value = ticks[i] >> (40 - 8 * k) & 0xFF
            out[at] = value
            at += 1
            if value == 0x1A:
                out[at] = 0x1A
                at += 1
        out[at] = signal[i]
        at += 1
        if signal[i] == 0x1A:
            out[at] = 0x1A
            at += 1
        for k in range(length[i]):
            out[at] = data[i, k]
            at += 1
            if data[i, k] == 0x1A:
                out[at] = 0x1A
                at += 1
    return at


def clock_marker(time_ns: int) -> bytes:
    """Beast message E8: wall clock in milliseconds, little-endian, not escaped."""
    return b"\x1a\xe8" + (time_ns // 1_000_000).to_bytes(8, "little", signed=True)


def beast(ticks: I64, signal: U8, data: U8, length: U8) -> bytes:
    """Beast bytes of all frames, as one string."""
    out = np.empty(44 * len(ticks), np.uint8)
    return out[: fill_beast(ticks, signal, data, length, out)].tobytes()


def unique_addresses(rng: np.random.Generator, count: int) -> I64:
    """Distinct 24-bit addresses, neither all zeros nor all ones."""
    found = np.unique(rng.integers(1, 0xFFFFFF, 2 * count))
    return rng.permutation(found)[:count]


def make_identity(rng: np.random.Generator, count: int) -> I64:
    """A fleet of well-equipped airliners, see skywitness.simulate.transmit.IDENTITY."""
    identity = np.zeros((count, len(IDENTITY)), np.int64)
    values: dict[str, I64 | int] = {
        "icao": unique_addresses(rng, count),
        "df": 17,
        "control": 5,
        "squawk": rng.integers(0o0010, 0o7000, count),
        "typecode": 4,
        "category": rng.integers(1, 6, count),
        "version": 2,
        "nic": 8,
        "nac_p": 10,
        "nac_v": 2,
        "sil": 3,
        "gva": 2,
        "sda": 2,
        "nic_baro": 1,
        "acas": 1,
        "modes": 32 | 16 | 2 | 1,
    }
    for name, value in values.items():
        identity[:, IDENTITY.index(name)] = value
    letters = rng.integers(0, 26, (count, 3))
    numbers = rng.integers(1, 9999, count)
    for a in range(count):
        airline = "".join(chr(65 + letter) for letter in letters[a])
        identity[a, IDENTITY.index("callsign")] = callsign_code(f"{airline}{numbers[a]}")
    return identity


class StraightFlights:
    """Aircraft that keep their track, speed and vertical rate: every state follows from the time alone."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        self.lat_deg = np.degrees(np.arcsin(rng.uniform(np.sin(np.radians(-60)), np.sin(np.radians(72)), count)))
        self.lon_deg = rng.uniform(-180.0, 180.0, count)
        self.altitude_ft = rng.uniform(4_000.0, 40_000.0, count)
        self.tas_kt = 160.0 + self.altitude_ft / 40_000.0 * 300.0 + rng.uniform(-30.0, 30.0, count)
        self.heading_deg = rng.uniform(0.0, 360.0, count)
        self.wind_kt = rng.uniform(0.0, 60.0, count)
        self.wind_from_deg = rng.uniform(0.0, 360.0, count)
        wind_to = np.radians(self.wind_from_deg + 180.0)
        east = self.tas_kt * np.sin(np.radians(self.heading_deg)) + self.wind_kt * np.sin(wind_to)
        north = self.tas_kt * np.cos(np.radians(self.heading_deg)) + self.wind_kt * np.cos(wind_to)
        self.east_kt, self.north_kt = east, north
        climbing = rng.integers(0, 5, count)
        rate = rng.uniform(500.0, 2500.0, count)
        self.rate_fpm = np.where(climbing == 0, rate, np.where(climbing == 1, -rate, 0.0))
        # Those who fly for long may not climb out of the atmosphere.
        self.reach_ft = np.where(climbing == 0, 43_000.0, np.where(climbing == 1, 2_000.0, self.altitude_ft))

    def state(self, a: I64, t_s: F64) -> F64:
        """States of aircraft `a` at times `t_s` after the start, one row each (STATE)."""
        rate = self.rate_fpm[a]
        change = rate * t_s / 60.0
        room = self.reach_ft[a] - self.altitude_ft[a]
        arrived = np.abs(change) >= np.abs(room)
        altitude_ft = self.altitude_ft[a] + np.where(arrived, room, change)
        height_m = altitude_ft * FOOT_M
        start = np.radians(self.lat_deg[a])
        w = 1.0 - SQUARED_ECCENTRICITY * np.sin(start) ** 2
        meridian_m = SEMI_MAJOR_M * (1.0 - SQUARED_ECCENTRICITY) / w**1.5 + height_m
        lat = start + self.north_kt[a] * KNOT_MPS * t_s / meridian_m
        middle = (start + lat) / 2.0
        normal_m = SEMI_MAJOR_M / np.sqrt(1.0 - SQUARED_ECCENTRICITY * np.sin(middle) ** 2) + height_m
        lon = np.radians(self.lon_deg[a]) + self.east_kt[a] * KNOT_MPS * t_s / (normal_m * np.cos(middle))
        lat_deg = np.degrees(lat)
        lon_deg = (np.degrees(lon) + 180.0) % 360.0 - 180.0
        columns = {
            "lat_deg": lat_deg,
            "lon_deg": lon_deg,
            "altitude_ft": altitude_ft,
            "altitude_geom_ft": altitude_ft + 150.0,
            "groundspeed_kt": np.hypot(self.east_kt[a], self.north_kt[a]),
            "track_deg": np.degrees(np.arctan2(self.east_kt[a], self.north_kt[a])) % 360.0,
            "vertical_rate_fpm": np.where(arrived, 0.0, rate),
            "wind_speed_kt": self.wind_kt[a],
            "wind_direction_deg": self.wind_from_deg[a],
            "selected_altitude_ft": np.round(self.reach_ft[a] / 1000.0) * 1000.0,
            "qnh_hpa": np.full(len(a), 1013.2),
        }
        state = np.zeros((len(a), len(STATE)))
        for name, values in columns.items():
            state[:, STATE.index(name)] = values
        fill_air(state)
        return state


def schedule(rng: np.random.Generator, count: int, seconds: float) -> tuple[F64, U8, I64]:
    """Times, kinds and details of all transmissions of `count` aircraft, one row an aircraft.

    Each kind comes at its rate, from a random phase, with a jitter of a fifth of its interval. Replies to
    interrogations begin after the first squitter: a radar addresses only what it has acquired.
    """
    times, kinds, details = [], [], []
    acquired = np.full((count, 1), seconds)
    for name, rate in RATES:
        number = round(rate * seconds)
        k = np.arange(number)
        turns = (k + 0.8 * rng.uniform(size=(count, 1)) + 0.2 * rng.uniform(size=(count, number))) / number
        if name.startswith("df"):
            t = acquired + (seconds - acquired) * turns
        else:
            t = seconds * turns
            acquired = np.minimum(acquired, t.min(axis=1, keepdims=True))
        detail = np.zeros_like(k)
        if name == "airborne_position":
            detail = k & 1
        elif name == "df20":
            detail = REGISTERS_20[k % len(REGISTERS_20)]
        elif name == "df21":
            detail = REGISTERS_21[k % len(REGISTERS_21)]
        times.append(t)
        kinds.append(np.full(number, KINDS.index(name), np.uint8))
        details.append(detail)
    return np.concatenate(times, axis=1), np.concatenate(kinds), np.concatenate(details)


def simulated(seed: int, count: int, seconds: float) -> tuple[I64, U8, U8, I64, dict[str, np.ndarray]]:
    """Return times since the start in ns, rising; frames; lengths; aircraft of each; truth of the positions."""
    rng = np.random.default_rng(seed)
    flights = StraightFlights(rng, count)
    identity = make_identity(rng, count)
    t_s, kinds, details = schedule(rng, count, seconds)
    each = len(kinds)
    total = count * each
    data = np.empty((total, 14), np.uint8)
    length = np.empty(total, np.uint8)
    time_ns = np.floor(t_s.reshape(-1) * 1e9).astype(np.int64)
    aircraft = np.repeat(np.arange(count), each)
    is_position = kinds == KINDS.index("airborne_position")
    truth_parts = []
    step = max(1, 300_000 // each)
    for first in range(0, count, step):
        rows = slice(first * each, min(first + step, count) * each)
        a = aircraft[rows]
        state = flights.state(a, time_ns[rows] / 1e9)
        repeat = len(a) // each
        fill_transmissions(
            np.tile(kinds, repeat),
            np.tile(details, repeat),
            a.astype(np.int32),
            state,
            identity,
            data[rows],
            length[rows],
        )
        truth_parts.append(state[np.tile(is_position, repeat)])
    order = np.argsort(time_ns, kind="stable")
    truth_state = np.concatenate(truth_parts)
    truth_row = np.flatnonzero(np.tile(is_position, count))
    place = np.empty(total, np.int64)
    place[order] = np.arange(total)
    by_time = np.argsort(place[truth_row])
    truth = {"row": place[truth_row][by_time], "time_ns": START_NS + time_ns[truth_row][by_time]}
    truth["icao"] = identity[aircraft[truth_row][by_time], IDENTITY.index("icao")].astype(np.uint32)
    for name in ("lat_deg", "lon_deg", "altitude_ft", "groundspeed_kt", "track_deg", "vertical_rate_fpm"):
        truth[name] = truth_state[by_time, STATE.index(name)]
    return time_ns[order], data[order], length[order], aircraft[order], truth


def signal_bytes(rng: np.random.Generator, aircraft: I64) -> U8:
    """A level for each aircraft, with a little noise: square-root scale of the Beast format."""
    level: F32 = rng.uniform(30, 240, int(aircraft.max()) + 1).astype(np.float32)
    return (level[aircraft] + rng.integers(-4, 5, len(aircraft))).astype(np.uint8)


def write_simulated(path: Path, seed: int, count: int, seconds: float) -> int:
    time_ns, data, length, aircraft, truth = simulated(seed, count, seconds)
    signal = signal_bytes(np.random.default_rng(seed + 1), aircraft)
    head = b"\x1a\xe4" + SIMULATED_UUID + clock_marker(START_NS)
    path.write_bytes(head + beast(time_ns * 12 // 1000, signal, data, length))
    np.savez(path.with_suffix(".truth.npz"), **truth)
    return len(time_ns)


def write_heard_by_three(directory: Path, seed: int, count: int, seconds: float) -> int:
    """Corpus D: the receivers' counters start together; each aircraft has its own delay to each receiver."""
    time_ns, data, length, aircraft, _ = simulated(seed, count, seconds)
    for receiver in range(3):
        rng = np.random.default_rng(seed + 100 + receiver)
        delay_ns = rng.integers(0, 1_300_000, count)[aircraft]  # up to 390 km of way
        heard_ns = time_ns + delay_ns + rng.integers(0, 100, len(time_ns))
        order = np.argsort(heard_ns, kind="stable")
        signal = signal_bytes(rng, aircraft)[order]
        head = b"\x1a\xe4" + SIMULATED_UUID[:-1] + b"%d" % receiver + clock_marker(START_NS)
        body = beast(heard_ns[order] * 12 // 1000, signal, data[order], length[order])
        (directory / f"D-{receiver}.beast").write_bytes(head + body)
    return 3 * len(time_ns)


def rows_of(name: str) -> Iterator[list[str]]:
    with (RAW / name).open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as plain:
        yield from csv.reader(io.TextIOWrapper(plain, encoding="utf-8-sig"))


def recorded_flight() -> list[tuple[int, int, bytes]]:
    """Counter, level and frame of each row of the recorded flight."""
    found = []
    for _, text in rows_of("klm1302_20231024.beasthex.csv.zst"):
        message = bytes.fromhex(text)
        found.append((int.from_bytes(message[2:8], "big"), message[8], message[9:]))
    return found


@functools.cache
def recorded() -> tuple[I64, U8, U8, U8, I64]:
    """Ticks since the start, levels, frames, lengths and first rows of the three parts of corpus A."""
    flight = recorded_flight()
    start = flight[0][0]
    parts = [[(ticks - start, level, frame) for ticks, level, frame in flight]]
    for name, frame_column in (("pymodes_sample_adsb.csv.zst", 1), ("pymodes_sample_df20.csv.zst", 2)):
        rows = list(rows_of(name))
        first = float(rows[0][0])
        # Rows are not always in the order of time; a counter cannot say so, hence they keep the file's order.
        end = parts[-1][-1][0] + 60 * 12_000_000
        seconds = np.maximum.accumulate(np.array([float(row[0]) - first for row in rows]))
        ticks = end + np.floor(seconds * 12e6).astype(np.int64)
        parts.append([(int(t), 128, bytes.fromhex(row[frame_column])) for t, row in zip(ticks, rows, strict=True)])
    everything = [item for part in parts for item in part]
    data = np.zeros((len(everything), 14), np.uint8)
    for i, (_, _, frame) in enumerate(everything):
        data[i, : len(frame)] = np.frombuffer(frame, np.uint8)
    return (
        np.array([ticks for ticks, _, _ in everything], np.int64),
        np.array([level for _, level, _ in everything], np.uint8),
        data,
        np.array([len(frame) for _, _, frame in everything], np.uint8),
        np.cumsum([0, *(len(part) for part in parts[:-1])]),
    )


def write_recorded(path: Path, repeats: int) -> int:
    """Corpora A and A12: `repeats` times the same, the counter running on, an hour of silence between."""
    ticks, signal, data, length, _ = recorded()
    start_ns = 1_698_140_962_000_000_000  # 2023-10-24 09:49:22 UTC, the recorded flight's beginning
    period = int(ticks[-1]) + 3600 * 12_000_000
    with path.open("wb") as out:
        for repeat in range(repeats):
            out.write(clock_marker(start_ns + repeat * period * 1000 // 12))
            out.write(beast(ticks + repeat * period, signal, data, length))
    return repeats * len(ticks)


CORPORA: dict[str, tuple[tuple[str, ...], Callable[[Path], int]]] = {
    "A": (("A.beast",), lambda directory: write_recorded(directory / "A.beast", 1)),
    "A12": (("A12.beast",), lambda directory: write_recorded(directory / "A12.beast", 12)),
    "B": (("B.beast",), lambda directory: write_simulated(directory / "B.beast", 1090, 5000, 60.0)),
    "C": (("C.beast",), lambda directory: write_simulated(directory / "C.beast", 1091, 300, 1000.0)),
    "D": (
        ("D-0.beast", "D-1.beast", "D-2.beast"),
        lambda directory: write_heard_by_three(directory, 1090, 5000, 60.0),
    ),
}
"""Files of each corpus, and what writes them and returns the number of frames."""


def build(name: str) -> int:
    """Write a corpus anew; returns its number of frames."""
    DIRECTORY.mkdir(exist_ok=True)
    return CORPORA[name][1](DIRECTORY)


def corpus(name: str) -> list[Path]:
    """Paths of a corpus, built first if it is not there."""
    paths = [DIRECTORY / file for file in CORPORA[name][0]]
    if not all(path.exists() for path in paths):
        build(name)
    return paths


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the corpora that speed is measured on.")
    parser.add_argument("names", nargs="+", choices=[*CORPORA], metavar="NAME", help=" ".join(CORPORA))
    for name in parser.parse_args().names:
        frames = build(name)
        size = sum((DIRECTORY / file).stat().st_size for file in CORPORA[name][0])
        print(f"{name}: {frames:,} frames, {size / frames:.2f} bytes each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
