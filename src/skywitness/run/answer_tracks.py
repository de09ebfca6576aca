"""Answers as tracks and places on them, for exports and maps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skywitness import __version__
from skywitness.batches import Positions
from skywitness.errors import QuestionError
from skywitness.journeys.choosing import chosen_journeys, chosen_legs
from skywitness.journeys.legs import Flights
from skywitness.run.finding import Answer
from skywitness.views.exports.drawn import About, Drawn, drawn_flights, drawn_positions
from skywitness.views.exports.map_places import Place, places_of_flights, places_of_stops

__all__ = ["about_answer", "flights_of", "names_of", "places_of", "tracks_of"]

MOST_DRAWN = 5_000_000
"""Positions of one export."""

Names = dict[int, tuple[str, str]]


def about_answer(answer: Answer) -> About:
    """Return what is said of an export of an answer."""
    title = f"{answer.subject[0].upper()}{answer.subject[1:]}: {answer.question.text}"
    source = f"skywitness record. {answer.coverage.sentence()}"
    return About(title, answer.question.text, source, answer.content_hash(), f"skywitness {__version__}")


def flights_of(answer: Answer) -> Iterator[Flights]:
    """Yield the legs of an answer, or of its journeys, of one scope after the other."""
    answer.to_arrow()
    for found in answer.founds:
        if not len(found.rows):
            continue
        if answer.subject == "journeys":
            yield chosen_journeys(found.scope.undertakings, found.rows).flights
        elif found.scope.flights is not None:
            yield chosen_legs(found.scope.flights, found.rows)


def names_of(answer: Answer, flights: Flights) -> Names:
    """Return registration and type of legs, by row."""
    told = answer.finder.names.book.names(flights.legs.icao, flights.legs.from_ns)
    real = (flights.legs.address_kind == 0).tolist()
    return {k: name for k, (name, is_icao) in enumerate(zip(told, real, strict=True)) if is_icao and any(name)}


def tracks_of(answer: Answer) -> list[Drawn]:
    """Return the tracks of an answer's page: of legs and journeys their legs, else the positions that were found.

    Events and silences have none. Raises QuestionError if it is too much for one file.
    """
    if answer.subject in ("legs", "journeys"):
        found = [track for flights in flights_of(answer) for track in drawn_flights(flights, names_of(answer, flights))]
        return [track for track in in_order(found) if is_on_page(answer, track)]
    if answer.subject not in ("positions", "aircraft"):
        return []
    parts, held = [], 0
    for one in answer.finder.positions(answer.question, answer.plan):
        parts.append(one.scope.rows.take(one.rows))
        held += len(one.rows)
        if held > MOST_DRAWN:
            raise QuestionError(f"tracks of more than {MOST_DRAWN:,} positions", hint="Ask for less time.")
    rows = Positions.concat(parts)
    if answer.subject == "positions" and (answer.limit is not None or answer.after):
        order = np.lexsort((rows.icao, rows.address_kind, rows.time_ns))
        end = None if answer.limit is None else answer.after + answer.limit
        rows = rows.take(order[answer.after : end])
    first = {int(icao): int(time) for icao, time in zip(rows.icao[::-1], rows.time_ns[::-1], strict=True)}
    addresses = np.array(sorted(first), np.uint32)
    told = answer.finder.names.book.names(addresses, np.array([first[int(icao)] for icao in addresses], np.int64))
    names = {int(icao): name for icao, name in zip(addresses, told, strict=True) if any(name)}
    tracks = drawn_positions(rows, names)
    if answer.subject == "aircraft":
        shown = set(answer.to_arrow()["icao24"].to_pylist())
        tracks = [track for track in tracks if track.icao24 in shown]
    return tracks


MOST_PLACES = 2_000


def places_of(answer: Answer) -> list[Place]:
    """Return the places that a map of an answer shows: airports of flights, events, and both ends of silences."""
    table = answer.to_arrow()
    if answer.subject == "legs":
        return [place for flights in flights_of(answer) for place in places_of_flights(flights)]
    if answer.subject == "journeys":
        parts = [found for found in answer.founds if len(found.rows)]
        made = [chosen_journeys(found.scope.undertakings, found.rows) for found in parts]
        return [place for some in made for place in places_of_stops(some)]
    if answer.subject == "events":
        return [
            Place(row["latitude"], row["longitude"], f"{row['callsign'] or row['icao24']} {row['kind']}", True)
            for row in table.slice(0, MOST_PLACES).to_pylist()
        ]
    if answer.subject == "gaps":
        return [
            Place(
                row[f"{side}_latitude"], row[f"{side}_longitude"], f"{row['icao24']} {row[side]:%H:%M}", side == "from"
            )
            for row in table.slice(0, MOST_PLACES // 2).to_pylist()
            for side in ("from", "until")
        ]
    return []


def in_order(tracks: list[Drawn]) -> list[Drawn]:
    """Return tracks as answers have their rows: by time, then address."""
    return sorted(tracks, key=lambda track: (int(track.rows.time_ns[track.first]), track.icao24))


def is_on_page(answer: Answer, track: Drawn) -> bool:
    """Say whether a leg belongs to a row of the answer's page."""
    if answer.limit is None and not answer.after:
        return True
    begin = int(track.rows.time_ns[track.first]) // 1000
    return any(since <= begin <= until for since, until in spans(answer).get(track.icao24, ()))


def spans(answer: Answer) -> dict[str, list[tuple[int, int]]]:
    """Return the times, in microseconds, of each address of the page."""
    import pyarrow as pa

    table = answer.to_arrow()
    found: dict[str, list[tuple[int, int]]] = {}
    columns: list[list[Any]] = [table[name].cast(pa.int64()).to_pylist() for name in ("from", "until")]
    for icao24, since, until in zip(table["icao24"].to_pylist(), *columns, strict=True):
        found.setdefault(icao24, []).append((since, until))
    return found
