"""Readers of frames: any bytes, any cutting, what was written, and the slow readers by another route."""

from __future__ import annotations

import contextlib
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.batches import UNTIMED, Frames
from skywitness.errors import FormatError
from skywitness.frames.clock import Clock
from skywitness.frames.formats.avr import AvrReader, AvrWriter
from skywitness.frames.formats.beast import BeastReader
from skywitness.frames.formats.beast_writer import BeastWriter
from skywitness.frames.formats.detect import FORMATS, detect
from skywitness.frames.formats.hex_csv import HexCsvReader, HexCsvWriter
from tests.oracles import frame_formats as oracles

READERS: tuple[Any, ...] = (BeastReader, AvrReader, HexCsvReader)
BYTES = st.sampled_from([0x1A, 0x1A, 0x31, 0x32, 0x33, 0x00, 0xFF]) | st.integers(0, 255)

PIECES = st.one_of(
    st.sampled_from(
        [b"\x1a\xe3", b"\x1a\xe4", b"\x1a\xe8", b"\x1a5", b"\x1a4", b"\x1aP", b"\x1aWO", b"\x1a1", b"PROXY "]
    ),
    st.sampled_from(
        [b"\x1a1" + bytes(9), b"\x1a\xe4" + b"f" * 36, b"\x1a\xe8" + bytes(5) + b"\1\0\0", b"\r\n", b"*0000;"]
    ),
    st.lists(BYTES, max_size=60).map(bytes),
    st.binary(min_size=21, max_size=21).map(lambda b: b"\x1a3" + b.replace(b"\x1a", b"\x1a\x1a")),
    st.binary(min_size=14, max_size=14).map(lambda b: b"\x1a2" + b.replace(b"\x1a", b"\x1a\x1a")),
    st.lists(st.sampled_from([0x1A, 7]), min_size=21, max_size=21).map(
        lambda b: b"\x1a3" + bytes(b).replace(b"\x1a", b"\x1a\x1a")
    ),
    st.text('0123456789abcdefABCDEF*:@<%;,."# \r\n\t-', max_size=80).map(str.encode),
    st.sampled_from(
        [b"8D406B902015A678D4D220AA4BDA", b"*5D4840D6F8740F;\n", b"@00000000001A5D4840D6F8740F;", b"1457996400,"]
    ),
)
STREAMS = st.lists(PIECES, max_size=25).map(b"".join)


def read(reader: Any, stream: bytes, cuts: list[int]) -> tuple[Frames, dict[str, int]]:
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    parts = [reader.push(stream[a:b]) for a, b in itertools.pairwise(edges)]
    return Frames.concat([*parts, reader.flush()]), dict(reader.counts)


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None, max_examples=150)
@given(stream=STREAMS, cuts=st.lists(st.integers(0, 2000), max_size=12))
def test_cutting_the_stream_changes_nothing(reader: Any, stream: bytes, cuts: list[int]):
    whole, counts = read(reader(3, 5), stream, [])
    cut, cut_counts = read(reader(3, 5), stream, cuts)
    assert whole.same_as(cut)
    assert counts == cut_counts
    assert whole.id.tolist() == list(range(5 << 32, (5 << 32) + len(whole)))
    assert set(whole.length.tolist()) <= {2, 7, 14}
    assert all(not whole.data[i, length:].any() for i, length in enumerate(whole.length))


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None, max_examples=50)
@given(stream=STREAMS)
def test_one_byte_at_a_time_and_nothing_is_hoarded(reader: Any, stream: bytes):
    one = reader()
    for k in range(len(stream)):
        one.push(stream[k : k + 1])
    assert len(getattr(one, "_rest", b"") if reader is not BeastReader else range(one._rest)) <= 600


@settings(deadline=None, max_examples=400)
@given(STREAMS.filter(lambda stream: not stream.startswith(b"P")))
def test_beast_agrees_with_the_slow_reader(stream: bytes):
    reader = BeastReader()
    frames, _ = read(reader, stream, [])
    expected = oracles.beast(stream)
    assert [frames.data[i, : frames.length[i]].tobytes() for i in range(len(frames))] == [e.data for e in expected]
    assert [i for i in range(len(frames)) if frames.ticks[i] not in (-1, expected[i].stamp)] == []
    assert [math.isnan(level) for level in frames.signal_dbfs] == [e.signal == 0 for e in expected]
    np.testing.assert_allclose(
        frames.signal_dbfs, [20 * math.log10(e.signal / 255) if e.signal else math.nan for e in expected], rtol=1e-6
    )
    assert [time != UNTIMED for time in frames.time_ns] == [e.marker_ms is not None for e in expected]
    names = [reader.stations[r] if reader.stations else None for r in frames.receiver]
    assert names == [e.station if e.station is not None or not reader.stations else names[i]
                     for i, e in enumerate(expected)]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(
    st.tuples(st.sampled_from(["*", ":", "@", "<", "%", "", "x"]),
              st.sampled_from(["", "00112233445F", "FFFFFFFFFFFF7A"]),
              st.sampled_from(["0000", "7700", "5D4840D6F8740F", "8d406B902015A678D4D220AA4BDA", "5D48", "5", "xyz"]),
              st.sampled_from([";\n", ";\r\n", "\n", ";(50,3,7F)\n", " ;\n"])).map("".join),
    st.text("*@;0aF\n", max_size=8),
), max_size=20).map("".join))  # fmt: skip
def test_avr_agrees_with_the_slow_reader(text: str):
    frames, _ = read(AvrReader(), (text + "\n").encode(), [])
    found = [frames.data[i, : frames.length[i]].tobytes() for i in range(len(frames))]
    # A second frame may follow on a line; the slow reader knows the first only.
    expected = oracles.avr(text)
    if text.count(";") == text.count(";\n") + text.count(";\r") + text.count(";("):
        assert found == [data for _, _, data in expected]


@st.composite
def heard(draw: Any) -> Frames:
    """Frames as a reader and a clock make them: counters with a base, several receivers or one, any bytes."""
    n = draw(st.integers(1, 40))
    frames = Frames.allocate(n)
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    kind = draw(st.sampled_from(["random", "escapes"]))
    data = rng.integers(0, 256, (n, 14)) if kind == "random" else rng.choice([0x1A, 0x31, 0x33], (n, 14))
    frames.data[:] = data
    frames.data[:, 0] |= 1
    frames.length[:] = rng.choice([2, 7, 14], n)
    frames.data[np.arange(14) >= frames.length[:, None]] = 0
    frames.id[:] = np.arange(n)
    frames.receiver[:] = rng.integers(0, draw(st.integers(1, 3)), n)
    frames.receiver[0] = 0
    start = rng.integers(0, 1 << 48)
    elapsed = np.cumsum(rng.integers(0, 12_000_000, n))
    frames.ticks[:] = (start + elapsed) & ((1 << 48) - 1)
    frames.timing[:] = 1
    frames.time_ns[:] = (
        draw(st.integers(0, 4_000_000_000)) * 1_000_000_000 + 123_000 + (elapsed - elapsed[0]) * 250 // 3
    )
    levels = rng.integers(0, 256, n)
    with np.errstate(divide="ignore"):
        frames.signal_dbfs[:] = np.where(levels > 0, 20 * np.log10(levels / 255), np.nan).astype(np.float32)
    return frames


def without_special_stamps(frames: Frames) -> bool:
    return bool((frames.ticks < 0xFF004D4C4154).all())


@settings(deadline=None, max_examples=150)
@given(heard().filter(without_special_stamps), st.lists(st.integers(0, 40), max_size=4))
def test_what_beast_writes_beast_reads(frames: Frames, cuts: list[int]):
    edges = sorted({0, len(frames), *(cut % (len(frames) + 1) for cut in cuts)})
    writer = BeastWriter()
    text = b"".join(writer.write(frames.slice(a, b)) for a, b in itertools.pairwise(edges))
    assert text == BeastWriter().write(frames)
    found, _ = read(BeastReader(), text, [100, 333])
    found = Clock().push(found)
    for name in ("data", "length", "ticks", "timing"):
        assert np.array_equal(getattr(found, name), getattr(frames, name)), name
    one_receiver = not frames.receiver.any()
    if one_receiver:
        assert np.array_equal(found.receiver, frames.receiver)
    assert same_grouping(found.receiver, frames.receiver)
    np.testing.assert_allclose(found.signal_dbfs, frames.signal_dbfs, rtol=1e-6)
    assert np.abs(found.time_ns - frames.time_ns).max() <= (0 if one_receiver else 42)


def same_grouping(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.array_equal(a[:, None] == a, b[:, None] == b))


@settings(deadline=None, max_examples=100)
@given(heard().filter(without_special_stamps))
def test_what_tables_hold_comes_back(frames: Frames):
    frames.receiver[:] = 0
    found, counts = read(HexCsvReader(), HexCsvWriter().write(frames), [7, 70])
    assert not counts
    assert found.same_as(frames)


@pytest.mark.parametrize("prefix", ["*", ":", "@", "<", "%"])
@settings(deadline=None, max_examples=50)
@given(frames=heard().filter(without_special_stamps))
def test_what_avr_writes_avr_reads(prefix: str, frames: Frames):
    found, counts = read(AvrReader(), AvrWriter(prefix).write(frames), [7, 70])
    assert not counts
    assert np.array_equal(found.data, frames.data)
    assert np.array_equal(found.length, frames.length)
    if prefix in "@<":
        assert np.array_equal(found.ticks, frames.ticks)
    else:
        assert set(found.ticks.tolist()) == {-1}
    if prefix == "<":
        np.testing.assert_allclose(found.signal_dbfs, frames.signal_dbfs, rtol=1e-6)


@settings(deadline=None, max_examples=200)
@given(STREAMS)
def test_any_beginning_has_a_format_or_an_error(head: bytes):
    with contextlib.suppress(FormatError):
        assert detect(head) in FORMATS


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(-1, 1 << 48), st.integers(0, 6), st.integers(0, 3),
                  st.just(UNTIMED) | st.integers(-(1 << 40), 1 << 61)),
        max_size=40,
    ),
    st.lists(st.integers(0, 40), max_size=5),
)  # fmt: skip
def test_cutting_the_stream_changes_no_time(rows: list[tuple[int, int, int, int]], cuts: list[int]):
    frames = Frames.allocate(len(rows))
    for i, (ticks, timing, receiver, time_ns) in enumerate(rows):
        frames.ticks[i], frames.timing[i], frames.receiver[i], frames.time_ns[i] = ticks, timing, receiver, time_ns
    whole = Clock().push(frames)
    clock = Clock()
    edges = sorted({0, len(frames), *(cut % (len(frames) + 1) for cut in cuts)})
    parts = [clock.push(frames.slice(a, b)).time_ns for a, b in itertools.pairwise(edges)]
    assert np.array_equal(whole.time_ns, np.concatenate([*parts, np.empty(0, np.int64)]))
