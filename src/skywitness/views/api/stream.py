"""Live deltas: a WebSocket with the binary format, and server-sent events with JSON. See docs/reference/wire.md."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.response import Stream

from skywitness.errors import QuestionError
from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.views.api.security import Problem
from skywitness.views.live.subscriptions import TEXT, Broker, Client, Subscription, parse_subscription
from skywitness.views.node import Node

__all__ = ["handlers"]

WAIT_S = 10.0
"""A client that has not said for so long what it wants is cut."""
SEND_S = 30.0
"""A client that takes longer for what it is sent is cut."""
PAUSE_S = 0.1
"""Least time between two changes of what a client wants."""
KEEP_ALIVE_S = 15.0

POLICY, TRY_LATER = 1008, 1013
"""Close codes of RFC 6455 and its registry: not understood or not allowed; too slow."""


def handlers(node: Node, *, identity: IdentityTable = NOBODY, broker: Broker | None = None) -> list[Any]:
    """Return the routes of live views; their metrics are added to the node's.

    identity  registrations and types
    broker    if several lists of routes share one
    """
    broker = broker or Broker(node.hub, identity)
    others = node.metrics
    node.metrics = lambda: others() | broker.metrics()

    @websocket("/api/v1/stream")
    async def stream(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            await watch(socket, broker)

    @get("/api/v1/events", include_in_schema=False)
    async def events(request: Request[Any, Any, Any]) -> Stream:
        options = {name: value for name, value in request.query_params.items() if name != "compression"}
        try:
            wanted = parse_subscription(options, resume=request.headers.get("last-event-id", ""))
            wanted = Subscription(wanted.filter, wanted.tiles, TEXT, wanted.resume)
            client = Client(wanted)
        except QuestionError as error:
            raise Problem(400, str(error)) from None
        try:
            await broker.open(client)
        except QuestionError as error:
            broker.close(client)
            raise Problem(503, str(error)) from None
        except asyncio.CancelledError:
            broker.close(client)
            raise
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Stream(event_stream(broker, client), media_type="text/event-stream", headers=headers)

    return [stream, events]


async def event_stream(broker: Broker, client: Client) -> AsyncIterator[bytes]:
    """Give a client its events until it goes, or has to."""
    try:
        yield b"retry: 3000\n\n"
        while not client.cut:
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    await client.bell.wait()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if client.behind_since is not None:
                client.bell.clear()
                await broker.open(client, fresh=True)
                continue
            for _, data in client.take():
                yield data
        broker.counts["client_cut"] += 1
    finally:
        broker.close(client)


async def watch(socket: WebSocket[Any, Any, Any], broker: Broker) -> None:
    """Serve one client; returns when it is to be closed, raises WebSocketDisconnect when it has gone."""
    try:
        options: Any = dict(socket.query_params)
        if not options:
            async with asyncio.timeout(WAIT_S):
                options = await received(socket)
        client = Client(parse_subscription(options), broker.hello)
    except (QuestionError, TimeoutError) as error:
        await refuse(socket, str(error) or "nothing was asked for")
        return
    tasks: list[asyncio.Task[None]] = []
    try:
        await broker.open(client)
        tasks = [asyncio.create_task(part(socket, broker, client)) for part in (send_all, listen)]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except QuestionError as error:
        await stop(tasks)
        await refuse(socket, str(error))
    finally:
        broker.close(client)
        await stop(tasks)
    if client.cut:
        broker.counts["client_cut"] += 1
        with contextlib.suppress(Exception):  # it may be too slow for this, too
            async with asyncio.timeout(1.0):
                await socket.close(code=TRY_LATER, reason="too slow")


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """End tasks, whatever they were about to raise."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def send_all(socket: WebSocket[Any, Any, Any], broker: Broker, client: Client) -> None:
    """Send what waits; returns when the client is to be cut."""
    while True:
        await client.bell.wait()
        if client.cut:
            return
        if client.behind_since is not None:
            client.bell.clear()
            await broker.open(client, fresh=True)
            continue
        for is_text, data in client.take():
            try:
                async with asyncio.timeout(SEND_S):
                    if is_text:
                        await socket.send_data(data.decode(), mode="text")
                    else:
                        await socket.send_data(data, mode="binary")
            except TimeoutError:
                client.cut = "stuck"
                return


async def listen(socket: WebSocket[Any, Any, Any], broker: Broker, client: Client) -> None:
    """Obey what the client says. Raises QuestionError if it cannot be obeyed."""
    while True:
        options = await received(socket)
        await broker.change(client, parse_subscription(options))
        await asyncio.sleep(PAUSE_S)


async def received(socket: WebSocket[Any, Any, Any]) -> dict[str, Any]:
    """Return the next message. Raises QuestionError if it is no object."""
    text = await socket.receive_data(mode="text")
    try:
        options = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        options = None
    if not isinstance(options, dict):
        raise QuestionError("the message is no JSON object", hint='{"area": [50, 3, 54, 8]}')
    return options


async def refuse(socket: WebSocket[Any, Any, Any], why: str) -> None:
    """Say what is wrong, and close."""
    await socket.send_data(msgspec.json.encode({"error": why}).decode(), mode="text")
    await socket.close(code=POLICY, reason=why[:100])
