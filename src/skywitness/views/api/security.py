"""The gate before every request and socket: who asks, how much, from where; and what every answer carries."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from skywitness.views.api.keys import Key, KeyStore
from skywitness.views.api.limits import Buckets, Connections, Verdict, client_name

__all__ = ["DATA_POLICY", "PAGE_POLICY", "ApiSettings", "Gate", "Problem", "is_loopback", "problem_body"]

log = structlog.get_logger("skywitness.api")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
WRONG_KEY_COST = 20
RATE_HEADERS = b"x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, link"
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
POLICY_VIOLATION = 1008
BODY_S = 20.0
"""A body must be complete so soon."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the operator has chosen for the web server."""

    host: str = "127.0.0.1"
    """Address it listens on."""
    public: bool = False
    """Whether others than this computer may ask: needed for any other address."""
    anonymous: bool = True
    """Answer without a key."""
    cors: tuple[str, ...] = ()
    """Origins whose pages may read answers, `https://example.org`; `*` for all."""
    hosts: tuple[str, ...] = ()
    """Names the node may be called by; by default its address and localhost, on a public node any."""
    rate_per_minute: int = 1200
    """Without a key, per address."""
    key_rate_per_minute: int = 6000
    """With a key that says nothing else."""
    connections: int = 2000
    """Requests and sockets open at once."""
    connections_per_address: int = 100
    """The same from one address; this computer's own are not counted."""
    body_bytes: int = 1 << 20
    url_bytes: int = 8 << 10
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-For is believed."""
    tls_certificate: str = ""
    tls_key: str = ""


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer other than the one asked for (RFC 9457)."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(detail)


TITLES = {
    400: "Bad request", 401: "A key is needed", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 408: "Too slow", 409: "Changed elsewhere", 410: "Gone",
    416: "No such part",
    413: "Too large", 414: "Address too long", 415: "Unsupported media type",
    422: "Not understood", 428: "A version is needed", 507: "No room",
    421: "Misdirected request", 429: "Too many requests", 431: "Headers too large", 500: "Internal error",
    503: "Unavailable",
}  # fmt: skip


def problem_body(status: int, detail: str) -> bytes:
    """An `application/problem+json` document."""
    title = TITLES.get(status, "Error")
    return msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail})


def is_loopback(host: str) -> bool:
    """Whether an address or name is this computer's own."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Gate:
    """An ASGI application around another.

    Every answer leaves with the security headers, refused ones too; nothing of a refused request reaches the inside.
    """

    def __init__(self, inside: Asgi, settings: ApiSettings, keys: KeyStore | None = None) -> None:
        self.inside = inside
        self.settings = settings
        self.keys = keys
        self.buckets = Buckets()
        self.connections = Connections(settings.connections, settings.connections_per_address)
        self.requests: Counter[int] = Counter()
        """Answers by status."""
        self.refused: Counter[str] = Counter()
        """Requests that did not get inside, by reason."""
        self.sockets = 0
        self._hosts = self._allowed_hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request or socket in, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self.inside(scope, receive, send)
            return
        headers = dict(reversed(scope["headers"]))  # of repeated ones the first
        host = scope["client"][0] if scope.get("client") else ""
        name = client_name(host)
        answer = Answer(self, scope, send, headers)
        is_counted = False
        try:
            self._check_form(scope, headers)
            self._check_host(headers)
            self._check_origin(scope, headers)
            if not self.connections.enter(name, is_limited=not is_loopback(host)):
                self._refuse("connections", 503, "There are too many open requests.", retry_after="5")
            is_counted = True
            if answer.is_preflight():
                await answer.preflight()
                return
            self._check_key_and_rate(scope, headers, name, answer)
            if scope["type"] == "websocket":
                self.sockets += 1
                await self.inside(scope, receive, answer.send)
                return
            await self.inside(scope, bounded(receive, self.settings.body_bytes, BODY_S), answer.send)
        except Problem as problem:
            await answer.problem(problem)
        except ConnectionResetError:
            pass  # the client has gone
        finally:
            if is_counted:
                self.connections.leave(name)

    def metrics(self) -> dict[str, float]:
        """Counters by full name."""
        counted = {
            f'skywitness_http_requests_total{{status="{s}"}}': float(n) for s, n in sorted(self.requests.items())
        }
        for reason, count in sorted(self.refused.items()):
            counted[f'skywitness_http_refused_total{{reason="{reason}"}}'] = float(count)
        counted["skywitness_http_open"] = float(self.connections.open)
        counted["skywitness_http_websockets_total"] = float(self.sockets)
        return counted

    def _refuse(self, reason: str, status: int, detail: str, **headers: str) -> None:
        self.refused[reason] += 1
        raise Problem(status, detail, **headers)

    def _check_form(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        url = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
        if url > self.settings.url_bytes:
            self._refuse("url", 414, f"The address is longer than {self.settings.url_bytes} bytes.")
        if len(scope["headers"]) > 100 or sum(len(n) + len(v) for n, v in scope["headers"]) > 16 << 10:
            self._refuse("headers", 431, "The headers are longer than 16 KiB or more than 100.")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.settings.body_bytes:
            self._refuse("body", 413, f"The body is longer than {self.settings.body_bytes} bytes.")
        if "\0" in scope["path"]:
            self._refuse("path", 400, "The path has a zero byte in it.")

    def _allowed_hosts(self) -> frozenset[str] | None:
        """Names under which the node may be called; None any."""
        given = {host.lower().strip("[]") for host in self.settings.hosts}
        if given:
            return frozenset(given | {*LOCAL_NAMES})
        if self.settings.public:
            return None
        return frozenset({self.settings.host.lower().strip("[]"), *LOCAL_NAMES})

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        """Refuse names that are not ours: a page of another site can make its own name point to this computer."""
        if self._hosts is None:
            return
        host = host_of(headers.get(b"host", b"").decode("latin-1"))
        if host not in self._hosts:
            self._refuse(
                "host", 421, "This node does not answer to that host name; its operator can add it to http.hosts."
            )  # fmt: skip

    def _check_origin(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """Browsers let any page open a socket to anywhere, so sockets of foreign pages are refused here."""
        if scope["type"] != "websocket" or b"origin" not in headers:
            return
        origin = headers[b"origin"].decode("latin-1")
        if (
            not self.allows_origin(origin)
            and urlsplit_netloc(origin) != headers.get(b"host", b"").decode("latin-1").lower()
        ):
            self._refuse("origin", 403, "Pages of that origin may not open sockets here.")

    def allows_origin(self, origin: str) -> bool:
        """Whether pages of that origin may read answers."""
        return "*" in self.settings.cors or origin in self.settings.cors

    def _check_key_and_rate(self, scope: Scope, headers: dict[bytes, bytes], name: str, answer: Answer) -> None:
        settings = self.settings
        text = key_text(headers)
        key: Key | None = None
        if text:
            key = self.keys.find(text) if self.keys is not None else None
            if key is None:
                verdict = self.buckets.take(name, WRONG_KEY_COST, settings.rate_per_minute, time.monotonic())
                answer.verdict = verdict
                if not verdict.is_allowed:
                    self._refuse(
                        "rate", 429, "Too many wrong keys from this address.", retry_after=str(verdict.retry_s)
                    )
                self._refuse("key", 401, "That key is not known, is revoked or has expired.", www_authenticate="Bearer")
        per_minute, bucket = settings.rate_per_minute, name
        if key is not None:
            per_minute, bucket = key.rate_per_minute or settings.key_rate_per_minute, f"key {key.id}"
        verdict = answer.verdict = self.buckets.take(bucket, 1.0, per_minute, time.monotonic())
        if not verdict.is_allowed:
            self._refuse(
                "rate", 429, f"More than {per_minute} requests a minute. Try again in {verdict.retry_s} s.",
                retry_after=str(verdict.retry_s),
            )  # fmt: skip
        if scope["path"] not in OPEN_PATHS:
            if key is None and not settings.anonymous:
                self._refuse("no_key", 401, "This node answers to keys only.", www_authenticate="Bearer")
            if key is not None and not {"read", "admin"} & set(key.scopes):
                self._refuse("scope", 403, "That key is for feeding, not for reading.")
        state = scope.setdefault("state", {})
        state["key"] = key

        def charge(cost: float) -> None:
            """Take more tokens for a dear question; Problem if there are too few."""
            verdict = answer.verdict = self.buckets.take(bucket, cost, per_minute, time.monotonic())
            if not verdict.is_allowed:
                self._refuse(
                    "rate", 429, f"This question counts as {cost:g} requests. Try again in {verdict.retry_s} s.",
                    retry_after=str(verdict.retry_s),
                )  # fmt: skip

        state["charge"] = charge


class Answer:
    """What goes back for one request: counts it and adds what every answer carries."""

    def __init__(self, gate: Gate, scope: Scope, send: Send, headers: dict[bytes, bytes]) -> None:
        self.gate = gate
        self.scope = scope
        self._send = send
        self.headers = headers
        self.verdict: Verdict | None = None
        self.is_started = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Pass a message on to the client."""
        if message["type"] == "http.response.start":
            self.is_started = True
            self.gate.requests[message["status"]] += 1
            message["headers"] = [*message.get("headers", ()), *self.more(message.get("headers", ()))]
        elif message["type"] in ("websocket.accept", "websocket.close"):
            self.is_started = True
        await self._send(message)

    def more(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Headers to add."""
        there = {name.lower(): value for name, value in headers}
        is_page = there.get(b"content-type", b"").startswith(b"text/html")
        wanted = {
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"no-referrer" if not is_page else b"same-origin",
            b"content-security-policy": PAGE_POLICY if is_page else DATA_POLICY,
            b"x-frame-options": b"SAMEORIGIN" if is_page else b"DENY",
            b"cross-origin-opener-policy": b"same-origin",
            b"cross-origin-resource-policy": b"cross-origin" if self.gate.settings.cors else b"same-origin",
            b"cache-control": b"no-store",
        }
        if self.verdict is not None:
            wanted[b"x-ratelimit-limit"] = b"%d" % self.verdict.limit
            wanted[b"x-ratelimit-remaining"] = b"%d" % self.verdict.remaining
            wanted[b"x-ratelimit-reset"] = b"%d" % self.verdict.reset_s
        origin = self.headers.get(b"origin", b"").decode("latin-1")
        if self.gate.settings.cors:
            wanted[b"vary"] = b"Origin" if b"vary" not in there else there[b"vary"] + b", Origin"
            if origin and self.gate.allows_origin(origin):
                wanted[b"access-control-allow-origin"] = (
                    b"*" if "*" in self.gate.settings.cors else origin.encode("latin-1")
                )
                wanted[b"access-control-expose-headers"] = RATE_HEADERS
        return [(name, value) for name, value in wanted.items() if name not in there]

    def is_preflight(self) -> bool:
        """Whether a browser asks what a page may ask."""
        return self.scope["type"] == "http" and self.scope["method"] == "OPTIONS" and b"origin" in self.headers

    async def preflight(self) -> None:
        """Answer that; what is allowed follows from the headers all answers have."""
        headers = [
            (b"access-control-allow-methods", b"GET, HEAD, POST"),
            (b"access-control-allow-headers", b"authorization, x-api-key, content-type, last-event-id"),
            (b"access-control-max-age", b"600"),
        ]
        origin = self.headers[b"origin"].decode("latin-1")
        if not self.gate.allows_origin(origin):
            headers = []
        await self.send({"type": "http.response.start", "status": 204, "headers": headers})
        await self._send({"type": "http.response.body", "body": b""})

    async def problem(self, problem: Problem) -> None:
        """Answer that it cannot be."""
        if self.is_started:
            return
        if self.scope["type"] == "websocket":
            self.gate.requests[problem.status] += 1
            # Before the handshake is accepted this becomes an HTTP 403, whatever the reason.
            await self._send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": problem.detail[:120]})
            return
        body = problem_body(problem.status, problem.detail)
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
        headers += [(name.encode("ascii"), value.encode("latin-1")) for name, value in problem.headers.items()]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})


def bounded(receive: Receive, most: int, body_s: float) -> Receive:
    """A body that may not be longer than allowed, nor take longer to come.

    body_s  from the first wait for it to its end
    """
    taken = 0
    ends_s = math.inf
    is_whole = False

    async def next_part() -> MutableMapping[str, Any]:
        nonlocal taken, ends_s, is_whole
        if is_whole:
            return await receive()  # what comes after a body is that the client goes
        ends_s = min(ends_s, time.monotonic() + body_s)
        try:
            async with asyncio.timeout(max(0.0, ends_s - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise Problem(408, f"The body has not come within {body_s:g} s.", connection="close") from None
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if taken > most:
                raise Problem(413, f"The body is longer than {most} bytes.")
        return message

    return next_part


def key_text(headers: dict[bytes, bytes]) -> str:
    """The key a request carries: `Authorization: Bearer KEY`, or Basic with the key as password, or `X-Api-Key`.

    Never in the address: addresses are written to logs and sent on as Referer.
    """
    given = headers.get(b"x-api-key") or headers.get(b"api-auth")
    if given:
        return given.decode("latin-1").strip()
    kind, _, rest = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return "not base64"
    return rest.strip() or kind


def host_of(text: str) -> str:
    """Name in a Host header, without the port."""
    if text.startswith("["):
        return text[1:].partition("]")[0].lower()
    return text.partition(":")[0].lower().rstrip(".")


def urlsplit_netloc(origin: str) -> str:
    """Host and port of an origin; empty if it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
