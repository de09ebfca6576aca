"""Receptions on 978 MHz are kept as others are: with numbers, gaps and seals, and decoded again after a crash."""

from __future__ import annotations

import binascii
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

import skywitness
from skywitness.archive.reader import open_history
from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.sealer import Tree, read_seal, seal_segment
from skywitness.archive.segments import read_blocks, read_uat_blocks, segment_path, segments_of
from skywitness.batches import Positions
from skywitness.cli.doctor import examine
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.formats.segment_uat import UAT_ROW
from skywitness.run.live import Core
from skywitness.run.rebuild import Rebuild
from skywitness.run.walk import heard
from skywitness.sources.link import Chunk, Intake, LinkOptions

S = 1_000_000_000
START = 1_700_000_000 * S
SETTINGS = RecorderSettings(seal=False, segment_bytes=20_000, reserve_bytes=0)


@pytest.fixture(scope="module")
def lines(data_dir) -> list[bytes]:
    return gzip.decompress((data_dir / "uat" / "dump978_sample.txt.gz").read_bytes()).splitlines(keepends=True)


class Node:
    """A core that records, whose clock the test turns; one receiver on 978 MHz and, if wanted, one on 1090 MHz."""

    def __init__(self, directory: Path, with_1090: bool) -> None:
        self.now_ns = START
        self.intake = Intake()
        self.recorder = Recorder(directory, SETTINGS, threaded=False)
        self.core = Core(
            self.intake, lambda: self.now_ns, lambda _: None, record=self.recorder, beat=lambda: self.now_ns / S
        )
        self.uat = self.intake.open("uat", "test://uat", "uat", LinkOptions(), abuse=print)
        self.beast = self.intake.open("beast", "test://beast", "beast", LinkOptions(), abuse=print)
        frames = heard()
        stream = BeastWriter(markers=False).write(frames.take(frames.receiver == 0))
        self.stream = stream if with_1090 else b""

    def run(self, lines: list[bytes], seconds: int = 150) -> None:
        for k in range(seconds):
            self.now_ns += S
            part = b"".join(lines[k * len(lines) // seconds : (k + 1) * len(lines) // seconds])
            self.uat.put(Chunk(part, self.now_ns), len(part))
            some = self.stream[k * len(self.stream) // seconds : (k + 1) * len(self.stream) // seconds]
            if some:
                self.beast.put(Chunk(some, self.now_ns), len(some))
            self.core.turn()
            self.recorder.turn()


def rows(directory: Path) -> Positions:
    found = open_history(directory, strict=True).positions(0, 1 << 62)
    return found.take(np.argsort(found.parent, kind="stable"))


@pytest.mark.parametrize("with_1090", [False, True])
def test_every_reception_is_kept_and_positions_point_to_it(tmp_path, lines, with_1090):
    node = Node(tmp_path, with_1090)
    node.run(lines)
    node.recorder.close()
    blocks = [block for n in segments_of(tmp_path) for block in read_uat_blocks(segment_path(tmp_path, n), strict=True)]
    kept = [data for block in blocks for data in block.payloads()]
    assert kept == [binascii.unhexlify(line[1:].partition(b";")[0]) for line in lines]
    assert [s for block in blocks for s in block.sequence.tolist()] == list(range(len(lines)))
    ids = np.concatenate([block.frames.id for block in blocks])
    assert (np.diff(ids) > 0).all()
    assert ((ids & 0xFFFFFFFF) >= UAT_ROW).all()
    assert node.recorder.watermarks()[0].sequence == len(lines) - 1
    positions = rows(tmp_path)
    mine = positions.take(positions.source == 5)
    assert len(mine) > 100
    assert np.isin(mine.parent, ids).all()
    assert node.core.metrics()["skywitness_uat_frames_total"] == len(lines)
    assert node.core.stations[0].source.uat_rows == len(lines)
    if with_1090:
        others = sum(len(b.frames) for n in segments_of(tmp_path) for b in read_blocks(segment_path(tmp_path, n)))
        assert others > 100
        assert len(skywitness.read(tmp_path)) == others


@pytest.mark.parametrize("with_1090", [False, True])
@pytest.mark.parametrize("marked", [True, False])
def test_a_crash_takes_no_position(tmp_path, lines, with_1090, marked):
    node = Node(tmp_path / "a", with_1090)
    node.run(lines)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    node.recorder.close()
    if not marked:
        (tmp_path / "b" / "log" / "decoded").unlink()
    wanted = rows(tmp_path / "a")
    wanted = wanted.take(wanted.source == 5)
    for turn in range(2):
        recorder = Recorder(tmp_path / "b", SETTINGS, threaded=False)
        assert recorder.recovered.missing == {}
        assert recorder.watermarks()[0].sequence == len(lines) - 1
        rebuild = Rebuild(recorder)
        assert rebuild.tail.uat or turn
        rebuild.run()
        assert rebuild.is_done
        recorder.close()
        found = rows(tmp_path / "b")
        assert found.take(found.source == 5).same_as(wanted)


def test_a_seal_covers_them(tmp_path, lines):
    node = Node(tmp_path, with_1090=True)
    node.run(lines[:300], seconds=20)
    node.recorder.close()
    for number in segments_of(tmp_path):
        path = segment_path(tmp_path, number)
        facts = seal_segment(path)
        blocks = [*read_uat_blocks(path), *read_blocks(path)]
        assert facts["rows"] == sum(len(block.frames) for block in blocks)
        named = read_seal(path.with_suffix(".seal"))[1]
        assert {digest for _, digest in named} == {block.digest for block in blocks}
        assert sum(first >= UAT_ROW for first, _ in named) == len(list(read_uat_blocks(path)))
        assert facts["root"] != Tree().root().hex()
    facts = examine(tmp_path, verify=True)
    assert facts["problems"] == []
    assert facts["verified_raw"]["receptions"] > 300
