"""Outgoing streams: what was heard, on ports for those who connect and to those whom the operator names.

The core's thread makes the bytes of a kind once, and only if somebody gets them; the event loop hands them on. Nothing
here holds more than a bounded number of bytes: who does not read is dropped, and its number is counted.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import structlog

from skywitness.batches import Frames
from skywitness.errors import ConfigError
from skywitness.frames.formats.avr import AvrWriter
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.pipeline import Output
from skywitness.views.feeds.jet1090 import Jet1090Writer
from skywitness.views.feeds.peer import HELD_BYTES, PING_S, Peer
from skywitness.views.feeds.push import Connector, made_uuid, parse_push
from skywitness.views.feeds.reduce import EPOCH, Reducer, forwarded, without_counters
from skywitness.views.feeds.sbs import SbsWriter

__all__ = ["HEARTBEATS", "KINDS", "PortSettings", "Ports", "split_address"]

log = structlog.get_logger("skywitness.ports")

KINDS = ("beast", "beast_reduce", "raw", "sbs", "json")
"""Streams there are; see docs/guide/feeding.md."""

HEARTBEATS = {
    "beast": b"\x1a1" + bytes(9),
    "beast_reduce": b"\x1a1" + bytes(9),
    "raw": b"*0000;\n",
    "sbs": b"\r\n",
    "json": b"\n",
}
"""Sent when there was nothing else for HEARTBEAT_S: it tells the client that the connection stands."""
HEARTBEAT_S = 60.0

HANDED_BYTES = 32 << 20
"""Bytes on their way from the core's thread to the event loop; more is given up and counted."""

Stream = tuple[str, int]
"""Kind, and by how much its rate is lowered."""


@dataclass(frozen=True, slots=True)
class PortSettings:
    """What the operator wants to go out."""

    listen: dict[str, str] = field(default_factory=dict)
    """HOST:PORT by kind; port 0 takes a free one."""
    push: tuple[str, ...] = ()
    """Connections to others, KIND://HOST:PORT."""
    uuid: str = ""
    """The node's name for those others; made if empty."""
    reduce_s: float = 0.25
    """Interval of `beast_reduce`."""
    strip_counters: bool = True
    """Send "no timing" for the receivers' counters, and no levels."""
    stations: bool = False
    """Say which receiver heard a frame: message E3 with its number plus one."""
    duplicates: bool = False
    """Send every reception, not only the first one of a transmission."""
    mlat: bool = False
    """Send results of multilateration too."""
    held_bytes: int = HELD_BYTES
    clients: int = 500
    """Connections to all ports together."""


class Ports:
    """All outgoing streams of a node. `start` and `close` belong to the event loop, `push` to the core's thread."""

    def __init__(self, settings: PortSettings) -> None:
        for kind in settings.listen:
            if kind not in KINDS:
                raise ConfigError(f"{kind!r} is no kind of port", hint=f"It is one of {', '.join(KINDS)}.")
        self.settings = settings
        self.uuid = settings.uuid or made_uuid()
        self.addresses: dict[str, tuple[str, int]] = {}
        """Where each kind really listens."""
        self.peers: set[Peer] = set()
        self.counts: dict[tuple[str, str], int] = {}
        """By name and label."""
        self._connectors = [Connector(parse_push(text), self.uuid, self._peer) for text in settings.push]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._wanted: frozenset[Stream] = frozenset()
        self._reducers: dict[Stream, Reducer] = {}
        self._handed = 0
        self._handed_lock = threading.Lock()
        self._sent_at: dict[str, float] = {}

    async def start(self) -> None:
        """Listen and connect. Raises ConfigError for an address that cannot be had."""
        loop = self._loop = asyncio.get_running_loop()
        for kind, address in self.settings.listen.items():
            if not address:
                continue
            host, port = split_address(address)
            try:
                server = await loop.create_server(self._maker(kind), host, port, reuse_address=True)
            except OSError as error:
                await self.close()
                raise ConfigError(
                    f"cannot listen: {error.strerror or error}", source=f"{kind} port {address}",
                    hint="Another program may have the port; choose another one.",
                ) from None  # fmt: skip
            self._servers.append(server)
            self.addresses[kind] = server.sockets[0].getsockname()[:2]
            log.info("port", kind=kind, host=self.addresses[kind][0], port=self.addresses[kind][1])
        self._tasks = [asyncio.create_task(self._beat())]
        self._tasks += [asyncio.create_task(connector.run()) for connector in self._connectors]

    async def close(self) -> None:
        """End everything; what waits for a client gets a moment to go out."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers:
            server.close()
        for peer in list(self.peers):
            if peer.transport is not None:
                peer.transport.close()
        for _ in range(20):
            if not self.peers:
                break
            await asyncio.sleep(0.05)
        for peer in list(self.peers):
            peer.drop("shutdown")
        self._wanted = frozenset()
        self._loop = None

    def push(self, output: Output, now_ns: int) -> None:
        """Make the bytes of each kind somebody gets, and hand them to the event loop; in the core's thread."""
        wanted = self._wanted
        if not wanted or not len(output.frames):
            return
        settings = self.settings
        output = forwarded(output, duplicates=settings.duplicates, mlat=settings.mlat)
        if not len(output.frames):
            return
        output = self._public(output)
        frames = self._stamped(output.frames)
        self._reducers = {stream: reducer for stream, reducer in self._reducers.items() if stream in wanted}
        made: list[tuple[Stream, bytes]] = []
        for stream in wanted:
            kind, factor = stream
            if kind in ("sbs", "json"):
                data = (SbsWriter() if kind == "sbs" else Jet1090Writer()).write(output)
            elif kind == "raw":
                data = AvrWriter("*").write(frames)
            elif kind == "beast" and factor == 1:
                data = self._beast(frames)
            else:
                reducer = self._reducers.get(stream)
                if reducer is None:
                    reducer = self._reducers[stream] = Reducer(settings.reduce_s * factor)
                data = self._beast(frames.take(reducer.push(frames, output.messages, now_ns)))
            if data:
                made.append((stream, data))
        size = sum(len(data) for _, data in made)
        with self._handed_lock:
            if self._handed + size > HANDED_BYTES:
                self._count("skywitness_port_dropped_bytes_total", "behind", size)
                return
            self._handed += size
        loop = self._loop
        try:
            if made and loop is not None:
                loop.call_soon_threadsafe(self._deliver, made, size)
        except RuntimeError:  # the loop has ended: so has the node
            self._wanted = frozenset()

    def metrics(self) -> dict[str, float]:
        """Counters and gauges of the ports."""
        out: dict[str, float] = {}
        for kind in KINDS:
            if peers := [peer for peer in list(self.peers) if peer.kind == kind]:
                out[f'skywitness_port_clients{{kind="{kind}"}}'] = len(peers)
        label = {"skywitness_port_bytes_total": "kind"}
        for (name, value), count in sorted(self.counts.items()):
            out[f'{name}{{{label.get(name, "reason")}="{value}"}}'] = count
        return out

    def _public(self, output: Output) -> Output:
        """The output without what would tell where the receivers are, if that is not to go out."""
        if not self.settings.strip_counters:
            return output
        return dataclasses.replace(output, frames=without_counters(output.frames))

    def _stamped(self, frames: Frames) -> Frames:
        """Frames with the stamps and receivers that may be told."""
        if self.settings.stations:
            return frames
        columns = {name: getattr(frames, name) for name in Frames.names()}
        if not self.settings.strip_counters and len(frames) and int(frames.receiver.max()) > int(frames.receiver.min()):
            # Counters of several receivers in one stream mean nothing; the time they were made into does.
            known = frames.ticks >= 0
            columns["ticks"] = np.full(len(frames), -1, np.int64)
            columns["timing"] = np.where(known, np.uint8(EPOCH), frames.timing)
        columns["receiver"] = np.zeros(len(frames), np.uint16)
        return Frames(**columns)

    def _beast(self, frames: Frames) -> bytes:
        """Beast messages; each batch names its stations anew, for whoever has just come."""
        if not len(frames):
            return b""
        stations = range(1, int(frames.receiver.max()) + 2) if self.settings.stations else (0,)
        return BeastWriter(stations, markers=False).write(frames)

    def _deliver(self, made: list[tuple[Stream, bytes]], size: int) -> None:
        """Send, in the event loop."""
        with self._handed_lock:
            self._handed -= size
        streams = dict(made)
        now = asyncio.get_running_loop().time()
        for kind, _ in streams:
            self._sent_at[kind] = now
        for peer in list(self.peers):
            if data := streams.get(peer.stream):
                peer.send(data)
        self._want()

    def _want(self) -> None:
        for peer in self.peers:
            peer.stream = peer.kind, peer.factor
        self._wanted = frozenset(peer.stream for peer in self.peers)

    def _maker(self, kind: str) -> Callable[[], Peer]:
        return lambda: self._peer(kind)

    def _peer(self, kind: str, hello: bytes = b"") -> Peer:
        return Peer(kind, self._opened, self._closed, self._want, hello=hello, held=self.settings.held_bytes)

    def _opened(self, peer: Peer) -> bool:
        self.peers.add(peer)
        if len(self.peers) > self.settings.clients:
            return False
        self._want()
        log.info("client", kind=peer.kind, peer=peer.name)
        return True

    def _closed(self, peer: Peer) -> None:
        self.peers.discard(peer)
        self._want()
        self._count("skywitness_port_closed_total", peer.reason)
        self._count("skywitness_port_bytes_total", peer.kind, peer.bytes_out)
        if peer.discarded:
            self._count("skywitness_port_dropped_bytes_total", "late", peer.discarded)
        log.info("client gone", kind=peer.kind, peer=peer.name, reason=peer.reason)

    def _count(self, name: str, label: str, count: int = 1) -> None:
        self.counts[name, label] = self.counts.get((name, label), 0) + count

    async def _beat(self) -> None:
        """Heartbeats and pings."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_S)
            for kind in {peer.kind for peer in self.peers}:
                if loop.time() - self._sent_at.setdefault(kind, loop.time()) >= HEARTBEAT_S:
                    self._sent_at[kind] = loop.time()
                    self._send_all(kind, HEARTBEATS[kind])
            for peer in list(self.peers):
                peer.ping()
            self._want()

    def _send_all(self, kind: str, data: bytes) -> None:
        for peer in list(self.peers):
            if peer.kind == kind:
                peer.send(data)


def split_address(address: str) -> tuple[str, int]:
    """Read HOST:PORT; without a host it is loopback. Raises ConfigError."""
    host, colon, port = address.rpartition(":")
    if not port.isdigit() or int(port) > 65535 or (not colon and not port):
        raise ConfigError(f"{address!r} is no HOST:PORT", hint="Say for example 127.0.0.1:30005.")
    return host.strip("[]") or "127.0.0.1", int(port)
