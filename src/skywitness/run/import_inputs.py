"""What there is to import: files, members of tars and directories, each as parts that are imported whole or not."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

from skywitness.archive.manifest import MANIFEST
from skywitness.archive.reader import open_history
from skywitness.batches import Positions
from skywitness.errors import ConfigError, FormatError, SkywitnessError
from skywitness.frames.formats.detect import FORMATS
from skywitness.positions.formats.trace import TraceReader
from skywitness.run.track import Tracking
from skywitness.sources.compression import decompressed
from skywitness.sources.file import resolved
from skywitness.sources.readers import FRAME_FORMATS
from skywitness.sources.tables.dialects import DIALECTS
from skywitness.sources.tables.files import TableFile, suffix_of

__all__ = ["KINDS", "ImportOptions", "Input", "Part", "inputs_of", "size_of"]

KINDS = ("readsb", *DIALECTS, *FORMATS)
"""What `--as` may say."""
TRACES_AT_ONCE = 200
"""Traces of a batch: what is done again after a crash, and what a line of `imports.jsonl` tells of."""
LARGEST_TRACE = 64_000_000
"""Unpacked. A day with a row a second is about a fifth of that."""
LARGEST_MEMBER = 2_000_000_000
"""Of a tar, as it lies there: it is held in memory."""
TRACE_BYTES_AT_ONCE = 128_000_000
AT_END = 64
"""Times that a tar's end is read again before it is taken for cut off."""
READ_BYTES = 1 << 20
TARS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".tar.aa")
RECORDINGS = (
    ".beast", ".bin", ".avr", ".raw", ".log", ".sbs", ".bst", ".txt", ".json", ".jsonl", ".ndjson", ".csv", ".seg",
    ".uat",
)  # fmt: skip
BESIDE = ("heatmap", "acas")
"""Directories of globe_history that hold no traces."""
LATEST_NS = (1 << 62) - 1
Read = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the person who imports can say."""

    format: str | None = None
    """One of KINDS; None: found by name and content."""
    source: str = ""
    """Who has received it; the format's name if it is not said."""
    icao: int | None = None
    """Address of all rows, of tables that do not say it."""
    assume_utc: bool = False
    """Times without a zone are UTC."""
    start_ns: int | None = None
    """Time of a recording's first frame, where the recording does not tell."""


@dataclass(slots=True)
class Part:
    """Rows that are imported whole or not at all."""

    name: str
    content: str
    """Hash of what it is read from."""
    format: str
    read: Callable[[Part], Iterator[Positions]]
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[SkywitnessError] = field(default_factory=list)
    """What was wrong with it, where the rest could be taken."""
    more: dict[str, Any] = field(default_factory=dict)
    passed: Callable[[], None] = lambda: None

    def rows(self) -> Iterator[Positions]:
        """Yield its rows; raise SkywitnessError if none of them may be used."""
        return self.read(self)

    def skip(self) -> None:
        """Go on without reading it."""
        self.passed()

    def facts(self) -> dict[str, Any]:
        """What is kept of it."""
        refused = {reason: count for reason, count in sorted(self.refused.items()) if count}
        facts: dict[str, Any] = {"name": self.name, "sha256": self.content, "format": self.format, "refused": refused}
        if self.failures:
            facts["damage"] = str(self.failures[0])
        return facts | self.more


@dataclass(frozen=True, slots=True)
class Input:
    """One file, or some that belong together."""

    name: str
    parts: Callable[[ImportOptions, Read], Iterator[Part]]


def inputs_of(
    sources: Sequence[str], options: ImportOptions, skipped: Counter[str], data: Path | None = None
) -> Iterator[Input]:
    """Yield what names stand for, directories in the order of their names.

    skipped  gets the files in directories that are nothing to import, by their endings
    data     where it goes to, which can be no source

    Raises FileNotFoundError before the first one if a name is not there.
    """
    if options.format is not None and options.format not in KINDS:
        raise ConfigError(f"{options.format!r} is no format", hint=f"It is one of {', '.join(KINDS)}.")
    paths = [resolved(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(2, "No such file or directory", str(path))
        if data is not None and data.exists() and path.resolve() == data.resolve():
            raise ConfigError(f"{path} is the directory to import into", hint="Name another source.")
    return _walk(paths, options, skipped)


def _walk(paths: Sequence[Path], options: ImportOptions, skipped: Counter[str]) -> Iterator[Input]:
    for path in paths:
        if not path.is_dir():
            yield _of_file(path, options)
        elif (path / MANIFEST).exists():
            yield Input(str(path), lambda o, r, p=path: _of_store(p, o, r))  # type: ignore[misc]
        elif any(path.glob("*.seg")) or any(path.glob("raw/*.seg")):
            yield Input(str(path), lambda o, r, p=path: _of_recording(p, o, r))  # type: ignore[misc]
        else:
            yield from _of_directory(path, options, skipped)


def _of_directory(directory: Path, options: ImportOptions, skipped: Counter[str]) -> Iterator[Input]:
    """Yield the traces of a directory, some at once, then its other files, then what is below."""
    there = sorted(directory.iterdir())
    traces = [path for path in there if is_trace(path.name) and path.is_file()]
    for some in _some_at_once(traces):
        yield Input(str(directory), lambda o, r, s=some: _of_traces(s, o, r))  # type: ignore[misc]
    for path in there:
        if path.is_dir() and path.name in BESIDE:
            skipped[f"{path.name}/"] += 1
        elif path.is_dir():
            yield from _of_directory(path, options, skipped)
        elif not is_trace(path.name):
            plain = path.name.lower()
            for end in (".gz", ".zst", ".xz", ".bz2"):
                plain = plain.removesuffix(end)
            if plain.endswith((*TARS, *RECORDINGS)) or suffix_of(path.name) or options.format is not None:
                yield _of_file(path, options)
            elif ".tar.a" not in plain:
                skipped[path.suffix or path.name] += 1


def _some_at_once(traces: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield traces in lists that memory has room for."""
    some: list[Path] = []
    held = 0
    for path in traces:
        size = path.stat().st_size
        if some and (len(some) == TRACES_AT_ONCE or held + size > TRACE_BYTES_AT_ONCE):
            yield some
            some, held = [], 0
        some.append(path)
        held += size
    if some:
        yield some


def is_trace(name: str) -> bool:
    """Whether a name is that of a trace of readsb."""
    return name.startswith(("trace_full_", "trace_recent_")) and name.endswith((".json", ".json.gz"))


def _of_file(path: Path, options: ImportOptions) -> Input:
    low = path.name.lower()
    if low.endswith(TARS):
        return Input(str(path), lambda o, r: _of_tar(path, o, r))
    if options.format in DIALECTS:
        return Input(str(path), lambda o, r: _of_table(path, o, r))
    if is_trace(path.name) or options.format == "readsb":
        return Input(str(path), lambda o, r: _of_traces([path], o, r))
    if options.format is None and suffix_of(path.name) and _is_table(path):
        return Input(str(path), lambda o, r: _of_table(path, o, r))
    return Input(str(path), lambda o, r: _of_recording(path, o, r))


def _is_table(path: Path) -> bool:
    """Whether a file whose name ends like a table's is one: recordings are CSV and JSON lines too."""
    suffix = suffix_of(path.name)
    if suffix not in (".csv", ".jsonl", ".ndjson"):
        return True
    with path.open("rb") as file:
        try:
            head = b"".join(_first(decompressed(_chunks(file, lambda _: None), str(path)), READ_BYTES))
        except FormatError:
            return False
    line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].lower()
    if suffix == ".csv":
        return b"lat" in line or b"position" in line or b"icao" in line or b"time" in line
    return (
        b'"lat' in line
        and b'"frame"' not in line
        and b'"df"' not in line
        and b'"aircraft"' not in line
        and b'"trace"' not in line
    )


def _first(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        size -= len(chunk)
        if size <= 0:
            return


def _chunks(file: IO[bytes], on_read: Read) -> Iterator[bytes]:
    while chunk := file.read(READ_BYTES):
        on_read(len(chunk))
        yield chunk


def _hash(path: Path, on_read: Read | None = None) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        for chunk in _chunks(file, on_read or (lambda _: None)):
            digest.update(chunk)
    return digest.hexdigest()


def _of_table(path: Path, options: ImportOptions, on_read: Read) -> Iterator[Part]:
    def read(part: Part) -> Iterator[Positions]:
        with path.open("rb") as file:
            yield from _table_rows(file, str(path), options, part)

    yield Part(str(path), _hash(path, on_read), "table", read)


def _table_rows(file: BinaryIO, name: str, options: ImportOptions, part: Part) -> Iterator[Positions]:
    table = TableFile(
        file, name, dialect=options.format if options.format in DIALECTS else None, icao=options.icao,
        assume_utc=options.assume_utc,
    )  # fmt: skip
    for positions, _ in table.positions():
        part.format = table.dialect.name if table.dialect is not None else part.format
        yield positions
    part.refused.update(table.refused)
    part.more["read"] = table.rows


def _of_traces(paths: Sequence[Path], options: ImportOptions, on_read: Read) -> Iterator[Part]:
    found = []
    for path in paths:
        with path.open("rb") as file:
            found.append((str(path), file.read(LARGEST_TRACE + 1)))
    on_read(sum(len(data) for _, data in found))
    yield _traces(found, str(paths[0]) if len(paths) == 1 else str(paths[0].parent))


def _traces(found: list[tuple[str, bytes]], name: str) -> Part:
    digest = hashlib.sha256()
    for _, data in found:
        digest.update(hashlib.sha256(data).digest())
    part = Part(name, digest.hexdigest(), "readsb", lambda part: _trace_rows(found, part))
    if len(found) > 1:
        part.more |= {"files": len(found), "first": Path(found[0][0]).name, "last": Path(found[-1][0]).name}
    return part


def _trace_rows(found: list[tuple[str, bytes]], part: Part) -> Iterator[Positions]:
    for name, data in found:
        reader = TraceReader()
        rows: list[Positions] = []
        size = 0
        try:
            for chunk in decompressed([data], name):
                size += len(chunk)
                if size > LARGEST_TRACE:
                    raise FormatError(f"it is longer than {LARGEST_TRACE:,} bytes, which no trace is", source=name)
                rows.append(reader.push(chunk))
            rows.append(reader.flush())
            if not reader.counts["documents"]:
                raise FormatError("there is no trace in it", source=name)
            if reader.counts["unfinished"]:
                raise FormatError("it ends in the middle of the trace", source=name)
        except FormatError as error:
            if len(found) == 1:
                raise
            part.refused["damaged_file"] += 1
            part.failures = part.failures or [error]
            continue
        for reason, count in reader.counts.items():
            if reason not in ("documents", "skipped"):
                part.refused[reason] += count
        yield from rows


def _of_tar(path: Path, options: ImportOptions, on_read: Read) -> Iterator[Part]:
    """Yield the traces of a tar, some at once, and its tables one by one; nothing is unpacked to the disk."""
    joined = _Joined(_pieces(path), on_read)
    traces: list[tuple[str, bytes]] = []
    number = held = 0
    try:
        with tarfile.open(fileobj=joined, mode="r|*") as tar:
            for member in tar:
                if not member.isfile():
                    continue
                name = member.name.rpartition("/")[2]
                if is_trace(name):
                    traces.append((f"{path}:{member.name}", _bytes_of(tar, member, LARGEST_TRACE)))
                    held += len(traces[-1][1])
                    if len(traces) == TRACES_AT_ONCE or held > TRACE_BYTES_AT_ONCE:
                        number += 1
                        yield _traces(traces, f"{path}, part {number}")
                        traces, held = [], 0
                elif suffix_of(name) and not name.lower().endswith((".txt", ".md")):
                    yield _member(f"{path}:{member.name}", _bytes_of(tar, member, LARGEST_MEMBER), options)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if traces:
            yield _traces(traces, f"{path}, part {number + 1}")
        raise FormatError(
            f"the tar is damaged or cut off ({error}); whole parts before have been imported", source=str(path)
        ) from None
    if traces:
        yield _traces(traces, f"{path}, part {number + 1}")


def _bytes_of(tar: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    if member.issparse():  # some bytes of a tar may stand for as many zeros as it likes
        raise ValueError(f"{member.name} has holes, which no file of these has")
    if member.size > most:
        raise ValueError(f"{member.name} is longer than {most:,} bytes")
    file = tar.extractfile(member)
    data = file.read() if file is not None else b""
    if len(data) != member.size:
        raise EOFError(f"{member.name} is cut off")
    return data


def _member(name: str, data: bytes, options: ImportOptions) -> Part:
    return Part(
        name, hashlib.sha256(data).hexdigest(), "table",
        lambda part: _table_rows(io.BytesIO(data), name, options, part),
    )  # fmt: skip


def _pieces(path: Path) -> list[Path]:
    """The files of a tar that was cut: day.tar.aa, day.tar.ab and so on."""
    if not path.name.lower().endswith(".aa"):
        return [path]
    return sorted(one for one in path.parent.glob(path.name[:-2] + "??") if one.suffix[1:].isalpha())


class _Joined(io.RawIOBase):
    """Files one after another, as one."""

    def __init__(self, paths: list[Path], on_read: Read) -> None:
        self._paths = paths
        self._on_read = on_read
        self._file: BinaryIO | None = None
        self._at_end = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes, fewer at the end only."""
        parts: list[bytes] = []
        while size > 0:
            if self._file is None:
                if not self._paths:
                    self._at_end += not parts
                    if self._at_end > AT_END:
                        # A member that says it is longer than all there is would be skipped block by block for years.
                        raise EOFError("it ends in the middle of a file")
                    break
                self._file = self._paths.pop(0).open("rb")
            data = self._file.read(size)
            if not data:
                self._file.close()
                self._file = None
                continue
            self._on_read(len(data))
            parts.append(data)
            size -= len(data)
        return b"".join(parts)


def _of_store(path: Path, options: ImportOptions, on_read: Read) -> Iterator[Part]:
    history = open_history(path)
    entries = [entry for entry in history.manifest.entries.values() if entry.table == "positions"]
    if not entries and any(path.glob("raw/*.seg")):
        yield from _of_recording(path, options, on_read)
        return
    content = hashlib.sha256("\n".join(sorted(entry.sha256 for entry in entries)).encode()).hexdigest()

    def read(part: Part) -> Iterator[Positions]:
        yield from history.positions_in_parts(0, LATEST_NS, contradicted=True)
        if history.damaged:
            part.failures.append(FormatError(f"{len(history.damaged)} of its files are damaged", source=str(path)))
        on_read(sum(entry.bytes for entry in entries))

    yield Part(str(path), content, "skywitness", read)


def _of_recording(path: Path, options: ImportOptions, on_read: Read) -> Iterator[Part]:
    def read(part: Part) -> Iterator[Positions]:
        format = options.format if options.format in FORMATS else None
        tracking = Tracking([path], start_ns=options.start_ns, format=format)
        recording = tracking.recordings[0]
        part.format = recording.format
        for positions in tracking.positions():
            if options.start_ns is None and recording.untimed_base:
                raise FormatError(
                    "it does not say of which time it is", source=str(path), hint="Say when it begins with --start."
                )
            yield positions
        if tracking.failures:
            if not tracking.messages:
                raise tracking.failures[0]
            part.failures += tracking.failures
        if recording.format in FRAME_FORMATS:
            part.more["frames"] = tracking.frames
        part.refused.update({reason: n for reason, n in recording.counts.items() if reason not in ("skipped",)})

    yield Part(str(path), _hash_of(path, on_read), "recording", read)


def _hash_of(path: Path, on_read: Read) -> str:
    if not path.is_dir():
        return _hash(path, on_read)
    parts = sorted((*path.glob("*.seg"), *path.glob("raw/*.seg")))
    return hashlib.sha256("\n".join(_hash(part, on_read) for part in parts).encode()).hexdigest()


def size_of(sources: Sequence[str]) -> int | None:
    """Bytes of all sources as they are stored, for progress; None if that cannot be known."""
    total = 0
    for source in sources:
        path = resolved(source)
        try:
            if path.is_dir():
                total += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            else:
                total += sum(piece.stat().st_size for piece in _pieces(path))
        except OSError:
            return None
    return total
