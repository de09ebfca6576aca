"""Which samples are these? Their bytes carry no label, but only the right reading gives frames with good parity."""

from __future__ import annotations

import dataclasses

from skywitness.frames.demodulate.demodulator import Demodulator

__all__ = ["TRIAL_BYTES", "TRIAL_RATES_HZ", "Reading", "recognise"]

TRIAL_BYTES = 1 << 22
TRIAL_RATES_HZ = (2_000_000.0, 2_400_000.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """A way to read the samples, and how many frames it gave."""

    sample_format: str
    rate_hz: float
    frames: int


def recognise(head: bytes, sample_format: str | None = None, rate_hz: float | None = None) -> Reading | None:
    """Try the formats and rates not given on the first bytes and return the reading that gives most frames.

    None if no reading gives any. sc16 and sc16q11 differ by level alone, so only sc16 is tried.
    """
    best: Reading | None = None
    for name in (sample_format,) if sample_format else ("uc8", "sc16"):
        for rate in (rate_hz,) if rate_hz else TRIAL_RATES_HZ:
            demodulator = Demodulator(rate, name)
            frames = len(demodulator.push(head[:TRIAL_BYTES])) + len(demodulator.flush())
            if frames and (best is None or frames > best.frames):
                best = Reading(name, rate, frames)
    return best
