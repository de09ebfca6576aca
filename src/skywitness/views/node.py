"""What the outputs may know of the running node: nothing else is handed to them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from skywitness.coverage.report import ReceiverReport
from skywitness.identity.book import Book
from skywitness.questions.answer import Asking, FlightRecord, History, Receptions
from skywitness.tracks.picture import Picture
from skywitness.views.privacy import Privacy
from skywitness.views.recent_receptions import RecentReceptions

__all__ = ["Hub", "Node"]

ASKED_FOR_S = 5.0
"""After a question about a single aircraft newer pictures are made for so long: the next one will come soon."""


class Hub:
    """Latest picture, and a bell for those who wait for the next one. Lives on the event loop.

    Listeners are called in the loop, one after the other, with each new picture: they make once what all clients share
    (a body, its compressed form, a delta) and never wait. `wait` is for clients that poll by long request.
    """

    def __init__(self) -> None:
        self.latest: Picture | None = None
        self.listeners: list[Callable[[Picture], None]] = []
        self.asked_s = -math.inf
        """When `newest` was last asked for, on the monotonic clock."""
        self._next: asyncio.Event = asyncio.Event()

    def newest(self) -> Picture | None:
        """Return the latest picture for a question about single aircraft; while such come, glances are made."""
        self.asked_s = time.monotonic()
        return self.latest

    def is_asked(self) -> bool:
        """Whether glances are worth their cost; from any thread."""
        return time.monotonic() - self.asked_s < ASKED_FOR_S

    def glance(self, picture: Picture) -> None:
        """Take a picture from between two published ones: for single questions, nobody is told of it."""
        self.latest = picture

    def publish(self, picture: Picture) -> None:
        """Make a picture the latest; from the event loop only."""
        self.latest = picture
        for listener in self.listeners:
            listener(picture)
        bell, self._next = self._next, asyncio.Event()
        bell.set()

    async def wait(self) -> Picture:
        """Wait for the next picture."""
        await self._next.wait()
        if self.latest is None:
            raise RuntimeError("the bell rang without a picture")
        return self.latest


@dataclass(slots=True)
class Node:
    """The running node as its outputs see it."""

    hub: Hub
    version: str
    started_ns: int
    """Wall clock at the start, UTC."""
    receivers: Callable[[], Sequence[ReceiverReport]]
    """Reports as of now, exact places in them: every output goes through `views.privacy`."""
    history: History | None = None
    """None if nothing is recorded."""
    flights: FlightRecord | None = None
    """None if no flights are made of the record."""
    ask: Asking | None = None
    """Answers questions in the query language; None if nothing is recorded."""
    receptions: Receptions | None = None
    """Raw receptions of the record, exact: only what asks `privacy` first may tell of them. None if none are kept."""
    recent: RecentReceptions | None = None
    """The last of them in memory; the same holds."""
    book: Book = field(default_factory=Book)
    """What lists say of aircraft."""
    operating: Callable[[], dict[str, Any]] = dict
    """For the operator alone: storage, ports, keys without secrets, alarms. It may read files."""
    metrics: Callable[[], dict[str, float]] = dict
    """Counters and gauges of the parts by full name (`skywitness_...`), labels in braces as Prometheus has them."""
    privacy: Privacy = field(default_factory=Privacy)
    """Where receivers are shown. What the Hub and `history` give has been through it already."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the operator has chosen to tell: `name`, `licence`, `contact`."""
