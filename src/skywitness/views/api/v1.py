"""Our own interface, /api/v1: each question once, with its parameters, its answer and its description."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
import numpy as np
from litestar import HttpMethod, Request, Response, get, route
from litestar.handlers import HTTPRouteHandler

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES, STATUSES, UNTIMED, VERDICTS, Positions
from skywitness.errors import ArchiveError
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.questions.answer import History
from skywitness.reference.load import load_gazetteer
from skywitness.tracks.aircraft import AircraftTable, aircraft_key
from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S
from skywitness.views.api.asking_help import Reaching, airfields, completions, coverage
from skywitness.views.api.columns import FORMATS, Rows, cursor_of, cursor_text, iso, negotiated
from skywitness.views.api.endpoints import ENDPOINTS, Endpoint
from skywitness.views.api.find import find_response
from skywitness.views.api.known_then import known_then, states_of_one
from skywitness.views.api.naming import named_at, who_is
from skywitness.views.api.openapi import FORM, document
from skywitness.views.api.operator import check_operator, told_to_operator
from skywitness.views.api.parameters import Area, parse_query
from skywitness.views.api.raw_messages import MESSAGES_NS, explained, found_messages
from skywitness.views.api.security import Problem
from skywitness.views.api.tables import Latest, aircraft_rows, one_aircraft_rows, position_rows, receiver_rows
from skywitness.views.node import Node

__all__ = ["V1", "Endpoint", "handlers"]

Json = dict[str, Any]

PREFIX = "/api/v1"
TRACK_NS = 48 * 3600 * NS_PER_S
STEP_ONE_NS = 3600 * NS_PER_S
STEP_ALL_NS = 60 * NS_PER_S
"""What is read of the record at once: an hour of named aircraft, or a minute of all."""
MOST_STEPS = 60
"""Steps a page: what one request may cost. A page that ends there is short, or empty, and has a next one."""
DEAR = 5.0
"""Requests that a question to the record counts as."""
KEPT_PICTURES = 8
KEPT_S = 120.0
AT_ONCE = 2
WAITING = 32
CONTRADICTED = VERDICTS.index("contradicted")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, read."""

    endpoint: Endpoint
    request: Request[Any, Any, Any]
    given: Json

    def link(self, cursor: str) -> str:
        """Address of the next page: the same question with a cursor, relative."""
        query = dict(self.request.query_params.items())
        return "?" + urlencode({**query, "cursor": cursor})

    @property
    def digest(self) -> str:
        """What a cursor belongs to: the question without cursor, limit, format and fields."""
        rest = sorted((k, v) for k, v in self.request.query_params.items() if k not in OF_FORM)
        return hashlib.blake2b(repr((self.endpoint.path, rest)).encode(), digest_size=8).hexdigest()


OF_FORM = ("cursor", "limit", "format", "fields")


class LiveCursor(msgspec.Struct, array_like=True):
    """Where a page of the live picture ended."""

    question: str
    epoch: int
    picture: int
    offset: int


class PastCursor(msgspec.Struct, array_like=True):
    """Where a page of the record ended: in which step, and after which row of it."""

    question: str
    from_ns: int
    until_ns: int
    step_ns: int
    key: int
    time_ns: int
    parent: int


async def form_of(request: Request[Any, Any, Any]) -> bytes:
    """The body of a question asked by POST. Raises Problem 400 or 415 if it is not asked there, and as a form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(415, f"The body is to be a form, {FORM}.")
    if request.scope["query_string"]:
        raise Problem(400, "The question is asked in the body; the address has no parameters then.")
    return await request.body()


def handlers(node: Node, latest: Latest | None = None) -> list[HTTPRouteHandler]:
    """Route handlers of /api/v1."""
    return V1(node, latest).handlers()


class V1:
    """The interface of one node.

    latest  a sink of the core, for what is behind the places of the live picture; rows lack it without
    """

    def __init__(self, node: Node, latest: Latest | None = None) -> None:
        self.node = node
        self.latest = latest
        self.epoch = node.started_ns // 1000 % 2**53
        self._pictures: OrderedDict[int, tuple[float, Picture]] = OrderedDict()
        self._turns: asyncio.Semaphore | None = None
        self._waiting = 0

    def handlers(self) -> list[HTTPRouteHandler]:
        """One route handler a question, and the description."""
        made = [self._handler(endpoint) for endpoint in ENDPOINTS]
        body = msgspec.json.encode(document(self.node.version, ENDPOINTS))

        @get(f"{PREFIX}/openapi.json", include_in_schema=False, sync_to_thread=False)
        def openapi() -> Response[bytes]:
            return Response(body, media_type="application/json")

        return [*made, openapi]

    def _handler(self, endpoint: Endpoint) -> HTTPRouteHandler:
        path = PREFIX + endpoint.path.replace("{hex}", "{hex:str}").replace("{frame}", "{frame:str}")

        methods = [HttpMethod.GET, HttpMethod.POST] if endpoint.form else [HttpMethod.GET]

        @route(path, http_method=methods, name=f"v1{endpoint.path}", include_in_schema=False, status_code=200)
        async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
            if request.method == "POST":
                given = parse_query(endpoint.form, await form_of(request), {})
            else:
                given = parse_query(endpoint.parameters, request.scope["query_string"], request.path_params)
            method: Callable[[Ask], Awaitable[Response[bytes]]] = getattr(self, endpoint.method)
            try:
                return await method(Ask(endpoint, request, given))
            except ArchiveError as error:
                raise Problem(503, f"The record cannot be read: {error.what}.") from None

        return answer

    # --- the live picture ------------------------------------------------------------------------------------------

    def picture(self, *, newest: bool = False) -> Picture:
        """The latest picture; the newest there can be, for single aircraft. Raises Problem 503 before the first."""
        picture = self.node.hub.newest() if newest else self.node.hub.latest
        if picture is None:
            raise Problem(503, "There is no picture yet: the node has just started.", retry_after="1")
        return picture

    async def aircraft(self, ask: Ask) -> Response[bytes]:
        """The list of aircraft."""
        given, start = ask.given, 0
        picture = self.picture()
        if given["cursor"]:
            cursor = cursor_of(given["cursor"], LiveCursor)
            if cursor.question != ask.digest or cursor.offset < 0:
                raise Problem(400, "`cursor` belongs to another question: begin again without it.")
            kept = self._pictures.get(cursor.picture)
            if cursor.epoch != self.epoch or kept is None:
                raise Problem(410, "The picture that `cursor` belongs to is gone: begin again without it.")
            picture, start = kept[1], cursor.offset
        return await asyncio.to_thread(self._aircraft, ask, picture, start)

    def _aircraft(self, ask: Ask, picture: Picture, start: int) -> Response[bytes]:
        given = ask.given
        rows = sorted_rows(picture.table, chosen(picture, given), given["sort"])
        page = rows[start : start + given["limit"]]
        after = ""
        if start + len(page) < len(rows):
            after = cursor_text(LiveCursor(ask.digest, self.epoch, picture.number, start + len(page)))
            self._keep(picture)
        behind = self.latest.behind(picture.number) if self.latest is not None else None
        made = aircraft_rows(picture.table.take(page), picture.now_ns, behind, picture.simulated)
        return answered(ask, made, {**about(picture), "total": len(rows)}, after)

    def _keep(self, picture: Picture) -> None:
        """Keep a picture for as long as somebody may ask for its next page; a few at most."""
        now_s = time.monotonic()
        self._pictures[picture.number] = now_s, picture
        for number, (then_s, _) in list(self._pictures.items()):
            if now_s - then_s > KEPT_S or (len(self._pictures) > KEPT_PICTURES and number != picture.number):
                self._pictures.pop(number, None)

    async def one_aircraft(self, ask: Ask) -> Response[bytes]:
        """One aircraft, now or at a moment of the record."""
        if ask.given["at"] is not None:
            return await self.in_turn(ask, functools.partial(self._one_then, ask, self.history()))
        picture = self.picture(newest=True)
        icao, kind = ask.given["hex"]
        table = picture.table
        found = np.flatnonzero((table.icao == icao) & ((table.address_kind == 0) == (kind is None)))
        wanted = ask.given["address_kind"]
        if wanted:
            found = found[np.isin(table.address_kind[found], [ADDRESS_KINDS.index(word) for word in wanted])]
        if not len(found):
            raise Problem(404, "No message of that address came in the last 30 minutes.")
        newest = found[np.argmax(table.seen_time_ns[found])]
        behind = self.latest.behind(picture.number) if self.latest is not None else None
        rows = one_aircraft_rows(table.take(np.array([newest])), picture.now_ns, behind, picture.simulated)
        return answered(ask, rows, about(picture), "")

    def _one_then(self, ask: Ask, history: History) -> Response[bytes]:
        """What was known of one aircraft at a moment: its newest state before it, and what is behind its place."""
        icao, kind = ask.given["hex"]
        at_ns = moment_of(ask.given["at"], self.now_ns())
        kinds = [0] if kind is None else [1, 2, 3]
        if ask.given["address_kind"]:
            kinds = [ADDRESS_KINDS.index(word) for word in ask.given["address_kind"]]
        rows = known_then(history, icao, kinds, at_ns)
        return answered(ask, rows, {"now": text_of(at_ns)}, "")

    async def identity(self, ask: Ask) -> Response[bytes]:
        """Who an aircraft is."""
        icao, kind = ask.given["hex"]
        return await asyncio.to_thread(lambda: json_response(who_is(self.node.book, icao, is_lent=kind is not None)))

    async def identities(self, ask: Ask) -> Response[bytes]:
        """What lists call aircraft at a moment."""
        if ask.request.method == "POST" and not ask.given["hex"]:
            raise Problem(400, "`hex` is missing: the addresses to be named.")
        at_ns = self.now_ns() if ask.given["at"] is None else moment_of(ask.given["at"], self.now_ns())
        icao = np.array([address for address, kind in ask.given["hex"] or () if kind is None], np.uint32)
        rows = await asyncio.to_thread(named_at, self.node.book, icao, at_ns)
        return answered(ask, rows, {"at": text_of(at_ns)}, "")

    # --- the record ------------------------------------------------------------------------------------------------

    def history(self) -> History:
        """The record. Raises Problem 404 if nothing is kept."""
        if self.node.history is None:
            raise Problem(404, "This node keeps no record.")
        return self.node.history

    def now_ns(self) -> int:
        """The node's present: that of the picture, which in replay is the replay's."""
        picture = self.node.hub.latest
        return picture.now_ns if picture is not None else time.time_ns()

    async def in_turn(self, ask: Ask, work: Callable[[], Response[bytes]]) -> Response[bytes]:
        """Do what reads files, off the loop, few at a time."""
        charge = ask.request.scope.get("state", {}).get("charge")
        if charge is not None:
            charge(DEAR)
        if self._turns is None:
            self._turns = asyncio.Semaphore(AT_ONCE)
        if self._waiting >= WAITING:
            raise Problem(503, "Too many questions to the record are waiting.", retry_after="5")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1

    def span(self, given: Json, most_ns: int, default_ns: int) -> tuple[int, int]:
        """From and until, in nanoseconds. Raises Problem 400."""
        now_ns = self.now_ns()
        until = moment_of(given["until"], now_ns) if given["until"] is not None else now_ns
        since = moment_of(given["from"], now_ns) if given["from"] is not None else until - default_ns
        if since >= until:
            raise Problem(400, "`from` is not before `until`.")
        if until - since > most_ns:
            raise Problem(400, f"From `from` to `until` is more than {most_ns // 3600 // NS_PER_S} hours.")
        return since, until

    async def positions(self, ask: Ask) -> Response[bytes]:
        """Positions of the record."""
        return await self.in_turn(ask, functools.partial(self._positions, ask, self.history()))

    def _positions(self, ask: Ask, history: History) -> Response[bytes]:
        given = ask.given
        asked = given["hex"]
        step = STEP_ONE_NS if asked else STEP_ALL_NS
        since, until = self.span(given, 31 * 86400 * NS_PER_S, 15 * 60 * NS_PER_S)
        at, after = since, None
        if given["cursor"]:
            after = cursor_of(given["cursor"], PastCursor)
            # What is between the stars of a relative time has moved on since: the cursor keeps the first page's span.
            if after.question != ask.digest or not after.from_ns <= after.step_ns < after.until_ns:
                raise Problem(400, "`cursor` belongs to another question: begin again without it.")
            if (after.step_ns - after.from_ns) % step or after.until_ns - after.from_ns > 31 * 86400 * NS_PER_S:
                raise Problem(400, "`cursor` is none that this node gave out: begin again without it.")
            since, until, at = after.from_ns, after.until_ns, after.step_ns
        parts: list[Positions] = []
        room, cursor = given["limit"], ""
        for _ in range(MOST_STEPS):
            if at >= until:
                break
            rows = self._step(history, at, min(at + step, until), given)
            if after is not None:
                rows = rows.take(beyond(rows, after))
                after = None
            if len(rows) > room:
                rows = rows.take(np.arange(room))
            parts.append(rows)
            room -= len(rows)
            if room == 0:
                last = rows.slice(len(rows) - 1, len(rows))
                key = int(aircraft_key(last.icao, last.address_kind)[0])
                mark = PastCursor(
                    ask.digest, since, until, at, key, int(last.time_ns[0]), int(last.parent[0])
                )  # fmt: skip
                cursor = cursor_text(mark)
                break
            at += step
        else:
            if at < until:
                cursor = cursor_text(PastCursor(ask.digest, since, until, at, -1, 0, 0))
        rows = Positions.concat(parts)
        return answered(ask, position_rows(rows), span_text(since, until), cursor)

    def _step(self, history: History, since: int, until: int, given: Json) -> Positions:
        """One step of the record, filtered and in order."""
        asked = given["hex"]
        icao = kinds = None
        if asked:
            pairs = [(a, k) for a, kind in asked for k in ((0,) if kind is None else (1, 2, 3))]
            icao = np.array([pair[0] for pair in pairs], np.uint32)
            kinds = np.array([pair[1] for pair in pairs], np.uint8)
        rows = history.positions(since, until, icao=icao, address_kind=kinds, contradicted=given["contradicted"])
        keep = np.ones(len(rows), np.bool_)
        area: Area | None = given["area"]
        if area is not None:
            keep &= area.holds(rows.lat_deg, rows.lon_deg)
        if given["source"]:
            keep &= np.isin(rows.source, [POSITION_SOURCES.index(word) for word in given["source"]])
        if given["verdict"]:
            keep &= np.isin(rows.verdict, [VERDICTS.index(word) for word in given["verdict"]])
        rows = rows.take(keep)
        key = aircraft_key(rows.icao, rows.address_kind)
        # Times may have been made coarser since the record sorted them.
        return rows.take(np.lexsort((rows.parent, rows.time_ns, key)))

    async def track(self, ask: Ask) -> Response[bytes]:
        """Positions of one aircraft, in the order of time."""
        return await self.in_turn(ask, functools.partial(self._track, ask, self.history()))

    def _track(self, ask: Ask, history: History) -> Response[bytes]:
        given = ask.given
        since, until = self.span(given, TRACK_NS, 24 * 3600 * NS_PER_S)
        rows = self._step(
            history, since, until, {**given, "hex": (given["hex"],), "area": None, "source": None, "verdict": None}
        )
        if given["address_kind"]:
            rows = rows.take(np.isin(rows.address_kind, [ADDRESS_KINDS.index(w) for w in given["address_kind"]]))
        if not len(rows):
            raise Problem(404, "The record has no position of that address in that time.")
        rows = rows.take(np.lexsort((rows.parent, rows.time_ns)))
        total = len(rows)
        if total > given["limit"]:
            # Evenly thinned, first and last kept: a track that stops half-way would say that the flight did.
            rows = rows.take(np.unique(np.linspace(0, total - 1, given["limit"]).astype(np.int64)))
        more = {**span_text(since, until), "total": total, "is_thinned": total > len(rows)}
        return answered(ask, position_rows(rows), more, "")

    async def states(self, ask: Ask) -> Response[bytes]:
        """What was known of one aircraft from time to time."""
        return await self.in_turn(ask, functools.partial(self._states, ask, self.history()))

    def _states(self, ask: Ask, history: History) -> Response[bytes]:
        given = ask.given
        icao, kind = given["hex"]
        kinds = [0] if kind is None else [1, 2, 3]
        if given["address_kind"]:
            kinds = [ADDRESS_KINDS.index(word) for word in given["address_kind"]]
        span = self.span(given, TRACK_NS, 24 * 3600 * NS_PER_S)
        rows, total = states_of_one(history, icao, kinds, span, given["limit"])
        return answered(ask, rows, {**span_text(*span), "total": total}, "")

    async def messages(self, ask: Ask) -> Response[bytes]:
        """Raw messages of one aircraft, newest first."""
        privacy = self.node.privacy
        if privacy.is_strict:
            # Exact times, levels and the rim of what is heard would tell where a receiver stands.
            check_operator(ask.request.scope, is_public=privacy.is_public)
        return await self.in_turn(ask, functools.partial(self._messages, ask))

    def _messages(self, ask: Ask) -> Response[bytes]:
        given = ask.given
        icao, kind = given["hex"]
        kinds = [ADDRESS_KINDS.index(w) for w in given["address_kind"]] if given["address_kind"] else [1, 2, 3]
        since, until = self.span(given, MESSAGES_NS, 600 * NS_PER_S)
        if kind is None:
            kinds = [0]
        numbers = np.array(kinds, np.uint8)
        found = found_messages(self.node, icao, numbers, (since, until), given["limit"], self.now_ns())
        more = {**span_text(since, until), "read_from": text_of(found.read_from_ns), "is_kept": found.is_kept}
        return answered(ask, found.rows, more, "")

    async def explain(self, ask: Ask) -> Response[bytes]:
        """What each bit of a frame says."""
        return await asyncio.to_thread(lambda: json_response(explained(ask.given["frame"], ask.given)))

    async def days(self, ask: Ask) -> Response[bytes]:
        """Days with data."""
        history = self.history()
        return await self.in_turn(ask, lambda: json_response({"days": history.days()}))

    async def find(self, ask: Ask) -> Response[bytes]:
        """A question in the query language."""
        asking = self.node.ask
        if asking is None:
            raise Problem(404, "This node keeps no record.")
        accept = ask.request.headers.get("accept", "")
        return await self.in_turn(ask, lambda: find_response(asking, ask.given, accept, self.now_ns()))

    async def complete(self, ask: Ask) -> Response[bytes]:
        """How a question may go on."""
        history, given = self.node.history, ask.given
        return await asyncio.to_thread(
            lambda: json_response(
                completions(given["q"] or "", given["at"], load_gazetteer(), history.days() if history else [])
            )
        )

    async def airports(self, ask: Ask) -> Response[bytes]:
        """Where airfields are."""
        codes = tuple((ask.given["code"] or "").split(","))
        return await asyncio.to_thread(lambda: json_response(airfields(codes, load_gazetteer())))

    async def coverage(self, ask: Ask) -> Response[bytes]:
        """When there is a record."""
        history, now_ns, given = self.history(), self.now_ns(), ask.given
        if self.node.ask is None or not isinstance(history, Reaching):
            raise Problem(404, "This node keeps no record.")
        begin, end = (None if given[name] is None else moment_of(given[name], now_ns) for name in ("from", "until"))
        return await self.in_turn(ask, lambda: json_response(coverage(history, begin, end, given["parts"])))

    # --- the node --------------------------------------------------------------------------------------------------

    async def receivers(self, ask: Ask) -> Response[bytes]:
        """Receivers, at /receivers and /sources."""
        key = ask.request.scope.get("state", {}).get("key")
        exact = key is not None and "admin" in key.scopes
        rows = receiver_rows(self.node.receivers(), self.node.privacy, self.now_ns(), exact=exact)
        return answered(ask, rows, {}, "")

    async def operator(self, ask: Ask) -> Response[bytes]:
        """What only the operator is told."""
        check_operator(ask.request.scope, is_public=self.node.privacy.is_public)
        now_ns = self.now_ns()
        return await asyncio.to_thread(
            lambda: json_response(told_to_operator(self.node, now_ns), {"cache-control": "no-store"})
        )

    async def status(self, ask: Ask) -> Response[bytes]:
        """What the node is and how it does."""
        picture = self.node.hub.latest
        centre = self.node.privacy.centre()
        reports = self.node.receivers()
        told: Json = {
            "version": self.node.version,
            "started": text_of(self.node.started_ns),
            "records": self.node.history is not None,
            "receivers": len(reports),
            "receivers_connected": sum(report.connected for report in reports),
            "is_place_hidden": self.node.privacy.is_strict,
            "facts": {name: str(value) for name, value in self.node.facts.items()},
        }
        heard_ns = [report.seen_ns for report in reports if report.seen_ns != UNTIMED]
        told["last_reception"] = text_of(max(heard_ns)) if heard_ns else None
        if centre is not None:
            told["lat_deg"], told["lon_deg"] = centre.lat_deg, centre.lon_deg
        if picture is not None:
            table = picture.table
            told |= about(picture)
            told["aircraft"] = len(table)
            told["aircraft_with_position"] = int((~np.isnan(table.lat_deg)).sum())
            told["messages"], told["frames"] = picture.messages, picture.frames
            told["frames_by_status"] = dict(zip(STATUSES, picture.statuses, strict=False))
            told["positions_by_verdict"] = dict(zip(VERDICTS, picture.positions, strict=False))
        return json_response(told)


def chosen(picture: Picture, given: Json) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Rows of the picture that a question asks for."""
    table, now_ns = picture.table, picture.now_ns
    keep = now_ns - table.seen_time_ns <= int(given["seen_within_s"] * NS_PER_S)
    placed = ~np.isnan(table.lat_deg) & (now_ns - table.position_time_ns <= int(given["seen_within_s"] * NS_PER_S))
    if given["hex"]:
        named = np.zeros(len(table), np.bool_)
        for icao, kind in given["hex"]:
            named |= (table.icao == icao) & ((table.address_kind == 0) == (kind is None))
        keep &= named
    if given["address_kind"]:
        keep &= np.isin(table.address_kind, [ADDRESS_KINDS.index(word) for word in given["address_kind"]])
    if given["source"]:
        keep &= placed & np.isin(table.position_source, [POSITION_SOURCES.index(word) for word in given["source"]])
    if given["area"] is not None:
        keep &= placed & given["area"].holds(table.lat_deg, table.lon_deg)
    if given["with_position"] is not None:
        keep &= placed == given["with_position"]
    if given["on_ground"] is not None:
        keep &= table.on_ground == int(given["on_ground"])
    if given["min_altitude_ft"] is not None:
        keep &= table.altitude_ft >= given["min_altitude_ft"]
    if given["max_altitude_ft"] is not None:
        keep &= table.altitude_ft <= given["max_altitude_ft"]
    if given["squawk"] is not None:
        keep &= table.squawk == int(given["squawk"], 8)
    if given["callsign"] is not None:
        start, is_prefix = given["callsign"].upper().rstrip("*"), given["callsign"].endswith("*")
        for row in np.flatnonzero(keep & (table.callsign != 0)).tolist():
            word = callsign_text(int(table.callsign[row]))
            keep[row] = word.startswith(start) if is_prefix else word == start
        keep &= table.callsign != 0
    return np.flatnonzero(keep)


def sorted_rows(table: AircraftTable, rows: Any, order: str) -> Any:
    """Rows in the order asked for, then by key; unknown values come last."""
    name = order.removeprefix("-")
    if name == "icao24":
        values = table.icao[rows].astype(np.float64)
    elif name == "seen":
        values = -(table.seen_time_ns[rows] - table.seen_time_ns[rows].max(initial=0)).astype(np.float64)
    else:
        values = getattr(table, name)[rows].astype(np.float64)
    values = -values if order.startswith("-") else values
    return rows[np.lexsort((rows, np.where(np.isnan(values), np.inf, values)))]


def beyond(rows: Positions, after: PastCursor) -> Any:
    """Rows that come after the one a cursor names, in the order (key, time, parent)."""
    key = aircraft_key(rows.icao, rows.address_kind)
    is_later = (rows.time_ns > after.time_ns) | ((rows.time_ns == after.time_ns) & (rows.parent > after.parent))
    return (key > after.key) | ((key == after.key) & is_later)


def moment_of(given: int | tuple[str, int], now_ns: int) -> int:
    """A time as given, or so long before now."""
    return now_ns - given[1] if isinstance(given, tuple) else given


def text_of(time_ns: int) -> str:
    """A time as text."""
    return str(iso(np.array([time_ns], np.int64), np.array([True]))[0])


def about(picture: Picture) -> Json:
    """What every answer from the live picture says of it."""
    return {"now": text_of(picture.now_ns), "picture": picture.number, "simulated": picture.simulated}


def span_text(since: int, until: int) -> Json:
    """The time that was searched, half open."""
    return {"from": text_of(since), "until": text_of(until)}


def json_response(value: Json, headers: dict[str, str] | None = None) -> Response[bytes]:
    """One JSON object."""
    return Response(msgspec.json.encode(value), media_type=FORMATS["json"], headers=headers)


def answered(ask: Ask, rows: Rows, more: Json, cursor: str) -> Response[bytes]:
    """The answer in the form the request likes best; the next page is named in the Link header too (RFC 8288)."""
    form = negotiated(ask.request.headers.get("accept", ""), ask.given["format"], list(FORMATS))
    rows = rows.only(ask.given["fields"])
    headers = {"vary": "Accept"}
    if cursor:
        headers["link"] = f'<{ask.link(cursor)}>; rel="next"'
    if form == "json":
        if ask.endpoint.single:
            return json_response({**more, **rows.dicts()[0]}, headers)
        assert ask.endpoint.rows is not None
        told = {**more, ask.endpoint.rows[0]: rows.dicts()}
        return json_response({**told, "next": cursor} if cursor else told, headers)
    body = {"ndjson": rows.ndjson, "csv": rows.csv, "arrow": rows.arrow}[form]()
    return Response(body, media_type=FORMATS[form], headers=headers)
