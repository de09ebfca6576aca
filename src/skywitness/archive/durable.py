"""The few operations by which files of rows are written, so that a test can take the disk's place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

__all__ = ["Disk", "Files", "append_file", "put_file"]

TEMPORARY = ".tmp"
"""End of the name of a file that is not finished."""


class Appending(Protocol):
    """A file that is open for writing at its end."""

    def write(self, data: bytes) -> object:
        """Write all of it. Raises OSError, after which some of it may be there."""

    def fsync(self) -> None:
        """Return when all of it survives a loss of power."""

    def close(self) -> None:
        """Let go."""


class Files(Protocol):
    """What is done to the disk. Every method raises OSError."""

    def open_append(self, path: Path) -> Appending:
        """Open a file at its end, a new one if there is none."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, in the place of what has it now."""

    def unlink(self, path: Path) -> None:
        """Remove a file; one that is not there is fine."""

    def list(self, directory: Path) -> list[str]:
        """Names in a directory, sorted."""

    def mkdir(self, directory: Path) -> None:
        """Make a directory and those above it; one that is there is fine."""

    def fsync_dir(self, directory: Path) -> None:
        """Return when the names in a directory survive a loss of power."""


class Disk:
    """The real one."""

    def open_append(self, path: Path) -> Appending:
        """Open a file at its end, a new one if there is none."""
        return DiskFile(path)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, in the place of what has it now."""
        old.replace(new)

    def unlink(self, path: Path) -> None:
        """Remove a file; one that is not there is fine."""
        path.unlink(missing_ok=True)

    def list(self, directory: Path) -> list[str]:
        """Names in a directory, sorted."""
        return sorted(os.listdir(directory))  # noqa: PTH208, a path object a file is slow

    def mkdir(self, directory: Path) -> None:
        """Make a directory and those above it; one that is there is fine."""
        directory.mkdir(parents=True, exist_ok=True)

    def fsync_dir(self, directory: Path) -> None:
        """Return when the names in a directory survive a loss of power."""
        if os.name != "posix":
            return  # elsewhere a directory cannot be opened, and a rename is safe by itself
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class DiskFile:
    """A file at its end, without a buffer of its own."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Write all of it."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def fsync(self) -> None:
        """Return when all of it survives a loss of power."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go."""
        self._file.close()


def put_file(files: Files, path: Path, data: bytes) -> None:
    """Write a file so that its name shows all of it or nothing; the directory's fsync is left to the caller."""
    temporary = path.with_name(path.name + TEMPORARY)
    files.unlink(temporary)
    append_file(files, temporary, data)
    files.rename(temporary, path)


def append_file(files: Files, path: Path, data: bytes) -> None:
    """Write to the end of a file and wait until it is safe."""
    file = files.open_append(path)
    try:
        file.write(data)
        file.fsync()
    finally:
        file.close()
