"""Positions decoded again, beside those of the time: which days a generation has, and which generation is asked.

    generations/current                 the number of the one that answers; without it the record of the time does
    generations/3/log.jsonl             who made it of what, hour by hour, with what came out differently
    generations/3/manifest.jsonl        its files
    generations/3/positions/2019-03-22/day-12.parquet

A generation takes whole days of the record's place, with the rows of those days that were not decoded again copied into
it. If rows of such a day have come to the record since, the day is answered from the record until it is decoded again:
nothing is ever mixed and nothing is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from skywitness.archive.durable import Files, put_file
from skywitness.archive.layout import DAY, POSITIONS
from skywitness.archive.ledger import as_line, read_lines
from skywitness.archive.manifest import Drop, Entry, Manifest, day_of_minute
from skywitness.errors import ArchiveError

__all__ = [
    "CURRENT",
    "GENERATIONS",
    "Generation",
    "Overlay",
    "current_generation",
    "generations_of",
    "overlay_of",
    "read_generation",
    "sweep_generations",
    "use_generation",
]

GENERATIONS = "generations"
CURRENT = Path(GENERATIONS) / "current"
LOG = "log.jsonl"
LOG_VERSION = 1
COUNTS = ("rows", "same", "new", "gone", "changed", "kept")


@dataclass(slots=True)
class Generation:
    """What the log of a generation says."""

    number: int
    made_by: str = ""
    """Version of skywitness that decoded."""
    since_ns: int = 0
    until_ns: int = 1 << 62
    receivers: tuple[str, ...] = ()
    """Only these were decoded; all if empty."""
    begun: dict[int, frozenset[int]] = field(default_factory=dict)
    """By day (its first minute), the numbers of the record's files it was made of."""
    hours: dict[int, dict[str, int]] = field(default_factory=dict)
    """By first minute of the hour: what came out."""
    days: dict[int, int] = field(default_factory=dict)
    """Days that are complete, and how many rows the record had of each."""
    is_done: bool = False

    def differences(self) -> dict[str, dict[str, int]]:
        """Return rows by day: all, the same, new, gone and changed ones, and those copied from the record."""
        found: dict[str, dict[str, int]] = {}
        for minute, counts in sorted(self.hours.items()):
            row = found.setdefault(day_of_minute(minute), dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                row[name] += counts.get(name, 0)
        return found


def home_of(directory: Path, number: int) -> Path:
    """Where a generation lies."""
    return directory / GENERATIONS / str(number)


def read_generation(directory: Path, number: int) -> Generation:
    """Read the log of a generation. Raises ArchiveError if there is none or a later version wrote it."""
    lines, _, _ = read_lines(home_of(directory, number) / LOG)
    out = Generation(number)
    source = f"{GENERATIONS}/{number}"
    if not lines:
        raise ArchiveError("there is no such generation", source=source, hint="See skywitness store stats.")
    for line in lines:
        kind = line.get("kind")
        if kind == "head":
            if int(line["version"]) > LOG_VERSION:
                raise ArchiveError("a later version wrote it", source=source, hint="Update skywitness.")
            out.made_by, out.receivers = str(line["made_by"]), tuple(line["receivers"])
            out.since_ns, out.until_ns = int(line["since"]), int(line["until"])
        elif kind == "begin":
            day = int(line["day"])
            out.begun[day] = frozenset(line["numbers"])
            out.days.pop(day, None)
            out.hours = {minute: counts for minute, counts in out.hours.items() if minute // DAY * DAY != day}
        elif kind == "hour":
            out.hours[int(line["minute"])] = line["counts"]
        elif kind == "day":
            out.days[int(line["day"])] = int(line["rows"])
        elif kind == "done":
            out.is_done = True
    return out


def generations_of(directory: Path) -> list[Generation]:
    """Return all generations, oldest first."""
    numbers = sorted(int(path.name) for path in (directory / GENERATIONS).glob("[0-9]*") if path.name.isdigit())
    return [read_generation(directory, n) for n in numbers if (home_of(directory, n) / LOG).exists()]


def current_generation(directory: Path) -> int:
    """Return the number of the generation that answers; 0 for the record of the time."""
    for line in read_lines(directory / CURRENT)[0]:
        return int(line.get("generation", 0))
    return 0


def use_generation(directory: Path, number: int, files: Files) -> None:
    """Have a generation answer from now on; 0 for the record of the time.

    Raises ArchiveError if there is none or it is not finished, OSError.
    """
    if number and not read_generation(directory, number).is_done:
        raise ArchiveError(
            "it is not finished", source=f"{GENERATIONS}/{number}", hint="Run skywitness redecode again to go on."
        )
    files.mkdir(directory / GENERATIONS)
    put_file(files, directory / CURRENT, as_line({"generation": number}))
    files.fsync_dir(directory / GENERATIONS)


class Overlay:
    """One generation in the place of the record's days that it has. Whoever asks holds the record's lock."""

    def __init__(self, directory: Path, number: int) -> None:
        self.number = number
        self.generation = read_generation(directory, number)
        self.manifest = Manifest(home_of(directory, number), None)
        self._prefix = f"{GENERATIONS}/{number}/"
        self._days: frozenset[int] = frozenset()
        self._known: tuple[Any, ...] = ()

    def between(self, base: Manifest, from_ns: int, until_ns: int) -> list[Entry]:
        """Return the files of positions of a time, oldest first, with their names within the data directory."""
        days = self.days(base)
        found = [e for e in base.tables[POSITIONS.name].between(from_ns, until_ns) if day_of(e) not in days]
        for entry in self.manifest.tables[POSITIONS.name].between(from_ns, until_ns):
            if day_of(entry) in days:
                found.append(msgspec.structs.replace(entry, path=self._prefix + entry.path))
        return sorted(found, key=lambda entry: (entry.minute, entry.number))

    def days(self, base: Manifest) -> frozenset[int]:
        """Return the days of which the record has no other rows than it had when they were decoded."""
        minutes = base.tables[POSITIONS.name]
        stamp = id(base), minutes.files, minutes.rows, minutes.bytes
        if stamp != self._known:
            now: dict[int, list[Entry]] = {}
            for entries in minutes.entries.values():
                for entry in entries:
                    now.setdefault(day_of(entry), []).append(entry)
            self._days = frozenset(
                day for day, rows in self.generation.days.items() if self._is_same(day, rows, now.get(day, []))
            )
            self._known = stamp
        return self._days

    def _is_same(self, day: int, rows: int, entries: list[Entry]) -> bool:
        # Merging changes files and no rows: then the rows, each once, are as many as they were.
        numbers = {entry.number for entry in entries}
        return numbers == self.generation.begun[day] or (bool(entries) and sum(e.rows for e in entries) == rows)


def overlay_of(directory: Path) -> Overlay | None:
    """Return the generation that answers; None if the record of the time does."""
    number = current_generation(directory)
    return Overlay(directory, number) if number else None


def day_of(entry: Entry) -> int:
    """First minute of the day of a file."""
    return entry.minute // DAY * DAY


def sweep_generations(directory: Path, base: Manifest, files: Files, at_us: int) -> int:
    """Delete what generations have of days that were deleted from the record; return how many files."""
    there = {day_of(entry) for entry in base.entries.values() if entry.table == POSITIONS.name}
    count = 0
    for generation in generations_of(directory):
        home = home_of(directory, generation.number)
        manifest = Manifest(home, files)
        drops = [
            Drop(e.path, e.table, day_of_minute(e.minute), "age", e.rows, e.bytes, at_us)
            for e in manifest.entries.values()
            if day_of(e) not in there and generation.begun.get(day_of(e))
        ]
        manifest.append(drops)
        for drop in drops:
            files.unlink(home / drop.path)
        count += len(drops)
    return count
