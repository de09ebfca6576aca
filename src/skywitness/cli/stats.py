"""`skywitness stats`: what a recording holds, and what of it could not be used, and why."""

from __future__ import annotations

import argparse
import datetime
import json
from typing import TYPE_CHECKING, Any

from skywitness.cli.inputs import add_input_options, opened
from skywitness.errors import SkywitnessError

if TYPE_CHECKING:
    from skywitness.batches import Frames, Messages, Positions
    from skywitness.sources.readers import Recording

__all__ = ["EXAMPLES", "SUMMARY", "add_arguments", "run"]

SUMMARY = "count what a recording holds, and what was rejected and why"

EXAMPLES = """\
examples:
  skywitness stats demo
  skywitness stats flight.csv.zst
  skywitness stats flight.beast --json
"""

NS_PER_S = 1_000_000_000

NOTICES = (
    "comment", "downlink", "heartbeat", "marker", "ping", "position", "request", "start", "station", "status", "uat",
    "uplink", "uuid",
)  # fmt: skip
"""What readers count that is no frame and nothing wrong."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("input", metavar="FILE", help="a recording; - is standard input, demo the bundled one")
    add_input_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")


def run(args: argparse.Namespace) -> int:
    """Count and print; damage is told after what came before it."""
    damage: SkywitnessError | None = None
    with opened(args.input, args) as recording:
        from skywitness.sources.readers import FRAME_FORMATS

        counts: FrameCounts | PositionCounts = FrameCounts() if recording.format in FRAME_FORMATS else PositionCounts()
        try:
            if isinstance(counts, FrameCounts):
                for frames in recording.frames():
                    counts.add(frames)
            else:
                for positions in recording.positions():
                    counts.add(positions)
        except SkywitnessError as error:
            damage = error
    if recording.rows or recording.counts:
        facts = {"file": args.input, "format": recording.format} | counts.facts(recording)
        facts["rejected_by_reader"] = {k: n for k, n in sorted(recording.counts.items()) if k not in NOTICES}
        facts["notices"] = {k: n for k, n in sorted(recording.counts.items()) if k in NOTICES}
        if damage is not None:
            facts["damage"] = damage.what
        print(json.dumps(facts) if args.json else _text(facts))
    if damage is not None:
        raise damage
    return 0


class FrameCounts:
    """What frames are, and what the decoder makes of them."""

    def __init__(self) -> None:
        from skywitness.pipeline import Pipeline

        self.pipeline = Pipeline()
        self.frames = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.lengths: dict[int, int] = {}
        self.formats: dict[int, int] = {}
        self.timings: dict[int, int] = {}
        self.receivers: dict[int, int] = {}
        self.levels: dict[int, int] = {}  # in tenths of a dB
        self.statuses: dict[int, int] = {}
        self.aircraft: set[int] = set()
        self.positions = 0
        self.second: tuple[int, int] = (0, 0)
        self.busiest = 0

    def add(self, frames: Frames) -> None:
        """Count a batch."""
        import numpy as np

        output = self.pipeline.push(frames)
        self.frames += len(frames)
        times = frames.time_ns
        self.first_ns = int(times.min()) if self.first_ns is None else min(self.first_ns, int(times.min()))
        self.last_ns = int(times.max()) if self.last_ns is None else max(self.last_ns, int(times.max()))
        _tally(self.lengths, frames.length)
        _tally(self.formats, output.messages.df[frames.length > 2])
        _tally(self.timings, frames.timing)
        _tally(self.receivers, frames.receiver)
        level = frames.signal_dbfs[~np.isnan(frames.signal_dbfs)]
        _tally(self.levels, np.rint(level * 10).astype(np.int32))
        self._add_messages(output.messages, output.positions)
        self._add_seconds(times)

    def _add_messages(self, messages: Messages, positions: Positions) -> None:
        from skywitness.batches import STATUSES, VERDICTS

        _tally(self.statuses, messages.status)
        good = messages.status <= STATUSES.index("repaired")
        self.aircraft.update(
            (messages.icao[good].astype("i8") | messages.address_kind[good].astype("i8") << 24).tolist()
        )
        shown = (positions.revision == 0) & (positions.verdict != VERDICTS.index("contradicted"))
        self.positions += int(shown.sum())

    def _add_seconds(self, times: Any) -> None:
        """The busiest second of those in a row; late frames begin a new one."""
        import numpy as np

        seconds = times // NS_PER_S
        edges = np.flatnonzero(np.diff(seconds)) + 1
        for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(seconds)], strict=True):
            second, count = int(seconds[begin]), end - begin
            if second == self.second[0]:
                count += self.second[1]
            self.second = (second, count)
            self.busiest = max(self.busiest, count)

    def facts(self, recording: Recording) -> dict[str, Any]:
        """Everything counted, under the names of the JSON."""
        from skywitness.batches import STATUSES, TIMINGS

        kinds = {2: "mode_ac", 7: "short", 14: "long"}
        span_s = 0.0 if self.first_ns is None or self.last_ns is None else (self.last_ns - self.first_ns) / NS_PER_S
        stations = recording.stations
        receivers = {
            f"{stations[index]:016x}" if index < len(stations) else str(index): count
            for index, count in sorted(self.receivers.items())
        }
        return {
            "simulated": recording.simulated,
            "frames": self.frames,
            "first": None if self.first_ns is None else _iso(self.first_ns),
            "last": None if self.last_ns is None else _iso(self.last_ns),
            "time_of_day_known": not recording.untimed_base,
            "seconds": round(span_s, 3),
            "frames_per_second": round(self.frames / span_s, 1) if span_s > 0 else None,
            "busiest_second": self.busiest,
            "timing": {TIMINGS[code]: count for code, count in sorted(self.timings.items())},
            "lengths": {kinds.get(length, str(length)): count for length, count in sorted(self.lengths.items())},
            "df": {str(df): count for df, count in sorted(self.formats.items())},
            "receivers": receivers,
            "signal_dbfs": _quantiles(self.levels),
            "statuses": {STATUSES[code]: count for code, count in sorted(self.statuses.items())},
            "aircraft": len(self.aircraft),
            "positions": self.positions,
        }


class PositionCounts:
    """What a format that holds positions holds."""

    def __init__(self) -> None:
        self.rows = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.aircraft: set[int] = set()
        self.sources: dict[int, int] = {}

    def add(self, positions: Positions) -> None:
        """Count a batch."""
        from skywitness.batches import UNTIMED

        if not len(positions):
            return
        self.rows += len(positions)
        times = positions.time_ns[positions.time_ns != UNTIMED]
        if len(times):
            self.first_ns = int(times.min()) if self.first_ns is None else min(self.first_ns, int(times.min()))
            self.last_ns = int(times.max()) if self.last_ns is None else max(self.last_ns, int(times.max()))
        self.aircraft.update((positions.icao.astype("i8") | positions.address_kind.astype("i8") << 24).tolist())
        _tally(self.sources, positions.source)

    def facts(self, recording: Recording) -> dict[str, Any]:
        """Everything counted, under the names of the JSON."""
        from skywitness.batches import POSITION_SOURCES

        return {
            "rows": recording.rows,
            "positions": self.rows,
            "first": None if self.first_ns is None else _iso(self.first_ns),
            "last": None if self.last_ns is None else _iso(self.last_ns),
            "aircraft": len(self.aircraft),
            "sources": {POSITION_SOURCES[code]: count for code, count in sorted(self.sources.items())},
        }


def _tally(counts: dict[int, int], values: Any) -> None:
    import numpy as np

    found, numbers = np.unique(values, return_counts=True)
    for value, number in zip(found.tolist(), numbers.tolist(), strict=True):
        counts[value] = counts.get(value, 0) + number


def _quantiles(levels: dict[int, int]) -> dict[str, float] | None:
    """Least, median and greatest level in dBFS."""
    total = sum(levels.values())
    if not total:
        return None
    reached = 0
    median = 0
    for level, count in sorted(levels.items()):
        reached += count
        if 2 * reached >= total:
            median = level
            break
    return {"least": min(levels) / 10, "median": median / 10, "greatest": max(levels) / 10}


def _iso(time_ns: int) -> str:
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    try:
        moment += datetime.timedelta(microseconds=time_ns // 1000)
    except OverflowError:
        return f"{time_ns} ns"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(facts: dict[str, Any]) -> str:
    """The same for people: one line a fact, tables indented."""
    lines = []
    for name, value in facts.items():
        title = name.replace("_", " ")
        if isinstance(value, dict):
            lines.append(f"{title}:" + ("" if value else " none"))
            width = max((len(str(key)) for key in value), default=0)
            for key, number in value.items():
                lines.append(f"  {str(key).replace('_', ' '):<{width}}  {_number(number):>12}")
        else:
            lines.append(f"{title + ':':<20} {_number(value)}")
    return "\n".join(lines)


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
