"""Recordings in any format, as batches with times."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skywitness.batches import PROVENANCES, Frames, Positions
from skywitness.errors import ConfigError, FormatError, SkywitnessError
from skywitness.frames.clock import Clock
from skywitness.frames.formats.detect import FORMATS, HEAD_BYTES, detect
from skywitness.frames.formats.stamps import is_gps
from skywitness.simulate.marks import is_simulated_uuid
from skywitness.sources.file import STDIN, open_bytes

if TYPE_CHECKING:
    from skywitness.frames.formats.uat import UatFrames

__all__ = [
    "BATCH_ROWS",
    "FRAME_FORMATS",
    "POSITION_FORMATS",
    "Recording",
    "make_reader",
    "open_recording",
    "read_frames",
]

BATCH_ROWS = 1 << 14
"""Rows of a batch at most: their columns stay in the processor's cache."""

READERS = {
    "beast": "skywitness.frames.formats.beast:BeastReader",
    "avr": "skywitness.frames.formats.avr:AvrReader",
    "hex_csv": "skywitness.frames.formats.hex_csv:HexCsvReader",
    "jet1090": "skywitness.frames.formats.jet1090:Jet1090Reader",
    "segment": "skywitness.frames.formats.segment:SegmentReader",
    "uat": "skywitness.frames.formats.uat:UatReader",
    "sbs": "skywitness.messages.formats.sbs:SbsReader",
    "aircraft_json": "skywitness.positions.formats.aircraft_json:AircraftJsonReader",
    "trace": "skywitness.positions.formats.trace:TraceReader",
}
FRAME_FORMATS = ("beast", "avr", "hex_csv", "jet1090", "segment")
"""Formats that hold Mode S frames; the others hold what somebody else has decoded, or UAT."""
POSITION_FORMATS = ("uat", "sbs", "aircraft_json", "trace")
WITH_COUNTER = ("beast", "avr", "hex_csv")
TIMED = "segment"
"""Of its receptions the times are known already."""

GPS_LOOK_BYTES = 1 << 18

ENOUGH_OF_A_PIPE = 1 << 10
"""Bytes after which the format of a pipe is decided: more may be long in coming."""

MIXED_SHARE = 0.1
"""More than this share of bytes in no frame: the file holds something else too."""


class Recording:
    """One input, opened: read it once, by `frames` or by `positions`.

    Whatever could be read comes out first. Then, if the input is damaged, cut off, mixed or without a single frame,
    FormatError (or SourceError) says so, so that a caller can keep what came before and still tell.
    """

    def __init__(
        self, path: str, format: str, reader: Any, chunks: Iterator[bytes], clock: Clock, decoder: Any = None
    ) -> None:
        self.path = path
        self.format = format
        """One of FORMATS."""
        self.reader = reader
        self.clock = clock
        self.rows = 0
        """Frames or positions read so far."""
        self._chunks = chunks
        self._decoder = decoder

    @property
    def counts(self) -> dict[str, int]:
        """What was met that is no frame, by reason, so far."""
        return dict(self.reader.counts)

    @property
    def untimed_base(self) -> bool:
        """Whether times count from 1970 because nothing has said when it was."""
        return self.format in FRAME_FORMATS and self.format != TIMED and self.clock.untimed_base

    @property
    def stations(self) -> list[int]:
        """Station ids of the receivers in the stream, in their order; empty if it has none."""
        return list(getattr(self.reader, "stations", []))

    @property
    def uuid(self) -> str:
        """The receiver's own name for itself; empty if it gave none."""
        return str(getattr(self.reader, "uuid", ""))

    @property
    def simulated(self) -> bool:
        """Whether the stream says that it is simulated."""
        return any(map(is_simulated_uuid, [self.uuid, *getattr(self.reader, "uuids", [])]))

    @property
    def provenance(self) -> int:
        """Index into PROVENANCES of what is made from this, as far as is known by now."""
        if self.format not in FRAME_FORMATS and self.format != "uat":
            return PROVENANCES.index("imported")
        return PROVENANCES.index("simulated" if self.simulated else "received")

    def frames(self) -> Iterator[Frames]:
        """Yield the frames with their times, at most BATCH_ROWS at once."""
        if self.format not in FRAME_FORMATS:
            raise FormatError(
                f"{self.format} holds no Mode S frames",
                source=self.path,
                hint="`skywitness track` reads its positions." if self.format in POSITION_FORMATS else "",
            )
        for batch in self._batches():
            timed = batch if self.format == TIMED else self.clock.push(batch)
            for start in range(0, len(timed), BATCH_ROWS):
                yield timed.slice(start, min(start + BATCH_ROWS, len(timed)))

    def uat_frames(self) -> Iterator[UatFrames]:
        """Yield the receptions of a recording of UAT."""
        if self.format != "uat":
            raise FormatError(f"{self.format} holds no UAT messages", source=self.path)
        yield from self._batches()

    def positions(self) -> Iterator[Positions]:
        """Yield the positions of a format that holds such."""
        if self.format not in POSITION_FORMATS:
            raise FormatError(f"{self.format} holds frames, not positions", source=self.path)
        for batch in self._batches():
            yield self._decoder.push(batch) if self._decoder is not None else batch

    def _batches(self) -> Iterator[Any]:
        damage: SkywitnessError | None = None
        try:
            for chunk in self._chunks:
                batch = self.reader.push(chunk)
                self.rows += len(batch)
                if len(batch):
                    yield batch
        except SkywitnessError as error:
            damage = error
        batch = self.reader.flush()
        self.rows += len(batch)
        if len(batch):
            yield batch
        damage = damage or self._damage()
        if damage is not None:
            raise damage

    def _damage(self) -> FormatError | None:
        """What is wrong with an input that was read to its end, in one sentence."""
        counts = self.reader.counts
        size = getattr(self.reader, "bytes_read", 0)
        reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()) if name != "skipped")
        if not self.rows:
            what = f"there is not one good {self.format} row in it" + (f" ({reasons})" if reasons else "")
            return FormatError(what, source=self.path)
        if counts.get("skipped", 0) > MIXED_SHARE * size:
            share = 100 * counts["skipped"] / size
            return FormatError(
                f"{share:.0f} % of its bytes are not {self.format} ({reasons or 'other data'}); "
                f"the other {self.rows:,} rows have been read",
                source=self.path,
            )
        if (unfinished := counts.get("unfinished", 0)) and not Path(self.path).is_dir():
            return FormatError(
                f"it ends in the middle of a frame; the {self.rows:,} rows before have been read",
                source=self.path,
                offset=size - unfinished,
            )
        return None


def make_reader(format: str, receiver: int = 0, segment: int = 0, *, gps: bool = False) -> Any:
    """Return the reader of a format: a fold from bytes to rows, see `open_recording` for what it is told."""
    reader = _load(READERS[format])
    if format in WITH_COUNTER:
        return reader(receiver, segment, gps=gps)
    return reader(receiver=receiver, segment=segment)


def open_recording(
    path: str | Path,
    *,
    receiver: int = 0,
    segment: int = 0,
    start_ns: int | None = None,
    format: str | None = None,
    gps: bool | None = None,
    on_read: Callable[[int], None] | None = None,
) -> Recording:
    """Open a file, `-` (standard input) or `demo`; its beginning is read.

    receiver  index of the (first) receiver in it
    segment   index of the input in the run: ids of its rows count from segment << 32
    start_ns  time of its first frame, used only where the data do not tell
    format    one of FORMATS; found from the content if not given
    gps       whether stamps are nanoseconds of the day; guessed from the first frames of a file, not of a pipe
    on_read   called with the number of stored bytes each time some have been read
    """
    name = str(path)
    if format is not None and format not in FORMATS:
        raise ConfigError(f"{format!r} is no format", hint=f"It is one of {', '.join(FORMATS)}.")
    chunks = open_bytes(path, on_read)
    head, format, failure = _recognise(chunks, name, format)
    whole = _again([head], failure, chunks)
    if format in WITH_COUNTER and gps is None and name != STDIN:
        more, whole = _look_ahead(whole, GPS_LOOK_BYTES)
        trial = _load(READERS[format])().push(more)
        gps = is_gps(trial.take(trial.receiver == trial.receiver[0])) if len(trial) else False
    reader = make_reader(format, receiver, segment, gps=bool(gps))
    decoder = _load("skywitness.messages.uat.decoder:UatDecoder")() if format == "uat" else None
    return Recording(name, format, reader, whole, Clock(start_ns), decoder)


def read_frames(path: str | Path, *, start_ns: int | None = None, format: str | None = None) -> Frames:
    """Read a whole recording of Mode S frames: `skywitness.read`.

    path      a file in any format that holds frames, compressed or not; `-` or `demo`
    start_ns  time of its first frame, used only where the data do not tell
    format    found from the content if not given

    What a damaged recording holds before the damage is not given; use `open_recording` for that.
    """
    return Frames.concat(open_recording(path, start_ns=start_ns, format=format).frames())


def _recognise(chunks: Iterator[bytes], name: str, format: str | None) -> tuple[bytes, str, SkywitnessError | None]:
    """As much of the beginning as it takes to say the format, the format, and what went wrong after that."""
    head = bytearray()
    failure: SkywitnessError | None = None
    try:
        for chunk in chunks:
            head += chunk
            if format is not None or len(head) >= HEAD_BYTES:
                break
            if name == STDIN and len(head) >= ENOUGH_OF_A_PIPE and _is_known(bytes(head)):
                break
    except SkywitnessError as error:
        failure = error
    if failure is not None and not head:
        raise failure
    if format is None or not head:
        try:
            format = detect(bytes(head))
        except FormatError as error:
            raise FormatError(error.what, source=name, hint=error.hint) from None
    return bytes(head), format, failure


def _is_known(head: bytes) -> bool:
    try:
        detect(head)
    except FormatError:
        return False
    return True


def _look_ahead(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes, and the stream as if nobody had looked."""
    head: list[bytes] = []
    failure: SkywitnessError | None = None
    try:
        while sum(map(len, head)) < size and (chunk := next(chunks, b"")):
            head.append(chunk)
    except SkywitnessError as error:
        failure = error
    return b"".join(head), _again(head, failure, chunks)


def _again(head: list[bytes], failure: SkywitnessError | None, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield from head
    if failure is not None:
        raise failure
    yield from chunks


def _load(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)
