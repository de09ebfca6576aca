"""Counters made into time while they are heard."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skywitness.batches import UNTIMED, Frames
from skywitness.frames.formats.stamps import COUNTER, EPOCH, GPS, NONE
from skywitness.frames.live_clock import FAR_NS, LiveClock

S = 1_000_000_000
DAY_NS = 1_772_000_000 * S - 1_772_000_000 * S % (86_400 * S)


def heard(ticks, timing=COUNTER, receiver=0, time_ns=UNTIMED) -> Frames:
    """Frames with these stamps."""
    ticks = np.array(ticks, np.int64)
    rows = len(ticks)
    return dataclasses.replace(
        Frames.allocate(rows),
        ticks=ticks,
        timing=np.full(rows, timing, np.uint8),
        receiver=np.full(rows, receiver, np.uint16),
        time_ns=np.full(rows, time_ns, np.int64),
        data=np.zeros((rows, 14), np.uint8),
    )


def test_differences_come_from_the_counter_not_from_arrivals():
    clock = LiveClock()
    first = clock.push(heard([1000, 1012]), DAY_NS)
    later = clock.push(heard([1000 + 12_000_000]), DAY_NS + S + 40_000_000)  # 40 ms late
    assert first.time_ns.tolist() == [DAY_NS, DAY_NS]  # the second cannot have been heard after it arrived
    assert later.time_ns[0] == DAY_NS + S - 1000


def test_promptest_frames_set_the_clock():
    clock = LiveClock()
    clock.push(heard([0]), DAY_NS + 300_000_000)  # the first one came late
    prompt = clock.push(heard([12_000_000]), DAY_NS + S)
    assert prompt.time_ns[0] == DAY_NS + S
    assert clock.push(heard([24_000_000]), DAY_NS + 2 * S + 5_000_000).time_ns[0] == DAY_NS + 2 * S


def test_drift_is_followed():
    """A counter 50 ppm slow loses 180 ms an hour; stamps stay within 3 ms of the truth."""
    clock = LiveClock()
    worst = 0
    for second in range(3600):
        arrival = DAY_NS + second * S
        frames = clock.push(heard([int(second * 12_000_000 * (1 - 50e-6))]), arrival)
        worst = max(worst, arrival - int(frames.time_ns[0]))
    assert worst < 3_000_000


def test_rollover_goes_on():
    clock = LiveClock()
    top = (1 << 48) - 12_000
    clock.push(heard([top]), DAY_NS)
    assert clock.push(heard([0]), DAY_NS + S).time_ns[0] == DAY_NS + 1_000_000
    assert clock.jumps(0) == 0


def test_restart_is_confirmed_by_the_next_frame():
    clock = LiveClock()
    clock.push(heard([9_000_000_000]), DAY_NS)
    frames = clock.push(heard([77, 12_077]), DAY_NS + S)
    assert frames.time_ns.tolist() == [DAY_NS + S, DAY_NS + S]
    assert clock.jumps(0) == 1
    assert clock.push(heard([12_000_077]), DAY_NS + 2 * S).time_ns[0] <= DAY_NS + 2 * S


def test_one_garbled_stamp_moves_nothing():
    clock = LiveClock()
    clock.push(heard([0]), DAY_NS)
    frames = clock.push(heard([12_000_000, 5_000_000_000_000, 12_012_000]), DAY_NS + S)
    assert frames.time_ns.tolist()[::2] == [DAY_NS + S, DAY_NS + S]
    assert clock.jumps(0) == 0


def test_old_data_after_a_stall_keeps_its_time_until_it_is_too_old():
    clock = LiveClock()
    clock.push(heard([0]), DAY_NS)
    late = clock.push(heard([12_000_000]), DAY_NS + 4 * S)
    assert late.time_ns[0] == DAY_NS + S
    too_late = clock.push(heard([24_000_000]), DAY_NS + 8 * S)
    assert too_late.time_ns[0] == UNTIMED
    assert clock.is_quarantined(0)
    prompt = clock.push(heard([825 * 120_000]), DAY_NS + 8_250_000_000)
    assert prompt.time_ns[0] == DAY_NS + 8_250_000_000
    assert not clock.is_quarantined(0)


def test_a_counter_that_stays_far_off_is_taken_anew():
    clock = LiveClock()
    clock.push(heard([0]), DAY_NS)
    for second in range(1, 60):  # it runs at a tenth of its rate
        frames = clock.push(heard([second * 1_200_000]), DAY_NS + second * S)
    assert clock.jumps(0) >= 1
    assert frames.time_ns[0] == UNTIMED or abs(frames.time_ns[0] - DAY_NS - 59 * S) <= FAR_NS


def test_gps_stamps_are_believed_if_near():
    clock = LiveClock()
    arrival = DAY_NS + 3600 * S
    good, bad = (3599 << 30) + 950_000_000, (100 << 30) + 5
    frames = clock.push(heard([good, bad], GPS), arrival)
    assert frames.time_ns.tolist() == [DAY_NS + 3599 * S + 950_000_000, UNTIMED]
    assert clock.is_quarantined(0)


def test_epochs_are_believed_if_near():
    clock = LiveClock()
    assert clock.push(heard([-1], EPOCH, time_ns=DAY_NS - S), DAY_NS).time_ns[0] == DAY_NS - S
    for hostile in (DAY_NS - 60 * S, DAY_NS + 60 * S, np.iinfo(np.int64).max, np.iinfo(np.int64).min + 1):
        assert clock.push(heard([-1], EPOCH, time_ns=hostile), DAY_NS).time_ns[0] == UNTIMED


def test_without_a_stamp_it_is_the_arrival():
    assert LiveClock().push(heard([-1], NONE), DAY_NS).time_ns[0] == DAY_NS


@given(
    st.lists(
        st.tuples(
            st.integers(0, (1 << 48) - 1),
            st.sampled_from(range(7)),
            st.integers(0, 3),
            st.integers(np.iinfo(np.int64).min, np.iinfo(np.int64).max),
            st.integers(-10 * S, 1000 * S),
        ),
        max_size=40,
    )
)
def test_no_time_is_ever_farther_from_its_arrival_than_allowed(chunks):
    clock = LiveClock()
    for ticks, timing, receiver, given_ns, later in chunks:
        arrival = DAY_NS + later
        frames = clock.push(heard([ticks], timing, receiver, given_ns), arrival)
        assert frames.time_ns[0] == UNTIMED or abs(int(frames.time_ns[0]) - arrival) <= FAR_NS
