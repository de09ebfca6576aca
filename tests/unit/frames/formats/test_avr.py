"""AVR: the five spellings, and what is passed over."""

from __future__ import annotations

import pytest

from skywitness.batches import TIMINGS
from skywitness.errors import ConfigError
from skywitness.frames.formats.avr import AvrReader, AvrWriter

HEX = "8D406B902015A678D4D220AA4BDA"


@pytest.mark.parametrize(
    ("line", "ticks", "timing"),
    [
        (f"*{HEX};", -1, "none"),
        (f":{HEX.lower()};", -1, "none"),
        (f"@00000000001A{HEX};", 26, "counter_12mhz"),
        (f"<00000000001AFF{HEX};", 26, "counter_12mhz"),
        (f"%00000000001A{HEX};", -1, "none"),
        (f"@FF004D4C4154{HEX};", -1, "mlat_result"),
        (f"  *{HEX};(312,14,5F5E10)", -1, "none"),
    ],
)
def test_spellings(line: str, ticks: int, timing: str):
    reader = AvrReader()
    frames = reader.push(line.encode() + b"\r\n")
    assert frames.data.tobytes().hex().upper() == HEX
    assert frames.ticks.tolist() == [ticks]
    assert [TIMINGS[code] for code in frames.timing] == [timing]
    assert (frames.signal_dbfs[0] == 0.0) == (line[0] == "<")
    assert not reader.counts


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("*0000;", "heartbeat"),
        ("*8D40;8D", ""),
        ("hello", "bad_hex"),
        (f"*{HEX[:-2]};", "bad_length"),
        (f"*{HEX}00;", "bad_length"),
        (f"*{HEX[:-1]}x;", "bad_hex"),
        (f"@{HEX};", "bad_length"),
        (f"*{HEX} ;", "bad_hex"),
    ],
)
def test_what_is_no_frame_is_counted(line: str, reason: str):
    reader = AvrReader()
    frames = reader.push(f"{line}\n*{HEX};\n".encode())
    assert frames.data[-1].tobytes().hex().upper() == HEX
    assert len(frames) == (1 if reason else 2)
    assert {name for name in reader.counts if name != "skipped"} == ({reason} if reason else set())


def test_frames_may_share_a_line():
    assert len(AvrReader().push(f"*{HEX};*{HEX};\n".encode())) == 2


def test_a_prefix_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="no AVR prefix"):
        AvrWriter("!")


def test_lines_are_written():
    frames = AvrReader().push(f"<00000000001AFF{HEX};".encode())
    assert AvrWriter("<").write(frames) == f"<00000000001AFF{HEX};\n".encode()
    assert AvrWriter("@").write(frames) == f"@00000000001A{HEX};\n".encode()
    assert AvrWriter("*").write(frames) == f"*{HEX};\n".encode()
