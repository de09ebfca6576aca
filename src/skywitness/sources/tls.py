"""Encrypted connections of sources: whom we trust when we call, who we are when we are called.

A caller of an encrypted port is counted with its address before anything of it is deciphered, so that connections that
never finish their handshake are bounded like all others, and cut when an introduction would be.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from skywitness.errors import ConfigError
from skywitness.sources.conduit import Conduit
from skywitness.sources.url import SourceSpec

__all__ = ["Caller", "Doorkeeper", "ServerCertificate", "client_context", "server_certificate"]

NO_HANDSHAKE = "no TLS handshake"
ACCEPT_AGAIN_S = 1.0


class Caller(Conduit):
    """Somebody at an encrypted port: counted when it arrives, a connection when it has shaken hands."""

    def arrive(self, host: str) -> str:
        """Count it with its address; return why it must go, or nothing."""
        raise NotImplementedError


def client_context(spec: SourceSpec) -> ssl.SSLContext | None:
    """How to encrypt a connection that we make; None not at all. Raises ConfigError."""
    if not spec.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=spec.ca or None)
    except OSError as error:
        raise ConfigError(f"its certificates cannot be read: {error}", source=spec.ca) from error
    if not spec.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class ServerCertificate:
    """The certificate of a port, read again when its file has changed, as those who renew it do every few weeks."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._read: tuple[int, ...] = ()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.refresh()

    def refresh(self) -> None:
        """Read the files. Raises OSError (ssl.SSLError is one); then the certificate of before goes on."""
        found = tuple(file.stat().st_mtime_ns for file in self._files)
        if found == self._read:
            return
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # A key with a passphrase would ask on the terminal.
        context.load_cert_chain(*self._files, password=lambda: "")
        self._context, self._read = context, found

    @property
    def context(self) -> ssl.SSLContext:
        """What the next connection is encrypted with."""
        with contextlib.suppress(OSError):  # half-written: the next connection looks again
            self.refresh()
        return self._context


def server_certificate(spec: SourceSpec) -> ServerCertificate | None:
    """The certificate of a listening port; None if it is not encrypted. Raises ConfigError."""
    if not spec.certificate and not spec.key:
        return None
    if not spec.certificate or not spec.key:
        raise ConfigError(
            "an encrypted port needs a certificate and its key", source=spec.url,
            hint="Give both: ?certificate=FILE&key=FILE.",
        )  # fmt: skip
    try:
        return ServerCertificate(Path(spec.certificate).expanduser(), Path(spec.key).expanduser())
    except OSError as error:
        raise ConfigError(
            f"its certificate or key cannot be read: {error.strerror or error}", source=spec.certificate
        ) from error


class Doorkeeper:
    """Listening sockets of an encrypted port. `start` and `close` belong to the event loop.

    handshake_s  longest time that a handshake may take
    """

    def __init__(self, certificate: ServerCertificate, make: Callable[[], Caller], handshake_s: float) -> None:
        self._certificate = certificate
        self._make = make
        self._handshake_s = handshake_s
        self.sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int, backlog: int) -> None:
        """Listen on all addresses of a host. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, kind, proto, _, address in dict.fromkeys(found):
                listening = socket.socket(family, kind, proto)
                self.sockets.append(listening)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listening.bind(address)
                listening.listen(backlog)
                listening.setblocking(False)
        except OSError:
            await self.close()
            raise
        for listening in self.sockets:
            self._keep(self._accept(listening))

    async def close(self) -> None:
        """Accept nobody more; end handshakes under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listening in self.sockets:
            listening.close()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError:  # no file is left, or the caller has gone already
                await asyncio.sleep(ACCEPT_AGAIN_S)
                continue
            caller = self._make()
            reason = caller.arrive(str(address[0]))
            if reason:
                connection.close()
                caller.reason = reason
                caller.connection_lost(None)
            else:
                self._keep(self._shake_hands(caller, connection))

    async def _shake_hands(self, caller: Caller, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: caller, connection, ssl=self._certificate.context, ssl_handshake_timeout=self._handshake_s
            )
        except (OSError, asyncio.CancelledError) as error:  # ssl.SSLError and TimeoutError are OSErrors
            connection.close()
            caller.reason = caller.reason or NO_HANDSHAKE
            caller.connection_lost(None)
            if isinstance(error, asyncio.CancelledError):
                raise
