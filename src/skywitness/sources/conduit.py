"""A socket's bytes into a link: what outgoing and incoming connections share.

Every connection of a loop reads into one buffer, out of which the bytes are copied once; reading stops while the core
does not keep up, or while the other side sends more than it may.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import Any

from skywitness.sources.link import Chunk, Link

__all__ = ["NEVER", "Conduit", "in_loop", "is_ping"]

READ_BYTES = 1 << 18
SHARED = sys.platform != "win32"  # there a read is under way before its bytes are there
WRITE_BYTES = 1 << 16
"""More that the other side has not read is not added to."""
NEVER = float("inf")

_buffer = memoryview(bytearray(READ_BYTES))


def is_ping(data: bytes, at: int) -> bool:
    """Whether the 0x1A at a place begins a message: in data each is doubled, so an even one of a row ends a pair."""
    start = at
    while start > 0 and data[start - 1] == 0x1A:
        start -= 1
    return (at - start) % 2 == 0


class in_loop:  # noqa: N801 - it is used as a function
    """A function made safe to call from any thread: it runs in the loop, or not at all once that is closed."""

    __slots__ = ("function", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, function: Any) -> None:
        self.loop = loop
        self.function = function

    def __call__(self, *args: Any) -> None:
        """Call it soon."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.function, *args)


class Conduit(asyncio.BufferedProtocol):
    """A connection; a subclass says what becomes of its bytes and what is done when it ends."""

    link: Link | None = None
    transport: Any = None
    """An asyncio.Transport; None before and after the connection."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.reason = ""
        """Why it ended, if this side ended it."""
        self.opened_s = self.loop.time()
        self.seen_s = self.opened_s
        """When the latest bytes came."""
        self._is_full = False
        self._is_slowed = False
        self._resume_timer: asyncio.TimerHandle | None = None
        self._own = _buffer if SHARED else memoryview(bytearray(READ_BYTES))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to."""
        return self._own

    def buffer_updated(self, size: int) -> None:
        """Take what was read."""
        arrival_ns = time.time_ns()
        self.seen_s = self.loop.time()
        self.received(bytes(self._own[:size]), arrival_ns)

    def received(self, data: bytes, arrival_ns: int) -> None:
        """Take bytes; the subclass's."""
        raise NotImplementedError

    def eof_received(self) -> bool:
        """The other side has ended its stream: so do we."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Close the link."""
        self.transport = None
        if self._resume_timer is not None:
            self._resume_timer.cancel()
        reason = self.reason or (f"connection failed: {error}" if error else "closed by the other side")
        self.reason = reason
        if self.link is not None:
            self.link.close(reason)

    def put(self, data: bytes, arrival_ns: int) -> None:
        """Hand bytes to the core; reading stops if it does not keep up."""
        link = self.link
        if link is not None and not link.put(Chunk(data, arrival_ns), len(data)) and not link.closed:
            self._is_full = True
            self._steer()

    def resume(self) -> None:
        """The core has taken what was there."""
        self._is_full = False
        self._steer()

    def slow(self, seconds: float) -> None:
        """Read nothing for a while, so that the other side has to wait."""
        if self._resume_timer is not None:
            self._resume_timer.cancel()
        self._is_slowed = True
        self._resume_timer = self.loop.call_later(seconds, self._quicken)
        self._steer()

    def _quicken(self) -> None:
        self._is_slowed = False
        self._resume_timer = None
        self.seen_s = self.loop.time()  # it was not silent, it was not heard
        self._steer()

    def _steer(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._is_full or self._is_slowed:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    @property
    def is_held(self) -> bool:
        """Whether reading is stopped by us."""
        return self._is_full or self._is_slowed

    def send(self, data: bytes) -> None:
        """Send; dropped if the other side does not read."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() + len(data) <= WRITE_BYTES:
            transport.write(data)

    def cut(self, reason: str) -> None:
        """End the connection at once, with a reason."""
        if not self.reason:
            self.reason = reason
        if self.transport is not None:
            self.transport.abort()
