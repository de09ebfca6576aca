"""jet1090's JSON lines, read: a line is a frame, when it was heard, and (passed over here) what it says.

Only `frame`, `timestamp` and `metadata` are used. Each entry of `metadata` is a reception by one receiver, with its own
time (`gnss_timestamp`, else `system_timestamp`), level and serial number; without it the line is one reception. Times
are read as decimal numbers, never as floats. See docs/guide/formats.md.
"""

from __future__ import annotations

import binascii
import json
import re
from collections import Counter
from typing import Any

import numpy as np

from skywitness.batches import UNTIMED, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.decimal import nanoseconds
from skywitness.frames.formats.lines import LineCutter
from skywitness.frames.formats.stamps import EPOCH, NONE

__all__ = ["Jet1090Reader"]

FRAME = re.compile(rb'"frame"\s*:\s*"([0-9A-Fa-f]{28}|[0-9A-Fa-f]{14})"')
TIMESTAMP = re.compile(rb'"timestamp"\s*:\s*(-?[0-9][0-9.eE+-]*)')
METADATA = re.compile(rb'"metadata"\s*:\s*(?=\[)')
DECODER = json.JSONDecoder(parse_float=str)  # a number with a point stays text, so that no digit is lost

LOWEST_DBFS, HIGHEST_DBFS = -200.0, 20.0
MOST_RECEIVERS = np.iinfo(np.uint16).max

Reception = tuple[bytes, int, int, float]  # hex digits, time, receiver, level


class Jet1090Reader:
    """Fold text into frames; any cutting of it gives the same rows.

    receiver  index of the first receiver; each new serial number gets the next index
    segment   index of the input in the run; ids count from segment << 32
    counts    lines that are no frame, by reason; `no_time` (the frame is kept), `skipped` bytes
    stations  serial number of each receiver, in their order; 0 for lines that name none
    """

    def __init__(self, receiver: int = 0, segment: int = 0) -> None:
        self.receiver = receiver
        self.counts: Counter[str] = Counter()
        self.bytes_read = 0
        self._row = segment << 32
        self._lines = LineCutter(self.counts)
        self._receivers: dict[int, int] = {}

    @property
    def stations(self) -> list[int]:
        """Serial number of each receiver, in their order; empty if no line names one."""
        return list(self._receivers) if any(self._receivers) else []

    def push(self, chunk: bytes | bytearray | memoryview) -> Frames:
        """Return the frames of the lines completed by these bytes."""
        self.bytes_read += len(chunk)
        return self._read(self._lines.push(bytes(chunk)))

    def flush(self) -> Frames:
        """Return the frame of a last line without a line end."""
        return self._read(self._lines.flush())

    def _read(self, lines: list[bytes]) -> Frames:
        found: list[Reception] = []
        for line in lines:
            match = FRAME.search(line)
            if match is None:
                if line.strip():
                    self.counts["no_frame"] += 1
                    self.counts["skipped"] += len(line)
                continue
            told = TIMESTAMP.search(line)
            time_ns = nanoseconds(told[1]) if told else None
            if b'"metadata"' in line and (receptions := self._receptions(line, match[1], time_ns)):
                found += receptions
            else:
                found.append((match[1], UNTIMED if time_ns is None else time_ns, self._index(0), np.nan))
        return self._frames(found)

    def _frames(self, found: list[Reception]) -> Frames:
        rows = len(found)
        digits = b"".join(text.ljust(28, b"0") for text, _, _, _ in found)
        time_ns = np.fromiter((reception[1] for reception in found), np.int64, rows)
        if untimed := int(np.count_nonzero(time_ns == UNTIMED)):
            self.counts["no_time"] += untimed
        frames = Frames(
            id=np.arange(self._row, self._row + rows, dtype=np.int64),
            time_ns=time_ns,
            ticks=np.full(rows, -1, np.int64),
            timing=np.where(time_ns == UNTIMED, NONE, EPOCH).astype(np.uint8),
            receiver=np.fromiter((reception[2] for reception in found), np.uint16, rows),
            signal_dbfs=np.fromiter((reception[3] for reception in found), np.float32, rows),
            length=np.fromiter((len(reception[0]) >> 1 for reception in found), np.uint8, rows),
            data=np.frombuffer(bytearray(binascii.unhexlify(digits)), np.uint8).reshape(rows, 14),
        )
        self._row += rows
        return frames

    def _receptions(self, line: bytes, digits: bytes, time_ns: int | None) -> list[Reception]:
        """One for each entry of the metadata; none if they cannot be read."""
        match = METADATA.search(line)
        try:
            entries = DECODER.raw_decode(line[match.end() :].decode("utf-8", "replace"))[0] if match else []
        except (ValueError, RecursionError):
            self.counts["bad_metadata"] += 1
            return []
        return [self._reception(entry, digits, time_ns) for entry in entries if isinstance(entry, dict)]

    def _reception(self, entry: dict[str, Any], digits: bytes, time_ns: int | None) -> Reception:
        for name in ("gnss_timestamp", "system_timestamp"):
            told = _time_ns(entry.get(name))
            if told is not None:
                time_ns = told
                break
        serial = entry.get("serial")
        is_number = isinstance(serial, int) and not isinstance(serial, bool) and 0 <= serial < 1 << 64
        index = self._index(serial if is_number and serial is not None else 0)
        return digits, UNTIMED if time_ns is None else time_ns, index, _level(entry.get("rssi"))

    def _index(self, serial: int) -> int:
        found = self._receivers.get(serial)
        if found is None:
            found = self.receiver + len(self._receivers)
            if found > MOST_RECEIVERS:
                raise FormatError(
                    f"more than {len(self._receivers)} receivers in one stream",
                    hint="Split it by serial number, or check that it is what jet1090 wrote.",
                )
            self._receivers[serial] = found
        return found


def _time_ns(told: object) -> int | None:
    if isinstance(told, bool) or not isinstance(told, (int, str)):
        return None
    return nanoseconds(str(told).encode()) if len(str(told)) < 64 else None


def _level(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, (int, str)):
        return float("nan")
    try:
        value = float(told)
    except (ValueError, OverflowError):
        return float("nan")
    return value if LOWEST_DBFS <= value <= HIGHEST_DBFS else float("nan")
