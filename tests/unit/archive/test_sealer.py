"""Leaves and roots: the published vectors, and the tree of RFC 6962 by its own definition."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
import time

import numpy as np
import pytest

from skywitness.archive.recorder import Recorder, RecorderSettings
from skywitness.archive.sealer import Tree, leaf_bytes, leaves, main, read_seal, seal_segment, unsealed
from skywitness.archive.segments import read_blocks, segment_path
from skywitness.batches import Frames, Messages, Positions
from skywitness.errors import ArchiveError, FormatError
from skywitness.pipeline import Output
from tests.frames_from import frames_from

RFC_LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Reference vectors of the certificate transparency log of RFC 6962."""


def defined_root(digests: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word by word."""
    if not digests:
        return hashlib.sha256(b"").digest()
    if len(digests) == 1:
        return digests[0]
    k = 1
    while 2 * k < len(digests):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(digests[:k]) + defined_root(digests[k:])).digest()


def test_published_roots():
    digests = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in RFC_LEAVES]
    for size, root in enumerate(RFC_ROOTS, 1):
        tree = Tree()
        tree.push(digests[:size])
        assert tree.root().hex() == root


def test_root_is_that_of_the_definition_however_leaves_come():
    digests = [hashlib.sha256(bytes([i])).digest() for i in range(70)]
    for size in range(70):
        tree = Tree()
        for start in range(0, size, 9):
            tree.push(digests[start : min(start + 9, size)])
        assert tree.root() == defined_root(digests[:size]), size
        assert tree.size == size


def one_frame() -> tuple[Frames, bytes]:
    frames = frames_from([(1_750_000_000_123_456_789, 3, bytes.fromhex("8d40621d58c382d690c8ac2863a7"))])
    frames.timing[:] = 1
    frames.signal_dbfs[:] = -12.34
    return frames, hashlib.sha256(b"skywitness receiver without key\0roof").digest()


def test_leaf_vector():
    """The vector of docs/reference/archive.md, and the layout field by field."""
    frames, name = one_frame()
    leaf = leaf_bytes(frames, np.array([41]), {3: name})[0].tobytes()
    told = b"\x00\x01" + name + struct.pack(">QqBhB", 41, 1_750_000_000_123_456_789, 1, -1234, 14)
    assert leaf == told + bytes.fromhex("8d40621d58c382d690c8ac2863a7")
    assert leaves(frames, np.array([41]), {3: name})[0].hex() == LEAF_VECTOR


LEAF_VECTOR = "d7f2895d0ef6307d563727e0933297b617cb3cb2a4e25d6b620aed90964dbc04"


def test_a_short_frame_has_a_short_leaf():
    frames = frames_from([(5, 0, bytes(range(7))), (6, 0, b"\x01\x02")])
    for row, length in ((0, 7), (1, 2)):
        data = leaf_bytes(frames, np.array([0, 1]), {0: bytes(32)})[row].tobytes()[: 54 + length]
        assert leaves(frames, np.array([0, 1]), {0: bytes(32)})[row] == hashlib.sha256(data).digest()


def record(directory, rows: int) -> None:
    recorder = Recorder(directory, RecorderSettings(seal=False, reserve_bytes=0), threaded=False)
    recorder.receiver("roof")
    heard = frames_from([(i * 1000, 0, bytes([0x8D] * 14)) for i in range(rows)])
    for start in range(0, rows, 50):
        part = heard.slice(start, min(start + 50, rows))
        first = recorder.reserve(len(part), 0)
        part = dataclasses.replace(part, id=first + np.arange(len(part)))
        recorder.push(Output(part, Messages.empty(), Positions.empty()), 0)
        recorder.turn()
    recorder.close()


def test_a_seal_holds_root_and_blocks(tmp_path):
    record(tmp_path, 130)
    path = segment_path(tmp_path, 0)
    assert unsealed(tmp_path, 1) == [0]
    assert unsealed(tmp_path, 0) == []  # it may still be written
    facts = seal_segment(path)
    assert unsealed(tmp_path, 1) == []
    found, blocks = read_seal(path.with_suffix(".seal"))
    assert found == facts
    assert found["rows"] == 130
    there = list(read_blocks(path, strict=True))
    assert blocks == [(int(b.frames.id[0]) & 0xFFFFFFFF, b.digest) for b in there]
    name = hashlib.sha256(b"skywitness receiver without key\0roof").digest()
    digests = [leaf for b in there for leaf in leaves(b.frames, b.sequence, {0: name})]
    assert found["root"] == defined_root(digests).hex()


def test_the_process_seals_all_and_skips_the_damaged(tmp_path):
    for _ in range(3):
        record(tmp_path, 20)
    path = segment_path(tmp_path, 1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(FormatError):
        seal_segment(path)
    nice = main.__globals__["os"]
    before = getattr(nice, "nice", None)
    nice.nice = lambda value: None  # the test's own process keeps its priority
    try:
        assert main([str(tmp_path), "3"]) == 1
    finally:
        nice.nice = before
    assert unsealed(tmp_path, 3) == [1]


def test_recorder_seals_what_an_earlier_run_closed(tmp_path):
    record(tmp_path, 20)
    recorder = Recorder(tmp_path, RecorderSettings(reserve_bytes=0), threaded=False)
    recorder._sealed_at -= 100
    recorder.turn()
    assert recorder.metrics()["skywitness_record_seals_waiting"] == 1
    deadline = time.monotonic() + 60
    while recorder.metrics()["skywitness_record_seals_waiting"] and time.monotonic() < deadline:
        time.sleep(0.1)
        recorder._sealed_at -= 100
        recorder.turn()
    assert unsealed(tmp_path, 1) == []
    assert recorder.metrics()["skywitness_record_seals_total"] == 1
    recorder.close()


def test_a_damaged_seal_is_told(tmp_path):
    record(tmp_path, 20)
    seal_segment(segment_path(tmp_path, 0))
    path = tmp_path / "raw" / "00000000.seal"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveError, match="damaged"):
        read_seal(path)
