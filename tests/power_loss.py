"""A disk that loses power: what was not made safe is lost, torn or kept, by chance, contents and names alike."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from skywitness.archive.durable import Disk


class PowerLossError(Exception):
    """The machine is off."""


class FragileDisk(Disk):
    """Fails at the given operation; then `lose` leaves what a disk might."""

    def __init__(self, fails_at: int = -1) -> None:
        self.fails_at = fails_at
        self.operations = 0
        self.lengths: dict[Path, int] = {}  # of open contents, what is safe of them
        self.names: list[tuple[str, Path, Path | None, bytes | None]] = []  # changes of names that are not safe

    def step(self) -> None:
        self.operations += 1
        if self.operations - 1 == self.fails_at:
            raise PowerLossError

    def open_append(self, path: Path) -> FragileFile:
        self.step()
        if not path.exists():
            path.touch()
            self.names.append(("create", path, None, None))
            self.lengths[path] = 0
        self.lengths.setdefault(path, path.stat().st_size)
        return FragileFile(self, path)

    def rename(self, old: Path, new: Path) -> None:
        self.step()
        before = new.read_bytes() if new.exists() else None
        old.replace(new)
        self.names.append(("rename", old, new, before))
        self.lengths[new] = self.lengths.pop(old)

    def unlink(self, path: Path) -> None:
        if path.exists():
            self.step()
            self.names.append(("unlink", path, None, path.read_bytes()))
            path.unlink()

    def mkdir(self, directory: Path) -> None:
        self.step()
        made = [d for d in (directory, *directory.parents) if not d.exists()]
        directory.mkdir(parents=True, exist_ok=True)
        self.names += [("mkdir", path, None, None) for path in reversed(made)]

    def fsync_dir(self, directory: Path) -> None:
        self.step()
        self.names = [change for change in self.names if change[1].parent != directory]

    def lose(self, rng: random.Random) -> None:
        """Turn the power off."""
        for path, safe in self.lengths.items():
            if path.exists() and path.stat().st_size > safe:
                data = path.read_bytes()
                kept = rng.randint(safe, len(data))
                torn = bytes(rng.randrange(256) for _ in range(min(kept - safe, rng.choice([0, 0, 9]))))
                path.write_bytes(data[: kept - len(torn)] + torn)
        for kind, path, new, before in reversed(self.names):
            if rng.random() < 0.5:
                continue
            if kind in ("create", "mkdir"):
                shutil.rmtree(path, ignore_errors=True) if kind == "mkdir" else path.unlink(missing_ok=True)
            elif kind == "unlink" and path.parent.exists():
                path.write_bytes(before or b"")
            elif kind == "rename" and new is not None and new.exists():
                new.replace(path)
                if before is not None:
                    new.write_bytes(before)
        self.names.clear()
        self.lengths.clear()
        self.fails_at = -1


class FragileFile:
    def __init__(self, disk: FragileDisk, path: Path) -> None:
        self.disk = disk
        self.path = path

    def write(self, data: bytes) -> None:
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self.disk.step()
            with self.path.open("ab") as file:
                file.write(part)

    def fsync(self) -> None:
        self.disk.step()
        self.disk.lengths[self.path] = self.path.stat().st_size

    def close(self) -> None:
        pass
