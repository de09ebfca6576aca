"""What may be asked of the record, whatever keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from skywitness.batches import U8, U32, Positions
from skywitness.tracks.aircraft import AircraftTable

if TYPE_CHECKING:
    from skywitness.journeys.legs import Flights

__all__ = ["FlightRecord", "History"]


class History(Protocol):
    """The past, the last minutes included: rows that are not on disk yet are answered from memory.

    Times are int64 nanoseconds UTC, half open [from_ns, until_ns). Thread-safe. Raises ArchiveError for damaged data.
    """

    def positions(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Positions:
        """Return final rows sorted by (address_kind, icao, time_ns, parent).

        icao, address_kind  equally long lists of aircraft; all if not given
        contradicted        with the rows that were rejected, and their reason
        """

    def positions_in_parts(
        self,
        from_ns: int,
        until_ns: int,
        *,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
        contradicted: bool = False,
    ) -> Iterator[Positions]:
        """Yield the rows of `positions` in parts, one time after the other, each sorted as there.

        Memory does not grow with the span. No row is missed or given twice; of what comes while the parts are read, a
        later part may have it.
        """

    def states(
        self, from_ns: int, until_ns: int, *, icao: U32 | None = None, address_kind: U8 | None = None
    ) -> AircraftTable:
        """Return what was known of each aircraft from time to time, by (address_kind, icao, seen_time_ns)."""

    def days(self) -> list[str]:
        """Return the UTC days with data, YYYY-MM-DD, in order."""


class FlightRecord(Protocol):
    """Flights of the past. Thread-safe. Raises ArchiveError for damaged data."""

    def flights(self, from_ns: int, until_ns: int, *, icao: U32 | None = None) -> Flights:
        """Return the legs with a part in [from_ns, until_ns), each whole; of all aircraft or of these addresses."""
