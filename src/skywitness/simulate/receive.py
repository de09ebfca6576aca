"""What a receiver hears: distance, horizon, level, its clock, and what goes wrong on the way."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from skywitness.batches import F32, F64, FRAME_BYTES, I64, U8, Frames
from skywitness.geo.wgs84 import earth_centred_m
from skywitness.kernel import kernel
from skywitness.simulate.chance import mix, normal, uniform
from skywitness.simulate.scenario import Receiver
from skywitness.units import CLOCK_12MHZ_HZ, LIGHT_MPS, NS_PER_S

__all__ = ["Listener", "Sent", "fill_receptions", "horizon_m"]

EFFECTIVE_RADIUS_M = 4.0 / 3.0 * 6_371_008.8  # the radio horizon in a standard atmosphere, ITU-R P.834
REFERENCE_M = 10_000.0  # distance at which a receiver's `level_dbfs` holds
COUNTER_MASK = (1 << 48) - 1
NS_PER_DAY = 86_400 * NS_PER_S


class Sent(NamedTuple):
    """Transmissions of a window, in order of time."""

    number: I64  # running number in the simulation
    time_ns: I64  # emission of the first bit, since 1970-01-01 UTC
    place_m: F64  # (n, 3) where the antenna truly is, earth-centred
    height_m: F64  # above the ellipsoid
    data: U8  # (n, 14)
    length: U8


def horizon_m(height_m: float, other_height_m: float) -> float:
    """Farthest distance at which two antennas over a smooth earth see each other."""
    first, second = max(height_m, 0.0), max(other_height_m, 0.0)
    return math.sqrt(2.0 * EFFECTIVE_RADIUS_M * first) + math.sqrt(2.0 * EFFECTIVE_RADIUS_M * second)


@kernel
def fill_receptions(
    key, number, time_ns, place_m, height_m, data, length, receiver,
    out_row, out_arrival_ns, out_jitter_ns, out_dbfs, out_data,
):  # fmt: skip
    """Receptions of one receiver; returns how many.

    key             uint64             of the scenario and the receiver
    number          (n,)   int64       see Sent, as the next five
    time_ns         (n,)   int64
    place_m         (n, 3) float64
    height_m        (n,)   float64
    data            (n, 14) uint8
    length          (n,)   uint8
    receiver        (12,)  float64     x, y, z, metres to its horizon, range in m, level at 10 km, least level (dBFS),
                                       fading (dB), and the chances of loss, of garbling and of a wrong bit; jitter (ns)
    out_row         (n,)   int64       row of the transmission
    out_arrival_ns  (n,)   int64
    out_jitter_ns   (n,)   float64     error of the clock at this reception
    out_dbfs        (n,)   float32
    out_data        (n, 14) uint8
    """
    found = 0
    for i in range(len(number)):
        x = place_m[i, 0] - receiver[0]
        y = place_m[i, 1] - receiver[1]
        z = place_m[i, 2] - receiver[2]
        distance = math.sqrt(x * x + y * y + z * z)
        if distance > receiver[4]:
            continue
        if distance > receiver[3] + math.sqrt(2.0 * EFFECTIVE_RADIUS_M * max(height_m[i], 0.0)):
            continue
        draw = mix(key, np.uint64(number[i]))
        dbfs = receiver[5] - 20.0 * math.log10(max(distance, 30.0) / REFERENCE_M)
        if receiver[7] > 0.0:
            dbfs += receiver[7] * normal(draw, np.uint64(1))
        if dbfs < receiver[6] or uniform(draw, np.uint64(2)) < receiver[8]:
            continue
        out_row[found] = i
        out_arrival_ns[found] = time_ns[i] + math.floor(distance / LIGHT_MPS * 1e9 + 0.5)
        out_jitter_ns[found] = receiver[11] * normal(draw, np.uint64(3)) if receiver[11] > 0.0 else 0.0
        out_dbfs[found] = min(dbfs, 0.0)
        for k in range(14):
            out_data[found, k] = data[i, k]
        bits = 8 * int(length[i])
        if uniform(draw, np.uint64(4)) < receiver[9]:
            # Another transmission from some bit on.
            first = int(uniform(draw, np.uint64(5)) * bits)
            for k in range(first >> 3, bits >> 3):
                noise = int(uniform(draw, np.uint64(16 + k)) * 256.0)
                out_data[found, k] ^= noise & (0xFF >> (first & 7) if k == first >> 3 else 0xFF)
        if uniform(draw, np.uint64(6)) < receiver[10]:
            bit = int(uniform(draw, np.uint64(7)) * bits)
            out_data[found, bit >> 3] ^= 0x80 >> (bit & 7)
        found += 1
    return found


class Listener:
    """One receiver at work: windows of transmissions in, frames out, in order of arrival."""

    def __init__(self, receiver: Receiver, index: int, seed: int, start_ns: int) -> None:
        self.receiver = receiver
        self.index = index
        self.start_ns = start_ns
        self.key: np.uint64 = _key(seed, index)
        place = earth_centred_m.py_func(receiver.lat_deg, receiver.lon_deg, receiver.height_m)
        self.parameters: F64 = np.array(
            [
                *place,
                horizon_m(receiver.mast_m, 0.0),
                receiver.range_km * 1000.0,
                receiver.level_dbfs,
                receiver.least_dbfs,
                receiver.fading_db,
                receiver.loss,
                receiver.garble,
                receiver.bit_error,
                receiver.jitter_ns,
            ]
        )
        self.rows = 0
        self.waiting: tuple[I64, I64, Frames] | None = None

    def hear(self, sent: Sent, from_ns: int, until_ns: int, limit_ns: int) -> tuple[Frames, I64]:
        """Frames that arrive before `limit_ns`, and the number of the transmission of each; -1 for noise.

        sent               what was sent from `from_ns` until `until_ns`; noise is heard in the same time
        What arrives later waits for the next call.
        """
        n = len(sent.number)
        row, arrival_ns = np.empty(n, np.int64), np.empty(n, np.int64)
        jitter_ns, dbfs = np.empty(n), np.empty(n, np.float32)
        data = np.empty((n, FRAME_BYTES), np.uint8)
        count = fill_receptions(
            self.key, sent.number, sent.time_ns, sent.place_m, sent.height_m, sent.data, sent.length, self.parameters,
            row, arrival_ns, jitter_ns, dbfs, data,
        )  # fmt: skip
        row = row[:count]
        parts = [
            (arrival_ns[:count], sent.number[row], jitter_ns[:count], dbfs[:count], data[:count], sent.length[row])
        ]
        if self.receiver.noise_hz > 0.0:
            parts.append(self._noise(from_ns, until_ns))
        arrival_ns, number, jitter_ns, dbfs, data, length = (
            np.concatenate(columns) if len(parts) > 1 else columns[0] for columns in zip(*parts, strict=True)
        )
        frames = self._frames(arrival_ns, jitter_ns, dbfs, data, length)
        if self.waiting is not None:
            arrival_ns = np.concatenate([self.waiting[0], arrival_ns])
            number = np.concatenate([self.waiting[1], number])
            frames = Frames.concat([self.waiting[2], frames])
        order = np.argsort(arrival_ns, kind="stable")
        ready = int(np.searchsorted(arrival_ns[order], limit_ns))
        later = order[ready:]
        self.waiting = (arrival_ns[later], number[later], frames.take(later)) if len(later) else None
        frames = frames.take(order[:ready])
        frames.id[:] = np.arange(self.rows, self.rows + ready) | self.index << 32
        self.rows += ready
        return frames, number[order[:ready]]

    def _frames(self, arrival_ns: I64, jitter_ns: F64, dbfs: F32, data: U8, length: U8) -> Frames:
        """Stamp receptions by the receiver's own clock."""
        frames = Frames.allocate(len(arrival_ns))
        frames.receiver[:] = self.index
        frames.signal_dbfs[:] = dbfs
        frames.length[:] = length
        frames.data[:] = data
        clock = self.receiver.clock
        if clock == "12mhz":
            elapsed_ns = (arrival_ns - self.start_ns) * (1.0 + self.receiver.drift_ppm * 1e-6) + jitter_ns
            counted = np.floor(elapsed_ns * (CLOCK_12MHZ_HZ / NS_PER_S)).astype(np.int64)
            frames.ticks[:] = counted + self.receiver.counter_start & COUNTER_MASK
            frames.timing[:] = 1
            # What a reader makes of the counter: exact thousandths, from the moment the receiver was started.
            frames.time_ns[:] = self.start_ns + counted * 1000 // 12
        elif clock == "gps":
            stamped_ns = arrival_ns + np.rint(jitter_ns).astype(np.int64) + self.receiver.offset_ns
            day_ns = stamped_ns % NS_PER_DAY
            frames.ticks[:] = day_ns // NS_PER_S << 30 | day_ns % NS_PER_S
            frames.timing[:] = 2
            frames.time_ns[:] = stamped_ns
        else:
            frames.ticks[:] = -1
            frames.timing[:] = 3
            frames.time_ns[:] = arrival_ns + self.receiver.offset_ns
        return frames

    def _noise(self, from_ns: int, until_ns: int) -> tuple[I64, I64, F64, F32, U8, U8]:
        """Frames of noise alone: bits without meaning just above the least level."""
        parts = []
        for second in range((from_ns - self.start_ns) // NS_PER_S, (until_ns - self.start_ns) // NS_PER_S):
            rng = np.random.Generator(np.random.PCG64([int(self.key), second]))
            count = rng.poisson(self.receiver.noise_hz)
            data = rng.integers(0, 256, (count, FRAME_BYTES), np.uint8)
            length = np.where(rng.random(count) < 0.5, 7, 14).astype(np.uint8)
            data[length == 7, 7:] = 0
            time_ns = self.start_ns + second * NS_PER_S + rng.integers(0, NS_PER_S, count)
            dbfs = (self.receiver.least_dbfs + rng.exponential(1.0, count)).astype(np.float32)
            parts.append((time_ns, np.full(count, -1), np.zeros(count), dbfs, data, length))
        return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))  # type: ignore[return-value]


def _key(seed: int, index: int) -> np.uint64:
    with np.errstate(over="ignore"):
        return np.uint64(mix.py_func(np.uint64(seed & 0xFFFFFFFFFFFFFFFF), np.uint64(index)))
