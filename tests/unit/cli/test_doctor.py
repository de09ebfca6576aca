"""What the doctor says of a data directory, well and ill; it changes nothing."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import pytest

from skywitness.archive.files import OsFiles
from skywitness.archive.ledger import LEDGER, Gap, as_line
from skywitness.archive.manifest import MANIFEST
from skywitness.archive.sealer import seal_segment
from skywitness.archive.segments import SegmentWriter
from skywitness.archive.spool import Spool
from skywitness.batches import Positions
from skywitness.cli import doctor
from skywitness.errors import ConfigError
from skywitness.frames.formats.segment import SegmentHeader
from tests.rows_from import BEGIN_NS, positions_from, states_from

S = 1_000_000_000


GAP = Gap(3, "disk_full", BEGIN_NS, BEGIN_NS + 7 * S, name="roof")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Ten minutes with a hole of three, and two segments."""
    spool = Spool(tmp_path)
    rows = positions_from(1000, seconds=600)
    minute = (rows.time_ns - BEGIN_NS) // (60 * S)
    rows = rows.take((minute < 4) | (minute > 6))
    spool.push(rows, BEGIN_NS)
    spool.states(states_from(rows), BEGIN_NS)
    spool.close()
    (tmp_path / "raw").mkdir()
    for number in (1, 2):
        SegmentWriter(OsFiles(), tmp_path, SegmentHeader(number, BEGIN_NS, bytes(16))).close()
    os.utime(tmp_path / "raw" / "00000001.seg", (1_780_315_200, 1_780_315_200))
    os.utime(tmp_path / "raw" / "00000002.seg", (1_780_318_800, 1_780_318_800))
    seal_segment(tmp_path / "raw" / "00000001.seg")
    return tmp_path


def asked(directory: Path, capsys, *, verify: bool = False) -> tuple[int, dict]:
    capsys.readouterr()  # what the writer logged
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    code = doctor.run(argparse.Namespace(data=str(directory), verify=verify, json=True))
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before
    return code, json.loads(capsys.readouterr().out)


def test_a_store_that_is_well(store: Path, capsys):
    code, facts = asked(store, capsys, verify=True)
    assert (code, facts["problems"]) == (0, [])
    positions = facts["positions"]
    assert (positions["files"], positions["since"], positions["until"]) == (
        7,
        "2026-06-01T12:00:00Z",
        "2026-06-01T12:10:00Z",
    )
    assert positions["empty_minutes"] == [
        {"from": "2026-06-01T12:04:00Z", "until": "2026-06-01T12:07:00Z", "minutes": 3}
    ]
    assert positions["bytes"] == sum(path.stat().st_size for path in (store / "positions").rglob("*.parquet"))
    assert positions["bytes_by_day"] == {"2026-06-01": positions["bytes"]}
    assert positions["bytes_a_day"] == pytest.approx(positions["bytes"] * 144)
    assert facts["verified"] == {"files": len(list(store.rglob("*.parquet"))), "damaged": []}
    assert (facts["raw"]["files"], facts["raw"]["sealed"], facts["raw"]["bytes"]) == (2, 1, 128)
    assert facts["raw"]["since"] == "2026-06-01T12:00:00Z"
    assert facts["raw"]["last_written"] == "2026-06-01T13:00:00Z"
    assert facts["verified_raw"] == {"segments": 2, "receptions": 0, "damaged_segments": []}
    assert facts["writer"] is None
    assert facts["free_bytes"] > 0
    assert facts["days_until_full"] == pytest.approx(facts["free_bytes"] / facts["bytes_a_day"], rel=0.01)


def test_people_read_it_too(store: Path, capsys):
    assert doctor.run(argparse.Namespace(data=str(store), verify=True, json=False)) == 0
    text = capsys.readouterr().out
    for words in ("3 minutes in between", "12:04:00Z to 2026-06-01T12:07:00Z", "problems    none", "free", "1 sealed"):
        assert words in text
    assert max(len(line) for line in text.splitlines()) < 200


def remove(store: Path) -> str:
    path = next((store / "positions").rglob("1202-*"))
    path.unlink()
    return path.name


def shorten(store: Path) -> str:
    path = next((store / "positions").rglob("1202-*"))
    path.write_bytes(path.read_bytes()[:-5])
    return path.name


def flip(store: Path) -> str:
    path = next((store / "positions").rglob("1202-*"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    return path.name


def half_written(store: Path) -> str:
    (store / "positions" / "2026-06-01" / "1202-77.parquet.tmp").write_bytes(b"x")
    return "not finished"


def unlisted(store: Path) -> str:
    (store / "positions" / "2026-06-01" / "1202-77.parquet").write_bytes(b"x")
    return "1202-77"


def bad_line(store: Path) -> str:
    data = (store / MANIFEST).read_bytes()
    (store / MANIFEST).write_bytes(data.replace(b'"rows":', b'"rowz":', 1))
    return "damaged lines"


def torn(store: Path) -> str:
    (store / MANIFEST).write_bytes((store / MANIFEST).read_bytes()[:-20])
    return "not finished"


def later(store: Path) -> str:
    from skywitness.archive.manifest import Head, encode_line

    (store / MANIFEST).write_bytes(encode_line(Head(9, 1)))
    return "later version"


def bad_segment(store: Path) -> str:
    with (store / "raw" / "00000001.seg").open("ab") as file:
        file.write(b"rubbish" * 30)
    return "00000001.seg"


def bad_ledger(store: Path) -> str:
    (store / LEDGER).write_bytes(as_line(GAP.fields()) + b'rubbish\n{"reas')
    return "ledger.jsonl: 1 damaged"


HARMS = (remove, shorten, flip, half_written, unlisted, bad_line, torn, later, bad_segment, bad_ledger)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_problems_are_found(store: Path, capsys, harm):
    words = harm(store)
    code, facts = asked(store, capsys, verify=True)
    assert code == 1
    assert any(words in problem for problem in facts["problems"]), facts["problems"]
    assert doctor.run(argparse.Namespace(data=str(store), verify=False, json=False)) == (
        0 if harm in (flip, bad_segment) else 1
    )


def test_a_gap_is_shown_and_is_no_problem(store: Path, capsys):
    (store / LEDGER).write_bytes(as_line(GAP.fields()))
    code, facts = asked(store, capsys)
    (gap,) = facts["gaps"]
    assert code == 0
    assert (gap["receiver"], gap["reason"]) == (3, "disk_full")
    assert (gap["from"], gap["until"]) == ("2026-06-01T12:00:00Z", "2026-06-01T12:00:07Z")
    doctor.run(argparse.Namespace(data=str(store), verify=False, json=False))
    assert "roof, 2026-06-01T12:00:00Z to 2026-06-01T12:00:07Z: disk full" in capsys.readouterr().out


def test_what_was_deleted_is_listed(store: Path, capsys):
    from skywitness.archive.retention import Limit, Limits
    from skywitness.archive.spool import SpoolSettings

    spool = Spool(store, SpoolSettings(limits=Limits(positions=Limit(age_s=60))))
    spool.push(Positions.empty(), BEGIN_NS + 300 * S)
    spool.close()
    code, facts = asked(store, capsys)
    assert code == 0
    (gone,) = facts["gone"]
    assert (gone["table"], gone["files"], gone["reason"]) == ("positions", 4, "age")


def test_while_a_node_records(store: Path, capsys):
    (store / "lock").write_text(f'{{"pid": {os.getpid()}, "program": "skywitness"}}')
    (store / "positions" / "2026-06-01" / "1209-77.parquet.tmp").write_bytes(b"x")
    code, facts = asked(store, capsys)
    assert (code, facts["problems"]) == (0, [])
    assert facts["writer"]["pid"] == os.getpid()
    assert facts["writer"]["running"] == (os.name == "posix")


def test_a_disk_that_will_be_full(store: Path, capsys, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: argparse.Namespace(free=1_000_000))
    code, facts = asked(store, capsys)
    assert code == 1
    assert "the disk will be full in" in facts["problems"][0]


def test_an_empty_directory_and_none_at_all(tmp_path: Path, capsys, monkeypatch):
    code, facts = asked(tmp_path, capsys)
    assert (code, facts["positions"]["files"], facts["raw"]["files"]) == (0, 0, 0)
    with pytest.raises(ConfigError, match="no such directory"):
        doctor.run(argparse.Namespace(data=str(tmp_path / "x"), verify=False, json=False))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SKYWITNESS_DATA", raising=False)
    with pytest.raises(ConfigError, match="no data directory"):
        doctor.run(argparse.Namespace(data=None, verify=False, json=False))
    (tmp_path / "skywitness.toml").write_text(f'data = "{tmp_path.as_posix()}"')
    assert doctor.run(argparse.Namespace(data=None, verify=False, json=False)) == 0


def recorded(directory: Path) -> None:
    """A record that ends without notice, and the seals of its segments."""
    from skywitness.archive.recorder import Recorder, RecorderSettings
    from skywitness.archive.segments import segment_path, segments_of
    from skywitness.batches import Messages, Positions
    from skywitness.pipeline import Output
    from tests.frames_from import frames_from

    recorder = Recorder(directory, RecorderSettings(seal=False, segment_bytes=1, reserve_bytes=0), threaded=False)
    recorder.receiver("roof")
    recorder.connected(0, "u", BEGIN_NS)
    for step in range(3):
        rows = [(BEGIN_NS + step, 0, bytes([step] * 14))] * 10
        frames = frames_from(rows, recorder.reserve(10, BEGIN_NS))
        recorder.push(Output(frames, Messages.empty(), Positions.empty()), BEGIN_NS)
        recorder.turn()
    recorder._release()
    for number in segments_of(directory):
        seal_segment(segment_path(directory, number))


def test_an_end_without_notice_is_told(tmp_path: Path, capsys):
    recorded(tmp_path)
    facts = asked(tmp_path, capsys, verify=True)[1]
    assert facts["ended_without_notice"]
    assert facts["receptions_to_decode"] == 30
    assert facts["problems"] == []
    assert doctor.run(argparse.Namespace(data=str(tmp_path), verify=False, json=False)) == 0
    assert "ended without notice; the next start decodes the last 30 receptions" in capsys.readouterr().out


def test_seals_are_verified(tmp_path: Path, capsys):
    recorded(tmp_path)
    first, second = sorted((tmp_path / "raw").glob("*.seal"))[:2]
    first.write_bytes(second.read_bytes())
    second.write_bytes(second.read_bytes()[:-1])
    code, facts = asked(tmp_path, capsys, verify=True)
    assert code == 1
    assert len(facts["problems"]) == 2
    assert "not the seal of this segment" in facts["problems"][0]
    assert "damaged" in facts["problems"][1]
