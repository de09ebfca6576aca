"""Answers as files: tables for every subject, maps for those that have places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa

from skywitness.errors import ConfigError
from skywitness.journeys.choosing import chosen_journeys
from skywitness.run.answer_tracks import about_answer, flights_of, names_of, places_of, tracks_of
from skywitness.run.finding import Answer
from skywitness.views.exports.files import EXPORTS, write_export
from skywitness.views.exports.positions_geojson import track_features
from skywitness.views.exports.positions_kml import write_track_kml
from skywitness.views.feeds.events import event_features, write_event_kml
from skywitness.views.feeds.flights import plain_value, write_table
from skywitness.views.feeds.flights_geojson import leg_features, write_geojson
from skywitness.views.feeds.journeys import journey_features

__all__ = ["FORMATS", "answer_format", "write_answer"]

TABLES = ("jsonl", "ndjson", "csv", "parquet", "arrow")
FORMATS = (*TABLES, "geojson", "kml", *EXPORTS)
"""By the end of a file's name."""
TRACKS = ("aircraft", "positions", "legs", "journeys")
DRAWN = {
    "kml": (*TRACKS, "events"),
    "gpx": TRACKS,
    "czml": TRACKS,
    "svg": (*TRACKS, "events", "gaps"),
    "png": (*TRACKS, "events", "gaps"),
}
"""Which subjects a format has room for; the others take all."""


def answer_format(format: str, subject: str) -> str:
    """Return the format that a word stands for. Raises ConfigError if a subject has no such file."""
    word = format.lower().removeprefix(".")
    if word not in FORMATS:
        raise ConfigError(f"{format!r} is no format of answers", hint=f"There are {', '.join(FORMATS)}.")
    if subject not in DRAWN.get(word, (subject,)):
        raise ConfigError(
            f"{subject} have no {word.upper()}", hint=f"Write csv or geojson, or show:{' or show:'.join(DRAWN[word])}."
        )
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
            write_track_kml(file, tracks_of(answer), about_answer(answer))
    elif format in EXPORTS:
        write_export(file, format, tracks_of(answer), about_answer(answer), places_of(answer))
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


def features_of(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield an answer as GeoJSON features: lines of flights, points of all else."""
    table = answer.to_arrow()
    if answer.subject == "legs":
        for flights in flights_of(answer):
            yield from leg_features(flights, names_of(answer, flights))
    elif answer.subject == "journeys":
        for found in answer.founds:
            made = chosen_journeys(found.scope.undertakings, found.rows)
            yield from journey_features(made, names_of(answer, made.flights))
    elif answer.subject == "events":
        yield from event_features(table)
    elif answer.subject == "positions":
        yield from track_features(tracks_of(answer))
    else:
        yield from point_features(table, answer.subject)


def point_features(table: pa.Table, subject: str) -> Iterator[dict[str, Any]]:
    """Yield a point for each row; of aircraft the last place, of silences that before."""
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
