"""Are the receptions what was heard? Every block of every segment, and every seal.

A damaged block is passed over and the next one looked for, so that it is known how many receptions of what time are
lost by it, and that the others are whole.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from skywitness.archive.sealer import read_seal
from skywitness.errors import ArchiveError, FormatError, SkywitnessError
from skywitness.frames.formats.segment import FIRST_BYTES, SEGMENT_VERSION, parse_header, read_receivers
from skywitness.frames.formats.segment_blocks import (
    HEADER,
    RECEIVERS,
    RECEPTIONS,
    UAT_RECEPTIONS,
    Head,
    decode_block,
    is_intact,
    read_head,
    read_table,
)
from skywitness.frames.formats.segment_uat import decode_uat_block

__all__ = ["CheckedRaw", "Damage", "check_raw", "check_seal", "check_segment"]

MAGICS = (RECEPTIONS, RECEIVERS, UAT_RECEPTIONS)
US = 1000


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not what was written."""

    path: str
    """Within the data directory."""
    what: str
    table: str = ""
    rows: int = 0
    """Lost or in doubt, at most; 0 if none or not known."""
    from_us: int | None = None
    until_us: int | None = None

    def within(self, prefix: str) -> Damage:
        """The same of a directory inside."""
        return replace(self, path=prefix + self.path) if prefix else self


@dataclass(slots=True)
class CheckedRaw:
    """What was found in the raw record."""

    files: int = 0
    segments: int = 0
    receptions: int = 0
    bytes: int = 0
    damages: list[Damage] = field(default_factory=list)


@dataclass(slots=True)
class Segment:
    """What was found in one segment."""

    receptions: int = 0
    digests: list[bytes] = field(default_factory=list)
    """Of the blocks that are whole."""
    damages: list[Damage] = field(default_factory=list)
    is_cut: bool = False
    """Whether it ends in half a block, as one that is still written may."""


def check_raw(directory: Path, *, is_live: bool = False) -> CheckedRaw:
    """Look at all segments and seals of a data directory.

    is_live  the newest segment may end in half a block
    """
    out = CheckedRaw()
    files = sorted((directory / "raw").glob("*.seg"))
    for path in files:
        try:
            segment = check_segment(path, may_be_cut=is_live and path == files[-1])
        except FileNotFoundError:
            continue  # deleted meanwhile, because it was old
        out.files += 1
        out.segments += 1
        out.bytes += path.stat().st_size if path.exists() else 0
        out.receptions += segment.receptions
        seal = path.with_suffix(".seal")
        if seal.exists():
            if segment.damages:  # the seal says how many there were
                segment.damages[-1] = _counted(segment.damages, _sealed_rows(seal), segment.receptions)
            segment.damages += check_seal(seal, None if segment.damages else segment.digests)
        out.damages += segment.damages
    for seal in sorted((directory / "raw").glob("*.seal")):
        out.files += 1
        out.bytes += seal.stat().st_size
        if not seal.with_suffix(".seg").exists():  # the segment was deleted by age or size, its seal stays
            out.damages += check_seal(seal, None)
    return out


def _sealed_rows(path: Path) -> int | None:
    try:
        return int(str(read_seal(path)[0]["rows"]))
    except (SkywitnessError, OSError, ValueError, KeyError):
        return None


def _counted(damages: list[Damage], sealed: int | None, whole: int) -> Damage:
    """The last damage of a segment, with as many receptions as are missing and not told yet."""
    last = damages[-1]
    if sealed is None or last.rows:
        return last
    return replace(last, rows=max(sealed - whole - sum(damage.rows for damage in damages), 0))


def check_segment(path: Path, *, may_be_cut: bool = False) -> Segment:
    """Look at every block of a segment.

    may_be_cut  half a block at the end is fine

    Raises FileNotFoundError, and ArchiveError for a later version.
    """
    name = f"raw/{path.name}"
    out = Segment()
    with path.open("rb") as file:
        size = path.stat().st_size
        if not size:
            out.damages.append(Damage(name, "it is empty", "raw"))
            return out
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            number = int(path.stem) if path.stem.isdigit() else 0
            try:
                header = parse_header(data[:FIRST_BYTES], path.name)
                if header.version > SEGMENT_VERSION:
                    raise ArchiveError("it is of a later version", source=path.name, hint="Update skywitness.")
                number = header.segment
            except FormatError as error:
                out.damages.append(Damage(name, f"{error.what}; no reception is lost by that", "raw"))
            _check_blocks(data, name, number, out, may_be_cut=may_be_cut)
    return out


def _check_blocks(data: mmap.mmap, name: str, number: int, out: Segment, *, may_be_cut: bool) -> None:
    expected = {RECEPTIONS: 0, UAT_RECEPTIONS: 0}
    last_us: int | None = None
    at = lost_at = FIRST_BYTES
    why = ""
    for at, head, stored, what in _pieces(data, number):
        if what:
            lost_at, why = at, what
            continue
        begin_us = int(read_table(head, stored)["time_ns"].min()) // US if head.lines else last_us
        if why:
            missing = head.first_row - expected[head.kind] if head.kind in expected else 0
            out.damages.append(_lost(name, lost_at, why, max(missing, 0), last_us, begin_us))
            why = ""
        last_us = begin_us
        if head.kind in expected:
            expected[head.kind] = head.first_row + head.rows
            out.receptions += head.rows
            out.digests.append(head.digest)
    if why and not (may_be_cut and why == CUT):
        out.damages.append(_lost(name, lost_at, f"{why}, and nothing whole follows", 0, last_us, None))
    out.is_cut = why == CUT


CUT = "a block is cut off or damaged"


def _lost(name: str, at: int, why: str, rows: int, from_us: int | None, until_us: int | None) -> Damage:
    return Damage(name, f"at byte {at}: {why}", "raw", rows, from_us, until_us)


def _pieces(data: mmap.mmap, number: int) -> Iterator[tuple[int, Head, bytes, str]]:
    """Yield offset, head and stored bytes of each block, and of each that is not whole what is wrong with it."""
    at = FIRST_BYTES
    nothing = Head(b"", 0, 0, 0, 0, b"", 0, 0)
    while at < len(data):
        head, stored, what = _block(data, at, number)
        if not what and head is not None:
            yield at, head, stored, ""
            at += head.size
            continue
        yield at, nothing, b"", what
        at = _next(data, at + 1)


def _block(data: mmap.mmap, at: int, number: int) -> tuple[Head | None, bytes, str]:
    header = data[at : at + HEADER.size]
    try:
        head = read_head(header)
        stored = data[at + HEADER.size : at + head.size]
        if not is_intact(head, header, stored):
            return head, b"", CUT
        if head.kind == RECEIVERS:
            read_receivers(head, stored)
        elif head.kind == UAT_RECEPTIONS:
            decode_uat_block(number, head, stored)
        else:
            decode_block(number, head, stored)
    except FormatError as error:
        return None, b"", error.what if len(header) == HEADER.size else CUT
    return head, stored, ""


def _next(data: mmap.mmap, begin: int) -> int:
    """Where the next whole block begins; the end if there is none."""
    found = {magic: data.find(magic, begin) for magic in MAGICS}
    while places := [at for at in found.values() if at >= 0]:
        at = min(places)
        header = data[at : at + HEADER.size]
        try:
            head = read_head(header)
            if is_intact(head, header, data[at + HEADER.size : at + head.size]):
                return at
        except FormatError:
            pass
        found = {magic: data.find(magic, at + 1) if place == at else place for magic, place in found.items()}
    return len(data)


def check_seal(path: Path, digests: list[bytes] | None) -> list[Damage]:
    """Look at a seal; if it is given, compare the blocks it names with those of its segment."""
    name = f"raw/{path.name}"
    try:
        named = [digest for _, digest in read_seal(path)[1]]
    except FileNotFoundError:
        return []
    except (SkywitnessError, OSError, ValueError, KeyError) as error:
        what = error.what if isinstance(error, SkywitnessError) else str(error)
        return [Damage(name, f"{what}; no reception is lost", "seal")]
    if digests is not None and named != digests:
        return [Damage(name, "it is not the seal of this segment", "seal")]
    return []
