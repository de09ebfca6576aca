"""The query interface of readsb: which aircraft, by one question and filters in the query string."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.batches import I64
from skywitness.tracks.picture import Picture
from skywitness.views.api.bodies import answer, problem
from skywitness.views.api.clients import Clients, query_of
from skywitness.views.api.security import Asgi, Receive, Scope, Send
from skywitness.views.api.selection import Scene, names_of, number_of, numbers_of
from skywitness.views.feeds.aircraft_json import AircraftWriter, Point

__all__ = ["Found", "at_root", "find", "handlers", "json_answer", "v2_answer"]

PATH = "/re-api"
CIRCLE = (("lat", -90.0, 90.0), ("lon", -180.0, 180.0), ("nmi", 0.0, 20_000.0))
BOX = (("south", -90.0, 90.0), ("north", -90.0, 90.0), ("west", -360.0, 360.0), ("east", -360.0, 360.0))
FLAG_FILTERS = {
    "filter_mil": "military", "filter_interesting": "interesting", "filter_pia": "pia", "filter_ladd": "ladd",
}  # fmt: skip
QUESTIONS = ("circle", "closest", "box", "find_hex", "hexlist", "find_callsign", "find_reg", "find_type", "all",
             "all_with_pos")  # fmt: skip
FILTERS = ("filter_callsign_exact", "filter_callsign_prefix", "filter_squawk", "filter_with_pos", "filter_type",
           "above_alt_baro", "below_alt_baro", *FLAG_FILTERS)  # fmt: skip
FORMS = ("json", "jv2", "include_version", "status")
NOT_MADE = ("bincraft", "zstd")


class Found:
    """Rows of a picture, in their order, and the centre of the question if it had one."""

    def __init__(self, picture: Picture, rows: I64, centre: Point | None = None) -> None:
        self.picture = picture
        self.rows = rows
        self.centre = centre

    def write(self, writer: AircraftWriter, place: Point | None) -> bytes:
        """Write the aircraft as JSON objects, see AircraftWriter.rows."""
        table = self.picture.table.take(self.rows)
        return writer.rows(table, self.picture.now_ns, place=place, centre=self.centre)


def turned(lon_deg: float) -> float:
    """Longitude in [-180, 180]; a box may be given beyond."""
    return lon_deg if -180.0 <= lon_deg <= 180.0 else (lon_deg + 180.0) % 360.0 - 180.0


def find(scene: Scene, query: Mapping[str, str]) -> Found:
    """Answer a question; 400 if it is none.

    query  keys in lower case: one question, or a box together with addresses (either is enough), and any filters
    """
    asked = [name for name in QUESTIONS if name in query]
    if not asked and not any(name in query for name in FILTERS):
        raise problem(400, f"Ask one of {', '.join(QUESTIONS)}, or give a filter.")
    if len(asked) > 1 and not set(asked) <= {"box", "find_hex", "hexlist"}:
        raise problem(400, f"Ask one thing at a time, not {' and '.join(asked)}.")
    centre: Point | None = None
    order: I64 | None = None
    mask = scene.listed() if not asked or "all" in query else np.zeros(len(scene.table), np.bool_)
    if "all_with_pos" in query:
        mask = scene.placed()
    for name in ("circle", "closest"):
        if name in query:
            lat, lon, nmi = numbers_of(query[name], CIRCLE, name)
            centre = (lat, lon)
            distance = scene.distance_nmi(lat, lon)
            mask = distance <= nmi
            order = np.argsort(distance, kind="stable")
    if "box" in query:
        south, north, west, east = numbers_of(query["box"], BOX, "box")
        if east - west < 360.0:
            west, east = turned(west), turned(east)
        mask = scene.in_box(south, north, west, east)
    for name, matches in (
        ("find_hex", scene.with_hex),
        ("hexlist", scene.with_hex),
        ("find_callsign", scene.with_callsign),
        ("find_reg", scene.with_registration),
        ("find_type", scene.with_type),
    ):
        if name in query:
            found = matches(names_of(query[name], name))
            mask = mask | (found if matches == scene.with_hex else found & scene.listed())
    mask = mask & filtered(scene, query)
    rows = np.flatnonzero(mask)
    if order is not None:
        rows = order[mask[order]]
        if "closest" in query:
            rows = rows[:1]
    return Found(scene.picture, rows, centre)


def filtered(scene: Scene, query: Mapping[str, str]) -> Any:
    """Say which pass all filters; of the flags one is enough."""
    passed = np.ones(len(scene.table), np.bool_)
    if "filter_callsign_exact" in query:
        passed &= scene.with_callsign(names_of(query["filter_callsign_exact"], "filter_callsign_exact"))
    if "filter_callsign_prefix" in query:
        passed &= scene.with_callsign_prefix(query["filter_callsign_prefix"].strip().upper())
    if "filter_squawk" in query:
        passed &= scene.with_squawk(names_of(query["filter_squawk"], "filter_squawk"))
    if "filter_type" in query:
        passed &= scene.with_type(names_of(query["filter_type"], "filter_type"))
    if "filter_with_pos" in query:
        passed &= scene.placed()
    if "above_alt_baro" in query:
        least = number_of(query["above_alt_baro"], "above_alt_baro")
        passed &= scene.altitude(lambda feet: feet >= least)
    if "below_alt_baro" in query:
        most = number_of(query["below_alt_baro"], "below_alt_baro")
        passed &= scene.altitude(lambda feet: feet <= most)
    flags = [flag for name, flag in FLAG_FILTERS.items() if name in query]
    if flags:
        passed &= scene.with_flags(flags)
    return passed


def json_answer(found: Found, writer: AircraftWriter, place: Point | None, began_s: float, more: bytes = b"") -> bytes:
    """Write the answer of readsb."""
    now_ms = found.picture.now_ns // 1_000_000
    rows = found.write(writer, place)
    took_ms = (time.perf_counter() - began_s) * 1000
    return b'{"now":%d.%03d,"messages":%d,%s"aircraft":[%s],"resultCount":%d,"ptime":%.3f}\n' % (
        now_ms // 1000, now_ms % 1000, found.picture.messages, simulated(found) + more, rows, len(found.rows), took_ms,
    )  # fmt: skip


def v2_answer(found: Found, writer: AircraftWriter, place: Point | None, began_s: float) -> bytes:
    """Write the answer in the envelope of the v2 family."""
    now_ms = found.picture.now_ns // 1_000_000
    rows = found.write(writer, place)
    took_ms = (time.perf_counter() - began_s) * 1000
    return b'{"ac":[%s],"msg":"No error",%s"now":%d,"total":%d,"ctime":%d,"ptime":%d}\n' % (
        rows, simulated(found), now_ms, len(found.rows), now_ms, round(took_ms),
    )  # fmt: skip


def simulated(found: Found) -> bytes:
    """Return a key that says so, if something in the picture is simulated."""
    return b'"simulated":true,' if found.picture.simulated else b""


def at_root(app: Any) -> Asgi:
    """Show the query interface of an application at `/`, and nothing else of it: readsb has it on a port of its own.

    It is the same application behind the same gate, so that its limits hold for both addresses together.
    """

    async def port(scope: Scope, receive: Receive, send: Send) -> None:
        # All other paths move to where there is nothing.
        path = PATH + scope["path"].rstrip("/")
        await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    return port


def handlers(clients: Clients, path: str = PATH) -> list[HTTPRouteHandler]:
    """Return the query interface under a path."""

    @get(path, include_in_schema=False)
    async def query(request: Request[Any, Any, Any]) -> Response[bytes]:
        asked = {name.lower(): value for name, value in query_of(request).items()}
        if "status" in asked:
            return answer(b'{"status":"ok"}')
        if any(name in asked for name in NOT_MADE):
            raise problem(400, "Only json and jv2 are made here, not binCraft or zstd.")
        unknown = set(asked) - set(QUESTIONS) - set(FILTERS) - set(FORMS)
        if unknown:
            raise problem(400, f"{min(unknown)[:40]!r} is no part of a question.")
        place = clients.place()
        version = b'"version":"skywitness %s",' % clients.node.version.encode() if "include_version" in asked else b""

        def make(picture: Picture) -> bytes:
            began_s = time.perf_counter()
            found = find(Scene.of(picture, clients.identity), asked)
            if "jv2" in asked:
                return v2_answer(found, clients.writer, place, began_s)
            return json_answer(found, clients.writer, place, began_s, version)

        return await clients.bodies.give(request, ("query", tuple(sorted(asked.items()))), make)

    return [query]
