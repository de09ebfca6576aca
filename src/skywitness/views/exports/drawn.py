"""What exports draw: tracks of one aircraft each, in unbroken stretches, with what is said of them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from skywitness.batches import F64, I64, POSITION_SOURCES, PROVENANCES, UNTIMED, VERDICTS, Positions
from skywitness.journeys.leg_sentences import leg_sentence
from skywitness.journeys.legs import Flights
from skywitness.messages.mode_s.callsign import callsign_text
from skywitness.units import FOOT_M, NS_PER_S
from skywitness.views.feeds.flights import address_text
from skywitness.views.feeds.lines import GAP_S

__all__ = [
    "ELLIPSOID",
    "NOT_XML",
    "PALETTE",
    "PRESSURE",
    "About",
    "Drawn",
    "drawn_flights",
    "drawn_positions",
    "heights_of",
    "moment_text",
    "xml_text",
]

ELLIPSOID = "metres above the WGS-84 ellipsoid, as received; not above mean sea level"
PRESSURE = "pressure altitude (1013.25 hPa) in metres, uncorrected; not a height above ground or sea"
NO_HEIGHT = "no altitude was received: drawn at 0 m"

PALETTE = ("#0b5fa5", "#c8202f", "#2e7d32", "#7b3fa0", "#b86400", "#007c89", "#a3195b", "#5d4037")
"""A colour for each aircraft, then from the beginning; told apart on white and by the commonest colour blindness."""

# XML 1.0 (fifth edition) 2.2: all else cannot be written, not even as a reference.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a whole export: where it comes from and how to get it again."""

    title: str = "Flights"
    query: str = ""
    source: str = ""
    content_hash: str = ""
    """SHA-256 of the rows that it shows, hexadecimal."""
    software: str = "skywitness"
    """With its version."""

    def lines(self) -> list[str]:
        """Return what is known, one fact a line."""
        told = (("Query", self.query), ("Source", self.source), ("SHA-256 of the rows", self.content_hash))
        return [f"{name}: {value}" for name, value in told if value]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A track of one aircraft: rows `first` to `last` of a batch, in order of time."""

    rows: Positions
    first: int
    last: int
    icao24: str
    title: str
    """Registration, address and type, as far as known."""
    callsign: str = ""
    told: str = ""
    """Evidence in words."""
    leg: int = -1
    """Row of Legs; -1 if it is no leg."""

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def label(self) -> str:
        """What the track is called where there is room for one word."""
        return self.callsign or self.title

    def stretches(self, gap_s: float = GAP_S) -> Iterator[tuple[int, int]]:
        """Yield the first row and the one behind the last of each part without a silence longer than `gap_s`."""
        time = self.rows.time_ns[self.first : self.last + 1]
        cut = np.flatnonzero(np.diff(time) > int(gap_s * NS_PER_S)) + 1
        edges = [0, *cut.tolist(), len(time)]
        for a, z in itertools.pairwise(edges):
            if z > a:
                yield self.first + a, self.first + z


def drawn_positions(rows: Positions, names: Mapping[int, tuple[str, str]] | None = None) -> list[Drawn]:
    """Return a track for each aircraft, those of rows without time left out, sorted by kind and address.

    names  registration and type designator by ICAO address
    """
    rows = rows.take(np.flatnonzero((rows.time_ns != UNTIMED) & np.isfinite(rows.lat_deg) & np.isfinite(rows.lon_deg)))
    rows = rows.take(np.lexsort((rows.time_ns, rows.icao, rows.address_kind)))
    if not len(rows):
        return []
    key = rows.address_kind.astype(np.int64) << 32 | rows.icao
    edges = [0, *(np.flatnonzero(np.diff(key)) + 1).tolist(), len(rows)]
    found = []
    for a, z in itertools.pairwise(edges):
        kind, icao = int(rows.address_kind[a]), int(rows.icao[a])
        name = (names or {}).get(icao, ("", "")) if kind == 0 else ("", "")
        address = address_text(icao, kind)
        counted = Counter(rows.callsign[a:z].tolist())
        counted.pop(0, None)
        callsign = callsign_text(counted.most_common(1)[0][0]).strip() if counted else ""
        found.append(Drawn(rows, a, z - 1, address, title_of(name, address), callsign, _told(rows, a, z)))
    return found


def drawn_flights(
    flights: Flights,
    names: Mapping[int, tuple[str, str]] | None = None,
    sentences: Mapping[int, str] | None = None,
) -> list[Drawn]:
    """Return a track for each leg.

    names      registration and type designator by row of Legs
    sentences  what is said of each leg; by default its own sentence, with the evidence of its ends
    """
    made, found = flights.legs, []
    for leg in range(len(flights)):
        address = address_text(int(made.icao[leg]), int(made.address_kind[leg]))
        title = title_of((names or {}).get(leg, ("", "")), address)
        callsign = callsign_text(made.callsign[leg]).strip() if made.callsign[leg] else ""
        told = (sentences or {}).get(leg) or leg_sentence(flights, leg)
        first, last = int(flights.first_row[leg]), int(flights.last_row[leg])
        found.append(Drawn(flights.histories.rows, first, last, address, title, callsign, told, leg))
    return found


def title_of(name: tuple[str, str], address: str) -> str:
    """Return registration, address and type in one line, what is unknown left out."""
    return " ".join(part for part in (name[0], address, name[1]) if part)


def _told(rows: Positions, a: int, z: int) -> str:
    """What the positions of a track rest on."""
    sources = Counter(rows.source[a:z].tolist())
    verdicts = Counter(rows.verdict[a:z].tolist())
    by = ", ".join(f"{count:,} {POSITION_SOURCES[code]}" for code, count in sorted(sources.items()))
    judged = ", ".join(f"{count:,} {VERDICTS[code]}" for code, count in sorted(verdicts.items()))
    worst = PROVENANCES[int(rows.provenance[a:z].max())]
    said = "" if worst == "received" else f"{worst.upper()}: "
    return f"{said}{z - a:,} positions by {by}; judged {judged}; of up to {int(rows.receivers[a:z].max())} receivers."


def heights_of(rows: Positions, a: int, z: int) -> tuple[F64, str]:
    """Return a height in metres for each of some rows, and what it is measured from.

    The geometric height where half of the rows have one, else the pressure altitude, never both in one stretch; rows
    without are given what lies between their neighbours.
    """
    time = rows.time_ns[a:z]
    for column, reference in ((rows.altitude_geom_ft, ELLIPSOID), (rows.altitude_ft, PRESSURE)):
        metres = column[a:z].astype(np.float64) * FOOT_M
        known = np.isfinite(metres)
        count = int(known.sum())
        if count and (2 * count >= len(metres) or reference == PRESSURE):
            told = "" if count == len(metres) else f"; {len(metres) - count} of {len(metres)} between their neighbours"
            return np.interp(time - time[0], time[known] - time[0], metres[known]), reference + told
    return np.zeros(z - a), NO_HEIGHT


def moment_text(time_ns: int | I64) -> str:
    """Return a time in UTC to the millisecond, ISO 8601 with Z; what is finer is cut off."""
    return f"{np.datetime64(int(time_ns) // 1_000_000, 'ms')}Z"


def xml_text(text: str) -> str:
    """Return text for XML, in elements and in quoted attributes; what XML cannot have becomes U+FFFD."""
    return escape(NOT_XML.sub("\ufffd", text), {'"': "&quot;", "'": "&apos;"})
