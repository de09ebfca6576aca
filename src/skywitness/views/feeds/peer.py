"""One connection that gets a stream: what waits for it is bounded, and what it says back is obeyed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

__all__ = ["HELD_BYTES", "BeastCommands", "Peer"]

HELD_BYTES = 4 << 20
"""Bytes that may wait for one connection; then it is dropped."""

PING_S = 5.0
DISCARD_S = 3.0
"""A peer whose answers to pings are this late gets nothing until it has caught up: old data would only keep it back."""
LOST_S = 15.0
"""A peer whose answers are this late is dropped."""
SLOW_S = 15.0
"""How long a wish for half the rate is obeyed."""
MOST_FACTOR = 8

ESCAPE = 0x1A
COMMAND_BYTES = {ord("W"): 1, ord("P"): 3, ord("1"): 1}
PING_MASK = (1 << 24) - 1


class BeastCommands:
    """Fold from what a client of a Beast port sends to commands; anything else is passed over.

    A command is a letter and its bytes: "W" with a letter, "P" with the three bytes of a ping, "1" with a letter.
    """

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> list[tuple[str, bytes]]:
        """Return the commands that the bytes so far complete."""
        data = self._rest + data
        found = []
        at = data.find(ESCAPE)
        while at >= 0 and at + 1 < len(data):
            size = COMMAND_BYTES.get(data[at + 1], 0)
            body, after = _body(data, at + 2, size)
            if len(body) < size and after >= len(data):
                break
            if size and len(body) == size:
                found.append((chr(data[at + 1]), body))
            at = data.find(ESCAPE, after)
        self._rest = data[at:][:16] if at >= 0 else b""
        return found


def _body(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    """Bytes of a message without their doubling, and the place after them."""
    body = bytearray()
    while len(body) < size and at < len(data):
        if data[at] == ESCAPE:
            if at + 1 < len(data) and data[at + 1] != ESCAPE:
                return bytes(body), at
            if at + 1 >= len(data):
                return bytes(body), len(data)
            at += 1
        body.append(data[at])
        at += 1
    return bytes(body), at


class Peer(asyncio.Protocol):
    """A connection, in the event loop.

    kind     which stream it gets
    opened   called when it is connected
    closed   called with the peer when it is gone; `reason` says why
    changed  called when its `factor` has changed
    hello    sent first
    held     bytes that may wait for it
    """

    def __init__(
        self,
        kind: str,
        opened: Callable[[Peer], bool],
        closed: Callable[[Peer], None],
        changed: Callable[[], None],
        *,
        hello: bytes = b"",
        held: int = HELD_BYTES,
    ) -> None:
        self.kind = kind
        self.opened = opened
        self.closed = closed
        self.changed = changed
        self.stream = (kind, 1)
        """What it gets now: kind and factor, set by who delivers."""
        self.hello = hello
        self.held = held
        self.name = ""
        self.reason = ""
        self.bytes_out = 0
        self.discarded = 0
        self.rtt_s = 0.0
        self.transport: asyncio.Transport | None = None
        self.when_gone: Callable[[], None] | None = None
        self._commands = BeastCommands()
        self._slow_until = 0.0
        self._factor = 1
        self._wants_pings = False
        self._pings: dict[int, float] = {}
        self._now = asyncio.get_running_loop().time

    @property
    def factor(self) -> int:
        """By how much its rate is to be lowered, a power of two."""
        if self._factor > 1 and self._now() > self._slow_until:
            self._factor = 1
        return self._factor

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the connection up."""
        self.transport = cast(asyncio.Transport, transport)  # that of uvloop is none, and does all that one does
        self.transport.set_write_buffer_limits(high=self.held)
        raw: Any = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        name = transport.get_extra_info("peername") or ("?", 0)
        self.name = f"{name[0]}:{name[1]}"
        if not self.opened(self):
            self.drop("full")
            return
        if self.hello:
            self.send(self.hello)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell that it is gone."""
        self.reason = self.reason or "closed"
        self.transport = None
        self.closed(self)
        if self.when_gone is not None:
            self.when_gone()

    def data_received(self, data: bytes) -> None:
        """Obey what a Beast client asks; what others send is nothing to us."""
        if not self.kind.startswith("beast"):
            return
        for letter, body in self._commands.push(data):
            if letter == "W" and body == b"O":
                self._wants_pings = True
            elif letter == "W" and body == b"S":
                self._factor = min(self.factor * 2, MOST_FACTOR)
                self._slow_until = self._now() + SLOW_S
                self.changed()
            elif letter == "P":
                self._ponged(int.from_bytes(body, "big"), body)

    def send(self, data: bytes) -> None:
        """Send, or drop the peer if too much waits for it."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._late_s() > DISCARD_S:
            self.discarded += len(data)
            return
        if self.transport.get_write_buffer_size() + len(data) > self.held:
            self.drop("slow")
            return
        self.bytes_out += len(data)
        self.transport.write(data)

    def drop(self, reason: str) -> None:
        """End it at once; what waits for it is given up."""
        self.reason = self.reason or reason
        if self.transport is not None:
            self.transport.abort()

    def ping(self) -> None:
        """Ask for a sign of life, if it wants to be asked; called every PING_S."""
        if not self._wants_pings or self.transport is None:
            return
        if self._late_s() > LOST_S:
            self.drop("no_pong")
            return
        now = self._now()
        mark = int(now * 1000) & PING_MASK
        self._pings[mark] = now
        # Past `send`, which may be discarding: this is what the peer catches up by.
        self.transport.write(b"\x1aP" + mark.to_bytes(3, "big").replace(b"\x1a", b"\x1a\x1a"))

    def _ponged(self, mark: int, body: bytes) -> None:
        sent = self._pings.get(mark)
        if sent is None:  # it pings us: we are its client and send the same back
            if not self._wants_pings and self.transport is not None:
                self.transport.write(b"\x1aP" + body.replace(b"\x1a", b"\x1a\x1a"))
            return
        self.rtt_s = self._now() - sent
        self._pings = {other: when for other, when in self._pings.items() if when > sent}

    def _late_s(self) -> float:
        return self._now() - min(self._pings.values()) if self._pings else 0.0
