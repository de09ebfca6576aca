"""Flights from ground to ground, or from and to an edge of what was heard.

A leg ends where its aircraft stays on the ground, and in a silence that a continuous flight does not explain. It does
not end at a touch-and-go or a go-around, at midnight, or because the callsign changes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import I64, U8, Candidates, Ends, Legs
from skywitness.coverage.expected import expected_of
from skywitness.geo.sphere import MEAN_RADIUS_NMI
from skywitness.journeys.edges import ends_of, uncovered
from skywitness.journeys.ground import GROUND, GroundSettings, Surroundings, surroundings
from skywitness.journeys.histories import Histories
from skywitness.journeys.ranking import rank_ends
from skywitness.journeys.summing import legs_of
from skywitness.kernel import kernel, scalar
from skywitness.reference.airports import Gazetteer
from skywitness.units import NS_PER_S

__all__ = ["FLAGS", "Flights", "LegSettings", "legs"]

FLAGS = (
    "shared_address",
    "mlat_only",
    "off_airport",
    "unseen",
    "suspect_address",
    "no_altitude",
    "relayed_only",
)
"""Bits of `Legs.flags`, from the lowest.

`shared_address`: other aircraft sent the same address at the time. `mlat_only`: no position is the aircraft's own.
`off_airport`: an end on the ground lies farther than 3 nautical miles from any airfield. `unseen`: heard only on the
ground, in two places; the flight between them was not. `suspect_address`: the address is one that is set by mistake.
`no_altitude`: no pressure altitude at all. `relayed_only`: only copies sent from the ground (TIS-B, ADS-R).
"""


@dataclass(frozen=True, slots=True)
class LegSettings:
    """When a leg ends. Times in seconds; `lost` is the silence less the flight time between its edges."""

    stay_s: float = 120.0
    """A stay on the ground of this length ends a leg."""
    slow_kt: float = 30.0
    """So does one of `slow_stay_s` in which the aircraft becomes as slow as this: a full stop, no touch-and-go."""
    slow_stay_s: float = 20.0
    touched_silence_s: float = 300.0
    """So does any touch of the ground with a silence as long as this right before or after it."""
    hop_s: float = 45.0
    """Shorter stretches in the air between two on the ground are no flight."""
    silence_s: float = 300.0
    """Shorter silences are not looked at."""
    lost_low_s: float = 600.0
    """Lost time that ends a leg between two receptions low at an airfield."""
    lost_toward_s: float = 1_200.0
    """Between one that descends (or is low) and one that climbs (or is low), below 10,000 ft."""
    lost_one_s: float = 2_400.0
    """Where only one of the two is so."""
    lost_s: float = 2_700.0
    """Between receptions in cruise; also more than `lost_share` of the silence."""
    lost_share: float = 0.15
    longest_silence_s: float = 72_000.0
    """A silence of 20 hours ends a leg: no flight without refuelling in the air lasts much longer."""
    low_ft: float = 2_500.0
    """Low at an airfield: not higher above it than this, within `low_nmi`."""
    low_nmi: float = 6.0
    tendency_fpm: float = 300.0
    """Climbing or descending: at this rate, faster than `tendency_kt` (others soar and circle), below 10,000 ft."""
    tendency_kt: float = 80.0
    apart_nmi: float = 5.0
    """Two receptions on the ground farther apart than this have an unseen flight between them."""
    unseen_s: float = 7_200.0
    """More lost time than this between the ground and a reception elsewhere in the air: they may not be one flight."""
    fewest: int = 2
    """A leg has at least so many positions in the air, unless it is an unseen one."""
    ground: GroundSettings = field(default_factory=GroundSettings)


@dataclass(frozen=True, slots=True, eq=False)
class Flights:
    """Legs with their ends and candidates, and the rows they are made of."""

    histories: Histories
    gazetteer: Gazetteer
    legs: Legs
    ends: Ends
    candidates: Candidates
    first_row: I64
    """(legs,): first row of each leg in `histories.rows`; all rows up to `last_row` are its own."""
    last_row: I64
    state: U8
    """(rows,): see `skywitness.journeys.ground`."""

    def __len__(self) -> int:
        return len(self.legs)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Where legs begin and end: rows of the histories, all (legs,) int64; `air_*` are -1 in an unseen leg.

    `ground_*`: 1 if the leg's rows on that side are on the ground.
    """

    first: I64
    last: I64
    air_first: I64
    air_last: I64
    ground_first: I64
    ground_last: I64


def legs(
    histories: Histories,
    gazetteer: Gazetteer,
    settings: LegSettings | None = None,
    *,
    covered: Callable[[Ends], Ends] | None = None,
) -> Flights:
    """Return the legs of all histories, with the evidence of their ends and ranked airports.

    covered  marks ends that lie where nobody would have been heard, as `edges.uncovered` does. With it each airframe's
             legs follow from its own rows alone, whichever others there are; without, these rows tell what was covered
             and which fields are usual
    """
    settings = settings or LegSettings()
    around = surroundings(histories.rows, gazetteer, _edges(histories, settings), settings.ground)
    found = _found(histories, around, settings)
    made = legs_of(histories, found, around)
    ends = ends_of(histories, found, around, made, gazetteer)
    made = _flagged(made, histories, found, around)
    ends = uncovered(ends, expected_of(histories.rows, histories.starts)) if covered is None else covered(ends)
    ends, candidates = rank_ends(histories, found.first, found.last, ends, gazetteer, habits=covered is None)
    return Flights(histories, gazetteer, made, ends, candidates, found.first, found.last, around.state)


def _edges(histories: Histories, settings: LegSettings) -> NDArray[np.bool_]:
    # Heights are needed where a body's rows begin, end, or pause.
    rows = histories.rows
    asked = np.zeros(len(rows), bool)
    if not len(rows):
        return asked
    asked[histories.starts[:-1]] = True
    asked[histories.starts[1:] - 1] = True
    pause = np.flatnonzero(np.diff(rows.time_ns) > int(settings.silence_s * NS_PER_S))
    asked[pause] = True
    asked[pause + 1] = True
    return asked


def _found(histories: Histories, around: Surroundings, settings: LegSettings) -> Found:
    rows = histories.rows
    numbers = np.array(
        [getattr(settings, f.name) for f in dataclasses.fields(settings) if f.name != "ground"], np.float64
    )
    out = np.empty((6, len(rows) + 1), np.int64)
    runs = np.empty((3, len(rows) + 2), np.int64)
    count = find_legs(
        histories.starts, rows.time_ns, rows.lat_deg, rows.lon_deg, rows.altitude_ft, rows.groundspeed_kt,
        around.state, around.height_ft, around.field_nmi, numbers, runs, out,
    )  # fmt: skip
    return Found(*(np.ascontiguousarray(column[:count]) for column in out))


def _flagged(made: Legs, histories: Histories, found: Found, around: Surroundings) -> Legs:
    body = histories.body_of(found.first)
    flags = made.flags | histories.shared[body].astype(np.uint16)
    off = np.zeros(len(made), bool)
    for row, is_ground in ((found.first, found.ground_first), (found.last, found.ground_last)):
        far = around.field_nmi[row]
        off |= (is_ground == 1) & ~(far <= 3.0)
    flags = flags | np.where(off, 1 << FLAGS.index("off_airport"), 0).astype(np.uint16)
    flags = flags | np.where(found.air_first < 0, 1 << FLAGS.index("unseen"), 0).astype(np.uint16)
    suspect = np.isin(made.icao, SUSPECT) & (made.address_kind == 0)
    flags = flags | np.where(suspect, 1 << FLAGS.index("suspect_address"), 0).astype(np.uint16)
    return made.replaced(flags=flags.astype(np.uint16))


SUSPECT = np.array(
    [0x000000, 0x111111, 0x111112, 0x123450, 0x123456, 0x222222, 0x333333, 0x555555, 0xABCDEF, 0xFFFFFF], np.uint32
)
"""Addresses seen on many aircraft that were never given them."""

(
    STAY, SLOW_KT, SLOW_STAY, TOUCHED, HOP, SILENCE, LOW, TOWARD, ONE, NEITHER, SHARE, LONGEST, LOW_FT, LOW_NMI,
    RATE, RATE_KT, APART, UNSEEN, FEWEST,
) = range(19)  # fmt: skip
FLOOR_KT = 60.0
TENDENCY_FT = 10_000.0
WINDOW_S = 180.0
STANDS_DEG = 0.003


@scalar
def _nmi(lat_deg, lon_deg, i, j):
    radians = math.pi / 180.0
    up = math.sin((lat_deg[i] - lat_deg[j]) * 0.5 * radians)
    across = math.sin((lon_deg[i] - lon_deg[j]) * 0.5 * radians)
    square = up * up + math.cos(lat_deg[i] * radians) * math.cos(lat_deg[j] * radians) * across * across
    return 2.0 * MEAN_RADIUS_NMI * math.asin(math.sqrt(min(square, 1.0)))


@scalar
def _seconds(time_ns, i, j):
    return float(time_ns[j] - time_ns[i]) / NS_PER_S


@scalar
def _rate_fpm(time_ns, altitude_ft, i, step, first, last):
    """Mean rate of climb over up to three minutes beside row i, backwards (step -1) or forwards (1); NaN unknown."""
    rate = math.nan
    j = i + step
    while first <= j <= last:
        seconds = abs(_seconds(time_ns, i, j))
        if seconds > WINDOW_S:
            break
        change = altitude_ft[i] - altitude_ft[j]
        if seconds >= 15.0 and change == change:
            rate = change / seconds * 60.0 * -step
        j += step
    return rate


@scalar
def _lost_s(time_ns, lat_deg, lon_deg, groundspeed_kt, i, j):
    """Silence between two rows less the time that a flight at the faster of their speeds takes."""
    speed = FLOOR_KT
    for k in (i, j):
        if groundspeed_kt[k] > speed:
            speed = float(groundspeed_kt[k])
    return _seconds(time_ns, i, j) - _nmi(lat_deg, lon_deg, i, j) / speed * 3600.0


@scalar
def _ends_here(time_ns, lat_deg, lon_deg, altitude_ft, groundspeed_kt, height_ft, field_nmi, i, first, last, s):
    """Say whether the silence after row i, between two rows in the air, is not one of a continuous flight."""
    j = i + 1
    silence = _seconds(time_ns, i, j)
    if silence >= s[LONGEST]:
        return True
    lost = _lost_s(time_ns, lat_deg, lon_deg, groundspeed_kt, i, j)
    if lost < min(s[LOW], s[TOWARD]):
        return False
    low_before = height_ft[i] < s[LOW_FT] and field_nmi[i] <= s[LOW_NMI]
    low_after = height_ft[j] < s[LOW_FT] and field_nmi[j] <= s[LOW_NMI]
    if low_before and low_after and lost >= s[LOW]:
        return True
    falls = (
        altitude_ft[i] < TENDENCY_FT
        and groundspeed_kt[i] >= s[RATE_KT]
        and (_rate_fpm(time_ns, altitude_ft, i, -1, first, last) <= -s[RATE])
    )
    climbs = (
        altitude_ft[j] < TENDENCY_FT
        and groundspeed_kt[j] >= s[RATE_KT]
        and (_rate_fpm(time_ns, altitude_ft, j, 1, first, last) >= s[RATE])
    )
    before, after = low_before or falls, low_after or climbs
    if before and after:
        return lost >= s[TOWARD]
    if before or after:
        return lost >= s[ONE]
    return lost >= s[NEITHER] and lost >= s[SHARE] * silence


@scalar
def _is_stop(time_ns, groundspeed_kt, a, b, first, last, s):
    """Say whether the rows a to b on the ground are a stay, and no touch-and-go."""
    slowest = math.inf
    for k in range(a, b + 1):
        if groundspeed_kt[k] < slowest:
            slowest = float(groundspeed_kt[k])
    stay = _seconds(time_ns, a, b)
    if a == first or b == last:
        return b > a or not slowest > 60.0
    if stay >= s[STAY] or (slowest < s[SLOW_KT] and stay >= s[SLOW_STAY]):
        return True
    return max(_seconds(time_ns, a - 1, a), _seconds(time_ns, b, b + 1)) >= s[TOUCHED]


@scalar
def _stands(lat_deg, lon_deg, a, b):
    """Say whether several rows are all at one place: what reports a flight there has a wrong altitude."""
    for k in range(a, b + 1):
        if abs(lat_deg[k] - lat_deg[a]) + abs(lon_deg[k] - lon_deg[a]) > STANDS_DEG:
            return False
    return b > a


@scalar
def _belongs(time_ns, lat_deg, lon_deg, groundspeed_kt, height_ft, i, j, air, s):
    """Say whether a row on the ground and one in the air, next to each other in time, are of one flight."""
    if _seconds(time_ns, i, j) <= 2.0 * s[TOUCHED]:
        return True
    if _lost_s(time_ns, lat_deg, lon_deg, groundspeed_kt, i, j) <= s[UNSEEN]:
        return True
    return _nmi(lat_deg, lon_deg, i, j) <= 15.0 and height_ft[air] < 6_000.0


@scalar
def _parting(time_ns, a, b):
    """Row after which a stay on the ground, rows a to b, is cut in two: the longest silence, else half the time."""
    best, longest = a, 60 * NS_PER_S
    for k in range(a, b):
        if time_ns[k + 1] - time_ns[k] > longest:
            best, longest = k, time_ns[k + 1] - time_ns[k]
    if longest > 60 * NS_PER_S:
        return best
    half = time_ns[a] + (time_ns[b] - time_ns[a]) // 2
    while best < b and time_ns[best + 1] <= half:
        best += 1
    return best


@kernel
def find_legs(
    starts, time_ns, lat_deg, lon_deg, altitude_ft, groundspeed_kt, state, height_ft, field_nmi, s, runs, out
):  # fmt: skip
    """Find the rows of each leg; return how many there are.

    starts            (b + 1,)     int64    rows of each body, in order of time
    time_ns           (n,)         int64
    lat_deg, lon_deg  (n,)         float64
    altitude_ft, groundspeed_kt, height_ft, field_nmi  (n,) float32
    state             (n,)         uint8    see `skywitness.journeys.ground`
    s                 (19,)        float64  the fields of LegSettings in order
    runs              (3, n + 2)   int64    scratch: first and last row of stretches, 1 on the ground or 0 in the air
    out               (6, n + 1)   int64    the fields of Found
    """
    count = 0
    for body in range(len(starts) - 1):
        first, last = starts[body], starts[body + 1] - 1
        if last < first:
            continue
        n = 0
        k = first
        while k <= last:  # stretches of one kind; a touch-and-go is in the air
            ground = state[k] == GROUND
            z = k
            while z < last and (state[z + 1] == GROUND) == ground:
                if ground and _nmi(lat_deg, lon_deg, z, z + 1) > s[APART]:
                    break  # moved unseen
                z += 1
            is_ground = ground and _is_stop(time_ns, groundspeed_kt, k, z, first, last, s)
            if n > 0 and not is_ground and runs[2, n - 1] == 0:
                runs[1, n - 1] = z
            else:
                runs[0, n], runs[1, n], runs[2, n] = k, z, int(is_ground)
                n += 1
            k = z + 1
        # A hop between two stays is part of them.
        m = 0
        for r in range(n):
            hop = runs[2, r] == 0 and (
                (r > 0 and r < n - 1 and _seconds(time_ns, runs[1, r - 1], runs[0, r + 1]) < s[HOP])
                or (m > 0 and runs[2, m - 1] == 1 and _stands(lat_deg, lon_deg, runs[0, r], runs[1, r]))
            )
            joins = (
                m > 0
                and runs[2, r] == 1
                and runs[2, m - 1] == 1
                and (_nmi(lat_deg, lon_deg, runs[1, m - 1], runs[0, r]) <= s[APART])
            )
            if hop or joins:
                runs[1, m - 1] = runs[1, r]
            else:
                runs[0, m], runs[1, m], runs[2, m] = runs[0, r], runs[1, r], runs[2, r]
                m += 1
        for r in range(m):
            a, z = runs[0, r], runs[1, r]
            if runs[2, r] == 1:
                if r > 0 and runs[2, r - 1] == 1:  # on the ground here and there, and nothing between
                    i = runs[1, r - 1]
                    out[0, count], out[1, count], out[2, count], out[3, count] = i, a, -1, -1
                    out[4, count], out[5, count] = 1, 1
                    count += 1
                continue
            begin, begin_ground = a, 0
            if r > 0:
                b = runs[1, r - 1]
                if _belongs(time_ns, lat_deg, lon_deg, groundspeed_kt, height_ft, b, a, a, s):
                    begin_ground = 1
                    begin = runs[0, r - 1]
                    if r > 1:
                        begin = min(_parting(time_ns, runs[0, r - 1], b) + 1, b)
            air = a
            for k in range(a, z + 1):
                closes = k == z or (
                    _seconds(time_ns, k, k + 1) >= s[SILENCE]
                    and _ends_here(
                        time_ns, lat_deg, lon_deg, altitude_ft, groundspeed_kt, height_ft, field_nmi, k, air, z, s
                    )
                )
                if not closes:
                    continue
                end, end_ground = k, 0
                if k == z and r < m - 1:
                    g = runs[0, r + 1]
                    if _belongs(time_ns, lat_deg, lon_deg, groundspeed_kt, height_ft, z, g, z, s):
                        end_ground = 1
                        end = runs[1, r + 1]
                        if r < m - 2:
                            end = _parting(time_ns, g, runs[1, r + 1])
                if k - air + 1 >= s[FEWEST] or begin_ground or end_ground:
                    out[0, count], out[1, count], out[2, count], out[3, count] = begin, end, air, k
                    out[4, count], out[5, count] = begin_ground, end_ground
                    count += 1
                air = begin = k + 1
                begin_ground = 0
    return count
