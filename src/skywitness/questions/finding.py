"""Answers to questions from the record: what can matter is read, and the tree decides row by row.

Times, areas and airframes that a question leaves out are not read (`questions.bounds`); whatever is read is put to the
whole question (`questions.matching`), so that how it was narrowed down never changes the answer.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8, U32, Positions
from skywitness.errors import QuestionError
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.messages.mode_s.squawk import squawk_text
from skywitness.questions.answer import Receptions, Searchable
from skywitness.questions.bounds import (
    SENT,
    aircraft_within,
    before_ns,
    depends_on_others,
    ends_of,
    loosened,
    names_airframes,
    read_boxes_of,
    spans_of,
)
from skywitness.questions.covering import CoveredDays
from skywitness.questions.globs import fits_any
from skywitness.questions.hearing import Heard, Hearing
from skywitness.questions.matching import EMERGENCY_SQUAWKS, FIRST_VISIT, Scope, needs_flights
from skywitness.questions.names import Names
from skywitness.questions.places import Box, Places
from skywitness.questions.question import (
    Flag,
    FlightPlace,
    Gap,
    Node,
    Number,
    Question,
    Span,
    Text,
    Together,
    terms,
)
from skywitness.questions.relations import keys_of
from skywitness.reference.airports import Gazetteer
from skywitness.units import NMI_M, NS_PER_S

__all__ = ["Budget", "Finder", "Found", "Plan"]

ALL = Span(0, (1 << 62) - 1)
BESIDE_NS = 72 * 3_600 * NS_PER_S
"""So much before and after the time asked is read for legs and journeys: a stay of three days joins two ends."""
ROWS_AT_ONCE = 3_000_000
EVERYWHERE: tuple[Box, ...] = ((-180.0, -90.0, 180.0, 90.0),)
FEW = 300
"""So many aircraft are read by themselves; more of them in an area, by the area."""
LARGE_DEG2 = 400.0
MOST_NAMED, MOST_COMPANY = 20, 100_000
"""Aircraft of a `with:`, and their positions, around which is looked for others."""
HEARD_NS = 2 * NS_PER_S
"""Receptions of a position may be stamped so much earlier or later than it."""
STRETCH_NS = 600 * NS_PER_S
PAIR_KINDS = ("FORMATION", "RENDEZVOUS", "REFUELLING")


@dataclass(frozen=True, slots=True)
class Budget:
    """What one question may cost."""

    rows: int = 200_000_000
    """Positions that are read."""
    flights_rows: int = 60_000_000
    """Positions that legs and journeys are made of."""
    receptions: int = 100_000_000
    """Receptions that are decoded once more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered: what is read at most."""

    spans: tuple[Span, ...]
    """Times of the rows that are read."""
    asked: tuple[Span, ...]
    """Times that the question is about."""
    icao: U32 | None
    kind: U8 | None
    """Aircraft that are read; None for all."""
    aircraft: int
    """How many these are, or how many there are in that time."""
    rows: int
    """About so many positions are read."""
    is_of_flights: bool
    boxes: tuple[Box, ...] | None = None
    """Only rows in these are read; None if anywhere."""
    is_ordered: bool = True
    """Rows are wanted in the order of time."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A part of an answer: rows of a scope that the question is true of.

    rows  of the scope's positions, legs, journeys or events; of silences, the rows before them
    """

    scope: Scope
    rows: I64


@dataclass(slots=True)
class Finder:
    """Answers questions about one record. Several threads may ask, each with a Finder of its own from `again`."""

    history: Searchable
    names: Names
    gazetteer: Gazetteer
    budget: Budget
    covered: CoveredDays
    places: Places
    hearing: Hearing | None = None
    """Asks the receptions; None where they are not to be told."""

    @classmethod
    def of(
        cls,
        history: Searchable,
        names: Names,
        gazetteer: Gazetteer,
        budget: Budget | None = None,
        receptions: Receptions | None = None,
    ) -> Finder:
        """Make one for a record."""
        budget = budget or Budget()
        hearing = None if receptions is None else Hearing(receptions, names, budget.receptions)
        return cls(history, names, gazetteer, budget, CoveredDays(history), Places(gazetteer), hearing)

    def again(self) -> Finder:
        """Return a Finder of the same record for another question."""
        return replace(self, places=Places(self.gazetteer))

    def plan(self, question: Question) -> Plan:
        """Return what must be read. Raises QuestionError for places that nobody knows."""
        node = question.where
        for term in terms(node):  # unknown places are told before anything is read
            if isinstance(term, FlightPlace) and term.key != FIRST_VISIT:
                self.places.airfields(term.places)
            elif hasattr(term, "areas") or (hasattr(term, "distance_m") and not isinstance(term, Together)):
                self.places.areas(term)  # type: ignore[arg-type]
        is_of_flights = question.show in ("legs", "journeys", "events") or needs_flights(node)
        asked = spans_of(node)
        spans = (ALL,) if asked is None else asked
        first_visit = any(isinstance(term, FlightPlace) and term.key == FIRST_VISIT for term in terms(node))
        if first_visit:
            spans = (ALL,)
        earlier_ns = before_ns(node)
        if is_of_flights or question.show == "gaps":
            spans = widened(spans, BESIDE_NS + earlier_ns, BESIDE_NS)
        elif earlier_ns:
            spans = widened(spans, earlier_ns, 0)
        days = self._extent()
        spans = tuple(Span(max(s.from_ns, days.from_ns), min(s.until_ns, days.until_ns)) for s in spans)
        spans = tuple(span for span in spans if span.until_ns > span.from_ns)
        icao, kind = self._aircraft(asked or spans)
        rows = sum(self.history.rows_about(span.from_ns, span.until_ns) for span in spans)
        has_gap = question.show == "gaps" or any(isinstance(term, Gap) for term in terms(node))
        boxes = None
        if not (is_of_flights or has_gap or first_visit):
            boxes = read_boxes_of(node, self.places, functools.partial(self._company, spans))
        visitors = ends_of(node, functools.partial(self._visitors, spans)) if is_of_flights else None
        everywhere = Plan(
            spans, asked or (ALL,), None, None, len(icao), rows, is_of_flights, boxes, question.show == "positions"
        )
        if not names_airframes(node) and visitors is None:
            return everywhere
        may = aircraft_within(node, self.names, icao, kind, functools.partial(self._held, spans))
        if visitors is not None:
            may &= np.isin(kind.astype(np.int64) << 24 | icao, visitors)
        if may.all():  # of minutes and hours nobody knows what the aircraft sent
            return everywhere
        within = np.flatnonzero(may)
        share = len(within) / max(len(icao), 1)
        mine = icao[within], kind[within]
        if boxes is not None and self._is_less_in(boxes, *mine, spans):
            return Plan(spans, asked or (ALL,), None, None, len(within), rows, False, boxes, False)
        return Plan(spans, asked or (ALL,), *mine, len(within), round(rows * share), is_of_flights)

    def _is_less_in(self, boxes: tuple[Box, ...], icao: U32, kind: U8, spans: tuple[Span, ...]) -> bool:
        """Whether less is read for an area than for some aircraft."""
        cost = self.history.cost
        there = sum(cost(span.from_ns, span.until_ns, boxes=boxes) for span in spans)
        return there < sum(cost(span.from_ns, span.until_ns, icao=icao, address_kind=kind) for span in spans)

    def _extent(self) -> Span:
        return Span(*self.history.extent())

    def positions(self, question: Question, plan: Plan) -> Iterator[Found]:
        """Yield the positions that a question is true of, in parts; those of the earliest time first.

        With flights, aircraft after aircraft.
        """
        if plan.is_of_flights or any(isinstance(t, Gap | FlightPlace) for t in terms(question.where)):
            for scope in self.scopes(question, plan):
                yield Found(scope, np.flatnonzero(scope.row_mask(question.where)))
            return
        if plan.boxes is None:
            self._afford(plan.rows, self.budget.rows)
        parts: Iterator[Positions] = (rows for span in plan.spans for rows in self._read(plan, span))
        if depends_on_others(question.where):
            parts = iter([self._gathered(parts, question.where)])
        for rows in parts:
            scope = self._scope(rows, question.where)
            yield Found(scope, np.flatnonzero(scope.row_mask(question.where)))

    def _gathered(self, parts: Iterator[Positions], node: Node) -> Positions:
        """Return all rows that can matter, where one row decides of another."""
        kept, count, alone = [Positions.empty()], 0, loosened(node)
        for rows in parts:
            kept.append(rows.take(np.flatnonzero(self._scope(rows, node).row_mask(alone))))
            count += len(kept[-1])
            self._afford(count, self.budget.flights_rows)
        return Positions.concat(kept)

    def legs(self, question: Question, plan: Plan) -> Iterator[Found]:
        """Yield the legs that a question is true of, some aircraft after the other."""
        for scope in self.scopes(question, plan):
            yield Found(scope, np.flatnonzero(scope.leg_mask(question.where)))

    def journeys(self, question: Question, plan: Plan) -> Iterator[Found]:
        """Yield the journeys that a question is true of."""
        for scope in self.scopes(question, plan):
            yield Found(scope, np.flatnonzero(scope.journey_mask(question.where)))

    def events(self, question: Question, plan: Plan) -> Iterator[Found]:
        """Yield the events that a question is true of."""
        for scope in self.scopes(question, plan):
            yield Found(scope, np.flatnonzero(scope.event_mask(question.where)))

    def gaps(self, question: Question, plan: Plan) -> Iterator[Found]:
        """Yield the silences that a question is true of, by the rows before them."""
        for scope in self.scopes(question, plan):
            yield Found(scope, scope.gaps(question.where))

    def scopes(self, question: Question, plan: Plan) -> Iterator[Scope]:
        """Yield all rows of some aircraft after the other, with their flights if the question needs them."""
        self._afford(plan.rows, self.budget.flights_rows if plan.is_of_flights else self.budget.rows)
        of_pairs = may_be_of_pairs(question)
        if plan.icao is None or plan.kind is None or of_pairs:
            icao, kind = self._aircraft(plan.spans)
        else:
            icao, kind = plan.icao, plan.kind
        parts = 1 if of_pairs else max(1, -(-plan.rows // ROWS_AT_ONCE))
        for some in np.array_split(np.arange(len(icao)), min(parts, max(len(icao), 1))):
            if not len(some):
                continue
            rows = Positions.concat([self._rows(icao[some], kind[some], span) for span in plan.spans])
            if plan.is_of_flights:
                yield self._flown(rows, question.where)
            else:
                order = np.lexsort((rows.time_ns, rows.address_kind.astype(np.int64) << 24 | rows.icao))
                yield self._scope(rows.take(order), question.where)

    def _held(self, spans: tuple[Span, ...], term: Text | Flag | Number) -> I64 | None:
        """Aircraft that may have sent what a term asks for."""
        if term.key not in SENT or (isinstance(term, Flag) and not term.value):
            return None
        name, holds = holding(term)
        there = [self.history.holders(name, holds, span.from_ns, span.until_ns) for span in spans]
        parts = [kind.astype(np.int64) << 24 | icao for icao, kind in there]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))

    def _visitors(self, spans: tuple[Span, ...], term: FlightPlace) -> I64:
        fields = self.places.airfields(term.places)
        side = 0 if term.key == "from" else 1
        there = [self.history.visitors(fields, side, span.from_ns, span.until_ns) for span in spans]
        parts = [kind.astype(np.int64) << 24 | icao for icao, kind in there]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))

    def _aircraft(self, spans: tuple[Span, ...]) -> tuple[U32, U8]:
        """Return the aircraft of all spans, in the order of the files."""
        there = [self.history.aircraft(span.from_ns, span.until_ns) for span in spans]
        parts = [kind.astype(np.int64) << 24 | icao for icao, kind in there]
        keys = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
        return (keys & 0xFFFFFF).astype(np.uint32), (keys >> 24).astype(np.uint8)

    def _rows(self, icao: U32, kind: U8, span: Span) -> Positions:
        return self.history.positions(span.from_ns, span.until_ns, icao=icao, address_kind=kind)

    def _flown(self, rows: Positions, node: Node) -> Scope:
        found = legs(histories(rows), self.gazetteer, covered=self.covered)
        return replace(self._scope(found.histories.rows, node), flights=found)

    def _scope(self, rows: Positions, node: Node) -> Scope:
        heard = self._heard if self.hearing is not None else None
        return Scope(rows, self.names, self.places, None, self._others, self._categories(rows, node), heard)

    def _read(self, plan: Plan, span: Span) -> Iterator[Positions]:
        if plan.boxes is not None:
            yield from self.history.positions_within(plan.boxes, span.from_ns, span.until_ns)
        elif plan.icao is None and not plan.is_ordered:
            yield from self.history.positions_within(EVERYWHERE, span.from_ns, span.until_ns)
        elif plan.icao is None:
            yield from self.history.positions_in_parts(span.from_ns, span.until_ns)
        elif len(plan.icao):
            yield from self.history.positions_in_parts(
                span.from_ns, span.until_ns, icao=plan.icao, address_kind=plan.kind
            )

    def _heard(self, term: Text, rows: Positions) -> NDArray[np.bool_]:
        """Which positions some receivers heard, first or among others."""
        assert self.hearing is not None
        if not len(rows):
            return np.zeros(0, np.bool_)
        begin, end = int(rows.time_ns.min()) - HEARD_NS, int(rows.time_ns.max()) + HEARD_NS
        if not self.hearing.receptions.rows_about(begin, end):
            raise QuestionError(
                "no receptions are kept of the time asked: nobody can say who heard these positions",
                hint="Positions are kept longer than receptions; ask for a later time.",
            )
        return np.asarray(np.isin(rows.parent, self.hearing.transmissions(term.patterns, begin, end)))

    def heard(self, question: Question, plan: Plan) -> Iterator[Heard]:
        """Yield the receptions that a question is true of.

        Raises QuestionError where they are not to be told.
        """
        if self.hearing is None:
            raise QuestionError(
                "receptions are shown where the record lies",
                hint="In the terminal and in Python: their exact times would tell where a receiver stands.",
            )
        for span in plan.asked:
            yield from self.hearing.found(question.where, span.from_ns, span.until_ns)

    def _others(self, term: Together, rows: Positions) -> Positions:
        """Positions of the aircraft that a `with:` names, at the times of these rows and a little beside."""
        if not len(rows):
            return rows
        begin, end = int(rows.time_ns.min()) - term.span_ns, int(rows.time_ns.max()) + term.span_ns + 1
        icao, kind = self._named(term, begin, end)
        if len(icao):
            return self.history.positions(begin, end, icao=icao, address_kind=kind)
        found = []
        for part in self._beside(rows, term, begin, end):
            scope = Scope(part, self.names, self.places)
            found.append(part.take(scope.row_mask(Text("callsign", term.others))))
        return Positions.concat(found)

    def _named(self, term: Together, begin: int, end: int) -> tuple[U32, U8]:
        """Return the aircraft that a `with:` names by address or registration."""
        icao, kind = self.history.aircraft(begin, end)
        mask = np.zeros(len(icao), np.bool_)
        for key in ("hex", "reg"):
            patterns = term.others if key == "reg" else tuple(p for p in term.others if is_hex(p.text))
            if patterns:
                mask |= self.names.possible(Text(key, patterns), icao, kind)
        return icao[mask], kind[mask]

    def _company(self, spans: tuple[Span, ...], term: Together) -> tuple[Box, ...] | None:
        """Return boxes around all that the aircraft of a `with:` did, a stretch of their way each; None if unknown."""
        found = []
        for span in spans:
            icao, kind = self._named(term, span.from_ns - term.span_ns, span.until_ns + term.span_ns)
            if not 0 < len(icao) <= MOST_NAMED:
                return None
            found.append(
                self.history.positions(
                    span.from_ns - term.span_ns, span.until_ns + term.span_ns, icao=icao, address_kind=kind
                )
            )
        rows = Positions.concat(found)
        if not 0 < len(rows) <= MOST_COMPANY:
            return None
        stretch = keys_of(rows) << 32 | rows.time_ns // STRETCH_NS
        begins = np.unique(stretch, return_index=True)[1]
        edges = [
            of(values, begins)
            for values, of in (
                (rows.lon_deg, np.minimum.reduceat), (rows.lat_deg, np.minimum.reduceat),
                (rows.lon_deg, np.maximum.reduceat), (rows.lat_deg, np.maximum.reduceat),
            )
        ]  # fmt: skip
        more = term.distance_m / NMI_M / 60.0 + 0.01
        boxes = []
        for west, south, east, north in np.stack(edges, axis=1).tolist():
            wide = more / max(math.cos(math.radians(min(max(abs(south), abs(north)) + more, 89.0))), 0.01)
            if west - wide < -180.0 or east + wide > 180.0 or east - west > 180.0 or abs(north) + more > 89.0:
                return None
            boxes.append((west - wide, south - more, east + wide, north + more))
        return tuple(boxes)

    def _beside(self, rows: Positions, term: Together, begin: int, end: int) -> Iterator[Positions]:
        """Rows of anybody who may be as close as a `with:` says; of the whole world if these lie far apart."""
        more = term.distance_m / NMI_M / 60.0 + 0.01
        south, north = float(rows.lat_deg.min()) - more, float(rows.lat_deg.max()) + more
        wide = more / max(math.cos(math.radians(min(max(abs(south), abs(north)), 89.0))), 0.01)
        west, east = float(rows.lon_deg.min()) - wide, float(rows.lon_deg.max()) + wide
        if (east - west) * (north - south) > LARGE_DEG2 or west < -180.0 or east > 180.0:
            yield from self.history.positions_in_parts(begin, end)
        else:
            yield from self.history.positions_within(((west, south, east, north),), begin, end)

    def _categories(self, rows: Positions, node: Node) -> Callable[[I64], U8] | None:
        """Return what tells the emitter category of aircraft by their keys; None if it is not asked for."""
        if not any(isinstance(term, Text) and term.key == "category" for term in terms(node)) or not len(rows):
            return None
        begin, end = int(rows.time_ns.min()) - 600 * NS_PER_S, int(rows.time_ns.max()) + 600 * NS_PER_S

        def categories(keys: I64) -> U8:
            distinct = np.unique(keys)
            told = self.history.states(
                begin, end, icao=(distinct & 0xFFFFFF).astype(np.uint32), address_kind=(distinct >> 24).astype(np.uint8)
            )
            known = told.category > 0
            of = told.address_kind.astype(np.int64)[known] << 24 | told.icao[known]
            last = {key: int(value) for key, value in zip(of.tolist(), told.category[known].tolist(), strict=True)}
            return np.array([last.get(key, 0) for key in keys.tolist()], np.uint8)

        return categories

    def _afford(self, rows: int, most: int) -> None:
        if rows > most:
            raise QuestionError(
                f"about {rows:,} positions would have to be read, {most:,} are allowed",
                hint="Ask for a shorter time, a smaller area, or fewer aircraft; explain:yes shows the cost.",
            )


def holding(term: Text | Flag | Number) -> tuple[str, Callable[[Any, Any], NDArray[np.bool_]]]:
    """Return what of an aircraft's values a term asks for, and which of these it is true of."""
    if isinstance(term, Number):
        bounds = term.bounds

        def between(low: Any, high: Any) -> NDArray[np.bool_]:
            inside = [(low <= most + ROUNDED) & (high >= least - ROUNDED) for least, most in bounds]
            return np.asarray(np.logical_or.reduce(inside))

        return term.key, between
    if isinstance(term, Flag):
        return "squawk", lambda low, high: np.asarray(np.isin(low, EMERGENCY_SQUAWKS))
    patterns, text = term.patterns, TEXTS[term.key]
    return term.key, lambda low, high: np.array([fits_any(patterns, text(code)) for code in low.tolist()], np.bool_)


ROUNDED = 0.05
"""Altitudes and speeds are kept rounded."""
TEXTS: dict[str, Callable[[int], str]] = {
    "callsign": lambda code: callsign_text(code).strip(),
    "squawk": lambda code: squawk_text(code) if code <= 0o7777 else "",
}


def widened(spans: tuple[Span, ...], before_ns: int, after_ns: int) -> tuple[Span, ...]:
    """Return spans with what is before and after them, as one where they meet."""
    out: list[Span] = []
    for span in spans:
        wide = Span(max(span.from_ns - before_ns, 0), min(span.until_ns + after_ns, ALL.until_ns))
        if out and wide.from_ns <= out[-1].until_ns:
            out[-1] = Span(out[-1].from_ns, max(out[-1].until_ns, wide.until_ns))
        else:
            out.append(wide)
    return tuple(out)


def may_be_of_pairs(question: Question) -> bool:
    """Whether an answer may hold events of two aircraft, which are told only where both are read."""
    kinds = [
        pattern.text
        for term in terms(question.where)
        if isinstance(term, Text) and term.key in ("event", "pattern")
        for pattern in term.patterns
    ]
    return any(kind in PAIR_KINDS for kind in kinds) if kinds else question.show == "events"


def is_hex(text: str) -> bool:
    """Whether a word may be an address."""
    digits = text.removeprefix("~").replace("*", "")
    return len(digits) <= 6 and all(c in "0123456789ABCDEF" for c in digits) and ("*" in text or len(digits) == 6)
