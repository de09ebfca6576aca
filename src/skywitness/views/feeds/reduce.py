"""Which messages go out: each transmission once, good ones alone, and thinned for those who pay for every byte."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, STATUSES, TIMINGS, UNTIMED, Frames, Messages
from skywitness.pipeline import Output
from skywitness.units import NS_PER_S

__all__ = ["Reducer", "forwarded", "message_kind", "without_counters"]

REPAIRED = STATUSES.index("repaired")
NONE = TIMINGS.index("none")
COUNTER = TIMINGS.index("counter_12mhz")
GPS = TIMINGS.index("gps_ns")
EPOCH = TIMINGS.index("epoch")
MLAT_RESULT = TIMINGS.index("mlat_result")
DO_NOT_FORWARD = TIMINGS.index("do_not_forward")

SQUITTER = (17, 18)
COMM_B = (20, 21)

TABLE_BITS = 18
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: spreads keys that differ in few bits


def forwarded(output: Output, *, duplicates: bool = False, mlat: bool = False) -> Output:
    """Return what others may get: accepted and repaired messages, the latter with their bit put right.

    duplicates  every reception, not only the first one of a transmission
    mlat        results of multilateration too

    What its sender marked as not to be forwarded never is.
    """
    messages, timing = output.messages, output.frames.timing
    good = (messages.status <= REPAIRED) & (timing != DO_NOT_FORWARD)
    if not duplicates:
        good &= messages.transmission == messages.parent
    if not mlat:
        good &= timing != MLAT_RESULT
    rows = np.flatnonzero(good)
    frames, messages = output.frames.take(rows), messages.take(rows)
    wrong = np.flatnonzero(messages.repaired_bit)
    if len(wrong):
        bit = messages.repaired_bit[wrong].astype(np.int64) - 1
        frames.data[wrong, bit >> 3] ^= (0x80 >> (bit & 7)).astype(np.uint8)
        messages = dataclasses.replace(messages, repaired_bit=np.zeros(len(rows), np.uint8))
    return Output(frames, messages, output.positions)


def without_counters(frames: Frames) -> Frames:
    """Take away the receivers' counters and levels: from them and known places follows where an antenna stands.

    A time made of a counter would tell the same, so that the stamp says "no timing".
    """
    counted = (frames.timing == COUNTER) | (frames.timing == GPS) | (frames.timing == EPOCH)
    timing = np.where(counted, np.uint8(NONE), frames.timing)
    level = np.full(len(frames), np.nan, np.float32)
    return dataclasses.replace(frames, ticks=np.full(len(frames), -1, np.int64), timing=timing, signal_dbfs=level)


def message_kind(frames: Frames, messages: Messages) -> I64:
    """Number of what a message says: of one number and aircraft, the newest one makes the older ones useless.

    An even and an odd position are two kinds, for both are needed to place the aircraft, and so are the subtypes of
    velocity and status messages and the registers of Comm-B replies.
    """
    df = messages.df.astype(np.int64)
    typecode = messages.typecode.astype(np.int64)
    first = frames.data[:, 4].astype(np.int64)
    is_squitter = np.isin(messages.df, SQUITTER)
    is_position = (typecode >= 5) & (typecode <= 22) & (typecode != 19)
    is_odd = (frames.data[:, 6] >> 2 & 1).astype(np.int64)
    subtype = np.where(typecode <= 4, 0, first & 7)
    detail = np.where(is_position, 1 + is_odd, typecode << 3 | subtype)
    detail = np.where(is_squitter, detail, 0)
    detail = np.where(np.isin(messages.df, COMM_B), messages.bds, detail)
    kind: I64 = df << 8 | detail & 0xFF
    return kind


class Reducer:
    """Lets one message of a kind and aircraft through in each interval.

    Intervals are those of the data's time, and begin at another moment for each aircraft, so that nothing comes in
    bursts. What has gone out is remembered in a table of fixed size; where two keys meet in it a message too many
    goes out, never one too few.

    interval_s  length of the interval
    """

    def __init__(self, interval_s: float) -> None:
        self.interval_ns = max(int(interval_s * NS_PER_S), 1)
        self._sent: NDArray[np.uint64] = np.zeros(1 << TABLE_BITS, np.uint64)
        self._first: I64 = np.zeros(1 << TABLE_BITS, np.int64)

    def push(self, frames: Frames, messages: Messages, now_ns: int) -> I64:
        """Return the rows that go out, in order.

        now_ns  time of rows that have none
        """
        if not len(frames):
            return np.zeros(0, np.int64)
        address = messages.icao.astype(np.uint64) | messages.address_kind.astype(np.uint64) << np.uint64(24)
        key = address << np.uint64(16) | message_kind(frames, messages).astype(np.uint64)
        phase = ((key * MIX) >> np.uint64(34)).astype(np.int64) % self.interval_ns
        time_ns = np.where(frames.time_ns == UNTIMED, now_ns, frames.time_ns)
        interval = ((time_ns + phase) // self.interval_ns).astype(np.uint64)
        tag = (key * MIX) ^ (interval * np.uint64(0xD1B54A32D192ED03))
        place = ((tag * MIX) >> np.uint64(64 - TABLE_BITS)).astype(np.int64)
        rows = np.flatnonzero(self._sent[place] != tag)
        tag, place = tag[rows], place[rows]
        self._first[place[::-1]] = np.arange(len(rows))[::-1]  # of rows at one place, the first one is written last
        first = self._first[place]
        goes = (first == np.arange(len(rows))) | (tag[first] != tag)
        self._sent[place[goes]] = tag[goes]
        kept: I64 = rows[goes]
        return kept
