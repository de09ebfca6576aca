"""Tables of frames in hex, read and written: a line is an epoch and a frame, in any order of columns met so far.

`epoch,8D406B90…,406B90,19` · `epoch,406B90,A00015B7…` · `epoch,1a33…` with a whole Beast frame, not escaped, so with
stamp and level · `8D406B90…` alone or as `*8D406B90…;`. The epoch is seconds since 1970-01-01 UTC and is read as a
decimal number, never as a float. Quotes, spaces, CR and a byte-order mark are passed over; `#` begins a comment.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, UNTIMED, Frames
from skywitness.frames.formats.avr import HEX_DIGIT, HEX_TEXT, put_hex
from skywitness.frames.formats.stamps import (
    COUNTER,
    DBFS,
    EPOCH,
    GPS,
    NONE,
    stamps_and_signals,
    timing_of,
)  # fmt: skip
from skywitness.kernel import kernel, scalar

__all__ = ["LONGEST_LINE", "HexCsvReader", "HexCsvWriter", "fill_csv_bytes", "fill_csv_frames"]

LONGEST_LINE = 512
"""Longer lines are no frames: what is kept of an unfinished line is bounded."""

SHORTEST_LINE = 5  # four digits of Mode A/C and a line's end

ROW, SKIPPING, CONSUMED, NO_FRAME, BAD_TIME, TOO_LONG, COMMENT, SKIPPED = range(8)
COUNTED = {"no_frame": NO_FRAME, "bad_time": BAD_TIME, "too_long": TOO_LONG, "comment": COMMENT, "skipped": SKIPPED}
STATE_SIZE = 8

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NEWLINE, RETURN, COMMA, SEMICOLON, TAB, HASH, QUOTE, SPACE, STAR, DOT = 10, 13, 44, 59, 9, 35, 34, 32, 42, 46

NO_DIGITS = -1  # a field that is no decimal number
LARGEST_S = 9_223_372_035


@scalar
def decimal_ns(stream, start, stop):
    """Nanoseconds of a decimal number of seconds, digits beyond the ninth dropped; NO_DIGITS if it is none.

    stream  (m,) uint8
    """
    whole = 0
    fraction = 0
    weight = 1_000_000_000
    digits = 0
    after_dot = False
    for p in range(start, stop):
        value = int(stream[p])
        if value == DOT and not after_dot:
            after_dot = True
        elif 48 <= value <= 57:
            digits += 1
            if not after_dot:
                whole = whole * 10 + (value - 48)
                if whole > LARGEST_S:
                    return NO_DIGITS
            elif weight > 1:
                weight //= 10
                fraction += (value - 48) * weight
        else:
            return NO_DIGITS
    return whole * 1_000_000_000 + fraction if digits > 0 else NO_DIGITS


@scalar
def count_hex(stream, start, stop):
    """How many characters, if all are hex digits; else 0."""
    for p in range(start, stop):
        if HEX_DIGIT[stream[p]] > 15:
            return 0
    return stop - start


@kernel
def fill_csv_frames(
    stream, end, counter, receiver, levels, state,
    out_id, out_time_ns, out_ticks, out_timing, out_receiver, out_signal_dbfs, out_length, out_data,
):  # fmt: skip
    """Read frames out of lines; stops where the last line is not complete.

    The frame is the first field of 14 or 28 hex digits, or of a Beast frame's 22, 32 or 46 (Mode A/C alone: 4 digits,
    in the last field). If it is not the first field, that one is the epoch.

    stream    (m,)    uint8
    end       int              bytes that are valid
    counter   int              timing of the stamps, index into TIMINGS
    receiver  int
    levels    (256,)  float32  see DBFS
    state     (8,)    int64    row, passing over a long line, bytes used, counts
    out_*     (n,)             columns of Frames, data all zeros; n is enough for `end` bytes
    return    number of frames
    """
    p = 0
    n = 0
    while p < end:
        stop = p
        while stop < end and stream[stop] != NEWLINE:
            stop += 1
        if state[SKIPPING] or stop - p > LONGEST_LINE:
            if not state[SKIPPING]:
                state[TOO_LONG] += 1
            state[SKIPPED] += stop - p
            state[SKIPPING] = stop >= end
            p = stop + 1 if stop < end else end
            continue
        if stop >= end:
            break
        start = p
        p = stop + 1
        while stop > start and (stream[stop - 1] == RETURN or stream[stop - 1] == SPACE):
            stop -= 1
        if stop == start:
            continue
        if stream[start] == HASH:
            state[COMMENT] += 1
            continue
        epoch = UNTIMED
        bad_time = False
        found = False
        column = 0
        q = start
        while q < stop and not found:
            r = q
            while (
                r < stop and stream[r] != COMMA and stream[r] != TAB and (stream[r] != SEMICOLON or stream[q] == STAR)
            ):
                r += 1
            a = q
            b = r
            while a < b and (stream[a] == QUOTE or stream[a] == SPACE or stream[a] == STAR):
                a += 1
            while b > a and (stream[b - 1] == QUOTE or stream[b - 1] == SPACE or stream[b - 1] == SEMICOLON):
                b -= 1
            digits = b - a
            is_beast = digits in (22, 32, 46) and stream[a] == 49 and (stream[a + 1] == 97 or stream[a + 1] == 65)
            is_frame = digits in (14, 28) or (digits == 4 and r == stop)
            if (is_beast or is_frame) and count_hex(stream, a, b) > 0:
                at = a
                level = 0
                timing = NONE if epoch == UNTIMED else EPOCH
                ticks = -1
                if is_beast:
                    kind = HEX_DIGIT[stream[a + 2]] << 4 | HEX_DIGIT[stream[a + 3]]
                    if kind != (0x31 if digits == 22 else 0x32 if digits == 32 else 0x33):
                        break
                    stamp = 0
                    for k in range(a + 4, a + 16):
                        stamp = stamp << 4 | HEX_DIGIT[stream[k]]
                    kind = timing_of(stamp, counter)
                    if kind != NONE:
                        timing = kind
                    if kind == counter:
                        ticks = stamp
                    level = HEX_DIGIT[stream[a + 16]] << 4 | HEX_DIGIT[stream[a + 17]]
                    at = a + 18
                length = (b - at) >> 1
                for k in range(length):
                    out_data[n, k] = HEX_DIGIT[stream[at + 2 * k]] << 4 | HEX_DIGIT[stream[at + 2 * k + 1]]
                out_id[n] = state[ROW]
                out_time_ns[n] = epoch
                out_ticks[n] = ticks
                out_timing[n] = timing
                out_receiver[n] = receiver
                out_signal_dbfs[n] = levels[level]
                out_length[n] = length
                found = True
            elif column == 0:
                ns = decimal_ns(stream, a, b)
                bad_time = ns == NO_DIGITS
                epoch = UNTIMED if bad_time else ns
            column += 1
            q = r + 1
        if found and not bad_time:
            state[ROW] += 1
            n += 1
        else:
            if found:
                state[BAD_TIME] += 1
                for k in range(14):
                    out_data[n, k] = 0
            else:
                state[NO_FRAME] += 1
            state[SKIPPED] += p - start
    state[CONSUMED] = p
    return n


class HexCsvReader:
    """Fold from lines of text to frames; any cutting of the text gives the same rows.

    receiver  index of the receiver
    segment   index of the input in the run; ids count from segment << 32
    gps       the stamps of Beast frames are nanoseconds of the UTC day, not a 12 MHz counter

    `time_ns` is the epoch of the line; where the frame has a counter too, a `Clock` uses the epoch as its base only.
    """

    def __init__(self, receiver: int = 0, segment: int = 0, *, gps: bool = False) -> None:
        self.receiver = receiver
        self.counter = GPS if gps else COUNTER
        self.counts: dict[str, int] = {}
        """Lines that are no frame, by reason; `skipped` counts bytes."""
        self.bytes_read = 0
        self._state: I64 = np.zeros(STATE_SIZE, np.int64)
        self._state[ROW] = segment << 32
        self._rest = b""
        self._at_start = True

    def push(self, chunk: bytes | bytearray | memoryview) -> Frames:
        """Return the frames of the lines that are complete so far."""
        self.bytes_read += len(chunk)
        text = self._rest + bytes(chunk)
        if self._at_start:
            if len(text) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(text):
                self._rest = text
                return Frames.empty()
            text = text.removeprefix(BYTE_ORDER_MARK)
            self._at_start = False
        stream = np.frombuffer(bytearray(text), np.uint8) if text else np.empty(0, np.uint8)
        out = Frames.allocate(len(stream) // SHORTEST_LINE + 1)
        out.data[:] = 0
        rows = fill_csv_frames(
            stream, len(stream), self.counter, self.receiver, DBFS, self._state,
            out.id, out.time_ns, out.ticks, out.timing, out.receiver, out.signal_dbfs, out.length, out.data,
        )  # fmt: skip
        self._rest = stream[int(self._state[CONSUMED]) :].tobytes()
        for reason, place in COUNTED.items():
            if count := int(self._state[place]):
                self.counts[reason] = self.counts.get(reason, 0) + count
                self._state[place] = 0
        return out.slice(0, rows)

    def flush(self) -> Frames:
        """Read a last line that has no end."""
        self._at_start = False
        if not self._rest:
            return Frames.empty()
        self.bytes_read -= 1
        return self.push(b"\n")


@kernel
def fill_csv_bytes(stamp, timing, signal, time_ns, has_base, data, length, text, out):
    """Write frames as lines: epoch with nine decimals, and the frame, with stamp and level where it has them.

    stamp     (n,)    int64
    timing    (n,)    uint8
    signal    (n,)    uint8
    time_ns   (n,)    int64
    has_base  int              0 to leave the epoch out
    data      (n, 14) uint8
    length    (n,)    uint8
    text      (16,)   uint8    the hex digits
    out       (m,)    uint8    m at least 72 n
    return    bytes written
    """
    at = 0
    for i in range(len(stamp)):
        if has_base and time_ns[i] != UNTIMED and time_ns[i] >= 0:
            seconds = time_ns[i] // 1_000_000_000
            nanoseconds = time_ns[i] % 1_000_000_000
            digits = 1
            power = 10
            while power <= seconds:
                digits += 1
                power *= 10
            for k in range(digits):
                out[at + digits - 1 - k] = 48 + seconds % 10
                seconds //= 10
            at += digits
            out[at] = DOT
            for k in range(9):
                out[at + 9 - k] = 48 + nanoseconds % 10
                nanoseconds //= 10
            at += 10
            out[at] = COMMA
            at += 1
        if signal[i] != 0 or (timing[i] != EPOCH and timing[i] != NONE):
            kind = 0x1A33 if length[i] == 14 else 0x1A32 if length[i] == 7 else 0x1A31
            at = put_hex(out, at, kind, 4, text)
            at = put_hex(out, at, stamp[i], 12, text)
            at = put_hex(out, at, int(signal[i]), 2, text)
        for k in range(int(length[i])):
            at = put_hex(out, at, int(data[i, k]), 2, text)
        out[at] = NEWLINE
        at += 1
    return at


class HexCsvWriter:
    """From frames to lines `epoch,frame`; see `fill_csv_bytes`. Receivers are not kept.

    has_base  False where times count from 1970 for want of a base: then the lines have no epoch
    """

    def __init__(self, has_base: bool = True) -> None:
        self.has_base = has_base

    def write(self, frames: Frames) -> bytes:
        """Return the lines of these frames."""
        stamp, signal = stamps_and_signals(frames)
        out = np.empty(len(frames) * 72, np.uint8)
        size = fill_csv_bytes(
            stamp, frames.timing, signal, frames.time_ns, int(self.has_base), frames.data, frames.length, HEX_TEXT, out
        )  # fmt: skip
        return out[:size].tobytes()
