"""The Beast binary format, written; times survive by wall-clock markers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames
from skywitness.frames.clock import REBASE_NS, gps_time_ns, ticks_ns
from skywitness.frames.formats.stamps import COUNTER, EPOCH, GPS, STAMP_MASK, stamps_and_signals
from skywitness.kernel import kernel, scalar

__all__ = ["BeastWriter", "counted_ticks", "fill_beast_bytes"]

MOST_BYTES = 18 + 10 + 17 + 44  # station id, marker, its counter reading, frame: with every byte doubled

KNOWN, ANCHOR_NS, ANCHOR, LAST, NEWEST_NS = range(5)
RECEIVER_STATE = 5
CURRENT, STARTED, STREAM_NS = range(3)

NS_PER_MS = 1_000_000


@scalar
def counted_ticks(time_ns):
    """12 MHz ticks since 1970, rounded down: what a counter would show that was started then."""
    return time_ns // 250 * 3 + time_ns % 250 * 3 // 250


@scalar
def put(out, at, value):
    """Write a byte, doubled if it is the escape; return the next place."""
    out[at] = value
    if value == 0x1A:
        out[at + 1] = value
        return at + 2
    return at + 1


@scalar
def put_number(out, at, value, count):
    """Write the low `count` bytes, highest first."""
    for k in range(count):
        at = put(out, at, value >> (8 * (count - 1 - k)) & 0xFF)
    return at


@kernel
def fill_beast_bytes(
    stamp, timing, signal, receiver, time_ns, data, length, stations, markers, state, stream, out
):  # fmt: skip
    """Write frames as Beast messages, with station ids where the receiver changes and markers where time needs them.

    stamp     (n,)    int64
    timing    (n,)    uint8
    signal    (n,)    uint8
    receiver  (n,)    uint16
    time_ns   (n,)    int64
    data      (n, 14) uint8
    length    (n,)    uint8
    stations  (r,)    int64    station id of each receiver
    markers   int              1 to write wall-clock markers
    state     (r, 5)  int64    what a `Clock` that reads this knows of each receiver
    stream    (3,)    int64    receiver of the latest frame (-1 none), started, time of the latest frame
    out       (m,)    uint8    m at least n * MOST_BYTES
    return    bytes written
    """
    at = 0
    for i in range(len(stamp)):
        heard_by = int(receiver[i])
        now = time_ns[i]
        kind = int(timing[i])
        ticks = stamp[i]
        if kind == EPOCH and now != UNTIMED:
            ticks = counted_ticks(now) & STAMP_MASK
            kind = COUNTER
        if heard_by != stream[CURRENT]:
            if stream[CURRENT] >= 0 or stations[heard_by] != 0:
                out[at] = 0x1A
                out[at + 1] = 0xE3
                at = put_number(out, at + 2, stations[heard_by], 8)
            stream[CURRENT] = heard_by
        if markers and now != UNTIMED:
            expected = stream[STREAM_NS]
            known = stream[STARTED]
            if kind == COUNTER:
                known = state[heard_by, KNOWN]
                last = state[heard_by, LAST]
                reading = last + (((ticks - last + (1 << 47)) & STAMP_MASK) - (1 << 47))
                expected = state[heard_by, ANCHOR_NS] + ticks_ns(reading - state[heard_by, ANCHOR])
                state[heard_by, LAST] = reading
            elif kind == GPS:
                known = state[heard_by, KNOWN]
                expected = gps_time_ns(ticks, state[heard_by, NEWEST_NS])
            if not known or abs(expected - now) >= REBASE_NS:
                ms = now // NS_PER_MS
                out[at] = 0x1A
                out[at + 1] = 0xE8
                for k in range(8):
                    out[at + 2 + k] = ms >> (8 * k) & 0xFF
                at += 10
                if kind == COUNTER:
                    # The marker counts milliseconds; the counter's reading at it makes it exact.
                    past = ((now - ms * NS_PER_MS) * 6 + 250) // 500
                    out[at] = 0x1A
                    out[at + 1] = 0x31
                    at = put_number(out, at + 2, (ticks - past) & STAMP_MASK, 6)
                    out[at : at + 3] = 0
                    at += 3
                    state[heard_by, ANCHOR_NS] = now
                    state[heard_by, ANCHOR] = state[heard_by, LAST]
                state[heard_by, KNOWN] = 1
            state[heard_by, NEWEST_NS] = now
            stream[STARTED] = 1
            stream[STREAM_NS] = now
        out[at] = 0x1A
        out[at + 1] = 0x33 if length[i] == 14 else 0x32 if length[i] == 7 else 0x31
        at = put_number(out, at + 2, ticks, 6)
        at = put(out, at, signal[i])
        for k in range(int(length[i])):
            at = put(out, at, data[i, k])
    return at


class BeastWriter:
    """Fold from frames to bytes; the opposite of `BeastReader`.

    stations  station id (message E3) of each receiver, may grow between calls; a receiver without one gets its
              index, counted from the first one seen. A stream of the one receiver 0 has no station ids
    markers   write a wall-clock marker (E8) before the first frame of each receiver and wherever a reader's clock
              would be REBASE_NS wrong, so that times survive to the nanosecond if the first one is a whole
              microsecond, else to half a tick

    After a marker goes a Mode A/C frame of code 0 and level 0: the counter's reading at the marker. Frames that have
    an epoch and no counter get the counter of a receiver started in 1970.
    """

    def __init__(self, stations: Sequence[int] = (), *, markers: bool = True) -> None:
        self.stations = stations
        self.markers = markers
        self._state: I64 = np.zeros((0, RECEIVER_STATE), np.int64)
        self._stream: I64 = np.array([-1, 0, 0], np.int64)
        self._first = -1

    def write(self, frames: Frames) -> bytes:
        """Return the messages of these frames."""
        if not len(frames):
            return b""
        if self._first < 0:
            self._first = int(frames.receiver[0])
        receivers = max(int(frames.receiver.max()) + 1, len(self._state))
        more = np.zeros((receivers - len(self._state), RECEIVER_STATE), np.int64)
        self._state = np.concatenate([self._state, more])
        # Station 0 is what a reader calls the receiver of frames without a station id.
        stations = np.arange(receivers, dtype=np.int64) - self._first
        stations[: len(self.stations)] = self.stations[:receivers]
        stamp, signal = stamps_and_signals(frames)
        out = np.empty(len(frames) * MOST_BYTES, np.uint8)
        size = fill_beast_bytes(
            stamp, frames.timing, signal, frames.receiver, frames.time_ns, frames.data, frames.length,
            stations, int(self.markers), self._state, self._stream, out,
        )  # fmt: skip
        return out[:size].tobytes()
