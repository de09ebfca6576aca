"""What the recorder asks of the disk: the operations of `durable`, and those that raw segments need besides."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from skywitness.archive import durable
from skywitness.errors import ArchiveError

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

__all__ = ["Files", "OsFiles"]


class Files(durable.Files, Protocol):
    """What is done to the disk. Every method raises OSError unless it says otherwise."""

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to its first `size` bytes and wait until that is safe."""

    def free(self, directory: Path) -> int:
        """Bytes that may still be written there."""

    def lock(self, path: Path, says: str) -> Callable[[], None]:
        """Hold a file against all other processes and write into it who does; return what lets it go.

        Raises ArchiveError, with what the holder wrote, if it is held.
        """


class OsFiles(durable.Disk):
    """The real one."""

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to its first `size` bytes and wait until that is safe."""
        with path.open("r+b") as file:
            file.truncate(size)
            os.fsync(file.fileno())

    def free(self, directory: Path) -> int:
        """Bytes that may still be written there by this user."""
        if hasattr(os, "statvfs"):
            status = os.statvfs(directory)
            return status.f_bavail * status.f_frsize
        import shutil

        return shutil.disk_usage(directory).free

    def lock(self, path: Path, says: str) -> Callable[[], None]:
        """Hold a file against all other processes; the system lets go of it when the holder ends, however it ends.

        Raises ArchiveError if another process holds it, or this one a second time.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, says.encode("utf-8"))
        except BlockingIOError:
            holder = os.read(descriptor, 400).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise ArchiveError(
                f"another process records there: {holder or 'it does not say which'}",
                source=str(path.parent),
                hint="Stop it, or name another directory.",
            ) from None
        except OSError:
            os.close(descriptor)
            raise

        def release() -> None:
            # The file stays: who removed it could remove the one that somebody else holds by now.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

        return release
