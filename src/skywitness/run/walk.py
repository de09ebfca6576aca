"""The walk that touches every kernel once, over a small input, in the way the program calls it.

Each step is one way through the program; together they are what set-up compiles and what a first user would wait for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from skywitness.batches import Frames
from skywitness.frames.clock import Clock
from skywitness.frames.demodulate.demodulator import Demodulator
from skywitness.frames.formats.beast import BeastReader
from skywitness.pipeline import Pipeline, Settings
from skywitness.simulate.scenario import Scenario
from skywitness.simulate.simulate import simulate

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


BEAST = bytes.fromhex("1a33 000000000001 80 8d40621d58c382d690c8ac2863a7")


@functools.cache
def heard() -> Frames:
    """What both receivers hear, in order of time."""
    simulation = simulate(Scenario.parse(SCENARIO))
    both = Frames.concat(simulation.frames(receiver) for receiver in range(2))
    return both.take(np.argsort(both.time_ns, kind="stable"))


def read() -> None:
    """Beast bytes to frames with times."""
    clock = Clock(0)
    reader = BeastReader()
    clock.push(reader.push(BEAST))
    clock.push(reader.flush())


def track() -> None:
    """Frames to positions."""
    pipeline = Pipeline(Settings(places=((47.0, 8.0), None)))
    pipeline.push(heard())
    pipeline.flush()


def demodulate() -> None:
    """Both kinds of samples, of noise."""
    noise = np.random.default_rng(1090)
    for sample_format, bytes_a_sample in (("uc8", 2), ("sc16", 4)):
        demodulator = Demodulator(2_400_000, sample_format)
        demodulator.push(noise.integers(0, 256, 20_000 * bytes_a_sample, np.uint8).tobytes())
        demodulator.flush()


STEPS: tuple[Callable[[], object], ...] = (heard, read, track, demodulate)
"""In the order of the picture."""
