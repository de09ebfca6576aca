"""Files into batches: compression, format and damage, told once everything good has come out."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import zstandard

from skywitness.batches import Frames
from skywitness.errors import ConfigError, FormatError
from skywitness.frames.formats.beast import BeastReader
from skywitness.sources.compression import compression_of, decompressed
from skywitness.sources.file import input_size, open_bytes
from skywitness.sources.readers import BATCH_ROWS, open_recording, read_frames

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
LINE = b"%d,8D406B902015A678D4D220AA4BDA\n"
TABLE = b"".join(LINE % (1_457_996_400 + k // 10) for k in range(40_000))


@pytest.mark.parametrize("name", PACKERS)
def test_compression_is_undone(name: str):
    packed = PACKERS[name](TABLE) + PACKERS[name](b"more")
    assert compression_of(packed) == name
    for size in (1, 7, 1 << 20) if name == "gzip" else (5000,):
        pieces = (packed[k : k + size] for k in range(0, len(packed), size))
        assert b"".join(decompressed(pieces)) == TABLE + b"more"


@pytest.mark.parametrize("name", PACKERS)
def test_a_cut_file_gives_what_came_before(name: str, tmp_path: Path):
    noise = np.random.default_rng(5).integers(0, 256, 200_000, np.uint8).tobytes().hex().encode()
    packed = PACKERS[name](noise)
    path = tmp_path / "cut"
    path.write_bytes(packed[: len(packed) // 2])
    got = b""
    with pytest.raises(FormatError, match=f"its {name} data end before their end") as caught:  # noqa: PT012
        for chunk in open_bytes(path):
            got += chunk
    assert caught.value.offset == len(packed) // 2
    assert noise.startswith(got)
    assert (len(got) > len(noise) // 4) != (name == "bzip2")  # which gives out blocks of 900 kB only


@pytest.mark.parametrize("name", PACKERS)
def test_damage_is_told(name: str):
    packed = bytearray(PACKERS[name](TABLE * 3))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
    with pytest.raises(FormatError, match=f"its {name} data"):
        b"".join(decompressed(iter([bytes(packed)])))


def test_progress_counts_stored_bytes(tmp_path: Path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(TABLE))
    read: list[int] = []
    assert b"".join(open_bytes(path, read.append)) == TABLE
    assert sum(read) == input_size(path) == path.stat().st_size
    assert input_size("-") is None
    assert input_size(tmp_path / "none") is None


@pytest.mark.compiled
def test_batches_are_small_and_whole(tmp_path: Path):
    path = tmp_path / "table.txt"
    path.write_bytes(TABLE)
    recording = open_recording(path, receiver=2, segment=3)
    batches = list(recording.frames())
    assert max(map(len, batches)) <= BATCH_ROWS
    whole = Frames.concat(batches)
    assert whole.id.tolist() == list(range(3 << 32, (3 << 32) + 40_000))
    assert set(whole.receiver.tolist()) == {2}
    assert recording.rows == 40_000
    assert recording.format == "hex_csv"
    assert whole.take(np.arange(len(whole))).same_as(whole)
    assert read_frames(path).time_ns.tolist() == whole.time_ns.tolist()


@pytest.mark.parametrize("size", [300, 1 << 18])
@pytest.mark.compiled
def test_standard_input(monkeypatch: pytest.MonkeyPatch, size: int):
    class Pipe(io.BytesIO):
        def read1(self, limit: int = -1, /) -> bytes:
            return super().read1(min(limit, size))

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Pipe(gzip.compress(TABLE))))
    assert len(read_frames("-")) == 40_000


@pytest.mark.compiled
def test_the_demonstration_says_that_it_is_simulated():
    recording = open_recording("demo")
    assert sum(map(len, recording.frames())) > 10_000
    assert recording.simulated
    assert not recording.untimed_base


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty"),
        (gzip.compress(b""), "it is empty"),
        (b"hello\n", "no format that skywitness reads"),
        (b"*8D406B902015A678D4D220AA4BDA;\n" + b"no frame at all\n" * 5, "% of its bytes are not avr"),
        (b"\x1a2" + bytes(13), "not one good beast row"),
        (b"\x1a2" + bytes(13) + b"\7" + b"\x1a2" + bytes(9), "ends in the middle of a frame"),
        (b"*8D406B902015A678D4D220AA4BDA;\n*8D406B9020", "ends in the middle of a frame"),
        (gzip.compress(TABLE)[:-3], "its gzip data end before their end"),
    ],
)
@pytest.mark.compiled
def test_what_is_wrong_is_one_sentence(content: bytes, sentence: str, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=sentence) as caught:
        list(open_recording(path).frames())
    assert caught.value.source == str(path)
    assert "\n" not in str(caught.value)


@pytest.mark.compiled
def test_frames_before_damage_come_out(tmp_path: Path):
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(TABLE)[:-3])
    recording = open_recording(path)
    rows = 0
    with pytest.raises(FormatError):  # noqa: PT012
        for batch in recording.frames():
            rows += len(batch)
    assert rows > 30_000


def test_a_format_can_be_insisted_on(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(TABLE)
    with pytest.raises(FormatError, match="not one good avr row"):
        list(open_recording(path, format="avr").frames())
    with pytest.raises(ConfigError, match="'morse' is no format"):
        open_recording(path, format="morse")


def test_start_is_the_time_of_the_first_frame(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"@000000B71B005D4840D6F8740F;\n@0000016E36005D4840D6F8740F;\n")
    assert read_frames(path, start_ns=5).time_ns.tolist() == [5, 1_000_000_005]
    recording = open_recording(path)
    list(recording.frames())
    assert recording.untimed_base


def test_gps_stamps_are_recognised_in_a_file(tmp_path: Path):
    ns = 40_000 * 10**9 + np.cumsum(np.random.default_rng(3).integers(100_000, 3_000_000, 400))
    path = tmp_path / "file"
    path.write_text("".join(f"@{(int(t) // 10**9 << 30 | int(t) % 10**9):012X}5D4840D6F8740F;\n" for t in ns))
    assert read_frames(path, start_ns=40_000 * 10**9).time_ns.tolist() == ns.tolist()
    assert open_recording(path, gps=False).reader.counter != open_recording(path).reader.counter


def test_memory_is_bounded_by_the_chunk():
    reader = BeastReader()
    chunk = (b"\x1a3" + bytes(21)) * 5000
    for _ in range(20):
        reader.push(chunk)
    assert len(reader._stream) < 2 * len(chunk)
