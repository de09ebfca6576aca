"""The REST interface of the OpenSky Network: state vectors in metres and metres a second, and tracks."""

from __future__ import annotations

import json
import math
import time
from collections import OrderedDict
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from numpy.typing import NDArray

from skywitness.batches import I64, Positions
from skywitness.identity.countries import COUNTRIES, find_country
from skywitness.messages.mode_s.pack import CHARACTERS
from skywitness.tracks.aircraft import AircraftTable, table_of_positions
from skywitness.tracks.picture import Picture
from skywitness.units import FOOT_M, FPM_MPS, KNOT_MPS, NS_PER_S
from skywitness.views.api import opensky_flights
from skywitness.views.api.bodies import problem
from skywitness.views.api.clients import Clients, address_of, query_of
from skywitness.views.api.past import positions_of_one
from skywitness.views.api.selection import MOST_NAMES, number_of
from skywitness.views.feeds.aircraft_json import KEPT_NS, MLAT, is_listed
from skywitness.views.feeds.text_rows import ABSENT, Template, TextField, scaled

__all__ = ["CREDITS_A_DAY", "Credits", "cost_of_box", "handlers", "states_json", "way_points"]

BASES = ("/api", "/opensky/api")
CREDITS_A_DAY = 400_000
"""Plenty: the headers are there because clients read them; who must be held back is decided by the node's limits."""

MOST_CLIENTS = 10_000
FRESH_NS = 60 * NS_PER_S
OLDEST_NS = 3600 * NS_PER_S
TRACK_NS = 30 * 86_400 * NS_PER_S
LIVE_TRACK_NS = 3 * 3600 * NS_PER_S
SILENCE_NS = 30 * 60 * NS_PER_S

NULL = b",null"
SOURCES = (b"0", b"2")
CATEGORIES = {0xA0: 1, 0xB0: 1, 0xC0: 1, 0xD0: 1, **{0xA0 + k: 1 + k for k in range(1, 8)},
              0xB1: 9, 0xB2: 10, 0xB3: 11, 0xB4: 12, 0xB6: 14, 0xB7: 15,
              0xC1: 16, 0xC2: 17, 0xC3: 18, 0xC4: 19, 0xC5: 20}  # fmt: skip
"""Emitter category of TC 1 to 4 to the number that the interface documents, 0 without information."""

BOOLEAN = (b"false", b"true")
FIELDS = {
    "icao24": TextField(b',["', "address", after=b'"'),
    "callsign": TextField(b',"', "callsign", after=b'"', missing=NULL),
    "country": TextField(b",", "word", words=[json.dumps(name, ensure_ascii=False).encode() for name in COUNTRIES]),
    "time_position": TextField(b",", "number", missing=NULL),
    "last_contact": TextField(b",", "number"),
    "lon": TextField(b",", "number", decimals=4, missing=NULL),
    "lat": TextField(b",", "number", decimals=4, missing=NULL),
    "baro_m": TextField(b",", "number", decimals=2, missing=NULL),
    "on_ground": TextField(b",", "word", words=BOOLEAN),
    "velocity": TextField(b",", "number", decimals=2, missing=NULL),
    "track": TextField(b",", "number", decimals=2, missing=NULL),
    "rate": TextField(b",", "number", decimals=2, missing=NULL),
    "sensors": TextField(NULL, "literal"),
    "geo_m": TextField(b",", "number", decimals=2, missing=NULL),
    "squawk": TextField(b',"', "octal", after=b'"', missing=NULL),
    "spi": TextField(b",", "word", words=BOOLEAN),
    "source": TextField(b",", "word", words=SOURCES),
    "category": TextField(b",", "number"),
    "end": TextField(b"]", "literal"),
}
TEMPLATE = Template(tuple(FIELDS.values()))
PLACE = {name: place for place, name in enumerate(FIELDS)}


def states_json(table: AircraftTable, now_ns: int, *, extended: bool = False) -> bytes:
    """Write state vectors of the aircraft of a table; `states` is null if there is none.

    extended  with the category, as column 17
    """
    head = b'{"time":%d,"states":' % (now_ns // NS_PER_S)
    if not len(table):
        return head + b"null}\n"
    out: I64 = np.full((len(FIELDS), len(table)), ABSENT, np.int64)
    fresh = {name: now_ns - getattr(table, name) < FRESH_NS for name in table.names() if name.endswith("_time_ns")}

    def number(name: str, values: NDArray[Any], where: NDArray[np.bool_], factor: float, decimals: int = 2) -> None:
        scaled(np.where(where, values.astype(np.float64) * factor, np.nan), decimals, out[PLACE[name]])

    placed = fresh["position_time_ns"] & ~np.isnan(table.lat_deg)
    ground = table.on_ground == 1
    out[PLACE["icao24"]] = table.icao
    np.copyto(out[PLACE["callsign"]], table.callsign.astype(np.int64), where=table.callsign != 0)
    out[PLACE["country"]] = find_country(table.icao)
    np.copyto(out[PLACE["time_position"]], table.position_time_ns // NS_PER_S, where=placed)
    out[PLACE["last_contact"]] = table.seen_time_ns // NS_PER_S
    number("lon", table.lon_deg, placed, 1.0, 4)
    number("lat", table.lat_deg, placed, 1.0, 4)
    number("baro_m", table.altitude_ft, fresh["altitude_time_ns"] & ~ground, FOOT_M)
    out[PLACE["on_ground"]] = ground
    number("velocity", table.groundspeed_kt, fresh["velocity_time_ns"], KNOT_MPS)
    number("track", table.track_deg, fresh["velocity_time_ns"], 1.0)
    number("rate", table.vertical_rate_fpm, fresh["rate_time_ns"], FPM_MPS)
    out[PLACE["sensors"]] = 0
    number("geo_m", table.altitude_geom_ft, fresh["altitude_geom_time_ns"], FOOT_M)
    known = (now_ns - table.squawk_time_ns < KEPT_NS) & (table.squawk <= 0o7777)
    np.copyto(out[PLACE["squawk"]], table.squawk.astype(np.int64), where=known)
    out[PLACE["spi"]] = (table.spi == 1) & (now_ns - table.quality_time_ns < KEPT_NS)
    out[PLACE["source"]] = placed & (table.position_source == MLAT)
    if extended:
        of_code: I64 = np.zeros(256, np.int64)
        of_code[list(CATEGORIES)] = list(CATEGORIES.values())
        out[PLACE["category"]] = of_code[table.category]
    out[PLACE["end"]] = 0
    rows = TEMPLATE.write(out)
    return b"".join([head, b"[", bytes(next(rows)[1:]), *map(bytes, rows), b"]}\n"])


def cost_of_box(south: float, north: float, west: float, east: float) -> int:
    """Credits for a box by its square degrees, as the network counts them."""
    area = max(0.0, north - south) * max(0.0, east - west)
    return 1 if area <= 25 else 2 if area <= 100 else 3 if area <= 400 else 4


class Credits:
    """What each client has left of its day; the oldest ones are forgotten first."""

    def __init__(self, a_day: int = CREDITS_A_DAY) -> None:
        self.a_day = a_day
        self._left: OrderedDict[tuple[str, int], int] = OrderedDict()

    def spend(self, client: str, credits: int, now_s: float) -> int:
        """Take credits; returns what is left; 429 if there are not enough."""
        day = int(now_s // 86_400)
        left = self._left.pop((client, day), self.a_day)
        enough = left >= credits
        self._left[client, day] = left = left - credits if enough else left
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        if not enough:
            wait_s = math.ceil((day + 1) * 86_400 - now_s)
            error = problem(429, "The credits of this day are spent.")
            error.headers = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Retry-After-Seconds": str(wait_s),
                             "Retry-After": str(wait_s)}  # fmt: skip
            raise error
        return left


def way_points(positions: Positions) -> I64:
    """Return the rows of a track worth telling: a turn of more than 2.5 degrees, a climb of more than 100 m, a change
    of ground and air, a quarter of an hour; the first one and the last one always.
    """
    ground = (positions.on_ground == 1).tolist()
    altitude_m = (positions.altitude_ft.astype(np.float64) * FOOT_M).tolist()
    track = positions.track_deg.tolist()
    time_s = (positions.time_ns // NS_PER_S).tolist()
    kept: list[int] = []
    for row in range(len(positions)):
        last = kept[-1] if kept else -1
        if (
            last < 0
            or row == len(positions) - 1
            or ground[row] != ground[last]
            or time_s[row] - time_s[last] >= 900
            or abs((track[row] - track[last] + 180.0) % 360.0 - 180.0) > 2.5
            or abs(altitude_m[row] - altitude_m[last]) > 100.0
        ):
            kept.append(row)
    return np.array(kept, np.int64)


def track_json(positions: Positions, icao24: str) -> bytes:
    """Write the track of one aircraft."""
    told = positions.take(way_points(positions))

    def rounded(value: float, digits: int) -> float | None:
        return None if math.isnan(value) else round(value, digits)

    path = [
        [time_ns // NS_PER_S, round(lat, 4), round(lon, 4), rounded(feet * FOOT_M, 0), rounded(track, 0), ground == 1]
        for time_ns, lat, lon, feet, track, ground in zip(
            *(getattr(told, name).tolist() for name in
              ("time_ns", "lat_deg", "lon_deg", "altitude_ft", "track_deg", "on_ground")), strict=True,
        )
    ]  # fmt: skip
    named = positions.callsign[positions.callsign != 0]
    callsign = None
    if len(named):
        from_bits = int(named[-1])
        callsign = "".join(CHARACTERS[from_bits >> shift & 63] for shift in range(42, -1, -6))
    return json.dumps(
        {
            "icao24": icao24,
            "callsign": callsign,
            "startTime": path[0][0],
            "endTime": path[-1][0],
            "path": path,
        }
    ).encode()


def handlers(clients: Clients, credits: Credits | None = None) -> list[HTTPRouteHandler]:
    """Return the routes under `/api`, and under `/opensky/api` for clients that want a base of their own."""
    credit = credits or Credits()

    def paid(request: Request[Any, Any, Any], cost: int) -> dict[str, str]:
        client = request.client.host if request.client else ""
        return {"X-Rate-Limit-Remaining": str(credit.spend(client, cost, time.time()))}

    async def states(request: Request[Any, Any, Any], *, is_free: bool) -> Response[bytes]:
        query, icao = read_query(request)
        box = read_box(query)
        headers = paid(request, 0 if is_free else cost_of_box(*box) if box else 1 if icao else 4)
        extended = query.get("extended", "").lower() in ("1", "true")
        now_ns = clients.now_ns()
        asked_ns = int(number_of(query.get("time") or "0", "time", 0, 1e11)) * NS_PER_S
        if asked_ns and now_ns - asked_ns > OLDEST_NS:
            raise problem(400, "States are told up to one hour back; older ones are in the record (/api/v1).")

        def at(picture: Picture) -> bytes:
            table, time_ns = picture.table, picture.now_ns
            mask = is_listed(table, time_ns)
            if asked_ns and asked_ns < time_ns - 10 * NS_PER_S:
                time_ns = asked_ns
                table = table_of_positions(clients.past.positions(asked_ns - FRESH_NS, asked_ns + NS_PER_S))
                mask = np.ones(len(table), np.bool_)
            mask &= table.address_kind == 0  # a client would take any other for an ICAO address
            if icao:
                mask &= np.isin(table.icao, np.array(icao, np.uint32))
            if box:
                south, north, west, east = box
                mask &= (table.lat_deg >= south) & (table.lat_deg <= north)
                mask &= (table.lon_deg >= west) & (table.lon_deg <= east)
                mask &= time_ns - table.position_time_ns < FRESH_NS
            return states_json(table.take(np.flatnonzero(mask)), time_ns, extended=extended)

        return await clients.bodies.give(
            request, ("states", box, tuple(icao), extended, asked_ns // (10 * NS_PER_S)), at, headers=headers
        )

    @get([f"{base}/states/all" for base in BASES], include_in_schema=False)
    async def all_states(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await states(request, is_free=False)

    @get([f"{base}/states/own" for base in BASES], include_in_schema=False)
    async def own_states(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await states(request, is_free=True)

    @get([f"{base}/{tracks}" for base in BASES for tracks in ("tracks/all", "tracks")], include_in_schema=False)
    async def tracks(request: Request[Any, Any, Any]) -> Response[bytes]:
        query, icao = read_query(request)
        if len(icao) != 1:
            raise problem(400, "A track is that of one icao24.")
        headers = paid(request, 4)
        now_ns = clients.now_ns()
        asked_ns = int(number_of(query.get("time") or "0", "time", 0, 1e11)) * NS_PER_S
        if asked_ns and now_ns - asked_ns > TRACK_NS:
            raise problem(400, "Tracks are told up to 30 days back.")
        about_ns = asked_ns or now_ns

        def make() -> bytes | None:
            from_ns, until_ns = about_ns - 12 * 3600 * NS_PER_S, about_ns + 12 * 3600 * NS_PER_S
            found = positions_of_one(clients, icao[0], (0,), from_ns, min(until_ns, now_ns + NS_PER_S))
            found = flight_about(found, about_ns, is_live=not asked_ns)
            return track_json(found, f"{icao[0]:06x}") if len(found) else None

        return await clients.workshop.give(
            request, ("track", icao[0], about_ns // (10 * NS_PER_S), bool(asked_ns)), make, keep=False, headers=headers
        )

    return [all_states, own_states, tracks, *opensky_flights.handlers(clients, BASES, paid)]


def read_query(request: Request[Any, Any, Any]) -> tuple[dict[str, str], list[int]]:
    """Read the query; icao24 may stand in it many times, or with commas."""
    query = query_of(request)
    names = [name for text in request.query_params.getall("icao24", []) for name in text.split(",") if name.strip()]
    if len(names) > MOST_NAMES:
        raise problem(400, f"At most {MOST_NAMES} addresses in one question.")
    icao = []
    for name in names:
        address = address_of(name.strip())
        if address is None or address[1] != (0,):
            raise problem(400, f"{name[:12]!r} is no address of six hexadecimal digits.")
        icao.append(address[0])
    return query, sorted(icao)


def read_box(query: dict[str, str]) -> tuple[float, float, float, float] | None:
    """Read south, north, west and east; None if there is no box; 400 if it is not whole."""
    names = ("lamin", "lamax", "lomin", "lomax")
    given = [name for name in names if name in query]
    if not given:
        return None
    if len(given) < len(names):
        raise problem(400, "A box needs lamin, lomin, lamax and lomax.")
    south, north = (number_of(query[name], name, -90, 90) for name in names[:2])
    west, east = (number_of(query[name], name, -180, 180) for name in names[2:])
    if south > north or west > east:
        raise problem(400, "The least corner of the box must be south and west of the other one.")
    return south, north, west, east


def flight_about(positions: Positions, about_ns: int, *, is_live: bool) -> Positions:
    """Cut out the rows around a time that are not parted from it by half an hour of silence."""
    if not len(positions):
        return positions
    time_ns = positions.time_ns
    at = min(int(np.searchsorted(time_ns, about_ns, side="right")), len(time_ns)) - 1
    at = max(at, 0)
    if abs(int(time_ns[at]) - about_ns) > (LIVE_TRACK_NS if is_live else SILENCE_NS):
        return positions.slice(0, 0)
    parted = np.flatnonzero(np.diff(time_ns) > SILENCE_NS) + 1
    start = parted[parted <= at]
    stop = parted[parted > at]
    return positions.slice(int(start[-1]) if len(start) else 0, int(stop[0]) if len(stop) else len(time_ns))
