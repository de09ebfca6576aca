"""What rows a question can be about at most: times, places and airframes, so that nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import U8, U32
from skywitness.questions.names import IDENTITY, Names
from skywitness.questions.places import Box, Places
from skywitness.questions.question import (
    And,
    Flag,
    FlightPlace,
    InArea,
    Near,
    Node,
    Not,
    Number,
    Or,
    Span,
    Text,
    Then,
    Together,
    When,
    sequences,
    terms,
)

__all__ = [
    "SENT",
    "aircraft_within",
    "before_ns",
    "boxes_of",
    "depends_on_others",
    "ends_of",
    "is_of_airframes",
    "is_of_receivers",
    "loosened",
    "names_airframes",
    "read_boxes_of",
    "spans_of",
]


def spans_of(node: Node) -> tuple[Span, ...] | None:
    """Return the times that rows must be of, in order and apart; None if any."""
    if isinstance(node, When):
        return united(node.spans)
    if isinstance(node, And):
        found: tuple[Span, ...] | None = None
        for part in node.parts:
            spans = spans_of(part)
            if spans is not None:
                found = spans if found is None else common(found, spans)
        return found
    if isinstance(node, Or):
        parts = [spans_of(part) for part in node.parts]
        return None if None in parts else united([span for part in parts if part is not None for span in part])
    if isinstance(node, Then):
        first, second = spans_of(node.first), spans_of(node.second)
        if first is None:
            return second
        later = united([Span(span.from_ns, span.until_ns + node.span_ns) for span in first])
        return later if second is None else common(later, second)
    return None


def before_ns(node: Node) -> int:
    """Return how much earlier than a moment that a question is true of something may have to be known."""
    return sum(part.span_ns for part in sequences(node))


def united(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans in order, those that touch as one."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda one: one.from_ns):
        if out and span.from_ns <= out[-1].until_ns:
            out[-1] = Span(out[-1].from_ns, max(out[-1].until_ns, span.until_ns))
        elif span.until_ns > span.from_ns:
            out.append(span)
    return tuple(out)


def common(one: Sequence[Span], other: Sequence[Span]) -> tuple[Span, ...]:
    """Return the times that are in both."""
    return united(
        [
            Span(max(a.from_ns, b.from_ns), min(a.until_ns, b.until_ns))
            for a in one
            for b in other
            if a.from_ns < b.until_ns and b.from_ns < a.until_ns
        ]
    )


Boxes = tuple[Box, ...]


def read_boxes_of(node: Node, places: Places, company: Callable[[Together], Boxes | None]) -> Boxes | None:
    """Return boxes in which all rows lie that must be known for an answer; None if anywhere.

    company  gives the boxes in which a `with:` can be true
    """
    found = [boxes_of(part, places, company) for part in (node, *(part.first for part in sequences(node)))]
    return None if None in found else tuple(dict.fromkeys(box for boxes in found if boxes is not None for box in boxes))


def boxes_of(node: Node, places: Places, company: Callable[[Together], Boxes | None]) -> Boxes | None:
    """Return boxes in which rows must lie; None if anywhere. Of several areas that all must hold, the smallest."""
    if isinstance(node, Near | InArea):
        return tuple(box for area in places.areas(node) for box in area.boxes)
    if isinstance(node, And):
        found = [boxes for part in node.parts if (boxes := boxes_of(part, places, company)) is not None]
        return min(found, key=size_of, default=None)
    if isinstance(node, Or):
        parts = [boxes_of(part, places, company) for part in node.parts]
        return None if None in parts else tuple(box for part in parts if part is not None for box in part)
    if isinstance(node, Then):
        return boxes_of(node.second, places, company)
    if isinstance(node, Together):
        return company(node)
    return None


def size_of(boxes: Sequence[Box]) -> float:
    """Degrees squared, about as large as on the ground."""
    return sum(
        (east - west) * (north - south) * float(np.cos(np.radians((south + north) / 2.0)))
        for west, south, east, north in boxes
    )


Held = Callable[[Text | Flag | Number], NDArray[np.int64] | None]
"""Gives the aircraft that may have sent something, sorted keys; None if a term is not about that."""


def aircraft_within(node: Node, names: Names, icao: U32, kind: U8, held: Held) -> NDArray[np.bool_]:
    """Return which aircraft a question may be about."""
    if isinstance(node, And):
        out = np.ones(len(icao), np.bool_)
        for part in node.parts:
            out &= aircraft_within(part, names, icao, kind, held)
        return out
    if isinstance(node, Or):
        out = np.zeros(len(icao), np.bool_)
        for part in node.parts:
            out |= aircraft_within(part, names, icao, kind, held)
        return out
    if isinstance(node, Then):
        return aircraft_within(And((node.first, node.second)), names, icao, kind, held)
    if isinstance(node, Text | Flag | Number):
        keys = held(node)
        if keys is not None:
            return np.asarray(np.isin(kind.astype(np.int64) << 24 | icao, keys))
    if isinstance(node, Text | Flag) and node.key in IDENTITY:
        return names.possible(node, icao, kind)
    return np.ones(len(icao), np.bool_)


def ends_of(node: Node, visitors: Callable[[FlightPlace], NDArray[np.int64]]) -> NDArray[np.int64] | None:
    """Return the aircraft that may have begun and ended flights where a question says; None if it does not say.

    visitors  aircraft with an end at the places of a `from:` or `to:`, sorted keys
    """
    if isinstance(node, FlightPlace):
        return visitors(node) if node.key in ("from", "to") else None
    if isinstance(node, And):
        found = None
        for part in node.parts:
            keys = ends_of(part, visitors)
            if keys is not None:
                found = keys if found is None else np.intersect1d(found, keys)
        return found
    if isinstance(node, Or):
        parts = [keys for part in node.parts if (keys := ends_of(part, visitors)) is not None]
        return np.unique(np.concatenate(parts)) if len(parts) == len(node.parts) else None
    if isinstance(node, Then):
        return ends_of(And((node.first, node.second)), visitors)
    return None


def names_airframes(node: Node) -> bool:
    """Whether a question leaves out aircraft by who they are."""
    if isinstance(node, And):
        return any(map(names_airframes, node.parts))
    if isinstance(node, Or):
        return all(map(names_airframes, node.parts))
    if isinstance(node, Then):
        return names_airframes(node.first) or names_airframes(node.second)
    if isinstance(node, Text | Flag | Number) and node.key in SENT:
        return not (isinstance(node, Flag) and not node.value)
    return is_of_airframes(node) and not (isinstance(node, Flag) and not node.value)


SENT = ("callsign", "squawk", "emergency", "alt", "gs")
"""Keys of what aircraft sent, by which they can be told apart from others without their rows."""


def is_of_airframes(node: Node) -> bool:
    """Whether a part is about who an aircraft is, or when, and about nothing that it did."""
    if isinstance(node, And | Or):
        return all(map(is_of_airframes, node.parts))
    if isinstance(node, Not):
        return is_of_airframes(node.part)
    return isinstance(node, Text | Flag) and node.key in IDENTITY


def loosened(node: Node) -> Node:
    """Return a question that is true of every row that the given one may need, and asks nothing of other rows."""
    return Or((alone(node), *(alone(part.first) for part in sequences(node))))


def alone(node: Node) -> Node:
    """Return a part without what depends on other rows: true wherever the part may be."""
    if isinstance(node, And):
        return And(tuple(map(alone, node.parts)))
    if isinstance(node, Or):
        return Or(tuple(map(alone, node.parts)))
    if isinstance(node, Then):
        return alone(node.second)
    if isinstance(node, Together) or is_of_receivers(node) or (isinstance(node, Not) and depends_on_others(node)):
        return And(())
    return node


def depends_on_others(node: Node) -> bool:
    """Whether a part is true of a row because of other rows."""
    return any(isinstance(term, Together) or is_of_receivers(term) for term in terms(node)) or any(sequences(node))


def is_of_receivers(node: Node) -> bool:
    """Whether a term is about who heard something."""
    return isinstance(node, Text) and node.key == "receiver"
