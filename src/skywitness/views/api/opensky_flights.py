"""Flights in the dialect of the OpenSky Network: first and last sight, and the airports that are most probable."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from litestar import Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from skywitness.batches import I64
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.units import FOOT_M, NMI_M, NS_PER_S
from skywitness.views.api.bodies import answer, problem
from skywitness.views.api.clients import Clients, address_of, query_of
from skywitness.views.api.selection import number_of

if TYPE_CHECKING:
    from skywitness.journeys.legs import Flights

__all__ = ["SPANS_S", "chosen", "flights_json", "handlers", "read_flights"]

SPANS_S = {"all": 2 * 3600, "aircraft": 2 * 86_400, "arrival": 2 * 86_400, "departure": 2 * 86_400}
"""What may be asked, and the longest time of one question."""

DEPARTURE, ARRIVAL = 0, 1
LATEST_S = 4_000_000_000.0


def read_flights(which: str, query: dict[str, str]) -> tuple[int, int, int | None, str]:
    """Read a question: begin and end in nanoseconds, address, airport; 400 if it is none."""
    if which not in SPANS_S:
        raise problem(404, f"Flights are asked as flights/{', flights/'.join(SPANS_S)}.")
    for name in ("begin", "end", *{"aircraft": ("icao24",), "all": ()}.get(which, ("airport",))):
        if not query.get(name, "").strip():
            raise problem(400, f"flights/{which} needs {name}.")
    begin_s, end_s = (int(number_of(query[name], name, 0, LATEST_S)) for name in ("begin", "end"))
    if not 0 <= end_s - begin_s <= SPANS_S[which]:
        raise problem(400, f"From begin to end flights/{which} may cover at most {SPANS_S[which] // 3600} hours.")
    address = address_of(query["icao24"].strip()) if which == "aircraft" else (0, (0,))
    if address is None or address[1] != (0,):
        raise problem(400, f"{query['icao24'][:12]!r} is no address of six hexadecimal digits.")
    airport = query["airport"].strip().upper() if which in ("arrival", "departure") else ""
    return begin_s * NS_PER_S, (end_s + 1) * NS_PER_S, address[0] if which == "aircraft" else None, airport


def chosen(flights: Flights, which: str, from_ns: int, until_ns: int, icao: int | None, airport: str) -> I64:
    """Rows of the legs that a question is about, in the order of their beginning.

    All that began and ended in the time; for an airport, those that the end in question most probably belongs to and
    whose end falls into the time.
    """
    legs, ends = flights.legs, flights.ends
    begins = (legs.from_ns >= from_ns) & (legs.from_ns < until_ns)
    over = (legs.until_ns >= from_ns) & (legs.until_ns < until_ns)
    keep = {"departure": begins, "arrival": over}.get(which, begins & over) & (legs.address_kind == 0)
    if icao is not None:
        keep &= legs.icao == icao
    if airport:
        side = DEPARTURE if which == "departure" else ARRIVAL
        found = ends.airport[side::2]
        keep &= np.array([row >= 0 and flights.gazetteer.code(row) == airport for row in found.tolist()], np.bool_)
    rows = np.flatnonzero(keep)
    return rows[np.argsort(legs.from_ns[rows], kind="stable")]


def flights_json(flights: Flights, rows: I64) -> bytes:
    """Write legs, one an object."""
    candidates = np.bincount(flights.candidates.end, minlength=len(flights.ends))
    return json.dumps([flight(flights, row, candidates) for row in rows.tolist()]).encode()


def flight(flights: Flights, row: int, candidates: I64) -> dict[str, Any]:
    """One leg with the keys of the dialect."""
    legs, ends = flights.legs, flights.ends
    out: dict[str, Any] = {
        "icao24": f"{legs.icao[row]:06x}",
        "firstSeen": int(legs.from_ns[row]) // NS_PER_S,
        "estDepartureAirport": None,
        "lastSeen": int(legs.until_ns[row]) // NS_PER_S,
        "estArrivalAirport": None,
        "callsign": callsign_text(int(legs.callsign[row])).ljust(8) if legs.callsign[row] else None,
    }
    for side, name in ((DEPARTURE, "Departure"), (ARRIVAL, "Arrival")):
        end = 2 * row + side
        airport = int(ends.airport[end])
        if airport >= 0:
            out[f"est{name}Airport"] = flights.gazetteer.code(airport)
        out[f"est{name}AirportHorizDistance"] = metres(ends.distance_nmi[end], NMI_M) if airport >= 0 else None
        out[f"est{name}AirportVertDistance"] = metres(ends.height_ft[end], FOOT_M) if airport >= 0 else None
    for side, name in ((DEPARTURE, "departure"), (ARRIVAL, "arrival")):
        # The most probable one is told above; the dialect counts the others.
        out[f"{name}AirportCandidatesCount"] = max(0, int(candidates[2 * row + side]) - 1)
    return out


def metres(value: float, unit_m: float) -> int | None:
    """Whole metres, None unknown."""
    return None if math.isnan(value) else round(float(value) * unit_m)


def handlers(clients: Clients, bases: tuple[str, ...], pay: Any) -> list[HTTPRouteHandler]:
    """Return the routes.

    pay  takes the request and a cost, gives the headers that tell what is left
    """

    @get([f"{base}/flights/{{which:str}}" for base in bases], include_in_schema=False)
    async def flights(request: Request[Any, Any, Any]) -> Response[bytes]:
        which = str(request.path_params["which"])
        from_ns, until_ns, icao, airport = read_flights(which, query_of(request))
        headers = pay(request, 4 if until_ns - from_ns <= 86_400 * NS_PER_S else 30)
        source = clients.node.flights

        def make() -> bytes | None:
            if source is None:
                return None
            found = source.flights(from_ns, until_ns, icao=None if icao is None else np.array([icao], np.uint32))
            rows = chosen(found, which, from_ns, until_ns, icao, airport)
            return flights_json(found, rows) if len(rows) else None

        question = ("flights", which, from_ns, until_ns, icao, airport)
        try:
            return await clients.workshop.give(request, question, make, keep=False, headers=headers)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            return answer(b"", status=404, headers=headers)  # how the dialect says that there are none

    return [flights]
