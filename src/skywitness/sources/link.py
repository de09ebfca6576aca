"""What brings bytes to the core: a bounded queue for each connection or replayed file."""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skywitness.frames.receiver import Place

__all__ = ["HELD_BYTES", "Chunk", "Intake", "Link", "LinkOptions"]

HELD_BYTES = 4 << 20
"""Bytes of one link that may wait for the core; then its peer is made to wait."""
HELD_ITEMS = 4
"""Batches of a replayed file that may wait for the core."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together."""

    data: bytes
    arrival_ns: int
    """UTC."""


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """What is known of a link before its first byte."""

    gps: bool | None = None
    """Whether stamps are nanoseconds of the day; None: find out."""
    place: Place | None = None
    public_place: bool = False
    own: bool = True
    """The operator's own source, not a feeder."""
    uuid: str = ""
    """The name a feeder has claimed."""
    provenance: int = 0
    """Index into PROVENANCES."""
    sample_rate: int = 2_400_000
    sample_format: str = "uc8"


class Link:
    """One connection or replayed file. The sources feed it in the event loop, the core takes in its own thread."""

    def __init__(self, name: str, url: str, format: str, options: LinkOptions | None = None) -> None:
        self.number = next(_numbers)
        self.name = name
        self.url = url
        """Without secrets."""
        self.format = format
        """One of `frames.formats.detect.FORMATS`, or "iq"."""
        self.options = options or LinkOptions()
        self.closed = False
        """No more will come; what waits may still be taken."""
        self.reason = ""
        """Why it is closed."""
        self.rtt_ms = math.nan
        self.counts: dict[str, int] = {"bytes_in": 0, "paused": 0}
        self.on_room: Callable[[], None] = _nothing
        """Called from the core's thread when a paused peer may go on."""
        self.on_abuse: Callable[[str], None] = _nothing_with
        """Called from the core's thread when the peer misbehaves."""
        self.on_send: Callable[[bytes], None] = _nothing_with
        """Called from any thread to send bytes to the peer."""
        self._items: deque[Any] = deque()
        self._held = 0
        self._is_full = False
        self._lock = threading.Lock()

    @property
    def drained(self) -> bool:
        """Whether nothing waits to be taken."""
        return not self._items

    def feed(self, data: bytes, arrival_ns: int) -> bool:
        """Add bytes; False if its peer should wait until `on_room` is called."""
        self.counts["bytes_in"] += len(data)
        return self._add(Chunk(data, arrival_ns), len(data), HELD_BYTES)

    def feed_batch(self, batch: Any) -> bool:
        """Add rows that are timed already; False if no more should be read until `on_room` is called."""
        return self._add(batch, 1, HELD_ITEMS)

    def take(self) -> list[Any]:
        """Everything waiting: Chunk, or Frames, Positions and UatFrames of a replayed file."""
        if not self._items:
            return []
        with self._lock:
            items = list(self._items)
            self._items.clear()
            self._held = 0
            was_full, self._is_full = self._is_full, False
        if was_full:
            self.on_room()
        return items

    def close(self, reason: str) -> None:
        """Say that no more will come."""
        self.reason = self.reason or reason
        self.closed = True

    def abuse(self, reason: str) -> None:
        """The core tells that the peer sends what it should not."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.on_abuse(reason)

    def send(self, data: bytes) -> None:
        """Send bytes to the peer, from any thread."""
        self.on_send(data)

    def _add(self, item: Any, size: int, limit: int) -> bool:
        with self._lock:
            self._items.append(item)
            self._held += size
            if self._held >= limit:
                if not self._is_full:
                    self.counts["paused"] += 1
                self._is_full = True
            return not self._is_full


class Intake:
    """All links of the node; thread-safe."""

    def __init__(self) -> None:
        self._links: list[Link] = []
        self._lock = threading.Lock()

    def add(self, link: Link) -> None:
        """Take in a link."""
        with self._lock:
            self._links = [*self._links, link]

    def remove(self, link: Link) -> None:
        """Forget a link that is closed and drained."""
        with self._lock:
            self._links = [other for other in self._links if other is not link]

    def links(self) -> list[Link]:
        """Return those there are now."""
        return self._links


def _nothing() -> None:
    """Do nothing."""


def _nothing_with(_: Any) -> None:
    """Do nothing."""
