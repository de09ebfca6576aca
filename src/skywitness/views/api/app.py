"""The web application: our own interface, what other modules bring, and the gate before all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import structlog
from litestar import Litestar, Request, Response
from litestar.config.response_cache import ResponseCacheConfig
from litestar.exceptions import HTTPException
from litestar.logging import LoggingConfig

from skywitness.views.api import metrics, v1
from skywitness.views.api.keys import KeyStore
from skywitness.views.api.security import ApiSettings, Asgi, Gate, Problem, problem_body
from skywitness.views.api.tables import Latest
from skywitness.views.map_data import handlers as map_handlers
from skywitness.views.node import Node
from skywitness.views.own_map import OwnMap
from skywitness.views.own_map import handlers as own_map_handlers
from skywitness.views.web_page import POLICY, WebFiles
from skywitness.views.web_page import handlers as page_handlers

__all__ = ["ApiSettings", "Module", "create_app"]

log = structlog.get_logger("skywitness.api")

Module = Callable[[Node], Sequence[Any]]
"""Gives the route handlers of one interface."""

WORDS = {
    404: "There is nothing at this address; /api/v1/openapi.json lists what there is.",
    405: "This address does not answer to that method.",
}


def create_app(
    node: Node,
    settings: ApiSettings,
    modules: Sequence[Module] = (),
    *,
    keys: KeyStore | None = None,
    latest: Latest | None = None,
    own_map: OwnMap | None = None,
) -> Litestar:
    """Make the application.

    modules  of further interfaces, each called once with the node
    keys     API keys; none are known without
    latest   a sink of the core: tells what is behind the places of the live picture
    own_map  what the page shows under the aircraft instead of the bundled map
    """
    # The gate needs the application, and /metrics the gate.
    gate = Gate(_nothing, settings, keys)
    handlers = [*v1.handlers(node, latest), *metrics.handlers(node, gate), *map_handlers()]
    own_map = own_map or OwnMap()
    handlers += [*own_map_handlers(own_map), *page_handlers(WebFiles(policy=own_map.policy(POLICY)))]
    for module in modules:
        handlers.extend(module(node))
    app = Litestar(
        route_handlers=handlers,
        openapi_config=None,
        exception_handlers={Problem: _problem, HTTPException: _http_error, Exception: _error},
        request_max_body_size=settings.body_bytes,
        response_cache_config=ResponseCacheConfig(),
        logging_config=LoggingConfig(configure_root_logger=False, log_exceptions="never"),
    )
    # Around the router, not as a middleware of its routes: what is not found or not allowed passes the gate as well.
    gate.inside = cast(Asgi, app.asgi_handler)
    app.asgi_handler = cast(Any, gate)
    app.state.gate = gate
    return app


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("the gate was opened before the application was there")


def _problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    return _answer(problem.status, problem.detail, problem.headers)


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    return _answer(status, WORDS.get(status, str(error.detail) or "It cannot be done."), dict(error.headers or {}))


def _error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # The words of an unexpected error may hold anything, a path or a key: they go to the log, not to the client.
    log.error("request failed", path=request.url.path, error=type(error).__name__, exc_info=error)
    return _answer(500, "Something went wrong inside; the node's log says what.", {})


def _answer(status: int, detail: str, headers: dict[str, str]) -> Response[bytes]:
    body = problem_body(status, detail)
    return Response(body, status_code=status, media_type="application/problem+json", headers=headers)
