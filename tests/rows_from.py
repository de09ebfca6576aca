"""Position and state rows by chance, with everything a stored row may hold."""

from __future__ import annotations

import numpy as np

from skywitness.batches import Positions
from skywitness.tracks.aircraft import AircraftTable, table_of_positions

BEGIN_NS = 1_780_315_200_000_000_000
"""2026-06-01 12:00 UTC."""


def positions_from(rows: int, seed: int = 1, *, seconds: float = 240.0, aircraft: int = 7) -> Positions:
    """Rows in the order of time, every column with values and gaps, `parent` counting up."""
    rng = np.random.default_rng(seed)

    def gaps(values: np.ndarray, missing: float) -> np.ndarray:
        return np.where(rng.random(rows) < 0.2, missing, values)

    lat = rng.integers(-90_000_000, 90_000_001, rows) / 1e6
    lon = rng.integers(-180_000_000, 180_000_000, rows) / 1e6
    letters = rng.integers(0, 1 << 48, 5).astype(np.uint64)
    columns = {
        "time_ns": BEGIN_NS + np.sort(rng.integers(0, int(seconds * 1e9), rows)),
        "icao": rng.choice(rng.integers(0, 1 << 24, aircraft), rows),
        "address_kind": rng.integers(0, 4, rows),
        "lat_deg": lat,
        "lon_deg": lon,
        "on_ground": gaps(rng.integers(0, 2, rows), 255),
        "altitude_ft": gaps(rng.integers(-40, 2000, rows) * 25, np.nan),
        "altitude_geom_ft": gaps(rng.integers(-40, 2000, rows) * 25, np.nan),
        "groundspeed_kt": gaps(rng.integers(0, 6000, rows) / 10, np.nan),
        "track_deg": gaps(rng.integers(0, 3600, rows) / 10, np.nan),
        "vertical_rate_fpm": gaps(rng.integers(-100, 100, rows) * 64, np.nan),
        "callsign": np.where(rng.random(rows) < 0.2, 0, letters[rng.integers(0, 5, rows)]),
        "squawk": gaps(rng.integers(0, 4096, rows), 0xFFFF),
        "nic": gaps(rng.integers(0, 12, rows), 255),
        "nac_p": gaps(rng.integers(0, 12, rows), 255),
        "source": rng.integers(0, 6, rows),
        "receivers": rng.integers(1, 60_000, rows),
        "signal_dbfs": gaps(rng.integers(-4900, 0, rows) / 100, np.nan),
        "verdict": rng.integers(0, 5, rows),
        "reason": rng.integers(0, 12, rows),
        "revision": np.zeros(rows),
        "provenance": rng.integers(0, 3, rows),
        "parent": (7 << 32) + np.arange(rows),
    }
    dtypes = Positions.dtypes()
    return Positions(**{name: np.asarray(values).astype(dtypes[name][0]) for name, values in columns.items()})


def states_from(positions: Positions) -> AircraftTable:
    """The table of aircraft after these rows."""
    return table_of_positions(positions)
