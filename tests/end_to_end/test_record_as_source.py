"""A node's record is a recording like others: its segments and its directory can be tracked, decoded and replayed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import skywitness
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.segments import segment_path, segments_of
from skywitness.batches import Messages, Positions
from skywitness.cli import main
from skywitness.errors import FormatError
from skywitness.pipeline import Output
from skywitness.simulate.marks import simulated_uuid

SETTINGS = RecorderSettings(seal=False, segment_bytes=100_000, reserve_bytes=0)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    directory = tmp_path_factory.mktemp("record")
    frames = skywitness.read("demo")
    recorder = Recorder(directory, SETTINGS, threaded=False)
    recorder.receiver("roof", uuid=simulated_uuid(1))
    for start in range(0, len(frames), 1000):
        part = frames.slice(start, min(start + 1000, len(frames)))
        first = recorder.reserve(len(part), 0)
        output = Output(part.replaced(id=first + np.arange(len(part))), Messages.empty(), Positions.empty())
        recorder.push(output, int(part.time_ns[-1]))
        recorder.turn()
    recorder.close()
    assert len(segments_of(directory)) > 1
    return directory


def test_the_directory_gives_what_the_recording_gave(record):
    wanted = skywitness.read("demo")
    for source in (record, record / "raw", str(record)):
        found = skywitness.read(source)
        for name in ("time_ns", "ticks", "timing", "receiver", "length", "data"):
            assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
        assert np.array_equal(found.id, np.arange(len(found)))
    positions = skywitness.track(str(record))
    demo = skywitness.track("demo")
    for name in Positions.names():
        if name != "signal_dbfs":
            assert np.array_equal(getattr(positions, name), getattr(demo, name), equal_nan=name[-3:] != "ign"), name


def test_commands_take_segments_and_directories(record, tmp_path, capsys):
    segment = str(segment_path(record, segments_of(record)[0]))
    for source in (segment, str(record), str(record / "raw")):
        assert main(["track", source]) == 0
        assert main(["decode", source, "-o", str(tmp_path / "out.parquet")]) == 0
        assert main(["convert", source, str(tmp_path / "out.beast")]) == 0
        capsys.readouterr()
        assert main(["stats", source, "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["format"] == "segment"
        assert facts["simulated"]
    found = skywitness.read(tmp_path / "out.beast")
    assert np.array_equal(found.data, skywitness.read("demo").data)


def test_damage_is_counted_and_the_rest_read(record, tmp_path, capsys):
    copy = tmp_path / "record"
    shutil.copytree(record, copy)
    path = segment_path(copy, segments_of(copy)[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert main(["stats", str(copy), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["rejected_by_reader"]["damaged_blocks"] == 1
    assert facts["frames"] > 30_000
    path.write_bytes(segment_path(record, segments_of(record)[0]).read_bytes()[:-50])
    with pytest.raises(FormatError, match="ends in the middle"):
        skywitness.read(path)
    path.write_bytes(b"\x00" * 1000)
    with pytest.raises(FormatError):
        skywitness.read(path)


def test_an_empty_directory_is_refused(tmp_path, capsys):
    assert main(["track", str(tmp_path)]) == 2
    assert "without segments" in capsys.readouterr().err
