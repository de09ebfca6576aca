"""Magnitudes of IQ samples, on one scale for all formats: 32768 is full scale, 0 dBFS.

Rates from 2.0 to 4.8 MS/s are read as they are. Above, D neighbouring complex samples are added first, D the largest
integer that leaves 2.4 MS/s or more: a pulse lasts 0.5 us, so what is lost above 1.2 MHz is mostly noise, and the
cost of all later steps stays that of a slow receiver.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from skywitness.batches import F32, U8
from skywitness.errors import ConfigError
from skywitness.kernel import kernel

__all__ = [
    "FULL_SCALE",
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "SAMPLE_FORMATS",
    "SampleFormat",
    "SampleReader",
    "decimation",
    "fill_magnitude_sc16",
    "fill_magnitude_uc8",
]

FULL_SCALE = 32768.0

MIN_RATE_HZ = 2_000_000.0
MAX_RATE_HZ = 60_000_000.0
DIRECT_BELOW_HZ = 4_800_000.0
DECIMATED_MIN_HZ = 2_400_000.0


@dataclasses.dataclass(frozen=True, slots=True)
class SampleFormat:
    """How one complex sample is written: `size` bytes, I first; `full_scale` is the largest value of I or Q."""

    name: str
    size: int
    full_scale: float
    doc: str


SAMPLE_FORMATS: Mapping[str, SampleFormat] = MappingProxyType(
    {
        "uc8": SampleFormat("uc8", 2, 127.5, "unsigned 8 bits, 127.5 is zero (RTL-SDR)"),
        "sc16": SampleFormat("sc16", 4, 32768.0, "signed 16 bits, little-endian"),
        "sc16q11": SampleFormat("sc16q11", 4, 2048.0, "signed 16 bits, little-endian, 2048 is full scale (bladeRF)"),
    }
)


def decimation(rate_hz: float) -> int:
    """Return how many samples are added into one before anything else; 1 below 4.8 MS/s."""
    return 1 if rate_hz < DIRECT_BELOW_HZ else math.floor(rate_hz / DECIMATED_MIN_HZ)


@kernel
def fill_magnitude_uc8(raw, decimate, scale, out_magnitude):
    """Magnitudes of unsigned 8-bit samples.

    raw            (n * decimate,) uint16   I in the low byte, Q in the high one
    decimate       int                      samples added into one
    scale          float32                  FULL_SCALE / (127.5 * decimate)
    out_magnitude  (n,) float32
    """
    half = np.float32(127.5)
    low = np.uint16(255)
    eight = np.uint16(8)
    if decimate == 1:
        for i in range(len(out_magnitude)):
            a = np.float32(raw[i] & low) - half
            b = np.float32(raw[i] >> eight) - half
            out_magnitude[i] = math.sqrt(a * a + b * b) * scale
        return
    for i in range(len(out_magnitude)):
        a = np.float32(0.0)
        b = np.float32(0.0)
        for k in range(decimate):
            a += np.float32(raw[i * decimate + k] & low) - half
            b += np.float32(raw[i * decimate + k] >> eight) - half
        out_magnitude[i] = math.sqrt(a * a + b * b) * scale


@kernel
def fill_magnitude_sc16(raw, decimate, scale, out_magnitude):
    """Magnitudes of signed 16-bit samples.

    raw            (2 * n * decimate,) int16   I, Q, I, Q, ...
    decimate       int                         samples added into one
    scale          float32                     FULL_SCALE / (full scale of the format * decimate)
    out_magnitude  (n,) float32
    """
    if decimate == 1:
        for i in range(len(out_magnitude)):
            a = np.float32(raw[2 * i])
            b = np.float32(raw[2 * i + 1])
            out_magnitude[i] = math.sqrt(a * a + b * b) * scale
        return
    for i in range(len(out_magnitude)):
        a = np.float32(0.0)
        b = np.float32(0.0)
        for k in range(decimate):
            a += np.float32(raw[2 * (i * decimate + k)])
            b += np.float32(raw[2 * (i * decimate + k) + 1])
        out_magnitude[i] = math.sqrt(a * a + b * b) * scale


class SampleReader:
    """Turns bytes, cut anywhere, into magnitudes; keeps what is not yet a whole (decimated) sample."""

    def __init__(self, sample_format: str, rate_hz: float) -> None:
        if sample_format not in SAMPLE_FORMATS:
            raise ConfigError(
                f"sample format {sample_format!r} is not known", hint=f"Known are {', '.join(SAMPLE_FORMATS)}."
            )
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise ConfigError(
                f"sample rate {rate_hz:g} Hz is outside {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz",
                hint="A Mode S bit is two halves of 0.5 us, so it takes at least 2 MS/s; 2.4 MS/s suits an RTL-SDR.",
            )
        self.format = SAMPLE_FORMATS[sample_format]
        self.decimate = decimation(rate_hz)
        self.rate_hz = rate_hz / self.decimate
        self._unit = self.format.size * self.decimate
        self._scale = np.float32(FULL_SCALE / (self.format.full_scale * self.decimate))
        self._rest = b""

    def align(self, chunk: bytes | bytearray | memoryview) -> U8:
        """Return the bytes of whole samples there are now; the others wait for the next call."""
        joined = self._rest + bytes(chunk) if self._rest else chunk
        values: U8 = np.frombuffer(joined, np.uint8)
        whole = len(values) - len(values) % self._unit
        self._rest = values[whole:].tobytes()
        return values[:whole]

    @property
    def bytes_per_sample(self) -> int:
        """Bytes of input that make one magnitude."""
        return self._unit

    @property
    def waiting(self) -> int:
        """Bytes kept because they are not yet a whole sample."""
        return len(self._rest)

    def fill(self, values: U8, out_magnitude: F32) -> None:
        """Write the magnitudes of whole samples (`align`); `len(values)` is `bytes_per_sample * len(out_magnitude)`."""
        # A kernel is compiled anew for read-only or unaligned arrays, and bytes are both: copy, 0.1 ns a sample.
        if self.format.size == 2:
            words = np.empty(len(values) // 2, np.uint16)
            words.view(np.uint8)[:] = values
            fill_magnitude_uc8(words, self.decimate, self._scale, out_magnitude)
        else:
            shorts = np.empty(len(values) // 2, np.int16)
            shorts.view(np.uint8)[:] = values
            fill_magnitude_sc16(shorts, self.decimate, self._scale, out_magnitude)
