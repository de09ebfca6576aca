"""The `/v2` family, as ADS-B Exchange made it and others took it over.

Two bases, for the family has two dialects: under `/v2` (the open networks) a question for one address is answered like
any other, in an envelope; under `/api/aircraft/v2` (ADS-B Exchange) with the bare aircraft, unless a comma follows.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from skywitness.tracks.picture import Picture
from skywitness.views.api.bodies import answer, problem
from skywitness.views.api.clients import Clients
from skywitness.views.api.filters import filter_mask
from skywitness.views.api.query import Found, find, v2_answer
from skywitness.views.api.selection import Scene, names_of, number_of

__all__ = ["BASES", "LARGEST_RADIUS_NMI", "handlers"]

OPEN, EXCHANGE = BASES = ("/v2", "/api/aircraft/v2")
LARGEST_RADIUS_NMI = 250.0
FLAGS = {"mil": "filter_mil", "ladd": "filter_ladd", "pia": "filter_pia"}
MOST_FILTER_BYTES = 16 << 10

BY_NAME = {
    "hex": "find_hex", "icao": "find_hex", "callsign": "find_callsign", "registration": "find_reg", "reg": "find_reg",
    "type": "find_type", "squawk": "filter_squawk", "sqk": "filter_squawk",
}  # fmt: skip
"""Paths that take names with commas between, and the question each one is."""


def handlers(clients: Clients) -> list[HTTPRouteHandler]:
    """Return the routes of both bases."""

    async def envelope(request: Request[Any, Any, Any], query: dict[str, str]) -> Response[bytes]:
        place = clients.place()

        def make(picture: Picture) -> bytes:
            began_s = time.perf_counter()
            return v2_answer(find(Scene.of(picture, clients.identity), query), clients.writer, place, began_s)

        return await clients.bodies.give(request, ("v2", tuple(sorted(query.items()))), make)

    @get([f"{base}/{{kind:str}}/{{names:str}}" for base in BASES], include_in_schema=False)
    async def by_name(request: Request[Any, Any, Any]) -> Response[bytes]:
        kind = str(request.path_params["kind"])
        names = str(request.path_params["names"])
        question = BY_NAME.get(kind)
        if question is None:
            raise problem(404, f"There is no {kind[:20]!r} here; ask one of {', '.join(BY_NAME)}.")
        wanted = names_of(names, kind)
        if not wanted:
            raise problem(422, f"{kind} needs a name.")
        if kind == "hex" and len(wanted) == 1 and "," not in names and request.url.path.startswith(EXCHANGE):
            return bare(request, names)
        return await envelope(request, {question: ",".join(wanted)})

    def bare(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        picture = clients.bodies.picture()
        rows = np.flatnonzero(Scene.of(picture, clients.identity).with_hex([name.strip()]))
        if not len(rows):
            raise problem(404, "That aircraft is not heard now.")
        return answer(Found(picture, rows[:1]).write(clients.writer, clients.place()).strip(b"\n") + b"\n")

    @get([f"{base}/{{kind:str}}" for base in BASES], include_in_schema=False)
    async def by_kind(request: Request[Any, Any, Any]) -> Response[bytes]:
        kind = str(request.path_params["kind"])
        if kind == "all":
            return await envelope(request, {"all": ""})
        if kind == "total-aircraft":
            picture = clients.bodies.picture()
            total = int(Scene.of(picture, clients.identity).listed().sum())
            return answer(json.dumps({"total": total, "now": picture.now_ns // 1_000_000}).encode())
        if kind not in FLAGS:
            raise problem(404, f"There is no {kind[:20]!r} here; ask one of {', '.join(FLAGS)}, all.")
        return await envelope(request, {FLAGS[kind]: ""})

    async def around(
        request: Request[Any, Any, Any], question: str, lat: str, lon: str, radius: str
    ) -> Response[bytes]:
        try:
            at = number_of(lat, "The latitude", -90, 90), number_of(lon, "The longitude", -180, 180)
            nmi = min(number_of(radius, "The radius", 0, 1e6), LARGEST_RADIUS_NMI)
        except Exception as error:
            raise problem(422, getattr(error, "detail", "The place cannot be read.")) from None
        return await envelope(request, {question: f"{at[0]:.6f},{at[1]:.6f},{nmi:.3f}"})

    @get(
        [
            path
            for base in BASES
            for path in (
                f"{base}/point/{{lat:str}}/{{lon:str}}/{{radius:str}}",
                f"{base}/lat/{{lat:str}}/lon/{{lon:str}}/dist/{{radius:str}}",
            )
        ],
        include_in_schema=False,
    )
    async def point(request: Request[Any, Any, Any]) -> Response[bytes]:
        lat = str(request.path_params["lat"])
        lon = str(request.path_params["lon"])
        radius = str(request.path_params["radius"])
        return await around(request, "circle", lat, lon, radius)

    @get([f"{base}/closest/{{lat:str}}/{{lon:str}}/{{radius:str}}" for base in BASES], include_in_schema=False)
    async def closest(request: Request[Any, Any, Any]) -> Response[bytes]:
        lat = str(request.path_params["lat"])
        lon = str(request.path_params["lon"])
        radius = str(request.path_params["radius"])
        return await around(request, "closest", lat, lon, radius)

    @post([f"{base}/filter" for base in BASES], include_in_schema=False, status_code=200)
    async def by_filter(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = await request.body()
        if len(body) > MOST_FILTER_BYTES:
            raise problem(413, f"A filter has at most {MOST_FILTER_BYTES >> 10} KiB.")
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            raise problem(422, "The filter is no JSON.") from None
        place = clients.place()

        def make(picture: Picture) -> bytes:
            began_s = time.perf_counter()
            scene = Scene.of(picture, clients.identity)
            found = Found(picture, np.flatnonzero(filter_mask(scene, asked) & scene.listed()))
            return v2_answer(found, clients.writer, place, began_s)

        return await clients.bodies.give(request, ("filter", body), make)

    @get([f"{base}/airport/{{code:str}}" for base in BASES], include_in_schema=False, sync_to_thread=False)
    def airport(request: Request[Any, Any, Any]) -> Response[bytes]:
        raise problem(404, "Questions by airport are not answered yet; ask /point with its place.")

    @post("/api/0/routeset", include_in_schema=False, sync_to_thread=False)
    def routeset() -> Response[bytes]:
        raise problem(404, "This node knows no routes of callsigns.")

    return [by_name, by_kind, point, closest, by_filter, airport, routeset]
