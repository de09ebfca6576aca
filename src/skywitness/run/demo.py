"""The demonstration: some days of March 2019, simulated, as a data directory and an hour to loop as live.

Made from its scenario once, in less than a minute, and kept among the user's data of programs. All of it says that
it is simulated: the receivers' UUIDs, the provenance of each row, a file at its root.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import zstandard

from skywitness import __version__
from skywitness.archive.compaction import put_rows
from skywitness.archive.identities import put_register
from skywitness.archive.layout import DAY, MINUTE_NS, POSITIONS, STATES, Table
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.batches import PROVENANCES, Batch, Frames, Messages, Positions
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.receiver import Place
from skywitness.identity.book import Statement, register_of
from skywitness.pipeline import Output, Pipeline, Settings
from skywitness.reference.load import load_gazetteer, load_types
from skywitness.run.demo_place import DEMO_SCENARIO, MARK, Demo, demo_directory, kept_demo, scenario_text
from skywitness.run.track import final_rows
from skywitness.simulate.days import Days, Flown, flown
from skywitness.simulate.marks import simulated_uuid
from skywitness.tracks.aircraft import AircraftTable, aircraft_table
from skywitness.units import NS_PER_S

__all__ = ["build_demo", "founding_days", "open_demo"]

SAID_BY = "press-simulated"
BATCH_ROWS = 1 << 15
STATES_EVERY_NS = 60 * NS_PER_S
BUSY_LEAST = 2_000
"""Frames that a receiver must hear in the busy hour to be replayed."""
SIMULATED = PROVENANCES.index("simulated")


def founding_days() -> Days:
    """Return the days of the bundled scenario."""
    return Days.parse(scenario_text(), DEMO_SCENARIO)


def open_demo(tell: Callable[[str], None] | None = None) -> Demo:
    """Return the demonstration; the first time it is built, which takes up to a minute.

    tell  is given a line if it has to be built
    """
    kept = kept_demo()
    if kept is not None:
        return kept
    if tell is not None:
        tell("making the demonstration (once, less than a minute)")
    directory = demo_directory()
    directory.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".making-", dir=directory.parent))
    try:
        build_demo(work, founding_days())
        if not (directory / MARK).exists():
            shutil.rmtree(directory, ignore_errors=True)
            work.replace(directory)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    made = kept_demo()
    assert made is not None
    return made


def build_demo(directory: Path, days: Days) -> dict[str, object]:
    """Simulate the days into a data directory; return what its mark says.

    Receptions go into raw segments as any others do, positions through the same core into the files of days.
    """
    gazetteer, types = load_gazetteer(), load_types()
    traffic = days.traffic(gazetteer, types)
    flights = [flown(days, airframe, flight, gazetteer, types) for airframe in traffic for flight in airframe.flights]
    frames = _in_order([one.frames for one in flights])
    _record(directory, days, frames)
    _identities(directory, days)
    live = _busy_hour(directory, days, flights)
    facts: dict[str, object] = {
        "what": "SIMULATED: no receptions of these flights exist; see docs/guide/demo.md",
        "scenario": days.name,
        "skywitness": __version__,
        "receptions": len(frames),
        "truth": [_truth(one) for one in flights[: sum(len(one.flights) for one in days.airframes)]],
        "live": live,
    }
    (directory / MARK).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def _truth(one: Flown) -> dict[str, object]:
    return {
        "icao24": one.airframe.icao, "registration": one.airframe.registration,
        "from": one.flight.origin, "to": one.flight.destination,
        "takeoff_ns": one.takeoff_ns, "landing_ns": one.landing_ns,
    }  # fmt: skip


def _identities(directory: Path, days: Days) -> None:
    """What the scenario says of its airframes, as a list of its own beside the record."""
    said = [
        Statement(
            int(one.icao, 16), SAID_BY, "scenario", one.registration, one.typecode, one.operator,
            flags=1 if one.military else 0,
        )
        for one in days.airframes
    ]  # fmt: skip
    put_register(directory / "identity", register_of(SAID_BY, "scenario", said))


def _in_order(parts: list[Frames]) -> Frames:
    frames = Frames.concat(part for part in parts if len(part))
    return frames.take(np.argsort(frames.time_ns, kind="stable"))


def _record(directory: Path, days: Days, frames: Frames) -> None:
    """Write receptions to segments, and what the core makes of them to the files of days."""
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0, level=9), threaded=False)
    numbers = np.zeros(len(days.receivers), np.uint16)
    for number, one in enumerate(days.receivers):
        known = recorder.receiver(
            one.name, uuid=simulated_uuid(number), place=Place(one.lat_deg, one.lon_deg, one.height_m)
        )
        numbers[number] = known.number
        recorder.connected(known.number, f"simulated:{one.name}", days.start_ns)
    places = tuple((one.lat_deg, one.lon_deg) for one in days.receivers)
    pipeline = Pipeline(Settings(places=places, provenance=SIMULATED))
    positions: list[Positions] = []
    states: list[AircraftTable] = []
    states_ns = 0
    for start in range(0, len(frames), BATCH_ROWS):
        batch = frames.slice(start, min(start + BATCH_ROWS, len(frames)))
        now_ns = int(batch.time_ns[-1])
        first = recorder.reserve(len(batch), now_ns)
        batch = batch.replaced(id=first + np.arange(len(batch)), receiver=numbers[batch.receiver])
        recorder.push(Output(batch, Messages.empty(), Positions.empty()), now_ns)
        recorder.turn()
        positions.append(pipeline.push(batch).positions)
        if now_ns - states_ns >= STATES_EVERY_NS:
            states_ns = now_ns
            states.append(_heard_lately(pipeline, now_ns))
    positions.append(pipeline.flush().positions)
    rows = final_rows(Positions.concat(positions))
    for table, batches in ((POSITIONS, rows), (STATES, AircraftTable.concat(states))):
        for minute, part in _by_day(table, batches):
            manifest = recorder.spool.manifest
            entry = put_rows(directory, recorder.files, table, minute, DAY, manifest.number(), [part])
            manifest.append([entry])
            manifest.enter([entry])
    recorder.close()


def _heard_lately(pipeline: Pipeline, now_ns: int) -> AircraftTable:
    tables = [aircraft_table(shard.tracker.aircraft, shard.tracker.pairs) for shard in pipeline.shards]
    table = AircraftTable.concat(tables)
    return table.take(table.seen_time_ns > now_ns - STATES_EVERY_NS)


def _by_day(table: Table, rows: Batch) -> Iterator[tuple[int, Batch]]:
    day = getattr(rows, table.time) // MINUTE_NS // DAY
    for number in np.unique(day).tolist():
        yield number * DAY, rows.take(day == number)


def _busy_hour(directory: Path, days: Days, flights: list[Flown]) -> list[dict[str, object]]:
    """Write one recording for each receiver that hears much in the busy hour, with more of what was sent."""
    gazetteer, types = load_gazetteer(), load_types()
    from_ns, until_ns = days.busy_from_ns, days.busy_from_ns + days.busy_s * NS_PER_S
    parts = []
    for one in flights:
        times = one.frames.time_ns
        if len(times) and bool(((times >= from_ns) & (times < until_ns)).any()):
            again = flown(
                days, one.airframe, one.flight, gazetteer, types,
                kept_share=days.busy_share, from_ns=from_ns, until_ns=until_ns,
            )  # fmt: skip
            parts.append(again.frames)
    frames = _in_order(parts) if parts else Frames.empty()
    found: list[dict[str, object]] = []
    (directory / "live").mkdir(exist_ok=True)
    for number, ear in enumerate(days.receivers):
        mine = frames.take(frames.receiver == number)
        if len(mine) < BUSY_LEAST:
            continue
        name = f"live/{ear.name.lower().replace(' ', '-')}.beast.zst"
        with zstandard.open(directory / name, "wb", cctx=zstandard.ZstdCompressor(level=6)) as file:
            file.write(b"\x1a\xe4" + simulated_uuid(number).encode("ascii"))
            file.write(BeastWriter().write(mine))
        found.append(
            {"name": ear.name, "file": name, "lat_deg": ear.lat_deg, "lon_deg": ear.lon_deg, "frames": len(mine)}
        )
    return found
