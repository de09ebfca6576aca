"""Where a command writes: a file that appears whole or not at all, or standard output."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from skywitness.errors import ConfigError, SkywitnessError

__all__ = ["naming", "open_output"]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Put the file's name into the error of a full disk, which comes without."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL and error.filename is None:
            error.filename = path
        raise


@contextlib.contextmanager
def open_output(path: str, inputs: Iterable[str] = ()) -> Iterator[BinaryIO]:
    """Open a file to write, under another name until it is complete; `-` is standard output.

    What was written before a SkywitnessError (a damaged input, as a rule) or an interruption is kept; after any other
    exception nothing remains.

    inputs  files that are being read: writing over one of them is a ConfigError
    """
    if path == "-":
        with naming("standard output"):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        return
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(21, "is a directory", path)
    for other in inputs:
        if target.exists() and Path(other).exists() and target.samefile(other):
            raise ConfigError(f"{path} is one of the inputs", hint="Give the output another name.")
    if target.exists() and not target.is_file():  # /dev/null, a named pipe: nothing to rename
        with target.open("wb") as file:
            yield file
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, path) from None
    part = Path(name)
    try:
        with naming(path), os.fdopen(descriptor, "wb") as file:
            try:
                yield file
            except (SkywitnessError, KeyboardInterrupt):
                _finish(file, part, target)
                raise
            _finish(file, part, target)
    finally:
        part.unlink(missing_ok=True)


def _finish(file: BinaryIO, part: Path, target: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~mask)
    part.replace(target)
