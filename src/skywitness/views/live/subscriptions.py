"""Who watches what: clients with their areas and filters, each with a bounded queue of parts that all share.

The pictures are compared in a thread, one at a time; the event loop only hands parts to queues. A client that falls
behind loses what waits for it and gets what is now instead; one that goes on like that is cut.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from skywitness.errors import QuestionError
from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.tracks.picture import Picture
from skywitness.views.live import text
from skywitness.views.live.delta import KEPT_PICTURES, WORLD_EVERY, Deltas
from skywitness.views.live.filters import EVERYTHING, Filter, numbers_of, parse
from skywitness.views.live.tiles import TILE_DEG, TILES, UNPLACED, WORLD, tiles_of_area
from skywitness.views.live.wire import CODECS, SIMULATED, VERSION, Part, tick
from skywitness.views.node import Hub

__all__ = ["Broker", "Client", "Subscription", "parse_subscription"]

TEXT = "text"
"""The codec of server-sent events."""

MOST_CLIENTS = 2000
MOST_WAITING = 8
"""Pictures that may wait for a client; then it is behind."""
MOST_BYTES = 4 << 20
MOST_STRIKES = 3
"""How often a client may be behind within STRIKES_S; then it is cut."""
STRIKES_S = 60.0
GONE_S = 60.0
"""A client that does not take a snapshot for so long is gone."""
LOOK_S = 0.05
MOST_AREAS = 16

T = TypeVar("T")

OPTIONS = ("area", "tiles", "world", "unplaced", "filter", "compression", "resume")


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client wants."""

    filter: Filter = EVERYTHING
    tiles: tuple[int, ...] = (WORLD,)
    codec: str = "none"
    resume: str = ""
    """Id of the picture the client has; empty if none."""


def parse_subscription(options: Mapping[str, Any], *, resume: str = "") -> Subscription:
    """Read what a client asks for, from a message or an address. Raises QuestionError with a sentence."""
    if unknown := sorted(set(options) - set(OPTIONS)):
        raise QuestionError(f"{str(unknown[0])[:40]!r} is no option", hint=f"It is one of {', '.join(OPTIONS)}.")
    tiles = areas(options.get("area", ()))
    tiles |= numbered(options.get("tiles", ()))
    if truth(options, "unplaced"):
        tiles |= {UNPLACED}
    if truth(options, "world"):
        tiles |= {WORLD}
    if not tiles:
        tiles = frozenset(range(UNPLACED + 1))
    codec = options.get("compression", "none")
    if codec not in CODECS:
        raise QuestionError(f"{str(codec)[:40]!r} is no compression", hint=f"It is one of {', '.join(CODECS)}.")
    wanted = options.get("filter", "")
    if not isinstance(wanted, str):
        raise QuestionError("`filter` is no text")
    return Subscription(parse(wanted), tuple(sorted(tiles)), codec, str(options.get("resume", resume))[:60])


def areas(value: Any) -> frozenset[int]:
    """Read `south,west,north,east`, several with semicolons between, or lists of four numbers."""
    if isinstance(value, str):
        value = [part for part in value.split(";") if part]
    elif isinstance(value, list) and len(value) == 4 and all(isinstance(v, int | float) for v in value):
        value = [value]
    if not isinstance(value, list | tuple) or len(value) > MOST_AREAS:
        raise QuestionError(f"`area` is no list of at most {MOST_AREAS} areas", hint="area=50,3,54,8")
    tiles: frozenset[int] = frozenset()
    for area in value:
        try:
            corners = numbers_of(area if isinstance(area, str) else ",".join(str(float(v)) for v in area), 4)
        except (ValueError, TypeError, OverflowError):
            raise QuestionError(f"{str(area)[:60]!r} is no area", hint="It is south,west,north,east.") from None
        tiles |= tiles_of_area(*corners)
    return tiles


def numbered(value: Any) -> frozenset[int]:
    """Read numbers of tiles, as a list or with commas between."""
    if isinstance(value, str):
        value = [int(part) if part.isdecimal() and len(part) < 4 else -1 for part in value.split(",") if part]
    if not isinstance(value, list | tuple) or not all(type(v) is int and 0 <= v < TILES for v in value):
        raise QuestionError(f"`tiles` is no list of numbers from 0 to {TILES - 1}")
    return frozenset(value)


def truth(options: Mapping[str, Any], name: str) -> bool:
    """Read yes or no."""
    value = options.get(name, False)
    if value in (True, "1", "true", "yes"):
        return True
    if value in (False, "0", "false", "no", ""):
        return False
    raise QuestionError(f"`{name}` is {str(value)[:20]!r}, neither true nor false")


class Client:
    """One watcher: what waits for it, in the event loop.

    said  makes the text that tells the client what it gets, before the parts
    """

    def __init__(self, subscription: Subscription, said: Callable[[Client], bytes] | None = None) -> None:
        self.subscription = subscription
        self.said = said
        self.held: tuple[Filter, frozenset[int]] = (subscription.filter, frozenset())
        """What is counted as wanted by it."""
        self.at = 0
        """Picture that it has, or that waits for it."""
        self.is_open = False
        self.behind_since: float | None = None
        """When what waited for it was given up; None if it is not behind."""
        self.cut = ""
        """Why it is to be cut; empty while it is not."""
        self.bell = asyncio.Event()
        self._waiting: deque[tuple[bool, list[bytes]]] = deque()
        self._size = 0
        self._strikes: deque[float] = deque(maxlen=MOST_STRIKES + 1)

    def put(self, pieces: list[bytes], *, is_text: bool = False) -> None:
        """Let a picture's bytes wait; if too much does, give all of it up."""
        size = sum(map(len, pieces))
        if len(self._waiting) >= MOST_WAITING or (self._waiting and self._size + size > MOST_BYTES):
            self.fall_behind()
            return
        self._waiting.append((is_text, pieces))
        self._size += size
        self.bell.set()

    def fall_behind(self) -> None:
        """Give up what waits; a snapshot will follow when the client is ready for it."""
        self._waiting.clear()
        self._size = 0
        self.is_open = False
        self.behind_since = now = time.monotonic()
        self._strikes.append(now)
        if len(self._strikes) > MOST_STRIKES and now - self._strikes[0] < STRIKES_S:
            self.cut = "slow"
        self.bell.set()

    def take(self) -> list[tuple[bool, bytes]]:
        """Return all that waits as messages, each with whether it is text."""
        messages: list[tuple[bool, list[bytes]]] = []
        for is_text, pieces in self._waiting:
            if messages and not is_text and not messages[-1][0]:
                messages[-1][1].extend(pieces)
            else:
                messages.append((is_text, list(pieces)))
        self._waiting.clear()
        self._size = 0
        self.bell.clear()
        return [(is_text, b"".join(pieces)) for is_text, pieces in messages]


class Broker:
    """All clients of a node's pictures.

    hub       where pictures come from
    identity  for registrations and types
    """

    def __init__(self, hub: Hub, identity: IdentityTable = NOBODY, *, most_clients: int = MOST_CLIENTS) -> None:
        self.epoch = secrets.token_hex(4)
        """Numbers of pictures count from the start of the node: those of another epoch mean nothing."""
        self.deltas = Deltas(identity)
        self.clients: set[Client] = set()
        self.most_clients = most_clients
        self.counts: Counter[str] = Counter()
        self.busy_s = 0.0
        """Processor time of the thread that compares pictures."""
        self._latest: Picture | None = hub.latest
        self._next: Picture | None = None
        self._jobs: deque[Callable[[], Awaitable[None]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        hub.listeners.append(self._picture)

    async def open(self, client: Client, *, fresh: bool = False) -> None:
        """Begin to watch, or begin anew with snapshots. Raises QuestionError if there are too many."""
        if client not in self.clients and len(self.clients) >= self.most_clients:
            raise QuestionError("too many clients watch this node", hint="Try again later.")
        self.clients.add(client)
        resume = None if fresh else text.read_event_id(client.subscription.resume, self.epoch)
        await self._job(lambda: self._subscribe(client, client.subscription, resume))

    async def change(self, client: Client, subscription: Subscription) -> None:
        """Watch something else from now on; tiles that stay go on as they are if the filter does."""
        await self._job(lambda: self._subscribe(client, subscription, None))

    def close(self, client: Client) -> None:
        """End to watch; may be called twice, and while `open` is under way."""
        self.clients.discard(client)
        client.is_open = False

        async def release() -> None:
            self.deltas.release(*client.held)
            client.held = client.held[0], frozenset()

        self._add(release)

    def metrics(self) -> dict[str, float]:
        """Counters and gauges of live views."""
        out: dict[str, float] = {
            "skywitness_stream_clients": len(self.clients),
            "skywitness_stream_filters": len(self.deltas.channels),
            "skywitness_stream_busy_seconds_total": self.busy_s,
        }
        return out | {f'skywitness_stream_total{{event="{name}"}}': n for name, n in sorted(self.counts.items())}

    def hello(self, client: Client) -> bytes:
        """Say what the client gets."""
        return msgspec.json.encode(
            {
                "version": VERSION,
                "epoch": self.epoch,
                "picture": client.at,
                "tile_deg": TILE_DEG,
                "unplaced": UNPLACED,
                "world": WORLD,
                "world_every": WORLD_EVERY,
                "kept_pictures": KEPT_PICTURES,
                "tiles": list(client.subscription.tiles),
                "filter": client.subscription.filter.text,
                "compression": client.subscription.codec,
            }
        )

    async def _subscribe(self, client: Client, subscription: Subscription, resume: int | None) -> None:
        """Bring a client to the latest picture."""
        while self._latest is None:
            await asyncio.sleep(LOOK_S)
        picture, deltas, codec = self._latest, self.deltas, subscription.codec
        before, held = client.held
        tiles = frozenset(subscription.tiles)
        going_on = client.is_open and before == subscription.filter and codec == client.subscription.codec
        staying = held & tiles if going_on else frozenset[int]()

        def work() -> tuple[Part, list[bytes]]:
            number, parts = deltas.subscribe(subscription.filter, sorted(tiles - staying), picture, resume)
            deltas.release(before, held - staying)
            assert deltas.now is not None
            return tick(number, number, deltas.now.now_ms, deltas.now.flags), self._pieces(parts, codec)

        now, pieces = await self._thread(work)
        client.held = subscription.filter, tiles
        if client not in self.clients:  # it went while this was made; `close` gives up what it held
            return
        client.subscription = subscription
        client.is_open, client.behind_since = True, None
        client.at = now.picture
        if client.said is not None:
            client.put([client.said(client)], is_text=True)
        client.put([*pieces, *self._pieces([now], codec)])

    def _picture(self, picture: Picture) -> None:
        """Take in a picture, in the event loop."""
        self._latest = picture
        if not self.clients and not self.deltas.channels:
            return
        if self._next is not None:
            self.counts["picture_skipped"] += 1
            self._next = picture
            return
        self._next = picture
        self._add(self._advance)

    async def _advance(self) -> None:
        picture, self._next = self._next, None
        if picture is None:
            return
        needs: dict[tuple[str, str], set[int]] = {}
        for client in self.clients:
            of = client.subscription
            needs.setdefault((of.filter.text, of.codec), set()).update(of.tiles)

        def work() -> dict[str, dict[int, Part]]:
            made = self.deltas.advance(picture)
            for (filter, codec), tiles in needs.items():
                parts = made.get(filter, {})
                self._pieces([parts[tile] for tile in parts.keys() & tiles], codec)
            return made

        made = await self._thread(work)
        number = picture.number
        now = tick(number, number, picture.now_ns // 1_000_000, SIMULATED if picture.simulated else 0)
        late = time.monotonic() - GONE_S
        for client in list(self.clients):
            if client.behind_since is not None and client.behind_since < late:
                client.cut = "gone"  # nobody has looked at what waits for it since
                client.bell.set()
                self.close(client)
            if not client.is_open or client.at >= number:
                continue
            of = client.subscription
            parts = made.get(of.filter.text, {})
            client.at = number
            client.put(self._pieces([*(parts[tile] for tile in of.tiles if tile in parts), now], of.codec))
            if client.behind_since is not None:
                self.counts["client_behind"] += 1

    def _pieces(self, parts: list[Part], codec: str) -> list[bytes]:
        if codec == TEXT:
            return [text.event(part, self.epoch) for part in parts]
        return [part.encoded(codec) for part in parts]

    async def _thread(self, work: Callable[[], T]) -> T:
        def timed() -> T:
            began = time.thread_time()
            try:
                return work()
            finally:
                self.busy_s += time.thread_time() - began

        return await asyncio.to_thread(timed)

    async def _job(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run in turn with the others, and wait for it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            try:
                await job()
            except Exception as error:  # it is raised where it is waited for
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(None)

        self._add(run)
        await done

    def _add(self, job: Callable[[], Awaitable[None]]) -> None:
        self._jobs.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Do what is to be done, one after the other: nothing overtakes, and one at a time touches `deltas`."""
        while self._jobs:
            await self._jobs.popleft()()
