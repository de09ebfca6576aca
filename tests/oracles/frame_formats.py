"""Slow second opinions on the formats of frames, by regular expressions over the whole of the bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNIT = rb"(?:[^\x1a]|\x1a\x1a)"
UNITS = {0x31: 9, 0x32: 14, 0x33: 21, 0x34: 21, 0x35: 21, 0xE3: 8, 0x50: 3, 0x57: 1}


@dataclass(frozen=True)
class Heard:
    """One frame as the wire has it."""

    stamp: int
    signal: int
    data: bytes
    station: int | None
    marker_ms: int | None


def beast(stream: bytes) -> list[Heard]:
    """Frames of a Beast stream, except heartbeats and readings of the counter at a marker."""
    found: list[Heard] = []
    station: int | None = None
    marker: int | None = None
    read_at_marker = False
    at = 0
    while (at := stream.find(b"\x1a", at)) >= 0 and at + 1 < len(stream):
        kind = stream[at + 1]
        if kind == 0xE8:
            body = stream[at + 2 : at + 10]
            if len(body) < 8:
                break
            ms = int.from_bytes(body, "little", signed=True)
            if abs(ms) < 9_000_000_000_000:
                marker, read_at_marker = ms, False
            at += 10
        elif kind == 0xE4:
            printable = re.match(rb"[\x20-\x7e]{0,36}", stream[at + 2 : at + 38]).group()  # type: ignore[union-attr]
            if len(printable) == 36:
                at += 38
            elif at + 2 + len(printable) == len(stream):
                break
            else:
                at += 2
        elif kind in UNITS:
            match = re.compile(UNIT + b"{0,%d}" % UNITS[kind], re.DOTALL).match(stream, at + 2)
            assert match is not None
            body = match.group().replace(b"\x1a\x1a", b"\x1a")
            if len(body) < UNITS[kind]:
                if match.end() >= len(stream) - 1 and stream[match.end() :] in (b"", b"\x1a"):
                    break
                at = match.end()
                continue
            at = match.end()
            if kind == 0xE3:
                station = int.from_bytes(body, "big", signed=True)
            if kind in (0x31, 0x32, 0x33):
                stamp, signal, data = int.from_bytes(body[:6], "big"), body[6], body[7:]
                if data == b"\0\0" and signal == 0:
                    if stamp == 0:
                        continue
                    if marker is not None and not read_at_marker:
                        read_at_marker = True
                        continue
                found.append(Heard(stamp, signal, data, station, marker))
                marker, read_at_marker = None, False
        else:
            at += 2
    return found


AVR_FRAME = re.compile(
    r"[ \t]*(?:[*:]|@([0-9A-F]{12})|<([0-9A-F]{12})([0-9A-F]{2})|%[0-9A-F]{12})((?:[0-9A-F]{2}){2,14});", re.IGNORECASE
)


def avr(text: str) -> list[tuple[int | None, int, bytes]]:
    """Stamp, signal byte and frame of each line that has one; nothing else may be on the line."""
    found = []
    for line in re.split(r"[\r\n]", text):
        match = AVR_FRAME.match(line)
        if match and len(match[4]) in (4, 14, 28):
            stamp = match[1] or match[2]
            if line.lstrip()[0] in "*:" and match[4] == "0000":
                continue
            found.append((int(stamp, 16) if stamp else None, int(match[3] or "0", 16), bytes.fromhex(match[4])))
    return found
