"""What the interfaces for existing clients share, and all of them together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from skywitness.identity.table import NOBODY, IdentityTable
from skywitness.questions.answer import History
from skywitness.views.api.bodies import Bodies, Workshop, problem
from skywitness.views.api.trails import Trails
from skywitness.views.feeds.aircraft_json import AircraftWriter
from skywitness.views.feeds.aircraft_more import Advisories, Courses, More
from skywitness.views.node import Node
from skywitness.views.privacy import Privacy

__all__ = ["Clients", "address_of", "query_of"]

MOST_FIELDS = 64


@dataclass
class Clients:
    """The node with all that its interfaces for existing clients share."""

    node: Node
    identity: IdentityTable = NOBODY
    privacy: Privacy | None = None
    """What others may know of the receivers' places; without it nothing is told of them."""
    advisories: Advisories | None = None
    """A sink of the core; without it no advisory is told."""
    bodies: Bodies = field(init=False)
    workshop: Workshop = field(init=False, default_factory=Workshop)
    writer: AircraftWriter = field(init=False)
    past: History = field(init=False)
    """The record, or the last half hour if nothing is recorded."""

    def __post_init__(self) -> None:
        self.bodies = Bodies(self.node.hub)
        courses = Courses()
        self.node.hub.listeners.append(courses.push)
        self.writer = AircraftWriter(self.identity, More(courses, self.advisories, self.receiver_place))
        self.past = Trails(self.node.hub) if self.node.history is None else self.node.history

    def place(self) -> tuple[float, float] | None:
        """Return where the node is, as others may know it."""
        centre = self.privacy.centre() if self.privacy is not None else None
        return None if centre is None else (centre.lat_deg, centre.lon_deg)

    def receiver_place(self, number: int) -> tuple[float, float] | None:
        """Return where a receiver is, as others may know it, if they may know which one it was."""
        if self.privacy is None:
            return None
        if self.privacy.is_strict:  # then the table has no receivers
            return self.place() if len(self.node.receivers()) == 1 else None
        place = self.privacy.place(number)
        return None if place is None else (place.lat_deg, place.lon_deg)

    def outline(self) -> list[list[float]]:
        """Return the range outline others may see: latitude, longitude and feet of each bearing, around once."""
        points = self.privacy.outline.points() if self.privacy is not None else []
        return [[lat, lon, 0 if math.isnan(feet) else round(feet)] for lat, lon, feet in points]

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
