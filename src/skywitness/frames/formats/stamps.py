"""What the six stamp bytes and the signal byte of the Beast family mean; the same in Beast, AVR and hex tables."""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import F32, I64, TIMINGS, U8, Frames
from skywitness.kernel import kernel, scalar

__all__ = [
    "COUNTER",
    "DBFS",
    "EPOCH",
    "GPS",
    "NONE",
    "NO_TIMING",
    "STAMP_MASK",
    "fill_stamps",
    "is_gps",
    "stamps_and_signals",
    "timing_of",
]

NONE = TIMINGS.index("none")
COUNTER = TIMINGS.index("counter_12mhz")
GPS = TIMINGS.index("gps_ns")
EPOCH = TIMINGS.index("epoch")
MLAT_RESULT = TIMINGS.index("mlat_result")
UAT_DERIVED = TIMINGS.index("uat_derived")
DO_NOT_FORWARD = TIMINGS.index("do_not_forward")

STAMP_MASK = (1 << 48) - 1
MLAT_STAMP = 0xFF004D4C4154  # "MLAT" in ASCII after FF 00
UAT_STAMP = 0xFF004D4C4155
LAST_MLAT_STAMP = MLAT_STAMP + 10  # seen from the field: producers count up from the first one
DO_NOT_FORWARD_STAMP = 0xFF004D4C4160
NO_TIMING = STAMP_MASK

DBFS: F32 = np.array([math.nan] + [20.0 * math.log10(s / 255.0) for s in range(1, 256)], np.float32)
"""Level of each signal byte s: power is (s / 255)^2 of full scale; 0 says nothing."""

STAMPS: I64 = np.array([NO_TIMING, 0, 0, NO_TIMING, MLAT_STAMP, UAT_STAMP, DO_NOT_FORWARD_STAMP], np.int64)
"""The stamp written for each of TIMINGS; a counter is written as it is."""

GPS_LEAST_GAP = 50_000
"""A frame lasts 64 us or more, so stamps that count nanoseconds are never nearer than that to each other; a 12 MHz
counter moves by 768 in that time."""
GPS_LEAST_FRAMES = 200


@scalar
def timing_of(stamp, counter):
    """Index into TIMINGS of a 48-bit stamp; `counter` is what it is if it is none of the special ones."""
    if stamp < MLAT_STAMP:
        return counter
    if stamp == NO_TIMING:
        return NONE
    if stamp == UAT_STAMP:
        return UAT_DERIVED
    if stamp <= LAST_MLAT_STAMP:
        return MLAT_RESULT
    if stamp == DO_NOT_FORWARD_STAMP:
        return DO_NOT_FORWARD
    return counter


@kernel
def fill_stamps(ticks, timing, signal_dbfs, stamps, levels, out_stamp, out_signal):
    """Turn columns back into what goes on the wire.

    ticks        (n,)   int64
    timing       (n,)   uint8
    signal_dbfs  (n,)   float32
    stamps       (7,)   int64     stamp of each of TIMINGS that has no counter
    levels       (256,) float32   level of each signal byte, rising from byte 1
    out_stamp    (n,)   int64     48 bits
    out_signal   (n,)   uint8     nearest byte; 0 for NaN
    """
    for i in range(len(ticks)):
        if ticks[i] >= 0:
            out_stamp[i] = ticks[i] & STAMP_MASK
        else:
            out_stamp[i] = stamps[timing[i]]
        level = signal_dbfs[i]
        if level != level:
            out_signal[i] = 0
            continue
        low = 1
        high = 255
        while low < high:  # first byte whose level is not below
            middle = (low + high) >> 1
            if levels[middle] < level:
                low = middle + 1
            else:
                high = middle
        if low > 1 and level - levels[low - 1] < levels[low] - level:
            low -= 1
        out_signal[i] = low


def stamps_and_signals(frames: Frames) -> tuple[I64, U8]:
    """48-bit stamp and signal byte of each frame."""
    stamp = np.empty(len(frames), np.int64)
    signal = np.empty(len(frames), np.uint8)
    fill_stamps(frames.ticks, frames.timing, frames.signal_dbfs, STAMPS, DBFS, stamp, signal)
    return stamp, signal


def is_gps(frames: Frames) -> bool:
    """Guess from the first frames of one receiver whether its stamps are nanoseconds of the day, not a 12 MHz counter.

    Nothing in the stream says so. Nanoseconds leave 30 bits that never reach 10^9, a second of the day below 86,400,
    and never two stamps nearer than a frame lasts; 200 frames of a 12 MHz counter always break one of these.
    """
    ticks = frames.ticks[(frames.timing == COUNTER) | (frames.timing == GPS)]
    if len(ticks) < GPS_LEAST_FRAMES:
        return False
    valid = bool(((ticks >> 30) <= 86_400).all() and ((ticks & 0x3FFFFFFF) < 1_000_000_000).all())
    gaps = np.diff(ticks)
    return valid and int(gaps.min()) != int(gaps.max()) and bool((np.abs(gaps) >= GPS_LEAST_GAP).all())
