"""Where may a Mode S reply begin? A test cheap enough for every sample.

The preamble has four pulses of 0.5 us that begin at 0, 1.0, 3.5 and 4.5 us; from 5.0 us to the first data bit at
8.0 us it is silent (Annex 10 Vol. IV, 3.1.2.2.1). The test has no threshold of its own: pulses are compared with
the silence beside them, so it follows the noise floor sample by sample. It allows one of the four pulses to be missing
or weak, which neighbours' replies do to it, and no branch: the loops are vector instructions.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from skywitness.kernel import kernel

__all__ = ["PULSES_US", "PreambleShape", "fill_candidates", "preamble_shape"]

PULSES_US = (0.0, 1.0, 3.5, 4.5)

PULSE_OVER_SILENCE = 1.7  # least mean of the pulses' samples over the mean of the silent ones
PULSE_OVER_SILENCE_AT_2 = 1.85  # where a window of two samples is a whole pulse and its smear, and less is noise
FOURTH_AT_2 = 9
WEAK_PULSE = 0.5  # second weakest pulse over the strongest
PULSE_OVER_PEAK = 0.75  # mean of the second weakest pulse over the largest silent sample


@dataclasses.dataclass(frozen=True, slots=True)
class PreambleShape:
    """Places of the preamble's parts in samples from its beginning; see `preamble_shape`."""

    second: int
    third: int
    fourth: int
    first_gap: int
    last_gap: int
    width: int

    @property
    def thresholds(self) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """The three factors of `fill_candidates`, scaled from means to the sums it compares."""
        per_gap = 4 * self.width / 8
        over = PULSE_OVER_SILENCE_AT_2 if self.fourth == FOURTH_AT_2 else PULSE_OVER_SILENCE
        return np.array([over * per_gap, WEAK_PULSE, PULSE_OVER_PEAK * self.width], np.float32)


def preamble_shape(samples_per_us: float) -> PreambleShape:
    """Places of the pulses and silences for a sample rate, good for any phase within a sample.

    A pulse that begins anywhere in a sample touches the `width` samples from its place on; silent are three samples
    between the second and third pulse and five after the fourth, whatever the rate, so that the test costs the same.
    """
    width = 2 if samples_per_us < 3 else 3
    # The pulse's middle, half a sample late on average, is put in the middle of the window.
    places = [math.floor(samples_per_us * (t + 0.25) + 1.0 + 1e-9 - width / 2) for t in PULSES_US]
    first_gap = math.ceil(samples_per_us * 1.5 + 1 - 1e-9)
    last_gap = math.ceil(samples_per_us * 5.0 + 1 - 1e-9)
    first_gap += max(0, (math.floor(samples_per_us * 3.5) - first_gap - 3) // 2)
    last_gap += max(0, (math.floor(samples_per_us * 8.0) - last_gap - 5) // 2)
    second, third, fourth = (place - places[0] for place in places[1:])
    return PreambleShape(second, third, fourth, first_gap, last_gap, width)


@kernel
def fill_candidates(magnitude, second, third, fourth, first_gap, last_gap, width, thresholds, pulse, out_candidate):
    """Mark the samples in which a preamble may begin.

    magnitude      (at least n + 128,) float32
    second, ..., last_gap, width       see PreambleShape
    thresholds     (3,) float32        see PreambleShape.thresholds
    pulse          (n + 64,) float32   scratch
    out_candidate  (n,) uint8          1 or 0
    """
    n = len(out_candidate)
    over_silence = thresholds[0]
    weak = thresholds[1]
    over_peak = thresholds[2]
    third_sample = np.float32(1.0) if width > 2 else np.float32(0.0)
    for i in range(n + 64):
        pulse[i] = magnitude[i] + magnitude[i + 1] + third_sample * magnitude[i + 2]
    p0 = pulse[:n]
    p1 = pulse[second : second + n]
    p2 = pulse[third : third + n]
    p3 = pulse[fourth : fourth + n]
    early = magnitude[first_gap : first_gap + n + 8]
    late = magnitude[last_gap : last_gap + n + 8]
    for i in range(n):
        a = p0[i]
        b = p1[i]
        c = p2[i]
        d = p3[i]
        weakest_ab = min(a, b)
        strongest_ab = max(a, b)
        weakest_cd = min(c, d)
        strongest_cd = max(c, d)
        second_weakest = min(max(weakest_ab, weakest_cd), min(strongest_ab, strongest_cd))
        strongest = max(strongest_ab, strongest_cd)
        silence = (
            ((early[i] + early[i + 1]) + (early[i + 2] + late[i]))
            + ((late[i + 1] + late[i + 2]) + (late[i + 3] + late[i + 4]))
        )  # fmt: skip
        peak = max(
            max(max(early[i], early[i + 1]), max(early[i + 2], late[i])),
            max(max(late[i + 1], late[i + 2]), max(late[i + 3], late[i + 4])),
        )
        out_candidate[i] = (
            (((a + b) + (c + d)) > silence * over_silence)
            & (second_weakest > strongest * weak)
            & (second_weakest > peak * over_peak)
        )
