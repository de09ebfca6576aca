"""The live picture: all aircraft of one moment, with what was counted until then."""

from __future__ import annotations

from dataclasses import dataclass, field

from skywitness.tracks.aircraft import AircraftTable

__all__ = ["Picture"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment. Never changed after it is made, so that any number of threads may read it."""

    number: int
    """Counts up from 1 while the node runs."""
    now_ns: int
    """Time of the picture, UTC: strictly greater than that of the picture before. In replay it is the replay's time."""
    table: AircraftTable
    """Aircraft heard in the last 30 minutes, sorted by (address_kind, icao)."""
    messages: int
    """Good messages since the start."""
    frames: int = 0
    """Frames since the start, rejected ones too."""
    statuses: tuple[int, ...] = field(default=())
    """Frames since the start by what became of them, see STATUSES."""
    positions: tuple[int, ...] = field(default=())
    """Position rows (revision 0) since the start, by VERDICTS."""
    simulated: bool = False
    """Something in it is simulated: every output must say so."""
