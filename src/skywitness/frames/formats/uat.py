"""UAT frames, 978 MHz, as text: lines of dump978's raw output, and logs that put nanoseconds before them.

`-` begins a downlink of 18 or 34 bytes, `+` an uplink of 432, both in hex and ended by `;`, after which `rs=` (symbols
corrected), `rssi=` (dBFS) and `t=` (seconds since 1970) may follow. A log begins with `START,` and the date, and its
lines begin with nanoseconds since then. See docs/reference/formats.md.
"""

from __future__ import annotations

import binascii
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from skywitness.batches import F32, I64, U8, U16, UNTIMED, Batch, column
from skywitness.frames.formats.decimal import nanoseconds
from skywitness.frames.formats.lines import LineCutter
from skywitness.units import NS_PER_S

__all__ = ["DOWNLINK_BYTES", "UPLINK_BYTES", "UatFrames", "UatReader"]

DOWNLINK_BYTES = (18, 34)
"""Basic and long ADS-B message (ICAO Annex 10 Vol. III, part I, 12.4.4.2)."""
UPLINK_BYTES = 432

MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DATE = re.compile(
    rb"(" + b"|".join(MONTHS) + rb") +([0-9]{1,2}) +([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb"(?: +([+-])([0-9]{2})([0-9]{2}))?(?: +[A-Z]{1,5})? +([0-9]{4})"
)  # fmt: skip
LEVEL = re.compile(rb"-?[0-9]{1,3}(?:\.[0-9]{1,9})?")
CORRECTED = re.compile(rb"[0-9]{1,3}")


@dataclass(frozen=True, slots=True, eq=False)
class UatFrames(Batch):
    """One UAT reception per row.

    An uplink keeps its row; its 432 bytes are beside the batch, in `UatReader.uplinks`.
    """

    id: I64 = column("reception: segment << 32 | row in the segment")
    time_ns: I64 = column("arrival, since 1970-01-01 UTC", missing=UNTIMED)
    receiver: U16 = column("index into the list of receivers")
    uplink: U8 = column("1 sent by a ground station, 0 by an aircraft or vehicle")
    length: U16 = column("bytes: 18 or 34 downlink, 432 uplink", unit="B")
    data: U8 = column("downlink, most significant byte first, zeros after `length`; zeros for an uplink", width=34)
    corrected: U8 = column("symbols repaired by the receiver's error correction", missing=255)
    rssi_dbfs: F32 = column("level; NaN unknown")


@dataclass(frozen=True, slots=True)
class _Line:
    time_ns: int
    payload: bytes
    corrected: int
    rssi_dbfs: float


class UatReader:
    """Fold text into UAT frames.

    receiver  index that goes into every row
    segment   index of the input in the run; ids count from segment << 32
    counts    lines by kind: "downlink", "uplink", and reasons of rejection: "no_prefix", "no_end", "not_hex", "length"
    uplinks   id and 432 bytes of each uplink of the latest push; not kept longer
    """

    def __init__(self, receiver: int = 0, segment: int = 0) -> None:
        self.receiver = receiver
        self.row = segment << 32
        self.counts: Counter[str] = Counter()
        self.uplinks: list[tuple[int, bytes]] = []
        self._lines = LineCutter(self.counts)
        self._start_ns: int | None = None

    def push(self, chunk: bytes | memoryview) -> UatFrames:
        """Return the frames of the lines completed by these bytes."""
        return self._read(self._lines.push(chunk))

    def flush(self) -> UatFrames:
        """Return the frame of a last line without a line end."""
        return self._read(self._lines.flush())

    def _read(self, lines: list[bytes]) -> UatFrames:
        found = [line for line in map(self._read_line, lines) if line is not None]
        frames = UatFrames.allocate(len(found))
        self.uplinks = []
        for i, line in enumerate(found):
            is_uplink = len(line.payload) == UPLINK_BYTES
            row = np.zeros(34, np.uint8)
            if is_uplink:
                self.uplinks.append((self.row, line.payload))
            else:
                row[: len(line.payload)] = np.frombuffer(line.payload, np.uint8)
            frames.id[i] = self.row
            frames.time_ns[i] = line.time_ns
            frames.receiver[i] = self.receiver
            frames.uplink[i] = is_uplink
            frames.length[i] = len(line.payload)
            frames.data[i] = row
            frames.corrected[i] = line.corrected
            frames.rssi_dbfs[i] = line.rssi_dbfs
            self.row += 1
        return frames

    def _read_line(self, line: bytes) -> _Line | None:
        line = line.strip()
        if not line:
            return None
        time_ns = UNTIMED
        if not line.startswith((b"-", b"+")):
            stamp, comma, rest = line.partition(b",")
            if not comma or not self._read_stamp(stamp, rest):
                self.counts["no_prefix"] += 1
                return None
            if stamp == b"START":
                return None
            time_ns = UNTIMED if self._start_ns is None else self._start_ns + int(stamp)
            line = rest
        return self._read_message(line, time_ns)

    def _read_stamp(self, stamp: bytes, rest: bytes) -> bool:
        """Take the first field of a log's line: the word START with a date, or nanoseconds since that."""
        if stamp == b"START":
            self._start_ns = _epoch_ns(rest)
            self.counts["start"] += 1
            return True
        return stamp.isdigit() and len(stamp) <= 18 and rest[:1] in (b"-", b"+")

    def _read_message(self, line: bytes, time_ns: int) -> _Line | None:
        text, end, suffixes = line.partition(b";")
        if not end:
            self.counts["no_end"] += 1
            return None
        try:
            payload = binascii.unhexlify(text[1:])
        except ValueError:
            self.counts["not_hex"] += 1
            return None
        is_uplink = text[:1] == b"+"
        if len(payload) not in ((UPLINK_BYTES,) if is_uplink else DOWNLINK_BYTES):
            self.counts["length"] += 1
            return None
        self.counts["uplink" if is_uplink else "downlink"] += 1
        corrected, rssi_dbfs = 255, np.nan
        for suffix in suffixes.split(b";"):
            name, _, value = suffix.partition(b"=")
            if name == b"rs" and CORRECTED.fullmatch(value):
                corrected = min(int(value), 254)
            elif name == b"rssi" and LEVEL.fullmatch(value):
                rssi_dbfs = float(value)
            elif name == b"t" and (told := nanoseconds(value)) is not None:
                time_ns = told
        return _Line(time_ns, payload, corrected, rssi_dbfs)


def _epoch_ns(text: bytes) -> int | None:
    """Read a date as `Mon Sep 7 14:17:41 +0000 UTC 2015`."""
    match = DATE.search(text)
    if not match:
        return None
    month, day, hour, minute, second, sign, zone_hours, zone_minutes, year = match.groups()
    try:
        told = datetime(
            int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )  # fmt: skip
    except ValueError:
        return None
    ahead_s = (int(zone_hours or 0) * 60 + int(zone_minutes or 0)) * 60 * (-1 if sign == b"-" else 1)
    return (int(told.timestamp()) - ahead_s) * NS_PER_S
