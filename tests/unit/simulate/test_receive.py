"""Receivers: time of arrival, horizon, range, clocks, and faults in the measure asked for."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.batches import Frames
from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.geo.wgs84 import earth_centred_m
from skywitness.simulate.receive import horizon_m
from skywitness.simulate.simulate import Simulation, simulate
from skywitness.units import LIGHT_MPS

WORLD = """
[scenario]
duration_s = 20
seed = 11
[[fleet]]
count = 60
area = [46.0, 2.0, 54.0, 14.0]
seed = 5
altitude_ft = [2000.0, 12000.0]
"""

QUIET = "fading_db = 0.0\nleast_dbfs = -200.0\nrange_km = 2000.0\n"


def listen(*receivers: str) -> Simulation:
    heads = [f'[[receiver]]\nname = "r{k}"\nlat_deg = 50.0\nlon_deg = 8.0\n' for k in range(len(receivers))]
    return simulate(WORLD + "".join(head + text + "\n" for head, text in zip(heads, receivers, strict=True)))


def syndrome(frames: Frames, row: int) -> int:
    function = syndrome_long if frames.length[row] == 14 else syndrome_short
    return int(function.py_func(frames.data[row]))


def test_arrival_is_emission_plus_the_way_to_the_nanosecond() -> None:
    world = listen(QUIET + 'clock = "gps"')
    frames, truth = world.frames("r0"), world.truth.take(world.transmissions("r0"))
    assert len(frames) > 500
    here = np.array(earth_centred_m.py_func(50.0, 8.0, 20.0))
    for row in range(0, len(frames), 17):
        place = (truth.lat_deg[row], truth.lon_deg[row], float(truth.altitude_geom_ft[row]) * 0.3048)
        distance = float(np.linalg.norm(np.array(earth_centred_m.py_func(*place)) - here))
        # Truth is rounded to 1e-6 degree, 0.1 m, 0.4 ns.
        assert frames.time_ns[row] - truth.time_ns[row] == pytest.approx(distance / LIGHT_MPS * 1e9, abs=1)
    day_ns = frames.time_ns % 86_400_000_000_000
    assert (frames.ticks == day_ns // 10**9 << 30 | day_ns % 10**9).all()


def test_it_hears_all_within_the_horizon_and_nobody_beyond() -> None:
    world = listen(QUIET)
    heard = set(world.transmissions(0).tolist())
    truth = world.truth
    here = np.array(earth_centred_m.py_func(50.0, 8.0, 20.0))
    beyond = 0
    for row in range(0, len(truth), 13):
        height_m = float(truth.altitude_geom_ft[row]) * 0.3048
        place = np.array(earth_centred_m.py_func(truth.lat_deg[row], truth.lon_deg[row], height_m))
        visible = np.linalg.norm(place - here) < horizon_m(15.0, height_m)
        beyond += not visible
        assert (row in heard) == visible
    assert beyond > 20
    assert 0 < len(heard) < len(truth)


def test_range_and_level_bound_what_is_heard() -> None:
    world = listen(QUIET, QUIET.replace("2000.0", "100.0"), "fading_db = 0.0\nleast_dbfs = -30.0\n")
    everything, near, loud = (world.frames(k) for k in range(3))
    assert 0 < len(near) < len(everything)
    assert 0 < len(loud) < len(everything)
    assert loud.signal_dbfs.min() >= -30.0
    # Free space: -12 dBFS at 10 km, so -32 at 100 km.
    delay_ns = near.time_ns - world.truth.time_ns[world.transmissions(1)]
    expected = -12.0 - 20.0 * np.log10(delay_ns * LIGHT_MPS / 1e9 / 10_000.0)
    assert np.abs(near.signal_dbfs - expected).max() < 0.05  # the counter's step is 25 m


def test_the_horizon_is_that_of_a_larger_earth() -> None:
    assert horizon_m(0.0, 10_000.0) == pytest.approx(412_000, rel=0.001)
    assert horizon_m(-5.0, 0.0) == 0.0


def test_a_counter_drifts_and_rolls_over() -> None:
    world = listen(QUIET, QUIET + f"drift_ppm = 10.0\ncounter_start = {(1 << 48) - 1000}")
    good, bad = world.frames(0), world.frames(1)
    assert (good.data == bad.data).all()
    assert (good.timing == 1).all()
    elapsed = (good.time_ns - world.scenario.start_ns) / 1e9
    assert (np.abs(bad.time_ns - good.time_ns - elapsed * 10_000) < 200).all()
    assert (bad.ticks < 1 << 48).all()
    counted = (bad.ticks - ((1 << 48) - 1000)) % (1 << 48)
    assert (np.abs(counted - good.ticks * 1.00001) < 3).all()


def test_faults_come_in_the_measure_asked_for() -> None:
    world = listen(
        QUIET, QUIET + "loss = 0.2", QUIET + "garble = 0.1", QUIET + "bit_error = 0.1", QUIET + "noise_hz = 50"
    )
    clean, lossy, garbled, flipped, noisy = (world.frames(k) for k in range(5))
    count = len(clean)
    spread = 4 * np.sqrt(count * 0.2)
    assert len(lossy) == pytest.approx(0.8 * count, abs=spread)
    assert len(garbled) == len(flipped) == count
    assert (garbled.data != clean.data).any(axis=1).sum() == pytest.approx(0.1 * count, abs=spread)
    wrong = np.unpackbits(flipped.data ^ clean.data, axis=1).sum(axis=1)
    assert wrong.max() == 1
    assert wrong.sum() == pytest.approx(0.1 * count, abs=spread)
    assert len(noisy) - count == pytest.approx(1000, abs=150)
    assert (world.transmissions(4) < 0).sum() == len(noisy) - count


def test_every_clean_frame_has_the_sender_in_its_parity() -> None:
    world = listen(QUIET)
    frames, truth = world.frames(), world.truth.take(world.transmissions())
    for row in range(0, len(frames), 11):
        df = frames.data[row, 0] >> 3
        expected = 0 if df in (11, 17, 18) else truth.icao[row]
        assert syndrome(frames, row) == expected


def test_an_unknown_receiver_is_named() -> None:
    with pytest.raises(Exception, match="there is no receiver 'x', only r0"):
        listen(QUIET).frames("x")
