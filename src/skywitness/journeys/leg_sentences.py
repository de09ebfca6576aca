"""A leg in one sentence: what was received, when, where, and how sure each airport is. Never more than that."""

from __future__ import annotations

import math

import numpy as np

from skywitness.batches import END_EVIDENCE, PROVENANCES, SIDES, UNTIMED
from skywitness.geo.sphere import bearing_deg, distance_nmi
from skywitness.journeys.legs import FLAGS, Flights
from skywitness.messages.mode_s.callsign import callsign_text

__all__ = ["ASSERTED", "end_sentence", "leg_sentence", "place_text", "time_text"]

ASSERTED, LIKELY = 0.9, 0.5
WINDS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
LEVEL_FPM = 250.0
SIMULATED = PROVENANCES.index("simulated")
NEAR_NMI = 60.0
NOTED = {
    "out_of_coverage": ", where nobody would be heard further",
    "lost_in_flight": ", where others are heard further",
}
"""What is said of an end in flight, by its evidence."""


def time_text(time_ns: int, beside_ns: int | None = None) -> str:
    """Return a time in UTC, to the second; without the date where it is that of the one beside it."""
    moment = np.datetime64(int(time_ns), "ns").astype("M8[s]")
    text = str(moment)
    if beside_ns is not None and text[:10] == str(np.datetime64(int(beside_ns), "ns"))[:10]:
        return text[11:] + "Z"
    return text.replace("T", " ") + "Z"


def place_text(flights: Flights, end: int) -> str:
    """Return where an end's reception was: by its likeliest airport if that is near, else in degrees."""
    ends, gazetteer = flights.ends, flights.gazetteer
    lat, lon, airport = float(ends.lat_deg[end]), float(ends.lon_deg[end]), int(ends.airport[end])
    if airport >= 0:
        there = float(gazetteer.lat_deg[airport]), float(gazetteer.lon_deg[airport])
        far = float(distance_nmi(*there, lat, lon))
        if far < 1.0:
            return f"at {gazetteer.code(airport)}"
        if far <= NEAR_NMI:
            wind = WINDS[round(float(bearing_deg(*there, lat, lon)) / 45.0) % 8]
            return f"{far:.0f} nmi {wind} of {gazetteer.code(airport)}"
    return f"at {abs(lat):.2f} {'N' if lat >= 0 else 'S'} {abs(lon):.2f} {'E' if lon >= 0 else 'W'}"


def end_sentence(flights: Flights, end: int, beside_ns: int | None = None) -> str:
    """Return what is known of one end of a leg.

    beside_ns  a time on whose day times are told without the date; with the date if it is not given
    """
    ends, beside = flights.ends, beside_ns
    departs = ends.side[end] == SIDES.index("departure")
    evidence = END_EVIDENCE[ends.evidence[end]]
    before, after = int(ends.not_before_ns[end]), int(ends.not_after_ns[end])
    sure = ends.probability[end] >= ASSERTED
    airport = int(ends.airport[end])
    name = flights.gazetteer.code(airport) if airport >= 0 else ""
    span = _span(before, after, beside)
    if evidence == "on_ground":
        verb = "left" if departs else "landed"
        place = f"{name} " if sure and departs else f"at {name} " if sure else ""
        where = "there" if sure else place_text(flights, end)
        return f"{verb} {place}{span} (received on the ground {where}{_receivers(flights, end)}){_open(flights, end)}"
    heard = "first received" if departs else "last received"
    text = f"{heard} {time_text(int(ends.time_ns[end]), beside)} {place_text(flights, end)}{_height(flights, end)}"
    text += _receivers(flights, end)
    if evidence in NOTED:
        text += NOTED[evidence]
    if evidence == "touchdown_bracketed":
        text += f", {'took off' if departs else 'landed'} {span}"
    return text + _named(flights, end)


def _span(before: int, after: int, beside: int | None) -> str:
    if before != UNTIMED and after != UNTIMED:
        if after - before < 2_000_000_000:
            return f"at {time_text(after, beside)}"
        return f"between {time_text(before, beside)} and {time_text(after, before)}"
    if before != UNTIMED:
        return f"after {time_text(before, beside)}"
    return f"before {time_text(after, beside)}" if after != UNTIMED else "at an unknown time"


def _height(flights: Flights, end: int) -> str:
    altitude, rate = float(flights.ends.altitude_ft[end]), float(flights.ends.vertical_rate_fpm[end])
    text = "" if math.isnan(altitude) else f" at {round(altitude / 25.0) * 25:,} ft"
    if not math.isnan(rate) and abs(rate) >= LEVEL_FPM:
        text += ", climbing" if rate > 0 else ", descending"
    return text


def _receivers(flights: Flights, end: int) -> str:
    count = int(flights.ends.receivers[end])
    return f", by {count} receivers" if count > 1 else ""


def _candidates(flights: Flights, end: int) -> list[tuple[str, float]]:
    table = flights.candidates
    a, z = (int(np.searchsorted(table.end, end, side)) for side in ("left", "right"))
    return [(flights.gazetteer.code(int(table.airport[row])), float(table.probability[row])) for row in range(a, z)]


def _named(flights: Flights, end: int) -> str:
    word = "from" if flights.ends.side[end] == SIDES.index("departure") else "toward"
    listed = _candidates(flights, end)
    best = listed[0][1] if listed else 0.0
    told = " or ".join(f"{code} {p:.2f}" for code, p in listed[:4] if p >= 0.02)
    if best >= LIKELY:
        return f"; {word} {told}"
    unknown = "origin unknown" if word == "from" else "destination unknown"
    return f"; {unknown}" + (f" ({told})" if told else "")


def _open(flights: Flights, end: int) -> str:
    # An aircraft on the ground away from any field that the gazetteer knows, or between two.
    return "" if flights.ends.probability[end] >= ASSERTED else _named(flights, end)


def leg_sentence(flights: Flights, leg: int, name: str = "") -> str:
    """Return a leg in one sentence.

    name  of the airframe, such as "RA-82035 (A124)"; the address stands beside it
    """
    legs = flights.legs
    kind = "" if legs.address_kind[leg] == 0 else "~"
    who = " ".join(part for part in (name, f"{kind}{int(legs.icao[leg]):06X}") if part)
    callsign = callsign_text(int(legs.callsign[leg])).strip() if legs.callsign[leg] else ""
    who += f" as {callsign}" if callsign else ""
    marks = [word.replace("_", " ") for bit, word in enumerate(FLAGS) if int(legs.flags[leg]) >> bit & 1]
    begin = int(legs.from_ns[leg])
    text = f"{time_text(begin)[:10]} {who}: {end_sentence(flights, 2 * leg, begin)}"
    text += f"; {end_sentence(flights, 2 * leg + 1, begin)}"
    silence = float(legs.gap_s[leg])
    if silence >= 600.0:
        text += f"; longest silence {round(silence / 60.0)} min"
    if marks:
        text += f"; {', '.join(marks)}"
    return ("SIMULATED: " if legs.provenance[leg] == SIMULATED else "") + text + "."
