"""Which airport an end of a leg belongs to: candidates with calibrated probabilities, and "elsewhere" among them.

Each airfield within reach is weighed by what the outermost reception says of it: distance and height against a glide
path, whether the aircraft is on the extended centre line of a runway and along it, whether it flies toward it, and what
kind of field it is for an aircraft of that speed. The weights are those of a multinomial logit, fitted on simulated
arrivals and departures that are used for nothing else; see docs/reference/ranking.md. A departure is weighed as the
arrival that it would be backwards in time.
"""

from __future__ import annotations

import functools
import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, I32, I64, Candidates, Ends
from skywitness.geo.cells import CELLS_PER_DEGREE, COLUMNS, ROWS
from skywitness.kernel import kernel
from skywitness.reference.airports import AIRPORT_KINDS, Gazetteer

if TYPE_CHECKING:
    from skywitness.journeys.histories import Histories

__all__ = ["FEATURES", "KEPT", "MOST", "Weighed", "rank_ends", "weigh"]

MOST = 32
"""Candidates that are weighed for one end."""
KEPT = 8
"""Candidates that are told, and the least probability of one."""
LEAST = 0.005
CHUNK = 4_000

FEATURES = (
    "a_field",
    "aligned",
    "aligned_low",
    "toward",
    "near",
    "slope",
    "slope_off",
    "steep",
    "large",
    "medium",
    "not_fixed_wing",
    "short_runway",
    "descending",
    "over_it",
    "below_it",
    "aligned_large",
    "slow_small",
    "beyond",
    "beyond_off",
    "within",
    "aligned_path",
    "dogleg",
    "downwind",
)
"""What is weighed of a candidate; the definitions are in `fill_candidates`."""

ELSEWHERE = ("constant", "high", "level", "away", "fast_level")
"""What speaks for none of them."""

LARGE, MEDIUM, SMALL, CLOSED = (AIRPORT_KINDS.index(kind) for kind in ("large", "medium", "small", "closed"))
ARRIVAL = 1
GLIDE_FT_NMI = 318.0  # 3 degrees
REACH_NMI = 60.0
GROUND_NMI = 6.0


class Weighed:
    """Candidates of some ends before they are told: rows are ends, columns candidates, -1 where there are fewer."""

    def __init__(self, count: int) -> None:
        self.airport: I32 = np.full((count, MOST), -1, np.int32)
        self.runway: I32 = np.full((count, MOST), -1, np.int32)
        self.distance_nmi: F32 = np.full((count, MOST), np.nan, np.float32)
        self.height_ft: F32 = np.full((count, MOST), np.nan, np.float32)
        self.features: F32 = np.zeros((count, MOST, len(FEATURES)), np.float32)
        self.elsewhere: F32 = np.zeros((count, len(ELSEWHERE)), np.float32)


@functools.cache
def weights() -> dict[str, Any]:
    """Return the fitted weights, by side, and what they were fitted on."""
    text = resources.files("skywitness.journeys").joinpath("ranking.json").read_text(encoding="utf-8")
    table = json.loads(text)
    if table["features"] != list(FEATURES) or table["elsewhere"] != list(ELSEWHERE):
        raise ValueError("ranking.json was fitted for other features")
    return dict(table)


def weigh(ends: Ends, gazetteer: Gazetteer) -> Weighed:
    """Return the features of the candidates of each end; of those in the air only."""
    out = Weighed(len(ends))
    side = np.where(ends.side == ARRIVAL, 1.0, -1.0)
    track = np.where(ends.side == ARRIVAL, ends.track_deg, (ends.track_deg + 180.0) % 360.0).astype(np.float64)
    rate = (ends.vertical_rate_fpm * side).astype(np.float64)
    fields = _fields(gazetteer)
    fill_candidates(
        ends.lat_deg, ends.lon_deg, ends.altitude_ft.astype(np.float64), rate, track,
        ends.groundspeed_kt.astype(np.float64), ends.on_ground, gazetteer.cells.first, gazetteer.cells.row,
        fields["lat"], fields["lon"], fields["elevation"], fields["kind"], fields["length"], gazetteer.runway_first,
        fields["runways"], np.empty(MOST), out.airport, out.runway, out.distance_nmi, out.height_ft, out.features,
        out.elsewhere,
    )  # fmt: skip
    return out


@functools.lru_cache(maxsize=4)
def _fields(gazetteer: Gazetteer) -> dict[str, Any]:
    """Return the columns that the kernel reads, with one field of each pair that shares its runways left out."""
    kind = gazetteer.kind.copy()
    same = gazetteer.same_field
    doubled = (same >= 0) & (np.arange(len(kind)) != same)
    kind[doubled] = CLOSED
    runways = np.column_stack((gazetteer.runway_lat_deg, gazetteer.runway_lon_deg, gazetteer.runway_heading_deg))
    return {
        "lat": gazetteer.lat_deg, "lon": gazetteer.lon_deg, "kind": kind,
        "elevation": gazetteer.elevation_ft.astype(np.float64),
        "length": gazetteer.longest_runway_ft.astype(np.float64),
        "runways": np.ascontiguousarray(runways, np.float64),
    }  # fmt: skip


def rank_ends(
    histories: Histories,
    first_row: I64,
    last_row: I64,
    ends: Ends,
    gazetteer: Gazetteer,
    *,
    habits: bool = True,
) -> tuple[Ends, Candidates]:
    """Return the ends with their likeliest airport, runway and probabilities, and all candidates.

    Where an aircraft was last received on its way to the ground and next received on its way up, both ends are of one
    airport as a rule: each is weighed with the other.

    habits  favour fields where others of these ends are known to be
    """
    count = len(ends)
    probability = np.zeros((count, MOST), np.float32)
    elsewhere = np.ones(count, np.float32)
    parts = []
    for start in range(0, count, CHUNK):
        rows = slice(start, min(start + CHUNK, count))
        part = ends.slice(rows.start, rows.stop)
        weighed = weigh(part, gazetteer)
        probability[rows], elsewhere[rows] = _probabilities(part, weighed)
        parts.append((weighed.airport, weighed.runway, weighed.distance_nmi, weighed.height_ft))
    airport, runway, distance, height = (
        np.concatenate(columns) if len(parts) else np.zeros((0, MOST), np.float32)
        for columns in (zip(*parts, strict=True) if parts else [()] * 4)
    )
    if habits:
        _by_habit(airport.astype(np.int32), probability, elsewhere, len(gazetteer))
    _agree(histories, first_row, last_row, ends, airport.astype(np.int32), probability, elsewhere)
    return _told(ends, airport.astype(np.int32), runway.astype(np.int32), distance, height, probability, elsewhere)


def _probabilities(ends: Ends, weighed: Weighed) -> tuple[F32, F32]:
    table = weights()
    probability = np.zeros((len(ends), MOST), np.float32)
    elsewhere = np.ones(len(ends), np.float32)
    for name, mask in (
        ("ground", ends.on_ground == 1),
        ("arrival", (ends.on_ground != 1) & (ends.side == ARRIVAL)),
        ("departure", (ends.on_ground != 1) & (ends.side != ARRIVAL)),
    ):
        if not mask.any():
            continue
        fitted = table[name]
        score = weighed.features[mask] @ np.array(fitted["weights"], np.float32)
        score[weighed.airport[mask] < 0] = -np.inf
        none = weighed.elsewhere[mask] @ np.array(fitted["elsewhere"], np.float32)
        both = np.column_stack((score, none)) / _doubt(ends.altitude_ft[mask], ends.on_ground[mask])[:, None]
        both -= both.max(axis=1, keepdims=True)
        exp = np.exp(both)
        exp /= exp.sum(axis=1, keepdims=True)
        probability[mask], elsewhere[mask] = exp[:, :-1], exp[:, -1]
    return probability, elsewhere


def _doubt(altitude_ft: F32, on_ground: NDArray[np.uint8]) -> F32:
    """Return by what the scores of an end are divided: far above the ground real flights are less like drawn ones.

    Real landings last received at 5,000 ft were named wrongly seven times of fourteen without it, once of two with it;
    drawn ones are named less surely than they could be. Too little is said rather than too much.
    """
    altitude = np.nan_to_num(altitude_ft, nan=DOUBTS[-1][1])
    doubt = sum(share * np.clip((altitude - low) / (top - low), 0.0, 1.0) for low, top, share in DOUBTS)
    found: F32 = np.where(on_ground == 1, 1.0, 1.0 + doubt).astype(np.float32)
    return found


DOUBTS = ((3_000.0, 5_000.0, 0.4), (8_000.0, 13_000.0, 0.6))
"""Between which pressure altitudes doubt grows, in feet, and by how much."""
TRUST = 0.6
"""Weight of the other end's evidence: both were weighed by the same rules, which may both be wrong."""
HABIT = 0.5
"""Weight of the logarithm of how many others' ends are known to be at a field: this traffic uses it at this time."""
HABIT_MOST = 100.0


def _by_habit(airport: I32, probability: F32, elsewhere: F32, fields: int) -> None:
    """Favour fields where other ends of the same data are known to be, in place."""
    if not len(airport):
        return
    best = probability.argmax(axis=1)
    rows = np.arange(len(airport))
    sure = probability[rows, best] >= SURE
    count = np.bincount(airport[rows[sure], best[sure]], minlength=fields).astype(np.float32)
    count = np.append(count, 0.0)  # of no field, -1
    own = np.where(sure[:, None] & (np.arange(MOST) == best[:, None]), 1.0, 0.0)
    others = np.minimum(np.maximum(count[airport] - own, 0.0), HABIT_MOST)
    new = probability * (1.0 + others) ** HABIT
    # What speaks for none of them is not touched by which of them is usual.
    total = new.sum(axis=1, keepdims=True)
    scale = np.where(total > 0.0, (1.0 - elsewhere[:, None]) / np.maximum(total, 1e-12), 0.0)
    probability[:] = new * scale


SURE = 0.9
MOVED = 0.1
"""Chance that an aircraft was moved unseen between an arrival and the next departure, or that it is not one place."""
LONGEST_STAY_NS = 72 * 3600 * 1_000_000_000


def _agree(
    histories: Histories, first_row: I64, last_row: I64, ends: Ends, airport: I32, probability: F32, elsewhere: F32
) -> None:
    """Weigh an arrival with the departure after it, of the same body, in place."""
    legs = len(first_row)
    if legs < 2:
        return
    body = histories.body_of(first_row)
    n = np.flatnonzero(body[1:] == body[:-1])
    arrival, departure = 2 * n + 1, 2 * n + 2
    close = ends.time_ns[departure] - ends.time_ns[arrival] <= LONGEST_STAY_NS
    before = probability[arrival], probability[departure]
    for a, d, p_a, p_d in zip(arrival[close], departure[close], before[0][close], before[1][close], strict=True):
        _take_over(airport[a], p_a, airport[d], p_d, probability[a], elsewhere, a)
        _take_over(airport[d], p_d, airport[a], p_a, probability[d], elsewhere, d)


def _take_over(mine: I32, p_mine: F32, others: I32, p_others: F32, out: F32, elsewhere: F32, end: int) -> None:
    known = {int(field): float(p) for field, p in zip(others, p_others, strict=True) if field >= 0 and p > 0.0}
    told = sum(known.values())
    if told < 0.05 or not (mine >= 0).any():
        return
    support = np.array([known.get(int(field), 0.0) for field in mine], np.float32)
    blind = max(1.0 - told, 0.0)
    # What the other end leaves open supports nothing in particular: it is spread as this end has it.
    factor = (MOVED + (1.0 - MOVED) * (support + blind * p_mine)) ** TRUST
    none = float(elsewhere[end]) * (MOVED + (1.0 - MOVED) * blind) ** TRUST
    new = p_mine * factor
    total = float(new.sum()) + none
    if total > 0.0:
        out[:] = new / total
        elsewhere[end] = none / total


def _told(
    ends: Ends, airport: I32, runway: I32, distance: F32, height: F32, probability: F32, elsewhere: F32
) -> tuple[Ends, Candidates]:
    count = len(ends)
    order = np.argsort(-probability, axis=1, kind="stable")[:, :KEPT] if count else np.zeros((0, KEPT), np.int64)
    p = np.take_along_axis(probability, order, axis=1)
    chosen = (p >= LEAST) & (np.take_along_axis(airport, order, axis=1) >= 0)
    rest = np.clip(1.0 - np.where(chosen, p, 0.0).sum(axis=1), 0.0, 1.0).astype(np.float32)
    end, column = np.nonzero(chosen)
    place = order[end, column]
    candidates = Candidates(
        end=end.astype(np.int64), airport=airport[end, place], runway=runway[end, place],
        probability=probability[end, place], distance_nmi=distance[end, place].astype(np.float32),
        height_ft=height[end, place].astype(np.float32),
    )  # fmt: skip
    rows = np.arange(count)
    best = order[:, 0] if count else np.zeros(0, np.int64)
    has = chosen[:, 0] if count else np.zeros(0, bool)
    return ends.replaced(
        airport=np.where(has, airport[rows, best], -1).astype(np.int32),
        runway=np.where(has, runway[rows, best], -1).astype(np.int32),
        probability=np.where(has, probability[rows, best], 0.0).astype(np.float32),
        elsewhere=rest,
        distance_nmi=np.where(has, distance[rows, best], np.nan).astype(np.float32),
        height_ft=np.where(has, height[rows, best], np.nan).astype(np.float32),
    ), candidates


@kernel
def fill_candidates(
    lat_deg, lon_deg, altitude_ft, rate_fpm, track_deg, speed_kt, on_ground, cell_first, cell_row,
    field_lat, field_lon, field_elevation, field_kind, field_length, runway_first, runways, merit,
    out_airport, out_runway, out_distance, out_height, out_features, out_elsewhere,
):  # fmt: skip
    """Find the airfields within reach of each end and say what speaks for each.

    lat_deg .. speed_kt   (n,)  float64  of the outermost reception, motion as that of an arrival; NaN unknown
    on_ground             (n,)  uint8    1 if it is on the ground
    cell_first, cell_row                 see `skywitness.geo.cells`
    field_*               (f,)           columns of the gazetteer
    runway_first          (f + 1,) int64
    runways               (r, 3) float64 threshold and true heading of each runway end
    merit                 (MOST,) float64 scratch: the candidates in hand are those of least merit
    out_*                 (n, MOST), (n, MOST, FEATURES), (n, ELSEWHERE)
    """
    radians = math.pi / 180.0
    for i in range(len(lat_deg)):
        if not abs(lat_deg[i]) <= 90.0:
            continue
        ground = on_ground[i] == 1
        altitude = altitude_ft[i]
        known = altitude == altitude
        # Above the sea: fields are at most 14,000 ft higher, which only makes their height smaller.
        reach = GROUND_NMI if ground else min(REACH_NMI, 6.0 + (max(altitude, 0.0) if known else 10_000.0) / 150.0)
        cos_lat = max(math.cos(lat_deg[i] * radians), 0.01)
        speed = speed_kt[i] if speed_kt[i] == speed_kt[i] else 200.0
        fast = 1.0 if speed > 150.0 else 0.0
        slow = 1.0 if speed < 90.0 else 0.0
        moving = track_deg[i] == track_deg[i] and not ground
        rate = rate_fpm[i] if rate_fpm[i] == rate_fpm[i] else 0.0
        gradient = max(-rate, 0.0) / max(speed, 40.0) * 60.0  # feet a nautical mile, downwards
        count = 0
        low = max(0, int((lat_deg[i] - reach / 60.0 + 90.0) * CELLS_PER_DEGREE))
        high = min(ROWS - 1, int((lat_deg[i] + reach / 60.0 + 90.0) * CELLS_PER_DEGREE))
        wide = reach / 60.0 / cos_lat
        left = math.floor((lon_deg[i] - wide + 180.0) * CELLS_PER_DEGREE)
        right = min(math.floor((lon_deg[i] + wide + 180.0) * CELLS_PER_DEGREE), left + COLUMNS - 1)
        for down in range(low, high + 1):
            for across in range(left, right + 1):
                cell = down * COLUMNS + across % COLUMNS
                for place in range(cell_first[cell], cell_first[cell + 1]):
                    field = cell_row[place]
                    kind = field_kind[field]
                    if kind == CLOSED:
                        continue
                    fixed = kind in (LARGE, MEDIUM, SMALL)
                    turn = (field_lon[field] - lon_deg[i] + 540.0) % 360.0 - 180.0
                    north = (field_lat[field] - lat_deg[i]) * 60.0
                    east = turn * 60.0 * cos_lat
                    far = math.sqrt(north * north + east * east)
                    if far > reach or (not fixed and far > 2.0):
                        continue
                    elevation = field_elevation[field] if field_elevation[field] == field_elevation[field] else 0.0
                    height = altitude - elevation if known else math.nan
                    if not ground and known and height < -1_500.0:
                        continue
                    # The runway end whose centre line fits best, and the nearest threshold.
                    nearest, aligned, best = far, 0.0, -1
                    dogleg, downwind = 0.0, 0.0
                    path = max(height, 150.0) / GLIDE_FT_NMI if known else max(far, 0.5)
                    steep = max(height, 100.0) / gradient if known and gradient >= 120.0 else path
                    for r in range(runway_first[field], runway_first[field + 1]):
                        dy = (lat_deg[i] - runways[r, 0]) * 60.0
                        dx = ((lon_deg[i] - runways[r, 1] + 540.0) % 360.0 - 180.0) * 60.0 * cos_lat
                        away = math.sqrt(dx * dx + dy * dy)
                        heading = runways[r, 2] * radians
                        along = -(dx * math.sin(heading) + dy * math.cos(heading))
                        beside = dx * math.cos(heading) - dy * math.sin(heading)
                        fit = 0.0
                        if ground:
                            fit = 1.0 / (1.0 + away)
                        elif moving and along > -1.5:
                            off = (track_deg[i] - runways[r, 2] + 540.0) % 360.0 - 180.0
                            wide_nmi = 0.25 + 0.06 * max(along, 0.0)
                            fit = math.exp(-0.5 * (beside / wide_nmi) ** 2 - 0.5 * (off / 12.0) ** 2)
                            fit *= 1.0 / (1.0 + (max(along, 0.0) / 18.0) ** 4)
                        if moving:
                            # Straight on to the centre line and then along it: as long as the slope allows?
                            off = (track_deg[i] - runways[r, 2] + 540.0) % 360.0 - 180.0
                            sine = math.sin(off * radians)
                            if abs(sine) > 0.15:
                                before = -beside / sine
                                final = along - math.cos(off * radians) * before
                                if before > 0.0 and final > 0.3:
                                    miss = math.log((before + final + 0.5) / (steep + 0.5)) / 0.35
                                    one = math.exp(-0.5 * miss * miss) / (1.0 + (final / 16.0) ** 4)
                                    dogleg = max(dogleg, one)
                            if 0.4 < abs(beside) < 10.0 and -12.0 < along < 12.0:
                                back = (180.0 - abs(off)) / 18.0
                                downwind = max(downwind, math.exp(-0.5 * back * back))
                        if away < nearest:
                            nearest = away
                        if fit > aligned or best < 0:
                            aligned, best = fit, r
                    size = 0.7 if kind == LARGE else 1.0 if kind == MEDIUM else 1.6 if fixed else 3.0
                    value = (nearest + 0.3) * size / (0.15 + aligned + 0.5 * dogleg)
                    spot = count
                    if count == MOST:
                        spot = 0
                        for k in range(1, MOST):
                            if merit[k] > merit[spot]:
                                spot = k
                        if merit[spot] <= value:
                            continue
                    else:
                        count += 1
                    merit[spot] = value
                    out_airport[i, spot], out_runway[i, spot] = field, best
                    out_distance[i, spot], out_height[i, spot] = nearest, height
                    toward = 0.0
                    if moving and far > 0.3:
                        bearing = math.atan2(east, north)
                        toward = math.cos(track_deg[i] * radians - bearing)
                    # Distance against that of a 3 degree path from this height.
                    slope = math.log(max(nearest, 0.2) / path)
                    slope = max(-3.0, min(3.0, slope))
                    f = out_features[i, spot]
                    f[0] = 1.0
                    f[1] = aligned
                    f[2] = aligned if known and height < 1_500.0 else 0.0
                    f[3] = toward
                    f[4] = -math.log(1.0 + nearest)
                    f[5] = slope
                    f[6] = slope * slope
                    f[7] = max(0.0, -slope - 1.0)
                    f[8] = 1.0 if kind == LARGE else 0.0
                    f[9] = 1.0 if kind == MEDIUM else 0.0
                    f[10] = 0.0 if fixed else 1.0
                    length = field_length[field]
                    f[11] = fast if not length >= 5_000.0 else 0.0
                    f[12] = max(-1.0, min(1.5, -rate / 1_000.0))
                    f[13] = 1.0 if known and height < 500.0 and nearest < 2.0 else 0.0
                    f[14] = 1.0 if known and height < -400.0 else 0.0
                    f[21] = dogleg
                    f[22] = downwind
                    f[15] = aligned if kind == LARGE else 0.0
                    f[16] = slow if kind == SMALL or not fixed else 0.0
                    if known and gradient >= 120.0:
                        # The way to the ground at the slope it is on: no straight line is longer, turns make it so.
                        beyond = math.log((nearest + 0.5) / (max(height, 100.0) / gradient + 0.5))
                        beyond = max(-3.0, min(3.0, beyond))
                        f[17] = max(0.0, beyond)
                        f[18] = max(0.0, beyond) * beyond
                        f[19] = max(0.0, -beyond)
                        f[20] = aligned * math.exp(-2.0 * beyond * beyond)
        e = out_elsewhere[i]
        e[0] = 1.0
        e[1] = min(altitude, 45_000.0) / 10_000.0 if known else 1.0
        e[2] = 1.0 if abs(rate) < 250.0 else 0.0
        e[3] = max(-1.5, min(1.5, rate / 1_000.0))
        e[4] = fast * e[2]
