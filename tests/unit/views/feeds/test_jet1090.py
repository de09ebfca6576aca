"""jet1090's JSON lines out: a recorded flight against the lines it came from, other messages, and reading back."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skywitness.batches import UNTIMED, Frames
from skywitness.frames.formats.jet1090 import Jet1090Reader
from skywitness.pipeline import Output, Pipeline
from skywitness.views.feeds.jet1090 import Jet1090Writer
from tests.frames_from import frames_from


def lines_of(*frames: str, receiver: int = 0, stations: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    rows = [(10**18 + k, receiver, bytes.fromhex(frame)) for k, frame in enumerate(frames)]
    text = Jet1090Writer(stations).write(Pipeline().push(frames_from(rows)))
    return [json.loads(line) for line in text.splitlines()]


# Cause of a difference and how often it is met in the recording; the first five as in test_decode_recordings, where
# each has its paragraph of the standard.
CAUSES = {
    "bit 36 read the other way there": 11_450,
    "rounded to hundreds of feet there": 9_123,
    "all ones taken for zero or none there": 4_862,
    "steps below 15 kt another there": 1_125,
    "0 ft and below, or no altitude, printed as 0 or none there": 297,
    "not printed there": 31_597,
    "settled by a later message here": 2744,
    "noise read as another code there": 2,
}


def cause_of(key: str, ours: Any, theirs: Any) -> str:
    name = key.rpartition(".")[2]
    if name == "vrate_src" and {ours, theirs} == {"GNSS", "barometric"}:
        return "bit 36 read the other way there"
    if name in ("selected_mcp", "selected_altitude") and theirs % 100 == 0 and abs(ours - theirs) < 50:
        return "rounded to hundreds of feet there"
    if name in ("vrate_barometric", "vrate_inertial", "track_rate") and (ours, theirs) in (
        (-32, 0),
        (-0.03125, None),
    ):
        return "all ones taken for zero or none there"
    if key == "groundspeed" and ours < 15:
        return "steps below 15 kt another there"
    if key == "altitude" and (ours or 0) <= 0 and theirs in (0, None):
        return "0 ft and below, or no altitude, printed as 0 or none there"
    if theirs is None and key.partition(".")[0] in ("tc", "time_sync", "nic_baro", "bds17", "bds50"):
        return "not printed there"
    if ours is None and key in ("latitude", "longitude"):
        return "settled by a later message here"
    if key in ("squawk", "altitude", "callsign"):
        return "noise read as another code there"
    return f"unexplained: {key} {ours} {theirs}"


def differences(ours: dict[str, Any], theirs: dict[str, Any], before: str = "") -> Iterator[str]:
    for key in ours.keys() | theirs.keys():
        a, b = ours.get(key), theirs.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from differences(a, b, f"{key}.")
        elif isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(b, bool):
            if abs(a - b) > 2e-3:
                yield cause_of(before + key, a, b)
        elif a != b and key != "metadata":
            yield cause_of(before + key, a, b)


@pytest.fixture(scope="module")
def flight(request: pytest.FixtureRequest) -> tuple[bytes, Frames, Output]:
    data_dir: Path = request.getfixturevalue("data_dir")
    with gzip.open(data_dir / "raw" / "baw3ak_20240606.jet1090.jsonl.gz", "rb") as file:
        text = file.read()
    frames = Jet1090Reader().push(text)
    return text, frames, Pipeline().push(frames)


def test_a_recorded_flight_gives_the_lines_it_came_from(flight: tuple[bytes, Frames, Output]):
    text, _, output = flight
    ours = [json.loads(line) for line in Jet1090Writer().write(output).splitlines()]
    theirs = {(line["timestamp"], line["frame"]): line for line in map(json.loads, text.splitlines())}
    assert len(ours) == 71_909  # 30 frames of addresses that no checked frame has shown
    causes: Counter[str] = Counter()
    for line in ours:
        causes.update(differences(line, theirs[line["timestamp"], line["frame"]]))
    assert dict(causes) == pytest.approx(CAUSES, rel=0.02, abs=5)


def test_what_is_written_is_read_back(flight: tuple[bytes, Frames, Output]):
    _, frames, output = flight
    part = Output(output.frames.slice(0, 5000), output.messages.slice(0, 5000), output.positions.slice(0, 5000))
    again = Jet1090Reader().push(Jet1090Writer().write(part))
    kept = frames.slice(0, 5000).take(output.messages.status[:5000] <= 1)
    assert np.array_equal(again.time_ns, kept.time_ns)
    assert np.array_equal(again.data, kept.data)


def test_each_reception_tells_its_receiver_and_level():
    (line,) = lines_of("8D406B902015A678D4D220AA4BDA", receiver=1, stations=(7, 8))
    assert line["metadata"] == [{"system_timestamp": 1e9, "rssi": -10.0, "serial": 8}]
    (line,) = lines_of("8D406B902015A678D4D220AA4BDA", receiver=3)
    assert line["metadata"][0]["serial"] == 3


def test_formats_and_registers_have_their_keys():
    lines = lines_of(
        "8D406B902015A678D4D220AA4BDA",
        "5D4840D6F8740F",
        "8D485020994409940838175B284F",
        "A00000B7FF81C3000000001238C3",
    )
    assert [line["df"] for line in lines[:1]] == ["17"]
    assert lines[0] | {"metadata": 0} == {
        "timestamp": 1e9, "frame": "8d406b902015a678d4d220aa4bda", "df": "17", "icao24": "406b90", "bds": "08",
        "tc": 4, "wake_vortex": "n/a", "callsign": "EZY85MH", "metadata": 0,
    }  # fmt: skip
    velocity = next(line for line in lines if line.get("bds") == "09")
    assert velocity["vertical_rate"] == -832
    assert velocity["groundspeed"] == pytest.approx(159.2, abs=0.01)


def test_a_capability_report_names_its_registers(flight: tuple[bytes, Frames, Output]):
    _, _, output = flight
    lines = map(json.loads, Jet1090Writer().write(output).splitlines())
    report = next(line["bds17"] for line in lines if line["frame"] == "a00000b7ff81c3000000001238c3")
    assert [name for name, has in report.items() if has is True] == [
        f"bds{bds}"
        for bds in "05 06 07 08 09 0a 20 21 40 50 51 52 5f 60".split()  # noqa: SIM905
    ]


def test_a_frame_without_time_has_no_timestamp_and_a_rejected_one_no_line():
    rows = [(UNTIMED, 0, bytes.fromhex(f)) for f in ("8D406B902015A678D4D220AA4BDA", "8D406B902015A678D4D220AA0000")]
    output = Pipeline().push(frames_from(rows))
    (line,) = (json.loads(text) for text in Jet1090Writer().write(output).splitlines())
    assert "timestamp" not in line
    assert "system_timestamp" not in line["metadata"][0]
    assert Jet1090Writer().write(Pipeline().push(Frames.empty())) == b""
