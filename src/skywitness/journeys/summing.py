"""What a leg comes to: callsigns, distance, the longest silence, the highest altitude."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skywitness.batches import POSITION_SOURCES, Legs
from skywitness.geo.sphere import MEAN_RADIUS_NMI
from skywitness.kernel import kernel
from skywitness.units import NMI_M

if TYPE_CHECKING:
    from skywitness.journeys.ground import Surroundings
    from skywitness.journeys.histories import Histories
    from skywitness.journeys.legs import Found

__all__ = ["legs_of"]

MLAT, ADSR, TISB = (POSITION_SOURCES.index(word) for word in ("mlat", "adsr", "tisb"))
SAID = 8
MLAT_ONLY, NO_ALTITUDE, RELAYED_ONLY = 1 << 1, 1 << 5, 1 << 6


def legs_of(histories: Histories, found: Found, around: Surroundings) -> Legs:
    """Return the table of legs, all but the flags that need their ends."""
    del around
    rows, count = histories.rows, len(found.first)
    first, last = found.first, found.last
    numbers = np.empty((4, count), np.float64)
    codes = np.empty((5, count), np.uint64)
    said = np.zeros((2, SAID), np.uint64)
    fill_sums(
        first, last, rows.time_ns, rows.lat_deg, rows.lon_deg, rows.altitude_ft, rows.callsign, rows.receivers,
        rows.source, rows.provenance, said, numbers, codes,
    )  # fmt: skip
    return Legs(
        icao=rows.icao[first], address_kind=rows.address_kind[first],
        from_ns=rows.time_ns[first], until_ns=rows.time_ns[last],
        callsign=codes[0], callsigns=codes[1].astype(np.uint8), positions=last - first + 1,
        gap_s=numbers[0].astype(np.float32), distance_m=numbers[1] * NMI_M,
        max_altitude_ft=numbers[2].astype(np.float32),
        receivers=codes[2].astype(np.uint16), flags=codes[3].astype(np.uint16),
        first_parent=rows.parent[first], last_parent=rows.parent[last],
        provenance=codes[4].astype(np.uint8), revision=np.zeros(count, np.uint8),
    )  # fmt: skip


@kernel
def fill_sums(
    first, last, time_ns, lat_deg, lon_deg, altitude_ft, callsign, receivers, source, provenance, said, numbers, codes
):
    """Sum up the rows of each leg.

    first, last  (m,) int64      rows of each leg
    time_ns .. provenance (n,)   columns of Positions
    said         (2, 8)  uint64  scratch: callsigns and how long each was sent
    numbers      (4, m)  float64 out: longest silence in s, distance in nautical miles, highest altitude, unused
    codes        (5, m)  uint64  out: callsign sent longest, how many, most receivers, flags, provenance
    """
    radians = math.pi / 180.0
    for leg in range(len(first)):
        a, z = first[leg], last[leg]
        silence, nmi, highest = 0, 0.0, math.nan
        names, most, worst = 0, 0, 0
        own, relayed, computed = False, False, False
        i = a
        since = time_ns[a]
        for k in range(a, z + 1):
            if k > a:
                silence = max(silence, time_ns[k] - time_ns[k - 1])
            far = abs(lat_deg[k] - lat_deg[i]) + abs(lon_deg[k] - lon_deg[i])
            if far > 0.002 or k == z:  # noise of standing and of rounding adds up otherwise
                up = math.sin((lat_deg[k] - lat_deg[i]) * 0.5 * radians)
                across = math.sin((lon_deg[k] - lon_deg[i]) * 0.5 * radians)
                square = up * up + math.cos(lat_deg[i] * radians) * math.cos(lat_deg[k] * radians) * across * across
                nmi += 2.0 * MEAN_RADIUS_NMI * math.asin(math.sqrt(min(square, 1.0)))
                i = k
            if altitude_ft[k] == altitude_ft[k] and not altitude_ft[k] <= highest:
                highest = float(altitude_ft[k])
            most = max(most, int(receivers[k]))
            worst = max(worst, int(provenance[k]))
            if source[k] == MLAT:
                computed = True
            elif source[k] in (ADSR, TISB):
                relayed = True
            else:
                own = True
            if callsign[k] != 0:
                at = 0
                while at < names and said[0, at] != callsign[k]:
                    at += 1
                if at == names and names < SAID:
                    said[0, at], said[1, at] = callsign[k], 0
                    names += 1
                if at < SAID:
                    said[1, at] += np.uint64(time_ns[k] - since + 1)
            since = time_ns[k]
        best = 0
        for at in range(1, names):
            if said[1, at] > said[1, best]:
                best = at
        flags = 0
        if computed and not own and not relayed:
            flags |= MLAT_ONLY
        if relayed and not own and not computed:
            flags |= RELAYED_ONLY
        if highest != highest:
            flags |= NO_ALTITUDE
        numbers[0, leg], numbers[1, leg], numbers[2, leg] = silence * 1e-9, nmi, highest
        codes[0, leg] = said[0, best] if names > 0 else np.uint64(0)
        codes[1, leg], codes[2, leg], codes[3, leg], codes[4, leg] = names, most, flags, worst
