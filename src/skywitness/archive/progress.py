"""How far the minute files go: the first reception whose positions and states may not be in one yet.

Rows wait in memory for up to a minute and a quarter before they are a file. What a crash takes of them is made again
from the receptions, beginning with the one that `log/decoded` names.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from skywitness.archive.durable import put_file
from skywitness.archive.files import Files
from skywitness.archive.ledger import as_line, read_lines

__all__ = ["DECODED", "Decoded", "Progress", "read_decoded"]

log = structlog.get_logger("skywitness.archive")

DECODED = Path("log") / "decoded"

STEP_NS = 1_000_000_000
MARGIN_NS = 10_000_000_000
"""The last word on a row may come so long after its reception, and reach its minute so much later."""
MARK_S = 60.0
MOST_STEPS = 100_000
"""Steps kept while no minute can be written, more than a day's; beyond, the oldest one stays the mark."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the file says."""

    first: int
    """Rows of all receptions with lesser ids are in files."""
    provenance: int = 0
    """Index into PROVENANCES of what was made of them last."""


def read_decoded(directory: Path) -> Decoded | None:
    """Read the mark of a data directory; None if there is none that is whole."""
    for line in read_lines(directory / DECODED)[0]:
        try:
            return Decoded(int(line["first"]), int(line["provenance"]))
        except (KeyError, TypeError, ValueError):
            return None
    return None


class Progress:
    """Follows which receptions came when, and moves the mark.

    is_new  nothing was ever recorded here: all that will be is known from the start

    The recorder's lock guards all but `write`, and `write` is called by its thread alone.
    """

    def __init__(self, directory: Path, files: Files, *, is_new: bool) -> None:
        self.directory = directory
        self.files = files
        found = read_decoded(directory)
        self.mark = found or Decoded(0)
        self.is_known = is_new or found is not None
        """Whether the mark says anything."""
        self.is_filled = is_new
        """Whether what a crash took has been made again; before, the mark stays."""
        self._written: Decoded | None = found
        self._written_at = -math.inf
        self._steps: list[tuple[int, int]] = []
        """The node's time and the first id taken in then, at most one for each second."""

    @property
    def first(self) -> int | None:
        """Id of the first reception of which rows may be missing; None if that is not known."""
        return self.mark.first if self.is_known else None

    def heard(self, first: int, now_ns: int) -> None:
        """Note that receptions came, the first of which has this id."""
        while self._steps and self._steps[-1][0] > now_ns:  # a replay has begun anew
            self._steps.pop()
        if not self._steps or (now_ns - self._steps[-1][0] >= STEP_NS and len(self._steps) < MOST_STEPS):
            self._steps.append((now_ns, first))

    def made(self, provenance: int) -> None:
        """Note what is made of receptions now."""
        if provenance != self.mark.provenance:
            self.mark = replace(self.mark, provenance=provenance)
            self._written_at = -math.inf

    def filled(self) -> None:
        """Note that what a crash took has been made again and waits for its files as other rows do."""
        self.is_filled = self.is_known = True

    def advance(self, waiting_since_ns: int) -> None:
        """Move the mark to what came surely before the oldest row that waits for a file."""
        until_ns = waiting_since_ns - MARGIN_NS
        place = -1
        for k, (now_ns, _) in enumerate(self._steps):
            if now_ns > until_ns:
                break
            place = k
        if place >= 0 and self.is_filled:
            self.mark = replace(self.mark, first=max(self.mark.first, self._steps[place][1]))
            del self._steps[:place]

    def finish(self, following: int) -> None:
        """Everything is in files: nothing before the next id is to be made again."""
        if self.is_filled:
            self.mark = replace(self.mark, first=max(self.mark.first, following))

    def is_due(self) -> bool:
        """Whether it is long ago that the mark was looked at."""
        return time.monotonic() - self._written_at >= MARK_S

    def write(self) -> None:
        """Write the mark, in one step, if it has moved. What a failure costs is some time at the next start."""
        self._written_at = time.monotonic()
        mark = self.mark
        if not self.is_known or mark == self._written:
            return
        try:
            put_file(
                self.files, self.directory / DECODED, as_line({"first": mark.first, "provenance": mark.provenance})
            )
            self.files.fsync_dir((self.directory / DECODED).parent)
        except OSError as error:
            log.warning("how far the files go cannot be written", error=str(error))
            return
        self._written = mark
