"""The aircraft identification: eight characters of six bits."""

from __future__ import annotations

import functools

from skywitness.kernel import scalar
from skywitness.messages.mode_s.pack import CHARACTERS

__all__ = ["callsign", "callsign_text", "is_callsign_valid", "pack_callsign"]

CHARACTER_CODES = (1 << 27) - 2 | 1 << 32 | ((1 << 10) - 1) << 48
"""One bit for each of the 64 codes that is a letter (1-26), the space (32) or a digit (48-57)."""

SPACES = 0x820820820820


@scalar
def callsign(me):
    """Eight characters of 6 bits, as sent, the first in bits 47-42.

    me      int    the ME field of type codes 1 to 4, or the MB field of BDS 2,0
    return  int64
    source  ICAO Annex 10 Vol. IV, 3.1.2.9.1.2 and table 3-9
    """
    return me & 0xFFFFFFFFFFFF


@scalar
def is_callsign_valid(packed):
    """Say whether it says something: all characters are letters, digits or spaces, and not all spaces."""
    valid = 1
    for k in range(8):
        valid &= CHARACTER_CODES >> (packed >> 6 * k & 63)
    return valid == 1 and packed != SPACES


def callsign_text(packed: int) -> str:
    """Write a packed callsign, trailing spaces left off; `#` for a code that is no character."""
    return "".join(CHARACTERS[packed >> shift & 63] for shift in range(42, -1, -6)).rstrip(" ")


@functools.lru_cache(maxsize=65536)
def pack_callsign(text: str) -> int:
    """Pack up to 8 characters as they would be sent; 0, unknown, if there are none or one has no 6-bit code.

    Letters may be lower case.
    """
    characters = text.upper().rstrip(" ")[:8]
    if not characters or any(c not in CHARACTERS or c == "#" for c in characters):
        return 0
    packed = 0
    for character in characters.ljust(8):
        packed = packed << 6 | CHARACTERS.index(character)
    return packed
