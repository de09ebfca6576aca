"""The recorder: numbers that stay, watermarks that hold, gaps that are told, disks that fill."""

from __future__ import annotations

import dataclasses
import errno
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from skywitness.archive.files import OsFiles
from skywitness.archive.ledger import Gap, as_line, compact, read_ledger
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.segments import (
    next_segment,
    read_blocks,
    read_segment,
    segment_path,
    segments_of,
)
from skywitness.batches import Frames, Messages, Positions
from skywitness.errors import ArchiveError, FormatError
from skywitness.frames.formats.segment import SegmentHeader
from skywitness.frames.receiver import Place, receiver_id
from skywitness.pipeline import Output
from tests.crashing_files import CrashingFiles
from tests.frames_from import frames_from
from tests.rows_from import positions_from, states_from

S = 1_000_000_000
NOW = 1_780_000_000 * S
QUICK = RecorderSettings(seal=False, reserve_bytes=0, retry_s=0.0, fsync_s=0.02)


def opened(directory: Path, settings: RecorderSettings = QUICK, files=None) -> Recorder:
    return Recorder(directory, settings, files, threaded=False)


def hear(recorder: Recorder, rows: int, receivers: int = 2, now_ns: int = NOW, seed: int = 0) -> Frames:
    rng = np.random.default_rng(seed)
    frames = frames_from([(now_ns + i, i % receivers, rng.bytes(14)) for i in range(rows)])
    first = recorder.reserve(rows, now_ns)
    frames = dataclasses.replace(frames, id=first + np.arange(rows))
    recorder.push(Output(frames, Messages.empty(), Positions.empty()), now_ns)
    return frames


def kept(directory: Path) -> Frames:
    return Frames.concat(
        frames for n in segments_of(directory) for frames in read_segment(segment_path(directory, n), strict=True)
    )


def sequences(directory: Path) -> dict[int, list[int]]:
    out: dict[int, list[int]] = {}
    for number in segments_of(directory):
        for block in read_blocks(segment_path(directory, number), strict=True):
            for receiver, sequence in zip(block.frames.receiver.tolist(), block.sequence.tolist(), strict=True):
                out.setdefault(receiver, []).append(sequence)
    return out


def ledger_gaps(directory: Path, reason: str) -> list[Gap]:
    return [gap for gap in read_ledger(directory).gaps if gap.reason == reason]


def test_what_is_pushed_is_kept_and_sequences_go_on_after_a_restart(tmp_path):
    pushed = []
    for run in range(3):
        recorder = opened(tmp_path)
        for part in range(3):
            pushed.append(hear(recorder, 5 + part, seed=run))
            recorder.turn()
        recorder.close()
    assert kept(tmp_path).same_as(Frames.concat(pushed))
    assert len(segments_of(tmp_path)) == 3
    for numbers in sequences(tmp_path).values():
        assert numbers == list(range(len(numbers)))


def test_the_watermark_follows_the_fsync(tmp_path):
    recorder = opened(tmp_path)
    one = recorder.receiver("one")
    connection = recorder.connected(one.number, "beast+tcp://h:30005", NOW)
    hear(recorder, 6, 1)
    assert recorder.watermarks() == {}
    recorder.turn(is_due=False)
    assert recorder.watermarks() == {}
    recorder.turn()
    mark = recorder.watermarks()[0]
    assert (mark.connection, mark.sequence) == (connection, 5)
    line = (tmp_path / "log" / "watermarks").read_text()
    assert json.loads(line)["receivers"] == [[0, connection, 5]]
    recorder.close()
    recorder = opened(tmp_path)
    assert recorder.watermarks()[0].sequence == 5
    recorder.close()


def test_receivers_keep_their_numbers(tmp_path):
    recorder = opened(tmp_path)
    place = Place(52.0, 4.0, 12.0)
    assert [recorder.receiver(name).number for name in ("a", "b", "a")] == [0, 1, 0]
    recorder.receiver("b", uuid="51b01a7e-d000-4000-8000-000000000000", place=place, own=False)
    recorder.close()
    recorder = opened(tmp_path)
    again = recorder.receiver("b", place=place, own=False)
    assert (again.number, again.place, again.own) == (1, place, False)
    assert again.uuid == "51b01a7e-d000-4000-8000-000000000000"
    assert again.id == receiver_id("b")
    assert recorder.receiver("c").number == 2
    recorder.close()


def test_a_torn_line_of_the_register_costs_only_itself(tmp_path):
    recorder = opened(tmp_path)
    recorder.receiver("a")
    recorder.close()
    path = tmp_path / "receivers.jsonl"
    path.write_bytes(path.read_bytes() + b'{"kind":"receiver","number":1,"na')
    recorder = opened(tmp_path)
    node = recorder.register.node
    recorder.receiver("b")
    recorder.close()
    recorder = opened(tmp_path)
    assert (recorder.receiver("a").number, recorder.receiver("b").number) == (0, 1)
    assert recorder.register.node == node
    recorder.close()


def test_coming_and_going_are_noted(tmp_path):
    recorder = opened(tmp_path)
    recorder.receiver("roof")
    assert recorder.connected(0, "u", NOW) == 1
    recorder.disconnected(0, "peer closed", NOW + 10 * S)
    recorder.disconnected(0, "twice", NOW + 11 * S)
    assert recorder.connected(0, "u", NOW + 15 * S) == 2
    recorder.close()
    gaps = ledger_gaps(tmp_path, "disconnected")
    assert [(g.from_ns, g.until_ns, g.cause) for g in gaps] == [
        (NOW + 10 * S, NOW + 15 * S, "peer closed"),
        (NOW + 15 * S, None, "stopped"),
    ]
    recorder = opened(tmp_path)
    assert recorder.connected(0, "u", NOW + 20 * S) == 3
    recorder.close()
    assert ledger_gaps(tmp_path, "disconnected")[1].until_ns == NOW + 20 * S


def test_a_crash_is_a_gap_that_ends_when_the_receiver_is_back(tmp_path):
    recorder = opened(tmp_path)
    recorder.receiver("roof")
    recorder.connected(0, "u", NOW)
    hear(recorder, 4, 1, NOW + S)
    recorder.turn()
    recorder._release()  # the process is gone: nothing is closed
    recorder = opened(tmp_path)
    (gap,) = ledger_gaps(tmp_path, "crash")
    assert (gap.from_ns, gap.until_ns, gap.first, gap.name) == (NOW + S, None, 4, "roof")
    recorder.connected(0, "u", NOW + 60 * S)
    recorder.close()
    assert ledger_gaps(tmp_path, "crash")[0].until_ns == NOW + 60 * S


def test_a_torn_end_is_set_aside(tmp_path):
    recorder = opened(tmp_path)
    first = hear(recorder, 10)
    recorder.turn()
    second = hear(recorder, 10)
    recorder.turn()
    recorder._release()
    path = segment_path(tmp_path, 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    recorder = opened(tmp_path)
    assert list(recorder.recovered.torn) == ["00000000.seg"]
    assert path.read_bytes() + path.with_suffix(".torn").read_bytes() == whole[:-20]
    assert kept(tmp_path).same_as(first)
    # This disk lied: the second block was promised. That is told, and its numbers are not given again.
    assert recorder.recovered.missing == {0: (5, 9), 1: (5, 9)}
    assert len(ledger_gaps(tmp_path, "error")) == 2
    third = hear(recorder, 2)
    recorder.close()
    assert kept(tmp_path).same_as(Frames.concat([first, third]))
    assert int(second.id[-1]) < int(third.id[0])
    assert sequences(tmp_path)[0] == [0, 1, 2, 3, 4, 10]


def test_a_segment_without_a_header_is_set_aside_whole(tmp_path):
    recorder = opened(tmp_path)
    hear(recorder, 10)
    recorder.close()
    segment_path(tmp_path, 1).write_bytes(b"SKYW")
    recorder = opened(tmp_path)
    assert segments_of(tmp_path) == [0]
    assert recorder.recovered.segment == 2
    assert recorder.recovered.sequences == {0: 5, 1: 5}
    recorder.close()


def test_segments_end_by_size_and_by_age(tmp_path):
    recorder = opened(tmp_path, dataclasses.replace(QUICK, segment_bytes=1000))
    pushed = []
    for _ in range(6):
        pushed.append(hear(recorder, 100))
        recorder.turn()
    recorder.close()
    assert len(segments_of(tmp_path)) == 6
    assert kept(tmp_path).same_as(Frames.concat(pushed))
    recorder = opened(tmp_path, dataclasses.replace(QUICK, segment_s=0.0))
    assert [recorder.reserve(1, NOW) >> 32 for _ in range(3)] == [6, 7, 8]
    recorder.close()


def test_a_full_disk_stops_recording_and_nothing_else(tmp_path):
    files = CrashingFiles(tmp_path, full_at=12_000)
    recorder = opened(tmp_path, files=files)
    recorder.receiver("roof")
    good = []
    while not recorder.alarm():
        good.append(hear(recorder, 100, 1))
        recorder.turn()
    assert recorder.alarm().startswith("recording has stopped: the disk is full")
    assert recorder.metrics()["skywitness_record_stopped"] == 1
    mark = recorder.watermarks()[0].sequence
    for _ in range(3):  # still full
        hear(recorder, 100, 1, NOW + S)
        recorder.turn()
    lost = recorder.metrics()['skywitness_record_dropped_total{reason="disk_full"}']
    assert lost == 400
    files.room = None
    last = hear(recorder, 100, 1, NOW + 2 * S)
    recorder.turn()
    assert recorder.alarm() == ""
    assert recorder.watermarks()[0].sequence == mark + 500
    recorder.close()
    assert kept(tmp_path).same_as(Frames.concat([*good[:-1], last]))
    (gap,) = ledger_gaps(tmp_path, "disk_full")
    assert (gap.first, gap.last) == (mark + 1, mark + 400)
    assert opened(tmp_path).recovered.torn == {}


def test_recording_stops_before_the_disk_is_full(tmp_path):
    files = CrashingFiles(tmp_path, full_at=10_000_000)
    recorder = opened(tmp_path, dataclasses.replace(QUICK, reserve_bytes=9_990_000), files)
    while not recorder.alarm():
        hear(recorder, 100)
        recorder.turn()
    assert files.room > 9_980_000
    recorder.close()


def test_a_failed_fsync_promises_nothing(tmp_path):
    files = CrashingFiles(tmp_path)
    recorder = opened(tmp_path, files=files)
    first = hear(recorder, 10, 1)
    recorder.turn()
    files.refuses_fsync = True
    hear(recorder, 10, 1)
    recorder.turn()
    assert "cannot be written" in recorder.alarm()
    assert recorder.watermarks()[0].sequence == 9
    files.refuses_fsync = False
    last = hear(recorder, 10, 1)
    recorder.turn()
    assert recorder.watermarks()[0].sequence == 29
    recorder.close()
    (gap,) = ledger_gaps(tmp_path, "error")
    assert (gap.first, gap.last) == (10, 19)
    numbers = sequences(tmp_path)[0]
    assert set(range(10)) | set(range(20, 30)) <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert len(kept(tmp_path)) >= len(first) + len(last)


def test_a_slow_disk_costs_receptions_and_not_memory(tmp_path):
    recorder = opened(tmp_path, dataclasses.replace(QUICK, queue_bytes=46 * 100))
    pushed = [hear(recorder, 50, 1) for _ in range(4)]
    assert recorder.metrics()["skywitness_record_queue_bytes"] == 46 * 100
    recorder.turn()
    pushed.append(hear(recorder, 50, 1))
    recorder.close()
    assert kept(tmp_path).same_as(Frames.concat([pushed[0], pushed[1], pushed[4]]))
    assert sequences(tmp_path)[0] == [*range(100), *range(200, 250)]
    (gap,) = ledger_gaps(tmp_path, "overflow")
    assert (gap.first, gap.last) == (100, 199)


def test_ids_out_of_order_are_sorted_and_repeated_ones_left_out(tmp_path):
    recorder = opened(tmp_path)
    frames = frames_from([(i, 0, bytes([i] * 7)) for i in range(6)])
    frames.id[:] = [3, 1, 7, 1, 8, 2]
    recorder.push(Output(frames, Messages.empty(), Positions.empty()), NOW)
    recorder.turn()
    frames = frames_from([(i, 0, bytes([i] * 7)) for i in range(2)])
    frames.id[:] = [8, 9]  # 8 again
    recorder.push(Output(frames, Messages.empty(), Positions.empty()), NOW)
    recorder.close()
    assert kept(tmp_path).id.tolist() == [1, 2, 3, 7, 8]
    assert recorder.metrics()['skywitness_record_dropped_total{reason="error"}'] == 2


def test_a_frame_that_cannot_be_does_not_stop_recording(tmp_path):
    recorder = opened(tmp_path)
    bad = frames_from([(1, 0, bytes(14))])
    bad.length[:] = 99
    bad.id[:] = recorder.reserve(1, NOW)
    recorder.push(Output(bad, Messages.empty(), Positions.empty()), NOW)
    recorder.turn()
    good = hear(recorder, 3, 1)
    recorder.close()
    assert kept(tmp_path).same_as(good)


def test_positions_and_states_reach_the_spool(tmp_path):
    recorder = opened(tmp_path)
    rows = positions_from(50)
    recorder.push(Output(Frames.empty(), Messages.empty(), rows), int(rows.time_ns.max()))
    recorder.states(states_from(rows), int(rows.time_ns.max()))
    recorder.turn()
    whole = 0, 1 << 62
    assert len(recorder.history.positions(*whole, contradicted=True)) == 50
    assert len(recorder.history.states(*whole))
    recorder.close()
    assert list((tmp_path / "positions").rglob("*.parquet"))


def test_only_one_process_records(tmp_path):
    recorder = opened(tmp_path)
    with pytest.raises(ArchiveError, match="another process records there"):
        opened(tmp_path)
    code = (
        "import sys, pathlib; from skywitness.archive.recorder import Recorder\n"
        "from skywitness.errors import ArchiveError\n"
        "try: Recorder(pathlib.Path(sys.argv[1]))\n"
        "except ArchiveError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "another process records there" in done.stdout
    assert '"pid"' in done.stdout
    recorder.close()
    opened(tmp_path).close()


@pytest.mark.parametrize("file", ["raw", "ledger", "register"])
def test_later_versions_are_refused_in_a_sentence(tmp_path, file):
    opened(tmp_path).close()
    if file == "raw":
        segment_path(tmp_path, 0).write_bytes(SegmentHeader(0, 0, bytes(16), version=3).packed())
    elif file == "ledger":
        (tmp_path / "ledger.jsonl").write_bytes(as_line({"kind": "head", "version": 2}))
    else:
        (tmp_path / "receivers.jsonl").write_bytes(as_line({"kind": "head", "version": 2, "node": "00" * 16}))
    for _ in range(2):  # and the lock is let go each time
        with pytest.raises(ArchiveError, match=r"of version [23], this program reads up to [12]"):
            opened(tmp_path)


def test_a_segment_number_is_never_given_twice(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    assert next_segment(tmp_path) == 0
    (raw / "00000004.seal").touch()
    (raw / "00000007.torn").touch()
    (raw / "notes.txt").touch()
    assert next_segment(tmp_path) == 8


def test_a_file_that_is_no_segment_is_told(tmp_path):
    path = tmp_path / "x.seg"
    path.write_bytes(b"no segment" * 20)
    assert list(read_segment(path)) == []
    with pytest.raises(FormatError, match="does not begin as a segment"):
        list(read_segment(path, strict=True))


def test_the_thread_makes_safe_by_itself_and_survives_a_fault(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path, QUICK)

    def broken(*_: object) -> None:
        raise RuntimeError("by test")

    monkeypatch.setattr(recorder.spool, "push", broken)
    rows = positions_from(3)
    recorder.push(Output(Frames.empty(), Messages.empty(), rows), NOW)
    deadline = time.monotonic() + 30
    while "internal error (RuntimeError)" not in recorder.alarm() and time.monotonic() < deadline:
        time.sleep(0.002)
    monkeypatch.undo()
    pushed = hear(recorder, 70_000, 3)  # more than a block
    while recorder.watermarks().get(2) is None or recorder.watermarks()[0].sequence < 23_333:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    recorder.close()
    recorder.close()
    assert kept(tmp_path).same_as(pushed)
    hear(recorder, 1)  # after the end: nothing happens


def test_ledger_that_cannot_be_written_is_written_later(tmp_path, monkeypatch):
    recorder = opened(tmp_path)
    recorder.receiver("roof")
    real = recorder.files.open_append

    def full(path: Path):
        if path.name in ("ledger.jsonl", "receivers.jsonl", "watermarks"):
            raise OSError(errno.ENOSPC, "full")
        return real(path)

    monkeypatch.setattr(recorder.files, "open_append", full)
    recorder.connected(0, "u", NOW)
    hear(recorder, 5, 1)
    recorder.turn()
    assert recorder.watermarks() == {}  # no block before the numbers in it are safe
    monkeypatch.undo()
    hear(recorder, 5, 1)
    recorder.turn()
    recorder.close()
    assert read_ledger(tmp_path).connections == 1
    assert read_ledger(tmp_path).bad_lines == 0
    assert sequences(tmp_path)[0] == [5, 6, 7, 8, 9]


def test_the_ledger_is_written_anew_and_says_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("skywitness.archive.ledger_file.GROWTH", 20_000)
    recorder = opened(tmp_path)
    for number in range(3):
        recorder.receiver(f"r{number}")
        recorder.connected(number, "u", NOW)
    hear(recorder, 30)
    for turn in range(200):
        recorder.disconnected(1, "no answer", NOW + turn * 10 * S)
        recorder.connected(1, "u", NOW + turn * 10 * S + S)
        recorder.turn()
    recorder.disconnected(2, "no answer", NOW)
    recorder.turn()
    path = tmp_path / "ledger.jsonl"
    assert path.stat().st_size < 60_000
    ledger = read_ledger(tmp_path)
    assert [(g.from_ns, g.until_ns) for g in ledger.gaps if g.receiver == 1] == [
        (NOW + turn * 10 * S, NOW + turn * 10 * S + S) for turn in range(200)
    ]
    assert [g.until_ns for g in ledger.gaps if g.receiver == 2] == [None]
    assert ledger.connections == 203
    assert set(ledger.connected) == {0, 1}
    recorder._release()  # without notice
    again = opened(tmp_path)
    assert {g.receiver for g in read_ledger(tmp_path).gaps if g.reason == "crash"} == {0, 1}
    assert again.connected(0, "u", NOW + 9999 * S) == 204
    again.close()


def test_what_is_gone_from_the_record_goes_from_the_ledger(tmp_path):
    recorder = opened(tmp_path)
    recorder.receiver("r")
    for turn in range(4):
        recorder.connected(0, "u", NOW + turn * 100 * S)
        recorder.disconnected(0, "no answer", NOW + (turn * 100 + 50) * S)
    recorder.close()
    assert [g.until_ns for g in read_ledger(tmp_path).gaps] == [NOW + (t + 1) * 100 * S for t in range(3)] + [None]
    compact(tmp_path, OsFiles(), NOW + 250 * S)
    ledger = read_ledger(tmp_path)
    assert [g.until_ns for g in ledger.gaps] == [NOW + 300 * S, None]
    assert ledger.connections == 4
    assert ledger.connected == {}
    assert ledger.first[0]["at"] == NOW
    before = (tmp_path / "ledger.jsonl").read_bytes()
    compact(tmp_path, OsFiles(), NOW + 250 * S)
    assert (tmp_path / "ledger.jsonl").read_bytes() == before


def test_damaged_lines_of_the_ledger_are_kept_aside(tmp_path):
    recorder = opened(tmp_path)
    recorder.receiver("r")
    recorder.connected(0, "u", NOW)
    recorder.close()
    path = tmp_path / "ledger.jsonl"
    data = path.read_bytes().replace(b'"stopped"', b'"stepped"')
    path.write_bytes(data)
    compact(tmp_path, OsFiles(), 0)
    assert (tmp_path / "ledger.damaged").read_bytes() == data
    assert read_ledger(tmp_path).bad_lines == 0


def test_a_segment_that_nothing_comes_to_is_closed_and_sealed(tmp_path, monkeypatch):
    monkeypatch.setattr("skywitness.archive.recorder.IDLE_S", 0.0)
    monkeypatch.setattr("skywitness.archive.recorder.SEAL_LOOK_S", 0.0)
    recorder = opened(tmp_path, dataclasses.replace(QUICK, seal=True, segment_s=0.05))
    first = hear(recorder, 10)
    recorder.turn()
    assert segments_of(tmp_path) == [0]
    deadline = time.monotonic() + 30
    while not segment_path(tmp_path, 0).with_suffix(".seal").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
        recorder.turn()
    assert segment_path(tmp_path, 0).with_suffix(".seal").exists()
    later = [hear(recorder, 5, seed=k) for k in range(2)]
    assert segments_of(tmp_path) == [0]
    recorder.close()
    assert len(segments_of(tmp_path)) in (2, 3)
    assert kept(tmp_path).same_as(Frames.concat([first, *later]))
    assert sequences(tmp_path)[0] == list(range(5 + 3 + 3))
