"""The database files of a tar1090 page: registrations and types by the first digits of the address."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.identity.table import FLAGS, IdentityTable
from skywitness.views.api.bodies import problem
from skywitness.views.api.clients import Clients

__all__ = ["FOLDERS", "MOST_ROWS", "handlers", "shard"]

FOLDERS = ("db", "db2")
"""Names of the database folder that pages are built with."""

MOST_ROWS = 4000
"""A file with more rows is split by the next digit."""

NAME = re.compile(r"([0-9A-F]{1,5})\.js", re.IGNORECASE)
DIGITS = 6


def shard(identity: IdentityTable, prefix: str) -> bytes | None:
    """Write one file: rows under the rest of their address, or the longer prefixes where to look; None if empty."""
    free = 4 * (DIGITS - len(prefix))
    first = int(prefix, 16) << free
    start, stop = np.searchsorted(identity.icao, np.array([first, first + (1 << free)], np.int64)).tolist()
    if start == stop:
        return None
    prefix = prefix.upper()
    if stop - start > MOST_ROWS and len(prefix) < DIGITS - 1:
        digits = np.unique(identity.icao[start:stop].astype(np.int64) >> (free - 4) & 15)
        return json.dumps({"children": [f"{prefix}{digit:X}" for digit in digits.tolist()]}).encode()
    rows: dict[str, list[str]] = {}
    for row in range(start, stop):
        entry = identity.entry(row)
        flags = "".join(str(entry.flags >> bit & 1) for bit in range(len(FLAGS))).rstrip("0") or "0"
        if len(flags) < 2:
            flags = flags.ljust(2, "0")
        rows[f"{entry.icao:06X}"[len(prefix) :]] = [entry.registration, entry.type, flags, entry.description]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def handlers(clients: Clients) -> list[HTTPRouteHandler]:
    """Return the routes of the database folder."""

    @get([f"/{folder}/{{name:str}}" for folder in FOLDERS], include_in_schema=False)
    async def shard_file(request: Request[Any, Any, Any]) -> Response[bytes]:
        name = str(request.path_params["name"])
        match = NAME.fullmatch(name)
        if match is None:
            raise problem(404, "This node has registrations and types only, in files named by the first digits.")
        prefix = match[1].upper()
        return await clients.workshop.give(
            request,
            ("identity", prefix),
            lambda: shard(clients.identity, prefix),
            keep=True,
            headers={"Cache-Control": "public, max-age=86400"},
        )

    return [shard_file]
