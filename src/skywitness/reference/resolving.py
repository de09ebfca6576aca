"""Where an airfield is, when lists contradict each other: the runways decide, then agreement, then the country.

One list gives some places as degrees and minutes written as a decimal (Brussels 50.5405 for 50 degrees 54.05
minutes), others swap latitude and longitude or lose a sign; a runway can be a hundred kilometres off as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from skywitness.reference.lists import Airfield, Runway

__all__ = ["KM_PER_DEGREE", "chosen_position", "distance_km", "sound_ends"]

KM_PER_DEGREE = 111.195  # of a great circle on a sphere of 6,371.0 km
AGREE_KM = 5.0
SAME_KM = 1.5
RUNWAY_KM = 8.0  # of an airport's reference point from the middle of the farthest of its runways
FT_PER_KM = 3_280.84

End = tuple[str, float, float, float, float, float]
"""Ident, latitude, longitude, elevation in feet, true heading of a landing there, displaced threshold in feet."""


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance on a sphere."""
    half_lat = math.radians(lat2 - lat1) / 2
    half_lon = math.radians(lon2 - lon1) / 2
    chord = (
        math.sin(half_lat) ** 2 + math.cos(math.radians(lat1)) * math.cos(math.radians(lat2)) * math.sin(half_lon) ** 2
    )
    return 2 * 6_371.0 * math.asin(math.sqrt(min(1.0, chord)))


def chosen_position(told: Sequence[Airfield], strips: Sequence[Runway], holds: Any) -> tuple[float, float, str, float]:
    """Return latitude, longitude, what decided (POSITION_SOURCES), and how far apart the lists are in km.

    holds  (country, lat, lon) -> whether the place is in or near the country; None if that is not known
    """
    places = [(one.lat_deg, one.lon_deg) for one in told]
    spread = max((distance_km(*a, *b) for a in places for b in places[:1]), default=0.0)
    middles = [middle for strip in strips if (middle := _middle(strip)) is not None]
    if middles:
        # Each place is backed by the runways and the other lists near it; the nearest to the runways of the best.
        def backing(place: tuple[float, float]) -> tuple[int, int, float]:
            runways = [km for middle in middles if (km := distance_km(*place, *middle)) <= RUNWAY_KM]
            others = sum(distance_km(*place, *other) <= AGREE_KM for other in places)
            return len(runways) + others, len(runways), -min(runways, default=math.inf)

        best = max(places, key=backing)
        if backing(best)[1]:
            return (
                *best,
                "the only list" if len(places) == 1 else "runways" if spread > AGREE_KM else "lists agree",
                spread,
            )
        if len(middles) > 1 and len(places) == 1 and _agree(middles):
            return *middles[0], "runways", spread
    if len(places) == 1:
        return *places[0], "the only list", spread
    if spread <= AGREE_KM:
        return *places[0], "lists agree", spread
    groups = [sum(distance_km(*place, *other) <= AGREE_KM for other in places) for place in places]
    if max(groups) > 1:
        return *places[groups.index(max(groups))], "lists agree", spread
    for place in places:
        # The one that, read as degrees, minutes and seconds, is where another list has it.
        read = (_sexagesimal(place[0]), _sexagesimal(place[1]))
        for other in places:
            if read[0] is not None and read[1] is not None and distance_km(read[0], read[1], *other) <= SAME_KM:
                return *other, "degrees and minutes", spread
    if holds is not None:
        inside = [holds(told[0].country, *place) for place in places]
        if inside.count(True) == 1 and inside.count(None) == 0:
            return *places[inside.index(True)], "country", spread
    return *places[0], "first list", spread


def sound_ends(strip: Runway, lat: float, lon: float) -> list[End]:
    """Return both ends of a runway with the heading of a landing there, or none if they cannot be true.

    True: near the airfield, and about as far apart as the runway is long. A UTM grid or a typing error is neither.
    """
    middle = _middle(strip)
    if middle is None or distance_km(lat, lon, *middle) > RUNWAY_KM:
        return []
    (ident1, lat1, lon1, elevation1, displaced1), (ident2, lat2, lon2, elevation2, displaced2) = strip.ends
    km = distance_km(lat1, lon1, lat2, lon2)
    if not 0.1 < km < 9.0:
        return []
    if strip.length_ft > 0 and not 0.6 < km * FT_PER_KM / strip.length_ft < 1.6:
        return []
    heading = math.degrees(math.atan2((lon2 - lon1) * math.cos(math.radians(middle[0])), lat2 - lat1)) % 360.0
    if (number := _number(ident1)) is not None and abs((heading - 10.0 * number + 180.0) % 360.0 - 180.0) > 90.0:
        # The list has the two ends the other way round.
        ident1, ident2, elevation1, elevation2 = ident2, ident1, elevation2, elevation1
        displaced1, displaced2 = displaced2, displaced1
    return [
        (ident1, lat1, lon1, elevation1, heading, displaced1),
        (ident2, lat2, lon2, elevation2, (heading + 180.0) % 360.0, displaced2),
    ]


def _sexagesimal(degrees: float) -> float | None:
    """Read D.MMSS as degrees, minutes and seconds; None if it cannot be that."""
    digits = round(abs(degrees) * 10_000)
    minutes, seconds = digits // 100 % 100, digits % 100
    if minutes > 59 or seconds > 59:
        return None
    return math.copysign(digits // 10_000 + minutes / 60 + seconds / 3600, degrees)


def _number(ident: str) -> int | None:
    digits = ident[:2].rstrip("LRCTWSG")
    return int(digits) if digits.isdigit() and 1 <= int(digits) <= 36 else None


def _middle(strip: Runway) -> tuple[float, float] | None:
    (_, lat1, lon1, *_), (_, lat2, lon2, *_) = strip.ends
    if not (abs(lat1) <= 90.0 and abs(lat2) <= 90.0 and abs(lon1) <= 180.0 and abs(lon2) <= 180.0):
        return None
    if abs(lon1 - lon2) > 180.0:
        return None
    return (lat1 + lat2) / 2, (lon1 + lon2) / 2


def _agree(middles: Sequence[tuple[float, float]]) -> bool:
    return all(distance_km(*middles[0], *other) <= AGREE_KM for other in middles)
