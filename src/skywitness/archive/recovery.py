"""What a start finds: how far the last segments reach, what a crash tore off, and where numbers go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import structlog

from skywitness.archive.durable import append_file
from skywitness.archive.files import Files
from skywitness.archive.segments import RAW, next_segment, segment_path, segments_of, walk
from skywitness.archive.watermarks import WATERMARKS, read_watermarks
from skywitness.coverage.report import Watermark
from skywitness.errors import FormatError
from skywitness.frames.formats.segment import read_receivers
from skywitness.frames.formats.segment_blocks import RECEPTIONS, UAT_RECEPTIONS, read_table

__all__ = ["Recovered", "recover"]

log = structlog.get_logger("skywitness.archive")

LOOKED_AT = 2
"""Only the newest segment can be torn, for it is safe before the next one begins; one more is looked at."""


@dataclass(slots=True)
class Recovered:
    """The state of the raw record."""

    segment: int = 0
    """Number of the next segment."""
    sequences: dict[int, int] = field(default_factory=dict)
    """Next sequence number, by receiver."""
    watermarks: dict[int, Watermark] = field(default_factory=dict)
    """What was promised, by receiver, as far as the log of promises reaches."""
    last_ns: dict[int, int] = field(default_factory=dict)
    """Time of the first row of the last block that holds a receiver: it was heard until half a second later."""
    torn: dict[str, int] = field(default_factory=dict)
    """Bytes set aside, by file."""
    missing: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By receiver, first and last sequence number that were promised and are not there. Empty on a disk that obeys."""


def recover(directory: Path, files: Files) -> Recovered:
    """Mend the raw record after whatever happened; nothing whole is touched.

    Raises ArchiveError if a later version wrote it, OSError if the disk fails.
    """
    out = Recovered()
    there = segments_of(directory)
    seen: set[int] = set()
    for place, segment in enumerate(reversed(there)):
        if place >= LOOKED_AT and seen:
            break
        found = scan(directory, segment, files, out)
        seen |= found
    found_next = dict(out.sequences)
    out.watermarks = read_watermarks(directory)
    for number, mark in out.watermarks.items():
        following = found_next.get(number, 0)
        if there and mark.sequence >= following and number in found_next:
            out.missing[number] = following, mark.sequence
        out.sequences[number] = max(following, mark.sequence + 1)
    out.segment = next_segment(directory)
    return out


def scan(directory: Path, segment: int, files: Files, out: Recovered) -> set[int]:
    """Look through one segment, set a torn end aside; return the receivers of which it knows the sequence."""
    path = segment_path(directory, segment)
    good = 0
    known: set[int] = set()
    try:
        for _, offset, head, stored in walk(path):
            good = offset + head.size
            if head.kind in (RECEPTIONS, UAT_RECEPTIONS):
                for line in read_table(head, stored):
                    number = int(line["receiver"])
                    known.add(number)
                    out.sequences[number] = max(
                        out.sequences.get(number, 0), int(line["sequence"]) + int(line["rows"])
                    )  # fmt: skip
                    out.last_ns[number] = max(out.last_ns.get(number, 0), int(line["time_ns"]))
            else:
                for number, (_, _, following) in read_receivers(head, stored).items():
                    known.add(number)
                    out.sequences[number] = max(out.sequences.get(number, 0), following)
    except FormatError as error:
        good = error.offset if error.offset is not None else good
        set_aside(path, good, files, out, error.what)
        return known
    file = files.open_append(path)  # what a killed process wrote may be in the system's memory only
    try:
        file.fsync()
    finally:
        file.close()
    return known


def set_aside(path: Path, good: int, files: Files, out: Recovered, why: str) -> None:
    """Move what follows `good` bytes into a file of its own: safe there first, cut off here after."""
    size = path.stat().st_size
    aside = path.with_suffix(".torn")
    out.torn[path.name] = size - good
    log.warning("torn end of a segment set aside", segment=path.name, at=good, bytes=size - good, reason=why)
    if not good:  # not even a header: power went as it was made
        files.rename(path, aside)
        files.fsync_dir(path.parent)
        return
    with path.open("rb") as file:
        file.seek(good)
        rest = file.read()
    files.unlink(aside)
    append_file(files, aside, rest)
    files.fsync_dir(path.parent)
    files.truncate(path, good)


def make_directories(directory: Path, files: Files) -> None:
    """Make the directories of the raw record, so that they are safe."""
    for name in (RAW, WATERMARKS.parent):
        files.mkdir(directory / name)
    files.fsync_dir(directory)
