"""What is odd about an address: nobody's, typed in by hand, or another one than the registration has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from skywitness.identity.countries import find_country
from skywitness.identity.registrations import address_of, registration_of

__all__ = ["remarks_on"]

TYPED = (0x000001, 0x012345, 0x123456, 0x234567, 0x345678, 0x654321, 0xABCDEF, 0xFEDCBA)
ALL_CALL = 0xFFFFFF  # ICAO Annex 10 Vol. III, Part I, 9.2.3: neither is given to an aircraft
NOBODY = 0x000000


def remarks_on(icao: int, registrations: Iterable[str] = (), *, is_privacy_address: bool = False) -> list[str]:
    """Return a sentence for each thing that is odd about an address; empty if nothing is.

    registrations  what others than a rule say that the aircraft is
    """
    found: list[str] = []
    if icao in (NOBODY, ALL_CALL):
        return ["no aircraft has this address: it is all zeros or all ones, so the transponder is not set up"]
    if icao in TYPED or len(set(f"{icao:06x}")) == 1:
        found.append("looks like an address typed in by hand: likely a transponder not set up, or a test")
    if not find_country(np.array([icao], np.uint32))[0]:
        found.append("of no State's block: mis-programmed, a test, or not an aircraft's own address (as TIS-B uses)")
    for registration in dict.fromkeys(registrations):
        right = address_of(registration)
        if right is None or right == icao:
            continue
        text = f"{registration} has {right:06X} by its State's rule, not {icao:06X}"
        if how := _slip(icao, right):
            text += f": likely mis-programmed, {how}"
        elif registration_of(icao):
            text += f", which is that of {registration_of(icao)}: mis-programmed, or taken over from another aircraft"
        else:
            text += ": mis-programmed, or the list is wrong"
        found.append(text)
    if is_privacy_address:
        found.append("a privacy address (PIA): lent for a time, so that it does not tell which aircraft it is")
    return found


def _slip(sent: int, right: int) -> str:
    """How one address came of another one by a slip of the hand; empty if by none that is known."""
    a, b = f"{sent:06X}", f"{right:06X}"
    wrong = [k for k in range(6) if a[k] != b[k]]
    if (sent ^ right).bit_count() == 1:
        return "one bit differs"
    if len(wrong) == 1:
        return "one digit differs"
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1 and a[wrong[0]] == b[wrong[1]] and a[wrong[1]] == b[wrong[0]]:
        return "two digits are swapped"
    if f"{sent:024b}" == f"{right:024b}"[::-1]:
        return "its bits are in reverse order"
    return ""
