"""From encoded positions to places: one aircraft's even and odd messages, its last place, and what to make of both.

Every message with a place gets a verdict; none is silently dropped. A message that cannot be placed yet gives NaN.
The rules are those of RTCA DO-260B 2.2.10.4 (reasonableness) made tighter by the aircraft's own reported speed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skywitness.kernel import scalar
from skywitness.messages.mode_s.velocity import atan2_deg
from skywitness.positions.cpr import global_airborne, global_surface, local, quantise_deg, quantise_lon

__all__ = ["BLANK_PAIR", "NEVER", "PAIR", "distance_m", "place"]

PAIR = np.dtype(
    [
        # First line of 64 bytes: the last accepted place, the newest message of each parity as sent, how well each
        # parity has supported the place, in hundredths.
        ("place_ns", np.int64),
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("even_ns", np.int64),
        ("odd_ns", np.int64),
        ("even_lat", np.int32),
        ("even_lon", np.int32),
        ("odd_lat", np.int32),
        ("odd_lon", np.int32),
        ("support_even", np.int16),
        ("support_odd", np.int16),
        ("even_tag", np.uint8),
        ("odd_tag", np.uint8),
        ("source", np.uint8),
        ("more", np.uint8),  # 1 where the second line says something
        # Second line: a place that contradicts it, how many later ones agree with that one; messages that wait for a
        # place, the newest one's place in the pool and how many.
        ("rival_ns", np.int64),
        ("rival_lat_deg", np.float64),
        ("rival_lon_deg", np.float64),
        ("rival_support", np.int32),
        ("waiting", np.int32),
        ("waiting_count", np.int32),
        ("spare", np.uint8, (28,)),
    ],
    align=True,
)
"""What pairing remembers of one aircraft; times are NEVER before the first message."""

NEVER = -(1 << 62)
SECOND = 1_000_000_000

# Indices into batches.VERDICTS and batches.REASONS.
CONFIRMED = 0
CONSISTENT = 1
UNVERIFIABLE = 2
CONTRADICTED = 3
NO_REASON = 0
SPEED = 1
RANGE = 2
NULL_ISLAND = 5
DUPLICATE_ADDRESS = 6

EARTH_M = 6371008.8  # mean radius (2a + b) / 3 of WGS-84
DEGREE_M = EARTH_M * math.pi / 180.0
KNOT_MPS = 1852.0 / 3600.0

LOCAL_FOR_NS = 600 * SECOND
LOCAL_WITHIN_M = 185_200.0  # 100 NM, well inside half a zone
AHEAD_DEG = 20.0
SURFACE_WITHIN_M = 450_000.0
HEARD_WITHIN_M = 926_000.0  # 500 NM: beyond the radio horizon of an aircraft at 60,000 ft and of a mast of 1,500 m
TRUSTED_FOR_NS = 3600 * SECOND
BETTER_SOURCE_FOR_NS = 20 * SECOND
FULL_SUPPORT = 400
GOOD = 100
HALF = 50
BAD = 26


def _blank_pair() -> NDArray[Any]:
    record = np.zeros(1, PAIR)
    for name in ("even_ns", "odd_ns", "place_ns", "rival_ns"):
        record[name] = NEVER
    record["source"] = 255
    record["waiting"] = -1
    return record


BLANK_PAIR = _blank_pair()
"""One record of an aircraft whose place is not known."""


@scalar
def cosine(angle_deg):
    """Cosine of a latitude, error below 3e-5: additions and multiplications only, the same on every processor."""
    x = angle_deg * (math.pi / 180.0)
    s = x * x
    return 1.0 - s * (0.5 - s * (1.0 / 24.0 - s * (1.0 / 720.0 - s / 40320.0)))


@scalar
def north_east_m(lat1_deg, lon1_deg, lat2_deg, lon2_deg):
    """How far north and east the second place lies, on the mean sphere by the middle latitude.

    Within 1 % up to 500 km, enough for a reasonableness test.
    """
    north = lat2_deg - lat1_deg
    east = lon2_deg - lon1_deg
    if east > 180.0:
        east -= 360.0
    elif east < -180.0:
        east += 360.0
    return DEGREE_M * north, DEGREE_M * east * cosine(0.5 * (lat1_deg + lat2_deg))


@scalar
def distance_m(lat1_deg, lon1_deg, lat2_deg, lon2_deg):
    """Distance between two places, as `north_east_m`."""
    north, east = north_east_m(lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    return math.sqrt(north * north + east * east)


@scalar
def is_reachable(lat1_deg, lon1_deg, lat2_deg, lon2_deg, elapsed_ns, speed_kt, track_deg, surface):
    """Say whether an aircraft of at most this speed gets from one place to the other in the time.

    elapsed_ns  int    of either sign
    track_deg   float  its reported track; NaN unknown

    Times are wrong by the ways of the network: 0.2 s are granted, and one second more to what lies straight ahead (or
    behind, when time runs back), for sources that stamp whole seconds or deliver in gusts.
    """
    north, east = north_east_m(lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    squared = north * north + east * east
    base_m = 10.0 if surface else 30.0
    elapsed_s = abs(elapsed_ns) * 1e-9
    allowed_m = base_m + (elapsed_s + 0.2) * speed_kt * KNOT_MPS
    if squared <= allowed_m * allowed_m:
        return True
    allowed_m += speed_kt * KNOT_MPS
    if squared > allowed_m * allowed_m:
        return False
    if elapsed_ns == 0:
        return True
    off_deg = abs(atan2_deg(east, north) - track_deg)
    if elapsed_ns < 0:
        off_deg = abs(180.0 - off_deg)
    return off_deg <= AHEAD_DEG or off_deg >= 360.0 - AHEAD_DEG


@scalar
def window_ns(surface, speed_kt):
    """How far apart an even and an odd message may be: short enough that no zone can be left in between."""
    if surface:
        return 50 * SECOND if speed_kt <= 25.0 else 25 * SECOND
    if not speed_kt > 0.0:
        return 10 * SECOND
    return min(30 * SECOND, int(19.0 * 500.0 / speed_kt * 1e9))


@scalar
def set_place(pair, now, lat_deg, lon_deg, source):
    """Take a place as the aircraft's last."""
    pair.place_ns = now
    pair.lat_deg = lat_deg
    pair.lon_deg = lon_deg
    pair.source = source


@scalar
def support(pair, odd, amount):
    """Add to, or take from, the support that messages of one parity give to the place."""
    if odd:
        pair.support_odd = min(FULL_SUPPORT, pair.support_odd + amount)
    else:
        pair.support_even = min(FULL_SUPPORT, pair.support_even + amount)


@scalar
def contradict(pair, now, lat_deg, lon_deg, speed_kt, track_deg, surface):
    """Weigh a global place that contradicts the last one; True when it has won and becomes the last.

    It wins only when others agree with it and outweigh what still supports the last: a pair mixed of two transmitters
    makes places that agree with nothing.
    """
    agrees = pair.rival_ns != NEVER and is_reachable(
        pair.rival_lat_deg, pair.rival_lon_deg, lat_deg, lon_deg, now - pair.rival_ns, speed_kt, track_deg, surface
    )
    pair.rival_support = pair.rival_support + GOOD if agrees else GOOD
    pair.more = 1
    pair.rival_ns = now
    pair.rival_lat_deg = lat_deg
    pair.rival_lon_deg = lon_deg
    pair.support_even = max(0, pair.support_even - BAD)
    pair.support_odd = max(0, pair.support_odd - BAD)
    return agrees and pair.rival_support > pair.support_even + pair.support_odd


@scalar
def global_place(pair, now, odd, lat, lon, surface, tag, reported_kt, reference_lat_deg, reference_lon_deg):
    """Place from this message and the last one of the other parity; NaN where they do not make a pair.

    reference_lat_deg, reference_lon_deg  for the surface, NaN where there is none
    """
    other_tag = pair.even_tag if odd else pair.odd_tag
    other_ns = pair.even_ns if odd else pair.odd_ns
    if other_tag != tag or abs(now - other_ns) > window_ns(surface, reported_kt):
        return np.nan, np.nan
    even_lat = int(pair.even_lat) if odd else lat
    even_lon = int(pair.even_lon) if odd else lon
    odd_lat = lat if odd else int(pair.odd_lat)
    odd_lon = lon if odd else int(pair.odd_lon)
    if not surface:
        return global_airborne(even_lat, even_lon, odd_lat, odd_lon, odd)
    if math.isnan(reference_lat_deg):
        return np.nan, np.nan
    return global_surface(even_lat, even_lon, odd_lat, odd_lon, odd, reference_lat_deg, reference_lon_deg)


@scalar
def remember_message(pair, now, odd, lat, lon, tag):
    """Keep the newest message of its parity."""
    if odd:
        pair.odd_ns = now
        pair.odd_lat = lat
        pair.odd_lon = lon
        pair.odd_tag = tag
    else:
        pair.even_ns = now
        pair.even_lat = lat
        pair.even_lon = lon
        pair.even_tag = tag


@scalar
def is_too_far(lat_deg, lon_deg, receiver_lat_deg, receiver_lon_deg):
    """Say whether a receiver cannot have heard a transmitter there, by the radio horizon."""
    # The middle latitude's cosine makes polar distances short, and this must not reject what can be heard.
    return abs(lat_deg - receiver_lat_deg) * DEGREE_M > HEARD_WITHIN_M or (
        distance_m(lat_deg, lon_deg, receiver_lat_deg, receiver_lon_deg) > 1.1 * HEARD_WITHIN_M
    )


@scalar
def place(
    pair, now, odd, lat, lon, surface, source, speed_kt, reported_kt, track_deg, reference_lat_deg, reference_lon_deg,
    in_range_of_reference,
):  # fmt: skip
    """Place of one position message, and what it is worth.

    pair         PAIR record of the aircraft; changed
    now          int    time of the message, ns
    odd, lat, lon       as encoded
    surface      int    1 on the ground
    source       int    index into POSITION_SOURCES; a worse one never replaces the last place of a better one
    speed_kt     float  the most it may have flown since its last place, by what it reported
    reported_kt, track_deg   float  its reported speed and track; NaN unknown
    reference_lat_deg, reference_lon_deg   a place within 45 degrees, for the surface; NaN where there is none
    in_range_of_reference   bool   the reference is the receiver that heard it, by its operator's word: a first place,
                                   or one that would replace the last, must be within HEARD_WITHIN_M of it
    return       (latitude, longitude, verdict, reason): NaN without a place
    """
    tag = 0x80 | surface << 4 | source
    # A place from further ahead than single messages reach was stamped by a clock since put right: begin anew.
    known = pair.place_ns != NEVER and -LOCAL_FOR_NS <= now - pair.place_ns <= TRUSTED_FOR_NS
    if not known:
        lat_deg, lon_deg = global_place(
            pair, now, odd, lat, lon, surface, tag, reported_kt, reference_lat_deg, reference_lon_deg
        )
        remember_message(pair, now, odd, lat, lon, tag)
        if math.isnan(lat_deg):
            return np.nan, np.nan, UNVERIFIABLE, NO_REASON
        lat_deg = quantise_deg(lat_deg)
        lon_deg = quantise_lon(lon_deg)
        if lat_deg == 0.0 and lon_deg == 0.0:
            return lat_deg, lon_deg, CONTRADICTED, NULL_ISLAND
        if in_range_of_reference and is_too_far(lat_deg, lon_deg, reference_lat_deg, reference_lon_deg):
            return lat_deg, lon_deg, CONTRADICTED, RANGE
        if surface and distance_m(lat_deg, lon_deg, reference_lat_deg, reference_lon_deg) > SURFACE_WITHIN_M:
            # The reference may be old or wrong itself: the message waits for a better one.
            return np.nan, np.nan, UNVERIFIABLE, NO_REASON
        set_place(pair, now, lat_deg, lon_deg, source)
        pair.support_even = HALF if odd else GOOD
        pair.support_odd = GOOD if odd else HALF
        return lat_deg, lon_deg, UNVERIFIABLE, NO_REASON

    elapsed_ns = now - pair.place_ns
    outranked = source > pair.source and elapsed_ns < BETTER_SOURCE_FOR_NS
    supported = pair.support_even >= GOOD and pair.support_odd >= GOOD
    near_lat, near_lon = np.nan, np.nan
    if abs(elapsed_ns) <= LOCAL_FOR_NS:
        near_lat, near_lon = local(lat, lon, odd, surface, pair.lat_deg, pair.lon_deg)
        if not math.isnan(near_lat):  # compiled, rounding NaN to an integer makes a number of it
            near_lat = quantise_deg(near_lat)
            near_lon = quantise_lon(near_lon)
    near = not math.isnan(near_lat) and is_reachable(
        pair.lat_deg, pair.lon_deg, near_lat, near_lon, elapsed_ns, speed_kt, track_deg, surface
    )
    if outranked or elapsed_ns < 0:
        if math.isnan(near_lat):
            return np.nan, np.nan, UNVERIFIABLE, NO_REASON
        return near_lat, near_lon, CONSISTENT if near else CONTRADICTED, NO_REASON if near else SPEED
    if near and supported:
        # All other solutions lie zones away: a pair could add nothing to a place the motion has confirmed.
        remember_message(pair, now, odd, lat, lon, tag)
        set_place(pair, now, near_lat, near_lon, source)
        if pair.more:
            support(pair, odd, GOOD)
            pair.rival_support = max(0, pair.rival_support - BAD)
        return near_lat, near_lon, CONSISTENT, NO_REASON

    lat_deg, lon_deg = global_place(pair, now, odd, lat, lon, surface, tag, reported_kt, pair.lat_deg, pair.lon_deg)
    remember_message(pair, now, odd, lat, lon, tag)
    found = not math.isnan(lat_deg)
    if not found:
        if math.isnan(near_lat):
            return np.nan, np.nan, UNVERIFIABLE, NO_REASON
        lat_deg, lon_deg = near_lat, near_lon
    lat_deg = quantise_deg(lat_deg)
    lon_deg = quantise_lon(lon_deg)
    if lat_deg == 0.0 and lon_deg == 0.0:
        return lat_deg, lon_deg, CONTRADICTED, NULL_ISLAND
    if is_reachable(pair.lat_deg, pair.lon_deg, lat_deg, lon_deg, elapsed_ns, speed_kt, track_deg, surface):
        set_place(pair, now, lat_deg, lon_deg, source)
        if found:
            support(pair, odd, GOOD)
        supported = pair.support_even >= GOOD and pair.support_odd >= GOOD
        return lat_deg, lon_deg, CONSISTENT if supported else UNVERIFIABLE, NO_REASON
    if in_range_of_reference and is_too_far(lat_deg, lon_deg, reference_lat_deg, reference_lon_deg):
        return lat_deg, lon_deg, CONTRADICTED, RANGE
    if found and contradict(pair, now, lat_deg, lon_deg, speed_kt, track_deg, surface):
        set_place(pair, now, lat_deg, lon_deg, source)
        pair.support_even = HALF if odd else min(FULL_SUPPORT, pair.rival_support)
        pair.support_odd = min(FULL_SUPPORT, pair.rival_support) if odd else HALF
        pair.rival_support = 0
        pair.rival_ns = NEVER
        return lat_deg, lon_deg, UNVERIFIABLE, NO_REASON
    if pair.rival_support >= FULL_SUPPORT and supported:
        return lat_deg, lon_deg, CONTRADICTED, DUPLICATE_ADDRESS
    return lat_deg, lon_deg, CONTRADICTED, SPEED
