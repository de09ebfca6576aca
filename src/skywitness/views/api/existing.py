"""All interfaces for existing clients together."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.views.api import dump1090, identity_files, opensky, past, query, readsb, v2
from skywitness.views.api.clients import Clients
from skywitness.views.feeds.aircraft_more import Advisories
from skywitness.views.node import Node
from skywitness.views.privacy import Privacy

__all__ = ["handlers"]


def handlers(
    node: Node,
    *,
    identity: IdentityTable = NOBODY,
    privacy: Privacy | None = None,
    advisories: Advisories | None = None,
) -> list[HTTPRouteHandler]:
    """Return the routes of the readsb, tar1090, v2, OpenSky and dump1090 dialects.

    node      its pictures and record are given out as they are: run wraps them in `privacy` before
    identity  registrations and types, see `identity.tar1090_db`
    privacy   tells the node's public place and outline; without it neither is told
    advisories  a sink of the core; without it no advisory is told
    """
    clients = Clients(node, identity, privacy, advisories)
    return [
        *readsb.handlers(clients),
        *past.handlers(clients),
        *identity_files.handlers(clients),
        *query.handlers(clients),
        *v2.handlers(clients),
        *opensky.handlers(clients),
        *dump1090.handlers(clients),
    ]
