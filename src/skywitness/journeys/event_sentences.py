"""An event in one sentence: when, where, what, by which figure, and what that was compared with."""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import EVENT_KINDS, PROVENANCES, Events
from skywitness.journeys.leg_sentences import time_text
from skywitness.journeys.legs import Flights
from skywitness.messages.mode_s.callsign import callsign_text

__all__ = ["callsigns_of", "event_sentence"]

NO_ICAO = 0xFFFFFFFF
SIMULATED = PROVENANCES.index("simulated")
MOMENTS = ("takeoff", "landing", "go_around", "low_approach", "return", "callsign_change", "squawk_change")
"""Kinds of which the time between two receptions, if any, is when they happened, and no duration."""


def callsigns_of(flights: Flights, made: Events) -> list[tuple[str, str]]:
    """Return for each event the callsigns of its first and of its last position; empty where unknown."""
    rows = flights.histories.rows
    key = rows.address_kind.astype(np.uint32) << np.uint32(24) | (rows.icao & np.uint32(0xFFFFFF))
    wanted = made.address_kind.astype(np.uint32) << np.uint32(24) | (made.icao & np.uint32(0xFFFFFF))
    low, high = np.searchsorted(key, wanted), np.searchsorted(key, wanted, "right")
    found = []
    for event, (a, z) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        texts = []
        for moment in (int(made.from_ns[event]), int(made.until_ns[event])):
            at = np.flatnonzero(rows.time_ns[a:z] == moment)  # several bodies may send one address
            code = int(rows.callsign[a + at[0]]) if len(at) else 0
            texts.append(callsign_text(code).strip() if code else "")
        found.append((texts[0], texts[1]))
    return found


def event_sentence(
    flights: Flights, made: Events, event: int, callsigns: tuple[str, str] = ("", ""), name: str = ""
) -> str:
    """Return an event in one sentence.

    callsigns  of its first and last position, see `callsigns_of`
    name       of the airframe, such as "RA-82035 (A124)"
    """
    begin, end = int(made.from_ns[event]), int(made.until_ns[event])
    kind = EVENT_KINDS[made.kind[event]]
    address = _address(int(made.icao[event]), int(made.address_kind[event]))
    who = " ".join(part for part in (name, address) if part) + (f" as {callsigns[0]}" if callsigns[0] else "")
    if end - begin < 1_000_000_000:
        when = time_text(begin)
    elif kind in MOMENTS:
        when = f"Between {time_text(begin)} and {time_text(end, begin)}"
    else:
        when = f"{time_text(begin)} to {time_text(end, begin)}"
    text = f"{when} {who}: {_what(made, event, kind, callsigns)}{_where(flights, made, event)}"
    return ("SIMULATED: " if made.provenance[event] == SIMULATED else "") + text + "."


def _address(icao: int, kind: int) -> str:
    return f"{'' if kind == 0 else '~'}{icao:06X}"


def _what(made: Events, event: int, kind: str, callsigns: tuple[str, str]) -> str:
    value, limit = float(made.value[event]), float(made.threshold[event])
    other = ""
    if int(made.other_icao[event]) != NO_ICAO:
        other = _address(int(made.other_icao[event]), int(made.other_address_kind[event]))
    least = f"from {limit:,.0f}"
    if kind in ("takeoff", "landing"):
        return "took off" if kind == "takeoff" else "landed"
    if kind == "touch_and_go":
        return f"touch-and-go, {value:,.0f} s on the ground (a stop is {least} s)"
    if kind in ("go_around", "low_approach"):
        word = "go-around" if kind == "go_around" else "low approach"
        return f"{word}, down to {value:,.0f} ft above the field by pressure altitude (up to {limit:,.0f} ft counts)"
    if kind == "taxi":
        return f"taxied {value:.1f} nmi ({f'from {limit:.1f}'} counts)"
    if kind == "on_ground":
        return f"on the ground for {_duration(value)} ({least} s counts)"
    if kind in ("circling", "holding"):
        word = "circled" if kind == "circling" else "held"
        return f"{word}, {value:,.0f}° of turns added up within 25 min ({least}° counts)"
    if kind == "survey":
        return f"flew to and fro as in a survey, a path {value:.1f} times its extent (from {limit:.1f} counts)"
    if kind in ("formation", "rendezvous", "refuelling"):
        word = {"formation": "in formation with", "rendezvous": "met", "refuelling": "as in aerial refuelling with"}[
            kind
        ]
        return f"{word} {other}, close together for {_duration(value)} ({least} s counts)"
    if kind == "coverage_gap":
        return f"not heard for {_duration(value)} ({least} s counts)"
    if kind == "return":
        return f"heard again after {_duration(value)} of silence ({least} s counts)"
    if kind == "callsign_change":
        return f"changed its callsign to {callsigns[1] or 'another'}"
    if kind == "squawk_change":
        return f"changed its squawk from {limit:04.0f} to {value:04.0f}"
    return f"altitudes that differ by {value:,.0f} ft/min (up to {limit:,.0f} ft/min is believed)"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60.0)
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def _where(flights: Flights, made: Events, event: int) -> str:
    airport, runway = int(made.airport[event]), int(made.runway[event])
    if airport >= 0:
        text = f" at {flights.gazetteer.code(airport)}"
        if runway >= 0:
            text += f" runway {flights.gazetteer.runway_ident[runway]}"
    else:
        lat, lon = float(made.lat_deg[event]), float(made.lon_deg[event])
        text = f" at {abs(lat):.2f} {'N' if lat >= 0 else 'S'} {abs(lon):.2f} {'E' if lon >= 0 else 'W'}"
    altitude = float(made.altitude_ft[event])
    sure = float(made.confidence[event])
    if not math.isnan(altitude) and airport < 0:
        text += f", {altitude:,.0f} ft"
    return text + (f" (probability {sure:.1f})" if sure < 1.0 else "")
