"""Way-points of whole flights: from stand to runway, into the air, down the glide path, and back to a stand."""

from __future__ import annotations

import math

from skywitness.geo.wgs84 import radii_m
from skywitness.simulate.scenario import PERFORMANCE, Aircraft, Airport
from skywitness.units import FOOT_M, NMI_M

__all__ = ["Leg", "away", "route_of"]

Leg = tuple[float, float, float, float, float, float]
"""One row of fly.WAYPOINT: latitude, longitude, altitude, speed, seconds to stand, rolled to (1) or glided to (2)."""

ROLL, GLIDE = 1.0, 2.0
GLIDE_SLOPE = math.tan(math.radians(3.0))
TAXIWAY_M = 250.0
APRON_M = 500.0
STAND_M = 60.0  # between stands
TAXI_KT = 15.0


def away(lat_deg: float, lon_deg: float, bearing_deg: float, distance_m: float) -> tuple[float, float]:
    """Latitude and longitude of a point some kilometres off, on a locally flat earth."""
    along_m, across_m = radii_m.py_func(lat_deg)
    north = distance_m * math.cos(math.radians(bearing_deg))
    east = distance_m * math.sin(math.radians(bearing_deg))
    lat = lat_deg + math.degrees(north / along_m)
    return lat, lon_deg + math.degrees(east / (across_m * math.cos(math.radians((lat + lat_deg) / 2))))


def route_of(
    aircraft: Aircraft, airports: dict[str, Airport], stand: int, departure_speed_kt: float = 180.0
) -> list[Leg]:
    """All way-points of a flight; the first one is where it begins.

    stand  which of the stands of its airports is its own
    """
    able = PERFORMANCE[aircraft.performance]
    cruise_ft = able.cruise_ft if aircraft.cruise_ft is None else aircraft.cruise_ft
    cruise_kt = able.cruise_kt if aircraft.cruise_kt is None else aircraft.cruise_kt
    legs: list[Leg] = []
    if aircraft.departure:
        slow = min(departure_speed_kt, cruise_kt)
        legs += _departure(airports[aircraft.departure], stand, slow, cruise_kt, cruise_ft)
    for via in aircraft.via:
        altitude_ft = cruise_ft if via.altitude_ft is None else via.altitude_ft
        speed_kt = cruise_kt if via.speed_kt is None else via.speed_kt
        legs.append((via.lat_deg, via.lon_deg, altitude_ft, speed_kt, via.hold_s, ROLL if via.ground else 0.0))
    if aircraft.arrival:
        legs += _arrival(airports[aircraft.arrival], stand, able.rotate_kt, cruise_kt)
    return legs


def _at(airport: Airport, along_m: float, right_m: float) -> tuple[float, float]:
    """A point by its distances along the runway from the threshold and to the right of it."""
    lat, lon = away(airport.lat_deg, airport.lon_deg, airport.runway_deg, along_m)
    return away(lat, lon, airport.runway_deg + 90.0, right_m)


def _stand(airport: Airport, stand: int) -> tuple[float, float]:
    return _at(airport, airport.length_m / 2 + STAND_M * (stand % 20 - 10), APRON_M)


def _departure(airport: Airport, stand: int, slow_kt: float, fast_kt: float, cruise_ft: float) -> list[Leg]:
    ground_ft = airport.elevation_ft
    beside = airport.length_m / 2 + STAND_M * (stand % 20 - 10)
    out = airport.length_m + 5.0 * NMI_M
    farther = airport.length_m + 15.0 * NMI_M
    return [
        (*_stand(airport, stand), ground_ft, 0.0, 0.0, ROLL),
        (*_at(airport, beside, TAXIWAY_M), ground_ft, 8.0, 0.0, ROLL),
        (*_at(airport, 60.0, TAXIWAY_M), ground_ft, TAXI_KT, 0.0, ROLL),
        (*_at(airport, 60.0, 0.0), ground_ft, 6.0, 0.0, ROLL),
        (*_at(airport, 140.0, 0.0), ground_ft, 4.0, 15.0, ROLL),
        (*_at(airport, out, 0.0), min(ground_ft + 6_000.0, cruise_ft), slow_kt, 0.0, 0.0),
        (*_at(airport, farther, 0.0), min(ground_ft + 15_000.0, cruise_ft), min(250.0, fast_kt), 0.0, 0.0),
    ]


def _arrival(airport: Airport, stand: int, rotate_kt: float, cruise_kt: float) -> list[Leg]:
    ground_ft = airport.elevation_ft
    final_kt = min(max(rotate_kt * 0.95, 20.0), cruise_kt)
    beside = airport.length_m / 2 + STAND_M * (stand % 20 - 10)

    def height(distance_nmi: float) -> float:
        return distance_nmi * NMI_M * GLIDE_SLOPE / FOOT_M

    return [
        (*_at(airport, -20.0 * NMI_M, 8.0 * NMI_M), ground_ft + 6_000.0, min(240.0, cruise_kt), 0.0, 0.0),
        (*_at(airport, -13.0 * NMI_M, 0.0), ground_ft + 3_200.0, min(200.0, cruise_kt), 0.0, 0.0),
        (*_at(airport, -9.0 * NMI_M, 0.0), ground_ft + 50.0 + height(9.0), min(170.0, cruise_kt), 0.0, 0.0),
        (*_at(airport, -4.0 * NMI_M, 0.0), ground_ft + 50.0 + height(4.0), final_kt + 5.0, 0.0, GLIDE),
        (*_at(airport, 0.0, 0.0), ground_ft + 50.0, final_kt, 0.0, GLIDE),
        (*_at(airport, airport.length_m * 0.25, 0.0), ground_ft, final_kt, 0.0, ROLL),
        (*_at(airport, airport.length_m * 0.85, 0.0), ground_ft, 25.0, 0.0, ROLL),
        (*_at(airport, airport.length_m * 0.85 + 100.0, TAXIWAY_M), ground_ft, TAXI_KT, 0.0, ROLL),
        (*_at(airport, beside, TAXIWAY_M), ground_ft, 10.0, 0.0, ROLL),
        (*_stand(airport, stand), ground_ft, 3.0, 1e9, ROLL),
    ]
