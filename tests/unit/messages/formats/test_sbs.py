"""SBS in: a recorded minute, what a position carries from earlier lines, and the dialects."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness.batches import POSITION_SOURCES, PROVENANCES, VERDICTS, Positions
from skywitness.frames.formats.log_date import log_start_ns
from skywitness.messages.formats.sbs import SbsReader
from skywitness.messages.mode_s.callsign import callsign_text

STAMP = "2018/04/03,19:02:{:06.3f},2018/04/10,21:24:39.436"
START_NS = 1_522_782_120 * 10**9


def line(number: int, seconds: float = 0.0, address: str = "400159", **said: str) -> str:
    names = "callsign alt gs trk lat lon vr squawk alert emergency spi ground".split()  # noqa: SIM905
    fields = ",".join(said.get(name, "") for name in names)
    return f"MSG,{number},1,1,{address},1,{STAMP.format(seconds)},{fields}\r\n"


def read(*lines: str, segment: int = 0) -> tuple[Positions, SbsReader]:
    reader = SbsReader(segment=segment)
    return Positions.concat([reader.push("".join(lines).encode()), reader.flush()]), reader


def test_each_place_of_a_recorded_minute_is_a_row(data_dir: Path):
    with zstandard.open(data_dir / "raw" / "ulss7_20180403.sbs.csv.zst", "rb") as file:
        text = file.read()
    reader = SbsReader(segment=2)
    positions = Positions.concat([reader.push(text), reader.flush()])
    assert reader.counts["bad_line"] == 2  # the summary that the other program printed at the end
    latest: dict[tuple[str, int], tuple[float, float]] = {}
    i = 0
    for number, row in enumerate(csv.reader(io.StringIO(text.decode()))):
        if not row or row[0] != "MSG":
            continue
        when = datetime.strptime(f"{row[6]} {row[7]}000", "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
        for field in (12, 13, 16, 17):
            if row[field]:
                latest[row[4], field] = float(row[field]), when
        if not row[14]:
            continue
        assert positions.time_ns[i] == round(when * 1000) * 1_000_000
        assert positions.parent[i] == (2 << 32) + number
        assert f"{positions.icao[i]:06X}" == row[4]
        assert (positions.lat_deg[i], positions.lon_deg[i]) == (float(row[14]), float(row[15]))
        assert positions.altitude_ft[i] == float(row[11])
        for column, field in (("groundspeed_kt", 12), ("track_deg", 13), ("vertical_rate_fpm", 16)):
            value, said = latest.get((row[4], field), (np.nan, when))
            expected = value if when - said <= 30 else np.nan
            assert np.array_equal(getattr(positions, column)[i], expected, equal_nan=True)
        code, _ = latest.get((row[4], 17), (None, when))
        assert positions.squawk[i] == (0xFFFF if code is None else int(str(int(code)), 8))
        i += 1
    assert i == len(positions) == 1456
    assert set(positions.source) == {POSITION_SOURCES.index("other")}
    assert set(positions.verdict) == {VERDICTS.index("unverifiable")}
    assert set(positions.provenance) == {PROVENANCES.index("imported")}


def test_a_place_carries_what_earlier_lines_said():
    positions, reader = read(
        line(1, 1.0, callsign="UTA470  ", ground="0"),
        line(4, 2.0, gs="418", trk="359.96", vr="-64"),
        line(6, 3.0, squawk="200", alert="0", emergency="0", spi="0"),
        line(3, 4.0, "4249B5", alt="7000", lat="60.1", lon="30.1"),
        line(3, 5.5, alt="33000", lat="60.93100", lon="37.15766"),
    )
    assert positions.icao.tolist() == [0x4249B5, 0x400159]
    assert positions.time_ns[1] == START_NS + 5_500_000_000
    assert callsign_text(int(positions.callsign[1])) == "UTA470"
    assert (positions.groundspeed_kt[1], positions.track_deg[1], positions.vertical_rate_fpm[1]) == (418, 0, -64)
    assert (positions.squawk[1], positions.on_ground[1], positions.altitude_ft[1]) == (0o200, 0, 33000)
    assert (positions.callsign[0], positions.squawk[0], positions.on_ground[0]) == (0, 0xFFFF, 255)
    assert reader.counts["no_position"] == 3


def test_what_is_old_is_not_carried():
    positions, _ = read(
        line(4, 0.0, gs="418", trk="90", vr="0"),
        line(5, 10.0, alt="5000"),
        line(3, 35.0, lat="60", lon="30"),
    )
    assert np.isnan(positions.groundspeed_kt[0])
    assert np.isnan(positions.vertical_rate_fpm[0])
    assert positions.altitude_ft[0] == 5000


def test_a_surface_position_is_on_the_ground():
    positions, _ = read(line(5, 0.0, alt="25"), line(2, 1.0, gs="8", trk="281", lat="60", lon="30"))
    assert positions.on_ground[0] == 1
    assert np.isnan(positions.altitude_ft[0])
    assert positions.groundspeed_kt[0] == 8


def test_a_height_above_the_ellipsoid_is_no_pressure_altitude():
    positions, _ = read(line(3, 0.0, alt="31000H", lat="60", lon="30"))
    assert np.isnan(positions.altitude_ft[0])
    assert positions.altitude_geom_ft[0] == 31000


def test_a_multilateration_servers_line_names_its_receivers():
    positions, _ = read(line(3, 0.0, lat="60", lon="30", alert="5", emergency="0.21", ground="0"))
    assert POSITION_SOURCES[positions.source[0]] == "mlat"
    assert positions.receivers[0] == 5
    positions, _ = read(line(3, 0.0, lat="60", lon="30", alert="1"))
    assert POSITION_SOURCES[positions.source[0]] == "other"


def test_other_lines_are_counted():
    positions, reader = read(
        "\r\n",
        "SEL,,496,2286,4CA4E5,27215,2010/02/19,18:06:07.710,2010/02/19,18:06:07.710,RYR1427\n",
        "STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM\n",
        "MSG,9,,,400159\n",
        "MSG,3,,,40015\n",
        "MSG,3,,,400159,,,,,,,,,,60.0,30.0\n",
        line(3, 0.0, lat="91", lon="30"),
        line(3, 0.0, lat="60", lon=""),
    )
    assert len(positions) == 0
    counts = dict(reader.counts)
    assert counts.pop("skipped") == 27
    assert counts == {"heartbeat": 1, "sel": 1, "sta": 1, "bad_line": 2, "no_time": 1, "bad_position": 2}


def test_a_line_that_ends_early_and_one_without_date_generated_are_read():
    positions, _ = read("MSG,3,,,400159,,,,2018/04/03,19:02:01,,7000,,,60.0,30.0")
    assert positions.time_ns.tolist() == [START_NS + 10**9]


def test_a_log_may_put_nanoseconds_before_each_line():
    positions, reader = read(
        "START,Mon Sep 7 14:17:41 +0000 UTC 2015\n", "1500000000,MSG,3,,,AA568E,,,,,,,7225,,,60.0,30.0,,,,,,\n"
    )
    assert positions.time_ns.tolist() == [1_441_635_461 * 10**9 + 1_500_000_000]
    assert reader.counts == {"start": 1}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"START,Mon Sep 7 14:17:41 +0000 UTC 2015", 1_441_635_461),
        (b"Mon Sep 7 16:17:41 +0200 CEST 2015", 1_441_635_461),
        (b"Sep 07 09:47:41 -0430 2015", 1_441_635_461),
        (b"Feb 29 00:00:00 2015", None),
        (b"Xyz 1 00:00:00 2015", None),
        (b"Jan 1 00:00:00 9999", None),
        (b"", None),
    ],
)
def test_the_date_of_a_log(text: bytes, seconds: int | None):
    assert log_start_ns(text) == (None if seconds is None else seconds * 10**9)


@pytest.mark.compiled
def test_memory_is_bounded():
    reader = SbsReader()
    for k in range(0, 200_000, 10_000):
        text = "".join(line(8, 0.0, f"{n:06X}") for n in range(k, k + 10_000))
        reader.push(text.encode())
        assert len(reader._aircraft) <= 1 << 17
