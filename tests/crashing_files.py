"""A disk under the real one that forgets: what was not made safe is lost, torn or out of order after a crash.

Contents and names are told apart, as on a disk: `fsync` makes a file's contents safe, `fsync_dir` the names in a
directory. Between the two anything may have reached the disk, or not.
"""

from __future__ import annotations

import errno
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from skywitness.archive.files import OsFiles


class PowerLostError(Exception):
    """Power is gone: nothing after this happened."""


@dataclass
class Node:
    """A file's contents: what is safe, and every write since."""

    safe: bytes = b""
    writes: list[bytes] = field(default_factory=list)
    """Bytes appended."""

    @property
    def data(self) -> bytes:
        return self.safe + b"".join(self.writes)


class CrashingFiles(OsFiles):
    """The real files, and beside them what of it the disk has.

    crash_at  number of the operation at which power goes; the operation does not happen or, for a write, half
    full_at   number of bytes after which the disk is full
    """

    def __init__(self, directory: Path, crash_at: int = -1, full_at: int | None = None) -> None:
        self.directory = directory
        self.crash_at = crash_at
        self.operations = 0
        self.room = full_at
        self.crashed = False
        self.refuses_fsync = False
        self.mutex = threading.RLock()
        self.nodes: dict[Path, Node] = {}  # by present name
        self.names: dict[Path, Node] = {}  # by name as it is safe
        for path in directory.rglob("*"):
            if path.is_file():
                self.nodes[path] = self.names[path] = Node(path.read_bytes())

    def step(self) -> None:
        """One operation."""
        if self.crashed:
            raise PowerLostError
        self.operations += 1
        if self.crash_at >= 0 and self.operations > self.crash_at:
            self.crashed = True
            raise PowerLostError

    def take_room(self, size: int) -> int:
        """How much of so many bytes still fits."""
        if self.room is None:
            return size
        fits = min(size, self.room)
        self.room -= fits
        return fits

    def free(self, directory: Path) -> int:
        return super().free(directory) if self.room is None else self.room

    def open_append(self, path: Path) -> CrashingFile:
        with self.mutex:
            self.step()
            if path not in self.nodes:
                self.nodes[path] = Node()
            return CrashingFile(self, path, self.nodes[path], super().open_append(path))

    def rename(self, old: Path, new: Path) -> None:
        with self.mutex:
            self.step()
            super().rename(old, new)
            self.nodes[new] = self.nodes.pop(old)

    def unlink(self, path: Path) -> None:
        with self.mutex:
            self.step()
            super().unlink(path)
            self.nodes.pop(path, None)

    def truncate(self, path: Path, size: int) -> None:
        with self.mutex:
            self.step()
            if self.refuses_fsync:
                raise OSError(errno.EIO, "fault")
            super().truncate(path, size)
            node = self.nodes[path]
            node.safe, node.writes = node.data[:size], []

    def fsync_dir(self, directory: Path) -> None:
        with self.mutex:
            self.step()
            for path in [p for p in self.names if p.parent == directory]:
                del self.names[path]
            self.names |= {p: node for p, node in self.nodes.items() if p.parent == directory}

    def lock(self, path: Path, says: str) -> Callable[[], None]:
        return lambda: None  # a machine that lost power holds nothing

    def lose_power(self, rng: random.Random) -> None:
        """Leave on the real disk what might be left; all writers must have stopped."""
        self.crashed = True
        left: dict[Path, Node] = {}
        for path in sorted(self.names.keys() | self.nodes.keys()):
            before, now = self.names.get(path), self.nodes.get(path)
            node = now if rng.random() < 0.5 else before
            if node is not None:
                left[path] = node
        for path in sorted(p for p in self.directory.rglob("*") if p.is_file()):
            path.unlink()
        contents: dict[int, bytes] = {}
        for path, node in left.items():
            if id(node) not in contents:
                contents[id(node)] = torn(node, rng)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[id(node)])


class CrashingFile:
    def __init__(self, files: CrashingFiles, path: Path, node: Node, real: object) -> None:
        self.files, self.path, self.node, self.real = files, path, node, real

    def write(self, data: bytes) -> None:
        with self.files.mutex:
            try:
                self.files.step()
            except PowerLostError:
                self.node.writes.append(data[: len(data) // 2])
                raise
            fits = data[: self.files.take_room(len(data))]
            self.node.writes.append(fits)
            self.real.write(fits)
            if len(fits) < len(data):
                raise OSError(errno.ENOSPC, "No space left on device")

    def fsync(self) -> None:
        with self.files.mutex:
            self.files.step()
            if self.files.refuses_fsync:
                raise OSError(errno.EIO, "Input/output error")
            self.node.safe, self.node.writes = self.node.data, []

    def close(self) -> None:
        self.real.close()


def torn(node: Node, rng: random.Random) -> bytes:
    """What may be on the disk of a file whose last writes were not made safe: pages of them, in any choice."""
    rest = bytearray(b"".join(node.writes))
    kind = rng.choice(["lost", "whole", "cut", "holes", "zeros", "noise"])
    if kind == "lost":
        rest = bytearray()
    elif kind != "whole" and rest:
        del rest[rng.randrange(len(rest) + 1) :]
        size = 512
        for at in range(0, len(rest), size):  # pages are written in any order
            if kind == "holes" and rng.random() < 0.3:
                rest[at : at + size] = bytes(len(rest[at : at + size]))
            elif kind == "noise" and rng.random() < 0.3:
                rest[at : at + size] = rng.randbytes(len(rest[at : at + size]))
        if kind == "zeros":
            rest = bytearray(len(rest))
    return node.safe + bytes(rest)
