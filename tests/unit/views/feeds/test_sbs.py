"""SBS out: a recorded minute against another program's lines, and each transmission type."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness.batches import UNTIMED, Frames
from skywitness.codes.parity import syndrome_short
from skywitness.kernel import plain
from skywitness.messages.mode_s.encode import identity_code
from skywitness.pipeline import Output, Pipeline
from skywitness.sources.readers import open_recording
from skywitness.views.feeds.sbs import SbsWriter
from tests.frames_from import frames_from


def lines_of(*frames: str, time_ns: int = 1_522_782_148_298_999_999) -> list[list[str]]:
    rows = [(time_ns, 0, bytes.fromhex(frame)) for frame in frames]
    text = SbsWriter().write(Pipeline().push(frames_from(rows))).decode("ascii")
    assert text.endswith("\r\n")
    return [line.split(",") for line in text.split("\r\n")[:-1]]


CAUSES = {
    "milliseconds rounded down: 1 tick of 12 MHz counters added up another way there": 6,
    "five decimals there, six here": 2912,
    "cut off to whole knots there, rounded here": 546,
    "whole degrees rounded another way there": 504,
    "whether it is airborne is told by the message, but left out there": 1694,
}


def cause_of(number: str, field: int, ours: str, theirs: str) -> str:
    if field == 8 and abs(int(ours[-3:]) - int(theirs[-3:])) == 1:
        return "milliseconds rounded down: 1 tick of 12 MHz counters added up another way there"
    if field in (15, 16) and abs(float(ours) - float(theirs)) <= 0.0000051:
        return "five decimals there, six here"
    if (number, field) == ("4", 13) and int(ours) - int(theirs) == 1:
        return "cut off to whole knots there, rounded here"
    if (number, field) == ("4", 14) and (int(ours) - int(theirs)) % 360 in (1, 359):
        return "whole degrees rounded another way there"
    if field == 22 and not theirs:
        return "whether it is airborne is told by the message, but left out there"
    return f"unexplained: type {number}, field {field}: {ours!r}, not {theirs!r}"


def test_a_recorded_minute_gives_the_lines_of_another_program(data_dir: Path):
    recording = open_recording(data_dir / "raw" / "ulss7_20180403.beast.zst", start_ns=1_522_782_148_136_310_917)
    pipeline, writer = Pipeline(), SbsWriter()
    text = b"".join(writer.write(pipeline.push(frames)) for frames in recording.frames()).decode("ascii")
    with zstandard.open(data_dir / "raw" / "ulss7_20180403.sbs.csv.zst", "rb") as file:
        theirs = [line.rstrip("\r\n").split(",") for line in io.TextIOWrapper(file) if line.startswith("MSG,")]
    ours = [line.split(",") for line in text.split("\r\n")[:-1]]
    assert len(ours) == len(theirs) == 8622  # places too: where there is one there, there is one here
    causes: Counter[str] = Counter()
    for line, other in zip(ours, theirs, strict=True):
        assert len(line) == 22
        assert (line[1], line[4], line[6]) == (other[1], other[4], other[6])
        for field in (8, *range(11, 23)):
            if line[field - 1] != other[field - 1]:
                causes[cause_of(line[1], field, line[field - 1], other[field - 1])] += 1
    assert dict(causes) == CAUSES


def test_each_type_has_its_own_fields():
    lines = lines_of("5D4840D6F8740F", "8D4840D6202CC371C32CE0576098", "8D485020994409940838175B284F")
    assert lines[0][:10] == [
        "MSG", "8", "1", "1", "4840D6", "1", "2018/04/03", "19:02:28.298", "2018/04/03", "19:02:28.298",
    ]  # fmt: skip
    assert lines[1][1] == "1"
    assert lines[1][10:] == ["KLM1023 ", *[""] * 10, "0"]
    assert lines[2][1] == "4"
    assert lines[2][10:] == ["", "", "159", "183", "", "", "-832", "", "", "", "", "0"]


def test_a_place_needs_a_pair_and_an_altitude_does_not():
    first, second = lines_of("8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6")
    assert (first[11], first[14]) == ("38000", "")
    assert (second[11], len(second[14].split(".")[1]), len(second)) == ("38000", 6, 22)


def identity_reply(code: int, icao: int) -> str:
    """DF 5, flight status 2 (alert, airborne), with a Mode A code."""
    row = np.zeros(14, np.uint8)
    row[:4] = list((5 << 27 | 2 << 24 | plain(identity_code)(code)).to_bytes(4, "big"))
    return (row[:4].tobytes() + (int(plain(syndrome_short)(row)) ^ icao).to_bytes(3, "big")).hex()


@pytest.mark.parametrize(("code", "flag"), [(0o7700, "-1"), (0o7600, "-1"), (0o7500, "-1"), (0o1234, "0")])
def test_emergency_codes_raise_the_flag(code: int, flag: str):
    _, line = lines_of("5D4840D6F8740F", identity_reply(code, 0x4840D6))
    assert (line[1], line[4]) == ("6", "4840D6")
    assert line[17:] == [f"{code:04o}", "-1", flag, "0", "0"]


def test_what_has_no_type_no_address_or_was_rejected_has_no_line():
    assert SbsWriter().write(Pipeline().push(Frames.empty())) == b""
    rows = [(UNTIMED, 0, bytes.fromhex(f)) for f in ("8D406B902015A678D4D220AA0000", "5D4840D6F8740F")]
    text = SbsWriter().write(Pipeline().push(frames_from(rows)))
    assert text.split(b",")[6:10] == [b""] * 4
    assert text.count(b"\r\n") == 1
    assert text.count(b",") == 21


@pytest.mark.parametrize("cuts", [(555,), (100, 101, 1500, 2222)])
def test_cuts_change_nothing(data_dir: Path, cuts: tuple[int, ...]):
    recording = open_recording(data_dir / "raw" / "ulss7_20180403.beast.zst", start_ns=1_522_782_148_136_310_917)
    frames = next(recording.frames()).slice(0, 5000)
    whole: Output = Pipeline().push(frames)
    pipeline, writer = Pipeline(), SbsWriter()
    parts = [pipeline.push(frames.slice(a, b)) for a, b in zip((0, *cuts), (*cuts, len(frames)), strict=True)]
    assert b"".join(writer.write(part) for part in parts) == writer.write(whole)
    assert np.count_nonzero(whole.messages.status <= 1) > 3000
