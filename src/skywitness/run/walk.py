"""The walk that touches every kernel once, over a small input, in the way the program calls it.

Each step is one way through the program; together they are what set-up compiles and what a first user would wait for.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable

import numpy as np

from skywitness.batches import Frames
from skywitness.coverage.counting import Counting
from skywitness.frames.clock import Clock
from skywitness.frames.demodulate.demodulator import Demodulator
from skywitness.frames.formats.avr import AvrReader, AvrWriter
from skywitness.frames.formats.beast import BeastReader
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.formats.hex_csv import HexCsvReader, HexCsvWriter
from skywitness.frames.formats.segment_blocks import ReceiverRows, encode_block
from skywitness.frames.live_clock import LiveClock
from skywitness.geo.cells import cells_of, nearest
from skywitness.geo.geodesic import geodesic
from skywitness.journeys.events import events
from skywitness.journeys.histories import histories
from skywitness.journeys.legs import legs
from skywitness.messages.mode_s.columns import decode_table
from skywitness.pipeline import Pipeline, Settings
from skywitness.reference.load import load_gazetteer
from skywitness.simulate.scenario import Scenario
from skywitness.simulate.simulate import simulate
from skywitness.tracks.aircraft import aircraft_table
from skywitness.views.feeds.aircraft_json import aircraft_json
from skywitness.views.feeds.tracks import track_writer

__all__ = ["SCENARIO", "STEPS", "heard"]

SCENARIO = """
name = "walk"
duration_s = 3
[[receiver]]
name = "one"
lat_deg = 47.0
lon_deg = 8.0
[[receiver]]
name = "two"
lat_deg = 47.1
lon_deg = 8.0
[[fleet]]
count = 1300
area = [46.9, 7.9, 47.1, 8.1]
"""
"""More aircraft than the tables begin with, so that they grow, over two receivers, whose receptions are grouped."""


@functools.cache
def heard() -> Frames:
    """What both receivers hear, in order of time."""
    simulation = simulate(Scenario.parse(SCENARIO))
    both = Frames.concat(simulation.frames(receiver) for receiver in range(2))
    return both.take(np.argsort(both.time_ns, kind="stable"))


def write_and_read() -> None:
    """Frames to each format, and back to frames with times."""
    for writer, reader in (
        (BeastWriter(), BeastReader()),
        (AvrWriter(), AvrReader()),
        (HexCsvWriter(), HexCsvReader()),
    ):
        clock = Clock(0)
        clock.push(reader.push(writer.write(heard())))
        clock.push(reader.flush())
    LiveClock().push(heard(), int(heard().time_ns[0]))


def track() -> None:
    """Frames to messages and positions, and to a column for every field."""
    pipeline = Pipeline(Settings(places=((47.0, 8.0), None)))
    output = pipeline.push(heard())
    pipeline.flush()
    Counting().push(output.messages, output.positions, np.array([(47.0, 8.0), (np.nan, np.nan)]))
    decode_table(output.frames, output.messages)
    decode_table(heard().slice(0, 100))  # by themselves: the register of a reply from its own bits alone


def show() -> None:
    """Aircraft and positions as text."""
    pipeline = Pipeline()
    positions = pipeline.push(heard()).positions
    tracker = pipeline.shards[0].tracker
    aircraft_json(aircraft_table(tracker.aircraft, tracker.pairs), int(heard().time_ns[-1]), len(heard()))
    track_writer(io.BytesIO(), "csv").write(positions)


def demodulate() -> None:
    """Both kinds of samples, of noise."""
    noise = np.random.default_rng(1090)
    for sample_format, bytes_a_sample in (("uc8", 2), ("sc16", 4)):
        demodulator = Demodulator(2_400_000, sample_format)
        demodulator.push(noise.integers(0, 256, 20_000 * bytes_a_sample, np.uint8).tobytes())
        demodulator.flush()


def keep() -> None:
    """Frames into a block of the record."""
    encode_block(heard(), {number: ReceiverRows(0, 0) for number in range(2)})


def place() -> None:
    """The nearest of some points, and the way to it."""
    lat, lon = np.array([47.0, 46.9]), np.array([8.0, 8.1])
    nearest(cells_of(lat, lon), lat, lon, 10.0)
    geodesic(lat, lon, lat[::-1], lon[::-1])


def fly() -> None:
    """Positions into histories, legs and events."""
    events(legs(histories(Pipeline().push(heard()).positions), load_gazetteer()))


STEPS: tuple[Callable[[], object], ...] = (heard, write_and_read, track, keep, show, demodulate, place, fly)
"""In the order of the picture."""
