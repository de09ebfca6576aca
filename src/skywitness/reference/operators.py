"""Who flies under a callsign: operators by their three-letter designator (Doc 8585), with telephony where known."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Operator", "Operators"]

CALLSIGN = re.compile(r"([A-Z]{3})[0-9][0-9A-Z]{0,3}")
"""A designator and a flight number. An aircraft that flies under its registration has no figure there (OEABC)."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who has a designator. `telephony` is what is said on the radio for it; empty where the table has none."""

    designator: str
    name: str
    telephony: str = ""


class Operators(Mapping[str, Operator]):
    """All designators that are known, as a mapping; `get` gives None for others."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self._operators = {one.designator: one for one in operators}

    def __getitem__(self, designator: str) -> Operator:
        return self._operators[designator]

    def __iter__(self) -> Iterator[str]:
        return iter(self._operators)

    def __len__(self) -> int:
        return len(self._operators)

    @classmethod
    def of_table(cls, table: str) -> Operators:
        """Make it of a table in CSV: designator, name, telephony."""
        rows = csv.reader(io.StringIO(table))
        next(rows, None)
        return cls(Operator(*row) for row in rows)

    def of_callsign(self, callsign: str) -> Operator | None:
        """Return who flies under a callsign by its designator; None if it has none, or one that nobody is known by.

        A callsign is what the crew has typed in: it tells who says to operate the flight, not whose aircraft it is.
        """
        match = CALLSIGN.fullmatch(callsign.strip().upper())
        return None if match is None else self._operators.get(match[1])
