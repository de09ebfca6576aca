"""AVR text, read and written: one frame in hex digits a line, in five spellings.

`*` hex `;`  bare · `:` the same · `@` 12 digits of stamp, hex · `<` stamp, two digits of level, hex · `%` stamp, hex of
a frame whose parity was good; its stamp is not to be used. After `;` some receivers put more, which is passed over.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, U8, UNTIMED, Frames
from skywitness.errors import ConfigError
from skywitness.frames.formats.beast_writer import counted_ticks
from skywitness.frames.formats.stamps import (
    COUNTER,
    DBFS,
    EPOCH,
    GPS,
    NONE,
    STAMP_MASK,
    stamps_and_signals,
    timing_of,
)  # fmt: skip
from skywitness.kernel import kernel, scalar

__all__ = ["HEX_DIGIT", "HEX_TEXT", "AvrReader", "AvrWriter", "fill_avr_bytes", "fill_avr_frames", "put_hex"]

PREFIXES = "*:@<%"
HEAD_DIGITS: U8 = np.full(256, 255, np.uint8)
"""Digits before the frame's own for each prefix; 255 for what is no prefix."""
for _prefix, _digits in zip(PREFIXES, (0, 0, 12, 14, 12), strict=True):
    HEAD_DIGITS[ord(_prefix)] = _digits

HEX_DIGIT: I64 = np.full(256, 255, np.int64)
"""Value of each hex digit, in either case; 255 for other characters. Signed, as all numbers in kernels are."""
for _value in range(16):
    HEX_DIGIT[[ord(f"{_value:x}"), ord(f"{_value:X}")]] = _value

HEX_TEXT: U8 = np.frombuffer(bytearray(b"0123456789ABCDEF"), np.uint8)

MOST_DIGITS = 14 + 28
SHORTEST_LINE = 6  # "*0000;"

ROW, SKIPPING, CONSUMED, SKIPPED, BAD_HEX, BAD_LENGTH, HEARTBEAT, LINES = range(8)
COUNTED = {"skipped": SKIPPED, "bad_hex": BAD_HEX, "bad_length": BAD_LENGTH, "heartbeat": HEARTBEAT}
STATE_SIZE = 8

NEWLINE, RETURN, SEMICOLON, SPACE, TAB = 10, 13, 59, 32, 9
IN_TAIL, IN_REJECT = 1, 2  # why the rest of a line is passed over


@kernel
def fill_avr_frames(
    stream, end, counter, receiver, levels, state,
    out_id, out_time_ns, out_ticks, out_timing, out_receiver, out_signal_dbfs, out_length, out_data,
):  # fmt: skip
    """Read frames out of text; stops where the last line is not complete.

    stream    (m,)    uint8
    end       int              bytes that are valid
    counter   int              timing of the stamps, index into TIMINGS
    receiver  int
    levels    (256,)  float32  see DBFS
    state     (8,)    int64    row, what of a line is being passed over, bytes used, counts
    out_*     (n,)             columns of Frames, data all zeros; n is enough for `end` bytes
    return    number of frames
    """
    p = 0
    n = 0
    skipping = state[SKIPPING]
    while p < end:
        value = int(stream[p])
        if skipping != 0:
            # After a good frame another may follow on the line; after a bad one only a new line is trusted.
            if value in (NEWLINE, RETURN):
                skipping = 0
                p += 1
                continue
            if skipping == IN_REJECT or HEAD_DIGITS[value] == 255:
                state[SKIPPED] += skipping == IN_REJECT
                p += 1
                continue
            skipping = 0
        if value in (NEWLINE, RETURN, SPACE, TAB):
            p += 1
            continue
        head = int(HEAD_DIGITS[value])
        if head == 255:
            state[BAD_HEX] += 1
            state[SKIPPED] += 1
            skipping = IN_REJECT
            p += 1
            continue
        q = p + 1
        while q < end and q - p - 1 <= MOST_DIGITS and HEX_DIGIT[stream[q]] < 16:
            q += 1
        if q >= end:
            break
        digits = q - p - 1 - head
        length = digits >> 1
        if stream[q] != SEMICOLON or digits not in (4, 14, 28):
            if stream[q] == SEMICOLON:
                state[BAD_LENGTH] += 1
            else:
                state[BAD_HEX] += 1
            state[SKIPPED] += q - p
            skipping = IN_REJECT
            p = q
            continue
        first = p + 1 + head
        for k in range(length):
            out_data[n, k] = HEX_DIGIT[stream[first + 2 * k]] << 4 | HEX_DIGIT[stream[first + 2 * k + 1]]
        skipping = IN_TAIL
        prefix = value
        start = p + 1
        p = q + 1
        if head == 0 and length == 2 and out_data[n, 0] == 0 and out_data[n, 1] == 0:
            state[HEARTBEAT] += 1
            continue
        timing = NONE
        if prefix == 64 or prefix == 60:  # @ <
            stamp = 0
            for k in range(start, start + 12):
                stamp = stamp << 4 | HEX_DIGIT[stream[k]]
            timing = timing_of(stamp, counter)
            out_ticks[n] = stamp if timing == counter else -1
        else:
            out_ticks[n] = -1
        level = 0
        if prefix == 60:
            level = HEX_DIGIT[stream[start + 12]] << 4 | HEX_DIGIT[stream[start + 13]]
        out_id[n] = state[ROW]
        out_time_ns[n] = UNTIMED
        out_timing[n] = timing
        out_receiver[n] = receiver
        out_signal_dbfs[n] = levels[level]
        out_length[n] = length
        state[ROW] += 1
        n += 1
    state[SKIPPING] = skipping
    state[CONSUMED] = p
    return n


class AvrReader:
    """Fold from AVR text to frames; any cutting of the text gives the same rows.

    receiver  index of the receiver
    segment   index of the input in the run; ids count from segment << 32
    gps       the stamps are nanoseconds of the UTC day, not a 12 MHz counter

    Text after a frame's semicolon (level, quality and pulse counter of some receivers) is passed over.
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

    def push(self, chunk: bytes | bytearray | memoryview) -> Frames:
        """Return the frames that the text so far completes."""
        self.bytes_read += len(chunk)
        stream = np.empty(len(self._rest) + len(chunk), np.uint8)
        stream[: len(self._rest)] = np.frombuffer(self._rest, np.uint8)
        stream[len(self._rest) :] = np.frombuffer(chunk, np.uint8)
        out = Frames.allocate(len(stream) // SHORTEST_LINE + 1)
        out.data[:] = 0
        rows = fill_avr_frames(
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
        """Give up a frame that is not complete at the end of the text; it counts as `unfinished` bytes."""
        if self._rest:
            self.counts["unfinished"] = self.counts.get("unfinished", 0) + len(self._rest)
            self._rest = b""
        return Frames.empty()


@scalar
def put_hex(out, at, value, digits, text):
    """Write a number as hex digits, highest first (text: (16,) uint8); return the next place."""
    for k in range(digits):
        out[at + k] = text[value >> (4 * (digits - 1 - k)) & 15]
    return at + digits


@kernel
def fill_avr_bytes(prefix, stamp, timing, time_ns, signal, data, length, text, out):
    """Write frames as lines.

    prefix   int               character code
    stamp    (n,)    int64
    timing   (n,)    uint8
    time_ns  (n,)    int64
    signal   (n,)    uint8
    data     (n, 14) uint8
    length   (n,)    uint8
    text     (16,)   uint8     the hex digits
    out      (m,)    uint8     m at least 45 n
    return   bytes written
    """
    at = 0
    for i in range(len(stamp)):
        ticks = stamp[i]
        if timing[i] == EPOCH and time_ns[i] != UNTIMED:
            ticks = counted_ticks(time_ns[i]) & STAMP_MASK
        out[at] = prefix
        at += 1
        if HEAD_DIGITS[prefix] >= 12:
            at = put_hex(out, at, ticks, 12, text)
        if HEAD_DIGITS[prefix] == 14:
            at = put_hex(out, at, int(signal[i]), 2, text)
        for k in range(int(length[i])):
            at = put_hex(out, at, int(data[i, k]), 2, text)
        out[at] = SEMICOLON
        out[at + 1] = NEWLINE
        at += 2
    return at


class AvrWriter:
    """From frames to AVR text.

    prefix  one of `*:@<%`; `<` keeps stamps and levels, `@` stamps, the others neither

    AVR has no time of day and no receivers: a reader needs to be told when it began. Frames that have an epoch and no
    counter get the counter of a receiver started in 1970.
    """

    def __init__(self, prefix: str = "<") -> None:
        if len(prefix) != 1 or prefix not in PREFIXES:
            raise ConfigError(f"{prefix!r} is no AVR prefix", hint=f"It is one of {' '.join(PREFIXES)}")
        self.prefix = ord(prefix)

    def write(self, frames: Frames) -> bytes:
        """Return the lines of these frames."""
        stamp, signal = stamps_and_signals(frames)
        out = np.empty(len(frames) * (MOST_DIGITS + 3), np.uint8)
        size = fill_avr_bytes(
            self.prefix, stamp, frames.timing, frames.time_ns, signal, frames.data, frames.length, HEX_TEXT, out
        )  # fmt: skip
        return out[:size].tobytes()
