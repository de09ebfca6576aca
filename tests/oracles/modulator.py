"""Mode S replies as a receiver would sample them, from the signal's definition in continuous time.

Pulses of 0.5 us on a carrier that is a little off, through a Gaussian filter, sampled at instants k / rate, with
complex noise, and quantised. Nothing is shared with the demodulator: it works on intervals, this on instants.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PREAMBLE_US = (0.0, 1.0, 3.5, 4.5)
GENERATOR_BITS = "1111111111111010000001001"


def parity(bits: str) -> str:
    """Remainder of a message of 32 or 88 bits, by long division on text."""
    register = list(bits + "0" * 24)
    for k in range(len(bits)):
        if register[k] == "1":
            for j, bit in enumerate(GENERATOR_BITS):
                register[k + j] = "0" if register[k + j] == bit else "1"
    return "".join(register[-24:])


def frame(head_hex: str, overlay: int = 0) -> bytes:
    """The whole frame of a head of 4 or 11 bytes; `overlay` (an address or interrogator) goes over the parity."""
    bits = bin(int("1" + head_hex, 16))[3:]
    check = int(parity(bits), 2) ^ overlay
    return bytes.fromhex(head_hex) + check.to_bytes(3, "big")


def random_squitter(rng: np.random.Generator, address: int) -> bytes:
    """An extended squitter (DF 17) with 56 random bits."""
    return frame(f"8d{address:06x}{rng.integers(1 << 56):014x}")


def pulse_starts_us(data: bytes) -> list[float]:
    """When each pulse of the reply begins, from the beginning of its preamble."""
    starts = list(PREAMBLE_US)
    for k in range(8 * len(data)):
        one = data[k // 8] >> (7 - k % 8) & 1
        starts.append(8.0 + k + (0.0 if one else 0.5))
    return starts


def envelope(times_us: NDArray[np.float64], data: bytes, smear_us: float) -> NDArray[np.float64]:
    """Amplitude 0..1 of a reply at times from its beginning; `smear_us` is the filter's standard deviation."""
    total = np.zeros(len(times_us))
    for start in pulse_starts_us(data):
        near = np.flatnonzero((times_us > start - 2) & (times_us < start + 2.5))
        for i in near:
            x = (times_us[i] - start) / (smear_us * math.sqrt(2))
            y = (times_us[i] - start - 0.5) / (smear_us * math.sqrt(2))
            total[i] += 0.5 * (math.erf(x) - math.erf(y))
    return total


def modulate(
    rng: np.random.Generator,
    rate_hz: float,
    seconds: float,
    replies: Sequence[tuple[float, bytes, float]],
    noise: float,
) -> NDArray[np.complex128]:
    """Complex samples, full scale 1: `replies` are (start in seconds, frame, amplitude), `noise` the rms of |noise|."""
    count = int(seconds * rate_hz)
    signal = np.zeros(count, np.complex128)
    # The filter passes what the sample rate can carry, at most the 6 MHz of a good receiver.
    smear_us = 0.1325 / min(0.45 * rate_hz / 1e6, 3.0)
    for start, data, amplitude in replies:
        first = max(0, int((start - 3e-6) * rate_hz))
        last = min(count, int((start + 130e-6) * rate_hz))
        instants = np.arange(first, last) / rate_hz
        carrier = np.exp(2j * np.pi * (rng.uniform() + rng.uniform(-2e5, 2e5) * instants))
        signal[first:last] += amplitude * envelope((instants - start) * 1e6, data, smear_us) * carrier
    if noise:
        signal += noise / math.sqrt(2) * (rng.normal(size=count) + 1j * rng.normal(size=count))
    return signal


def quantised(signal: NDArray[np.complex128], sample_format: str) -> bytes:
    """The samples as bytes of a format, clipped at full scale."""
    pairs = np.stack([signal.real, signal.imag], axis=1)
    if sample_format == "uc8":
        return np.clip(np.round(pairs * 127.5 + 127.5), 0, 255).astype(np.uint8).tobytes()
    scale = 2048 if sample_format == "sc16q11" else 32768
    return np.clip(np.round(pairs * scale), -32768, 32767).astype("<i2").tobytes()
