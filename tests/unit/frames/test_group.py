"""Which receptions are one transmission."""

from __future__ import annotations

import numpy as np

from skywitness.batches import UNTIMED
from skywitness.frames.group import WINDOW_NS, Grouper
from tests.frames_from import frames_from

A, B = bytes(range(14)), bytes(range(1, 15))
MS = 1_000_000


def labels(rows: list[tuple[int, int, bytes]], receivers: int = 2) -> list[int]:
    return Grouper(receivers).push(frames_from(rows)).tolist()


def test_one_receiver_never_hears_a_transmission_twice() -> None:
    assert labels([(0, 0, A), (1, 0, A), (2, 0, A)]) == [0, 1, 2]


def test_the_same_bytes_at_another_receiver_are_the_same_transmission() -> None:
    assert labels([(0, 0, A), (50 * MS, 1, A), (60 * MS, 2, A)]) == [0, 0, 0]


def test_other_bytes_are_another_transmission() -> None:
    assert labels([(0, 0, A), (0, 1, B)]) == [0, 1]


def test_the_window_ends() -> None:
    assert labels([(0, 0, A), (WINDOW_NS, 1, A)]) == [0, 0]
    assert labels([(0, 0, A), (WINDOW_NS + 1, 1, A)]) == [0, 1]


def test_a_second_copy_from_the_same_receiver_begins_the_next_transmission() -> None:
    rows = [(0, 0, A), (10 * MS, 1, A), (200 * MS, 0, A), (210 * MS, 1, A)]
    assert labels(rows) == [0, 0, 2, 2]


def test_the_nearer_in_time_is_chosen_when_copies_cross() -> None:
    rows = [(0, 0, A), (200 * MS, 0, A), (5 * MS, 1, A), (205 * MS, 1, A)]
    assert labels(rows) == [0, 1, 0, 1]


def test_frames_without_a_time_stand_alone() -> None:
    assert labels([(UNTIMED, 0, A), (UNTIMED, 1, A)]) == [0, 1]


def test_many_receivers_are_told_apart_by_the_first_alone() -> None:
    rows = [(k, k, A) for k in range(100)]
    assert set(labels(rows, receivers=100)) == {0}


def test_more_receivers_than_are_told_apart_may_come_while_it_runs() -> None:
    rows = [(0, 0, A), (1, 1, A), (2, 64, B), (3, 70, B), (4, 71, B), (5, 0, A)]
    whole = labels(rows)
    assert whole == [0, 0, 2, 2, 2, 5]
    grouper = Grouper(2)
    frames = frames_from(rows)
    assert [int(grouper.push(frames.slice(k, k + 1))[0]) for k in range(len(rows))] == whole


def test_a_flood_of_frames_forgets_the_oldest_and_does_not_grow() -> None:
    grouper = Grouper(2, places=64)
    rng = np.random.default_rng(1)
    rows = [(k, k % 2, rng.bytes(14)) for k in range(1000)]
    grouper.push(frames_from(rows))
    assert grouper.table is not None
    assert len(grouper.table) == 64
