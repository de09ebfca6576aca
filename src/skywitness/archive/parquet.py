"""Parquet files, opened so that whatever is wrong with them is told in one way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skywitness.errors import ArchiveError

__all__ = ["first_line", "parquet_of"]


@contextmanager
def parquet_of(source: Any, name: str, metadata: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, from a path or a buffer.

    metadata  its end, if that was read before

    Raises ArchiveError for whatever is wrong with what it holds.
    """
    try:
        with pq.ParquetFile(source, metadata=metadata) as file:
            yield file
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # Arrow reports a bad page or footer as ArrowInvalid, OSError or ValueError, whatever it meets first.
        raise ArchiveError(f"it is damaged ({first_line(error)})", source=name) from error


def first_line(error: Exception) -> str:
    """What an error says, without the rest of the page."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
