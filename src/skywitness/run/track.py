"""Whole recordings to checked positions: what `skywitness.track` is."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from skywitness.batches import I64, REASONS, STATUSES, U16, UNTIMED, VERDICTS, Frames, Positions
from skywitness.errors import SkywitnessError
from skywitness.pipeline import Pipeline, Settings
from skywitness.run.census import EVERY_NS, Census
from skywitness.run.merge import merged, rebatched
from skywitness.sources.readers import POSITION_FORMATS, Recording, open_recording
from skywitness.tracks.aircraft import AircraftTable, aircraft_table

__all__ = ["Tracking", "final_rows", "track"]

BATCH_ROWS = 1 << 14
"""Rows a push: their columns stay in the processor's cache."""

LEAST_ROWS = 256
"""Batches are cut shorter where little was heard in a long time, but not below this."""

CONTRADICTED = VERDICTS.index("contradicted")

Rows = TypeVar("Rows", Frames, Positions)
Source = Frames | Iterable[Frames] | str | Path | Sequence[str | Path]


def track(
    source: Source,
    *,
    settings: Settings | None = None,
    rejected: bool = False,
    start_ns: int | None = None,
    format: str | None = None,
) -> Positions:
    """Return the positions of all aircraft in a recording, in the order of reception.

    source    frames in the order of arrival, as one batch or several; or a file's name (`demo` and `-` too), or several
              files' names: one receiver each, of the same time
    settings  where the receivers stand, whether bits are repaired
    rejected  with the positions that were contradicted, and their reason
    start_ns, format  for files, as in `skywitness.read`

    Raises FormatError or SourceError if a file is damaged; `Tracking` gives what came before.
    """
    if isinstance(source, Frames):
        parts = [*_track_frames([source], settings)]
    elif isinstance(source, str | Path):
        parts = [*_track_files([source], settings, start_ns, format)]
    else:
        items = list(source) if isinstance(source, Sequence) else source
        if isinstance(items, list) and items and all(isinstance(item, str | Path) for item in items):
            parts = [*_track_files([str(item) for item in items], settings, start_ns, format)]
        else:
            parts = [*_track_frames((item for item in items if isinstance(item, Frames)), settings)]
    positions = final_rows(Positions.concat(parts))
    if rejected:
        return positions
    return positions.take(positions.verdict != CONTRADICTED)


def final_rows(positions: Positions) -> Positions:
    """Keep the highest revision of each reception, in the order of reception."""
    order = np.lexsort((positions.revision, positions.parent))
    parent = positions.parent[order]
    return positions.take(order[np.r_[parent[1:] != parent[:-1], True][: len(order)]])


class Tracking:
    """Files through the pipeline: final positions batch by batch, and what else was found.

    paths     one receiver each, of the same time; those that hold positions already come after the others
    settings  as for the pipeline; places in the order of the files
    gps       as for `open_recording`
    on_read   called with the number of stored bytes each time some have been read

    Raises OSError or FormatError for a file that cannot be begun. Damage farther on ends that file only: `failures`.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        settings: Settings | None = None,
        start_ns: int | None = None,
        format: str | None = None,
        gps: bool | None = None,
        on_read: Callable[[int], None] | None = None,
    ) -> None:
        self.recordings = [
            open_recording(path, segment=segment, start_ns=start_ns, format=format, gps=gps, on_read=on_read)
            for segment, path in enumerate(paths)
        ]
        settings = settings or Settings()
        places = settings.places + (None,) * (len(paths) - len(settings.places))
        self.pipeline = Pipeline(dataclasses.replace(settings, places=places))
        self.census = Census()
        self.failures: list[SkywitnessError] = []
        """What was wrong with files, in the order it was met."""
        self.frames = 0
        self.statuses: I64 = np.zeros(len(STATUSES), np.int64)
        """Frames by what became of them, see STATUSES."""
        self.verdicts: I64 = np.zeros(len(VERDICTS), np.int64)
        """Positions by verdict."""
        self.reasons: I64 = np.zeros(len(REASONS), np.int64)
        """Contradicted positions by reason."""
        self.from_ns = np.iinfo(np.int64).max
        """Earliest time of any frame or position."""
        self.until_ns = UNTIMED
        """Latest time of any frame or position."""
        self._receivers = len(paths)
        self._imported = 0

    def positions(self) -> Iterator[Positions]:
        """Yield the last word on each position, contradicted ones too, once; by time within each batch."""
        finals = Finals()
        streams = [self._frames(file, r) for file, r in enumerate(self.recordings) if r.format not in POSITION_FORMATS]
        for batch in rebatched(merged(streams), BATCH_ROWS) if streams else ():
            for piece in _short_spans(batch, EVERY_NS):
                yield self._counted(finals.push(self._push(piece), self.pipeline))
        self.census.look(self.pipeline, at_end=True)
        yield self._counted(finals.flush(self._from(self.pipeline.flush().positions)))
        for recording in self.recordings:
            if recording.format in POSITION_FORMATS:
                for positions in self._guarded(recording.positions()):
                    yield self._counted(positions, imported=True)

    def aircraft(self) -> AircraftTable:
        """Return who is there at the end of the input: the present state of each, by kind and address."""
        shards = self.pipeline.shards
        heard = AircraftTable.concat(aircraft_table(s.tracker.aircraft, s.tracker.pairs) for s in shards)
        return self.census.joined(heard)

    @property
    def messages(self) -> int:
        """Messages that were good; a position that somebody else has decoded counts as one."""
        return int(self.statuses[:2].sum()) + self._imported

    def _push(self, frames: Frames) -> Positions:
        self._span(frames.time_ns)
        self.frames += len(frames)
        output = self.pipeline.push(frames)
        self.statuses += np.bincount(output.messages.status, minlength=len(STATUSES))
        self.census.hear(output.messages)
        self.census.look(self.pipeline)
        return self._from(output.positions)

    def _frames(self, file: int, recording: Recording) -> Iterator[Frames]:
        """Frames of one file, receivers numbered in the run: its first one like the file, more after all files."""
        numbers: U16 = np.array([file], np.uint16)
        for frames in self._guarded(recording.frames()):
            more = int(frames.receiver.max()) + 1 - len(numbers)
            if more > 0:
                numbers = np.r_[numbers, np.arange(self._receivers, self._receivers + more)].astype(np.uint16)
                self._receivers += more
            yield dataclasses.replace(frames, receiver=numbers[frames.receiver])

    def _guarded(self, stream: Iterator[Rows]) -> Iterator[Rows]:
        try:
            yield from stream
        except SkywitnessError as error:
            self.failures.append(error)

    def _from(self, positions: Positions) -> Positions:
        """Say of each row where it came from: files may differ."""
        provenance = np.array([recording.provenance for recording in self.recordings], np.uint8)
        if not provenance.any():
            return positions
        return dataclasses.replace(positions, provenance=provenance[positions.parent >> 32])

    def _counted(self, positions: Positions, *, imported: bool = False) -> Positions:
        if imported:
            self._span(positions.time_ns)
            self._imported += len(positions)
        self.verdicts += np.bincount(positions.verdict, minlength=len(VERDICTS))
        rejected = positions.reason[positions.verdict == CONTRADICTED]
        self.reasons += np.bincount(rejected, minlength=len(REASONS))
        self.census.count(positions, imported=imported)
        return positions

    def _span(self, time_ns: I64) -> None:
        timed = time_ns[time_ns != UNTIMED]
        if len(timed):
            self.from_ns = min(self.from_ns, int(timed.min()))
            self.until_ns = max(self.until_ns, int(timed.max()))


class Finals:
    """Hold rows back until no later revision of them can come; with one receiver none is held.

    Rows leave batch by batch as they came, by time within each, so that their order depends neither on the number of
    shards nor on how long they had to wait.
    """

    def __init__(self) -> None:
        self.held: deque[tuple[Positions, list[int]]] = deque()
        self.revised = Positions.empty()

    def push(self, positions: Positions, pipeline: Pipeline) -> Positions:
        """Take in what one push of the pipeline gave; return what has become final by now."""
        spans = [shard.tracker.ring_span for shard in pipeline.shards]
        self._hold(positions, [int(span[1]) for span in spans])
        parts = []
        while self.held and all(int(span[0]) >= end for span, end in zip(spans, self.held[0][1], strict=True)):
            parts.append(self._release())
        return Positions.concat(parts)

    def flush(self, positions: Positions) -> Positions:
        """Take in the last revisions; return all that is held."""
        self._hold(positions, [])
        return Positions.concat([self._release() for _ in range(len(self.held))])

    def _hold(self, positions: Positions, ends: list[int]) -> None:
        later = positions.revision > 0
        if later.any():
            self.revised = Positions.concat([self.revised, positions.take(later)])
            positions = positions.take(~later)
        self.held.append((positions, ends))

    def _release(self) -> Positions:
        positions, _ = self.held.popleft()
        if len(self.revised):
            mine = np.isin(self.revised.parent, positions.parent)
            positions = final_rows(Positions.concat([positions, self.revised.take(mine)]))
            self.revised = self.revised.take(~mine)
        return positions.take(np.lexsort((positions.parent, positions.time_ns)))


def _short_spans(frames: Frames, longest_ns: int) -> Iterator[Frames]:
    """Cut a batch so that no piece covers a long time: the census must not miss an aircraft that came and went."""
    if len(frames) > LEAST_ROWS:
        timed = frames.time_ns[frames.time_ns != UNTIMED]
        if len(timed) and int(timed.max()) - int(timed.min()) > longest_ns:
            middle = len(frames) // 2
            yield from _short_spans(frames.slice(0, middle), longest_ns)
            yield from _short_spans(frames.slice(middle, len(frames)), longest_ns)
            return
    yield frames


def _track_frames(batches: Iterable[Frames], settings: Settings | None) -> Iterator[Positions]:
    pipeline = Pipeline(settings)
    for batch in batches:
        for start in range(0, len(batch), BATCH_ROWS):
            yield pipeline.push(batch.slice(start, start + BATCH_ROWS)).positions
    yield pipeline.flush().positions


def _track_files(
    paths: Sequence[str | Path], settings: Settings | None, start_ns: int | None, format: str | None
) -> Iterator[Positions]:
    tracking = Tracking(paths, settings=settings, start_ns=start_ns, format=format)
    yield from tracking.positions()
    if tracking.failures:
        raise tracking.failures[0]
