"""What comes in, between the threads: links hold bytes or batches until the core takes them.

A link is one connection, or one replayed recording. Its producer (the event loop, or a thread that reads) puts, the
core takes; both sides may be as fast or slow as they like, for a link that holds too much makes its producer wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from skywitness.batches import Frames, Positions
from skywitness.frames.receiver import Place

__all__ = ["LINK_BYTES", "TOTAL_BYTES", "Chunk", "Intake", "Item", "Link", "LinkOptions"]

LINK_BYTES = 4 << 20
"""A link that holds more makes its producer wait."""
TOTAL_BYTES = 128 << 20
"""If all links together hold more, every producer waits that brings something."""
CHUNK_OVERHEAD = 200
"""Bytes of memory an item costs besides its data: single bytes, sent one by one, must count."""


class Chunk(NamedTuple):
    """Bytes as one read of the socket gave them."""

    data: bytes
    arrival_ns: int
    """When they came, UTC."""


Item = Chunk | Frames | Positions


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """What the core is told about a link besides its bytes."""

    gps: bool | None = None
    """Whether stamps are nanoseconds of the day; None: to be found out."""
    sample_rate: float = 2_400_000.0
    sample_format: str = "uc8"
    provenance: int = 0
    """Index into PROVENANCES, as far as it is known from outside the stream."""
    replay: bool = False
    """Times are the recording's, not the arrival's."""
    own: bool = True
    """A source of the operator, not a feeder."""
    place: Place | None = None
    public_place: bool = False
    uuid: str = ""
    """The name that the other side claimed and that was not a key; empty if none."""


class Link:
    """One connection or replayed recording. `put` and `close` are the producer's, `take` is the core's."""

    def __init__(
        self,
        intake: Intake,
        number: int,
        name: str,
        url: str,
        format: str,
        options: LinkOptions,
        batches: bool,
        resume: Callable[[], None],
        send: Callable[[bytes], None],
        abuse: Callable[[str], None],
        heard: Callable[[int], None],
    ) -> None:
        self.number = number
        self.name = name
        self.url = url
        self.format = format
        """One of FORMATS, or `iq`."""
        self.options = options
        self.batches = batches
        """`take` gives batches with times, not chunks."""
        self.closed = False
        """No more will come than is waiting."""
        self.drained = False
        """Closed, and the core has taken the last."""
        self.reason = ""
        """Why it closed."""
        self.rtt_ms = float("nan")
        """Round trip as the Beast pings measure it; NaN unknown."""
        self.counts: dict[str, int] = {"bytes_in": 0, "paused": 0}
        self.stations: list[int] = []
        """Station ids of a replayed recording's receivers, in their order."""
        self.uuid = ""
        """The name a replayed recording gives its receiver."""
        self.waiting_bytes = 0
        self._intake = intake
        self._items: list[Item] = []
        self._is_paused = False
        self._resume, self._send, self._abuse, self._heard = resume, send, abuse, heard

    def put(self, item: Item, size: int) -> bool:
        """Add what has come; False: hold back until `resume` is called.

        size  bytes it holds in memory
        """
        size += CHUNK_OVERHEAD
        intake = self._intake
        with intake.lock:
            if self.closed:
                return False
            self._items.append(item)
            self.waiting_bytes += size
            intake.waiting_bytes += size
            if isinstance(item, Chunk):
                self.counts["bytes_in"] += len(item.data)
            if self.waiting_bytes >= intake.link_bytes or intake.waiting_bytes >= intake.total_bytes:
                self._is_paused = True
                self.counts["paused"] += 1
                return False
        return True

    def take(self) -> list[Item]:
        """Return everything that waits, in order; the producer may go on."""
        if not self._items and not self.closed:
            return []
        intake = self._intake
        with intake.lock:
            items, self._items = self._items, []
            intake.waiting_bytes -= self.waiting_bytes
            self.waiting_bytes = 0
            was_paused, self._is_paused = self._is_paused, False
            if self.closed and not self.drained:
                self.drained = True
                intake.drained += 1
        if was_paused:
            self._resume()
        return items

    def close(self, reason: str) -> None:
        """Say that no more will come, and why. The first reason stays."""
        with self._intake.lock:
            if self.closed:
                return
            self.reason = reason
            self.closed = True
        self._intake.tell_closed(self)

    def abuse(self, reason: str) -> None:
        """Tell the source that this is not worth reading: it slows the other side, then cuts it."""
        self.count(f"abuse: {reason}"[:100])
        self._abuse(reason)

    def heard(self, rows: int) -> None:
        """Tell the source how many frames came out of it, for limits that count frames."""
        self._heard(rows)

    def send(self, data: bytes) -> None:
        """Send back to the other side, if it is a socket; dropped if that does not read."""
        self._send(data)

    def count(self, reason: str, more: int = 1) -> None:
        """Add to a count; a link has at most a few tens of reasons."""
        if reason in self.counts or len(self.counts) < 64:
            self.counts[reason] = self.counts.get(reason, 0) + more


def _nothing(_: object = None) -> None:
    """What a producer does that has nothing to do."""


class Intake:
    """All links of a node.

    link_bytes   a link that holds more is paused
    total_bytes  if all hold more, each that brings something is paused
    """

    def __init__(self, link_bytes: int = LINK_BYTES, total_bytes: int = TOTAL_BYTES) -> None:
        self.link_bytes = link_bytes
        self.total_bytes = total_bytes
        self.lock = threading.Lock()
        self.waiting_bytes = 0
        self.drained = 0
        """Links that are done with and still listed."""
        self.opened = 0
        self.closed: dict[str, int] = {}
        self.bytes_gone = 0
        """Bytes of links that are no longer listed."""
        self._links: list[Link] = []
        self._listeners: list[tuple[Callable[[Link], None], Callable[[Link], None]]] = []
        self._turns: list[Callable[[], None]] = []

    def open(
        self,
        name: str,
        url: str,
        format: str,
        options: LinkOptions | None = None,
        *,
        batches: bool = False,
        resume: Callable[[], None] = _nothing,
        send: Callable[[bytes], None] = _nothing,
        abuse: Callable[[str], None] = _nothing,
        heard: Callable[[int], None] = _nothing,
    ) -> Link:
        """Add a link. The four functions are called from the core's thread and return at once."""
        with self.lock:
            self.opened += 1
            link = Link(
                self, self.opened, name, url, format, options or LinkOptions(), batches, resume, send, abuse, heard
            )  # fmt: skip
            self._links = [*self._links, link]
        for opened, _ in self._listeners:
            opened(link)
        return link

    def links(self) -> list[Link]:
        """The links of a turn of the core, which calls this once before it takes; a drained link is listed once."""
        for turn in self._turns:
            turn()
        if self.drained:
            with self.lock:
                gone = [link for link in self._links if link.drained]
                self.bytes_gone += sum(link.counts["bytes_in"] for link in gone)
                self._links = [link for link in self._links if not link.drained]
                self.drained = 0
        return self._links

    def listed(self) -> list[Link]:
        """The links now, for anybody but the core."""
        return list(self._links)

    def add_listener(self, opened: Callable[[Link], None], closed: Callable[[Link], None]) -> None:
        """Have functions called with each link that opens or closes, in the thread of its producer."""
        self._listeners.append((opened, closed))

    def add_turn(self, turn: Callable[[], None]) -> None:
        """Have a function called at the beginning of each turn of the core."""
        self._turns.append(turn)

    def tell_closed(self, link: Link) -> None:
        """Called by a link that has closed."""
        if link.reason in self.closed or len(self.closed) < 200:
            self.closed[link.reason] = self.closed.get(link.reason, 0) + 1
        for _, closed in self._listeners:
            closed(link)

    def metrics(self) -> dict[str, float]:
        """Counters and gauges, named for Prometheus."""
        links = self.listed()
        return {
            "skywitness_links": float(sum(not link.closed for link in links)),
            "skywitness_links_opened_total": float(self.opened),
            "skywitness_links_waiting_bytes": float(self.waiting_bytes),
            "skywitness_links_bytes_total": float(self.bytes_gone + sum(link.counts["bytes_in"] for link in links)),
            "skywitness_links_paused_total": float(sum(link.counts["paused"] for link in links)),
        }
