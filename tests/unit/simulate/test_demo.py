"""The bundled demonstration is small, says what it is, and is what its scenario gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zstandard

from skywitness.frames.formats.beast import BeastReader
from skywitness.simulate.demo import demo_path
from skywitness.simulate.marks import is_simulated_uuid, simulated_uuid
from skywitness.simulate.simulate import simulate

SCENARIO = Path(__file__).parents[3] / "scenarios" / "demo.toml"


def test_the_recording_is_small_and_says_that_it_is_simulated() -> None:
    assert demo_path().stat().st_size <= 400_000
    with demo_path().open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as plain:
        assert plain.read(38) == b"\x1a\xe4" + simulated_uuid(0).encode()


def test_the_recording_is_what_the_scenario_gives() -> None:
    with demo_path().open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as plain:
        frames = BeastReader().push(plain.read())
    expected = simulate(SCENARIO.read_text(encoding="utf-8")).frames()
    # Another C library may round a value the other way now and then.
    assert len(frames) == len(expected)
    assert (frames.data != expected.data).any(axis=1).mean() < 0.001
    assert np.abs(frames.ticks - expected.ticks).max() <= 1


def test_uuids_are_known_however_written() -> None:
    assert is_simulated_uuid("51B01A7Ed00040008000000000000003")
    assert not is_simulated_uuid("51b01a7e-d000-4000-9000-000000000003")
