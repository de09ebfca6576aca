"""Merging is by time and by nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skywitness.batches import UNTIMED, Frames
from skywitness.run import merge
from skywitness.run.merge import merged, rebatched
from tests.frames_from import frames_from

TIMES = st.lists(st.integers(0, 20) | st.just(UNTIMED), max_size=30)


def stream(number: int, times: list[int]) -> Frames:
    return frames_from([(time, number, bytes([number])) for time in times], first_id=number << 32)


def cut(frames: Frames, sizes: list[int]) -> list[Frames]:
    parts, start = [], 0
    for size in sizes:
        parts.append(frames.slice(start, min(start + size, len(frames))))
        start = min(start + size, len(frames))
    return [*parts, frames.slice(start, len(frames))]


@given(st.lists(TIMES, min_size=1, max_size=4), st.lists(st.integers(0, 7), max_size=12))
def test_the_order_is_by_time_then_file_then_row(times: list[list[int]], sizes: list[int]):
    streams = [stream(number, t) for number, t in enumerate(times)]
    keyed = []
    for number, t in enumerate(times):
        newest = UNTIMED
        for row, time in enumerate(t):
            newest = max(newest, time)
            keyed.append((newest, number, row))
    expected = [number << 32 | row for _, number, row in sorted(keyed)]
    found = Frames.concat(merged([cut(s, sizes) for s in streams]))
    if len(times) == 1:
        expected = streams[0].id.tolist()
    assert found.id.tolist() == expected


def test_a_stream_without_times_is_not_held(monkeypatch):
    monkeypatch.setattr(merge, "MOST_ROWS_OF_ONE_TIME", 10)
    taken = 0

    def endless():
        nonlocal taken
        for k in range(1000):
            taken += 1
            yield frames_from([(5, 0, b"a")] * 4, first_id=4 * k)

    first = next(merged([endless(), [stream(1, [5, 6])]]))
    assert taken < 10
    assert len(first) > 0


@given(st.integers(0, 50), st.lists(st.integers(0, 9), max_size=12), st.integers(1, 8))
def test_rebatching_changes_only_the_cuts(rows: int, sizes: list[int], length: int):
    whole = stream(0, list(range(rows)))
    found = list(rebatched(cut(whole, sizes), length))
    assert [len(batch) for batch in found] == [length] * (rows // length) + [rows % length] * (rows % length > 0)
    assert np.array_equal(Frames.concat(found).id, whole.id)
