"""What Mode A codes are set aside for. Outside these, a code says nothing but which sector gave it."""

from __future__ import annotations

__all__ = ["EVERYWHERE", "REGIONAL", "squawk_meanings"]

EVERYWHERE = {
    "7500": "unlawful interference",
    "7600": "radio failure",
    "7700": "emergency",
    "2000": "no code given by air traffic control",
    "0000": "no use; often a transponder that is not set",
}
"""ICAO Doc 8168 Vol. I, and Doc 4444 for the emergencies."""

REGIONAL: dict[str, tuple[tuple[str, str], ...]] = {
    "7000": (("Europe and others", "visual flight"),),
    "1000": (("Europe", "known by Mode S: the flight is told by its callsign"),),
    "1200": (("North America", "visual flight"), ("Australia", "visual flight")),
    "1201": (("United States", "visual flight around Los Angeles"),),
    "1202": (("United States", "glider in visual flight"),),
    "1255": (("United States", "fire fighting, no code given"),),
    "1276": (("United States", "enters an air defence zone, no code given"),),
    "1277": (("United States", "search and rescue"),),
    "4000": (("United States", "military in a restricted or warning area"),),
    "4400": (("United States", "flight at high altitude with pressure suits"),),
    "7400": (("United States", "unmanned aircraft that lost its link"),),
    "7777": (("United States", "interceptor of air defence"), ("Europe", "test transponder on the ground")),
    "7001": (("United Kingdom", "military, low level"),),
    "7003": (("United Kingdom", "Red Arrows in transit or display"),),
    "7004": (("United Kingdom", "aerobatics and display"),),
    "7010": (("United Kingdom", "aerodrome traffic pattern"),),
    "0033": (("United Kingdom", "parachutes being dropped"),),
    "0020": (("United Kingdom", "air ambulance"), ("Germany", "air ambulance")),
    "0021": (("Germany", "visual flight, as used until 2007"),),
    "0025": (("Germany", "parachutes being dropped"),),
    "0030": (("Germany", "calibration of radio aids"),),
}
"""Codes that mean something in some States only: where, what."""


def squawk_meanings(code: str) -> list[tuple[str, str]]:
    """Return where a code of four octal digits means what, everywhere first; empty if nothing is set aside for it."""
    found = [("everywhere", EVERYWHERE[code])] if code in EVERYWHERE else []
    return found + list(REGIONAL.get(code, ()))
