"""A progress bar on standard error, on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol

__all__ = ["Progress", "progress"]


class Progress(Protocol):
    """What `progress` hands to the body of its `with`."""

    def advance(self, n: int) -> None:
        """Count n more units (bytes, as a rule) as done."""

    def describe(self, label: str) -> None:
        """Change the words in front of the bar."""


class _Silent:
    def advance(self, n: int) -> None:
        pass

    def describe(self, label: str) -> None:
        pass


@contextlib.contextmanager
def progress(total: int | None, label: str) -> Iterator[Progress]:
    """Show how far a long task is.

    total   units in all, normally the input's bytes; None if unknown (standard input): then only the amount is shown
    label   what is being done, "reading flight.beast"
    """
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich import progress as rich_progress
    from rich.console import Console

    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        rich_progress.DownloadColumn(),
        rich_progress.TransferSpeedColumn(),
        rich_progress.TimeRemainingColumn(),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        class Shown:
            def advance(self, n: int) -> None:
                bar.advance(task, n)

            def describe(self, label: str) -> None:
                bar.update(task, description=label)

        yield Shown()
