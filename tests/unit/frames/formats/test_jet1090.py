"""jet1090's JSON lines in: a whole recorded flight, receptions by several receivers, and lines that are no frame."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from skywitness.batches import TIMINGS, UNTIMED, Frames
from skywitness.errors import FormatError
from skywitness.frames.formats.jet1090 import Jet1090Reader

FRAME = "8d406b902015a678d4d220aa4bda"


def read(*lines: str, receiver: int = 0, segment: int = 0) -> tuple[Frames, Jet1090Reader]:
    reader = Jet1090Reader(receiver, segment)
    frames = Frames.concat([reader.push("\n".join(lines).encode()), reader.flush()])
    return frames, reader


def test_every_frame_of_a_recorded_flight_has_its_bytes_and_its_exact_time(data_dir: Path):
    with gzip.open(data_dir / "raw" / "baw3ak_20240606.jet1090.jsonl.gz", "rb") as file:
        text = file.read()
    reader = Jet1090Reader()
    frames = Frames.concat([reader.push(text), reader.flush()])
    assert len(frames) == 71_939
    assert reader.counts == {}
    assert reader.stations == []
    for i, line in enumerate(text.splitlines()[::7]):
        told = json.loads(line, parse_float=Decimal)
        assert frames.data[7 * i, : frames.length[7 * i]].tobytes().hex() == told["frame"]
        assert frames.time_ns[7 * i] == int(Decimal(told["timestamp"]) * 10**9)
    assert np.array_equal(frames.id, np.arange(71_939))


def test_each_entry_of_the_metadata_is_a_reception():
    first = '{"system_timestamp":1717664319.1,"gnss_timestamp":1717664319.123456789,"rssi":-12.5,"serial":987654321}'
    second = '{"system_timestamp":1717664319.2,"gnss_timestamp":null,"rssi":null,"serial":18446744073709551615}'
    third = '{"name":"a \\"]\\" b","serial":987654321}'
    line = f'{{"timestamp":1717664319.0,"frame":"{FRAME}","metadata":[{first},{second},{third}]}}'
    frames, reader = read(line, receiver=2, segment=1)
    assert frames.time_ns.tolist() == [1717664319123456789, 1717664319200000000, 1717664319000000000]
    assert frames.receiver.tolist() == [2, 3, 2]
    assert reader.stations == [987654321, (1 << 64) - 1]
    assert frames.signal_dbfs[0] == -12.5
    assert np.isnan(frames.signal_dbfs[1:]).all()
    assert frames.id.tolist() == [1 << 32, (1 << 32) + 1, (1 << 32) + 2]
    assert {bytes(row).hex() for row in frames.data} == {FRAME}
    assert set(frames.timing) == {TIMINGS.index("epoch")}


@pytest.mark.parametrize("metadata", ["[", "[]", "[7]", '[{"serial":"x","system_timestamp":"yesterday","rssi":9e99}]'])
def test_a_line_without_usable_metadata_is_one_reception(metadata: str):
    frames, _ = read(f'{{"timestamp": 5.25, "frame": "{FRAME}", "metadata": {metadata}}}')
    assert frames.time_ns.tolist() == [5_250_000_000]
    assert frames.receiver.tolist() == [0]
    assert np.isnan(frames.signal_dbfs[0])


def test_short_frames_blanks_and_upper_case_are_read_and_zeros_follow():
    frames, _ = read('{ "frame" : "5D4840D6F8740F" , "timestamp" : 1.5e9 }\r')
    assert (frames.length[0], frames.time_ns[0]) == (7, 1_500_000_000_000_000_000)
    assert bytes(frames.data[0]).hex() == "5d4840d6f8740f" + "00" * 7


def test_what_is_no_frame_is_counted():
    frames, reader = read("", '{"timestamp":1,"frame":"8d40"}', "[1]", f'{{"frame":"{FRAME}"}}')
    assert frames.time_ns.tolist() == [UNTIMED]
    assert frames.timing.tolist() == [TIMINGS.index("none")]
    assert reader.counts == {"no_frame": 2, "skipped": 33, "no_time": 1}


def test_more_receivers_than_there_are_numbers_for_is_an_error():
    with pytest.raises(FormatError, match="more than 1 receivers"):
        read(*[f'{{"frame":"{FRAME}","metadata":[{{"serial":{k}}}]}}' for k in (1, 2)], receiver=65_535)


def test_many_beginnings_of_metadata_take_no_more_than_one_look():
    line = f'{{"frame":"{FRAME}",' + '"metadata":[' * 80_000
    frames, reader = read(line)
    assert len(frames) == 1
    assert reader.counts["bad_metadata"] == 1
