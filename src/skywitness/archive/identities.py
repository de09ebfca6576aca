"""Lists of aircraft on the disk: each imported one a Parquet file, what the user sets by hand in one that wins.

A list is read whole before anything is replaced; then its file takes the place of the former one in one step. Nothing
imported ever changes what was set by hand.
"""

from __future__ import annotations

import bisect
import bz2
import gzip
import io
import lzma
import os
import re
import sqlite3
import tempfile
import urllib.error
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import platformdirs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skywitness.archive.hashes import hash_of, put_hashes, stated_hashes
from skywitness.errors import ConfigError, FormatError, SourceError
from skywitness.identity.book import KINDS, Book, Register, Statement, register_of
from skywitness.identity.lists import clean, statements

__all__ = ["LOCAL", "identity_directory", "import_list", "load_book", "put_register", "set_local"]

LOCAL = "local"
LARGEST_BYTES = 1 << 30
"""Unpacked; the largest list there is has 100 MB."""
FETCH_S = 60.0
ROWS_AT_ONCE = 1 << 16
"""Rows of a group in the file: those of a few addresses are found without reading them all."""
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,40}")
HEX = re.compile(r"[0-9A-Fa-f]{6}")
COLUMNS = (
    "icao",
    "registration",
    "typecode",
    "operator",
    "description",
    "year",
    "flags",
    "from_ns",
    "until_ns",
    "derived",
)
OPENERS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ": lzma.open, b"BZh": bz2.open}


def identity_directory(data: str | Path | None) -> Path:
    """Return where lists are kept: in a data directory, or among the user's own data."""
    if data:
        return Path(data).expanduser() / "identity"
    return platformdirs.user_data_path("skywitness", appauthor=False) / "identity"


def load_book(*directories: Path, only: Iterable[int] | None = None) -> Book:
    """Return all lists of some directories; an empty book if there are none.

    only  no more than what is said of these addresses, which is quicker

    Raises FormatError if a list is damaged.
    """
    wanted = None if only is None else sorted(set(only))
    paths = [path for directory in directories if directory.is_dir() for path in sorted(directory.glob("*.parquet"))]
    return Book([_load(path, wanted) for path in paths])


def _load(path: Path, only: list[int] | None = None) -> Register:
    try:
        table = _table(path, only)
        about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        columns = {name: table.column(name).to_numpy(zero_copy_only=False) for name in COLUMNS}
        kind = about["kind"] if about["kind"] in KINDS else "table"
    except (pa.ArrowException, KeyError, OSError, ValueError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"this list is damaged: {text}", source=str(path), hint="Import it again.") from None
    numbers = {name: columns[name] for name in ("icao", "year", "flags", "from_ns", "until_ns", "derived")}
    texts = {name: columns[name].astype(np.str_) for name in ("registration", "typecode", "operator", "description")}
    return Register(path.stem, kind, **texts, **numbers)


def _table(path: Path, only: list[int] | None) -> pa.Table:
    """Rows of a list, of those addresses if any are given, from the groups of rows that may have them.

    Not `read_table`: that imports `pyarrow.dataset` and with it pandas, where it is installed, for a second.
    """
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        if only is None:
            return file.read()
        if file.schema_arrow.field("icao").type != pa.uint32():
            raise ValueError("its addresses are no numbers of 32 bits")
        column = file.schema_arrow.get_field_index("icao")
        groups = []
        for group in range(file.num_row_groups):
            ends = file.metadata.row_group(group).column(column).statistics
            if ends is None or not ends.has_min_max or _any_between(only, ends.min, ends.max):
                groups.append(group)
        table = file.read_row_groups(groups)
    return table.filter(pc.is_in(table.column("icao"), pa.array(only, pa.uint32())))


def _any_between(ordered: list[int], first: int, last: int) -> bool:
    place = bisect.bisect_left(ordered, first)
    return place < len(ordered) and ordered[place] <= last


def put_register(directory: Path, register: Register) -> Path:
    """Write a list in the place of the former one of its name."""
    directory.mkdir(parents=True, exist_ok=True)
    columns = {}
    for name in COLUMNS:
        values = getattr(register, name)
        columns[name] = pa.array(values.tolist(), pa.string()) if values.dtype.kind == "U" else pa.array(values)
    table = pa.table(columns).replace_schema_metadata({"kind": register.kind, "format": "1"})
    path = directory / f"{register.name}.parquet"
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=directory)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            pq.write_table(table, file, compression="zstd", row_group_size=ROWS_AT_ONCE, write_page_checksum=True)
            file.flush()
            os.fsync(file.fileno())
        digest = hash_of(part)
        put_hashes(path, digest, *stated_hashes(path))  # both, so that a crash in between finds either list whole
        part.replace(path)
        put_hashes(path, digest)
    finally:
        part.unlink(missing_ok=True)
    return path


def import_list(directory: Path, source: str, name: str = "") -> tuple[Register, Counter[str]]:
    """Read a published list, from a file or an address of the web, and keep it.

    name  under which it is kept; by default that of its kind

    Raises FormatError, SourceError or ConfigError; what was kept before is then still there.
    """
    if name and (not NAME.fullmatch(name) or name == LOCAL):
        raise ConfigError(f"{name!r} is no name for a list", hint="Use small letters, digits, dot, dash, underscore.")
    counts: Counter[str] = Counter()
    with _opened(source) as raw:
        try:
            kind, said = _read(raw, source, counts)
            rows = [replace(one, source=name or kind, kind=kind) for one in said]
        except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
            raise FormatError(f"it cannot be unpacked: {error}", source=source) from None
    if not rows:
        raise FormatError(f"none of its {counts['rows']:,} rows says anything of an aircraft", source=source)
    register = register_of(name or kind, kind, rows)
    put_register(directory, register)
    return register, counts


def _read(raw: IO[bytes], source: str, counts: Counter[str]) -> tuple[str, Iterator[Statement]]:
    head = raw.read(16)
    raw.seek(0)
    if head.startswith(b"SQLite format 3\0"):
        return "basestation", _basestation(raw, source, counts)
    bounded: Any = io.BufferedReader(_Bounded(_unpacked(raw, head), source), 1 << 20)
    return statements(io.TextIOWrapper(bounded, "utf-8", "replace", newline=""), source, counts)


def set_local(directory: Path, icao: int, values: dict[str, str]) -> Register:
    """Set fields of an aircraft by hand; an empty value takes the field back."""
    path = directory / f"{LOCAL}.parquet"
    kept = _load(path) if path.exists() else register_of(LOCAL, LOCAL, [])
    rows = [kept.statement(row) for row in range(len(kept))]
    old = next((one for one in rows if one.icao == icao), Statement(icao, LOCAL, LOCAL))
    flags = old.flags
    changes: dict[str, Any] = {}
    for field, value in values.items():
        text = clean(value)
        if field in ("registration", "typecode"):
            changes[field] = text.upper()
        elif field in ("operator", "description"):
            changes[field] = text
        elif field == "year":
            changes["year"] = int(text) if text.isdecimal() and len(text) == 4 else 0
        elif field == "military":
            flags = flags | 1 if text.lower() in ("1", "yes", "true") else flags & ~1
        else:
            raise ConfigError(
                f"there is no field {field!r}",
                hint="There are registration, typecode, operator, description, year, military.",
            )
    new = replace(old, **changes, flags=flags)
    rows = [one for one in rows if one.icao != icao] + ([new] if new.values() else [])
    register = register_of(LOCAL, LOCAL, rows)
    put_register(directory, register)
    return register


def _opened(source: str) -> IO[bytes]:
    if re.match(r"https?://", source):
        spool = tempfile.SpooledTemporaryFile(max_size=32 << 20)  # noqa: SIM115 - its caller closes it
        try:
            with urllib.request.urlopen(source, timeout=FETCH_S) as answer:
                while part := answer.read(1 << 20):
                    spool.write(part)
                    if spool.tell() > LARGEST_BYTES:
                        raise FormatError("it is larger than any list of aircraft", source=source)
        except (urllib.error.URLError, OSError, ValueError) as error:
            spool.close()
            raise SourceError(f"it cannot be fetched: {error}", source=source) from None
        spool.seek(0)
        return spool
    try:
        return Path(source).expanduser().open("rb")
    except FileNotFoundError:
        raise SourceError("there is no such file", source=source) from None
    except OSError as error:
        raise SourceError(f"it cannot be opened: {error.strerror}", source=source) from None


def _unpacked(raw: IO[bytes], head: bytes) -> IO[bytes]:
    for magic, opener in OPENERS.items():
        if head.startswith(magic):
            opened: IO[bytes] = opener(raw, "rb")  # type: ignore[operator]
            return opened
    return raw


class _Bounded(io.RawIOBase):
    """Bytes, and no more than LARGEST_BYTES of them."""

    def __init__(self, file: IO[bytes], source: str) -> None:
        self.file = file
        self.source = source
        self.left = LARGEST_BYTES

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some."""
        data = self.file.read(len(buffer))
        self.left -= len(data)
        if self.left < 0:
            raise FormatError("it is larger than any list of aircraft", source=self.source)
        buffer[: len(data)] = data
        return len(data)


def _basestation(raw: IO[bytes], source: str, counts: Counter[str]) -> Iterator[Statement]:
    with tempfile.NamedTemporaryFile(suffix=".sqb") as copy:
        while part := raw.read(1 << 20):
            copy.write(part)
        copy.flush()
        yield from _of_database(Path(copy.name), source, counts)


def _of_database(path: Path, source: str, counts: Counter[str]) -> Iterator[Statement]:
    base = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        rows: Iterable[tuple[Any, ...]] = base.execute(
            "SELECT ModeS, Registration, ICAOTypeCode, RegisteredOwners, Type FROM Aircraft"
        )
        for icao, registration, typecode, owner, description in rows:
            counts["rows"] += 1
            if not HEX.fullmatch(clean(icao, 8)):
                counts["bad_address"] += 1
                continue
            yield Statement(
                int(clean(icao, 8), 16), "", "basestation", clean(registration, 16).upper(), clean(typecode, 4).upper(),
                clean(owner), clean(description),
            )  # fmt: skip
    except sqlite3.DatabaseError as error:
        raise FormatError(f"it is no BaseStation database: {error}", source=source) from None
    finally:
        base.close()
