"""Receivers' counters made into time: a fold that never asks a clock.

The rule. A counter is trusted for differences, what the file says of the time of day (an epoch beside the frame, a
wall-clock marker before it, `start_ns`) for the base. The first frame of a receiver that has an epoch fixes its base;
later epochs only move it when they are REBASE_NS or more off, so jitter of arrival stamps never gets into the times.
A receiver without an epoch begins at the time of the frame before it; the first one at `start_ns`, or at 1970-01-01
if that is not given either (`untimed_base`). Frames without a counter take their epoch, or the time of the frame
before them. Nothing depends on how the stream is cut into batches.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames
from skywitness.frames.formats.stamps import COUNTER, GPS, STAMP_MASK
from skywitness.kernel import kernel, scalar
from skywitness.units import CLOCK_12MHZ_HZ, NS_PER_S

__all__ = ["NS_PER_DAY", "REBASE_NS", "Clock", "fill_times", "gps_time_ns", "next_reading", "ticks_ns"]

REBASE_NS = 500_000_000
"""Far above the jitter of arrival stamps, far below what position pairing would notice."""

NS_PER_DAY = 86_400 * NS_PER_S

HALF = 1 << 47
BACK = -10 * CLOCK_12MHZ_HZ  # aggregators deliver late frames; a counter that falls farther has restarted
AHEAD = 3600 * CLOCK_12MHZ_HZ  # a longer silence must be confirmed by the next frame, and a jump over a day
DAY_TICKS = 86_400 * CLOCK_12MHZ_HZ  # is no silence

KNOWN, ANCHOR_NS, ANCHOR, LAST, SUSPECT, SUSPECTED, NEWEST_NS = range(7)
"""Of a receiver: has a base; time and unwrapped counter of the base; latest counter; the one that did not fit."""
RECEIVER_STATE = 7

STARTED, STREAM_NS, DATED = range(3)


@scalar
def ticks_ns(ticks):
    """Nanoseconds of a number of 12 MHz ticks, rounded down: 250 / 3 exactly."""
    return (ticks * 250) // 3


@scalar
def gps_time_ns(stamp, near_ns):
    """Time of a stamp that holds seconds of the day in 18 bits and nanoseconds in 30; UNTIMED if it cannot be one.

    near_ns  time known to be within half a day of it
    """
    seconds = stamp >> 30
    ns = stamp & 0x3FFFFFFF
    if seconds > 86_400 or ns >= 1_000_000_000:
        return UNTIMED
    time = near_ns // NS_PER_DAY * NS_PER_DAY + seconds * 1_000_000_000 + ns
    if time - near_ns > NS_PER_DAY // 2:
        time -= NS_PER_DAY
    elif near_ns - time > NS_PER_DAY // 2:
        time += NS_PER_DAY
    return time


@scalar
def next_reading(delta, given_ns, base_ns, state):
    """Time of a counter reading that does not simply continue the one before.

    delta    ticks since the latest reading, signed
    given_ns epoch of the frame; UNTIMED if there is none
    base_ns  where a receiver without a base begins
    state    (7,) int64    of the receiver, see KNOWN
    """
    reading = state[LAST] + delta
    predicted = state[ANCHOR_NS] + ticks_ns(reading - state[ANCHOR])
    if given_ns != UNTIMED or not state[KNOWN]:
        if state[KNOWN] and abs(given_ns - predicted) < REBASE_NS:
            state[LAST] = reading
            return predicted
        state[KNOWN] = 1
        state[ANCHOR_NS] = given_ns if given_ns != UNTIMED else base_ns
        state[ANCHOR] = reading
        state[LAST] = reading
        state[SUSPECTED] = 0
        return state[ANCHOR_NS]
    if BACK <= delta <= AHEAD:
        state[LAST] = reading
        return predicted
    latest_ns = state[ANCHOR_NS] + ticks_ns(state[LAST] - state[ANCHOR])
    if state[SUSPECTED] and BACK <= reading - state[SUSPECT] <= AHEAD:
        # The second reading in a row of a new kind: the counter did restart, or the silence was that long.
        silence = state[SUSPECT] - state[LAST]
        if silence < BACK or silence > DAY_TICKS:
            state[ANCHOR_NS] = latest_ns
            state[ANCHOR] = state[SUSPECT]
        state[LAST] = reading
        state[SUSPECTED] = 0
        return state[ANCHOR_NS] + ticks_ns(reading - state[ANCHOR])
    state[SUSPECT] = reading
    state[SUSPECTED] = 1
    return predicted if AHEAD < delta <= DAY_TICKS else latest_ns


@kernel
def fill_times(base_ns, gps_base_ns, ticks, timing, receiver, given_ns, state, stream, out_time_ns):
    """Time of each reception.

    base_ns      int              of the first frame, if the data do not say
    gps_base_ns  int              time within half a day of the first GPS stamp, if the data do not say
    ticks        (n,)   int64     48 bits as sent
    timing       (n,)   uint8     see TIMINGS
    receiver     (n,)   uint16
    given_ns     (n,)   int64     epoch or marker that came with the frame; UNTIMED if none
    state        (r, 7) int64     per receiver, see KNOWN
    stream       (3,)   int64     started, time of the latest frame of any receiver, any epoch seen
    out_time_ns  (n,)   int64
    """
    started = stream[STARTED]
    latest_ns = stream[STREAM_NS]
    current = -1
    known = anchor_ns = anchor = last = 0
    for i in range(len(ticks)):
        heard_by = int(receiver[i])
        given = given_ns[i]
        if timing[i] == COUNTER:
            if heard_by != current:
                if current >= 0:
                    state[current, LAST] = last
                current = heard_by
                known = state[current, KNOWN]
                anchor_ns = state[current, ANCHOR_NS]
                anchor = state[current, ANCHOR]
                last = state[current, LAST]
            delta = ((ticks[i] - last + HALF) & STAMP_MASK) - HALF
            if known and given == UNTIMED and BACK <= delta <= AHEAD:
                last += delta
                latest_ns = anchor_ns + ticks_ns(last - anchor)
            else:
                state[current, LAST] = last
                base = latest_ns if started else base_ns
                latest_ns = next_reading(delta, given, base, state[current])
                known = state[current, KNOWN]
                anchor_ns = state[current, ANCHOR_NS]
                anchor = state[current, ANCHOR]
                last = state[current, LAST]
        else:
            if not started:
                latest_ns = base_ns
            time = given
            if timing[i] == GPS:
                near = given
                if given == UNTIMED:
                    near = state[heard_by, NEWEST_NS]
                    if not state[heard_by, KNOWN]:
                        near = latest_ns if started else gps_base_ns
                stamped = gps_time_ns(ticks[i], near)
                if stamped != UNTIMED:
                    time = stamped
                    state[heard_by, KNOWN] = 1
                    state[heard_by, NEWEST_NS] = stamped
            if time != UNTIMED:
                latest_ns = time
        if given != UNTIMED:
            stream[DATED] = 1
        started = 1
        out_time_ns[i] = latest_ns
    if current >= 0:
        state[current, LAST] = last
    stream[STARTED] = started
    stream[STREAM_NS] = latest_ns


class Clock:
    """Fold from frames whose `time_ns` is what the file said (UNTIMED where it did not) to frames with times.

    start_ns  time of the first frame, used only where the data do not tell one
    """

    def __init__(self, start_ns: int | None = None) -> None:
        self.start_ns = start_ns
        self.state: I64 = np.zeros((1, RECEIVER_STATE), np.int64)
        self.stream: I64 = np.zeros(3, np.int64)

    @property
    def untimed_base(self) -> bool:
        """Whether times count from 1970 because neither the data nor the caller has said when it was."""
        return self.start_ns is None and not self.stream[DATED]

    def push(self, frames: Frames) -> Frames:
        """Return the same frames with `time_ns` filled in."""
        if not len(frames):
            return frames
        receivers = int(frames.receiver.max()) + 1
        if receivers > len(self.state):
            more = np.zeros((receivers - len(self.state), RECEIVER_STATE), np.int64)
            self.state = np.concatenate([self.state, more])
        base_ns = self.start_ns or 0
        gps_base_ns = NS_PER_DAY // 2 if self.start_ns is None else self.start_ns
        time_ns = np.empty(len(frames), np.int64)
        fill_times(
            base_ns, gps_base_ns, frames.ticks, frames.timing, frames.receiver, frames.time_ns,
            self.state, self.stream, time_ns,
        )  # fmt: skip
        return frames.replaced(time_ns=time_ns)
