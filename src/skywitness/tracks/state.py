"""What is known of one aircraft: the latest value of each field, when it was said and by what kind of message."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.kernel import scalar

__all__ = [
    "AIRCRAFT",
    "BLANK_AIRCRAFT",
    "CACHE_LINE",
    "LEVELS",
    "LEVEL_STEP_DB",
    "NEVER",
    "NO_LEVEL",
    "level_code",
    "repeated",
]

CACHE_LINE = 64

NEVER = -(1 << 62)
"""The time of what was never said."""

LEVELS = 8
"""How many of the last signal levels are kept, for their mean."""

NO_LEVEL = 255
LEVEL_STEP_DB = 0.2
"""A level is kept as -dBFS in steps of this, NO_LEVEL where it is not known."""

FIELDS: tuple[tuple[str, type[np.generic], tuple[int, ...], float], ...] = (
    # name, dtype, shape, value before anything was said. In lines of 64 bytes by who touches them, so that a message
    # brings in as little memory as can be; the sums are held by a test.
    # Line 0: every message.
    ("seen_ns", np.int64, (), NEVER),
    ("altitude_ns", np.int64, (), NEVER),
    ("register_memory", np.int64, (), 0),
    ("level", np.uint8, (LEVELS,), NO_LEVEL),
    ("messages", np.uint32, (), 0),
    ("icao", np.uint32, (), 0),
    ("altitude_ft", np.float32, (), np.nan),
    ("place_speed_kt", np.float32, (), np.nan),
    ("altitude_trust", np.int16, (), 0),
    ("receiver", np.uint16, (), 0),
    ("squawk", np.uint16, (), 0xFFFF),
    ("kind", np.uint8, (), 0),
    ("level_at", np.uint8, (), 0),
    ("on_ground", np.uint8, (), 255),
    ("category", np.uint8, (), 255),
    ("nic", np.uint8, (), 255),
    ("nac_p", np.uint8, (), 255),
    ("nic_a", np.uint8, (), 0),
    ("nic_b", np.uint8, (), 0),
    ("nic_c", np.uint8, (), 0),
    ("version", np.uint8, (), 255),
    # Line 1: positions and velocities.
    ("velocity_ns", np.int64, (), NEVER),
    ("rate_ns", np.int64, (), NEVER),
    ("geom_minus_baro_ns", np.int64, (), NEVER),
    ("altitude_geom_ns", np.int64, (), NEVER),
    ("callsign", np.int64, (), 0),
    ("groundspeed_kt", np.float32, (), np.nan),
    ("track_deg", np.float32, (), np.nan),
    ("vertical_rate_fpm", np.float32, (), np.nan),
    ("geom_minus_baro_ft", np.float32, (), np.nan),
    ("altitude_geom_ft", np.float32, (), np.nan),
    ("nac_v", np.uint8, (), 255),
    ("vertical_source", np.uint8, (), 255),
    ("best_source", np.uint8, (), 255),
    ("open_at", np.uint8, (), 0),
    # Line 2: Comm-B registers, TC 19/3-4 and TC 29: motion through the air and the flight deck's settings.
    ("air_ns", np.int64, (), NEVER),
    ("turn_ns", np.int64, (), NEVER),
    ("selected_ns", np.int64, (), NEVER),
    ("ias_kt", np.float32, (), np.nan),
    ("tas_kt", np.float32, (), np.nan),
    ("mach", np.float32, (), np.nan),
    ("heading_deg", np.float32, (), np.nan),
    ("roll_deg", np.float32, (), np.nan),
    ("track_rate_deg_s", np.float32, (), np.nan),
    ("mcp_altitude_ft", np.float32, (), np.nan),
    ("fms_altitude_ft", np.float32, (), np.nan),
    ("qnh_hpa", np.float32, (), np.nan),
    ("selected_heading_deg", np.float32, (), np.nan),
    # Line 3: what is said seldom.
    ("callsign_ns", np.int64, (), NEVER),
    ("squawk_ns", np.int64, (), NEVER),
    ("quality_ns", np.int64, (), NEVER),
    ("emergency_ns", np.int64, (), NEVER),
    ("weather_ns", np.int64, (), NEVER),
    ("wind_speed_kt", np.float32, (), np.nan),
    ("wind_direction_deg", np.float32, (), np.nan),
    ("sat_c", np.float32, (), np.nan),
    ("heading_is_magnetic", np.uint8, (), 0),
    ("modes", np.uint8, (), 255),
    ("emergency", np.uint8, (), 255),
    ("nic_baro", np.uint8, (), 255),
    ("sil", np.uint8, (), 255),
    ("sil_type", np.uint8, (), 255),
    ("gva", np.uint8, (), 255),
    ("sda", np.uint8, (), 255),
    ("alert", np.uint8, (), 255),
    ("spi", np.uint8, (), 255),
    ("spare", np.uint8, (2,), 0),
    # Line 4: rows whose window is still open, by their number in the ring.
    ("open_rows", np.int64, (8,), -1),
)

AIRCRAFT = np.dtype([(name, dtype, shape) for name, dtype, shape, _ in FIELDS], align=True)


def _blank_aircraft() -> NDArray[Any]:
    record = np.zeros(1, AIRCRAFT)
    for name, _, _, blank in FIELDS:
        record[name] = blank
    return record


BLANK_AIRCRAFT = _blank_aircraft()
"""One record of an aircraft of which nothing is known."""


@scalar
def level_code(signal_dbfs):
    """A signal level as it is kept: steps of 0.2 dB below full scale, 0..254 (float32 dBFS, NaN unknown)."""
    if math.isnan(signal_dbfs):
        return NO_LEVEL
    return int(min(254.0, max(0.0, 0.5 - signal_dbfs * 5.0)))


def repeated(record: NDArray[Any], count: int) -> NDArray[Any]:
    """Return copies of a record in an array that begins on a cache line."""
    size = record.dtype.itemsize * count
    raw = np.empty(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    records = raw[start : start + size].view(record.dtype)
    records[:] = record
    return records
