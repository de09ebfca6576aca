"""Aircraft states made by chance, every field of them, for tests of what shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.positions.pairing import BLANK_PAIR
from skywitness.tracks.state import AIRCRAFT, BLANK_AIRCRAFT, FIELDS, NEVER, repeated

NOW_NS = 1_700_000_000_123_456_789
S = 1_000_000_000


def aircraft_from(count: int, seed: int = 1090) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return states and pairs; a quarter of each field is unknown, times lie up to 200 s back."""
    chance = np.random.default_rng(seed)
    states, pairs = repeated(BLANK_AIRCRAFT, count), np.repeat(BLANK_PAIR, count)

    def some(values: NDArray[Any], blank: float) -> NDArray[Any]:
        return np.where(chance.random(count) < 0.25, blank, values)

    limits = {
        "on_ground": 2, "nic": 12, "nac_p": 12, "nac_v": 5, "nic_a": 2, "nic_b": 2, "version": 3, "vertical_source": 2,
        "best_source": 6, "heading_is_magnetic": 2, "modes": 64, "emergency": 8, "nic_baro": 2, "sil": 4, "sil_type": 2,
        "gva": 4, "sda": 4, "alert": 2, "spi": 2, "squawk": 4096,
    }  # fmt: skip
    for name, dtype, _, blank in FIELDS:
        if name.endswith("_ns"):
            states[name] = np.where(chance.random(count) < 0.25, NEVER, NOW_NS - chance.integers(0, 200 * S, count))
        elif name in limits:
            states[name] = some(chance.integers(0, limits[name], count), blank)
        elif dtype is np.float32 and AIRCRAFT[name].shape == ():
            states[name] = some(np.round(chance.uniform(-100.0, 1000.0, count), 1), blank)
    states["seen_ns"] = NOW_NS - chance.integers(0, 90 * S, count)
    states["icao"] = chance.permutation(1 << 24)[:count]
    states["kind"] = chance.choice([0, 0, 0, 1, 2, 3], count)
    states["messages"] = chance.integers(1, 5, count) ** 9
    states["level"] = chance.integers(0, 256, (count, 8))
    states["category"] = some(0xA0 | chance.integers(0, 8, count), 255)
    characters = np.array([1, 26, 32, 48, 57])
    for k in range(8):
        states["callsign"] |= characters[chance.integers(0, 5, count)] << 6 * k
    states["callsign"] = some(states["callsign"], 0)
    pairs["place_ns"] = np.where(chance.random(count) < 0.25, NEVER, NOW_NS - chance.integers(0, 90 * S, count))
    pairs["lat_deg"] = np.round(chance.uniform(-90.0, 90.0, count), 6)
    pairs["lon_deg"] = np.round(chance.uniform(-180.0, 180.0, count), 6)
    pairs["source"] = chance.integers(0, 4, count)
    return states, pairs
