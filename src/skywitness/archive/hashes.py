"""Hashes of files, and the small files beside others that hold theirs, as `sha256sum --check` reads them."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

__all__ = ["HASH_SUFFIX", "hash_of", "is_hash_file_whole", "put_hashes", "stated_hashes"]

HASH_SUFFIX = ".sha256"
LINE = re.compile(r"([0-9a-f]{64})  (.+)\n")


def hash_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_hashes(path: Path, *hashes: str) -> None:
    """Write which hashes a file may have: one, or two while it is replaced. Raises OSError."""
    target = path.with_name(path.name + HASH_SUFFIX)
    part = target.with_name(target.name + ".tmp")
    with part.open("wb") as file:
        file.write("".join(f"{digest}  {path.name}\n" for digest in dict.fromkeys(hashes)).encode())
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def stated_hashes(path: Path) -> list[str]:
    """Return the hashes that the file beside says this one may have; none if there is no such file."""
    try:
        text = path.with_name(path.name + HASH_SUFFIX).read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [match[1] for match in LINE.finditer(text)] or [""]


def is_hash_file_whole(path: Path) -> bool:
    """Whether the file beside has nothing but lines of this file's hash."""
    text = path.with_name(path.name + HASH_SUFFIX).read_bytes().decode("utf-8", "replace")
    stated = "".join(f"{digest}  {path.name}\n" for digest in stated_hashes(path))
    return text == stated
