"""Where an aircraft would have been heard, day by day, by what was heard of all aircraft on that day."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from skywitness.batches import END_EVIDENCE, Ends
from skywitness.coverage.expected import Expected, expected_of
from skywitness.journeys.edges import uncovered
from skywitness.journeys.histories import histories
from skywitness.questions.answer import Searchable
from skywitness.units import NS_PER_S

__all__ = ["CoveredDays"]

DAY_NS = 86_400 * NS_PER_S
LOST = END_EVIDENCE.index("lost_in_flight")
MOST_DAYS = 16
"""Ten megabytes each."""
MOST_ROWS = 8_000_000
"""Of a day with more positions, every so many minutes are counted that about so many are read."""
GROWN = 1.02
"""A day that still grows is counted anew once it has so much more positions."""


@dataclass(slots=True)
class CoveredDays:
    """Marks ends that lie where nobody would have been heard.

    The day of an end decides, and all that was heard on it: the same whoever asks, and whatever else is asked for.
    """

    history: Searchable
    _days: dict[int, tuple[int, Expected]] = field(default_factory=dict)

    def __call__(self, ends: Ends) -> Ends:
        """Return the ends with those marked."""
        lost = np.flatnonzero(ends.evidence == LOST)
        days = ends.time_ns[lost] // DAY_NS
        evidence = ends.evidence.copy()
        for day in np.unique(days).tolist():
            mine = lost[days == day]
            evidence[mine] = uncovered(ends.take(mine), self.of(day)).evidence
        return ends.replaced(evidence=evidence)

    def of(self, day: int) -> Expected:
        """Return what was covered on a day, by its number since 1970."""
        begin, end = day * DAY_NS, (day + 1) * DAY_NS
        rows = self.history.rows_about(begin, end)
        kept = self._days.get(day)
        if kept is not None and kept[0] <= rows <= GROWN * kept[0]:
            return kept[1]
        made = self._counted(begin, end, rows)
        while len(self._days) >= MOST_DAYS:
            self._days.pop(next(iter(list(self._days))), None)  # several threads may ask: a list does not change
        self._days[day] = rows, made
        return made

    def _counted(self, begin: int, end: int, rows: int) -> Expected:
        if rows <= MOST_ROWS:
            found = histories(self.history.positions(begin, end))
            return expected_of(found.rows, found.starts)
        made = Expected.empty()
        share = -(-rows // MOST_ROWS)
        for hour in range(0, 24, 1):
            if hour % share == 0:
                from_ns = begin + hour * 3_600 * NS_PER_S
                found = histories(self.history.positions(from_ns, from_ns + 3_600 * NS_PER_S))
                made = made + expected_of(found.rows, found.starts)
        return made
