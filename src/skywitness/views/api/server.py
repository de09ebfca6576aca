"""The web server, in an event loop that is already running."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from typing import Any

import structlog
import uvicorn

from skywitness.errors import ConfigError, SourceError
from skywitness.views.api.connections import HEAD_BYTES, Idlers, bounded_protocol
from skywitness.views.api.security import ApiSettings, is_loopback

__all__ = ["Server", "serve_app"]

log = structlog.get_logger("skywitness.api")

IDLE_S = 20.0
"""A connection on which no request has come, or is complete, or no answer is read, for so long is closed."""
LOOK_S = 1.0
STOP_S = 3


class Server:
    """A running web server."""

    def __init__(self, server: uvicorn.Server, host: str, port: int, scheme: str, idlers: Idlers) -> None:
        self.host = host
        self.port = port
        """The real one, also if 0 was asked for."""
        self.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        self.cut: Counter[str] = Counter()
        """Connections closed, by reason, see `Idlers`."""
        self._idlers = idlers
        self._server = server
        self._task: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self, listener: socket.socket) -> None:
        """Answer requests from now on. Raises SourceError if the server does not come up."""
        self._task = asyncio.create_task(self._server._serve([listener]))
        while not self._server.started:
            if self._task.done():
                listener.close()
                raise SourceError("the web server did not start", source=self.url) from self._task.exception()
            await asyncio.sleep(0.005)
        self._watch = asyncio.create_task(self._close_idle())

    async def _close_idle(self) -> None:
        """Close connections that never ask or never read: the server itself waits for them for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            for connection, reason in self._idlers.push(self._server.server_state.connections, time.monotonic()):
                self.cut[reason] += 1
                connection.transport.abort()

    def metrics(self) -> dict[str, float]:
        """Counters by full name."""
        return {
            f'skywitness_http_cut_total{{reason="{reason}"}}': float(count)
            for reason, count in sorted(self.cut.items())
        }

    async def close(self) -> None:
        """Stop: requests under way have a moment to end. May be called twice."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self._task is not None:
            self._server.should_exit = True
            task, self._task = self._task, None
            await task

    async def wait(self) -> None:
        """Wait until it ends."""
        if self._task is not None:
            await asyncio.shield(self._task)


async def serve_app(
    app: Any, host: str, port: int, settings: ApiSettings | None = None, *, is_alone: bool = True
) -> Server:
    """Start a web server in the running loop.

    host, port  where; port 0 takes a free one, `Server.port` says which
    is_alone    whether it begins and ends the application, which another server of the same one does already if not

    Raises ConfigError if others than this computer could ask and the operator has not chosen so, SourceError if the
    port is taken.
    """
    settings = settings or ApiSettings(host=host)
    if not is_loopback(host) and not settings.public:
        raise ConfigError(
            f"{host} can be reached by other computers",
            hint="Say --public (or http.public = true) if you mean it; read docs/security.md first.",
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, proto, _, address = found[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise SourceError(f"no such address ({error.strerror or error})", source=f"{host}:{port}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise SourceError(
            f"it cannot listen there ({error.strerror})",
            source=f"{host}:{port}",
            hint="Another port: --http HOST:PORT.",
        ) from None
    try:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on" if is_alone else "off",
            ws="websockets-sansio",
            ws_max_size=64 << 10,
            ws_max_queue=8,
            # Each pair of compressor and decompressor costs 300 kB a client; what is sent is compressed already.
            ws_per_message_deflate=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=STOP_S,
            # Beyond it the gate no longer answers in words: connections are counted here even if nothing is asked.
            limit_concurrency=settings.connections + 200,
            backlog=512,
            http=bounded_protocol(),
            h11_max_incomplete_event_size=HEAD_BYTES,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies) or None,
            ssl_certfile=settings.tls_certificate or None,
            ssl_keyfile=settings.tls_key or None,
        )
        config.load()
    except (OSError, ValueError) as error:
        listener.close()
        raise ConfigError(
            f"TLS cannot be set up ({error})", hint="See http.tls_certificate and http.tls_key."
        ) from None
    name = listener.getsockname()
    scheme = "https" if settings.tls_certificate else "http"
    idlers = Idlers(IDLE_S, settings.connections_per_address, settings.trusted_proxies)
    server = Server(uvicorn.Server(config), host, int(name[1]), scheme, idlers)
    await server.start(listener)
    log.info("listening", url=server.url, public=settings.public)
    return server
