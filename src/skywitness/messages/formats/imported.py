"""Positions that somebody else has decoded: values of their texts, checked, and rows made of them.

A value that cannot be is taken as unknown, not as an error; only a row without time, address or place is none. The
quanta are those of `Positions`, so an imported row looks like one of ours, but it is marked `imported` and
`unverifiable`: there is no reception behind it that could be decoded again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skywitness.batches import F64, POSITION_SOURCES, PROVENANCES, VERDICTS, Positions
from skywitness.messages.mode_s.pack import CHARACTERS

__all__ = [
    "LARGEST_ALTITUDE_FT",
    "LARGEST_RATE_FPM",
    "LARGEST_SPEED_KT",
    "ImportedRow",
    "category",
    "number",
    "packed_callsign",
    "packed_squawk",
    "positions_of",
]

LARGEST_ALTITUDE_FT = 150_000.0
"""Beyond what any format of this field can say (126,750 ft in Mode S)."""
LARGEST_SPEED_KT = 10_000.0
LARGEST_RATE_FPM = 100_000.0

NAN = math.nan
NO_SQUAWK = 0xFFFF
NO_CATEGORY = 255
CALLSIGN_CODES = {letter: code for code, letter in enumerate(CHARACTERS) if letter != "#"}
BLANK = 0x820820820820


@dataclass(slots=True)
class ImportedRow:
    """One position as told; the defaults are "unknown"."""

    time_ns: int
    icao: int
    address_kind: int
    lat_deg: float
    lon_deg: float
    parent: int
    on_ground: int = 255
    altitude_ft: float = NAN
    altitude_geom_ft: float = NAN
    groundspeed_kt: float = NAN
    track_deg: float = NAN
    vertical_rate_fpm: float = NAN
    callsign: int = 0
    squawk: int = NO_SQUAWK
    nic: int = NO_CATEGORY
    nac_p: int = NO_CATEGORY
    source: int = POSITION_SOURCES.index("other")
    receivers: int = 0
    signal_dbfs: float = NAN


def positions_of(rows: Sequence[ImportedRow]) -> Positions:
    """Make a batch of rows: quanta applied, longitude in [-180, 180), verdict `unverifiable`, revision 0."""
    count = len(rows)

    def floats(name: str) -> F64:
        return np.fromiter((getattr(row, name) for row in rows), np.float64, count)

    def whole(name: str, dtype: type[np.generic]) -> Any:
        return np.fromiter((getattr(row, name) for row in rows), dtype, count)

    lon = np.round(floats("lon_deg"), 6)
    track = np.round(floats("track_deg") % 360.0, 1)
    return Positions(
        time_ns=whole("time_ns", np.int64),
        icao=whole("icao", np.uint32),
        address_kind=whole("address_kind", np.uint8),
        lat_deg=np.round(floats("lat_deg"), 6),
        lon_deg=np.where(lon >= 180.0, lon - 360.0, lon),
        on_ground=whole("on_ground", np.uint8),
        altitude_ft=floats("altitude_ft").astype(np.float32),
        altitude_geom_ft=floats("altitude_geom_ft").astype(np.float32),
        groundspeed_kt=np.round(floats("groundspeed_kt"), 1).astype(np.float32),
        track_deg=np.where(track >= 360.0, 0.0, track).astype(np.float32),
        vertical_rate_fpm=floats("vertical_rate_fpm").astype(np.float32),
        callsign=whole("callsign", np.uint64),
        squawk=whole("squawk", np.uint16),
        nic=whole("nic", np.uint8),
        nac_p=whole("nac_p", np.uint8),
        source=whole("source", np.uint8),
        receivers=whole("receivers", np.uint16),
        signal_dbfs=floats("signal_dbfs").astype(np.float32),
        verdict=np.full(count, VERDICTS.index("unverifiable"), np.uint8),
        reason=np.zeros(count, np.uint8),
        revision=np.zeros(count, np.uint8),
        provenance=np.full(count, PROVENANCES.index("imported"), np.uint8),
        parent=whole("parent", np.int64),
    )


def number(value: object, low: float, high: float) -> float:
    """Return a number within its bounds, both included; NaN for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    return NAN


def category(value: object) -> int:
    """Return a category of 0 to 11; 255 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 11 else NO_CATEGORY


def packed_callsign(text: object) -> int:
    """Pack up to eight characters of 6 bits, the first in bits 47-42; 0 if blank or if it cannot be one."""
    if not isinstance(text, str):
        return 0
    letters = text.strip().upper().ljust(8)
    codes = [CALLSIGN_CODES.get(letter) for letter in letters]
    if len(codes) != 8 or None in codes:
        return 0
    packed = sum(code << 42 - 6 * place for place, code in enumerate(codes) if code is not None)
    return 0 if packed == BLANK else packed


def packed_squawk(text: object) -> int:
    """Return a Mode A code of up to four octal digits (leading zeros may be left off); 0xFFFF if it is none."""
    if isinstance(text, str) and 1 <= len(text) <= 4 and set(text) <= set("01234567"):
        return int(text, 8)
    return NO_SQUAWK
