"""What the interfaces for existing clients share, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from skywitness.coverage.report import ReceiverReport
from skywitness.frames.receiver import Place, Receiver
from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.questions.answer import History
from skywitness.views.api.bodies import Bodies, Workshop, problem
from skywitness.views.api.trails import Trails
from skywitness.views.feeds.aircraft_json import AircraftWriter
from skywitness.views.node import Node

__all__ = ["Clients", "OutlineOf", "PlaceOf", "address_of", "place_if_public", "query_of"]

PlaceOf = Callable[[Receiver], Place | None]
"""Where others may know a receiver to be: blurred, exact, or not at all (see views.privacy)."""

OutlineOf = Callable[[Sequence[ReceiverReport]], Sequence[tuple[float, float, int]]]
"""The range outline others may see: latitude, longitude, feet, around once."""

MOST_FIELDS = 64


def place_if_public(receiver: Receiver) -> Place | None:
    """Return the exact place of a receiver whose owner lets it out; of the others nothing."""
    return receiver.place if receiver.place_public else None


def no_outline(reports: Sequence[ReceiverReport]) -> Sequence[tuple[float, float, int]]:
    """Give none: an outline around a place tells the place."""
    return ()


@dataclass
class Clients:
    """The node with all that its interfaces for existing clients share."""

    node: Node
    identity: IdentityTable = NOBODY
    place_of: PlaceOf = place_if_public
    outline_of: OutlineOf = no_outline
    bodies: Bodies = field(init=False)
    workshop: Workshop = field(init=False, default_factory=Workshop)
    writer: AircraftWriter = field(init=False)
    past: History = field(init=False)
    """The record, or the last half hour if nothing is recorded."""

    def __post_init__(self) -> None:
        self.bodies = Bodies(self.node.hub)
        self.writer = AircraftWriter(self.identity)
        self.past = Trails(self.node.hub) if self.node.history is None else self.node.history

    def place(self) -> tuple[float, float] | None:
        """Return where the node is, as others may know it: the place of its first own receiver that has one."""
        reports = sorted(self.node.receivers(), key=lambda report: report.receiver.number)
        for report in reports:
            if report.receiver.own:
                place = self.place_of(report.receiver)
                if place is not None:
                    return place.lat_deg, place.lon_deg
        return None

    def now_ns(self) -> int:
        """Return the time of the latest picture."""
        return self.bodies.picture().now_ns


ADDRESS = re.compile(r"(~?)([0-9a-f]{6})", re.IGNORECASE)


def address_of(text: str) -> tuple[int, tuple[int, ...]] | None:
    """Read an address as clients write it: six hexadecimal digits, a tilde before one that ICAO did not give.

    return  address, and the kinds it may be of
    """
    match = ADDRESS.fullmatch(text)
    if match is None:
        return None
    return int(match[2], 16), (1, 2, 3) if match[1] else (0,)


def query_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Read the query string, keys without a value too; the last one of equal keys holds."""
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise problem(400, f"The query is not readable, or has more than {MOST_FIELDS} fields.") from None
    return dict(pairs)
