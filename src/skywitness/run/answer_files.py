"""Answers as files: tables for every subject, maps for those that have places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa

from skywitness.errors import ConfigError
from skywitness.journeys.choosing import chosen_journeys, chosen_legs
from skywitness.journeys.leg_sentences import leg_sentence
from skywitness.journeys.legs import Flights
from skywitness.run.finding import Answer
from skywitness.views.feeds.events import event_features, write_event_kml
from skywitness.views.feeds.flights import plain_value, write_table
from skywitness.views.feeds.flights_geojson import leg_features, write_geojson
from skywitness.views.feeds.flights_kml import write_kml
from skywitness.views.feeds.journeys import journey_features

__all__ = ["FORMATS", "answer_format", "write_answer"]

TABLES = ("jsonl", "ndjson", "csv", "parquet", "arrow")
FORMATS = (*TABLES, "geojson", "kml")
"""By the end of a file's name."""
KML_SUBJECTS = ("legs", "journeys", "events")

Names = dict[int, tuple[str, str]]


def answer_format(format: str, subject: str) -> str:
    """Return the format that a word stands for. Raises ConfigError if a subject has no such file."""
    word = format.lower().removeprefix(".")
    if word not in FORMATS:
        raise ConfigError(f"{format!r} is no format of answers", hint=f"There are {', '.join(FORMATS)}.")
    if word == "kml" and subject not in KML_SUBJECTS:
        raise ConfigError(f"{subject} have no KML", hint=f"Write geojson, or show:{' or show:'.join(KML_SUBJECTS)}.")
    return "jsonl" if word == "ndjson" else word


def write_answer(file: BinaryIO, format: str, answer: Answer) -> int:
    """Write an answer and return how many rows it has.

    format  see `answer_format`; tables of positions are written as they are read and take no more memory for more rows
    """
    if format in ("jsonl", "csv") and answer.limit is None and not answer.after and answer.subject == "positions":
        rows = 0
        for number, part in enumerate(answer.parts()):
            rows += len(part)
            write_table(cast(BinaryIO, Headless(file)) if number and format == "csv" else file, format, part)
        return rows
    table = answer.to_arrow()
    if format == "geojson":
        about = {"question": answer.question.text, "coverage": answer.coverage.sentence(),
                 "content_hash": answer.content_hash()}  # fmt: skip
        write_geojson(file, features_of(answer), about)
    elif format == "kml":
        if answer.subject == "events":
            write_event_kml(file, table)
        else:
            for flights, names, told in flights_of(answer):
                write_kml(file, flights, names, told)
                break
    else:
        write_table(file, format, table)
    return len(table)


class Headless:
    """A file that leaves out the first line: further parts of a CSV."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.is_first = True

    def write(self, data: bytes) -> int:
        """Write, the first line left out."""
        if self.is_first:
            head, _, rest = data.partition(b"\n")
            self.is_first = False
            self.file.write(rest)
            return len(head) + 1 + len(rest)
        return self.file.write(data)


def flights_of(answer: Answer) -> Iterator[tuple[Flights, Names, dict[int, str]]]:
    """Yield the legs of an answer, of one scope after the other, with their names and sentences."""
    for found in answer.founds:
        if not len(found.rows):
            continue
        if answer.subject == "journeys":
            flights = chosen_journeys(found.scope.undertakings, found.rows).flights
        else:
            assert found.scope.flights is not None
            flights = chosen_legs(found.scope.flights, found.rows)
        names = names_of(answer, flights)
        yield flights, names, {leg: leg_sentence(flights, leg) for leg in range(len(flights))}


def names_of(answer: Answer, flights: Flights) -> Names:
    """Return registration and type of legs, by row."""
    told = answer.finder.names.book.names(flights.legs.icao, flights.legs.from_ns)
    real = (flights.legs.address_kind == 0).tolist()
    return {k: name for k, (name, is_icao) in enumerate(zip(told, real, strict=True)) if is_icao and any(name)}


def features_of(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield an answer as GeoJSON features: lines of flights, points of all else."""
    table = answer.to_arrow()
    if answer.subject == "legs":
        for flights, names, _ in flights_of(answer):
            yield from leg_features(flights, names)
    elif answer.subject == "journeys":
        for found in answer.founds:
            made = chosen_journeys(found.scope.undertakings, found.rows)
            yield from journey_features(made, names_of(answer, made.flights))
    elif answer.subject == "events":
        yield from event_features(table)
    else:
        yield from point_features(table, answer.subject)


def point_features(table: pa.Table, subject: str) -> Iterator[dict[str, Any]]:
    """Yield a point for each row; of aircraft the last place, of silences the place before."""
    lat, lon = {
        "aircraft": ("last_latitude", "last_longitude"),
        "gaps": ("from_latitude", "from_longitude"),
    }.get(subject, ("latitude", "longitude"))
    if lat not in table.column_names:
        return
    for batch in table.to_batches(max_chunksize=4096):
        for row in batch.to_pylist():
            if row[lat] is None or row[lon] is None or not np.isfinite(row[lat]):
                continue
            yield {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(row[lon], 6), round(row[lat], 6)]},
                "properties": {"feature": subject, **{name: plain_value(value) for name, value in row.items()}},
            }
