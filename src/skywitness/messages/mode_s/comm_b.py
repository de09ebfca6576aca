"""Which register is this reply? A Comm-B reply does not say; its bits, its aircraft and its past do.

Every register that the bits could be is weighed (`evidence`). One is named only if it has enough points and clearly
more than any other; else the answer is 0, unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skywitness.batches import I64
from skywitness.errors import FormatError
from skywitness.kernel import plain, scalar
from skywitness.messages.mode_s.evidence import (
    EVIDENCE,
    ORDER,
    POINTS,
    weigh,
    weigh_heading,
    weigh_intention,
    weigh_rare,
    weigh_turn,
)
from skywitness.messages.mode_s.registers import COMMON_USAGE

__all__ = [
    "NO_MEMORY",
    "Candidate",
    "KnownState",
    "identify",
    "infer",
    "infer_bds",
    "remember",
]

FREQUENT = 3  # the first registers of ORDER
NAMED = len(ORDER) - 3  # the last ones begin with their own number
LISTED = (1 << 29) - 1  # bits 28-56, zero in BDS 1,7
CLEAR = 6  # points of a frequent register that end the search
CERTAIN = 10  # points that end it at once: no two registers of one reply have had so many
ENOUGH = 3
MARGIN = 2
ALONE = 1  # point for being the only one possible

# What is remembered of an aircraft, one integer: bits 0..23 the bits 1..24 of its latest BDS 1,7 (bit k at k - 1), bit
# 24 whether there was one, from bit 32 on the registers recognised so far by their place in ORDER.
NO_MEMORY = 0
HAS_REPORT = 1 << 24
SEEN = 32


def _report_places() -> I64:
    """Place of each register of ORDER in BDS 1,7, or of a bit that is never set."""
    return np.array([COMMON_USAGE.index(bds) if bds in COMMON_USAGE else 31 for bds in ORDER.tolist()], np.int64)


def _seen_bits() -> I64:
    """Bit of the memory for each register, 0 for those that are not weighed."""
    bits = np.zeros(256, np.int64)
    bits[ORDER] = 1 << (SEEN + np.arange(len(ORDER)))
    return bits


REPORT_PLACE = _report_places()
SEEN_BIT = _seen_bits()


@scalar
def remembered_points(memory, place):
    """Points for the register at this place of ORDER: one if BDS 1,7 listed it, one if it was recognised before."""
    return (memory >> REPORT_PLACE[place] & 1) + (memory >> (SEEN + place) & 1)


@scalar
def remember(memory, mb, bds):
    """Fold a reply into the memory of its aircraft: call it with what `infer_bds` answered.

    memory  int64   NO_MEMORY for an aircraft just met
    return  int64
    """
    if bds == 0x17:
        report = HAS_REPORT
        for k in range(24):
            report |= (mb >> (55 - k) & 1) << k
        memory = memory >> SEEN << SEEN | report
    return memory | SEEN_BIT[bds]


@scalar
def infer_bds(mb, altitude_ft, groundspeed_kt, track_deg, vertical_rate_fpm, lat_deg, lon_deg, memory):
    """Name the register of a Comm-B reply, or say 0: none fits, or more than one does.

    mb                 int64    the 56 bits of the MB field
    altitude_ft        float64  pressure altitude of this very reply (DF 20) or lately known (DF 21); NaN unknown
    groundspeed_kt, track_deg, vertical_rate_fpm, lat_deg, lon_deg
                       float64  as lately reported by the aircraft itself in other messages; NaN unknown
    memory             int64    of this aircraft, see `remember`
    return             int64    0x60 for BDS 6,0; 0 unknown or empty
    """
    if mb == 0:
        return 0
    first = mb >> 48
    if first == 0x10 or first == 0x20 or first == 0x30:
        for place in range(NAMED, len(ORDER)):
            if ORDER[place] == first and weigh_rare(mb, place, altitude_ft, lat_deg, lon_deg) >= 0:
                return first
    best = 0
    best_points = -1
    second_points = -1
    for place in range(NAMED):
        if place == 0:
            evidence = weigh_intention(mb)
        elif place == 1:
            evidence = weigh_turn(mb, groundspeed_kt, track_deg)
        elif place == 2:
            evidence = weigh_heading(mb, altitude_ft, track_deg, vertical_rate_fpm)
        elif place == FREQUENT and best_points >= CLEAR and mb & LISTED:
            break
        else:
            evidence = weigh_rare(mb, place, altitude_ft, lat_deg, lon_deg)
        if evidence >= 0:
            points = (evidence & POINTS) + remembered_points(memory, place)
            if points >= CERTAIN:
                return ORDER[place]
            if points > best_points:
                second_points = best_points
                best_points = points
                best = ORDER[place]
            elif points > second_points:
                second_points = points
    if second_points < 0:
        best_points += ALONE
    if best_points >= ENOUGH and best_points >= second_points + MARGIN:
        return best
    return 0


@dataclass(frozen=True, slots=True)
class KnownState:
    """What is known of an aircraft when its reply arrives; NaN is unknown."""

    altitude_ft: float = math.nan
    """Pressure altitude of this very reply if it has one (DF 20), else the latest."""
    groundspeed_kt: float = math.nan
    track_deg: float = math.nan
    vertical_rate_fpm: float = math.nan
    lat_deg: float = math.nan
    lon_deg: float = math.nan
    memory: int = NO_MEMORY
    """See `remember`."""


NOTHING_KNOWN = KnownState()
REPORTED = "the aircraft's capability report lists this register"
RECOGNISED = "this register was recognised from this aircraft before"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A register that a reply's bits may be."""

    bds: int
    """0x60 for BDS 6,0."""
    points: int
    reasons: tuple[str, ...]
    """What speaks for it, in words."""
    is_named: bool
    """Whether this is the one `identify` answers with: enough points, and clearly more than any other."""


def identify(mb: bytes | int, *, state: KnownState | None = None) -> int:
    """Name the register of one reply, 0x60 for BDS 6,0, or 0 for unknown.

    `mb` is the MB field, 7 bytes or 56 bits. Compiles nothing.
    """
    known = state or NOTHING_KNOWN
    return int(plain(infer_bds)(_bits_of(mb), *_arguments(known)))


def infer(mb: bytes | int, *, state: KnownState | None = None) -> list[Candidate]:
    """All registers that a reply may be, best first, each with what speaks for it; empty if none fits."""
    known = state or NOTHING_KNOWN
    message = _bits_of(mb)
    named = identify(message, state=known)
    found = []
    for place, bds in enumerate(ORDER.tolist()):
        evidence = int(plain(weigh)(message, place, *_arguments(known)[:-1])) if message else -1
        if evidence < 0:
            continue
        reasons = [words for flag, words in EVIDENCE.items() if evidence >> 8 & flag >> 8]
        if known.memory >> int(REPORT_PLACE[place]) & 1:
            reasons.append(REPORTED)
        if known.memory >> (SEEN + place) & 1:
            reasons.append(RECOGNISED)
        points = (evidence & POINTS) + int(plain(remembered_points)(known.memory, place))
        found.append(Candidate(bds, points, tuple(reasons), bds == named))
    return sorted(found, key=lambda candidate: (not candidate.is_named, -candidate.points, candidate.bds))


def _bits_of(mb: bytes | int) -> int:
    message = int.from_bytes(mb, "big") if isinstance(mb, bytes) else int(mb)
    if not 0 <= message < 1 << 56 or (isinstance(mb, bytes) and len(mb) != 7):
        raise FormatError("an MB field has 56 bits, 7 bytes")
    return message


def _arguments(state: KnownState) -> tuple[float | int, ...]:
    return (
        state.altitude_ft,
        state.groundspeed_kt,
        state.track_deg,
        state.vertical_rate_fpm,
        state.lat_deg,
        state.lon_deg,
        state.memory,
    )
