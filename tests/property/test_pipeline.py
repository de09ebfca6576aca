"""The folds: neither cutting the stream nor sharing out the aircraft changes a row."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from skywitness.batches import Frames, Messages, Positions
from skywitness.kernel import plain
from skywitness.messages.mode_s.encode import encode_cpr
from skywitness.pipeline import Pipeline, Settings, in_order
from tests.frames_from import frames_from
from tests.oracles.parity import with_parity

S = 1_000_000_000
RECEIVERS = 3


def position(icao: int, odd: int, lat: int, lon: int, typecode: int = 11, altitude: int = 0xC38) -> bytes:
    me = typecode << 51 | altitude << 36 | odd << 34 | lat << 17 | lon
    return with_parity(bytes([0x8D]) + icao.to_bytes(3, "big") + me.to_bytes(7, "big"))


@functools.cache
def heard(seed: int = 3, seconds: int = 60) -> Frames:
    """Eight aircraft, airborne and on the ground, heard by up to three receivers, among noise and replies."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, bytes]] = []
    for aircraft in range(8):
        icao = 0x400000 + aircraft
        lat, lon = rng.uniform(49, 51), rng.uniform(7, 9)
        surface = aircraft >= 6
        for k in range(2 * seconds):
            time_ns = int(k * S // 2 + rng.integers(0, S // 5))
            odd = k & 1
            lat += 0.00001 if surface else 0.0005
            yz, xz = plain(encode_cpr)(lat, lon, odd, surface)
            frame = position(icao, odd, yz, xz, 6 if surface else 11)
            for receiver in range(RECEIVERS):
                if rng.random() < 0.6:
                    rows.append((time_ns + int(rng.integers(0, S // 100)), receiver, frame))
            if rng.random() < 0.3:
                reply = with_parity(bytes([0x20, 0, int(rng.integers(256)), 0x38]), icao)
                rows.append((time_ns + 1, int(rng.integers(RECEIVERS)), reply))
            if rng.random() < 0.1:
                rows.append((time_ns + 2, 0, rng.bytes(int(rng.choice([2, 7, 14])))))
    rows.sort(key=lambda row: row[0])
    return frames_from(rows)


def run(frames: Frames, cuts: list[int], shards: int = 1, threads: int = 0) -> tuple[Positions, Messages]:
    edges = [0, *sorted(cuts), len(frames)]
    parts = [frames.slice(a, b) for a, b in pairwise(edges)]

    def fold(pipeline: Pipeline) -> tuple[Positions, Messages]:
        outputs = [pipeline.push(part) for part in parts] + [pipeline.flush()]
        return (
            in_order(Positions.concat([output.positions for output in outputs])),
            Messages.concat([output.messages for output in outputs]),
        )

    if threads:
        with ThreadPoolExecutor(threads) as executor:
            return fold(Pipeline(Settings(shards=shards), executor.map))
    return fold(Pipeline(Settings(shards=shards)))


@functools.cache
def whole() -> tuple[Positions, Messages]:
    return run(heard(), [])


def test_the_stream_tells_something() -> None:
    positions, messages = whole()
    assert len(positions) > 1000
    assert np.bincount(positions.verdict, minlength=5)[3] == 0
    assert (positions.on_ground == 1).any()
    assert (positions.receivers > 1).any()
    assert set(positions.revision.tolist()) == {0, 1}
    assert len(messages) == len(heard())


@given(st.lists(st.integers(0, len(heard())), max_size=30))
@settings(max_examples=25, deadline=None)
def test_cutting_the_stream_changes_nothing(cuts: list[int]) -> None:
    positions, messages = run(heard(), cuts)
    assert positions.same_as(whole()[0])
    assert messages.same_as(whole()[1])


def test_cutting_it_into_single_frames_changes_nothing() -> None:
    frames = heard().slice(0, 600)
    assert run(frames, list(range(1, 600)))[0].same_as(run(frames, [])[0])


def test_sharing_out_the_aircraft_changes_nothing() -> None:
    for shards, threads in ((2, 0), (7, 0), (2, 2), (7, 2)):
        positions, messages = run(heard(), [500, 501, 1500], shards, threads)
        assert positions.same_as(whole()[0]), (shards, threads)
        for name in Messages.names():
            if name != "slot":
                assert np.array_equal(getattr(messages, name), getattr(whole()[1], name)), name


def test_every_final_row_has_a_first_one() -> None:
    positions, _ = whole()
    first = set(positions.parent[positions.revision == 0].tolist())
    final = positions.parent[positions.revision == 1].tolist()
    assert set(final) <= first
    assert len(set(final)) == len(final)
    assert (positions.receivers[positions.revision == 1] > 1).all()
    assert (positions.verdict[positions.revision == 1] == 0).all()


@given(
    st.lists(
        st.tuples(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 300), st.binary(min_size=14, max_size=14))
    )
)
@settings(max_examples=50, deadline=None)
def test_no_bytes_and_no_times_break_it(rows: list[tuple[int, int, bytes]]) -> None:
    pipeline = Pipeline()
    output = pipeline.push(frames_from(rows))
    assert len(output.messages) == len(rows)
    pipeline.flush()
