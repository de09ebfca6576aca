"""How far the stream has come."""

from __future__ import annotations

from skywitness.batches import UNTIMED
from skywitness.frames.data_time import DataTime
from tests.frames_from import frames_from

S = 1_000_000_000


def data_times(rows: list[tuple[int, int]]) -> list[int]:
    return DataTime().push(frames_from([(time, receiver, bytes(7)) for time, receiver in rows])).tolist()


def test_one_receiver_never_goes_back() -> None:
    assert data_times([(5 * S, 0), (3 * S, 0), (6 * S, 0)]) == [5 * S, 5 * S, 6 * S]


def test_the_slowest_receiver_holds_it_back() -> None:
    rows = [(10 * S, 0), (7 * S, 1), (12 * S, 0), (9 * S, 1), (13 * S, 1)]
    assert data_times(rows) == [10 * S, 10 * S, 10 * S, 10 * S, 12 * S]


def test_a_receiver_silent_for_ten_seconds_no_longer_does() -> None:
    rows = [(10 * S, 0), (10 * S, 1), (15 * S, 0), (21 * S, 0)]
    assert data_times(rows) == [10 * S, 10 * S, 10 * S, 21 * S]


def test_frames_without_a_time_take_the_time_so_far() -> None:
    assert data_times([(10 * S, 0), (UNTIMED, 0)]) == [10 * S, 10 * S]
