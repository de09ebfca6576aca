"""Bytes of a file, of standard input or of the bundled demonstration, uncompressed, chunk by chunk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from skywitness.errors import SourceError
from skywitness.simulate.demo import demo_path
from skywitness.sources.compression import decompressed

__all__ = ["CHUNK_BYTES", "DEMO", "STDIN", "input_size", "open_bytes", "resolved"]

STDIN = "-"
DEMO = "demo"

CHUNK_BYTES = 1 << 18
"""About 12,000 Beast frames, whose columns stay in the processor's cache: 1 MiB is a fifth slower downstream."""


def resolved(path: str | Path) -> Path:
    """Where the input is; the word `demo` names the bundled demonstration."""
    return demo_path() if str(path) == DEMO else Path(path)


def input_size(path: str | Path) -> int | None:
    """Bytes of the file as it is stored, for progress; None if that cannot be known."""
    if str(path) == STDIN:
        return None
    try:
        found = resolved(path)
        if found.is_dir():
            return sum(part.stat().st_size for part in segments(found))
        return found.stat().st_size if found.is_file() else None
    except OSError:
        return None


def segments(directory: Path) -> list[Path]:
    """The segments of a node's record, in order: of its data directory, or of the directory `raw` in it."""
    return sorted(part for part in (*directory.glob("*.seg"), *directory.glob("raw/*.seg")) if part.stem.isdigit())


def open_bytes(path: str | Path, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield the contents in chunks, decompressed if they are compressed.

    path     a file, `-` for standard input, `demo` for the bundled demonstration, or a node's data directory: then the
             segments of its record, one after another
    on_read  called with the number of stored bytes each time some have been read

    Missing files raise OSError when the first chunk is asked for; failure in the middle raises SourceError, damaged
    compression FormatError, both after everything before has been given out.
    """
    return decompressed(_stored(path, on_read), str(path))


def _stored(path: str | Path, on_read: Callable[[int], None] | None) -> Iterator[bytes]:
    is_stdin = str(path) == STDIN
    if not is_stdin and resolved(path).is_dir():
        yield from _segments(Path(path), on_read)
        return
    file: Any = sys.stdin.buffer if is_stdin else resolved(path).open("rb")
    offset = 0
    try:
        while True:
            try:
                # Of a pipe take what is there: somebody may be waiting at its other end.
                chunk = file.read1(CHUNK_BYTES) if is_stdin else file.read(CHUNK_BYTES)
            except OSError as error:
                raise SourceError(f"reading failed: {error.strerror}", source=str(path), offset=offset) from error
            if not chunk:
                return
            offset += len(chunk)
            if on_read is not None:
                on_read(len(chunk))
            yield chunk
    finally:
        if not is_stdin:
            file.close()


def _segments(directory: Path, on_read: Callable[[int], None] | None) -> Iterator[bytes]:
    parts = segments(directory)
    if not parts:
        raise IsADirectoryError(21, "Is a directory without segments of a record", str(directory))
    for part in parts:
        try:
            yield from _stored(part, on_read)
        except FileNotFoundError:
            continue  # a node deletes what is old while others read
