"""`/dump1090/data/`: the files that pages of the dump1090-mutability age read."""

from __future__ import annotations

import json
import re
import zlib
from collections import deque
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.tracks.picture import Picture
from skywitness.units import NS_PER_S
from skywitness.views.api.bodies import answer, problem
from skywitness.views.api.clients import Clients
from skywitness.views.api.readsb import Periods
from skywitness.views.feeds.aircraft_json import FRESH_NS
from skywitness.views.feeds.dump1090_json import dump1090_json

__all__ = ["HISTORY_FILES", "HISTORY_STEP_NS", "OldFiles", "handlers"]

HISTORY_FILES = 120
HISTORY_STEP_NS = 30 * NS_PER_S
MOST_HISTORY_BYTES = 32 << 20
HISTORY_NAME = re.compile(r"history_([0-9]{1,3})\.json")


class OldFiles:
    """The last hour of places, one file each half minute: with them a page draws trails when it is opened.

    Only aircraft with a place are in them, and they are kept compressed; if there is no room for an hour, the
    beginning is left out.
    """

    def __init__(self) -> None:
        self.bytes_kept = 0
        self._files: deque[bytes] = deque()
        self._latest_ns = -HISTORY_STEP_NS

    def push(self, picture: Picture) -> None:
        """Keep a picture if it is time."""
        if picture.now_ns - self._latest_ns < HISTORY_STEP_NS:
            return
        self._latest_ns = picture.now_ns
        table = picture.table
        placed = np.flatnonzero(picture.now_ns - table.position_time_ns < FRESH_NS)
        file = zlib.compress(dump1090_json(table.take(placed), picture.now_ns, picture.messages), 1)
        self._files.append(file)
        self.bytes_kept += len(file)
        while len(self._files) > HISTORY_FILES or self.bytes_kept > MOST_HISTORY_BYTES:
            self.bytes_kept -= len(self._files.popleft())

    def __len__(self) -> int:
        return len(self._files)

    def file(self, number: int) -> bytes | None:
        """Return one file, the oldest one first; None if there is none of that number."""
        return zlib.decompress(self._files[number]) if number < len(self._files) else None


def handlers(clients: Clients) -> list[HTTPRouteHandler]:
    """Return the routes under `/dump1090/data`."""
    old_files = OldFiles()
    periods = Periods()
    clients.node.hub.listeners += [old_files.push, periods.push]

    @get("/dump1090/data/aircraft.json", include_in_schema=False)
    async def aircraft_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await clients.bodies.give(
            request,
            "dump1090",
            lambda picture: dump1090_json(picture.table, picture.now_ns, picture.messages),
        )

    @get("/dump1090/data/receiver.json", include_in_schema=False, sync_to_thread=False)
    def receiver_file() -> Response[bytes]:
        out: dict[str, Any] = {
            "version": f"skywitness {clients.node.version}",
            "refresh": 1000,
            "history": len(old_files),
        }
        place = clients.place()
        if place is not None:
            out["lat"], out["lon"] = (round(degrees, 5) for degrees in place)
        return answer(json.dumps(out).encode())

    @get("/dump1090/data/stats.json", include_in_schema=False)
    async def stats_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await clients.bodies.give(request, "dump1090 stats", periods.file)

    @get("/dump1090/data/{name:str}", include_in_schema=False, sync_to_thread=False)
    def history_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        name = str(request.path_params["name"])
        match = HISTORY_NAME.fullmatch(name)
        file = old_files.file(int(match[1])) if match else None
        if file is None:
            raise problem(404, "There is no such file; history_0.json is the oldest one.")
        return answer(file)

    return [aircraft_file, receiver_file, stats_file, history_file]
