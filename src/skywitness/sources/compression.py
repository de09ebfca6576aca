"""gzip, Zstandard, xz and bzip2, recognised by their first bytes and undone as they come."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import zstandard

from skywitness.errors import FormatError

__all__ = ["compression_of", "decompressed"]

MAGIC = {
    b"\x1f\x8b": "gzip",  # RFC 1952, 2.3.1
    b"\x28\xb5\x2f\xfd": "zstd",  # RFC 8878, 3.1.1
    b"\xfd7zXZ\x00": "xz",  # The .xz File Format 1.2, 2.1.1.1
    b"BZh": "bzip2",
}
LONGEST_MAGIC = max(map(len, MAGIC))

SLICE = 1 << 12
"""Bytes undone at a time: what they can grow to is bounded, and what came before damage is not lost with it."""

GATHER = 1 << 18


class _Undoer(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, /) -> bytes: ...


MAKERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    "xz": lzma.LZMADecompressor,
    "bzip2": bz2.BZ2Decompressor,
}
DAMAGE = (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)


def compression_of(head: bytes) -> str:
    """Name of the compression that begins so; empty if none."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def decompressed(chunks: Iterable[bytes], source: str = "") -> Iterator[bytes]:
    """Undo the compression of a stream, if it has one; several members one after the other are one stream.

    Everything before damage or before a missing end is given out first; then FormatError says where it was.
    """
    chunks = iter(chunks)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= LONGEST_MAGIC:
            break
    name = compression_of(head)
    if not name:
        if head:
            yield head
        yield from chunks
        return
    yield from _undone(_joined(head, chunks), name, source)


def _joined(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _undone(chunks: Iterator[bytes], name: str, source: str) -> Iterator[bytes]:
    undoer: _Undoer | None = MAKERS[name]()
    offset = 0
    gathered = bytearray()
    for chunk in chunks:
        for start in range(0, len(chunk), SLICE):
            piece = bytes(chunk[start : start + SLICE])
            while piece:
                if undoer is None:
                    piece = piece.lstrip(b"\0")  # padding between and after members
                    if not piece:
                        break
                    undoer = MAKERS[name]()
                try:
                    gathered += undoer.decompress(piece)
                except DAMAGE:
                    yield bytes(gathered)
                    raise FormatError(
                        f"its {name} data are damaged; what came before has been read", source=source, offset=offset
                    ) from None
                rest = undoer.unused_data if undoer.eof else b""
                offset += len(piece) - len(rest)
                piece = rest
                if undoer.eof:
                    undoer = None
            if len(gathered) >= GATHER:
                yield bytes(gathered)
                gathered.clear()
    if gathered:
        yield bytes(gathered)
    if undoer is not None:
        raise FormatError(
            f"its {name} data end before their end; what came before has been read", source=source, offset=offset
        )
