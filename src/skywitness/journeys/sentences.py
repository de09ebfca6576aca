"""A journey in sentences: what was received of it, where it stopped or may have, and what is not known."""

from __future__ import annotations

from skywitness.batches import PROVENANCES, STOP_KINDS
from skywitness.journeys.journeys import Undertakings
from skywitness.journeys.leg_sentences import ASSERTED, end_sentence, time_text
from skywitness.messages.mode_s.callsign import callsign_text

__all__ = ["journey_sentence", "stop_sentence"]

SIMULATED = PROVENANCES.index("simulated")
OBSERVED = STOP_KINDS.index("observed")


def stop_sentence(undertakings: Undertakings, stop: int) -> str:
    """Return what is known of a stop."""
    table, gazetteer = undertakings.stops, undertakings.flights.gazetteer
    begin, end = int(table.not_before_ns[stop]), int(table.not_after_ns[stop])
    span = f"between {time_text(begin)} and {time_text(end, begin)}"
    first, count = int(table.first_candidate[stop]), int(table.candidates[stop])
    listed = [
        (gazetteer.code(int(undertakings.candidates.airport[row])), float(undertakings.candidates.probability[row]))
        for row in range(first, first + count)
    ]
    best = listed[0][1] if listed else 0.0
    if table.kind[stop] == OBSERVED and best >= ASSERTED:
        return f"stopped at {listed[0][0]} {span}"
    told = " or ".join(f"{code} {p:.2f}" for code, p in listed[:4] if p >= 0.03)
    where = f"at {told}" if best >= 0.25 else "place unknown" + (f" (perhaps {told})" if told else "")
    if table.kind[stop] == OBSERVED:
        return f"stopped {span}, {where}"
    sure = "" if table.happened[stop] >= 0.95 else f" with probability {float(table.happened[stop]):.2f}"
    return f"a stop is inferred{sure} {span}, {where}"


def journey_sentence(undertakings: Undertakings, journey: int, name: str = "") -> str:
    """Return a journey in one sentence, its parts in the order of time.

    name  of the airframe; the address stands beside it
    """
    flights, table = undertakings.flights, undertakings.journeys
    kind = "" if table.address_kind[journey] == 0 else "~"
    first = int(table.first_leg[journey])
    last = first + int(table.legs[journey]) - 1
    who = " ".join(part for part in (name, f"{kind}{int(table.icao[journey]):06X}") if part)
    codes = dict.fromkeys(int(flights.legs.callsign[leg]) for leg in range(first, last + 1))
    callsigns = [callsign_text(code).strip() for code in codes if code]
    who += f" as {', '.join(callsigns)}" if callsigns else ""
    parts = [end_sentence(flights, 2 * first)]
    start = int(table.first_stop[journey])
    parts += [stop_sentence(undertakings, stop) for stop in range(start, start + int(table.stops[journey]))]
    parts.append(end_sentence(flights, 2 * last + 1))
    text = f"{who}: " + "; ".join(parts)
    silent = max(float(flights.legs.gap_s[leg]) for leg in range(first, last + 1))
    if silent >= 3_600.0:
        text += f"; nothing received for up to {silent / 3600.0:.1f} h in flight"
    return ("SIMULATED: " if table.provenance[journey] == SIMULATED else "") + text + "."
