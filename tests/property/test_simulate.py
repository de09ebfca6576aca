"""The same scenario gives the same frames, however many seconds a window has."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.batches import Frames, Positions
from skywitness.simulate.simulate import simulate

WORLD = """
[scenario]
duration_s = 13
seed = {seed}
[[receiver]]
name = "counter"
lat_deg = 50.0
lon_deg = 8.0
drift_ppm = 3.0
jitter_ns = 40.0
loss = 0.1
garble = 0.05
bit_error = 0.05
noise_hz = 20.0
[[receiver]]
name = "gps"
lat_deg = 50.5
lon_deg = 9.0
clock = "gps"
[[fleet]]
count = 25
area = [49.0, 7.0, 51.0, 10.0]
[[aircraft]]
icao = "3c0001"
equipment = "adsr"
gnss_error_m = 300.0
via = [[50.0, 8.0, 9000, 250], [51.0, 8.0]]
change = [{{ at_s = 4.5, squawk = "7700", nic = 2 }}]
spoof = [{{ at_s = 6, until_s = 9, north_km = 30.0 }}]
advisory = [{{ at_s = 3, until_s = 8, threat = "3c0002" }}]
"""

EVERYONE_HEARD = """
[scenario]
duration_s = 200
[[fleet]]
count = 10
area = [49.0, 7.0, 51.0, 10.0]
mode_s = 0.0
adsb0 = 0.0
[[receiver]]
name = "r"
lat_deg = 50.0
lon_deg = 8.0
least_dbfs = -200.0
range_km = 9999.0
mast_m = 5000.0
"""


@pytest.mark.parametrize("seconds", [1, 2, 5, 13])
def test_windows_do_not_change_what_is_heard(seconds: int) -> None:
    world = simulate(WORLD.format(seed=4))
    parts = list(world.windows(seconds))
    assert len(parts) == -(-13 // seconds)
    assert Positions.concat(part.truth for part in parts).same_as(world.truth)
    for receiver in range(2):
        assert Frames.concat(part.frames[receiver] for part in parts).same_as(world.frames(receiver))
        numbers = np.concatenate([part.transmissions[receiver] for part in parts])
        assert (numbers == world.transmissions(receiver)).all()


def test_the_seed_decides() -> None:
    first, same, other = (simulate(WORLD.format(seed=seed)).frames() for seed in (4, 4, 5))
    assert first.same_as(same)
    assert not first.same_as(other)


def test_rates_are_those_of_the_standard() -> None:
    frames = simulate(EVERYONE_HEARD).frames()
    long = frames.data[frames.data[:, 0] >> 3 == 17]
    typecode = long[:, 4] >> 3
    for codes, rate in ([9, 18], 2.0), ([19, 19], 2.0), ([1, 4], 0.2), ([29, 29], 0.8), ([31, 31], 0.4):
        count = ((typecode >= codes[0]) & (typecode <= codes[1])).sum()
        assert count == pytest.approx(10 * 200 * rate, abs=20), codes
    odd = long[(typecode >= 9) & (typecode <= 18)][:, 6] >> 2 & 1
    assert odd.mean() == pytest.approx(0.5, abs=0.01)
