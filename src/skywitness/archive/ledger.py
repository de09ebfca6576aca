"""What is missing and why: `ledger.jsonl`, one line for each coming and going of a receiver and for each gap.

A line is a JSON object with a checksum of its own, so that one damaged line costs no other. A gap is written when it
begins, with `until` null, and once more when it ends; the later line of the same receiver and beginning holds.

All else is said twice: a receiver was there from its first coming on, but for its gaps. So now and then the file is
written anew with each gap in one line, and without those that are older than everything that is kept.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skywitness.archive.durable import Files, put_file
from skywitness.errors import ArchiveError

__all__ = ["GAP_REASONS", "LEDGER", "Gap", "Ledger", "as_line", "compact", "compacted", "read_ledger", "read_lines"]

LEDGER = "ledger.jsonl"
LEDGER_VERSION = 1

GAP_REASONS = ("disconnected", "crash", "disk_full", "overflow", "error")
"""Nobody brought anything; the node ended without notice; the disk was full; the disk was too slow; a fault."""


@dataclass(slots=True)
class Gap:
    """A span of which receptions of one receiver are missing."""

    receiver: int
    reason: str
    from_ns: int
    until_ns: int | None
    """None while it lasts."""
    first: int | None = None
    """First and last sequence number that are missing, where receptions came and were not kept."""
    last: int | None = None
    name: str = ""
    cause: str = ""
    """In words."""

    def fields(self) -> dict[str, Any]:
        """The line in the ledger."""
        out: dict[str, Any] = {"kind": "gap", "receiver": self.receiver, "name": self.name, "reason": self.reason}
        out |= {"from": self.from_ns, "until": self.until_ns}
        if self.first is not None:
            out |= {"first": self.first, "last": self.last}
        return out | ({"cause": self.cause} if self.cause else {})


@dataclass(slots=True)
class Ledger:
    """Everything the file says."""

    gaps: list[Gap]
    connected: dict[int, dict[str, Any]]
    """Receivers whose coming was noted and their going was not: the line of the coming."""
    connections: int
    """Number of the last connection; 0 none yet."""
    bad_lines: int
    first: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The first coming of each receiver."""
    lines: int = 0


def as_line(fields: dict[str, Any]) -> bytes:
    """Return a line with its checksum, which covers all before it."""
    body = json.dumps(fields, separators=(",", ":")).encode()[:-1]
    return body + b',"crc":"%08x"}\n' % zlib.crc32(body)


END_BYTES = len(b',"crc":"00000000"}')


def read_lines(path: Path) -> tuple[list[dict[str, Any]], int, bool]:
    """Return the whole lines of a file, how many others there are, and whether its end is torn."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [], 0, False
    found, bad = [], 0
    lines = data.split(b"\n")
    for line in lines[:-1]:
        body, end = line[:-END_BYTES], line[-END_BYTES:]
        if end == b',"crc":"%08x"}' % zlib.crc32(body):
            try:
                fields = json.loads(body + b"}")
            except ValueError:
                fields = None
            if isinstance(fields, dict):
                found.append(fields)
                continue
        bad += bool(line)
    return found, bad, bool(lines[-1])


def read_ledger(directory: Path) -> Ledger:
    """Read the ledger of a data directory; an empty one if there is none.

    Raises ArchiveError if a later version wrote it.
    """
    lines, bad, _ = read_lines(directory / LEDGER)
    out = Ledger([], {}, 0, bad, lines=len(lines))
    gaps: dict[tuple[int, int, str], Gap] = {}
    for line in lines:
        try:
            kind = line["kind"]
            if kind == "head":
                if int(line["version"]) > LEDGER_VERSION:
                    raise ArchiveError(
                        f"it is of version {line['version']}, this program reads up to {LEDGER_VERSION}",
                        source=str(directory / LEDGER),
                        hint="Update skywitness.",
                    )
                out.connections = max(out.connections, int(line.get("connections", 0)))
            elif kind == "gap":
                until = line["until"]
                gap = Gap(
                    int(line["receiver"]),
                    str(line["reason"]),
                    int(line["from"]),
                    None if until is None else int(until),
                    line.get("first"),
                    line.get("last"),
                    str(line.get("name", "")),
                    str(line.get("cause", "")),
                )
                gaps[gap.receiver, gap.from_ns, gap.reason] = gap
            elif kind == "connected":
                out.first.setdefault(int(line["receiver"]), line)
                out.connected[int(line["receiver"])] = line
                out.connections = max(out.connections, int(line["connection"]))
            elif kind == "disconnected":
                out.connected.pop(int(line["receiver"]), None)
        except (KeyError, TypeError, ValueError):
            out.bad_lines += 1
    out.gaps = sorted(gaps.values(), key=lambda gap: (gap.from_ns, gap.receiver))
    return out


def compacted(ledger: Ledger, since_ns: int) -> bytes:
    """Return the shortest file that says the same of the time from `since_ns` on."""
    lines: list[dict[str, Any]] = [{"kind": "head", "version": LEDGER_VERSION, "connections": ledger.connections}]
    for number, line in sorted(ledger.first.items()):
        lines.append(line)
        if number not in ledger.connected:  # its going, and when, is in its gaps
            lines.append({"kind": "disconnected", "receiver": number, "at": line["at"], "cause": "see its gaps"})
    lines += [line for number, line in sorted(ledger.connected.items()) if line is not ledger.first[number]]
    lines += [gap.fields() for gap in ledger.gaps if gap.until_ns is None or gap.until_ns >= since_ns]
    return b"".join(as_line({name: value for name, value in line.items() if name != "crc"}) for line in lines)


def compact(directory: Path, files: Files, since_ns: int) -> int:
    """Write the ledger anew, in one step; return its bytes. One with damaged lines is kept aside as it was.

    Raises ArchiveError if a later version wrote it, OSError.
    """
    path = directory / LEDGER
    ledger = read_ledger(directory)
    if ledger.bad_lines:
        put_file(files, path.with_suffix(".damaged"), path.read_bytes())
    data = compacted(ledger, since_ns)
    put_file(files, path, data)
    files.fsync_dir(directory)
    return len(data)
