"""What may be asked of the record, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I32, I64, U8, U32, Frames, Positions
from skywitness.tracks.aircraft import AircraftTable

if TYPE_CHECKING:
    import pyarrow as pa

    from skywitness.journeys.legs import Flights
    from skywitness.questions.question import Question

__all__ = ["Answered", "Asking", "FlightRecord", "History", "Receptions", "Searchable"]


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


class Searchable(History, Protocol):
    """A past that also knows what is where in it, so that a question reads no more than can matter."""

    def extent(self) -> tuple[int, int]:
        """Return when the first minute with positions begins and the last ends; (0, 0) if there are none."""

    def aircraft(self, from_ns: int, until_ns: int) -> tuple[U32, U8]:
        """Return the aircraft that may have positions in a time: addresses and kinds, each once."""

    def visitors(self, fields: I32, side: int, from_ns: int, until_ns: int) -> tuple[U32, U8]:
        """Return the aircraft that may have begun (side 0) or ended (1) a flight at one of some airfields, or more."""

    def holders(
        self, name: str, holds: Callable[[Any, Any], NDArray[np.bool_]], from_ns: int, until_ns: int
    ) -> tuple[U32, U8]:
        """Return the aircraft of which something may be so in a time, and others of which nothing is known.

        name   `callsign` and `squawk` as codes, `alt` in feet, `gs` in knots
        holds  says it of least and greatest values; of codes both are the same
        """

    def positions_within(
        self, boxes: tuple[tuple[float, float, float, float], ...], from_ns: int, until_ns: int
    ) -> Iterator[Positions]:
        """Yield the rows in some boxes (west, south, east, north) and a time, and others beside them, in any order."""

    def cost(
        self,
        from_ns: int,
        until_ns: int,
        *,
        boxes: tuple[tuple[float, float, float, float], ...] | None = None,
        icao: U32 | None = None,
        address_kind: U8 | None = None,
    ) -> int:
        """Return how many positions are read, about, for those in boxes, or of some aircraft."""

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """Return how many positions there are in a time, about."""

    def minutes(self, from_ns: int, until_ns: int) -> I64:
        """Return the minutes since 1970 of a time that have positions, in order."""


class Receptions(Protocol):
    """What was received, frame by frame. Thread-safe."""

    def receivers(self) -> dict[int, str]:
        """Return the names of the receivers, by the numbers that receptions have."""

    def rows_about(self, from_ns: int, until_ns: int) -> int:
        """Return how many receptions are read for a time."""

    def receptions(self, from_ns: int, until_ns: int) -> Iterator[Frames]:
        """Yield the receptions of a time in the order of their ids, and others beside them."""


class FlightRecord(Protocol):
    """Flights of the past. Thread-safe. Raises ArchiveError for damaged data."""

    def flights(self, from_ns: int, until_ns: int, *, icao: U32 | None = None) -> Flights:
        """Return the legs with a part in [from_ns, until_ns), each whole; of all aircraft or of these addresses."""


class Answered(Protocol):
    """An answer: a page of rows, and what they rest on."""

    question: Question
    damaged: dict[str, str]
    """Files that could not be read, and why."""

    @property
    def subject(self) -> str:
        """Return what the rows are, see SUBJECTS."""

    @property
    def total(self) -> int:
        """Rows of all pages."""

    @property
    def places(self) -> dict[str, str]:
        """How the names of places were understood."""

    @property
    def coverage(self) -> Any:
        """What the record has of the time asked."""

    def to_arrow(self) -> pa.Table:
        """Return the rows of the page."""

    def content_hash(self) -> str:
        """Return the SHA-256 of the rows."""

    def explained(self) -> dict[str, Any]:
        """Return how the question is answered."""

    def write(self, file: BinaryIO, format: str) -> int:
        """Write the rows as a file of a format; return how many there are."""


class Asking(Protocol):
    """Answers questions. Thread-safe. Raises QuestionError with the place of a mistake, ArchiveError for bad data."""

    def __call__(
        self, text: str, *, limit: int | None = None, after: int = 0, now_ns: int | None = None
    ) -> Answered: ...
