"""Parquet files, opened so that whatever is wrong with them is told in one way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skywitness.errors import ArchiveError

__all__ = ["first_line", "parquet_of", "proven"]


@contextmanager
def parquet_of(source: Any, name: str, metadata: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, from a path or a buffer.

    metadata  its end, if that was read before

    Pages have checksums, so that a flipped bit is an error and no other value.

    Raises ArchiveError for whatever is wrong with what it holds.
    """
    try:
        with pq.ParquetFile(source, metadata=metadata, page_checksum_verification=True) as file:
            yield file
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # Arrow reports a bad page or footer as ArrowInvalid, OSError or ValueError, whatever it meets first.
        raise ArchiveError(f"it is damaged ({first_line(error)})", source=name) from error


def proven(path: Path) -> pa.BufferReader:
    """Read a file whose name has the first 16 digits of its SHA-256 before the ending.

    Raises ArchiveError if it is another's, FileNotFoundError.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest()[:16] != path.name.split(".")[-2]:
        raise ArchiveError("it is damaged (its hash is not that in its name)", source=str(path))
    return pa.BufferReader(data)


def first_line(error: Exception) -> str:
    """What an error says, without the rest of the page."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
