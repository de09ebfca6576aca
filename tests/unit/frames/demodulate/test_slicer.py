"""Phases, known addresses, and the addition that replaces a decision on every bit."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.frames.demodulate.preamble import PULSES_US, preamble_shape
from skywitness.frames.demodulate.slicer import is_known, leaks_of, mark_known, phase_tables, read_bits
from skywitness.kernel import plain


@pytest.mark.parametrize("per_us", [2.0, 2.4, 2.5, 3.2, 4.0, 4.79])
def test_a_reading_integrates_each_half_of_its_bit(per_us: float):
    weights, places = phase_tables(per_us, 5)
    np.testing.assert_allclose(weights.sum(axis=2), 0, atol=1e-5)
    magnitude = np.random.default_rng(1).uniform(0, 1, 700)
    fine = (np.arange(2000) + 0.5) / 2000  # of a bit
    sign = np.where(fine < 0.5, per_us / 2000, -per_us / 2000)
    for phase in range(5):
        for bit in (0, 1, 2, 55, 111):
            first = places[phase, bit]
            value = weights[phase, bit] @ magnitude[first : first + weights.shape[2]]
            instants = phase / 5 + (8 + bit + fine) * per_us
            assert value == pytest.approx(magnitude[instants.astype(int)] @ sign, abs=0.01)


@pytest.mark.parametrize("per_us", [2.0, 2.4, 3.0, 4.0, 4.79])
def test_the_preambles_parts_do_not_touch(per_us: float):
    shape = preamble_shape(per_us)
    pulses = [0, shape.second, shape.third, shape.fourth]
    for place, t in zip(pulses, PULSES_US, strict=True):
        assert abs(place - t * per_us) <= 1
    assert shape.second + shape.width <= shape.first_gap
    assert shape.first_gap + 3 <= shape.third
    assert shape.fourth + shape.width <= shape.last_gap
    assert shape.last_gap + 5 <= 8 * per_us


@pytest.mark.parametrize("per_us", [2.0, 2.4])
def test_bits_are_those_of_one_decision_after_another(per_us: float):
    rng = np.random.default_rng(3)
    weights, places = phase_tables(per_us, 5)
    _, leaks = leaks_of(per_us)
    magnitude = rng.rayleigh(100, 400).astype(np.float32)
    reading, border = np.zeros(112, np.float32), np.zeros(112, np.float32)
    for phase in range(5):
        words = plain(read_bits)(magnitude, 3, weights, places, leaks, phase, 0, 56, 3, reading, border)
        for leak, word in zip(leaks, words, strict=True):
            previous, expected = 1, 0
            for bit in range(56):
                first = 3 + int(places[phase, bit])
                samples = magnitude[first : first + weights.shape[2]]
                value = float(weights[phase, bit] @ samples)
                share = float(leak) * float(magnitude[first] + magnitude[first - 1])
                previous = int(value + (share if previous else -share) > 0)
                expected |= previous << bit
            assert word == expected


def test_known_addresses_are_forgotten_and_make_room():
    known = np.full((8, 2), -1, np.int64)
    keep = 100
    assert plain(mark_known)(0x4D2023, 0, keep, known)
    assert not plain(mark_known)(0x4D2023, 50, keep, known)
    assert plain(is_known)(0x4D2023, 150, keep, known)
    assert not plain(is_known)(0x4D2023, 151, keep, known)
    for k in range(50):
        plain(mark_known)(k, 60 + k, keep, known)
    assert plain(is_known)(49, 110, keep, known)
    assert not plain(is_known)(0x4D2023, 110, keep, known)
