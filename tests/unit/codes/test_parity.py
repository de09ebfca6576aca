"""The parity tables against long division."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywitness.codes import parity
from skywitness.kernel import plain
from tests.oracles.parity import remainder, with_parity


def row(frame: bytes) -> np.ndarray:
    return np.frombuffer(frame.ljust(14, b"\0"), np.uint8).copy()


@given(st.binary(min_size=14, max_size=14))
def test_long_remainder_is_that_of_long_division(frame: bytes) -> None:
    assert int(plain(parity.syndrome_long)(row(frame))) == remainder(frame)


@given(st.binary(min_size=7, max_size=7))
def test_short_remainder_is_that_of_long_division(frame: bytes) -> None:
    assert int(plain(parity.syndrome_short)(row(frame))) == remainder(frame)


def test_a_published_squitter_is_intact() -> None:
    assert int(plain(parity.syndrome_long)(row(bytes.fromhex("8D40621D58C382D690C8AC2863A7")))) == 0


@pytest.mark.parametrize("bit", range(1, 113))
def test_each_single_wrong_bit_is_found(bit: int) -> None:
    frame = bytearray(with_parity(bytes(range(0x8D, 0x8D + 11))))
    frame[(bit - 1) // 8] ^= 0x80 >> (bit - 1) % 8
    assert plain(parity.repair_bit_long)(remainder(bytes(frame))) == bit


@given(st.integers(1, 112), st.integers(1, 112))
def test_two_wrong_bits_are_never_taken_for_one(first: int, second: int) -> None:
    if first == second:
        return
    frame = bytearray(14)
    for bit in (first, second):
        frame[(bit - 1) // 8] ^= 0x80 >> (bit - 1) % 8
    assert plain(parity.repair_bit_long)(remainder(bytes(frame))) == 0
