"""The operator's own map: a file of tiles handed out in the parts that the page asks for, or another server's style.

The page may ask another server only if the operator says so; its policy then names that server, and no other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.errors import ConfigError
from skywitness.views.api.security import Problem

__all__ = ["MOST_BYTES", "OwnMap", "byte_range", "handlers"]

MOST_BYTES = 16 << 20
"""Given at once; who asks for more gets the beginning of it."""
MAGIC = b"PMTiles\x03"
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
# What may stand in a policy: nothing that could end a directive or name more than one server.
ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class OwnMap:
    """What the operator has chosen; nothing by default."""

    style: str = ""
    pmtiles: Path | None = None
    origins: tuple[str, ...] = ()
    """Servers that the page may ask, that of the style among them."""

    @classmethod
    def of(cls, style: str, pmtiles: str, origins: Sequence[str]) -> OwnMap:
        """Make it of the settings. Raises ConfigError for what is no address, or no such file."""
        allowed = []
        for origin in origins:
            if not ORIGIN.fullmatch(origin.rstrip("/")):
                raise ConfigError(
                    f"`map.origins` has {origin!r}, which is no origin",
                    hint="Say scheme and name alone, such as https://tiles.example.org.",
                )
            allowed.append(origin.rstrip("/"))
        if style:
            parts = urlsplit(style)
            origin = f"{parts.scheme}://{parts.netloc}"
            if not ORIGIN.fullmatch(origin):
                raise ConfigError(f"`map.style` is {style!r}, which is no address of a style: https://...")
            allowed.append(origin)
        path = Path(pmtiles) if pmtiles else None
        if path is not None:
            try:
                with path.open("rb") as file:
                    begins = file.read(len(MAGIC))
            except OSError as error:
                raise ConfigError(f"`map.pmtiles`: {path}: {error.strerror}") from None
            if begins != MAGIC:
                raise ConfigError(f"`map.pmtiles`: {path} is no PMTiles file of version 3")
        return cls(style, path, tuple(dict.fromkeys(allowed)))

    def policy(self, policy: str) -> str:
        """Return the page's policy with the servers it may ask."""
        for directive in ("connect-src 'self'", "img-src 'self'") if self.origins else ():
            policy = policy.replace(directive, " ".join((directive, *self.origins)))
        return policy


def byte_range(text: str, size: int) -> tuple[int, int]:
    """Return the first byte and the end that a Range asks for. Raises Problem 416 for what is not there, or unread."""
    found = RANGE.fullmatch(text.strip())
    if found is not None and (found[1] or found[2]):
        if found[1]:
            first = int(found[1])
            end = min(size, int(found[2]) + 1) if found[2] else size
        else:
            first, end = max(0, size - int(found[2])), size
        if first < end:
            return first, min(end, first + MOST_BYTES)
    raise Problem(416, "Ask for one part of the file that is there.", content_range=f"bytes */{size}")


def handlers(own: OwnMap) -> list[HTTPRouteHandler]:
    """Return the routes `/map/own` and `/map/own.pmtiles`."""
    told = {"style": own.style, "pmtiles": own.pmtiles is not None, "origins": own.origins}

    @get("/map/own", include_in_schema=False, sync_to_thread=False)
    def chosen() -> Response[bytes]:
        return Response(msgspec.json.encode(told), media_type="application/json", headers={"cache-control": "no-cache"})

    @get("/map/own.pmtiles", include_in_schema=False, sync_to_thread=True)
    def part(request: Request[Any, Any, Any]) -> Response[bytes]:
        if own.pmtiles is None:
            raise Problem(404, "This node has no map of its own: the setting map.pmtiles.")
        asked = request.headers.get("range")
        if asked is None:
            raise Problem(400, "This file is given in parts: ask with a Range.")
        try:
            with own.pmtiles.open("rb") as file:
                about = os.fstat(file.fileno())
                first, end = byte_range(asked, about.st_size)
                file.seek(first)
                body = file.read(end - first)
        except OSError:
            raise Problem(404, "The file of the setting map.pmtiles cannot be read any more.") from None
        headers = {
            "content-range": f"bytes {first}-{first + len(body) - 1}/{about.st_size}",
            "accept-ranges": "bytes",
            "etag": f'"{about.st_size:x}-{about.st_mtime_ns:x}"',
            "cache-control": "no-cache",
        }
        return Response(body, status_code=206, headers=headers, media_type="application/octet-stream")

    return [chosen, part]
