"""Do a table's numbers fit each other? Speeds, rates and tracks against the way from one position to the next.

Column names do not tell that a program wrote metres where feet are expected, or swapped latitude and longitude. The
positions do: an aircraft that flies 1.94 times as fast as it says tells metres a second.
"""

from __future__ import annotations

import numpy as np

from skywitness.batches import F64, I64, Positions
from skywitness.errors import FormatError
from skywitness.geo.sphere import MEAN_RADIUS_NMI
from skywitness.units import FOOT_M, FPM_MPS, KNOT_MPS, NMI_M, NS_PER_S

__all__ = ["Plausibility"]

LEAST_PAIRS = 12
"""Below so many nothing is said."""
MOST_PAIRS = 20_000
SHORTEST_S, LONGEST_S = 1.5, 90.0
LEAST_SPEED_KT = 40.0
LEAST_CLIMB_FT = 30.0
FASTEST_KT = 2_500.0
"""Beyond it positions jump."""
JUMPING = 0.5
OFF_DEG, ON_DEG = 50.0, 20.0
MPS, KMH = KNOT_MPS, KNOT_MPS * 3.6
RADIUS_M = MEAN_RADIUS_NMI * NMI_M


class Plausibility:
    """Fold positions; `finish` tells if they cannot be.

    converted  whether the table was taken to be in metres and seconds, and converted
    """

    def __init__(self, source: str, *, converted: bool = False) -> None:
        self.source = source
        self.converted = converted
        self._speed: list[F64] = []
        self._climb: list[F64] = []
        self._turn: list[F64] = []
        self._flown: list[F64] = []
        self._rows: list[I64] = []
        self._pairs = 0

    def push(self, positions: Positions, rows: I64) -> None:
        """Take in positions and the rows they were in."""
        if self._pairs >= MOST_PAIRS or len(positions) < 2:
            return
        order = np.lexsort((positions.time_ns, positions.icao, positions.address_kind))
        p = positions.take(order)
        seconds = np.diff(p.time_ns) / NS_PER_S
        same = (p.icao[1:] == p.icao[:-1]) & (p.address_kind[1:] == p.address_kind[:-1])
        at = np.flatnonzero(same & (seconds >= SHORTEST_S) & (seconds <= LONGEST_S))[: MOST_PAIRS - self._pairs]
        if not len(at):
            return
        self._pairs += len(at)
        a, b, seconds = p.take(at), p.take(at + 1), seconds[at]
        metres, bearing = _way(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
        _, swapped = _way(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg)
        flown = metres / seconds / KNOT_MPS
        moved = metres > 200.0
        with np.errstate(divide="ignore", invalid="ignore"):
            says = (a.groundspeed_kt + b.groundspeed_kt) / 2.0
            self._speed.append(np.where((says > LEAST_SPEED_KT / 2) & (flown > LEAST_SPEED_KT), flown / says, np.nan))
            climbed = b.altitude_ft.astype(np.float64) - a.altitude_ft
            rate = (a.vertical_rate_fpm + b.vertical_rate_fpm) / 2.0
            share = climbed / seconds * 60.0 / rate
            self._climb.append(np.where((np.abs(climbed) > LEAST_CLIMB_FT) & (np.abs(rate) > 4.0), share, np.nan))
        track = a.track_deg.astype(np.float64)
        off = np.where(moved, _between(bearing, track), np.nan)
        self._turn.append(np.stack([off, np.where(moved, _between(swapped, track), np.nan)]))
        self._flown.append(flown)
        self._rows.append(rows[order][at + 1])

    def finish(self) -> None:
        """Raise FormatError, with a row that shows it, if the numbers cannot be."""
        if not self._flown:
            return
        rows, flown = np.concatenate(self._rows), np.concatenate(self._flown)
        off, swapped = np.concatenate(self._turn, axis=1)
        if np.isfinite(off).sum() >= LEAST_PAIRS:
            straight, mirrored = float(np.nanmedian(off)), float(np.nanmedian(swapped))
            if straight > OFF_DEG and mirrored < ON_DEG:
                at = int(np.nanargmax(off))
                raise self._refusal(
                    rows[at], f"it moves {off[at]:.0f} degrees off its track, and along it if latitude and longitude "
                    "change places", "Latitude and longitude are swapped.",
                )  # fmt: skip
        fast = flown > FASTEST_KT
        if len(flown) >= LEAST_PAIRS and fast.mean() > JUMPING:
            at = int(np.argmax(fast))
            raise self._refusal(
                rows[at], f"to get there from the position before takes {flown[at]:,.0f} kt, and so most of them",
                "Coordinates, times or addresses are mixed up.",
            )  # fmt: skip
        self._ratio(np.concatenate(self._speed), rows, "fast", self._speeds())
        self._ratio(np.concatenate(self._climb), rows, "steeply", self._climbs())

    def _speeds(self) -> dict[float, str]:
        if self.converted:
            return {MPS: "knots, not in metres a second", 1 / 3.6: "kilometres an hour, not in metres a second"}
        return {1 / MPS: "metres a second, not in knots", 1 / KMH: "kilometres an hour, not in knots"}

    def _climbs(self) -> dict[float, str]:
        if self.converted:
            return {
                1 / FOOT_M: "feet, and the rate in metres a second", FPM_MPS: "metres, and the rate in feet a minute",
                FPM_MPS / FOOT_M: "feet, and the rate in feet a minute",
            }  # fmt: skip
        return {
            FOOT_M: "metres, not in feet", 1 / FPM_MPS: "feet, and the rate in metres a second",
            FOOT_M / FPM_MPS: "metres, and the rate in metres a second",
        }  # fmt: skip

    def _ratio(self, ratios: F64, rows: I64, how: str, units: dict[float, str]) -> None:
        known = np.isfinite(ratios)
        if known.sum() < LEAST_PAIRS:
            return
        middle = float(np.median(ratios[known]))
        low, high = np.percentile(ratios[known], [25, 75])
        for factor, what in units.items():
            # Half of all pairs near the factor, and the middle too: noise does not do that.
            if 0.87 < middle / factor < 1.15 and low > 0.75 * factor and high < 1.33 * factor:
                at = int(np.argmin(np.where(known, np.abs(ratios - middle), np.inf)))
                column = "speed" if how == "fast" else "altitude"
                raise self._refusal(
                    rows[at], f"it moves {ratios[at]:.2f} times as {how} as it says, so do most: the {column} is in "
                    f"{what}", "Convert it first.",
                )  # fmt: skip

    def _refusal(self, row: int, what: str, hint: str) -> FormatError:
        return FormatError(f"row {int(row):,}: {what}", source=self.source, hint=hint)


def _way(lat_a: F64, lon_a: F64, lat_b: F64, lon_b: F64) -> tuple[F64, F64]:
    """Metres and bearing in degrees, over short ways; between swapped coordinates, of as short ones."""
    turn = (lon_b - lon_a + 540.0) % 360.0 - 180.0
    east = np.radians(turn) * np.cos(np.radians((lat_a + lat_b) / 2.0)) * RADIUS_M
    north = np.radians(lat_b - lat_a) * RADIUS_M
    return np.hypot(east, north), np.degrees(np.arctan2(east, north)) % 360.0


def _between(a: F64, b: F64) -> F64:
    gap: F64 = np.abs((a - b + 540.0) % 360.0 - 180.0)
    return gap
