"""How simulated aircraft move: one second at a time, along way-points, within what an aircraft can do.

Within a second the turn rate and the accelerations are constant, so that the state at any moment follows exactly from
the knot before it (`advance`), and what is sent at which moment never depends on how the run is cut into windows.
"""

from __future__ import annotations

import math

from skywitness.geo.wgs84 import radii_m
from skywitness.kernel import kernel, scalar
from skywitness.units import FOOT_M, KNOT_MPS

__all__ = ["KNOT", "LIMITS", "PROGRESS", "WAYPOINT", "advance", "fill_knots"]

KNOT = (
    "lat_deg",
    "lon_deg",
    "altitude_ft",
    "speed_kt",
    "track_deg",
    "rate_fpm",
    "turn_deg_s",
    "acceleration_kt_s",
    "rate_change_fpm_s",
    "bank_deg",
    "on_ground",
    "selected_altitude_ft",
)
"""Columns of a knot: the state at a full second and what stays constant until the next."""

(
    K_LAT, K_LON, K_ALTITUDE, K_SPEED, K_TRACK, K_RATE, K_TURN, K_ACCELERATION, K_RATE_CHANGE, K_BANK, K_GROUND,
    K_SELECTED,
) = range(12)  # fmt: skip

WAYPOINT = ("lat_deg", "lon_deg", "altitude_ft", "speed_kt", "hold_s", "ground")
"""Columns of a way-point: where, how high, how fast over ground, how long to stand there; `ground` 1 if it is rolled
to, 2 if the leg to it is flown on a straight slope (a glide path), else 0."""

W_LAT, W_LON, W_ALTITUDE, W_SPEED, W_HOLD, W_GROUND = range(6)

PROGRESS = ("first", "last", "next", "repeat", "hold_until_s", "starts_s")
"""Columns of an aircraft's progress along its way-points, which are rows first..last of the table."""

P_FIRST, P_LAST, P_NEXT, P_REPEAT, P_HOLD, P_START = range(6)

LIMITS = ("climb_fpm", "descent_fpm", "rotate_kt", "bank_deg", "acceleration_kt_s")
"""Columns of what an aircraft can do."""

L_CLIMB, L_DESCENT, L_ROTATE, L_BANK, L_ACCELERATION = range(5)

GRAVITY = 9.80665  # m/s^2, standard
ROLL_RATE_DEG_S = 5.0
RATE_CHANGE_FPM_S = 350.0  # 0.18 g
TAXI_TURN_DEG_S = 20.0
RUNWAY_ACCELERATION_KT_S = 4.0
TAXI_ACCELERATION_KT_S = 2.0
FASTEST_TURN_DEG_S = 3.0  # a standard turn


@scalar
def advance(knot, seconds, out):
    """State of a knot some seconds later, at most one.

    knot, out  (12,) float64   see KNOT; `out` gets latitude to rate, the rest is the knot's
    """
    turned = knot[K_TURN] * seconds
    way_m = (knot[K_SPEED] + 0.5 * knot[K_ACCELERATION] * seconds) * seconds * KNOT_MPS
    angle = math.radians(knot[K_TRACK] + 0.5 * turned)
    along_m, across_m = radii_m(knot[K_LAT])
    height_m = knot[K_ALTITUDE] * FOOT_M
    out[K_LAT] = knot[K_LAT] + math.degrees(way_m * math.cos(angle) / (along_m + height_m))
    circle_m = (across_m + height_m) * math.cos(math.radians(0.5 * (knot[K_LAT] + out[K_LAT])))
    lon = knot[K_LON] + math.degrees(way_m * math.sin(angle) / circle_m)
    out[K_LON] = (lon + 180.0) % 360.0 - 180.0
    minutes = seconds / 60.0
    out[K_ALTITUDE] = knot[K_ALTITUDE] + (knot[K_RATE] + 0.5 * knot[K_RATE_CHANGE] * seconds) * minutes
    out[K_SPEED] = max(knot[K_SPEED] + knot[K_ACCELERATION] * seconds, 0.0)
    out[K_TRACK] = (knot[K_TRACK] + turned) % 360.0
    out[K_RATE] = knot[K_RATE] + knot[K_RATE_CHANGE] * seconds


@scalar
def toward(now, wanted, most):
    """The step from `now` to `wanted`, at most `most` either way."""
    return max(-most, min(most, wanted - now))


@scalar
def way_to(knot, waypoint):
    """Distance in metres and true bearing in degrees to a way-point, over a locally flat earth."""
    along_m, across_m = radii_m(0.5 * (knot[K_LAT] + waypoint[W_LAT]))
    north = math.radians(waypoint[W_LAT] - knot[K_LAT]) * along_m
    turn = (waypoint[W_LON] - knot[K_LON] + 180.0) % 360.0 - 180.0
    east = math.radians(turn) * across_m * math.cos(math.radians(0.5 * (knot[K_LAT] + waypoint[W_LAT])))
    return math.sqrt(north * north + east * east), math.degrees(math.atan2(east, north)) % 360.0


@scalar
def climb_rate_fpm(altitude_ft, rate_fpm):
    """Rate of climb left at an altitude of an aircraft that climbs at `rate_fpm` near the ground."""
    return rate_fpm * max(0.25, 1.0 - 0.6 * max(altitude_ft - 10_000.0, 0.0) / 30_000.0)


@scalar
def steer(knot, waypoint, following, has_following, limits, second, progress):
    """Choose turn rate, acceleration and change of the climb rate for the next second.

    knot       (12,) float64   its last five columns are written
    waypoint   (6,)  float64   the next one
    following  (6,)  float64   the one after it, if there is one
    limits     (5,)  float64
    progress   (6,)  float64
    return     bool            the way-point is reached: go for the following one
    """
    speed = knot[K_SPEED]
    metres_s = speed * KNOT_MPS
    distance, bearing = way_to(knot, waypoint)
    on_ground = knot[K_GROUND] > 0.0
    off = (bearing - knot[K_TRACK] + 180.0) % 360.0 - 180.0
    knot[K_TURN] = knot[K_ACCELERATION] = knot[K_RATE_CHANGE] = 0.0
    knot[K_SELECTED] = waypoint[W_ALTITUDE]
    if progress[P_HOLD] > second:
        knot[K_ACCELERATION] = toward(speed, 0.0, TAXI_ACCELERATION_KT_S)
        return False
    reached = distance <= max(metres_s, 1.0) * 0.6
    if on_ground:
        knot[K_BANK] = 0.0
        if not reached and speed < 0.5:
            knot[K_TRACK] = bearing  # it is pushed back, or hovers round
        else:
            knot[K_TURN] = toward(0.0, off, TAXI_TURN_DEG_S)
        rolling = waypoint[W_SPEED] > 60.0 or speed > 60.0
        most = RUNWAY_ACCELERATION_KT_S if rolling else TAXI_ACCELERATION_KT_S
    else:
        # Turn in time: half the angle to the following leg on the circle flown, and the time to roll into it.
        steepest = max(
            min(limits[L_BANK], math.degrees(math.atan(metres_s * math.radians(FASTEST_TURN_DEG_S) / GRAVITY))), 5.0
        )
        if has_following and waypoint[W_GROUND] == 0.0:
            _, then = way_to(waypoint, following)
            corner = abs((then - bearing + 180.0) % 360.0 - 180.0)
            radius = metres_s * metres_s / (GRAVITY * math.tan(math.radians(steepest)))
            lead = (
                radius * math.tan(math.radians(min(corner, 140.0)) / 2.0) + metres_s * steepest / ROLL_RATE_DEG_S / 2.0
            )
            reached = reached or distance <= lead
        # Behind the wing and near: it will not come nearer.
        reached = reached or (abs(off) > 100.0 and distance < 3.0 * 60.0 * metres_s / math.pi)
        wanted_turn = off / 5.0
        wanted_bank = math.degrees(math.atan(metres_s * math.radians(wanted_turn) / GRAVITY))
        wanted_bank = max(-steepest, min(steepest, wanted_bank))
        knot[K_BANK] += toward(knot[K_BANK], wanted_bank, ROLL_RATE_DEG_S)
        knot[K_TURN] = math.degrees(GRAVITY * math.tan(math.radians(knot[K_BANK])) / max(metres_s, 10.0))
        most = limits[L_ACCELERATION]
    # Slow down in time to pass the way-point at its speed.
    braking = 0.7 * most * KNOT_MPS
    allowed = math.sqrt(waypoint[W_SPEED] ** 2 + 2.0 * braking * max(distance - metres_s, 0.0) / KNOT_MPS**2)
    wanted = waypoint[W_SPEED] if not on_ground or waypoint[W_SPEED] > 60.0 else min(allowed, 20.0)
    if waypoint[W_SPEED] < speed:
        wanted = min(speed, allowed)
    if on_ground and waypoint[W_HOLD] > 0.0:
        wanted = min(wanted, max(math.sqrt(2.0 * braking * distance) / KNOT_MPS, 3.0))
    knot[K_ACCELERATION] = toward(speed, wanted, most)
    if on_ground:
        if waypoint[W_GROUND] == 0.0 and speed >= limits[L_ROTATE]:
            knot[K_GROUND] = 0.0
        else:
            knot[K_RATE] = 0.0
            return reached
    above = knot[K_ALTITUDE] - waypoint[W_ALTITUDE]
    remaining_min = max(distance / max(metres_s, 1.0), 1.0) / 60.0
    needed = -above / remaining_min
    if waypoint[W_GROUND] == 2.0:
        wanted_rate = max(min(needed, 1500.0), -2000.0)
    elif above < 0.0:
        wanted_rate = max(min(climb_rate_fpm(knot[K_ALTITUDE], limits[L_CLIMB]), -above * 4.0), 0.0)
    elif needed < -0.8 * limits[L_DESCENT] or waypoint[W_GROUND] == 1.0:
        wanted_rate = max(needed, -1.2 * limits[L_DESCENT])
    elif knot[K_RATE] < -100.0 and needed < -200.0:
        wanted_rate = needed  # once descending, keep to the slope
    elif knot[K_RATE] > 0.0:
        wanted_rate = 0.0
    else:
        wanted_rate = max(min(0.0, needed), knot[K_RATE]) if needed < -200.0 else 0.0
    knot[K_RATE_CHANGE] = toward(knot[K_RATE], wanted_rate, RATE_CHANGE_FPM_S)
    if waypoint[W_GROUND] == 1.0 and above <= max(-knot[K_RATE] / 60.0, 2.0):
        knot[K_GROUND] = 1.0
        knot[K_ALTITUDE] = waypoint[W_ALTITUDE]
        knot[K_RATE] = knot[K_RATE_CHANGE] = knot[K_TURN] = knot[K_BANK] = 0.0
    return reached


@kernel
def fill_knots(second, waypoints, limits, progress, now, out_knots):
    """Fly all aircraft for some seconds.

    second     int                     seconds since the start of the first knot
    waypoints  (w, 6)     float64      see WAYPOINT
    limits     (a, 5)     float64      see LIMITS
    progress   (a, 6)     float64      see PROGRESS; updated
    now        (a, 12)    float64      see KNOT; at `second` before, at the end of the last second after
    out_knots  (s, a, 12) float64      the knot at the beginning of each second
    """
    for k in range(len(out_knots)):
        t = float(second + k)
        for a in range(len(now)):
            knot = now[a]
            steps = progress[a]
            target = int(steps[P_NEXT])
            if t >= steps[P_START] and target <= steps[P_LAST]:
                after = target + 1
                if after > steps[P_LAST] and steps[P_REPEAT] > 0.0:
                    after = int(steps[P_FIRST])
                has_after = after <= steps[P_LAST]
                following = waypoints[after if has_after else target]
                if steer(knot, waypoints[target], following, has_after, limits[a], t, steps):
                    steps[P_NEXT] = after
                    if waypoints[target, W_HOLD] > 0.0:
                        steps[P_HOLD] = t + waypoints[target, W_HOLD]
            else:
                # Before it starts an aircraft stands or flies on; after its last way-point, too.
                knot[K_TURN] = knot[K_BANK] = knot[K_ACCELERATION] = 0.0
                knot[K_RATE_CHANGE] = toward(knot[K_RATE], 0.0, RATE_CHANGE_FPM_S)
                if knot[K_GROUND] > 0.0:
                    knot[K_ACCELERATION] = toward(knot[K_SPEED], 0.0, TAXI_ACCELERATION_KT_S)
            for c in range(12):
                out_knots[k, a, c] = knot[c]
            advance(out_knots[k, a], 1.0, knot)
