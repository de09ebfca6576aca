"""The running node: everything joined, begun in order and ended in order.

Sources feed links, the core takes from them, and its output goes to the record, the ports and the picture; answers are
given from the picture and the record. What goes to others passes `views.privacy` here, at the one place, before the
Hub and the history get it, so that no output can forget to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hmac
import importlib
import ipaddress
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import cast

import platformdirs
import structlog

from skywitness import __version__
from skywitness.archive.derived import KINDS
from skywitness.archive.identities import identity_directory, load_book
from skywitness.archive.reader import open_history
from skywitness.archive.receptions import StoredReceptions
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.retention import Limit, Limits
from skywitness.archive.spool import SpoolSettings
from skywitness.errors import ConfigError, SkywitnessError
from skywitness.identity.table import IdentityTable
from skywitness.identity.tar1090_db import read_tar1090_db
from skywitness.pipeline import Settings
from skywitness.questions.answer import Searchable
from skywitness.questions.finding import Finder
from skywitness.questions.names import Names
from skywitness.reference.load import load_gazetteer
from skywitness.run import config as settings
from skywitness.run.finding import SERVED, ask, book_of
from skywitness.run.flight_record import PositionsFlights
from skywitness.run.inputs import Inputs
from skywitness.run.live import Core
from skywitness.run.logging import set_up_logging
from skywitness.run.memory import look_for_cycles_less_often
from skywitness.run.notify import Watchdog, notify, watchdog_s
from skywitness.run.operating import operating
from skywitness.run.places import airport_place
from skywitness.run.rebuild import Rebuild
from skywitness.run.warm import warm_up
from skywitness.sources.feeder_limits import FeederLimits
from skywitness.sources.link import Intake
from skywitness.sources.url import parse_sources
from skywitness.tracks.picture import Picture
from skywitness.views.api import existing, stream
from skywitness.views.api.app import ApiSettings, Module, create_app
from skywitness.views.api.keys import KeyStore
from skywitness.views.api.query import at_root
from skywitness.views.api.security import is_loopback
from skywitness.views.api.server import Server, serve_app
from skywitness.views.api.tables import Latest
from skywitness.views.cases import routes as cases
from skywitness.views.feeds.aircraft_more import Advisories
from skywitness.views.feeds.ports import Ports, PortSettings, split_address
from skywitness.views.feeds.push import parse_push
from skywitness.views.node import Hub, Node
from skywitness.views.own_map import OwnMap
from skywitness.views.privacy import Blur, Privacy, open_blur
from skywitness.views.recent_receptions import RecentReceptions

__all__ = ["Service", "serve"]

log = structlog.get_logger("skywitness.node")

LOOK_S = 0.5
CORE_ENDS_S = 30.0
DAY_S = 86_400.0
GB = 1_000_000_000


class Service:
    """One node, from its settings. `start` and `close` belong to the event loop; `close` may be called at any time."""

    def __init__(self, config: settings.Config) -> None:
        self.config = config
        self.directory = Path(config.data).expanduser() if config.data else None
        self.intake = Intake()
        self.hub = Hub()
        self.recorder: Recorder | None = None
        self.rebuild: Rebuild | None = None
        self.core: Core | None = None
        self.ports: Ports | None = None
        self.sources: Inputs | None = None
        self.server: Server | None = None
        self.query_server: Server | None = None
        """The query interface of readsb, if it has an address of its own."""
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> str:
        """Begin everything; return the address of the web server.

        Raises ConfigError, ArchiveError or SourceError for what the operator has to change.
        """
        config = self.config
        loop = self._loop = asyncio.get_running_loop()
        specs = await asyncio.to_thread(parse_sources, [*config.sources, *config.listen], airport_place)
        history: Searchable | None = None
        if self.directory is not None and config.record.keep:
            self.recorder = await asyncio.to_thread(Recorder, self.directory, recorder_settings(config.record))
            history = self.recorder.history
        elif self.directory is not None:
            history = await asyncio.to_thread(open_history, self.directory)
        secrets = (self.directory if self.recorder is not None else None) or platformdirs.user_state_path("skywitness")
        blur = await asyncio.to_thread(open_secrets, secrets, config.privacy.blur_nmi)
        privacy = Privacy(blur, is_public=config.http.public)
        keys = KeyStore(secrets / "keys.json")
        self.ports = Ports(port_settings(config, config.out.uuid or str(uuid_of(blur.secret))))
        await self.ports.start()
        self.sources = Inputs(
            specs, self.intake, feeder_limits(config.limits), keys.claim, derived(blur.secret, b"feeders")
        )
        latest, advisories, recent = Latest(), Advisories(), RecentReceptions()
        self.core = Core(
            self.intake,
            self.sources.now_ns,
            functools.partial(self._hand, loop, self.hub.publish, privacy),
            glance=functools.partial(self._hand, loop, self.hub.glance, privacy),
            is_asked=self.hub.is_asked,
            record=self.recorder,
            sinks=[self.ports, latest, advisories, recent],
            settings=Settings(repair=config.repair, shards=config.shards),
        )
        shown = privacy.history(history) if history is not None else None
        flights, asking = None, None
        book = await asyncio.to_thread(book_of, self.directory)
        if shown is not None:
            gazetteer = await asyncio.to_thread(load_gazetteer)
            flights = PositionsFlights(shown, gazetteer)
            asking = functools.partial(ask, Finder.of(shown, Names(book), gazetteer, SERVED))
        started_ns = time.time_ns()
        node = Node(
            hub=self.hub,
            version=__version__,
            started_ns=started_ns,
            receivers=lambda: self.core.reports if self.core is not None else [],
            history=shown,
            flights=flights,
            ask=asking,
            receptions=StoredReceptions(self.directory) if self.directory is not None else None,
            recent=recent,
            book=book,
            operating=lambda: operating(
                self.directory, self.recorder, shown, self.sources.listeners if self.sources else [], keys, started_ns
            ),
            metrics=self.metrics,
            privacy=privacy,
            facts={"name": config.name},
        )
        identity = await asyncio.to_thread(read_identity, config.aircraft_db, self.directory)
        await asyncio.to_thread(warm_up)
        api = api_settings(config.http)
        own_map = await asyncio.to_thread(OwnMap.of, config.map.style, config.map.pmtiles, config.map.origins)
        app = create_app(
            node, api, modules(identity, privacy, advisories, self.directory), keys=keys, latest=latest, own_map=own_map
        )
        self.server = await serve_app(app, config.http.host, config.http.port, api)
        if config.http.readsb_api:
            self.query_server = await serve_app(
                at_root(app), *split_address(config.http.readsb_api), api, is_alone=False
            )
        if self.recorder is not None:
            self.rebuild = await asyncio.to_thread(Rebuild, self.recorder, self.core.pipeline.settings)
            self.rebuild.start()
        self.core.start()
        await self.sources.start()
        look_for_cycles_less_often()
        log.info("node", version=__version__, url=self.server.url, data=str(self.directory or "none kept"))
        return self.server.url

    async def wait(self) -> None:
        """Wait until the core ends by itself, which it does only if it fails. Raises what ended it."""
        watchdog = Watchdog(watchdog_s())
        while self.core is not None and self.core.is_alive():
            watchdog.feed(self.core.turns)
            await asyncio.sleep(LOOK_S)
        if self.core is not None and self.core.failure is not None:
            raise self.core.failure

    async def close(self) -> None:
        """End in order: nothing new comes in, what came is finished and made safe, then the outputs end."""
        if self.sources is not None:
            await self.sources.close()
        if self.core is not None and self.core.ident is not None:
            self.core.stop()
            await asyncio.to_thread(self.core.join, CORE_ENDS_S)
        if self.rebuild is not None and self.rebuild.ident is not None:
            self.rebuild.stop()
            await asyncio.to_thread(self.rebuild.join, CORE_ENDS_S)
        if self.recorder is not None:
            await asyncio.to_thread(self.recorder.close)
        for server in (self.query_server, self.server):
            if server is not None:
                await server.close()
        if self.ports is not None:
            await self.ports.close()

    def metrics(self) -> dict[str, float]:
        """Counters and gauges of all parts."""
        out: dict[str, float] = {}
        for part in (self.core, self.intake, self.sources, self.recorder, self.rebuild, self.ports):
            if part is not None:
                out |= part.metrics()
        for server in (self.server, self.query_server):
            for name, count in (server.metrics() if server is not None else {}).items():
                out[name] = out.get(name, 0.0) + count
        return out

    def _hand(
        self, loop: asyncio.AbstractEventLoop, take: Callable[[Picture], None], privacy: Privacy, picture: Picture
    ) -> None:
        """Give the event loop what others may see of a picture; in the core's thread."""
        if self.core is not None:
            privacy.update(self.core.reports, picture)
        with contextlib.suppress(RuntimeError):  # the loop has ended: so has the node
            loop.call_soon_threadsafe(take, privacy.picture(picture))


def serve(
    config: settings.Config, *, on_ready: Callable[[str], None] | None = None, stop_after_s: float | None = None
) -> int:
    """Run a node until it is interrupted; return the exit code.

    on_ready      called with the address of the web server
    stop_after_s  end by itself after so long
    """
    set_up_logging(config.log)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_serve(config, on_ready, stop_after_s))


async def _serve(config: settings.Config, on_ready: Callable[[str], None] | None, stop_after_s: float | None) -> int:
    service = Service(config)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows, or not in the main thread
            loop.add_signal_handler(name, stopped.set)
    try:
        address = await service.start()
        notify("READY=1")
        if on_ready is not None:
            on_ready(address)
        waits = [asyncio.create_task(service.wait()), asyncio.create_task(stopped.wait())]
        done, rest = await asyncio.wait(waits, timeout=stop_after_s, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            task.result()
    finally:
        notify("STOPPING=1")
        await service.close()
    return 0


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop, if the extra `fast` is installed."""
    try:
        module = importlib.import_module("uvloop")
    except ImportError:
        return None
    return cast("Callable[[], asyncio.AbstractEventLoop]", module.new_event_loop)


def modules(identity: IdentityTable, privacy: Privacy, advisories: Advisories, directory: Path | None) -> list[Module]:
    """The interfaces beside our own."""
    return [
        functools.partial(existing.handlers, identity=identity, privacy=privacy, advisories=advisories),
        functools.partial(stream.handlers, identity=identity),
        functools.partial(cases.handlers, directory=None if directory is None else directory / "cases"),
    ]


def read_identity(path: str, data: Path | None) -> IdentityTable:
    """Read the list of aircraft that is named, else those imported. Raises ConfigError if one cannot be read."""
    try:
        if path:
            return read_tar1090_db(Path(path).expanduser().read_bytes())
        directories = [identity_directory(None)] + ([identity_directory(data)] if data is not None else [])
        return load_book(*directories).table()
    except OSError as error:
        raise ConfigError(f"it cannot be read ({error.strerror})", source=path, hint="See --aircraft-db.") from None
    except SkywitnessError as error:
        raise ConfigError(error.what, source=path or error.source, hint=error.hint) from None


def recorder_settings(record: settings.Record) -> RecorderSettings:
    """What the recorder is told."""
    limits = Limits(
        raw=Limit(record.raw_days * DAY_S, int(record.raw_gb * GB)),
        positions=Limit(record.positions_days * DAY_S, int(record.positions_gb * GB)),
        states=Limit(record.states_days * DAY_S, int(record.states_gb * GB)),
    )
    kinds = tuple(kind for kind in KINDS if record.areas or kind != "areas")
    return RecorderSettings(
        fsync_s=record.fsync_s,
        reserve_bytes=record.reserve_mb * 1_000_000,
        spool=SpoolSettings(limits=limits, derived=kinds),
    )


def open_secrets(directory: Path, blur_nmi: float) -> Blur:
    """Return what hides the receivers; it must outlive the process, or their mean place over restarts would tell."""
    directory.mkdir(parents=True, exist_ok=True)
    return open_blur(directory, blur_nmi)


def derived(secret: bytes, purpose: bytes) -> bytes:
    """Another secret of the node, always the same."""
    return hmac.digest(secret, purpose, "sha256")


def uuid_of(secret: bytes) -> uuid.UUID:
    """The node's name for others, always the same and telling nothing."""
    return uuid.UUID(bytes=derived(secret, b"uuid")[:16], version=4)


def port_settings(config: settings.Config, name: str) -> PortSettings:
    """What the outgoing ports are told; `name` is the node's UUID."""
    out = config.out
    return PortSettings(
        listen={
            "beast": out.beast, "beast_reduce": out.beast_reduce, "raw": out.raw, "sbs": out.sbs, "json": out.json,
        },
        push=out.push,
        uuid=name,
        reduce_s=out.reduce_s,
        strip_counters=config.privacy.strip_counters and leaves_computer(out),
        stations=out.stations,
        duplicates=out.duplicates,
        mlat=out.mlat,
        held_bytes=at_least("out.held_kb", out.held_kb, 64) * 1000,
        clients=at_least("out.clients", out.clients, 1),
    )  # fmt: skip


def leaves_computer(out: settings.Outputs) -> bool:
    """Whether a stream goes farther than to this computer's own programs, of which multilateration needs counters."""
    ports = [
        split_address(address)[0] for address in (out.beast, out.beast_reduce, out.raw, out.sbs, out.json) if address
    ]
    return not all(is_loopback(host) for host in [*ports, *(parse_push(text).host for text in out.push)])


def at_least(path: str, value: int, least: int) -> int:
    """Return a setting's value. Raises ConfigError if it is too small to work with."""
    if value < least:
        raise ConfigError(f"`{path}` is {value}, and must be at least {least}")
    return value


def feeder_limits(limits: settings.Limits) -> FeederLimits:
    """What feeders are held to."""
    return FeederLimits(
        anonymous=limits.anonymous,
        connections=limits.connections,
        connections_per_address=limits.connections_per_address,
        bytes_per_s=limits.bytes_per_s,
        messages_per_s=limits.messages_per_s,
        address_bytes_per_s=limits.address_bytes_per_s,
        total_bytes_per_s=limits.total_bytes_per_s,
        silence_s=limits.silence_s,
    )


def api_settings(http: settings.Http) -> ApiSettings:
    """What the web server is told. Raises ConfigError for what would leave it open or shut to all."""
    for proxy in http.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            # Of a name or a * anybody could be behind it, and choose the address that limits count.
            raise ConfigError(
                f"`http.trusted_proxies` has {proxy!r}, which is no address or network",
                hint="Say for example 127.0.0.1 or 10.0.0.0/24.",
            ) from None
    return ApiSettings(
        host=http.host,
        public=http.public,
        anonymous=http.anonymous,
        cors=http.cors,
        hosts=http.hosts,
        rate_per_minute=at_least("http.rate_per_minute", http.rate_per_minute, 1),
        key_rate_per_minute=at_least("http.key_rate_per_minute", http.key_rate_per_minute, 1),
        connections=at_least("http.connections", http.connections, 1),
        connections_per_address=at_least("http.connections_per_address", http.connections_per_address, 1),
        trusted_proxies=http.trusted_proxies,
        tls_certificate=http.tls_certificate,
        tls_key=http.tls_key,
    )
