"""Circling, holding and survey flying, by how far an aircraft turns and how little it gets away in a window of time.

Along the way of each flight the turns between one sample and the next are added up, left ones negative. Who circles
adds up hundreds of degrees; who mows a field turns back and forth and flies a path many times as long as the field.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skywitness.batches import F32, F64, I64, U8
from skywitness.journeys.ground import GROUND
from skywitness.journeys.histories import Histories
from skywitness.kernel import kernel, scalar
from skywitness.units import NS_PER_S

__all__ = ["CIRCLING", "HOLDING", "SURVEY", "PatternSettings", "Stretches", "stretches"]

CIRCLING, HOLDING, SURVEY = 0, 1, 2
QUEUES = 6


@dataclass(frozen=True, slots=True)
class PatternSettings:
    """What counts as a pattern."""

    step_s: float = 4.0
    """Positions closer in time than this to the sample before are passed over."""
    step_nmi: float = 0.04
    """So are those closer in place: of an aircraft that hovers, or of places with an error of some tens of metres."""
    silence_s: float = 300.0
    """A silence of this length ends a window: nobody knows how often an aircraft turned in it."""
    window_s: float = 1_500.0
    """Window in which turns are added up: 25 minutes."""
    least_kt: float = 25.0
    """Slower than this, or within `least_nmi`, nothing circles: places of an aircraft that stands scatter."""
    least_nmi: float = 0.2
    circling_deg: float = 720.0
    """Range of the added turns that counts: two full circles more to one side than to the other."""
    one_way: float = 0.25
    """Share of the largest range in all turns, without sign, of the stretch or of a window of it; scattered places turn
    at random."""
    along: float = 0.35
    """Share of the way that lies along one axis, either way, from which circles are a racetrack: a holding. Half of a
    standard holding is turns, in which no axis is preferred."""
    holding_nmi: float = 25.0
    """Largest extent of a holding; a longer racetrack is a survey."""
    holding_kt: float = 120.0
    """Slowest mean speed of a holding; slower ones soar, tow or watch, and circle."""
    survey_s: float = 2_400.0
    """Window of the comparison of path and extent: 40 minutes."""
    survey_short_s: float = 1_200.0
    """A second one of 20 minutes, for surveys that are shorter than the way there and back in the longer one."""
    survey_ratio: float = 3.0
    """Path divided by the diagonal of the box around it that counts."""
    survey_nmi: float = 1.0
    """Least diagonal of that box; scattered places go to and fro within a smaller one."""
    survey_turns_deg: float = 720.0
    """Turns of both sides added up, without sign, that a survey has at least: four times back."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Stretches of rows of one flight that make a pattern, sorted by first row."""

    kind: U8
    """CIRCLING, HOLDING or SURVEY."""
    first: I64
    last: I64
    """Rows of the histories."""
    value: F32
    """Largest range of added turns in degrees (circling, holding), or path divided by extent (survey)."""
    threshold: F32

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Every few seconds one row of each flight, and what has added up until there."""

    row: I64
    part: I64
    """Number of the stretch without silence or ground that it belongs to."""
    time_ns: I64
    sums: F64
    """(7, samples): east and north of the part's begin in nmi, path in nmi, turns in degrees, turns without sign, and
    the way's cosine and sine of twice the course, weighted with nmi."""

    def __len__(self) -> int:
        return len(self.row)


EAST, NORTH, PATH, TURN, TURNS, COS, SIN = range(7)


def stretches(histories: Histories, state: U8, settings: PatternSettings | None = None) -> Stretches:
    """Return the stretches of all histories that circle, hold or survey.

    state  (rows,): see `skywitness.journeys.ground`
    """
    s = settings or PatternSettings()
    samples = _samples(histories, state, s)
    if not len(samples):
        none = np.zeros(0, np.int64)
        nothing = np.zeros(0, np.float32)
        return Stretches(np.zeros(0, np.uint8), none, none, nothing, nothing)
    turned, _ = _windows(samples, s.window_s)
    circled = [
        part
        for a, z in _runs(samples, turned[0] >= s.circling_deg, turned[2], turned[3])
        for part in _one_way_parts(samples, a, z, s)
    ]
    found = [one for a, z in circled if (one := _circle(samples, turned, a, z, s)) is not None]
    ratio, first, last = _mowed(samples, s)
    taken = np.zeros(len(samples) + 1, np.int64)
    for a, z in circled:
        taken[a] += 1
        taken[z + 1] -= 1
    busy = np.r_[0, np.cumsum(np.cumsum(taken[:-1]) > 0)]
    for a, z in _runs(samples, ratio > 0.0, first, last):
        # What circles as well is told once, unless most of the survey does not.
        if busy[z + 1] - busy[a] <= (z + 1 - a) // 2:
            found.append((SURVEY, a, z, float(ratio[a : z + 1].max()), s.survey_ratio))
    found.sort(key=lambda one: one[1])
    kind, begin, end, value, threshold = zip(*found, strict=True) if found else ((), (), (), (), ())
    return Stretches(
        np.array(kind, np.uint8), samples.row[np.array(begin, np.int64)], samples.row[np.array(end, np.int64)],
        np.array(value, np.float32), np.array(threshold, np.float32),
    )  # fmt: skip


def _samples(histories: Histories, state: U8, s: PatternSettings) -> Samples:
    rows = histories.rows
    row = np.empty(len(rows), np.int64)
    part = np.empty(len(rows), np.int64)
    sums = np.empty((7, len(rows)), np.float64)
    count = find_samples(
        histories.starts, rows.time_ns, rows.lat_deg, rows.lon_deg, state, float(s.step_s), float(s.step_nmi),
        float(s.silence_s), row, part, sums,
    )  # fmt: skip
    row = row[:count].copy()
    return Samples(row, part[:count].copy(), rows.time_ns[row], np.ascontiguousarray(sums[:, :count]))


def _windows(samples: Samples, window_s: float) -> tuple[F64, I64]:
    out = np.empty((4, len(samples)), np.float64)
    begins = np.empty(len(samples), np.int64)
    queue = np.empty((QUEUES, len(samples)), np.int32)
    fill_windows(samples.part, samples.time_ns, samples.sums, int(window_s * NS_PER_S), queue, begins, out)
    return out, begins


def _mowed(samples: Samples, s: PatternSettings) -> tuple[F64, F64, F64]:
    """Of the window that ends at each sample: path over extent, 0 where it is no survey, and its first and last one.

    Of both lengths of the window; where both are, the longer one.
    """
    index = np.arange(len(samples))
    ratio, first = np.zeros(len(samples)), index.copy()
    for window_s in (s.survey_short_s, s.survey_s):
        out, begins = _windows(samples, window_s)
        turns = samples.sums[TURNS] - samples.sums[TURNS][begins]
        path = samples.sums[PATH] - samples.sums[PATH][begins]
        mowed = (out[1] >= s.survey_ratio) & (turns >= s.survey_turns_deg) & (path >= s.survey_nmi * out[1])
        mowed &= _axis(samples, begins, index) >= s.along
        ratio, first = np.where(mowed, out[1], ratio), np.where(mowed, begins, first)
    return ratio, first.astype(np.float64), index.astype(np.float64)


def _runs(samples: Samples, said: NDArray[np.bool_], begins: F64, ends: F64) -> list[tuple[int, int]]:
    """Return the union of the spans of samples for which something is said, as first and last samples."""
    at = np.flatnonzero(said)
    if not len(at):
        return []
    change = np.zeros(len(samples) + 1, np.int64)
    np.add.at(change, begins[at].astype(np.int64), 1)
    np.add.at(change, ends[at].astype(np.int64) + 1, -1)
    covered = np.cumsum(change[:-1]) > 0
    key = np.where(covered, samples.part + 1, 0)
    edge = np.flatnonzero(np.diff(np.r_[0, key, 0]))
    return [(int(a), int(z) - 1) for a, z in pairwise(edge) if key[a]]


def _axis(samples: Samples, first: NDArray[np.int64], last: NDArray[np.int64]) -> F64:
    """Return how much of the way lies along one axis: 0 a circle, 1 a straight line back and forth."""
    path, cos, sin = (samples.sums[row][last] - samples.sums[row][first] for row in (PATH, COS, SIN))
    return np.asarray(np.hypot(cos, sin) / np.maximum(path, 1e-9))


def _one_way_parts(samples: Samples, a: int, z: int, s: PatternSettings) -> list[tuple[int, int]]:
    """Return the parts of a stretch whose turns add up: all of it, or else those of its windows that do.

    Who soars for an afternoon circles left and right, and wanders in between, without a pause of a window's length.
    """
    turn, turns = samples.sums[TURN][a : z + 1], samples.sums[TURNS][a : z + 1]
    if np.ptp(turn) >= s.one_way * (turns[-1] - turns[0]):
        return [(a, z)]
    window_ns = int(s.window_s * NS_PER_S)
    count = max(1, int(samples.time_ns[z] - samples.time_ns[a]) // window_ns)  # the last one is the longest
    edge = samples.time_ns[a : z + 1].searchsorted(int(samples.time_ns[a]) + np.arange(count) * window_ns)
    edge = np.unique(np.r_[edge, z - a])
    parts: list[tuple[int, int]] = []
    for first, last in pairwise(edge.tolist()):
        reach = np.ptp(turn[first : last + 1])
        if reach >= s.circling_deg and reach >= s.one_way * (turns[last] - turns[first]):
            if parts and parts[-1][1] == a + first:
                parts[-1] = (parts[-1][0], a + last)
            else:
                parts.append((a + first, a + last))
    return parts


def _circle(
    samples: Samples, turned: F64, a: int, z: int, s: PatternSettings
) -> tuple[int, int, int, float, float] | None:
    value = float(turned[0][a : z + 1].max())
    axis = float(_axis(samples, np.array([a]), np.array([z]))[0])
    east, north = samples.sums[EAST][a : z + 1], samples.sums[NORTH][a : z + 1]
    extent = math.hypot(float(np.ptp(east)), float(np.ptp(north)))
    hours = float(samples.time_ns[z] - samples.time_ns[a]) / NS_PER_S / 3600.0
    knots = float(samples.sums[PATH][z] - samples.sums[PATH][a]) / max(hours, 1e-9)
    if knots < s.least_kt or extent < s.least_nmi:
        return None
    kind = CIRCLING
    if axis >= s.along and extent > s.holding_nmi:
        ratio = float(samples.sums[PATH][z] - samples.sums[PATH][a]) / extent
        if ratio >= s.survey_ratio:
            return SURVEY, a, z, ratio, s.survey_ratio
    elif axis >= s.along and knots >= s.holding_kt:
        kind = HOLDING
    return kind, a, z, value, s.circling_deg


@kernel
def find_samples(starts, time_ns, lat_deg, lon_deg, state, step_s, step_nmi, silence_s, out_row, out_part, out_sums):
    """Take samples in the air and add up path and turns between them; returns their number.

    starts            (b + 1,) int64   rows of each body, in order of time
    time_ns           (n,) int64
    lat_deg, lon_deg  (n,) float64
    state             (n,) uint8       see `journeys/ground.py`; rows on the ground end a part
    out_row, out_part (n,) int64
    out_sums          (7, n) float64   see `Samples.sums`
    """
    radians = math.pi / 180.0
    step_ns, silence_ns = step_s * NS_PER_S, silence_s * NS_PER_S
    nearest = step_nmi * step_nmi
    count = 0
    part = 0
    for b in range(len(starts) - 1):
        last = -1
        heard = 0
        course = 0.0
        has_course = False
        cos_lat = 1.0
        for i in range(starts[b], starts[b + 1]):
            if state[i] == GROUND:
                last = -1
                continue
            if last >= 0 and time_ns[i] - heard >= silence_ns:
                last = -1
            heard = time_ns[i]
            if last < 0:
                part += 1
                last = i
                has_course = False
                cos_lat = math.cos(lat_deg[i] * radians)
                out_row[count] = i
                out_part[count] = part
                for k in range(7):
                    out_sums[k, count] = 0.0
                count += 1
                continue
            if time_ns[i] - time_ns[last] < step_ns:
                continue
            wide = lon_deg[i] - lon_deg[last]
            if wide > 180.0:
                wide -= 360.0
            elif wide < -180.0:
                wide += 360.0
            east = wide * 60.0 * cos_lat
            north = (lat_deg[i] - lat_deg[last]) * 60.0
            square = east * east + north * north
            if square < nearest:
                continue
            cos_lat = math.cos(lat_deg[i] * radians)
            length = math.sqrt(square)
            now = math.atan2(east, north) / radians
            turn = 0.0
            if has_course:
                turn = now - course
                if turn > 180.0:
                    turn -= 360.0
                elif turn < -180.0:
                    turn += 360.0
            course, has_course, last = now, True, i
            before = count - 1
            out_row[count] = i
            out_part[count] = part
            out_sums[0, count] = out_sums[0, before] + east
            out_sums[1, count] = out_sums[1, before] + north
            out_sums[2, count] = out_sums[2, before] + length
            out_sums[3, count] = out_sums[3, before] + turn
            out_sums[4, count] = out_sums[4, before] + abs(turn)
            # Of the doubled angle: cos 2a = (n² - e²) / l², sin 2a = 2 e n / l².
            out_sums[5, count] = out_sums[5, before] + (north * north - east * east) / length
            out_sums[6, count] = out_sums[6, before] + 2.0 * east * north / length
            count += 1
    return count


@scalar
def _pushed(queue, k, head, tail, values, i, begin, sign):
    """Push sample i on queue k, whose front is the largest of sign * values in the window; returns head and tail."""
    while tail > head and sign * values[queue[k, tail - 1]] <= sign * values[i]:
        tail -= 1
    queue[k, tail] = i
    tail += 1
    while queue[k, head] < begin:
        head += 1
    return head, tail


@kernel
def fill_windows(part, time_ns, sums, window_ns, queue, out_begin, out):
    """For the window that ends at each sample: range of added turns, path over extent, and where the range lies.

    part, time_ns  (n,) int64
    sums           (7, n) float64   see `Samples.sums`
    queue          (6, n) int32     scratch
    out_begin      (n,) int64       first sample of the window
    out            (4, n) float64   range in degrees; ratio; samples at which the range begins and ends
    """
    begin = 0
    h0 = h1 = h2 = h3 = h4 = h5 = 0
    t0 = t1 = t2 = t3 = t4 = t5 = 0
    for i in range(len(part)):
        if i > 0 and part[i] != part[i - 1]:
            begin = i
            h0 = h1 = h2 = h3 = h4 = h5 = 0
            t0 = t1 = t2 = t3 = t4 = t5 = 0
        while time_ns[i] - time_ns[begin] > window_ns:
            begin += 1
        h0, t0 = _pushed(queue, 0, h0, t0, sums[3], i, begin, 1.0)
        h1, t1 = _pushed(queue, 1, h1, t1, sums[3], i, begin, -1.0)
        h2, t2 = _pushed(queue, 2, h2, t2, sums[0], i, begin, 1.0)
        h3, t3 = _pushed(queue, 3, h3, t3, sums[0], i, begin, -1.0)
        h4, t4 = _pushed(queue, 4, h4, t4, sums[1], i, begin, 1.0)
        h5, t5 = _pushed(queue, 5, h5, t5, sums[1], i, begin, -1.0)
        high, low = queue[0, h0], queue[1, h1]
        wide = sums[0, queue[2, h2]] - sums[0, queue[3, h3]]
        tall = sums[1, queue[4, h4]] - sums[1, queue[5, h5]]
        extent = math.sqrt(wide * wide + tall * tall)
        out_begin[i] = begin
        out[0, i] = sums[3, high] - sums[3, low]
        out[1, i] = (sums[2, i] - sums[2, begin]) / max(extent, 0.1)
        out[2, i] = min(high, low)
        out[3, i] = max(high, low)
