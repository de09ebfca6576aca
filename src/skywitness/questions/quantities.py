"""Numbers with units as people write them in a question, and bounds of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from skywitness.errors import QuestionError
from skywitness.units import FOOT_M, KNOT_MPS, NMI_M

__all__ = ["altitude_ft", "direction_deg", "distance_m", "number_bounds", "rate_fpm", "speed_kt", "track_bounds"]

QUANTITY = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,9})?)\s*([a-z/]{0,4})", re.ASCII)
FLIGHT_LEVEL = re.compile(r"fl\s*(\d{1,3})", re.ASCII)
DISTANCES_M = {"": NMI_M, "nmi": NMI_M, "nm": NMI_M, "km": 1000.0, "m": 1.0, "mi": 1609.344, "ft": FOOT_M}
ALTITUDES_FT = {"": 1.0, "ft": 1.0, "m": 1.0 / FOOT_M, "km": 1000.0 / FOOT_M}
SPEEDS_KT = {"": 1.0, "kt": 1.0, "kts": 1.0, "km/h": 1.0 / 3.6 / KNOT_MPS, "kmh": 1.0 / 3.6 / KNOT_MPS,
             "m/s": 1.0 / KNOT_MPS, "mps": 1.0 / KNOT_MPS, "mph": 0.44704 / KNOT_MPS}  # fmt: skip
RATES_FPM = {"": 1.0, "fpm": 1.0, "m/s": 60.0 / FOOT_M}


def quantity(text: str, units: Mapping[str, float], what: str, example: str) -> float:
    """Return a number in the unit that is 1. Raises QuestionError."""
    found = QUANTITY.fullmatch(text.strip().lower())
    if found is None or found[2] not in units:
        raise QuestionError(f"{text!r} is no {what}", hint=f"Write {example}.")
    return float(found[1]) * units[found[2]]


def distance_m(text: str) -> float:
    """Return a distance in metres; nautical miles if no unit is said. Raises QuestionError."""
    metres = quantity(text, DISTANCES_M, "distance", "30nmi, 50km or 800m")
    if not 0 < metres <= 21_000_000:
        raise QuestionError(f"{text!r} is not a distance on the Earth")
    return metres


def altitude_ft(text: str) -> float:
    """Return an altitude in feet; FL290 and metres are understood. Raises QuestionError."""
    level = FLIGHT_LEVEL.fullmatch(text.strip().lower())
    return float(level[1]) * 100.0 if level else quantity(text, ALTITUDES_FT, "altitude", "10000, FL290 or 3000m")


def speed_kt(text: str) -> float:
    """Return a speed in knots. Raises QuestionError."""
    return quantity(text, SPEEDS_KT, "speed", "250, 250kt or 460km/h")


def rate_fpm(text: str) -> float:
    """Return a vertical rate in feet a minute. Raises QuestionError."""
    return quantity(text, RATES_FPM, "vertical rate", "1500, -500fpm or 8m/s")


def direction_deg(text: str) -> float:
    """Return a direction in degrees from true north. Raises QuestionError."""
    degrees = quantity(text, {"": 1.0, "deg": 1.0}, "direction", "0 to 360")
    if not 0.0 <= degrees <= 360.0:
        raise QuestionError(f"{text!r} is no direction", hint="Write 0 to 360.")
    return degrees


def track_bounds(text: str) -> tuple[tuple[float, float], ...]:
    """Return the bounds that a range of directions means; `350..10` goes by north. Raises QuestionError."""
    low, dots, high = text.partition("..")
    if dots and low.strip() and high.strip() and direction_deg(low) > direction_deg(high):
        return (direction_deg(low), 360.0), (0.0, direction_deg(high))
    return (number_bounds(text, direction_deg),)


def number_bounds(text: str, of: Callable[[str], float]) -> tuple[float, float]:
    """Return the bounds, both included, that `<10`, `>=10`, `5..10`, `..10` or `10` mean. Raises QuestionError."""
    text = text.strip()
    low, dots, high = text.partition("..")
    if dots:
        bounds = (of(low) if low.strip() else -math.inf, of(high) if high.strip() else math.inf)
        if bounds[0] > bounds[1]:
            raise QuestionError(f"{text!r} ends before it begins")
        return bounds
    if text.startswith("<="):
        return -math.inf, of(text[2:])
    if text.startswith("<"):
        return -math.inf, math.nextafter(of(text[1:]), -math.inf)
    if text.startswith(">="):
        return of(text[2:]), math.inf
    if text.startswith(">"):
        return math.nextafter(of(text[1:]), math.inf), math.inf
    value = of(text.removeprefix("="))
    return value, value
