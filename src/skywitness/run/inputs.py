"""A node's sources, begun and ended together, and the present that they agree on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from skywitness.errors import ConfigError
from skywitness.sources.feeder_limits import FeederLimits
from skywitness.sources.link import Intake
from skywitness.sources.listen import Listener
from skywitness.sources.radio import Pump
from skywitness.sources.replay import TimeLine
from skywitness.sources.tcp import TcpSource
from skywitness.sources.url import SourceSpec

__all__ = ["Inputs"]


class Inputs:
    """All sources of a node. `start` and `close` belong to the event loop.

    claim  gives the name of the station whose key a feeder has shown; None if it is no key
    salt   keeps the names of feeders without a key the same from run to run
    """

    def __init__(
        self,
        specs: Sequence[SourceSpec],
        intake: Intake,
        limits: FeederLimits,
        claim: Callable[[str], str | None],
        salt: bytes = b"",
    ) -> None:
        self.specs = tuple(specs)
        self._intake, self._limits, self._claim, self._salt = intake, limits, claim, salt
        self.sources: list[TcpSource] = []
        self.listeners: list[Listener] = []
        self.pumps: list[Pump] = []
        """Radios and standard input, each in a thread of its own."""
        self.time_line: TimeLine | None = None
        self._tasks: list[asyncio.Task[None]] = []
        files = [spec for spec in specs if spec.kind == "file"]
        if files and len(files) < len(specs):
            raise ConfigError(
                "recordings and live sources cannot be mixed: they are of different times",
                hint="Run one node for the recordings and another one for what is live.",
            )
        if files:
            self.time_line = TimeLine(files, intake)

    async def start(self) -> None:
        """Begin all of them. Raises SourceError if a port cannot be had."""
        for spec in self.specs:
            if spec.kind == "connect":
                source = TcpSource(spec, self._intake)
                self.sources.append(source)
                self._tasks.append(asyncio.create_task(source.run()))
            elif spec.kind == "listen":
                first = self.listeners[0] if self.listeners else None
                listener = Listener(spec, self._intake, self._limits, self._claim, salt=self._salt, shared=first)
                await listener.start()
                self.listeners.append(listener)
            elif spec.kind != "file":
                pump = Pump(spec, self._intake)
                self.pumps.append(pump)
                pump.start()
        if self.time_line is not None:
            self.time_line.start()

    async def close(self) -> None:
        """End all of them; links close, what waits in them may still be taken."""
        for listener in self.listeners:
            await listener.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for pump in self.pumps:
            pump.stop()
            if pump.spec.kind != "stdin":  # that one ends when its writer does
                await asyncio.to_thread(pump.join, 5.0)
        if self.time_line is not None and self.time_line.ident is not None:
            self.time_line.stop()
            await asyncio.to_thread(self.time_line.join)

    def now_ns(self) -> int:
        """The node's present, UTC: in a replay the recording's."""
        return time.time_ns() if self.time_line is None else self.time_line.now_ns()

    def metrics(self) -> dict[str, float]:
        """Counters and gauges of the sources."""
        states = [source.state for source in self.sources] + [pump.state for pump in self.pumps]
        out = {
            "skywitness_sources_connected": float(states.count("connected")),
            "skywitness_source_attempts_total": float(sum(source.attempts for source in self.sources)),
        }
        for listener in self.listeners:
            out |= listener.metrics()
        return out
