"""Where `skywitness top` has its pictures from: a running node, by HTTP, or sources of its own, in this process."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from skywitness.cli.top_picture import (
    Point,
    Rate,
    ReceiverLine,
    Snapshot,
    clean,
    read_receivers,
    read_snapshot,
)
from skywitness.errors import ConfigError

__all__ = ["Feed", "NodeFeed", "SourceFeed"]

TIMEOUT_S = 5.0
PERIOD_S = 1.0
MOST_BYTES = 64 << 20


class Feed(Protocol):
    """Pictures, as they come."""

    label: str
    """Where they are from."""
    latest: Snapshot | None
    changed: threading.Event
    """Set with each picture and each error."""

    @property
    def error(self) -> str:
        """Why there is none, or no newer one; empty if all is well."""

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End."""


class NodeFeed(threading.Thread):
    """Asks a node once a second: `/data/aircraft.json`, and `/api/v1/receivers` where there is one."""

    def __init__(self, url: str, place: Point | None = None, key: str = "", period_s: float = PERIOD_S) -> None:
        super().__init__(name="skywitness-top", daemon=True)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{url!r} is no address of a node", hint="Say for example http://127.0.0.1:8480.")
        self.url = url.rstrip("/").removesuffix("/data/aircraft.json")
        self.label = clean(self.url, 80) if parts.username is None else clean(parts.hostname)
        self.latest: Snapshot | None = None
        self.error = ""
        self.changed = threading.Event()
        self.is_over = False
        self._place, self._key, self._period_s = place, key, period_s
        self._rate = Rate()
        self._has_receivers = True
        self._stopping = threading.Event()

    def run(self) -> None:
        """Ask until closed."""
        while not self._stopping.is_set():
            try:
                self._ask()
                self.error = ""
            except (OSError, ValueError) as error:
                self.error = said(error)
            self.changed.set()
            self._stopping.wait(self._period_s)

    def close(self) -> None:
        """Stop asking; an answer that is on its way is not waited for."""
        self._stopping.set()

    def _ask(self) -> None:
        snapshot = read_snapshot(self._get("/data/aircraft.json"), self._place)
        receivers: tuple[ReceiverLine, ...] = ()
        if self._has_receivers:
            try:
                receivers = read_receivers(self._get("/api/v1/receivers"))
            except (OSError, ValueError) as error:
                self._has_receivers = getattr(error, "code", 0) != 404  # another program's: not asked again
        rate = self._rate.add(snapshot.time_s, snapshot.messages)
        self.latest = dataclasses.replace(snapshot, rate=rate, receivers=receivers)

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(self.url + path, headers={"User-Agent": "skywitness-top"})
        if self._key:
            request.add_header("Authorization", f"Bearer {self._key}")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            body = answer.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise ValueError("the answer is too large")
        return json.loads(body)


def said(error: BaseException) -> str:
    """Why a question failed, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"it answers {error.code} {clean(error.reason)}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, urllib.error.URLError):
        reason = error.reason
        return clean(reason.strerror or reason, 80) if isinstance(reason, OSError) else clean(reason, 80)
    return "its answer is no JSON" if isinstance(error, json.JSONDecodeError) else clean(error, 80)


class SourceFeed:
    """A node's core with sources of its own, and neither record nor outputs."""

    def __init__(self, sources: Sequence[str], place: Point | None = None) -> None:
        from skywitness.run.inputs import Inputs
        from skywitness.run.live import Core
        from skywitness.run.places import airport_place
        from skywitness.sources.feeder_limits import FeederLimits
        from skywitness.sources.link import Intake
        from skywitness.sources.url import parse_sources
        from skywitness.views.feeds.aircraft_json import WITHOUT_IDENTITY

        specs = parse_sources(sources, airport_place)
        if place is None:
            place = next(((s.place.lat_deg, s.place.lon_deg) for s in specs if s.place is not None), None)
        self.label = clean(", ".join(spec.url for spec in specs), 80)
        self.latest: Snapshot | None = None
        self.changed = threading.Event()
        self._failure = ""
        self._is_closing = False
        self._place = place
        self._rate = Rate()
        self._write = WITHOUT_IDENTITY.file
        self._intake = Intake()
        self._inputs = Inputs(specs, self._intake, FeederLimits(anonymous=True), lambda _: None)
        self._core = Core(self._intake, self._inputs.now_ns, self._show)
        self._ending: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name="skywitness-top", daemon=True)

    @property
    def error(self) -> str:
        """Why nothing comes; empty if all is well."""
        line = self._inputs.time_line
        failures = "; ".join(clean(reason, 120) for reason in line.failures.values()) if line is not None else ""
        return self._failure or failures or (said(self._core.failure) if self._core.failure else "")

    @property
    def is_over(self) -> bool:
        """Whether all recordings are at their end, or the sources could not be begun."""
        line = self._inputs.time_line
        return bool(self._failure) or self._core.failure is not None or (line is not None and line.is_done.is_set())

    def start(self) -> None:
        """Begin sources and core."""
        self._thread.start()
        self._core.start()

    def close(self) -> None:
        """End sources, then the core; `latest` is then all that came."""
        self._is_closing = True
        self._ending()
        if self._thread.ident is not None:
            self._thread.join(TIMEOUT_S)
        if self._core.ident is not None:
            self._core.stop()
            self._core.join(TIMEOUT_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(error)

    async def _serve(self) -> None:
        from skywitness.errors import SkywitnessError

        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._ending = lambda: None if loop.is_closed() else loop.call_soon_threadsafe(over.set)
        try:
            await self._inputs.start()
            await over.wait()
        except SkywitnessError as error:
            self._fail(error)
        finally:
            await self._inputs.close()

    def _fail(self, error: Exception) -> None:
        self._failure = clean(error, 200)
        self.changed.set()

    def _show(self, picture: Any) -> None:
        """Take a picture; in the core's thread."""
        body = self._write(
            picture.table, picture.now_ns, picture.messages, place=self._place, is_simulated=picture.simulated
        )  # fmt: skip
        snapshot = read_snapshot(json.loads(body))
        receivers = tuple(
            ReceiverLine(clean(r.receiver.name), r.connected, r.rate_frames_s, r.positions, clean(r.last_error, 60))
            for r in self._core.reports
        )
        if self._is_closing and self.latest is not None:
            receivers = self.latest.receivers  # who is lost now was so by us
        rate = self._rate.add(snapshot.time_s, snapshot.messages)
        self.latest = dataclasses.replace(snapshot, rate=rate, receivers=receivers)
        self.changed.set()
