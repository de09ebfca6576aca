"""What a connection may hold without asking anything: time, memory, and places that others want."""

from __future__ import annotations

import importlib
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, cast

from skywitness.views.api.limits import client_name

__all__ = ["HEAD_BYTES", "Idlers", "bounded_protocol"]

HEAD_BYTES = 32 << 10
"""Of a request line and headers that are not complete; the gate allows half of that in a complete one."""

NO_REQUESTS: Any = object()


class Idlers:
    """Fold from the server's connections, looked at from time to time, to those that are to be closed.

    `silent`: no request has come, or is complete, for `idle_s`. `unread`: bytes wait for the client and it has taken
    none of them for so long. `address`: the address has more connections than it may have, and this one is of no use.

    most_each  connections of one address; this computer's and the proxies' are not counted
    """

    def __init__(self, idle_s: float, most_each: int, proxies: Sequence[str] = ()) -> None:
        self.idle_s = idle_s
        self.most_each = most_each
        self._proxies = [ipaddress.ip_network(text) for text in proxies]
        self._since: dict[Any, tuple[tuple[Any, int], float]] = {}

    def push(self, connections: Iterable[Any], now_s: float) -> list[tuple[Any, str]]:
        """Return which connections to close, each with the reason; `now_s` is monotonic."""
        found: list[tuple[Any, str]] = []
        since: dict[Any, tuple[tuple[Any, int], float]] = {}
        idle: dict[str, list[Any]] = defaultdict(list)
        count: dict[str, int] = defaultdict(int)
        for connection in connections:
            if connection.transport is None:
                continue
            name = self._counted(connection)
            count[name] += 1
            waiting = connection.transport.get_write_buffer_size()
            # Protocols of requests have a cycle of each; those of sockets have none, and pings of their own.
            cycle = getattr(connection, "cycle", NO_REQUESTS)
            is_asking = cycle is NO_REQUESTS or (cycle is not None and not cycle.response_complete)
            if not is_asking:
                idle[name].append(connection)
            if is_asking and not waiting:
                continue
            state, then_s = self._since.get(connection, ((None, -1), now_s))
            if state[0] is not cycle or state[1] != waiting:
                then_s = now_s
            since[connection] = (cycle, waiting), then_s
            if now_s - then_s > self.idle_s:
                found.append((connection, "unread" if waiting else "silent"))
        self._since = since
        going = {connection for connection, _ in found}
        for name, those in idle.items():
            if name and count[name] > self.most_each:
                surplus = [one for one in those if one not in going][: count[name] - self.most_each]
                found += [(connection, "address") for connection in surplus]
        return found

    def _counted(self, connection: Any) -> str:
        """Whose connection it is; empty for those that are not counted."""
        host = connection.client[0] if getattr(connection, "client", None) else ""
        try:
            address = ipaddress.ip_address(host.split("%")[0])
        except ValueError:
            return ""
        if address.is_loopback or any(address in proxy for proxy in self._proxies):
            return ""
        return client_name(host)


def bounded_protocol() -> Any:
    """The protocol of requests: the faster one if the extra `fast` is installed.

    That one takes headers of any length; here it refuses what is not complete after HEAD_BYTES.
    """
    try:
        base = cast("Any", importlib.import_module("uvicorn.protocols.http.httptools_impl")).HttpToolsProtocol
    except ImportError:
        return "h11"

    class Bounded(base):  # type: ignore[misc, valid-type]
        """A connection that keeps count of its unfinished head."""

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.head_bytes = 0
            self.is_in_head = True

        def data_received(self, data: bytes) -> None:
            """Take bytes; close the connection if they end no head."""
            self.head_bytes += len(data)
            super().data_received(data)
            if self.is_in_head and self.head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The headers are too long.")

        def on_headers_complete(self) -> None:
            """End the head."""
            self.is_in_head = False
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            """Begin the next one."""
            self.is_in_head, self.head_bytes = True, 0
            super().on_message_complete()

    return Bounded
