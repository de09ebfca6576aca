"""Position rows for tests: what is not said is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from skywitness.batches import Positions

DEFAULTS: Mapping[str, Any] = {
    "icao": 0x400001, "address_kind": 0, "on_ground": 255, "altitude_ft": np.nan, "altitude_geom_ft": np.nan,
    "groundspeed_kt": np.nan, "track_deg": np.nan, "vertical_rate_fpm": np.nan, "callsign": 0, "squawk": 0xFFFF,
    "nic": 255, "nac_p": 255, "source": 0, "receivers": 1, "signal_dbfs": np.nan, "verdict": 2, "reason": 0,
    "revision": 0, "provenance": 0, "parent": 0,
}  # fmt: skip


def positions_from(rows: Iterable[Mapping[str, Any]]) -> Positions:
    """Return a batch of rows given as mappings with time_ns, lat_deg and lon_deg at least."""
    rows = list(rows)
    columns = {
        name: np.array([{**DEFAULTS, **row}[name] for row in rows], dtype)
        for name, (dtype, _) in Positions.dtypes().items()
    }
    return Positions(**columns)
