"""Blocks of addresses that States give to their armed forces.

From the block table of vradarserver/standing-data: those of 16 addresses and more of which no list or rule has any as
civil. Single addresses are observations and belong into lists; a State that is not here may still have military
aircraft in its civil block, as Russia has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U32

__all__ = ["is_military", "military_block", "read_ranges"]

RANGES = """
    0200B0-0200BF 0A4000-0A4FFF 33FF00-33FFFF 350000-37FFFF 3A8000-3BFFFF 3E8000-3EBFFF 3F4000-3FBFFF 43C000-43E6FF
    43EB80-43FFFF 444000-447FFF 44F000-44FFFF 457000-457FFF 45F400-45F4FF 467800-4678FF 468000-4683FF
    477FF0-477FFF 4780D0-4781FF 480000-480FFF 48D800-48D8FF 497C00-497CFF 498400-4984FF 4B7000-4B7FFF 4B8200-4B82FF
    4D03C0-4D03DF 506F00-506FFF 70C070-70C07F 738A00-738BFF 7C8230-7FFFFF 800200-8002EF 896C00-896C3F ADF7C8-AFFFFF
    C20000-C3FFFF C87F00-C87FFF E80600-E806FF
"""
"""First and last address. Those of the United States begin behind that of N99999, those of Australia behind VH-ZZZ;
of the United Kingdom's, what the Isle of Man and Guernsey have is left out."""


def read_ranges() -> tuple[I64, I64]:
    """First and last address of each block, by address."""
    pairs = sorted(tuple(int(end, 16) for end in one.split("-")) for one in RANGES.split())
    first_last = np.array(pairs, np.int64).T.copy()
    return first_last[0], first_last[1]


FIRST, LAST = read_ranges()


def is_military(icao: U32) -> NDArray[np.bool_]:
    """Return whether each address is of a military block; False says nothing."""
    block = np.maximum(np.searchsorted(FIRST, icao, side="right") - 1, 0)
    return np.asarray((FIRST[block] <= icao) & (icao <= LAST[block]))


def military_block(icao: int) -> tuple[int, int] | None:
    """Return first and last address of the military block that an address is of; None if it is of none."""
    block = int(np.searchsorted(FIRST, icao, side="right")) - 1
    return (int(FIRST[block]), int(LAST[block])) if block >= 0 and icao <= LAST[block] else None
