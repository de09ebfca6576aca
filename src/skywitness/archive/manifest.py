"""The list of the store's files: a log of lines, each whole or void, that survives a crash at any moment.

A file counts from the moment its line is safe on disk, and no longer from the moment a line says it was dropped; so
readers see each change at once or not at all. A file without a line (a crash came between) is taken up at the next
start, a line without a file is told. Lines are JSON objects with a checksum of their own: a damaged one is counted
and left out, the others stay good.
"""

from __future__ import annotations

import bisect
import re
import threading
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from skywitness.archive.durable import Files, append_file, put_file
from skywitness.archive.layout import FORMAT_VERSION, MINUTE_NS, TABLES
from skywitness.errors import ArchiveError

__all__ = [
    "MANIFEST",
    "MANIFEST_VERSION",
    "NAME",
    "Drop",
    "Entry",
    "Gone",
    "Manifest",
    "Minutes",
    "day_of_minute",
    "read_log",
]

MANIFEST = "manifest.jsonl"
MANIFEST_VERSION = 1

COMPACT_ABOVE = 2000
"""Lines that no longer say anything, beyond which the log is written anew at the start."""


NAME = re.compile(r"(positions|states)/\d{4}-\d\d-\d\d/(\d{4}|\d\dh|day)-\d+\.parquet")


class Entry(msgspec.Struct, frozen=True, tag_field="op", tag="add"):
    """A file of rows: what it holds, and the hash by which it is known."""

    path: str
    """Within the data directory, with slashes."""
    table: str
    minute: int
    """Minutes since 1970; all rows are of that minute, or of the `span` minutes from it on."""
    rows: int
    bytes: int
    sha256: str
    from_us: int
    until_us: int
    """Time of the first and the last row, microseconds since 1970."""
    number: int
    """Counts up over all files ever written here; of the same minute, the higher one is later."""
    version: int = 1
    span: int = 1
    """1, or the minutes of an hour or a day."""
    replaces: tuple[str, ...] = ()
    """Files whose rows are all in this one: with this line they no longer count."""
    covered: str = ""
    """Of a longer file: which of its minutes have rows, a hexadecimal number whose lowest bit is the first minute."""
    batch: str = ""
    """Of rows that were imported: the name of their batch in `imports.jsonl`."""

    def minutes(self) -> list[int]:
        """Return the minutes since 1970 that have rows."""
        if self.span == 1:
            return [self.minute]
        bits = int(self.covered or "0", 16)
        return [self.minute + k for k in range(self.span) if bits >> k & 1]


class Gone(msgspec.Struct, frozen=True, tag_field="op", tag="gone"):
    """Files that were dropped, taken together: why something is not there."""

    table: str
    day: str
    reason: str
    files: int
    rows: int
    bytes: int
    at_us: int
    """When the last one was dropped."""


class Drop(msgspec.Struct, frozen=True, tag_field="op", tag="drop"):
    """A file that was dropped."""

    path: str
    table: str
    day: str
    reason: str
    rows: int
    bytes: int
    at_us: int


class Head(msgspec.Struct, frozen=True, tag_field="op", tag="head"):
    """First line of the log."""

    version: int
    next: int
    """Least number that no file has had."""


Line = Head | Entry | Drop | Gone
DECODER = msgspec.json.Decoder(Line)
ENCODER = msgspec.json.Encoder()


def encode_line(line: Line) -> bytes:
    """Return the line with its checksum, which covers all before it."""
    body = ENCODER.encode(line)[:-1]
    return body + b',"crc":"%08x"}\n' % zlib.crc32(body)


CRC_BYTES = len(b',"crc":"00000000"}')


def decode_line(line: bytes) -> Line | None:
    """Return what a line says; None if it is damaged.

    Raises ArchiveError if it was written by a later version.
    """
    body, end = line[:-CRC_BYTES], line[-CRC_BYTES:]
    if end != b',"crc":"%08x"}' % zlib.crc32(body):
        return None
    try:
        line_read: Line = DECODER.decode(body + b"}")
        return line_read
    except msgspec.DecodeError:
        raise ArchiveError(
            "it holds a line of a kind this version does not know", source=MANIFEST, hint="Update skywitness."
        ) from None


class Log(msgspec.Struct):
    """What a manifest's bytes say."""

    entries: dict[str, Entry]
    gone: dict[tuple[str, str, str], Gone]
    dropped: set[str]
    next: int
    lines: int
    bad_lines: int
    is_torn: bool
    """The last line was not written to its end."""


def read_log(data: bytes, source: str = MANIFEST) -> Log:
    """Read a manifest.

    Raises ArchiveError if a later version wrote it. A torn end is what a crash leaves; damage before it is counted.
    """
    log = Log({}, {}, set(), 1, 0, 0, False)
    lines = data.split(b"\n")
    tail = lines.pop()
    if tail:
        log.is_torn = True
    for raw in lines:
        if not raw:
            continue
        log.lines += 1
        line = decode_line(raw)
        match line:
            case Entry():
                if line.version > FORMAT_VERSION or line.table not in TABLES:
                    raise newer(source, f"files of version {line.version} of the table {line.table!r}")
                if not all(NAME.fullmatch(path) for path in (line.path, *line.replaces)):
                    log.bad_lines += 1  # a name that leads elsewhere must never be read or unlinked
                    continue
                log.entries[line.path] = line
                log.dropped.discard(line.path)
                for path in line.replaces:
                    log.entries.pop(path, None)
                    log.dropped.add(path)
                log.next = max(log.next, line.number + 1)
            case Drop():
                log.entries.pop(line.path, None)
                log.dropped.add(line.path)
                count_drop(log.gone, line)
            case Gone():
                log.gone[line.table, line.day, line.reason] = line
            case Head():
                if line.version > MANIFEST_VERSION:
                    raise newer(source, f"version {line.version}, this one knows {MANIFEST_VERSION}")
                log.next = max(log.next, line.next)
            case None:
                log.bad_lines += 1
    return log


def newer(source: str, what: str) -> ArchiveError:
    """The refusal of a store that a later version wrote."""
    return ArchiveError(
        f"the store was written by a later version of skywitness ({what})", source=source, hint="Update skywitness."
    )  # fmt: skip


def count_drop(gone: dict[tuple[str, str, str], Gone], drop: Drop) -> None:
    """Add a dropped file to what is known to be gone."""
    key = drop.table, drop.day, drop.reason
    before = gone.get(key)
    gone[key] = Gone(
        *key,
        files=1 + (before.files if before else 0),
        rows=drop.rows + (before.rows if before else 0),
        bytes=drop.bytes + (before.bytes if before else 0),
        at_us=max(drop.at_us, before.at_us if before else drop.at_us),
    )


class Minutes:
    """Entries of one table by minute, in order."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.widest = 1
        self.entries: dict[int, tuple[Entry, ...]] = {}
        self.files = 0
        self.rows = 0
        self.bytes = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in entries; many at once are sorted once."""
        new = []
        for entry in entries:
            self.files += 1
            self.widest = max(self.widest, entry.span)
            self.rows += entry.rows
            self.bytes += entry.bytes
            there = self.entries.get(entry.minute)
            if there is None:
                new.append(entry.minute)
                self.entries[entry.minute] = (entry,)
            else:
                self.entries[entry.minute] = tuple(sorted((*there, entry), key=lambda e: e.number))
        if len(new) > 100:
            self.order = sorted([*self.order, *new])
        else:
            for minute in new:
                bisect.insort(self.order, minute)

    def remove(self, entry: Entry) -> None:
        """Forget an entry."""
        self.files -= 1
        self.rows -= entry.rows
        self.bytes -= entry.bytes
        left = tuple(e for e in self.entries.get(entry.minute, ()) if e.path != entry.path)
        if left:
            self.entries[entry.minute] = left
        elif self.entries.pop(entry.minute, None) is not None:
            del self.order[bisect.bisect_left(self.order, entry.minute)]

    def with_rows(self) -> list[int]:
        """Return all minutes that have rows, in order."""
        return sorted({minute for entries in self.entries.values() for entry in entries for minute in entry.minutes()})

    def extent(self) -> tuple[int, ...]:
        """The first and the last minute with rows; nothing if there are no rows."""
        if not self.order:
            return ()
        first = min(entry.from_us for entry in self.entries[self.order[0]])
        near = self.order[bisect.bisect_left(self.order, self.order[-1] - self.widest + 1) :]
        last = max(entry.until_us for minute in near for entry in self.entries[minute])
        return first // (MINUTE_NS // 1000), last // (MINUTE_NS // 1000)

    def between(self, from_ns: int, until_ns: int) -> list[Entry]:
        """Entries with rows that may be of [from_ns, until_ns), oldest first."""
        first = bisect.bisect_left(self.order, from_ns // MINUTE_NS - self.widest + 1)
        last = bisect.bisect_left(self.order, -(-until_ns // MINUTE_NS))
        return [
            entry
            for minute in self.order[first:last]
            for entry in self.entries[minute]
            if entry.from_us * 1000 < until_ns and entry.until_us * 1000 >= from_ns
        ]


class Manifest:
    """The log and what it says. One writer; its caller sees to it that nobody reads while it changes.

    directory  the data directory
    files      how it is written; None reads only, and touches nothing

    Raises ArchiveError if a later version wrote it.
    """

    def __init__(self, directory: Path, files: Files | None) -> None:
        self.directory = directory
        self.files = files
        path = directory / MANIFEST
        data = path.read_bytes() if path.exists() else b""
        log = read_log(data, str(path))
        self.next = log.next
        self.entries = log.entries
        self.gone = log.gone
        self.dropped = log.dropped
        self.bad_lines = log.bad_lines
        self.is_torn = log.is_torn
        self.tables = {name: Minutes() for name in TABLES}
        for name, minutes in self.tables.items():
            minutes.add(entry for entry in self.entries.values() if entry.table == name)
        self.lines_read = log.lines
        self._damaged = data if log.bad_lines else b""
        self._needs_newline = log.is_torn
        self._writing = threading.Lock()  # minutes are written by one thread, merged by another

    def tidy(self) -> None:
        """Write the log anew if it is new, damaged or mostly idle; files that were dropped must be gone already."""
        if self.files is None:
            raise ValueError("opened for reading only")
        idle = self.lines_read - len(self.entries) - len(self.gone)
        if self.lines_read and not self.bad_lines and not self.is_torn and idle <= COMPACT_ABOVE:
            return
        if self._damaged:
            put_file(self.files, self.directory / f"manifest-{self.next}.damaged", self._damaged)
            self._damaged = b""
        put_file(self.files, self.directory / MANIFEST, b"".join(map(encode_line, self.lines())))
        self.files.fsync_dir(self.directory)
        self.dropped.clear()
        self._needs_newline = False

    def lines(self) -> list[Line]:
        """The shortest log that says the same, but for the names of files that were dropped."""
        head: list[Line] = [Head(MANIFEST_VERSION, self.next)]
        # A line that took the place of others has done so: their files are gone.
        entries = (msgspec.structs.replace(entry, replaces=()) for entry in self.entries.values())
        return [*head, *self.gone.values(), *entries]

    def number(self) -> int:
        """Return a number that no file has had."""
        with self._writing:
            self.next += 1
            return self.next - 1

    def enter(self, lines: Sequence[Line]) -> None:
        """Know what was appended."""
        new = []
        for line in lines:
            match line:
                case Entry():
                    new.append(line)
                    self.next = max(self.next, line.number + 1)
                    self.entries[line.path] = line
                    for path in line.replaces:
                        self._remove(path)
                        self.dropped.add(path)
                case Drop():
                    self._remove(line.path)
                    self.dropped.add(line.path)
                    count_drop(self.gone, line)
                case Gone():
                    self.gone[line.table, line.day, line.reason] = line
        for name, minutes in self.tables.items():
            minutes.add(entry for entry in new if entry.table == name)

    def forget(self, entry: Entry) -> None:
        """Leave a file out that is not there, without a line: it may come back."""
        self._remove(entry.path)

    def _remove(self, path: str) -> None:
        entry = self.entries.pop(path, None)
        if entry is not None:
            self.tables[entry.table].remove(entry)

    def append(self, lines: Sequence[Line]) -> None:
        """Write lines and wait until they are safe.

        Raises OSError; what was written of them then is void.
        """
        if not lines:
            return
        if self.files is None:
            raise ValueError("opened for reading only")
        with self._writing:
            data = b"\n" * self._needs_newline + b"".join(map(encode_line, lines))
            self._needs_newline = True
            append_file(self.files, self.directory / MANIFEST, data)
            self._needs_newline = False


def day_of_minute(minute: int) -> str:
    """UTC day of a minute since 1970, YYYY-MM-DD."""
    return str(np.datetime64(minute, "m").astype("M8[D]"))
