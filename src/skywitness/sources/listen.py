"""Ports on which feeders bring what they hear.

Who a feeder is, it says first, in one of three ways: the line `SKYWITNESS KEY`, the Beast message E4 with its key or
with a name of its own, or, in front of either, the line of a proxy (PROXY protocol, version 1) that tells its address.
A feeder gets a link when its first data are there; until then it costs a socket. A key that is claimed gives the
station's name and never reaches the core. Anybody else is `feeder` with eight digits that are always the same for the
same name of its own, or else for the same address.

Two connections under one name: the first keeps it. If it comes from the same address and has been silent for a while
it was replaced, and is cut; otherwise the second one gets the name with ` #2` (and so on, up to a limit), a receiver
of its own, so that two antennas never mix in one clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace

import structlog

from skywitness.errors import SourceError
from skywitness.frames.receiver import Place
from skywitness.sources.conduit import in_loop, is_ping
from skywitness.sources.feeder_limits import Address, Addresses, Bucket, FeederLimits
from skywitness.sources.link import Intake, LinkOptions
from skywitness.sources.tcp import options_of
from skywitness.sources.tls import Caller, Doorkeeper, server_certificate
from skywitness.sources.url import SourceSpec

__all__ = ["Claim", "Feeder", "Listener"]

log = structlog.get_logger("skywitness.sources")

PROXY, KEY, UUID = b"PROXY ", b"SKYWITNESS ", b"\x1a\xe4"
PROXY_LONGEST, KEY_LONGEST, UUID_BYTES = 107, 300, 36
REPLACED_AFTER_S = 5.0
PING_EVERY_S = 5.0
PING_LOST_S = 15.0
SLOW_RTT_S = 1.5
WANTS_PINGS = b"\x1aWO"
HALVE_RATE = b"\x1aWS"
LOOK_FOR_REQUEST = 4096
"""Bytes of a stream in which it may say that it answers pings."""
SWEEP_S = 0.5
BACKLOG = 512


class Claim(tuple[str, Place | None, bool]):
    """The station a key belongs to: its name, its place, and whether the exact place may be shown."""

    __slots__ = ()

    def __new__(cls, name: str, place: Place | None = None, public_place: bool = False) -> Claim:
        """Make one."""
        return super().__new__(cls, (name, place, public_place))


Claims = Callable[[str], "str | Claim | None"]


class Feeder(Caller):
    """One connection of a feeder."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.listener = listener
        self.host = ""
        self.name = ""
        self.place_in_name = 1
        self.uuid = ""
        self.address: Address | None = None
        self.hello: bytearray | None = bytearray()
        """What it has said while it is not known who it is; None afterwards."""
        self._is_moved = False
        self.hello_s = 0.0
        """When its first byte came."""
        self.slowed_since_s = 0.0
        """Since when it had to be slowed again and again; 0 it has not."""
        self._was_slowed_s = 0.0
        limits = listener.limits
        self._bytes = Bucket(limits.bytes_per_s, self.opened_s)
        self._messages = Bucket(limits.messages_per_s, self.opened_s)
        self._strikes: list[float] = []
        self._looked = 0
        self._answers = False
        self._tail = b""
        self._ping = b""
        self._ping_s = 0.0
        self._asked_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it in, or not."""
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self in self.listener.feeders:
            return  # it has arrived at an encrypted port, and shaken hands
        peer = transport.get_extra_info("peername")
        reason = self.arrive(str(peer[0]) if isinstance(peer, tuple) and peer else "")
        if reason:
            self.refuse(reason)

    def arrive(self, host: str) -> str:
        """Count it with its address; return why it must go, or nothing."""
        self.host = host
        self.listener.feeders.add(self)
        return self.listener.admit(self)

    def refuse(self, reason: str) -> None:
        """Cut it, and count why."""
        self.cut(reason)

    def connection_lost(self, error: Exception | None) -> None:
        """Give back what it had, once."""
        if self not in self.listener.feeders:
            return
        super().connection_lost(error)
        self.listener.leave(self)

    def received(self, data: bytes, arrival_ns: int) -> None:
        """Count, find out who it is, hand on."""
        self._spend(len(data))
        if self.hello is not None:
            if not self.hello:
                self.hello_s = self.seen_s
            self.hello += data
            if not self._is_past_proxy() or self._may_go_on():
                return
            rest = self._read_hello()
            if rest is None:
                return
            data = rest
        if not data or self.link is None:
            return
        if self._answers:
            self._find_echo(data)
        elif self._looked < LOOK_FOR_REQUEST and self.listener.spec.format == "beast":
            self._look_for_request(data)
        self.put(data, arrival_ns)

    def _spend(self, size: int) -> None:
        now_s = self.seen_s
        wait_s = max(self._bytes.spend(size, now_s), self.listener.total.spend(size, now_s))
        if self.address is not None:
            wait_s = max(wait_s, self.address.bytes.spend(size, now_s))
        if wait_s > 0:
            self._hold(wait_s, "bytes")

    def _hold(self, seconds: float, reason: str) -> None:
        """Slow it; one that must be slowed for too long is cut."""
        now_s = self.loop.time()
        limits = self.listener.limits
        if not self.slowed_since_s or now_s - self._was_slowed_s > 5.0:
            self.slowed_since_s = now_s
            self.listener.count(f"slowed: {reason}")
            if self.link is not None:
                self.link.count(f"slowed: {reason}")
        if now_s - self.slowed_since_s > limits.patience_s:
            self.cut(f"too many {reason}")
            return
        seconds = min(max(seconds, 0.01), 10.0)
        self._was_slowed_s = now_s + seconds
        self.slow(seconds)
        if self._answers and now_s - self._asked_s > 10.0:
            self._asked_s = now_s
            self.send(HALVE_RATE)

    def _is_past_proxy(self) -> bool:
        """Take off a proxy's line, if there is one to believe; False if there is nothing else yet, or it was cut."""
        hello = self.hello
        if hello is None or self._is_moved or not _begins(bytes(hello[: len(PROXY)]), PROXY):
            return bool(hello)
        if not self.listener.believes_proxy(self.host):
            return True
        line, end, rest = bytes(hello).partition(b"\n")
        if not end:
            if len(line) >= PROXY_LONGEST:
                self.refuse("bad proxy line")
            return False
        self._is_moved = True
        self.hello = bytearray(rest)
        self.hello_s = self.seen_s
        reason = self._move(line)
        if reason:
            self.refuse(reason)
        return bool(rest) and not reason

    def _may_go_on(self) -> bool:
        """Whether what it has said so far is an introduction that is not finished."""
        hello = bytes(self.hello or b"")
        if _begins(hello, KEY):
            return b"\n" not in hello and len(hello) < KEY_LONGEST
        return _begins(hello, UUID) and len(hello) < len(UUID) + UUID_BYTES

    def _read_hello(self) -> bytes | None:
        """Open the link; return the bytes that are data, or None if it was cut."""
        data, self.hello = bytes(self.hello or b""), None
        listener = self.listener
        claimed: str | Claim | None = None
        if data.startswith(KEY):
            line, _, data = data.partition(b"\n")
            claimed = listener.claim(line[len(KEY) :].strip().decode("ascii", "replace"))
            if claimed is None:
                self.refuse("unknown key")
                return None
        if data.startswith(UUID) and len(data) >= len(UUID) + UUID_BYTES:
            given = data[len(UUID) : len(UUID) + UUID_BYTES].decode("ascii", "replace")
            if claimed is None:
                claimed = listener.claim(given.rstrip("f")) or listener.claim(given)
                if claimed is not None:  # a key is a secret: nobody after us sees it
                    data = data[len(UUID) + UUID_BYTES :]
            if claimed is None:
                self.uuid = given
        reason = listener.enter(self, claimed)
        if reason:
            self.refuse(reason)
            return None
        return data

    def _move(self, line: bytes) -> str:
        """Believe the proxy's line; return why not, or nothing."""
        words = line.decode("ascii", "replace").split()
        if len(words) >= 2 and words[1] == "UNKNOWN":
            return ""
        if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
            return "bad proxy line"
        self.listener.release(self)
        self.host = words[2][:45]
        return self.listener.admit(self)

    def heard(self, rows: int) -> None:
        """The core made so many frames of it."""
        wait_s = self._messages.spend(rows, self.loop.time())
        if wait_s > 0 and self.transport is not None:
            self._hold(wait_s, "messages")

    def complain(self, reason: str) -> None:
        """The core finds it not worth reading: slowed, then cut."""
        now_s = self.loop.time()
        limits = self.listener.limits
        self._strikes = [then for then in self._strikes if now_s - then < limits.strike_s] + [now_s]
        self.listener.count(f"slowed: {reason}"[:60])
        if len(self._strikes) >= limits.strikes:
            self.cut(reason)
        elif self.transport is not None:
            self.slow(limits.slowed_s * len(self._strikes))

    def tick(self, now_s: float) -> None:
        """Look for silence, unfinished introductions and lost pings."""
        limits = self.listener.limits
        if self.hello and now_s - self.hello_s > limits.hello_s:
            self.cut("introduction not finished")
        elif now_s - self.seen_s > limits.silence_s and not self.is_held:
            self.cut("silent")
        elif self._answers and self._ping and now_s - self._ping_s > PING_LOST_S and not self.is_held:
            self.cut("pings not answered")
        elif self._answers and not self._ping and now_s - self._ping_s > PING_EVERY_S:
            number = int(now_s * 1000) & 0xFFFFFF
            self._ping = b"\x1aP" + number.to_bytes(3, "big").replace(b"\x1a", b"\x1a\x1a")
            self._ping_s = now_s
            self.send(self._ping)

    def _look_for_request(self, data: bytes) -> None:
        at = data.find(WANTS_PINGS)
        self._looked += len(data)
        if at >= 0 and is_ping(data, at):
            self._answers = True

    def _find_echo(self, data: bytes) -> None:
        if not self._ping:
            return
        data = self._tail + data
        at = data.find(self._ping)
        if at < 0 or not is_ping(data, at):
            self._tail = data[-8:]
            return
        rtt_s = self.loop.time() - self._ping_s
        self._ping = self._tail = b""
        if self.link is not None:
            self.link.rtt_ms = rtt_s * 1e3
        if rtt_s > SLOW_RTT_S:
            self.send(HALVE_RATE)


def _begins(data: bytes, word: bytes) -> bool:
    """Whether it is, as far as it goes, this word."""
    return data[: len(word)] == word[: len(data)]


class Listener:
    """One listening port.

    claim   the station of a key; None if there is no such key
    salt    keeps the names of feeders without a key the same from run to run; by chance if empty
    shared  another listener of the node, whose addresses, names and totals this one counts with

    Raises ConfigError if its certificate cannot be read.
    """

    def __init__(
        self,
        spec: SourceSpec,
        intake: Intake,
        limits: FeederLimits | None = None,
        claim: Claims | None = None,
        *,
        salt: bytes = b"",
        shared: Listener | None = None,
    ) -> None:
        self.spec = spec
        self.intake = intake
        self.limits = limits or FeederLimits()
        self.claim: Claims = claim or (lambda key: None)
        self.certificate = server_certificate(spec)
        """What encrypts the port; None if nothing does."""
        self.salt: bytes = salt or (shared.salt if shared else secrets.token_bytes(16))
        self.port = 0
        """The one it has, once started."""
        self.feeders: set[Feeder] = set()
        """All connections of this port."""
        self.counts: dict[str, int] = shared.counts if shared else {}
        """Connections refused or cut, and times one was slowed, by reason."""
        self.addresses: Addresses = shared.addresses if shared else Addresses(self.limits)
        self.names: dict[str, list[Feeder]] = shared.names if shared else {}
        self.met: set[str] = shared.met if shared else set()
        self.total: Bucket = shared.total if shared else Bucket(self.limits.total_bytes_per_s, 0.0)
        self._all: list[Listener] = shared._all if shared else []
        self._all.append(self)
        self._server: asyncio.Server | None = None
        self._doorkeeper: Doorkeeper | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises SourceError if the port cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            host = self.spec.host or "127.0.0.1"
            if self.certificate is not None:
                self._doorkeeper = Doorkeeper(self.certificate, lambda: Feeder(self), self.limits.hello_s)
                await self._doorkeeper.start(host, self.spec.port, BACKLOG)
                sockets = self._doorkeeper.sockets
            else:
                self._server = await loop.create_server(lambda: Feeder(self), host, self.spec.port, backlog=BACKLOG)
                sockets = list(self._server.sockets)
        except OSError as error:
            raise SourceError(
                f"cannot listen: {error.strerror or error}",
                source=self.spec.url,
                hint="Another program may have the port.",
            ) from error
        self.port = int(sockets[0].getsockname()[1])
        self._sweeper = loop.create_task(self._sweep())
        log.info("listening", name=self.spec.name, url=self.spec.url, port=self.port)

    async def stop(self) -> None:
        """Close the port and all its connections."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        if self._doorkeeper is not None:
            await self._doorkeeper.close()
        for feeder in list(self.feeders):
            feeder.cut("node stopped")
        while self.feeders:
            await asyncio.sleep(0.005)
        if self._server is not None:
            await self._server.wait_closed()

    def count(self, reason: str) -> None:
        """Add one; reasons are few."""
        if reason in self.counts or len(self.counts) < 200:
            self.counts[reason] = self.counts.get(reason, 0) + 1

    def believes_proxy(self, host: str) -> bool:
        """Whether a PROXY line from there is one."""
        if self.spec.proxy == "loopback":
            return host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1")
        return self.spec.proxy == "all"

    def admit(self, feeder: Feeder) -> str:
        """Count a connection with its address; return why it must go, or nothing."""
        now_s = feeder.loop.time()
        address = self.addresses.of(feeder.host, now_s)
        feeder.address = address
        address.connections += 1
        if sum(len(listener.feeders) for listener in self._all) > self.limits.connections:
            return "too many connections"
        if address.connections > self.limits.connections_per_address:
            return "too many connections of one address"
        if address.attempts.spend(1.0, now_s) > 0:
            return "too many attempts of one address"
        return ""

    def release(self, feeder: Feeder) -> None:
        """The connection no longer counts with its address."""
        if feeder.address is not None:
            feeder.address.connections -= 1
            feeder.address = None

    def leave(self, feeder: Feeder) -> None:
        """A connection has ended."""
        self.release(feeder)
        self.feeders.discard(feeder)
        same = self.names.get(feeder.name, [])
        if feeder in same:
            same.remove(feeder)
            if not same:
                del self.names[feeder.name]
        self.count("connection failed" if feeder.reason.startswith("connection failed") else feeder.reason[:80])
        if feeder.link is not None:
            log.info("feeder left", name=feeder.link.name, reason=feeder.reason)

    def enter(self, feeder: Feeder, claimed: str | Claim | None) -> str:
        """Name a feeder that has introduced itself and open its link; return why it must go, or nothing."""
        anonymous = self.limits.anonymous if self.spec.anonymous is None else self.spec.anonymous
        options = replace(options_of(self.spec), own=False, uuid=feeder.uuid)
        if isinstance(claimed, Claim):
            name, place, public = claimed
            options = replace(options, place=place, public_place=public)
        elif claimed is not None:
            name = claimed
        elif not anonymous:
            return "no key"
        else:
            name = self._anonymous_name(feeder)
            if name not in self.met and len(self.met) >= self.limits.names:
                return "too many names"
            self.met.add(name)
        same = self.names.setdefault(name, [])
        for other in list(same):
            if other.host == feeder.host and feeder.loop.time() - other.seen_s > REPLACED_AFTER_S:
                other.cut("replaced")
                same.remove(other)
        if len(same) >= self.limits.same_name:
            return "too many connections under one name"
        feeder.name = name
        taken = {other.place_in_name for other in same}
        feeder.place_in_name = next(number for number in range(1, len(taken) + 2) if number not in taken)
        same.append(feeder)
        if feeder.place_in_name > 1:
            self.count("second connection under one name")
        self._open(feeder, options)
        return ""

    def _open(self, feeder: Feeder, options: LinkOptions) -> None:
        name = feeder.name if feeder.place_in_name == 1 else f"{feeder.name} #{feeder.place_in_name}"
        loop = feeder.loop
        feeder.link = self.intake.open(
            name, self.spec.url, self.spec.format, options,
            resume=in_loop(loop, feeder.resume), send=in_loop(loop, feeder.send),
            abuse=in_loop(loop, feeder.complain), heard=in_loop(loop, feeder.heard),
        )  # fmt: skip
        log.info("feeder came", name=name, url=self.spec.url)

    def _anonymous_name(self, feeder: Feeder) -> str:
        if feeder.uuid:
            own = b"uuid" + feeder.uuid.encode("utf-8", "replace")
        else:
            own = b"address" + feeder.host.encode("utf-8", "replace")
        return "feeder " + hashlib.sha256(self.salt + own).hexdigest()[:8]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = asyncio.get_running_loop().time()
            for feeder in list(self.feeders):
                feeder.tick(now_s)
            self.addresses.forget(now_s)

    def metrics(self) -> dict[str, float]:
        """Counters and gauges of all the node's listeners, named for Prometheus."""
        out: dict[str, float] = {"skywitness_feeders": float(sum(len(listener.feeders) for listener in self._all))}
        for reason, count in self.counts.items():
            out[f'skywitness_feeders_ended_total{{reason="{reason}"}}'] = float(count)
        return out
