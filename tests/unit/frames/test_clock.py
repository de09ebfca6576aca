"""Counters into time: bases, roll-over, restarts, silence, midnight."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from skywitness.batches import TIMINGS, UNTIMED, Frames
from skywitness.frames.clock import REBASE_NS, Clock, gps_time_ns
from skywitness.frames.formats.stamps import is_gps
from skywitness.kernel import plain

COUNTER, GPS, EPOCH, MLAT, NONE = (
    TIMINGS.index(name) for name in ("counter_12mhz", "gps_ns", "epoch", "mlat_result", "none")
)
S = 1_000_000_000
HZ = 12_000_000
BASE = 1_700_000_000 * S


def times(
    rows: list[tuple[int, int] | tuple[int, int, int]], timing: int = COUNTER, clock: Clock | None = None
) -> list[int]:
    """Times of (ticks, receiver, epoch) rows."""
    frames = Frames.allocate(len(rows))
    for i, row in enumerate(rows):
        frames.ticks[i], frames.receiver[i] = row[:2]
        frames.time_ns[i] = row[2] if len(row) > 2 else UNTIMED
    frames.timing[:] = timing
    return (clock or Clock(BASE)).push(frames).time_ns.tolist()


def test_a_tick_is_exactly_a_twelve_millionth_of_a_second():
    assert times([(5, 0), (6, 0), (7, 0), (8, 0), (5 + 12, 0)]) == [
        BASE,
        BASE + 83,
        BASE + 166,
        BASE + 250,
        BASE + 1000,
    ]


def test_without_any_base_time_counts_from_1970_and_the_clock_says_so():
    clock = Clock()
    assert times([(100, 0), (100 + HZ, 0)], clock=clock) == [0, S]
    assert clock.untimed_base
    times([(100 + 2 * HZ, 0, BASE)], clock=clock)
    assert not clock.untimed_base
    assert not Clock(0).untimed_base


def test_the_counter_rolls_over_after_48_bits():
    assert times([((1 << 48) - HZ, 0), (HZ, 0)]) == [BASE, BASE + 2 * S]


def test_a_late_frame_goes_back_a_little():
    assert times([(100 * HZ, 0), (99 * HZ, 0), (101 * HZ, 0)]) == [BASE, BASE - S, BASE + S]


def test_a_restart_goes_on_where_time_was():
    rows = [(10_000 * HZ, 0), (10_001 * HZ, 0), (3 * HZ, 0), (4 * HZ, 0), (5 * HZ, 0)]
    assert times(rows) == [BASE, BASE + S, BASE + S, BASE + 2 * S, BASE + 3 * S]


def test_one_wrong_stamp_harms_no_other_frame():
    for wrong in (1 << 47, 3, 200_000 * HZ, 40_000 * HZ):
        rows = [(30_000 * HZ, 0), (30_001 * HZ, 0), (wrong, 0), (30_002 * HZ, 0), (30_003 * HZ, 0)]
        found = times(rows)
        assert found[:2] + found[3:] == [BASE, BASE + S, BASE + 2 * S, BASE + 3 * S]


def test_a_silence_of_hours_is_believed_when_the_next_frame_confirms_it():
    rows = [(HZ, 0), (HZ + 7200 * HZ, 0), (HZ + 7201 * HZ, 0)]
    assert times(rows) == [BASE, BASE + 7200 * S, BASE + 7201 * S]


def test_an_epoch_fixes_the_base_and_jitter_of_later_ones_does_nothing():
    rows = [(0, 0, BASE), (HZ, 0, BASE + S + 30_000_000), (2 * HZ, 0, BASE + 2 * S - 400_000_000)]
    assert times(rows, clock=Clock(5)) == [BASE, BASE + S, BASE + 2 * S]


def test_an_epoch_far_off_moves_the_base():
    rows = [(0, 0, BASE), (HZ, 0, BASE + S + REBASE_NS), (2 * HZ, 0)]
    assert times(rows) == [BASE, BASE + S + REBASE_NS, BASE + 2 * S + REBASE_NS]


def test_each_receiver_has_its_own_counter():
    rows = [(7, 0), (HZ + 7, 0), (900 * HZ, 2), (2 * HZ + 7, 0), (901 * HZ, 2)]
    assert times(rows) == [BASE, BASE + S, BASE + S, BASE + 2 * S, BASE + 2 * S]


def test_frames_without_a_counter_take_the_time_of_the_stream():
    clock = Clock(BASE)
    times([(0, 0), (HZ, 0)], clock=clock)
    assert times([(-1, 0), (-1, 1)], timing=MLAT, clock=clock) == [BASE + S] * 2
    assert times([(-1, 0), (-1, 0)], timing=NONE) == [BASE] * 2


def test_an_epoch_without_counter_is_taken_as_it_is():
    assert times([(-1, 0, BASE + 7), (-1, 0, BASE + 3)], timing=EPOCH) == [BASE + 7, BASE + 3]


def stamp(seconds: float, ns: int = 0) -> int:
    return int(seconds) << 30 | ns


def test_gps_stamps_pass_midnight():
    day = datetime.datetime(2024, 6, 6, tzinfo=datetime.UTC)
    start = int(day.timestamp()) * S + 86_390 * S
    rows = [(stamp(86_391, 5), 0), (stamp(86_399, 999_999_999), 0), (stamp(1, 7), 0), (stamp(86_399, 1), 0)]
    midnight = int(day.timestamp()) * S + 86_400 * S
    assert times(rows, GPS, Clock(start)) == [midnight - 9 * S + 5, midnight - 1, midnight + S + 7, midnight - S + 1]


def test_gps_stamps_without_a_day_count_from_1970():
    clock = Clock()
    assert times([(stamp(80_000), 0), (stamp(80_001), 0)], GPS, clock) == [80_000 * S, 80_001 * S]
    assert clock.untimed_base


@pytest.mark.parametrize("wrong", [stamp(86_401), stamp(5, S), (1 << 48) - 1])
def test_what_is_no_gps_stamp_is_no_time(wrong: int):
    assert plain(gps_time_ns)(wrong, BASE) == UNTIMED
    assert times([(stamp(80_000), 0), (wrong, 0)], GPS)[1] == times([(stamp(80_000), 0)], GPS)[0]


@pytest.mark.parametrize("rate", [20, 300, 3000])
def test_kinds_of_stamps_are_told_apart(rate: int):
    rng = np.random.default_rng(12)
    gaps = np.maximum(rng.exponential(S / rate, 2000), 64_000).astype(np.int64)
    ns = 40_000 * S + np.cumsum(gaps)
    frames = Frames.allocate(len(ns))
    frames.timing[:] = COUNTER
    frames.ticks[:] = ns // S << 30 | ns % S
    assert is_gps(frames)
    for start in (0, 10**12, 7 * 10**13):
        frames.ticks[:] = start + ns * 3 // 250
        assert not is_gps(frames)
