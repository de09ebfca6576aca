"""Questions to a record and their answers as tables: what `skywitness find`, Python and HTTP give alike."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skywitness import __version__
from skywitness.archive.identities import identity_directory, load_book
from skywitness.archive.reader import StoredHistory, open_history
from skywitness.archive.receptions import StoredReceptions
from skywitness.errors import ArchiveError, QuestionError
from skywitness.identity.book import Book
from skywitness.journeys.choosing import chosen_journeys, chosen_legs
from skywitness.journeys.leg_sentences import leg_sentence
from skywitness.questions.finding import Budget, Finder, Found, Plan
from skywitness.questions.language import read_question
from skywitness.questions.names import Names
from skywitness.questions.question import Question, Span
from skywitness.reference.load import load_gazetteer
from skywitness.run.answer_tables import AircraftSeen, gap_table, reception_table
from skywitness.run.flights import name_text
from skywitness.units import NS_PER_S
from skywitness.views.feeds.events import event_table
from skywitness.views.feeds.flights import leg_table, rows_of
from skywitness.views.feeds.journeys import journey_table
from skywitness.views.feeds.tracks import track_table

__all__ = ["SERVED", "Answer", "Store", "ask", "book_of", "open_store"]

SERVED = Budget(rows=20_000_000, flights_rows=6_000_000)
"""What a question over HTTP may cost: some seconds of one core and a gigabyte."""
MOST_SORTED = 5_000_000
"""Positions of flights are sorted by time at once."""
ORDER = {
    "aircraft": ("first_seen", "icao24"),
    "legs": ("from", "icao24"),
    "journeys": ("from", "icao24"),
    "events": ("from", "icao24", "kind"),
    "gaps": ("from", "icao24"),
    "receptions": ("time", "reception"),
}
"""By what the rows of each subject are sorted; positions are by time, then address."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the record has of the time that was asked about: no data is no statement about aircraft."""

    from_ns: int
    until_ns: int
    """The time asked, as far as the record reaches."""
    minutes: int
    with_data: int
    """Minutes of it, and how many of them have any position at all."""
    record_from_ns: int
    record_until_ns: int

    def sentence(self) -> str:
        """Return it in words."""
        if not self.record_until_ns:
            return "The record is empty."
        reach = f"The record reaches from {utc(self.record_from_ns)} to {utc(self.record_until_ns)}."
        if not self.minutes:
            return f"{reach} It has nothing of the time asked: that is no data, not no aircraft."
        share = f"{self.with_data:,} of {self.minutes:,} minutes"
        return f"{reach} Of the time asked, {utc(self.from_ns)} to {utc(self.until_ns)}, {share} have data."

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "from": utc(self.from_ns), "until": utc(self.until_ns), "minutes": self.minutes,
            "minutes_with_data": self.with_data, "record_from": utc(self.record_from_ns),
            "record_until": utc(self.record_until_ns), "sentence": self.sentence(),
        }  # fmt: skip


@dataclass(eq=False)
class Answer:
    """What was found. Tables are made when they are asked for, and kept.

    Rows are the same in the terminal, in Python and over HTTP: in the order of time, then of address.
    """

    question: Question
    finder: Finder
    plan: Plan
    limit: int | None = None
    after: int = 0
    """Rows left out at the beginning, for the next page."""
    damaged: dict[str, str] = field(default_factory=dict)
    """Files that could not be read, and why: the answer lacks what they hold."""
    _table: pa.Table | None = None
    _total: int = -1
    founds: list[Found] = field(default_factory=list)
    """Where the rows come from, for whoever draws them: kept for legs, journeys, events and gaps."""

    @property
    def subject(self) -> str:
        """Return what the rows are, see SUBJECTS."""
        return self.question.show

    def __len__(self) -> int:
        return len(self.to_arrow())

    @property
    def total(self) -> int:
        """Rows of the whole answer, also those beyond the limit."""
        self.to_arrow()
        return self._total

    @functools.cached_property
    def coverage(self) -> Coverage:
        """What the record has of the time asked."""
        return coverage_of(self.finder, self.plan.asked)

    @property
    def places(self) -> dict[str, str]:
        """How the names of places were understood."""
        return self.finder.places.told

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table; its schema tells units, meaning, question and version."""
        if self._table is None:
            whole = pa.concat_tables(self.parts()).combine_chunks()
            self._total = len(whole)
            about = {
                "question": self.question.text, "subject": self.subject, "skywitness": __version__,
                "coverage": self.coverage.sentence(),
            }  # fmt: skip
            limit = len(whole) if self.limit is None else self.limit
            self._table = whole.slice(self.after, limit).replace_schema_metadata(about)
        return self._table

    def parts(self) -> Iterator[pa.Table]:
        """Yield the whole answer in tables of one schema, at least one. Positions come as they are read."""
        if self.subject == "positions" and not self.plan.is_of_flights and self.plan.boxes is None:
            yield from self._positions()
            return
        tables = list(getattr(self, f"_{self.subject}")())
        whole = pa.concat_tables(tables).combine_chunks()
        order = ORDER.get(self.subject, ("time", "icao24"))
        if len(whole):
            whole = whole.take(pc.sort_indices(whole, [(name, "ascending") for name in order]))
        yield whole

    def _positions(self) -> Iterator[pa.Table]:
        none = track_table(self.finder.history.positions(0, 0))
        yield none
        held = 0
        for found in self.finder.positions(self.question, self.plan):
            rows = found.scope.rows.take(found.rows)
            order = np.lexsort((rows.icao, rows.address_kind, rows.time_ns))
            held += len(rows)
            if held > MOST_SORTED and (self.plan.is_of_flights or self.plan.boxes is not None):
                raise QuestionError(f"the answer has more than {MOST_SORTED:,} positions", hint="Ask for less time.")
            if len(rows):
                yield self._named(track_table(rows.take(order)), rows.icao[order], rows.time_ns[order])

    def _named(self, table: pa.Table, icao: Any, time_ns: Any) -> pa.Table:
        """Fill in registrations and types, as of each row's day."""
        day = time_ns // (86_400 * NS_PER_S)
        keys = icao.astype(np.int64) << 32 | day
        distinct, back = np.unique(keys, return_inverse=True)
        names = self.finder.names.book.names(
            (distinct >> 32).astype(np.uint32), (distinct & 0xFFFFFFFF) * 86_400 * NS_PER_S
        )
        for place, name in enumerate(("registration", "typecode")):
            words = pa.array([one[place] or None for one in names], pa.string())
            index = table.schema.get_field_index(name)
            table = table.set_column(index, table.schema.field(index), words.take(pa.array(back)))
        return table

    def _aircraft(self) -> Iterator[pa.Table]:
        seen = AircraftSeen()
        for found in self.finder.positions(self.question, self.plan):
            seen.add(found.scope.rows.take(found.rows))
        yield seen.table(self.finder.names.book)

    def _legs(self) -> Iterator[pa.Table]:
        found_any = False
        for found in self.finder.legs(self.question, self.plan):
            if not len(found.rows) and found_any:
                continue
            found_any = True
            self.founds.append(found)
            assert found.scope.flights is not None
            some = chosen_legs(found.scope.flights, found.rows)
            names = self._leg_names(some.legs.icao, some.legs.address_kind, some.legs.from_ns)
            table = leg_table(some, names)
            words = [leg_sentence(some, leg, name_text(names.get(leg, ("", "")))) for leg in range(len(some))]
            yield table.append_column(text_field("sentence", "the leg in words"), pa.array(words, pa.string()))
        if not found_any:
            yield from self._none("legs")

    def _journeys(self) -> Iterator[pa.Table]:
        found_any = False
        for found in self.finder.journeys(self.question, self.plan):
            if not len(found.rows) and found_any:
                continue
            found_any = True
            self.founds.append(found)
            some = chosen_journeys(found.scope.undertakings, found.rows)
            legs = some.flights.legs
            yield journey_table(some, self._leg_names(legs.icao, legs.address_kind, legs.from_ns))
        if not found_any:
            yield from self._none("journeys")

    def _events(self) -> Iterator[pa.Table]:
        found_any = False
        for found in self.finder.events(self.question, self.plan):
            if not len(found.rows) and found_any:
                continue
            found_any = True
            self.founds.append(found)
            assert found.scope.flights is not None
            made = found.scope.events.take(found.rows)
            told = self.finder.names.book.names(made.icao, made.from_ns)
            named = {int(icao): name_text(name) for icao, name in zip(made.icao, told, strict=True) if any(name)}
            yield event_table(found.scope.flights, made, named)
        if not found_any:
            yield from self._none("events")

    def _gaps(self) -> Iterator[pa.Table]:
        yield gap_table(self.finder.history.positions(0, 0), np.zeros(0, np.int64), [])
        for found in self.finder.gaps(self.question, self.plan):
            self.founds.append(found)
            rows = found.scope.rows
            names = self.finder.names.book.names(rows.icao[found.rows], rows.time_ns[found.rows])
            yield gap_table(rows, found.rows, names)

    def _receptions(self) -> Iterator[pa.Table]:
        yield reception_table(None, {})
        held = 0
        for heard in self.finder.heard(self.question, self.plan):
            held += len(heard.frames)
            if held > MOST_SORTED:
                raise QuestionError(f"the answer has more than {MOST_SORTED:,} receptions", hint="Ask for less time.")
            assert self.finder.hearing is not None
            yield reception_table(heard, self.finder.hearing.receptions.receivers())

    def _none(self, subject: str) -> Iterator[pa.Table]:
        """The table without rows: its columns."""
        from skywitness.journeys.histories import histories
        from skywitness.journeys.journeys import journeys
        from skywitness.journeys.legs import legs

        flights = legs(histories(self.finder.history.positions(0, 0)), self.finder.gazetteer)
        if subject == "legs":
            table = leg_table(flights)
            yield table.append_column(text_field("sentence", "the leg in words"), pa.array([], pa.string()))
        elif subject == "journeys":
            yield journey_table(journeys(flights))
        else:
            from skywitness.batches import Events

            yield event_table(flights, Events.empty())

    def _leg_names(self, icao: Any, kind: Any, from_ns: Any) -> dict[int, tuple[str, str]]:
        told = self.finder.names.book.names(icao, from_ns)
        return {k: name for k, (name, real) in enumerate(zip(told, (kind == 0).tolist(), strict=True))
                if real and any(name)}  # fmt: skip

    def write(self, file: BinaryIO, format: str) -> int:
        """Write it as a file of one of `answer_files.FORMATS`; return how many rows it has.

        Raises ConfigError if the subject has no such file.
        """
        from skywitness.run.answer_files import answer_format, write_answer

        return write_answer(file, answer_format(format, self.subject), self)

    def content_hash(self) -> str:
        """Return the SHA-256 of the answer's rows, the same wherever it is asked: by their JSON lines."""
        digest = hashlib.sha256()
        for row in rows_of(self.to_arrow()):
            digest.update(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        return digest.hexdigest()

    def explained(self) -> dict[str, Any]:
        """Return how the question is answered and what that costs at most."""
        plan = self.plan
        return {
            "question": self.question.text,
            "shows": self.subject,
            "tree": str(self.question.where),
            "reads": [f"{utc(span.from_ns)} to {utc(span.until_ns)}" for span in plan.spans],
            "aircraft": plan.aircraft,
            "narrowed_by_airframe": plan.icao is not None,
            "positions_about": plan.rows,
            "makes_flights": plan.is_of_flights,
            "places": self.places,
            "coverage": self.coverage.as_dict(),
        }

    def to_pandas(self) -> Any:
        """Return a pandas frame."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return a Polars frame."""
        import polars

        return polars.from_arrow(self.to_arrow())

    pl = to_polars

    def arrow(self) -> pa.Table:
        """Return an Arrow table."""
        return self.to_arrow()

    def to_traffic(self) -> Any:
        """Return positions as a `traffic` object. Raises QuestionError for another subject."""
        if self.subject != "positions":
            raise QuestionError(f"traffic takes positions, not {self.subject}", hint="Add show:positions.")
        from traffic.core import Traffic

        names = {"time": "timestamp", "altitude_baro_ft": "altitude", "groundspeed_kt": "groundspeed",
                 "track_deg": "track", "vertical_rate_fpm": "vertical_rate", "altitude_geom_ft": "geoaltitude",
                 "on_ground": "onground"}  # fmt: skip
        return Traffic(self.to_pandas().rename(columns=names))

    def _repr_html_(self) -> str:
        """Show what was found, its coverage, a map and the first rows in a notebook."""
        from skywitness.run.answer_shown import shown_html

        return shown_html(self)


@dataclass(slots=True)
class Store:
    """A data directory, open for questions. Readers never block the node that writes it."""

    directory: Path
    finder: Finder

    def find(self, text: str, *, limit: int | None = None, after: int = 0, now_ns: int | None = None) -> Answer:
        """Return the answer to a question in the query language.

        limit, after  rows of a page
        now_ns        what relative times are counted from; the clock if not given

        Raises QuestionError with the place of a mistake.
        """
        self._refresh()
        return ask(self.finder, text, limit=limit, after=after, now_ns=now_ns)

    def _refresh(self) -> None:
        """See files that were added since: another process may write."""
        history = self.finder.history
        if isinstance(history, StoredHistory):
            history.refresh()

    @property
    def generation(self) -> int:
        """Which decoding of the receptions answers; 0 is that of the time."""
        return int(getattr(self.finder.history, "generation", 0))

    @property
    def days(self) -> list[str]:
        """UTC days with data."""
        return self.finder.history.days()


def ask(finder: Finder, text: str, *, limit: int | None = None, after: int = 0, now_ns: int | None = None) -> Answer:
    """Return the answer of a finder to a question."""
    question = read_question(text, time.time_ns() if now_ns is None else now_ns)
    own = finder.again()
    answer = Answer(question, own, own.plan(question), limit, after)
    answer.damaged = getattr(finder.history, "damaged", {})
    return answer


def open_store(directory: str | Path) -> Store:
    """Open a data directory of `skywitness serve` for questions.

    Raises ArchiveError if there is none.

    >>> import skywitness
    >>> store = skywitness.open("~/skywitness-data")  # doctest: +SKIP
    >>> store.find("mil:yes to:SVMI time:2019-03").to_pandas()  # doctest: +SKIP
    """
    path = Path(directory).expanduser()
    if not path.is_dir():
        raise ArchiveError("there is no such directory", source=str(path))
    history = open_history(path)
    return Store(path, Finder.of(history, Names(book_of(path)), load_gazetteer(), receptions=StoredReceptions(path)))


def book_of(directory: Path | None) -> Book:
    """Return what the lists of a data directory and the user's own say of aircraft."""
    own = [] if directory is None else [directory / "identity"]
    return load_book(*own, identity_directory(None))


def coverage_of(finder: Finder, asked: tuple[Span, ...]) -> Coverage:
    """Return what a record has of a time."""
    first, last = finder.history.extent()
    if first == last:
        return Coverage(0, 0, 0, 0, 0, 0)
    minute = 60 * NS_PER_S
    total = having = 0
    low, high = last, first
    for span in asked:
        begin, end = max(span.from_ns, first), min(span.until_ns, last)
        if end > begin:
            low, high = min(low, begin), max(high, end)
            a, z = begin // minute, -(-end // minute)
            total += z - a
            having += len(finder.history.minutes(a * minute, z * minute))
    if not total:
        low, high = asked[0].from_ns if asked else 0, asked[-1].until_ns if asked else 0
    return Coverage(low, high, total, having, first, last)


def text_field(name: str, doc: str) -> pa.Field:
    """Return the field of a column of texts."""
    return pa.field(name, pa.string(), metadata={"unit": "", "doc": doc})


def utc(time_ns: int) -> str:
    """Return a time as ISO 8601 with Z, to the second."""
    try:
        return datetime.datetime.fromtimestamp(time_ns // NS_PER_S, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "always" if time_ns > 0 else "ever"
