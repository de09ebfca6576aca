"""Formats are told by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from skywitness.errors import FormatError
from skywitness.frames.formats.detect import detect
from skywitness.sources.file import open_bytes

HEX = b"8D406B902015A678D4D220AA4BDA"


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"\x1a3", "beast"),
        (b"\x1a\xe4" + b"f" * 36, "beast"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n\x1a3\0\0\0\0\0\0\0", "beast"),
        (b"\0\0\1\2" + b"\x1a2" + bytes(14), "beast"),
        (b"*" + HEX + b";\n", "avr"),
        (b"\n\n@00000000001A" + HEX + b";\r\n", "avr"),
        (HEX + b"\n", "hex_csv"),
        (b"time,hex\n1,406B90," + HEX, "hex_csv"),
        (b"MSG,8,1,1,400159,1,2018/04/03,19:02:28.136,,,,,,,,,,,,,,\r\n", "sbs"),
        (b"-00a66ef135445d525a0c0519119021204800;\n", "uat"),
        (b'{"timestamp":1,"frame":"8c","df":"17"}\n', "jet1090"),
        (b'{ "now" : 1,\n "aircraft" : [{"hex":"a"}]}', "aircraft_json"),
        (b'{"icao":"ab7b8c","timestamp":1,"trace":[[', "trace"),
    ],
)
def test_small_beginnings(head: bytes, format: str):
    assert detect(head) == format


@pytest.mark.parametrize("head", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_nothing_is_empty(head: bytes):
    with pytest.raises(FormatError, match="it is empty"):
        detect(head)


@pytest.mark.parametrize(
    "head", [b"hello world\n", b"{}", b"\x7fELF\2\1\1" + bytes(50), b"PK\3\4" + bytes(99), b"-1\n-2\n"]
)
def test_other_things_are_none(head: bytes):
    with pytest.raises(FormatError, match="no format that skywitness reads"):
        detect(head)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("raw/ulss7_20180403.beast.zst", "beast"),
        ("raw/ulss7_20180403.sbs.csv.zst", "sbs"),
        ("raw/klm1302_20231024.beasthex.csv.zst", "hex_csv"),
        ("raw/pymodes_sample_adsb.csv.zst", "hex_csv"),
        ("raw/pymodes_sample_df20.csv.zst", "hex_csv"),
        ("raw/modes1.frames.txt", "hex_csv"),
        ("raw/baw3ak_20240606.jet1090.jsonl.gz", "jet1090"),
        ("raw/readsb_aircraft_1.json.zst", "aircraft_json"),
        ("uat/dump978_sample.txt.gz", "uat"),
        ("uat/stratux_20150907_uat.log.zst", "uat"),
        ("flights/readsb_traces/trace_full_ab7b8c.json", "trace"),
    ],
)
def test_recordings(name: str, format: str, data_dir: Path):
    assert detect(next(open_bytes(data_dir / name))) == format


def test_radio_samples_are_no_frames(data_dir: Path):
    with pytest.raises(FormatError, match="no format"):
        detect(next(open_bytes(data_dir / "raw" / "modes1.uc8")))
