"""The map in the browser: its built files, handed out as they are, each under a policy that lets nothing else in.

`web/` is built into the folder `web` beside this module (`web/build.py`); a package without it answers at `/` with a
page that says how to build it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from skywitness.views.api.security import Problem

__all__ = ["POLICY", "WebFiles", "handlers"]

FOLDER = Path(__file__).parent / "web"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""What the page may load, and from where: nothing that did not come from this node, no script in the page itself."""

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
ENCODINGS = {".br": "br", ".gz": "gzip"}
HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z]+$")
"""Names that change with the content, as the build gives them: such files may be kept for ever."""
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

UNBUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>skywitness</title>
<h1>This node runs, its map is not built</h1>
<p>The package was installed where npm's registry could not be reached. In a clone of the project, with the network:</p>
<pre>make web</pre>
<p>The data is there all the same: <a href="api/v1/aircraft">aircraft</a>, <a href="api/v1/status">status</a>,
<a href="api/v1/openapi.json">all questions</a>.</p>
"""


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file of the page, in the forms it is kept in."""

    media_type: str
    paths: Mapping[str, Path]
    """By content encoding; the plain form under the empty one."""
    etag: str
    is_hashed: bool


class WebFiles:
    """The files of the built page by their path, found once: what is not among them does not exist."""

    def __init__(self, folder: Path = FOLDER, policy: str = POLICY) -> None:
        self.policy = policy
        found: dict[str, dict[str, Path]] = {}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                encoding = ENCODINGS.get(path.suffix, "")
                name = path.relative_to(folder).as_posix()
                found.setdefault(name[: -len(path.suffix)] if encoding else name, {})[encoding] = path
        self.files = {name: web_file(name, paths) for name, paths in found.items()}

    def answer(self, name: str, headers: Mapping[str, str]) -> Response[bytes]:
        """Give a file in the best form the client takes. Raises Problem 404."""
        file = self.files.get(name)
        if file is None and name == "index.html":
            return Response(UNBUILT, media_type=TYPES[".html"], headers={"content-security-policy": self.policy})
        if file is None:
            raise Problem(404, "The page has no such file.")
        taken = {word.partition(";")[0].strip() for word in headers.get("accept-encoding", "").split(",")}
        encoding = next((e for e in ("br", "gzip") if e in taken and e in file.paths), "")
        told = {
            "etag": f'"{file.etag}{encoding and f"-{encoding}"}"',
            "cache-control": FOR_EVER if file.is_hashed else ASK_AGAIN,
            "content-security-policy": self.policy,
            "vary": "Accept-Encoding",
        }
        if told["etag"] in {word.strip() for word in headers.get("if-none-match", "").split(",")}:
            return Response(b"", status_code=304, headers=told, media_type=file.media_type)
        if encoding:
            body = file.paths[encoding].read_bytes()
            told["content-encoding"] = encoding
        elif "" in file.paths:
            body = file.paths[""].read_bytes()
        else:
            body = gzip.decompress(file.paths["gzip"].read_bytes())
        return Response(body, headers=told, media_type=file.media_type)


def web_file(name: str, paths: Mapping[str, Path]) -> WebFile:
    """Describe one file."""
    digest = hashlib.blake2b(next(iter(paths.values())).read_bytes(), digest_size=12).hexdigest()
    media_type = TYPES.get(Path(name).suffix, "application/octet-stream")
    return WebFile(media_type, paths, digest, bool(HASHED.search(name)))


def handlers(files: WebFiles | None = None) -> list[HTTPRouteHandler]:
    """Return the routes of the page: `/` and `/assets/...`."""
    files = files or WebFiles()

    @get("/", include_in_schema=False, sync_to_thread=True)
    def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        return files.answer("index.html", request.headers)

    @get("/assets/{name:str}", include_in_schema=False, sync_to_thread=True)
    def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
        return files.answer(f"assets/{request.path_params['name']}", request.headers)

    return [page, asset]
