"""Is all that was written still what was written? Every file of a data directory against hashes, sums and order.

Each kind of file has its own proof: rows have their hash in the manifest, receptions a checksum and a hash a block and
a seal a segment, lines of logs a checksum each, derived files their hash in their name, lists of aircraft theirs in a
file beside. So a flipped bit anywhere is found, and the file it is in is named with what is lost.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from skywitness.archive.derived import KINDS, NAME, derived_stem
from skywitness.archive.durable import TEMPORARY
from skywitness.archive.hashes import HASH_SUFFIX, hash_of, is_hash_file_whole, stated_hashes
from skywitness.archive.layout import POSITIONS, TABLES, numbers_of
from skywitness.archive.ledger import END_BYTES, read_lines
from skywitness.archive.manifest import MANIFEST, Entry, Manifest, decode_line
from skywitness.archive.parquet import parquet_of
from skywitness.archive.reader import keys_of, require_columns
from skywitness.archive.verify_raw import Damage, check_raw
from skywitness.errors import ArchiveError

__all__ = [
    "MISSING",
    "Damage",
    "Verified",
    "check_derived",
    "check_entry",
    "check_tables",
    "is_running",
    "verify",
    "writer_of",
]

GENERATIONS = "generations"
MISSING = "the file is missing"


@dataclass(slots=True)
class Verified:
    """What a look at everything found."""

    files: int = 0
    """That were compared with a hash or sums."""
    rows: int = 0
    """In files of rows that are whole."""
    receptions: int = 0
    """In whole blocks."""
    segments: int = 0
    bytes: int = 0
    damages: list[Damage] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    """Files of rows that the manifest does not have: the next start takes them up."""
    replaced: int = 0
    """Files that longer ones took the place of, still there for those who read them."""
    notes: list[str] = field(default_factory=list)
    """What is no damage and yet worth knowing: what a crash left, what no hash is kept of."""


def verify(directory: Path, *, is_live: bool = False) -> Verified:
    """Read everything and compare; nothing is changed.

    is_live  a node records there: files may come and go meanwhile, and the newest ends may be half written

    Raises ArchiveError if a later version wrote it.
    """
    out = Verified()
    found: list[Damage] = []
    for home in (directory, *sorted((directory / GENERATIONS).glob("[0-9]*"))):
        if home.is_dir():
            found += check_home(home, directory, out, is_live=is_live)
    raw = check_raw(directory, is_live=is_live)
    out.segments, out.receptions = raw.segments, raw.receptions
    out.files += raw.files
    out.bytes += raw.bytes
    found += raw.damages
    found += check_logs(directory, out, is_live=is_live)
    found += check_lists(directory, out)
    out.damages = found
    torn = sorted(path.name for path in (directory / "raw").glob("*.torn"))
    if torn:
        out.notes.append(f"{len(torn)} ends of segments that a crash left are kept aside: raw/{torn[-1]}")
    return out


def check_home(home: Path, directory: Path, out: Verified, *, is_live: bool) -> list[Damage]:
    """Look at one manifest and all that belongs to it: the record's own, or that of a generation."""
    prefix = "" if home == directory else home.relative_to(directory).as_posix() + "/"
    found = check_manifest(home / MANIFEST, prefix, out, is_live=is_live)
    manifest = Manifest(home, None)
    damages = check_tables(manifest, out)
    if is_live and damages:
        still = Manifest(home, None).entries
        damages = [damage for damage in damages if damage.path in still]
    damages += check_derived(manifest, out)
    there = set(stored_names(home))
    unknown = there - manifest.entries.keys() - {name for name in there if name.endswith(TEMPORARY)}
    replaced = unknown & manifest.dropped
    out.replaced += len(replaced)
    if not is_live:
        out.unlisted += [prefix + name for name in sorted(unknown - replaced)]
        left = sum(name.endswith(TEMPORARY) for name in there)
        if left:
            out.notes.append(f"{prefix}: {left} files were not finished; the next start clears them away")
    return found + [damage.within(prefix) for damage in damages]


def check_manifest(path: Path, prefix: str, out: Verified, *, is_live: bool) -> list[Damage]:
    """Look at the lines of a manifest."""
    if not path.exists():
        return []
    data = path.read_bytes()
    out.files += 1
    out.bytes += len(data)
    lines = data.split(b"\n")
    tail = lines.pop()
    bad = sum(bool(line) and decode_line(line) is None for line in lines)
    found = []
    if bad:
        what = f"{bad} damaged lines: files they name are no longer listed, and those told as missing were dropped"
        found.append(Damage(prefix + MANIFEST, what, "manifest"))
    if tail and is_whole_line(tail):
        found.append(Damage(prefix + MANIFEST, "the end of its last line is damaged", "manifest"))
    elif tail and not is_live:
        out.notes.append(f"{prefix}{MANIFEST}: its last line was not finished; the next start mends it")
    return found


def is_whole_line(tail: bytes) -> bool:
    """Whether what follows the last newline is a whole line and more, which no torn write leaves."""
    line = tail[:-1]
    end = line.rfind(b',"crc":"')
    return end >= 0 and len(line) - end == END_BYTES and is_summed(line)


def is_summed(line: bytes) -> bool:
    """Whether a line ends in the checksum of what is before."""
    return line[-END_BYTES:] == b',"crc":"%08x"}' % zlib.crc32(line[:-END_BYTES])


def check_tables(manifest: Manifest, out: Verified) -> list[Damage]:
    """Look at every file of rows that a manifest lists."""
    found = []
    for _, entry in sorted(manifest.entries.items()):
        what = check_entry(manifest.directory, entry)
        out.files += 1
        out.bytes += entry.bytes
        if what:
            found.append(Damage(entry.path, what, entry.table, entry.rows, entry.from_us, entry.until_us))
        else:
            out.rows += entry.rows
    return found


def check_entry(directory: Path, entry: Entry) -> str:
    """Say what is wrong with a file of rows; nothing if it is what was written."""
    path = directory / entry.path
    try:
        if hash_of(path) != entry.sha256:
            size = path.stat().st_size
            return (
                f"it is {size:,} bytes long, not {entry.bytes:,}"
                if size != entry.bytes
                else "what it holds is not what was written"
            )
        with parquet_of(path, entry.path) as file:
            return misfit(entry, file)
    except FileNotFoundError:
        return MISSING
    except ArchiveError as error:
        return error.what
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def misfit(entry: Entry, file: pq.ParquetFile) -> str:
    """Say where a file is not what the manifest says of it: rows, times, order."""
    require_columns(TABLES[entry.table], file.schema_arrow, entry.path)
    if file.metadata.num_rows != entry.rows:
        return f"it has {file.metadata.num_rows:,} rows, the manifest says {entry.rows:,}"
    low, high, last_key, last_us = 1 << 62, -(1 << 62), -1, -(1 << 62)
    for group in range(file.metadata.num_row_groups):
        rows = file.read_row_group(group, columns=["time", "icao", "address_kind"], use_threads=False)
        if not len(rows):
            continue
        times, keys = numbers_of(rows.column("time"))[0], keys_of(rows)
        low, high = min(low, int(times.min())), max(high, int(times.max()))
        keys_all, times_all = np.r_[last_key, keys], np.r_[last_us, times]
        is_same = keys_all[1:] == keys_all[:-1]
        if (keys_all[1:] < keys_all[:-1]).any() or (is_same & (times_all[1:] < times_all[:-1])).any():
            return "its rows are not in order"
        last_key, last_us = int(keys[-1]), int(times[-1])
    if entry.rows and (low, high) != (entry.from_us, entry.until_us):
        return "its times are not those that the manifest says"
    return ""


def stored_names(home: Path) -> Iterator[str]:
    """Names of all files where rows are."""
    for table in TABLES:
        for day in sorted((home / table).glob("*")):
            if day.is_dir():
                with os.scandir(day) as found:
                    yield from sorted(f"{table}/{day.name}/{file.name}" for file in found)


def check_derived(manifest: Manifest, out: Verified) -> list[Damage]:
    """Look at what was derived of long files: nothing is lost by its damage, it is made anew when it is removed."""
    found = []
    stems = {
        derived_stem(kind, entry): entry
        for kind in KINDS
        for entry in manifest.entries.values()
        if entry.table == POSITIONS.name
    }
    for kind in KINDS:
        for path in sorted((manifest.directory / kind).glob("*/*.parquet")):
            name = path.relative_to(manifest.directory).as_posix()
            match = NAME.fullmatch(name)
            if match is None or match[1] not in stems:
                continue  # of a file that is gone: the next merging removes it
            out.files += 1
            try:
                out.bytes += path.stat().st_size
                if hash_of(path)[:16] != match[2]:
                    what = "what it holds is not what was derived; nothing is lost, remove it and it is made anew"
                    found.append(Damage(name, what, kind))
                    continue
                with parquet_of(path, name) as file:
                    about = file.metadata.metadata or {}
                if about.get(b"skywitness.sha256", b"").decode() != stems[match[1]].sha256:
                    what = "it was derived of another file; nothing is lost, remove it and it is made anew"
                    found.append(Damage(name, what, kind))
            except FileNotFoundError:
                continue
            except (ArchiveError, OSError) as error:
                found.append(Damage(name, " ".join(str(error).split()), kind))
    return found


LOST_LINES = {
    "ledger.jsonl": "what they told of comings, goings and gaps is lost",
    "receivers.jsonl": "a receiver's name or place may be lost",
    "log/watermarks": "nothing is lost, the segments say it too",
    "log/decoded": "nothing is lost, the next start decodes a few minutes more",
}


def check_logs(directory: Path, out: Verified, *, is_live: bool) -> list[Damage]:
    """Look at the files of lines with a checksum each."""
    found = []
    paths = [path for path in sorted(directory.glob("*.jsonl")) if path.name != MANIFEST]
    paths += [directory / "log" / "watermarks", directory / "log" / "decoded"]
    paths += sorted((directory / GENERATIONS).glob("[0-9]*/log.jsonl"))
    paths.append(directory / GENERATIONS / "current")
    for path in paths:
        if not path.is_file():
            continue
        name = path.relative_to(directory).as_posix()
        data = path.read_bytes()
        out.files += 1
        out.bytes += len(data)
        _, bad, is_torn = read_lines(path)
        tail = data.rpartition(b"\n")[2]
        if bad:
            lost = LOST_LINES.get(name, "what they told is lost")
            found.append(Damage(name, f"{bad} damaged lines; {lost}", "log"))
        if is_torn and is_whole_line(tail):
            found.append(Damage(name, "the end of its last line is damaged; nothing is lost", "log"))
        elif is_torn and not is_live:
            out.notes.append(f"{name}: its last line was not finished; the next start mends it")
    return found


def check_lists(directory: Path, out: Verified) -> list[Damage]:
    """Look at lists of aircraft: each has its hash in a file beside it."""
    found = []
    for path in sorted((directory / "identity").glob("*.parquet")):
        name = path.relative_to(directory).as_posix()
        out.files += 1
        out.bytes += path.stat().st_size
        stated = stated_hashes(path)
        if not stated:
            out.notes.append(f"{name}: no hash is kept of it; import the list again to have one")
            continue
        if not is_hash_file_whole(path):
            found.append(Damage(name + HASH_SUFFIX, "it is no hash of this list; nothing is lost", "identity"))
        elif hash_of(path) not in stated:
            what = f"what it holds is not what was written, or its {HASH_SUFFIX} is damaged; import the list again"
            found.append(Damage(name, what, "identity"))
    return found


def writer_of(directory: Path) -> dict[str, object] | None:
    """Who holds the directory's lock, by what the lock file says; None if nobody does."""
    try:
        text = (directory / "lock").read_text("utf-8", "replace")
    except (FileNotFoundError, IsADirectoryError):
        return None
    words = text.replace("=", " ").replace(":", " ").replace(",", " ").replace("}", " ").split()
    pid = next((int(word) for word in words if word.isdigit()), 0)
    return {"pid": pid, "running": is_running(pid), "says": " ".join(text.split())} if pid else None


def is_running(pid: int) -> bool:
    """Whether there is such a process."""
    if pid <= 0 or os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
