"""A question's tree over rows, legs, journeys, events and silences: which of them it is true of.

A term about what an aircraft did at a moment (where, how high, how fast) is true of a leg if it is true of one of its
positions; terms that stand together must be true of the same one. A term about what is not known is not true.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import (
    ADDRESS_KINDS,
    EVENT_KINDS,
    F64,
    I32,
    I64,
    POSITION_SOURCES,
    U8,
    U32,
    Candidates,
    Events,
    Positions,
)
from skywitness.errors import QuestionError
from skywitness.journeys.events import events
from skywitness.journeys.journeys import Undertakings, journeys
from skywitness.journeys.legs import Flights
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.messages.mode_s.squawk import squawk_text
from skywitness.questions.bounds import is_of_receivers
from skywitness.questions.globs import fits_any
from skywitness.questions.names import IDENTITY, Names, is_code
from skywitness.questions.places import Places
from skywitness.questions.question import (
    And,
    Flag,
    FlightPlace,
    Gap,
    InArea,
    Near,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    Text,
    Then,
    Together,
    When,
    terms,
)
from skywitness.questions.relations import close_to, followed, keys_of
from skywitness.units import NS_PER_S

__all__ = ["Scope", "needs_flights"]

Bools = NDArray[np.bool_]

FIRST_VISIT = "first-visit"
NUMBERS = {"alt": "altitude_ft", "gs": "groundspeed_kt", "track": "track_deg", "rate": "vertical_rate_fpm"}
EMERGENCY_SQUAWKS = (0o7500, 0o7600, 0o7700)
NO_SQUAWK = 0xFFFF
VISIT_FT = 5_000.0
SILENCE_NS = 60 * NS_PER_S
"""Shorter silences are no gap, whatever is asked."""


def needs_flights(node: Node) -> bool:
    """Whether a question is about more than single positions."""
    return any(is_of_flights(term) for term in terms(node))


def is_of_flights(term: Node) -> bool:
    """Whether a term is about flights or events."""
    if isinstance(term, FlightPlace):
        return term.key != FIRST_VISIT
    return isinstance(term, Text) and term.key in ("event", "pattern")


def is_lasting(node: Node) -> bool:
    """Whether a part is about who an aircraft is and when: it needs no position."""
    if isinstance(node, And | Or):
        return all(map(is_lasting, node.parts))
    if isinstance(node, Not):
        return is_lasting(node.part)
    return isinstance(node, When) or (isinstance(node, Text | Flag) and node.key in IDENTITY and node.key != "operator")


@dataclass(eq=False)
class Scope:
    """Positions of some airframes, and what follows from them.

    rows      sorted by (address_kind, icao, time_ns); with `flights`, those that it was made of
    flights   the legs of these rows; none if the question needs none
    others    positions of the aircraft that each `with:` names, by its patterns
    heard     says which positions a receiver heard; nobody knows if it is not given
    category  emitter category of aircraft, by `kind << 24 | icao`; 0 unknown
    """

    rows: Positions
    names: Names
    places: Places
    flights: Flights | None = None
    others: Callable[[Together, Positions], Positions] | None = None
    category: Callable[[I64], U8] | None = None
    heard: Callable[[Text, Positions], Bools] | None = None

    @functools.cached_property
    def undertakings(self) -> Undertakings:
        """Journeys of the rows."""
        assert self.flights is not None
        return journeys(self.flights)

    @functools.cached_property
    def events(self) -> Events:
        """Events of the rows."""
        assert self.flights is not None
        return events(self.flights)

    @functools.cached_property
    def key(self) -> I64:
        """Kind and address of each row."""
        return keys_of(self.rows)

    # --- positions ------------------------------------------------------------------------------------------------

    def row_mask(self, node: Node) -> Bools:
        """Which positions a part is true of. Those of a flight that it is true of, where it is about flights."""
        if isinstance(node, And):
            return self._all_of(node)
        if isinstance(node, Or):
            return functools.reduce(np.logical_or, map(self.row_mask, node.parts))
        if isinstance(node, Not):
            return ~self.row_mask(node.part)
        if isinstance(node, Then):
            first, second = self.row_mask(node.first), self.row_mask(node.second)
            return followed(self.key, self.rows.time_ns, first, second, node.span_ns)
        if is_of_flights(node):
            return self._in_flights(node)
        return self._row_term(node)

    def _all_of(self, node: And) -> Bools:
        """What is dear is asked of those rows alone that all the rest is true of."""
        out = np.ones(len(self.rows), np.bool_)
        flown = [part for part in node.parts if needs_flights(part)]
        dear = [part for part in node.parts if isinstance(part, Together) or is_of_receivers(part)]
        for part in node.parts:
            if part not in flown and part not in dear:
                out &= self.row_mask(part)
        if flown:
            out &= self._in_flights(And(tuple(flown)))
        for part in dear:
            at = np.flatnonzero(out)
            if len(at):
                some = Scope(self.rows.take(at), self.names, self.places, others=self.others, heard=self.heard)
                out[at] = some._row_term(part)
        return out

    def _row_term(self, node: Node) -> Bools:
        rows = self.rows
        if isinstance(node, When):
            out = np.zeros(len(rows), np.bool_)
            for span in node.spans:
                out |= (rows.time_ns >= span.from_ns) & (rows.time_ns < span.until_ns)
            return out
        if isinstance(node, Number):
            if node.key not in NUMBERS:
                raise QuestionError(f"{node.key}: is asked of the live picture", hint="Here it is time:-10min.")
            values = getattr(rows, NUMBERS[node.key])
            out = np.zeros(len(rows), np.bool_)
            for low, high in node.bounds:
                out |= (values >= low) & (values <= high)
            return out
        if isinstance(node, Near | InArea):
            out = np.zeros(len(rows), np.bool_)
            for area in self.places.areas(node):
                out |= area.holds(rows.lat_deg, rows.lon_deg)
            return out
        if isinstance(node, Together):
            return self._together(node)
        if isinstance(node, FlightPlace):
            return self._first_visit(node)
        if isinstance(node, Gap):
            return self._beside_gaps(node)
        if isinstance(node, Flag) and node.key in FLAGS_OF_ROWS:
            return np.asarray(FLAGS_OF_ROWS[node.key](rows) == node.value)
        if isinstance(node, Flag):
            return self.names.mask(node, rows.icao, rows.address_kind, rows.time_ns)
        if isinstance(node, Text):
            return self._text(node)
        raise AssertionError(node)

    def _text(self, term: Text) -> Bools:
        rows, key = self.rows, term.key
        if key in IDENTITY:
            out = self.names.mask(term, rows.icao, rows.address_kind, rows.time_ns)
            if key == "operator" and (codes := [p for p in term.patterns if is_code(p)]):
                out = out | self._callsigns(lambda text: any(flies_for(text, code.text) for code in codes))
            return out
        if key == "callsign":
            return self._callsigns(lambda text: fits_any(term.patterns, text))
        if key == "squawk":
            return by_value(rows.squawk, lambda code: code != NO_SQUAWK and fits_any(term.patterns, squawk_text(code)))
        if key == "source":
            words = [POSITION_SOURCES.index(pattern.text.lower()) for pattern in term.patterns]
            return np.isin(rows.source, words)
        if key == "kind":
            return np.isin(rows.address_kind, [ADDRESS_KINDS.index(pattern.text.lower()) for pattern in term.patterns])
        if key == "category":
            if self.category is None:
                return np.zeros(len(rows), np.bool_)
            return by_value(self.category(self.key), lambda code: bool(code) and fits_any(term.patterns, f"{code:02X}"))
        if key == "any":
            return self._any(term)
        if self.heard is None:
            raise QuestionError(
                f"{key}: is answered where the record lies",
                hint="In the terminal and in Python: over a network it would tell where a receiver stands.",
            )
        return self.heard(term, rows)

    def _any(self, term: Text) -> Bools:
        out = self._callsigns(lambda text: fits_any(term.patterns, text))
        rows = self.rows
        for key in ("reg", "type", "operator"):
            out |= self.names.mask(Text(key, term.patterns), rows.icao, rows.address_kind, rows.time_ns)
        hexes = tuple(p for p in term.patterns if is_address(p))
        return out | self.names.mask(Text("hex", hexes), rows.icao, rows.address_kind, rows.time_ns) if hexes else out

    def _callsigns(self, test: Callable[[str], bool]) -> Bools:
        return by_value(self.rows.callsign, lambda code: bool(code) and test(callsign_text(code).strip()))

    def _first_visit(self, term: FlightPlace) -> Bools:
        """The first row of each airframe at or over a place."""
        rows = self.rows
        inside = np.zeros(len(rows), np.bool_)
        for place in term.places:
            area = self.places.visited(place)
            there = area.holds(rows.lat_deg, rows.lon_deg)
            if area.centre is not None:
                there &= (rows.on_ground == 1) | (rows.altitude_ft < VISIT_FT)
            inside |= there
        at = np.flatnonzero(inside)
        out = np.zeros(len(rows), np.bool_)
        out[at[np.unique(self.key[at], return_index=True)[1]]] = True
        return out

    def _together(self, term: Together) -> Bools:
        """Rows with a row of another aircraft within a distance and a time."""
        assert self.others is not None
        return close_to(self.rows, self.others(term, self.rows), term)

    @functools.cached_property
    def _silence(self) -> tuple[I64, I64]:
        """Rows before each silence of an airframe, and its length."""
        rows = self.rows
        step = np.diff(rows.time_ns)
        at = np.flatnonzero((step >= SILENCE_NS) & (self.key[1:] == self.key[:-1]))
        return at, step[at]

    def _beside_gaps(self, term: Gap) -> Bools:
        at, length = self._silence
        out = np.zeros(len(self.rows), np.bool_)
        fit = at[(length >= term.least_ns) & (length <= term.most_ns)]
        out[fit] = out[fit + 1] = True
        return out

    # --- flights --------------------------------------------------------------------------------------------------

    def _in_flights(self, node: Node) -> Bools:
        """Which positions belong to a journey, a leg or an event that a part is true of."""
        assert self.flights is not None
        flights = self.flights
        if any(isinstance(term, Text) and term.key in ("event", "pattern") for term in terms(node)):
            found = self.event_mask(node)
            first, last = self._event_rows
            return covered(len(self.rows), first[found], last[found] + 1)
        legs = self.leg_mask(node)
        out = covered(len(self.rows), flights.first_row[legs], flights.last_row[legs] + 1)
        whole = self.journey_mask(node)
        first, last = self._journey_rows
        return out | covered(len(self.rows), first[whole], last[whole] + 1)

    def leg_mask(self, node: Node) -> Bools:
        """Which legs a part is true of."""
        assert self.flights is not None
        flights = self.flights
        legs = flights.legs
        return self._spans_mask(
            node, flights.first_row, flights.last_row, legs.icao, legs.address_kind, legs.from_ns, legs.until_ns,
            self._leg_place, legs.gap_s,
        )  # fmt: skip

    def journey_mask(self, node: Node) -> Bools:
        """Which journeys a part is true of."""
        assert self.flights is not None
        made = self.undertakings.journeys
        first, last = self._journey_rows
        gap_s = self.flights.legs.gap_s
        gaps = np.array([gap_s[a : a + n].max() for a, n in zip(made.first_leg, made.legs, strict=True)], np.float32)
        return self._spans_mask(
            node, first, last, made.icao, made.address_kind, made.from_ns, made.until_ns, self._journey_place, gaps
        )

    @functools.cached_property
    def _journey_rows(self) -> tuple[I64, I64]:
        assert self.flights is not None
        made = self.undertakings.journeys
        last = made.first_leg + made.legs - 1
        return self.flights.first_row[made.first_leg], self.flights.last_row[last]

    def _spans_mask(
        self, node: Node, first: I64, last: I64, icao: U32, kind: U8, from_ns: I64, until_ns: I64,
        place: Callable[[FlightPlace], Bools], gap_s: NDArray[np.float32] | None,
        own: Callable[[Text], Bools] | None = None,
    ) -> Bools:  # fmt: skip
        """Which stretches of rows a part is true of: their own terms by themselves, the others by one of their rows.

        own  answers terms on events; others say so for stretches that an event of the kind lies in
        """

        def of(part: Node) -> Bools:
            if isinstance(part, And):
                of_rows = tuple(
                    one for one in part.parts if not (is_lasting(one) or has_own(one) or isinstance(one, Not))
                )
                out = np.ones(len(first), np.bool_)
                for one in part.parts:
                    if one not in of_rows:
                        out &= of(one)
                if of_rows:
                    times = tuple(one for one in part.parts if isinstance(one, When))
                    out &= self._any_row(And(of_rows + times), first, last)
                return out
            if isinstance(part, Or):
                return functools.reduce(np.logical_or, map(of, part.parts))
            if isinstance(part, Not):
                return ~of(part.part)
            if isinstance(part, When):
                out = np.zeros(len(first), np.bool_)
                for span in part.spans:
                    out |= (from_ns < span.until_ns) & (until_ns >= span.from_ns)
                return out
            if isinstance(part, FlightPlace) and part.key != FIRST_VISIT:
                return place(part)
            if isinstance(part, Gap) and gap_s is not None:
                return np.asarray((gap_s * 1e9 >= part.least_ns) & (gap_s * 1e9 <= part.most_ns))
            if isinstance(part, Text) and part.key in ("event", "pattern"):
                return own(part) if own is not None else self._with_event(part, first, last)
            if isinstance(part, Text | Flag) and part.key in IDENTITY and part.key != "operator":
                return self.names.mask(part, icao, kind, from_ns)
            return self._any_row(part, first, last)

        return of(node)

    def _any_row(self, node: Node, first: I64, last: I64) -> Bools:
        before: I64 = np.zeros(len(self.rows) + 1, np.int64)
        np.cumsum(self.row_mask(node), out=before[1:])
        return np.asarray(before[last + 1] > before[first])

    def _leg_place(self, term: FlightPlace) -> Bools:
        assert self.flights is not None
        at_ends = self._end_probability(self.places.airfields(term.places))
        departure, arrival = counts(at_ends[0::2], term), counts(at_ends[1::2], term)
        if term.key == "from":
            return departure
        if term.key == "to":
            return arrival
        stopped = np.zeros(len(self.flights), np.bool_)
        stops = self.undertakings.stops
        hit = counts(self._stop_probability(self.places.airfields(term.places)), term)
        inside = hit & (stops.after_leg == stops.before_leg)
        stopped[stops.after_leg[inside]] = True
        return stopped if term.key == "via" else departure | arrival | stopped

    def _journey_place(self, term: FlightPlace) -> Bools:
        made = self.undertakings
        fields = self.places.airfields(term.places)
        at_ends = self._end_probability(fields)
        first, last = made.journeys.first_leg, made.journeys.first_leg + made.journeys.legs - 1
        departure, arrival = counts(at_ends[2 * first], term), counts(at_ends[2 * last + 1], term)
        if term.key == "from":
            return departure
        if term.key == "to":
            return arrival
        stopped = np.zeros(len(made), np.bool_)
        hit = counts(self._stop_probability(fields), term) & (made.stops.journey >= 0)  # between two journeys: -1
        stopped[made.stops.journey[hit]] = True
        return stopped if term.key == "via" else departure | arrival | stopped

    def _end_probability(self, fields: I32) -> F64:
        """Probability that each end is at one of some airfields."""
        assert self.flights is not None
        return summed(self.flights.candidates, fields, len(self.flights.ends))

    def _stop_probability(self, fields: I32) -> F64:
        made = self.undertakings
        return summed(made.candidates, fields, len(made.stops)) * made.stops.happened

    # --- events and silences --------------------------------------------------------------------------------------

    @functools.cached_property
    def _event_rows(self) -> tuple[I64, I64]:
        """First and last row of each event."""
        made = self.events
        key = made.address_kind.astype(np.int64) << 24 | made.icao
        starts = np.searchsorted(self.key, key, "left")
        ends = np.searchsorted(self.key, key, "right")
        first, last = np.empty(len(made), np.int64), np.empty(len(made), np.int64)
        times = self.rows.time_ns
        for k, (a, z) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            first[k] = a + np.searchsorted(times[a:z], made.from_ns[k], "left")
            last[k] = a + np.searchsorted(times[a:z], made.until_ns[k], "right") - 1
        return first, np.maximum(last, first)

    def event_mask(self, node: Node) -> Bools:
        """Which events a part is true of."""
        made = self.events
        first, last = self._event_rows
        return self._spans_mask(
            node, first, last, made.icao, made.address_kind, made.from_ns, made.until_ns, self._event_place, None,
            self._event_kind,
        )  # fmt: skip

    def _event_kind(self, term: Text) -> Bools:
        wanted = [EVENT_KINDS.index(pattern.text.lower()) for pattern in term.patterns]
        return np.isin(self.events.kind, wanted)

    def _event_place(self, term: FlightPlace) -> Bools:
        """An event is from, to or via a place if its journey or leg is; at it, if it happened there."""
        if term.key == "at":
            return np.isin(self.events.airport, self.places.airfields(term.places))
        flown = self._in_flights(term)
        first, _ = self._event_rows
        return flown[np.minimum(first, len(flown) - 1)] if len(flown) else np.zeros(len(first), np.bool_)

    def _with_event(self, term: Text, first: I64, last: I64) -> Bools:
        begins = self._event_rows[0][self._event_kind(term)]
        before: I64 = np.zeros(len(self.rows) + 1, np.int64)
        np.add.at(before, begins + 1, 1)
        np.cumsum(before, out=before)
        return np.asarray(before[last + 1] > before[first])

    def gaps(self, node: Node) -> I64:
        """Return the rows before the silences that a part is true of; the row after each is the next one."""
        at, length = self._silence

        def of(part: Node) -> Bools:
            if isinstance(part, And):
                return functools.reduce(np.logical_and, map(of, part.parts), np.ones(len(at), np.bool_))
            if isinstance(part, Or):
                return functools.reduce(np.logical_or, map(of, part.parts))
            if isinstance(part, Not):
                return ~of(part.part)
            if isinstance(part, Gap):
                return (length >= part.least_ns) & (length <= part.most_ns)
            if isinstance(part, When):
                begin, end = self.rows.time_ns[at], self.rows.time_ns[at + 1]
                return functools.reduce(
                    np.logical_or, [(begin < one.until_ns) & (end >= one.from_ns) for one in part.spans]
                )
            mask = self.row_mask(part)
            return mask[at] | mask[at + 1]

        return at[of(node)]


FLAGS_OF_ROWS: dict[str, Callable[[Positions], Bools]] = {
    "ground": lambda rows: np.asarray(rows.on_ground == 1),
    "emergency": lambda rows: np.asarray(np.isin(rows.squawk, EMERGENCY_SQUAWKS)),
    "placed": lambda rows: np.ones(len(rows), np.bool_),
}


def has_own(node: Node) -> bool:
    """Whether a part has terms that only stretches as a whole can answer."""
    return any(is_of_flights(term) or isinstance(term, Gap) for term in terms(node))


def by_value(values: NDArray[Any], test: Callable[[int], bool]) -> Bools:
    """Which values pass a test, each distinct one asked once."""
    distinct, back = np.unique(values, return_inverse=True)
    passed = np.array([test(value) for value in distinct.tolist()], np.bool_)
    return np.asarray(passed[back]) if len(values) else np.zeros(0, np.bool_)


def flies_for(callsign: str, code: str) -> bool:
    """Whether a callsign is an operator's: its three letters and a flight number."""
    return callsign[:3] == code and callsign[3:4].isdigit()


def is_address(pattern: Pattern) -> bool:
    """Whether a bare word may be an address."""
    text = pattern.text.removeprefix("~")
    return len(text.replace("*", "")) <= 6 and all(c in "0123456789ABCDEF*" for c in text) and (
        len(text) == 6 or "*" in text
    )  # fmt: skip


def counts(probability: F64, term: FlightPlace) -> Bools:
    """Whether probabilities are as high as a term wants."""
    return np.asarray(probability > 0.0) if term.least <= 0.0 else np.asarray(probability >= term.least)


def summed(candidates: Candidates, fields: I32, count: int) -> F64:
    """Sum of the probabilities of some airfields, by what they are candidates of."""
    hit = np.isin(candidates.airport, fields)
    sums: F64 = np.bincount(candidates.end[hit], candidates.probability[hit].astype(np.float64), count).astype(
        np.float64
    )
    return sums[:count]


def covered(count: int, first: I64, after: I64) -> Bools:
    """Mark stretches of rows, each from `first` to before `after`."""
    steps = np.zeros(count + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, after, -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)
