"""The stage from IQ bytes to `Frames`.

Samples are worked off in blocks at fixed places of the stream, so how the bytes were cut makes no difference. Within a
block a reply may be vouched for by a checked frame that comes later: when a block shows a new address and had refused
address/parity replies, it is read a second time. That is all the look-ahead there is (0.1 s), and nothing else waits.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, I64, TIMINGS, U8, UNTIMED, Frames
from skywitness.errors import ConfigError
from skywitness.frames.demodulate.preamble import fill_candidates, preamble_shape
from skywitness.frames.demodulate.samples import FULL_SCALE, SampleReader
from skywitness.frames.demodulate.slicer import (
    BITS,
    COUNTERS,
    KNOWN_WAYS,
    LEARNED,
    contrast_floor,
    find_messages,
    leaks_of,
    phase_tables,
)
from skywitness.kernel import kernel
from skywitness.units import CLOCK_12MHZ_HZ, NS_PER_S

__all__ = ["REPAIR_POLICIES", "Demodulator", "Details", "fill_group_power"]

REPAIR_POLICIES = ("none", "one")

KNOWN_FOR_S = 60
KNOWN_SETS = 1024

LOOK_AHEAD_SAMPLES = 128  # beyond the longest reply: what the kernels read past their last sample

NOISE_GROUP = 32
NOISE_STRIDE = 512
NOISE_SHARE = 0.1
NOISE_BIAS = 0.781
"""Of the mean power of 32 noise samples, the lowest tenth lies below this share of the mean (Wilson and Hilferty's
approximation of a gamma distribution of shape 32). So short, because busy traffic leaves no longer pauses."""


@kernel
def fill_group_power(magnitude, stride, group, out_power):
    """Mean power of the first `group` samples of each `stride` (magnitude: float32; out_power: (n,) float64)."""
    for i in range(len(out_power)):
        total = 0.0
        for k in range(i * stride, i * stride + group):
            total += magnitude[k] * magnitude[k]
        out_power[i] = total / group


@dataclasses.dataclass(frozen=True, slots=True)
class Details:
    """What `Frames` has no column for, row by row of the same batch."""

    start_samples: NDArray[np.float64]
    """Where the preamble begins, in samples of the input, the first one being 0 (the middle of its interval)."""

    confidence: F32
    """Strength of the weakest bit over that of the mean bit: near 1 clear, near 0 a coin's throw."""

    repaired_bit: U8
    """Number 1..112 of the bit that was changed; 0: none."""

    @classmethod
    def concat(cls, parts: list[Details]) -> Details:
        """Join the details of several batches."""
        return cls(
            np.concatenate([np.zeros(0), *(part.start_samples for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.confidence for part in parts)]),
            np.concatenate([np.zeros(0, np.uint8), *(part.repaired_bit for part in parts)]),
        )


class Demodulator:
    """IQ bytes in, frames out: a fold over the stream.

    `ticks` count 12 MHz from the first sample to the frame's first data bit, 8 us after its preamble begins, found to a
    fraction of a sample. `time_ns` is unknown unless `start_ns`, the time of the first sample, is given. `signal_dbfs`
    is the power that passed the receiver's filter: of pulses through one as wide as the sample rate, 1 dB below their
    peak at 2.4 MS/s and 0.6 to 2.2 dB, by their phase, at 2.0.
    """

    def __init__(
        self,
        rate_hz: float,
        sample_format: str,
        *,
        receiver: int = 0,
        segment: int = 0,
        repair: str = "none",
        start_ns: int | None = None,
        block_samples: int = 1 << 18,
    ) -> None:
        """Prepare for a sample rate in Hz and one of SAMPLE_FORMATS.

        `repair` "one" mends a single weak bit of DF 17, 18 and 11 where nothing else fits; such frames are counted
        apart and named in `details`. `block_samples`, a multiple of 1024, is also the look-ahead. Raises ConfigError.
        """
        if repair not in REPAIR_POLICIES:
            raise ConfigError(f"repair policy {repair!r} is not known", hint=f"Known are {', '.join(REPAIR_POLICIES)}.")
        if block_samples <= 0 or block_samples % NOISE_STRIDE:
            raise ConfigError(f"block_samples must be a positive multiple of {NOISE_STRIDE}, not {block_samples}")
        self.rate_hz = float(rate_hz)
        self.repair = repair
        self.receiver = receiver
        self.segment = segment
        self.start_ns = start_ns
        self._reader = SampleReader(sample_format, self.rate_hz)
        self._per_us = self._reader.rate_hz / 1e6
        self._shape = preamble_shape(self._per_us)
        self._thresholds = self._shape.thresholds
        phases = 5 if self._per_us < 3 else 3
        self._weights, self._places = phase_tables(self._per_us, phases)
        self._floor = contrast_floor(self._weights)
        self._look, self._leaks = leaks_of(self._per_us)
        self._keep = round(KNOWN_FOR_S * self._reader.rate_hz)
        self._block = block_samples
        margin = math.ceil((8 + BITS) * self._per_us) + LOOK_AHEAD_SAMPLES
        self._magnitude: F32 = np.zeros(block_samples + margin, np.float32)
        self._pulse: F32 = np.zeros(block_samples + 64, np.float32)
        self._candidate_word = np.zeros(block_samples // 8, np.uint64)
        self._candidate = self._candidate_word.view(np.uint8)
        self._known: I64 = np.full((KNOWN_WAYS * KNOWN_SETS, 2), -1, np.int64)
        self._reading: F32 = np.zeros(BITS, np.float32)
        self._border: F32 = np.zeros(BITS, np.float32)
        self._strength: F32 = np.zeros(BITS, np.float32)
        self._rows_read: U8 = np.zeros((2, 14), np.uint8)
        self._phase_strength: F32 = np.zeros(phases, np.float32)
        most = block_samples // math.floor(64 * self._per_us) + 2
        self._start = np.zeros(most)
        self._level = np.zeros((most, 2))
        self._length: U8 = np.zeros(most, np.uint8)
        self._repaired: U8 = np.zeros(most, np.uint8)
        self._data: U8 = np.zeros((most, 14), np.uint8)
        self._totals: I64 = np.zeros(len(COUNTERS), np.int64)
        self._base = 0  # number of the first magnitude held, since the stream began
        self._held = 0
        self._resume = 0  # the next reply may begin here
        self._rows = 0
        self._noise_power = math.nan
        self.details = Details.concat([])

    @property
    def noise_dbfs(self) -> float:
        """Noise power of the last block, in dB of full scale; NaN before the first, -inf for exact silence."""
        if not self._noise_power > 0:
            return math.nan if math.isnan(self._noise_power) else -math.inf
        return 10 * math.log10(self._noise_power / FULL_SCALE**2)

    @property
    def samples(self) -> int:
        """Samples of the input worked off or held."""
        return (self._base + self._held) * self._reader.decimate

    @property
    def counts(self) -> dict[str, int]:
        """How many preambles were looked at, and what became of them; `repaired` is not part of `accepted`."""
        totals = {name: int(value) for name, value in zip(COUNTERS, self._totals, strict=True) if name != "learned"}
        return {"samples": self.samples, **totals}

    def push(self, chunk: bytes | bytearray | memoryview) -> Frames:
        """Take bytes, cut anywhere, and return the frames of the blocks they complete; `details` belongs to them."""
        parts: list[Frames] = []
        details: list[Details] = []
        values = self._reader.align(chunk)
        step = self._reader.bytes_per_sample
        while len(values):
            take = min(len(values) // step, len(self._magnitude) - self._held)
            self._reader.fill(values[: take * step], self._magnitude[self._held : self._held + take])
            values = values[take * step :]
            self._held += take
            if self._held == len(self._magnitude):
                self._work_off(self._block, parts, details)
                self._magnitude[: self._held] = self._magnitude[self._block :]
        self.details = Details.concat(details)
        return Frames.concat(parts)

    def flush(self) -> Frames:
        """Read what is left; silence is assumed to follow. The stream may not be continued."""
        parts: list[Frames] = []
        details: list[Details] = []
        held = self._held
        self._magnitude[held:] = 0
        while self._held > 0:
            self._work_off(min(self._block, self._held), parts, details)
            kept = self._magnitude[self._block :].copy()
            self._magnitude[:] = 0
            self._magnitude[: len(kept)] = kept
        self.details = Details.concat(details)
        return Frames.concat(parts)

    def _work_off(self, end: int, parts: list[Frames], details: list[Details]) -> None:
        """Read the replies that begin in the first `end` samples held, and let those samples go."""
        shape = self._shape
        fill_candidates(
            self._magnitude,
            shape.second,
            shape.third,
            shape.fourth,
            shape.first_gap,
            shape.last_gap,
            shape.width,
            self._thresholds,
            self._pulse,
            self._candidate,
        )
        counters = np.zeros(len(COUNTERS), np.int64)
        count, at = self._find(end, counters)
        if counters[LEARNED] and counters[COUNTERS.index("unknown_address")]:
            counters[:] = 0
            count, at = self._find(end, counters)
        self._totals += counters
        self._measure_noise(end)
        if count:
            frames, detail = self._frames(count)
            parts.append(frames)
            details.append(detail)
        self._resume = self._base + max(at, end)
        self._base += end
        self._held -= end

    def _find(self, end: int, counters: I64) -> tuple[int, int]:
        begin = min(max(0, self._resume - self._base), end)
        count, at = find_messages(
            self._magnitude,
            self._candidate,
            self._candidate_word,
            begin,
            end,
            self._base,
            self._weights,
            self._places,
            self._floor,
            self._look,
            self._leaks,
            self._per_us,
            int(self.repair == "one"),
            self._keep,
            self._known,
            counters,
            self._reading,
            self._border,
            self._strength,
            self._rows_read,
            self._phase_strength,
            self._start,
            self._level,
            self._length,
            self._repaired,
            self._data,
        )
        return int(count), int(at)

    def _measure_noise(self, end: int) -> None:
        groups = end // NOISE_STRIDE
        if groups:
            power = np.empty(groups)
            fill_group_power(self._magnitude, NOISE_STRIDE, NOISE_GROUP, power)
            self._noise_power = float(np.partition(power, int(groups * NOISE_SHARE))[int(groups * NOISE_SHARE)])
            self._noise_power /= NOISE_BIAS

    def _frames(self, count: int) -> tuple[Frames, Details]:
        decimate = self._reader.decimate
        # A magnitude stands for `decimate` samples, and the middle of the first one is time 0.
        local = self._start[:count] * decimate - 0.5
        first_bit = local + 8e-6 * self.rate_hz
        frames = Frames.allocate(count)
        frames.id[:] = (self.segment << 32 | self._rows) + np.arange(count)
        frames.ticks[:] = self._counted(first_bit, CLOCK_12MHZ_HZ) & ((1 << 48) - 1)
        if self.start_ns is None:
            frames.time_ns[:] = UNTIMED
        else:
            frames.time_ns[:] = self.start_ns + self._counted(first_bit, NS_PER_S)
        frames.timing[:] = TIMINGS.index("counter_12mhz")
        frames.receiver[:] = self.receiver
        # Half of the time there is a pulse, all of the time there is noise.
        noise = self._noise_power if self._noise_power > 0 else 0.0
        power = np.maximum(2 * (self._level[:count, 0] - noise), 1e-6)
        frames.signal_dbfs[:] = 10 * np.log10(power / FULL_SCALE**2)
        frames.length[:] = self._length[:count]
        frames.data[:] = self._data[:count]
        self._rows += count
        detail = Details(
            self._base * decimate + local,
            self._level[:count, 1].astype(np.float32),
            self._repaired[:count].copy(),
        )
        return frames, detail

    def _counted(self, local: NDArray[np.float64], units_per_s: int) -> I64:
        """Units from the stream's beginning to places in the present block; exact however long the stream is."""
        rate_mhz = round(self.rate_hz * 1000)  # whole millihertz
        whole, rest = divmod(self._base * self._reader.decimate * units_per_s * 1000, rate_mhz)
        fine: I64 = np.floor(local * (units_per_s / self.rate_hz) + (rest / rate_mhz + 0.5)).astype(np.int64)
        return whole + fine
