"""A wire between a browser and a node that can be made slow, or silent without being cut."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

__all__ = ["Wire", "wire_to"]

PIECE = 4096


class Wire:
    """Passes connections on to a port; what it does is set while it runs."""

    def __init__(self, port: int) -> None:
        self.is_silent = False
        """Nothing passes any more, in connections old and new."""
        self.silent_paths: tuple[bytes, ...] = ()
        """A connection whose first line has one of these is never answered."""
        self.bytes_per_s = float("inf")
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        for each in (self._server, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open += [near, far]
                threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_asking: bool) -> None:
        is_first, is_swallowed = is_asking, False
        with contextlib.suppress(OSError):
            while data := source.recv(PIECE):
                if is_first:
                    line = data.partition(b"\r\n")[0]
                    is_swallowed = any(path in line for path in self.silent_paths)
                is_first = False
                if self.is_silent or is_swallowed:
                    continue
                target.sendall(data)
                if not is_asking and self.bytes_per_s != float("inf"):
                    time.sleep(len(data) / self.bytes_per_s)
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to a port of this computer."""
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()
