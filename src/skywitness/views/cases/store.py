"""Cases on the disk: one JSON file each, replaced in one step and made safe before it is answered for.

A node that is killed, or a computer that loses power, leaves each case as it was before or after a change, never
between. Nothing but this writes there; what cannot be read is left alone and shown as damaged.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import threading
import time
from pathlib import Path

import msgspec

from skywitness.errors import ConfigError, FormatError, SkywitnessError
from skywitness.views.cases.case import ID, MOST_BYTES, Case, Draft, Summary, new_id, now_text, read

__all__ = ["MOST_CASES", "MOST_PICTURES", "CaseStore", "ChangedError", "FullError", "MissingError"]

MOST_CASES = 1000
MOST_PICTURES = 4000
PICTURE_BYTES = 1 << 20
DELETED_S = 30 * 86_400.0
"""A deleted case can be had back for so long."""
HASH = re.compile(r"[0-9a-f]{64}")
PNG = b"\x89PNG\r\n\x1a\n"


class MissingError(SkywitnessError):
    """There is no such case or picture."""


class ChangedError(SkywitnessError):
    """Somebody else has changed the case since."""

    def __init__(self, case: Case) -> None:
        super().__init__(f"the case was changed elsewhere: it has version {case.version} now")
        self.case = case


class FullError(SkywitnessError):
    """There is no room for more."""


class CaseStore:
    """The cases of a node. Thread-safe.

    directory  where they are kept; made with the first case

    Methods raise MissingError, ChangedError, FullError, FormatError, and OSError if the disk refuses.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.RLock()
        self._listed: dict[str, tuple[tuple[int, int], Summary]] = {}

    # --- cases --------------------------------------------------------------------------------------------------

    def every(self) -> list[Summary]:
        """Return all cases, deleted ones too, the one changed last first."""
        with self._lock:
            found: dict[str, tuple[tuple[int, int], Summary]] = {}
            for path in self._files():
                stat = path.stat()
                stamp = stat.st_mtime_ns, stat.st_ino
                kept = self._listed.get(path.stem)
                found[path.stem] = kept if kept is not None and kept[0] == stamp else (stamp, self._summary(path))
            self._listed = found
            summaries = [summary for _, summary in found.values()]
        return sorted(summaries, key=lambda one: (one.changed, one.id), reverse=True)

    def read(self, identity: str) -> Case:
        """Return a case."""
        with self._lock:
            return self._read(self._path(identity))

    def add(self, draft: Draft, now_s: float | None = None) -> Case:
        """Keep a new case. Raises ChangedError if its id is taken."""
        with self._lock:
            self.forget_deleted(now_s)
            if len(list(self._files())) >= MOST_CASES:
                raise FullError(
                    f"there are {MOST_CASES} cases already", hint="Delete some; after 30 days they are gone."
                )
            identity = draft.id or new_id()
            path = self._path(identity)
            if path.exists():
                raise ChangedError(self._read(path))
            now = now_text(now_s)
            case = Case(identity, 1, draft.title, draft.note, now, now, draft.items)
            self._write(case)
        return case

    def change(self, identity: str, version: int, draft: Draft, now_s: float | None = None) -> Case:
        """Replace what a case says, if it still has the version that the change was made of."""
        with self._lock:
            case = self._at(identity, version)
            case = Case(
                identity, version + 1, draft.title, draft.note, case.created, now_text(now_s), draft.items
            )  # fmt: skip
            self._write(case)
        return case

    def delete(self, identity: str, now_s: float | None = None) -> Case:
        """Mark a case as deleted; it can be had back for 30 days."""
        with self._lock:
            case = self._read(self._path(identity))
            if not case.deleted:
                case.deleted = now_text(now_s)
                case.version += 1
                self._write(case)
        return case

    def restore(self, identity: str) -> Case:
        """Undo a deletion."""
        with self._lock:
            case = self._read(self._path(identity))
            if case.deleted:
                case.deleted = ""
                case.version += 1
                self._write(case)
        return case

    def forget_deleted(self, now_s: float | None = None) -> int:
        """Remove for good what was deleted 30 days ago, and pictures that no case has; return how many cases."""
        before = now_text((time.time() if now_s is None else now_s) - DELETED_S)
        with self._lock:
            old = [one for one in self.every() if one.deleted and one.deleted < before]
            for one in old:
                self._path(one.id).unlink(missing_ok=True)
            if old:
                self._forget_pictures()
        return len(old)

    # --- pictures -----------------------------------------------------------------------------------------------

    def add_picture(self, data: bytes) -> str:
        """Keep a PNG; return the hash it is known by."""
        if not data.startswith(PNG):
            raise FormatError("it is no PNG picture")
        if len(data) > PICTURE_BYTES:
            raise FormatError(f"the picture has more than {PICTURE_BYTES} bytes")
        name = hashlib.sha256(data).hexdigest()
        path = self.directory / "pictures" / f"{name}.png"
        with self._lock:
            if not path.exists():
                if sum(1 for _ in path.parent.glob("*.png")) >= MOST_PICTURES:
                    self._forget_pictures()
                    if sum(1 for _ in path.parent.glob("*.png")) >= MOST_PICTURES:
                        raise FullError(f"there are {MOST_PICTURES} pictures already", hint="Delete cases.")
                write_safely(path, data)
        return name

    def picture(self, name: str) -> bytes:
        """Return a picture."""
        if not HASH.fullmatch(name):
            raise MissingError("there is no such picture")
        try:
            return (self.directory / "pictures" / f"{name}.png").read_bytes()
        except FileNotFoundError:
            raise MissingError("there is no such picture") from None

    def _forget_pictures(self) -> None:
        """Remove those of no case that are a day old: a younger one may be about to be named."""
        wanted: set[str] = set()
        for path in self._files():
            try:
                wanted |= self._read(path).pictures()
            except FormatError:
                return  # a damaged case may name any
        for path in (self.directory / "pictures").glob("*.png"):
            if path.stem not in wanted and time.time() - path.stat().st_mtime > 86_400:
                path.unlink(missing_ok=True)

    # --- files --------------------------------------------------------------------------------------------------

    def _files(self) -> list[Path]:
        return sorted(path for path in self.directory.glob("*.json") if ID.fullmatch(path.stem))

    def _path(self, identity: str) -> Path:
        if not ID.fullmatch(identity):
            raise MissingError("there is no such case")
        return self.directory / f"{identity}.json"

    def _read(self, path: Path) -> Case:
        try:
            case: Case = read(path.read_bytes(), Case)
        except FileNotFoundError:
            raise MissingError("there is no such case") from None
        if case.id != path.stem:
            raise FormatError("it has the id of another case", source=str(path))
        return case

    def _at(self, identity: str, version: int) -> Case:
        """Return a case that has this version and is not deleted."""
        case = self._read(self._path(identity))
        if case.version != version or case.deleted:
            raise ChangedError(case)
        return case

    def _summary(self, path: Path) -> Summary:
        try:
            return self._read(path).summary()
        except SkywitnessError:
            return Summary(path.stem, 0, path.name, "", "", 0, is_damaged=True)

    def _write(self, case: Case) -> None:
        data = msgspec.json.encode(case)
        if len(data) > MOST_BYTES:
            raise FullError(f"the case is longer than {MOST_BYTES >> 10} KiB", hint="Begin another one.")
        write_safely(self._path(case.id), msgspec.json.format(data, indent=1) + b"\n")


def write_safely(path: Path, data: bytes) -> None:
    """Replace a file in one step that a loss of power does not undo; only its owner may read it. Raises OSError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"no case can be kept there: {error.strerror}", source=str(path.parent)) from None
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # The name is part of the directory: without this the old content may be back after a loss of power.
    if os.name == "posix":
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # some network file systems have no fsync of directories
                os.fsync(directory)
        finally:
            os.close(directory)
