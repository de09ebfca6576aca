"""Tables of frames: the orders of columns met so far, exact epochs, and what is no row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness.batches import TIMINGS, UNTIMED
from skywitness.frames.clock import Clock
from skywitness.frames.formats.hex_csv import LONGEST_LINE, HexCsvReader, decimal_ns
from skywitness.kernel import plain

HEX = "8D406B902015A678D4D220AA4BDA"
NS = 1_457_996_400_000_000_000


@pytest.mark.parametrize(
    ("line", "time_ns"),
    [
        (f'1457996400,"{HEX}","406B90",19', NS),
        (f"\ufeff1457996400.000000001,406B90,{HEX}\r", NS + 1),
        (f"1457996400.25 , {HEX.lower()}", NS + 250_000_000),
        (f"1457996400.1234567899;{HEX}", NS + 123_456_789),
        (f"1457996400\t{HEX}\tx", NS),
        (HEX, UNTIMED),
        (f"*{HEX};", UNTIMED),
    ],
)
def test_orders_of_columns(line: str, time_ns: int):
    reader = HexCsvReader(receiver=3)
    frames = reader.push(line.encode() + b"\n")
    assert reader.counts == {}
    assert frames.data.tobytes().hex().upper() == HEX
    assert frames.time_ns.tolist() == [time_ns]
    assert frames.timing.tolist() == [TIMINGS.index("none" if time_ns == UNTIMED else "epoch")]
    assert frames.receiver.tolist() == [3]


def test_a_beast_frame_brings_stamp_and_level():
    frames = HexCsvReader().push(b"1698140962.119813,1a32000023b1dda0ff210000bd6b441a\n")
    assert (frames.time_ns[0], frames.ticks[0]) == (1_698_140_962_119_813_000, 0x23B1DDA0)
    assert frames.signal_dbfs[0] == 0.0
    assert frames.data[0, :7].tobytes().hex() == "210000bd6b441a"


def test_mode_ac_alone():
    frames = HexCsvReader().push(b"7A10\n1457996400,7a10\n")
    assert frames.length.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("time,frame", "no_frame"),
        ("1457996400,8D406B90", "no_frame"),
        (f"1457996400,{HEX[:-1]}", "no_frame"),
        (f"1457996400,{HEX[:-1]}g", "no_frame"),
        ("1457996400,1a34000023b1dda0ff210000bd6b441a", "no_frame"),
        (f"now,{HEX}", "bad_time"),
        (f"1.4e9,{HEX}", "bad_time"),
        (f"99999999999,{HEX}", "bad_time"),
        (f"-1,{HEX}", "bad_time"),
        ("x" * (LONGEST_LINE + 1), "too_long"),
        ("# simulated", "comment"),
    ],
)
def test_what_is_no_row_is_counted(line: str, reason: str):
    reader = HexCsvReader()
    frames = reader.push(f"{line}\n1457996400,{HEX}\n".encode())
    assert frames.time_ns.tolist() == [NS]
    assert {name: count for name, count in reader.counts.items() if name != "skipped"} == {reason: 1}


def test_the_last_line_needs_no_end():
    reader = HexCsvReader()
    assert len(reader.push(HEX.encode())) == 0
    assert len(reader.flush()) == 1


@pytest.mark.parametrize(
    ("text", "ns"), [("0", 0), (".5", 500_000_000), ("9223372035.999999999", 9_223_372_035_999_999_999), (".", -1)]
)
def test_decimal_numbers_are_exact(text: str, ns: int):
    stream = np.frombuffer(text.encode(), np.uint8)
    assert plain(decimal_ns)(stream, 0, len(stream)) == ns


@pytest.mark.compiled
def test_the_flight_to_amsterdam(data_dir: Path):
    packed = (data_dir / "raw" / "klm1302_20231024.beasthex.csv.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    reader = HexCsvReader()
    frames = reader.push(text)
    assert len(frames) == 172_432
    assert not reader.counts
    for line, row in zip(text.split(b"\n")[:1000], range(1000), strict=True):
        epoch, message = line.decode().split(",")
        whole, _, fraction = epoch.partition(".")
        assert frames.time_ns[row] == int(whole) * 10**9 + int(fraction.ljust(9, "0"))
        assert frames.ticks[row] == int(message[4:16], 16)
        assert frames.data[row, : frames.length[row]].tobytes().hex() == message[18:]
    timed = Clock().push(frames)
    # The counter runs at 12 MHz to 1 part in 10^8 and never restarts: within 0.1 ms after two hours, and no step.
    off = timed.time_ns - frames.time_ns
    assert np.abs(off).max() < 1000
    assert np.abs(np.diff(timed.time_ns) - np.diff(frames.ticks) * 250 / 3).max() <= 1
