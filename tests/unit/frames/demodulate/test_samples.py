"""Magnitudes of samples."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.errors import ConfigError
from skywitness.frames.demodulate.samples import FULL_SCALE, SampleReader, decimation


def magnitudes(reader: SampleReader, raw: bytes) -> np.ndarray:
    values = reader.align(raw)
    out = np.empty(len(values) // reader.bytes_per_sample, np.float32)
    reader.fill(values, out)
    return out


@pytest.mark.parametrize("rate_hz", [2e6, 6e6])
def test_every_byte_pair(rate_hz: float):
    pairs = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).reshape(-1, 2).astype(np.uint8)
    pairs = pairs[: len(pairs) // 2 * 2]
    found = magnitudes(SampleReader("uc8", rate_hz), pairs.tobytes())
    complex_ = (pairs.astype(float) - 127.5) @ [1, 1j]
    expected = np.abs(complex_.reshape(-1, decimation(rate_hz)).mean(axis=1)) / 127.5 * FULL_SCALE
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=0.02)


@pytest.mark.parametrize(("name", "full_scale"), [("sc16", 32768), ("sc16q11", 2048)])
@pytest.mark.parametrize("rate_hz", [2.4e6, 10e6])
def test_sixteen_bits(name: str, full_scale: int, rate_hz: float):
    pairs = np.random.default_rng(1).integers(-32768, 32768, (4000, 2), np.int16)
    found = magnitudes(SampleReader(name, rate_hz), pairs.tobytes())
    complex_ = pairs.astype(float) @ [1, 1j]
    expected = np.abs(complex_.reshape(-1, decimation(rate_hz)).mean(axis=1)) / full_scale * FULL_SCALE
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1.0)


def test_bytes_wait_for_their_sample():
    reader = SampleReader("sc16", 2.4e6)
    assert len(reader.align(b"\x01\x02\x03")) == 0
    assert reader.waiting == 3
    assert bytes(reader.align(b"\x04\x05")) == b"\x01\x02\x03\x04"
    assert reader.waiting == 1


def test_high_rates_are_brought_down_to_between_2_4_and_4_8():
    for rate_hz in (4.8e6, 6e6, 8e6, 10e6, 12e6, 20e6, 60e6):
        assert 2.4e6 <= rate_hz / decimation(rate_hz) < 4.8e6
    assert decimation(2e6) == decimation(4.79e6) == 1


@pytest.mark.parametrize(("name", "rate_hz"), [("uc8", 1.9e6), ("uc8", 1e9), ("sc8", 2e6), ("uc8", float("nan"))])
def test_what_cannot_be_read_is_refused(name: str, rate_hz: float):
    with pytest.raises(ConfigError):
        SampleReader(name, rate_hz)
