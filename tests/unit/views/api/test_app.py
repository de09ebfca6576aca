"""The gate and the server: who gets in, what every answer carries, and what hostile requests get."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from litestar import Request, Response, WebSocket, get, post, websocket

from skywitness.errors import ConfigError, SourceError
from skywitness.views.api.app import create_app
from skywitness.views.api.connections import Idlers, bounded_protocol
from skywitness.views.api.keys import KeyStore
from skywitness.views.api.security import ApiSettings, Gate, host_of, is_loopback, key_text
from skywitness.views.api.server import serve_app
from tests.fake_node import node_with, served


def test_every_answer_carries_the_headers():
    @get("/page", sync_to_thread=False)
    def page() -> Response[str]:
        return Response("<p>", media_type="text/html", headers={"cache-control": "public, max-age=60"})

    @get("/broken", sync_to_thread=False)
    def broken() -> None:
        raise RuntimeError("secret words from inside")

    async def scenario(client: Any) -> None:
        for path, status in (("/api/v1/status", 200), ("/no", 404), ("/api/v1/aircraft?x=1", 400), ("/broken", 500)):
            response = await client.get(path)
            assert response.status_code == status
            headers = response.headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert headers["x-ratelimit-limit"] == "1200"
            assert "server" not in headers
            assert "access-control-allow-origin" not in headers
            if status != 200:
                assert headers["content-type"] == "application/problem+json"
                assert response.json()["status"] == status
                assert "secret" not in response.text
        response = await client.get("/page")
        assert "script-src" not in response.headers["content-security-policy"]  # 'self' by default-src
        assert "frame-ancestors 'self'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "public, max-age=60"
        response = await client.post("/api/v1/status")
        assert response.status_code == 405
        assert "GET" in response.headers["allow"]

    served(create_app(node_with(3), ApiSettings(), [lambda node: [page, broken]]), scenario)


def test_names_that_are_not_ours_are_refused():
    """A page of evil.example may point that name at 127.0.0.1; its requests then carry it as Host."""

    async def scenario(client: Any) -> None:
        for host in ("evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:80", "[::2]"):
            assert (await client.get("/api/v1/status", headers={"host": host})).status_code == 421
        for host in ("localhost:1234", "127.0.0.1", "[::1]:8480", "LOCALHOST"):
            assert (await client.get("/api/v1/status", headers={"host": host})).status_code == 200

    served(create_app(node_with(3), ApiSettings()), scenario)


def test_names_by_setting():
    async def scenario(client: Any) -> None:
        assert (await client.get("/healthz", headers={"host": "radar.example.org"})).status_code == 200
        assert (await client.get("/healthz", headers={"host": "other.example.org"})).status_code == 421

    served(create_app(node_with(3), ApiSettings(public=True, hosts=("radar.example.org",))), scenario)


def test_pages_of_listed_origins_may_read():
    settings = ApiSettings(cors=("https://map.example.org",))

    async def scenario(client: Any) -> None:
        for origin, allowed in (("https://map.example.org", "https://map.example.org"), ("https://evil.example", None)):
            response = await client.get("/api/v1/status", headers={"origin": origin})
            assert response.headers.get("access-control-allow-origin") == allowed
            assert "Origin" in response.headers["vary"]
            assert "access-control-allow-credentials" not in response.headers
            asked = await client.options(
                "/api/v1/status", headers={"origin": origin, "access-control-request-method": "GET"}
            )
            assert asked.status_code == 204
            assert asked.headers.get("access-control-allow-origin") == allowed
            assert ("access-control-allow-methods" in asked.headers) == (allowed is not None)

    served(create_app(node_with(3), settings), scenario)


def test_sockets_of_foreign_pages_are_refused():
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus

    @websocket("/socket")
    async def handler(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    async def scenario(client: Any) -> None:
        url = f"ws://127.0.0.1:{client.base_url.port}/socket"
        for origin in (None, f"http://127.0.0.1:{client.base_url.port}"):
            async with connect(url, origin=origin, proxy=None) as ws:
                assert await ws.recv() == "hello"
        for origin in ("https://evil.example", "null"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, origin=origin, proxy=None)
            assert refused.value.response.status_code == 403

    app = create_app(node_with(3), ApiSettings(), [lambda node: [handler]])
    served(app, scenario)
    assert app.state.gate.refused["origin"] == 2
    assert app.state.gate.connections.open == 0


def test_keys_and_scopes(tmp_path: Any):
    keys = KeyStore(tmp_path / "keys.json")
    _, reader = keys.add("reader", ["read"], rate_per_minute=240)
    _, feeder = keys.add("feeder", ["feed"])
    _, admin = keys.add("admin", ["admin"])
    app = create_app(node_with(3, is_public=True), ApiSettings(anonymous=False), keys=keys)

    async def scenario(client: Any) -> None:
        assert (await client.get("/healthz")).status_code == 200
        for path in ("/api/v1/status", "/metrics", "/api/v1/openapi.json"):
            response = await client.get(path)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
        for headers in (
            {"authorization": f"Bearer {reader}"}, {"x-api-key": reader}, {"api-auth": reader},
        ):  # fmt: skip
            response = await client.get("/api/v1/status", headers=headers)
            assert response.status_code == 200
            assert response.headers["x-ratelimit-limit"] == "240"
        assert (await client.get("/api/v1/status", auth=("anybody", reader))).status_code == 200
        assert (await client.get(f"/api/v1/status?key={reader}")).status_code == 401  # never in an address
        for key, status in ((feeder, 403), (reader[:-1], 401), ("", 401), ("x" * 5000, 401)):
            assert (await client.get("/api/v1/status", headers={"x-api-key": key})).status_code == status
        shown = (await client.get("/api/v1/receivers", headers={"x-api-key": reader})).json()["receivers"][0]
        exact = (await client.get("/api/v1/receivers", headers={"x-api-key": admin})).json()["receivers"][0]
        assert (shown["place_is_exact"], exact["place_is_exact"]) == (False, True)
        assert (exact["lat_deg"], exact["lon_deg"]) == (52.25, 4.75)

    served(app, scenario)
    assert app.state.gate.refused == {"no_key": 4 + 1, "scope": 1, "key": 2}


def test_too_many_requests_are_told_when_to_come_again():
    app = create_app(node_with(3), ApiSettings(rate_per_minute=40), keys=KeyStore())

    async def scenario(client: Any) -> None:
        answers = [await client.get("/api/v1/status") for _ in range(15)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert [answer.status_code for answer in answers[:10]] == [200] * 10
        assert len(refused) >= 3
        assert 1 <= int(refused[-1].headers["retry-after"]) <= 2
        assert refused[-1].headers["x-ratelimit-remaining"] == "0"
        assert "Try again in" in refused[-1].json()["detail"]
        wrong = [await client.get("/api/v1/status", headers={"x-api-key": "guess"}) for _ in range(3)]
        assert {answer.status_code for answer in wrong} <= {401, 429}
        assert wrong[-1].status_code == 429  # guessing is dear

    served(app, scenario)


def test_sizes_are_bounded():
    @post("/take")
    async def take(request: Request[Any, Any, Any]) -> str:
        return str(len(await request.body()))

    async def scenario(client: Any) -> None:
        assert (await client.get("/api/v1/aircraft?hex=" + "a" * 9000)).status_code == 414
        assert (await client.get("/healthz", headers={"x-long": "a" * 20_000})).status_code in (431, 400)
        assert (await client.get("/healthz", headers={f"x-{k}": "a" for k in range(120)})).status_code in (431, 400)
        assert (await client.post("/take", content=b'{"a":"' + b"x" * 2000 + b'"}')).status_code == 413

        async def chunks() -> Any:
            yield b'{"a":"'
            for _ in range(20):
                yield b"x" * 100
            yield b'"}'

        headers = {"content-type": "application/json"}
        assert (await client.post("/take", content=chunks(), headers=headers)).status_code == 413
        assert (await client.post("/take", content=b'{"a":1}', headers=headers)).status_code == 201

    settings = ApiSettings(body_bytes=1000)
    served(create_app(node_with(3), settings, [lambda node: [take]]), scenario)


HOSTILE = [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/api/v1/aircraft/..%2f..%2fkeys.json",
    "/api/v1/tracks/%00",
    "/api/v1/tracks/';DROP TABLE positions;--",
    "/api/v1/tracks/$(id)",
    "/api/v1/tracks/`id`",
    "/api/v1/aircraft/" + "9" * 3000,
    "/api/v1/positions?hex=480000' OR '1'='1",
    "/api/v1/positions?from=1e999",
    "/api/v1/positions?from=9999-99-99T00:00:00Z",
    "/api/v1/positions?area=nan,nan,nan,nan",
    "/%ff%fe",
    "/api/v1/status?%ff",
    "/api/v1/aircraft?callsign=%0d%0aSet-Cookie:x",
    "/api/v1/aircraft?cursor=" + "A" * 400,
    "//evil.example/api",
    "/api//v1",
    "/api/v1/aircraft?limit=99999999999999999999",
    "/api/v1/aircraft?sort=__class__",
    "/api/v1/aircraft?fields=__dict__",
    "/api/v1/positions?until=-999999d",
    "/api/v1/positions?from=0001-01-01T00:00:00%2B14:00",
    "/keys.json",
    "/data/keys.json",
    "/api/v1/positions?from=²",
    "/api/v1/aircraft?limit=١",
]


def test_hostile_addresses_are_refused_in_words():
    node = node_with(3, history=None)

    async def scenario(client: Any) -> None:
        port = client.base_url.port
        for path in HOSTILE:
            # By hand: a client library would tidy the address up.
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            target = path.replace(" ", "%20").encode("utf-8")
            writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 20)
            writer.close()
            status = int(answer.split(b" ", 2)[1])
            assert 400 <= status < 500, (path, answer[:300])
            assert b"Traceback" not in answer
            assert b"root:" not in answer
            assert b"set-cookie" not in answer.lower().split(b"\r\n\r\n")[0]

    served(create_app(node, ApiSettings(rate_per_minute=6000)), scenario)


def test_a_request_that_is_none_does_no_harm():
    async def scenario(client: Any) -> None:
        for data in (
            b"\x16\x03\x01\x02\x00garbage",
            b"GET /\r\n\r\n",
            b"\x1a3\x00\x00" * 5000,
            b"GET / HTTP/9.9\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
            writer.write(data)
            writer.write_eof()
            try:
                answer = await asyncio.wait_for(reader.read(), 20)
            except ConnectionResetError:
                answer = b""
            assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 421")
            writer.close()
        assert (await client.get("/healthz")).status_code == 200

    served(create_app(node_with(3), ApiSettings()), scenario)


def test_connections_that_never_ask_are_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("skywitness.views.api.server.IDLE_S", 0.2)
    monkeypatch.setattr("skywitness.views.api.server.LOOK_S", 0.05)

    async def scenario(client: Any) -> None:
        port = client.base_url.port
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
        slow_reader, slow = await asyncio.open_connection("127.0.0.1", port)
        slow.write(b"GET /healthz HTT")  # and never the rest
        for reader, writer in [*silent, (slow_reader, slow)]:
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()
        assert (await client.get("/healthz")).status_code == 200

    served(create_app(node_with(3), ApiSettings()), scenario)


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skywitness.views.api.server.IDLE_S", 0.3)
    monkeypatch.setattr("skywitness.views.api.server.LOOK_S", 0.05)


async def closed(reader: asyncio.StreamReader) -> bytes:
    """What still comes until the other side closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := await asyncio.wait_for(reader.read(1 << 16), 20):
            parts.append(part)
    return b"".join(parts)


def test_a_second_request_that_is_never_whole_closes_its_connection(monkeypatch: pytest.MonkeyPatch):
    """The server's own time-out ends with the first byte of a further request."""
    quick(monkeypatch)

    async def scenario(client: Any) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HT")
        answer = await closed(reader)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.count(b"HTTP/1.1") == 1
        writer.close()

    served(create_app(node_with(3), ApiSettings()), scenario)


def test_a_client_that_never_reads_is_cut_and_one_that_reads_slowly_is_not(monkeypatch: pytest.MonkeyPatch):
    quick(monkeypatch)
    size = 24 << 20  # more than the system's own buffers take

    @get("/large", sync_to_thread=False)
    def large() -> Response[bytes]:
        return Response(bytes(size), media_type="application/octet-stream")

    async def scenario() -> None:
        server = await serve_app(app, "127.0.0.1", 0)
        ask = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"
        stuck = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 10)
        stuck[1].write(ask)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 16)
        writer.write(ask)
        taken = 0
        while not server.cut:
            taken += len(await asyncio.wait_for(reader.read(1 << 18), 20))
            await asyncio.sleep(0.02)
        assert server.cut == {"unread": 1}
        assert server.metrics() == {'skywitness_http_cut_total{reason="unread"}': 1.0}
        while taken < size:
            part = await asyncio.wait_for(reader.read(1 << 20), 20)
            assert part
            taken += len(part)
        stuck[1].transport.abort()
        writer.close()
        await server.close()

    app = create_app(node_with(3), ApiSettings(), [lambda node: [large]])
    asyncio.run(scenario())


def test_a_body_that_drips_is_refused_in_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("skywitness.views.api.security.BODY_S", 0.3)

    @post("/take")
    async def take(request: Request[Any, Any, Any]) -> str:
        return str(len(await request.body()))

    async def scenario(client: Any) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(b"POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        drips = asyncio.create_task(drip(writer))
        answer = await closed(reader)
        assert answer.startswith(b"HTTP/1.1 408")
        drips.cancel()
        await asyncio.gather(drips, return_exceptions=True)
        writer.close()
        assert (await client.post("/take", content=b"whole")).text == "5"

    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    served(create_app(node_with(3), ApiSettings(), [lambda node: [take]]), scenario)


@pytest.mark.parametrize("head", [b"GET /" + b"a" * (1 << 20), b"GET / HTTP/1.1\r\nX-Long: " + b"a" * (1 << 20)])
def test_a_head_without_an_end_is_not_kept(head: bytes):
    async def scenario(client: Any) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(head)
        assert (await closed(reader))[:12] in (b"", b"HTTP/1.1 400")
        writer.close()
        # Of whole requests on one connection there may be any number.
        for _ in range(200):
            assert (await client.get("/healthz", headers={"x-some": "a" * 1000})).status_code == 200

    served(create_app(node_with(3), ApiSettings()), scenario)


def test_without_the_faster_parser_heads_are_bounded_as_well(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    assert bounded_protocol() == "h11"


class Connection:
    """What `Idlers` sees of one."""

    def __init__(self, host: str, cycle: Any = None, waiting: int = 0) -> None:
        self.client = (host, 1)
        self.cycle = cycle
        self.waiting = waiting
        self.transport = self

    def get_write_buffer_size(self) -> int:
        return self.waiting


def test_of_too_many_connections_of_one_address_the_idle_ones_go():
    asking = SimpleNamespace(response_complete=False)
    done = SimpleNamespace(response_complete=True)
    many = [Connection("192.0.2.1", cycle) for cycle in (asking, asking, done, None, done)]
    others = [Connection(host) for host in ("127.0.0.1", "198.51.100.7", "::1", "192.0.2.2", "fe80::1%eth0") * 4]
    idlers = Idlers(20.0, 4, ("198.51.100.0/24",))
    assert idlers.push([*many, *others], 0.0) == [(many[2], "address")]
    assert idlers.push(many[:2] * 5, 1.0) == []  # those that ask are held back by the gate


def test_silence_is_counted_from_the_last_change():
    one = Connection("192.0.2.1", waiting=10)
    idlers = Idlers(20.0, 4)
    assert idlers.push([one], 0.0) == []
    one.waiting = 9
    assert idlers.push([one], 19.0) == []
    assert idlers.push([one], 38.0) == []
    assert idlers.push([one], 40.0) == [(one, "unread")]
    one.waiting, one.cycle = 0, SimpleNamespace(response_complete=False)
    assert idlers.push([one], 41.0) == []
    one.cycle.response_complete = True
    assert idlers.push([one], 42.0) == []
    assert idlers.push([one], 63.0) == [(one, "silent")]
    assert idlers.push([], 64.0) == []


def test_one_address_cannot_hold_all_places():
    started = asyncio.Event()

    @get("/wait")
    async def wait() -> str:
        started.set()
        await asyncio.sleep(30)
        return ""

    app = create_app(node_with(3), ApiSettings(connections=3), [lambda node: [wait]])

    async def scenario(client: Any) -> None:
        tasks = [asyncio.create_task(client.get("/wait")) for _ in range(3)]
        gate: Gate = app.state.gate
        while gate.connections.open < 3:
            await asyncio.sleep(0.01)
        response = await client.get("/healthz")
        assert response.status_code == 503
        assert response.headers["retry-after"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    served(app, scenario)
    assert app.state.gate.connections.open == 0


def test_the_address_a_trusted_proxy_tells_is_the_one_that_counts():
    """Behind a proxy each client has limits of its own; a client that pretends to be one has none the more."""

    async def remaining(settings: ApiSettings, forwarded: str) -> int:
        server = await serve_app(create_app(node_with(3), settings), "127.0.0.1", 0, settings)
        try:
            async with httpx.AsyncClient(base_url=server.url) as client:
                for _ in range(5):
                    await client.get("/healthz", headers={"x-forwarded-for": "198.51.100.1"})
                response = await client.get("/healthz", headers={"x-forwarded-for": forwarded})
                return int(response.headers["x-ratelimit-remaining"])
        finally:
            await server.close()

    async def scenario() -> None:
        for trusted, forwarded, requests in (
            ((), "198.51.100.2", 6),
            (("192.0.2.0/24",), "198.51.100.2", 6),
            (("127.0.0.0/8",), "198.51.100.1", 6),
            (("127.0.0.1",), "198.51.100.2", 1),
            (("127.0.0.1",), "198.51.100.2, 198.51.100.1", 6),  # what the client itself said before the proxy
        ):
            settings = ApiSettings(rate_per_minute=400, trusted_proxies=trusted)
            assert await remaining(settings, forwarded) == 100 - requests

    asyncio.run(scenario())


def test_loopback_unless_the_operator_says_otherwise():
    async def scenario() -> None:
        app = create_app(node_with(3), ApiSettings())
        for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
            with pytest.raises(ConfigError, match="other computers"):
                await serve_app(app, host, 0)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(SourceError, match="cannot listen"):
                await serve_app(app, "127.0.0.1", taken.getsockname()[1])
        server = await serve_app(app, "127.0.0.1", 0)
        assert server.port
        assert server.url == f"http://127.0.0.1:{server.port}"
        await server.close()
        await server.close()

    asyncio.run(scenario())


def test_tls(tmp_path: Any):
    async def scenario() -> None:
        settings = ApiSettings(tls_certificate=str(tmp_path / "no.pem"), tls_key=str(tmp_path / "no.key"))
        with pytest.raises(ConfigError, match="TLS"):
            await serve_app(create_app(node_with(3), settings), "127.0.0.1", 0, settings)

    asyncio.run(scenario())


def test_a_node_that_has_no_picture_yet():
    node = node_with(3)
    node.hub.latest = None

    async def scenario(client: Any) -> None:
        assert (await client.get("/healthz")).status_code == 200
        for path in ("/readyz", "/api/v1/aircraft", "/api/v1/aircraft/480000"):
            response = await client.get(path)
            assert response.status_code == 503
            assert response.headers["retry-after"]
        for path in ("/metrics", "/metrics?compat=readsb", "/api/v1/status", "/api/v1/receivers"):
            assert (await client.get(path)).status_code == 200

    served(create_app(node, ApiSettings()), scenario)


def test_words():
    assert host_of("[::1]:80") == "::1"
    assert host_of("Example.org.:80") == "example.org"
    assert [is_loopback(h) for h in ("127.0.0.9", "::1", "[::1]", "localhost", "10.0.0.1", "x")] == [True] * 4 + [
        False
    ] * 2
    assert key_text({b"authorization": b"Basic !!"}) == "not base64"
    assert key_text({}) == ""
