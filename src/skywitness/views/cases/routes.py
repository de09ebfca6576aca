"""`/api/v1/cases`: keep what was found, for the node's operator alone.

Reading a case needs what changing it needs: notes are nobody else's business.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from skywitness.errors import FormatError, SkywitnessError
from skywitness.views.api.operator import check_operator
from skywitness.views.api.security import Problem
from skywitness.views.cases.case import Case, Draft, Hash, check_ids, read
from skywitness.views.cases.store import CaseStore, ChangedError, FullError, MissingError
from skywitness.views.node import Node

__all__ = ["Kept", "handlers"]

PREFIX = "/api/v1/cases"
JSON = "application/json"
PNG = "image/png"
SAFE = {"cache-control": "no-store"}
T = TypeVar("T")

Asked = Request[Any, Any, Any]


class Kept(msgspec.Struct, forbid_unknown_fields=True):
    """A case as one file: what `GET .../file` gives and `POST .../file` takes."""

    case: Case
    pictures: dict[Hash, Annotated[str, Meta(max_length=2 << 20)]]
    """PNG in base64 by SHA-256."""
    format: str = "skywitness-case"
    version: int = 1


def handlers(node: Node, *, directory: Path | None) -> list[HTTPRouteHandler]:
    """Return the routes of the case desk.

    directory  where cases are kept; None if this node keeps nothing: every question then answers 404
    """
    store = CaseStore(directory) if directory is not None else None

    def opened(request: Asked) -> CaseStore:
        check_operator(request.scope, is_public=node.privacy.is_public)
        check_page(request)
        if store is None:
            raise Problem(404, "This node keeps nothing; --data DIRECTORY keeps cases too.")
        return store

    @get(PREFIX, media_type=JSON)
    async def list_cases(request: Asked) -> Response[bytes]:
        cases = opened(request)
        return answer({"cases": await done(cases.every)})

    @post(PREFIX, media_type=JSON)
    async def add(request: Asked) -> Response[bytes]:
        cases = opened(request)
        draft = await posted(request, Draft)
        return answer(await done(cases.add, draft), 201)

    @get(PREFIX + "/{identity:str}", media_type=JSON)
    async def read_case(request: Asked) -> Response[bytes]:
        cases = opened(request)
        identity = request.path_params["identity"]
        return answer(await done(cases.read, identity))

    @put(PREFIX + "/{identity:str}", media_type=JSON)
    async def change(request: Asked) -> Response[bytes]:
        cases = opened(request)
        identity = request.path_params["identity"]
        draft = await posted(request, Draft)
        return answer(await done(cases.change, identity, version_of(request), draft))

    @delete(PREFIX + "/{identity:str}", media_type=JSON, status_code=200)
    async def remove(request: Asked) -> Response[bytes]:
        cases = opened(request)
        identity = request.path_params["identity"]
        return answer(await done(cases.delete, identity))

    @post(PREFIX + "/{identity:str}/restore", media_type=JSON, status_code=200)
    async def restore(request: Asked) -> Response[bytes]:
        cases = opened(request)
        identity = request.path_params["identity"]
        return answer(await done(cases.restore, identity))

    @get(PREFIX + "/{identity:str}/file", media_type=JSON)
    async def give_file(request: Asked) -> Response[bytes]:
        cases = opened(request)
        identity = request.path_params["identity"]
        return Response(
            await done(packed, cases, identity),
            media_type=JSON,
            headers=SAFE | {"content-disposition": f'attachment; filename="case-{identity}.json"'},
        )

    @post(PREFIX + "/file", media_type=JSON)
    async def take_file(request: Asked) -> Response[bytes]:
        cases = opened(request)
        kept = await posted(request, Kept)
        return answer(await done(unpacked, cases, kept), 201)

    @post(PREFIX + "/pictures", media_type=JSON)
    async def add_picture(request: Asked) -> Response[bytes]:
        cases = opened(request)
        if request.headers.get("content-type", "") != PNG:
            raise Problem(415, f"A picture is sent as {PNG}.")
        return answer({"picture": await done(cases.add_picture, await request.body())}, 201)

    @get(PREFIX + "/pictures/{name:str}", media_type=PNG)
    async def picture(request: Asked) -> Response[bytes]:
        cases = opened(request)
        return Response(await done(cases.picture, request.path_params["name"]), media_type=PNG, headers=SAFE)

    return [list_cases, add, read_case, change, remove, restore, give_file, take_file, add_picture, picture]


def check_page(request: Asked) -> None:
    """Refuse what a page of another origin sends: on this computer a browser alone would be reason to believe it."""
    origin, site = request.headers.get("origin", ""), request.headers.get("sec-fetch-site", "")
    host = request.headers.get("host", "").lower()
    if (origin and origin.lower().partition("://")[2] != host) or site not in ("", "same-origin", "none"):
        raise Problem(403, "Pages of another origin may not use the case desk.")


async def posted(request: Asked, kind: type[T]) -> T:
    """Read what was sent. Raises Problem."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise Problem(415, f"A case is sent as {JSON}.")
    try:
        found: T = read(await request.body(), kind)
    except FormatError as error:
        raise Problem(422, str(error)) from None
    return found


async def done(act: Callable[..., T], *given: Any) -> T:
    """Do something on the disk, in a thread; what it refuses is a problem of the request."""
    try:
        return await asyncio.to_thread(functools.partial(act, *given))
    except MissingError as error:
        raise Problem(404, str(error)) from None
    except ChangedError as error:
        raise Problem(409, str(error), etag=f'"{error.case.version}"') from None
    except FullError as error:
        raise Problem(507, str(error)) from None
    except FormatError as error:
        raise Problem(422, str(error)) from None
    except (SkywitnessError, OSError) as error:
        raise Problem(507, f"It cannot be kept: {error}") from None


def version_of(request: Asked) -> int:
    """The version that a change was made of, by `If-Match`."""
    text = request.headers.get("if-match", "").strip('"')
    if not text.isdecimal() or len(text) > 9:
        raise Problem(428, "Say which version was changed: If-Match with the number of the case's version.")
    return int(text)


def packed(cases: CaseStore, identity: str) -> bytes:
    """A case with its pictures."""
    case = cases.read(identity)
    pictures = {}
    for name in sorted(case.pictures()):
        with contextlib.suppress(MissingError):  # a lost picture is no reason to keep the rest back
            pictures[name] = base64.b64encode(cases.picture(name)).decode()
    return msgspec.json.format(msgspec.json.encode(Kept(case, pictures)), indent=1)


def unpacked(cases: CaseStore, kept: Kept) -> Case:
    """Keep a case of a file as a new one."""
    if (kept.format, kept.version) != ("skywitness-case", 1):
        raise FormatError(f"it is {kept.format} version {kept.version}, not skywitness-case version 1")
    for name, text in kept.pictures.items():
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise FormatError(f"picture {name} is no base64") from None
        if cases.add_picture(data) != name:
            raise FormatError(f"picture {name} is another one")
    items = [
        item if item.picture in kept.pictures else msgspec.structs.replace(item, picture="") for item in kept.case.items
    ]
    check_ids(items)
    return cases.add(Draft(title=kept.case.title, note=kept.case.note, items=items))


def answer(value: Any, status: int = 200) -> Response[bytes]:
    """One JSON object, with its version as the ETag if it has one."""
    headers = dict(SAFE)
    if isinstance(value, Case):
        headers["etag"] = f'"{value.version}"'
    return Response(msgspec.json.encode(value), status_code=status, media_type=JSON, headers=headers)
