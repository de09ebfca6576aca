"""The Beast binary format, read: frames as receivers and aggregators send them over a network or into a file.

A message is 0x1A, a type, and a body in which each 0x1A is doubled. Types 1, 2 and 3 are frames of 2, 7 and 14 bytes
after six bytes of stamp and one of level; the others say something about the stream.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from skywitness.batches import FRAME_BYTES, I64, U8, UNTIMED, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.stamps import COUNTER, DBFS, GPS, STAMP_MASK, timing_of
from skywitness.kernel import kernel, scalar

__all__ = ["BeastReader", "Place", "fill_beast_frames"]

ESCAPE = 0x1A
MODE_AC, SHORT, LONG, STATUS, POSITION = 0x31, 0x32, 0x33, 0x34, 0x35
STATION, UUID, WALL_CLOCK = 0xE3, 0xE4, 0xE8
PING, REQUEST = 0x50, 0x57  # 'P' and 'W'

BODY_BYTES: U8 = np.zeros(256, np.uint8)
"""Bytes after the type, not counting doubled ones; 0 for what is no type."""
BODY_BYTES[[MODE_AC, SHORT, LONG, STATUS, POSITION, STATION, UUID, WALL_CLOCK, PING, REQUEST]] = (
    9, 14, 21, 21, 21, 8, 36, 8, 3, 1,
)  # fmt: skip

LONGEST = 2 + 2 * 21  # bytes of the longest message, every byte of its body doubled
PADDING = 32  # the kernel looks at whole words, past the end of short messages
SHORTEST_FRAME = 11
PROXY_LONGEST = 107  # PROXY protocol version 1, 2.1: the longest line, with its CR LF

ONES = 0x0101010101010101
HIGHS = -0x7F7F7F7F7F7F7F80  # 0x80 in each byte
ESCAPES = 0x1A1A1A1A1A1A1A1A
LOW_7, LOW_6, LOW_5, LOW_1 = (1 << 56) - 1, (1 << 48) - 1, (1 << 40) - 1, 0xFF

SECOND_WORD: I64 = np.array([LOW_1, LOW_6, -1], np.int64)  # which bytes of body words 2 and 3
THIRD_WORD: I64 = np.array([0, 0, LOW_5], np.int64)  # belong to a frame of type 1, 2, 3
FIRST_DATA: I64 = np.array([0xFFFF, LOW_7, -1], np.int64)  # bytes 0-7 and 6-13 of the frame
LAST_DATA: I64 = np.array([0, 0, -1], np.int64)  # byte 6 of a short one is in the first word
FRAME_LENGTHS: I64 = np.array([2, 7, 14], np.int64)

STATE = ("row", "receiver", "hint_ns", "marker_ns", "marker_ticks", "skipped", "cut_short", "unknown_type",
         "heartbeat", "status", "ping", "request", "bad_marker", "consumed", "stopped_by", "marker")  # fmt: skip
ROW, RECEIVER, HINT, MARKER_NS, MARKER_TICKS, SKIPPED, CUT_SHORT, UNKNOWN_TYPE, HEARTBEAT, STATUSES_SEEN, PINGS = range(
    11
)
REQUESTS, BAD_MARKER, CONSUMED, STOPPED_BY, MARKERS = range(11, 16)

COUNTED = ("skipped", "cut_short", "unknown_type", "heartbeat", "status", "ping", "request", "bad_marker", "marker")
"""Of STATE, what a reader's `counts` tell (with "position", "station" and "uuid")."""
COUNTED_AT = tuple((name, STATE.index(name)) for name in COUNTED)

MARKER_LIMIT_MS = 9_000_000_000_000  # beyond, nanoseconds do not fit 64 bits


@scalar
def swapped(word):
    """A 64-bit word with its bytes in the opposite order."""
    return (
        (word & 0xFF) << 56
        | (word >> 8 & 0xFF) << 48
        | (word >> 16 & 0xFF) << 40
        | (word >> 24 & 0xFF) << 32
        | (word >> 32 & 0xFF) << 24
        | (word >> 40 & 0xFF) << 16
        | (word >> 48 & 0xFF) << 8
        | (word >> 56 & 0xFF)
    )


@scalar
def has_escape(word):
    """Non-zero if one of the eight bytes is 0x1A."""
    x = word ^ ESCAPES
    return (x - ONES) & ~x & HIGHS


@scalar
def unescape(stream, start, end, count, body):
    """Copy `count` bytes without their doubling.

    stream  (m,)  uint8
    body    (40,) uint8    the bytes found
    return  place after the last one; -1 if the stream ends before; -2 - p if another message begins at p
    """
    p = start
    for k in range(count):
        if p >= end:
            return -1
        value = stream[p]
        if value == ESCAPE:
            if p + 1 >= end:
                return -1
            if stream[p + 1] != ESCAPE:
                return -2 - p
            p += 1
        body[k] = value
        p += 1
    return p


@kernel
def fill_beast_frames(
    stream, words, end, counter, stations, levels, state, body, body_words,
    out_id, out_time_ns, out_ticks, out_timing, out_receiver, out_signal_dbfs, out_length, out_data_words,
):  # fmt: skip
    """Cut frames out of a stream; stops at a message that is not about frames, and where the stream ends.

    The body of a frame is first tested for 0x1A as three words; only if there is one it is copied byte by byte.

    stream           (m,)   uint8      at least PADDING bytes more than `end`
    words            (m-7,) int64      the same memory: the eight bytes from each place on
    end              int               bytes that are valid
    counter          int               timing of the stamps, index into TIMINGS
    stations         (s, 2) int64      open-addressed, station id and receiver (-1 free); s a power of two
    levels           (256,) float32    see DBFS
    state            (16,)  int64      see STATE; row is the id of the next frame
    body             (40,)  uint8      scratch
    body_words       (33,)  int64      the same memory
    out_*            (n,)              columns of Frames; n is enough for `end` bytes
    out_data_words   (n, 2) int64      the memory of the column data: its bytes 0-7 and 6-13
    return           number of frames
    """
    p = state[CONSUMED]
    row = state[ROW]
    receiver = state[RECEIVER]
    hint = state[HINT]
    n = 0
    state[STOPPED_BY] = 0
    while p < end:
        if stream[p] != ESCAPE:
            start = p
            while p < end and stream[p] != ESCAPE:
                p += 1
            state[SKIPPED] += p - start
            continue
        if p + 1 >= end:
            break
        kind = int(stream[p + 1]) - MODE_AC
        if 0 <= kind <= 2:
            size = 9 + FRAME_LENGTHS[kind]
            first = words[p + 2]
            second = words[p + 10]
            third = words[p + 18]
            after = p + size
            escaped = has_escape(first) | has_escape(second & SECOND_WORD[kind]) | has_escape(third & THIRD_WORD[kind])
            if escaped == 0 and after <= end:
                data = words[p + 9]
                last = words[p + 15]
            else:
                after = unescape(stream, p + 2, end, size - 2, body)
                if after == -1:
                    break
                if after < 0:
                    state[CUT_SHORT] += 1
                    state[SKIPPED] += -2 - after - p
                    p = -2 - after
                    continue
                first = body_words[0]
                data = body_words[7]
                last = body_words[13]
            p = after
            stamp = swapped(first) >> 16 & STAMP_MASK
            if kind == 0 and data & 0xFFFF == 0 and first >> 48 & 0xFF == 0:
                if stamp == 0:
                    state[HEARTBEAT] += 1
                    continue
                if state[MARKER_NS] != UNTIMED and state[MARKER_TICKS] < 0:
                    state[MARKER_TICKS] = stamp
                    continue
            timing = timing_of(stamp, counter)
            if hint != UNTIMED:
                if timing == COUNTER and state[MARKER_TICKS] >= 0:
                    elapsed = ((stamp - state[MARKER_TICKS] + (1 << 47)) & STAMP_MASK) - (1 << 47)
                    hint += (elapsed * 250) // 3
                state[MARKER_NS] = UNTIMED
            out_id[n] = row
            out_time_ns[n] = hint
            out_ticks[n] = stamp if timing == counter else -1
            out_timing[n] = timing
            out_receiver[n] = receiver
            out_signal_dbfs[n] = levels[first >> 48 & 0xFF]
            out_length[n] = FRAME_LENGTHS[kind]
            out_data_words[n, 1] = last & LAST_DATA[kind]
            out_data_words[n, 0] = data & FIRST_DATA[kind]
            hint = UNTIMED
            n += 1
            row += 1
            continue
        letter = int(stream[p + 1])
        size = int(BODY_BYTES[letter])
        if size == 0:
            state[UNKNOWN_TYPE] += 1
            state[SKIPPED] += 2
            p += 2
            continue
        if letter == WALL_CLOCK:
            if p + 10 > end:
                break
            marker = words[p + 2]
            if -MARKER_LIMIT_MS < marker < MARKER_LIMIT_MS:
                state[MARKERS] += 1
                hint = marker * 1_000_000
                state[MARKER_NS] = hint
                state[MARKER_TICKS] = -1
            else:
                state[BAD_MARKER] += 1
            p += 10
            continue
        if letter == UUID:
            state[STOPPED_BY] = letter
            break
        after = unescape(stream, p + 2, end, size, body)
        if after == -1:
            break
        if after < 0:
            state[CUT_SHORT] += 1
            state[SKIPPED] += -2 - after - p
            p = -2 - after
            continue
        if letter == STATION:
            station = swapped(body_words[0])
            place = (station ^ station >> 17 ^ station >> 34) & (len(stations) - 1)
            while stations[place, 1] >= 0 and stations[place, 0] != station:
                place = (place + 1) & (len(stations) - 1)
            if stations[place, 1] < 0:
                state[STOPPED_BY] = letter
                break
            receiver = stations[place, 1]
        elif letter == POSITION:
            state[STOPPED_BY] = letter
            p = after
            break
        elif letter == STATUS:
            state[STATUSES_SEEN] += 1
        elif letter == PING:
            state[PINGS] += 1
        else:
            state[REQUESTS] += 1
        p = after
    state[CONSUMED] = p
    state[ROW] = row
    state[RECEIVER] = receiver
    state[HINT] = hint
    return n


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receiver says it stands (message type 5)."""

    lat_deg: float
    lon_deg: float
    altitude_m: float


class BeastReader:
    """Fold from bytes to frames; any cutting of the stream gives the same rows.

    receiver  index of the first receiver; each new station id (message E3) gets the next index. Frames before any
              station id are those of station 0
    segment   index of the input in the run; ids count from segment << 32
    gps       the stamps are nanoseconds of the UTC day (Radarcape in GPS mode), not a 12 MHz counter

    A frame right after a wall-clock marker (E8) carries the marker's time in `time_ns`; the others are UNTIMED until
    a `Clock` has seen them. A Mode A/C frame of code 0 and level 0 right after a marker is the counter's reading at
    the marker, see `BeastWriter`; it gives no row. Frames are never rejected for what they say.
    """

    def __init__(self, receiver: int = 0, segment: int = 0, *, gps: bool = False) -> None:
        self.first_receiver = receiver
        self.counter = GPS if gps else COUNTER
        self.counts: dict[str, int] = {}
        """How often what else than a frame was met, by reason; `skipped` counts bytes."""
        self.stations: list[int] = []
        """Station ids in the order of their receivers."""
        self.uuid = ""
        """The receiver's own name for itself (message E4), the first one given."""
        self.place: Place | None = None
        """The latest place a Radarcape told."""
        self.proxy = ""
        """The line a proxy put before the stream: who really connected."""
        self.bytes_read = 0
        self._state: I64 = np.zeros(len(STATE), np.int64)
        self._state[[ROW, RECEIVER, HINT, MARKER_NS]] = segment << 32, receiver, UNTIMED, UNTIMED
        self._table: I64 = np.full((64, 2), -1, np.int64)
        self._body: U8 = np.zeros(40, np.uint8)
        self._at_start = True
        self._rest = 0
        self._stream: U8 = np.zeros(0, np.uint8)
        self._hold(1 << 16)

    def push(self, chunk: bytes | bytearray | memoryview) -> Frames:
        """Return the frames that the bytes so far complete."""
        size = len(chunk)
        needed = self._rest + size + PADDING
        if needed > len(self._stream):
            self._hold(needed)
        end = self._rest + size
        self._stream[self._rest : end] = np.frombuffer(chunk, np.uint8)
        self.bytes_read += size
        return self._parse(end, at_end=False)

    def flush(self) -> Frames:
        """Give up what is not complete at the end of the stream; it counts as `unfinished` bytes."""
        frames = self._parse(self._rest, at_end=True)
        if self._rest:
            self._count("unfinished", self._rest)
            self._rest = 0
        return frames

    def _hold(self, size: int) -> None:
        """Make room; what is left of the last push stays."""
        stream = np.zeros(size, np.uint8)
        if self._rest:
            stream[: self._rest] = self._stream[: self._rest]
        self._stream = stream
        self._words = overlapping_words(stream)
        self._body_words = overlapping_words(self._body)

    def _parse(self, end: int, at_end: bool) -> Frames:
        state = self._state
        state[CONSUMED] = 0
        if self._at_start and not self._skip_proxy_line(end, at_end):
            self._rest = end
            return Frames.empty()
        parts = []
        while True:
            out = Frames.allocate((end - int(state[CONSUMED])) // SHORTEST_FRAME + 1)
            data_words: I64 = np.ndarray((len(out), 2), np.int64, out.data, strides=(FRAME_BYTES, FRAME_BYTES - 8))
            with np.errstate(over="ignore"):  # wrapping round is meant; said only where kernels are plain Python
                rows = fill_beast_frames(
                    self._stream, self._words, end, self.counter, self._table, DBFS, state,
                    self._body, self._body_words, out.id, out.time_ns, out.ticks, out.timing,
                    out.receiver, out.signal_dbfs, out.length, data_words,
                )  # fmt: skip
            if rows:
                parts.append(out.slice(0, rows))
            if not state[STOPPED_BY] or not self._take_notice(end, at_end):
                break
        consumed = int(state[CONSUMED])
        self._rest = end - consumed
        self._stream[: self._rest] = self._stream[consumed:end].copy()
        for name, at in COUNTED_AT:
            if count := int(state[at]):
                self._count(name, count)
                state[at] = 0
        return Frames.concat(parts)

    def _take_notice(self, end: int, at_end: bool) -> bool:
        """Handle the message the kernel stopped at; return False if it is not complete."""
        state = self._state
        letter, p = int(state[STOPPED_BY]), int(state[CONSUMED])
        if letter == POSITION:
            self._count("position")
            self.place = Place(*struct.unpack_from("<fff", self._body.tobytes(), 4))
        elif letter == STATION:
            self._count("station")
            self._add_station(int(np.frombuffer(self._body.tobytes(), ">i8", 1)[0]))
        else:
            text = self._stream[p + 2 : min(p + 2 + int(BODY_BYTES[UUID]), end)].tobytes()
            if not all(0x20 <= byte < 0x7F for byte in text):
                state[UNKNOWN_TYPE] += 1
                state[SKIPPED] += 2
                state[CONSUMED] += 2
                return True
            if len(text) < BODY_BYTES[UUID]:
                return False
            self._count("uuid")
            self.uuid = self.uuid or text.decode()
            state[CONSUMED] += 2 + len(text)
        return True

    def _add_station(self, station: int) -> None:
        if not self.stations and station and self._state[ROW] & 0xFFFFFFFF:
            self.stations.append(0)  # frames before the first station id are the first receiver's own
        if self.first_receiver + len(self.stations) > np.iinfo(np.uint16).max:
            raise FormatError(
                f"more than {len(self.stations)} station ids in one stream",
                hint="Split it by station, or check that it is what an aggregator sent.",
            )
        self.stations.append(station)
        if 2 * len(self.stations) > len(self._table):
            self._table = np.full((2 * len(self._table), 2), -1, np.int64)
        mask = len(self._table) - 1
        self._table[:] = -1
        for index, known in enumerate(self.stations):
            place = (known ^ known >> 17 ^ known >> 34) & mask
            while self._table[place, 1] >= 0:
                place = place + 1 & mask
            self._table[place] = known, self.first_receiver + index

    def _skip_proxy_line(self, end: int, at_end: bool) -> bool:
        """Pass over "PROXY TCP4 ... CR LF"; return False while it may still be one and is not complete."""
        head = self._stream[: min(end, PROXY_LONGEST)].tobytes()
        begins = head[:6] == b"PROXY "[: len(head)]
        found = head.find(b"\r\n")
        if begins and found < 0 and end < PROXY_LONGEST and not at_end:
            return False
        if begins and found >= 0:
            self.proxy = head[:found].decode("ascii", "replace")
            self._state[CONSUMED] = found + 2
        self._at_start = False
        return True

    def _count(self, reason: str, number: int = 1) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + number


def overlapping_words(stream: U8) -> I64:
    """The eight bytes from each place on as one number, the first one lowest; a view of the same memory."""
    return np.lib.stride_tricks.as_strided(stream[:8].view(np.int64), (len(stream) - 7,), (1,))
