"""Traces and replay files of the readsb dialect, made from the record when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.batches import Positions
from skywitness.identity.table import Entry
from skywitness.tracks.aircraft import AircraftTable
from skywitness.units import NS_PER_S
from skywitness.views.api.bodies import problem
from skywitness.views.api.clients import Clients, address_of
from skywitness.views.feeds.heatmap import HALF_HOUR_NS, SLICE_NS, heatmap
from skywitness.views.feeds.trace_json import STATE_NS, STEP_NS, thinned, trace_json

__all__ = ["handlers", "positions_of_one", "who_is"]

DAY_NS = 86_400 * NS_PER_S
RECENT_ROWS = 92
RECENT_NS = 900 * NS_PER_S
SLICES_AT_ONCE = 2
PAST_HEADERS = {"Cache-Control": "public, max-age=1209600"}
TRACE = re.compile(r"trace_(recent|full)_(~?[0-9a-f]{6})\.json", re.IGNORECASE)
HALF_HOUR = re.compile(r"([0-4][0-9])\.bin\.ttf")


def positions_of_one(clients: Clients, icao: int, kinds: tuple[int, ...], from_ns: int, until_ns: int) -> Positions:
    """Return the accepted rows of one address in order of time."""
    found = clients.past.positions(
        from_ns,
        until_ns,
        icao=np.full(len(kinds), icao, np.uint32),
        address_kind=np.array(kinds, np.uint8),
    )
    if len(kinds) > 1:
        found = found.take(np.argsort(found.time_ns, kind="stable"))
    return found


def states_of_one(clients: Clients, icao: int, kinds: tuple[int, ...], positions: Positions) -> AircraftTable:
    """Return what was known of one address in the time of its rows, in order of time."""
    found = clients.past.states(
        int(positions.time_ns[0]) - STATE_NS,
        int(positions.time_ns[-1]) + STATE_NS + 1,
        icao=np.full(len(kinds), icao, np.uint32),
        address_kind=np.array(kinds, np.uint8),
    )
    return found.take(np.argsort(found.seen_time_ns, kind="stable"))


def who_is(clients: Clients, icao: int, kinds: tuple[int, ...]) -> Entry | None:
    """Return what is known of an address, None if nothing."""
    row = int(clients.identity.find(np.array([icao], np.uint32), np.array([kinds[0]], np.uint8))[0])
    return clients.identity.entry(row) if row >= 0 else None


def day_start_ns(text: str) -> int:
    """Beginning of a UTC day written YYYY-MM-DD."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * NS_PER_S
    except ValueError:
        raise problem(404, "A day is written YYYY/MM/DD.") from None


def read_name(name: str, last_two: str) -> tuple[str, int, tuple[int, ...], str]:
    """Read the name of a trace: which kind, whose."""
    match = TRACE.fullmatch(name)
    address = address_of(match[2]) if match else None
    if match is None or address is None or match[2][-2:].lower() != last_two.lower():
        raise problem(404, "A trace is named traces/NN/trace_full_HEX.json, NN the last two digits of HEX.")
    return match[1].lower(), *address, match[2].lower()


def handlers(clients: Clients) -> list[HTTPRouteHandler]:
    """Return the routes of traces and replay files."""

    def live_trace(which: str, icao: int, kinds: tuple[int, ...], name: str) -> bytes | None:
        now_ns = clients.now_ns()
        from_ns = now_ns - (RECENT_NS if which == "recent" else DAY_NS)
        found = thinned(positions_of_one(clients, icao, kinds, from_ns, now_ns + NS_PER_S))
        if not len(found):
            return None
        if which == "recent":
            found = found.slice(max(0, len(found) - RECENT_ROWS), len(found))
        states = states_of_one(clients, icao, kinds, found)
        return trace_json(found, name, int(found.time_ns[0]), who_is(clients, icao, kinds), states)

    def day_trace(start_ns: int, icao: int, kinds: tuple[int, ...], name: str) -> bytes | None:
        found = thinned(positions_of_one(clients, icao, kinds, start_ns, start_ns + DAY_NS))
        if not len(found):
            return None
        states = states_of_one(clients, icao, kinds, found)
        return trace_json(found, name, start_ns, who_is(clients, icao, kinds), states)

    def replay(start_ns: int) -> bytes | None:
        rows = 0

        def minutes() -> Iterator[Positions]:
            nonlocal rows
            step = SLICES_AT_ONCE * SLICE_NS
            for from_ns in range(start_ns, start_ns + HALF_HOUR_NS, step):
                batch = clients.past.positions(from_ns, from_ns + step)
                rows += len(batch)
                yield batch

        body = heatmap(minutes(), start_ns)
        return body if rows else None

    def is_over(end_ns: int) -> bool:
        """Say whether late rows can no longer come: an hour after."""
        return clients.now_ns() > end_ns + 3600 * NS_PER_S

    @get(["/data/traces/{last_two:str}/{name:str}", "/v2/traces/{last_two:str}/{name:str}"], include_in_schema=False)
    async def trace_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        last_two = str(request.path_params["last_two"])
        name = str(request.path_params["name"])
        which, icao, kinds, told = read_name(name, last_two)
        step = clients.now_ns() // STEP_NS
        return await clients.workshop.give(
            request, ("trace", which, told, step), lambda: live_trace(which, icao, kinds, told), keep=False
        )

    async def of_day(request: Request[Any, Any, Any], day: str, last_two: str, name: str) -> Response[bytes]:
        which, icao, kinds, told = read_name(name, last_two)
        start_ns = day_start_ns(day)
        if which != "full":
            raise problem(404, "A past day has full traces only.")
        return await clients.workshop.give(
            request,
            ("day", start_ns, told),
            lambda: day_trace(start_ns, icao, kinds, told),
            keep=is_over(start_ns + DAY_NS),
            headers=PAST_HEADERS if is_over(start_ns + DAY_NS) else {},
        )

    @get(
        [
            "/globe_history/{year:str}/{month:str}/{day:str}/traces/{last_two:str}/{name:str}",
            "/v2/traces-hist/{year:str}/{month:str}/{day:str}/traces/{last_two:str}/{name:str}",
        ],
        include_in_schema=False,
    )
    async def day_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        year = str(request.path_params["year"])
        month = str(request.path_params["month"])
        day = str(request.path_params["day"])
        last_two = str(request.path_params["last_two"])
        name = str(request.path_params["name"])
        return await of_day(request, f"{year}-{month}-{day}", last_two, name)

    @get("/globe_history/{date:str}/traces/{last_two:str}/{name:str}", include_in_schema=False)
    async def dashed_day_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        date = str(request.path_params["date"])
        last_two = str(request.path_params["last_two"])
        name = str(request.path_params["name"])
        return await of_day(request, date, last_two, name)

    async def of_half_hour(request: Request[Any, Any, Any], day: str, name: str) -> Response[bytes]:
        match = HALF_HOUR.fullmatch(name)
        if match is None or int(match[1]) >= DAY_NS // HALF_HOUR_NS:
            raise problem(404, "Half hours are named heatmap/00.bin.ttf to heatmap/47.bin.ttf.")
        start_ns = day_start_ns(day) + int(match[1]) * HALF_HOUR_NS
        over = is_over(start_ns + HALF_HOUR_NS)
        minute = 0 if over else clients.now_ns() // (60 * NS_PER_S)
        return await clients.workshop.give(
            request,
            ("heatmap", start_ns, minute),
            lambda: replay(start_ns),
            keep=over,
            media_type="application/octet-stream",
            headers=PAST_HEADERS if over else {},
        )

    @get("/globe_history/{year:str}/{month:str}/{day:str}/heatmap/{name:str}", include_in_schema=False)
    async def heatmap_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        year = str(request.path_params["year"])
        month = str(request.path_params["month"])
        day = str(request.path_params["day"])
        name = str(request.path_params["name"])
        return await of_half_hour(request, f"{year}-{month}-{day}", name)

    @get("/globe_history/{date:str}/heatmap/{name:str}", include_in_schema=False)
    async def dashed_heatmap_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        date = str(request.path_params["date"])
        name = str(request.path_params["name"])
        return await of_half_hour(request, date, name)

    return [trace_file, day_file, dashed_day_file, heatmap_file, dashed_heatmap_file]
