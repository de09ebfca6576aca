"""A question as a typed tree: what the query language is read into, and what every back end answers from.

The tree says only what was asked. What a code stands for, which aircraft have a registration, and what lies in a
country is resolved by the back end that answers, as of the time of each row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = [
    "MATCHES",
    "SUBJECTS",
    "And",
    "Flag",
    "FlightPlace",
    "Gap",
    "InArea",
    "Near",
    "Node",
    "Not",
    "Number",
    "Or",
    "Pattern",
    "Place",
    "Point",
    "Polygon",
    "Question",
    "Span",
    "Text",
    "Then",
    "Together",
    "When",
    "sequences",
    "terms",
]

SUBJECTS = ("aircraft", "positions", "legs", "journeys", "events", "receptions", "gaps")
"""What may be shown."""

MATCHES = ("hex", "reg", "callsign", "type", "desc", "operator", "owner", "country", "category", "source", "kind",
           "receiver", "squawk", "event", "pattern", "any")  # fmt: skip
"""Keys whose values are words."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A word, perhaps with `*` for anything; case does not matter."""

    text: str

    @property
    def is_exact(self) -> bool:
        """Whether it has no wild card."""
        return "*" not in self.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Point:
    """A place by its coordinates, WGS-84 degrees."""

    lat_deg: float
    lon_deg: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area by its rings, each a closed line of (lon_deg, lat_deg); the first ring of each part is its outline.

    An edge is the shorter way round in longitude: a polygon may cross the antimeridian.
    """

    parts: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place by a code or a name: an airport, a country, a region."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Any of the patterns fits the value of a key."""

    key: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A key is true or false."""

    key: str
    value: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A key's value lies within any of the bounds, (low, high), both included; infinite where there is none.

    `alt` in feet, `gs` in knots, `track` in degrees, `rate` in feet a minute, `seen` in seconds.
    """

    key: str
    bounds: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time, int64 nanoseconds UTC."""

    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class When:
    """The time lies in any of the spans."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FlightPlace:
    """A leg or journey begins (`from`), ends (`to`) or stops (`via`) at any of the places; `at` is any of the three.

    least  smallest probability that counts; 0 with `?`, where any candidate does

    `first-visit` is the first time that an airframe is seen at or over the place.
    """

    key: str
    places: tuple[Place | Point, ...]
    least: float = 0.5


@dataclass(frozen=True, slots=True)
class Near:
    """Within a distance of any of the places."""

    places: tuple[Place | Point, ...]
    distance_m: float


@dataclass(frozen=True, slots=True)
class InArea:
    """Inside any of the areas."""

    areas: tuple[Place | Polygon, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Close to an aircraft that a pattern names, by address, registration or callsign, at about the same time."""

    others: tuple[Pattern, ...]
    distance_m: float
    span_ns: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence of at least so long, and at most."""

    least_ns: int
    most_ns: int


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no part at all holds always."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Then:
    """The second part holds, and the first held of the same airframe earlier, by no more than a span."""

    first: Node
    second: Node
    span_ns: int


Term = Text | Flag | Number | When | FlightPlace | Near | InArea | Together | Gap
Node = Term | Not | And | Or | Then


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    show: str
    """See SUBJECTS."""
    where: Node
    explain: bool = False
    """Show how it would be answered instead of the answer."""
    text: str = field(default="", compare=False)
    """As it was asked."""


def sequences(node: Node) -> Iterator[Then]:
    """All parts of a tree that follow one another."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from sequences(part)
    elif isinstance(node, Not):
        yield from sequences(node.part)
    elif isinstance(node, Then):
        yield node
        yield from sequences(node.first)
        yield from sequences(node.second)


def terms(node: Node) -> Iterator[Term]:
    """All terms of a tree, in the order of the text."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from terms(part)
    elif isinstance(node, Not):
        yield from terms(node.part)
    elif isinstance(node, Then):
        yield from terms(node.first)
        yield from terms(node.second)
    else:
        yield node
