"""Receivers' counters made into UTC while they are heard: arrival stamps give the time, counters give the differences.

The rule. The first frame of a counter is taken to have been heard when it arrived. From then on a frame cannot have
been heard after it arrived, so one that would be moves the clock back at once; and every CALM_NS the clock moves
forward by what the promptest frame of that time was late, at most SLEW of it, which follows a quartz that drifts and
forgets a start on a busy network. A counter that does not go on where it was (it restarted, or jumped) is taken
anew, if the next frame confirms it. A frame whose time is then still more than FAR_NS from its arrival is kept and
its time is not known: its receiver is quarantined until they agree again,
or until LOST_NS have passed, after which the counter is taken anew.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames
from skywitness.frames.clock import gps_time_ns, ticks_ns
from skywitness.frames.formats.stamps import COUNTER, GPS, STAMP_MASK
from skywitness.kernel import kernel
from skywitness.units import CLOCK_12MHZ_HZ, NS_PER_S

__all__ = ["FAR_NS", "LiveClock", "fill_live_times"]

FAR_NS = 5 * NS_PER_S
CALM_NS = 10 * NS_PER_S
SLEW_PPM = 200  # twice what the crystals of this field drift
AHEAD_NS = NS_PER_S // 2  # counters do not run this far ahead of arrivals between two chunks: it jumped
BACK_TICKS = CLOCK_12MHZ_HZ // 100  # frames come in order to within a few milliseconds
LOST_NS = 30 * NS_PER_S  # as long as the stamps were far off: then what they count is taken anew

HALF = 1 << 47

KNOWN, ANCHOR_NS, ANCHOR, LAST, LEAST_LATE_NS, CALM_SINCE_NS, JUMPS, FAR, LATE_NS, SUSPECT, FAR_SINCE_NS = range(11)
"""Of a receiver: has a base; time and unwrapped counter of the base; latest counter; least lateness since; jumps so
far; frames that were far off; lateness of the newest frame; counter that did not fit (-1 none); since when far off."""
RECEIVER_STATE = 11


@kernel
def fill_live_times(arrival_ns, ticks, timing, receiver, given_ns, state, out_time_ns):
    """Time of each reception of one chunk.

    arrival_ns   int              of the chunk
    ticks        (n,)    int64    48 bits as sent
    timing       (n,)    uint8    see TIMINGS
    receiver     (n,)    uint16
    given_ns     (n,)    int64    epoch that came with the frame; UNTIMED if none
    state        (r, 11) int64    per receiver, see KNOWN
    out_time_ns  (n,)    int64    UNTIMED where it cannot be told
    """
    for i in range(len(ticks)):
        heard_by = int(receiver[i])
        if timing[i] == COUNTER:
            if not state[heard_by, KNOWN]:
                state[heard_by, KNOWN] = 1
                state[heard_by, ANCHOR_NS] = arrival_ns
                state[heard_by, ANCHOR] = ticks[i]
                state[heard_by, LAST] = ticks[i]
                state[heard_by, LEAST_LATE_NS] = FAR_NS
                state[heard_by, CALM_SINCE_NS] = arrival_ns
                state[heard_by, SUSPECT] = -1
            last = state[heard_by, LAST]
            delta = ((ticks[i] - last + HALF) & STAMP_MASK) - HALF
            reading = last + delta
            time = state[heard_by, ANCHOR_NS] + ticks_ns(reading - state[heard_by, ANCHOR])
            late = arrival_ns - time
            if delta < -BACK_TICKS or late < -AHEAD_NS:
                suspect = state[heard_by, SUSPECT]
                again = ((ticks[i] - suspect + HALF) & STAMP_MASK) - HALF
                if suspect >= 0 and -BACK_TICKS <= again <= CLOCK_12MHZ_HZ * 10:
                    state[heard_by, ANCHOR_NS] = arrival_ns
                    state[heard_by, ANCHOR] = ticks[i]
                    state[heard_by, LAST] = ticks[i]
                    state[heard_by, LEAST_LATE_NS] = FAR_NS
                    state[heard_by, CALM_SINCE_NS] = arrival_ns
                    state[heard_by, JUMPS] += 1
                    state[heard_by, SUSPECT] = -1
                else:
                    state[heard_by, SUSPECT] = ticks[i]
                out_time_ns[i] = arrival_ns
                continue
            state[heard_by, LAST] = reading
            state[heard_by, SUSPECT] = -1
            if late < 0:
                state[heard_by, ANCHOR_NS] += late
                time = arrival_ns
                late = 0
            state[heard_by, LEAST_LATE_NS] = min(state[heard_by, LEAST_LATE_NS], late)
        elif timing[i] == GPS:
            time = gps_time_ns(ticks[i], arrival_ns)
            if time == UNTIMED:
                out_time_ns[i] = UNTIMED
                state[heard_by, FAR] += 1
                continue
            late = arrival_ns - time
        elif given_ns[i] != UNTIMED:
            time = given_ns[i]
            # Subtracting a hostile epoch must not wrap round.
            late = arrival_ns - min(max(time, arrival_ns - 2 * LOST_NS), arrival_ns + 2 * LOST_NS)
        else:
            out_time_ns[i] = arrival_ns
            continue
        state[heard_by, LATE_NS] = late
        if abs(late) > FAR_NS:
            state[heard_by, FAR] += 1
            if state[heard_by, FAR_SINCE_NS] == 0:
                state[heard_by, FAR_SINCE_NS] = arrival_ns
            elif arrival_ns - state[heard_by, FAR_SINCE_NS] > LOST_NS and timing[i] == COUNTER:
                state[heard_by, KNOWN] = 0  # a counter far off for so long no longer counts what it did
                state[heard_by, JUMPS] += 1
                state[heard_by, FAR_SINCE_NS] = 0
            out_time_ns[i] = UNTIMED
            continue
        state[heard_by, FAR_SINCE_NS] = 0
        out_time_ns[i] = time
    for r in range(len(state)):
        calm = arrival_ns - state[r, CALM_SINCE_NS]
        if state[r, KNOWN] and calm >= CALM_NS:
            least = state[r, LEAST_LATE_NS]
            if least < FAR_NS:
                state[r, ANCHOR_NS] += min(least, calm // 1_000_000 * SLEW_PPM)
            state[r, CALM_SINCE_NS] = arrival_ns
            state[r, LEAST_LATE_NS] = FAR_NS


class LiveClock:
    """Fold over the chunks of one connection, which may carry several receivers."""

    def __init__(self) -> None:
        self.state: I64 = np.zeros((1, RECEIVER_STATE), np.int64)

    def push(self, frames: Frames, arrival_ns: int) -> Frames:
        """Return the frames with their times.

        arrival_ns  when their bytes came in, UTC
        """
        if not len(frames):
            return frames
        receivers = int(frames.receiver.max()) + 1
        if receivers > len(self.state):
            more = np.zeros((receivers - len(self.state), RECEIVER_STATE), np.int64)
            self.state = np.concatenate([self.state, more])
        time_ns = np.empty(len(frames), np.int64)
        fill_live_times(
            arrival_ns, frames.ticks, frames.timing, frames.receiver, frames.time_ns, self.state, time_ns
        )  # fmt: skip
        return frames.replaced(time_ns=time_ns)

    def jumps(self, receiver: int) -> int:
        """How often the receiver's counter did not go on where it was."""
        return int(self.state[receiver, JUMPS]) if receiver < len(self.state) else 0

    def late_ns(self, receiver: int) -> int:
        """How long before its arrival the newest frame was heard, by its own stamp."""
        return int(self.state[receiver, LATE_NS]) if receiver < len(self.state) else 0

    def is_quarantined(self, receiver: int) -> bool:
        """Whether the receiver's stamps are too far from its arrivals to be believed."""
        return receiver < len(self.state) and bool(self.state[receiver, FAR_SINCE_NS])
