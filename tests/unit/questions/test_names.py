"""Who an aircraft is, for questions: military by lists and by blocks of addresses."""

from __future__ import annotations

import numpy as np
import pytest

from skywitness.identity.book import Book, Statement, register_of
from skywitness.questions.names import Names
from skywitness.questions.question import Flag

LIST = [Statement(0x154073, "list", "table", flags=1)]
ICAO = np.array([0x154073, 0x154074, 0xADF7C8, 0xADF7C7, 0x3F4000, 0x3F4000], np.uint32)
KIND = np.array([0, 0, 0, 0, 0, 1], np.uint8)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        # A listed one, its neighbour, the first address behind N99999, N99999 itself, Germany's forces, not ICAO's.
        (Flag("mil", True), [True, False, True, False, True, False]),
        (Flag("mil", False), [False, True, False, True, False, True]),
    ],
)
def test_military_by_a_list_or_a_block(term, expected):
    names = Names(Book([register_of("list", "table", LIST)]))
    found = names.mask(term, ICAO, KIND, np.zeros(len(ICAO), np.int64))
    np.testing.assert_array_equal(found, expected)
    possible = names.possible(term, ICAO, KIND)
    assert (possible | ~found).all()  # who it is true of is never left out before reading
