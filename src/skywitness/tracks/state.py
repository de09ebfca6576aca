"""What is known of one aircraft: the latest value of each field, when it was said and by what kind of message."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AIRCRAFT", "BLANK_AIRCRAFT", "LEVELS", "NEVER", "blank_records"]

NEVER = -(1 << 62)
"""The time of what was never said."""

LEVELS = 8
"""How many of the last signal levels are kept, for their mean."""

FIELDS: tuple[tuple[str, type[np.generic], tuple[int, ...], float], ...] = (
    # name, dtype, shape, value before anything was said
    # Touched by every message; kept together, in the first cache lines.
    ("seen_ns", np.int64, (), NEVER),
    ("messages", np.int64, (), 0),
    ("icao", np.uint32, (), 0),
    ("kind", np.uint8, (), 0),
    ("level_at", np.uint8, (), 0),
    ("receiver", np.uint16, (), 0),
    ("level_dbfs", np.float32, (LEVELS,), np.nan),
    # Height.
    ("altitude_ns", np.int64, (), NEVER),
    ("altitude_geom_ns", np.int64, (), NEVER),
    ("geom_minus_baro_ns", np.int64, (), NEVER),
    ("altitude_ft", np.float32, (), np.nan),
    ("altitude_geom_ft", np.float32, (), np.nan),
    ("geom_minus_baro_ft", np.float32, (), np.nan),
    ("altitude_trust", np.int16, (), 0),
    ("on_ground", np.uint8, (), 255),
    ("category", np.uint8, (), 255),
    ("on_ground_ns", np.int64, (), NEVER),
    # Motion over the ground.
    ("velocity_ns", np.int64, (), NEVER),
    ("groundspeed_kt", np.float32, (), np.nan),
    ("track_deg", np.float32, (), np.nan),
    ("rate_ns", np.int64, (), NEVER),
    ("vertical_rate_fpm", np.float32, (), np.nan),
    ("place_speed_kt", np.float32, (), np.nan),
    # Who.
    ("callsign_ns", np.int64, (), NEVER),
    ("callsign", np.int64, (), 0),
    ("squawk_ns", np.int64, (), NEVER),
    ("squawk", np.uint16, (), 0xFFFF),
    ("emergency", np.uint8, (), 255),
    ("version", np.uint8, (), 255),
    # Quality.
    ("quality_ns", np.int64, (), NEVER),
    ("nic", np.uint8, (), 255),
    ("nic_baro", np.uint8, (), 255),
    ("nac_p", np.uint8, (), 255),
    ("nac_v", np.uint8, (), 255),
    ("sil", np.uint8, (), 255),
    ("sil_type", np.uint8, (), 255),
    ("gva", np.uint8, (), 255),
    ("sda", np.uint8, (), 255),
    ("nic_a", np.uint8, (), 0),
    ("nic_b", np.uint8, (), 0),
    ("nic_c", np.uint8, (), 0),
    ("vertical_source", np.uint8, (), 255),
    ("alert", np.uint8, (), 255),
    ("spi", np.uint8, (), 255),
    ("air_source", np.uint8, (), 255),
    ("squitters", np.uint8, (), 0),
    # Motion through the air, and the flight deck's settings: Comm-B, TC 19/3-4 and TC 29.
    ("air_ns", np.int64, (), NEVER),
    ("ias_kt", np.float32, (), np.nan),
    ("tas_kt", np.float32, (), np.nan),
    ("mach", np.float32, (), np.nan),
    ("heading_deg", np.float32, (), np.nan),
    ("heading_is_magnetic", np.uint8, (), 0),
    ("modes", np.uint8, (), 255),
    ("turn_ns", np.int64, (), NEVER),
    ("roll_deg", np.float32, (), np.nan),
    ("track_rate_deg_s", np.float32, (), np.nan),
    ("selected_ns", np.int64, (), NEVER),
    ("mcp_altitude_ft", np.float32, (), np.nan),
    ("fms_altitude_ft", np.float32, (), np.nan),
    ("qnh_hpa", np.float32, (), np.nan),
    ("selected_heading_deg", np.float32, (), np.nan),
    ("weather_ns", np.int64, (), NEVER),
    ("wind_speed_kt", np.float32, (), np.nan),
    ("wind_direction_deg", np.float32, (), np.nan),
    ("sat_c", np.float32, (), np.nan),
    ("register_memory", np.int64, (), 0),
    ("emergency_ns", np.int64, (), NEVER),
    # Rows whose window is still open, by their place in the ring.
    ("open_rows", np.int64, (8,), -1),
    ("open_at", np.uint8, (), 0),
    # Best source of each kind of data heard, index into POSITION_SOURCES; 255 never.
    ("best_source", np.uint8, (), 255),
)

AIRCRAFT = np.dtype([(name, dtype, shape) for name, dtype, shape, _ in FIELDS], align=True)


def blank_records(count: int) -> NDArray[Any]:
    """Return AIRCRAFT records of which nothing is known."""
    records = np.zeros(count, AIRCRAFT)
    for name, _, _, blank in FIELDS:
        records[name] = blank
    return records


BLANK_AIRCRAFT = blank_records(1)
