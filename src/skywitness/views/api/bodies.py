"""Bodies of answers: made once per picture or question, compressed once, handed to everybody who asks."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import zstandard
from litestar import Request, Response
from litestar.exceptions import HTTPException

from skywitness.tracks.picture import Picture
from skywitness.views.node import Hub

__all__ = ["Bodies", "Workshop", "answer", "encoding_of", "problem"]

JSON = "application/json"
LEAST_BYTES = 1000
"""Shorter bodies are not worth compressing."""

LIVE_HEADERS = {"Cache-Control": "no-cache, must-revalidate"}
MOST_BODIES = 256
"""Distinct questions kept within one picture."""

MOST_BYTES = 64 << 20
AT_ONCE = 2
MOST_WAITING = 32


def encoding_of(request: Request[Any, Any, Any]) -> str:
    """Choose how to compress: zstd, gzip or "", by what the client accepts."""
    accepted = set()
    for item in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = item.partition(";")
        if quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            accepted.add(name.strip())
    return next((encoding for encoding in ("zstd", "gzip") if encoding in accepted), "")


def compressed(body: bytes, encoding: str) -> bytes:
    """Compress quickly rather than well: most clients are near."""
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(body)
    if encoding == "gzip":
        return gzip.compress(body, 1, mtime=0)
    return body


def answer(
    body: bytes, encoding: str = "", *, media_type: str = JSON, status: int = 200, headers: Mapping[str, str] = {}
) -> Response[bytes]:
    """Make the response of a body that is compressed already."""
    every = {"Vary": "Accept-Encoding", **LIVE_HEADERS, **headers}
    if encoding:
        every["Content-Encoding"] = encoding
    return Response(body, media_type=media_type, status_code=status, headers=every)


def problem(status: int, title: str, **more: Any) -> HTTPException:
    """Make the exception that answers with one clear sentence."""
    return HTTPException(detail=title, status_code=status, extra=more or None)


class Bodies:
    """Bodies that follow from a picture and a question. Lives on the event loop; the work is done in threads.

    Whoever asks first has the body made; those who ask meanwhile wait for the same one. They are made of the pictures
    that are published, once a second; a question for few aircraft is cheap, and is answered from the very latest.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.made = 0
        self._published: Picture | None = None
        self._tasks: dict[tuple[Hashable, str], asyncio.Task[bytes]] = {}
        hub.listeners.append(self._publish)

    def _publish(self, picture: Picture) -> None:
        self._published = picture
        self._tasks.clear()

    def picture(self) -> Picture:
        """Return the latest picture; a client that comes before the first one is told to come again."""
        if self.hub.latest is None:
            raise HTTPException(
                detail="The node has just started and has no picture yet.",
                status_code=503,
                headers={"Retry-After": "1"},
            )
        return self.hub.latest

    async def give(
        self,
        request: Request[Any, Any, Any],
        question: Hashable,
        make: Callable[[Picture], bytes],
        *,
        headers: Mapping[str, str] = {},
    ) -> Response[bytes]:
        """Answer a question from the latest picture.

        question  names the body: two requests with equal ones get the same bytes
        make      called in a thread
        """
        latest = self.picture()
        picture = self._published or latest
        if len(self._tasks) >= MOST_BODIES:
            self._tasks.clear()
        encoding = encoding_of(request)
        plain = self._task((question, ""), lambda: asyncio.to_thread(make, picture))
        if not encoding:
            return answer(await asyncio.shield(plain), headers=headers)

        async def compress() -> bytes:
            body = await asyncio.shield(plain)
            return await asyncio.to_thread(compressed, body, encoding) if len(body) >= LEAST_BYTES else body

        body = await asyncio.shield(self._task((question, encoding), compress))
        whole = await asyncio.shield(plain)
        return answer(body, encoding if len(whole) >= LEAST_BYTES else "", headers=headers)

    async def give_now(
        self, request: Request[Any, Any, Any], make: Callable[[Picture], bytes], *, headers: Mapping[str, str] = {}
    ) -> Response[bytes]:
        """Answer a small question from the very latest picture; it is made here, at once."""
        body = make(self.picture())
        encoding = encoding_of(request) if len(body) >= LEAST_BYTES else ""
        return answer(compressed(body, encoding), encoding, headers=headers)

    def _task(self, key: tuple[Hashable, str], make: Callable[[], Any]) -> asyncio.Task[bytes]:
        task = self._tasks.get(key)
        if task is None:
            self.made += 1
            task = asyncio.get_running_loop().create_task(run(make))
            task.add_done_callback(seen)
            self._tasks[key] = task
        return task


async def run(make: Callable[[], Any]) -> bytes:
    """Await what a function returns."""
    body: bytes = await make()
    return body


def seen(task: asyncio.Task[bytes]) -> None:
    """Take note of a failure: it is raised for each who waits, and must not be reported once more when none does."""
    if not task.cancelled():
        task.exception()


class Workshop:
    """Answers from the record: few at once, the finished ones kept, and no endless queue."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes_kept = 0
        self.refused = 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._tasks: dict[Hashable, asyncio.Task[bytes]] = {}
        self._room: asyncio.Semaphore | None = None

    async def give(
        self,
        request: Request[Any, Any, Any],
        question: Hashable,
        make: Callable[[], bytes | None],
        *,
        keep: bool,
        media_type: str = JSON,
        headers: Mapping[str, str] = {},
    ) -> Response[bytes]:
        """Answer, with 404 if there is nothing.

        question  names the body; equal ones that are under way or kept share it
        make      called in a thread; None if there is nothing
        keep      whether the answer can never change
        """
        body = self._kept.get(question)  # always gzip: what is kept is sent to browsers, all of which take it
        if body is None:
            task = self._tasks.get(question)
            if task is None:
                if len(self._tasks) >= MOST_WAITING:
                    self.refused += 1
                    raise HTTPException(
                        detail="Too many questions to the record are waiting; ask again.",
                        status_code=503,
                        headers={"Retry-After": "5"},
                    )
                task = asyncio.get_running_loop().create_task(self._make(question, make, keep))
                task.add_done_callback(seen)
                self._tasks[question] = task
            body = await asyncio.shield(task)
        else:
            self._kept.move_to_end(question)
        if not body:
            raise problem(404, "Nothing is recorded of that.")
        if encoding_of(request):
            return answer(body, "gzip", media_type=media_type, headers=headers)
        return answer(await asyncio.to_thread(gzip.decompress, body), media_type=media_type, headers=headers)

    async def _make(self, question: Hashable, make: Callable[[], bytes | None], keep: bool) -> bytes:
        if self._room is None:
            self._room = asyncio.Semaphore(AT_ONCE)

        def work() -> bytes:
            body = make()
            return b"" if body is None else gzip.compress(body, 1, mtime=0)

        try:
            async with self._room:
                body = await asyncio.to_thread(work)
        finally:
            del self._tasks[question]
        if keep and body:
            self._kept[question] = body
            self.bytes_kept += len(body)
            while self.bytes_kept > self.most_bytes:
                self.bytes_kept -= len(self._kept.popitem(last=False)[1])
        return body
