"""Connections we make: to receivers that serve Beast, AVR, SBS, jet1090 or UAT, again and again."""

from __future__ import annotations

import asyncio
import random

import structlog

from skywitness.sources.conduit import Conduit, in_loop, is_ping
from skywitness.sources.link import Intake, Link, LinkOptions
from skywitness.sources.tls import client_context
from skywitness.sources.url import SourceSpec

__all__ = ["BackOff", "TcpSource", "options_of"]

log = structlog.get_logger("skywitness.sources")

CONNECT_S = 10.0
LONGEST_WAIT_S = 60.0
GOOD_S = 30.0
"""A connection that lasted so long makes the next wait short again."""
PING_LOOK_S = 30.0
"""A server that has not pinged by then does not."""
REQUEST_PINGS = b"\x1aWO"
STRIKES = 3
"""Complaints of the core after which a source of our own is connected anew."""


class BackOff:
    """Waits between attempts: doubling from a second to a minute, each by chance between a half and the whole."""

    def __init__(self, seed: int | None = None) -> None:
        self.tries = 0
        self._chance = random.Random(seed)

    def next_s(self) -> float:
        """Seconds to wait before the next attempt."""
        whole = min(LONGEST_WAIT_S, 2.0 ** min(self.tries, 6))
        self.tries += 1
        return whole * self._chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """A connection was good."""
        self.tries = 0


def options_of(spec: SourceSpec, *, replay: bool = False) -> LinkOptions:
    """What the core is to know of a source."""
    return LinkOptions(
        gps=spec.gps,
        sample_rate=float(spec.tuning.rate_hz),
        provenance=2 if spec.simulated else 0,
        replay=replay,
        own=spec.own,
        place=spec.place,
        public_place=spec.public_place,
    )


class _Connection(Conduit):
    """A connection to a receiver."""

    def __init__(self, spec: SourceSpec, intake: Intake) -> None:
        super().__init__()
        self.spec = spec
        self.ended: asyncio.Future[str] = self.loop.create_future()
        self._intake = intake
        self._tail = b""
        self._strikes = 0
        self._has_pinged = False
        self._answers = spec.format == "beast" and spec.ping

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the link."""
        super().connection_made(transport)
        self.link = self._open()
        if self._answers:
            self.send(REQUEST_PINGS)

    def _open(self) -> Link:
        spec, loop = self.spec, self.loop
        return self._intake.open(
            spec.name, spec.url, spec.format, options_of(spec),
            resume=in_loop(loop, self.resume), send=in_loop(loop, self.send), abuse=in_loop(loop, self._complain),
        )  # fmt: skip

    def received(self, data: bytes, arrival_ns: int) -> None:
        """Hand on, and answer pings."""
        if self._answers:
            self._answer(data)
        self.put(data, arrival_ns)

    def _answer(self, data: bytes) -> None:
        """Send back the number of each ping: the message P and three bytes, as it came."""
        if not self._has_pinged and self.seen_s - self.opened_s > PING_LOOK_S:
            self._answers = False
            return
        data = self._tail + data
        at = data.find(b"\x1aP")
        while at >= 0:
            if not is_ping(data, at):
                at = data.find(b"\x1aP", at + 1)
                continue
            end = at + 2
            for _ in range(3):
                end += 2 if data[end : end + 1] == b"\x1a" else 1
            if end > len(data):
                self._tail = data[at:]
                return
            self._has_pinged = True
            self.send(data[at:end])
            if self.link is not None:
                self.link.count("pings")
            at = data.find(b"\x1aP", end)
        row = len(data) - len(data.rstrip(b"\x1a"))
        self._tail = b"\x1a" if row % 2 else b""

    def _complain(self, reason: str) -> None:
        self._strikes += 1
        if self._strikes >= STRIKES:
            self.cut(reason)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits for it."""
        super().connection_lost(error)
        if not self.ended.done():
            self.ended.set_result(self.reason)


class TcpSource:
    """Keeps one connection up. `run` ends only when it is cancelled."""

    def __init__(self, spec: SourceSpec, intake: Intake, back_off: BackOff | None = None) -> None:
        self.spec = spec
        self.state = "connecting"
        """`connecting`, `connected` or `waiting`."""
        self.error = ""
        """Why there is no connection."""
        self.attempts = 0
        self._intake = intake
        self._back_off = back_off or BackOff()
        self._tls = client_context(spec)

    async def run(self) -> None:
        """Connect, and again whenever the connection ends."""
        loop = asyncio.get_running_loop()
        spec = self.spec
        while True:
            self.state = "connecting"
            self.attempts += 1
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, connection = await loop.create_connection(
                        lambda: _Connection(spec, self._intake), spec.host, spec.port, ssl=self._tls
                    )  # fmt: skip
            except (OSError, TimeoutError) as error:
                self.error = f"cannot connect: {str(error) or f'no answer in {CONNECT_S:.0f} s'}"
            else:
                self.state, self.error = "connected", ""
                log.info("source connected", name=spec.name, url=spec.url)
                try:
                    self.error = await self._watch(connection)
                finally:
                    if connection.transport is not None:
                        connection.cut("node stopped")
                        await connection.ended
                if loop.time() - connection.opened_s >= GOOD_S:
                    self._back_off.reset()
            self.state = "waiting"
            wait_s = self._back_off.next_s()
            log.warning("source lost", name=spec.name, url=spec.url, reason=self.error, retry_s=round(wait_s, 1))
            await asyncio.sleep(wait_s)

    async def _watch(self, connection: _Connection) -> str:
        """Wait until it ends; a silent one is cut."""
        limit_s = self.spec.silence_s
        while True:
            try:
                async with asyncio.timeout(max(limit_s / 4, 0.05)):
                    return await asyncio.shield(connection.ended)
            except TimeoutError:
                silent_s = connection.loop.time() - connection.seen_s
                if silent_s > limit_s and not connection.is_held:
                    connection.cut(f"silent for {limit_s:g} s")
