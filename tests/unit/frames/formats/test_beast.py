"""Beast: each kind of message, by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness.batches import TIMINGS, UNTIMED
from skywitness.frames.clock import Clock
from skywitness.frames.formats.beast import BeastReader, Place
from skywitness.frames.formats.beast_writer import BeastWriter

LONG = bytes.fromhex("8D406B902015A678D4D220AA4BDA")
SHORT = bytes.fromhex("5D4840D6F8740F")


def escaped(body: bytes) -> bytes:
    return body.replace(b"\x1a", b"\x1a\x1a")


def message(kind: bytes, body: bytes) -> bytes:
    return b"\x1a" + kind + escaped(body)


def frame(data: bytes, stamp: int = 12_000_000, signal: int = 128) -> bytes:
    kind = {2: b"1", 7: b"2", 14: b"3"}[len(data)]
    return message(kind, stamp.to_bytes(6, "big") + bytes([signal]) + data)


def test_a_frame_is_read():
    frames = BeastReader(receiver=4, segment=2).push(frame(LONG, 0x1A1A00001A01, 0x1A))
    assert frames.data[0].tobytes() == LONG
    assert (frames.id[0], frames.ticks[0], frames.receiver[0], frames.length[0]) == (2 << 32, 0x1A1A00001A01, 4, 14)
    assert frames.timing[0] == TIMINGS.index("counter_12mhz")
    assert frames.time_ns[0] == UNTIMED
    assert frames.signal_dbfs[0] == pytest.approx(-19.8313, abs=1e-3)


def test_levels_and_lengths():
    frames = BeastReader().push(frame(b"\x7a\x10", signal=255) + frame(SHORT, signal=0))
    assert frames.length.tolist() == [2, 7]
    assert frames.signal_dbfs[0] == 0.0
    assert np.isnan(frames.signal_dbfs[1])


@pytest.mark.parametrize(
    ("stamp", "timing"),
    [
        (0xFF004D4C4154, "mlat_result"),
        (0xFF004D4C415E, "mlat_result"),
        (0xFF004D4C4155, "uat_derived"),
        (0xFF004D4C4160, "do_not_forward"),
        (0xFFFFFFFFFFFF, "none"),
        (0xFF004D4C4153, "counter_12mhz"),
        (0xFF004D4C4161, "counter_12mhz"),
    ],
)
def test_special_stamps(stamp: int, timing: str):
    frames = BeastReader().push(frame(SHORT, stamp))
    assert TIMINGS[frames.timing[0]] == timing
    assert frames.ticks[0] == (stamp if timing == "counter_12mhz" else -1)
    again = BeastReader().push(BeastWriter(markers=False).write(frames))
    assert again.timing[0] == frames.timing[0]


def test_station_ids_are_receivers():
    reader = BeastReader(receiver=10)
    ids = [0x1A00000000000001, 7, 0x1A00000000000001, -1]
    stream = b"".join(message(b"\xe3", i.to_bytes(8, "big", signed=True)) + frame(SHORT) for i in ids)
    assert reader.push(stream + frame(LONG)).receiver.tolist() == [10, 11, 10, 12, 12]
    assert reader.stations == [0x1A00000000000001, 7, -1]


def test_a_thousand_stations():
    reader = BeastReader()
    stream = b"".join(message(b"\xe3", (i * 7919).to_bytes(8, "big")) + frame(SHORT) for i in range(1, 1001))
    assert reader.push(stream + stream).receiver.tolist() == [*range(1000), *range(1000)]


def test_frames_before_a_station_id_are_station_0():
    reader = BeastReader()
    stream = frame(SHORT) + message(b"\xe3", bytes(7) + b"\5") + frame(SHORT) + message(b"\xe3", bytes(8)) + frame(LONG)
    assert reader.push(stream).receiver.tolist() == [0, 1, 0]
    assert reader.stations == [0, 5]


def test_a_wall_clock_marker_is_the_time_of_the_next_frame():
    marker = b"\x1a\xe8" + (1_700_000_000_123).to_bytes(8, "little")
    frames = BeastReader().push(marker + frame(SHORT) + frame(LONG, 24_000_000))
    assert frames.time_ns.tolist() == [1_700_000_000_123_000_000, UNTIMED]
    assert Clock().push(frames).time_ns.tolist() == [1_700_000_000_123_000_000, 1_700_000_001_123_000_000]


def test_a_marker_beyond_all_time_is_not_believed():
    reader = BeastReader()
    frames = reader.push(b"\x1a\xe8" + b"\xff" * 7 + b"\x7f" + frame(SHORT))
    assert frames.time_ns.tolist() == [UNTIMED]
    assert reader.counts == {"bad_marker": 1}


def test_notices_are_counted_and_kept():
    place = bytes(4) + struct.pack("<fff", 47.5, 8.25, 512.0) + bytes(5)
    reader = BeastReader()
    stream = (
        b"\x1a\xe4" + b"51b01a7e-d000-4000-8000-00000000001f"
        + message(b"5", place) + message(b"4", bytes(21)) + message(b"1", bytes(9)) + message(b"P", b"\x1a\0\1")
        + message(b"W", b"O") + b"\x1a\xe4" + b"f" * 36 + frame(SHORT)
    )  # fmt: skip
    assert len(reader.push(stream)) == 1
    assert reader.uuid == "51b01a7e-d000-4000-8000-00000000001f"
    assert reader.place == Place(47.5, 8.25, 512.0)
    assert reader.counts == {"uuid": 2, "position": 1, "status": 1, "heartbeat": 1, "ping": 1, "request": 1}


def test_a_proxy_line_may_come_first():
    line = b"PROXY TCP4 192.0.2.1 192.0.2.2 5000 30004"
    reader = BeastReader()
    parts = [reader.push(bytes([b])) for b in line + b"\r\n" + frame(SHORT)]
    assert sum(map(len, parts)) == 1
    assert reader.proxy == line.decode()
    assert not reader.counts


def test_after_damage_the_next_frame_is_found():
    reader = BeastReader()
    stream = b"noise" + frame(LONG)[:12] + frame(SHORT) + b"\x1a\x77" + frame(LONG) + frame(SHORT)[:-1]
    assert reader.push(stream).length.tolist() == [7, 14]
    reader.flush()
    assert reader.counts == {"skipped": 5 + 12 + 2, "cut_short": 1, "unknown_type": 1, "unfinished": 15}


def test_epochs_are_written_as_a_counter(data_dir: Path):
    from skywitness.frames.formats.hex_csv import HexCsvReader

    frames = HexCsvReader().push(b"1457996400.000001,8D406B902015A678D4D220AA4BDA\n1457996401.5,5D4840D6F8740F\n")
    again = Clock().push(BeastReader().push(BeastWriter().write(frames)))
    assert again.time_ns.tolist() == [1_457_996_400_000_001_000, 1_457_996_401_500_000_000]


@pytest.mark.compiled
def test_the_recording_from_st_petersburg(data_dir: Path):
    packed = (data_dir / "raw" / "ulss7_20180403.beast.zst").read_bytes()
    stream = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    reader = BeastReader()
    frames = reader.push(stream)
    assert len(frames) == 13_954
    assert not reader.counts
    assert np.count_nonzero(frames.length == 2) == 5_026
    df = np.minimum(frames.data[frames.length > 2, 0] >> 3, 24)
    counts = {int(code): int(count) for code, count in zip(*np.unique(df, return_counts=True), strict=True)}
    assert counts == {0: 440, 4: 328, 5: 196, 11: 3978, 16: 62, 17: 3436, 20: 262, 21: 226}
    assert BeastWriter(markers=False).write(frames) == stream
